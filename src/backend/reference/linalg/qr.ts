import { columnReflector, type Reflector, reflectAll, reflectColumns, reflectRows, storeColumn } from './householder.ts';
import { block, copyOf, identity, imaginaryAt, keepTriangle, type Matrix, matrix, realAt } from './matrix.ts';

/** A = Q·R in LAPACK's packing (geqrf): R on and above the diagonal, the reflectors' vectors below, and their factors τ (k × 1). */
export interface PackedQR {
  readonly packed: Matrix;
  readonly tau: Matrix;
}

/** Householder's QR of an m × n matrix. R's diagonal is real and may be negative. */
export function qrFactor(a: Matrix): PackedQR {
  const packed = copyOf(a);
  const steps = Math.min(a.rows, a.columns);
  const tau = matrix(steps, 1, a.complex);
  for (let k = 0; k < steps; k++) {
    const h = columnReflector(packed, k, k);
    reflectRows(packed, h, true, k + 1);
    storeColumn(packed, h, k);
    tau.data[a.complex ? 2 * k : k] = h.re;
    if (a.complex) tau.data[2 * k + 1] = h.im;
  }
  return { packed, tau };
}

/** The reflectors packed below the diagonal of an m × n matrix: as many as there are factors τ. */
export function unpackReflectors(packed: Matrix, tau: Matrix): Reflector[] {
  return Array.from({ length: tau.rows }, (_, k) => {
    const column = block(packed, k, packed.rows, k, k + 1).data;
    const beta = column[0]!;
    column[0] = 1;
    if (packed.complex) column[1] = 0;
    return { start: k, v: column, re: realAt(tau, k, 0), im: imaginaryAt(tau, k, 0), beta };
  });
}

/** Below the diagonal column k is −τ·v, where zeros are negative for a positive τ. */
function keepSigns(q: Matrix, { v, re, im }: Reflector, k: number): void {
  const parts = q.complex ? 2 : 1;
  for (let i = k + 1; i < q.rows; i++) {
    const at = (i * q.columns + k) * parts;
    const from = (i - k) * parts;
    if (!q.complex) q.data[at] = -re * v[from]!;
    else if (v[from] === 0 && v[from + 1] === 0 && im === 0) {
      q.data[at] = -re * v[from]!;
      q.data[at + 1] = -re * v[from + 1]!;
    }
  }
}
/** The first `columns` columns of H₁·H₂·…·H_k (orgqr, ungqr). */
export function householderProduct(packed: Matrix, tau: Matrix, columns = packed.columns): Matrix {
  const q = identity(packed.rows, columns, packed.complex);
  const reflectors = unpackReflectors(packed, tau);
  // H_k acts on what lies right of column k only, as long as the rest is still the identity.
  for (let k = reflectors.length - 1; k >= 0; k--) {
    const h = reflectors[k]!;
    reflectRows(q, h, false, k);
    keepSigns(q, h, k);
  }
  return q;
}

/** The upper trapezoid R with `rows` rows. */
export function upperFactor({ packed }: PackedQR, rows = Math.min(packed.rows, packed.columns)): Matrix {
  return keepTriangle(block(packed, 0, rows, 0, packed.columns), true);
}

/** Multiplies c by op(Q) = H₁·…·H_k or its adjoint from the left or the right (ormqr, unmqr). */
export function multiplyByQ(packed: Matrix, tau: Matrix, c: Matrix, left = true, adjoint = false): Matrix {
  const result = copyOf(c);
  const reflectors = unpackReflectors(packed, tau);
  if (left) reflectAll(result, reflectors, adjoint);
  else for (let i = 0; i < reflectors.length; i++) reflectColumns(result, reflectors[adjoint ? reflectors.length - 1 - i : i]!, adjoint);
  return result;
}

/** Q and R: `reduced` gives m × k and k × n (k = min(m, n)), `complete` m × m and m × n. */
export function qr(a: Matrix, mode: 'reduced' | 'complete' = 'reduced'): { q: Matrix; r: Matrix } {
  const factored = qrFactor(a);
  const size = mode === 'complete' ? a.rows : Math.min(a.rows, a.columns);
  return { q: householderProduct(factored.packed, factored.tau, size), r: upperFactor(factored, size) };
}
