// Normalisation over features or groups of channels of each sample; see https://pytorch.org/docs/stable/nn.html#normalization-layers.
import { pythonFloat } from '../core/dtype.ts';
import { ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import * as torch from '../surface/generated/torch.ts';
import { bindArguments } from './arguments.ts';
import * as F from './functional.ts';
import * as init from './init.ts';
import { type FactoryOptions, pythonBool } from './linear.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';
import { type Arguments, configured, python } from './simple.ts';

/** A scale of ones and a shift of zeros, or null where the module has none. */
abstract class Affine extends Module {
  weight: Parameter | null = null;
  bias: Parameter | null = null;
  /** @internal */
  protected _register(shape: readonly number[], weight: boolean, bias: boolean, factory: FactoryOptions): void {
    for (const [name, present] of [
      ['weight', weight],
      ['bias', bias],
    ] as const) {
      if (present) this[name] = new Parameter(torch.empty(shape, factory));
      else this.register_parameter(name, null);
    }
    this.reset_parameters();
  }
  reset_parameters(): void {
    if (this.weight) init.ones_(this.weight);
    if (this.bias) init.zeros_(this.bias);
  }
}
const shapeOf = (s: number | readonly number[]): number[] => (typeof s === 'number' ? [s] : [...s]);

export interface LayerNormOptions extends FactoryOptions {
  normalized_shape: number | readonly number[];
  eps: number;
  elementwise_affine: boolean;
  bias: boolean;
}
/** Normalises over the last dimensions, of the given shape; Ba et al. 2016. */
export class LayerNorm extends Affine {
  static override readonly __name__: string = 'LayerNorm';
  readonly normalized_shape: readonly number[];
  readonly eps: number;
  readonly elementwise_affine: boolean;
  constructor(
    ...args: Arguments<
      [normalized_shape: number | readonly number[], eps?: number, elementwise_affine?: boolean, bias?: boolean],
      LayerNormOptions
    >
  ) {
    super();
    const a = bindArguments<LayerNormOptions>(
      'LayerNorm',
      args,
      ['normalized_shape', 'eps', 'elementwise_affine', 'bias', 'device', 'dtype'],
      {
        eps: 1e-5,
        elementwise_affine: true,
        bias: true,
        device: null,
        dtype: null,
      },
    );
    this.normalized_shape = shapeOf(a.normalized_shape);
    this.eps = a.eps;
    this.elementwise_affine = a.elementwise_affine;
    this._register(this.normalized_shape, a.elementwise_affine, a.elementwise_affine && a.bias, { device: a.device, dtype: a.dtype });
  }
  forward(input: Tensor): Tensor {
    return F.layer_norm(input, this.normalized_shape, this.weight, this.bias, this.eps);
  }
  override extra_repr(): string {
    return `${python(this.normalized_shape)}, eps=${pythonFloat(this.eps)}, elementwise_affine=${pythonBool(this.elementwise_affine)}, bias=${pythonBool(this.bias !== null)}`;
  }
}

export interface RMSNormOptions extends FactoryOptions {
  normalized_shape: number | readonly number[];
  eps: number | null;
  elementwise_affine: boolean;
}
/** Divides by the root mean square over the last dimensions; Zhang and Sennrich 2019. */
export class RMSNorm extends Module {
  static override readonly __name__: string = 'RMSNorm';
  readonly normalized_shape: readonly number[];
  readonly eps: number | null;
  readonly elementwise_affine: boolean;
  weight: Parameter | null = null;
  constructor(
    ...args: Arguments<[normalized_shape: number | readonly number[], eps?: number | null, elementwise_affine?: boolean], RMSNormOptions>
  ) {
    super();
    const a = bindArguments<RMSNormOptions>('RMSNorm', args, ['normalized_shape', 'eps', 'elementwise_affine', 'device', 'dtype'], {
      eps: null,
      elementwise_affine: true,
      device: null,
      dtype: null,
    });
    this.normalized_shape = shapeOf(a.normalized_shape);
    this.eps = a.eps;
    this.elementwise_affine = a.elementwise_affine;
    if (a.elementwise_affine) this.weight = new Parameter(torch.empty(this.normalized_shape, { device: a.device, dtype: a.dtype }));
    else this.register_parameter('weight', null);
    this.reset_parameters();
  }
  reset_parameters(): void {
    if (this.weight) init.ones_(this.weight);
  }
  forward(input: Tensor): Tensor {
    return F.rms_norm(input, this.normalized_shape, this.weight, this.eps);
  }
  override extra_repr(): string {
    return `${python(this.normalized_shape)}, eps=${python(this.eps, true)}, elementwise_affine=${pythonBool(this.elementwise_affine)}`;
  }
}

export interface GroupNormOptions extends FactoryOptions {
  num_groups: number;
  num_channels: number;
  eps: number;
  affine: boolean;
  bias: boolean;
}
/** Normalises each group of channels of a sample; Wu and He 2018. */
export class GroupNorm extends Affine {
  static override readonly __name__: string = 'GroupNorm';
  readonly num_groups: number;
  readonly num_channels: number;
  readonly eps: number;
  readonly affine: boolean;
  constructor(...args: Arguments<[num_groups: number, num_channels: number, eps?: number, affine?: boolean], GroupNormOptions>) {
    super();
    const a = bindArguments<GroupNormOptions>(
      'GroupNorm',
      args,
      ['num_groups', 'num_channels', 'eps', 'affine', 'device', 'dtype', 'bias'],
      {
        eps: 1e-5,
        affine: true,
        device: null,
        dtype: null,
        bias: true,
      },
    );
    if (a.num_channels % a.num_groups !== 0)
      throw new ValueError(`num_channels (${a.num_channels}) must be divisible by num_groups (${a.num_groups})`);
    this.num_groups = a.num_groups;
    this.num_channels = a.num_channels;
    this.eps = a.eps;
    this.affine = a.affine;
    this._register([a.num_channels], a.affine, a.affine && a.bias, { device: a.device, dtype: a.dtype });
  }
  forward(input: Tensor): Tensor {
    return F.group_norm(input, this.num_groups, this.weight, this.bias, this.eps);
  }
  override extra_repr(): string {
    return `${this.num_groups}, ${this.num_channels}, eps=${pythonFloat(this.eps)}, affine=${pythonBool(this.affine)}, bias=${pythonBool(this.bias !== null)}`;
  }
}

/** Divides each channel by a power of the energy of its neighbours; Krizhevsky et al. 2012. */
export class LocalResponseNorm extends configured(
  (size: number, alpha = 1e-4, beta = 0.75, k = 1) => ({ size, alpha, beta, k }),
  '{size}, alpha={alpha:f}, beta={beta:f}, k={k:f}',
) {
  static override readonly __name__: string = 'LocalResponseNorm';
  forward(input: Tensor): Tensor {
    return F.local_response_norm(input, this.size, this.alpha, this.beta, this.k);
  }
}
