// Elementary functions in float64 with the bits of the C library that PyTorch runs on (glibc's fused multiply-add variants on x86-64).
// JavaScript leaves Math.log and its like to the engine; a stream of random numbers has to be the same everywhere.
// Algorithms: log, exp, pow — ARM optimized routines (Szabolcs Nagy); log1p — fdlibm (Sun Microsystems). Which products are fused is part
// of the result. The trigonometric functions are in libm_trig.ts.
import { fma64 as fma } from './fma.ts';
import { exp2Table, logTable, powLogTable } from './libm_tables.ts';

export { angle, sincos, tan } from './libm_trig.ts';

// JavaScript engines run on little-endian machines: word 0 is the low one.
const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
const highWord = (x: number): number => {
  float[0] = x;
  return words[1]!;
};
/** 2^exponent of a normal number. */
const power2 = (exponent: number): number => {
  words[0] = 0;
  words[1] = (exponent + 1023) << 20;
  return float[0]!;
};

const LN2_HIGH = 0.6931471805598903;
const LN2_LOW = 5.497923018708371e-14;

/** Natural logarithm. */
export function log(x: number): number {
  if (x >= 0.9375 && x < 1.064697265625) return x === 1 ? 0 : logNearOne(x - 1);
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  // x = 2^k z, z in [0.6875, 1.375); some c close to z has a tabulated logarithm, and r = z/c − 1.
  const subnormal = x < 2 ** -1022;
  const offset = highWord(subnormal ? x * 2 ** 52 : x) - 0x3fe60000;
  const i = (offset >> 13) & 127;
  words[1] = words[1]! - ((offset >> 20) << 20);
  const z = float[0]!;
  const k = subnormal ? (offset >> 20) - 52 : offset >> 20;
  const table = logTable();
  const r = fma(z, table[2 * i]!, -1);
  const w = fma(k, LN2_HIGH, table[2 * i + 1]!);
  const high = r + w;
  const low = fma(k, LN2_LOW, w - high + r);
  const r2 = r * r;
  const p = fma(fma(r, -0.16667054827627667, 0.20000304511814496), r2, fma(-0.2499999999622955, r, 0.33333333331825593));
  return fma(r * r2, p, fma(r2, -0.5000000000000001, low)) + high;
}

function logNearOne(r: number): number {
  const r2 = r * r;
  const r3 = r * r2;
  const p1 = fma(r2, 0.19999999999320328, fma(-0.24999999999998432, r, 0.3333333333333352));
  const p2 = fma(r2, -0.12499997863982555, fma(0.14285715076560868, r, -0.16666666669929706));
  const p3 = fma(r3, -0.08328363062289341, fma(r2, 0.09181994006195467, fma(-0.10000486757818193, r, 0.11110712032936046)));
  const p = fma(fma(p3, r3, p2), r3, p1);
  const shifted = fma(r, 2 ** 27, r);
  const rHigh = fma(-(2 ** 27), r, shifted);
  const square = rHigh * rHigh;
  const high = fma(square, -0.5, r);
  const low = fma(-0.5 * (r - rHigh), r + rHigh, fma(square, -0.5, r - high));
  return high + fma(p, r3, low);
}

/** ln(1 + x). */
export function log1p(x: number): number {
  if (!(x > -1)) return x === -1 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  const high = highWord(x) | 0;
  const size = high & 0x7fffffff;
  if (size < 0x3e200000) return size < 0x3c900000 ? x : fma(-(x * x), 0.5, x);
  let k = 0;
  let f = x;
  let correction = 0;
  let nearPower = false;
  if (high >= 0x3fda827a || (high < 0 && size > 0x3fd2bec3)) {
    let u = x;
    if (high < 0x43400000) {
      u = 1 + x;
      k = (highWord(u) >>> 20) - 1023;
      correction = (k > 0 ? 1 - (u - x) : x - (u - 1)) / u;
    } else k = (highWord(u) >>> 20) - 1023;
    // 1 + x = 2^k (1 + f), 1 + f between sqrt(1/2) and sqrt(2).
    float[0] = u;
    let fraction = words[1]! & 0xfffff;
    if (fraction < 0x6a09e) words[1] = fraction | 0x3ff00000;
    else {
      k += 1;
      words[1] = fraction | 0x3fe00000;
      fraction = (0x100000 - fraction) >> 2;
    }
    f = float[0]! - 1;
    nearPower = fraction === 0;
  }
  const halfSquare = 0.5 * f * f;
  if (nearPower) {
    if (f === 0) return k === 0 ? 0 : fma(k, LOG1P_LN2_HIGH, fma(k, LOG1P_LN2_LOW, correction));
    const rest = halfSquare * fma(-0.6666666666666666, f, 1);
    return k === 0 ? f - rest : fma(k, LOG1P_LN2_HIGH, -(rest - fma(k, LOG1P_LN2_LOW, correction) - f));
  }
  const s = f / (2 + f);
  const z = s * s;
  const z2 = z * z;
  const z4 = z2 * z2;
  const r2 = fma(0.2857142874366239, z, 0.3999999999940942);
  const r3 = fma(0.1818357216161805, z, 0.22222198432149784);
  const r4 = fma(0.14798198605116586, z, 0.15313837699209373);
  const series = fma(z2 * z4, r4, fma(z4, r3, fma(z, 0.6666666666666735, z2 * r2)));
  const product = (series + halfSquare) * s;
  if (k === 0) return f - (halfSquare - product);
  return fma(k, LOG1P_LN2_HIGH, -(halfSquare - (fma(k, LOG1P_LN2_LOW, correction) + product) - f));
}
const LOG1P_LN2_HIGH = 0.6931471803691238;
const LOG1P_LN2_LOW = 1.9082149292705877e-10;

/** e^x. */
export function exp(x: number): number {
  const size = Math.abs(x);
  if (!(size >= 2 ** -54 && size < 1024)) {
    return size < 2 ** -54 ? 1 + x : x === Number.NEGATIVE_INFINITY ? 0 : Number.isNaN(x) ? x : x > 0 ? Number.POSITIVE_INFINITY : 0;
  }
  return expSum(x, 0);
}

const SHIFT = 6755399441055744; // 1.5 · 2^52: adding it rounds to a whole number

/** e^(x + rest) for a rest of at most an ulp or so of x, 2^-54 ≤ |x| < 1024. */
function expSum(x: number, rest: number): number {
  // x = k ln2 / 128 + r
  const k = fma(x, 184.6649652337873, SHIFT) - SHIFT;
  const r = fma(k, -1.2864023111638346e-14, fma(k, -0.005415212348111709, x)) + rest;
  const i = k & 127;
  const table = exp2Table();
  const r2 = r * r;
  const p = fma(fma(0.16666666666665886, r, 0.49999999999996786), r2, r + table[2 * i + 1]!);
  const q = fma(r2 * r2, fma(r, 0.008333335853059549, 0.0416666808410674), p);
  const exponent = (k - i) / 128;
  const fraction = table[2 * i]!;
  if (Math.abs(x) < 512) {
    const scale = fraction * power2(exponent);
    return fma(scale, q, scale);
  }
  if (k > 0) {
    const scale = fraction * power2(exponent - 1009);
    return fma(scale, q, scale) * 2 ** 1009;
  }
  // The result may be subnormal: it must be rounded only once.
  const scale = fraction * power2(exponent + 1022);
  const part = scale * q;
  let y = scale + part;
  if (y < 1) {
    const low = scale - y + part;
    const high = 1 + y;
    y = 1 - high + y + low + high - 1;
  }
  return y * 2 ** -1022;
}

/** x^y for x > 0 and finite y. */
export function pow(x: number, y: number): number {
  if (x === 1 || y === 0) return 1;
  const offset = highWord(x) - 0x3fe69555;
  // The offset's low word is zero, so no borrow reaches the high one.
  const i = (offset >> 13) & 127;
  const k = offset >> 20;
  words[1] = words[1]! - (k << 20);
  const z = float[0]!;
  const table = powLogTable();
  const t1 = fma(k, LN2_HIGH, table[3 * i + 1]!);
  const low1 = fma(k, LN2_LOW, table[3 * i + 2]!);
  const r = fma(z, table[3 * i]!, -1);
  const t2 = r + t1;
  const low2 = t1 - t2 + r;
  const ar = -0.5 * r;
  const ar2 = r * ar;
  const ar3 = r * ar2;
  const high = t2 + ar2;
  const low3 = fma(ar, r, -ar2);
  const low4 = t2 - high + ar2;
  const p = fma(fma(r, 1.0000415263675542, -1.142909628459501), ar2, fma(-0.6666666663487739, r, 0.7999999995323976));
  const series = fma(ar2, p, fma(0.5000000000000007, r, -0.6666666666666679));
  const low = fma(ar3, series, low1 + low2 + low3 + low4);
  const lnHigh = high + low;
  const lnLow = high - lnHigh + low;
  const exponent = y * lnHigh;
  const size = Math.abs(exponent);
  if (size < 2 ** -54) return 1 + exponent;
  if (size >= 1024) return exponent > 0 ? Number.POSITIVE_INFINITY : 0;
  return expSum(exponent, fma(y, lnLow, fma(y, lnHigh, -exponent)));
}
