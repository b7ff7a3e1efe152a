// A writer of pickles, protocol 2: what PyTorch writes.
import { Complex, FloatScalar } from '../core/scalar.ts';
import { Size } from '../core/size.ts';
import { isPlain, objectKeys } from './values.ts';

const BATCH = 1000;

/** Writes what it does not know itself: tensors, dtypes, devices; false if it does not know it either. */
export type WriteObject = (x: object, writer: PickleWriter) => boolean;

export class PickleWriter {
  private out = new Uint8Array(1024);
  private length = 0;
  private readonly memo = new Map<unknown, number>();
  private memoized = 0;
  private readonly path: (string | number)[] = [];
  constructor(private readonly writeObject: WriteObject) {}

  /** The pickle of a value. */
  pickle(x: unknown): Uint8Array {
    this.op(0x80, 2);
    this.value(x);
    this.op(0x2e);
    return this.out.subarray(0, this.length);
  }

  op(...bytes: number[]): void {
    this.reserve(bytes.length);
    for (const b of bytes) this.out[this.length++] = b;
  }
  private reserve(count: number): void {
    if (this.length + count <= this.out.length) return;
    const larger = new Uint8Array(Math.max(2 * this.out.length, this.length + count));
    larger.set(this.out.subarray(0, this.length));
    this.out = larger;
  }
  private raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.out.set(bytes, this.length);
    this.length += bytes.length;
  }
  private little(value: number, bytes: number): void {
    for (let i = 0, rest = value; i < bytes; i++, rest = Math.floor(rest / 256)) this.op(rest & 0xff);
  }
  /** Keeps the value that was just written, to refer to it when `key` comes again. */
  private keep(key: unknown): void {
    const index = this.memoized++;
    this.memo.set(key, index);
    if (index < 256) this.op(0x71, index);
    else {
      this.op(0x72);
      this.little(index, 4);
    }
  }
  private again(key: unknown): boolean {
    const index = this.memo.get(key);
    if (index === undefined) return false;
    if (index < 256) this.op(0x68, index);
    else {
      this.op(0x6a);
      this.little(index, 4);
    }
    return true;
  }

  value(x: unknown): void {
    if (x === null || x === undefined) this.op(0x4e);
    else if (typeof x === 'boolean') this.op(x ? 0x88 : 0x89);
    else if (typeof x === 'number') Number.isSafeInteger(x) && !Object.is(x, -0) ? this.integer(x) : this.float(x);
    else if (typeof x === 'bigint') this.long(x);
    else if (typeof x === 'string') this.text(x);
    else if (typeof x === 'object') this.object(x);
    else this.refuse(typeof x === 'function' && !('state_dict' in x) ? 'a function' : `a ${typeof x}`, x);
  }
  private object(x: object): void {
    if (x instanceof FloatScalar) this.float(x.value);
    else if (x instanceof Complex) this.call('__builtin__', 'complex', () => [this.float(x.re), this.float(x.im)]);
    else if (this.again(x)) return;
    else if (x instanceof Size) this.call('torch', 'Size', () => this.tuple(() => this.integers(x)));
    else if (Array.isArray(x)) Object.isFrozen(x) ? this.frozen(x) : this.list(x);
    else if (x instanceof Uint8Array)
      this.call('_codecs', 'encode', () => [this.text(Array.from(x, (b) => String.fromCharCode(b)).join('')), this.text('latin1')]);
    else if (x instanceof Set) this.call('__builtin__', 'set', () => this.list([...x]));
    else if (x instanceof Map) this.dict(x, [...x]);
    else if (this.writeObject(x, this)) return;
    else if (isPlain(x)) this.plain(x as Record<string, unknown>);
    else this.refuse(`an object of class ${x.constructor?.name ?? 'unknown'}`, x);
  }
  private refuse(what: string, x: unknown): never {
    const name =
      (x as { constructor?: { __name__?: string; name?: string } }).constructor?.__name__ ??
      (x as { constructor?: { name?: string } }).constructor?.name;
    const where = this.path.length
      ? ` (at ${this.path.map((key) => `[${typeof key === 'string' ? JSON.stringify(key) : key}]`).join('')})`
      : '';
    if (typeof (x as { state_dict?: unknown }).state_dict === 'function')
      throw new TypeError(
        `cannot save a whole ${name}${where}: PyTorch pickles a reference to its Python class, which nothing but that Python program can load. Save its state_dict() instead.`,
      );
    throw new TypeError(`cannot save ${what}${where}: checkpoints hold tensors, numbers, text, arrays, Sets, Maps and plain objects.`);
  }

  integers(list: readonly number[]): void {
    for (const x of list) this.integer(x);
  }
  integer(x: number): void {
    if (x >= 0 && x < 256) this.op(0x4b, x);
    else if (x >= 0 && x < 65536) this.op(0x4d, x & 0xff, x >> 8);
    else if (x >= -(2 ** 31) && x < 2 ** 31) this.op(0x4a, x & 0xff, (x >> 8) & 0xff, (x >> 16) & 0xff, (x >> 24) & 0xff);
    else this.long(BigInt(x));
  }
  /** Little-endian two's complement in as few bytes as hold it. */
  private long(x: bigint): void {
    let bytes = 1;
    while (BigInt.asIntN(8 * bytes, x) !== x) bytes++;
    if (bytes < 256) this.op(0x8a, bytes);
    else {
      this.op(0x8b);
      this.little(bytes, 4);
    }
    for (let i = 0; i < bytes; i++) this.op(Number((x >> BigInt(8 * i)) & 0xffn));
  }
  private float(x: number): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, x, false);
    this.op(0x47);
    this.raw(bytes);
  }
  text(x: string): void {
    if (this.again(x)) return;
    const bytes = new TextEncoder().encode(x);
    this.op(0x58);
    this.little(bytes.length, 4);
    this.raw(bytes);
    this.keep(x);
  }
  global(module: string, name: string): void {
    const text = `c${module}\n${name}\n`;
    if (this.again(`\0${text}`)) return;
    this.raw(new TextEncoder().encode(text));
    this.keep(`\0${text}`);
  }
  tuple(items: () => unknown): void {
    this.op(0x28);
    items();
    this.op(0x74);
  }
  /** A call of a global; `args` writes its arguments. Kept under `key` where one is given. */
  call(module: string, name: string, args: () => unknown, key?: object): void {
    this.global(module, name);
    this.tuple(args);
    this.op(0x52);
    if (key) this.keep(key);
  }
  private at(key: unknown, write: () => void): void {
    this.path.push(typeof key === 'number' ? key : String(key));
    write();
    this.path.pop();
  }
  private frozen(items: readonly unknown[]): void {
    this.tuple(() => {
      for (const [i, item] of items.entries()) this.at(i, () => this.value(item));
    });
    this.keep(items);
  }
  private list(items: readonly unknown[]): void {
    this.op(0x5d);
    this.keep(items);
    for (let from = 0; from < items.length; from += BATCH) {
      this.op(0x28);
      for (let i = from; i < Math.min(from + BATCH, items.length); i++) this.at(i, () => this.value(items[i]));
      this.op(0x65);
    }
  }
  private items(pairs: readonly (readonly [unknown, unknown])[]): void {
    for (let from = 0; from < pairs.length; from += BATCH) {
      this.op(0x28);
      for (const [key, value] of pairs.slice(from, from + BATCH)) {
        this.value(key);
        this.at(key, () => this.value(value));
      }
      this.op(0x75);
    }
  }
  private dict(key: object, pairs: readonly (readonly [unknown, unknown])[]): void {
    this.op(0x7d);
    this.keep(key);
    this.items(pairs);
  }
  /** A plain object; a state dict becomes an OrderedDict with its `_metadata`, as PyTorch's is. */
  private plain(x: Record<string, unknown>): void {
    const pairs = objectKeys(x).map((key): [unknown, unknown] => [key, x[key]]);
    const metadata = Object.getOwnPropertyDescriptor(x, '_metadata');
    if (metadata === undefined || metadata.enumerable) {
      this.dict(x, pairs);
      return;
    }
    this.ordered(x);
    this.items(pairs);
    this.op(0x7d, 0x28);
    this.text('_metadata');
    this.ordered({});
    this.items(Object.entries(metadata.value as object));
    this.op(0x75, 0x62);
  }
  private ordered(key: object): void {
    this.call('collections', 'OrderedDict', () => {}, key);
  }
}
