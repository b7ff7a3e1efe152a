// The code blocks of the seed notes and what they print.
import { CaseRun, type Row, type RunOptions } from '../case.ts';
import type { Folder } from '../data.ts';
import type { Library } from '../library.ts';
import { interpreter, SEED_NAMES } from '../snippets.ts';
import type { JsonObject } from '../values.ts';
import { compareText } from './printing.ts';

export function* runSeed(library: Library, folder: Folder, { only, strict }: RunOptions): Generator<Row> {
  for (const path of folder.paths.filter((p) => p.endsWith('.json'))) {
    const group = path.replace(/\.json$/, '');
    const file = folder.json(path);
    for (const data of (file.blocks ?? file.tables ?? []) as readonly JsonObject[]) {
      const id = String(data.id);
      if (only && !only.test(`seed/${group}/${id}`)) continue;
      const run = new CaseRun();
      run.check('output', () => {
        const py = interpreter(library, SEED_NAMES);
        py.run(String(data.setup));
        py.output = '';
        const written = capture(() => py.run(String(data.code)));
        compareText(String(data.expected ?? data.text), py.output + written, 'output');
      });
      yield run.row({ kind: 'seed', family: group, group, id }, ['output'], strict);
    }
  }
}

/** What the library itself writes to the console meanwhile: summary() prints its table. */
function capture(body: () => void): string {
  const { log } = console;
  let written = '';
  console.log = (...parts: unknown[]) => {
    written += `${parts.map(String).join(' ')}\n`;
  };
  try {
    body();
  } finally {
    console.log = log;
  }
  return written;
}
