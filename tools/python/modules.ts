// The parts of Python's standard library that snippets import.
import { StandardModule } from './attributes.ts';
import type { Interpreter } from './evaluate.ts';
import { PyClass, PyFunction } from './function.ts';
import { PyTuple, type PyValue } from './values.ts';

const REAL_FUNCTIONS = [
  'sqrt',
  'exp',
  'log',
  'log2',
  'log10',
  'log1p',
  'expm1',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'tanh',
  'hypot',
  'atan2',
  'pow',
] as const;

function math(): Map<string, PyValue> {
  const names = new Map<string, PyValue>([
    ['pi', Math.PI],
    ['e', Math.E],
    ['tau', 2 * Math.PI],
    ['inf', Number.POSITIVE_INFINITY],
    ['nan', Number.NaN],
    ['floor', new PyFunction('floor', ([x]) => BigInt(Math.floor(Number(x))))],
    ['ceil', new PyFunction('ceil', ([x]) => BigInt(Math.ceil(Number(x))))],
    ['trunc', new PyFunction('trunc', ([x]) => BigInt(Math.trunc(Number(x))))],
    ['isnan', new PyFunction('isnan', ([x]) => Number.isNaN(x))],
    ['isinf', new PyFunction('isinf', ([x]) => typeof x === 'number' && !Number.isFinite(x) && !Number.isNaN(x))],
    ['isfinite', new PyFunction('isfinite', ([x]) => Number.isFinite(Number(x)))],
    [
      'prod',
      new PyFunction('prod', ([items]) =>
        [...(items as Iterable<bigint | number>)].reduce<bigint | number>(
          (a, b) => (typeof a === 'bigint' && typeof b === 'bigint' ? a * b : Number(a) * Number(b)),
          1n,
        ),
      ),
    ],
  ]);
  for (const name of REAL_FUNCTIONS) {
    names.set(
      name,
      new PyFunction(name, (args) =>
        name === 'log' && args.length === 2
          ? Math.log(Number(args[0])) / Math.log(Number(args[1]))
          : (Math[name] as (...x: number[]) => number)(...args.map(Number)),
      ),
    );
  }
  return names;
}

function collections(py: Interpreter): Map<string, PyValue> {
  const ordered = new PyClass(
    'OrderedDict',
    [],
    new Map(),
    ([pairs]) =>
      new Map(
        pairs === undefined
          ? []
          : pairs instanceof Map
            ? pairs
            : Array.from(py.iterate(pairs), (pair) => [...py.iterate(pair)] as [PyValue, PyValue]),
      ),
    (x) => x instanceof Map,
  );
  return new Map<string, PyValue>([['OrderedDict', ordered]]);
}

function itertools(py: Interpreter): Map<string, PyValue> {
  const product = (lists: readonly PyValue[][]): PyValue[][] =>
    lists.reduce<PyValue[][]>((rows, list) => rows.flatMap((row) => list.map((x) => [...row, x])), [[]]);
  return new Map<string, PyValue>([
    ['chain', new PyFunction('chain', (args) => args.flatMap((x) => [...py.iterate(x)]))],
    ['product', new PyFunction('product', (args) => product(args.map((x) => [...py.iterate(x)])).map((row) => PyTuple.from_(row)))],
  ]);
}

/** A module by name; undefined when there is none. */
export function standardModule(py: Interpreter, name: string): StandardModule | undefined {
  if (name === 'math') return new StandardModule(name, math());
  if (name === 'collections') return new StandardModule(name, collections(py));
  if (name === 'itertools') return new StandardModule(name, itertools(py));
  return undefined;
}
