// Batches of a dataset, in PyTorch's order and with its random draws.
import { AssertionError, PyTypeError as TypeError, RuntimeError, ValueError } from '../../core/errors.ts';
import type { Generator as RandomGenerator } from '../../core/generator.ts';
import { bindArguments } from '../../nn/arguments.ts';
import type { Arguments } from '../../nn/simple.ts';
import { default_collate, default_convert } from './collate.ts';
import { IterableDataset } from './dataset.ts';
import { Fetcher, type Recipe, type Source, type Task } from './fetch.ts';
import { Here } from './here.ts';
import { LoaderAsyncIterator, LoaderIterator, type Take } from './iterators.ts';
import { checkOptions, type DataLoaderOptions, DEFAULTS, NAMES, noticeNumber, noticePinning } from './options.ts';
import { PassStreams } from './random.ts';
import { BatchSampler, drawSeed, RandomSampler, SequentialSampler, type Sized } from './sampler.ts';
import { Crew, endWith, Threaded } from './threads.ts';
import type { Seeds } from './workers/messages.ts';
import { notice, pack } from './workers/pack.ts';
import { hasThreads } from './workers/pool.ts';

/** What default_collate makes of samples: lists of tensors keep their form, all else is left to the reader. */
export type Collated<T> =
  T extends Promise<infer U>
    ? Collated<U>
    : T extends readonly unknown[]
      ? { -readonly [K in keyof T]: Collated<T[K]> }
      : T extends string
        ? string[]
        : T extends object
          ? T
          : import('../../core/tensor.ts').Tensor;

/** Attributes that are settled when the loader is made. */
const SETTLED = ['batch_size', 'batch_sampler', 'sampler', 'drop_last', 'dataset', 'persistent_workers'] as const;

/**
 * Batches of a dataset: iterate with `for … of`, or with `for await`, which other work of the program goes on during.
 *
 * With `num_workers` the batches are made by threads and come back in shared memory, without copies. A dataset gets to a thread as with
 * Python's pickle: an instance is its class and its fields, a class or function is found again as an export of its module, memory of
 * tensors is shared; `__getstate__`, `__setstate__` and `__reduce__` of a class have their say. What no other thread can have (an inline
 * function, a class of the main script, #private fields) is loaded by the calling thread, with one notice that says what to export.
 *
 * The order is PyTorch's. A sample's own draws depend on the seed and its place in the pass alone, and so are the same for any number of
 * workers: see Note [Sample streams] in random.ts.
 *
 * See https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader.
 * @throws ValueError and TypeError for options that contradict each other, in PyTorch's words.
 */
// biome-ignore lint/suspicious/noExplicitAny: any dataset; the batch type follows from it
export class DataLoader<T = any, B = Collated<T>> implements Iterable<B>, AsyncIterable<B>, Disposable, AsyncDisposable {
  static readonly __module__ = 'torch.utils.data.dataloader';
  readonly dataset: Source<T>;
  readonly batch_size: number | null;
  readonly drop_last: boolean;
  readonly sampler: Iterable<number> | null;
  readonly batch_sampler: Iterable<number[]> | null;
  readonly generator: RandomGenerator | null;
  readonly num_workers: number;
  readonly worker_init_fn: ((worker_id: number) => unknown) | null;
  readonly collate_fn: (samples: Awaited<T>[]) => B;
  readonly timeout: number;
  readonly pin_memory: boolean;
  readonly pin_memory_device: string;
  readonly prefetch_factor: number | null;
  readonly persistent_workers: boolean;
  readonly in_order: boolean;
  readonly multiprocessing_context: unknown;
  /** Threads that outlive a pass, with persistent_workers. */
  private crew: Crew | null = null;
  private seeds: Seeds | null = null;
  /** What `length` said of an iterable dataset. */
  private promised: number | null = null;

  constructor(
    dataset: Source<T>,
    ...args: Arguments<
      [
        batch_size?: number | null,
        shuffle?: boolean | null,
        sampler?: Iterable<number> | null,
        batch_sampler?: Iterable<number[]> | null,
        num_workers?: number,
        collate_fn?: ((samples: Awaited<T>[]) => B) | null,
      ],
      DataLoaderOptions<T, B>
    >
  ) {
    const o = bindArguments<DataLoaderOptions<T, B>>('DataLoader', args, NAMES, DEFAULTS as Partial<DataLoaderOptions<T, B>>);
    const iterable = isIterable(dataset);
    checkOptions(o, iterable);
    this.dataset = dataset;
    this.generator = o.generator;
    this.num_workers = o.num_workers;
    this.worker_init_fn = o.worker_init_fn;
    this.timeout = o.timeout;
    this.pin_memory = o.pin_memory;
    this.pin_memory_device = o.pin_memory_device;
    this.prefetch_factor = o.prefetch_factor ?? (o.num_workers > 0 ? 2 : null);
    this.persistent_workers = o.persistent_workers;
    this.in_order = o.in_order;
    this.multiprocessing_context = o.multiprocessing_context;
    this.drop_last = o.drop_last;
    this.batch_size = o.batch_sampler !== null ? null : o.batch_size;
    const sized = dataset as unknown as Sized;
    this.sampler = iterable
      ? null
      : (o.sampler ?? (o.shuffle ? new RandomSampler(sized, { generator: o.generator }) : new SequentialSampler(sized)));
    this.batch_sampler =
      o.batch_sampler ?? (this.batch_size !== null && this.sampler ? new BatchSampler(this.sampler, this.batch_size, o.drop_last) : null);
    this.collate_fn = o.collate_fn ?? ((this.batched ? default_collate : default_convert) as (samples: Awaited<T>[]) => B);
    for (const name of SETTLED) settle(this, name);
  }
  private get batched(): boolean {
    return this.batch_sampler !== null || (this.batch_size !== null && isIterable(this.dataset));
  }
  /** Batches in one pass. */
  get length(): number {
    if (!isIterable(this.dataset)) return ((this.batch_sampler ?? this.sampler) as unknown as Sized).length;
    const n = (this.dataset as unknown as Partial<Sized>).length;
    if (n === undefined) throw new TypeError(`object of type '${this.dataset.constructor.name}' has no len()`);
    this.promised = n;
    if (this.batch_size === null) return n;
    return this.drop_last ? Math.floor(n / this.batch_size) : Math.ceil(n / this.batch_size);
  }

  /**
   * Begins a pass over the dataset.
   * @throws TypeError at a sample that is a promise where the calling thread loads; RuntimeError with workers on a page's main thread.
   */
  [Symbol.iterator](): IterableIterator<B> {
    const page = (globalThis as { window?: unknown }).window !== undefined && !hasThreads();
    if (this.num_workers > 0 && page)
      throw new RuntimeError(`a page must not wait for its ${this.num_workers} workers: iterate the loader with for await`);
    return this.watched(new LoaderIterator(this.begin()));
  }
  /** Begins a pass like `for … of`; samples that are promises are awaited, and other work of the program goes on meanwhile. */
  [Symbol.asyncIterator](): AsyncIterableIterator<B> {
    return this.watched(new LoaderAsyncIterator(this.begin()));
  }
  /** Ends persistent workers: `using loader = new DataLoader(…)`. They also end when the loader is collected, and with the process. */
  [Symbol.dispose](): void {
    void this.crew?.close(false);
  }
  /** Ends persistent workers, and resolves when they are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.crew?.close(false);
  }
  /** The pass that the latest iterator began, if workers do it. */
  private begun: Crew | null = null;
  /** Lets workers end when the iterator is collected. */
  private watched<I extends object>(iterator: I): I {
    if (this.begun !== null && this.begun !== this.crew) endWith(iterator, this.begun);
    this.begun = null;
    return iterator;
  }
  private begin(): Take<B> {
    if (this.pin_memory) noticePinning(this.pin_memory_device);
    const iterable = isIterable(this.dataset);
    const recipe: Recipe<unknown, B> = {
      dataset: this.dataset as Source<unknown>,
      iterable,
      batched: this.batched,
      batch_size: iterable ? this.batch_size : null,
      drop_last: this.drop_last,
      collate_fn: this.collate_fn as (samples: unknown[]) => B,
    };
    const seeds = this.nextSeeds();
    const tasks = iterable ? endlessTasks() : this.batch_sampler ? batchTasks(this.batch_sampler) : sampleTasks(this.sampler!);
    const take = this.num_workers > 0 ? this.withWorkers(recipe, seeds, tasks) : this.alone(recipe, seeds, tasks);
    return this.promised === null || !iterable ? take : new Counted(take, this.promised, this.dataset, this.num_workers);
  }
  private alone(recipe: Recipe<unknown, B>, { base_seed, pass }: Seeds, tasks: Iterator<Task>): Take<B> {
    const workers = this.num_workers;
    if (workers === 0 && this.timeout !== 0) throw new AssertionError('_SingleProcessDataLoaderIter requires timeout == 0');
    const fetcher = new Fetcher(recipe, new PassStreams(base_seed, pass));
    return new Here(fetcher, tasks, workers > 0 ? { width: workers, ahead: workers * this.prefetch_factor! } : null);
  }
  private withWorkers(recipe: Recipe<unknown, B>, seeds: Seeds, tasks: Iterator<Task>): Take<B> {
    const { num_workers, timeout, in_order, persistent_workers: persistent } = this;
    if (this.prefetch_factor! <= 0) throw new AssertionError('prefetch_factor must be greater than 0 for MultiProcessingDataLoaderIter');
    if (this.crew?.broken) this.crew = null;
    let { crew } = this;
    if (crew === null) {
      const packed = pack(recipe as Recipe<unknown, unknown>, this.worker_init_fn, num_workers, seeds);
      if (packed === null) return this.alone(recipe, seeds, tasks);
      noticeNumber(num_workers);
      crew = new Crew(num_workers, packed);
      if (persistent) {
        this.crew = crew;
        endWith(this, crew);
      }
    }
    this.begun = crew;
    return new Threaded(crew, recipe, {
      owner: this,
      tasks,
      seeds,
      num_workers,
      timeout,
      in_order,
      persistent,
      prefetch_factor: this.prefetch_factor!,
    });
  }
  /** PyTorch draws a seed for every iterator; one that is used again keeps its own. */
  private nextSeeds(): Seeds {
    const kept = this.persistent_workers ? this.seeds : null;
    this.seeds = kept ? { ...kept, pass: kept.pass + 1 } : { base_seed: drawSeed(this.generator), pass: 0 };
    return this.seeds;
  }
}
function* batchTasks(batches: Iterable<Iterable<unknown>>): Generator<Task> {
  let batch = 0;
  let position = 0;
  for (const places of batches) {
    const index = [...places];
    yield { batch: batch++, position, index };
    position += index.length;
  }
}
function* sampleTasks(places: Iterable<unknown>): Generator<Task> {
  let batch = 0;
  for (const index of places) yield { batch, position: batch++, index };
}
function* endlessTasks(): Generator<Task> {
  for (let batch = 0; ; batch++) yield { batch, position: batch, index: null };
}
/** Says when an iterable dataset gives more than its length. */
class Counted<B> implements Take<B> {
  private given = 0;
  constructor(
    private readonly source: Take<B>,
    private readonly promised: number,
    private readonly dataset: object,
    private readonly workers: number,
  ) {}
  private count(taken: { readonly batch: B } | null): { readonly batch: B } | null {
    if (!taken || ++this.given <= this.promised) return taken;
    const advice =
      this.workers > 0
        ? 'For multiprocessing data-loading, this could be caused by not properly configuring the IterableDataset replica at each worker. Please see https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset for examples.'
        : '';
    notice(
      `Length of IterableDataset ${this.dataset.constructor.name} was reported to be ${this.promised}(when accessing len(dataloader)), but ${this.given} samples have been fetched. ${advice}`,
    );
    return taken;
  }
  take(): { readonly batch: B } | null {
    return this.count(this.source.take());
  }
  async takeLater(): Promise<{ readonly batch: B } | null> {
    return this.count(await this.source.takeLater());
  }
  close(failed: unknown): Promise<void> | void {
    return this.source.close(failed);
  }
}
function settle(loader: object, name: (typeof SETTLED)[number]): void {
  const value: unknown = (loader as Record<string, unknown>)[name];
  Object.defineProperty(loader, name, {
    get: () => value,
    set: () => {
      throw new ValueError(`${name} attribute should not be set after ${loader.constructor.name} is initialized`);
    },
    enumerable: true,
    configurable: true,
  });
}
const isIterable = <T>(d: Source<T>): d is IterableDataset<T> | AsyncIterable<T> =>
  d instanceof IterableDataset || (typeof (d as Partial<Sized>).length !== 'number' && typeof (d as { get?: unknown }).get !== 'function');
