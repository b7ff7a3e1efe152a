// Batches of matrices between tensors and the linear algebra routines, which take one matrix at a time in double precision.
import { numel } from '../../core/size.ts';
import type { Tensor } from '../../core/tensor.ts';
import { complexes, integers, reals, store } from './arrays.ts';
import { type Matrix, matrix } from './linalg.ts';

/** The matrices in the last two dimensions. Do not write to them. */
export function matricesOf(t: Tensor): Matrix[] {
  const [rows, columns] = t.layout.shape.slice(-2) as [number, number];
  return parts(t, 2).map((data) => matrix(rows, columns, t.dtype.is_complex, data));
}
/** The vectors in the last dimension, as matrices of one column. Do not write to them. */
export function vectorsOf(t: Tensor): Matrix[] {
  const n = t.layout.shape[t.ndim - 1]!;
  return parts(t, 1).map((data) => matrix(n, 1, t.dtype.is_complex, data));
}
/** The numbers of the last `dims` dimensions, one array for each place in the others. */
function parts(t: Tensor, dims: number): Float64Array[] {
  const { shape } = t.layout;
  const data = t.dtype.is_complex ? complexes(t) : reals(t);
  const size = numel(shape.slice(-dims)) * (t.dtype.is_complex ? 2 : 1);
  return Array.from({ length: numel(shape.slice(0, -dims)) }, (_, i) => data.subarray(i * size, (i + 1) * size));
}
/** The integers in the last dimension, one array for each place in the others. */
export function integersOf(t: Tensor): Int32Array[] {
  const { shape } = t.layout;
  const n = shape[t.ndim - 1]!;
  const data = integers(t);
  return Array.from({ length: numel(shape.slice(0, -1)) }, (_, i) => Int32Array.from(data.subarray(i * n, (i + 1) * n), Number));
}

/** Stores arrays of numbers one after the other; complex numbers as pairs. */
export function storeParts(out: Tensor, arrays: readonly ArrayLike<number>[]): void {
  const all = new Float64Array(out.layout.numel * (out.dtype.is_complex ? 2 : 1));
  let at = 0;
  for (const a of arrays) {
    all.set(a, at);
    at += a.length;
  }
  store(out, all);
}
export const storeMatrices = (out: Tensor, matrices: readonly Matrix[]): void =>
  storeParts(
    out,
    matrices.map((m) => m.data),
  );
