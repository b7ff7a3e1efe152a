// The implicit single-shift QR iteration on a complex Hessenberg matrix (LAPACK's lahqr), to the Schur form.
import { makeReflector } from './householder.ts';
import { at, type Complex, divide, type Matrix, multiply, realAt, SAFE_MIN, scale, setAt, squareRoot, taxicab } from './matrix.ts';

const ULP = Number.EPSILON;
const STEPS_PER_VALUE = 30;
const EXCEPTIONAL_PERIOD = 10;

/** Overwrites h with its Schur form T. Column j of Q is row j of `vectors`, updated along. Returns 0, or how many values were not found. */
export function complexSchur(h: Matrix, vectors: Matrix, low: number, high: number): number {
  for (let i = low + 1; i <= high; i++) makeSubdiagonalReal(h, vectors, i);
  const tiny = SAFE_MIN * ((high - low + 1) / ULP);
  const maxSteps = STEPS_PER_VALUE * Math.max(10, high - low + 1);
  let failures = 0;
  for (let end = high, steps = 0; end >= low; ) {
    const start = lastNegligible(h, end, low, high, tiny);
    if (start > low) setAt(h, start, start - 1, 0);
    if (start >= end) {
      end = start - 1;
      failures = 0;
      steps = 0;
      continue;
    }
    if (steps++ > maxSteps) return end + 1;
    singleShiftStep(h, vectors, start, end, ++failures);
    makeSubdiagonalReal(h, vectors, end);
  }
  return 0;
}

/** Multiplies row i and column i by a phase and its conjugate, so that h[i][i − 1] becomes real and positive. */
function makeSubdiagonalReal(h: Matrix, vectors: Matrix, i: number): void {
  const z = at(h, i, i - 1);
  if (z.im === 0) return;
  const size = Math.hypot(z.re, z.im);
  const phase = { re: z.re / size, im: z.im / size };
  setAt(h, i, i - 1, size);
  scaleRow(h, i, i, { re: phase.re, im: -phase.im });
  scaleColumn(h, i, 0, Math.min(h.rows, i + 2), phase);
  scale(true, vectors.columns, phase.re, phase.im, vectors.data, i * vectors.columns);
}

function scaleRow(h: Matrix, i: number, from: number, factor: Complex): void {
  scale(true, h.columns - from, factor.re, factor.im, h.data, i * h.columns + from);
}
function scaleColumn(h: Matrix, j: number, from: number, to: number, factor: Complex): void {
  for (let i = from; i < to; i++) scale(true, 1, factor.re, factor.im, h.data, i * h.columns + j);
}

const minus = (a: Complex, b: Complex): Complex => ({ re: a.re - b.re, im: a.im - b.im });

/** As for the real iteration; subdiagonal entries are real. */
function lastNegligible(h: Matrix, end: number, low: number, high: number, tiny: number): number {
  for (let k = end; k > low; k--) {
    const sub = taxicab(at(h, k, k - 1));
    if (sub <= tiny) return k;
    let near = taxicab(at(h, k - 1, k - 1)) + taxicab(at(h, k, k));
    if (near === 0) {
      if (k - 2 >= low) near += Math.abs(realAt(h, k - 1, k - 2));
      if (k + 1 <= high) near += Math.abs(realAt(h, k + 1, k));
    }
    if (Math.abs(realAt(h, k, k - 1)) > ULP * near) continue;
    const other = taxicab(at(h, k - 1, k));
    const difference = taxicab(minus(at(h, k - 1, k - 1), at(h, k, k)));
    const own = taxicab(at(h, k, k));
    const ab = Math.max(sub, other);
    const ba = Math.min(sub, other);
    const aa = Math.max(own, difference);
    const bb = Math.min(own, difference);
    const s = aa + ab;
    if (ba * (ab / s) <= Math.max(tiny, ULP * (bb * (aa / s)))) return k;
  }
  return low;
}

/** Wilkinson's shift, or an exceptional one every tenth time. */
function chooseShift(h: Matrix, start: number, end: number, failures: number): Complex {
  if (failures % EXCEPTIONAL_PERIOD === 0) {
    const [row, column, base] = failures % (2 * EXCEPTIONAL_PERIOD) === 0 ? [end, end - 1, end] : [start + 1, start, start];
    const t = at(h, base, base);
    return { re: 0.75 * Math.abs(realAt(h, row, column)) + t.re, im: t.im };
  }
  const t = at(h, end, end);
  const u = multiply(squareRoot(at(h, end - 1, end)), squareRoot(at(h, end, end - 1)));
  if (taxicab(u) === 0) return t;
  const corner = at(h, end - 1, end - 1);
  const x = { re: 0.5 * (corner.re - t.re), im: 0.5 * (corner.im - t.im) };
  const size = Math.max(taxicab(u), taxicab(x));
  const xs = { re: x.re / size, im: x.im / size };
  const us = { re: u.re / size, im: u.im / size };
  const xx = multiply(xs, xs);
  const uu = multiply(us, us);
  const root = squareRoot({ re: xx.re + uu.re, im: xx.im + uu.im });
  const sign = x.re * root.re + x.im * root.im < 0 ? -size : size;
  const y = { re: sign * root.re, im: sign * root.im };
  return minus(t, multiply(u, divide(u, { re: x.re + y.re, im: x.im + y.im })));
}

function singleShiftStep(h: Matrix, vectors: Matrix, start: number, end: number, failures: number): void {
  const n = h.rows;
  const t = chooseShift(h, start, end, failures);
  // Look for two consecutive small subdiagonals, above which the step may begin.
  let m = end - 1;
  let first: Complex;
  let second: number;
  for (; ; m--) {
    const h11 = at(h, m, m);
    const shifted = minus(h11, t);
    const h21 = realAt(h, m + 1, m);
    const s = taxicab(shifted) + Math.abs(h21);
    first = { re: shifted.re / s, im: shifted.im / s };
    second = h21 / s;
    if (m <= start) break;
    if (Math.abs(realAt(h, m, m - 1)) * Math.abs(second) <= ULP * (taxicab(first) * (taxicab(h11) + taxicab(at(h, m + 1, m + 1))))) break;
  }
  for (let k = m; k < end; k++) {
    const above = k > m ? at(h, k, k - 1) : first;
    const below = k > m ? at(h, k + 1, k - 1) : { re: second, im: 0 };
    const { v: w, re, im, beta } = makeReflector(Float64Array.of(above.re, above.im, below.re, below.im), true, k);
    if (k > m) {
      setAt(h, k, k - 1, beta);
      setAt(h, k + 1, k - 1, 0);
    }
    const w2 = { re: w[2]!, im: w[3]! };
    // τ·v₂ is real, for the subdiagonal entries are.
    const t2 = re * w2.re - im * w2.im;
    reflectPair(h.data, k * n + k, (k + 1) * n + k, 1, n - k, { re, im: -im }, t2, w2);
    reflectPair(h.data, k, k + 1, n, Math.min(k + 2, end) + 1, { re, im }, t2, { re: w2.re, im: -w2.im });
    reflectPair(vectors.data, k * n, (k + 1) * n, 1, n, { re, im }, t2, { re: w2.re, im: -w2.im });
    if (k === m && m > start) restoreRealSubdiagonal(h, vectors, m, end, { re: 1 - re, im: -im });
  }
}

/** x ← x − s, y ← y − v₂·s with s = τ·x + t₂·y, along two lines of a complex array. */
function reflectPair(
  data: Float64Array,
  xAt: number,
  yAt: number,
  stride: number,
  count: number,
  tau: Complex,
  t2: number,
  v2: Complex,
): void {
  for (let i = 0, p = 2 * xAt, q = 2 * yAt; i < count; i++, p += 2 * stride, q += 2 * stride) {
    const x = data[p]!;
    const xi = data[p + 1]!;
    const sumRe = tau.re * x - tau.im * xi + t2 * data[q]!;
    const sumIm = tau.re * xi + tau.im * x + t2 * data[q + 1]!;
    data[p] = x - sumRe;
    data[p + 1] = xi - sumIm;
    data[q]! -= sumRe * v2.re - sumIm * v2.im;
    data[q + 1]! -= sumRe * v2.im + sumIm * v2.re;
  }
}

/** When the step began below `start`, the entry above its beginning lost its realness: rows and columns m … end are rescaled by phases. */
function restoreRealSubdiagonal(h: Matrix, vectors: Matrix, m: number, end: number, factor: Complex): void {
  const size = Math.hypot(factor.re, factor.im);
  const phase = { re: factor.re / size, im: factor.im / size };
  const conjugate = { re: phase.re, im: -phase.im };
  const n = h.rows;
  scale(true, 1, conjugate.re, conjugate.im, h.data, (m + 1) * n + m);
  if (m + 2 <= end) scale(true, 1, phase.re, phase.im, h.data, (m + 2) * n + m + 1);
  for (let j = m; j <= end; j++) {
    if (j === m + 1) continue;
    scaleRow(h, j, j + 1, phase);
    scaleColumn(h, j, 0, j, conjugate);
    scale(true, n, conjugate.re, conjugate.im, vectors.data, j * n);
  }
}
