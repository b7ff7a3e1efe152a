// What elementwise operators, sums and views do with sparse tensors.
import { inPlace, sparseKernel, sparseRule, unsupported } from '../autograd/sparse.ts';
import { recorded } from '../autograd/tape.ts';
import { requiresGrad } from '../autograd/views.ts';
import { reals } from '../backend/reference/arrays.ts';
import { type DType, int64 } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { contiguous_format, sparse_coo, sparse_csc, sparse_csr } from '../core/formats.ts';
import { isScalar, type Scalar } from '../core/scalar.ts';
import { wrapDim, wrapDims } from '../core/shape.ts';
import { numel, sameShape, type Shape } from '../core/size.ts';
import { entries, isCompressed, isCoo, layoutOf, partsOf, places, sparseTensor } from '../core/sparse.ts';
import { Tensor } from '../core/tensor.ts';
import { call } from '../dispatch/call.ts';
import { F } from '../dispatch/handles.gen.ts';
import { type Op, op } from '../dispatch/operator.ts';
import { resultType } from '../dispatch/promotion.ts';
import { state } from '../dispatch/state.ts';
import { addRows, coo, coordinates, flatOf, like, longs, requireCoo, taken, valuesOf } from './sparse.ts';

type Self = { readonly self: Tensor };
type Operand = Tensor | Scalar;
const asCoo = (t: Tensor): Tensor => (isCoo(t) ? t : F.to_sparse(t));
const sizes = (t: Operand): string => `[${isScalar(t) ? '' : t.layout.shape.join(', ')}]`;
const isDenseNumber = (x: Operand): boolean => isScalar(x) || (!x.layout.sparse && x.layout.shape.length === 0);
const isSparse = (x: Operand): x is Tensor => x instanceof Tensor && x.layout.sparse;
/** Values that differ from entry to entry are to be computed of distinct entries. */
const distinct = (t: Tensor): Tensor => (isCoo(t) ? F.coalesce(t) : t);
/** The rows of a matrix of indices. */
const rowsOf = (at: Tensor): Float64Array[] => Array.from({ length: at.layout.shape[0]! }, (_, d) => reals(at.select(0, d)).slice());
const indexMatrix = (rows: readonly Float64Array[], n: number): Tensor =>
  rows.length === 0 ? F.zeros([0, n], int64) : F.stack(rows.map(longs), 0);

// ---- sums of two --------------------------------------------------------------------------------------------------
const NOT_SPARSE_DENSE = 'add(sparse, dense) is not supported. Use add(dense, sparse) instead.';
function plus(self: Operand, other: Operand, alpha: Scalar): Tensor {
  if (!isSparse(self)) return ontoDense(self, other as Tensor, alpha);
  if (!isSparse(other)) {
    const dense = other as Operand;
    if (isCoo(self) || isScalar(dense)) throw new RuntimeError(NOT_SPARSE_DENSE);
    return ontoDense(alpha === 1 ? dense : dense.mul(alpha), self, 1);
  }
  if (!sameShape(self.layout.shape, other.layout.shape))
    throw new RuntimeError(`add: expected sizes of 'self' and 'other' to match, but ${sizes(self)} != ${sizes(other)}`);
  if (isCompressed(self) || isCompressed(other)) {
    const sum = plus(asCoo(self), asCoo(other), alpha);
    return isCompressed(self) ? F.to_sparse(sum, layoutOf(self).kind) : sum;
  }
  const [m, n] = [layoutOf(self).sparseDim, layoutOf(other).sparseDim];
  if (m !== n)
    throw new RuntimeError(
      `add: expected 'self' and 'other' to have same density, but 'self' has ${m} sparse dimensions while 'other' has ${n} sparse dimensions`,
    );
  return merged(self, other, alpha);
}
function ontoDense(self: Operand, other: Tensor, alpha: Scalar): Tensor {
  const { shape, sparseDim } = layoutOf(other);
  if (isScalar(self) || !sameShape(self.layout.shape, shape))
    throw new RuntimeError(
      `add: expected 'self' and 'other' to have same size, but self has size ${sizes(self)} while other has size ${sizes(other)} (FYI: dense-sparse addition does not currently support broadcasting)`,
    );
  const dtype = resultType(self, other);
  const rows = self.to(dtype).reshape([places(other), ...shape.slice(sparseDim)]);
  return rows.index_add(0, flatOf(other), valuesOf(other).to(dtype), { alpha }).reshape([...shape]);
}
/**
 * Entries of both in one list: one after the other where values are strided, else merged from the front as two sorted lists would be,
 * equal neighbours added. More entries than elements are made distinct.
 */
function merged(self: Tensor, other: Tensor, alpha: Scalar): Tensor {
  const dtype = resultType(self, other);
  const a = valuesOf(self).to(dtype);
  const b = valuesOf(other).to(dtype);
  const { shape } = self.layout;
  const both = partsOf(self).coalesced && partsOf(other).coalesced;
  const [m, n] = [entries(self), entries(other)];
  if (!partsOf(self).values.layout.contiguous || !partsOf(other).values.layout.contiguous) {
    const sum = coo(F.cat([coordinates(self), coordinates(other)], 1), F.cat([a, alpha === 1 ? b : b.mul(alpha)], 0), shape, false);
    return m + n > numel(shape) ? unflagged(F._coalesce(sum)) : sum;
  }
  const [x, y] = [reals(flatOf(self)), reals(flatOf(other))];
  const [toA, toB] = [new Float64Array(m), new Float64Array(n)];
  const from: number[] = [];
  for (let i = 0, j = 0; i < m || j < n; ) {
    const first = j >= n || (i < m && x[i]! <= y[j]!);
    const second = i >= m || (j < n && y[j]! <= x[i]!);
    const place = from.length;
    from.push(first ? i : m + j);
    if (first) toA[i++] = place;
    if (second) toB[j++] = place;
  }
  const at = F.cat([coordinates(self), coordinates(other)], 1).index_select(1, longs(from));
  const zeros = F.zeros([from.length, ...a.layout.shape.slice(1)], dtype);
  const sum = coo(at, zeros.index_add(0, longs(toA), a).index_add(0, longs(toB), b, { alpha }), shape, both);
  return from.length > numel(shape) ? unflagged(F._coalesce(sum)) : sum;
}
function unflagged(t: Tensor): Tensor {
  partsOf(t).coalesced = false;
  return t;
}
interface Sum {
  readonly self: Operand;
  readonly other: Operand;
  readonly alpha: Scalar;
}
sparseRule<Sum>('add.Tensor', ({ self, other, alpha }, o, args) =>
  isSparse(self) ? plus(self, other, alpha) : recorded(o, args, () => plus(self, other, alpha)),
);
sparseRule<Sum>('sub.Tensor', ({ self, other, alpha }) => F.add$Tensor(self as Tensor, other, F_neg(alpha)));
sparseRule<Sum>('rsub.Tensor', ({ self, other, alpha }) => F.sub$Tensor(other as Tensor, self, alpha));
const F_neg = (alpha: Scalar): Scalar => (typeof alpha === 'number' ? -alpha : -Number(alpha));
sparseRule<Sum>('add_.Tensor', ({ self, other, alpha }, o, args) => {
  const t = self as Tensor;
  const direct =
    typeof alpha === 'number' &&
    !t.layout.sparse &&
    t.layout.contiguous &&
    isSparse(other) &&
    sameShape(t.layout.shape, other.layout.shape);
  if (!direct || (state.grad && (requiresGrad(t) || requiresGrad(other)))) return inPlace(o, [...args]);
  const rows = t.detach().view([places(other), ...t.layout.shape.slice(layoutOf(other).sparseDim)]);
  addRows(rows, flatOf(other), partsOf(other).values.to(t.dtype), alpha);
  return t;
});

// ---- products -----------------------------------------------------------------------------------------------------
interface Pair {
  readonly self: Operand;
  readonly other: Operand;
}
function times(self: Operand, other: Operand): Tensor {
  if (!isSparse(self)) return times(other, self);
  if (isDenseNumber(other)) return like(self, valuesOf(self).mul(other));
  const o = other as Tensor;
  if (!o.layout.sparse) return like(self, valuesOf(self).mul(taken(o.expand([...self.layout.shape]), self)));
  if (isCompressed(self) || isCompressed(o)) {
    const r = times(asCoo(self), asCoo(o));
    return isCompressed(self) ? F.to_sparse(r, layoutOf(self).kind) : r;
  }
  if (!sameShape(self.layout.shape, o.layout.shape))
    throw new RuntimeError(`mul: expected 'self' and 'other' to have same sizes, but ${sizes(self)} != ${sizes(o)}`);
  const [a, b] = [F.coalesce(self), F.coalesce(o)];
  const where = new Map(Array.from(reals(flatOf(b)), (k, i) => [k, i]));
  const pairs = Array.from(reals(flatOf(a)), (k, i) => [i, where.get(k) ?? -1] as const).filter(([, j]) => j >= 0);
  const [i, j] = [longs(pairs.map(([x]) => x)), longs(pairs.map(([, y]) => y))];
  return coo(coordinates(a).index_select(1, i), valuesOf(a).index_select(0, i).mul(valuesOf(b).index_select(0, j)), a.layout.shape, true);
}
sparseRule<Pair>('mul.Tensor', ({ self, other }) => times(self, other));
sparseRule<Pair & { readonly rounding_mode?: string | null }>('div.Tensor div.Tensor_mode floor_divide', ({ self, other }, o, args) => {
  if (!isSparse(self) || !isDenseNumber(other))
    throw new RuntimeError(`Sparse division requires a scalar or zero-dim dense tensor divisor (got shape ${sizes(other)} for divisor)`);
  return like(self, call(o, [valuesOf(self), ...args.slice(1)]) as Tensor);
});

// ---- functions that are 0 at 0 ------------------------------------------------------------------------------------
const ofValues = (t: Tensor, o: Op, args: readonly unknown[]): Tensor => like(t, call(o, [valuesOf(t), ...args.slice(1)]) as Tensor);
sparseRule<Self>('neg positive _to_copy _conj conj_physical', ({ self }, o, args) => ofValues(self, o, args));
sparseRule<Self>(
  'abs asin asinh atan atanh ceil deg2rad erf erfinv expm1 floor frac log1p rad2deg relu round sgn sign sin sinh sqrt tan tanh trunc isnan isinf isposinf isneginf signbit nan_to_num square angle',
  ({ self }, o, args) => ofValues(distinct(self), o, args),
);
sparseRule<Self & { readonly exponent: Operand }>('pow.Tensor_Tensor', ({ self, exponent }, o, args) => {
  if (!isSparse(self) || !isDenseNumber(exponent)) throw new RuntimeError('pow: a sparse base needs a number as exponent');
  return ofValues(distinct(self), o, args);
});

// ---- copies and factories -----------------------------------------------------------------------------------------
sparseKernel<Self & { readonly memory_format: unknown }>('clone', ({ self, memory_format }) => {
  if (memory_format === contiguous_format) throw new RuntimeError('unsupported memory format option Contiguous');
  const { indices, values, coalesced } = partsOf(self);
  return sparseTensor(
    layoutOf(self).kind,
    self.layout.shape,
    indices.map((t) => t.clone()),
    values.clone(),
    coalesced,
  );
});
sparseKernel<Self>('detach alias', ({ self }) => new Tensor(self.layout, self.storage, self.cell));
/** Without entries. */
export function emptySparse(kind: unknown, size: Shape, sparseDim: number, dtype: DType | null): Tensor {
  const values = F.zeros([0, ...size.slice(sparseDim)], dtype);
  if (kind === sparse_coo) return sparseTensor(sparse_coo, size, [F.zeros([sparseDim, 0], int64)], values, true);
  const starts = F.zeros([size[kind === sparse_csc ? 1 : 0]! + 1], int64);
  return sparseTensor(kind === sparse_csc ? sparse_csc : sparse_csr, size, [starts, F.zeros([0], int64)], values);
}
sparseRule<Self & { readonly dtype?: DType | null }>('zeros_like empty_like zero', ({ self, dtype }) => {
  const { kind, shape, sparseDim } = layoutOf(self);
  return emptySparse(kind, shape, sparseDim, dtype ?? self.dtype);
});
const typeName = (t: Tensor): string => `torch.${t.layout.sparse ? 'sparse.' : ''}${t.dtype.scalarName}Tensor`;
sparseRule<Self & { readonly src: Tensor }>('copy', ({ self, src }) => {
  if (self.layout.sparse && src.layout.sparse) return src.clone().to(self.dtype);
  throw new RuntimeError(
    `copy_() between dense and sparse Tensors is not implemented! Found self type = ${typeName(self)} and src type = ${typeName(src)}`,
  );
});
for (const [name, message] of [
  ['reshape', 'reshape is not implemented for sparse tensors'],
  ['expand', 'expand is unsupported for Sparse tensors'],
] as const)
  sparseRule(name, () => {
    throw new RuntimeError(message);
  });

sparseRule<Self>('is_nonzero', ({ self }) => F.is_nonzero(F.to_dense(self)));
sparseRule<Pair>('dot vdot', (_, o, args) => {
  throw unsupported(o.name, args);
});

// ---- reductions ---------------------------------------------------------------------------------------------------
sparseKernel<Self & { readonly dtype: DType | null }>('sum', ({ self, dtype }) => F.sum(partsOf(self).values, dtype));
sparseKernel<Self>('any', ({ self }) => F.any(partsOf(self).values));
type Dims = readonly number[] | number | null;
/** The sum over dimensions: dense when no stored dimension is left. */
function sumOver(self: Tensor, dim: Dims, keepdim: boolean, dtype: DType | null): Tensor {
  const { shape, sparseDim } = layoutOf(self);
  const over = dim === null || [dim].flat().length === 0 ? shape.map((_, i) => i) : wrapDims([dim].flat(), shape.length);
  const inValues = over.filter((d) => d >= sparseDim).map((d) => d - sparseDim + 1);
  let values = dtype ? F._to_copy(valuesOf(self), dtype) : valuesOf(self);
  if (inValues.length > 0) values = values.sum(inValues, keepdim);
  else values = values.to(F.sum(F.zeros([1], values.dtype)).dtype);
  const at = coordinates(self);
  const kept = Array.from({ length: sparseDim }, (_, d) => d).filter((d) => !over.includes(d));
  const size = shape.flatMap((s, d) => (!over.includes(d) ? [s] : keepdim ? [1] : []));
  if (kept.length === 0) return values.sum([0]).reshape(size);
  if (kept.length === sparseDim) return coo(at, values, size, partsOf(self).coalesced);
  const zero = F.zeros([at.layout.shape[1]!], int64);
  const rows = Array.from({ length: sparseDim }, (_, d) => d).flatMap((d) =>
    kept.includes(d) ? [at.select(0, d)] : keepdim ? [zero] : [],
  );
  return F.coalesce(coo(F.stack(rows, 0), values, size, false));
}
sparseRule<Self & { readonly dim: Dims; readonly keepdim: boolean; readonly dtype: DType | null }>(
  'sum.dim_IntList',
  ({ self, dim, keepdim, dtype }) => {
    if (isCoo(self)) return sumOver(self, dim, keepdim, dtype);
    if (!keepdim) throw new RuntimeError('reduction operations on CSR tensors with keepdim=False is unsupported');
    return F.to_sparse(sumOver(asCoo(self), dim, keepdim, dtype), layoutOf(self).kind);
  },
);
op('_sparse_sum(Tensor self, int[1]? dim=None, ScalarType? dtype=None) -> Tensor', {
  doc: 'The sum of the entries, over all dimensions or the given ones.',
  decompose: ({ self, dim, dtype }) => {
    requireCoo(self, 'coalesce');
    const from = F.coalesce(self);
    if (dim === null) return F.sum(dtype ? F._to_copy(valuesOf(from), dtype) : valuesOf(from));
    return sumOver(from, dim, false, dtype);
  },
  surface: [],
});
sparseRule<Self & { readonly ord: Scalar; readonly dim: Dims; readonly keepdim: boolean; readonly dtype: DType | null }>(
  'linalg_vector_norm',
  ({ self, ord, dim, keepdim, dtype }) => {
    const over = dim === null ? self.ndim : [dim].flat().length;
    if (over !== 0 && over !== self.ndim)
      throw new RuntimeError(
        "norm_sparse currently only supports full reductions, so 'dim' must either be empty or contain all dimensions of the input",
      );
    const norm = F.linalg_vector_norm(valuesOf(distinct(self)), ord, null, false, dtype);
    return keepdim ? norm.reshape(self.layout.shape.map(() => 1)) : norm;
  },
);

// ---- views, which are copies here ---------------------------------------------------------------------------------
function permuted(self: Tensor, dims: readonly number[]): Tensor {
  const { shape, sparseDim, kind } = layoutOf(self);
  const size = dims.map((d) => shape[d]!);
  if (dims.every((d, i) => d === i)) return self;
  if (!isCoo(self)) {
    const [outer, inner] = partsOf(self).indices as [Tensor, Tensor];
    return F._sparse_compressed_tensor_with_dims(outer, inner, valuesOf(self), size, kind === sparse_csr ? sparse_csc : sparse_csr);
  }
  const at = coordinates(self).index_select(0, longs(dims.slice(0, sparseDim)));
  return coo(at, valuesOf(self).permute([0, ...dims.slice(sparseDim).map((d) => d - sparseDim + 1)]), size, entries(self) < 2);
}
sparseRule<Self>('t', ({ self }) => {
  const [sparse, dense] = [layoutOf(self).sparseDim, self.ndim - layoutOf(self).sparseDim];
  if (sparse > 2 || dense > 0)
    throw new RuntimeError(
      `t() expects a tensor with <= 2 sparse and 0 dense dimensions, but got ${sparse} sparse and ${dense} dense dimensions`,
    );
  return self.ndim < 2 ? self : permuted(self, [1, 0]);
});
sparseRule<Self & { readonly dim0: number; readonly dim1: number }>('transpose.int', ({ self, dim0, dim1 }) => {
  const [a, b] = [wrapDim(dim0, self.ndim, false), wrapDim(dim1, self.ndim, false)];
  const { sparseDim } = layoutOf(self);
  if (a !== b && Math.max(a, b) >= sparseDim)
    throw new RuntimeError(`sparse transpose: transposed dimensions must be sparse Got sparse_dim: ${sparseDim}, d0: ${a}, d1: ${b}`);
  return permuted(
    self,
    self.layout.shape.map((_, d) => (d === a ? b : d === b ? a : d)),
  );
});
sparseRule<Self & { readonly dims: readonly number[] }>('permute', ({ self, dims }) => {
  if (dims.length !== self.ndim)
    throw new RuntimeError(
      `permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = ${self.ndim} is not equal to len(dims) = ${dims.length}`,
    );
  const to = wrapDims(dims, self.ndim);
  const { sparseDim } = layoutOf(self);
  if (to.some((d, i) => d >= sparseDim !== i >= sparseDim))
    throw new RuntimeError('permute(sparse_coo): dimensions that are stored by index and dense ones cannot change places');
  return permuted(self, to);
});
sparseRule<Self & { readonly dim: number; readonly index: number }>('select.int', (a) => {
  const self = asCoo(a.self);
  const { shape, sparseDim } = layoutOf(self);
  const dim = wrapDim(a.dim, shape.length, false);
  const n = shape[dim]!;
  if (a.index < -n || a.index >= n)
    throw new RuntimeError(`select(): index ${a.index} out of range for tensor of size [${shape.join(', ')}] at dimension ${dim}`);
  const index = a.index < 0 ? a.index + n : a.index;
  const size = shape.filter((_, d) => d !== dim);
  const at = coordinates(self);
  if (dim >= sparseDim) return coo(at, valuesOf(self).select(dim - sparseDim + 1, index), size, partsOf(self).coalesced);
  const kept = longs(Array.from(reals(at.select(0, dim)), (k, e) => (k === index ? e : -1)).filter((e) => e >= 0));
  const values = valuesOf(self).index_select(0, kept);
  if (sparseDim === 1) return values.sum([0]);
  const rows = Array.from({ length: sparseDim }, (_, d) => d).filter((d) => d !== dim);
  return coo(at.index_select(0, longs(rows)).index_select(1, kept), values, size, partsOf(self).coalesced || kept.layout.numel < 2);
});
sparseRule<Self & { readonly dim: number; readonly index: Tensor }>('index_select', (a) => {
  const self = asCoo(a.self);
  const { shape, sparseDim } = layoutOf(self);
  const dim = wrapDim(a.dim, shape.length, false);
  const size = shape.map((s, d) => (d === dim ? a.index.layout.numel : s));
  const at = coordinates(self);
  if (dim >= sparseDim) return coo(at, valuesOf(self).index_select(dim - sparseDim + 1, a.index), size, partsOf(self).coalesced);
  const found = new Map<number, number[]>();
  for (const [e, k] of reals(at.select(0, dim)).entries()) found.set(k, [...(found.get(k) ?? []), e]);
  const pairs = Array.from(reals(a.index), (k, j) => (found.get(k) ?? []).map((e) => [e, j] as const)).flat();
  const from = longs(pairs.map(([e]) => e));
  const rows = rowsOf(at.index_select(1, from));
  rows[dim] = Float64Array.from(pairs, ([, j]) => j);
  return coo(indexMatrix(rows, pairs.length), valuesOf(self).index_select(0, from), size, pairs.length < 2);
});
sparseRule<{ readonly weight: Tensor; readonly indices: Tensor }>('embedding', ({ weight, indices }) => {
  const rows = weight.index_select(0, indices.reshape([-1]));
  return indices.ndim === 1 ? rows : rows.reshape([...indices.layout.shape, weight.layout.shape[1]!]);
});
sparseRule<Self & { readonly dim: number }>('unsqueeze', ({ self, dim: d }) => {
  requireCoo(self, 'unsqueeze');
  const { shape, sparseDim } = layoutOf(self);
  const dim = wrapDim(d, shape.length + 1, false);
  const size = [...shape.slice(0, dim), 1, ...shape.slice(dim)];
  const { coalesced } = partsOf(self);
  if (dim > sparseDim) return coo(coordinates(self), valuesOf(self).unsqueeze(dim - sparseDim + 1), size, coalesced);
  const rows = rowsOf(coordinates(self));
  rows.splice(dim, 0, new Float64Array(entries(self)));
  return coo(indexMatrix(rows, entries(self)), valuesOf(self), size, coalesced);
});
sparseRule<{ readonly tensors: readonly Tensor[]; readonly dim: number }>('cat', ({ tensors, dim: d }) => {
  const strange = tensors.findIndex((t) => !isCoo(t));
  if (strange >= 0) throw new RuntimeError(`Concatenating sparse tensors, but a dense tensor was found at position ${strange + 1 - 1}.`);
  const { shape, sparseDim } = layoutOf(tensors[0]!);
  const dim = wrapDim(d, shape.length, false);
  for (const [i, t] of tensors.entries()) {
    const fits = t.ndim === shape.length && t.layout.shape.every((s, k) => k === dim || s === shape[k]);
    if (!fits)
      throw new RuntimeError(
        `All tensors must have the same shape: ${sizes(tensors[0]!)} (except in the concatenating dimension), but found shape: ${sizes(t)} at position ${i}`,
      );
    if (layoutOf(t).sparseDim !== sparseDim)
      throw new RuntimeError(
        `All tensors must have the same sparse_dim and dense_dim: ${sparseDim}, ${shape.length - sparseDim}, but tensor at position ${i} has ${layoutOf(t).sparseDim}, ${t.ndim - layoutOf(t).sparseDim}`,
      );
  }
  const lengths = tensors.map((t) => t.layout.shape[dim]!);
  const starts = lengths.map((_, i) => lengths.slice(0, i).reduce((x, y) => x + y, 0));
  const total = lengths.reduce((x, y) => x + y, 0);
  const size = shape.map((s, k) => (k === dim ? total : s));
  const ats = tensors.map((t, i) => {
    if (dim >= sparseDim || starts[i] === 0) return coordinates(t);
    const shift = longs(Array.from({ length: sparseDim }, (_, k) => (k === dim ? starts[i]! : 0)));
    return coordinates(t).add(shift.unsqueeze(1));
  });
  const values = tensors.map((t, i) => {
    const v = valuesOf(t);
    if (dim < sparseDim) return v;
    const k = dim - sparseDim + 1;
    const blank = (n: number): Tensor =>
      F.zeros(
        v.layout.shape.map((s, j) => (j === k ? n : s)),
        v.dtype,
      );
    return F.cat([blank(starts[i]!), v, blank(total - starts[i]! - lengths[i]!)], k);
  });
  return coo(F.cat(ats, 1), F.cat(values, 0), size, false);
});
sparseRule<{ readonly tensors: readonly Tensor[]; readonly dim: number }>('stack', ({ tensors, dim }) => {
  const at = wrapDim(dim, tensors[0]!.ndim + 1, false);
  return F.cat(
    tensors.map((t) => t.unsqueeze(at)),
    at,
  );
});
