// A linear layer and its cross entropy as one module, and how it may be cut into chunks.
import { bfloat16, type DType, float16, float32, float64 } from '../core/dtype.ts';
import { RuntimeError, ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { accumulation, type Chunking, type Extent } from '../ops/linear_cross_entropy.ts';
import { bindArguments } from './arguments.ts';
import * as F from './functional.ts';
import { type FactoryOptions, Linear } from './linear.ts';
import type { Reduction } from './loss.ts';
import { Module } from './module.ts';
import { type Arguments, python } from './simple.ts';

export interface ChunkSettings {
  /** Has no effect: gradients are recomputed in backward, so the graph may always be retained. */
  allow_retain_graph: boolean;
  /** Rows of the batch in a chunk. */
  batch_chunk_size: number | null;
  /** 'auto', 'aspect_ratio' or 'aspect_ratio:N' choose the rows from the sizes; null leaves them to batch_chunk_size. */
  chunking_method: string | null;
  /** How much is kept in acc_dtype. */
  acc_policy: 'auto' | 'accurate' | 'compact';
  /** The dtype of sums; null chooses float32 for float16 and bfloat16. */
  acc_dtype: DType | null;
}
const NAMES = ['allow_retain_graph', 'batch_chunk_size', 'chunking_method', 'acc_policy', 'acc_dtype'] as const;
const DEFAULTS: ChunkSettings = {
  allow_retain_graph: false,
  batch_chunk_size: null,
  chunking_method: 'auto',
  acc_policy: 'auto',
  acc_dtype: null,
};
const POLICIES = ['auto', 'accurate', 'compact'];
const powerAtLeast = (v: number): number => 2 ** Math.ceil(Math.log2(Math.max(v, 1)));
const powerAtMost = (v: number): number => 2 ** Math.floor(Math.log2(Math.max(v, 1)));

/**
 * How linear_cross_entropy cuts the batch, so that the logits of all examples are never in memory at once.
 * @throws ValueError for settings outside their range.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LinearCrossEntropyOptions.html
 */
export class LinearCrossEntropyOptions implements Chunking, Readonly<ChunkSettings> {
  readonly allow_retain_graph: boolean;
  readonly batch_chunk_size: number | null;
  readonly chunking_method: string | null;
  readonly acc_policy: ChunkSettings['acc_policy'];
  readonly acc_dtype: DType | null;
  constructor(
    ...args: Arguments<
      [
        allow_retain_graph?: boolean,
        batch_chunk_size?: number | null,
        chunking_method?: string | null,
        acc_policy?: ChunkSettings['acc_policy'],
        acc_dtype?: DType | null,
      ],
      ChunkSettings
    >
  ) {
    const a = bindArguments<ChunkSettings>('LinearCrossEntropyOptions', args, NAMES, DEFAULTS);
    this.allow_retain_graph = a.allow_retain_graph;
    this.batch_chunk_size = a.batch_chunk_size;
    this.chunking_method = a.chunking_method;
    this.acc_policy = a.acc_policy;
    this.acc_dtype = a.acc_dtype;
    if (!POLICIES.includes(a.acc_policy))
      throw new ValueError(`invalid acc_policy: ${python(a.acc_policy)}; expected one of 'auto', 'accurate', 'compact'`);
    if (a.chunking_method !== null && a.chunking_method !== 'auto' && !/^aspect_ratio(:0*[1-9]\d*)?$/.test(a.chunking_method)) {
      throw new ValueError(`invalid chunking_method: ${python(a.chunking_method)}`);
    }
    if (a.batch_chunk_size !== null && !(Number.isInteger(a.batch_chunk_size) && a.batch_chunk_size > 0)) {
      throw new ValueError(`batch_chunk_size must be positive int or None, got ${python(a.batch_chunk_size)}`);
    }
    if (a.acc_dtype !== null && ![float16, bfloat16, float32, float64].includes(a.acc_dtype)) {
      throw new ValueError(
        `acc_dtype must be one of {None, torch.float16, torch.bfloat16, torch.float32, torch.float64}, got ${a.acc_dtype}. Pass acc_dtype=None to let the op pick automatically.`,
      );
    }
  }
  /** The rows of a chunk and the dtype it computes in, for one call. */
  chunkOf(extent: Extent): { readonly rows: number; readonly dtype: DType } {
    const dtype = this.acc_dtype ?? (this.acc_policy === 'auto' ? accumulation(extent.dtype) : extent.dtype);
    return { rows: Math.max(1, this.rows(extent)), dtype };
  }
  private rows({ batch, features, classes, dtype, probabilities }: Extent): number {
    const { batch_chunk_size: wanted, chunking_method: method } = this;
    if (method === null || (method === 'auto' && wanted !== null)) return Math.min(wanted ?? batch, batch);
    const factor = Number(method.split(':')[1] ?? 1);
    let rows = Math.min(Math.floor(powerAtLeast(Math.ceil(batch / Math.ceil(classes / features))) / factor), batch);
    const compact = this.acc_policy === 'compact' || (this.acc_policy === 'auto' && dtype !== float16 && dtype !== bfloat16);
    // As many rows as take no more memory than all logits at once would.
    if (method === 'auto' && compact)
      rows = Math.max(
        1,
        Math.min(rows, powerAtMost(probabilities ? Math.floor(batch / 2) : Math.floor((batch * classes) / (4 * features)))),
      );
    if (wanted !== null && wanted !== rows) {
      throw new ValueError(
        `batch_chunk_size (=${wanted}) and chunking_method ('${method}') give different chunk sizes (${wanted} vs ${rows}); pass only one.`,
      );
    }
    return rows;
  }
  toString(): string {
    return `LinearCrossEntropyOptions(${NAMES.map((name) => `${name}=${python(this[name])}`).join(', ')})`;
  }
}

export interface LinearCrossEntropySettings extends FactoryOptions {
  in_features: number;
  num_classes: number;
  /** The dimensions of a loss at many places. */
  out_features: readonly number[];
  bias: boolean;
  reduction: Reduction;
  /** A weight for each class. */
  weight: Tensor | null;
  ignore_index: number | null;
  label_smoothing: number;
  options: LinearCrossEntropyOptions | null;
}
const LOSS_NAMES = [
  'in_features',
  'num_classes',
  'out_features',
  'bias',
  'device',
  'dtype',
  'reduction',
  'weight',
  'ignore_index',
  'label_smoothing',
  'options',
] as const;

/**
 * A linear layer from in_features to num_classes and the cross entropy of its outputs: input (N, in_features), target (N) class indices
 * or (N, num_classes) probabilities, with out_features (d₁, …) also (N, d₁, …) or (N, num_classes, d₁, …).
 * @throws RuntimeError for a weight of another shape, or label_smoothing outside [0, 1].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LinearCrossEntropyLoss.html
 */
export class LinearCrossEntropyLoss extends Module {
  static override readonly __name__: string = 'LinearCrossEntropyLoss';
  num_classes: number;
  out_features: readonly number[];
  reduction: Reduction;
  declare weight: Tensor | null;
  ignore_index: number | null;
  label_smoothing: number;
  linear: Linear;
  options: LinearCrossEntropyOptions | null;
  constructor(in_features: number, num_classes: number, options?: Partial<Omit<LinearCrossEntropySettings, 'in_features' | 'num_classes'>>);
  constructor(options: Partial<LinearCrossEntropySettings>);
  constructor(...args: unknown[]) {
    super();
    const a = bindArguments<Required<LinearCrossEntropySettings>>('LinearCrossEntropyLoss', args, LOSS_NAMES, {
      out_features: [],
      bias: false,
      device: null,
      dtype: null,
      reduction: 'mean',
      weight: null,
      ignore_index: null,
      label_smoothing: 0,
      options: null,
    });
    if (a.weight && (a.weight.ndim !== 1 || a.weight.layout.shape[0] !== a.num_classes)) {
      throw new RuntimeError(`expected weight shape to be (${a.num_classes},), got ${python([...a.weight.layout.shape])}`);
    }
    if (a.label_smoothing < 0 || a.label_smoothing > 1)
      throw new RuntimeError(`expected label_smoothing to be in range [0, 1], got ${python(a.label_smoothing)}`);
    this.register_buffer('weight', a.weight);
    this.reduction = a.reduction;
    this.num_classes = a.num_classes;
    this.out_features = a.out_features;
    this.ignore_index = a.ignore_index;
    this.label_smoothing = a.label_smoothing;
    const outputs = a.out_features.reduce((n, s) => n * s, a.num_classes);
    this.linear = new Linear(a.in_features, outputs, a.bias, { device: a.device, dtype: a.dtype });
    this.options = a.options;
  }
  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, reduction, ignore_index, label_smoothing, options } = this;
    const outs = [this.num_classes, ...this.out_features];
    const linear_bias = this.linear.bias?.reshape(outs) ?? null;
    return F.linear_cross_entropy(input, this.linear.weight.reshape([...outs, this.linear.in_features]), target, {
      linear_bias,
      weight,
      reduction,
      ignore_index,
      label_smoothing,
      options,
    });
  }
  override extra_repr(): string {
    const { linear, num_classes, reduction } = this;
    const rest = `ignore_index=${python(this.ignore_index)}, label_smoothing=${python(this.label_smoothing, true)}, options=${this.options ?? 'None'}`;
    return `in_features=${linear.in_features}, num_classes=${num_classes}, out_features=${python([...this.out_features])}, bias=${python(linear.bias !== null)}, reduction=${reduction}, ${rest}`;
  }
}
