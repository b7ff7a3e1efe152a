// The code blocks of the seed notes and what they print.
import { CaseRun, type Row, type RunOptions } from '../case.ts';
import type { Folder } from '../data.ts';
import type { Library } from '../library.ts';
import { interpreter, SEED_NAMES } from '../snippets.ts';
import type { JsonObject } from '../values.ts';
import { parseLog, recordedNames, withoutEpochs } from './fit-log.ts';
import { compareText } from './printing.ts';

export async function* runSeed(library: Library, folder: Folder, { only, strict }: RunOptions): AsyncGenerator<Row> {
  for (const path of folder.paths.filter((p) => p.endsWith('.json'))) {
    const group = path.replace(/\.json$/, '');
    const file = folder.json(path);
    for (const data of (file.blocks ?? file.tables ?? []) as readonly JsonObject[]) {
      const id = String(data.id);
      if (only && !only.test(`seed/${group}/${id}`)) continue;
      const run = new CaseRun();
      const expected = String(data.expected ?? data.text);
      const printed = await attempt(() => output(library, data, expected));
      run.check('output', () => compareText(expected, printed(), 'output'));
      yield run.row({ kind: 'seed', family: group, group, id }, ['output'], strict);
    }
  }
}
/** The result of a function, to be taken later: then it throws what the function threw. */
async function attempt<T>(body: () => Promise<T>): Promise<() => T> {
  try {
    const value = await body();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** What a block prints: by Python's print, or by the library itself. */
async function output(library: Library, data: JsonObject, expected: string): Promise<string> {
  const py = interpreter(library, SEED_NAMES);
  py.run(String(data.setup));
  py.output = '';
  const log = parseLog(expected);
  if (!log) {
    const written = await capture(() => py.run(String(data.code)));
    return py.output + written;
  }
  const clock = { now: 0 };
  for (const [name, value] of Object.entries(recordedNames(library, log, clock))) py.names.set(name, value);
  return withoutEpochs(await capture(() => py.evaluate(String(data.code)), clock), log);
}

/** What is written to the console meanwhile, on a clock of its own where one is given. */
async function capture(body: () => unknown, clock?: { readonly now: number }): Promise<string> {
  const { log } = console;
  const { now } = Date;
  let written = '';
  console.log = (...parts: unknown[]) => {
    written += `${parts.map(String).join(' ')}\n`;
  };
  if (clock) Date.now = () => clock.now;
  try {
    await body();
  } finally {
    console.log = log;
    Date.now = now;
  }
  return written;
}
