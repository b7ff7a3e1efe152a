// Special functions. Their values are in src/pointwise/special, their derivatives in src/pointwise/derivative.ts.
import { frexpInto } from '../backend/reference/frexp.ts';
import { bfloat16, Category, type DType, float16, int32 } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { like } from '../autograd/rules.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import type { Expr } from '../pointwise/expr.ts';
import { stridesLike } from './create.ts';
import { COMPLEX } from './kinds.ts';

const WIDE: readonly (Category | DType)[] = [Category.Complex, float16, bfloat16];
/** A function of a real number; integers become floats. */
const real = (
  name: string,
  doc: string,
  more: {
    primitive?: string;
    aliases?: readonly string[];
    grad?: 'none';
    inplace?: false;
    rejects?: typeof WIDE;
    kernelName?: string;
  } = {},
): void => {
  const { primitive = name.replace(/^special_/, ''), ...rest } = more;
  op(`${name}(Tensor self) -> Tensor` as 'erf(Tensor self) -> Tensor', {
    doc,
    pointwise: (x) => x.apply(primitive),
    promote: 'int_to_float',
    rejects: COMPLEX,
    kernelName: `${name}_vml_cpu`,
    ...rest,
  });
};
/** A function that exists in torch.special only. */
const special = (name: string, doc: string, more: { grad?: 'none'; rejects?: typeof WIDE } = {}): void =>
  real(`special_${name}`, doc, { kernelName: `${name}_cpu`, ...more, inplace: false });
/** Needs at least single precision. */
const wide = (name: string, doc: string, more: { grad?: 'none' } = {}): void => special(name, doc, { ...more, rejects: WIDE });

// ---- error function -----------------------------------------------------------------------------------------------
real('erf', 'The error function.', { aliases: ['special_erf'] });
real('erfc', '1 − erf(self).', { aliases: ['special_erfc'] });
real('erfinv', 'The inverse of erf.', { aliases: ['special_erfinv'] });
wide('erfcx', 'exp(self²) · erfc(self).');
wide('ndtri', 'The inverse of ndtr.');
wide('log_ndtr', 'log ndtr(self), accurate in the lower tail.');
op('special_ndtr(Tensor self) -> Tensor', {
  doc: 'The distribution function of the standard normal distribution.',
  pointwise: (self) => self.mul(-Math.SQRT1_2).apply('erfc').mul(0.5),
  promote: 'int_to_float',
  rejects: COMPLEX,
  kernelName: 'erf_vml_cpu',
  inplace: false,
});

// ---- gamma function -----------------------------------------------------------------------------------------------
real('lgamma', 'log |Γ(self)|.', { aliases: ['special_gammaln'] });
real('digamma', 'The logarithmic derivative of Γ.', { kernelName: 'digamma', aliases: ['special_psi', 'special_digamma'] });
const polygamma = (n: number, x: Expr): Expr => {
  if (n < 0) throw new RuntimeError('polygamma(n, x) does not support negative n.');
  return n === 0 ? x.apply('digamma') : n === 1 ? x.apply('trigamma') : x.constant(n).apply('polygamma', x);
};
op('polygamma(int n, Tensor self) -> Tensor', {
  doc: 'The n-th derivative of digamma.',
  pointwise: polygamma,
  promote: 'int_to_float',
  rejects: COMPLEX,
  aliases: ['special_polygamma'],
});
op('polygamma_(Tensor(a!) self, int n) -> Tensor(a!)', {
  doc: 'The n-th derivative of digamma, in place.',
  decompose: ({ self, n }) => self.copy_(F.polygamma(n, self)),
  surface: ['method'],
  inplace: false,
});
op('mvlgamma(Tensor self, int p) -> Tensor', {
  doc: 'The multivariate log-gamma function of dimension p.',
  pointwise: (self, p) => {
    if (p < 1) throw new RuntimeError('p has to be greater than or equal to 1');
    let sum = self.apply('lgamma');
    for (let i = 1; i < p; i++) sum = sum.add(self.sub(i / 2).apply('lgamma'));
    return sum.add((p * (p - 1) * Math.log(Math.PI)) / 4);
  },
  promote: 'int_to_float',
  rejects: COMPLEX,
  aliases: ['special_multigammaln'],
});
const incomplete = (name: 'igamma' | 'igammac', doc: string, alias: string): void => {
  op(`${name}(Tensor self, Tensor other) -> Tensor` as 'igamma(Tensor self, Tensor other) -> Tensor', {
    doc,
    pointwise: (self, other) => self.apply(name, other),
    numbers: [],
    promote: 'int_to_float',
    rejects: COMPLEX,
    aliases: [alias],
  });
};
incomplete('igamma', 'The regularized lower incomplete gamma function.', 'special_gammainc');
incomplete('igammac', 'The regularized upper incomplete gamma function.', 'special_gammaincc');

// ---- Bessel and Airy functions ------------------------------------------------------------------------------------
real('i0', 'The modified Bessel function of the first kind, order 0.', { aliases: ['special_i0'] });
special('i0e', 'exp(−|self|) · I₀(self).');
special('i1', 'The modified Bessel function of the first kind, order 1.');
special('i1e', 'exp(−|self|) · I₁(self).');
wide('bessel_j0', 'The Bessel function of the first kind, order 0.');
wide('bessel_j1', 'The Bessel function of the first kind, order 1.');
wide('bessel_y0', 'The Bessel function of the second kind, order 0.');
wide('bessel_y1', 'The Bessel function of the second kind, order 1.');
wide('modified_bessel_i0', 'The modified Bessel function of the first kind, order 0.');
wide('modified_bessel_i1', 'The modified Bessel function of the first kind, order 1.');
wide('modified_bessel_k0', 'The modified Bessel function of the second kind, order 0.');
wide('modified_bessel_k1', 'The modified Bessel function of the second kind, order 1.');
wide('scaled_modified_bessel_k0', 'exp(self) · K₀(self).', { grad: 'none' });
wide('scaled_modified_bessel_k1', 'exp(self) · K₁(self).', { grad: 'none' });
wide('spherical_bessel_j0', 'The spherical Bessel function of the first kind, order 0.', { grad: 'none' });
op('special_airy_ai(Tensor x) -> Tensor', {
  doc: 'The Airy function Ai.',
  pointwise: (x) => x.apply('airy_ai'),
  numbers: [],
  promote: 'int_to_float',
  rejects: WIDE,
  kernelName: 'airy_ai_cpu',
  grad: 'none',
});

// ---- products with logarithms -------------------------------------------------------------------------------------
op('xlogy.Tensor(Tensor self, Tensor other) -> Tensor', {
  doc: 'self · log(other); 0 where self is 0.',
  pointwise: (self, other) => self.apply('xlogy', other),
  promote: 'int_to_float',
  rejects: COMPLEX,
  kernelName: 'xlogy_cpu',
  aliases: ['special_xlogy'],
});
op('special_xlog1py(Tensor self, Tensor other) -> Tensor', {
  doc: 'self · log(1 + other); 0 where self is 0.',
  pointwise: (self, other) => self.eq(0).and(other.isnan().not()).where(0, self.mul(other.log1p())),
  promote: 'int_to_float',
  rejects: COMPLEX,
  kernelName: 'xlog1py_cpu',
  grad: {
    self: uses('self', 'other', (g, { self, other }) => like(g.mul(F._xlog1py_slope(self, other)), self.layout)),
    other: uses('self', 'other', (g, { self, other }) => like(g.mul(F.div$Tensor(self, F.add$Tensor(other, 1))), other.layout)),
  },
  inplace: false,
});
op('_xlog1py_slope(Tensor self, Tensor other) -> Tensor', {
  doc: '∂xlog1py/∂self: log(1 + other), 0 at self = 0 outside the domain.',
  pointwise: (self, other) => self.eq(0).and(other.le(-1)).where(0, other.log1p()),
  promote: 'int_to_float',
  surface: [],
  inplace: false,
});
op('special_entr(Tensor self) -> Tensor', {
  doc: 'The entropy −self · log(self); −∞ below 0.',
  pointwise: (self) =>
    self.isnan().where(self, self.gt(0).where(self.neg().mul(self.log()), self.eq(0).where(0, Number.NEGATIVE_INFINITY))),
  promote: 'int_to_float',
  rejects: COMPLEX,
  kernelName: 'entr_cpu',
  grad: { self: uses('self', (g, { self }) => like(g.mul(self.log().add(1).neg()), self.layout)) },
  inplace: false,
});
op('special_round(Tensor self, *, int decimals=0) -> Tensor', {
  doc: 'self rounded to a number of decimal places.',
  decompose: ({ self, decimals }) => F.round$decimals(self, decimals),
  inplace: false,
});

// ---- two variables without a derivative ---------------------------------------------------------------------------
op('special_zeta(Tensor self, Tensor other) -> Tensor', {
  doc: 'The Hurwitz zeta function ζ(self, other).',
  pointwise: (self, other) => self.apply('zeta', other),
  promote: 'int_to_float',
  rejects: COMPLEX,
  kernelName: 'zeta_cpu',
  inplace: false,
});
const polynomial = (name: string, kind: string): void => {
  op(`special_${name}(Tensor x, Tensor n) -> Tensor` as 'special_chebyshev_polynomial_t(Tensor x, Tensor n) -> Tensor', {
    doc: `The ${kind} of degree n at x.`,
    pointwise: (x, n) => x.apply(name, n),
    promote: 'int_to_float',
    rejects: COMPLEX,
    kernelName: `${name}_cpu`,
    grad: 'none',
    inplace: false,
  });
};
for (const [kind, number] of [
  ['t', 'first'],
  ['u', 'second'],
  ['v', 'third'],
  ['w', 'fourth'],
] as const) {
  polynomial(`chebyshev_polynomial_${kind}`, `Chebyshev polynomial of the ${number} kind`);
  polynomial(`shifted_chebyshev_polynomial_${kind}`, `shifted Chebyshev polynomial of the ${number} kind`);
}
polynomial('hermite_polynomial_h', "physicist's Hermite polynomial");
polynomial('hermite_polynomial_he', "probabilist's Hermite polynomial");
polynomial('laguerre_polynomial_l', 'Laguerre polynomial');
polynomial('legendre_polynomial_p', 'Legendre polynomial');

// ---- parts of a number --------------------------------------------------------------------------------------------
op('frexp.Tensor(Tensor self) -> (Tensor mantissa, Tensor exponent)', {
  doc: 'self = mantissa · 2ᵉˣᵖᵒⁿᵉⁿᵗ with |mantissa| in [0.5, 1).',
  meta: ({ self }) => {
    if (self.dtype.category !== Category.Floating) throw new RuntimeError('torch.frexp() only supports floating-point dtypes');
    return [
      { shape: self.layout.shape, dtype: self.dtype, stride: stridesLike(self.layout, null) },
      { shape: self.layout.shape, dtype: int32, stride: stridesLike(self.layout, null) },
    ];
  },
  kernel: ({ self }, mantissa, exponent) => frexpInto(self, mantissa!, exponent!),
  grad: { self: uses('exponent', (g, { exponent }) => g.div(exponent.exp2())) },
  batch: 'leading',
  inplace: false,
});
