// Norms, logarithms of sums of exponentials, distances.
import { normInto } from '../backend/reference/reduce.ts';
import { Category, type DType, float32, get_default_dtype, isReducedFloat, promote_types } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { isScalar, type Scalar, toNumber } from '../core/scalar.ts';
import { wrapDim } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { lookup, op, uses } from '../dispatch/operator.ts';
import { kernelOf } from './kernel.ts';
import { converted, exactOut, perExample, reducedDims, reduction, restored } from './reduce.ts';

type Dims = readonly number[] | number | null;
const matrixNorm = lookup('linalg_matrix_norm.str_ord') as unknown as (
  self: Tensor,
  ord: string,
  dim: readonly number[],
  keepdim: boolean,
  dtype: DType | null,
) => Tensor;

function checkNormDtype(self: Tensor, dtype: DType | null): void {
  const name = 'linalg.vector_norm';
  if (self.dtype.category < Category.Floating)
    throw new NotImplementedError(`${name}: Expected a floating point or complex tensor as input. Got ${self.dtype.scalarName}`);
  if (dtype === null) return;
  if (dtype.category < Category.Floating)
    throw new RuntimeError(`${name}: dtype should be floating point or complex, but got ${dtype.scalarName}`);
  if (dtype.is_complex !== self.dtype.is_complex) {
    const [want, input] = self.dtype.is_complex ? ['complex', 'complex'] : ['real', 'real'];
    throw new RuntimeError(`${name}: dtype should be ${want} for ${input} inputs, but got ${dtype.scalarName}`);
  }
  if (promote_types(self.dtype, dtype) !== dtype) {
    throw new RuntimeError(
      `${name}: the dtype of the input (${self.dtype.scalarName}) should be convertible without narrowing to the specified dtype (${dtype.scalarName})`,
    );
  }
}
function checkNormSize(self: Tensor, ord: number, dim: Dims): void {
  if (self.layout.numel > 0 || (ord >= 0 && ord !== Number.POSITIVE_INFINITY)) return;
  const name = `linalg.vector_norm cannot compute the ${ord === Number.POSITIVE_INFINITY ? 'inf' : ord === Number.NEGATIVE_INFINITY ? '-inf' : ord} norm on`;
  if (dim === null || (Array.isArray(dim) && dim.length === 0))
    throw new RuntimeError(`${name} an empty tensor because the operation does not have an identity`);
  for (const d of reducedDims(self, dim)) {
    if (self.layout.shape[d] === 0)
      throw new RuntimeError(`${name} the dimension ${d}because this dimension is empty and the operation does not have an identity`);
  }
}
/** The gradient of a p-norm; where the norm is not differentiable, a subgradient. */
function normGrad(grad: Tensor, self: Tensor, p: number, result: Tensor, dims: readonly number[], keepdim: boolean): Tensor | null {
  const { shape } = self.layout;
  const [g, norm] = [restored(grad, shape, dims, keepdim), restored(result, shape, dims, keepdim)];
  const zero = (t: Tensor): Tensor => t.masked_fill(norm.eq(0), 0);
  if (p === 0) return null;
  if (p === 1) return self.sgn().mul(g);
  if (p === 2) return self.mul(zero(g.div(norm)));
  if (!Number.isFinite(p)) {
    const size = self.abs();
    const chosen = size.eq(norm).logical_or(size.isnan());
    return self.sgn().mul(g.div(F.sum$dim_IntList(chosen, dims, true)).mul(chosen));
  }
  if (p < 1) {
    const slope = self.sgn().mul(
      self
        .abs()
        .pow(p - 1)
        .masked_fill(self.eq(0), 0),
    );
    return slope.mul(g).mul(norm.pow(1 - p));
  }
  const slope = p < 2 ? self.sgn().mul(self.abs().pow(p - 1)) : self.mul(self.abs().pow(p - 2));
  return slope.mul(zero(g.div(norm.pow(p - 1))));
}
interface NormCall {
  readonly self: Tensor;
  readonly result: Tensor;
  readonly ord: Scalar;
  readonly dim: Dims;
  readonly keepdim: boolean;
  readonly dtype: DType | null;
}
const slopeOf = (g: Tensor, { self, result, ord, dim, keepdim, dtype }: NormCall): Tensor | null =>
  normGrad(g, converted(self, dtype), toNumber(ord), result, reducedDims(self, dim), keepdim);
op('_vector_norm(Tensor self, Scalar ord, int[1]? dim, bool keepdim, ScalarType? dtype) -> Tensor', {
  meta: ({ self, ord, dim, keepdim, dtype }) => {
    checkNormDtype(self, dtype);
    checkNormSize(self, toNumber(ord), dim);
    return reduction(self, dim, keepdim, (dtype ?? self.dtype).to_real());
  },
  kernel: ({ self, ord, dim }, out) => normInto(out!, self, reducedDims(self, dim), toNumber(ord)),
  grad: { self: uses('self', 'result', (g, a) => slopeOf(g, a)) },
  batch: (run, a) => run(perExample(a)),
  surface: [],
  inplace: false,
});
op('linalg_vector_norm(Tensor self, Scalar ord=2, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor', {
  outMismatch: exactOut,
  doc: 'The vector norm of order `ord` over the given dimensions, or over all of them.',
  decompose: ({ self, ord, dim, keepdim, dtype }) => {
    checkNormDtype(self, dtype);
    const x =
      (dtype ?? self.dtype).is_floating_point && self.dtype.is_floating_point && toNumber(ord) === 2 ? converted(self, dtype) : null;
    if (!x || x.layout.numel === 0) return F._vector_norm(self, ord, dim, keepdim, dtype);
    const wide = isReducedFloat(x.dtype) ? F._to_copy(x, float32) : x;
    return converted(F._vector_norm(wide, ord, dim, keepdim, null), x.dtype);
  },
  grad: {
    self: uses('self', 'result', (g, a) => slopeOf(g, a)),
  },
  batch: (run, a) => run(perExample(a)),
  autocast: 'float32',
});
op('norm(Tensor self, Any p="fro", int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor', {
  outMismatch: exactOut,
  doc: 'The norm of order `p`: a number, "fro" or "nuc".',
  decompose: ({ self, p, dim, keepdim, dtype }) => {
    if (typeof p !== 'string') return F.linalg_vector_norm(self, isScalar(p) ? p : 2, dim, keepdim, dtype);
    const dims = dim === null ? null : ([dim].flat() as number[]);
    if (p === 'fro' && (dims === null || dims.length <= 2)) return F.linalg_vector_norm(self, 2, dims, keepdim, dtype);
    return matrixNorm(self, p, dims ?? self.layout.shape.map((_, i) => i), keepdim, dtype);
  },
  inplace: false,
});

const logsumexpDtype = (self: { readonly dtype: DType }): DType =>
  self.dtype.category < Category.Floating ? get_default_dtype() : self.dtype;
function logSumExp({ self, dim, keepdim }: { readonly self: Tensor; readonly dim: Dims; readonly keepdim: boolean }): Tensor {
  const x = converted(self, logsumexpDtype(self));
  const dims = reducedDims(x, dim);
  if (x.layout.numel === 0) return F.sum$dim_IntList(x.exp(), dims, keepdim).log();
  const top = F.amax(x.dtype.is_complex ? F.real(x) : x, dims, true);
  const shift = top.masked_fill(top.abs().eq(Number.POSITIVE_INFINITY), 0);
  return F.sum$dim_IntList(x.sub(shift).exp(), dims, keepdim)
    .log()
    .add(keepdim ? shift : F.squeeze$dims(shift, dims));
}
op('logsumexp(Tensor self, int[1] dim, bool keepdim=False) -> Tensor', {
  doc: 'The logarithm of the sum of exponentials over the given dimensions.',
  decompose: logSumExp,
  meta: ({ self, dim, keepdim }) => reduction(self, dim, keepdim, logsumexpDtype(self)),
  kernel: (a, out) => kernelOf(() => [logSumExp(a)], [out!]),
  grad: {
    self: uses('self', 'result', (g, { self, result, dim, keepdim }) => {
      const { shape } = self.layout;
      const dims = reducedDims({ shape }, dim);
      return restored(g, shape, dims, keepdim).mul(
        self
          .sub(restored(result, shape, dims, keepdim))
          .exp()
          .conj(),
      );
    }),
  },
  batch: (run, a) => run(perExample(a)),
  aliases: ['special_logsumexp'],
  inplace: false,
});

op('renorm(Tensor self, Scalar p, int dim, Scalar maxnorm) -> Tensor', {
  outMismatch: exactOut,
  doc: 'self with the slices along a dimension scaled down so that their p-norm is at most maxnorm.',
  decompose: ({ self, p, dim, maxnorm }) => {
    if (isComplexScalar(p) || isComplexScalar(maxnorm))
      throw new RuntimeError(`renorm: ${isComplexScalar(p) ? 'p' : 'maxnorm'} must be real-valued`);
    if (toNumber(p) <= 0) throw new RuntimeError('renorm: non-positive-norm not supported');
    if (toNumber(maxnorm) < 0) throw new RuntimeError(`renorm: expected maxnorm to be >= 0 but got ${toNumber(maxnorm)}`);
    if (self.ndim < 2) throw new RuntimeError(`renorm: input needs at least 2 dimensions, got ${self.ndim} dimensions`);
    const d = wrapDim(dim, self.ndim);
    const others = self.layout.shape.map((_, i) => i).filter((i) => i !== d);
    const norm = F.linalg_vector_norm(self, p, others, true, isReducedFloat(self.dtype) ? float32 : null);
    const scale = F.reciprocal(norm.add(1e-7)).mul(maxnorm).masked_fill(norm.le(maxnorm), 1);
    return self.mul(converted(scale, self.dtype.to_real()));
  },
});
const isComplexScalar = (s: Scalar): boolean => typeof s === 'object' && 'im' in s;

op('dist(Tensor self, Tensor other, Scalar p=2) -> Tensor', {
  doc: 'The p-norm of self − other.',
  decompose: ({ self, other, p }) => {
    const difference = self.sub(other);
    if (difference.dtype.category < Category.Floating) {
      throw new NotImplementedError(
        `norm(): input dtype should be either floating point or complex. Got ${difference.dtype.scalarName} instead.`,
      );
    }
    return F.linalg_vector_norm(difference, p);
  },
  inplace: false,
});
