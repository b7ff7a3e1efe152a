// Makes batches of a dataset: what a worker does for each task, and the calling thread without workers.
import { PyTypeError as TypeError } from '../../core/errors.ts';
import { default_collate } from './collate.ts';
import { canBatch, type IterableDataset, type MapStyle, samplesAt, sampleAt } from './dataset.ts';
import { drawingAcross, drawingFrom, keepsStreams, type PassStreams } from './random.ts';

/** What the loader reads: samples by number, or one after the other. */
export type Source<T> = MapStyle<T> | IterableDataset<T> | AsyncIterable<T>;
/** One batch to make. */
export interface Task {
  /** The batch's number in the pass. */
  readonly batch: number;
  /** The number in the pass of its first sample. */
  readonly position: number;
  /** The places of the samples, a list; one place without batches; null where the dataset itself goes on. */
  readonly index: unknown;
}
/** How batches are made. */
export interface Recipe<T, B> {
  readonly dataset: Source<T>;
  readonly iterable: boolean;
  readonly batched: boolean;
  /** Samples in a batch of an iterable dataset; null without batches. */
  readonly batch_size: number | null;
  readonly drop_last: boolean;
  /** Null: the samples themselves are the result, and collated elsewhere. */
  readonly collate_fn: ((samples: T[]) => B) | null;
}
/** An iterable dataset has no more batches. */
export const END: unique symbol = Symbol('end of the dataset');

const failures = new WeakMap<object, number>();
/** Where in the dataset something was thrown, if a sample threw it. */
export const indexOfFailure = (error: unknown): number | null => failures.get(error as object) ?? null;
function at<R>(index: number, error: unknown): R {
  if (typeof error === 'object' && error !== null) failures.set(error, index);
  throw error;
}

/** One pass over a dataset. An iterable dataset counts its own batches, since several workers have copies of it. */
export class Fetcher<T, B> {
  private iterator: Iterator<T> | null = null;
  private later: AsyncIterator<T> | null = null;
  private ended = false;
  private samples = 0;
  private batches = 0;
  constructor(
    readonly recipe: Recipe<T, B>,
    readonly streams: PassStreams,
  ) {}

  /** The batch. @throws TypeError if a sample is a promise. */
  fetch(task: Task): B | typeof END {
    if (this.recipe.iterable) return this.next();
    const dataset = this.recipe.dataset as MapStyle<T>;
    if (!this.recipe.batched) return this.collate(task.batch, this.sample(dataset, task.index as number, task.position) as unknown as T[]);
    const index = task.index as number[];
    const whole = this.wholeBatch(index);
    if (whole !== null) return whole;
    const many = samplesAt(dataset, index);
    if (many) return this.collate(task.batch, settled(drawingFrom(this.streams.sample(task.position), many)));
    return this.collate(
      task.batch,
      index.map((i, k) => this.sample(dataset, i, task.position + k)),
    );
  }
  /** The batch, once its samples are there; those that are promises are loaded together. */
  async fetchLater(task: Task): Promise<B | typeof END> {
    if (this.recipe.iterable) return this.nextLater();
    if (!this.recipe.batched)
      return this.collateLater(task.batch, (await this.sampleLater(task.index as number, task.position)) as unknown as T[]);
    const index = task.index as number[];
    const whole = this.wholeBatch(index);
    if (whole !== null) return whole;
    const many = samplesAt(this.recipe.dataset as MapStyle<T>, index);
    if (many) return this.collateLater(task.batch, (await drawingAcross(this.streams.sample(task.position), many)) as T[]);
    if (keepsStreams()) {
      return this.collateLater(task.batch, await Promise.all(index.map(async (i, k) => this.sampleLater(i, task.position + k))));
    }
    const samples: T[] = [];
    for (const [k, i] of index.entries()) samples.push(await this.sampleLater(i, task.position + k));
    return this.collateLater(task.batch, samples);
  }
  /** A sample, or the promise of one. @throws what the sample throws. */
  startSample(index: number, position: number): { readonly value: T } | { readonly promise: Promise<T> } {
    try {
      const body = (): T => sampleAt(this.recipe.dataset as MapStyle<T>, index);
      const sample = drawingAcross(this.streams.sample(position), body);
      if (!(sample instanceof Promise)) return { value: sample };
      return { promise: (sample as Promise<T>).catch((error: unknown) => at(index, error)) };
    } catch (error) {
      return at(index, error);
    }
  }
  private sampleLater(index: number, position: number): T | Promise<T> {
    const sample = this.startSample(index, position);
    return 'value' in sample ? sample.value : sample.promise;
  }
  /** What collate_fn makes of samples. */
  collate(batch: number, samples: T[]): B {
    const { collate_fn } = this.recipe;
    return collate_fn === null ? (samples as unknown as B) : drawingFrom(this.streams.batch(batch), () => collate_fn(samples));
  }
  async collateLater(batch: number, samples: T[]): Promise<B> {
    const { collate_fn } = this.recipe;
    if (collate_fn === null) return samples as unknown as B;
    if ((collate_fn as unknown) === default_collate) return this.collate(batch, samples);
    return drawingAcross(this.streams.batch(batch), () => collate_fn(samples)) as B;
  }
  /** Whether the dataset makes several samples at once. */
  get makesMany(): boolean {
    const dataset = this.recipe.dataset as MapStyle<T>;
    return samplesAt(dataset, []) !== null || (canBatch(dataset) && (this.recipe.collate_fn as unknown) === default_collate);
  }

  private wholeBatch(index: readonly number[]): B | null {
    const { dataset, collate_fn } = this.recipe;
    return (collate_fn as unknown) === default_collate && canBatch(dataset) ? (dataset._batch(index) as B | null) : null;
  }
  private sample(dataset: MapStyle<T>, index: number, position: number): T {
    try {
      return settled(drawingFrom(this.streams.sample(position), () => sampleAt(dataset, index)));
    } catch (error) {
      return at(index, error);
    }
  }
  private next(): B | typeof END {
    const { dataset, batch_size } = this.recipe;
    if (!(Symbol.iterator in dataset)) throw new TypeError('this dataset is asynchronous: iterate with for await');
    this.iterator ??= drawingFrom(this.streams.start(), () => (dataset as Iterable<T>)[Symbol.iterator]());
    const samples: T[] = [];
    while (!this.ended && samples.length < (batch_size ?? 1)) {
      const step = drawingFrom(this.streams.sample(this.samples), () => this.iterator!.next());
      if (step.done) this.ended = true;
      else samples.push(settled(step.value));
      this.samples++;
    }
    return this.isBatch(samples) ? this.collate(this.batches++, (batch_size === null ? samples[0] : samples) as T[]) : END;
  }
  private async nextLater(): Promise<B | typeof END> {
    const { dataset, batch_size } = this.recipe;
    this.later ??= drawingFrom(this.streams.start(), () => asyncIterator(dataset as Iterable<T> | AsyncIterable<T>));
    const samples: T[] = [];
    while (!this.ended && samples.length < (batch_size ?? 1)) {
      const step = await drawingAcross(this.streams.sample(this.samples), () => this.later!.next());
      if (step.done) this.ended = true;
      else samples.push(step.value);
      this.samples++;
    }
    return this.isBatch(samples) ? this.collateLater(this.batches++, (batch_size === null ? samples[0] : samples) as T[]) : END;
  }
  private isBatch(samples: T[]): boolean {
    return samples.length > 0 && !(this.recipe.drop_last && samples.length < (this.recipe.batch_size ?? 1));
  }
  /** Lets an iterable dataset close what it opened. */
  close(): void {
    this.iterator?.return?.();
    void this.later?.return?.()?.then(undefined, () => {});
    this.iterator = null;
    this.later = null;
    this.ended = true;
  }
}
function asyncIterator<T>(source: Iterable<T> | AsyncIterable<T>): AsyncIterator<T> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  const iterator = source[Symbol.iterator]();
  return {
    next: async () => {
      const step = iterator.next();
      return step.done ? step : { done: false, value: await step.value };
    },
    return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
  };
}
function settled<S>(sample: S): S {
  if (sample instanceof Promise) {
    sample.catch(() => {});
    throw new TypeError('the samples of this dataset are promises: iterate the loader with for await');
  }
  return sample;
}
