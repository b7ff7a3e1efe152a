import { addScaled, at, copyOf, divide, type Matrix, scale, transpose } from './matrix.ts';

export interface TriangularOptions {
  /** Whether the upper triangle of the matrix is the one to read. */
  readonly upper: boolean;
  /** Whether the diagonal counts as ones. */
  readonly unit?: boolean;
  /** Solve with the transpose (`T`) or the conjugate transpose (`H`) of the triangle instead. */
  readonly transposed?: 'T' | 'H';
}

/** Solves op(A)·X = B for a triangular n × n matrix A and an n × k matrix B (LAPACK's trtrs without its check for zeros). */
export function solveTriangular(a: Matrix, b: Matrix, options: TriangularOptions): Matrix {
  const x = copyOf(b);
  solveTriangularInPlace(options.transposed ? transpose(a, options.transposed === 'H') : a, x, {
    upper: options.upper !== (options.transposed !== undefined),
    unit: options.unit,
  });
  return x;
}

/** Solves X·op(A) = B for a triangular n × n matrix A and a k × n matrix B. */
export function solveTriangularRight(a: Matrix, b: Matrix, options: TriangularOptions): Matrix {
  const { upper, unit, transposed } = options;
  if (transposed === 'H') return transpose(solveTriangular(a, transpose(b, true), { upper, unit }), true);
  return transpose(solveTriangular(a, transpose(b), { upper, unit, transposed: transposed ? undefined : 'T' }));
}

/** Overwrites the n × k matrix x with A⁻¹·x; only the leading n × n part of A's triangle is read. */
export function solveTriangularInPlace(a: Matrix, x: Matrix, options: { readonly upper: boolean; readonly unit?: boolean }): void {
  const { complex, columns: k } = x;
  const n = x.rows;
  for (let step = 0; step < n; step++) {
    const i = options.upper ? n - 1 - step : step;
    const [from, to] = options.upper ? [i + 1, n] : [0, i];
    for (let j = from; j < to; j++) {
      const { re, im } = at(a, i, j);
      if (re !== 0 || im !== 0) addScaled(complex, k, -re, -im, x.data, j * k, x.data, i * k);
    }
    if (options.unit) continue;
    const pivot = at(a, i, i);
    if (complex) {
      const inverse = divide({ re: 1, im: 0 }, pivot);
      scale(true, k, inverse.re, inverse.im, x.data, i * k);
    } else for (let j = i * k; j < (i + 1) * k; j++) x.data[j]! /= pivot.re;
  }
}
