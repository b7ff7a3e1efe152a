// What Python values can do, whoever made them: attributes, calls, items, operators, iteration, text.
import * as arithmetic from './arithmetic.ts';
import { getattr as builtinAttribute, DictView } from './attributes.ts';
import type { Foreign } from './foreign.ts';
import { type Kwargs, NO_KWARGS, PyClass, PyFunction, PyInstance, PySuper } from './function.ts';
import * as text from './text.ts';
import { ELLIPSIS, isPlainObject, PyError, PyRange, PySlice, PyTuple, type PyValue } from './values.ts';

/** Python's object protocol; the library's objects answer through `foreign`. */
export abstract class Objects {
  constructor(protected readonly foreign: Foreign | null) {}

  /** A builtin by name. */
  protected abstract builtin(name: string): PyValue;

  owns(value: PyValue): boolean {
    return this.foreign?.owns(value) ?? false;
  }

  repr(value: PyValue): string {
    return text.repr(value, (v) => this.foreignText(v, 'repr'));
  }
  str(value: PyValue): string {
    const own = this.foreignText(value, 'str');
    return own ?? text.str(value, (v) => this.foreignText(v, 'repr'));
  }
  private foreignText(value: PyValue, kind: 'repr' | 'str'): string | null {
    if (value instanceof PyInstance) {
      const method = (kind === 'str' ? value.type.lookup('__str__') : undefined) ?? value.type.lookup('__repr__');
      return method === undefined ? `<${value.type.name} object>` : (this.call(method, [value]) as string);
    }
    if (value instanceof PyClass) return `<class '${value.name}'>`;
    if (value instanceof PyFunction) return `<function ${value.name}>`;
    if (value instanceof DictView) return `${value.name}(${this.repr([...value])})`;
    return this.owns(value) ? this.foreign![kind](value) : null;
  }

  truth(value: PyValue): boolean {
    return this.owns(value) ? this.foreign!.truth(value) : arithmetic.truth(value);
  }

  iterate(value: PyValue): Iterable<PyValue> {
    if (typeof value === 'string' || Array.isArray(value) || value instanceof Set || value instanceof PyRange)
      return value as Iterable<PyValue>;
    if (value instanceof Map) return value.keys();
    if (value instanceof PyInstance) return this.iterateInstance(value);
    if (this.owns(value)) return this.foreign!.iterate(value);
    if (isPlainObject(value)) return Object.keys(value);
    if (typeof value === 'object' && value !== null && Symbol.iterator in value) return value as Iterable<PyValue>;
    throw new PyError('TypeError', `'${arithmetic.typeName(value)}' object is not iterable`);
  }
  private *iterateInstance(value: PyInstance): Generator<PyValue> {
    if (value.type.lookup('__iter__') !== undefined) {
      yield* this.iterate(this.call(this.getattr(value, '__iter__'), []));
      return;
    }
    for (let i = 0; i < this.length(value); i++) yield this.getitem(value, BigInt(i));
  }

  length(value: PyValue): number {
    if (typeof value === 'string') return [...value].length;
    if (Array.isArray(value) || value instanceof PyRange) return value.length;
    if (value instanceof Map || value instanceof Set) return value.size;
    if (value instanceof DictView) return value.length;
    if (value instanceof PyInstance) return Number(this.call(this.getattr(value, '__len__'), []));
    if (this.owns(value)) return this.foreign!.length(value);
    throw new PyError('TypeError', `object of type '${arithmetic.typeName(value)}' has no len()`);
  }

  getattr(object: PyValue, name: string): PyValue {
    if (object instanceof PySuper) return this.inherited(object, name);
    if (object instanceof PyInstance) return this.instanceAttribute(object, name);
    if (object instanceof PyClass) {
      const found = name === '__name__' ? object.name : object.lookup(name);
      if (found === undefined) throw new PyError('AttributeError', `type object '${object.name}' has no attribute '${name}'`);
      return found;
    }
    if (this.owns(object)) return this.foreign!.getattr(object, name);
    return builtinAttribute(this, object, name);
  }
  private instanceAttribute(object: PyInstance, name: string): PyValue {
    if (object.attributes.has(name)) return object.attributes.get(name);
    if (name === '__class__') return object.type;
    const found = object.type.lookup(name);
    if (found instanceof PyFunction) return found.bound(object);
    if (found !== undefined) return found;
    throw new PyError('AttributeError', `'${object.type.name}' object has no attribute '${name}'`);
  }
  private inherited(object: PySuper, name: string): PyValue {
    if (object.behind instanceof PyClass) {
      for (const base of object.behind.bases) {
        const found = base.lookup(name);
        if (found !== undefined) return found instanceof PyFunction ? found.bound(object.self) : found;
      }
      if (name === '__init__') return new PyFunction('__init__', () => null);
    }
    if (this.foreign) return this.foreign.getattr(object, name);
    throw new PyError('AttributeError', `'super' object has no attribute '${name}'`);
  }

  setattr(object: PyValue, name: string, value: PyValue): void {
    if (object instanceof PyInstance) object.attributes.set(name, value);
    else if (object instanceof PyClass) object.namespace.set(name, value);
    else if (this.owns(object)) this.foreign!.setattr(object, name, value);
    else throw new PyError('AttributeError', `'${arithmetic.typeName(object)}' object has no attribute '${name}'`);
  }

  hasattr(object: PyValue, name: string): boolean {
    try {
      return this.getattr(object, name) !== undefined;
    } catch (error) {
      if (error instanceof Error && error.name === 'AttributeError') return false;
      throw error;
    }
  }

  call(callee: PyValue, args: readonly PyValue[], kwargs: Kwargs = NO_KWARGS): PyValue {
    if (callee instanceof PyFunction) return callee.invoke(args, kwargs);
    if (callee instanceof PyClass) return this.construct(callee, args, kwargs);
    if (callee instanceof PyInstance) return this.call(this.getattr(callee, '__call__'), args, kwargs);
    if (this.owns(callee)) return this.foreign!.call(callee, args, kwargs);
    throw new PyError('TypeError', `'${arithmetic.typeName(callee)}' object is not callable`);
  }
  private construct(type: PyClass, args: readonly PyValue[], kwargs: Kwargs): PyValue {
    if (type.construct) return type.construct(args, kwargs);
    const instance = new PyInstance(type);
    const init = type.lookup('__init__');
    if (init !== undefined) this.call(init, [instance, ...args], kwargs);
    return instance;
  }

  getitem(object: PyValue, index: PyValue): PyValue {
    if (typeof object === 'string' || Array.isArray(object) || object instanceof PyRange) return sequenceItem(object, index);
    if (object instanceof Map || isPlainObject(object)) {
      const map = object instanceof Map ? object : new Map(Object.entries(object));
      const key = keyOf(map, index);
      if (!map.has(key)) throw new PyError('KeyError', this.repr(index));
      return map.get(key);
    }
    if (object instanceof PyInstance) return this.call(this.getattr(object, '__getitem__'), [index]);
    if (this.owns(object)) return this.foreign!.getitem(object, index);
    throw new PyError('TypeError', `'${arithmetic.typeName(object)}' object is not subscriptable`);
  }

  setitem(object: PyValue, index: PyValue, value: PyValue): void {
    if (object instanceof Map) object.set(keyOf(object, index), value);
    else if (Array.isArray(object) && !(object instanceof PyTuple)) object[position(index, object.length)] = value;
    else if (object instanceof PyInstance) this.call(this.getattr(object, '__setitem__'), [index, value]);
    else if (this.owns(object)) this.foreign!.setitem(object, index, value);
    else throw new PyError('TypeError', `'${arithmetic.typeName(object)}' object does not support item assignment`);
  }

  binary(op: string, left: PyValue, right: PyValue): PyValue {
    if (this.owns(left) || this.owns(right)) return this.foreign!.binary(op, left, right);
    const own = this.dunder(op, left, right);
    return own === undefined ? arithmetic.binary(op, left, right) : own;
  }
  private dunder(op: string, left: PyValue, right: PyValue): PyValue {
    const name = DUNDER[op];
    if (left instanceof PyInstance && left.type.lookup(`__${name}__`) !== undefined)
      return this.call(this.getattr(left, `__${name}__`), [right]);
    if (right instanceof PyInstance && right.type.lookup(`__r${name}__`) !== undefined)
      return this.call(this.getattr(right, `__r${name}__`), [left]);
    return undefined;
  }

  compare(op: string, left: PyValue, right: PyValue): PyValue {
    switch (op) {
      case 'is':
        return left === right || (left ?? null) === (right ?? null);
      case 'is not':
        return !this.truth(this.compare('is', left, right));
      case 'in':
        return this.contains(right, left);
      case 'not in':
        return !this.contains(right, left);
    }
    if (this.owns(left) || this.owns(right)) return this.foreign!.binary(op, left, right);
    const own = this.dunder(op, left, right);
    if (own !== undefined) return own;
    if (op === '==') return arithmetic.equal(left, right);
    if (op === '!=') return !arithmetic.equal(left, right);
    const order = arithmetic.order(left, right);
    return { '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[op];
  }
  contains(container: PyValue, item: PyValue): boolean {
    if (typeof container === 'string') return container.includes(String(item));
    if (container instanceof Map || container instanceof Set) return container.has(item);
    if (isPlainObject(container)) return String(item) in container;
    if (this.owns(container)) return this.foreign!.contains(container, item);
    for (const each of this.iterate(container)) if (each === item || this.truth(this.compare('==', each, item))) return true;
    return false;
  }

  isinstance(value: PyValue, type: PyValue): boolean {
    if (type instanceof PyTuple) return type.some((t) => this.isinstance(value, t));
    if (type instanceof PyClass) return type.test ? type.test(value) : value instanceof PyInstance && value.type.extends(type);
    return this.foreign?.isinstance(value, type) ?? false;
  }

  typeOf(value: PyValue): PyValue {
    if (value instanceof PyInstance) return value.type;
    if (value instanceof Error) return this.builtin(value.name);
    return this.owns(value) ? this.foreign!.typeOf(value) : this.builtin(arithmetic.typeName(value));
  }

  /** Enters a context manager. */
  enter(context: PyValue): { value: PyValue; exit(): void } {
    if (!(context instanceof PyInstance)) {
      if (!this.owns(context)) throw new PyError('TypeError', `'${arithmetic.typeName(context)}' object is not a context manager`);
      return this.foreign!.enter(context);
    }
    const value = this.call(this.getattr(context, '__enter__'), []);
    return { value, exit: () => void this.call(this.getattr(context, '__exit__'), [null, null, null]) };
  }

  /** The pairs of a dict. */
  entries(value: PyValue): Iterable<readonly [PyValue, PyValue]> {
    if (value instanceof Map) return value.entries();
    if (isPlainObject(value)) return Object.entries(value);
    throw new PyError('TypeError', `'${arithmetic.typeName(value)}' object is not a mapping`);
  }

  /** format(value, spec). */
  format(value: PyValue, spec: string): string {
    return this.owns(value) || value instanceof PyInstance
      ? text.format(this.str(value), spec)
      : text.format(value, spec, (v) => this.foreignText(v, 'repr'));
  }
}

const DUNDER: Readonly<Record<string, string>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'truediv',
  '//': 'floordiv',
  '%': 'mod',
  '**': 'pow',
  '@': 'matmul',
  '&': 'and',
  '|': 'or',
  '^': 'xor',
  '==': 'eq',
  '!=': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
};

/** The array position of a Python index. */
export function position(index: PyValue, length: number): number {
  if (typeof index !== 'bigint') throw new PyError('TypeError', `indices must be integers, not ${arithmetic.typeName(index)}`);
  const at = Number(index) + (index < 0n ? length : 0);
  if (at < 0 || at >= length) throw new PyError('IndexError', 'index out of range');
  return at;
}

/** Booleans and whole floats are the ints of the same value as keys. */
function keyOf(map: ReadonlyMap<PyValue, PyValue>, key: PyValue): PyValue {
  if (map.has(key) || (typeof key !== 'boolean' && typeof key !== 'number')) return key;
  return Number.isInteger(Number(key)) ? BigInt(Number(key)) : key;
}

function sequenceItem(sequence: string | readonly PyValue[] | PyRange, index: PyValue): PyValue {
  if (index === ELLIPSIS) throw new PyError('TypeError', 'indices must be integers, not ellipsis');
  const items = typeof sequence === 'string' ? [...sequence] : sequence;
  if (!(index instanceof PySlice)) {
    const at = position(index, items.length);
    return items instanceof PyRange ? items.at(at) : items[at];
  }
  const picked = sliceIndices(index, items.length).map((i) => (items instanceof PyRange ? items.at(i) : items[i]));
  return typeof sequence === 'string' ? picked.join('') : sequence instanceof PyTuple ? PyTuple.from_(picked) : picked;
}

function sliceIndices({ start, stop, step }: PySlice, length: number): number[] {
  const by = step === null ? 1 : Number(step);
  if (by === 0) throw new PyError('ValueError', 'slice step cannot be zero');
  const clamp = (bound: PyValue, otherwise: number): number => {
    if (bound === null) return otherwise;
    const at = Number(bound) + (Number(bound) < 0 ? length : 0);
    return Math.min(Math.max(at, by > 0 ? 0 : -1), by > 0 ? length : length - 1);
  };
  const [from, to] = [clamp(start, by > 0 ? 0 : length - 1), clamp(stop, by > 0 ? length : -1)];
  const found: number[] = [];
  for (let i = from; by > 0 ? i < to : i > to; i += by) found.push(i);
  return found;
}
