// Datasets: samples by number, or one after the other; see https://pytorch.org/docs/stable/data.html.
import { cpu } from '../../core/device.ts';
import { int64 } from '../../core/dtype.ts';
import { AssertionError, ValueError } from '../../core/errors.ts';
import type { Generator } from '../../core/generator.ts';
import type { Tensor } from '../../core/tensor.ts';
import { tensor } from '../../surface/construct.ts';
import * as torch from '../../surface/generated/torch.ts';
import type { Index } from '../../surface/index-syntax.ts';
import { sharedEmpty } from './collate.ts';
import { running } from './worker-info.ts';

/** Samples by number: a dataset, or any array. */
export type MapStyle<T> = Dataset<T> | ArrayLike<T>;
/**
 * Samples by number. Subclasses have `length` and `get`; `get` may return a promise, which `for await` over a loader awaits.
 * A loader with workers takes a dataset to its threads as Python's pickle does, which `DataLoader` describes.
 *
 * See https://pytorch.org/docs/stable/data.html#torch.utils.data.Dataset.
 */
export abstract class Dataset<T = unknown> {
  abstract get length(): number;
  /** The sample at a place: `ds[i]` in Python. */
  abstract get(index: number): T;
  /** Optional: the samples at several places at once, where that is faster; a loader asks for a whole batch with it. */
  __getitems__?(indices: readonly number[]): readonly unknown[] | Promise<readonly unknown[]>;
  /** All samples of this one, then all of the other: `ds1 + ds2` in Python. */
  concat<U>(other: MapStyle<U>): ConcatDataset<T | U> {
    return new ConcatDataset<T | U>([this, other]);
  }
}
export const isDataset = <T>(d: MapStyle<T>): d is Dataset<T> => typeof (d as Dataset<T>).get === 'function';
/** The sample at a place of a dataset or an array. */
export const sampleAt = <T>(d: MapStyle<T>, i: number): T => (isDataset(d) ? d.get(i) : d[i]!);
/** How to get the samples at some places at once; null where the dataset gives them one by one. */
export function samplesAt<T>(d: MapStyle<T>, indices: readonly number[]): (() => T[]) | null {
  if (!isDataset(d) || typeof d.__getitems__ !== 'function' || (d as Forwarding)._givesMany === false) return null;
  return () => d.__getitems__!(indices) as T[];
}

/** A dataset of other datasets: it gives many samples at once where they do. */
interface Forwarding {
  /** @internal */
  readonly _givesMany?: boolean;
}
/** A dataset that makes the collated batch of some samples at once. */
export interface Batching {
  /** @internal What default_collate makes of the samples at these places; null where it has to be asked. */
  _batch(indices: readonly number[]): unknown;
}
export const canBatch = (d: object): d is Batching => typeof (d as Partial<Batching>)._batch === 'function';

/** Samples one after the other. Subclasses are iterable (or async iterable); `length` is optional. */
export abstract class IterableDataset<T = unknown> implements Iterable<T> {
  abstract [Symbol.iterator](): Iterator<T>;
  concat(other: IterableDataset<T>): ChainDataset<T> {
    return new ChainDataset([this, other]);
  }
}

/** The rows of tensors of one length: sample i is `[a.at(i), b.at(i), …]`. */
export class TensorDataset extends Dataset<Tensor[]> implements Batching {
  static readonly __module__ = 'torch.utils.data.dataset';
  readonly tensors: readonly Tensor[];
  constructor(...tensors: Tensor[]) {
    super();
    if (tensors.some((t) => t.size(0) !== tensors[0]!.size(0))) throw new AssertionError('Size mismatch between tensors');
    this.tensors = tensors;
  }
  override get length(): number {
    return this.tensors[0]!.size(0);
  }
  /** The rows at an index: a number, or whatever `Tensor.at` takes. */
  override get(index: Index): Tensor[] {
    return this.tensors.map((t) => t.at(index));
  }
  _batch(indices: readonly number[]): Tensor[] | null {
    if (this.get !== TensorDataset.prototype.get) return null;
    const rows = tensor([...indices], { dtype: int64 });
    // In a worker straight into memory that threads share.
    const into = (t: Tensor): { out?: Tensor } =>
      running.worker !== null && t.layout.plain && !t.requires_grad && t.device === cpu
        ? { out: sharedEmpty([indices.length, ...t.layout.shape.slice(1)], t.dtype) }
        : {};
    return this.tensors.map((t) => torch.index_select(t, 0, rows, into(t)));
  }
}
/** Samples put together from several datasets of one length: lists, or objects if the datasets are given by name. */
export class StackDataset extends Dataset<unknown> {
  static readonly __module__ = 'torch.utils.data.dataset';
  readonly datasets: readonly MapStyle<unknown>[] | Readonly<Record<string, MapStyle<unknown>>>;
  constructor(...datasets: MapStyle<unknown>[] | [Readonly<Record<string, MapStyle<unknown>>>]) {
    super();
    const [first] = datasets;
    const named = datasets.length === 1 && !Array.isArray(first) && Object.getPrototypeOf(first) === Object.prototype;
    this.datasets = named ? (first as Readonly<Record<string, MapStyle<unknown>>>) : (datasets as MapStyle<unknown>[]);
    const { all } = this;
    if (all.length === 0) throw new ValueError('At least one dataset should be passed');
    if (all.some((d) => d.length !== all[0]!.length)) throw new ValueError('Size mismatch between datasets');
  }
  override get length(): number {
    return this.all[0]!.length;
  }
  override get(index: number): unknown {
    const parts = this.all.map((d) => sampleAt(d, index));
    return parts.some((p) => p instanceof Promise) ? Promise.all(parts).then((all) => this.join(all)) : this.join(parts);
  }
  /** @throws ValueError if a dataset gives another number of samples than it was asked for. */
  override __getitems__(indices: readonly number[]): unknown[] | Promise<unknown[]> {
    const parts = this.all.map((d) => samplesAt(d, indices)?.() ?? settledAll(indices.map((i) => sampleAt(d, i))));
    const rows = (lists: unknown[][]): unknown[] => {
      for (const list of lists) {
        if (list.length !== indices.length)
          throw new ValueError(`Nested dataset's output size mismatch. Expected ${indices.length}, got ${list.length}`);
      }
      return indices.map((_, k) => this.join(lists.map((list) => list[k])));
    };
    return parts.some((p) => p instanceof Promise) ? Promise.all(parts as unknown[][]).then(rows) : rows(parts as unknown[][]);
  }
  /** @internal */
  get _givesMany(): boolean {
    const own = this.get === StackDataset.prototype.get;
    return this.__getitems__ !== StackDataset.prototype.__getitems__ || (own && this.all.some((d) => samplesAt(d, []) !== null));
  }
  private get all(): MapStyle<unknown>[] {
    return Object.values(this.datasets);
  }
  private join(parts: unknown[]): unknown {
    if (Array.isArray(this.datasets)) return parts;
    return Object.fromEntries(Object.keys(this.datasets).map((name, i) => [name, parts[i]]));
  }
}
const settledAll = (samples: unknown[]): unknown[] | Promise<unknown[]> =>
  samples.some((s) => s instanceof Promise) ? Promise.all(samples) : samples;
/** Datasets one after the other. */
export class ConcatDataset<T = unknown> extends Dataset<T> {
  static readonly __module__ = 'torch.utils.data.dataset';
  readonly datasets: readonly MapStyle<T>[];
  /** Where each dataset ends. */
  readonly cumulative_sizes: readonly number[];
  constructor(datasets: Iterable<MapStyle<unknown>>) {
    super();
    this.datasets = [...datasets] as MapStyle<T>[];
    if (this.datasets.length === 0) throw new AssertionError('datasets should not be an empty iterable');
    if (this.datasets.some((d) => (d as object) instanceof IterableDataset))
      throw new AssertionError('ConcatDataset does not support IterableDataset');
    let end = 0;
    this.cumulative_sizes = this.datasets.map((d) => (end += d.length));
  }
  override get length(): number {
    return this.cumulative_sizes[this.cumulative_sizes.length - 1]!;
  }
  override get(index: number): T {
    if (-index > this.length) throw new ValueError('absolute value of index should not exceed dataset length');
    const i = index < 0 ? index + this.length : index;
    const which = Math.min(bisectRight(this.cumulative_sizes, i), this.datasets.length - 1);
    return sampleAt(this.datasets[which]!, i - (which === 0 ? 0 : this.cumulative_sizes[which - 1]!));
  }
}
function bisectRight(sorted: readonly number[], x: number): number {
  let lo = 0;
  let hi = sorted.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (x < sorted[mid]!) hi = mid;
    else lo = mid + 1;
  }
  return lo;
}
/** Iterable datasets one after the other. */
export class ChainDataset<T = unknown> extends IterableDataset<T> {
  static readonly __module__ = 'torch.utils.data.dataset';
  constructor(readonly datasets: Iterable<IterableDataset<T>>) {
    super();
  }
  *[Symbol.iterator](): globalThis.Generator<T> {
    for (const d of this.datasets) {
      if (!(d instanceof IterableDataset)) throw new AssertionError('ChainDataset only supports IterableDataset');
      yield* d;
    }
  }
  get length(): number {
    return [...this.datasets].reduce((n, d) => n + (d as unknown as { length: number }).length, 0);
  }
}

/** The samples of a dataset at some places. */
export class Subset<T = unknown> extends Dataset<T> implements Batching {
  static readonly __module__ = 'torch.utils.data.dataset';
  constructor(
    readonly dataset: MapStyle<T>,
    readonly indices: readonly number[],
  ) {
    super();
  }
  override get length(): number {
    return this.indices.length;
  }
  override get(index: number): T {
    return sampleAt(this.dataset, this.at(index));
  }
  override __getitems__(indices: readonly number[]): unknown[] | Promise<unknown[]> {
    const places = indices.map((i) => this.at(i));
    return samplesAt(this.dataset, places)?.() ?? settledAll(places.map((i) => sampleAt(this.dataset, i)));
  }
  /** @internal */
  get _givesMany(): boolean {
    return (
      this.get === Subset.prototype.get && (this.__getitems__ !== Subset.prototype.__getitems__ || samplesAt(this.dataset, []) !== null)
    );
  }
  _batch(indices: readonly number[]): unknown {
    if (this.get !== Subset.prototype.get || !canBatch(this.dataset)) return null;
    return this.dataset._batch(indices.map((i) => this.at(i)));
  }
  private at(index: number): number {
    return this.indices[index < 0 ? index + this.length : index]!;
  }
}

/**
 * Splits a dataset at random into parts of given lengths, or of given fractions that sum to 1.
 * @throws ValueError if the lengths do not sum to the dataset's.
 */
export function random_split<T>(
  dataset: MapStyle<T>,
  lengths: readonly number[],
  options: Generator | { generator?: Generator | null } | null = null,
): Subset<T>[] {
  const generator = options !== null && 'generator' in options ? (options.generator ?? null) : (options as Generator | null);
  const sizes = splitSizes(dataset.length, lengths);
  const total = sizes.reduce((a, b) => a + b, 0);
  if (total !== dataset.length) throw new ValueError('Sum of input lengths does not equal the length of the input dataset!');
  const order = (torch.randperm(total, { generator }).tolist() as (number | bigint)[]).map(Number);
  return sizes.map((n) => new Subset(dataset, order.splice(0, n)));
}
function splitSizes(n: number, lengths: readonly number[]): number[] {
  const sum = lengths.reduce((a, b) => a + b, 0);
  if (!(Math.abs(sum - 1) <= 1e-9 * Math.max(Math.abs(sum), 1) && sum <= 1)) return [...lengths];
  const sizes = lengths.map((fraction, i) => {
    if (fraction < 0 || fraction > 1) throw new ValueError(`Fraction at index ${i} is not between 0 and 1`);
    return Math.floor(n * fraction);
  });
  const rest = n - sizes.reduce((a, b) => a + b, 0);
  for (let i = 0; i < rest; i++) sizes[i % sizes.length]!++;
  sizes.forEach((size, i) => {
    if (size === 0) console.warn(`Length of split at index ${i} is 0. This might result in an empty dataset.`);
  });
  return sizes;
}
