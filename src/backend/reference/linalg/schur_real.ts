// Francis' implicit double-shift QR iteration on a real Hessenberg matrix (LAPACK's lahqr), to the real Schur form.
import { rotate, SAFE_MIN, withSign } from './matrix.ts';
import { hypotenuse } from './rotation.ts';

const ULP = Number.EPSILON;
const STEPS_PER_VALUE = 30;
const EXCEPTIONAL_PERIOD = 10;

/** A 2 × 2 block brought to standard form: upper triangular, or equal diagonal entries and off-diagonal ones of opposite sign. */
interface Standardized {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly cos: number;
  readonly sin: number;
}

/** LAPACK's lanv2. */
export function standardize2x2(a: number, b: number, c: number, d: number): Standardized {
  if (c === 0) return { a, b, c, d, cos: 1, sin: 0 };
  if (b === 0) return { a: d, b: -c, c: 0, d: a, cos: 0, sin: 1 };
  if (a - d === 0 && b < 0 !== c < 0) return { a, b, c, d, cos: 1, sin: 0 };
  const difference = a - d;
  const p = 0.5 * difference;
  const larger = Math.max(Math.abs(b), Math.abs(c));
  const smaller = Math.min(Math.abs(b), Math.abs(c)) * Math.sign(b) * Math.sign(c);
  const size = Math.max(Math.abs(p), larger);
  const discriminant = (p / size) * p + (larger / size) * smaller;
  if (discriminant >= 4 * ULP) {
    const z = p + withSign(Math.sqrt(size) * Math.sqrt(discriminant), p);
    const tau = hypotenuse(c, z);
    return { a: d + z, b: b - c, c: 0, d: d - (larger / z) * smaller, cos: z / tau, sin: c / tau };
  }
  // Complex, or real and almost equal: make the diagonal entries equal.
  const sigma = b + c;
  const tau = hypotenuse(sigma, difference);
  let cos = Math.sqrt(0.5 * (1 + Math.abs(sigma) / tau));
  let sin = -(p / (tau * cos)) * withSign(1, sigma);
  const aa = a * cos + b * sin;
  const bb = -a * sin + b * cos;
  const cc = c * cos + d * sin;
  const dd = -c * sin + d * cos;
  const mean = 0.5 * (aa * cos + cc * sin + (-bb * sin + dd * cos));
  let upper = bb * cos + dd * sin;
  let lower = -aa * sin + cc * cos;
  if (lower === 0) return { a: mean, b: upper, c: 0, d: mean, cos, sin };
  if (upper === 0) return { a: mean, b: -lower, c: 0, d: mean, cos: -sin, sin: cos };
  if (upper < 0 !== lower < 0) return { a: mean, b: upper, c: lower, d: mean, cos, sin };
  const rootUpper = Math.sqrt(Math.abs(upper));
  const rootLower = Math.sqrt(Math.abs(lower));
  const half = withSign(rootUpper * rootLower, lower);
  const scale = 1 / Math.sqrt(Math.abs(upper + lower));
  [cos, sin] = [cos * rootUpper * scale - sin * rootLower * scale, cos * rootLower * scale + sin * rootUpper * scale];
  upper -= lower;
  lower = 0;
  return { a: mean + half, b: upper, c: lower, d: mean - half, cos, sin };
}

export interface RealSchur {
  readonly re: Float64Array;
  readonly im: Float64Array;
  /** 0, or how many eigenvalues were still to find when the iteration gave up. */
  readonly info: number;
}

/**
 * Overwrites the n × n Hessenberg matrix h with its Schur form T and returns the eigenvalues in T's order, the one of a pair with the
 * positive imaginary part first. Column j of Q is row j of `vectors`, which is updated along.
 */
export function realSchur(h: Float64Array, vectors: Float64Array, n: number, low: number, high: number): RealSchur {
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  for (let i = 0; i < n; i++) if (i < low || i > high) re[i] = h[i * n + i]!;
  const tiny = SAFE_MIN * ((high - low + 1) / ULP);
  const maxSteps = STEPS_PER_VALUE * Math.max(10, high - low + 1);
  let steps = 0;
  for (let end = high, failures = 0; end >= low; ) {
    const start = lastNegligible(h, n, low, end, low, high, tiny);
    if (start > low) h[start * n + start - 1] = 0;
    if (start >= end - 1) {
      if (start === end) re[end] = h[end * n + end]!;
      else splitPair(h, vectors, n, end, re, im);
      end = start - 1;
      failures = 0;
      steps = 0;
      continue;
    }
    if (steps++ > maxSteps) return { re, im, info: end + 1 };
    doubleShiftStep(h, vectors, n, start, end, ++failures);
  }
  return { re, im, info: 0 };
}

/** The start of the unreduced block that ends at `end`: below it the subdiagonal entry is negligible (Ahues and Tisseur's criterion). */
function lastNegligible(h: Float64Array, n: number, first: number, end: number, low: number, high: number, tiny: number): number {
  const abs = (i: number, j: number): number => Math.abs(h[i * n + j]!);
  for (let k = end; k > first; k--) {
    const sub = abs(k, k - 1);
    if (sub <= tiny) return k;
    let near = abs(k - 1, k - 1) + abs(k, k);
    if (near === 0) {
      if (k - 2 >= low) near += abs(k - 1, k - 2);
      if (k + 1 <= high) near += abs(k + 1, k);
    }
    if (sub > ULP * near) continue;
    const difference = Math.abs(h[(k - 1) * n + k - 1]! - h[k * n + k]!);
    const ab = Math.max(sub, abs(k - 1, k));
    const ba = Math.min(sub, abs(k - 1, k));
    const aa = Math.max(abs(k, k), difference);
    const bb = Math.min(abs(k, k), difference);
    const s = aa + ab;
    if (ba * (ab / s) <= Math.max(tiny, ULP * (bb * (aa / s)))) return k;
  }
  return first;
}

/** Standardises the 2 × 2 block that ends at `end` and notes its eigenvalues. */
function splitPair(h: Float64Array, vectors: Float64Array, n: number, end: number, re: Float64Array, im: Float64Array): void {
  const i = end - 1;
  const corner = i * n + i;
  const { a, b, c, d, cos, sin } = standardize2x2(h[corner]!, h[corner + 1]!, h[corner + n]!, h[corner + n + 1]!);
  h[corner] = a;
  h[corner + 1] = b;
  h[corner + n] = c;
  h[corner + n + 1] = d;
  re[i] = a;
  re[end] = d;
  im[i] = c === 0 ? 0 : Math.sqrt(Math.abs(b)) * Math.sqrt(Math.abs(c));
  im[end] = -im[i]!;
  if (c === 0) im[end] = 0;
  rotate(h, n - end - 1, i * n + end + 1, end * n + end + 1, 1, cos, sin);
  rotate(h, i, i, end, n, cos, sin);
  rotate(vectors, n, i * n, end * n, 1, cos, sin);
}

interface Shifts {
  readonly re1: number;
  readonly re2: number;
  readonly im: number;
}

/** Both eigenvalues of the trailing 2 × 2 block, or exceptional ones every tenth time. */
function chooseShifts(h: Float64Array, n: number, start: number, end: number, failures: number): Shifts {
  const abs = (i: number, j: number): number => Math.abs(h[i * n + j]!);
  let h11 = h[(end - 1) * n + end - 1]!;
  let h21 = h[end * n + end - 1]!;
  let h12 = h[(end - 1) * n + end]!;
  let h22 = h[end * n + end]!;
  if (failures % EXCEPTIONAL_PERIOD === 0) {
    const atEnd = failures % (2 * EXCEPTIONAL_PERIOD) === 0;
    const s = atEnd ? abs(end, end - 1) + abs(end - 1, end - 2) : abs(start + 1, start) + abs(start + 2, start + 1);
    h11 = 0.75 * s + (atEnd ? h[end * n + end]! : h[start * n + start]!);
    h12 = -0.4375 * s;
    h21 = s;
    h22 = h11;
  }
  const s = Math.abs(h11) + Math.abs(h12) + Math.abs(h21) + Math.abs(h22);
  if (s === 0) return { re1: 0, re2: 0, im: 0 };
  h11 /= s;
  h21 /= s;
  h12 /= s;
  h22 /= s;
  const mean = (h11 + h22) / 2;
  const determinant = (h11 - mean) * (h22 - mean) - h12 * h21;
  const root = Math.sqrt(Math.abs(determinant));
  if (determinant >= 0) return { re1: mean * s, re2: mean * s, im: root * s };
  const plus = mean + root;
  const minus = mean - root;
  const closer = (Math.abs(plus - h22) <= Math.abs(minus - h22) ? plus : minus) * s;
  return { re1: closer, re2: closer, im: 0 };
}

function doubleShiftStep(h: Float64Array, vectors: Float64Array, n: number, start: number, end: number, failures: number): void {
  const { re1, re2, im } = chooseShifts(h, n, start, end, failures);
  // Look for two consecutive small subdiagonals, above which the step may begin.
  let v1 = 0;
  let v2 = 0;
  let v3 = 0;
  let m = end - 2;
  for (; ; m--) {
    const corner = m * n + m;
    const h11 = h[corner]!;
    const h22 = h[corner + n + 1]!;
    let h21 = h[corner + n]!;
    let s = Math.abs(h11 - re2) + im + Math.abs(h21);
    h21 /= s;
    v1 = h21 * h[corner + 1]! + (h11 - re1) * ((h11 - re2) / s) + im * (im / s);
    v2 = h21 * (h11 + h22 - re1 - re2);
    v3 = h21 * h[corner + 2 * n + 1]!;
    s = Math.abs(v1) + Math.abs(v2) + Math.abs(v3);
    v1 /= s;
    v2 /= s;
    v3 /= s;
    if (m <= start) break;
    const above = Math.abs(h[corner - n - 1]!);
    if (Math.abs(h[corner - 1]!) * (Math.abs(v2) + Math.abs(v3)) <= ULP * Math.abs(v1) * (above + Math.abs(h11) + Math.abs(h22))) break;
  }
  for (let k = m; k < end; k++) {
    const three = k < end - 1;
    if (k > m) {
      v1 = h[k * n + k - 1]!;
      v2 = h[(k + 1) * n + k - 1]!;
      v3 = three ? h[(k + 2) * n + k - 1]! : 0;
    }
    // The reflector of (v1, v2, v3).
    let beta = v1;
    let t1 = 0;
    if (v2 !== 0 || v3 !== 0) {
      beta = -withSign(Math.hypot(v1, v2, v3), v1);
      t1 = (beta - v1) / beta;
      v2 /= v1 - beta;
      v3 /= v1 - beta;
    }
    if (k > m) {
      h[k * n + k - 1] = beta;
      h[(k + 1) * n + k - 1] = 0;
      if (three) h[(k + 2) * n + k - 1] = 0;
    } else if (m > start) h[k * n + k - 1]! *= 1 - t1;
    reflect3(h, k * n + k, 1, n, n - k, t1, v2, v3, three);
    reflect3(h, k, n, 1, Math.min(k + 3, end) + 1, t1, v2, v3, three);
    reflect3(vectors, k * n, 1, n, n, t1, v2, v3, three);
  }
}

/** Applies the reflector t₁·(1, v₂, v₃) to two or three lines that lie `across` apart, `count` entries each, `along` apart. */
function reflect3(
  x: Float64Array,
  from: number,
  along: number,
  across: number,
  count: number,
  t1: number,
  v2: number,
  v3: number,
  three: boolean,
): void {
  const t2 = t1 * v2;
  const t3 = t1 * v3;
  for (let i = 0, p = from; i < count; i++, p += along) {
    if (three) {
      const sum = x[p]! + v2 * x[p + across]! + v3 * x[p + 2 * across]!;
      x[p]! -= sum * t1;
      x[p + across]! -= sum * t2;
      x[p + 2 * across]! -= sum * t3;
    } else {
      const sum = x[p]! + v2 * x[p + across]!;
      x[p]! -= sum * t1;
      x[p + across]! -= sum * t2;
    }
  }
}
