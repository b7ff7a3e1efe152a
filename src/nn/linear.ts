// Identity, Linear, Bilinear.
import type { DType } from '../core/dtype.ts';
import type { Device } from '../core/device.ts';
import { AssertionError, ValueError } from '../core/errors.ts';
import { Tensor } from '../core/tensor.ts';
import * as torch from '../surface/generated/torch.ts';
import { bindArguments, bindCall } from './arguments.ts';
import * as F from './functional.ts';
import * as init from './init.ts';
import { LazyModuleMixin } from './lazy.ts';
import { Module } from './module.ts';
import { Parameter, UninitializedParameter } from './parameter.ts';
import type { Arguments } from './simple.ts';

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
  in_features: number;
  out_features: number;
  weight: Parameter;
  bias: Parameter | null = null;
  constructor(in_features: number, out_features: number, bias?: boolean, options?: FactoryOptions);
  constructor(in_features: number, out_features: number, options?: Omit<LinearOptions, 'in_features' | 'out_features'>);
  constructor(options: LinearOptions);
  constructor(...args: unknown[]) {
    super();
    const a = bindArguments<Required<LinearOptions>>('Linear', args, ['in_features', 'out_features', 'bias', 'device', 'dtype'], {
      bias: true,
      device: null,
      dtype: null,
    });
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
  forward(input: Tensor | { input: Tensor }): Tensor {
    const x = input instanceof Tensor ? input : bindCall<{ input: Tensor }>('Linear.forward', [input], ['input'], {}, 1).input;
    return F.linear(x, this.weight, this.bias);
  }
  override extra_repr(): string {
    return `in_features=${this.in_features}, out_features=${this.out_features}, bias=${pythonBool(this.bias !== null)}`;
  }
}
/**
 * A Linear whose `in_features` is that of its first input.
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.LazyLinear.html.
 */
export class LazyLinear extends LazyModuleMixin(Linear) {
  static override readonly __name__: string = 'LazyLinear';
  static readonly cls_to_become = Linear;
  constructor(...args: Arguments<[out_features: number, bias?: boolean], Omit<LinearOptions, 'in_features'>>) {
    const a = bindArguments<Required<Omit<LinearOptions, 'in_features'>>>('LazyLinear', args, ['out_features', 'bias', 'device', 'dtype'], {
      bias: true,
      device: null,
      dtype: null,
    });
    super({ in_features: 0, out_features: 0, bias: false });
    const factory = { device: a.device, dtype: a.dtype };
    this.weight = new UninitializedParameter(factory);
    this.out_features = a.out_features;
    if (a.bias) this.bias = new UninitializedParameter(factory);
  }
  override reset_parameters(): void {
    if (!this.has_uninitialized_params() && this.in_features !== 0) super.reset_parameters();
  }
  override initialize_parameters(input: Tensor): void {
    const features = input.shape.at(-1)!;
    if (this.has_uninitialized_params()) {
      this.in_features = features;
      (this.weight as UninitializedParameter).materialize([this.out_features, features]);
      (this.bias as UninitializedParameter | null)?.materialize([this.out_features]);
      this.reset_parameters();
    }
    if (this.in_features === 0) {
      const expected = this.weight.shape.at(-1)!;
      if (features !== expected)
        throw new AssertionError(
          `The in_features inferred from input: ${features} is not equal to in_features from self.weight: ${expected}`,
        );
      this.in_features = features;
    }
  }
}
export const pythonBool = (v: boolean): string => (v ? 'True' : 'False');

export interface BilinearOptions extends FactoryOptions {
  in1_features: number;
  in2_features: number;
  out_features: number;
  bias: boolean;
}
/** x₁ᵀ A x₂ + bias: (*, in1_features), (*, in2_features) → (*, out_features). */
export class Bilinear extends Module {
  static override readonly __name__: string = 'Bilinear';
  readonly in1_features: number;
  readonly in2_features: number;
  readonly out_features: number;
  weight: Parameter;
  bias: Parameter | null = null;
  constructor(...args: Arguments<[in1_features: number, in2_features: number, out_features: number, bias?: boolean], BilinearOptions>) {
    super();
    const a = bindArguments<BilinearOptions>(
      'Bilinear',
      args,
      ['in1_features', 'in2_features', 'out_features', 'bias', 'device', 'dtype'],
      { bias: true, device: null, dtype: null },
    );
    if (a.in1_features <= 0) throw new ValueError(`in1_features must be > 0, but got (in1_features=${a.in1_features})`);
    this.in1_features = a.in1_features;
    this.in2_features = a.in2_features;
    this.out_features = a.out_features;
    const factory = { device: a.device, dtype: a.dtype };
    this.weight = new Parameter(torch.empty([a.out_features, a.in1_features, a.in2_features], factory));
    if (a.bias) this.bias = new Parameter(torch.empty([a.out_features], factory));
    else this.register_parameter('bias', null);
    this.reset_parameters();
  }
  reset_parameters(): void {
    const bound = 1 / Math.sqrt(this.weight.size(1));
    init.uniform_(this.weight, -bound, bound);
    if (this.bias) init.uniform_(this.bias, -bound, bound);
  }
  forward(input1: Tensor, input2: Tensor): Tensor {
    return F.bilinear(input1, input2, this.weight, this.bias);
  }
  override extra_repr(): string {
    return `in1_features=${this.in1_features}, in2_features=${this.in2_features}, out_features=${this.out_features}, bias=${pythonBool(this.bias !== null)}`;
  }
}
