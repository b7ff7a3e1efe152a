import { addScaled, divide, imaginaryAt, type Matrix, norm2, realAt, scale, setAt } from './matrix.ts';

/** The elementary reflector H = I − τ·v·vᴴ with v[0] = 1, acting on coordinates `start` and up (LAPACK's larfg). */
export interface Reflector {
  readonly start: number;
  readonly v: Float64Array;
  readonly re: number;
  readonly im: number;
  /** What the reflected vector's first entry became; its others are zero. Real. */
  readonly beta: number;
}

const SMALL = 2 ** -969;

/** The reflector with Hᴴ·x = (β, 0, …, 0); β is real and has the sign opposite to x[0]'s. x becomes v. */
export function makeReflector(x: Float64Array, complex: boolean, start: number): Reflector {
  const width = complex ? 2 : 1;
  let alpha = x[0]!;
  let alphaIm = complex ? x[1]! : 0;
  let tail = norm2(x, width);
  const asVector = (re: number, im: number, beta: number): Reflector => {
    x[0] = 1;
    if (complex) x[1] = 0;
    return { start, v: x, re, im, beta };
  };
  if (tail === 0 && alphaIm === 0) return asVector(0, 0, alpha);
  let beta = -Math.sign(alpha || 1) * Math.hypot(alpha, alphaIm, tail);
  // Tiny vectors are scaled up so that β and α − β keep their digits.
  let rescalings = 0;
  for (; Math.abs(beta) < SMALL && rescalings < 20; rescalings++) {
    scale(complex, x.length / width, 1 / SMALL, 0, x, 0);
    alpha = x[0]!;
    alphaIm = complex ? x[1]! : 0;
    tail = norm2(x, width);
    beta = -Math.sign(alpha || 1) * Math.hypot(alpha, alphaIm, tail);
  }
  const re = (beta - alpha) / beta;
  const im = -alphaIm / beta;
  const d = alpha - beta;
  if (complex) {
    const inverse = divide({ re: 1, im: 0 }, { re: d, im: alphaIm });
    scale(true, x.length / 2 - 1, inverse.re, inverse.im, x, 1);
  } else scale(false, x.length - 1, 1 / d, 0, x, 1);
  return asVector(re, im, beta * SMALL ** rescalings);
}

/** The reflector that zeroes column j of a below row i. */
export function columnReflector(a: Matrix, i: number, j: number): Reflector {
  const width = a.complex ? 2 : 1;
  const x = new Float64Array((a.rows - i) * width);
  for (let r = i; r < a.rows; r++) {
    x[(r - i) * width] = realAt(a, r, j);
    if (a.complex) x[(r - i) * 2 + 1] = imaginaryAt(a, r, j);
  }
  return makeReflector(x, a.complex, i);
}

/** The reflector G with (row i of a from column j on)·G = (β, 0, …, 0). */
export function rowReflector(a: Matrix, i: number, j: number): Reflector {
  const width = a.complex ? 2 : 1;
  const x = a.data.slice((i * a.columns + j) * width, (i + 1) * a.columns * width);
  if (a.complex) for (let k = 1; k < x.length; k += 2) x[k] = -x[k]!;
  return makeReflector(x, a.complex, j);
}

/** a ← H·a (or Hᴴ·a) in columns [from, to). */
export function reflectRows(a: Matrix, h: Reflector, adjoint: boolean, from = 0, to = a.columns): void {
  const { complex, columns, data } = a;
  const n = to - from;
  if ((h.re === 0 && h.im === 0) || n <= 0) return;
  const { v, start } = h;
  const count = v.length / (complex ? 2 : 1);
  const sum = new Float64Array(n * (complex ? 2 : 1));
  for (let i = 0; i < count; i++) {
    const re = complex ? v[2 * i]! : v[i]!;
    const im = complex ? -v[2 * i + 1]! : 0;
    if (re !== 0 || im !== 0) addScaled(complex, n, re, im, data, (start + i) * columns + from, sum, 0);
  }
  scale(complex, n, -h.re, adjoint ? h.im : -h.im, sum, 0);
  for (let i = 0; i < count; i++) {
    const re = complex ? v[2 * i]! : v[i]!;
    const im = complex ? v[2 * i + 1]! : 0;
    if (re !== 0 || im !== 0) addScaled(complex, n, re, im, sum, 0, data, (start + i) * columns + from);
  }
}

/** a ← a·H (or a·Hᴴ) in rows [from, to). */
export function reflectColumns(a: Matrix, h: Reflector, adjoint: boolean, from = 0, to = a.rows): void {
  if (h.re === 0 && h.im === 0) return;
  const { complex, columns, data } = a;
  const { v, start } = h;
  if (!complex) {
    for (let i = from; i < to; i++) {
      const row = i * columns + start;
      let sum = 0;
      for (let j = 0; j < v.length; j++) sum += data[row + j]! * v[j]!;
      addScaled(false, v.length, -h.re * sum, 0, v, 0, data, row);
    }
    return;
  }
  const im = adjoint ? -h.im : h.im;
  for (let i = from; i < to; i++) {
    const row = 2 * (i * columns + start);
    let sumRe = 0;
    let sumIm = 0;
    for (let j = 0; j < v.length; j += 2) {
      sumRe += data[row + j]! * v[j]! - data[row + j + 1]! * v[j + 1]!;
      sumIm += data[row + j]! * v[j + 1]! + data[row + j + 1]! * v[j]!;
    }
    const factorRe = -(h.re * sumRe - im * sumIm);
    const factorIm = -(h.re * sumIm + im * sumRe);
    for (let j = 0; j < v.length; j += 2) {
      data[row + j]! += factorRe * v[j]! + factorIm * v[j + 1]!;
      data[row + j + 1]! += factorIm * v[j]! - factorRe * v[j + 1]!;
    }
  }
}

/** The product H₁·H₂·…·H_k applied to a from the left, or its adjoint. */
export function reflectAll(a: Matrix, reflectors: readonly Reflector[], adjoint: boolean): void {
  for (let i = 0; i < reflectors.length; i++) reflectRows(a, reflectors[adjoint ? i : reflectors.length - 1 - i]!, adjoint);
}

/** Writes β and the rest of v where the reflected vector lay: column j of a from row h.start on. */
export function storeColumn(a: Matrix, h: Reflector, j: number): void {
  setAt(a, h.start, j, h.beta);
  for (let r = h.start + 1; r < a.rows; r++) {
    const k = r - h.start;
    if (a.complex) setAt(a, r, j, h.v[2 * k]!, h.v[2 * k + 1]!);
    else setAt(a, r, j, h.v[k]!);
  }
}
