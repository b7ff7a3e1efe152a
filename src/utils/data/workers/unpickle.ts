// Makes objects from what pickle.ts says of them.
import { device as deviceOf } from '../../../core/device.ts';
import { type DTypeName, dtypes } from '../../../core/dtype.ts';
import { Layout } from '../../../core/layout.ts';
import { Storage } from '../../../core/storage.ts';
import { Tensor } from '../../../core/tensor.ts';
import type { Field, Fields, Node, Pickle } from './pickle.ts';
import type { Reference } from './references.ts';

type Class = abstract new (...args: never[]) => object;

/** The value that a pickle describes; `resolve` gives the functions and classes. */
export function unpickle({ nodes, root }: Pickle, resolve: (reference: Reference) => Function): unknown {
  const made = new Array<unknown>(nodes.length);
  const ready = new Array<boolean>(nodes.length).fill(false);
  const value = (field: Field): unknown => (typeof field === 'object' && field !== null ? node(field.at) : field);
  const node = (at: number): unknown => {
    if (!ready[at]) make(at, nodes[at]!);
    return made[at];
  };
  /** A value that others may refer to from now on, before its parts exist. */
  const keep = <T>(at: number, x: T): T => {
    made[at] = x;
    ready[at] = true;
    return x;
  };
  const fill = (x: object, fields: Fields): void => {
    for (const [name, field, enumerable] of fields) setField(x, name, value(field), enumerable);
  };
  const classed = <T extends object>(x: T, of: Field): T => {
    const cls = value(of) as Class | null;
    return cls === null ? x : (Object.setPrototypeOf(x, cls.prototype as object) as T);
  };
  const make = (at: number, n: Node): void => {
    switch (n.kind) {
      case 'raw':
        keep(at, n.value);
        return;
      case 'bytes':
        keep(at, Buffer.from(n.value.buffer, n.value.byteOffset, n.value.byteLength));
        return;
      case 'url':
        keep(at, new URL(n.href));
        return;
      case 'symbol':
        keep(at, Symbol.for(n.key));
        return;
      case 'reference':
        keep(at, resolve(n.reference));
        return;
      case 'dtype':
        keep(at, dtypes[n.name]);
        return;
      case 'device':
        keep(at, deviceOf(n.name));
        return;
      case 'storage':
        keep(at, new Storage(n.buffer, n.byteOffset, n.nbytes, n.buffer === null));
        return;
      case 'array': {
        const items = keep(at, classed([] as unknown[], n.of));
        n.items.forEach((item, i) => {
          items[i] = value(item);
        });
        fill(items, n.fields);
        return;
      }
      case 'map': {
        const map = keep(at, classed(new Map<unknown, unknown>(), n.of));
        for (const [k, v] of n.entries) Map.prototype.set.call(map, value(k), value(v));
        fill(map, n.fields);
        return;
      }
      case 'set': {
        const set = keep(at, classed(new Set<unknown>(), n.of));
        for (const item of n.items) Set.prototype.add.call(set, value(item));
        fill(set, n.fields);
        return;
      }
      case 'object':
        fill(keep(at, Object.create(n.bare ? null : Object.prototype) as object), n.fields);
        return;
      case 'instance':
        fill(keep(at, blank(value(n.of) as Class, n.callable)), n.fields);
        return;
      case 'state':
        setState(keep(at, blank(value(n.of) as Class, n.callable)), value(n.state));
        return;
      case 'reduced': {
        const call = value(n.call) as Function;
        const args = value(n.args) as unknown[];
        const isClass = /^class\b/.test(Function.prototype.toString.call(call));
        const x = keep(
          at,
          isClass ? (Reflect.construct(call, args) as object) : ((call as (...a: unknown[]) => object)(...args) as object),
        );
        if (n.state !== undefined && n.state !== null) setState(x, value(n.state));
        return;
      }
      case 'tensor': {
        const storage = value(n.storage) as Storage;
        const layout = new Layout(n.shape, n.stride, n.offset, dtypes[n.dtype as DTypeName], deviceOf(n.device), n.conj, n.neg);
        const cls = value(n.of) as Class | null;
        const t = keep(
          at,
          cls ? (Reflect.construct(Tensor, [layout, storage, storage], cls) as Tensor) : new Tensor(layout, storage, storage),
        );
        t._requires_grad = n.requires_grad;
        t._whole = n.whole;
        fill(t, n.fields);
        return;
      }
    }
  };
  return value(root);
}
/** An instance without fields. One that is called like a function is made by the class at the root of its hierarchy, which knows how. */
function blank(cls: Class, callable: boolean): object {
  if (!callable) return Object.create(cls.prototype as object) as object;
  let root = cls as unknown as Function;
  for (;;) {
    const above = Object.getPrototypeOf(root) as Function | null;
    if (above === null || above === Function.prototype || above === Function) return Reflect.construct(root, [], cls) as object;
    root = above;
  }
}
function setField(x: object, name: string, value: unknown, enumerable: boolean): void {
  const there = Object.getOwnPropertyDescriptor(x, name);
  // What the root's constructor made for good keeps its identity and gets the contents.
  if (there && !there.configurable && typeof there.value === 'object' && there.value !== null) Object.assign(there.value as object, value);
  else Object.defineProperty(x, name, { value, enumerable, writable: true, configurable: true });
}
function setState(x: object, state: unknown): void {
  const { __setstate__ } = x as { __setstate__?: (state: unknown) => void };
  if (__setstate__) __setstate__.call(x, state);
  else for (const [name, value] of Object.entries(state as object)) setField(x, name, value, true);
}
