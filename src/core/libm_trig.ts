// Sine, cosine and tangent in float64, correctly rounded but for about one argument in a million: sums of two floats with some 75 bits,
// from the values at the nearest multiple of 1/16 and short Taylor series. The C library rounds about one argument in 650 the other way.
import { sinCosGrid } from './libm_tables.ts';

// A sum of two floats is returned as its high part; `low` holds the rest until the next call.
let low = 0;

/** a + b exactly. */
function sum(a: number, b: number): number {
  const s = a + b;
  const t = s - a;
  low = a - (s - t) + (b - t);
  return s;
}
const SPLITTER = 2 ** 27 + 1;
/** a · b exactly (Dekker). */
function product(a: number, b: number): number {
  const p = a * b;
  let t = SPLITTER * a;
  const aHigh = t - (t - a);
  const aLow = a - aHigh;
  t = SPLITTER * b;
  const bHigh = t - (t - b);
  const bLow = b - bHigh;
  low = aLow * bLow - (p - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
  return p;
}
/** (a + aLow) · (b + bLow). */
function times(a: number, aLow: number, b: number, bLow: number): number {
  const p = product(a, b);
  return sum(p, low + (a * bLow + aLow * b));
}
/** (a + aLow) + (b + bLow). */
function plus(a: number, aLow: number, b: number, bLow: number): number {
  const s = sum(a, b);
  return sum(s, low + (aLow + bLow));
}

// π/2 in three parts of 53 bits.
const QUARTER = [1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33] as const;
const ROUND = 6755399441055744; // 1.5 · 2^52: adding it rounds to a whole number
const GRID = 16;

/** What `sincos` found. Read it before the next call. */
export const angle = { sin: 0, cos: 0 };
const rest = { sin: 0, cos: 0 };

/** Both functions of x as sums of two floats: `angle` and `rest`. */
function both(x: number): void {
  const quarters = x * (2 / Math.PI) + ROUND - ROUND;
  let r = x;
  let rLow = 0;
  for (let i = 0; i < 3; i++) {
    const p = product(-quarters, QUARTER[i]!);
    const pLow = low;
    r = plus(r, rLow, p, pLow);
    rLow = low;
  }
  // The nearest multiple of 1/16, and the way to it.
  const k = Math.round(Math.abs(r) * GRID);
  const point = r < 0 ? -k / GRID : k / GRID;
  const d = sum(r - point, rLow);
  const dLow = low;

  const square = times(d, dLow, d, dLow);
  const squareLow = low;
  // sin d = d − d³/6 + d⁵ (…), cos d = 1 − d²/2 + d⁴ (…)
  const cube = times(square, squareLow, d, dLow);
  const sixth = times(cube, low, -1 / 6, -9.25185853854297e-18);
  const sixthLow = low;
  const sinTail = square * square * d * (1 / 120 - square * (1 / 5040 - square * (1 / 362880 - square / 39916800)));
  let sin = plus(sixth, sixthLow, sinTail, 0);
  sin = plus(d, dLow, sin, low);
  const sinLow = low;
  const cosTail = square * square * (1 / 24 - square * (1 / 720 - square * (1 / 40320 - square / 3628800)));
  // Without its leading 1.
  const cos = plus(-square / 2, -squareLow / 2, cosTail, 0);
  const cosLow = low;

  const table = sinCosGrid();
  const s = r < 0 ? -table[4 * k]! : table[4 * k]!;
  const sLow = r < 0 ? -table[4 * k + 1]! : table[4 * k + 1]!;
  const c = table[4 * k + 2]!;
  const cLow = table[4 * k + 3]!;
  // sin(p + d) = sin p + (sin p · (cos d − 1) + cos p · sin d)
  const s1 = times(s, sLow, cos, cosLow);
  const s1Low = low;
  const s2 = times(c, cLow, sin, sinLow);
  const s3 = plus(s1, s1Low, s2, low);
  const sine = plus(s, sLow, s3, low);
  const sineLow = low;
  const c1 = times(c, cLow, cos, cosLow);
  const c1Low = low;
  const c2 = times(-s, -sLow, sin, sinLow);
  const c3 = plus(c1, c1Low, c2, low);
  const cosine = plus(c, cLow, c3, low);
  const cosineLow = low;

  const odd = (quarters & 1) !== 0;
  const sinSign = (quarters & 2) === 0 ? 1 : -1;
  const cosSign = ((quarters + 1) & 2) === 0 ? 1 : -1;
  angle.sin = sinSign * (odd ? cosine : sine);
  rest.sin = sinSign * (odd ? cosineLow : sineLow);
  angle.cos = cosSign * (odd ? sine : cosine);
  rest.cos = cosSign * (odd ? sineLow : cosineLow);
}

/** Below, a number is its own sine and tangent when rounded, and its cosine is 1. */
const TINY = 2 ** -27;

/** Sine and cosine of x for |x| < 10^8, left in `angle`. */
export function sincos(x: number): void {
  if (Math.abs(x) >= TINY) both(x);
  else {
    angle.sin = x;
    angle.cos = 1;
  }
}

/** Tangent of x for |x| < 10^8. */
export function tan(x: number): number {
  if (!(Math.abs(x) >= TINY)) return x;
  both(x);
  const q = angle.sin / angle.cos;
  const back = product(q, angle.cos);
  return q + (angle.sin - back - low + (rest.sin - q * rest.cos)) / angle.cos;
}
