// Writing HDF5 files.
import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { type Dataset as H5Dataset, File as H5File } from 'h5wasm/node';
import * as dtypes from '../../core/dtype.ts';
import type { DType } from '../../core/dtype.ts';
import { KeyError, RuntimeError, ValueError } from '../../core/errors.ts';
import { numel } from '../../core/size.ts';
import type { Tensor } from '../../core/tensor.ts';
import { memoryOf } from '../../serialization/storages.ts';
import { library } from './hdf5-file.ts';
import { partialName, pathOf } from './paths.ts';

const TYPES: ReadonlyMap<DType, string> = new Map([
  [dtypes.uint8, '<B'],
  [dtypes.int8, '<b'],
  [dtypes.uint16, '<H'],
  [dtypes.int16, '<h'],
  [dtypes.uint32, '<I'],
  [dtypes.int32, '<i'],
  [dtypes.uint64, '<Q'],
  [dtypes.int64, '<q'],
  [dtypes.float32, '<f'],
  [dtypes.float64, '<d'],
]);
/** Rows to which nothing was written yet are kept up to this size. */
const CHUNK = 64 * 1024;

export interface HDF5Options {
  /** Rows that are stored, compressed and read together; by default as many as fill 64 kB, one at least. */
  chunk_rows?: number;
  /** 0 to 9; not compressed if left out. */
  gzip?: number;
}
/**
 * Makes an HDF5 file of arrays that grow row by row. `commit` puts it in place of what was there.
 *
 *     using file = new HDF5Writer('train.h5');
 *     file.append('images', images);   // uint8, [n, H, W, 3]
 *     file.append('labels', labels);   // int64, [n]
 *     file.commit();
 */
export class HDF5Writer implements Disposable {
  private readonly path: string;
  private readonly partial: string;
  private file: H5File | null;
  private readonly arrays = new Map<string, { dataset: H5Dataset; dtype: DType; shape: readonly number[]; length: number }>();
  constructor(path: string | URL) {
    this.path = pathOf(path);
    this.partial = partialName(this.path);
    closeSync(openSync(this.partial, 'wx')); // fails with the system's own message where no file can be made
    this.file = new H5File(this.partial, 'w');
    if (this.file.file_id < 0n) throw new RuntimeError(`Unable to synchronously create file ${this.path}`);
  }
  /**
   * Adds rows to an array, which the first call makes.
   * @throws TypeError for dtypes that HDF5 files of h5wasm cannot hold; RuntimeError for rows of another shape or dtype.
   */
  append(name: string, rows: Tensor, options: HDF5Options = {}): void {
    const dense = rows.detach().contiguous();
    const shape = dense.shape.slice(1);
    const known = this.arrays.get(name) ?? this.create(name, dense, options);
    if (known.dtype !== dense.dtype || known.shape.join() !== shape.join())
      throw new RuntimeError(
        `${name} holds rows of ${known.dtype} and shape [${known.shape.join(', ')}] (got ${dense.dtype} and [${shape.join(', ')}])`,
      );
    const count = dense.size(0);
    if (count === 0) return;
    const { itemsize } = dense.dtype;
    const { offset, numel: elements } = dense.layout;
    const bytes = memoryOf(dense.storage!).subarray(offset * itemsize, (offset + elements) * itemsize);
    if (known.dataset.resize([known.length + count, ...shape]) < 0) throw this.failed();
    this.write(known.dataset, [known.length, ...shape.map(() => 0)], [count, ...shape], bytes);
    known.length += count;
  }
  /** Gives an array an attribute: text, a list of text, or numbers. */
  set_attribute(name: string, key: string, value: string | string[] | number | number[]): void {
    const known = this.arrays.get(name);
    if (!known) throw new KeyError(`'${name}'`);
    known.dataset.create_attribute(key, value);
  }
  /** Finishes the file and puts it in its place. */
  commit(): void {
    const status = this.open.close();
    this.file = null;
    if (status < 0) throw this.failed();
    renameSync(this.partial, this.path);
  }
  /** Leaves what was there before; nothing after `commit`. */
  [Symbol.dispose](): void {
    this.file?.close();
    this.file = null;
    rmSync(this.partial, { force: true });
  }

  private get open(): H5File {
    if (!this.file) throw new ValueError('write to closed file.');
    return this.file;
  }
  private failed(): RuntimeError {
    return new RuntimeError(`Can't synchronously write data to ${this.path} (is the disk full?)`);
  }
  private create(name: string, rows: Tensor, { chunk_rows, gzip }: HDF5Options) {
    const { dtype } = rows;
    const shape = rows.shape.slice(1);
    const type = TYPES.get(dtype);
    if (!type) throw new TypeError(`HDF5Writer cannot store ${dtype}`);
    const row = Math.max(1, numel(shape) * dtype.itemsize);
    const dataset = this.open.create_dataset({
      name,
      data: rows.numpy().data.slice(0, 0),
      shape: [0, ...shape],
      dtype: type,
      maxshape: [null, ...shape],
      chunks: [chunk_rows ?? Math.max(1, Math.floor(CHUNK / row)), ...shape],
      ...(gzip ? { compression: gzip } : {}),
    });
    const made = { dataset, dtype, shape, length: 0 };
    this.arrays.set(name, made);
    return made;
  }
  private write({ file_id, path }: H5Dataset, offset: readonly number[], count: readonly number[], bytes: Uint8Array): void {
    const address = library._malloc(bytes.length);
    if (address === 0) throw new RuntimeError(`not enough memory for ${bytes.length} bytes of HDF5 data`);
    try {
      library.HEAPU8.set(bytes, address);
      const big = (numbers: readonly number[]): bigint[] => numbers.map(BigInt);
      const steps = count.map(() => 1n);
      if (library.set_dataset_data(file_id, path, big(count), big(offset), steps, BigInt(address)) < 0) throw this.failed();
    } finally {
      library._free(address);
    }
  }
}
