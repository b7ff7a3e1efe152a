// Elementwise arithmetic. Each declaration is the whole operator: forward, every derivative, batching, meta, in place.
import { like } from '../autograd/rules.ts';
import { bool, Category, type DType, float64, complex128, int64, isIntegral } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { type Scalar, scalarCategory, toNumber } from '../core/scalar.ts';
import { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import { resultType } from '../dispatch/promotion.ts';
import type { Expr } from '../pointwise/expr.ts';
import { BOOL, BOOL_AND_COMPLEX, COMPLEX, NOT_FLOATING, NOT_INTEGRAL, WHOLE } from './kinds.ts';

/** An operand of a formula: the schema says Tensor, callers may have given a number. */
type Operand = Tensor | Scalar;
const isBool = (x: Operand): boolean => (x instanceof Tensor ? x.dtype === bool : typeof x === 'boolean');

// ---- sums and products --------------------------------------------------------------------------------------------
function checkAlpha({ self, other, alpha }: { self: Operand; other: Operand; alpha: Scalar }): void {
  const { category } = resultType(self, other);
  const kind = scalarCategory(alpha);
  if (kind === Category.Bool && category !== Category.Bool) throw new RuntimeError('Boolean alpha only supported for Boolean results.');
  if (category < Category.Floating && kind > Category.Integral)
    throw new RuntimeError('For integral input tensors, argument alpha must not be a floating point number.');
  if (category < Category.Complex && kind === Category.Complex)
    throw new RuntimeError('For non-complex input tensors, argument alpha must not be a complex number.');
}
function checkSubtraction(args: { self: Operand; other: Operand; alpha: Scalar }): void {
  const { self, other } = args;
  if (isBool(self) && isBool(other))
    throw new NotImplementedError(
      'Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.',
    );
  if (isBool(self) || isBool(other)) {
    throw new NotImplementedError(
      'Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.',
    );
  }
  checkAlpha(args);
}
op('add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor', {
  doc: 'self + alpha · other.',
  pointwise: (self, other, alpha) => self.addProduct(other, alpha),
  own: ['alpha'],
  checkTypes: checkAlpha,
  aliases: ['__radd__'],
});
/** a − alpha · b */
const minus = (a: Expr, b: Expr, alpha: Expr): Expr =>
  alpha.op === 'const' && alpha.value === 1 ? a.sub(b) : a.addProduct(b.neg(), alpha);
op('sub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor', {
  doc: 'self − alpha · other.',
  pointwise: (self, other, alpha) => minus(self, other, alpha),
  own: ['alpha'],
  checkTypes: checkSubtraction,
  aliases: ['subtract'],
});
op('rsub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor', {
  doc: 'other − alpha · self.',
  pointwise: (self, other, alpha) => minus(other, self, alpha),
  own: ['alpha'],
  numbers: ['other'],
  checkTypes: checkSubtraction,
  aliases: ['__rsub__'],
  inplace: false,
});
op('mul.Tensor(Tensor self, Tensor other) -> Tensor', {
  doc: 'self · other.',
  pointwise: (self, other) => self.mul(other),
  aliases: ['multiply', '__rmul__'],
});
op('neg(Tensor self) -> Tensor', {
  doc: '−self.',
  pointwise: (self) => self.neg(),
  checkTypes: ({ self }) => {
    if (self.dtype === bool)
      throw new NotImplementedError(
        'Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.',
      );
  },
  aliases: ['negative'],
});
op('positive(Tensor(a) self) -> Tensor(a)', {
  doc: 'self.',
  decompose: ({ self }) => {
    if (self.dtype === bool) throw new NotImplementedError('The `+` operator, on a bool tensor is not supported.');
    return self;
  },
  inplace: false,
});
op('square(Tensor self) -> Tensor', {
  doc: 'self².',
  pointwise: (self) => self.square(),
  promote: ({ self }) => (self.dtype === bool ? int64 : self.dtype),
});
op('addcmul(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor', {
  doc: 'self + value · tensor1 · tensor2.',
  pointwise: (self, tensor1, tensor2, value) => self.addProduct(tensor1.mul(value), tensor2),
  own: ['value'],
  numbers: [],
});
op('addcdiv(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor', {
  doc: 'self + value · tensor1 / tensor2.',
  pointwise: (self, tensor1, tensor2, value) => self.add(tensor1.mul(value).div(tensor2)),
  own: ['value'],
  numbers: [],
  checkTypes: ({ tensor1, tensor2 }) => {
    if (!isIntegral(tensor1.dtype, true) || !isIntegral(tensor2.dtype, true)) return;
    throw new RuntimeError(
      'Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a true division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value * torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: (input + value * tensor1 / tensor2), for all dtypes.',
    );
  },
});
/** The nearer end of the interval is where the interpolation starts, so that it is exact at both. */
const interpolated = (self: Expr, end: Expr, weight: Expr): Expr => {
  const span = end.sub(self);
  return weight
    .abs()
    .lt(0.5)
    .where(self.addProduct(span, weight), end.addProduct(span.neg(), weight.rsub(1)));
};
function checkLerp({ self, end, weight }: { self: Tensor; end: Tensor; weight: Operand }): void {
  if (self.dtype !== end.dtype) throw new RuntimeError(`expected dtype ${self.dtype.cName} for \`end\` but got dtype ${end.dtype.cName}`);
  if (weight instanceof Tensor && self.dtype !== weight.dtype) {
    throw new RuntimeError(`expected dtype ${self.dtype.cName} for \`weight\` but got dtype ${weight.dtype.cName}`);
  }
}
op('lerp.Scalar(Tensor self, Tensor end, Scalar weight) -> Tensor', {
  doc: 'Linear interpolation self + weight · (end − self).',
  pointwise: interpolated,
  own: ['weight'],
  numbers: [],
  checkTypes: checkLerp,
  rejects: WHOLE,
  kernelName: 'lerp_kernel_scalar',
});
op('lerp.Tensor(Tensor self, Tensor end, Tensor weight) -> Tensor', {
  pointwise: interpolated,
  numbers: [],
  checkTypes: checkLerp,
  rejects: WHOLE,
  kernelName: 'lerp_kernel_tensor',
});

// ---- division -----------------------------------------------------------------------------------------------------
op('div.Tensor(Tensor self, Tensor other) -> Tensor', {
  doc: 'self / other; integers become floats.',
  pointwise: (self, other) => self.div(other),
  promote: 'int_to_float',
  aliases: ['divide', 'true_divide', '__truediv__'],
});
op('div.Tensor_mode(Tensor self, Tensor other, *, str? rounding_mode) -> Tensor', {
  doc: "self / other, rounded towards zero ('trunc') or down ('floor').",
  decompose: ({ self, other, rounding_mode }) => {
    if (rounding_mode === null) return F.div$Tensor(self, other);
    if (rounding_mode === 'trunc') return F.trunc_divide(self, other);
    if (rounding_mode === 'floor') return F.floor_divide(self, other);
    throw new RuntimeError(`div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '${rounding_mode}'`);
  },
  numbers: ['self', 'other'],
  aliases: ['divide'],
});
op('trunc_divide(Tensor self, Tensor other) -> Tensor', {
  doc: 'self / other rounded towards zero.',
  pointwise: (self, other) => self.apply('trunc_divide', other),
  rejects: BOOL_AND_COMPLEX,
  kernelName: 'div_trunc_cpu',
  surface: [],
});
op('floor_divide(Tensor self, Tensor other) -> Tensor', {
  doc: 'self / other rounded down.',
  pointwise: (self, other) => self.apply('floor_divide', other),
  rejects: BOOL_AND_COMPLEX,
  kernelName: 'div_floor_cpu',
});
op('remainder.Tensor(Tensor self, Tensor other) -> Tensor', {
  doc: 'The remainder of self / other with the sign of other, as Python’s %.',
  pointwise: (self, other) => self.apply('remainder', other),
  rejects: BOOL_AND_COMPLEX,
  kernelName: 'remainder_cpu',
});
op('fmod.Tensor(Tensor self, Tensor other) -> Tensor', {
  doc: 'The remainder of self / other with the sign of self, as C’s fmod.',
  pointwise: (self, other) => self.apply('fmod', other),
  numbers: ['other'],
  rejects: BOOL_AND_COMPLEX,
  kernelName: 'fmod_cpu',
});
op('reciprocal(Tensor self) -> Tensor', { doc: '1 / self.', pointwise: (self) => self.reciprocal(), promote: 'int_to_float' });

// ---- powers -------------------------------------------------------------------------------------------------------
op('pow.Tensor_Tensor(Tensor self, Tensor exponent) -> Tensor', {
  doc: 'self raised to exponent.',
  pointwise: (self, exponent) => self.pow(exponent),
  check: ({ self, exponent }: { self: Operand; exponent: Operand }) => {
    if (exponent instanceof Tensor || !(self instanceof Tensor) || self.dtype.category > Category.Integral) return;
    if (scalarCategory(exponent) === Category.Integral && toNumber(exponent) < 0)
      throw new RuntimeError('Integers to negative integer powers are not allowed.');
  },
  rejects: BOOL,
});
function powerDtype(self: Operand, exponent: Operand): DType {
  return resultType(self, exponent).is_complex ? complex128 : float64;
}
op('float_power.Tensor_Tensor(Tensor self, Tensor exponent) -> Tensor', {
  doc: 'self raised to exponent in double precision.',
  decompose: ({ self, exponent }: { self: Operand; exponent: Operand }) => {
    const d = powerDtype(self, exponent);
    const wide = (x: Operand): Tensor => (x instanceof Tensor ? x.to(d) : x) as Tensor;
    return F.pow$Tensor_Tensor(wide(self), wide(exponent));
  },
  numbers: ['self', 'exponent'],
});
op('ldexp.Tensor(Tensor self, Tensor other) -> Tensor', {
  doc: 'self · 2ᵒᵗʰᵉʳ.',
  pointwise: (self, other) => self.mul(other.constant(2).pow(other)),
  numbers: [],
  promote: 'int_to_float',
});
op('hypot(Tensor self, Tensor other) -> Tensor', {
  doc: '√(self² + other²) without overflow on the way.',
  pointwise: (self, other) => self.apply('hypot', other),
  numbers: [],
  rejects: NOT_FLOATING,
  kernelName: 'hypot_cpu',
});

// ---- signs and rounding -------------------------------------------------------------------------------------------
op('abs(Tensor self) -> Tensor', {
  doc: '|self|; of a complex number its modulus.',
  pointwise: (self) => self.abs(),
  promote: 'real',
  rejects: BOOL,
  kernelName: 'abs_cpu',
  aliases: ['absolute'],
});
op('sgn(Tensor self) -> Tensor', {
  doc: 'self / |self|, 0 at 0.',
  pointwise: (self) => self.sgn(),
  grad: { self: uses('self', (g, { self }) => (self.dtype.is_complex ? F.sgn_backward(g, self) : g.zeros_like())) },
});
op('sgn_backward(Tensor grad, Tensor self) -> Tensor', {
  doc: 'The part of a gradient across self, over |self|.',
  pointwise: (grad, self) => {
    const s = self.sgn();
    return self.eq(0).where(0, grad.sub(s.mul(s.conj().mul(grad).real())).div(self.abs()));
  },
  surface: [],
  inplace: false,
});
op('sign(Tensor self) -> Tensor', {
  doc: 'The sign: −1, 0 or 1.',
  pointwise: (self) => self.detach().sgn(),
  checkTypes: ({ self }) => {
    if (self.dtype.is_complex)
      throw new NotImplementedError('Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn instead.');
  },
});
op('copysign.Tensor(Tensor self, Tensor other) -> Tensor', {
  doc: 'The magnitude of self with the sign of other.',
  pointwise: (self, other) => self.apply('copysign', other),
  numbers: ['other'],
  promote: 'int_to_float',
  rejects: COMPLEX,
  kernelName: 'copysign_cpu',
});
op('nextafter(Tensor self, Tensor other) -> Tensor', {
  doc: 'The next representable number after self towards other.',
  pointwise: (self, other) => self.apply('nextafter', other),
  decides: true,
  numbers: [],
  rejects: NOT_FLOATING,
  kernelName: 'nextafter_cpu',
});
op('heaviside(Tensor self, Tensor values) -> Tensor', {
  doc: 'The step function: 0 below 0, values at 0, 1 above.',
  pointwise: (self, values) => self.eq(0).where(values, self.gt(0).where(1, 0)),
  numbers: [],
  check: ({ self, values }) => {
    if (self.dtype.is_complex || values.dtype.is_complex)
      throw new NotImplementedError('heaviside is not yet implemented for complex tensors.');
    if (self.dtype !== values.dtype) throw new RuntimeError('heaviside is not yet implemented for tensors with different dtypes.');
  },
  grad: { self: notImplemented('heaviside'), values: notImplemented('heaviside') },
});
function notImplemented(name: string): { names: readonly string[]; fn: () => never } {
  return {
    names: [],
    fn: () => {
      throw new NotImplementedError(`derivative for aten::${name} is not implemented`);
    },
  };
}
/** Rounding leaves integers as they are. */
const rounding = (name: string, doc: string, f: (x: Expr) => Expr, aliases: readonly string[] = []): void => {
  op(`${name}(Tensor self) -> Tensor` as 'floor(Tensor self) -> Tensor', {
    doc,
    pointwise: f,
    checkTypes: ({ self }) => {
      if (self.dtype.is_complex && name !== 'round') throw new NotImplementedError(`${name} is not supported for complex inputs`);
    },
    rejects: BOOL_AND_COMPLEX,
    kernelName: `${name}_vml_cpu`,
    aliases,
  });
};
rounding('ceil', 'The smallest integer that is not below.', (x) => x.apply('ceil'));
rounding('floor', 'The largest integer that is not above.', (x) => x.floor());
rounding('trunc', 'The integer part.', (x) => x.trunc(), ['fix']);
rounding('round', 'The nearest integer; of two, the even one.', (x) => x.round());
op('round.decimals(Tensor self, *, int decimals) -> Tensor', {
  doc: 'self rounded to a number of decimal places.',
  pointwise: (self, decimals) => {
    const scale = 10 ** Math.abs(decimals);
    if (decimals === 0) return self.round();
    return decimals > 0 ? self.mul(scale).round().div(scale) : self.div(scale).round().mul(scale);
  },
  rejects: NOT_FLOATING,
  kernelName: 'round_cpu',
});
op('frac(Tensor self) -> Tensor', {
  doc: 'The fractional part, with the sign of self.',
  pointwise: (self) => self.sub(self.trunc()),
  rejects: NOT_FLOATING,
  kernelName: 'frac_cpu',
});

// ---- integers -----------------------------------------------------------------------------------------------------
op('gcd(Tensor self, Tensor other) -> Tensor', {
  doc: 'The greatest common divisor; gcd(0, 0) = 0.',
  pointwise: (self, other) => self.apply('gcd', other),
  numbers: [],
  rejects: NOT_INTEGRAL,
  kernelName: 'gcd_cpu',
});
op('lcm(Tensor self, Tensor other) -> Tensor', {
  doc: 'The least common multiple.',
  pointwise: (self, other) => self.apply('lcm', other),
  numbers: [],
  rejects: NOT_INTEGRAL,
  kernelName: 'lcm_cpu',
});

// ---- bounds -------------------------------------------------------------------------------------------------------
/** Numbers as bounds: on the bound, and at NaN, the derivative is 0. A NaN bound wins. */
const above = (x: Expr, min: Expr): Expr => x.gt(min).where(x, x.isnan().where(x.detach(), min));
const below = (x: Expr, max: Expr): Expr => x.lt(max).where(x, x.isnan().where(x.detach(), max));
function checkBounds({ self, min, max }: { self: Tensor; min: unknown; max: unknown }): void {
  if (min === null && max === null) throw new RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None");
  checkOrdered({ self });
}
function checkOrdered({ self }: { self: Tensor }): void {
  if (self.dtype.is_complex) throw new NotImplementedError('clamp is not supported for complex types');
}
op('clamp.Tensor(Tensor self, Tensor? min=None, Tensor? max=None) -> Tensor', {
  doc: 'self, but not below min and not above max.',
  pointwise: (self, min, max) => (min && max ? self.clamp(min, max) : min ? self.maximum(min) : max ? self.minimum(max) : self),
  decides: true,
  numbers: [],
  check: checkBounds,
  aliases: ['clip'],
});
op('clamp(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor', {
  pointwise: (self, min, max) => {
    const raised = min ? above(self, min) : self;
    return max ? below(raised, max) : raised;
  },
  decides: true,
  numbers: [],
  check: checkBounds,
  aliases: ['clip'],
});
op('clamp_min.Tensor(Tensor self, Tensor min) -> Tensor', {
  doc: 'self, but not below min.',
  pointwise: (self, min) => self.maximum(min),
  decides: true,
  numbers: [],
  check: checkOrdered,
});
op('clamp_min(Tensor self, Scalar min) -> Tensor', { pointwise: above, decides: true, numbers: [], check: checkOrdered });
op('clamp_max.Tensor(Tensor self, Tensor max) -> Tensor', {
  doc: 'self, but not above max.',
  pointwise: (self, max) => self.minimum(max),
  decides: true,
  numbers: [],
  check: checkOrdered,
});
op('clamp_max(Tensor self, Scalar max) -> Tensor', { pointwise: below, decides: true, numbers: [], check: checkOrdered });

function checkReal(name: string): (args: { self: Operand; other: Operand }) => void {
  return ({ self, other }) => {
    if (resultType(self, other).is_complex) throw new TypeError(`${name} not implemented for complex tensors.`);
  };
}
const extremum = (name: 'maximum' | 'minimum' | 'fmax' | 'fmin', doc: string): void => {
  op(`${name}(Tensor self, Tensor other) -> Tensor` as 'maximum(Tensor self, Tensor other) -> Tensor', {
    doc,
    pointwise: (self, other) => self.apply(name, other),
    decides: true,
    numbers: [],
    check: checkReal(name),
    inplace: false,
  });
};
extremum('maximum', 'The larger of two; NaN if either is NaN.');
extremum('minimum', 'The smaller of two; NaN if either is NaN.');
extremum('fmax', 'The larger of two; a NaN counts only beside another.');
extremum('fmin', 'The smaller of two; a NaN counts only beside another.');

// ---- reflected operators of Python --------------------------------------------------------------------------------
op('__rdiv__(Tensor self, Tensor other) -> Tensor', {
  doc: 'other / self.',
  decompose: ({ self, other }) => self.reciprocal().mul(other),
  numbers: ['other'],
  surface: ['method'],
  aliases: ['__rtruediv__'],
  inplace: false,
});
const reflected = (name: string, doc: string, f: (other: Tensor, self: Tensor) => Tensor): void => {
  op(`${name}(Tensor self, Tensor other) -> Tensor` as '__rpow__(Tensor self, Tensor other) -> Tensor', {
    doc,
    decompose: ({ self, other }) => f(other, self),
    numbers: ['other'],
    surface: ['method'],
    inplace: false,
  });
};
reflected('__rfloordiv__', 'other // self.', (other, self) => F.floor_divide(other, self));
reflected('__rmod__', 'other % self.', (other, self) => F.remainder$Tensor(other, self));
reflected('__rpow__', 'other ** self.', (other, self) => F.pow$Tensor_Tensor(other, self));
reflected('__rmatmul__', 'other @ self.', (other, self) => F.matmul(other, self));
reflected('__rlshift__', 'other << self.', (other, self) => F.bitwise_left_shift$Tensor(other, self));
reflected('__rrshift__', 'other >> self.', (other, self) => F.bitwise_right_shift$Tensor(other, self));

// ---- logarithmic sums ---------------------------------------------------------------------------------------------
/** log(eˢᵉˡᶠ + eᵒᵗʰᵉʳ), the smaller taken relative to the larger. */
function logSum(a: Expr, b: Expr, base2: boolean): Expr {
  const swap = a.real().lt(b.real());
  const [high, low] = [swap.where(b, a), swap.where(a, b)];
  const gap = low.sub(high);
  const rest = base2 ? gap.apply('exp2').log1p().mul(Math.LOG2E) : gap.exp().log1p();
  return a.isinf().and(a.eq(b)).where(a, high.add(rest));
}
op('logaddexp(Tensor self, Tensor other) -> Tensor', {
  doc: 'log(eˢᵉˡᶠ + eᵒᵗʰᵉʳ).',
  pointwise: (self, other) => logSum(self, other, false),
  numbers: [],
  rejects: WHOLE,
  kernelName: 'logaddexp_cpu',
  grad: {
    self: uses('self', 'other', (g, { self, other }) => like(g.div(other.sub(self).exp().add(1).conj()), self.layout)),
    other: uses('self', 'other', (g, { self, other }) => like(g.div(self.sub(other).exp().add(1).conj()), other.layout)),
  },
  inplace: false,
});
op('logaddexp2(Tensor self, Tensor other) -> Tensor', {
  doc: 'log₂(2ˢᵉˡᶠ + 2ᵒᵗʰᵉʳ).',
  pointwise: (self, other) => logSum(self, other, true),
  numbers: [],
  rejects: WHOLE,
  kernelName: 'logaddexp2_cpu',
  grad: {
    self: uses('self', 'other', (g, { self, other }) => like(g.div(other.sub(self).exp2().add(1).conj()), self.layout)),
    other: uses('self', 'other', (g, { self, other }) => like(g.div(self.sub(other).exp2().add(1).conj()), other.layout)),
  },
  inplace: false,
});
