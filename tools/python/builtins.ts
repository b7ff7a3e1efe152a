// Python's builtin functions and types.
import { order, typeName } from './arithmetic.ts';
import { sorted } from './attributes.ts';
import type { Interpreter } from './evaluate.ts';
import { type Kwargs, PyClass, PyFunction, PyInstance } from './function.ts';
import { repr } from './text.ts';
import { PyComplex, PyError, PyRange, PySlice, PyTuple, type PyValue } from './values.ts';

type Builtin = (args: readonly PyValue[], kwargs: Kwargs) => PyValue;

/** The names that every snippet sees. */
export function builtins(py: Interpreter): [string, PyValue][] {
  const functions = Object.entries(functionsOf(py)).map(([name, invoke]): [string, PyValue] => [name, new PyFunction(name, invoke)]);
  return [...functions, ...typesOf(py), ...exceptions()];
}

function functionsOf(py: Interpreter): Record<string, Builtin> {
  const extreme =
    (sign: number): Builtin =>
    (args, kwargs) => {
      const items = args.length === 1 ? [...py.iterate(args[0])] : args;
      if (items.length === 0) throw new PyError('ValueError', 'iterable argument is empty');
      const key = kwargs.get('key') ?? null;
      const keyed = (x: PyValue): PyValue => (key === null ? x : py.call(key, [x]));
      return items.reduce((best, x) => (sign * order(keyed(x), keyed(best)) > 0 ? x : best));
    };
  return {
    print: (args, kwargs) => {
      py.output +=
        args.map((x) => py.str(x)).join((kwargs.get('sep') as string | null) ?? ' ') + ((kwargs.get('end') as string | null) ?? '\n');
      return null;
    },
    len: ([x]) => BigInt(py.length(x)),
    repr: ([x]) => py.repr(x),
    format: ([x, spec]) => py.format(x, (spec as string | undefined) ?? ''),
    isinstance: ([x, type]) => py.isinstance(x, type),
    hasattr: ([x, name]) => py.hasattr(x, name as string),
    getattr: ([x, name, otherwise]) =>
      otherwise === undefined || py.hasattr(x, name as string) ? py.getattr(x, name as string) : otherwise,
    setattr: ([x, name, value]) => {
      py.setattr(x, name as string, value);
      return null;
    },
    callable: ([x]) => x instanceof PyFunction || x instanceof PyClass || typeof x === 'function',
    super: () => py.superOfMethod(),
    id: () => 0n,
    iter: ([x]) => py.iterate(x)[Symbol.iterator](),
    next: ([iterator, otherwise]) => {
      const step = (iterator as Iterator<PyValue>).next();
      if (!step.done) return step.value;
      if (otherwise === undefined) throw new PyError('StopIteration', '');
      return otherwise;
    },
    enumerate: ([items, start], kwargs) => enumerate(py.iterate(items), (start ?? kwargs.get('start') ?? 0n) as bigint),
    zip: (args) => zip(args.map((x) => py.iterate(x))),
    map: ([f, ...lists]) => map(py, f, zip(lists.map((x) => py.iterate(x)))),
    filter: ([f, items]) => [...py.iterate(items)].filter((x) => py.truth(f === null ? x : py.call(f, [x]))),
    reversed: ([items]) => [...py.iterate(items)].reverse(),
    sorted: ([items], kwargs) => sorted(py, py.iterate(items), kwargs),
    any: ([items]) => [...py.iterate(items)].some((x) => py.truth(x)),
    all: ([items]) => [...py.iterate(items)].every((x) => py.truth(x)),
    sum: ([items, start]) => [...py.iterate(items)].reduce((total, x) => py.binary('+', total, x), start ?? 0n),
    min: extreme(-1),
    max: extreme(1),
    abs: ([x]) => absolute(py, x),
    round: ([x, digits]) => rounded(x, digits),
    pow: ([x, y]) => py.binary('**', x, y),
    divmod: ([x, y]) => PyTuple.from_([py.binary('//', x, y), py.binary('%', x, y)]),
    slice: (args) => (args.length === 1 ? new PySlice(null, args[0], null) : new PySlice(args[0], args[1], args[2] ?? null)),
    ord: ([c]) => BigInt((c as string).codePointAt(0)!),
    chr: ([code]) => String.fromCodePoint(Number(code)),
    vars: ([x]) => (x instanceof PyInstance ? x.attributes : new Map()),
  };
}

function* enumerate(items: Iterable<PyValue>, start: bigint): Generator<PyValue> {
  let i = start;
  for (const item of items) yield PyTuple.from_([i++, item]);
}
function* zip(lists: readonly Iterable<PyValue>[]): Generator<PyTuple> {
  const iterators = lists.map((x) => x[Symbol.iterator]());
  while (iterators.length > 0) {
    const steps = iterators.map((it) => it.next());
    if (steps.some((step) => step.done)) return;
    yield PyTuple.from_(steps.map((step) => step.value));
  }
}
function* map(py: Interpreter, f: PyValue, rows: Iterable<PyTuple>): Generator<PyValue> {
  for (const row of rows) yield py.call(f, [...row]);
}

function absolute(py: Interpreter, x: PyValue): PyValue {
  if (typeof x === 'bigint') return x < 0n ? -x : x;
  if (typeof x === 'number') return Math.abs(x);
  return x instanceof PyComplex ? Math.hypot(x.re, x.im) : py.call(py.getattr(x, 'abs'), []);
}

/** round(): halves go to the even neighbour of the exact value. */
function rounded(x: PyValue, digits: PyValue): PyValue {
  if (typeof x === 'bigint' || typeof x === 'boolean') return BigInt(x);
  if (typeof x !== 'number') throw new PyError('TypeError', `type ${typeName(x)} doesn't define __round__ method`);
  if (digits !== undefined && digits !== null) {
    const text = Math.abs(x).toFixed(Math.max(0, Number(digits)));
    return Number.isFinite(x) ? Math.sign(x) * Number(text) : x;
  }
  const down = Math.floor(x);
  const rest = x - down;
  return BigInt(rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1);
}

function typesOf(py: Interpreter): [string, PyClass][] {
  const type = (name: string, construct: Builtin, test: (x: PyValue) => boolean): [string, PyClass] => [
    name,
    new PyClass(name, [], new Map(), construct, test),
  ];
  const items = (x: PyValue): PyValue[] => (x === undefined ? [] : [...py.iterate(x)]);
  return [
    type(
      'int',
      ([x, base]) => toInt(py, x ?? 0n, base),
      (x) => typeof x === 'bigint' || typeof x === 'boolean',
    ),
    type(
      'float',
      ([x]) => toFloat(py, x ?? 0n),
      (x) => typeof x === 'number',
    ),
    type(
      'bool',
      ([x]) => x !== undefined && py.truth(x),
      (x) => typeof x === 'boolean',
    ),
    type(
      'str',
      ([x]) => (x === undefined ? '' : py.str(x)),
      (x) => typeof x === 'string',
    ),
    type(
      'complex',
      ([re, im]) => new PyComplex(Number(re ?? 0n), Number(im ?? 0n)),
      (x) => x instanceof PyComplex,
    ),
    type(
      'list',
      ([x]) => items(x),
      (x) => Array.isArray(x) && !(x instanceof PyTuple),
    ),
    type(
      'tuple',
      ([x]) => PyTuple.from_(items(x)),
      (x) => x instanceof PyTuple,
    ),
    type(
      'set',
      ([x]) => new Set(items(x)),
      (x) => x instanceof Set,
    ),
    type(
      'dict',
      ([x], kwargs) => toDict(py, x, kwargs),
      (x) => x instanceof Map,
    ),
    type(
      'range',
      (args) => range(args),
      (x) => x instanceof PyRange,
    ),
    type(
      'type',
      ([x]) => py.typeOf(x),
      (x) => x instanceof PyClass,
    ),
    type(
      'object',
      () => new PyInstance(new PyClass('object', [], new Map())),
      () => true,
    ),
    type(
      'NoneType',
      () => null,
      (x) => x === null,
    ),
    type(
      'function',
      () => null,
      (x) => x instanceof PyFunction,
    ),
  ];
}

function toInt(py: Interpreter, x: PyValue, base: PyValue): bigint {
  if (typeof x === 'bigint' || typeof x === 'boolean') return BigInt(x);
  if (typeof x === 'number') return BigInt(Math.trunc(x));
  if (typeof x === 'string') return BigInt(base === 16n ? `0x${x.replace(/^0x/, '')}` : x.trim());
  return toInt(py, py.call(py.getattr(x, 'item'), []), undefined);
}
function toFloat(py: Interpreter, x: PyValue): number {
  if (typeof x === 'bigint' || typeof x === 'number' || typeof x === 'boolean') return Number(x);
  if (typeof x !== 'string') return toFloat(py, py.call(py.getattr(x, 'item'), []));
  const special = /^([-+]?)(inf|infinity|nan)$/i.exec(x.trim());
  if (special)
    return special[2]!.toLowerCase() === 'nan' ? Number.NaN : special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (x.trim() === '' || Number.isNaN(Number(x))) throw new PyError('ValueError', `could not convert string to float: ${repr(x)}`);
  return Number(x);
}
function toDict(py: Interpreter, x: PyValue, kwargs: Kwargs): Map<PyValue, PyValue> {
  const pairs =
    x === undefined ? [] : x instanceof Map ? x : Array.from(py.iterate(x), (pair) => [...py.iterate(pair)] as [PyValue, PyValue]);
  return new Map<PyValue, PyValue>([...pairs, ...kwargs]);
}
function range(args: readonly PyValue[]): PyRange {
  const [start, stop, step] = args.length === 1 ? [0n, args[0], 1n] : [args[0], args[1], args[2] ?? 1n];
  if (typeof start !== 'bigint' || typeof stop !== 'bigint' || typeof step !== 'bigint')
    throw new PyError('TypeError', 'range() needs integers');
  if (step === 0n) throw new PyError('ValueError', 'range() arg 3 must not be zero');
  return new PyRange(start, stop, step);
}

/** Exception classes: an error belongs to one by its name. */
const HIERARCHY: Readonly<Record<string, string | null>> = {
  BaseException: null,
  Exception: 'BaseException',
  ArithmeticError: 'Exception',
  LookupError: 'Exception',
  AssertionError: 'Exception',
  AttributeError: 'Exception',
  ImportError: 'Exception',
  NameError: 'Exception',
  RuntimeError: 'Exception',
  StopIteration: 'Exception',
  TypeError: 'Exception',
  ValueError: 'Exception',
  IndexError: 'LookupError',
  KeyError: 'LookupError',
  LinAlgError: 'RuntimeError',
  NotImplementedError: 'RuntimeError',
  OverflowError: 'ArithmeticError',
  ZeroDivisionError: 'ArithmeticError',
};

/** Whether an exception of class `name` is caught by `except wanted`. */
export function isException(name: string, wanted: string): boolean {
  if (name === wanted) return true;
  return name !== 'BaseException' && isException(name in HIERARCHY ? HIERARCHY[name]! : 'Exception', wanted);
}

function exceptions(): [string, PyClass][] {
  return Object.keys(HIERARCHY).map((name) => {
    const construct: Builtin = ([message]) => new PyError(name, message === undefined ? '' : String(message));
    return [name, new PyClass(name, [], new Map(), construct, (x) => x instanceof Error && isException(x.name, name))];
  });
}
