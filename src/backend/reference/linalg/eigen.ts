import { balance, reduceToHessenberg, undoBalance } from './hessenberg.ts';
import { at, type Complex, copyOf, divide, EPSILON, type Matrix, matrix, norm2, product, SAFE_MIN, scale, taxicab, transpose } from './matrix.ts';
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
  const balanced = balance(work);
  const q = reduceToHessenberg(work, balanced.low, balanced.high);
  return a.complex ? complexEigen(work, q, balanced) : realEigen(work, q, balanced);
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
  for (let k = 0; k < n; k++) {
    const isPair = im[k] !== 0;
    const column = product(quasiTriangularVector(h.data, n, k, re[k]!, im[k]!), rows);
    const vector = matrix(n, 1, true, column.complex ? column.data : Float64Array.from({ length: 2 * n }, (_, i) => (i % 2 ? 0 : column.data[i / 2]!)));
    undoBalance(vector, balanced);
    normalise(vector.data, isPair);
    for (let i = 0; i < n; i++) {
      const p = 2 * (i * n + k);
      vectors.data[p] = vector.data[2 * i]!;
      vectors.data[p + 1] = vector.data[2 * i + 1]!;
      if (!isPair) continue;
      vectors.data[p + 2] = vector.data[2 * i]!;
      vectors.data[p + 3] = -vector.data[2 * i + 1]!;
    }
    if (isPair) k++;
  }
  return { values, vectors, info };
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

/** The eigenvector x of the real quasi-triangular T for the eigenvalue of block k (of a pair: the one with positive imaginary part), as a row. */
function quasiTriangularVector(t: Float64Array, n: number, k: number, re: number, im: number): Matrix {
  const isPair = im !== 0;
  const x = matrix(1, n, true);
  const last = isPair ? k + 1 : k;
  if (!isPair) x.data[2 * k] = 1;
  else {
    const above = t[k * n + k + 1]!;
    const below = t[(k + 1) * n + k]!;
    const useAbove = Math.abs(above) >= Math.abs(below);
    x.data[2 * k] = useAbove ? 1 : -im / below;
    x.data[2 * last + 1] = useAbove ? im / above : 1;
  }
  const smallest = Math.max(2 * EPSILON * (Math.abs(re) + Math.abs(im)), SAFE_MIN * (n / EPSILON));
  const rightSide = (i: number, from: number): Complex => {
    let sumRe = 0;
    let sumIm = 0;
    for (let j = from; j <= last; j++) {
      sumRe -= t[i * n + j]! * x.data[2 * j]!;
      sumIm -= t[i * n + j]! * x.data[2 * j + 1]!;
    }
    return { re: sumRe, im: sumIm };
  };
  const shifted = (i: number): Complex => ({ re: t[i * n + i]! - re, im: -im });
  for (let j = k - 1; j >= 0; j--) {
    if (j > 0 && t[j * n + j - 1] !== 0) {
      const [x1, x2] = solve2x2(shifted(j - 1), t[(j - 1) * n + j]!, t[j * n + j - 1]!, shifted(j), rightSide(j - 1, j + 1), rightSide(j, j + 1), smallest);
      x.data.set([x1.re, x1.im, x2.re, x2.im], 2 * (j - 1));
      j--;
    } else {
      const { re: xRe, im: xIm } = divide(rightSide(j, j + 1), atLeast(shifted(j), smallest));
      x.data[2 * j] = xRe;
      x.data[2 * j + 1] = xIm;
    }
    limitGrowth(x.data, j);
  }
  return isPair ? x : matrix(1, n, false, Float64Array.from({ length: n }, (_, i) => x.data[2 * i]!));
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
    taxicab(a) >= Math.abs(c)
      ? [a, { re: b, im: 0 }, { re: c, im: 0 }, d, f, g]
      : [{ re: c, im: 0 }, d, a, { re: b, im: 0 }, g, f];
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
  for (let k = 0; k < n; k++) {
    const vector = matrix(n, 1, true, product(triangularVector(h, k), rows).data);
    undoBalance(vector, balanced);
    const norm = norm2(vector.data);
    scale(true, n, 1 / norm, 0, vector.data, 0);
    const largest = largestEntry(vector.data);
    const { re, im } = at(vector, largest, 0);
    const size = Math.hypot(re, im);
    scale(true, n, re / size, -im / size, vector.data, 0);
    vector.data[2 * largest + 1] = 0;
    for (let i = 0; i < n; i++) vectors.data.set(vector.data.subarray(2 * i, 2 * i + 2), 2 * (i * n + k));
  }
  return { values, vectors, info };
}

/** The eigenvector of the triangular T for its k-th diagonal entry, as a row. */
function triangularVector(t: Matrix, k: number): Matrix {
  const n = t.rows;
  const x = matrix(1, n, true);
  x.data[2 * k] = 1;
  const w = at(t, k, k);
  const smallest = Math.max(2 * EPSILON * taxicab(w), SAFE_MIN * (n / EPSILON));
  for (let j = k - 1; j >= 0; j--) {
    let sumRe = 0;
    let sumIm = 0;
    for (let i = j + 1; i <= k; i++) {
      const p = 2 * (j * n + i);
      sumRe -= t.data[p]! * x.data[2 * i]! - t.data[p + 1]! * x.data[2 * i + 1]!;
      sumIm -= t.data[p]! * x.data[2 * i + 1]! + t.data[p + 1]! * x.data[2 * i]!;
    }
    const d = at(t, j, j);
    const { re, im } = divide({ re: sumRe, im: sumIm }, atLeast({ re: d.re - w.re, im: d.im - w.im }, smallest));
    x.data[2 * j] = re;
    x.data[2 * j + 1] = im;
    limitGrowth(x.data, j);
  }
  return x;
}
