// Transformers (Vaswani et al. 2017); https://pytorch.org/docs/stable/nn.html#transformer-layers.
import type { DType } from '../core/dtype.ts';
import type { Device } from '../core/device.ts';
import { RuntimeError } from '../core/errors.ts';
import { sameShape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { is_grad_enabled } from '../autograd/modes.ts';
import { state } from '../dispatch/state.ts';
import { canonicalMask } from '../ops/attention.ts';
import * as torch from '../surface/generated/torch.ts';
import { GELU, ReLU } from './activation.ts';
import { bindArguments, bindCall } from './arguments.ts';
import { MultiheadAttention } from './attention.ts';
import { ModuleList } from './container.ts';
import { Dropout } from './dropout.ts';
import * as F from './functional.ts';
import * as init from './init.ts';
import { type FactoryOptions, Linear } from './linear.ts';
import { Module } from './module.ts';
import { LayerNorm } from './normalization.ts';
import type { Arguments } from './simple.ts';
import { deepcopy } from './utils/deepcopy.ts';

type Mask = Tensor | null;
type Elementwise = (x: Tensor) => Tensor;
/** By name, or any function or module of a tensor. */
export type Activation = 'relu' | 'gelu' | Elementwise | Module;
function activationOf(a: Activation): Elementwise {
  if (a === 'relu') return F.relu as Elementwise;
  if (a === 'gelu') return F.gelu as Elementwise;
  if (typeof a === 'string') throw new RuntimeError(`activation should be relu/gelu, not ${a}`);
  return a as unknown as Elementwise;
}
interface SquareOptions {
  sz: number;
  device: Device | string | null;
  dtype: DType | null;
}
/** −∞ above the diagonal, 0 elsewhere. */
const squareMask = (sz: number, dtype: DType | null, device: Device | string | null): Tensor =>
  torch.triu(torch.full([sz, sz], Number.NEGATIVE_INFINITY, { dtype, device }), 1);
/** Whether attention is causal: as told, or if nothing is told, whether the mask is a causal one. */
function isCausal(mask: Mask, told: boolean | null, x: Tensor, batch_first: boolean): boolean {
  if (told !== null || !mask) return told === true;
  const causal = squareMask(x.size(x.ndim === 2 ? 0 : batch_first ? 1 : 0), mask.dtype, mask.device);
  return sameShape(causal.shape, mask.shape) && Boolean(mask.eq(causal).all().item());
}

export interface TransformerLayerOptions extends FactoryOptions {
  d_model: number;
  nhead: number;
  dim_feedforward: number;
  dropout: number;
  activation: Activation;
  layer_norm_eps: number;
  batch_first: boolean;
  norm_first: boolean;
  bias: boolean;
}
type LayerArguments = Arguments<
  [
    d_model: number,
    nhead: number,
    dim_feedforward?: number,
    dropout?: number,
    activation?: Activation,
    layer_norm_eps?: number,
    batch_first?: boolean,
    norm_first?: boolean,
    bias?: boolean,
  ],
  TransformerLayerOptions
>;
const LAYER = [
  'd_model',
  'nhead',
  'dim_feedforward',
  'dropout',
  'activation',
  'layer_norm_eps',
  'batch_first',
  'norm_first',
  'bias',
  'device',
  'dtype',
] as const;
const LAYER_DEFAULTS = {
  dim_feedforward: 2048,
  dropout: 0.1,
  activation: 'relu',
  layer_norm_eps: 1e-5,
  batch_first: false,
  norm_first: false,
  bias: true,
  device: null,
  dtype: null,
} as const;
const layerOptions = (name: string, args: readonly unknown[]): TransformerLayerOptions =>
  bindArguments<TransformerLayerOptions>(name, args, LAYER, LAYER_DEFAULTS);
/** What the parts of a layer are made with. */
function partsOf(a: TransformerLayerOptions): {
  attention: () => MultiheadAttention;
  linear: (in_features: number, out_features: number) => Linear;
  norm: () => LayerNorm;
} {
  const { d_model, bias, device, dtype } = a;
  return {
    attention: () =>
      new MultiheadAttention({
        embed_dim: d_model,
        num_heads: a.nhead,
        dropout: a.dropout,
        bias,
        batch_first: a.batch_first,
        device,
        dtype,
      }),
    linear: (in_features, out_features) => new Linear({ in_features, out_features, bias, device, dtype }),
    norm: () => new LayerNorm({ normalized_shape: d_model, eps: a.layer_norm_eps, bias, device, dtype }),
  };
}
type Attended = { attn_mask: Mask; key_padding_mask: Mask; is_causal: boolean };
const attend = (m: MultiheadAttention, x: Tensor, memory: Tensor, options: Attended): Tensor =>
  m(x, memory, memory, { ...options, need_weights: false })[0];

interface EncoderLayerInputs {
  src: Tensor;
  src_mask: Mask;
  src_key_padding_mask: Mask;
  is_causal: boolean;
}
/** Self-attention and two linear layers, each with dropout, a residual connection and a LayerNorm, which norm_first puts before them. */
export class TransformerEncoderLayer extends Module {
  static override readonly __name__: string = 'TransformerEncoderLayer';
  static override readonly __constants__: readonly string[] = ['norm_first'];
  self_attn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  norm_first: boolean;
  norm1: LayerNorm;
  norm2: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  /** 1: relu, 2: gelu, 0: another. */
  readonly activation_relu_or_gelu: 0 | 1 | 2;
  activation: Elementwise;
  constructor(...args: LayerArguments) {
    super();
    const a = layerOptions('TransformerEncoderLayer', args);
    const parts = partsOf(a);
    this.self_attn = parts.attention();
    this.linear1 = parts.linear(a.d_model, a.dim_feedforward);
    this.dropout = new Dropout(a.dropout);
    this.linear2 = parts.linear(a.dim_feedforward, a.d_model);
    this.norm_first = a.norm_first;
    this.norm1 = parts.norm();
    this.norm2 = parts.norm();
    this.dropout1 = new Dropout(a.dropout);
    this.dropout2 = new Dropout(a.dropout);
    this.activation = activationOf(a.activation);
    const f: unknown = this.activation;
    this.activation_relu_or_gelu = f === F.relu || f instanceof ReLU ? 1 : f === F.gelu || f instanceof GELU ? 2 : 0;
  }
  forward(
    ...args: Arguments<[src: Tensor, src_mask?: Mask, src_key_padding_mask?: Mask, is_causal?: boolean], EncoderLayerInputs>
  ): Tensor {
    const a = bindCall<EncoderLayerInputs>(
      'TransformerEncoderLayer.forward',
      args,
      ['src', 'src_mask', 'src_key_padding_mask', 'is_causal'],
      { src_mask: null, src_key_padding_mask: null, is_causal: false },
      1,
    );
    const { dtype } = a.src;
    const options = {
      key_padding_mask: canonicalMask(a.src_key_padding_mask, 'src_key_padding_mask', a.src_mask, 'src_mask', dtype),
      attn_mask: canonicalMask(a.src_mask, 'src_mask', null, '', dtype),
      is_causal: a.is_causal,
    };
    const attention = (x: Tensor): Tensor => this.dropout1(attend(this.self_attn, x, x, options));
    let x = a.src;
    if (this.norm_first) {
      x = x.add(attention(this.norm1(x)));
      return x.add(this._ff_block(this.norm2(x)));
    }
    x = this.norm1(x.add(attention(x)));
    return this.norm2(x.add(this._ff_block(x)));
  }
  _ff_block(x: Tensor): Tensor {
    return this.dropout2(this.linear2(this.dropout(this.activation(this.linear1(x)))));
  }
}

interface DecoderLayerInputs {
  tgt: Tensor;
  memory: Tensor;
  tgt_mask: Mask;
  memory_mask: Mask;
  tgt_key_padding_mask: Mask;
  memory_key_padding_mask: Mask;
  tgt_is_causal: boolean;
  memory_is_causal: boolean;
}
type DecoderArguments<Told> = Arguments<
  [
    tgt: Tensor,
    memory: Tensor,
    tgt_mask?: Mask,
    memory_mask?: Mask,
    tgt_key_padding_mask?: Mask,
    memory_key_padding_mask?: Mask,
    tgt_is_causal?: Told,
    memory_is_causal?: boolean,
  ],
  Omit<DecoderLayerInputs, 'tgt_is_causal'> & { tgt_is_causal: Told }
>;
const DECODER = [
  'tgt',
  'memory',
  'tgt_mask',
  'memory_mask',
  'tgt_key_padding_mask',
  'memory_key_padding_mask',
  'tgt_is_causal',
  'memory_is_causal',
] as const;
const DECODER_DEFAULTS = {
  tgt_mask: null,
  memory_mask: null,
  tgt_key_padding_mask: null,
  memory_key_padding_mask: null,
  tgt_is_causal: false,
  memory_is_causal: false,
};

/** An encoder layer with attention to the encoder's output after the self-attention. */
export class TransformerDecoderLayer extends Module {
  static override readonly __name__: string = 'TransformerDecoderLayer';
  static override readonly __constants__: readonly string[] = ['norm_first'];
  self_attn: MultiheadAttention;
  multihead_attn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  norm_first: boolean;
  norm1: LayerNorm;
  norm2: LayerNorm;
  norm3: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  dropout3: Dropout;
  activation: Elementwise;
  constructor(...args: LayerArguments) {
    super();
    const a = layerOptions('TransformerDecoderLayer', args);
    const parts = partsOf(a);
    this.self_attn = parts.attention();
    this.multihead_attn = parts.attention();
    this.linear1 = parts.linear(a.d_model, a.dim_feedforward);
    this.dropout = new Dropout(a.dropout);
    this.linear2 = parts.linear(a.dim_feedforward, a.d_model);
    this.norm_first = a.norm_first;
    this.norm1 = parts.norm();
    this.norm2 = parts.norm();
    this.norm3 = parts.norm();
    this.dropout1 = new Dropout(a.dropout);
    this.dropout2 = new Dropout(a.dropout);
    this.dropout3 = new Dropout(a.dropout);
    this.activation = activationOf(a.activation);
  }
  forward(...args: DecoderArguments<boolean>): Tensor {
    const a = bindCall<DecoderLayerInputs>('TransformerDecoderLayer.forward', args, DECODER, DECODER_DEFAULTS, 1);
    const self = { attn_mask: a.tgt_mask, key_padding_mask: a.tgt_key_padding_mask, is_causal: a.tgt_is_causal };
    const cross = { attn_mask: a.memory_mask, key_padding_mask: a.memory_key_padding_mask, is_causal: a.memory_is_causal };
    const attention = (x: Tensor): Tensor => this.dropout1(attend(this.self_attn, x, x, self));
    const toMemory = (x: Tensor): Tensor => this.dropout2(attend(this.multihead_attn, x, a.memory, cross));
    let x = a.tgt;
    if (this.norm_first) {
      x = x.add(attention(this.norm1(x)));
      x = x.add(toMemory(this.norm2(x)));
      return x.add(this._ff_block(this.norm3(x)));
    }
    x = this.norm1(x.add(attention(x)));
    x = this.norm2(x.add(toMemory(x)));
    return this.norm3(x.add(this._ff_block(x)));
  }
  _ff_block(x: Tensor): Tensor {
    return this.dropout3(this.linear2(this.dropout(this.activation(this.linear1(x)))));
  }
}

const copies = <L extends Module>(layer: L, n: number): ModuleList<L> =>
  new ModuleList<L>(Array.from({ length: n }, () => deepcopy(layer)));
const firstAttention = (layers: ModuleList<TransformerEncoderLayer> | ModuleList<TransformerDecoderLayer>): MultiheadAttention =>
  layers.at(0).self_attn;

interface EncoderOptions {
  encoder_layer: Module;
  num_layers: number;
  norm: Module | null;
  enable_nested_tensor: boolean;
  mask_check: boolean;
}
interface EncoderInputs {
  src: Tensor;
  mask: Mask;
  src_key_padding_mask: Mask;
  is_causal: boolean | null;
}
/** Why an encoder of this layer never skips padding; empty if it may. */
function whyPadded(layer: Module): string {
  if (!(layer instanceof TransformerEncoderLayer)) return 'encoder_layer was not TransformerEncoderLayer';
  const { self_attn } = layer;
  if (layer.norm_first) return 'encoder_layer.norm_first was True';
  if (!self_attn.batch_first) return 'encoder_layer.self_attn.batch_first was not True(use batch_first for better inference performance)';
  if (!self_attn._qkv_same_embed_dim) return 'encoder_layer.self_attn._qkv_same_embed_dim was not True';
  if (self_attn.in_proj_bias === null) return 'encoder_layer.self_attn was passed bias=False';
  if (!layer.activation_relu_or_gelu) return 'encoder_layer.activation_relu_or_gelu was not True';
  if (layer.norm1.eps !== layer.norm2.eps) return 'encoder_layer.norm1.eps was not equal to encoder_layer.norm2.eps';
  return self_attn.num_heads % 2 === 1 ? 'encoder_layer.self_attn.num_heads is odd' : '';
}
const warned = new Set<string>();
function warnOnce(text: string): void {
  if (!warned.has(text)) console.warn(text);
  warned.add(text);
}
/** Whether the padding of every row comes last. */
const paddedLast = (padding: Tensor): boolean => Boolean(padding.cummax(1)[0].eq(padding).all().item());

/**
 * Copies of one encoder layer after each other, and a last norm.
 * As in PyTorch, an encoder that skips padding (use_nested_tensor, in eval mode, without gradients) gives zeros there.
 */
export class TransformerEncoder extends Module {
  static override readonly __name__: string = 'TransformerEncoder';
  static override readonly __constants__: readonly string[] = ['norm'];
  layers: ModuleList<TransformerEncoderLayer>;
  readonly num_layers: number;
  norm: Module | null;
  readonly enable_nested_tensor: boolean;
  use_nested_tensor: boolean;
  mask_check: boolean;
  constructor(
    ...args: Arguments<
      [encoder_layer: Module, num_layers: number, norm?: Module | null, enable_nested_tensor?: boolean, mask_check?: boolean],
      EncoderOptions
    >
  ) {
    super();
    const a = bindArguments<EncoderOptions>(
      'TransformerEncoder',
      args,
      ['encoder_layer', 'num_layers', 'norm', 'enable_nested_tensor', 'mask_check'],
      {
        norm: null,
        enable_nested_tensor: true,
        mask_check: true,
      },
    );
    this.layers = copies(a.encoder_layer as TransformerEncoderLayer, a.num_layers);
    this.num_layers = a.num_layers;
    this.norm = a.norm;
    this.enable_nested_tensor = a.enable_nested_tensor;
    this.mask_check = a.mask_check;
    const why = whyPadded(a.encoder_layer);
    if (a.enable_nested_tensor && why) warnOnce(`enable_nested_tensor is True, but self.use_nested_tensor is False because ${why}`);
    this.use_nested_tensor = a.enable_nested_tensor && why === '';
  }
  forward(...args: Arguments<[src: Tensor, mask?: Mask, src_key_padding_mask?: Mask, is_causal?: boolean | null], EncoderInputs>): Tensor {
    const a = bindCall<EncoderInputs>(
      'TransformerEncoder.forward',
      args,
      ['src', 'mask', 'src_key_padding_mask', 'is_causal'],
      { mask: null, src_key_padding_mask: null, is_causal: null },
      1,
    );
    const { src } = a;
    const padding = canonicalMask(a.src_key_padding_mask, 'src_key_padding_mask', a.mask, 'mask', src.dtype);
    const src_mask = canonicalMask(a.mask, 'mask', null, '', src.dtype);
    const skipped = padding && this.skips(src, src_mask, padding) ? padding.ne(0) : null;
    const is_causal = isCausal(src_mask, a.is_causal, src, firstAttention(this.layers).batch_first);
    let x = src;
    for (const layer of this.layers) x = layer(x, { src_mask, is_causal, src_key_padding_mask: skipped ?? padding });
    if (skipped) x = x.masked_fill(skipped.unsqueeze(-1), 0);
    return this.norm ? (this.norm as unknown as Elementwise)(x) : x;
  }
  private skips(src: Tensor, mask: Mask, padding: Tensor): boolean {
    const layer = this.layers.at(0);
    if (!this.use_nested_tensor || layer.training || src.ndim !== 3 || mask || state.autocast !== null) return false;
    if (is_grad_enabled() && (src.requires_grad || [...layer.parameters()].some((p) => p.requires_grad))) return false;
    return !this.mask_check || paddedLast(padding.ne(0));
  }
}

interface DecoderOptions {
  decoder_layer: Module;
  num_layers: number;
  norm: Module | null;
}
/** Copies of one decoder layer after each other, and a last norm. */
export class TransformerDecoder extends Module {
  static override readonly __name__: string = 'TransformerDecoder';
  static override readonly __constants__: readonly string[] = ['norm'];
  layers: ModuleList<TransformerDecoderLayer>;
  readonly num_layers: number;
  norm: Module | null;
  constructor(...args: Arguments<[decoder_layer: Module, num_layers: number, norm?: Module | null], DecoderOptions>) {
    super();
    const a = bindArguments<DecoderOptions>('TransformerDecoder', args, ['decoder_layer', 'num_layers', 'norm'], { norm: null });
    this.layers = copies(a.decoder_layer as TransformerDecoderLayer, a.num_layers);
    this.num_layers = a.num_layers;
    this.norm = a.norm;
  }
  forward(...args: DecoderArguments<boolean | null>): Tensor {
    type Inputs = Omit<DecoderLayerInputs, 'tgt_is_causal'> & { tgt_is_causal: boolean | null };
    const { tgt, memory, ...options } = bindCall<Inputs>(
      'TransformerDecoder.forward',
      args,
      DECODER,
      { ...DECODER_DEFAULTS, tgt_is_causal: null },
      1,
    );
    const tgt_is_causal = isCausal(options.tgt_mask, options.tgt_is_causal, tgt, firstAttention(this.layers).batch_first);
    let x = tgt;
    for (const layer of this.layers) x = layer(x, memory, { ...options, tgt_is_causal });
    return this.norm ? (this.norm as unknown as Elementwise)(x) : x;
  }
}

export interface TransformerOptions extends TransformerLayerOptions {
  num_encoder_layers: number;
  num_decoder_layers: number;
  custom_encoder: Module | null;
  custom_decoder: Module | null;
}
interface TransformerInputs {
  src: Tensor;
  tgt: Tensor;
  src_mask: Mask;
  tgt_mask: Mask;
  memory_mask: Mask;
  src_key_padding_mask: Mask;
  tgt_key_padding_mask: Mask;
  memory_key_padding_mask: Mask;
  src_is_causal: boolean | null;
  tgt_is_causal: boolean | null;
  memory_is_causal: boolean;
}
/** An encoder of src (S, N, E) and a decoder of tgt (T, N, E) that attends to it; the batch comes first with batch_first. */
export class Transformer extends Module {
  static override readonly __name__: string = 'Transformer';
  encoder: Module;
  decoder: Module;
  readonly d_model: number;
  readonly nhead: number;
  readonly batch_first: boolean;
  constructor(
    ...args: Arguments<
      [
        d_model?: number,
        nhead?: number,
        num_encoder_layers?: number,
        num_decoder_layers?: number,
        dim_feedforward?: number,
        dropout?: number,
        activation?: Activation,
        custom_encoder?: Module | null,
        custom_decoder?: Module | null,
        layer_norm_eps?: number,
        batch_first?: boolean,
        norm_first?: boolean,
        bias?: boolean,
      ],
      TransformerOptions
    >
  ) {
    super();
    const [d_model, nhead, feedforward, dropout, activation, ...rest] = LAYER;
    const a = bindArguments<TransformerOptions>(
      'Transformer',
      args,
      [
        d_model,
        nhead,
        'num_encoder_layers',
        'num_decoder_layers',
        feedforward,
        dropout,
        activation,
        'custom_encoder',
        'custom_decoder',
        ...rest,
      ],
      {
        ...LAYER_DEFAULTS,
        d_model: 512,
        nhead: 8,
        num_encoder_layers: 6,
        num_decoder_layers: 6,
        custom_encoder: null,
        custom_decoder: null,
      },
    );
    const layer: TransformerLayerOptions = Object.fromEntries(LAYER.map((name) => [name, a[name]])) as unknown as TransformerLayerOptions;
    const { norm } = partsOf(a);
    this.encoder = a.custom_encoder ?? new TransformerEncoder(new TransformerEncoderLayer(layer), a.num_encoder_layers, norm());
    this.decoder = a.custom_decoder ?? new TransformerDecoder(new TransformerDecoderLayer(layer), a.num_decoder_layers, norm());
    this._reset_parameters();
    this.d_model = a.d_model;
    this.nhead = a.nhead;
    this.batch_first = a.batch_first;
  }
  forward(
    ...args: Arguments<
      [
        src: Tensor,
        tgt: Tensor,
        src_mask?: Mask,
        tgt_mask?: Mask,
        memory_mask?: Mask,
        src_key_padding_mask?: Mask,
        tgt_key_padding_mask?: Mask,
        memory_key_padding_mask?: Mask,
        src_is_causal?: boolean | null,
        tgt_is_causal?: boolean | null,
        memory_is_causal?: boolean,
      ],
      TransformerInputs
    >
  ): Tensor {
    const { src, tgt, src_mask, src_key_padding_mask, src_is_causal, ...rest } = bindCall<TransformerInputs>(
      'Transformer.forward',
      args,
      [
        'src',
        'tgt',
        'src_mask',
        'tgt_mask',
        'memory_mask',
        'src_key_padding_mask',
        'tgt_key_padding_mask',
        'memory_key_padding_mask',
        'src_is_causal',
        'tgt_is_causal',
        'memory_is_causal',
      ],
      { ...DECODER_DEFAULTS, src_mask: null, src_key_padding_mask: null, src_is_causal: null, tgt_is_causal: null },
      1,
    );
    const batch = this.batch_first ? 0 : 1;
    if (src.ndim === 3 && src.size(batch) !== tgt.size(batch)) throw new RuntimeError('the batch number of src and tgt must be equal');
    if (src.size(-1) !== this.d_model || tgt.size(-1) !== this.d_model)
      throw new RuntimeError('the feature number of src and tgt must be equal to d_model');
    const memory = (this.encoder as TransformerEncoder)(src, { mask: src_mask, src_key_padding_mask, is_causal: src_is_causal });
    return (this.decoder as TransformerDecoder)(tgt, memory, rest);
  }
  /** A mask of −∞ above the diagonal: each position attends to itself and those before it. */
  static generate_square_subsequent_mask(
    ...args: Arguments<[sz: number, device?: Device | string | null, dtype?: DType | null], SquareOptions>
  ): Tensor {
    const { sz, dtype, device } = bindCall<SquareOptions>('Transformer.generate_square_subsequent_mask', args, ['sz', 'device', 'dtype'], {
      device: null,
      dtype: null,
    });
    return squareMask(sz, dtype, device);
  }
  _reset_parameters(): void {
    for (const p of this.parameters()) if (p.ndim > 1) init.xavier_uniform_(p);
  }
}
