import { balance, reduceToHessenberg, undoBalance } from './hessenberg.ts';
import {
  at,
  type Complex,
  copyOf,
  divide,
  EPSILON,
  type Matrix,
  matrix,
  norm2,
  product,
  SAFE_MIN,
  scale,
  scaleExponent,
  taxicab,
  transpose,
} from './matrix.ts';
import { makeRotation } from './rotation.ts';
import { complexSchur } from './schur_complex.ts';
import { realSchur } from './schur_real.ts';

/** Eigenvalues (interleaved complex) and unit eigenvectors in the columns of a complex matrix. */
export interface Eigen {
  readonly values: Float64Array;
  readonly vectors: Matrix;
  /** 0, or how many eigenvalues did not converge. */
  readonly info: number;
}

/**
 * The eigendecomposition of a general matrix (geev): balancing, Hessenberg form, QR iteration, back substitution. Eigenvalues come in the
 * order of the Schur form; eigenvectors have norm 1, and those that are not real a real largest entry.
 */
export function eigen(a: Matrix): Eigen {
  const work = copyOf(a);
  const exponent = scaleExponent(a);
  if (exponent !== 0) scale(false, work.data.length, 2 ** -exponent, 0, work.data, 0);
  const balanced = balance(work);
  const q = reduceToHessenberg(work, balanced.low, balanced.high);
  const result = a.complex ? complexEigen(work, q, balanced) : realEigen(work, q, balanced);
  if (exponent !== 0) scale(false, result.values.length, 2 ** exponent, 0, result.values, 0);
  return result;
}

type Balanced = ReturnType<typeof balance>;

function realEigen(h: Matrix, q: Matrix, balanced: Balanced): Eigen {
  const n = h.rows;
  const rows = transpose(q);
  const { re, im, info } = realSchur(h.data, rows.data, n, balanced.low, balanced.high);
  const values = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    values[2 * i] = re[i]!;
    values[2 * i + 1] = im[i]!;
  }
  const vectors = matrix(n, n, true);
  if (info !== 0) return { values, vectors, info };
  // Of a pair's vector, row k holds the real and row k + 1 the imaginary part.
  const x = matrix(n, n, false);
  for (let k = 0; k < n; k += im[k] === 0 ? 1 : 2) quasiTriangularVector(h.data, n, k, re[k]!, im[k]!, x.data);
  const parts = product(x, rows).data;
  for (let k = 0; k < n; k += im[k] === 0 ? 1 : 2) {
    const isPair = im[k] !== 0;
    const vector = matrix(n, 1, true);
    for (let i = 0; i < n; i++) {
      vector.data[2 * i] = parts[k * n + i]!;
      if (isPair) vector.data[2 * i + 1] = parts[(k + 1) * n + i]!;
    }
    undoBalance(vector, balanced);
    normalise(vector.data, isPair);
    setColumn(vectors, k, vector.data);
    if (!isPair) continue;
    for (let i = 1; i < 2 * n; i += 2) vector.data[i] = -vector.data[i]!;
    setColumn(vectors, k + 1, vector.data);
  }
  return { values, vectors, info };
}

function setColumn(a: Matrix, j: number, column: Float64Array): void {
  for (let i = 0; i < a.rows; i++) a.data.set(column.subarray(2 * i, 2 * i + 2), 2 * (i * a.columns + j));
}

/** Scales a complex vector to norm 1, and by a phase to a real largest entry if it has a phase. */
function normalise(v: Float64Array, withPhase: boolean): void {
  const norm = norm2(v);
  scale(true, v.length / 2, 1 / norm, 0, v, 0);
  if (!withPhase) return;
  const k = largestEntry(v);
  const { c, s } = makeRotation(v[2 * k]!, v[2 * k + 1]!);
  scale(true, v.length / 2, c, -s, v, 0);
  v[2 * k + 1] = 0;
}

function largestEntry(v: Float64Array): number {
  let best = 0;
  let largest = -1;
  for (let i = 0; i < v.length; i += 2) {
    const size = v[i]! * v[i]! + v[i + 1]! * v[i + 1]!;
    if (size > largest) {
      largest = size;
      best = i / 2;
    }
  }
  return best;
}

const BIG = 1e150;

/**
 * The eigenvector of the real quasi-triangular T for the eigenvalue re + i·im of its block at k, written to row k of `rows`; of a pair, the
 * one with im > 0, its imaginary part in row k + 1.
 */
function quasiTriangularVector(t: Float64Array, n: number, k: number, re: number, im: number, rows: Float64Array): void {
  const isPair = im !== 0;
  const last = isPair ? k + 1 : k;
  const x = new Float64Array(2 * (last + 1));
  if (!isPair) x[2 * k] = 1;
  else {
    const above = t[k * n + k + 1]!;
    const below = t[(k + 1) * n + k]!;
    const useAbove = Math.abs(above) >= Math.abs(below);
    x[2 * k] = useAbove ? 1 : -im / below;
    x[2 * last + 1] = useAbove ? im / above : 1;
  }
  const smallest = Math.max(2 * EPSILON * (Math.abs(re) + Math.abs(im)), SAFE_MIN * (n / EPSILON));
  const rightSide = (i: number, from: number): Complex => {
    let sumRe = 0;
    let sumIm = 0;
    for (let j = from; j <= last; j++) {
      sumRe -= t[i * n + j]! * x[2 * j]!;
      sumIm -= t[i * n + j]! * x[2 * j + 1]!;
    }
    return { re: sumRe, im: sumIm };
  };
  const shifted = (i: number): Complex => ({ re: t[i * n + i]! - re, im: -im });
  for (let j = k - 1; j >= 0; j--) {
    if (j > 0 && t[j * n + j - 1] !== 0) {
      const upper = t[(j - 1) * n + j]!;
      const lower = t[j * n + j - 1]!;
      const [x1, x2] = solve2x2(shifted(j - 1), upper, lower, shifted(j), rightSide(j - 1, j + 1), rightSide(j, j + 1), smallest);
      x.set([x1.re, x1.im, x2.re, x2.im], 2 * (j - 1));
      j--;
    } else {
      const solved = divide(rightSide(j, j + 1), atLeast(shifted(j), smallest));
      x.set([solved.re, solved.im], 2 * j);
    }
    limitGrowth(x, j);
  }
  for (let i = 0; i <= last; i++) {
    rows[k * n + i] = x[2 * i]!;
    if (isPair) rows[last * n + i] = x[2 * i + 1]!;
  }
}

const atLeast = (z: Complex, smallest: number): Complex => (taxicab(z) < smallest ? { re: smallest, im: 0 } : z);

/** An eigenvector's scale is free: entries that threaten to overflow are brought down together. */
function limitGrowth(x: Float64Array, j: number): void {
  const size = Math.max(Math.abs(x[2 * j]!), Math.abs(x[2 * j + 1]!));
  if (size > BIG) for (let i = 0; i < x.length; i++) x[i]! /= size;
}

/** Solves [[a, b], [c, d]]·x = (f, g) with real b and c, by elimination with row exchanges; a pivot that is too small is replaced. */
function solve2x2(a: Complex, b: number, c: number, d: Complex, f: Complex, g: Complex, smallest: number): [Complex, Complex] {
  const [p, q, r, s, u, v] =
    taxicab(a) >= Math.abs(c) ? [a, { re: b, im: 0 }, { re: c, im: 0 }, d, f, g] : [{ re: c, im: 0 }, d, a, { re: b, im: 0 }, g, f];
  const pivot = atLeast(p, smallest);
  const factor = divide(r, pivot);
  const eliminated = (x: Complex, y: Complex): Complex => ({
    re: x.re - (factor.re * y.re - factor.im * y.im),
    im: x.im - (factor.re * y.im + factor.im * y.re),
  });
  const second = divide(eliminated(v, u), atLeast(eliminated(s, q), smallest));
  const rest = { re: u.re - (q.re * second.re - q.im * second.im), im: u.im - (q.re * second.im + q.im * second.re) };
  return [divide(rest, pivot), second];
}

function complexEigen(h: Matrix, q: Matrix, balanced: Balanced): Eigen {
  const n = h.rows;
  const rows = transpose(q);
  const info = complexSchur(h, rows, balanced.low, balanced.high);
  const values = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    const w = at(h, i, i);
    values[2 * i] = w.re;
    values[2 * i + 1] = w.im;
  }
  const vectors = matrix(n, n, true);
  if (info !== 0) return { values, vectors, info };
  const x = matrix(n, n, true);
  for (let k = 0; k < n; k++) x.data.set(triangularVector(h, k), 2 * k * n);
  const products = product(x, rows).data;
  for (let k = 0; k < n; k++) {
    const vector = matrix(n, 1, true, products.slice(2 * k * n, 2 * (k + 1) * n));
    undoBalance(vector, balanced);
    const norm = norm2(vector.data);
    scale(true, n, 1 / norm, 0, vector.data, 0);
    const largest = largestEntry(vector.data);
    const { re, im } = at(vector, largest, 0);
    const size = Math.hypot(re, im);
    scale(true, n, re / size, -im / size, vector.data, 0);
    vector.data[2 * largest + 1] = 0;
    setColumn(vectors, k, vector.data);
  }
  return { values, vectors, info };
}

/** The eigenvector of the triangular T for its k-th diagonal entry. */
function triangularVector(t: Matrix, k: number): Float64Array {
  const n = t.rows;
  const x = new Float64Array(2 * n);
  x[2 * k] = 1;
  const w = at(t, k, k);
  const smallest = Math.max(2 * EPSILON * taxicab(w), SAFE_MIN * (n / EPSILON));
  for (let j = k - 1; j >= 0; j--) {
    let sumRe = 0;
    let sumIm = 0;
    for (let i = j + 1; i <= k; i++) {
      const p = 2 * (j * n + i);
      sumRe -= t.data[p]! * x[2 * i]! - t.data[p + 1]! * x[2 * i + 1]!;
      sumIm -= t.data[p]! * x[2 * i + 1]! + t.data[p + 1]! * x[2 * i]!;
    }
    const d = at(t, j, j);
    const solved = divide({ re: sumRe, im: sumIm }, atLeast({ re: d.re - w.re, im: d.im - w.im }, smallest));
    x.set([solved.re, solved.im], 2 * j);
    limitGrowth(x, j);
  }
  return x;
}
