import { describe, expect, test } from 'vitest';
import { complexToReal, complexTransform, realToComplex } from '../../src/backend/reference/fft.ts';
import {
  block,
  choleskyFactor,
  choleskyInverse,
  choleskySolve,
  determinant,
  eigen,
  hermitianEigen,
  householderProduct,
  identity,
  ldlFactor,
  ldlSolve,
  leastSquares,
  luFactor,
  luInverse,
  luSolve,
  type Matrix,
  matrix,
  multiplyByQ,
  permutationOf,
  product,
  qr,
  qrFactor,
  signAndLogDeterminant,
  solve,
  solveTriangular,
  solveTriangularRight,
  svd,
  transpose,
} from '../../src/backend/reference/linalg.ts';

/** Numbers in [−1, 1) that look random and are always the same (a linear congruential generator). */
function numbers(count: number, seed: number): Float64Array {
  let state = seed >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
const sample = (rows: number, columns: number, complex: boolean, seed = 1): Matrix =>
  matrix(rows, columns, complex, numbers(rows * columns * (complex ? 2 : 1), seed * 7919 + rows * 31 + columns));
const real = (...rows: number[][]): Matrix => matrix(rows.length, rows[0]!.length, false, Float64Array.from(rows.flat()));
const adjoint = (a: Matrix): Matrix => transpose(a, true);
const gram = (a: Matrix): Matrix => product(a, adjoint(a));
const sum = (a: Matrix, b: Matrix): Matrix =>
  matrix(
    a.rows,
    a.columns,
    a.complex,
    a.data.map((v, i) => v + b.data[i]!),
  );

function diagonal(values: ArrayLike<number>, complex: boolean): Matrix {
  const result = matrix(values.length, values.length, complex);
  for (let i = 0; i < values.length; i++) result.data[(i * values.length + i) * (complex ? 2 : 1)] = values[i]!;
  return result;
}

function expectClose(got: ArrayLike<number>, want: ArrayLike<number>, tolerance = 1e-12): void {
  expect(got.length).toBe(want.length);
  let scale = 1;
  for (let i = 0; i < want.length; i++) scale = Math.max(scale, Math.abs(want[i]!));
  for (let i = 0; i < want.length; i++)
    expect(Math.abs(got[i]! - want[i]!), `entry ${i}: ${got[i]}, expected ${want[i]}`).toBeLessThan(tolerance * scale);
}
const expectEqual = (got: Matrix, want: Matrix, tolerance?: number): void => {
  expect([got.rows, got.columns, got.complex]).toEqual([want.rows, want.columns, want.complex]);
  expectClose(got.data, want.data, tolerance);
};
const expectOrthonormal = (q: Matrix): void => expectEqual(product(adjoint(q), q), identity(q.columns, q.columns, q.complex));

const kinds = [
  ['real', false],
  ['complex', true],
] as const;
const sizes = [0, 1, 2, 3, 5, 12, 30];
const shapes = [
  [0, 3],
  [3, 0],
  [1, 4],
  [4, 1],
  [3, 2],
  [2, 3],
  [7, 5],
  [5, 7],
  [12, 4],
  [4, 12],
  [30, 20],
] as const;

describe.each(kinds)('%s matrices', (_, complex) => {
  test.each(sizes)('LU of order %i solves, inverts and gives the determinant', (n) => {
    const a = sample(n, n, complex);
    const b = sample(n, 3, complex, 2);
    const lu = luFactor(a);
    expect(lu.info).toBe(0);
    expectEqual(product(a, solve(a, b).solution), b, 1e-10);
    expectEqual(product(a, luInverse(lu)), identity(n, n, complex), 1e-10);
    expectEqual(product(transpose(a), luSolve(lu.factors, lu.pivots, b, 'T')), b, 1e-10);
    expectEqual(product(adjoint(a), luSolve(lu.factors, lu.pivots, b, 'H')), b, 1e-10);
    const { sign, logAbs } = signAndLogDeterminant(lu);
    const det = determinant(lu);
    expectClose([sign.re * Math.exp(logAbs), sign.im * Math.exp(logAbs)], [det.re, det.im]);
    expect([...permutationOf(lu.pivots, n)].sort((x, y) => x - y)).toEqual(Array.from({ length: n }, (__, i) => i));
  });

  test.each(sizes)('triangular systems of order %i', (n) => {
    const a = sum(sample(n, n, complex), diagonal(new Float64Array(n).fill(4), complex));
    const b = sample(n, 2, complex, 3);
    for (const upper of [false, true]) {
      const triangle = matrix(n, n, complex);
      const width = complex ? 2 : 1;
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++)
          if (upper ? j >= i : j <= i)
            for (let p = 0; p < width; p++) triangle.data[(i * n + j) * width + p] = a.data[(i * n + j) * width + p]!;
      for (const transposed of [undefined, 'T', 'H'] as const) {
        const op = transposed ? transpose(triangle, transposed === 'H') : triangle;
        expectEqual(product(op, solveTriangular(a, b, { upper, transposed })), b);
        expectEqual(product(solveTriangularRight(a, transpose(b), { upper, transposed }), op), transpose(b));
      }
    }
  });

  test.each(sizes)('Cholesky of order %i', (n) => {
    const a = sum(gram(sample(n, n, complex)), identity(n, n, complex));
    const b = sample(n, 2, complex, 4);
    const { factor, info } = choleskyFactor(a);
    const upper = choleskyFactor(a, true).factor;
    expect(info).toBe(0);
    expectEqual(gram(factor), a);
    expectEqual(upper, adjoint(factor));
    expectEqual(product(a, choleskySolve(factor, b)), b);
    expectEqual(product(a, choleskySolve(upper, b, true)), b);
    expectEqual(product(a, choleskyInverse(factor)), identity(n, n, complex));
  });

  test.each(shapes)('QR of %i × %i', (m, n) => {
    const a = sample(m, n, complex);
    for (const mode of ['reduced', 'complete'] as const) {
      const { q, r } = qr(a, mode);
      expectOrthonormal(q);
      expectEqual(product(q, r), a);
    }
    const { packed, tau } = qrFactor(a);
    const q = householderProduct(packed, tau, m);
    const c = sample(m, 3, complex, 5);
    expectEqual(multiplyByQ(packed, tau, c), product(q, c));
    expectEqual(multiplyByQ(packed, tau, c, true, true), product(adjoint(q), c));
    expectEqual(multiplyByQ(packed, tau, adjoint(c), false), product(adjoint(c), q));
    expectEqual(multiplyByQ(packed, tau, adjoint(c), false, true), product(adjoint(c), adjoint(q)));
  });

  test.each(shapes)('singular values of %i × %i', (m, n) => {
    const a = sample(m, n, complex);
    const k = Math.min(m, n);
    for (const full of [false, true]) {
      const { u, values, vh, info } = svd(a, full);
      expect(info).toBe(0);
      expect([u.columns, vh.rows]).toEqual(full ? [m, n] : [k, k]);
      expectOrthonormal(u);
      expectOrthonormal(adjoint(vh));
      expect([...values]).toEqual([...values].sort((x, y) => y - x));
      expectEqual(product(product(block(u, 0, m, 0, k), diagonal(values, complex)), block(vh, 0, k, 0, n)), a);
    }
  });

  test.each(sizes)('Hermitian eigenvectors of order %i', (n) => {
    const half = sample(n, n, complex);
    const a = sum(half, adjoint(half));
    for (const upper of [false, true]) {
      const { values, vectors, info } = hermitianEigen(a, upper);
      expect(info).toBe(0);
      expectOrthonormal(vectors);
      expect([...values]).toEqual([...values].sort((x, y) => x - y));
      expectEqual(product(product(vectors, diagonal(values, complex)), adjoint(vectors)), a);
    }
  });

  test.each(sizes)('eigenvectors of a general matrix of order %i', (n) => {
    const a = sample(n, n, complex);
    const { values, vectors, info } = eigen(a);
    expect(info).toBe(0);
    const lambda = matrix(n, n, true);
    for (let i = 0; i < n; i++) lambda.data.set(values.subarray(2 * i, 2 * i + 2), 2 * (i * n + i));
    expectEqual(product(a, vectors), product(vectors, lambda));
    for (let j = 0; j < n; j++) expect(Math.hypot(...block(vectors, 0, n, j, j + 1).data)).toBeCloseTo(1, 12);
  });

  test.each(sizes)('symmetric indefinite systems of order %i', (n) => {
    const half = sample(n, n, complex);
    const b = sample(n, 2, complex, 6);
    for (const hermitian of complex ? [false, true] : [false]) {
      const a = sum(half, transpose(half, hermitian));
      const { factors, pivots } = ldlFactor(a, hermitian);
      expectEqual(product(a, ldlSolve(factors, pivots, b, hermitian)), b, 1e-10);
    }
  });

  test.each(['gels', 'gelsy', 'gelsd', 'gelss'] as const)('least squares by %s', (driver) => {
    for (const [m, n] of [
      [7, 4],
      [4, 7],
    ] as const) {
      const a = sample(m, n, complex);
      const b = sample(m, 2, complex, 7);
      const { solution, rank } = leastSquares(a, b, driver, 1e-12);
      expect(rank).toBe(4);
      // The residual is orthogonal to A's columns, and the solution to its null space.
      expectEqual(product(adjoint(a), product(a, solution)), product(adjoint(a), b));
      const { q } = qr(adjoint(a));
      expectEqual(product(q, product(adjoint(q), solution)), solution);
    }
  });

  test('rank-deficient least squares finds the smallest solution', () => {
    const a = product(sample(6, 2, complex), sample(2, 5, complex, 2));
    const b = sample(6, 1, complex, 3);
    const bySvd = leastSquares(a, b, 'gelsd', 1e-10);
    const byQR = leastSquares(a, b, 'gelsy', 1e-10);
    expect([bySvd.rank, byQR.rank]).toEqual([2, 2]);
    expectEqual(byQR.solution, bySvd.solution);
  });
});

describe('LAPACK’s conventions', () => {
  const a = real([1, 2], [3, 4]);
  test('pivots count from 1 and L lies below U', () => {
    const { factors, pivots } = luFactor(a);
    expect([...pivots]).toEqual([2, 2]);
    expectClose(factors.data, [3, 4, 1 / 3, 2 / 3]);
    expect(luFactor(real([1, 2], [2, 4])).info).toBe(2);
  });
  test('R’s diagonal has the sign opposite to the reflected entry’s', () => {
    const { q, r } = qr(a);
    expectClose(q.data, [-0.31622776601683794, -0.9486832980505138, -0.9486832980505138, 0.31622776601683794]);
    expectClose(r.data, [-3.1622776601683795, -4.427188724235731, 0, -0.6324555320336759]);
  });
  test('signs of singular vectors', () => {
    const { u, values, vh } = svd(real([1, 2], [3, 4], [5, 6]));
    expectClose(values, [9.525518091565107, 0.5143005806586441]);
    expectClose(
      u.data,
      [-0.2298476964000715, 0.8834610176985255, -0.5247448187602936, 0.24078249213254665, -0.8196419411205156, -0.4018960334334322],
    );
    expectClose(vh.data, [-0.6196294838293402, -0.7848944532670524, -0.7848944532670524, 0.6196294838293402]);
  });
  test('a complex eigenvector’s largest entry is real, and the pair’s first value has the positive imaginary part', () => {
    const { values, vectors } = eigen(real([1, 2], [-5, 4]));
    expectClose(values, [2.5, 2.7838821814150108, 2.5, -2.7838821814150108]);
    expectClose(
      vectors.data,
      [0.2535462764185549, -0.47056197405716, 0.2535462764185549, 0.47056197405716, 0.8451542547285165, 0, 0.8451542547285165, 0],
    );
  });
  test('a matrix that is not positive definite tells which minor fails', () => {
    expect(choleskyFactor(real([1, 0, 0], [0, -1, 0], [0, 0, 1])).info).toBe(2);
  });
  test('a 2 × 2 pivot of LDLᵀ is marked by two negative numbers', () => {
    expect([...ldlFactor(real([0, 1], [1, 0])).pivots]).toEqual([-2, -2]);
  });
  test('defective and permuted matrices have eigenvectors', () => {
    for (const m of [real([2, 1, 0], [0, 2, 1], [0, 0, 2]), real([0, 1, 0], [0, 0, 1], [0, 0, 0]), real([1, 0, 0], [2, 3, 0], [4, 5, 6])]) {
      const { vectors } = eigen(m);
      for (const v of vectors.data) expect(v).not.toBeNaN();
    }
  });
  test('entries near the ends of the range do not overflow', () => {
    for (const scale of [1e200, 1e-200, 1e-305]) {
      const m = real([2 * scale, scale, 0], [scale, 3 * scale, scale], [0, scale, 4 * scale]);
      const want = [3 - Math.sqrt(3), 3, 3 + Math.sqrt(3)];
      expectClose(
        hermitianEigen(m).values.map((v) => v / scale),
        want,
      );
      expectClose(
        svd(m)
          .values.map((v) => v / scale)
          .reverse(),
        want,
      );
      expectClose(
        eigen(m)
          .values.filter((_, i) => i % 2 === 0)
          .map((v) => v / scale)
          .sort((x, y) => x - y),
        want,
      );
    }
  });
  test('svd refuses what is not finite', () => {
    expect(svd(real([1, Number.NaN], [0, 1])).info).toBe(-4);
  });
});

describe('Fourier transforms', () => {
  /** The definition, its angles reduced so that they are exact. */
  function direct(x: Float64Array, sign: 1 | -1): Float64Array {
    const n = x.length / 2;
    const result = new Float64Array(2 * n);
    for (let k = 0; k < n; k++) {
      for (let j = 0; j < n; j++) {
        const angle = (2 * Math.PI * ((j * k) % n)) / n;
        const c = Math.cos(angle);
        const s = sign * Math.sin(angle);
        result[2 * k]! += x[2 * j]! * c - x[2 * j + 1]! * s;
        result[2 * k + 1]! += x[2 * j]! * s + x[2 * j + 1]! * c;
      }
    }
    return result;
  }
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 16, 30, 31, 37, 49, 64, 74, 97, 100, 127, 210])('of length %i', (n) => {
    const x = numbers(2 * n, n);
    expectClose(complexTransform(x.slice()), direct(x, -1), 1e-13);
    expectClose(complexTransform(x.slice(), true), direct(x, 1), 1e-13);
    const line = numbers(n, n + 1);
    const half = realToComplex(line);
    const full = new Float64Array(2 * n);
    for (let i = 0; i < n; i++) full[2 * i] = line[i]!;
    expectClose(half, direct(full, -1).slice(0, 2 * (Math.floor(n / 2) + 1)), 1e-13);
    expectClose(
      complexToReal(half, n).map((v) => v / n),
      line,
      1e-13,
    );
  });
  test('an empty line stays empty', () => {
    expect(complexTransform(new Float64Array(0))).toHaveLength(0);
    expect(realToComplex(new Float64Array(0))).toHaveLength(0);
  });
});
