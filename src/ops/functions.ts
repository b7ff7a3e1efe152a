// Elementwise functions of one variable: exponentials, logarithms, trigonometry.
import { like } from '../autograd/rules.ts';
import { NotImplementedError } from '../core/errors.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import type { Expr } from '../pointwise/expr.ts';
import { COMPLEX } from './kinds.ts';

/** A function of real and complex numbers; integers become floats. */
const analytic = (name: string, doc: string, aliases: readonly string[] = []): void => {
  op(`${name}(Tensor self) -> Tensor` as 'exp(Tensor self) -> Tensor', {
    doc,
    pointwise: (x) => x.apply(name),
    promote: 'int_to_float',
    aliases,
  });
};
analytic('exp', 'eˢᵉˡᶠ.');
analytic('exp2', '2ˢᵉˡᶠ.', ['special_exp2']);
analytic('expm1', 'eˢᵉˡᶠ − 1, accurate near 0.', ['special_expm1']);
analytic('log', 'The natural logarithm.');
analytic('log2', 'The logarithm to base 2.');
analytic('log10', 'The logarithm to base 10.');
analytic('log1p', 'log(1 + self), accurate near 0.', ['special_log1p']);
analytic('sqrt', 'The square root.');
analytic('rsqrt', '1 / √self.');
analytic('sin', 'The sine of an angle in radians.');
analytic('cos', 'The cosine of an angle in radians.');
analytic('tan', 'The tangent of an angle in radians.');
analytic('asin', 'The arc sine.', ['arcsin']);
analytic('acos', 'The arc cosine.', ['arccos']);
analytic('atan', 'The arc tangent.', ['arctan']);
analytic('sinh', 'The hyperbolic sine.');
analytic('cosh', 'The hyperbolic cosine.');
analytic('tanh', 'The hyperbolic tangent.');
analytic('asinh', 'The inverse hyperbolic sine.', ['arcsinh']);
op('acosh(Tensor self) -> Tensor', {
  doc: 'The inverse hyperbolic cosine.',
  pointwise: (self) => self.apply('acosh'),
  promote: 'int_to_float',
  // The real derivative is finite below −1 too, where the value is NaN.
  grad: {
    self: uses('self', (g, { self }) =>
      self.dtype.is_complex ? g.mul(self.sub(1).rsqrt().mul(self.add(1).rsqrt()).conj()) : g.mul(self.square().sub(1).rsqrt()),
    ),
  },
  aliases: ['arccosh'],
});
analytic('atanh', 'The inverse hyperbolic tangent.', ['arctanh']);
analytic('sigmoid', '1 / (1 + e⁻ˢᵉˡᶠ).', ['special_expit']);

op('atan2(Tensor self, Tensor other) -> Tensor', {
  doc: 'The angle of the point (other, self), in radians.',
  pointwise: (self, other) => self.apply('atan2', other),
  numbers: [],
  promote: 'int_to_float',
  rejects: COMPLEX,
  kernelName: 'atan2_cpu',
  aliases: ['arctan2'],
});
const converted = (name: string, doc: string, factor: number): void => {
  op(`${name}(Tensor self) -> Tensor` as 'deg2rad(Tensor self) -> Tensor', {
    doc,
    pointwise: (self) => self.mul(factor),
    checkTypes: ({ self }) => {
      if (self.dtype.is_complex) throw new NotImplementedError(`${name} is not supported for complex tensors.`);
    },
    promote: 'int_to_float',
  });
};
converted('deg2rad', 'Degrees to radians.', Math.PI / 180);
converted('rad2deg', 'Radians to degrees.', 180 / Math.PI);

op('sinc(Tensor self) -> Tensor', {
  doc: 'sin(π self) / (π self), 1 at 0.',
  pointwise: (self) => {
    const zero = self.eq(0);
    const angle = zero.where(1, self).mul(Math.PI); // both branches of the select stay finite
    return zero.where(1, angle.sin().div(angle));
  },
  promote: 'int_to_float',
  aliases: ['special_sinc'],
});

const logit = (x: Expr): Expr => x.div(x.rsub(1)).log();
/** The lower bound is looked at first: with eps above ½ the bounds are crossed. */
const kept = (x: Expr, lo: number, hi: number): Expr => x.lt(lo).where(lo, x.gt(hi).where(hi, x));
op('logit(Tensor self, float? eps=None) -> Tensor', {
  doc: 'log(self / (1 − self)); self is first clamped to [eps, 1 − eps], if eps is given.',
  pointwise: (self, eps) => (eps === null ? logit(self) : logit(kept(self, eps, 1 - eps))),
  promote: 'int_to_float',
  rejects: COMPLEX,
  kernelName: 'logit_cpu',
  grad: { self: uses('self', (g, { self, eps }) => like(F.logit_backward(g, self, eps), self.layout)) },
  aliases: ['special_logit'],
});
op('logit_backward(Tensor grad_output, Tensor self, float? eps=None) -> Tensor', {
  doc: 'The gradient of logit: 0 where self was clamped, NaN outside [0, 1].',
  pointwise: (grad_output, self, eps) => {
    const inside = self.ge(eps ?? 0).and(self.le(1 - (eps ?? 0)));
    return inside.where(grad_output.div(self.mul(self.rsub(1))), eps === null ? Number.NaN : 0);
  },
  surface: [],
});
