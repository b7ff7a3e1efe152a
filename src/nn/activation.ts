// Activations; formulas and plots: https://pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity.
import { AssertionError, ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import * as torch from '../surface/generated/torch.ts';
import { bindArguments } from './arguments.ts';
import * as F from './functional.ts';
import * as init from './init.ts';
import type { FactoryOptions } from './linear.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';
import { type Arguments, configured } from './simple.ts';

/** max(0, x). */
export class ReLU extends configured((inplace = false) => ({ inplace })) {
  static override readonly __name__: string = 'ReLU';
  forward(input: Tensor): Tensor {
    return F.relu(input, this.inplace);
  }
}
/** x above the threshold, otherwise `value`. */
export class Threshold extends configured(
  (threshold: number, value: number, inplace = false) => ({ threshold, value, inplace }),
  'threshold={threshold:f}, value={value:f}',
) {
  static override readonly __name__: string = 'Threshold';
  forward(input: Tensor): Tensor {
    return F.threshold(input, this.threshold, this.value, this.inplace);
  }
}
/** Leaky ReLU whose slope is drawn from U(lower, upper) while training. */
export class RReLU extends configured(
  (lower = 1 / 8, upper = 1 / 3, inplace = false) => ({ lower, upper, inplace }),
  'lower={lower:f}, upper={upper:f}',
) {
  static override readonly __name__: string = 'RReLU';
  forward(input: Tensor): Tensor {
    return F.rrelu(input, this.lower, this.upper, this.training, this.inplace);
  }
}
/** x clamped to [min_val, max_val]. */
export class Hardtanh extends configured(
  (min_val = -1, max_val = 1, inplace = false) => ({ min_val, max_val, inplace }),
  'min_val={min_val:d}, max_val={max_val:d}',
  (m) => {
    if (m.max_val <= m.min_val) throw new AssertionError(`max_val (${m.max_val}) must be greater than min_val (${m.min_val})`);
  },
) {
  static override readonly __name__: string = 'Hardtanh';
  forward(input: Tensor): Tensor {
    return F.hardtanh(input, this.min_val, this.max_val, this.inplace);
  }
}
/** min(max(0, x), 6). */
export class ReLU6 extends configured((inplace = false) => ({ inplace })) {
  static override readonly __name__: string = 'ReLU6';
  readonly min_val = 0;
  readonly max_val = 6;
  forward(input: Tensor): Tensor {
    return F.hardtanh(input, this.min_val, this.max_val, this.inplace);
  }
}
/** 1 / (1 + exp(−x)). */
export class Sigmoid extends configured(() => ({})) {
  static override readonly __name__: string = 'Sigmoid';
  forward(input: Tensor): Tensor {
    return torch.sigmoid(input);
  }
}
/** min(max(x / 6 + 1/2, 0), 1). */
export class Hardsigmoid extends configured((inplace = false) => ({ inplace }), null) {
  static override readonly __name__: string = 'Hardsigmoid';
  forward(input: Tensor): Tensor {
    return F.hardsigmoid(input, this.inplace);
  }
}
/** tanh(x). */
export class Tanh extends configured(() => ({})) {
  static override readonly __name__: string = 'Tanh';
  forward(input: Tensor): Tensor {
    return torch.tanh(input);
  }
}
/** x · sigmoid(x), also called swish. */
export class SiLU extends configured((inplace = false) => ({ inplace })) {
  static override readonly __name__: string = 'SiLU';
  forward(input: Tensor): Tensor {
    return F.silu(input, this.inplace);
  }
}
/** x · tanh(softplus(x)). */
export class Mish extends configured((inplace = false) => ({ inplace })) {
  static override readonly __name__: string = 'Mish';
  forward(input: Tensor): Tensor {
    return F.mish(input, this.inplace);
  }
}
/** x · hardsigmoid(x). */
export class Hardswish extends configured((inplace = false) => ({ inplace }), null) {
  static override readonly __name__: string = 'Hardswish';
  forward(input: Tensor): Tensor {
    return F.hardswish(input, this.inplace);
  }
}
/** x above 0, otherwise α (exp(x) − 1). */
export class ELU extends configured((alpha = 1, inplace = false) => ({ alpha, inplace }), 'alpha={alpha:f}') {
  static override readonly __name__: string = 'ELU';
  forward(input: Tensor): Tensor {
    return F.elu(input, this.alpha, this.inplace);
  }
}
/** max(0, x) + min(0, α (exp(x / α) − 1)). */
export class CELU extends configured((alpha = 1, inplace = false) => ({ alpha, inplace }), 'alpha={alpha:f}') {
  static override readonly __name__: string = 'CELU';
  forward(input: Tensor): Tensor {
    return F.celu(input, this.alpha, this.inplace);
  }
}
/** ELU scaled so that activations normalise themselves; Klambauer et al. 2017. */
export class SELU extends configured((inplace = false) => ({ inplace })) {
  static override readonly __name__: string = 'SELU';
  forward(input: Tensor): Tensor {
    return F.selu(input, this.inplace);
  }
}
/** The first half of a dimension, gated by the sigmoid of the second. */
export class GLU extends configured((dim = -1) => ({ dim }), 'dim={dim}') {
  static override readonly __name__: string = 'GLU';
  forward(input: Tensor): Tensor {
    return F.glu(input, this.dim);
  }
}
/** x · Φ(x), exactly or by the tanh approximation. */
export class GELU extends configured((approximate: 'none' | 'tanh' = 'none') => ({ approximate }), 'approximate={approximate}') {
  static override readonly __name__: string = 'GELU';
  forward(input: Tensor): Tensor {
    return F.gelu(input, { approximate: this.approximate });
  }
}
/** 0 within [−λ, λ], x outside. */
export class Hardshrink extends configured((lambd = 0.5) => ({ lambd }), '{lambd:f}') {
  static override readonly __name__: string = 'Hardshrink';
  forward(input: Tensor): Tensor {
    return F.hardshrink(input, this.lambd);
  }
}
/** 0 within [−λ, λ], x moved by λ towards 0 outside. */
export class Softshrink extends configured((lambd = 0.5) => ({ lambd }), '{lambd}') {
  static override readonly __name__: string = 'Softshrink';
  forward(input: Tensor): Tensor {
    return F.softshrink(input, this.lambd);
  }
}
/** x above 0, otherwise x · negative_slope. */
export class LeakyReLU extends configured(
  (negative_slope = 0.01, inplace = false) => ({ negative_slope, inplace }),
  'negative_slope={negative_slope:f}',
) {
  static override readonly __name__: string = 'LeakyReLU';
  forward(input: Tensor): Tensor {
    return F.leaky_relu(input, this.negative_slope, this.inplace);
  }
}
/** log(sigmoid(x)). */
export class LogSigmoid extends configured(() => ({})) {
  static override readonly __name__: string = 'LogSigmoid';
  forward(input: Tensor): Tensor {
    return F.logsigmoid(input);
  }
}
/** log(1 + exp(β x)) / β; x itself where β x is above the threshold. */
export class Softplus extends configured((beta = 1, threshold = 20) => ({ beta, threshold }), 'beta={beta:d}, threshold={threshold:d}') {
  static override readonly __name__: string = 'Softplus';
  forward(input: Tensor): Tensor {
    return F.softplus(input, this.beta, this.threshold);
  }
}
/** x / (1 + |x|). */
export class Softsign extends configured(() => ({})) {
  static override readonly __name__: string = 'Softsign';
  forward(input: Tensor): Tensor {
    return F.softsign(input);
  }
}
/** x − tanh(x). */
export class Tanhshrink extends configured(() => ({})) {
  static override readonly __name__: string = 'Tanhshrink';
  forward(input: Tensor): Tensor {
    return F.tanhshrink(input);
  }
}
/** exp(−x), normalised along a dimension. */
export class Softmin extends configured((dim: number | null = null) => ({ dim }), 'dim={dim}') {
  static override readonly __name__: string = 'Softmin';
  forward(input: Tensor): Tensor {
    return F.softmin(input, this.dim ?? implicitDim(input));
  }
}
/** exp(x), normalised along a dimension. */
export class Softmax extends configured((dim: number | null = null) => ({ dim }), 'dim={dim}') {
  static override readonly __name__: string = 'Softmax';
  forward(input: Tensor): Tensor {
    return torch.softmax(input, this.dim ?? implicitDim(input));
  }
}
/** Softmax over the channels of images. */
export class Softmax2d extends configured(() => ({})) {
  static override readonly __name__: string = 'Softmax2d';
  forward(input: Tensor): Tensor {
    if (input.ndim !== 3 && input.ndim !== 4) throw new ValueError(`Softmax2d: expected input to be 3D or 4D, got ${input.ndim}D instead`);
    return torch.softmax(input, -3);
  }
}
/** The logarithm of softmax. */
export class LogSoftmax extends configured((dim: number | null = null) => ({ dim }), 'dim={dim}') {
  static override readonly __name__: string = 'LogSoftmax';
  forward(input: Tensor): Tensor {
    return torch.log_softmax(input, this.dim ?? implicitDim(input));
  }
}
/** PyTorch's choice of a dimension that was not given, which it advises against. */
function implicitDim(input: Tensor): number {
  console.warn('Implicit dimension choice for softmax has been deprecated. Change the call to include dim=X as an argument.');
  return [0, 1, 3].includes(input.ndim) ? 0 : 1;
}

/** x above 0, otherwise x times a learned slope, one for all channels or one each. */
export class PReLU extends Module {
  static override readonly __name__: string = 'PReLU';
  readonly num_parameters: number;
  readonly init: number;
  weight: Parameter;
  constructor(...args: Arguments<[num_parameters?: number, init?: number], { num_parameters: number; init: number } & FactoryOptions>) {
    super();
    const a = bindArguments<{ num_parameters: number; init: number } & FactoryOptions>(
      'PReLU',
      args,
      ['num_parameters', 'init', 'device', 'dtype'],
      {
        num_parameters: 1,
        init: 0.25,
        device: null,
        dtype: null,
      },
    );
    this.num_parameters = a.num_parameters;
    this.init = a.init;
    this.weight = new Parameter(torch.empty([a.num_parameters], { device: a.device, dtype: a.dtype }));
    this.reset_parameters();
  }
  reset_parameters(): void {
    init.constant_(this.weight, this.init);
  }
  forward(input: Tensor): Tensor {
    return F.prelu(input, this.weight);
  }
  override extra_repr(): string {
    return `num_parameters=${this.num_parameters}`;
  }
}
