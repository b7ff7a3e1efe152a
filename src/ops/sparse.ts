// Sparse tensors: making them, their parts, and conversions between layouts. Everything that is differentiated goes through three
// operators: the values of a pattern, a pattern with other values, and a tensor made of indices and values.
import { elements, raw, reals, store } from '../backend/reference/arrays.ts';
import { cpu } from '../core/device.ts';
import { bool, float32, float64, int64 } from '../core/dtype.ts';
import { IndexError, RuntimeError } from '../core/errors.ts';
import { sparse_coo, sparse_csc, sparse_csr, type TensorLayout } from '../core/formats.ts';
import { numel, type Shape } from '../core/size.ts';
import { entries, isCompressed, isCoo, layoutName, layoutOf, partsOf, places, sparseTensor } from '../core/sparse.ts';
import { aliasOf, emptyTensor, type Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import { withGrad } from '../dispatch/state.ts';

// ---- indices ------------------------------------------------------------------------------------------------------
/** int64 numbers; conversions are the backend's, which BigInts would be slow beside. */
export function longs(list: readonly number[] | Float64Array): Tensor {
  const t = emptyTensor([list.length], int64);
  store(t, list instanceof Float64Array ? list : Float64Array.from(list));
  return t;
}

/** Compressed indices as one number for each entry. */
function expanded(compressed: Tensor): Float64Array {
  const starts = reals(compressed);
  const of = new Float64Array(starts[starts.length - 1] ?? 0);
  for (let i = 0; i + 1 < starts.length; i++) of.fill(i, starts[i], starts[i + 1]);
  return of;
}
/** Sorted numbers below n as compressed indices. */
function compressed(sorted: Float64Array, n: number): Tensor {
  const starts = new Float64Array(n + 1);
  for (const i of sorted) starts[i + 1]!++;
  for (let i = 0; i < n; i++) starts[i + 1]! += starts[i]!;
  return longs(starts);
}
/** The indices of all entries: a matrix [sparse dims, n]. */
export function coordinatesOf(kind: TensorLayout, indices: readonly Tensor[]): Tensor {
  if (kind === sparse_coo) return indices[0]!;
  const [outer, inner] = indices as [Tensor, Tensor];
  if (outer.ndim !== 1) throw new RuntimeError('batches of sparse matrices are not supported');
  const pair = [longs(expanded(outer)), F._to_copy(inner, int64)];
  return F.stack(kind === sparse_csc ? pair.reverse() : pair, 0);
}
export const coordinates = (t: Tensor): Tensor => coordinatesOf(layoutOf(t).kind, partsOf(t).indices);
/** The indices of all entries as places in memory, were the stored dimensions dense. */
export function flatPlaces(at: Tensor, shape: Shape): Tensor {
  const [dims, n] = at.layout.shape as unknown as [number, number];
  if (dims === 1) return at.select(0, 0);
  let flat = F.zeros([n], int64);
  for (let d = 0; d < dims; d++) flat = flat.mul(shape[d]!).add(at.select(0, d));
  return flat;
}
export const flatOf = (t: Tensor): Tensor => flatPlaces(coordinates(t), t.layout.shape);

const packedOrder = (keys: Float64Array): Float64Array => {
  const n = keys.length;
  return keys
    .map((k, i) => k * n + i)
    .sort()
    .map((x) => x - Math.floor(x / n) * n);
};
const comparedOrder = (keys: Float64Array): Float64Array =>
  Float64Array.from(keys, (_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b);
/** Entries at equal indices: which group each belongs to, in sorted order of groups, and the first entry of every group. */
export function groups(flat: Tensor): { of: Tensor; first: Tensor } {
  const keys = reals(flat);
  const n = keys.length;
  // One number for key and position sorts without a comparison function.
  const order =
    keys.reduce((m, k) => Math.max(m, Math.abs(k)), 0) * n < Number.MAX_SAFE_INTEGER - n ? packedOrder(keys) : comparedOrder(keys);
  const of = new Float64Array(keys.length);
  const first: number[] = [];
  for (const i of order) {
    if (first.length === 0 || keys[i] !== keys[first[first.length - 1]!]) first.push(i);
    of[i] = first.length - 1;
  }
  return { of: longs(of), first: longs(first) };
}

// ---- rows ---------------------------------------------------------------------------------------------------------
op('_add_rows(Tensor(a!) self, Tensor index, Tensor source, float alpha) -> ()', {
  doc: 'Adds alpha times rows to the rows of a matrix that index names, in its memory.',
  meta: () => [],
  kernel: ({ self, index, source, alpha }) => {
    const [rows, width] = self.layout.shape as unknown as [number, number];
    const [to, from] = [elements(self) as Float64Array, raw(source).data as Float64Array];
    const at = reals(index);
    for (const row of at) if (!(row >= 0 && row < rows)) throw new IndexError('index out of range in self');
    for (let e = 0; e < at.length; e++) {
      const start = at[e]! * width;
      for (let k = 0; k < width; k++) to[start + k]! += alpha * from[e * width + k]!;
    }
  },
  grad: 'none',
  surface: [],
});
/** Rows of a dense tensor change where they are: what a step of an optimizer with a sparse gradient is. */
export function addRows(self: Tensor, at: Tensor, rows: Tensor, alpha: number): void {
  const count = self.layout.numel === 0 ? 0 : self.layout.shape[0]!;
  const simple = (self.dtype === float32 || self.dtype === float64) && self.layout.contiguous && self.layout.plain && self.device === cpu;
  if (simple && count > 0) F._add_rows(self.view([count, -1]), at, rows.reshape([at.layout.numel, self.layout.numel / count]), alpha);
  else self.index_add_(0, at, rows, { alpha });
}
// ---- the three operators ------------------------------------------------------------------------------------------
op('_sparse_values(Tensor self) -> Tensor', {
  doc: 'The values of a sparse tensor, in the order in which they are stored.',
  produce: ({ self }) => aliasOf(partsOf(self).values, partsOf(self).values.layout),
  grad: { self: uses('self', (g, { self }) => asGradient(self, g)) },
  gradName: 'ValuesBackward0',
  sparse: true,
  surface: [],
});
op('_sparse_like(Tensor self, Tensor values) -> Tensor', {
  doc: 'A sparse tensor with the indices of self and other values.',
  produce: ({ self, values }) => {
    const { kind, shape, sparseDim } = layoutOf(self);
    const { indices, coalesced } = partsOf(self);
    return sparseTensor(kind, [...shape.slice(0, sparseDim), ...values.layout.shape.slice(1)], indices, values, coalesced);
  },
  grad: { values: uses('self', (g, { self }) => taken(g, self)) },
  sparse: true,
  surface: [],
});
op(
  '_sparse_coo_tensor_with_dims_and_tensors(int sparse_dim, int dense_dim, int[] size, Tensor indices, Tensor values, *, bool? is_coalesced=None) -> Tensor',
  {
    doc: 'A sparse tensor made of its indices and values.',
    produce: ({ size, indices, values, is_coalesced }) =>
      sparseTensor(sparse_coo, size, [indices], values, is_coalesced ?? indices.layout.shape[1]! < 2),
    grad: { values: uses('indices', (g, { indices, size, values }) => taken(g, emptyPattern(size, indices, values.dtype))) },
    gradName: 'SparseCooTensorWithDimsAndTensorsBackward0',
    sparse: true,
    surface: [],
  },
);
op(
  '_sparse_compressed_tensor_with_dims(Tensor compressed_indices, Tensor plain_indices, Tensor values, int[] size, Layout layout) -> Tensor',
  {
    doc: 'A sparse matrix made of compressed indices of one dimension, plain ones of the other, and values.',
    produce: ({ compressed_indices, plain_indices, values, size, layout }) =>
      sparseTensor(layout as unknown as TensorLayout, size, [compressed_indices, plain_indices], values),
    grad: {
      values: uses('compressed_indices', 'plain_indices', (g, { compressed_indices, plain_indices, values, size, layout }) => {
        const kind = layout as unknown as TensorLayout;
        const pattern = sparseTensor(kind, size, [compressed_indices, plain_indices], F.zeros([...values.shape], values.dtype));
        return taken(g, pattern);
      }),
    },
    gradName: 'SparseCompressedTensorBackward0',
    sparse: true,
    surface: [],
  },
);
export const coo = (at: Tensor, values: Tensor, size: Shape, coalesced: boolean | null = null): Tensor =>
  F._sparse_coo_tensor_with_dims_and_tensors(at.layout.shape[0]!, values.ndim - 1, [...size], at, values, coalesced);
/** A pattern whose values do not matter. */
function emptyPattern(size: Shape, indices: Tensor, dtype: Tensor['dtype']): Tensor {
  const [dims, n] = indices.layout.shape as unknown as [number, number];
  return sparseTensor(sparse_coo, size, [indices], F.zeros([n, ...size.slice(dims)], dtype));
}
/** A gradient of the values as that of the tensor: entries at equal indices have one gradient. */
function asGradient(self: Tensor, g: Tensor): Tensor {
  if (!isCoo(self) || partsOf(self).coalesced) return F._sparse_like(self, g);
  const at = partsOf(self).indices[0]!;
  const { first } = groups(flatOf(self));
  return coo(at.index_select(1, first), g.index_select(0, first), self.layout.shape, true);
}
/** What a tensor, dense or sparse, holds at the indices of a sparse one. */
export function taken(g: Tensor, pattern: Tensor): Tensor {
  const { indices } = partsOf(pattern);
  const { shape, sparseDim: dims } = layoutOf(pattern);
  if (!g.layout.sparse) return g.reshape([places(pattern), ...shape.slice(dims)]).index_select(0, flatOf(pattern));
  if (partsOf(g).indices.every((t, i) => sameMemory(t, indices[i]!))) return F._sparse_values(g);
  const from = F.coalesce(isCoo(g) ? g : F.to_sparse(g));
  const where = new Map(Array.from(reals(flatPlaces(coordinates(from), shape)), (k, i) => [k, i]));
  const n = entries(from);
  const found = longs(reals(flatOf(pattern)).map((k) => where.get(k) ?? n));
  const values = F._sparse_values(from);
  return F.cat([values, F.zeros([1, ...values.layout.shape.slice(1)], values.dtype)], 0).index_select(0, found);
}
const sameMemory = (a: Tensor, b: Tensor): boolean => a.storage === b.storage && a.layout.offset === b.layout.offset && a.ndim === b.ndim;
export const like = (self: Tensor, values: Tensor): Tensor => F._sparse_like(self, values);
export const valuesOf = (self: Tensor): Tensor => F._sparse_values(self);

// ---- parts --------------------------------------------------------------------------------------------------------
export function requireCoo(self: Tensor, name: string): void {
  if (!isCoo(self)) throw new RuntimeError(`${name} expected sparse coordinate tensor layout but got ${layoutName(self)}`);
}
function requireCoalesced(self: Tensor, name: string): void {
  if (!partsOf(self).coalesced) throw new RuntimeError(`Cannot get ${name} on an uncoalesced tensor, please call .coalesce() first`);
}
op('values(Tensor self) -> Tensor', {
  doc: 'The values of a sparse tensor. @throws RuntimeError if it is in coordinate format and not coalesced.',
  decompose: ({ self }) => {
    if (!self.layout.sparse) throw new RuntimeError(`values expected sparse tensor layout but got ${layoutName(self)}`);
    if (isCoo(self)) requireCoalesced(self, 'values');
    return F._sparse_values(self);
  },
  surface: ['method'],
  inplace: false,
});
op('indices(Tensor self) -> Tensor', {
  doc: 'The indices [sparse dims, n] of a coalesced sparse tensor.',
  decompose: ({ self }) => {
    requireCoo(self, 'indices');
    requireCoalesced(self, 'indices');
    return aliasOf(partsOf(self).indices[0]!, partsOf(self).indices[0]!.layout);
  },
  surface: ['method'],
  inplace: false,
});
op('coalesce(Tensor self) -> Tensor', {
  doc: 'The tensor with sorted, distinct indices: values at equal indices are added. Itself if it is so already.',
  decompose: ({ self }) => {
    requireCoo(self, 'coalesce');
    return partsOf(self).coalesced ? self : F._coalesce(self);
  },
  surface: ['method'],
  inplace: false,
});
op('_coalesce(Tensor self) -> Tensor', {
  produce: ({ self }) =>
    withGrad(false, () => {
      const { indices, values } = partsOf(self);
      const { of, first } = groups(flatOf(self));
      const sums = added([first.layout.numel, ...values.layout.shape.slice(1)], of, values);
      return sparseTensor(sparse_coo, self.layout.shape, [indices[0]!.index_select(1, first)], sums, true);
    }),
  grad: { self: uses((g) => g) },
  gradName: 'CoalesceBackward0',
  sparse: true,
  surface: [],
});
/** Zeros with rows added at given places; booleans are joined by or. */
function added(size: Shape, at: Tensor, rows: Tensor): Tensor {
  if (rows.dtype === bool) return added(size, at, rows.to(int64)).ne(0);
  const to = F.zeros([...size], rows.dtype);
  addRows(to, at, rows, 1);
  return to;
}

// ---- conversions --------------------------------------------------------------------------------------------------
op('to_dense(Tensor self, ScalarType? dtype=None, *, bool? masked_grad=None) -> Tensor', {
  doc: 'A sparse tensor as a dense one; a dense one itself.',
  decompose: ({ self, dtype, masked_grad }) => {
    if (!self.layout.sparse) return dtype ? self.to(dtype) : self;
    if (dtype) throw new RuntimeError(`dtype argument is not supported by sparse_${isCoo(self) ? '' : 'csr_'}to_dense`);
    return F._to_dense(self, null, masked_grad);
  },
  surface: ['method'],
  inplace: false,
});
op('_to_dense(Tensor self, ScalarType? dtype=None, bool? masked_grad=None) -> Tensor', {
  produce: ({ self }) =>
    withGrad(false, () => {
      const { shape, sparseDim } = layoutOf(self);
      const { values } = partsOf(self);
      return added([places(self), ...shape.slice(sparseDim)], flatOf(self), values).reshape([...shape]);
    }),
  grad: {
    self: uses('self', (g, { self, masked_grad }) => (masked_grad === false ? g : g.sparse_mask(isCoo(self) ? F.coalesce(self) : self))),
  },
  gradName: 'ToDenseBackward0',
  sparse: true,
  surface: [],
});
op('sparse_mask(Tensor self, Tensor mask) -> Tensor', {
  doc: 'What self holds at the indices of a sparse tensor, as a sparse tensor.',
  decompose: ({ self, mask }) => {
    if (!mask.layout.sparse) throw new RuntimeError('sparse_mask(): the mask must be a sparse tensor');
    if (self.layout.shape.join() !== mask.layout.shape.join())
      throw new RuntimeError(
        `sparse_mask(): operands have incompatible sizes; self has size [${self.layout.shape.join(', ')}] but mask has size [${mask.layout.shape.join(', ')}]`,
      );
    return like(mask, taken(self, mask));
  },
  surface: ['method'],
  inplace: false,
});
op('_dense_to_sparse(Tensor self, int sparse_dim) -> Tensor', {
  produce: ({ self, sparse_dim }) =>
    withGrad(false, () => {
      const { shape } = self.layout;
      const kept = shape.slice(0, sparse_dim);
      const rows = self.reshape([numel(kept), ...shape.slice(sparse_dim)]);
      const there = rows
        .ne(0)
        .reshape([...kept, numel(shape.slice(sparse_dim))])
        .any(-1);
      const at = there.nonzero().t().contiguous();
      return sparseTensor(sparse_coo, shape, [at], rows.index_select(0, flatPlaces(at, shape)), true);
    }),
  grad: { self: uses((g) => F.to_dense(g)) },
  sparse: true,
  surface: [],
});
function toCoo(self: Tensor, dims: number): Tensor {
  if (isCoo(self)) return self;
  if (!isCompressed(self)) return F._dense_to_sparse(self, dims);
  const flat = coo(coordinates(self), valuesOf(self), self.layout.shape, layoutOf(self).kind === sparse_csr);
  return F.coalesce(flat);
}
function toLayout(self: Tensor, layout: TensorLayout | null): Tensor {
  if (layout === sparse_csr || layout === sparse_csc) return toCompressed(self, layout);
  if (layout !== null && layout !== sparse_coo)
    throw new RuntimeError(`to_sparse: conversion from ${layoutName(self)} to ${layout} is not supported`);
  return toCoo(self, self.ndim);
}
op('to_sparse(Tensor self, *, Layout? layout=None, int[]? blocksize=None, int? dense_dim=None) -> Tensor', {
  doc: 'The non-zero elements as a sparse tensor, in coordinate format unless another layout is asked for.',
  decompose: ({ self, layout }) => toLayout(self, layout as unknown as TensorLayout | null),
  gradName: 'ToSparseBackward1',
  surface: ['method'],
  inplace: false,
});
op('to_sparse.sparse_dim(Tensor self, int sparse_dim) -> Tensor', {
  doc: 'A sparse tensor of which the first sparse_dim dimensions are stored by index.',
  decompose: ({ self, sparse_dim }) => {
    const { ndim } = self;
    if (isCoo(self) && sparse_dim !== layoutOf(self).sparseDim)
      throw new RuntimeError('to_sparse: conversion from Sparse to Sparse with sparse_dim argument !=self.sparse_dim() is not supported');
    if (isCompressed(self) && sparse_dim !== 2)
      throw new RuntimeError(
        `sparse_compressed_to_sparse: conversion from ${layoutName(self)} to Sparse with sparse_dim argument !=2 is not supported`,
      );
    if (sparse_dim > ndim || sparse_dim < 0)
      throw new RuntimeError(`dense_to_sparse: sparse_dim argument must be in [0,${ndim}] range, but ${sparse_dim} is given`);
    if (sparse_dim === 0 && ndim > 0) throw new RuntimeError('dense_to_sparse: sparse_dim argument must be in >0 when self.dim()>0');
    return toCoo(self, sparse_dim);
  },
  gradName: 'ToSparseBackward0',
  surface: ['method'],
  inplace: false,
});
function toCompressed(self: Tensor, kind: TensorLayout): Tensor {
  if (isCompressed(self) && layoutOf(self).kind === kind) return self;
  return F._to_sparse_compressed(self, kind);
}
op('_to_sparse_compressed(Tensor self, Layout layout) -> Tensor', {
  produce: ({ self, layout }) => withGrad(false, () => compress(self, layout as unknown as TensorLayout)),
  grad: {
    self: uses('self', (g, { self }) => (!self.layout.sparse ? F.to_dense(g) : g.layout.sparse && isCoo(self) ? F.to_sparse(g) : g)),
  },
  sparse: true,
  surface: [],
});
function compress(self: Tensor, kind: TensorLayout): Tensor {
  const target = kind === sparse_csr ? 'SparseCsr' : 'SparseCsc';
  if (self.ndim !== 2 || (isCoo(self) && layoutOf(self).sparseDim !== 2)) {
    if (isCoo(self))
      throw new RuntimeError(
        `coo_to_sparse_${kind === sparse_csr ? 'csr' : 'csc'}: conversion from Sparse to ${target} for input tensors with sparse_dim()!=2 is not supported`,
      );
    throw new RuntimeError(
      `to_sparse_${kind === sparse_csr ? 'csr' : 'csc'}: only matrices are supported, got a tensor with ${self.ndim} dimensions`,
    );
  }
  const outer = kind === sparse_csr ? 0 : 1;
  const from = F.coalesce(kind === sparse_csr ? toCoo(self, 2) : F.t(toCoo(self, 2)));
  const at = coordinates(from);
  const starts = compressed(reals(at.select(0, 0)), self.layout.shape[outer]!);
  return F._sparse_compressed_tensor_with_dims(starts, at.select(0, 1).clone(), valuesOf(from), [...self.layout.shape], kind);
}
op('to_sparse_csr(Tensor self, int? dense_dim=None) -> Tensor', {
  doc: 'A matrix with its rows compressed: the columns and values of each row follow each other.',
  decompose: ({ self }) => toCompressed(self, sparse_csr),
  gradName: 'ToSparseCsrBackward0',
  surface: ['method'],
  inplace: false,
});
op('to_sparse_csc(Tensor self, int? dense_dim=None) -> Tensor', {
  doc: 'A matrix with its columns compressed.',
  decompose: ({ self }) => toCompressed(self, sparse_csc),
  gradName: 'ToSparseCscBackward0',
  surface: ['method'],
  inplace: false,
});
