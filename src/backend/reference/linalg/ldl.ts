import {
  addScaled,
  at,
  type Complex,
  copyOf,
  divide,
  keepTriangle,
  type Matrix,
  matrix,
  multiply,
  realAt,
  scale,
  setAt,
  swapRows,
  taxicab,
} from './matrix.ts';

/** The Bunch–Kaufman factorisation of a symmetric or Hermitian matrix from its lower triangle, in LAPACK's packing (sytrf, hetrf). */
export interface LDL {
  /** L's multipliers and D's blocks in the lower triangle; the upper one is zero. */
  readonly factors: Matrix;
  /** From 1. A positive one: rows and columns k and pivots[k] were exchanged; two equal negative ones: D has a 2 × 2 block there. */
  readonly pivots: Int32Array;
  /** 0, or the first zero block of D, counted from 1. */
  readonly info: number;
}

const GROWTH = (1 + Math.sqrt(17)) / 8;

const conjugate = (z: Complex): Complex => ({ re: z.re, im: -z.im });
const minus = (a: Complex, b: Complex): Complex => ({ re: a.re - b.re, im: a.im - b.im });
const put = (a: Matrix, i: number, j: number, z: Complex): void => setAt(a, i, j, z.re, z.im);

/** Factors a copy of A as L·D·Lᵀ, or with `hermitian` as L·D·Lᴴ. */
export function ldlFactor(a: Matrix, hermitian = false): LDL {
  const factors = keepTriangle(copyOf(a), false);
  const n = factors.rows;
  const pivots = new Int32Array(n);
  const conjugated = hermitian && a.complex;
  let info = 0;
  for (let k = 0; k < n; ) {
    const { pivot, size, singular } = choosePivot(factors, k, conjugated);
    if (singular) info ||= k + 1;
    else {
      exchange(factors, k, k + size - 1, pivot, conjugated);
      if (size === 1) eliminateOne(factors, k, conjugated);
      else eliminateTwo(factors, k, conjugated);
    }
    if (size === 1) pivots[k] = pivot + 1;
    else pivots[k] = pivots[k + 1] = -(pivot + 1);
    k += size;
  }
  return { factors, pivots, info };
}

/** Bunch and Kaufman's choice: row `pivot` comes to the end of the block of `size`. */
function choosePivot(a: Matrix, k: number, hermitian: boolean): { pivot: number; size: 1 | 2; singular: boolean } {
  const n = a.rows;
  const diagonal = (i: number): number => (hermitian ? Math.abs(realAt(a, i, i)) : taxicab(at(a, i, i)));
  const own = diagonal(k);
  let largestRow = k;
  let columnMax = 0;
  for (let i = k + 1; i < n; i++) {
    const size = taxicab(at(a, i, k));
    if (size > columnMax) {
      columnMax = size;
      largestRow = i;
    }
  }
  if (Math.max(own, columnMax) === 0 || Number.isNaN(own)) return { pivot: k, size: 1, singular: true };
  if (own >= GROWTH * columnMax) return { pivot: k, size: 1, singular: false };
  let rowMax = 0;
  for (let j = k; j < largestRow; j++) rowMax = Math.max(rowMax, taxicab(at(a, largestRow, j)));
  for (let i = largestRow + 1; i < n; i++) rowMax = Math.max(rowMax, taxicab(at(a, i, largestRow)));
  if (own >= GROWTH * columnMax * (columnMax / rowMax)) return { pivot: k, size: 1, singular: false };
  return { pivot: largestRow, size: diagonal(largestRow) >= GROWTH * rowMax ? 1 : 2, singular: false };
}

/** Exchanges rows and columns `i` and `p` ≥ i of the trailing lower triangle, whose current block begins at k. */
function exchange(a: Matrix, k: number, i: number, p: number, hermitian: boolean): void {
  if (p === i) return;
  const swap = (r1: number, c1: number, r2: number, c2: number, conjugated = false): void => {
    const x = at(a, r1, c1);
    const y = at(a, r2, c2);
    put(a, r1, c1, conjugated ? conjugate(y) : y);
    put(a, r2, c2, conjugated ? conjugate(x) : x);
  };
  for (let r = p + 1; r < a.rows; r++) swap(r, i, r, p);
  for (let j = i + 1; j < p; j++) swap(j, i, p, j, hermitian);
  if (hermitian) put(a, p, i, conjugate(at(a, p, i)));
  swap(i, i, p, p);
  if (i > k) swap(i, k, p, k);
}

/** Rows `from` … of column j, as a contiguous vector. */
function columnBelow(a: Matrix, from: number, j: number, conjugated: boolean): Float64Array {
  const result = matrix(a.rows - from, 1, a.complex);
  for (let i = from; i < a.rows; i++) put(result, i - from, 0, conjugated ? conjugate(at(a, i, j)) : at(a, i, j));
  return result.data;
}

function eliminateOne(a: Matrix, k: number, hermitian: boolean): void {
  const n = a.rows;
  const pivot = hermitian ? { re: realAt(a, k, k), im: 0 } : at(a, k, k);
  if (hermitian) put(a, k, k, pivot);
  const inverse = divide({ re: 1, im: 0 }, pivot);
  const column = columnBelow(a, k + 1, k, hermitian);
  for (let i = k + 1; i < n; i++) {
    const l = multiply(at(a, i, k), inverse);
    addScaled(a.complex, i - k, -l.re, -l.im, column, 0, a.data, i * n + k + 1);
    if (hermitian) setAt(a, i, i, realAt(a, i, i));
    put(a, i, k, l);
  }
}

function eliminateTwo(a: Matrix, k: number, hermitian: boolean): void {
  const n = a.rows;
  const off = at(a, k + 1, k);
  const offAdjoint = hermitian ? conjugate(off) : off;
  const d22 = divide(at(a, k + 1, k + 1), off);
  const d11 = divide(at(a, k, k), offAdjoint);
  const t = divide({ re: 1, im: 0 }, minus(multiply(d11, d22), { re: 1, im: 0 }));
  // The multipliers (x, y)·D⁻¹ of each row (x, y) below the block.
  const [first, second] = [columnBelow(a, k + 2, k, hermitian), columnBelow(a, k + 2, k + 1, hermitian)];
  for (let i = k + 2; i < n; i++) {
    const x = at(a, i, k);
    const y = at(a, i, k + 1);
    const l1 = multiply(t, minus(divide(multiply(x, d22), offAdjoint), divide(y, offAdjoint)));
    const l2 = multiply(t, minus(divide(multiply(y, d11), off), divide(x, off)));
    addScaled(a.complex, i - k - 1, -l1.re, -l1.im, first, 0, a.data, i * n + k + 2);
    addScaled(a.complex, i - k - 1, -l2.re, -l2.im, second, 0, a.data, i * n + k + 2);
    if (hermitian) setAt(a, i, i, realAt(a, i, i));
    put(a, i, k, l1);
    put(a, i, k + 1, l2);
  }
}

/** Solves A·X = B from the factors of `ldlFactor` (sytrs, hetrs). */
export function ldlSolve(factors: Matrix, pivots: ArrayLike<number>, b: Matrix, hermitian = false): Matrix {
  const x = copyOf(b);
  const { rows: n, columns: width, complex } = x;
  const conjugated = hermitian && complex;
  const subtract = (target: number, source: number, l: Complex): void =>
    addScaled(complex, width, -l.re, -l.im, x.data, source * width, x.data, target * width);
  for (let k = 0; k < n; ) {
    const size = pivots[k]! > 0 ? 1 : 2;
    swapRows(x, k + size - 1, Math.abs(pivots[k]!) - 1);
    for (let j = k; j < k + size; j++) for (let i = k + size; i < n; i++) subtract(i, j, at(factors, i, j));
    if (size === 1) {
      const inverse = divide({ re: 1, im: 0 }, conjugated ? { re: realAt(factors, k, k), im: 0 } : at(factors, k, k));
      scale(complex, width, inverse.re, inverse.im, x.data, k * width);
    } else solveBlock(factors, k, x, conjugated);
    k += size;
  }
  for (let k = n - 1; k >= 0; ) {
    const size = pivots[k]! > 0 ? 1 : 2;
    for (let j = k - size + 1; j <= k; j++) {
      for (let i = k + 1; i < n; i++) subtract(j, i, conjugated ? conjugate(at(factors, i, j)) : at(factors, i, j));
    }
    swapRows(x, k, Math.abs(pivots[k]!) - 1);
    k -= size;
  }
  return x;
}

/** Divides rows k and k + 1 of x by D's 2 × 2 block. */
function solveBlock(factors: Matrix, k: number, x: Matrix, hermitian: boolean): void {
  const off = at(factors, k + 1, k);
  const offAdjoint = hermitian ? conjugate(off) : off;
  const d11 = divide(at(factors, k, k), offAdjoint);
  const d22 = divide(at(factors, k + 1, k + 1), off);
  const denominator = minus(multiply(d11, d22), { re: 1, im: 0 });
  for (let j = 0; j < x.columns; j++) {
    const b1 = divide(at(x, k, j), offAdjoint);
    const b2 = divide(at(x, k + 1, j), off);
    put(x, k, j, divide(minus(multiply(d22, b1), b2), denominator));
    put(x, k + 1, j, divide(minus(multiply(d11, b2), b1), denominator));
  }
}
