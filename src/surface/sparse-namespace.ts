// torch.sparse.
import './install.ts';
import type { DType } from '../core/dtype.ts';
import type { Scalar } from '../core/scalar.ts';
import type { Tensor } from '../core/tensor.ts';
import { registry } from '../dispatch/operator.ts';
import { checkCallback } from '../autograd/modes.ts';
import { operatorFunction } from './bind.ts';
import { invariants } from './sparse.ts';

const over = (name: string, ...ops: string[]) =>
  operatorFunction(
    name,
    ops.map((o) => registry.get(o)!),
  );
type Out = { out?: Tensor };

/**
 * The product of two matrices of which one or both are sparse. With `reduce` (`sum`, `mean`, `amax`, `amin`) the products of a row are
 * reduced in that way; the first matrix has compressed rows then. A sparse matrix gets a gradient of its own pattern.
 *
 * See https://pytorch.org/docs/stable/generated/torch.sparse.mm.html.
 */
export const mm = over('_sparse_mm', '_sparse_mm', '_sparse_mm.reduce') as (mat1: Tensor, mat2: Tensor, reduce?: string) => Tensor;
/** beta·mat + alpha·(mat1·mat2) with a sparse mat1. See https://pytorch.org/docs/stable/generated/torch.sparse.addmm.html. */
export const addmm = over('_sparse_addmm', '_sparse_addmm') as (
  mat: Tensor,
  mat1: Tensor,
  mat2: Tensor,
  options?: { beta?: Scalar; alpha?: Scalar },
) => Tensor;
/**
 * beta·input + alpha·(mat1·mat2) at the places that `input`, a matrix with compressed rows, has entries.
 *
 * See https://pytorch.org/docs/stable/generated/torch.sparse.sampled_addmm.html.
 */
export const sampled_addmm = over('sparse_sampled_addmm', 'sparse_sampled_addmm') as (
  input: Tensor,
  mat1: Tensor,
  mat2: Tensor,
  options?: { beta?: Scalar; alpha?: Scalar } & Out,
) => Tensor;
/** The sum of the entries, over all dimensions or some. See https://pytorch.org/docs/stable/generated/torch.sparse.sum.html. */
export const sum = over('_sparse_sum', '_sparse_sum') as {
  (input: Tensor, options?: { dim?: number | readonly number[] | null; dtype?: DType | null }): Tensor;
  (input: Tensor, dim?: number | readonly number[] | null, dtype?: DType | null): Tensor;
};
type Softmax = {
  (input: Tensor, options: { dim: number; dtype?: DType | null }): Tensor;
  (input: Tensor, dim: number, options?: { dtype?: DType | null }): Tensor;
};
/** The softmax over the entries along a dimension; what is not stored counts as −∞. */
export const softmax = over('_sparse_softmax', '_sparse_softmax') as Softmax;
/** The logarithm of the softmax over the entries along a dimension. */
export const log_softmax = over('_sparse_log_softmax', '_sparse_log_softmax') as Softmax;

/** Whether sparse tensors are checked when they are made; see torch.sparse.check_sparse_tensor_invariants. */
export const check_sparse_tensor_invariants = {
  is_enabled: (): boolean => invariants.checked,
  enable: (): void => {
    invariants.checked = true;
  },
  disable: (): void => {
    invariants.checked = false;
  },
  /** Checks (or does not) while `body` runs. */
  within<T>(enable: boolean, body: () => T): T {
    const saved = invariants.checked;
    invariants.checked = enable;
    try {
      return checkCallback(body(), 'check_sparse_tensor_invariants');
    } finally {
      invariants.checked = saved;
    }
  },
};
