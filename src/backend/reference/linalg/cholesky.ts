import { addScaled, at, copyOf, identity, keepTriangle, type Matrix, realAt, scale, setAt, transpose } from './matrix.ts';
import { solveTriangularInPlace } from './triangular.ts';

/**
 * The Cholesky factor of a Hermitian positive-definite matrix (potrf): L with A = L·Lᴴ from A's lower triangle, or with `upper` U with
 * A = Uᴴ·U from the upper one. `info` is 0, or the order of the first leading minor that is not positive; the factor is then complete
 * up to there only.
 */
export function choleskyFactor(a: Matrix, upper = false): { factor: Matrix; info: number } {
  // Row operations on U = Lᴴ keep the inner loops contiguous.
  const u = keepTriangle(upper ? copyOf(a) : transpose(a, true), true);
  const { rows: n, complex } = u;
  let info = 0;
  for (let k = 0; k < n; k++) {
    const pivot = realAt(u, k, k);
    if (!(pivot > 0)) {
      info = k + 1;
      break;
    }
    const root = Math.sqrt(pivot);
    setAt(u, k, k, root);
    scale(complex, n - k - 1, 1 / root, 0, u.data, k * n + k + 1);
    for (let i = k + 1; i < n; i++) {
      const { re, im } = at(u, k, i);
      if (re !== 0 || im !== 0) addScaled(complex, n - i, -re, im, u.data, k * n + i, u.data, i * n + i);
    }
  }
  return { factor: upper ? u : transpose(u, true), info };
}

/** Solves A·X = B from A's Cholesky factor (potrs). */
export function choleskySolve(factor: Matrix, b: Matrix, upper = false): Matrix {
  const x = copyOf(b);
  const flipped = transpose(factor, true);
  solveTriangularInPlace(upper ? flipped : factor, x, { upper: false });
  solveTriangularInPlace(upper ? factor : flipped, x, { upper: true });
  return x;
}

/** A's inverse from its Cholesky factor (potri). */
export function choleskyInverse(factor: Matrix, upper = false): Matrix {
  return choleskySolve(factor, identity(factor.rows, factor.rows, factor.complex), upper);
}
