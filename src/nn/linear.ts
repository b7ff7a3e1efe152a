// Identity, Linear, Bilinear, Flatten, Unflatten.
import type { DType } from '../core/dtype.ts';
import type { Device } from '../core/device.ts';
import type { Tensor } from '../core/tensor.ts';
import * as torch from '../surface/generated/torch.ts';
import { bindArguments } from './arguments.ts';
import * as F from './functional.ts';
import * as init from './init.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';

export interface FactoryOptions {
  device?: Device | string | null;
  dtype?: DType | null;
}
/** Passes its input on. */
export class Identity extends Module {
  static override readonly __name__: string = 'Identity';
  constructor(..._args: unknown[]) {
    super();
  }
  forward(input: Tensor): Tensor {
    return input;
  }
}

export interface LinearOptions extends FactoryOptions {
  in_features: number;
  out_features: number;
  bias?: boolean;
}
/** x @ weightᵀ + bias: (*, in_features) → (*, out_features). */
export class Linear extends Module {
  static override readonly __name__: string = 'Linear';
  readonly in_features: number;
  readonly out_features: number;
  weight: Parameter;
  bias: Parameter | null = null;
  constructor(in_features: number, out_features: number, bias?: boolean, options?: FactoryOptions);
  constructor(in_features: number, out_features: number, options?: Omit<LinearOptions, 'in_features' | 'out_features'>);
  constructor(options: LinearOptions);
  constructor(...args: unknown[]) {
    super();
    const a = bindArguments<Required<LinearOptions>>('Linear', args, ['in_features', 'out_features', 'bias', 'device', 'dtype'], { bias: true, device: null, dtype: null });
    this.in_features = a.in_features;
    this.out_features = a.out_features;
    const factory = { device: a.device, dtype: a.dtype };
    this.weight = new Parameter(torch.empty([a.out_features, a.in_features], factory));
    if (a.bias) this.bias = new Parameter(torch.empty([a.out_features], factory));
    else this.register_parameter('bias', null);
    this.reset_parameters();
  }
  reset_parameters(): void {
    init.kaiming_uniform_(this.weight, Math.sqrt(5));
    if (this.bias) {
      const [fan_in] = init._calculate_fan_in_and_fan_out(this.weight);
      const bound = fan_in > 0 ? 1 / Math.sqrt(fan_in) : 0;
      init.uniform_(this.bias, -bound, bound);
    }
  }
  forward(input: Tensor): Tensor {
    return F.linear(input, this.weight, this.bias);
  }
  override extra_repr(): string {
    return `in_features=${this.in_features}, out_features=${this.out_features}, bias=${pythonBool(this.bias !== null)}`;
  }
}
export const pythonBool = (v: boolean): string => (v ? 'True' : 'False');

/** Makes one dimension of several. */
export class Flatten extends Module {
  static override readonly __name__: string = 'Flatten';
  readonly start_dim: number;
  readonly end_dim: number;
  constructor(...args: [start_dim?: number, end_dim?: number] | [{ start_dim?: number; end_dim?: number }]) {
    super();
    const a = bindArguments<{ start_dim: number; end_dim: number }>('Flatten', args, ['start_dim', 'end_dim'], { start_dim: 1, end_dim: -1 });
    this.start_dim = a.start_dim;
    this.end_dim = a.end_dim;
  }
  forward(input: Tensor): Tensor {
    return input.flatten(this.start_dim, this.end_dim);
  }
  override extra_repr(): string {
    return `start_dim=${this.start_dim}, end_dim=${this.end_dim}`;
  }
}
