import { columnReflector, reflectRows, storeColumn } from './householder.ts';
import { addScaled, block, copyOf, type Matrix, matrix, norm2, product, realAt, scale, swapColumns, transpose } from './matrix.ts';
import { multiplyByQ, qrFactor, upperFactor } from './qr.ts';
import { svd } from './svd.ts';
import { solveTriangular } from './triangular.ts';

/** LAPACK's drivers: QR for full rank, QR with column pivoting, and (alike in results) two by singular values. */
export type LeastSquaresDriver = 'gels' | 'gelsy' | 'gelsd' | 'gelss';

export interface LeastSquares {
  /** n × k: of all minimisers of ‖A·X − B‖ the smallest. */
  readonly solution: Matrix;
  /** The effective rank: min(m, n) for `gels`, which assumes it. */
  readonly rank: number;
  /** Descending; empty except for `gelsd` and `gelss`. */
  readonly singularValues: Float64Array;
  readonly info: number;
}

/** Minimises ‖A·X − B‖ for an m × n matrix A; what lies below rcond times the largest singular value (or diagonal entry) counts as zero. */
export function leastSquares(a: Matrix, b: Matrix, driver: LeastSquaresDriver, rcond: number): LeastSquares {
  if (driver === 'gels')
    return { solution: fullRank(a, b), rank: Math.min(a.rows, a.columns), singularValues: new Float64Array(0), info: 0 };
  return driver === 'gelsy' ? pivoted(a, b, rcond) : bySingularValues(a, b, rcond);
}

/** By QR if A is tall, of its adjoint if it is wide. */
function fullRank(a: Matrix, b: Matrix): Matrix {
  const { rows: m, columns: n } = a;
  if (m >= n) {
    const factored = qrFactor(a);
    const projected = multiplyByQ(factored.packed, factored.tau, b, true, true);
    return solveTriangular(upperFactor(factored), block(projected, 0, n, 0, b.columns), { upper: true });
  }
  const factored = qrFactor(transpose(a, true));
  const inner = solveTriangular(upperFactor(factored), b, { upper: true, transposed: 'H' });
  return multiplyByQ(factored.packed, factored.tau, withZeroRows(inner, n));
}

function withZeroRows(a: Matrix, rows: number): Matrix {
  const result = matrix(rows, a.columns, a.complex);
  result.data.set(a.data);
  return result;
}

function bySingularValues(a: Matrix, b: Matrix, rcond: number): LeastSquares {
  const { u, values, vh, info } = svd(a);
  const threshold = (rcond < 0 ? Number.EPSILON : rcond) * (values[0] ?? 0);
  let rank = 0;
  while (rank < values.length && values[rank]! > threshold) rank++;
  const projected = product(transpose(block(u, 0, a.rows, 0, rank), true), b);
  for (let i = 0; i < rank; i++) scale(b.complex, b.columns, 1 / values[i]!, 0, projected.data, i * b.columns);
  return { solution: product(transpose(block(vh, 0, rank, 0, a.columns), true), projected), rank, singularValues: values, info };
}

/** QR with column pivoting: A·P = Q·R, |R|'s diagonal descending. permutation[j] is the column of A that came to place j. */
export function pivotedQR(a: Matrix): { packed: Matrix; tau: Matrix; permutation: Int32Array } {
  const packed = copyOf(a);
  const { rows: m, columns: n, complex } = packed;
  const steps = Math.min(m, n);
  const tau = matrix(steps, 1, complex);
  const permutation = Int32Array.from({ length: n }, (_, j) => j);
  for (let k = 0; k < steps; k++) {
    const rest = transpose(block(packed, k, m, k, n));
    const width = rest.columns * (complex ? 2 : 1);
    let p = k;
    let largest = -1;
    for (let j = k; j < n; j++) {
      const size = norm2(rest.data, (j - k) * width, (j - k + 1) * width);
      if (size > largest) {
        largest = size;
        p = j;
      }
    }
    swapColumns(packed, k, p);
    [permutation[k], permutation[p]] = [permutation[p]!, permutation[k]!];
    const h = columnReflector(packed, k, k);
    reflectRows(packed, h, true, k + 1);
    storeColumn(packed, h, k);
    tau.data[complex ? 2 * k : k] = h.re;
    if (complex) tau.data[2 * k + 1] = h.im;
  }
  return { packed, tau, permutation };
}

function pivoted(a: Matrix, b: Matrix, rcond: number): LeastSquares {
  const { packed, tau, permutation } = pivotedQR(a);
  const largest = tau.rows > 0 ? Math.abs(realAt(packed, 0, 0)) : 0;
  let rank = 0;
  while (rank < tau.rows && Math.abs(realAt(packed, rank, rank)) > rcond * largest) rank++;
  const projected = block(multiplyByQ(packed, tau, b, true, true), 0, rank, 0, b.columns);
  const solved = fullRank(upperFactor({ packed, tau }, rank), projected);
  const solution = matrix(a.columns, b.columns, a.complex);
  for (let j = 0; j < a.columns; j++) {
    addScaled(a.complex, b.columns, 1, 0, solved.data, j * b.columns, solution.data, permutation[j]! * b.columns);
  }
  return { solution, rank, singularValues: new Float64Array(0), info: 0 };
}
