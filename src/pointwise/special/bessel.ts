// Bessel functions of the first and second kind. Coefficients: Cephes (j0.c, j1.c). PyTorch drops the leading 1 of Cephes' denominators of
// the phase, of Y and of J near zero, which costs up to 1e-6; to give PyTorch's numbers, so does this.
import { polynomial } from './series.ts';

const TWO_OVER_PI = 0.6366197723675814;
const SQRT_TWO_OVER_PI = 0.7978845608028654;
const QUARTER_PI = 0.7853981633974483;
const THREE_QUARTER_PI = 2.356194490192345;

/** Hankel's expansion for x > 5: amplitude P(25/x²)/Q(25/x²) and phase 5/x · R(25/x²)/S(25/x²) (R, S: `PHASE`). */
const AMPLITUDE_0_P = [
  0.0007969367292973471, 0.08283523921074408, 1.239533716464143, 5.447250030587687, 8.74716500199817, 5.303240382353949, 1,
];
const AMPLITUDE_0_Q = [
  0.0009244088105588637, 0.08562884743544745, 1.2535274390105895, 5.470977403304171, 8.761908832370695, 5.306052882353947, 1,
];
const PHASE_0_P = [
  -0.011366383889846916, -1.2825271867050931, -19.553954425773597, -93.20601521237683, -177.68116798048806, -147.07750515495118,
  -51.41053267665993, -6.050143506007285,
];
const PHASE_0_Q = [
  64.3178256118178, 856.4300259769806, 3882.4018360540163, 7240.467741956525, 5930.727011873169, 2062.0933166032783, 242.0057402402914,
];
const AMPLITUDE_1_P = [
  0.0007621256162081731, 0.07313970569409176, 1.1271960812968493, 5.112079511468076, 8.424045901417724, 5.214515986823615, 1,
];
const AMPLITUDE_1_Q = [
  0.0005713231280725487, 0.06884559087544954, 1.105142326340617, 5.073863861286015, 8.399855543276042, 5.209828486823619, 1,
];
const PHASE_1_P = [
  0.05108625947501766, 4.982138729512334, 75.82382841325453, 366.7796093601508, 710.8563049989261, 597.4896124006136, 211.68875710057213,
  25.207020585802372,
];
const PHASE_1_Q = [
  74.23732770356752, 1056.4488603826283, 4986.410583376536, 9562.318924047562, 7997.041604473507, 2826.1927851763908, 336.0936078106983,
];

/** J₀(x) = (x² − z₁²)(x² − z₂²)·P(x²)/Q(x²) for x ≤ 5, z the first two zeros; J₁ likewise, times x. */
const J0_P = [-4794432209.782018, 1956174919465.5657, -249248344360967.72, 9708622510473064];
const J0_Q = [
  499.563147152651, 173785.4016763747, 48440965.83399621, 11185553704.535683, 2112775201154.892, 310518229857422.56, 3.1812195594320496e16,
  1.7108629408104315e18,
];
const J0_ZEROS_SQUARED = [5.783185962946785, 30.471262343662087] as const;
const J1_P = [-899971225.7055594, 452228297998.19403, -72749424522181.83, 3682957328638529];
const J1_Q = [
  620.8364781180543, 256987.25675774884, 83514679.14319493, 22151159547.97925, 4749141220799.914, 784369607876235.9, 8.952223361846274e16,
  5.322786203326801e18,
];
const J1_ZEROS_SQUARED = [14.681970642123893, 49.2184563216946] as const;

/** Y₀(x) = P(x²)/Q(x²) + 2/π·log(x)·J₀(x) for x ≤ 5; Y₁ likewise, less the pole. */
const Y0_P = [
  15592.436785523574, -14663929.59039716, 5435264770.518765, -982136065717.9115, 87590639439536.7, -3466283033847297, 4.4273326857256984e16,
  -1.8495080043698668e16,
];
const Y0_Q = [
  1041.2835366425984, 626107.330137135, 268919633.39381415, 86400248710.3935, 20297961275010.555, 3171577528429750.5, 2.5059625617265306e17,
];
const Y1_P = [1263204747.9017804, -647355876379.1603, 114509511541823.73, -8127702555013251, 2.024394757135949e17, -7.788771962659501e17];
const Y1_Q = [
  594.3015923461282, 235564.09294306856, 73481194.44597217, 18760131610.870617, 3882312774962.3857, 620557727146953.8, 6.871410873553005e16,
  3.9727060811656064e18,
];

type Wave = (amplitude: number, phase: number, angle: number) => number;
const cosine: Wave = (amplitude, phase, angle) => amplitude * Math.cos(angle) - phase * Math.sin(angle);
const sine: Wave = (amplitude, phase, angle) => amplitude * Math.sin(angle) + phase * Math.cos(angle);

function hankel0(x: number, wave: Wave): number {
  const z = 25 / (x * x);
  const amplitude = polynomial(z, AMPLITUDE_0_P) / polynomial(z, AMPLITUDE_0_Q);
  const phase = (5 / x) * (polynomial(z, PHASE_0_P) / polynomial(z, PHASE_0_Q));
  return (wave(amplitude, phase, x - QUARTER_PI) * SQRT_TWO_OVER_PI) / Math.sqrt(x);
}
function hankel1(x: number, wave: Wave): number {
  const z = (5 / x) * (5 / x);
  const amplitude = polynomial(z, AMPLITUDE_1_P) / polynomial(z, AMPLITUDE_1_Q);
  const phase = (5 / x) * (polynomial(z, PHASE_1_P) / polynomial(z, PHASE_1_Q));
  return (wave(amplitude, phase, x - THREE_QUARTER_PI) * SQRT_TWO_OVER_PI) / Math.sqrt(x);
}

/** The Bessel function of the first kind, order 0. */
export function bessel_j0(x: number): number {
  const a = Math.abs(x);
  if (a < 1e-5) return 1 - (a * a) / 4;
  if (!(a <= 5)) return hankel0(a, cosine);
  const z = a * a;
  return ((z - J0_ZEROS_SQUARED[0]) * (z - J0_ZEROS_SQUARED[1]) * polynomial(z, J0_P)) / polynomial(z, J0_Q);
}

/** The Bessel function of the first kind, order 1. */
export function bessel_j1(x: number): number {
  if (x < 0) return -bessel_j1(-x);
  if (!(x <= 5)) return hankel1(x, cosine);
  const z = x * x;
  return (polynomial(z, J1_P) / polynomial(z, J1_Q)) * x * (z - J1_ZEROS_SQUARED[0]) * (z - J1_ZEROS_SQUARED[1]);
}

/** The Bessel function of the second kind, order 0: −∞ at 0, NaN below. */
export function bessel_y0(x: number): number {
  if (!(x <= 5)) return hankel0(x, sine);
  if (x <= 0) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  const z = x * x;
  return polynomial(z, Y0_P) / polynomial(z, Y0_Q) + TWO_OVER_PI * Math.log(x) * bessel_j0(x);
}

/** The Bessel function of the second kind, order 1: −∞ at 0, NaN below. */
export function bessel_y1(x: number): number {
  if (!(x <= 5)) return hankel1(x, sine);
  if (x <= 0) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  const z = x * x;
  return x * (polynomial(z, Y1_P) / polynomial(z, Y1_Q)) + TWO_OVER_PI * (bessel_j1(x) * Math.log(x) - 1 / x);
}

/** sin(x)/x in powers of x², the highest first. */
const SPHERICAL_SERIES = [1 / 6227020800, -1 / 39916800, 1 / 362880, -1 / 5040, 1 / 120, -1 / 6, 1];

/** The spherical Bessel function of the first kind, order 0: sin(x)/x. */
export function spherical_bessel_j0(x: number): number {
  if (x === Number.POSITIVE_INFINITY || x === Number.NEGATIVE_INFINITY) return 0;
  return Math.abs(x) < 0.5 ? polynomial(x * x, SPHERICAL_SERIES) : Math.sin(x) / x;
}
