// npm run accuracy -- [--samples N] [--write]: the largest float32 error of every function, on every backend and instruction set of this
// machine, as a table; --write puts it into docs/accuracy.md.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FUNCTIONS, type Measured, measure } from './measure.ts';

const { values } = parseArgs({
  options: {
    samples: { type: 'string', default: '200000' },
    write: { type: 'boolean', default: false },
    child: { type: 'boolean', default: false },
  },
});
const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

type Column = Readonly<Record<string, Measured>>;
/** A process has one instruction set, so that each is measured in its own. */
function column(environment: Record<string, string>): Column {
  const out = execFileSync(process.execPath, ['--import', 'tsx', path('./main.ts'), '--child', '--samples', values.samples], {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  });
  return JSON.parse(out) as Column;
}
function environments(): Record<string, Record<string, string>> {
  const found: Record<string, Record<string, string>> = { reference: { FLAMBEAU_BACKEND: 'reference' } };
  if (existsSync(path('../../native/build/flambeau.wasm'))) found.wasm = { FLAMBEAU_BACKEND: 'wasm' };
  const addon = path(`../../native/build/flambeau-${process.platform}-${process.arch}.node`);
  if (existsSync(addon)) {
    const { levels } = createRequire(import.meta.url)(addon) as { levels(): string[] };
    for (const level of levels()) found[level] = { FLAMBEAU_BACKEND: 'native', FLAMBEAU_CPU: level };
  }
  return found;
}
function table(columns: Readonly<Record<string, Column>>): string {
  const names = Object.keys(columns);
  const cell = (m: Measured): string => (m.ulp < 1000 ? m.ulp.toFixed(2) : `abs. ${m.absolute.toExponential(1)}`);
  const rows = Object.keys(FUNCTIONS).map((f) => [`\`${f}\``, ...names.map((n) => cell(columns[n]![f]!))]);
  return [['function', ...names], ['---', ...names.map(() => '--:')], ...rows].map((r) => `| ${r.join(' | ')} |`).join('\n');
}

const START = '<!-- npm run accuracy -- --write -->';
if (values.child) {
  const measured = Object.keys(FUNCTIONS).map((name) => [name, measure(name, Number(values.samples))]);
  console.log(JSON.stringify(Object.fromEntries(measured)));
} else {
  const columns = Object.fromEntries(Object.entries(environments()).map(([name, environment]) => [name, column(environment)]));
  const text = table(columns);
  console.log(text);
  if (values.write) {
    const file = path('../../docs/accuracy.md');
    const page = readFileSync(file, 'utf8');
    writeFileSync(file, `${page.slice(0, page.indexOf(START) + START.length)}\n\n${text}\n`);
  }
}
