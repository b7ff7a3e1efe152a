// npm run docs:operators: writes docs/operators.md from the registry and the stored counts of the last whole run of the conformance data.
//   npx tsx tools/operators.ts [--results ROWS.json,ROWS.json [--data DIR]]
// --results takes what `conformance --json` and `transforms.ts --json` wrote and stores its counts in test/conformance/counts.tsv first.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Category, type DType, dtypes } from '../src/core/dtype.ts';
import { type Op, registry } from '../src/dispatch/operator.ts';
import type { Param } from '../src/dispatch/schema.ts';
import '../src/ops/index.ts';
import { functionHomes, type Home, isMethod, namesOf } from '../src/surface/names.ts';
import type { Row } from './conformance/case.ts';
import { openFolder } from './conformance/data.ts';
import type { JsonObject } from './conformance/values.ts';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const COUNTS = 'test/conformance/counts.tsv';
export const PAGE = 'docs/operators.md';

/** What the data says of one path (`torch.add`): cases, how many pass, in which dtypes, and the same of transforms. */
interface Count {
  cases: number;
  passed: number;
  dtypes: string[];
  transformed: number;
  transforms: number;
}
type Counts = Record<string, Count>;

// ---- names --------------------------------------------------------------------------------------------------------
const PREFIX: Readonly<Record<Home, string>> = {
  torch: 'torch.',
  functional: 'torch.nn.functional.',
  special: 'torch.special.',
  linalg: 'torch.linalg.',
  fft: 'torch.fft.',
  masked: 'torch.masked.',
};
const local = (home: Home, name: string): string => (home === 'torch' || home === 'functional' ? name : name.replace(/^[a-z]+_/, ''));

/** All the paths under which an operator is called, functions first. */
function pathsOf(o: Op): string[] {
  const names = namesOf(o);
  const functions = names.flatMap((name) => functionHomes(o, name).map((home) => PREFIX[home] + local(home, name)));
  return [...functions, ...names.filter((name) => isMethod(o, name)).map((name) => `Tensor.${name}`)];
}
const overloadOf = (o: Op): string => o.name.slice(o.baseName.length);

/** The public operators by the namespace of their first name; in-place variants stand beside what they are variants of. */
export function documented(): Map<string, Map<string, Op>> {
  const spaces = new Map<string, Map<string, Op>>();
  for (const o of registry.values()) {
    const path = o.functional ? undefined : pathsOf(o)[0];
    if (path === undefined) continue;
    const space = path.slice(0, path.lastIndexOf('.'));
    if (!spaces.has(space)) spaces.set(space, new Map());
    spaces.get(space)!.set(path.slice(space.length + 1) + overloadOf(o), o);
  }
  return spaces;
}

// ---- columns ------------------------------------------------------------------------------------------------------
function defaultText({ default: x, base }: Param): string {
  if (x === null) return 'None';
  if (typeof x === 'boolean') return x ? 'True' : 'False';
  return base === 'str' ? `'${x}'` : String(JSON.stringify(x));
}
function signature(o: Op): string {
  const firstKeyword = o.params.findIndex((p) => p.keywordOnly);
  const list = o.params.map((p) => (p.hasDefault ? `${p.name}=${defaultText(p)}` : p.name));
  if (firstKeyword >= 0) list.splice(firstKeyword, 0, '*');
  return `(${list.join(', ')})`;
}
const KINDS: readonly (readonly [string, (d: DType) => boolean])[] = [
  ['bool', (d) => d.category === Category.Bool],
  ['int', (d) => d.category === Category.Integral],
  ['half', (d) => d.category === Category.Floating && d.itemsize === 2],
  ['float', (d) => d.category === Category.Floating && d.itemsize > 2],
  ['complex', (d) => d.category === Category.Complex],
];
/** Where the data has the operator, the dtypes that were seen to work; else what a formula does not reject. */
function dtypesOf(o: Op, count: Count | null): string {
  const known = Object.values(dtypes);
  const seen = (d: DType): boolean =>
    count ? count.dtypes.includes(d.name) : o.isPointwise && !(o.decl.rejects ?? []).some((r) => r === d || r === d.category);
  return KINDS.filter(([, of]) => known.some((d) => of(d) && seen(d)))
    .map(([name]) => name)
    .join(' ');
}
function backendOf(o: Op, accelerated: ReadonlySet<string>): string {
  if (o.isPointwise) return 'formula';
  if (o.isView) return 'view';
  if (accelerated.has(o.name)) return 'C++';
  return o.decl.decompose && !o.decl.kernel ? 'parts' : 'reference';
}
function batchingOf(o: Op): string {
  const { batch, random, decompose } = o.decl;
  if (typeof batch === 'function') return 'rule';
  if (batch === 'leading') return 'leading';
  if (random && !decompose) return 'random';
  if (o.isPointwise) return 'formula';
  if (o.isView) return 'shifted';
  if (decompose) return 'parts';
  return !o.decl.produce && o.params.some((p) => p.role !== 'none') ? 'shifted' : 'rows';
}
/** The counts of the first of an operator's names that the data calls. */
const countOf = (o: Op, counts: Counts): Count | null => {
  const path = pathsOf(o).find((p) => p in counts);
  return path === undefined ? null : counts[path]!;
};
const share = (passed: number, of: number): string => (of ? `${passed}/${of}` : '');

function page(counts: Counts, accelerated: ReadonlySet<string>): string {
  const spaces = documented();
  const total = [...spaces.values()].reduce((n, s) => n + s.size, 0);
  const sections = [...spaces]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([space, operators]) => {
      const rows = [...operators]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, o]) => {
          const count = countOf(o, counts);
          const doc = (o.decl.doc ?? '').replaceAll('|', '\\|');
          const cells = [
            `\`${name}\`\`${signature(o)}\``.replace('``', '') + (o.inplace ? ' ⟲' : ''),
            doc,
            dtypesOf(o, count),
            backendOf(o, accelerated),
            batchingOf(o),
            share(count?.passed ?? 0, count?.cases ?? 0),
            share(count?.transformed ?? 0, count?.transforms ?? 0),
          ];
          return `| ${cells.join(' | ')} |`;
        });
      return `## ${space}\n\n| operator | | dtypes | runs as | vmap | cases | func |\n| --- | --- | --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`;
    });
  return `# Operators

Written by \`npm run docs:operators\` from the declarations in \`src/ops\` and the counts of a whole run of the conformance data. ${total} public operators,
overloads apart; ⟲ has an in-place variant.

- **dtypes**: those in which cases of the data pass; where there is no data, those that the formula takes. \`half\` is float16 and bfloat16.
- **runs as**: \`formula\` (compiled, on every backend), \`view\`, \`parts\` (other operators), \`C++\` (a kernel of the native and WebAssembly backends, beside
  the reference one), \`reference\` (a TypeScript kernel on every backend).
- **vmap**: \`formula\`, \`leading\` (a batch dimension in front is what it takes anyway), \`shifted\` (dimension arguments count one more), \`rule\` (of its own),
  \`parts\`, \`random\`, \`rows\` (one row after the other).
- **cases**: passed of all cases of the operator's data; all overloads of a name share them. **func**: the same of its cases under the transforms of \`torch.func\`.

${sections.join('\n')}`;
}

// ---- counts -------------------------------------------------------------------------------------------------------
function counted(files: readonly string[], directory: string | undefined): Counts {
  const folder = openFolder('ops', directory)!;
  const rows = files
    .flatMap((file) => JSON.parse(readFileSync(file, 'utf8')) as Row[])
    .filter((r) => ['ops', 'transforms'].includes(r.kind));
  const counts: Counts = {};
  const known = new Map<string, { path: string; dtypes: Map<string, string> }>();
  const about = (group: string): { path: string; dtypes: Map<string, string> } => {
    let r = known.get(group);
    if (!r) {
      const file = folder.json(`${group}.json`);
      const cases = file.cases as readonly JsonObject[];
      r = {
        path: String(file.path ?? `torch.${String(file.op)}`),
        dtypes: new Map(cases.map((c) => [String(c.id), String(c.dtype ?? '')])),
      };
      known.set(group, r);
    }
    return r;
  };
  for (const row of rows) {
    const { path, dtypes: given } = about(row.group);
    counts[path] ??= { cases: 0, passed: 0, dtypes: [], transformed: 0, transforms: 0 };
    const count = counts[path];
    const passed = row.status === 'passed' ? 1 : 0;
    if (row.kind === 'transforms') {
      count.transforms++;
      count.transformed += passed;
      continue;
    }
    count.cases++;
    count.passed += passed;
    const dtype = given.get(row.id);
    if (passed && dtype && !count.dtypes.includes(dtype)) count.dtypes.push(dtype);
  }
  for (const count of Object.values(counts)) count.dtypes.sort();
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const written = (counts: Counts): string =>
  Object.entries(counts)
    .map(([path, c]) => `${[path, c.passed, c.cases, c.transformed, c.transforms, c.dtypes.join(' ')].join('\t')}\n`)
    .join('');
function read(text: string): Counts {
  const lines = text.trimEnd().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const [path, passed, cases, transformed, transforms, found] = line.split('\t') as [string, string, string, string, string, string];
      const numbers = { passed: Number(passed), cases: Number(cases), transformed: Number(transformed), transforms: Number(transforms) };
      return [path, { ...numbers, dtypes: found.split(' ') }];
    }),
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { results: { type: 'string' }, data: { type: 'string' } } });
  if (values.results) {
    writeFileSync(at(COUNTS), written(counted(values.results.split(','), values.data)));
  }
  const torch = await import('../src/index.ts');
  const accelerated = new Set<string>();
  for (const backend of ['native', 'wasm']) {
    torch.set_backend(backend as never);
    for (const o of registry.values()) if (o.accelerated) accelerated.add(o.name);
  }
  writeFileSync(at(PAGE), page(read(readFileSync(at(COUNTS), 'utf8')), accelerated));
}
if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
