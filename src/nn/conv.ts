// Convolutions and transposed convolutions in one to three dimensions, and those that learn their channels from the first input.
import { RuntimeError, ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import * as torch from '../surface/generated/torch.ts';
import { bindArguments, bindCall } from './arguments.ts';
import * as F from './functional.ts';
import * as init from './init.ts';
import type { FactoryOptions } from './linear.ts';
import { pythonBool } from './linear.ts';
import { type Constructor, type LazyModule, LazyModuleMixin } from './lazy.ts';
import { className, Module } from './module.ts';
import { Parameter, UninitializedParameter } from './parameter.ts';
import { type Arguments, python } from './simple.ts';

/** One number for all dimensions, or one each. */
export type PerDimension = number | readonly number[];
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';
export interface ConvOptions extends FactoryOptions {
  in_channels: number;
  out_channels: number;
  kernel_size: PerDimension;
  stride?: PerDimension;
  padding?: PerDimension | 'same' | 'valid';
  dilation?: PerDimension;
  groups?: number;
  bias?: boolean;
  padding_mode?: PaddingMode;
}
const NAMES = [
  'in_channels',
  'out_channels',
  'kernel_size',
  'stride',
  'padding',
  'dilation',
  'groups',
  'bias',
  'padding_mode',
  'device',
  'dtype',
] as const;
const DEFAULTS = { stride: 1, padding: 0, dilation: 1, groups: 1, bias: true, padding_mode: 'zeros', device: null, dtype: null } as const;
export const perDimension = (v: PerDimension, n: number): number[] => (typeof v === 'number' ? new Array<number>(n).fill(v) : [...v]);
export const tuple = (v: readonly number[]): string => `(${v.join(', ')}${v.length === 1 ? ',' : ''})`;

export type ConvArguments =
  | [options: ConvOptions]
  | [
      in_channels: number,
      out_channels: number,
      kernel_size: PerDimension,
      options?: Omit<ConvOptions, 'in_channels' | 'out_channels' | 'kernel_size'>,
    ]
  | [in_channels: number, out_channels: number, options: Omit<ConvOptions, 'in_channels' | 'out_channels'>]
  | [
      in_channels: number,
      out_channels: number,
      kernel_size: PerDimension,
      stride?: PerDimension,
      padding?: PerDimension | 'same' | 'valid',
      dilation?: PerDimension,
      groups?: number,
      bias?: boolean,
      padding_mode?: PaddingMode,
    ];

export interface ConvTransposeOptions extends Omit<ConvOptions, 'padding'> {
  padding?: PerDimension;
  output_padding?: PerDimension;
}
const TRANSPOSE_NAMES = [
  'in_channels',
  'out_channels',
  'kernel_size',
  'stride',
  'padding',
  'output_padding',
  'groups',
  'bias',
  'dilation',
  'padding_mode',
  'device',
  'dtype',
] as const;
const TRANSPOSE_DEFAULTS = { ...DEFAULTS, output_padding: 0 } as const;
type Positional = [
  in_channels: number,
  out_channels: number,
  kernel_size: PerDimension,
  stride?: PerDimension,
  padding?: PerDimension,
  output_padding?: PerDimension,
  groups?: number,
  bias?: boolean,
  dilation?: PerDimension,
  padding_mode?: PaddingMode,
];
export type ConvTransposeArguments = Arguments<Positional, ConvTransposeOptions>;

/** What all convolutions have in common. */
abstract class ConvBase extends Module {
  in_channels: number;
  out_channels: number;
  readonly kernel_size: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | 'same' | 'valid';
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly padding_mode: PaddingMode;
  weight: Parameter;
  bias: Parameter | null = null;
  constructor(
    n: number,
    a: Required<ConvOptions>,
    readonly transposed: boolean,
    readonly output_padding: readonly number[],
  ) {
    super();
    if (a.groups <= 0) throw new ValueError('groups must be a positive integer');
    if (a.in_channels % a.groups !== 0) throw new ValueError('in_channels must be divisible by groups');
    if (a.out_channels % a.groups !== 0) throw new ValueError('out_channels must be divisible by groups');
    this.in_channels = a.in_channels;
    this.out_channels = a.out_channels;
    this.kernel_size = perDimension(a.kernel_size, n);
    this.stride = perDimension(a.stride, n);
    this.dilation = perDimension(a.dilation, n);
    this.groups = a.groups;
    this.padding_mode = a.padding_mode;
    if (typeof a.padding === 'string') {
      if (a.padding !== 'same' && a.padding !== 'valid')
        throw new ValueError(`Invalid padding string ${python(a.padding)}, should be one of {'valid', 'same'}`);
      if (a.padding === 'same' && this.stride.some((s) => s !== 1))
        throw new ValueError("padding='same' is not supported for strided convolutions");
      this.padding = a.padding;
    } else this.padding = perDimension(a.padding, n);
    if (!['zeros', 'reflect', 'replicate', 'circular'].includes(a.padding_mode)) {
      throw new ValueError(
        `padding_mode must be one of {'zeros', 'reflect', 'replicate', 'circular'}, but got padding_mode='${a.padding_mode}'`,
      );
    }
    const factory = { device: a.device, dtype: a.dtype };
    this.weight = new Parameter(torch.empty(this.weightShape(), factory));
    if (a.bias) this.bias = new Parameter(torch.empty([a.out_channels], factory));
    else this.register_parameter('bias', null);
    this.reset_parameters();
  }
  /** @internal */
  weightShape(): number[] {
    const [from, to] = this.transposed ? [this.out_channels, this.in_channels] : [this.in_channels, this.out_channels];
    return [to, from / this.groups, ...this.kernel_size];
  }
  reset_parameters(): void {
    init.kaiming_uniform_(this.weight, Math.sqrt(5));
    if (this.bias) {
      const [fan_in] = init._calculate_fan_in_and_fan_out(this.weight);
      if (fan_in !== 0) init.uniform_(this.bias, -1 / Math.sqrt(fan_in), 1 / Math.sqrt(fan_in));
    }
  }
  override extra_repr(): string {
    const parts = [`${this.in_channels}, ${this.out_channels}, kernel_size=${tuple(this.kernel_size)}, stride=${tuple(this.stride)}`];
    if (typeof this.padding === 'string') parts.push(`padding=${this.padding}`);
    else if (this.padding.some((p) => p !== 0)) parts.push(`padding=${tuple(this.padding)}`);
    if (this.dilation.some((d) => d !== 1)) parts.push(`dilation=${tuple(this.dilation)}`);
    if (this.output_padding.some((p) => p !== 0)) parts.push(`output_padding=${tuple(this.output_padding)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (this.bias === null) parts.push(`bias=${pythonBool(false)}`);
    if (this.padding_mode !== 'zeros') parts.push(`padding_mode=${this.padding_mode}`);
    return parts.join(', ');
  }
}
abstract class ConvNd extends ConvBase {
  constructor(n: number, owner: string, args: readonly unknown[]) {
    super(n, bindArguments<Required<ConvOptions>>(owner, args, NAMES, DEFAULTS), false, new Array<number>(n).fill(0));
  }
  /** Zeros are padded by the convolution, other modes before it. */
  protected padded(input: Tensor): { input: Tensor; padding: readonly number[] | 'same' | 'valid' } {
    if (this.padding_mode === 'zeros') return { input, padding: this.padding };
    const sides = this.kernel_size.map((k, i): readonly [number, number] => {
      if (this.padding === 'valid') return [0, 0];
      if (this.padding !== 'same') return [this.padding[i]!, this.padding[i]!];
      const total = this.dilation[i]! * (k - 1);
      return [Math.floor(total / 2), total - Math.floor(total / 2)];
    });
    return { input: F.pad(input, sides.reverse().flat(), this.padding_mode), padding: this.kernel_size.map(() => 0) };
  }
}
abstract class ConvTransposeNd extends ConvBase {
  declare readonly padding: readonly number[];
  constructor(n: number, owner: string, args: readonly unknown[]) {
    const a = bindArguments<Required<ConvTransposeOptions>>(owner, args, TRANSPOSE_NAMES, TRANSPOSE_DEFAULTS);
    if (a.padding_mode !== 'zeros') throw new ValueError(`Only "zeros" padding mode is supported for ${owner}`);
    super(n, a, true, perDimension(a.output_padding, n));
  }
  /** Input and output padding from the arguments of forward; a wanted output size determines the padding. */
  protected given(args: readonly unknown[]): { input: Tensor; padding: readonly number[] } {
    const { input, output_size } = bindCall<{ input: Tensor; output_size: readonly number[] | null }>(
      `${className(this)}.forward`,
      args,
      ['input', 'output_size'],
      { output_size: null },
      1,
    );
    if (output_size === null) return { input, padding: this.output_padding };
    const n = this.kernel_size.length;
    const lead = input.ndim === n + 2 ? 2 : 1;
    const sizes = output_size.length === lead + n ? output_size.slice(lead) : output_size;
    if (sizes.length !== n) {
      throw new ValueError(
        `ConvTranspose${n}D: for ${input.ndim}D input, output_size must have ${n} or ${lead + n} elements (got ${sizes.length})`,
      );
    }
    const least = this.kernel_size.map(
      (k, d) => (input.shape[d + lead]! - 1) * this.stride[d]! - 2 * this.padding[d]! + this.dilation[d]! * (k - 1) + 1,
    );
    const most = least.map((s, d) => s + this.stride[d]! - 1);
    if (sizes.some((s, d) => s < least[d]! || s > most[d]!)) {
      const list = (v: readonly number[]): string => `[${v.join(', ')}]`;
      throw new ValueError(
        `requested an output size of ${list(sizes)}, but valid sizes range from ${list(least)} to ${list(most)} (for an input of torch.Size(${list(input.shape.slice(2))}))`,
      );
    }
    return { input, padding: sizes.map((s, d) => s - least[d]!) };
  }
}
/** Convolution over sequences: (N, C, L) → (N, O, L'). */
export class Conv1d extends ConvNd {
  static override readonly __name__: string = 'Conv1d';
  constructor(...args: ConvArguments) {
    super(1, 'Conv1d', args);
  }
  forward(x: Tensor): Tensor {
    const { input, padding } = this.padded(x);
    return F.conv1d(input, this.weight, this.bias, this.stride, padding as number[], this.dilation, this.groups);
  }
}
/** Convolution over images: (N, C, H, W) → (N, O, H', W'). */
export class Conv2d extends ConvNd {
  static override readonly __name__: string = 'Conv2d';
  constructor(...args: ConvArguments) {
    super(2, 'Conv2d', args);
  }
  forward(x: Tensor): Tensor {
    const { input, padding } = this.padded(x);
    return F.conv2d(input, this.weight, this.bias, this.stride, padding as number[], this.dilation, this.groups);
  }
}
/** Convolution over volumes: (N, C, D, H, W) → (N, O, D', H', W'). */
export class Conv3d extends ConvNd {
  static override readonly __name__: string = 'Conv3d';
  constructor(...args: ConvArguments) {
    super(3, 'Conv3d', args);
  }
  forward(x: Tensor): Tensor {
    const { input, padding } = this.padded(x);
    return F.conv3d(input, this.weight, this.bias, this.stride, padding as number[], this.dilation, this.groups);
  }
}
type TransposeCall = Arguments<
  [input: Tensor, output_size?: readonly number[] | null],
  { input: Tensor; output_size: readonly number[] | null }
>;
/**
 * Transposed convolution over sequences, the gradient of Conv1d: (N, C, L) → (N, O, L').
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html.
 */
export class ConvTranspose1d extends ConvTransposeNd {
  static override readonly __name__: string = 'ConvTranspose1d';
  constructor(...args: ConvTransposeArguments) {
    super(1, 'ConvTranspose1d', args);
  }
  /** `output_size` chooses among the sizes that a convolution with a stride takes to the same one. */
  forward(...args: TransposeCall): Tensor {
    const { input, padding } = this.given(args);
    return F.conv_transpose1d(input, this.weight, this.bias, this.stride, this.padding, padding, this.groups, this.dilation);
  }
}
/**
 * Transposed convolution over images, the gradient of Conv2d: (N, C, H, W) → (N, O, H', W').
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html.
 */
export class ConvTranspose2d extends ConvTransposeNd {
  static override readonly __name__: string = 'ConvTranspose2d';
  constructor(...args: ConvTransposeArguments) {
    super(2, 'ConvTranspose2d', args);
  }
  /** `output_size` chooses among the sizes that a convolution with a stride takes to the same one. */
  forward(...args: TransposeCall): Tensor {
    const { input, padding } = this.given(args);
    return F.conv_transpose2d(input, this.weight, this.bias, this.stride, this.padding, padding, this.groups, this.dilation);
  }
}
/**
 * Transposed convolution over volumes, the gradient of Conv3d: (N, C, D, H, W) → (N, O, D', H', W').
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html.
 */
export class ConvTranspose3d extends ConvTransposeNd {
  static override readonly __name__: string = 'ConvTranspose3d';
  constructor(...args: ConvTransposeArguments) {
    super(3, 'ConvTranspose3d', args);
  }
  /** `output_size` chooses among the sizes that a convolution with a stride takes to the same one. */
  forward(...args: TransposeCall): Tensor {
    const { input, padding } = this.given(args);
    return F.conv_transpose3d(input, this.weight, this.bias, this.stride, this.padding, padding, this.groups, this.dilation);
  }
}

type Lazily<P extends readonly unknown[]> = P extends readonly [in_channels: number, ...infer Rest] ? Rest : never;
export type LazyConvArguments = Arguments<
  [
    out_channels: number,
    kernel_size: PerDimension,
    stride?: PerDimension,
    padding?: PerDimension | 'same' | 'valid',
    dilation?: PerDimension,
    groups?: number,
    bias?: boolean,
    padding_mode?: PaddingMode,
  ],
  Omit<ConvOptions, 'in_channels'>
>;
export type LazyConvTransposeArguments = Arguments<Lazily<Positional>, Omit<ConvTransposeOptions, 'in_channels'>>;
/** What a lazy convolution is built on: any convolution, made without parameters. */
type LazyBase = Constructor<ConvBase & { forward(...args: never[]): Tensor }> & { readonly __name__: string };
/** The base of a convolution whose `in_channels` are those of its first input. */
function lazily<A extends readonly unknown[], M extends ConvBase>(
  Base: Constructor<M>,
  transposed: boolean,
): new (
  ...args: A
) => M & LazyModule {
  const names = (transposed ? TRANSPOSE_NAMES : NAMES).slice(1);
  class LazyConv extends LazyModuleMixin(Base as unknown as LazyBase) {
    static readonly cls_to_become = Base;
    constructor(...args: A) {
      const a = bindArguments<Required<ConvTransposeOptions>>(new.target.__name__, args, names, transposed ? TRANSPOSE_DEFAULTS : DEFAULTS);
      super({ ...a, in_channels: 0, out_channels: 0, bias: false });
      const factory = { device: a.device, dtype: a.dtype };
      this.weight = new UninitializedParameter(factory);
      this.out_channels = a.out_channels;
      if (a.bias) this.bias = new UninitializedParameter(factory);
    }
    override reset_parameters(): void {
      if (!this.has_uninitialized_params() && this.in_channels !== 0) super.reset_parameters();
    }
    override initialize_parameters(input: Tensor): void {
      if (!this.has_uninitialized_params()) return;
      const n = this.kernel_size.length;
      if (input.ndim !== n + 1 && input.ndim !== n + 2) {
        throw new RuntimeError(
          `Expected ${n + 1}D (unbatched) or ${n + 2}D (batched) input to ${className(this)}, but got input of size: ${input.shape}`,
        );
      }
      this.in_channels = input.shape.at(-n - 1)!;
      if (this.in_channels % this.groups !== 0) throw new ValueError('in_channels must be divisible by groups');
      (this.weight as UninitializedParameter).materialize(this.weightShape());
      (this.bias as UninitializedParameter | null)?.materialize([this.out_channels]);
      this.reset_parameters();
    }
  }
  return LazyConv as unknown as new (
    ...args: A
  ) => M & LazyModule;
}
/** A Conv1d whose `in_channels` are those of its first input; see https://pytorch.org/docs/stable/generated/torch.nn.LazyConv1d.html. */
export class LazyConv1d extends lazily<LazyConvArguments, Conv1d>(Conv1d, false) {
  static readonly __name__: string = 'LazyConv1d';
}
/** A Conv2d whose `in_channels` are those of its first input; see https://pytorch.org/docs/stable/generated/torch.nn.LazyConv2d.html. */
export class LazyConv2d extends lazily<LazyConvArguments, Conv2d>(Conv2d, false) {
  static readonly __name__: string = 'LazyConv2d';
}
/** A Conv3d whose `in_channels` are those of its first input; see https://pytorch.org/docs/stable/generated/torch.nn.LazyConv3d.html. */
export class LazyConv3d extends lazily<LazyConvArguments, Conv3d>(Conv3d, false) {
  static readonly __name__: string = 'LazyConv3d';
}
/** A ConvTranspose1d whose `in_channels` are those of its first input; see https://pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose1d.html. */
export class LazyConvTranspose1d extends lazily<LazyConvTransposeArguments, ConvTranspose1d>(ConvTranspose1d, true) {
  static readonly __name__: string = 'LazyConvTranspose1d';
}
/** A ConvTranspose2d whose `in_channels` are those of its first input; see https://pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose2d.html. */
export class LazyConvTranspose2d extends lazily<LazyConvTransposeArguments, ConvTranspose2d>(ConvTranspose2d, true) {
  static readonly __name__: string = 'LazyConvTranspose2d';
}
/** A ConvTranspose3d whose `in_channels` are those of its first input; see https://pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose3d.html. */
export class LazyConvTranspose3d extends lazily<LazyConvTransposeArguments, ConvTranspose3d>(ConvTranspose3d, true) {
  static readonly __name__: string = 'LazyConvTranspose3d';
}
