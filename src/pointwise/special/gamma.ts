// The gamma function's family. Coefficients: lgamma from Sun's fdlibm (e_lgamma_r.c), digamma and zeta from Cephes (psi.c, zeta.c).
import { ascendingPolynomial, polynomial, sinPi } from './series.ts';

/** log Γ(2 − y) = y·A(y) − y/2 around 2, y = 2 − x. */
const NEAR_TWO = [
  0.07721566490153287, 0.3224670334241136, 0.06735230105312927, 0.020580808432516733, 0.007385550860814029, 0.0028905138367341563,
  0.0011927076318336207, 0.0005100697921535113, 0.00022086279071390839, 0.00010801156724758394, 2.5214456545125733e-5,
  4.4864094961891516e-5,
];
/** log Γ(x) = MINIMUM + z²·T(z), z = x − ARGMIN: around its minimum. */
const ARGMIN = 1.4616321449683622;
const MINIMUM = -0.12148629053584961;
const MINIMUM_TAIL = -3.638676997039505e-18;
const NEAR_MINIMUM = [
  0.48383612272381005, -0.1475877229945939, 0.06462494023913339, -0.032788541075985965, 0.01797067508118204, -0.010314224129834144,
  0.006100538702462913, -0.0036845201678113826, 0.0022596478090061247, -0.0014034646998923284, 0.000881081882437654, -0.0005385953053567405,
  0.00031563207090362595, -0.00031275416837512086, 0.0003355291926355191,
];
/** log Γ(1 + y) = y·U(y)/V(y) − y/2. */
const NEAR_ONE_P = [
  -0.07721566490153287, 0.6328270640250934, 1.4549225013723477, 0.9777175279633727, 0.22896372806469245, 0.013381091853678766,
];
const NEAR_ONE_Q = [1, 2.4559779371304113, 2.128489763798934, 0.7692851504566728, 0.10422264559336913, 0.003217092422824239];
/** log Γ(2 + y) = y·S(y)/R(y) + y/2 for 0 ≤ y < 1. */
const ABOVE_TWO_P = [
  -0.07721566490153287, 0.21498241596060885, 0.325778796408931, 0.14635047265246445, 0.02664227030336386, 0.0018402845140733772,
  3.194753265841009e-5,
];
const ABOVE_TWO_Q = [
  1, 1.3920053346762105, 0.7219355475671381, 0.17193386563280308, 0.01864591917156529, 0.0007779424963818936, 7.326684307446256e-6,
];
/** log Γ(x) = (x − 1/2)(log x − 1) + W for x ≥ 8. */
const STIRLING_CONSTANT = 0.4189385332046727;
const STIRLING = [
  0.08333333333333297, -0.0027777777772877554, 0.0007936505586430196, -0.00059518755745034, 0.0008363399189962821, -0.0016309293409657527,
];

const nearTwo = (y: number): number => y * ascendingPolynomial(y, NEAR_TWO) - 0.5 * y;
const nearOne = (y: number): number => (y * ascendingPolynomial(y, NEAR_ONE_P)) / ascendingPolynomial(y, NEAR_ONE_Q) - 0.5 * y;
const nearMinimum = (y: number): number => MINIMUM + (y * y * ascendingPolynomial(y, NEAR_MINIMUM) - MINIMUM_TAIL);

/** log Γ(x) for 0 < x < 2. */
function lgammaBelowTwo(x: number): number {
  if (x > 0.9) return x >= 1.7316 ? nearTwo(2 - x) : x >= 1.2316 ? nearMinimum(x - ARGMIN) : nearOne(x - 1);
  const shifted = x >= 0.7316 ? nearTwo(1 - x) : x >= 0.23164 ? nearMinimum(x - (ARGMIN - 1)) : nearOne(x);
  return shifted - Math.log(x);
}

/** The logarithm of |Γ(x)|: +∞ at zero and the negative integers. */
export function lgamma(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) < 2 ** -70) return -Math.log(Math.abs(x));
  if (x < 0) {
    if (Number.isInteger(x) || x === Number.NEGATIVE_INFINITY) return Number.POSITIVE_INFINITY;
    return Math.log(Math.PI / Math.abs(x * sinPi(x))) - lgamma(-x);
  }
  if (x === 1 || x === 2) return 0;
  if (x < 2) return lgammaBelowTwo(x);
  if (x < 8) {
    const y = x - Math.floor(x);
    const value = 0.5 * y + (y * ascendingPolynomial(y, ABOVE_TWO_P)) / ascendingPolynomial(y, ABOVE_TWO_Q);
    let product = 1;
    for (let factor = Math.floor(x) - 1; factor >= 2; factor--) product *= y + factor;
    return value + Math.log(product);
  }
  if (x >= 2 ** 58) return x * (Math.log(x) - 1);
  const z = 1 / x;
  return (x - 0.5) * (Math.log(x) - 1) + (STIRLING_CONSTANT + z * ascendingPolynomial(z * z, STIRLING));
}

/** B₂ₖ/(2k), the highest k first. */
const DIGAMMA_ASYMPTOTIC = [
  0.08333333333333333, -0.021092796092796094, 0.007575757575757576, -0.004166666666666667, 0.003968253968253968, -0.008333333333333333,
  0.08333333333333333,
];
const DIGAMMA_TEN = 2.251752589066721;

/** The derivative of log Γ: ∓∞ at ±0, NaN at the negative integers. */
export function digamma(x: number): number {
  if (x === 0) return 1 / -x;
  if (x < 0) {
    if (Number.isInteger(x) || x === Number.NEGATIVE_INFINITY) return Number.NaN;
    return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x % 1));
  }
  let result = 0;
  let y = x;
  for (; y < 10; y += 1) result -= 1 / y;
  if (y === 10) return result + DIGAMMA_TEN;
  const z = 1 / (y * y);
  const correction = y < 1e17 ? z * polynomial(z, DIGAMMA_ASYMPTOTIC) : 0;
  return result + Math.log(y) - 0.5 / y - correction;
}

/** B₂ₖ, the highest k first. */
const TRIGAMMA_ASYMPTOTIC = [-691 / 2730, 5 / 66, -1 / 30, 1 / 42, -1 / 30, 1 / 6];

/** The second derivative of log Γ. */
export function trigamma(x: number): number {
  if (x < 0.5) {
    const s = Math.sin(Math.PI * x);
    return (Math.PI * Math.PI) / (s * s) - trigamma(1 - x);
  }
  let result = 0;
  let y = x;
  for (; y < 10; y += 1) result += 1 / (y * y);
  const z = 1 / (y * y);
  return result + (1 + 1 / (2 * y) + z * polynomial(z, TRIGAMMA_ASYMPTOTIC)) / y;
}

/**
 * trigamma in single precision, rounded step by step as PyTorch does: near the poles the rounding of the argument of the sine is most of
 * the result.
 */
export function trigammaSingle(x: number): number {
  const f = Math.fround;
  const pi = f(Math.PI);
  let y = x;
  let result = 0;
  if (x < 0.5) {
    const s = f(Math.sin(f(pi * x)));
    result = -f(f(pi * pi) / f(s * s));
    y = f(1 - x);
  }
  for (let i = 0; i < 6; i++) {
    result = f(result + f(1 / f(y * y)));
    y = f(y + 1);
  }
  const z = f(1 / f(y * y));
  const series = f(f(1 / 6) - f(z * f(f(1 / 30) - f(z * f(1 / 42)))));
  result = f(result + f(f(f(1 + f(1 / f(2 * y))) + f(z * series)) / y));
  return x < 0.5 ? -result : result;
}

/** (2k)!/B₂ₖ: the divisors of the Euler–Maclaurin sum. */
const EULER_MACLAURIN = [
  12, -720, 30240, -1209600, 47900160, -1892437580.3183792, 74724249600, -2950130727918.164, 116467828143500.67, -4597978722407473,
  1.8152105401943546e17, -7.166165256175667e18,
];
const HALF_EPSILON = Number.EPSILON / 2;

/** Hurwitz's zeta function Σ (q + k)^(−s) over k ≥ 0: ∞ at s = 1, NaN below it. */
export function zeta(s: number, q: number): number {
  if (s === 1) return Number.POSITIVE_INFINITY;
  if (s < 1) return Number.NaN;
  if (q <= 0) {
    if (q === Math.floor(q)) return Number.POSITIVE_INFINITY;
    if (s !== Math.floor(s)) return Number.NaN;
  }
  let sum = q === 1 ? 1 : q ** -s;
  let base = q;
  let term = 0;
  for (let i = 0; i < 9 || base <= 9; i++) {
    base += 1;
    term = base ** -s;
    sum += term;
    if (Math.abs(term) < HALF_EPSILON * Math.abs(sum)) return sum;
  }
  sum += (term * base) / (s - 1) - 0.5 * term;
  let factor = 1;
  let k = 0;
  for (const divisor of EULER_MACLAURIN) {
    factor *= s + k;
    term /= base;
    const correction = (factor * term) / divisor;
    sum += correction;
    if (Math.abs(correction / sum) < HALF_EPSILON) return sum;
    factor *= s + k + 1;
    term /= base;
    k += 2;
  }
  return sum;
}

/** The n-th derivative of `digamma` at x; n is an integer ≥ 0. */
export function polygamma(n: number, x: number): number {
  if (n === 0) return digamma(x);
  if (n === 1) return trigamma(x);
  const magnitude = Math.exp(lgamma(n + 1)) * zeta(n + 1, x);
  return n % 2 === 0 ? -magnitude : magnitude;
}
