// Random numbers: what the variables of a snippet hold after manual_seed, to the last bit, and the next number drawn.
import { createHash } from 'node:crypto';
import type { Expr, Statement } from '../../python/ast.ts';
import { parse } from '../../python/parse.ts';
import type { PyValue } from '../../python/values.ts';
import { elements, type Values } from '../array.ts';
import { toLibrary } from '../call.ts';
import { CaseRun, type Row, type RunOptions } from '../case.ts';
import { Comparison, exactly, Mismatch, pytorch } from '../compare.ts';
import type { Folder } from '../data.ts';
import type { Library } from '../library.ts';
import { interpreter, RANDOM_NAMES } from '../snippets.ts';
import { isObject, type Json, type JsonObject, type TensorFile } from '../values.ts';

export function* runRandom(library: Library, folder: Folder, { only, strict }: RunOptions): Generator<Row> {
  for (const path of folder.paths.filter((p) => p.endsWith('.json'))) {
    const group = path.replace(/\.json$/, '');
    const tensors = folder.tensors(`${group}.safetensors`);
    for (const data of folder.json(path).cases as readonly JsonObject[]) {
      const id = String(data.id);
      if (only && !only.test(`random/${group}/${id}`)) continue;
      const run = new CaseRun();
      runCase(library, tensors, data, run);
      yield run.row({ kind: 'random', family: group, group, id }, ['values', 'next'], strict);
    }
  }
}

function runCase(library: Library, file: TensorFile, data: JsonObject, checks: CaseRun): void {
  const code = String(data.code);
  const py = interpreter(library, RANDOM_NAMES);
  const given = new Set(py.names.keys());
  checks.check('values', () => {
    library.manualSeed(data.seed as number);
    py.run(code);
    const after = library.method(library.call('rand', 1), 'item');
    checks.check('next', () => {
      if (after !== data.next) throw new Mismatch(`the next number is ${String(after)}, not ${String(data.next)}`);
    });
    const found = [...py.names].filter(([name]) => !given.has(name));
    const expected = data.out as JsonObject;
    const comparison = new Comparison(library, file, rounds(code) ? pytorch : exactly);
    for (const [name, node] of Object.entries(expected)) {
      const value = found.find(([other]) => other === name);
      if (!value) throw new Mismatch(`the variable ${name} is missing`);
      compareValue(library, file, comparison, node, value[1], name, rounds(code));
    }
    const extra = found.filter(([name]) => !(name in expected)).map(([name]) => name);
    if (extra.length > 0) throw new Mismatch(`unexpected variables ${extra.join(', ')}`);
    return comparison.maxError;
  });
}

function compareValue(
  library: Library,
  file: TensorFile,
  comparison: Comparison,
  expected: Json,
  actual: PyValue,
  where: string,
  rounded: boolean,
): void {
  if (isObject(expected) && 'sha256' in expected) {
    if ('n' in expected) compareLongList(library, expected, actual, where);
    else compareLargeTensor(library, file, comparison, expected, actual, where, rounded);
  } else if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    for (const [i, item] of expected.entries()) compareValue(library, file, comparison, item, actual[i], `${where}[${i}]`, rounded);
  } else comparison.check(expected, toLibrary(library, actual, 'plain'), where);
}

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function compareLongList(library: Library, expected: JsonObject, actual: PyValue, where: string): void {
  const items = toLibrary(library, actual, 'plain') as unknown[];
  if (!Array.isArray(items) || items.length !== expected.n) throw new Mismatch(`${where}: expected ${String(expected.n)} values`);
  if (sha256(items.map(String).join(',')) !== expected.sha256)
    throw new Mismatch(
      `${where}: expected ${(expected.first as number[]).slice(0, 5).join(', ')}, …, got ${items.slice(0, 5).map(String).join(', ')}, …`,
    );
}

/** A tensor of which only the ends are stored. */
function compareLargeTensor(
  library: Library,
  file: TensorFile,
  comparison: Comparison,
  expected: JsonObject,
  actual: PyValue,
  where: string,
  rounded: boolean,
): void {
  if (!library.isTensor(actual)) throw new Mismatch(`${where}: expected a tensor`);
  const values = library.values(actual);
  const shape = expected.shape as number[];
  if (values.dtype !== expected.dtype) throw new Mismatch(`${where}: expected dtype ${String(expected.dtype)}, got ${values.dtype}`);
  if (values.shape.join() !== shape.join())
    throw new Mismatch(`${where}: expected shape [${shape.join(', ')}], got [${values.shape.join(', ')}]`);
  const n = elements(shape);
  comparison.values(file.values(expected.first as JsonObject), part(values, 0, 50), `${where}, first elements`);
  comparison.values(file.values(expected.last as JsonObject), part(values, n - 50, n), `${where}, last elements`);
  if (!rounded && sha256(library.bytes(actual)) !== expected.sha256)
    throw new Mismatch(`${where}: the ends are right, other elements are not`);
}
const part = (values: Values, from: number, to: number): Values => ({
  dtype: values.dtype,
  shape: [to - from],
  real: values.real.slice(from, to) as Values['real'],
  imag: values.imag?.slice(from, to) ?? null,
});

/** Functions whose results PyTorch itself rounds differently from machine to machine. */
const ROUNDING = new Set([
  'orthogonal_',
  'sin',
  'cos',
  'tan',
  'exp',
  'log',
  'softmax',
  'log_softmax',
  'gumbel_softmax',
  'scaled_dot_product_attention',
  'matmul',
  'mm',
  'linear',
  'qr',
  'svd',
]);

/** Whether a snippet computes with the numbers: by such a function, a matrix product, or by calling an object of its own (a module). */
function rounds(code: string): boolean {
  const assigned = new Set<string>();
  let found = false;
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) {
      for (const item of node) visit(item);
      return;
    }
    const { kind } = node as Statement | Expr;
    if (kind === 'assign')
      for (const target of (node as Extract<Statement, { kind: 'assign' }>).targets) if (target.kind === 'name') assigned.add(target.id);
    if (kind === 'binary' && (node as Extract<Expr, { kind: 'binary' }>).op === '@') found = true;
    if (kind === 'call') {
      const { callee } = node as Extract<Expr, { kind: 'call' }>;
      found ||= (callee.kind === 'attribute' && ROUNDING.has(callee.name)) || (callee.kind === 'name' && assigned.has(callee.id));
    }
    for (const value of Object.values(node)) visit(value);
  };
  visit(parse(code));
  return found;
}
