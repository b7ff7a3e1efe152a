// How objects travel between threads, as with Python's pickle: an instance is its class, by reference, and its fields, by value; a function
// is a reference; memory of tensors is shared. The nodes of a pickle are what structured clone copies; `{ at: n }` is node n.
import { Device } from '../../../core/device.ts';
import { DType, type DTypeName } from '../../../core/dtype.ts';
import { RuntimeError } from '../../../core/errors.ts';
import type { Storage } from '../../../core/storage.ts';
import { Tensor } from '../../../core/tensor.ts';
import { type Inspector, isReference, locate, type Reference } from './references.ts';

/** A value: itself if it is a primitive, else the node that describes it. */
export type Field = string | number | bigint | boolean | null | undefined | { readonly at: number };
/** Own properties: name, value, and whether loops see it. */
export type Fields = (readonly [name: string, value: Field, enumerable: boolean])[];
export type Node =
  | { kind: 'raw'; value: unknown }
  | { kind: 'bytes'; value: Uint8Array }
  | { kind: 'url'; href: string }
  | { kind: 'symbol'; key: string }
  | { kind: 'reference'; reference: Reference }
  | { kind: 'array'; items: Field[]; of: Field; fields: Fields }
  | { kind: 'map'; entries: [Field, Field][]; of: Field; fields: Fields }
  | { kind: 'set'; items: Field[]; of: Field; fields: Fields }
  | { kind: 'object'; fields: Fields; bare: boolean }
  | { kind: 'instance'; of: Field; fields: Fields; callable: boolean }
  | { kind: 'state'; of: Field; state: Field; callable: boolean }
  | { kind: 'reduced'; call: Field; args: Field; state: Field }
  | { kind: 'dtype'; name: DTypeName }
  | { kind: 'device'; name: string }
  | { kind: 'storage'; buffer: ArrayBufferLike | null; byteOffset: number; nbytes: number }
  | ({ kind: 'tensor'; of: Field; storage: Field; fields: Fields } & TensorParts);
export interface TensorParts {
  readonly shape: number[];
  readonly stride: number[];
  readonly offset: number;
  readonly dtype: DTypeName;
  readonly device: string;
  readonly conj: boolean;
  readonly neg: boolean;
  readonly requires_grad: boolean;
  readonly whole: boolean;
}
export interface Pickle {
  readonly nodes: Node[];
  readonly root: Field;
}

/** Something that does not exist outside its thread: where it is, what it is, and what its author can do. */
export class CannotTravel extends Error {
  constructor(
    readonly path: string,
    readonly what: string,
    readonly remedy: string,
  ) {
    super(`${path} ${what}`);
  }
}
const EXPORT_IT = 'Export it from a module of its own';
interface Reducing {
  __reduce__?(): readonly [call: Function, args: readonly unknown[], state?: unknown];
  __getstate__?(): unknown;
}
/** An instance that is called like a function: a module, a transform. */
export const isCallableInstance = (x: Function): boolean => {
  const proto = Object.getPrototypeOf(x) as object | null;
  if (proto === null || Object.hasOwn(x, 'prototype')) return false;
  return proto !== Function.prototype && Object.hasOwn(proto, 'constructor') && !NATIVE_FUNCTIONS.has(proto);
};
const NATIVE_FUNCTIONS = new Set<object>(
  [async () => {}, function* () {}, async function* () {}].map((f) => Object.getPrototypeOf(f) as object),
);

/** The classes of Tensor's own state, which are no fields of a user's. */
const TENSOR_FIELDS = new Set([
  ...['layout', 'storage', 'cell', 'level', 'value', 'bdim', 'tangent', '_requires_grad', '_node', '_output_nr', '_grad', '_accumulate'],
  ...['_view', '_hooks', '_whole'],
]);

/**
 * Describes a value for another thread. Tensors are moved to memory that threads share.
 * @throws CannotTravel for functions and classes that no module exports, #private fields and what belongs to its thread.
 */
export function pickle(value: unknown, name: string, inspector: Inspector): Pickle {
  const nodes: Node[] = [];
  const seen = new Map<object | symbol, number>();
  const add = (x: object | symbol, describe: () => Node): Field => {
    const at = nodes.length;
    seen.set(x, at);
    nodes.push(null as unknown as Node);
    nodes[at] = describe();
    return { at };
  };
  const encode = (x: unknown, path: string): Field => {
    if (x === null || (typeof x !== 'object' && typeof x !== 'function' && typeof x !== 'symbol')) return x as Field;
    const at = seen.get(x as object);
    if (at !== undefined) return { at };
    if (typeof x === 'symbol') return add(x, () => symbolNode(x, path));
    if (typeof x === 'function' && !isCallableInstance(x)) return add(x, () => ({ kind: 'reference', reference: referTo(x, path, null) }));
    return add(x, () => describe(x, path));
  };
  const referTo = (f: Function, path: string, instance: string | null): Reference => {
    const found = locate(f, inspector);
    if (isReference(found)) return found;
    const noun = isClass(f) ? `the class ${f.name || '(without a name)'}` : f.name ? `the function ${f.name}` : 'a function without a name';
    const what = instance === null ? `is ${noun}` : `is an instance of ${noun}`;
    throw new CannotTravel(path, `${what}, which is ${found.why}`, EXPORT_IT);
  };
  const classOf = (x: object, plain: object | null, path: string): Field => {
    const proto = Object.getPrototypeOf(x) as { constructor?: unknown } | null;
    if (proto === plain || proto === null) return null;
    const { constructor } = proto;
    if (typeof constructor !== 'function' || (constructor.prototype as unknown) !== proto)
      throw new CannotTravel(
        path,
        'is an object whose prototype is no class',
        'Make it a plain object or an instance of an exported class',
      );
    if (hasPrivateSyntax(constructor) && inspector.hasPrivate(x)) {
      throw new CannotTravel(
        path,
        `is an instance of ${constructor.name}, whose #private fields only its own code can read`,
        'Use fields without #, or give the class __getstate__() and __setstate__(state)',
      );
    }
    const at = seen.get(constructor);
    if (at !== undefined) return { at };
    return add(constructor, () => ({ kind: 'reference', reference: referTo(constructor, path, constructor.name) }));
  };
  const fieldsOf = (x: object, path: string, skip: (key: string) => boolean = () => false): Fields => {
    const out: Fields = [];
    for (const key of Reflect.ownKeys(x)) {
      if (typeof key === 'string' && skip(key)) continue;
      const d = Object.getOwnPropertyDescriptor(x, key)!;
      const inside = typeof key === 'symbol' ? `${path}[${String(key)}]` : `${path}.${key}`;
      if (typeof key === 'symbol') throw new CannotTravel(inside, 'is named by a symbol', 'Use a name');
      if (!('value' in d)) throw new CannotTravel(inside, 'is a getter of the object itself', 'Make it a getter of the class');
      out.push([key, encode(d.value, inside), d.enumerable ?? false]);
    }
    return out;
  };
  const storageField = (storage: Storage, path: string): Field => {
    const at = seen.get(storage);
    if (at !== undefined) return { at };
    return add(storage, () => {
      if (storage.isMeta) return { kind: 'storage', buffer: null, byteOffset: 0, nbytes: storage.nbytes };
      if (storage.buffer === null) throw new CannotTravel(path, 'is a tensor without memory', 'Keep a dense tensor instead');
      storage.share();
      return { kind: 'storage', buffer: storage.buffer, byteOffset: storage.byteOffset, nbytes: storage.nbytes };
    });
  };
  const tensorNode = (t: Tensor, path: string): Node => {
    if (t.requires_grad && !t.is_leaf) {
      throw new RuntimeError(
        'Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support crossing process boundaries.  If you just want to transfer the data, call detach() on the tensor before serializing (e.g., putting it on the queue).',
      );
    }
    if (t.level !== null || t.storage === null) throw new CannotTravel(path, 'is a tensor of a transform', 'Keep it inside the transform');
    if (t.layout.sparse) throw new CannotTravel(path, 'is a sparse tensor', 'Keep its indices() and values() instead');
    const { shape, stride, offset, dtype, device, conj, neg } = t.layout;
    return {
      kind: 'tensor',
      of: classOf(t, Tensor.prototype, path),
      storage: storageField(t.storage, path),
      fields: fieldsOf(t, path, (key) => TENSOR_FIELDS.has(key)),
      ...{ shape: [...shape], stride: [...stride], offset, dtype: dtype.name as DTypeName, device: String(device), conj, neg },
      requires_grad: t._requires_grad,
      whole: t._whole,
    };
  };
  const describe = (x: object, path: string): Node => {
    if (x instanceof Tensor) return tensorNode(x, path);
    if (x instanceof DType) return { kind: 'dtype', name: x.name as DTypeName };
    if (x instanceof Device) return { kind: 'device', name: String(x) };
    if (typeof Buffer !== 'undefined' && Buffer.isBuffer(x)) return { kind: 'bytes', value: x };
    if (isRaw(x)) return { kind: 'raw', value: x };
    if (x instanceof URL) return { kind: 'url', href: x.href };
    if (x instanceof Promise || x instanceof WeakMap || x instanceof WeakSet || x instanceof WeakRef)
      throw new CannotTravel(
        path,
        `is a ${x.constructor.name}, which belongs to its thread`,
        'Make it in the worker, when it is first needed',
      );
    const { __reduce__, __getstate__ } = x as Reducing;
    if (__reduce__) {
      const [call, args, state] = __reduce__.call(x);
      return { kind: 'reduced', call: encode(call, `${path}.__reduce__`), args: encode([...args], path), state: encode(state, path) };
    }
    const callable = typeof x === 'function';
    if (__getstate__) return { kind: 'state', of: classOf(x, null, path), state: encode(__getstate__.call(x), path), callable };
    if (Array.isArray(x)) {
      const isItem = (key: string): boolean => key === 'length' || /^\d+$/.test(key);
      const items = Array.from(x, (v, i) => encode(v, `${path}[${i}]`));
      return { kind: 'array', items, of: classOf(x, Array.prototype, path), fields: fieldsOf(x, path, isItem) };
    }
    if (x instanceof Map) {
      const entries = [...x].map(([k, v]): [Field, Field] => [
        encode(k, `a key of ${path}`),
        encode(v, `${path}.get(${typeof k === 'object' ? '…' : String(k)})`),
      ]);
      return { kind: 'map', entries, of: classOf(x, Map.prototype, path), fields: fieldsOf(x, path) };
    }
    if (x instanceof Set) {
      const items = [...x].map((v) => encode(v, `an element of ${path}`));
      return { kind: 'set', items, of: classOf(x, Set.prototype, path), fields: fieldsOf(x, path) };
    }
    const of = classOf(x, Object.prototype, path);
    const fields = fieldsOf(x, path);
    if (of === null) return { kind: 'object', fields, bare: Object.getPrototypeOf(x) === null };
    return { kind: 'instance', of, fields, callable };
  };
  return { root: encode(value, name), nodes };
}
function symbolNode(x: symbol, path: string): Node {
  const key = Symbol.keyFor(x);
  if (key === undefined) throw new CannotTravel(path, 'is a symbol, which belongs to its thread', 'Use Symbol.for or a string');
  return { kind: 'symbol', key };
}
/** What structured clone copies as it is. */
const isRaw = (x: object): boolean =>
  ArrayBuffer.isView(x) ||
  x instanceof ArrayBuffer ||
  (typeof SharedArrayBuffer !== 'undefined' && x instanceof SharedArrayBuffer) ||
  x instanceof Date ||
  x instanceof RegExp;
const isClass = (f: Function): boolean => /^class\b/.test(Function.prototype.toString.call(f));
/** Whether #names occur in the source of a class or of those that it extends. */
function hasPrivateSyntax(f: Function): boolean {
  for (let c: Function | null = f; c !== null && c !== Function.prototype; c = Object.getPrototypeOf(c) as Function | null) {
    if (/#[\p{ID_Start}$_]/u.test(Function.prototype.toString.call(c))) return true;
  }
  return false;
}
