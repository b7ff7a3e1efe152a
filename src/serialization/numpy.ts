// NumPy's files: .npy (a header that is a Python literal, then the elements) and .npz (a zip archive of them);
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
import { cpu } from '../core/device.ts';
import * as dtypes from '../core/dtype.ts';
import type { DType } from '../core/dtype.ts';
import { ValueError } from '../core/errors.ts';
import { Layout } from '../core/layout.ts';
import { contiguousStrides, numel } from '../core/size.ts';
import { Storage } from '../core/storage.ts';
import { emptyLike, Tensor } from '../core/tensor.ts';
import { deliver, type FileLike, isPath, NewFile, type Source, swapBytes, withSource } from './source.ts';
import { memoryOf } from './storages.ts';
import { startsZip, zipParts, ZipReader } from './zip.ts';

/** NumPy's names of dtypes: kind and bytes. Those that NumPy lacks cannot be saved. */
const KINDS: Readonly<Record<string, DType>> = {
  b1: dtypes.bool,
  u1: dtypes.uint8,
  i1: dtypes.int8,
  u2: dtypes.uint16,
  i2: dtypes.int16,
  u4: dtypes.uint32,
  i4: dtypes.int32,
  u8: dtypes.uint64,
  i8: dtypes.int64,
  f2: dtypes.float16,
  f4: dtypes.float32,
  f8: dtypes.float64,
  c8: dtypes.complex64,
  c16: dtypes.complex128,
};
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** NumPy's own limit, against headers that take long to read. */
const MAX_HEADER = 10_000;

const fail = (why: string): never => {
  throw new ValueError(`invalid .npy file: ${why}`);
};

// ---- reading ----------------------------------------------------------------------------------------------------------
interface Header {
  readonly dtype: DType;
  readonly isBig: boolean;
  readonly shape: readonly number[];
  readonly fortran: boolean;
  readonly dataStart: number;
}
export interface LoadNumpyOptions {
  /**
   * Leave the elements of a .npy file where they are: memory is read when it is touched, and what is written stays private to the
   * process (`np.load(…, mmap_mode='c')`). Without the native addon, and where the byte order is another, the file is read.
   */
  mmap?: boolean;
}
/**
 * Reads a .npy file as a tensor, or a .npz file as tensors by name. Fortran order is kept as strides; either byte order is read.
 * @param f The file's name (Node.js), its bytes, or a Blob; of a Blob a promise is returned.
 * @throws ValueError saying what is wrong with the file; arrays of objects, text and records are refused.
 */
export function load_numpy(f: FileLike, options?: LoadNumpyOptions): Tensor | Record<string, Tensor>;
export function load_numpy(f: Blob): Promise<Tensor | Record<string, Tensor>>;
export function load_numpy(
  f: FileLike | Blob,
  { mmap = false }: LoadNumpyOptions = {},
): Tensor | Record<string, Tensor> | Promise<Tensor | Record<string, Tensor>> {
  if (typeof Blob !== 'undefined' && f instanceof Blob) return f.arrayBuffer().then((buffer) => load_numpy(buffer));
  if (mmap && !isPath(f)) throw new ValueError('f must be a file path in order to use the mmap argument');
  return withSource(f as FileLike, (source) =>
    startsZip(source.bytes(0, Math.min(4, source.size))) ? readArchive(source) : readArray(source, mmap),
  );
}
function readArchive(source: Source): Record<string, Tensor> {
  const zip = new ZipReader(source);
  const named = [...zip.entries.values()].map((entry): [string, Tensor] => {
    const data = zip.read(entry, true);
    const member: Source = {
      size: data.length,
      fill: (into, from) => into.set(data.subarray(from, from + into.length)),
      bytes: (from, length) => data.subarray(from, from + length),
    };
    try {
      return [entry.name.replace(/\.npy$/, ''), readArray(member)];
    } catch (e) {
      if (e instanceof ValueError) e.message = `${entry.name}: ${e.message}`;
      throw e;
    }
  });
  return Object.fromEntries(named);
}
function readArray(source: Source, mmap = false): Tensor {
  const { dtype, isBig, shape, fortran, dataStart } = readHeader(source);
  const nbytes = numel(shape) * dtype.itemsize;
  if (dataStart + nbytes > source.size)
    fail(`its array of shape (${shape.join(', ')}) has ${nbytes} bytes, but ${source.size - dataStart} are there`);
  const stride = fortran ? contiguousStrides([...shape].reverse()).reverse() : contiguousStrides(shape);
  const layout = new Layout(shape, stride, 0, dtype, cpu);
  const file = mmap && nbytes > 0 && !isBig && dataStart % dtype.itemsize === 0 ? (source.map?.() ?? null) : null;
  if (file) {
    const storage = new Storage(file, dataStart, nbytes);
    return new Tensor(layout, storage, storage);
  }
  const t = emptyLike(layout);
  if (nbytes > 0) {
    const memory = memoryOf(t.storage!);
    source.fill(memory, dataStart);
    if (isBig) swapBytes(memory, dtype.is_complex ? dtype.itemsize / 2 : dtype.itemsize);
    if (dtype === dtypes.bool) for (let i = 0; i < memory.length; i++) memory[i] = memory[i] ? 1 : 0;
  }
  return t;
}
function readHeader(source: Source): Header {
  const head = source.bytes(0, Math.min(12, source.size));
  if (head.length < 10 || MAGIC.some((b, i) => head[i] !== b)) fail('it does not begin with \\x93NUMPY');
  const major = head[6]!;
  if (major < 1 || major > 3 || head[7] !== 0) fail(`its version is ${major}.${head[7]}`);
  const start = major === 1 ? 10 : 12;
  if (head.length < start) fail(`it has only ${source.size} bytes`);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER) fail(`its header claims ${length} bytes; NumPy reads ${MAX_HEADER} at most`);
  if (start + length > source.size) fail(`its header claims ${length} bytes, but the file has ${source.size}`);
  const text = new TextDecoder(major === 3 ? 'utf-8' : 'latin1').decode(source.bytes(start, length));
  const fields = new Literal(text).dict();
  const [descr, fortran, shape] = ['descr', 'fortran_order', 'shape'].map((name) => fields.get(name));
  if (fields.size !== 3 || typeof fortran !== 'boolean' || !Array.isArray(shape) || !shape.every((n) => typeof n === 'number'))
    return fail("its header does not have exactly 'descr', 'fortran_order' and 'shape'");
  if (!Number.isSafeInteger(numel(shape) * 16)) fail(`its shape is (${shape.join(', ')})`);
  return { ...element(descr), shape, fortran, dataStart: start + length };
}
function element(descr: unknown): { dtype: DType; isBig: boolean } {
  const [, order, kind] = typeof descr === 'string' ? (/^([<>|=])(\w+)$/.exec(descr) ?? []) : [];
  const dtype = kind !== undefined && Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (dtype) return { dtype, isBig: order === '>' };
  if (kind?.startsWith('O')) return fail('its dtype is object: the elements are a pickle, which could run code');
  return fail(`its dtype is ${typeof descr === 'string' ? descr : 'a record'}, which no tensor has`);
}

type Value = string | boolean | number | Value[];
/** The part of Python's literals that headers use: a dict of text, True, False, whole numbers, and tuples and lists of these. */
class Literal {
  private at = 0;
  constructor(private readonly text: string) {}

  dict(): Map<string, Value> {
    const found = new Map<string, Value>();
    this.need('{');
    while (!this.has('}')) {
      const key = this.value();
      if (typeof key !== 'string' || found.has(key)) return this.wrong();
      this.need(':');
      found.set(key, this.value());
      if (!this.has(',')) {
        this.need('}');
        break;
      }
    }
    if (this.text.slice(this.at).trim() !== '') this.wrong();
    return found;
  }
  private value(depth = 0): Value {
    if (depth > 8) return this.wrong();
    const word = this.match(/(True|False)\b|'([^'\\\n]*)'|"([^"\\\n]*)"|(\d{1,16})L?(?!\w)/y);
    if (word) {
      const [, truth, single, double, whole] = word;
      if (truth) return truth === 'True';
      return single ?? double ?? Number(whole);
    }
    const close = this.has('(') ? ')' : this.has('[') ? ']' : this.wrong();
    const items: Value[] = [];
    let isTuple = close === ']';
    while (!this.has(close)) {
      items.push(this.value(depth + 1));
      if (!this.has(',')) {
        this.need(close);
        break;
      }
      isTuple = true;
    }
    return isTuple || items.length !== 1 ? items : items[0]!;
  }
  private match(pattern: RegExp): RegExpExecArray | null {
    while (' \t\n'.includes(this.text[this.at] ?? '!')) this.at++;
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }
  private has(mark: string): boolean {
    return this.match(new RegExp(`\\${mark}`, 'y')) !== null;
  }
  private need(mark: string): void {
    if (!this.has(mark)) this.wrong();
  }
  private wrong(): never {
    return fail('its header is not the literal of a dict');
  }
}

// ---- writing ----------------------------------------------------------------------------------------------------------
export interface NumpyOptions {
  /** Compress the members of a .npz file. */
  compressed?: boolean;
}
/**
 * Saves a tensor as a .npy file, or tensors by name as a .npz file. A file is replaced only when the new one is complete.
 * @param f The file's name (Node.js). Without one the bytes are returned.
 * @throws TypeError for dtypes that NumPy lacks: bfloat16, complex32, float8.
 */
export function save_numpy(data: Tensor | Readonly<Record<string, Tensor>>, f: string | URL, options?: NumpyOptions): void;
export function save_numpy(data: Tensor | Readonly<Record<string, Tensor>>, f?: undefined, options?: NumpyOptions): Uint8Array<ArrayBuffer>;
export function save_numpy(
  data: Tensor | Readonly<Record<string, Tensor>>,
  f?: string | URL,
  { compressed = false }: NumpyOptions = {},
): Uint8Array<ArrayBuffer> | undefined {
  if (data instanceof Tensor) return deliver(arrayParts(data), f);
  const members = Object.entries(data).map(([name, t]) => ({
    name: `${name}.npy`,
    data: deliver(arrayParts(t), undefined)!,
    deflate: compressed,
  }));
  return deliver(zipParts(members), f);
}
function arrayParts(t: Tensor): Uint8Array[] {
  const { shape, stride, contiguous } = t.layout;
  const columns = contiguousStrides([...shape].reverse()).reverse();
  const fortran = !contiguous && shape.every((n, d) => n === 1 || stride[d] === columns[d]);
  const plain = t.detach().resolve_conj().resolve_neg();
  const dense = fortran ? plain.permute([...shape.keys()].reverse()) : plain;
  return [npyHeader(t.dtype, shape, fortran), elementBytes(dense)];
}
/** The beginning of a .npy file; `room` bytes are kept free for a longer shape. */
function npyHeader(dtype: DType, shape: readonly number[], fortran = false, room = 0): Uint8Array {
  const kind = Object.entries(KINDS).find(([, one]) => one === dtype)?.[0];
  if (!kind) throw new TypeError(`Got unsupported ScalarType ${dtype.scalarName}: NumPy has no such dtype`);
  const dict = `{'descr': '${dtype.itemsize === 1 ? '|' : '<'}${kind}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const length = Math.ceil((10 + dict.length + 1 + room) / 64) * 64 - 10;
  const head = new Uint8Array(10 + length).fill(0x20);
  head.set([...MAGIC, 1, 0, length & 0xff, length >> 8]);
  head.set(new TextEncoder().encode(dict), 10);
  head[head.length - 1] = 0x0a;
  return head;
}
function elementBytes(t: Tensor): Uint8Array {
  const dense = t.contiguous();
  const { offset, numel: n, dtype } = dense.layout;
  return n === 0 ? new Uint8Array(0) : memoryOf(dense.storage!).subarray(offset * dtype.itemsize, (offset + n) * dtype.itemsize);
}

/** Writes a .npy file row by row, for arrays that do not fit into memory. `commit` puts the file in its place. */
export class NumpyWriter implements Disposable {
  private readonly file: NewFile;
  private readonly headSize: number;
  private rows = 0;
  /** @param shape The shape of one row. @throws TypeError for dtypes that NumPy lacks. */
  constructor(
    path: string | URL,
    readonly dtype: DType,
    readonly shape: readonly number[] = [],
  ) {
    this.headSize = this.head().length;
    this.file = new NewFile(path);
    this.file.append(this.head());
  }
  /** Adds rows: a tensor whose first dimension counts them. @throws ValueError for rows of another shape or dtype. */
  append(rows: Tensor): void {
    const shape = rows.shape.slice(1);
    if (rows.dtype !== this.dtype || shape.join() !== this.shape.join())
      throw new ValueError(
        `rows of ${this.dtype} and shape [${this.shape.join(', ')}] are written (got ${rows.dtype} and [${shape.join(', ')}])`,
      );
    this.file.append(elementBytes(rows.detach().resolve_conj().resolve_neg()));
    this.rows += rows.size(0);
  }
  commit(): void {
    const head = this.head();
    if (head.length !== this.headSize) throw new ValueError(`${this.rows} rows are too many`);
    this.file.write(head, 0);
    this.file.commit();
  }
  /** Leaves what was there before; nothing after `commit`. */
  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }
  /** Its length is the same for every number of rows. */
  private head(): Uint8Array {
    return npyHeader(this.dtype, [this.rows, ...this.shape], false, 16 - String(this.rows).length);
  }
}
