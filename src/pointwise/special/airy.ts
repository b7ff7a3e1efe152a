// The Airy function. Coefficients: Cephes (airy.c). PyTorch drops the leading 1 of Cephes' denominators for negative arguments, which costs
// up to 3e-6; to give PyTorch's numbers, so does this.
import { polynomial } from './series.ts';

/** For x ≥ 2.09, in 1/ζ, ζ = 2/3·x^(3/2). */
const DECAY_P = [
  0.346538101525629, 12.007595273964581, 76.27960536152345, 168.08922493463058, 159.75639135016442, 70.53609068404442, 14.026469116338967,
  1,
];
const DECAY_Q = [
  0.5675945326387702, 14.75625625848472, 84.51389701414746, 177.31808814540045, 164.2346928715297, 71.47784008255756, 14.095913560783403, 1,
];
/** For x < −2.09, in 1/ζ². */
const SINE_P = [
  -0.1316963234183318, -0.6264565444319123, -0.6931580360369335, -0.2797799815451191, -0.04919001326095003, -0.004062659235948854,
  -0.0001592764962392621, -2.776491081552329e-6, -1.6778769848911465e-8,
];
const SINE_Q = [
  13.356042070655324, 32.682503279522464, 26.736704094149957, 9.187074029072596, 1.4752914677166642, 0.11568717379518804,
  0.004402916416152112, 7.547203482874142e-5, 4.5185009297058035e-7,
];
const COSINE_P = [
  0.01973399320916857, 0.39110302961568827, 1.0657989759959559, 0.9391692298166502, 0.35146565610554764, 0.06338889196289255,
  0.005858041130483885, 0.000282851600836737, 6.98793669997261e-6, 8.117892395543892e-8, 3.415517847659236e-10,
];
const COSINE_Q = [
  9.30892908077442, 19.835292871831214, 15.564662893286462, 5.476860694229755, 0.9542936116189619, 0.08645808263523921,
  0.004126565238242226, 0.00010125908511650914, 1.1716673321441352e-6, 4.9183457006293e-9,
];

const ONE_OVER_SQRT_PI = 0.5641895835477563;
/** Ai(0) and −Ai′(0). */
const AI_ZERO = 0.3550280538878172;
const AI_SLOPE = 0.2588194037928068;

function oscillating(x: number): number {
  const zeta = (-2 * x * Math.sqrt(-x)) / 3;
  const z = 1 / zeta;
  const z2 = z * z;
  const sinePart = 1 + (z2 * polynomial(z2, SINE_P)) / polynomial(z2, SINE_Q);
  const cosinePart = (z * polynomial(z2, COSINE_P)) / polynomial(z2, COSINE_Q);
  const t = zeta + 0.25 * Math.PI;
  return (ONE_OVER_SQRT_PI / Math.sqrt(Math.sqrt(-x))) * (Math.sin(t) * sinePart - Math.cos(t) * cosinePart);
}

function decaying(x: number): number {
  const zeta = (2 * x * Math.sqrt(x)) / 3;
  return (
    (ONE_OVER_SQRT_PI * (polynomial(1 / zeta, DECAY_P) / polynomial(1 / zeta, DECAY_Q))) / (2 * Math.sqrt(Math.sqrt(x)) * Math.exp(zeta))
  );
}

/** Ai(0)·f − |Ai′(0)|·g, the two Maclaurin series. */
function maclaurin(x: number): number {
  const cube = x * x * x;
  let f = 1;
  let g = x;
  let fTerm = 1;
  let gTerm = x;
  for (let k = 1; ; k += 3) {
    fTerm *= cube / ((k + 1) * (k + 2));
    gTerm *= cube / ((k + 2) * (k + 3));
    f += fTerm;
    g += gTerm;
    if (!(Math.abs(fTerm / f) > Number.EPSILON)) return AI_ZERO * f - AI_SLOPE * g;
  }
}

/** The Airy function Ai(x): NaN at ±∞, as PyTorch has it. */
export function airy_ai(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  if (x > 103.892) return 0;
  if (x < -2.09) return oscillating(x);
  return x >= 2.09 ? decaying(x) : maclaurin(x);
}
