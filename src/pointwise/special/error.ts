// The error function's family. Coefficients: erf and erfc from Sun's fdlibm (s_erf.c), ndtri from Cephes (ndtri.c).
import { ascendingPolynomial, polynomial } from './series.ts';

/** erf(x) = x + x·P(x²)/Q(x²) for |x| < 0.84375. */
const CENTRE_P = [0.12837916709551256, -0.3250421072470015, -0.02848174957559851, -0.005770270296489442, -2.3763016656650163e-5];
const CENTRE_Q = [1, 0.39791722395915535, 0.0650222499887673, 0.005081306281875766, 0.00013249473800432164, -3.960228278775368e-6];
/** erf(x) = ERF_ONE + P(x − 1)/Q(x − 1) for 0.84375 ≤ x < 1.25. */
const ERF_ONE = 0.8450629115104675;
const MIDDLE_P = [
  -0.0023621185607526594, 0.41485611868374833, -0.3722078760357013, 0.31834661990116175, -0.11089469428239668, 0.035478304325618236,
  -0.002166375594868791,
];
const MIDDLE_Q = [
  1, 0.10642088040084423, 0.540397917702171, 0.07182865441419627, 0.12617121980876164, 0.01363708391202905, 0.011984499846799107,
];
/** x·erfc(x) = exp(−x² − 0.5625 + P(1/x²)/Q(1/x²)): `NEAR` for 1.25 ≤ x < 1/0.35, `FAR` up to 28. */
const NEAR_P = [
  -0.009864944034847148, -0.6938585727071818, -10.558626225323291, -62.375332450326006, -162.39666946257347, -184.60509290671104,
  -81.2874355063066, -9.814329344169145,
];
const NEAR_Q = [
  1, 19.651271667439257, 137.65775414351904, 434.56587747522923, 645.3872717332679, 429.00814002756783, 108.63500554177944,
  6.570249770319282, -0.0604244152148581,
];
const FAR_P = [
  -0.0098649429247001, -0.799283237680523, -17.757954917754752, -160.63638485582192, -637.5664433683896, -1025.0951316110772,
  -483.5191916086514,
];
const FAR_Q = [
  1, 30.33806074348246, 325.7925129965739, 1536.729586084437, 3199.8582195085955, 2553.0504064331644, 474.52854120695537,
  -22.44095244658582,
];

const SQRT_PI = 1.772453850905516;
const SQRT_2PI = 2.5066282746310007;

/** (erf(x) − x)/x for |x| < 0.84375. */
function centre(x: number): number {
  const z = x * x;
  return ascendingPolynomial(z, CENTRE_P) / ascendingPolynomial(z, CENTRE_Q);
}
/** erf(x) − ERF_ONE for 0.84375 ≤ x < 1.25. */
const middle = (x: number): number => ascendingPolynomial(x - 1, MIDDLE_P) / ascendingPolynomial(x - 1, MIDDLE_Q);
/** log(x·erfc(x)) + x² + 0.5625 for 1.25 ≤ x < 28. */
function tail(x: number): number {
  const z = 1 / (x * x);
  return x < 1 / 0.35
    ? ascendingPolynomial(z, NEAR_P) / ascendingPolynomial(z, NEAR_Q)
    : ascendingPolynomial(z, FAR_P) / ascendingPolynomial(z, FAR_Q);
}
/** erfc(x) for x ≥ 1.25. −x² is split so that its rounding does not reach the exponential. */
function erfcTail(x: number): number {
  if (x >= 28) return 0;
  const high = Math.fround(x);
  return (Math.exp(-high * high - 0.5625) * Math.exp((high - x) * (high + x) + tail(x))) / x;
}
/** exp(x²) without the rounding error of x². */
function expSquare(x: number): number {
  const high = Math.fround(x);
  const square = Math.exp(high * high);
  return square === Number.POSITIVE_INFINITY ? square : square * Math.exp((x - high) * (x + high));
}

/** The error function 2/√π ∫₀ˣ e^(−t²) dt. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(a)) return x;
  if (a < 0.84375) return x + x * centre(x);
  const r = a < 1.25 ? ERF_ONE + middle(a) : 1 - erfcTail(a);
  return x < 0 ? -r : r;
}

/** The complementary error function 1 − erf(x), accurate in the tail. */
export function erfc(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(a)) return x;
  if (a < 0.84375) return x < 0.25 ? 1 - (x + x * centre(x)) : 0.5 - (x * centre(x) + (x - 0.5));
  if (a < 1.25) return x > 0 ? 1 - ERF_ONE - middle(a) : 1 + (ERF_ONE + middle(a));
  return x > 0 ? erfcTail(a) : 2 - erfcTail(a);
}

/** The scaled complementary error function exp(x²)·erfc(x). */
export function erfcx(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x < 0) return 2 * expSquare(x) - erfcx(-x);
  if (x < 1.25) return expSquare(x) * erfc(x);
  if (x < 28) return Math.exp(tail(x) - 0.5625) / x;
  // The continued fraction x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …))).
  let fraction = x;
  for (let k = 6; k > 0; k--) fraction = x + k / 2 / fraction;
  return 1 / (SQRT_PI * fraction);
}

/** A first guess of erfinv, right to nine digits (G. Pavlis, after MATLAB's erfinv). */
const INVERSE_CENTRE_P = [-0.140543331, 0.914624893, -1.645349621, 0.886226899];
const INVERSE_CENTRE_Q = [0.012229801, -0.329097515, 1.442710462, -2.118377725, 1];
const INVERSE_TAIL_P = [1.641345311, 3.429567803, -1.624906493, -1.970840454];
const INVERSE_TAIL_Q = [1.6370678, 3.5438892, 1];

/** The inverse of `erf` on (−1, 1): ±∞ at ±1, NaN beyond. */
export function erfinv(y: number): number {
  const a = Math.abs(y);
  if (!(a <= 1)) return Number.NaN;
  if (a === 1) return y * Number.POSITIVE_INFINITY;
  if (a <= 0.7) {
    const z = y * y;
    let x = (y * polynomial(z, INVERSE_CENTRE_P)) / polynomial(z, INVERSE_CENTRE_Q);
    for (let step = 0; step < 2; step++) x -= ((erf(x) - y) * SQRT_PI * Math.exp(x * x)) / 2;
    return x;
  }
  // Newton's steps on log erfc keep the digits that 1 − erf(x) would lose.
  const complement = 1 - a;
  const z = Math.sqrt(-Math.log(complement / 2));
  let x = polynomial(z, INVERSE_TAIL_P) / polynomial(z, INVERSE_TAIL_Q);
  for (let step = 0; step < 2; step++) {
    const value = erfc(x);
    x += (Math.log(value / complement) * SQRT_PI * erfcx(x)) / 2;
  }
  return y < 0 ? -x : x;
}

const NDTRI_CENTRE_P = [-59.96335010141079, 98.00107541859997, -56.67628574690703, 13.931260938727968, -1.2391658386738125];
const NDTRI_CENTRE_Q = [
  1, 1.9544885833814176, 4.676279128988815, 86.36024213908905, -225.46268785411937, 200.26021238006066, -82.03722561683334,
  15.90562251262117, -1.1833162112133,
];
const NDTRI_NEAR_P = [
  4.0554489230596245, 31.525109459989388, 57.16281922464213, 44.08050738932008, 14.684956192885803, 2.1866330685079025, -0.1402560791713545,
  -0.03504246268278482, -0.0008574567851546854,
];
const NDTRI_NEAR_Q = [
  1, 15.779988325646675, 45.39076351288792, 41.3172038254672, 15.04253856929075, 2.504649462083094, -0.14218292285478779,
  -0.03808064076915783, -0.0009332594808954574,
];
const NDTRI_FAR_P = [
  3.2377489177694603, 6.915228890689842, 3.9388102529247444, 1.3330346081580755, 0.20148538954917908, 0.012371663481782003,
  0.00030158155350823543, 2.6580697468673755e-6, 6.239745391849833e-9,
];
const NDTRI_FAR_Q = [
  1, 6.02427039364742, 3.6798356385616087, 1.3770209948908132, 0.21623699359449663, 0.013420400608854318, 0.00032801446468212774,
  2.8924786474538068e-6, 6.790194080099813e-9,
];
const EXP_MINUS_2 = 0.1353352832366127;

/** The inverse of the standard normal distribution function: ∓∞ at 0 and 1, NaN outside [0, 1]. */
export function ndtri(p: number): number {
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p === 1) return Number.POSITIVE_INFINITY;
  if (!(p > 0 && p < 1)) return Number.NaN;
  const upper = p > 1 - EXP_MINUS_2;
  const y = upper ? 1 - p : p;
  if (y > EXP_MINUS_2) {
    const d = y - 0.5;
    const d2 = d * d;
    return SQRT_2PI * (d + d * ((d2 * polynomial(d2, NDTRI_CENTRE_P)) / polynomial(d2, NDTRI_CENTRE_Q)));
  }
  const x = Math.sqrt(-2 * Math.log(y));
  const z = 1 / x;
  const ratio = x < 8 ? polynomial(z, NDTRI_NEAR_P) / polynomial(z, NDTRI_NEAR_Q) : polynomial(z, NDTRI_FAR_P) / polynomial(z, NDTRI_FAR_Q);
  const quantile = x - Math.log(x) / x - z * ratio;
  return upper ? quantile : -quantile;
}

/** The logarithm of the standard normal distribution function. */
export function log_ndtr(x: number): number {
  const t = x * Math.SQRT1_2;
  return x < -1 ? Math.log(erfcx(-t) / 2) - t * t : Math.log1p(-erfc(t) / 2);
}
