// Asking for the next batch before it is needed: Python's iter and next, prefetch_generator's BackgroundGenerator, and the notes' DataPrefetcher.
import { Tensor } from '../../core/tensor.ts';

/** What `next` throws behind the last element. */
export class StopIteration extends Error {
  override name = 'StopIteration';
}
/** The iterator of a loader or of anything that `for … of` takes: Python's iter(). */
export const iter = <T>(iterable: Iterable<T>): Iterator<T> => iterable[Symbol.iterator]();
/**
 * The next element of an iterator, or a default behind the last: Python's next().
 * @throws StopIteration behind the last element if there is no default.
 */
export function next<T>(iterator: Iterator<T>): T;
export function next<T, D>(iterator: Iterator<T>, otherwise: D): T | D;
export function next<T, D>(iterator: Iterator<T>, ...otherwise: [D?]): T | D {
  const step = iterator.next();
  if (!step.done) return step.value;
  if (otherwise.length > 0) return otherwise[0] as D;
  throw new StopIteration();
}

type Elements<T> = Iterable<T> | Iterator<T> | AsyncIterable<T> | AsyncIterator<T>;

/**
 * Keeps up to `max_prefetch` elements of a generator ahead (0: without limit): PyPI's prefetch_generator.
 * With `for await` the elements are asked for while the last one is in use. A thread that iterates with `for` cannot do both at once:
 * there the workers of a DataLoader load ahead, and elements are handed on when they are asked for.
 */
export class BackgroundGenerator<T> implements IterableIterator<T>, AsyncIterable<T> {
  private iterator: Iterator<T> | null = null;
  constructor(
    private readonly generator: Elements<T>,
    private readonly max_prefetch = 1,
  ) {}
  next(): IteratorResult<T> {
    return this.elements().next();
  }
  return(): IteratorResult<T> {
    return this.elements().return?.() ?? { done: true, value: undefined };
  }
  [Symbol.iterator](): this {
    return this;
  }
  private elements(): Iterator<T> {
    if (this.iterator) return this.iterator;
    const { generator } = this;
    if (Symbol.iterator in generator) this.iterator = generator[Symbol.iterator]();
    else if (Symbol.asyncIterator in generator) throw new TypeError('this generator is asynchronous: iterate with for await');
    else this.iterator = generator as Iterator<T>;
    return this.iterator;
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    const { generator } = this;
    const source: Iterator<T> | AsyncIterator<T> =
      Symbol.asyncIterator in generator
        ? generator[Symbol.asyncIterator]()
        : Symbol.iterator in generator
          ? generator[Symbol.iterator]()
          : generator;
    const ahead: Promise<IteratorResult<T>>[] = [];
    const ask = (): void => {
      const step = (async () => source.next())();
      // Whoever takes it hears of the error.
      step.catch(() => {});
      ahead.push(step);
    };
    try {
      ask();
      for (;;) {
        const step = await ahead.shift()!;
        if (step.done) return;
        while (ahead.length < Math.max(1, this.max_prefetch)) ask();
        yield step.value;
      }
    } finally {
      await source.return?.();
    }
  }
}
/** Makes the iterators of a generator function prefetch: prefetch_generator's decorator `@background(max_prefetch)`. */
export const background =
  (max_prefetch = 1) =>
  <A extends unknown[], T>(generator: (...args: A) => Elements<T>): ((...args: A) => BackgroundGenerator<T>) =>
  (...args) =>
    new BackgroundGenerator(generator(...args), max_prefetch);

interface Placed {
  /** Where the tensors of a batch are moved. */
  readonly device?: string | Tensor['device'];
}
/**
 * Hands out batches that are on their device already: while one is in use, the next is asked for and moved there. `next()` gives null
 * behind the last batch; `next_async()` is for loaders whose samples are promises, or whose workers are not to be waited for.
 * What a batch holds under the name `meta` stays where it is.
 */
export class DataPrefetcher<B> {
  private batches: Iterator<B> | null = null;
  private later: AsyncIterator<B> | null = null;
  private batch: B | null = null;
  private coming: Promise<B | null> | null = null;
  constructor(
    private readonly loader: Iterable<B> & Partial<AsyncIterable<B>>,
    private readonly opt: Placed = {},
  ) {}
  /** The batch that was fetched, after the next one has been asked for; null at the end. */
  next(): B | null {
    if (this.batches === null) {
      this.batches = iter(this.loader);
      this.preload();
    }
    const { batch } = this;
    if (batch !== null) this.preload();
    return batch;
  }
  private preload(): void {
    const step = this.batches!.next();
    this.batch = step.done ? null : (this.place(step.value) as B);
  }
  /** Like `next()`, without blocking. */
  async next_async(): Promise<B | null> {
    this.later ??= this.loader[Symbol.asyncIterator]?.() ?? new BackgroundGenerator(this.loader)[Symbol.asyncIterator]();
    this.coming ??= this.preload_async(this.later);
    const batch = await this.coming;
    this.coming = batch === null ? Promise.resolve(null) : this.preload_async(this.later);
    this.coming.catch(() => {});
    return batch;
  }
  private async preload_async(later: AsyncIterator<B>): Promise<B | null> {
    const step = await later.next();
    return step.done ? null : (this.place(step.value) as B);
  }
  private place(x: unknown): unknown {
    const { device } = this.opt;
    if (device === undefined) return x;
    if (x instanceof Tensor) return x.to({ device });
    if (Array.isArray(x)) return x.map((y) => this.place(y));
    if (typeof x !== 'object' || x === null || Object.getPrototypeOf(x) !== Object.prototype) return x;
    return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, k === 'meta' ? v : this.place(v)]));
  }
}
