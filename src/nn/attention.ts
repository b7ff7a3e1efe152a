// Attention of several heads; https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html.
import { AssertionError, ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { canonicalMask } from '../ops/attention.ts';
import * as torch from '../surface/generated/torch.ts';
import { bindArguments, bindCall } from './arguments.ts';
import * as F from './functional.ts';
import * as init from './init.ts';
import { type FactoryOptions, Linear } from './linear.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';
import type { Arguments } from './simple.ts';

/** The Linear of an output projection, which PyTorch names so. */
export class NonDynamicallyQuantizableLinear extends Linear {
  static override readonly __name__: string = 'NonDynamicallyQuantizableLinear';
}

export interface MultiheadAttentionOptions extends FactoryOptions {
  embed_dim: number;
  num_heads: number;
  dropout: number;
  bias: boolean;
  add_bias_kv: boolean;
  add_zero_attn: boolean;
  kdim: number | null;
  vdim: number | null;
  batch_first: boolean;
}
export interface AttentionInputs {
  query: Tensor;
  key: Tensor;
  value: Tensor;
  key_padding_mask: Tensor | null;
  need_weights: boolean;
  attn_mask: Tensor | null;
  average_attn_weights: boolean;
  is_causal: boolean;
}

/**
 * Concat(head₁, …)·Wᴼ with headᵢ = attention(Q·Wᵢ, K·Wᵢ, V·Wᵢ): query (L, N, E), key (S, N, kdim), value (S, N, vdim), with the batch first
 * if batch_first, or without batch. Gives the output, like the query, and the weights (N, L, S), null without need_weights.
 * In a mask of truth values true leaves out; a mask of floats is added to the scores.
 */
export class MultiheadAttention extends Module {
  static override readonly __name__: string = 'MultiheadAttention';
  static override readonly __constants__: readonly string[] = ['batch_first'];
  readonly embed_dim: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly _qkv_same_embed_dim: boolean;
  readonly num_heads: number;
  dropout: number;
  batch_first: boolean;
  readonly head_dim: number;
  in_proj_weight!: Parameter | null;
  q_proj_weight!: Parameter | null;
  k_proj_weight!: Parameter | null;
  v_proj_weight!: Parameter | null;
  in_proj_bias!: Parameter | null;
  out_proj: NonDynamicallyQuantizableLinear;
  bias_k: Parameter | null = null;
  bias_v: Parameter | null = null;
  readonly add_zero_attn: boolean;
  constructor(
    ...args: Arguments<
      [
        embed_dim: number,
        num_heads: number,
        dropout?: number,
        bias?: boolean,
        add_bias_kv?: boolean,
        add_zero_attn?: boolean,
        kdim?: number | null,
        vdim?: number | null,
        batch_first?: boolean,
      ],
      MultiheadAttentionOptions
    >
  ) {
    const a = bindArguments<MultiheadAttentionOptions>(
      'MultiheadAttention',
      args,
      ['embed_dim', 'num_heads', 'dropout', 'bias', 'add_bias_kv', 'add_zero_attn', 'kdim', 'vdim', 'batch_first', 'device', 'dtype'],
      {
        dropout: 0,
        bias: true,
        add_bias_kv: false,
        add_zero_attn: false,
        kdim: null,
        vdim: null,
        batch_first: false,
        device: null,
        dtype: null,
      },
    );
    const { embed_dim, num_heads } = a;
    if (embed_dim <= 0 || num_heads <= 0) {
      throw new ValueError(`embed_dim and num_heads must be greater than 0, got embed_dim=${embed_dim} and num_heads=${num_heads} instead`);
    }
    super();
    this.embed_dim = embed_dim;
    this.kdim = a.kdim ?? embed_dim;
    this.vdim = a.vdim ?? embed_dim;
    this._qkv_same_embed_dim = this.kdim === embed_dim && this.vdim === embed_dim;
    this.num_heads = num_heads;
    this.dropout = a.dropout;
    this.batch_first = a.batch_first;
    this.head_dim = Math.floor(embed_dim / num_heads);
    if (this.head_dim * num_heads !== embed_dim) throw new AssertionError('embed_dim must be divisible by num_heads');
    const factory = { device: a.device, dtype: a.dtype };
    const parameter = (...shape: number[]): Parameter => new Parameter(torch.empty(shape, factory));
    if (this._qkv_same_embed_dim) {
      this.in_proj_weight = parameter(3 * embed_dim, embed_dim);
      for (const name of ['q_proj_weight', 'k_proj_weight', 'v_proj_weight']) this.register_parameter(name, null);
    } else {
      this.q_proj_weight = parameter(embed_dim, embed_dim);
      this.k_proj_weight = parameter(embed_dim, this.kdim);
      this.v_proj_weight = parameter(embed_dim, this.vdim);
      this.register_parameter('in_proj_weight', null);
    }
    this.register_parameter('in_proj_bias', a.bias ? parameter(3 * embed_dim) : null);
    this.out_proj = new NonDynamicallyQuantizableLinear({ in_features: embed_dim, out_features: embed_dim, bias: a.bias, ...factory });
    if (a.add_bias_kv) {
      this.bias_k = parameter(1, 1, embed_dim);
      this.bias_v = parameter(1, 1, embed_dim);
    }
    this.add_zero_attn = a.add_zero_attn;
    this._reset_parameters();
  }
  _reset_parameters(): void {
    for (const w of [this.in_proj_weight, this.q_proj_weight, this.k_proj_weight, this.v_proj_weight]) if (w) init.xavier_uniform_(w);
    if (this.in_proj_bias) {
      init.constant_(this.in_proj_bias, 0);
      init.constant_(this.out_proj.bias!, 0);
    }
    for (const b of [this.bias_k, this.bias_v]) if (b) init.xavier_normal_(b);
  }
  forward(
    ...args: Arguments<
      [
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask?: Tensor | null,
        need_weights?: boolean,
        attn_mask?: Tensor | null,
        average_attn_weights?: boolean,
        is_causal?: boolean,
      ],
      AttentionInputs
    >
  ): [output: Tensor, weights: Tensor | null] {
    const a = bindCall<AttentionInputs>(
      'MultiheadAttention.forward',
      args,
      ['query', 'key', 'value', 'key_padding_mask', 'need_weights', 'attn_mask', 'average_attn_weights', 'is_causal'],
      { key_padding_mask: null, need_weights: true, attn_mask: null, average_attn_weights: true, is_causal: false },
      1,
    );
    const { dtype } = a.query;
    const key_padding_mask = canonicalMask(a.key_padding_mask, 'key_padding_mask', a.attn_mask, 'attn_mask', dtype);
    const attn_mask = canonicalMask(a.attn_mask, 'attn_mask', null, '', dtype);
    const swapped = this.batch_first && a.query.ndim === 3;
    // What is one tensor stays one: a single product projects it.
    const sequence = (t: Tensor): Tensor => (swapped ? t.transpose(1, 0) : t);
    const query = sequence(a.query);
    const key = a.key === a.query ? query : sequence(a.key);
    const value = a.value === a.key ? key : sequence(a.value);
    const [output, weights] = F.multi_head_attention_forward(
      query,
      key,
      value,
      this.embed_dim,
      this.num_heads,
      this.in_proj_weight,
      this.in_proj_bias,
      this.bias_k,
      this.bias_v,
      this.add_zero_attn,
      this.dropout,
      this.out_proj.weight,
      this.out_proj.bias,
      this.training,
      key_padding_mask,
      a.need_weights,
      attn_mask,
      !this._qkv_same_embed_dim,
      this.q_proj_weight,
      this.k_proj_weight,
      this.v_proj_weight,
      null,
      null,
      a.average_attn_weights,
      a.is_causal,
    ) as readonly [Tensor, Tensor | null];
    return [swapped ? output.transpose(1, 0) : output, weights];
  }
}
