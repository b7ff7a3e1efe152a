// Diagonals and triangles of matrices.
import { int64 } from '../core/dtype.ts';
import { IndexError, RuntimeError } from '../core/errors.ts';
import { wrapDim } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import { positions, triangleInto } from '../backend/reference/indexing.ts';

function triangleSpec(name: string, self: Tensor): { shape: readonly number[]; dtype: Tensor['dtype'] } {
  if (self.ndim < 2) throw new RuntimeError(`${name}: input tensor must have at least 2 dimensions`);
  return { shape: self.layout.shape, dtype: self.dtype };
}
op('tril(Tensor self, int diagonal=0) -> Tensor', {
  doc: 'The part of each matrix on and below a diagonal, zeros elsewhere.',
  meta: ({ self }) => triangleSpec('tril', self),
  kernel: ({ self, diagonal }, out) => triangleInto(out!, self, (row, column) => column - row <= diagonal),
  grad: { self: uses((g, { diagonal }) => g.tril(diagonal)) },
  linear: true,
  batch: 'leading',
  castsOut: false,
});
op('triu(Tensor self, int diagonal=0) -> Tensor', {
  doc: 'The part of each matrix on and above a diagonal, zeros elsewhere.',
  meta: ({ self }) => triangleSpec('triu', self),
  kernel: ({ self, diagonal }, out) => triangleInto(out!, self, (row, column) => column - row >= diagonal),
  grad: { self: uses((g, { diagonal }) => g.triu(diagonal)) },
  linear: true,
  batch: 'leading',
  castsOut: false,
});

const INDEX_OPTIONS =
  '*, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=False, bool requires_grad=False';
/** The rows and columns of a triangle's elements, in row-major order. */
function trianglePlaces(row: number, col: number, inside: (r: number, c: number) => boolean): Tensor {
  if (row < 0) throw new RuntimeError(`row must be non-negative, got${row}`);
  if (col < 0) throw new RuntimeError(`col must be non-negative, got${col}`);
  const rows: number[] = [];
  const columns: number[] = [];
  for (let r = 0; r < row; r++) {
    for (let c = 0; c < col; c++) {
      if (!inside(r, c)) continue;
      rows.push(r);
      columns.push(c);
    }
  }
  return positions([...rows, ...columns]).view([2, rows.length]);
}
op(`tril_indices(int row, int col, int offset=0, ${INDEX_OPTIONS}) -> Tensor`, {
  doc: 'The indices of the lower triangle of a row × col matrix: rows, then columns.',
  produce: ({ row, col, offset, dtype }) =>
    F._to_copy(
      trianglePlaces(row, col, (r, c) => c - r <= offset),
      dtype ?? int64,
    ),
  grad: 'none',
});
op(`triu_indices(int row, int col, int offset=0, ${INDEX_OPTIONS}) -> Tensor`, {
  doc: 'The indices of the upper triangle of a row × col matrix: rows, then columns.',
  produce: ({ row, col, offset, dtype }) =>
    F._to_copy(
      trianglePlaces(row, col, (r, c) => c - r >= offset),
      dtype ?? int64,
    ),
  grad: 'none',
});

// ---- diagonals ----------------------------------------------------------------------------------------------------
op('diag(Tensor self, int diagonal=0) -> Tensor', {
  doc: 'Of a vector the matrix with that diagonal, of a matrix its diagonal.',
  decompose: ({ self, diagonal }) => {
    if (self.ndim !== 1 && self.ndim !== 2) throw new RuntimeError(`diag(): Supports 1D or 2D tensors. Got ${self.ndim}D`);
    return self.ndim === 1 ? self.diag_embed(diagonal) : F.diagonal_copy(self, diagonal);
  },
  inplace: false,
});
op('diagflat(Tensor self, int offset=0) -> Tensor', {
  doc: 'The matrix with all elements on a diagonal.',
  decompose: ({ self, offset }) => self.contiguous().view([-1]).diag(offset),
  inplace: false,
});
op('diag_embed(Tensor self, int offset=0, int dim1=-2, int dim2=-1) -> Tensor', {
  doc: 'Matrices, along dim1 and dim2, with the last dimension on a diagonal.',
  decompose: ({ self, offset, dim1, dim2 }) => {
    const n = self.ndim + 1;
    const [a, b] = [wrapDim(dim1, n), wrapDim(dim2, n)];
    if (a === b) throw new RuntimeError(`diagonal dimensions cannot be identical ${dim1}, ${dim2}`);
    if (self.ndim === 0) throw new IndexError('Dimension specified as -1 but tensor has no dimensions');
    const size = self.layout.shape[self.ndim - 1]! + Math.abs(offset);
    const shape = [...self.layout.shape.slice(0, -1)];
    for (const d of [a, b].sort((x, y) => x - y)) shape.splice(d, 0, size);
    return F.diagonal_scatter(F.zeros(shape, self.dtype, null, self.device), self, offset, a, b);
  },
  inplace: false,
});
