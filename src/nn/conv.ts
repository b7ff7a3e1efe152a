// Convolutions in one to three dimensions.
import { ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import * as torch from '../surface/generated/torch.ts';
import { bindArguments } from './arguments.ts';
import * as F from './functional.ts';
import * as init from './init.ts';
import type { FactoryOptions } from './linear.ts';
import { pythonBool } from './linear.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';

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
const NAMES = ['in_channels', 'out_channels', 'kernel_size', 'stride', 'padding', 'dilation', 'groups', 'bias', 'padding_mode', 'device', 'dtype'] as const;
export const perDimension = (v: PerDimension, n: number): number[] => (typeof v === 'number' ? new Array<number>(n).fill(v) : [...v]);
export const tuple = (v: readonly number[]): string => `(${v.join(', ')}${v.length === 1 ? ',' : ''})`;

export type ConvArguments =
  | [options: ConvOptions]
  | [in_channels: number, out_channels: number, kernel_size: PerDimension, options?: Omit<ConvOptions, 'in_channels' | 'out_channels' | 'kernel_size'>]
  | [in_channels: number, out_channels: number, options: Omit<ConvOptions, 'in_channels' | 'out_channels'>]
  | [in_channels: number, out_channels: number, kernel_size: PerDimension, stride?: PerDimension, padding?: PerDimension | 'same' | 'valid', dilation?: PerDimension, groups?: number, bias?: boolean, padding_mode?: PaddingMode];

abstract class ConvNd extends Module {
  readonly in_channels: number;
  readonly out_channels: number;
  readonly kernel_size: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | 'same' | 'valid';
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly padding_mode: PaddingMode;
  weight: Parameter;
  bias: Parameter | null = null;
  constructor(dimensions: number, owner: string, args: readonly unknown[]) {
    super();
    const a = bindArguments<Required<ConvOptions>>(owner, args, NAMES, { stride: 1, padding: 0, dilation: 1, groups: 1, bias: true, padding_mode: 'zeros', device: null, dtype: null });
    const n = dimensions;
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
      if (a.padding !== 'same' && a.padding !== 'valid') throw new ValueError(`Invalid padding string ${JSON.stringify(a.padding).replaceAll('"', "'")}, should be one of {'valid', 'same'}`);
      if (a.padding === 'same' && this.stride.some((s) => s !== 1)) throw new ValueError("padding='same' is not supported for strided convolutions");
      this.padding = a.padding;
    } else this.padding = perDimension(a.padding, n);
    if (!['zeros', 'reflect', 'replicate', 'circular'].includes(a.padding_mode)) {
      throw new ValueError(`padding_mode must be one of {'zeros', 'reflect', 'replicate', 'circular'}, but got padding_mode='${a.padding_mode}'`);
    }
    const factory = { device: a.device, dtype: a.dtype };
    this.weight = new Parameter(torch.empty([a.out_channels, a.in_channels / a.groups, ...this.kernel_size], factory));
    if (a.bias) this.bias = new Parameter(torch.empty([a.out_channels], factory));
    else this.register_parameter('bias', null);
    this.reset_parameters();
  }
  reset_parameters(): void {
    init.kaiming_uniform_(this.weight, Math.sqrt(5));
    if (this.bias) {
      const [fan_in] = init._calculate_fan_in_and_fan_out(this.weight);
      if (fan_in !== 0) init.uniform_(this.bias, -1 / Math.sqrt(fan_in), 1 / Math.sqrt(fan_in));
    }
  }
  /** Zeros are padded by the convolution, other modes before it. */
  protected padded(input: Tensor): { input: Tensor; padding: readonly number[] | 'same' | 'valid' } {
    if (this.padding_mode === 'zeros') return { input, padding: this.padding };
    const sides = this.kernel_size.flatMap((k, i) => {
      if (this.padding === 'valid') return [[0, 0]];
      if (this.padding !== 'same') return [[this.padding[i]!, this.padding[i]!]];
      const total = this.dilation[i]! * (k - 1);
      return [[Math.floor(total / 2), total - Math.floor(total / 2)]];
    });
    return { input: F.pad(input, sides.reverse().flat(), this.padding_mode), padding: this.kernel_size.map(() => 0) };
  }
  override extra_repr(): string {
    const parts = [`${this.in_channels}, ${this.out_channels}, kernel_size=${tuple(this.kernel_size)}, stride=${tuple(this.stride)}`];
    if (typeof this.padding === 'string') parts.push(`padding=${this.padding}`);
    else if (this.padding.some((p) => p !== 0)) parts.push(`padding=${tuple(this.padding)}`);
    if (this.dilation.some((d) => d !== 1)) parts.push(`dilation=${tuple(this.dilation)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (this.bias === null) parts.push(`bias=${pythonBool(false)}`);
    if (this.padding_mode !== 'zeros') parts.push(`padding_mode=${this.padding_mode}`);
    return parts.join(', ');
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
