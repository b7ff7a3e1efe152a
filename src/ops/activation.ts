// Activation functions: the elementwise ones of nn.functional, glu, prelu and rrelu.
import { dense, elements } from '../backend/reference/arrays.ts';
import { currentGenerator } from '../core/default-generator.ts';
import { Category, finfo, float32, isIntegral, isReducedFloat } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError, ValueError } from '../core/errors.ts';
import type { Generator } from '../core/generator.ts';
import { rreluNoise } from '../core/sampling.ts';
import { type Scalar, toNumber } from '../core/scalar.ts';
import { wrapDim } from '../core/shape.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';
import type { Expr } from '../pointwise/expr.ts';
import { BOOL_AND_COMPLEX, NOT_FLOATING, WHOLE } from './kinds.ts';

/** sigmoid and tanh are functions.ts's; nn.functional has them too. */
op('sigmoid.functional(Tensor input) -> Tensor', {
  doc: '1 / (1 + e⁻ˣ).',
  decompose: ({ input }) => input.sigmoid(),
  surface: ['nn.functional'],
});
op('tanh.functional(Tensor input) -> Tensor', {
  doc: 'The hyperbolic tangent.',
  decompose: ({ input }) => input.tanh(),
  surface: ['nn.functional'],
});

// ---- rectifiers ---------------------------------------------------------------------------------------------------
op('relu(Tensor self) -> Tensor', {
  doc: 'max(self, 0).',
  pointwise: (self) => self.relu(),
  checkTypes: ({ self }) => {
    if (self.dtype.category === Category.Bool) throw new NotImplementedError('Boolean inputs not supported for relu');
    if (self.dtype.is_complex) throw new NotImplementedError('clamp is not supported for complex types');
  },
});
op('relu.functional(Tensor input, bool inplace=False) -> Tensor', {
  doc: 'max(input, 0).',
  decompose: ({ input, inplace }) => (inplace ? F.relu_(input) : F.relu(input)),
  surface: ['nn.functional'],
});
op('hardtanh(Tensor self, Scalar min_val=-1, Scalar max_val=1) -> Tensor', {
  doc: 'self between min_val and max_val; the derivative at both is 0.',
  pointwise: (self, min_val, max_val) => self.le(min_val).where(min_val, self.ge(max_val).where(max_val, self)),
  own: ['min_val', 'max_val'],
  numbers: [],
  checkTypes: ({ self }) => {
    if (self.dtype.category === Category.Bool) throw new NotImplementedError('Bool inputs not supported for hardtanh');
    if (self.dtype.is_complex) throw new NotImplementedError('clamp is not supported for complex types');
  },
  surface: [],
});
op('hardtanh.functional(Tensor input, Scalar min_val=-1, Scalar max_val=1, bool inplace=False) -> Tensor', {
  doc: 'input between min_val and max_val.',
  decompose: ({ input, min_val, max_val, inplace }) => {
    if (toNumber(min_val) > toNumber(max_val)) throw new ValueError('min_val cannot be greater than max_val');
    return inplace ? F.hardtanh_(input, min_val, max_val) : F.hardtanh(input, min_val, max_val);
  },
  surface: ['nn.functional'],
});
op('relu6(Tensor input, bool inplace=False) -> Tensor', {
  doc: 'min(max(input, 0), 6).',
  decompose: ({ input, inplace }) => (inplace ? F.hardtanh_(input, 0, 6) : F.hardtanh(input, 0, 6)),
  surface: ['nn.functional'],
});
op('leaky_relu(Tensor self, Scalar negative_slope=0.01) -> Tensor', {
  doc: 'self where it is positive, else negative_slope · self.',
  pointwise: (self, negative_slope) => self.gt(0).where(self, self.mul(negative_slope)),
  own: ['negative_slope'],
  rejects: NOT_FLOATING,
  kernelName: 'leaky_relu_cpu',
  surface: [],
});
op('leaky_relu.functional(Tensor input, Scalar negative_slope=0.01, bool inplace=False) -> Tensor', {
  doc: 'input where it is positive, else negative_slope · input.',
  decompose: ({ input, negative_slope, inplace }) => (inplace ? F.leaky_relu_(input, negative_slope) : F.leaky_relu(input, negative_slope)),
  surface: ['nn.functional'],
});
op('threshold(Tensor self, Scalar threshold, Scalar value) -> Tensor', {
  doc: 'self where it is above the threshold, else value.',
  pointwise: (self, threshold, value) => self.le(threshold).where(value, self),
  own: ['threshold', 'value'],
  rejects: BOOL_AND_COMPLEX,
  kernelName: 'threshold_cpu',
  surface: ['function'],
});
op('threshold.functional(Tensor input, Scalar threshold, Scalar value, bool inplace=False) -> Tensor', {
  doc: 'input where it is above the threshold, else value.',
  decompose: ({ input, threshold, value, inplace }) =>
    inplace ? F.threshold_(input, threshold, value) : F.threshold(input, threshold, value),
  surface: ['nn.functional'],
});
op('_prelu_kernel(Tensor self, Tensor weight) -> Tensor', {
  pointwise: (self, weight) => self.gt(0).where(self, self.mul(weight)),
  rejects: NOT_FLOATING,
  kernelName: 'prelu_cpu',
  surface: [],
  inplace: false,
});
op('prelu(Tensor self, Tensor weight) -> Tensor', {
  doc: 'self where it is positive, else weight · self; one weight, or one a channel.',
  decompose: ({ self, weight }) => {
    if (self.dtype !== weight.dtype)
      throw new RuntimeError(`prelu: Type promoting not supported. Got ${self.dtype.scalarName} and ${weight.dtype.scalarName}`);
    const n = weight.layout.numel;
    const { shape } = self.layout;
    if (n !== 1) {
      if (shape.length === 0) throw new RuntimeError('Not allow zero-dim input tensor.');
      const channels = shape.length > 1 ? shape[1]! : 1;
      if (channels !== n)
        throw new RuntimeError(
          `Mismatch of parameter numbers and input channel size. Found parameter numbers = ${n} and channel size = ${channels}.`,
        );
    }
    if (weight.ndim > 1) throw new RuntimeError(`prelu: Expected \`weight\` to be a scalar or 1D tensor, but got: ndim = ${weight.ndim}`);
    if (shape.length <= 1) return F._prelu_kernel(self, weight.ndim === 1 && shape.length === 0 ? weight.reshape([]) : weight);
    return F._prelu_kernel(self, weight.reshape(shape.map((_, i) => (i === 1 ? n : 1))));
  },
  surface: ['function', 'method', 'nn.functional'],
  inplace: false,
});

// ---- exponential units --------------------------------------------------------------------------------------------
/** The negative part of x; elsewhere 0, so that the branch not taken stays finite. */
const below0 = (x: Expr): Expr => x.gt(0).where(0, x);
op('elu(Tensor self, Scalar alpha=1, Scalar scale=1, Scalar input_scale=1) -> Tensor', {
  doc: 'scale · self where self is positive, else scale · alpha · (exp(input_scale · self) − 1).',
  pointwise: (self, alpha, scale, input_scale) =>
    self.gt(0).where(self.mul(scale), below0(self).mul(input_scale).expm1().mul(alpha).mul(scale)),
  own: ['alpha', 'scale', 'input_scale'],
  rejects: NOT_FLOATING,
  kernelName: 'elu_cpu',
  surface: [],
});
op('elu.functional(Tensor input, Scalar alpha=1.0, bool inplace=False) -> Tensor', {
  doc: 'input where it is positive, else alpha · (exp(input) − 1).',
  decompose: ({ input, alpha, inplace }) => (inplace ? F.elu_(input, alpha) : F.elu(input, alpha)),
  surface: ['nn.functional'],
});
function inverse(alpha: Scalar): number {
  if (toNumber(alpha) === 0) throw new RuntimeError('ZeroDivisionError: alpha cannot be 0 for CELU');
  return 1 / toNumber(alpha);
}
op('celu(Tensor self, Scalar alpha=1.0) -> Tensor', {
  doc: 'self where it is positive, else alpha · (exp(self / alpha) − 1).',
  decompose: ({ self, alpha }) => F.elu(self, alpha, 1, inverse(alpha)),
  surface: ['function'],
});
op('celu.functional(Tensor input, Scalar alpha=1.0, bool inplace=False) -> Tensor', {
  doc: 'input where it is positive, else alpha · (exp(input / alpha) − 1).',
  decompose: ({ input, alpha, inplace }) => (inplace ? F.elu_(input, alpha, 1, inverse(alpha)) : F.celu(input, alpha)),
  surface: ['nn.functional'],
});
/** From "Self-Normalizing Neural Networks" (Klambauer et al., 2017). */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;
op('selu(Tensor self) -> Tensor', {
  doc: 'The self-normalizing exponential unit.',
  decompose: ({ self }) => F.elu(self, SELU_ALPHA, SELU_SCALE),
  surface: ['function'],
});
op('selu.functional(Tensor input, bool inplace=False) -> Tensor', {
  doc: 'The self-normalizing exponential unit.',
  decompose: ({ input, inplace }) => (inplace ? F.elu_(input, SELU_ALPHA, SELU_SCALE) : F.selu(input)),
  surface: ['nn.functional'],
});

// ---- smooth units -------------------------------------------------------------------------------------------------
op('gelu(Tensor self, *, str approximate="none") -> Tensor', {
  doc: 'self · Φ(self), exactly or by its tanh approximation.',
  pointwise: (self, approximate) => {
    if (approximate !== 'none' && approximate !== 'tanh') throw new RuntimeError('approximate argument must be either none or tanh.');
    return approximate === 'tanh' ? self.apply('gelu_tanh') : self.apply('gelu');
  },
  rejects: NOT_FLOATING,
  kernelName: 'GeluKernelImpl',
  surface: ['nn.functional'],
});
op('silu(Tensor self) -> Tensor', {
  doc: 'self · σ(self).',
  pointwise: (self) => self.apply('silu'),
  rejects: WHOLE,
  kernelName: 'silu_cpu',
  surface: [],
});
op('silu.functional(Tensor input, bool inplace=False) -> Tensor', {
  doc: 'input · σ(input).',
  decompose: ({ input, inplace }) => (inplace ? F.silu_(input) : F.silu(input)),
  surface: ['nn.functional'],
});
op('mish(Tensor self) -> Tensor', {
  doc: 'self · tanh(softplus(self)).',
  pointwise: (self) => self.apply('mish'),
  rejects: NOT_FLOATING,
  kernelName: 'mish_cpu',
  surface: [],
});
op('mish.functional(Tensor input, bool inplace=False) -> Tensor', {
  doc: 'input · tanh(softplus(input)).',
  decompose: ({ input, inplace }) => (inplace ? F.mish_(input) : F.mish(input)),
  surface: ['nn.functional'],
});
op('softplus(Tensor self, Scalar beta=1, Scalar threshold=20) -> Tensor', {
  doc: 'log(1 + exp(beta · self)) / beta; self where beta · self is above the threshold.',
  pointwise: (self, beta, threshold) => {
    const x = self.mul(beta);
    return x.gt(threshold).where(self, x.apply('softplus_unit').div(beta));
  },
  own: ['beta', 'threshold'],
  rejects: NOT_FLOATING,
  kernelName: 'softplus_cpu',
  surface: ['nn.functional'],
  inplace: false,
});
op('log_sigmoid(Tensor self) -> Tensor', {
  pointwise: (self) => self.apply('log_sigmoid'),
  rejects: NOT_FLOATING,
  kernelName: 'log_sigmoid_cpu',
  surface: [],
  inplace: false,
});
op('logsigmoid(Tensor input) -> Tensor', {
  doc: 'log σ(input); the result is contiguous.',
  decompose: ({ input }) => F.log_sigmoid(input.contiguous()),
  surface: ['nn.functional'],
});
op('tanhshrink(Tensor input) -> Tensor', {
  doc: 'input − tanh(input).',
  decompose: ({ input }) => input.sub(input.tanh()),
  surface: ['nn.functional'],
});
op('softsign(Tensor input) -> Tensor', {
  doc: 'input / (1 + |input|).',
  decompose: ({ input }) => input.div(input.abs().add(1)),
  surface: ['nn.functional'],
});

// ---- piecewise linear units ---------------------------------------------------------------------------------------
op('hardsigmoid(Tensor self) -> Tensor', {
  doc: 'min(max(self + 3, 0), 6) / 6.',
  pointwise: (self) => self.le(-3).where(0, self.ge(3).where(1, self.add(3).div(6))),
  rejects: NOT_FLOATING,
  kernelName: 'hardsigmoid_cpu',
  surface: [],
});
op('hardsigmoid.functional(Tensor input, bool inplace=False) -> Tensor', {
  doc: 'min(max(input + 3, 0), 6) / 6.',
  decompose: ({ input, inplace }) => (inplace ? F.hardsigmoid_(input) : F.hardsigmoid(input)),
  surface: ['nn.functional'],
});
op('hardswish(Tensor self) -> Tensor', {
  doc: 'self · min(max(self + 3, 0), 6) / 6.',
  pointwise: (self) => self.le(-3).where(self.mul(0), self.ge(3).where(self, self.mul(self.add(3)).div(6))),
  rejects: NOT_FLOATING,
  kernelName: 'hardswish_cpu',
  surface: [],
});
op('hardswish.functional(Tensor input, bool inplace=False) -> Tensor', {
  doc: 'input · min(max(input + 3, 0), 6) / 6.',
  decompose: ({ input, inplace }) => (inplace ? F.hardswish_(input) : F.hardswish(input)),
  surface: ['nn.functional'],
});
op('hardshrink(Tensor self, Scalar lambd=0.5) -> Tensor', {
  doc: 'self, but 0 between −lambd and lambd.',
  pointwise: (self, lambd) => self.ge(lambd.neg()).and(self.le(lambd)).where(0, self),
  own: ['lambd'],
  rejects: NOT_FLOATING,
  kernelName: 'hardshrink_cpu',
  surface: ['function', 'method', 'nn.functional'],
  inplace: false,
});
op('softshrink(Tensor self, Scalar lambd=0.5) -> Tensor', {
  doc: 'self moved by lambd towards 0, and 0 between −lambd and lambd.',
  pointwise: (self, lambd) => self.gt(lambd).where(self.sub(lambd), self.lt(lambd.neg()).where(self.add(lambd), self.mul(0))),
  own: ['lambd'],
  check: ({ self, lambd }) => {
    if (!self.dtype.is_floating_point) return;
    const { max } = new finfo(self.dtype);
    const v = toNumber(lambd);
    if (v >= 0 && v <= max) return;
    throw new RuntimeError(`lambda must be in range [0, ${shortExponent(max)}] for input dtype ${self.dtype.scalarName}, but found ${v}`);
  },
  rejects: NOT_FLOATING,
  kernelName: 'softshrink_check',
  surface: ['nn.functional'],
  inplace: false,
});
/** A number as C++ streams print it: six significant digits. */
const shortExponent = (v: number): string => (v >= 1e6 ? v.toExponential(5).replace(/\.?0+e/, 'e') : String(Number(v.toPrecision(6))));

// ---- gated and random units ---------------------------------------------------------------------------------------
op('glu(Tensor self, int dim=-1) -> Tensor', {
  doc: 'a · σ(b), with self split into a and b along dim.',
  decompose: ({ self, dim }) => {
    if (self.ndim === 0) throw new RuntimeError('glu does not support scalars because halving size must be even');
    const d = wrapDim(dim, self.ndim);
    const n = self.layout.shape[d]!;
    if (n % 2 !== 0) throw new RuntimeError(`Halving dimension must be even, but dimension ${d} is size ${n}`);
    if (isIntegral(self.dtype, true) || self.dtype.is_complex)
      throw new NotImplementedError(`"glu_cpu" not implemented for '${self.dtype.scalarName}'`);
    return self.slice(d, 0, n / 2).mul(self.slice(d, n / 2, n).sigmoid());
  },
  surface: ['nn.functional'],
  inplace: false,
});
op('_rrelu_noise(Tensor self, Scalar lower, Scalar upper, Generator? generator=None) -> Tensor', {
  doc: 'The random slopes of rrelu, in the precision of the computation: uniform in [lower, upper] where self is not positive, else 1.',
  meta: ({ self }) => ({ shape: self.layout.shape, dtype: isReducedFloat(self.dtype) ? float32 : self.dtype }),
  kernel: ({ self, lower, upper, generator }, out) => {
    const { dtype } = out!;
    rreluNoise(
      elements(out!),
      dtype,
      (generator as Generator | null) ?? currentGenerator(),
      elements(dense(self, dtype)),
      toNumber(lower),
      toNumber(upper),
    );
  },
  grad: 'none',
  random: true,
  surface: [],
  inplace: false,
});
op('_rrelu_kernel(Tensor self, Tensor noise) -> Tensor', {
  doc: 'self where it is positive, else self · noise.',
  pointwise: (self, noise) => self.gt(0).where(self, self.mul(noise)),
  own: ['noise'],
  surface: [],
  inplace: false,
});
op('rrelu(Tensor self, Scalar lower=0.125, Scalar upper=0.3333333333333333, bool training=False, Generator? generator=None) -> Tensor', {
  doc: 'self where it is positive, else self times a slope: random in training, the mean of the bounds otherwise.',
  decompose: ({ self, lower, upper, training, generator }) => {
    if (toNumber(lower) > toNumber(upper)) throw new RuntimeError('Lower bound should be less than or equal to the upper bound');
    if (!training) return F.leaky_relu(self.contiguous(), (toNumber(lower) + toNumber(upper)) / 2);
    return F._rrelu_kernel(self, F._rrelu_noise(self, lower, upper, generator as Generator | null));
  },
  random: true,
  surface: ['function'],
});
op(
  'rrelu.functional(Tensor input, Scalar lower=0.125, Scalar upper=0.3333333333333333, bool training=False, bool inplace=False) -> Tensor',
  {
    doc: 'input where it is positive, else input times a slope: random in training, the mean of the bounds otherwise.',
    decompose: ({ input, lower, upper, training, inplace }) =>
      inplace ? F.rrelu_(input, lower, upper, training) : F.rrelu(input, lower, upper, training),
    random: true,
    surface: ['nn.functional'],
  },
);
