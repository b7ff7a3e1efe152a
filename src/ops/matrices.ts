// What the operators on matrices share: argument checks with PyTorch's messages, layouts of results, and small products.
import { Category, type DType, finfo } from '../core/dtype.ts';
import { LinAlgError, NotImplementedError, RuntimeError } from '../core/errors.ts';
import { broadcastShapes } from '../core/shape.ts';
import { contiguousStrides, type Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, type Spec } from '../dispatch/operator.ts';
import { integers } from '../backend/reference/arrays.ts';

// ---- checks -------------------------------------------------------------------------------------------------------
export function checkMatrix(t: Tensor, name: string, argument = 'A'): void {
  if (t.ndim < 2) throw new RuntimeError(`${name}: The input tensor ${argument} must have at least 2 dimensions.`);
}
export function checkSquare(t: Tensor, name: string, argument = 'A'): void {
  checkMatrix(t, name, argument);
  const [m, n] = sizeOf(t);
  if (m !== n) throw new RuntimeError(`${name}: ${argument} must be batches of square matrices, but they are ${m} by ${n} matrices`);
}
/** Floating or complex; of the floating dtypes only the wide ones unless `halfToo`. */
export function checkFloating(t: Tensor, name: string, halfToo = false): void {
  if (t.dtype.category < Category.Floating)
    throw new NotImplementedError(`${name}: Expected a floating point or complex tensor as input. Got ${t.dtype.scalarName}`);
  if (!halfToo && t.dtype.to_real().itemsize < 4)
    throw new NotImplementedError(`${name}: Low precision dtypes not supported. Got ${t.dtype.scalarName}`);
}
/** For kernels that exist for float, double and their complex counterparts. */
export function checkKernelDtype(t: Tensor, kernel: string): void {
  if (t.dtype.category < Category.Floating || t.dtype.to_real().itemsize < 4)
    throw new NotImplementedError(`"${kernel}" not implemented for '${t.dtype.scalarName}'`);
}

// ---- failures of factorisations -----------------------------------------------------------------------------------
/** Why a matrix could not be factored, from LAPACK's number, by the kind of the function. */
const REASONS: readonly (readonly [part: string, reason: (info: number) => string])[] = [
  ['inv', (info) => `The diagonal element ${info} is zero, the inversion could not be completed because the input matrix is singular.`],
  ['solve', () => 'The solver failed because the input matrix is singular.'],
  [
    'cholesky',
    (info) =>
      `The factorization could not be completed because the input is not positive-definite (the leading minor of order ${info} is not positive-definite).`,
  ],
  [
    'svd',
    (info) =>
      `The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated singular values (error code: ${info}).`,
  ],
  [
    'eig',
    (info) =>
      `The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated eigenvalues (error code: ${info}).`,
  ],
  [
    'lstsq',
    (info) => `The least squares solution could not be computed because the input matrix does not have full rank (error code: ${info}).`,
  ],
];
/** Throws for the first number of a batch that is not 0. */
export function checkInfos(infos: ArrayLike<number>, name: string, single: boolean): void {
  const at = Array.prototype.findIndex.call(infos, (x: number) => x !== 0);
  if (at < 0) return;
  const info = infos[at]!;
  const where = single ? '' : `(Batch element ${at}): `;
  if (info < 0 && name.includes('svd'))
    throw new LinAlgError(`${name}: ${where}The algorithm failed to converge because the input matrix contained non-finite values.`);
  const known = REASONS.find(([part]) => name.includes(part));
  if (known) throw new LinAlgError(`${name}: ${where}${known[1](info)}`);
  if (name.includes('lu_factor')) {
    throw new RuntimeError(
      `${name}: ${where}U[${info},${info}] is zero and using it on lu_solve would result in a division by zero. If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)`,
    );
  }
  throw new RuntimeError(`${name}: ${where}Unknown error code: ${info}.`);
}
op('_linalg_check_errors(Tensor info, str api_name, *, bool is_matrix) -> ()', {
  doc: 'Throws where a factorisation failed.',
  produce: ({ info, api_name }) => {
    checkInfos(Array.from(integers(info), Number), api_name, info.ndim === 0);
    return [];
  },
  batch: (run) => run({}),
  grad: 'none',
  surface: [],
});

// ---- shapes and layouts -------------------------------------------------------------------------------------------
/** Rows and columns. */
export const sizeOf = (t: { readonly shape: Shape }): [number, number] => [t.shape[t.shape.length - 2]!, t.shape[t.shape.length - 1]!];
export const batchOf = (t: { readonly shape: Shape }): number[] => t.shape.slice(0, -2);
/** A batch of column-major matrices, as LAPACK leaves them. */
export function columnMajor(shape: Shape, dtype: DType): Spec {
  return { shape, dtype, stride: [...contiguousStrides(shape).slice(0, -2), 1, Math.max(shape[shape.length - 2]!, 1)] };
}
/** Matrices expanded to a common batch. */
export function commonBatch(a: Tensor, b: Tensor): [Tensor, Tensor] {
  const batch = broadcastShapes(batchOf(b), batchOf(a));
  return [a.expand([...batch, ...sizeOf(a)]), b.expand([...batch, ...sizeOf(b)])];
}
/** Whether the right-hand side of a system is a vector, or a batch of them. */
export function isVectorSide(a: { readonly shape: Shape }, b: { readonly shape: Shape }): boolean {
  if (b.shape.length === 1) return true;
  return a.shape.length - 1 === b.shape.length && b.shape.every((s, i) => s === a.shape[i]);
}

// ---- small tools for gradients ------------------------------------------------------------------------------------
export const epsilonOf = (dtype: DType): number => new finfo(dtype.to_real()).eps;
export const identityLike = (t: Tensor, n: number): Tensor => F.eye(n, t.dtype, null, t.device);
export const onDiagonal = (v: Tensor): Tensor => F.diag_embed(v);
export const diagonalOf = (t: Tensor): Tensor => F.diagonal(t, 0, -2, -1);
export const column = (t: Tensor): Tensor => t.unsqueeze(-1);
export const row = (t: Tensor): Tensor => t.unsqueeze(-2);
export const real = (t: Tensor): Tensor => (t.dtype.is_complex ? F.real(t) : t);
/** A sum of which parts may be absent. */
export const plus = (a: Tensor | null, b: Tensor | null): Tensor | null => (a && b ? a.add(b) : (a ?? b));
