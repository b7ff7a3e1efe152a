// Batches of a dataset, in PyTorch's order and with its random draws.
import { ValueError } from '../../core/errors.ts';
import type { Generator as RandomGenerator } from '../../core/generator.ts';
import { bindArguments } from '../../nn/arguments.ts';
import { type Arguments, python } from '../../nn/simple.ts';
import { default_collate, default_convert } from './collate.ts';
import { canBatch, IterableDataset, type MapStyle, sampleAt } from './dataset.ts';
import { BatchSampler, drawSeed, RandomSampler, SequentialSampler, type Sized } from './sampler.ts';

/** What the loader reads: samples by number, or one after the other. */
export type Source<T> = MapStyle<T> | IterableDataset<T> | AsyncIterable<T>;
export interface DataLoaderOptions<T, B> {
  batch_size: number | null;
  shuffle: boolean | null;
  sampler: Iterable<number> | null;
  batch_sampler: Iterable<number[]> | null;
  /** Samples are loaded by the calling thread whatever the number: `for await` overlaps datasets that return promises. */
  num_workers: number;
  collate_fn: ((samples: T[]) => B) | null;
  pin_memory: boolean;
  drop_last: boolean;
  timeout: number;
  worker_init_fn: ((worker_id: number) => void) | null;
  multiprocessing_context: unknown;
  generator: RandomGenerator | null;
  prefetch_factor: number | null;
  persistent_workers: boolean;
  pin_memory_device: string;
  in_order: boolean;
}
/** What default_collate makes of samples: lists of tensors keep their form, all else is left to the reader. */
export type Collated<T> = T extends readonly unknown[]
  ? { -readonly [K in keyof T]: Collated<T[K]> }
  : T extends string
    ? string[]
    : T extends object
      ? T
      : import('../../core/tensor.ts').Tensor;

const NAMES = [
  'batch_size',
  'shuffle',
  'sampler',
  'batch_sampler',
  'num_workers',
  'collate_fn',
  'pin_memory',
  'drop_last',
  'timeout',
  'worker_init_fn',
  'multiprocessing_context',
  'generator',
  'prefetch_factor',
  'persistent_workers',
  'pin_memory_device',
  'in_order',
] as const;
/** `for await` lets timers and the collector of external memory run at least this often. */
const YIELD_MS = 50;
const macrotask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Batches of a dataset: iterate with `for … of`, or with `for await` if its samples are promises. */
// biome-ignore lint/suspicious/noExplicitAny: any dataset; the batch type follows from it
export class DataLoader<T = any, B = Collated<T>> implements Iterable<B>, AsyncIterable<B> {
  static readonly __module__ = 'torch.utils.data.dataloader';
  readonly dataset: Source<T>;
  readonly batch_size: number | null;
  readonly drop_last: boolean;
  readonly sampler: Iterable<number> | null;
  readonly batch_sampler: Iterable<number[]> | null;
  readonly generator: RandomGenerator | null;
  readonly num_workers: number;
  readonly worker_init_fn: ((worker_id: number) => void) | null;
  readonly collate_fn: (samples: T[]) => B;

  constructor(
    dataset: Source<T>,
    ...args: Arguments<
      [
        batch_size?: number | null,
        shuffle?: boolean | null,
        sampler?: Iterable<number> | null,
        batch_sampler?: Iterable<number[]> | null,
        num_workers?: number,
        collate_fn?: ((samples: T[]) => B) | null,
      ],
      DataLoaderOptions<T, B>
    >
  ) {
    const o = bindArguments<DataLoaderOptions<T, B>>('DataLoader', args, NAMES, {
      batch_size: 1,
      shuffle: null,
      sampler: null,
      batch_sampler: null,
      num_workers: 0,
      collate_fn: null,
      pin_memory: false,
      drop_last: false,
      timeout: 0,
      worker_init_fn: null,
      multiprocessing_context: null,
      generator: null,
      prefetch_factor: null,
      persistent_workers: false,
      pin_memory_device: '',
      in_order: true,
    });
    const iterable = isIterable(dataset);
    checkOptions(o, iterable);
    this.dataset = dataset;
    this.generator = o.generator;
    this.num_workers = o.num_workers;
    this.worker_init_fn = o.worker_init_fn;
    this.drop_last = o.drop_last;
    this.batch_size = o.batch_sampler !== null ? null : o.batch_size;
    const sized = dataset as unknown as Sized;
    this.sampler = iterable
      ? null
      : (o.sampler ?? (o.shuffle ? new RandomSampler(sized, { generator: o.generator }) : new SequentialSampler(sized)));
    this.batch_sampler =
      o.batch_sampler ?? (this.batch_size !== null && this.sampler ? new BatchSampler(this.sampler, this.batch_size, o.drop_last) : null);
    this.collate_fn = o.collate_fn ?? ((this.batched ? default_collate : default_convert) as (samples: T[]) => B);
  }
  private get batched(): boolean {
    return this.batch_sampler !== null || (this.batch_size !== null && isIterable(this.dataset));
  }
  /** Batches in one pass. */
  get length(): number {
    if (!isIterable(this.dataset)) return ((this.batch_sampler ?? this.sampler) as unknown as Sized).length;
    const n = (this.dataset as unknown as Partial<Sized>).length;
    if (n === undefined) throw new TypeError(`object of type '${this.dataset.constructor.name}' has no len()`);
    if (this.batch_size === null) return n;
    return this.drop_last ? Math.floor(n / this.batch_size) : Math.ceil(n / this.batch_size);
  }

  [Symbol.iterator](): Generator<B> {
    drawSeed(this.generator);
    if (!isIterable(this.dataset)) return this.mapped(this.dataset);
    if (!(Symbol.iterator in this.dataset)) throw new TypeError('this dataset is asynchronous: iterate with for await');
    return this.chained(this.dataset);
  }
  /** Like `for … of`; samples that are promises are awaited, a batch's together. */
  [Symbol.asyncIterator](): AsyncGenerator<B> {
    drawSeed(this.generator);
    return this.breathing(isIterable(this.dataset) ? this.chainedAsync(this.dataset) : this.mappedAsync(this.dataset));
  }
  private *mapped(dataset: MapStyle<T>): Generator<B> {
    if (this.batch_sampler === null) {
      for (const i of this.sampler!) yield this.collate_fn(settled(sampleAt(dataset, i)) as unknown as T[]);
      return;
    }
    const whole = (this.collate_fn as unknown) === default_collate && canBatch(dataset) ? dataset : null;
    for (const indices of this.batch_sampler) {
      yield (whole?._batch(indices) as B | null) ?? this.collate_fn(indices.map((i) => settled(sampleAt(dataset, i))));
    }
  }
  private *chained(dataset: Iterable<T>): Generator<B> {
    if (this.batch_size === null) {
      for (const sample of dataset) yield this.collate_fn(sample as unknown as T[]);
      return;
    }
    let batch: T[] = [];
    for (const sample of dataset) {
      batch.push(sample);
      if (batch.length < this.batch_size) continue;
      yield this.collate_fn(batch);
      batch = [];
    }
    if (batch.length > 0 && !this.drop_last) yield this.collate_fn(batch);
  }
  private async *mappedAsync(dataset: MapStyle<T>): AsyncGenerator<B> {
    if (this.batch_sampler === null) for (const i of this.sampler!) yield this.collate_fn((await sampleAt(dataset, i)) as unknown as T[]);
    else for (const indices of this.batch_sampler) yield this.collate_fn(await Promise.all(indices.map((i) => sampleAt(dataset, i))));
  }
  private async *chainedAsync(dataset: Iterable<T> | AsyncIterable<T>): AsyncGenerator<B> {
    if (this.batch_size === null) {
      for await (const sample of dataset) yield this.collate_fn(sample as unknown as T[]);
      return;
    }
    let batch: T[] = [];
    for await (const sample of dataset) {
      batch.push(sample as T);
      if (batch.length < this.batch_size) continue;
      yield this.collate_fn(batch);
      batch = [];
    }
    if (batch.length > 0 && !this.drop_last) yield this.collate_fn(batch);
  }
  private async *breathing(batches: AsyncGenerator<B>): AsyncGenerator<B> {
    let last = performance.now();
    for await (const batch of batches) {
      yield batch;
      if (performance.now() - last < YIELD_MS) continue;
      await macrotask();
      last = performance.now();
    }
  }
}
const isIterable = <T>(d: Source<T>): d is IterableDataset<T> | AsyncIterable<T> =>
  d instanceof IterableDataset || (typeof (d as Partial<Sized>).length !== 'number' && typeof (d as { get?: unknown }).get !== 'function');
function settled<S>(sample: S): S {
  if (sample instanceof Promise) throw new TypeError('the samples of this dataset are promises: iterate the loader with for await');
  return sample;
}
function checkOptions<T, B>(o: DataLoaderOptions<T, B>, iterable: boolean): void {
  if (o.num_workers < 0) throw new ValueError('num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.');
  if (o.timeout < 0) throw new ValueError('timeout option should be non-negative');
  if (o.num_workers === 0 && o.prefetch_factor !== null) {
    throw new ValueError(
      'prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None.',
    );
  }
  if (o.prefetch_factor !== null && o.prefetch_factor < 0) throw new ValueError('prefetch_factor option should be non-negative');
  if (o.persistent_workers && o.num_workers === 0) throw new ValueError('persistent_workers option needs num_workers > 0');
  if (iterable) {
    if (o.shuffle)
      throw new ValueError(`DataLoader with IterableDataset: expected unspecified shuffle option, but got shuffle=${python(o.shuffle)}`);
    if (o.sampler !== null)
      throw new ValueError(`DataLoader with IterableDataset: expected unspecified sampler option, but got sampler=${o.sampler}`);
    if (o.batch_sampler !== null)
      throw new ValueError(
        `DataLoader with IterableDataset: expected unspecified batch_sampler option, but got batch_sampler=${o.batch_sampler}`,
      );
  }
  if (o.sampler !== null && o.shuffle) throw new ValueError('sampler option is mutually exclusive with shuffle');
  if (o.batch_sampler !== null) {
    if (o.batch_size !== 1 || o.shuffle || o.sampler !== null || o.drop_last) {
      throw new ValueError('batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last');
    }
  } else if (o.batch_size === null && o.drop_last) {
    throw new ValueError('batch_size=None option disables auto-batching and is mutually exclusive with drop_last');
  }
}
