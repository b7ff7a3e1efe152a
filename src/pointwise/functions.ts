// What each primitive computes, one element at a time: the definition that every backend is tested against.
import { fma32, fma64 } from '../core/fma.ts';
import * as special from './special.ts';

type FloatFunction = (a: number, b: number, c: number, single: boolean) => number;
type IntegerFunction = (a: bigint, b: bigint, c: bigint) => bigint | number;

const roundEven = (x: number): number => {
  if (!Number.isFinite(x) || Math.abs(x) >= 4503599627370496) return x;
  const f = Math.floor(x);
  const d = x - f;
  const r = d < 0.5 ? f : d > 0.5 ? f + 1 : f % 2 === 0 ? f : f + 1;
  return r === 0 && (x < 0 || Object.is(x, -0)) ? -0 : r;
};
/** The remainder with the divisor's sign. */
const remainder = (a: number, b: number): number => {
  const r = a % b;
  return r !== 0 && r < 0 !== b < 0 ? r + b : r;
};
/** Python's floor division, which is exact where floor(a / b) would round up. */
const floorDivide = (a: number, b: number): number => {
  if (b === 0) return a / b;
  const mod = a % b;
  let div = (a - mod) / b;
  if (mod !== 0 && b < 0 !== mod < 0) div -= 1;
  if (div === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0;
  const floor = Math.floor(div);
  return div - floor > 0.5 ? floor + 1 : floor;
};
/** Each step is rounded: from 16.7 on it is 1, as a loss that takes the logarithm of 1 − sigmoid(x) notices. */
const sigmoid = (x: number, _b: number, _c: number, single: boolean): number =>
  single ? 1 / Math.fround(1 + Math.fround(Math.exp(-x))) : 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
/** JavaScript gives NaN for (±1)^±∞ and 1^NaN where C gives 1. */
const pow = (a: number, b: number): number =>
  a === 1 || (a === -1 && (b === Number.POSITIVE_INFINITY || b === Number.NEGATIVE_INFINITY)) ? 1 : a ** b;
/** NaN has no sign. */
const signNumber = (x: number): number => (x > 0 ? 1 : x < 0 ? -1 : 0);
const atanh = (x: number): number => (Math.abs(x) < 0.5 ? 0.5 * Math.log1p((2 * x) / (1 - x)) : Math.atanh(x));

function nextAfter(a: number, b: number, single: boolean): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
  if (a === b) return b;
  if (a === 0) return (b > 0 ? 1 : -1) * (single ? 2 ** -149 : Number.MIN_VALUE);
  const up = b > a === a > 0;
  if (single) {
    const f = new Float32Array([a]);
    new Int32Array(f.buffer)[0]! += up ? 1 : -1;
    return f[0]!;
  }
  const f = new Float64Array([a]);
  new BigInt64Array(f.buffer)[0]! += up ? 1n : -1n;
  return f[0]!;
}

const trigamma = (x: number, single: boolean): number => (single ? special.trigammaSingle(x) : special.trigamma(x));
/** Recurrences magnify rounding, so it happens in the precision of the result. */
const polynomial =
  (f: (x: number, n: number, round?: (v: number) => number) => number): FloatFunction =>
  (x, n, _c, single) =>
    single ? f(x, n, Math.fround) : f(x, n);

export const floatFunctions: Readonly<Record<string, FloatFunction>> = {
  neg: (a) => -a,
  abs: Math.abs,
  sign: signNumber,
  ceil: Math.ceil,
  floor: Math.floor,
  trunc: Math.trunc,
  round: roundEven,
  exp: Math.exp,
  exp2: (a) => 2 ** a,
  expm1: Math.expm1,
  log: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  rsqrt: (a) => 1 / Math.sqrt(a),
  reciprocal: (a) => 1 / a,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh,
  sigmoid,
  relu: (a) => (a > 0 || Number.isNaN(a) ? a : 0),
  erf: special.erf,
  erfc: special.erfc,
  erfinv: special.erfinv,
  lgamma: special.lgamma,
  digamma: special.digamma,
  trigamma: (x, _b, _c, single) => trigamma(x, single),
  logical_not: (a) => (a === 0 ? 1 : 0),
  signbit: (a) => (a < 0 || Object.is(a, -0) ? 1 : 0),
  isnan: (a) => (Number.isNaN(a) ? 1 : 0),
  gelu: (a) => 0.5 * a * (1 + special.erf(a * Math.SQRT1_2)),
  gelu_tanh: (a) => 0.5 * a * (1 + Math.tanh(Math.SQRT2 * (2 / Math.sqrt(Math.PI)) * 0.5 * (a + 0.044715 * a * a * a))),
  silu: (a) => a / (1 + Math.exp(-a)),
  softplus_unit: softplus,
  log_sigmoid: (a) => -softplus(-a),
  mish: (a) => a * Math.tanh(softplus(a)),
  i0: special.i0,
  i0e: special.i0e,
  i1: special.i1,
  i1e: special.i1e,
  ndtri: special.ndtri,
  log_ndtr: special.log_ndtr,
  erfcx: special.erfcx,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  floor_divide: floorDivide,
  trunc_divide: (a, b) => Math.trunc(a / b),
  remainder,
  fmod: (a, b) => a % b,
  pow,
  atan2: Math.atan2,
  hypot: (a, b) => Math.hypot(a, b),
  copysign: (a, b) => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a)),
  nextafter: (a, b, _c, single) => nextAfter(a, b, single),
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  fmax: (a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b)),
  fmin: (a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b)),
  eq: (a, b) => (a === b ? 1 : 0),
  ne: (a, b) => (a !== b ? 1 : 0),
  lt: (a, b) => (a < b ? 1 : 0),
  le: (a, b) => (a <= b ? 1 : 0),
  gt: (a, b) => (a > b ? 1 : 0),
  ge: (a, b) => (a >= b ? 1 : 0),
  bitwise_and: (a, b) => (a && b ? 1 : 0),
  bitwise_or: (a, b) => (a || b ? 1 : 0),
  bitwise_xor: (a, b) => (!a !== !b ? 1 : 0),
  xlogy: (a, b) => (Number.isNaN(b) ? Number.NaN : a === 0 ? 0 : a * Math.log(b)),
  fma: (a, b, c, single) => (single ? fma32(a, b, c) : fma64(a, b, c)),
  clamp: (x, lo, hi) => (Number.isNaN(x) ? x : Math.min(Math.max(x, lo), hi)),
  airy_ai: special.airy_ai,
  bessel_j0: special.bessel_j0,
  bessel_j1: special.bessel_j1,
  bessel_y0: special.bessel_y0,
  bessel_y1: special.bessel_y1,
  modified_bessel_i0: special.modified_bessel_i0,
  modified_bessel_i1: special.modified_bessel_i1,
  modified_bessel_k0: special.modified_bessel_k0,
  modified_bessel_k1: special.modified_bessel_k1,
  scaled_modified_bessel_k0: special.scaled_modified_bessel_k0,
  scaled_modified_bessel_k1: special.scaled_modified_bessel_k1,
  spherical_bessel_j0: special.spherical_bessel_j0,
  zeta: special.zeta,
  polygamma: (n, x, _c, single) => (n === 1 ? trigamma(x, single) : special.polygamma(n, x)),
  igamma: special.igamma,
  igammac: special.igammac,
  chebyshev_polynomial_t: polynomial(special.chebyshev_polynomial_t),
  chebyshev_polynomial_u: polynomial(special.chebyshev_polynomial_u),
  chebyshev_polynomial_v: polynomial(special.chebyshev_polynomial_v),
  chebyshev_polynomial_w: polynomial(special.chebyshev_polynomial_w),
  hermite_polynomial_h: polynomial(special.hermite_polynomial_h),
  hermite_polynomial_he: polynomial(special.hermite_polynomial_he),
  laguerre_polynomial_l: polynomial(special.laguerre_polynomial_l),
  legendre_polynomial_p: polynomial(special.legendre_polynomial_p),
  shifted_chebyshev_polynomial_t: polynomial(special.shifted_chebyshev_polynomial_t),
  shifted_chebyshev_polynomial_u: polynomial(special.shifted_chebyshev_polynomial_u),
  shifted_chebyshev_polynomial_v: polynomial(special.shifted_chebyshev_polynomial_v),
  shifted_chebyshev_polynomial_w: polynomial(special.shifted_chebyshev_polynomial_w),
};

const abs = (a: bigint): bigint => (a < 0n ? -a : a);
const gcd = (a: bigint, b: bigint): bigint => {
  let [x, y] = [abs(a), abs(b)];
  while (y) [x, y] = [y, x % y];
  return x;
};
const floorDiv = (a: bigint, b: bigint): bigint => {
  const q = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q;
};
/** Integers raised to a negative power are 0, except ±1. */
const powInteger = (a: bigint, b: bigint): bigint => {
  if (b < 0n) return a === 1n ? 1n : a === -1n ? (b % 2n ? -1n : 1n) : 0n;
  let result = 1n;
  let base = a;
  for (let e = b; e > 0n; e >>= 1n) {
    if (e & 1n) result = BigInt.asIntN(64, result * base);
    base = BigInt.asIntN(64, base * base);
  }
  return result;
};

export const integerFunctions: Readonly<Record<string, IntegerFunction>> = {
  neg: (a) => -a,
  abs,
  sign: (a) => (a > 0n ? 1n : a < 0n ? -1n : 0n),
  ceil: (a) => a,
  floor: (a) => a,
  trunc: (a) => a,
  round: (a) => a,
  bitwise_not: (a) => ~a,
  relu: (a) => (a > 0n ? a : 0n),
  logical_not: (a) => (a === 0n ? 1 : 0),
  signbit: (a) => (a < 0n ? 1 : 0),
  isnan: () => 0,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  fma: (a, b, c) => a * b + c,
  floor_divide: floorDiv,
  trunc_divide: (a, b) => a / b,
  remainder: (a, b) => a - floorDiv(a, b) * b,
  fmod: (a, b) => a % b,
  pow: powInteger,
  maximum: (a, b) => (a > b ? a : b),
  minimum: (a, b) => (a < b ? a : b),
  fmax: (a, b) => (a > b ? a : b),
  fmin: (a, b) => (a < b ? a : b),
  eq: (a, b) => (a === b ? 1 : 0),
  ne: (a, b) => (a !== b ? 1 : 0),
  lt: (a, b) => (a < b ? 1 : 0),
  le: (a, b) => (a <= b ? 1 : 0),
  gt: (a, b) => (a > b ? 1 : 0),
  ge: (a, b) => (a >= b ? 1 : 0),
  bitwise_and: (a, b) => a & b,
  bitwise_or: (a, b) => a | b,
  bitwise_xor: (a, b) => a ^ b,
  shift_left: (a, b) => (b < 0n || b >= 64n ? 0n : a << b),
  shift_right: (a, b) => (b < 0n || b >= 64n ? (a < 0n ? -1n : 0n) : a >> b),
  gcd,
  lcm: (a, b) => (a === 0n || b === 0n ? 0n : abs(BigInt.asIntN(64, (a / gcd(a, b)) * b))),
  clamp: (x, lo, hi) => {
    const low = x > lo ? x : lo;
    return low < hi ? low : hi;
  },
};
