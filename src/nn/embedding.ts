// Tables of vectors that indices select from.
import { no_grad } from '../autograd/modes.ts';
import { AssertionError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import * as torch from '../surface/generated/torch.ts';
import { bindArguments } from './arguments.ts';
import * as F from './functional.ts';
import * as init from './init.ts';
import type { FactoryOptions } from './linear.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';
import { type Arguments, python } from './simple.ts';

interface TableOptions extends FactoryOptions {
  num_embeddings: number;
  embedding_dim: number;
  padding_idx: number | null;
  max_norm: number | null;
  norm_type: number;
  scale_grad_by_freq: boolean;
  sparse: boolean;
  _weight: Tensor | null;
}
export interface EmbeddingOptions extends TableOptions {
  _freeze: boolean;
}
export interface EmbeddingBagOptions extends TableOptions {
  mode: 'sum' | 'mean' | 'max';
  include_last_offset: boolean;
}

abstract class Table extends Module {
  readonly num_embeddings: number;
  readonly embedding_dim: number;
  readonly padding_idx: number | null;
  readonly max_norm: number | null;
  readonly norm_type: number;
  readonly scale_grad_by_freq: boolean;
  readonly sparse: boolean;
  weight: Parameter;
  constructor(a: TableOptions, requires_grad: boolean) {
    super();
    this.num_embeddings = a.num_embeddings;
    this.embedding_dim = a.embedding_dim;
    if (a.padding_idx !== null && (a.padding_idx >= a.num_embeddings || a.padding_idx < -a.num_embeddings)) {
      throw new AssertionError('Padding_idx must be within num_embeddings');
    }
    this.padding_idx = a.padding_idx !== null && a.padding_idx < 0 ? a.padding_idx + a.num_embeddings : a.padding_idx;
    this.max_norm = a.max_norm;
    this.norm_type = a.norm_type;
    this.scale_grad_by_freq = a.scale_grad_by_freq;
    this.sparse = a.sparse;
    if (a._weight === null) {
      this.weight = new Parameter(torch.empty([a.num_embeddings, a.embedding_dim], { device: a.device, dtype: a.dtype }), requires_grad);
      this.reset_parameters();
    } else {
      const [rows, cols] = a._weight.layout.shape;
      if (a._weight.ndim !== 2 || rows !== a.num_embeddings || cols !== a.embedding_dim) {
        throw new AssertionError('Shape of weight does not match num_embeddings and embedding_dim');
      }
      this.weight = new Parameter(a._weight, requires_grad);
    }
  }
  /** N(0, 1), and zeros for the padding. */
  reset_parameters(): void {
    init.normal_(this.weight);
    const { padding_idx } = this;
    if (padding_idx !== null) no_grad(() => this.weight.select(0, padding_idx).fill_(0));
  }
}
const sizes = (embeddings: Tensor): { num_embeddings: number; embedding_dim: number; _weight: Tensor } => {
  if (embeddings.ndim !== 2) throw new AssertionError('Embeddings parameter is expected to be 2-dimensional');
  return { num_embeddings: embeddings.size(0), embedding_dim: embeddings.size(1), _weight: embeddings };
};

/** Rows of a table by index: (*) int64 → (*, embedding_dim). */
export class Embedding extends Table {
  static override readonly __name__: string = 'Embedding';
  constructor(
    ...args: Arguments<
      [
        num_embeddings: number,
        embedding_dim: number,
        padding_idx?: number | null,
        max_norm?: number | null,
        norm_type?: number,
        scale_grad_by_freq?: boolean,
        sparse?: boolean,
      ],
      EmbeddingOptions
    >
  ) {
    const a = bindArguments<EmbeddingOptions>(
      'Embedding',
      args,
      [
        'num_embeddings',
        'embedding_dim',
        'padding_idx',
        'max_norm',
        'norm_type',
        'scale_grad_by_freq',
        'sparse',
        '_weight',
        '_freeze',
        'device',
        'dtype',
      ],
      {
        padding_idx: null,
        max_norm: null,
        norm_type: 2,
        scale_grad_by_freq: false,
        sparse: false,
        _weight: null,
        _freeze: false,
        device: null,
        dtype: null,
      },
    );
    super(a, !a._freeze);
  }
  /** An embedding that starts from a table of its own, which is not trained unless `freeze` is false. */
  static from_pretrained(
    ...args: Arguments<
      [
        embeddings: Tensor,
        freeze?: boolean,
        padding_idx?: number | null,
        max_norm?: number | null,
        norm_type?: number,
        scale_grad_by_freq?: boolean,
        sparse?: boolean,
      ],
      { embeddings: Tensor; freeze: boolean } & Pick<
        EmbeddingOptions,
        'padding_idx' | 'max_norm' | 'norm_type' | 'scale_grad_by_freq' | 'sparse'
      >
    >
  ): Embedding {
    const { embeddings, freeze, ...rest } = bindArguments<{ embeddings: Tensor; freeze: boolean } & Partial<EmbeddingOptions>>(
      'Embedding.from_pretrained',
      args,
      ['embeddings', 'freeze', 'padding_idx', 'max_norm', 'norm_type', 'scale_grad_by_freq', 'sparse'],
      { freeze: true, padding_idx: null, max_norm: null, norm_type: 2, scale_grad_by_freq: false, sparse: false },
    );
    return new this({ ...rest, ...sizes(embeddings), _freeze: freeze });
  }
  forward(input: Tensor): Tensor {
    return F.embedding(input, this.weight, this.padding_idx, this.max_norm, this.norm_type, this.scale_grad_by_freq, this.sparse);
  }
  override extra_repr(): string {
    const parts = [`${this.num_embeddings}, ${this.embedding_dim}`];
    if (this.padding_idx !== null) parts.push(`padding_idx=${this.padding_idx}`);
    if (this.max_norm !== null) parts.push(`max_norm=${python(this.max_norm, true)}`);
    if (this.norm_type !== 2) parts.push(`norm_type=${python(this.norm_type, true)}`);
    if (this.scale_grad_by_freq) parts.push('scale_grad_by_freq=True');
    if (this.sparse) parts.push('sparse=True');
    return parts.join(', ');
  }
}

/** Sums, means or maxima of bags of a table's rows, without making the rows. */
export class EmbeddingBag extends Table {
  static override readonly __name__: string = 'EmbeddingBag';
  readonly mode: 'sum' | 'mean' | 'max';
  readonly include_last_offset: boolean;
  constructor(
    ...args: Arguments<
      [
        num_embeddings: number,
        embedding_dim: number,
        max_norm?: number | null,
        norm_type?: number,
        scale_grad_by_freq?: boolean,
        mode?: 'sum' | 'mean' | 'max',
        sparse?: boolean,
      ],
      EmbeddingBagOptions
    >
  ) {
    const a = bindArguments<EmbeddingBagOptions>(
      'EmbeddingBag',
      args,
      [
        'num_embeddings',
        'embedding_dim',
        'max_norm',
        'norm_type',
        'scale_grad_by_freq',
        'mode',
        'sparse',
        '_weight',
        'include_last_offset',
        'padding_idx',
        'device',
        'dtype',
      ],
      {
        max_norm: null,
        norm_type: 2,
        scale_grad_by_freq: false,
        mode: 'mean',
        sparse: false,
        _weight: null,
        include_last_offset: false,
        padding_idx: null,
        device: null,
        dtype: null,
      },
    );
    super(a, true);
    this.mode = a.mode;
    this.include_last_offset = a.include_last_offset;
  }
  /** A bag of embeddings that starts from a table of its own, which is not trained unless `freeze` is false. */
  static from_pretrained(embeddings: Tensor, freeze = true, options: Partial<EmbeddingBagOptions> = {}): EmbeddingBag {
    const bag = new this({ ...options, ...sizes(embeddings) });
    bag.weight.requires_grad = !freeze;
    return bag;
  }
  forward(input: Tensor, offsets: Tensor | null = null, per_sample_weights: Tensor | null = null): Tensor {
    return F.embedding_bag(
      input,
      this.weight,
      offsets,
      this.max_norm,
      this.norm_type,
      this.scale_grad_by_freq,
      this.mode,
      this.sparse,
      per_sample_weights,
      this.include_last_offset,
      this.padding_idx,
    );
  }
  override extra_repr(): string {
    const parts = [`${this.num_embeddings}, ${this.embedding_dim}`];
    if (this.max_norm !== null) parts.push(`max_norm=${python(this.max_norm, true)}`);
    if (this.norm_type !== 2) parts.push(`norm_type=${python(this.norm_type, true)}`);
    if (this.scale_grad_by_freq) parts.push('scale_grad_by_freq=True');
    parts.push(`mode='${this.mode}'`);
    if (this.padding_idx !== null) parts.push(`padding_idx=${this.padding_idx}`);
    return parts.join(', ');
  }
}
