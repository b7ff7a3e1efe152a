// Samplers: in which order, and in which batches, the samples of a dataset are taken.
import { float64, int64 } from '../../core/dtype.ts';
import { ValueError } from '../../core/errors.ts';
import { Generator as RandomGenerator } from '../../core/generator.ts';
import { Tensor } from '../../core/tensor.ts';
import { bindArguments } from '../../nn/arguments.ts';
import { type Arguments, python } from '../../nn/simple.ts';
import { tensor } from '../../surface/construct.ts';
import * as torch from '../../surface/generated/torch.ts';

/** What a sampler needs to know of a dataset. */
export interface Sized {
  readonly length: number;
}
interface Drawn {
  generator: RandomGenerator | null;
}
/** The elements of a tensor of whole numbers. */
export const numbers = (t: Tensor): number[] => (t.tolist() as (number | bigint)[]).map(Number);
/** A seed, drawn as PyTorch draws it. */
export const drawSeed = (generator: RandomGenerator | null): bigint =>
  BigInt(torch.empty([], { dtype: int64 }).random_({ generator }).item<number | bigint>());

/** The places of samples in the order in which they are taken. */
export abstract class Sampler<T = number> implements Iterable<T> {
  abstract [Symbol.iterator](): Iterator<T>;
}
/** One after the other. */
export class SequentialSampler extends Sampler {
  static readonly __module__ = 'torch.utils.data.sampler';
  constructor(readonly data_source: Sized) {
    super();
  }
  *[Symbol.iterator](): Generator<number> {
    for (let i = 0; i < this.data_source.length; i++) yield i;
  }
  get length(): number {
    return this.data_source.length;
  }
}
interface RandomSettings extends Drawn {
  replacement: boolean;
  num_samples: number | null;
}
/** In random order; with `replacement` each draw is independent. */
export class RandomSampler extends Sampler {
  static readonly __module__ = 'torch.utils.data.sampler';
  readonly replacement: boolean;
  readonly generator: RandomGenerator | null;
  private readonly given: number | null;
  constructor(
    readonly data_source: Sized,
    ...args: Arguments<[replacement?: boolean, num_samples?: number | null, generator?: RandomGenerator | null], RandomSettings>
  ) {
    super();
    const s = bindArguments<RandomSettings>('RandomSampler', args, ['replacement', 'num_samples', 'generator'], {
      replacement: false,
      num_samples: null,
      generator: null,
    });
    this.replacement = s.replacement;
    this.given = s.num_samples;
    this.generator = s.generator;
    if (typeof s.replacement !== 'boolean')
      throw new TypeError(`replacement should be a boolean value, but got replacement=${s.replacement}`);
    if (!Number.isInteger(this.num_samples) || this.num_samples <= 0) {
      throw new ValueError(`num_samples should be a positive integer value, but got num_samples=${python(this.num_samples)}`);
    }
  }
  get num_samples(): number {
    return this.given ?? this.data_source.length;
  }
  get length(): number {
    return this.num_samples;
  }
  *[Symbol.iterator](): Generator<number> {
    const n = this.data_source.length;
    const count = this.num_samples;
    const generator = this.generator ?? new RandomGenerator().manual_seed(drawSeed(null));
    if (this.replacement) {
      const draw = (k: number): number[] => numbers(torch.randint(n, [k], { dtype: int64, generator }));
      for (let k = 0; k < Math.floor(count / 32); k++) yield* draw(32);
      yield* draw(count % 32);
      return;
    }
    const order = (): number[] => numbers(torch.randperm(n, { generator }));
    for (let k = 0; k < Math.floor(count / n); k++) yield* order();
    yield* order().slice(0, count % n);
  }
}
/** Given places in random order. */
export class SubsetRandomSampler extends Sampler {
  static readonly __module__ = 'torch.utils.data.sampler';
  constructor(
    readonly indices: readonly number[],
    options: RandomGenerator | Partial<Drawn> | null = null,
  ) {
    super();
    this.generator = options instanceof RandomGenerator ? options : (options?.generator ?? null);
  }
  readonly generator: RandomGenerator | null;
  *[Symbol.iterator](): Generator<number> {
    for (const i of numbers(torch.randperm(this.indices.length, { generator: this.generator }))) yield this.indices[i]!;
  }
  get length(): number {
    return this.indices.length;
  }
}
interface WeightedSettings extends Drawn {
  num_samples: number;
  replacement: boolean;
}
/** Places drawn with given weights. */
export class WeightedRandomSampler extends Sampler {
  static readonly __module__ = 'torch.utils.data.sampler';
  readonly weights: Tensor;
  readonly num_samples: number;
  readonly replacement: boolean;
  readonly generator: RandomGenerator | null;
  constructor(
    weights: Tensor | readonly number[],
    ...args: Arguments<[num_samples: number, replacement?: boolean, generator?: RandomGenerator | null], WeightedSettings>
  ) {
    super();
    const s = bindArguments<WeightedSettings>('WeightedRandomSampler', args, ['num_samples', 'replacement', 'generator'], {
      replacement: true,
      generator: null,
    });
    if (!Number.isInteger(s.num_samples) || s.num_samples <= 0) {
      throw new ValueError(`num_samples should be a positive integer value, but got num_samples=${python(s.num_samples)}`);
    }
    if (typeof s.replacement !== 'boolean')
      throw new ValueError(`replacement should be a boolean value, but got replacement=${s.replacement}`);
    this.weights = weights instanceof Tensor ? weights.to(float64) : tensor(weights, { dtype: float64 });
    if (this.weights.ndim !== 1)
      throw new ValueError(`weights should be a 1d sequence but given weights have shape ${python([...this.weights.shape])}`);
    this.num_samples = s.num_samples;
    this.replacement = s.replacement;
    this.generator = s.generator;
  }
  *[Symbol.iterator](): Generator<number> {
    yield* numbers(torch.multinomial(this.weights, this.num_samples, this.replacement, { generator: this.generator }));
  }
  get length(): number {
    return this.num_samples;
  }
}
interface BatchSettings {
  batch_size: number;
  drop_last: boolean;
}
/** The places of another sampler in lists of `batch_size`; the last, shorter one is dropped with `drop_last`. */
export class BatchSampler<T = number> extends Sampler<T[]> {
  static readonly __module__ = 'torch.utils.data.sampler';
  readonly batch_size: number;
  readonly drop_last: boolean;
  constructor(
    readonly sampler: Iterable<T>,
    ...args: Arguments<[batch_size: number, drop_last: boolean], BatchSettings>
  ) {
    super();
    const s = bindArguments<BatchSettings>('BatchSampler', args, ['batch_size', 'drop_last'], {});
    if (!Number.isInteger(s.batch_size) || s.batch_size <= 0) {
      throw new ValueError(`batch_size should be a positive integer value, but got batch_size=${python(s.batch_size)}`);
    }
    if (typeof s.drop_last !== 'boolean')
      throw new ValueError(`drop_last should be a boolean value, but got drop_last=${python(s.drop_last)}`);
    this.batch_size = s.batch_size;
    this.drop_last = s.drop_last;
  }
  *[Symbol.iterator](): Generator<T[]> {
    let batch: T[] = [];
    for (const i of this.sampler) {
      batch.push(i);
      if (batch.length < this.batch_size) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.drop_last) yield batch;
  }
  get length(): number {
    const n = (this.sampler as unknown as Sized).length / this.batch_size;
    return this.drop_last ? Math.floor(n) : Math.ceil(n);
  }
}
