// The regularised incomplete gamma functions, by the regions and methods of SciPy's igam.c (after Cephes and Boost):
// power series, continued fraction, and Temme's uniform expansion (DLMF 8.11, 8.9, 8.12) where a is large and x near it.
import { erfc } from './error.ts';
import { lgamma } from './gamma.ts';
import { TEMME } from './igamma_table.ts';
import { ascendingPolynomial, polynomial } from './series.ts';

const HALF_EPSILON = Number.EPSILON / 2;
const MAX_TERMS = 2000;
const MAX_LOG = 709.782712893384;

/** Lanczos' sum scaled by e^g (Boost), highest power first. */
const LANCZOS_P = [
  0.006061842346248907, 0.5098416655656676, 19.519927882476175, 449.9445569063168, 6955.999602515376, 75999.29304014542, 601859.6171681099,
  3481712.154980646, 14605578.087685067, 43338889.32467614, 86363131.2881386, 103794043.11634454, 56906521.913471565,
];
const LANCZOS_Q = [1, 66, 1925, 32670, 357423, 2637558, 13339535, 45995730, 105258076, 150917976, 120543840, 39916800, 0];
const LANCZOS_G = 6.02468004077673;

/** Numerator and denominator have one degree, so that for large x both go by powers of 1/x. */
const lanczosSum = (x: number): number =>
  x > 1
    ? ascendingPolynomial(1 / x, LANCZOS_P) / ascendingPolynomial(1 / x, LANCZOS_Q)
    : polynomial(x, LANCZOS_P) / polynomial(x, LANCZOS_Q);

/** log(1 + d) − d, without cancellation for small d. */
function log1pMinus(d: number): number {
  if (Math.abs(d) > 0.5) return Math.log1p(d) - d;
  let term = d;
  let sum = 0;
  for (let n = 2; n < 60; n++) {
    term *= -d;
    sum += term / n;
    if (Math.abs(term) <= HALF_EPSILON * Math.abs(sum)) break;
  }
  return sum;
}

/** xᵃ e⁻ˣ / Γ(a). */
function prefactor(a: number, x: number): number {
  if (Math.abs(a - x) > 0.4 * Math.abs(a)) {
    const exponent = a * Math.log(x) - x - lgamma(a);
    return exponent < -MAX_LOG ? 0 : Math.exp(exponent);
  }
  const shifted = a + LANCZOS_G - 0.5;
  const scale = Math.sqrt(shifted / Math.E) / lanczosSum(a);
  if (a < 200 && x < 200) return scale * Math.exp(a - x) * (x / shifted) ** a;
  return scale * Math.exp(a * log1pMinus((x - a - LANCZOS_G + 0.5) / shifted) + (x * (0.5 - LANCZOS_G)) / shifted);
}

/** igamma by its power series (DLMF 8.11.4). */
function lowerSeries(a: number, x: number): number {
  const front = prefactor(a, x);
  if (front === 0) return 0;
  let term = 1;
  let sum = 1;
  for (let n = 1; n <= MAX_TERMS; n++) {
    term *= x / (a + n);
    sum += term;
    if (term <= HALF_EPSILON * sum) break;
  }
  return (sum * front) / a;
}

/** igammac for small x by its series, arranged against cancellation (DLMF 8.7.3). */
function upperSeries(a: number, x: number): number {
  let power = 1;
  let sum = 0;
  for (let n = 1; n < MAX_TERMS; n++) {
    power *= -x / n;
    const term = power / (a + n);
    sum += term;
    if (Math.abs(term) <= HALF_EPSILON * Math.abs(sum)) break;
  }
  const logX = Math.log(x);
  return -Math.expm1(a * logX - lgamma(1 + a)) - Math.exp(a * logX - lgamma(a)) * sum;
}

/** igammac by its continued fraction (DLMF 8.9.2). */
function upperFraction(a: number, x: number): number {
  const front = prefactor(a, x);
  if (front === 0) return 0;
  const big = 2 ** 52;
  let y = 1 - a;
  let z = x + y + 1;
  let p2 = 1;
  let q2 = x;
  let p1 = x + 1;
  let q1 = z * x;
  let ratio = p1 / q1;
  for (let n = 1; n <= MAX_TERMS; n++) {
    y += 1;
    z += 2;
    const p = p1 * z - p2 * y * n;
    const q = q1 * z - q2 * y * n;
    let change = 1;
    if (q !== 0) {
      const next = p / q;
      change = Math.abs((ratio - next) / next);
      ratio = next;
    }
    const scale = Math.abs(p) > big ? 1 / big : 1;
    p2 = p1 * scale;
    p1 = p * scale;
    q2 = q1 * scale;
    q1 = q * scale;
    if (change <= HALF_EPSILON) break;
  }
  return ratio * front;
}

/** igamma (sign −1) or igammac (sign 1) by Temme's uniform expansion (DLMF 8.12.3, 8.12.4). */
function uniformExpansion(a: number, x: number, sign: 1 | -1): number {
  const deviation = (x - a) / a;
  const etaSquared = -2 * log1pMinus(deviation);
  const eta = Math.sign(deviation) * Math.sqrt(etaSquared);
  let sum = 0;
  let scale = 1;
  let previous = Number.POSITIVE_INFINITY;
  for (const row of TEMME) {
    let coefficient = row[0]!;
    let power = 1;
    for (let n = 1; n < row.length; n++) {
      power *= eta;
      const term = row[n]! * power;
      coefficient += term;
      if (Math.abs(term) < HALF_EPSILON * Math.abs(coefficient)) break;
    }
    const term = coefficient * scale;
    if (Math.abs(term) > previous) break;
    sum += term;
    if (Math.abs(term) < HALF_EPSILON * Math.abs(sum)) break;
    previous = Math.abs(term);
    scale /= a;
  }
  return 0.5 * erfc(sign * eta * Math.sqrt(a / 2)) + (sign * Math.exp(-0.5 * a * etaSquared) * sum) / Math.sqrt(2 * Math.PI * a);
}

/** Where the uniform expansion beats series and fraction. */
function nearTransition(a: number, x: number): boolean {
  const distance = Math.abs(x - a) / a;
  return (a > 20 && a < 200 && distance < 0.3) || (a > 200 && distance < 4.5 / Math.sqrt(a));
}

/** igamma at the edges of its domain, or undefined inside: NaN for negative arguments and where the limit depends on the path. */
function lowerAtEdge(a: number, x: number): number | undefined {
  if (x < 0 || a < 0) return Number.NaN;
  if (a === 0) return x > 0 ? 1 : Number.NaN;
  if (x === 0) return 0;
  if (a === Number.POSITIVE_INFINITY) return x === Number.POSITIVE_INFINITY ? Number.NaN : 0;
  if (x === Number.POSITIVE_INFINITY) return 1;
  return Number.isNaN(a) || Number.isNaN(x) ? Number.NaN : undefined;
}

/** The regularised lower incomplete gamma function P(a, x). */
export function igamma(a: number, x: number): number {
  const edge = lowerAtEdge(a, x);
  if (edge !== undefined) return edge;
  if (nearTransition(a, x)) return uniformExpansion(a, x, -1);
  return x > 1 && x > a ? 1 - igammac(a, x) : lowerSeries(a, x);
}

/** The regularised upper incomplete gamma function Q(a, x) = 1 − P(a, x). */
export function igammac(a: number, x: number): number {
  const edge = lowerAtEdge(a, x);
  if (edge !== undefined) return 1 - edge;
  if (nearTransition(a, x)) return uniformExpansion(a, x, 1);
  if (x > 1.1) return x < a ? 1 - lowerSeries(a, x) : upperFraction(a, x);
  const seriesSuits = x <= 0.5 ? -0.4 / Math.log(x) >= a : x * 1.1 >= a;
  return seriesSuits ? upperSeries(a, x) : 1 - lowerSeries(a, x);
}
