// Reading HDF5 files by h5wasm, HDF5's own C library compiled to WebAssembly; it reads and writes files in place.
import { closeSync, openSync, readSync } from 'node:fs';
import { type Dataset as H5Dataset, File as H5File, ready } from 'h5wasm/node';
import { cpu } from '../../core/device.ts';
import * as dtypes from '../../core/dtype.ts';
import type { DType } from '../../core/dtype.ts';
import { AssertionError, KeyError, RuntimeError, ValueError } from '../../core/errors.ts';
import { Layout } from '../../core/layout.ts';
import { contiguousStrides, numel } from '../../core/size.ts';
import { Storage } from '../../core/storage.ts';
import { Tensor } from '../../core/tensor.ts';
import { Dataset } from '../data/dataset.ts';
import { placeOf } from './array-datasets.ts';
import { closed, opened } from './lazy.ts';
import { pathOf } from './paths.ts';

/** HDF5's functions, once they are compiled. */
export const library: Awaited<typeof ready> = await ready;

/** A value of a dataset: numbers as a tensor, text as strings, anything else as h5wasm gives it. */
export type HDF5Value = Tensor | unknown;

/**
 * A file, opened for reading: `h5py.File(path, 'r')`.
 * @throws RuntimeError if it is no HDF5 file or cannot be opened.
 */
export class HDF5File implements Disposable {
  readonly path: string;
  private readonly file: H5File;
  private readonly arrays = new Map<string, HDF5Array>();
  constructor(path: string | URL) {
    this.path = pathOf(path);
    checkSignature(this.path);
    this.file = new H5File(this.path, 'r');
    if (this.file.file_id < 0n) throw new RuntimeError(`Unable to synchronously open file ${this.path} (it is cut short or damaged)`);
  }
  /** The paths of all groups and arrays. */
  keys(): string[] {
    return this.file.paths();
  }
  /** The array at a path: `f['group/name']`. @throws KeyError if there is none. */
  get(name: string): HDF5Array {
    let array = this.arrays.get(name);
    if (!array) {
      const found = this.file.get(name);
      if (found === null || !('slice' in found))
        throw new KeyError(`"Unable to synchronously open object (object '${name}' doesn't exist)"`);
      array = new HDF5Array(found);
      this.arrays.set(name, array);
    }
    return array;
  }
  close(): void {
    this.file.close();
    this.arrays.clear();
  }
  [Symbol.dispose](): void {
    this.close();
  }
}
/** HDF5 files begin so, at byte 0 or after a user block of 512 bytes or a power of two times that. */
const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
function checkSignature(path: string): void {
  const file = openSync(path, 'r');
  try {
    const head = new Uint8Array(8);
    for (let at = 0; readSync(file, head, 0, 8, at) === 8; at = at === 0 ? 512 : at * 2)
      if (SIGNATURE.every((b, i) => head[i] === b)) return;
  } finally {
    closeSync(file);
  }
  throw new RuntimeError(`Unable to synchronously open file ${path} (file signature not found)`);
}

/** An array of a file. */
export class HDF5Array {
  readonly shape: readonly number[];
  /** The dtype of its elements; null for text and what else no tensor holds. */
  readonly dtype: DType | null;
  constructor(private readonly dataset: H5Dataset) {
    this.shape = dataset.shape ?? [];
    this.dtype = elementOf(dataset);
  }
  get length(): number {
    if (this.shape.length === 0) throw new TypeError('Attempt to take len() of scalar dataset');
    return this.shape[0]!;
  }
  /** Attributes by name. */
  get attrs(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(Object.entries(this.dataset.attrs).map(([name, { value }]) => [name, value]));
  }
  /** The rows from `start` up to `stop`. */
  rows(start: number, stop: number): HDF5Value {
    const shape = [stop - start, ...this.shape.slice(1)];
    if (!this.dtype) return this.dataset.slice([[start, stop]]);
    const bytes = this.raw(shape, start);
    const storage = new Storage(bytes.buffer, 0, bytes.length);
    return new Tensor(new Layout(shape, contiguousStrides(shape), 0, this.dtype, cpu), storage, storage);
  }
  /** One row; of an array of one dimension its number as a tensor without dimensions, or its text. */
  row(index: number): HDF5Value {
    const at = placeOf(index, this.length);
    const rows = this.rows(at, at + 1);
    return rows instanceof Tensor ? rows.at(0) : (rows as ArrayLike<unknown>)[0];
  }
  /** The bytes of rows, filters undone and in this machine's byte order. h5wasm's own `slice` has no half floats. */
  private raw(shape: readonly number[], start: number): Uint8Array<ArrayBuffer> {
    const count = numel(shape) * this.dataset.metadata.size;
    if (count === 0) return new Uint8Array(0);
    const address = library._malloc(count);
    if (address === 0) throw new RuntimeError(`not enough memory for ${count} bytes of HDF5 data`);
    try {
      const offset = [start, ...shape.slice(1).fill(0)];
      const { file_id, path } = this.dataset;
      const big = (numbers: readonly number[]): bigint[] => numbers.map(BigInt);
      const status = library.get_dataset_data(file_id, path, big(shape), big(offset), big(shape.map(() => 1)), BigInt(address));
      if (status < 0) throw new RuntimeError(`Can't synchronously read data (${path}: the file is damaged or cut short)`);
      return library.HEAPU8.slice(address, address + count) as Uint8Array<ArrayBuffer>;
    } finally {
      library._free(address);
    }
  }
}
const INTEGERS: Readonly<Record<string, DType>> = {
  u1: dtypes.uint8,
  i1: dtypes.int8,
  u2: dtypes.uint16,
  i2: dtypes.int16,
  u4: dtypes.uint32,
  i4: dtypes.int32,
  u8: dtypes.uint64,
  i8: dtypes.int64,
};
const FLOATS: Readonly<Record<number, DType>> = { 2: dtypes.float16, 4: dtypes.float32, 8: dtypes.float64 };
/** The dtype that an array's elements have in NumPy: h5py keeps booleans as an enumeration and complex numbers as pairs. */
function elementOf({ metadata }: H5Dataset): DType | null {
  const { type, size, signed, enum_type, compound_type } = metadata;
  const classes = library.H5T_class_t;
  switch (type) {
    case classes.H5T_INTEGER.value:
      return INTEGERS[`${signed ? 'i' : 'u'}${size}`] ?? null;
    case classes.H5T_FLOAT.value:
      return FLOATS[size] ?? null;
    case classes.H5T_ENUM.value:
      return size === 1 && enum_type && Object.keys(enum_type.members).sort().join() === 'FALSE,TRUE' ? dtypes.bool : null;
    case classes.H5T_COMPOUND.value: {
      const parts = compound_type?.members ?? [];
      const isComplex = parts.length === 2 && parts[0]!.name === 'r' && parts[1]!.name === 'i' && parts.every((p) => p.size * 2 === size);
      return isComplex && parts.every((p) => p.type === classes.H5T_FLOAT.value) ? (FLOATS[size / 2]?.to_complex() ?? null) : null;
    }
    default:
      return null;
  }
}

/**
 * The rows of arrays of an HDF5 file, written here (`HDF5Writer`) or with Python's h5py: sample i is `[f[a][i], f[b][i], …]`, numbers as
 * tensors, or what `transform` makes of it. Each worker thread opens the file for itself.
 * @throws KeyError if an array is not in the file; AssertionError if they have different lengths.
 */
export class HDF5Dataset<T = HDF5Value[]> extends Dataset<T> {
  readonly path: string;
  readonly keys: readonly string[];
  readonly transform: ((...row: HDF5Value[]) => T) | null;
  /** @param keys The paths of the arrays in the file. */
  constructor(
    path: string | URL,
    keys: string | readonly string[],
    { transform = null }: { transform?: ((...row: HDF5Value[]) => T) | null } = {},
  ) {
    super();
    this.path = pathOf(path);
    this.keys = typeof keys === 'string' ? [keys] : keys;
    this.transform = transform;
    if (this.keys.length === 0) throw new ValueError('At least one key should be passed');
    if (this.arrays.some((array) => array.length !== this.length)) throw new AssertionError('Size mismatch between datasets');
  }
  /** The open arrays. */
  get arrays(): HDF5Array[] {
    const file = opened(this, () => new HDF5File(this.path));
    return this.keys.map((key) => file.get(key));
  }
  override get length(): number {
    return this.arrays[0]!.length;
  }
  override get(index: number): T {
    const row = this.arrays.map((array) => array.row(index));
    return this.transform ? this.transform(...row) : (row as T);
  }
  /** Closes the file; the next sample opens it again. */
  close(): void {
    closed(this);
  }
}
