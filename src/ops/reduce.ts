// Reductions.
import { Category, type DType, int64 } from '../core/dtype.ts';
import { wrapDims } from '../core/shape.ts';
import type { Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { op, uses } from '../dispatch/operator.ts';
import { sumInto } from '../backend/reference/reduce.ts';

/** The shape after reducing `dims`. */
export function reducedShape(shape: Shape, dims: readonly number[], keepdim: boolean): number[] {
  return shape.flatMap((s, i) => (dims.includes(i) ? (keepdim ? [1] : []) : [s]));
}
/** A reduced gradient (or result) in a shape that broadcasts to the input's. */
export function restored(t: Tensor, shape: Shape, dims: readonly number[], keepdim: boolean): Tensor {
  return keepdim || shape.length === 0 ? t : t.reshape(reducedShape(shape, dims, true));
}
const sumDtype = (self: { dtype: DType }, dtype: DType | null): DType => dtype ?? (self.dtype.category <= Category.Integral ? int64 : self.dtype);

op('sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor', {
  doc: 'The sum over the given dimensions, or over all of them.',
  meta: ({ self, dim, keepdim, dtype }) => ({ shape: reducedShape(self.layout.shape, wrapDims(dim, self.ndim), keepdim), dtype: sumDtype(self, dtype) }),
  kernel: ({ self, dim }, out) => sumInto(out!, self, wrapDims(dim, self.ndim)),
  grad: {
    self: uses((g, { self, dim, keepdim }) => restored(g, self.shape, wrapDims(dim, self.shape.length), keepdim).expand(self.shape)),
  },
  linear: true,
  gradName: 'SumBackward1',
  inplace: false,
});
op('sum(Tensor self, *, ScalarType? dtype=None) -> Tensor', {
  decompose: ({ self, dtype }) => self.sum(null, { dtype }),
  inplace: false,
});
