// Reductions to sums, products, extrema and truth values.
import { like } from '../autograd/rules.ts';
import { anyInto, extremumInto, extremumPlaces, firstExtremum, groupSize, meanInto, prodInto, sumInto, xorInto } from '../backend/reference/reduce.ts';
import { elements } from '../backend/reference/arrays.ts';
import { selectInto } from '../backend/reference/lines.ts';
import { bool, Category, type DType, int64, uint64, uint8 } from '../core/dtype.ts';
import { IndexError, NotImplementedError, RuntimeError, TypeError } from '../core/errors.ts';
import { showShape, wrapDim, wrapDims } from '../core/shape.ts';
import type { Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, type Spec, uses } from '../dispatch/operator.ts';
import { exclusiveProduct } from './scan.ts';

type Dims = readonly number[] | number | null;
interface Sized {
  readonly shape: Shape;
}

/** The dimensions that a reduction is over, resolved. */
export function reducedDims(self: Sized, dim: Dims): number[] {
  if (self.shape.length > 64) throw new RuntimeError('only tensors with up to 64 dims are supported');
  return wrapDims(dim, self.shape.length);
}
/** The shape after reducing `dims`. */
export function reducedShape(shape: Shape, dims: readonly number[], keepdim: boolean): number[] {
  return shape.flatMap((s, i) => (dims.includes(i) ? (keepdim ? [1] : []) : [s]));
}
/** A reduced gradient (or result) in a shape that broadcasts to the input's. */
export function restored(t: Tensor, shape: Shape, dims: readonly number[], keepdim: boolean): Tensor {
  return keepdim || shape.length === 0 ? t : t.reshape(reducedShape(shape, dims, true));
}
/** The result of a reduction: shape after `dim`, of a dtype. */
export const reduction = (self: Tensor, dim: Dims, keepdim: boolean, dtype: DType): Spec => ({ shape: reducedShape(self.layout.shape, reducedDims(self, dim), keepdim), dtype });
/** Reductions without an identity need at least one element. */
export function requireElements(self: Sized & { readonly numel?: unknown }, dims: Dims, name: string, unspecified: (name: string) => Error = unspecifiedDim): void {
  if (!self.shape.includes(0)) return;
  if (dims === null || (Array.isArray(dims) && dims.length === 0)) throw unspecified(name);
  for (const d of wrapDims(dims, self.shape.length)) {
    if (self.shape[d] === 0) throw new IndexError(`${name}: Expected reduction dim ${d} to have non-zero size.`);
  }
}
const unspecifiedDim = (name: string): Error =>
  new RuntimeError(`${name}: Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.`);
const converted = (t: Tensor, dtype: DType | null): Tensor => (dtype === null || dtype === t.dtype ? t : F._to_copy(t, dtype));

// ---- sums ---------------------------------------------------------------------------------------------------------
const sumDtype = (self: { dtype: DType }, dtype: DType | null): DType => dtype ?? (self.dtype.category <= Category.Integral ? int64 : self.dtype);

op('sum(Tensor self, *, ScalarType? dtype=None) -> Tensor', {
  doc: 'The sum of all elements.',
  meta: ({ self, dtype }) => reduction(self, null, false, sumDtype(self, dtype)),
  kernel: ({ self }, out) => sumInto(out!, self, reducedDims(self, null)),
  grad: { self: uses((g, { self }) => g.expand(self.shape)) },
  linear: true,
  batch: (run, { self }, _, n) => F.sum$dim_IntList(self.reshape([n, -1]), [1], false) ?? run({}),
  inplace: false,
});
op('sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor', {
  doc: 'The sum over the given dimensions, or over all of them.',
  meta: ({ self, dim, keepdim, dtype }) => reduction(self, dim, keepdim, sumDtype(self, dtype)),
  kernel: ({ self, dim }, out) => sumInto(out!, self, reducedDims(self, dim)),
  grad: { self: uses((g, { self, dim, keepdim }) => restored(g, self.shape, reducedDims(self, dim), keepdim).expand(self.shape)) },
  linear: true,
  gradName: 'SumBackward1',
  inplace: false,
});
