import {
  addScaled,
  at,
  type Complex,
  copyOf,
  divide,
  identity,
  type Matrix,
  multiply,
  setAt,
  swapRows,
  taxicab,
  transpose,
} from './matrix.ts';
import { solveTriangularInPlace } from './triangular.ts';

/** P·A = L·U of an m × n matrix in LAPACK's packing (getrf). */
export interface LU {
  /** U on and above the diagonal, L below it (its diagonal is ones). */
  readonly factors: Matrix;
  /** min(m, n) of them, counted from 1: step i exchanged rows i and pivots[i]. */
  readonly pivots: Int32Array;
  /** 0, or the first zero on U's diagonal, counted from 1. */
  readonly info: number;
}

/** Factors with partial pivoting: the pivot is the entry of the column with the largest |re| + |im|. With `pivot` false, without. */
export function luFactor(a: Matrix, pivot = true): LU {
  const factors = copyOf(a);
  const { rows, columns, complex } = factors;
  const steps = Math.min(rows, columns);
  const pivots = new Int32Array(steps);
  let info = 0;
  for (let k = 0; k < steps; k++) {
    let p = k;
    if (pivot) {
      let largest = taxicab(at(factors, k, k));
      for (let i = k + 1; i < rows; i++) {
        const magnitude = taxicab(at(factors, i, k));
        if (magnitude > largest) {
          largest = magnitude;
          p = i;
        }
      }
    }
    pivots[k] = p + 1;
    swapRows(factors, k, p);
    const head = at(factors, k, k);
    if (head.re === 0 && head.im === 0) {
      info ||= k + 1;
      continue;
    }
    for (let i = k + 1; i < rows; i++) {
      const l = divide(at(factors, i, k), head);
      setAt(factors, i, k, l.re, l.im);
      if (l.re === 0 && l.im === 0) continue;
      addScaled(complex, columns - k - 1, -l.re, -l.im, factors.data, k * columns + k + 1, factors.data, i * columns + k + 1);
    }
  }
  return { factors, pivots, info };
}

/** The row permutation that pivots of `luFactor` amount to: row i of P·A is row result[i] of A. */
export function permutationOf(pivots: ArrayLike<number>, rows: number): Int32Array {
  const permutation = Int32Array.from({ length: rows }, (_, i) => i);
  for (let i = 0; i < pivots.length; i++) {
    const p = pivots[i]! - 1;
    [permutation[i], permutation[p]] = [permutation[p]!, permutation[i]!];
  }
  return permutation;
}

/** Solves op(A)·X = B from A's factors (getrs). */
export function luSolve(factors: Matrix, pivots: ArrayLike<number>, b: Matrix, transposed?: 'T' | 'H'): Matrix {
  const x = copyOf(b);
  if (transposed) {
    const flipped = transpose(factors, transposed === 'H');
    solveTriangularInPlace(flipped, x, { upper: false });
    solveTriangularInPlace(flipped, x, { upper: true, unit: true });
    for (let i = pivots.length - 1; i >= 0; i--) swapRows(x, i, pivots[i]! - 1);
    return x;
  }
  for (let i = 0; i < pivots.length; i++) swapRows(x, i, pivots[i]! - 1);
  solveTriangularInPlace(factors, x, { upper: false, unit: true });
  solveTriangularInPlace(factors, x, { upper: true });
  return x;
}

/** A's inverse from its factors (the inverse of a singular A is meaningless, as in getri). */
export function luInverse(lu: LU): Matrix {
  return luSolve(lu.factors, lu.pivots, identity(lu.factors.rows, lu.factors.rows, lu.factors.complex));
}

function isOdd(pivots: Int32Array): boolean {
  let odd = false;
  for (let i = 0; i < pivots.length; i++) if (pivots[i] !== i + 1) odd = !odd;
  return odd;
}

/** The determinant: the product of U's diagonal with the sign of the row exchanges. */
export function determinant(lu: LU): Complex {
  let result: Complex = { re: isOdd(lu.pivots) ? -1 : 1, im: 0 };
  for (let i = 0; i < lu.factors.rows; i++) {
    const u = at(lu.factors, i, i);
    result = lu.factors.complex ? multiply(result, u) : { re: result.re * u.re, im: 0 };
  }
  return result;
}

/** The determinant's phase (0 for a singular matrix) and the logarithm of its magnitude. */
export function signAndLogDeterminant(lu: LU): { sign: Complex; logAbs: number } {
  let sign: Complex = { re: isOdd(lu.pivots) ? -1 : 1, im: 0 };
  let logAbs = 0;
  for (let i = 0; i < lu.factors.rows; i++) {
    const u = at(lu.factors, i, i);
    const magnitude = lu.factors.complex ? Math.hypot(u.re, u.im) : Math.abs(u.re);
    logAbs += Math.log(magnitude);
    if (magnitude === 0) sign = { re: 0, im: 0 };
    else
      sign = lu.factors.complex ? multiply(sign, { re: u.re / magnitude, im: u.im / magnitude }) : { re: sign.re * Math.sign(u.re), im: 0 };
  }
  return { sign, logAbs };
}

/** Solves A·X = B (gesv); `info` as in `luFactor`. */
export function solve(a: Matrix, b: Matrix): { solution: Matrix; lu: LU } {
  const lu = luFactor(a);
  return { solution: luSolve(lu.factors, lu.pivots, b), lu };
}
