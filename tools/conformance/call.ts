// Calls in Python's terms made in the library's: positional arguments, keyword arguments as a last plain object, and ints and floats
// kept apart where a dtype may depend on them.
import { PyFunction } from '../python/function.ts';
import { ELLIPSIS, isNumeric, PyComplex, PyRange, PySlice, PyTuple, type PyValue } from '../python/values.ts';
import type { Library } from './library.ts';

/** Operators tell `1.0` from `1`; modules, optimizers and data sets take plain numbers. */
export type Style = 'operator' | 'plain';

export interface Target {
  readonly name: string;
  readonly style: Style;
  run(args: unknown[]): unknown;
}

/** A call of the library. */
export function invoke(library: Library, target: Target, args: readonly PyValue[], kwargs: ReadonlyMap<string, PyValue>): unknown {
  const call = CREATORS[target.name]?.(library, args, kwargs) ?? { args, kwargs };
  const converted = call.args.map((x) => toLibrary(library, x, target.style));
  if (call.kwargs.size > 0)
    converted.push(Object.fromEntries([...call.kwargs].map(([name, x]) => [name, toLibrary(library, x, target.style)])));
  return target.run(converted);
}

/** A Python value as the library takes it. */
export function toLibrary(library: Library, x: PyValue, style: Style): unknown {
  const go = (item: PyValue): unknown => toLibrary(library, item, style);
  if (x === undefined) return null;
  if (typeof x === 'bigint') return Number.isSafeInteger(Number(x)) ? Number(x) : x;
  if (typeof x === 'number') return style === 'operator' && Number.isInteger(x) ? library.call('scalar', x, { float: true }) : x;
  if (x instanceof Exact) return x.value;
  if (x instanceof PyComplex) return library.build('Complex', x.re, x.im);
  if (x instanceof PyRange) return Array.from(x, Number);
  if (x instanceof PySlice) return library.call('slice', go(x.start), go(x.stop), go(x.step));
  if (x === ELLIPSIS) return '...';
  if (x instanceof PyFunction) return callback(library, x);
  if (Array.isArray(x) && (Object.getPrototypeOf(x) === Array.prototype || x instanceof PyTuple)) return Array.from(x, go);
  if (x instanceof Map) {
    const entries = [...x].map(([key, value]) => [typeof key === 'string' ? key : go(key), go(value)] as const);
    return entries.every(([key]) => typeof key === 'string') ? Object.fromEntries(entries as [string, unknown][]) : new Map(entries);
  }
  return x;
}

/** A function of a snippet that the library calls: a collate function, a learning-rate lambda, an optimizer's closure. */
function callback(library: Library, f: PyFunction): (...args: unknown[]) => unknown {
  return (...args) => toLibrary(library, f.invoke(args.map(fromLibrary), new Map()), 'plain');
}

/** A library value as a Python value: whole numbers are ints. */
export function fromLibrary(x: unknown): PyValue {
  if (x === undefined) return null;
  if (typeof x === 'number') return Number.isInteger(x) && !Object.is(x, -0) ? BigInt(x) : x;
  if (Array.isArray(x) && Object.getPrototypeOf(x) === Array.prototype && !Object.hasOwn(x, 'toString'))
    return x.some((item) => item !== fromLibrary(item)) ? x.map(fromLibrary) : x;
  return x;
}

/** The arguments of x.at(...) and x.set([...], …) for a Python index. */
export function indexArguments(library: Library, index: PyValue): unknown[] {
  const items = index instanceof PyTuple ? [...index] : [index];
  return items.map((item) => toLibrary(library, item, 'plain'));
}

// ---------------------------------------------------------------- calls whose result's dtype depends on Python literals

/** A value that is passed as it is. */
class Exact {
  constructor(readonly value: unknown) {}
}

interface Arguments {
  readonly args: readonly PyValue[];
  readonly kwargs: ReadonlyMap<string, PyValue>;
}
type Creator = (library: Library, args: readonly PyValue[], kwargs: ReadonlyMap<string, PyValue>) => Arguments | null;

/** The library makes ints of bigints. */
function exactInts(x: PyValue): PyValue {
  if (typeof x === 'bigint') return new Exact(x);
  if (x instanceof PyTuple) return PyTuple.from_(x.map(exactInts));
  if (Array.isArray(x) && Object.getPrototypeOf(x) === Array.prototype) return x.map(exactInts);
  return x instanceof Map ? new Map([...x].map(([key, value]) => [key, exactInts(value)])) : x;
}

/** Nested lists of numbers, and what kinds of numbers are in them. */
function literal(x: PyValue, kinds: Set<string>): unknown {
  if (x instanceof PyRange) return literal([...x], kinds);
  if (Array.isArray(x)) return x.map((item) => literal(item, kinds));
  if (x instanceof PyComplex) kinds.add('complex');
  else if (typeof x === 'bigint') kinds.add(Number.isSafeInteger(Number(x)) ? 'int' : 'big');
  else if (isNumeric(x)) kinds.add(typeof x === 'boolean' ? 'bool' : 'float');
  else kinds.add('other');
  return x;
}
function each(x: unknown, convert: (item: unknown) => unknown): unknown {
  return Array.isArray(x) ? x.map((item) => each(item, convert)) : convert(x);
}

/** torch.tensor(data): the dtype of Python's literals is stated, since numbers alone would make floats. */
const tensorLiteral: Creator = (library, [data, ...rest], kwargs) => {
  if (!isNumeric(data) && !Array.isArray(data) && !(data instanceof PyRange)) return null;
  const kinds = new Set<string>();
  const items = literal(data, kinds);
  if (kinds.has('other')) return null;
  const number = (x: unknown): unknown => {
    if (x instanceof PyComplex) return library.build('Complex', x.re, x.im);
    if (kinds.has('complex')) return library.build('Complex', Number(x), 0);
    if (kinds.has('float')) return Number(x);
    if (kinds.has('big')) return BigInt(x as bigint | boolean);
    return typeof x === 'bigint' || kinds.has('int') ? Number(x) : x;
  };
  const whole = !kinds.has('float') && !kinds.has('complex') && (kinds.has('int') || kinds.has('big'));
  const stated = new Map(kwargs);
  if (whole && (kwargs.get('dtype') ?? null) === null) stated.set('dtype', library.dtype('int64'));
  return { args: [new Exact(each(items, number)), ...rest], kwargs: stated };
};

/** torch.full(size, 7) is an int64 tensor in Python. */
const filled: Creator = (_, [size, ...rest], kwargs) => {
  if (!kwargs.has('fill_value')) return { args: [size, ...rest.map((x, i) => (i === 0 ? exactInts(x) : x))], kwargs };
  return {
    args: size === undefined ? [] : [size, ...rest],
    kwargs: new Map(kwargs).set('fill_value', exactInts(kwargs.get('fill_value'))),
  };
};

/** torch.where(condition, 1, 0) is an int64 tensor in Python. */
const chosen: Creator = (_, args, kwargs) =>
  args.length === 3 && args.slice(1).every(isNumeric) ? { args: args.map((x, i) => (i === 0 ? x : exactInts(x))), kwargs } : null;

/** The values of a sparse tensor, which come at a given position. */
const sparseValues =
  (position: number): Creator =>
  (_, args, kwargs) => ({ args: args.map((x, i) => (i === position ? exactInts(x) : x)), kwargs });

const CREATORS: Readonly<Record<string, Creator>> = {
  tensor: tensorLiteral,
  as_tensor: tensorLiteral,
  asarray: tensorLiteral,
  full: filled,
  where: chosen,
  sparse_coo_tensor: sparseValues(1),
  sparse_csr_tensor: sparseValues(2),
  sparse_csc_tensor: sparseValues(2),
  default_collate: (_, args, kwargs) => ({ args: args.map(exactInts), kwargs }),
};
