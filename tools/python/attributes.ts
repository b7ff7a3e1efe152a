// Methods of Python's own values: str, list, dict, set, tuple and numbers.
import { equal, order, typeName } from './arithmetic.ts';
import { type Kwargs, PyFunction } from './function.ts';
import type { Objects } from './objects.ts';
import { ELLIPSIS, isPlainObject, PyComplex, PyError, PyRange, PyTuple, type PyValue } from './values.ts';

type Method<T> = (py: Objects, self: T, args: readonly PyValue[], kwargs: Kwargs) => PyValue;
type Methods<T> = Readonly<Record<string, Method<T>>>;

const STRING: Methods<string> = {
  join: (py, self, [items]) => [...py.iterate(items)].join(self),
  format: (py, self, args, kwargs) => formatted(py, self, args, kwargs),
  upper: (_, self) => self.toUpperCase(),
  lower: (_, self) => self.toLowerCase(),
  strip: (_, self, [chars]) => strip(self, chars, true, true),
  lstrip: (_, self, [chars]) => strip(self, chars, true, false),
  rstrip: (_, self, [chars]) => strip(self, chars, false, true),
  split: (_, self, [separator]) => (typeof separator === 'string' ? self.split(separator) : self.split(/\s+/).filter((s) => s !== '')),
  splitlines: (_, self) => self.replace(/\n$/, '').split('\n'),
  replace: (_, self, [from, to]) => self.replaceAll(String(from), String(to)),
  startswith: (_, self, [prefix]) => self.startsWith(String(prefix)),
  endswith: (_, self, [suffix]) => self.endsWith(String(suffix)),
  find: (_, self, [text]) => BigInt(self.indexOf(String(text))),
  count: (_, self, [text]) => BigInt(self.split(String(text)).length - 1),
  ljust: (_, self, [width]) => self.padEnd(Number(width)),
  rjust: (_, self, [width]) => self.padStart(Number(width)),
  isdigit: (_, self) => /^\d+$/.test(self),
  index: (_, self, [text]) => found(self.indexOf(String(text)), 'substring not found'),
};

function strip(text: string, chars: PyValue, left: boolean, right: boolean): string {
  const drop = (c: string | undefined): boolean => c !== undefined && (typeof chars === 'string' ? chars.includes(c) : /\s/.test(c));
  let [from, to] = [0, text.length];
  while (left && from < to && drop(text[from])) from++;
  while (right && to > from && drop(text[to - 1])) to--;
  return text.slice(from, to);
}

function formatted(py: Objects, template: string, args: readonly PyValue[], kwargs: Kwargs): string {
  let next = 0;
  return template.replace(
    /\{\{|\}\}|\{([^{}:!]*)(?:!([rs]))?(?::([^{}]*))?\}/g,
    (whole, field: string | undefined, conversion: string | undefined, spec: string | undefined) => {
      if (field === undefined) return whole[0]!;
      const [head, ...path] = field.split('.');
      let value = head === '' ? args[next++] : /^\d+$/.test(head!) ? args[Number(head)] : kwargs.get(head!);
      for (const name of path) value = py.getattr(value, name);
      if (conversion) value = conversion === 'r' ? py.repr(value) : py.str(value);
      return py.format(value, spec ?? '');
    },
  );
}

function found(index: number, message: string): bigint {
  if (index < 0) throw new PyError('ValueError', message);
  return BigInt(index);
}

const SEQUENCE: Methods<readonly PyValue[]> = {
  index: (py, self, [item]) =>
    found(
      self.findIndex((x) => equal(x, item)),
      `${py.repr(item)} is not in list`,
    ),
  count: (_, self, [item]) => BigInt(self.filter((x) => equal(x, item)).length),
};

const LIST: Methods<PyValue[]> = {
  append: (_, self, [item]) => none(self.push(item)),
  extend: (py, self, [items]) => none(self.push(...py.iterate(items))),
  insert: (_, self, [at, item]) => none(self.splice(Number(at), 0, item)),
  pop: (_, self, [at]) => (at === undefined ? self.pop() : self.splice(Number(at), 1)[0]),
  reverse: (_, self) => none(self.reverse()),
  clear: (_, self) => none(self.splice(0)),
  copy: (_, self) => [...self],
  sort: (py, self, _args, kwargs) => none(self.splice(0, self.length, ...sorted(py, self, kwargs))),
};
const none = (_: unknown): null => null;

/** sorted(items, key=…, reverse=…). */
export function sorted(py: Objects, items: Iterable<PyValue>, kwargs: Kwargs): PyValue[] {
  const key = kwargs.get('key') ?? null;
  const sign = py.truth(kwargs.get('reverse') ?? false) ? -1 : 1;
  const keyed = Array.from(items, (item) => ({ item, key: key === null ? item : py.call(key, [item]) }));
  return keyed.sort((a, b) => sign * order(a.key, b.key)).map(({ item }) => item);
}

const DICT: Methods<Map<PyValue, PyValue>> = {
  keys: (_, self) => new DictView('dict_keys', () => self.keys(), self),
  values: (_, self) => new DictView('dict_values', () => self.values(), self),
  items: (_, self) => new DictView('dict_items', () => [...self].map((pair) => PyTuple.from_(pair)), self),
  get: (_, self, [key, otherwise]) => (self.has(key) ? self.get(key) : (otherwise ?? null)),
  update: (py, self, [other], kwargs) => {
    for (const [key, value] of other === undefined ? [] : py.entries(other)) self.set(key, value);
    for (const [key, value] of kwargs) self.set(key, value);
    return null;
  },
  setdefault: (_, self, [key, value]) => (self.has(key) ? self : self.set(key, value ?? null)).get(key),
  copy: (_, self) => new Map(self),
  pop: (py, self, [key, otherwise]) => {
    if (!self.has(key)) {
      if (otherwise === undefined) throw new PyError('KeyError', py.repr(key));
      return otherwise;
    }
    const value = self.get(key);
    self.delete(key);
    return value;
  },
};

/** What dict.keys(), values() and items() give: a live view that prints with its name. */
export class DictView {
  constructor(
    readonly name: string,
    private readonly items: () => Iterable<PyValue>,
    private readonly of: Map<PyValue, PyValue>,
  ) {}
  get length(): number {
    return this.of.size;
  }
  [Symbol.iterator](): Iterator<PyValue> {
    return this.items()[Symbol.iterator]();
  }
}

const SET: Methods<Set<PyValue>> = {
  add: (_, self, [item]) => none(self.add(item)),
  discard: (_, self, [item]) => none(self.delete(item)),
  remove: (_, self, [item]) => none(self.delete(item)),
  union: (py, self, [other]) => new Set([...self, ...py.iterate(other)]),
};

function method<T>(py: Objects, table: Methods<T>, self: T, name: string): PyValue {
  if (!Object.hasOwn(table, name)) return undefined;
  return new PyFunction(name, (args, kwargs) => table[name]!(py, self, args, kwargs));
}

function lookup(py: Objects, object: PyValue, name: string): PyValue {
  if (typeof object === 'string') return method(py, STRING, object, name);
  if (object instanceof PyTuple && object.fields?.includes(name)) return object[object.fields.indexOf(name)];
  if (object instanceof PyTuple) return method(py, SEQUENCE, object, name);
  if (Array.isArray(object)) return method(py, LIST, object, name) ?? method(py, SEQUENCE, object, name);
  if (object instanceof Map) return method(py, DICT, object, name);
  if (isPlainObject(object)) return method(py, DICT, new Map<PyValue, PyValue>(Object.entries(object)), name);
  if (object instanceof Set) return method(py, SET, object, name);
  if (object instanceof PyComplex && (name === 'real' || name === 'imag')) return name === 'real' ? object.re : object.im;
  if (typeof object === 'number' && name === 'is_integer') return new PyFunction(name, () => Number.isInteger(object));
  if (object instanceof PyFunction && name === '__name__') return object.name;
  if (object instanceof Error && name === 'args') return PyTuple.from_([object.message]);
  if (object instanceof StandardModule) return object.names.get(name);
  return undefined;
}

/** A module of Python's standard library. */
export class StandardModule {
  constructor(
    readonly name: string,
    readonly names: ReadonlyMap<string, PyValue>,
  ) {}
}

/** An attribute of one of Python's own values. */
export function getattr(py: Objects, object: PyValue, name: string): PyValue {
  const value = lookup(py, object, name);
  if (value !== undefined) return value;
  const type =
    object === ELLIPSIS
      ? 'ellipsis'
      : object instanceof PyRange
        ? 'range'
        : object instanceof StandardModule
          ? `module '${object.name}'`
          : typeName(object);
  throw new PyError('AttributeError', `'${type}' object has no attribute '${name}'`);
}
