// Norms of matrices and condition numbers.
import { Category, type DType, promote_types } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError, ValueError } from '../core/errors.ts';
import { type Scalar, toNumber } from '../core/scalar.ts';
import { wrapDim } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';
import { batchOf, sizeOf } from './matrices.ts';

const NAME = 'linalg.matrix_norm';
/** A norm's order as PyTorch writes it in messages. */
const shown = (ord: number): string => (ord === Number.POSITIVE_INFINITY ? 'inf' : ord === Number.NEGATIVE_INFINITY ? '-inf' : String(ord));

function checkMatrixNorm(self: Tensor, dim: readonly number[], dtype: DType | null): [number, number] {
  if (self.dtype.category < Category.Floating)
    throw new NotImplementedError(`${NAME}: Expected a floating point or complex tensor as input. Got ${self.dtype.scalarName}`);
  if (self.ndim < 2) throw new RuntimeError(`${NAME}: The input tensor A must have at least 2 dimensions.`);
  if (dim.length !== 2) throw new RuntimeError(`${NAME}: dim must be a 2-tuple. Got ${dim.join(', ')}`);
  const [rows, columns] = dim.map((d) => wrapDim(d, self.ndim)) as [number, number];
  if (rows === columns) throw new RuntimeError(`${NAME}: dims must be different. Got (${dim.join(', ')})`);
  if (dtype) {
    if (dtype.category < Category.Floating)
      throw new RuntimeError(`${NAME}: dtype should be floating point or complex, but got ${dtype.scalarName}`);
    if (dtype.is_complex !== self.dtype.is_complex) {
      const kind = self.dtype.is_complex ? 'complex' : 'real';
      throw new RuntimeError(`${NAME}: dtype should be ${kind} for ${kind} inputs, but got ${dtype.scalarName}`);
    }
    if (promote_types(self.dtype, dtype) !== dtype) {
      throw new RuntimeError(
        `${NAME}: the dtype of the input (${self.dtype.scalarName}) should be convertible without narrowing to the specified dtype (${dtype.scalarName})`,
      );
    }
  }
  return [rows, columns];
}
/** The matrices of two dimensions in the last two. */
const asMatrices = (t: Tensor, rows: number, columns: number): Tensor =>
  t.permute([...t.shape.map((_, i) => i).filter((i) => i !== rows && i !== columns), rows, columns]);
function restored(t: Tensor, rows: number, columns: number, keepdim: boolean): Tensor {
  if (!keepdim) return t;
  return [rows, columns].sort((a, b) => a - b).reduce((r, d) => r.unsqueeze(d), t);
}
/** The largest or smallest along a dimension; of nothing the largest size is 0. */
function extremum(t: Tensor, dim: number, keepdim: boolean, largest: boolean): Tensor {
  if (!largest) return F.amin(t, [dim], keepdim);
  return t.shape[wrapDim(dim, t.ndim)] === 0 ? F.sum$dim_IntList(t, [dim], keepdim) : F.amax(t, [dim], keepdim);
}
op('linalg_matrix_norm.str_ord(Tensor self, str ord="fro", int[] dim=[-2, -1], bool keepdim=False, *, ScalarType? dtype=None) -> Tensor', {
  doc: 'The Frobenius ("fro") or nuclear ("nuc") norm of matrices.',
  decompose: ({ self, ord, dim, keepdim, dtype }) => {
    const [rows, columns] = checkMatrixNorm(self, dim, dtype);
    if (ord !== 'fro' && ord !== 'nuc') throw new RuntimeError(`${NAME}: Order ${ord} not supported.`);
    if (ord === 'fro') return F.linalg_vector_norm(self, 2, [rows, columns], keepdim, dtype);
    const A = asMatrices(dtype ? self.to(dtype) : self, rows, columns);
    return restored(F.sum$dim_IntList(F.linalg_svdvals(A, null), [-1]), rows, columns, keepdim);
  },
});
op('linalg_matrix_norm(Tensor self, Scalar ord, int[] dim=[-2, -1], bool keepdim=False, *, ScalarType? dtype=None) -> Tensor', {
  doc: 'The matrix norm of order 1, 2, inf, or the smallest instead of the largest with a negative order.',
  decompose: ({ self, ord, dim, keepdim, dtype }) => {
    const [rows, columns] = checkMatrixNorm(self, dim, dtype);
    const order = toNumber(ord);
    const size = Math.abs(order);
    if (size !== 1 && size !== 2 && size !== Number.POSITIVE_INFINITY)
      throw new RuntimeError(`${NAME}: Order ${shown(order)} not supported.`);
    if (size === 2) {
      const S = F.linalg_svdvals(asMatrices(dtype ? self.to(dtype) : self, rows, columns), null);
      return restored(extremum(S, -1, false, order > 0), rows, columns, keepdim);
    }
    // Sums down the columns for order 1, along the rows for inf.
    const [summed, other] = size === 1 ? [rows, columns] : [columns, rows];
    const sums = F.linalg_vector_norm(self, 1, [summed], keepdim, dtype);
    return extremum(sums, !keepdim && other > summed ? other - 1 : other, keepdim, order > 0);
  },
});
op('linalg_norm(Tensor self, Scalar? ord=None, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor', {
  doc: 'A vector norm over one dimension or all, a matrix norm over two.',
  decompose: ({ self, ord, dim, keepdim, dtype }) => {
    if (dim && dim.length !== 1 && dim.length !== 2)
      throw new RuntimeError(`linalg.norm: If dim is specified, it must be of length 1 or 2. Got [${dim.join(', ')}]`);
    if (!dim && ord !== null && self.ndim !== 1 && self.ndim !== 2)
      throw new RuntimeError(`linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got ${self.ndim}D.`);
    const matrices = ord !== null && (dim ? dim.length === 2 : self.ndim === 2);
    if (!matrices) return F.linalg_vector_norm(self, ord ?? 2, dim, keepdim, dtype);
    return F.linalg_matrix_norm(self, ord!, dim ?? [0, 1], keepdim, dtype);
  },
});
op('linalg_norm.ord_str(Tensor self, str ord, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor', {
  decompose: ({ self, ord, dim, keepdim, dtype }) => {
    if (!dim && self.ndim !== 1 && self.ndim !== 2)
      throw new RuntimeError(`linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got ${self.ndim}D.`);
    return F.linalg_matrix_norm$str_ord(self, ord, dim ?? self.shape.map((_, i) => i), keepdim, dtype);
  },
});
op('nuclear_norm(Tensor self, bool keepdim=False) -> Tensor', {
  doc: 'The nuclear norm of a matrix.',
  decompose: ({ self, keepdim }) => F.linalg_matrix_norm$str_ord(self, 'nuc', [-2, -1], keepdim),
  surface: ['function'],
  inplace: false,
});
op('nuclear_norm.dim(Tensor self, int[2] dim, bool keepdim=False) -> Tensor', {
  decompose: ({ self, dim, keepdim }) => F.linalg_matrix_norm$str_ord(self, 'nuc', dim, keepdim),
  surface: ['function'],
  inplace: false,
});
op('frobenius_norm.dim(Tensor self, int[1] dim, bool keepdim=False) -> Tensor', {
  doc: 'The Frobenius norm.',
  decompose: ({ self, dim, keepdim }) => F.linalg_vector_norm(self, 2, dim, keepdim),
  surface: ['function'],
  inplace: false,
});

// ---- condition numbers --------------------------------------------------------------------------------------------
function checkCondition(self: Tensor, ord: string | null): void {
  if (self.ndim < 2) throw new RuntimeError('linalg.cond: The input tensor must have at least 2 dimensions.');
  const [m, n] = sizeOf(self);
  if (ord !== null && m !== n)
    throw new RuntimeError(`linalg.cond(ord=${ord}): A must be batches of square matrices, but they are ${m} by ${n} matrices`);
}
/** ‖A‖·‖A⁻¹‖; infinite for singular matrices. */
function throughInverse(self: Tensor, norm: (t: Tensor) => Tensor): Tensor {
  const [inverse, info] = F.linalg_inv_ex(self, false);
  const ratio = norm(self).mul(norm(inverse));
  return F.where$self(info.gt(0), Number.POSITIVE_INFINITY, ratio);
}
op('linalg_cond(Tensor self, Scalar? p=None) -> Tensor', {
  doc: 'The condition number in the norm of order `p`: 2 (also None), −2, 1, −1, inf or −inf.',
  decompose: ({ self, p }: { self: Tensor; p: Scalar | null }) => {
    checkCondition(self, null);
    const order = p === null ? 2 : toNumber(p);
    if (self.layout.numel === 0) return F.zeros(batchOf(self), self.dtype.to_real(), null, self.device);
    if (Math.abs(order) === 2) {
      const S = F.linalg_svdvals(self, null);
      const [largest, smallest] = [S.select(-1, 0), S.select(-1, -1)];
      return order > 0 ? largest.div(smallest) : smallest.div(largest);
    }
    if (Math.abs(order) !== 1 && Number.isFinite(order)) throw new ValueError(`linalg.cond got an invalid norm type: ${shown(order)}`);
    checkCondition(self, shown(order));
    return throughInverse(self, (t) => F.linalg_matrix_norm(t, order));
  },
});
op('linalg_cond.p_str(Tensor self, str p) -> Tensor', {
  doc: 'The condition number in the Frobenius ("fro") or nuclear ("nuc") norm.',
  decompose: ({ self, p }) => {
    checkCondition(self, p);
    if (p !== 'fro' && p !== 'nuc') throw new ValueError(`linalg.cond got an invalid norm type: ${p}`);
    if (self.layout.numel === 0) return F.zeros(batchOf(self), self.dtype.to_real(), null, self.device);
    return throughInverse(self, (t) => F.linalg_matrix_norm$str_ord(t, p));
  },
});
