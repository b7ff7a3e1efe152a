// Samples that are rows of arrays: in memory, or in files that are read when they are touched.
import { AssertionError, IndexError } from '../../core/errors.ts';
import { Tensor } from '../../core/tensor.ts';
import { load_numpy } from '../../serialization/numpy.ts';
import { Dataset, type MapStyle, sampleAt } from '../data/dataset.ts';
import { closed, opened } from './lazy.ts';
import { pathOf } from './paths.ts';

/**
 * All samples of another dataset, loaded once and kept: for data that fits into memory and is costly to decode.
 *
 *     const ds = await InMemoryDataset.load(new PackedImageFolder(…));
 *
 * Random transforms would be drawn once for all epochs: leave them out of the loaded dataset and pass them as `transform`.
 */
export class InMemoryDataset<T = unknown, U = T> extends Dataset<U> {
  /** @param samples The samples themselves. */
  constructor(
    readonly samples: readonly T[],
    readonly transform: ((sample: T) => U) | null = null,
  ) {
    super();
  }
  /** Loads every sample, `concurrency` at a time where they are promises. */
  static async load<T, U = Awaited<T>>(
    dataset: MapStyle<T>,
    { transform = null, concurrency = 8 }: { transform?: ((sample: Awaited<T>) => U) | null; concurrency?: number } = {},
  ): Promise<InMemoryDataset<Awaited<T>, U>> {
    const samples = new Array<Awaited<T>>(dataset.length);
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < samples.length) {
        const i = next++;
        samples[i] = await sampleAt(dataset, i);
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, concurrency) }, worker));
    return new InMemoryDataset(samples, transform);
  }
  override get length(): number {
    return this.samples.length;
  }
  override get(index: number): U {
    const at = placeOf(index, this.length);
    return this.transform ? this.transform(this.samples[at]!) : (this.samples[at] as unknown as U);
  }
}

/**
 * The rows of .npy files of one length, read from disk when they are touched: sample i is `[a.at(i), b.at(i), …]`, tensors over the mapped
 * files without a copy. Data larger than memory are fine; the system keeps what is used often. Without the native addon the files
 * are read whole.
 * @throws AssertionError if the files have different lengths.
 */
export class MemoryMappedDataset extends Dataset<Tensor[]> {
  readonly paths: readonly string[];
  /** @param paths The .npy files, as `np.save` or `save_numpy` write them. */
  constructor(...paths: (string | URL)[]) {
    super();
    this.paths = paths.map(pathOf);
    if (this.tensors.some((t) => t.size(0) !== this.tensors[0]!.size(0))) throw new AssertionError('Size mismatch between tensors');
  }
  /** The files' arrays. */
  get tensors(): readonly Tensor[] {
    return opened(this, () => ({ tensors: this.paths.map(mappedArray), close: () => {} })).tensors;
  }
  override get length(): number {
    return this.tensors[0]?.size(0) ?? 0;
  }
  override get(index: number): Tensor[] {
    return this.tensors.map((t) => t.at(placeOf(index, this.length)));
  }
  /** Forgets the mapped files; the next sample maps them again. */
  close(): void {
    closed(this);
  }
}
/** The array of a .npy file, mapped. */
export function mappedArray(path: string): Tensor {
  const array = load_numpy(path, { mmap: true });
  if (!(array instanceof Tensor)) throw new TypeError(`${path}: expected a .npy file of one array, found an .npz archive`);
  return array;
}

/** A place from the front; negative ones count from the end. */
export function placeOf(index: number, length: number): number {
  const at = index < 0 ? index + length : index;
  if (at < 0 || at >= length || !Number.isInteger(at)) throw new IndexError('list index out of range');
  return at;
}
