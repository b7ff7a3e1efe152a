// Exact text: repr and str of what a snippet's last expression gives.
import { CaseRun, type Row, type RunOptions } from '../case.ts';
import { Mismatch } from '../compare.ts';
import type { Folder } from '../data.ts';
import type { Library } from '../library.ts';
import { interpreter, PRINTING_NAMES } from '../snippets.ts';
import { Decoder, type JsonObject, TensorFile } from '../values.ts';

export function* runPrinting(library: Library, folder: Folder, { only, strict }: RunOptions): Generator<Row> {
  for (const path of folder.paths.filter((p) => p.endsWith('.json'))) {
    const group = path.replace(/\.json$/, '');
    for (const data of folder.json(path).cases as readonly JsonObject[]) {
      const id = String(data.id);
      if (only && !only.test(`printing/${group}/${id}`)) continue;
      const run = new CaseRun();
      run.check('text', () => printed(library, data));
      yield run.row({ kind: 'printing', family: group, group, id }, ['text'], strict);
    }
  }
}

function printed(library: Library, data: JsonObject): void {
  const py = interpreter(library, PRINTING_NAMES);
  library.manualSeed(0);
  const value = py.evaluate(String(data.code));
  const options = data.options as JsonObject | undefined;
  try {
    if (options)
      library.call(
        'set_printoptions',
        Object.fromEntries(
          [...new Decoder(library, new TensorFile(new Map())).named(options)].map(([name, x]) => [
            name,
            typeof x === 'bigint' ? Number(x) : x,
          ]),
        ),
      );
    compareText(data.text as string, py.repr(value), 'repr');
    compareText((data.str ?? data.text) as string, py.str(value), 'str');
  } finally {
    if (options) library.call('set_printoptions', { profile: 'default' });
  }
}

/** Throws with the first line that differs. */
export function compareText(expected: string, actual: string, what: string): void {
  if (actual === expected) return;
  const [wanted, got] = [expected.split('\n'), actual.split('\n')];
  const line = wanted.findIndex((text, i) => text !== got[i]);
  const at = line < 0 ? wanted.length : line;
  throw new Mismatch(`${what}, line ${at + 1}: expected ${JSON.stringify(wanted[at] ?? null)}, got ${JSON.stringify(got[at] ?? null)}`);
}
