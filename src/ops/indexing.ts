// Reading by position: index tensors, masks, gather.
import { bool, Category, int32, int64, uint8 } from '../core/dtype.ts';
import { IndexError, RuntimeError, ValueError } from '../core/errors.ts';
import { Layout } from '../core/layout.ts';
import { broadcastShapes, expandStrides, showShape, wrapDim } from '../core/shape.ts';
import { contiguousStrides, type Shape } from '../core/size.ts';
import { emptyTensor, Tensor } from '../core/tensor.ts';
import { like } from '../autograd/rules.ts';
import { elements, integers, store } from '../backend/reference/arrays.ts';
import { type Addressing, addressing, combine, nonzeroInto, pick, placesAlong, placesOf } from '../backend/reference/indexing.ts';
import { iterationStrides } from '../dispatch/execute.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import { stridesLike } from './create.ts';

type Indices = readonly (Tensor | null)[];

// ---- x[indices] ---------------------------------------------------------------------------------------------------
/** Masks become the positions of their true elements, one index for each of their dimensions. */
function asPositions(self: Tensor, indices: Indices): (Tensor | null)[] {
  if (indices.every((t) => t === null)) throw new IndexError('at least one index must be provided');
  const list: (Tensor | null)[] = [];
  for (const t of indices) {
    if (t === null || t.dtype === int64) list.push(t);
    else if (t.dtype === int32) list.push(F._to_copy(t, int64));
    else if (t.dtype === bool || t.dtype === uint8) {
      t.layout.shape.forEach((s, i) => {
        if (s !== self.layout.shape[list.length + i]) {
          throw new IndexError(
            `The shape of the mask ${showShape(t.layout.shape)} at index ${i} does not match the shape of the indexed tensor ${showShape(self.layout.shape)} at index ${list.length + i}`,
          );
        }
      });
      if (list.length + t.ndim > self.ndim) throw tooMany(self, list.length + t.ndim);
      list.push(...F.unbind$int(F.nonzero(t), 1));
    } else if (t._whole) list.push(F._to_copy(t, int64));
    else throw new IndexError('tensors used as indices must be long, int, byte or bool tensors');
  }
  if (list.length > self.ndim) throw tooMany(self, list.length);
  return list;
}
const tooMany = (self: Tensor, n: number): Error => new IndexError(`too many indices for tensor of dimension ${self.ndim} (got ${n})`);
/** The result's dimensions vary in the order in which self's and the indices' do. */
function indexStrides(self: Layout, indices: Indices, how: Addressing): number[] {
  const { dims, common, at, shape } = how;
  const others = self.stride.filter((_, d) => !dims.includes(d));
  const zeros = common.map(() => 0);
  const operands = [[...others.slice(0, at), ...zeros, ...others.slice(at)]];
  for (const d of dims) {
    const own = expandStrides(indices[d]!.layout.shape, indices[d]!.layout.stride, common);
    operands.push([...others.slice(0, at).map(() => 0), ...own, ...others.slice(at).map(() => 0)]);
  }
  return iterationStrides(shape, operands);
}

op('index.Tensor(Tensor self, Tensor?[] indices) -> Tensor', {
  doc: 'The elements at the given positions (or where masks are true); null keeps a dimension.',
  decompose: ({ self, indices }) => F._index(self, asPositions(self, indices)),
  surface: [],
  inplace: false,
});
op('_unsafe_index.Tensor(Tensor self, Tensor?[] indices) -> Tensor', {
  doc: 'index without checks.',
  decompose: ({ self, indices }) => F._index(self, asPositions(self, indices)),
  surface: ['function'],
  inplace: false,
});
op('_index(Tensor self, Tensor?[] indices) -> Tensor', {
  doc: 'index for int64 positions.',
  meta: ({ self, indices }) => {
    const how = addressing(self.layout.shape, indices);
    return { shape: how.shape, dtype: self.dtype, stride: indexStrides(self.layout, indices, how) };
  },
  kernel: ({ self, indices }, out) => pick(out!, self, placesOf(self.layout.shape, indices, addressing(self.layout.shape, indices))),
  grad: {
    self: uses('indices', (g, { self, indices }) =>
      F._index_put(F.zeros(self.shape, g.dtype, null, g.device), indices as Tensor[], g, true),
    ),
  },
  linear: true,
  batch: (_, { self, indices }, batched, n) => {
    const b = batchedIndices(self, indices, batched.self, batched.indices, n);
    return b.placed(F._index(b.self, b.indices));
  },
  surface: [],
  gradName: 'IndexBackward0',
  inplace: false,
});
op('index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor', {
  doc: 'self with the values at the given positions (or where masks are true), or added to them.',
  decompose: ({ self, indices, values, accumulate }) => {
    if (values.dtype !== self.dtype) {
      throw new RuntimeError(
        `Index put requires the source and destination dtypes match, got ${self.dtype.scalarName} for the destination and ${values.dtype.scalarName} for the source.`,
      );
    }
    return F._index_put(self, asPositions(self, indices) as Tensor[], values, accumulate);
  },
});
op('_unsafe_index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor', {
  doc: 'index_put without checks.',
  decompose: ({ self, indices, values, accumulate }) => F._index_put(self, asPositions(self, indices) as Tensor[], values, accumulate),
  surface: ['function'],
  inplace: false,
});
op('_index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor', {
  doc: 'index_put for int64 positions.',
  meta: ({ self, indices, values }) => {
    const { shape } = addressing(self.layout.shape, indices);
    const from = values.layout.shape;
    // Leading ones of the values are dropped.
    const lead = from.findIndex((s, i) => s !== 1 || from.length - i <= shape.length);
    const rest = lead < 0 ? from : from.slice(lead);
    const skip = shape.length - rest.length;
    if (skip < 0 || rest.some((s, i) => s !== 1 && s !== shape[skip + i])) {
      throw new RuntimeError(
        `shape mismatch: value tensor of shape ${showShape(from)} cannot be broadcast to indexing result of shape ${showShape(shape)}`,
      );
    }
    return { shape: self.layout.shape, dtype: self.dtype, stride: stridesLike(self.layout, null) };
  },
  kernel: ({ self, indices, values, accumulate }, out) => {
    const how = addressing(self.layout.shape, indices);
    const wide = F.expand(
      values.ndim > how.shape.length ? F.reshape(values, values.layout.shape.slice(values.ndim - how.shape.length)) : values,
      how.shape,
    );
    combine(out!, self, placesOf(self.layout.shape, indices, how), wide, accumulate ? 'sum' : 'set');
  },
  grad: {
    self: uses('indices', (g, { indices, values, accumulate }) =>
      accumulate
        ? g
        : F._index_put(
            g,
            indices as Tensor[],
            F.zeros(
              values.shape.map(() => 1),
              g.dtype,
              null,
              g.device,
            ),
            false,
          ),
    ),
    values: uses('indices', (g, { indices, values }) => fitted(F._index(g, indices as Tensor[]), values)),
  },
  linear: true,
  batch: (_, { self, indices, values, accumulate }, batched, n) => {
    const b = batchedIndices(self, indices, batched.self, batched.indices, n);
    const wide = batched.values ? values : F.expand(values, [n, ...values.layout.shape]);
    const rank = b.resultRank;
    const aligned = F.reshape(wide, [n, ...new Array<number>(Math.max(rank - wide.ndim + 1, 0)).fill(1), ...wide.layout.shape.slice(1)]);
    return F._index_put(b.self, b.indices as Tensor[], b.unplaced(aligned), accumulate);
  },
  surface: [],
  gradName: 'IndexPutBackward0',
  inplace: false,
});
/** A gradient of the result's shape, summed to the values' (whose extra dimensions are all 1). */
function fitted(g: Tensor, values: { readonly shape: Shape; readonly dtype: Tensor['dtype']; readonly device: Tensor['device'] }): Tensor {
  const extra = values.shape.length - g.ndim;
  if (extra <= 0) return like(g, values);
  return like(g, { ...values, shape: values.shape.slice(extra) }).reshape(values.shape);
}
/** Batched indexing is indexing with one index more: the row of the batch. */
function batchedIndices(self: Tensor, indices: Indices, selfBatched: boolean, indicesBatched: boolean, n: number) {
  const wide = selfBatched ? self : F.expand(self, [n, ...self.layout.shape]);
  const inner = wide.layout.shape.slice(1);
  const cell = (t: Tensor): Tensor => F.select$int(t, 0, 0);
  const plain = indices.map((t) => t && (indicesBatched && t.ndim > 0 ? cell(t) : t));
  const logical = addressing(inner, indicesBatched ? plain : indices);
  const rank = logical.common.length;
  const lead = (t: Tensor): Tensor => F.reshape(t, [n, ...new Array<number>(rank - t.ndim + 1).fill(1), ...t.layout.shape.slice(1)]);
  const rows = F.reshape(F.arange(n, int64, null, self.device), [n, ...new Array<number>(rank).fill(1)]);
  const list = [rows, ...indices.map((t) => t && (indicesBatched ? lead(t) : t))];
  const count = logical.shape.length + 1;
  // With the row index in front, the common dimensions of the result follow the batch unless the indices start at dimension 0 anyway.
  const direct = addressing(wide.layout.shape, list);
  const order = Array.from({ length: count }, (_, i) => i);
  const moved =
    direct.at === 0 && logical.at > 0
      ? [0, ...order.slice(rank + 1, rank + 1 + logical.at), ...order.slice(1, rank + 1), ...order.slice(rank + 1 + logical.at)]
      : order;
  const back = order.map((i) => moved.indexOf(i));
  return {
    self: wide,
    indices: list,
    resultRank: count - 1,
    placed: (t: Tensor): Tensor => F.permute(t, moved),
    unplaced: (t: Tensor): Tensor => F.permute(t, back),
  };
}

// ---- along one dimension ------------------------------------------------------------------------------------------
/** A 0-d tensor counts as a vector of one element. */
export const atLeast1d = (s: Shape): Shape => (s.length === 0 ? [1] : s);

op('index_select(Tensor self, int dim, Tensor index) -> Tensor', {
  doc: 'The slices of a dimension at the given positions.',
  meta: ({ self, dim, index }) => {
    const d = wrapDim(dim, self.ndim);
    if (index.ndim > 1) throw new IndexError('index_select(): Index is supposed to be a vector');
    if (index.dtype !== int64 && index.dtype !== int32) throw new RuntimeError('index_select(): Expected dtype int32 or int64 for index');
    if (self.ndim === 0 && index.layout.numel !== 1) throw new RuntimeError('index_select(): Index to scalar can have only 1 value');
    return { shape: self.layout.shape.map((s, i) => (i === d ? index.layout.numel : s)), dtype: self.dtype };
  },
  kernel: ({ self, dim, index }, out) => {
    const shape = atLeast1d(self.layout.shape);
    const d = wrapDim(dim, self.ndim);
    for (const i of integers(index)) if (i < 0n || i >= BigInt(shape[d]!)) throw new IndexError('index out of range in self');
    const wide = F.expand(
      F.view(
        index,
        shape.map((_, i) => (i === d ? -1 : 1)),
      ),
      shape.map((s, i) => (i === d ? index.layout.numel : s)),
    );
    pick(out!, self, placesAlong(shape, d, wide));
  },
  grad: { self: uses('index', (g, { self, dim, index }) => F.index_add(F.zeros(self.shape, g.dtype, null, g.device), dim, index, g)) },
  linear: true,
  batch: (run, { self, dim, index }, batched, n) => {
    if (!batched.index) return run({ dim: wrapDim(dim, self.ndim - 1) + 1 });
    const wide = batched.self ? self : F.expand(self, [n, ...self.layout.shape]);
    const d = wrapDim(dim, wide.ndim - 1) + 1;
    if (wide.ndim === 1) return F.expand(wide, [n]);
    const shape = wide.layout.shape.map((s, i) => (i === d ? index.layout.numel / n : s));
    return F.gather(
      wide,
      d,
      F.expand(
        F.reshape(
          index,
          shape.map((s, i) => (i === 0 || i === d ? s : 1)),
        ),
        shape,
      ),
    );
  },
  integers: ['index'],
  castsOut: false,
  disjointOut: true,
  inplace: false,
});
op('gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False) -> Tensor', {
  doc: 'For every element of index the element of self at the same place, but at that position along `dim`.',
  meta: ({ self, dim, index }) => {
    const d = wrapDim(dim, self.ndim);
    if (index.layout.numel > 0) {
      if (index.dtype !== int64 && index.dtype !== int32) throw new RuntimeError('gather(): Expected dtype int32/int64 for index');
      if (atLeast1d(index.shape).length !== atLeast1d(self.shape).length)
        throw new RuntimeError('Index tensor must have the same number of dimensions as input tensor');
      index.layout.shape.forEach((s, i) => {
        if (i !== d && s > self.layout.shape[i]!) {
          throw new RuntimeError(
            `Size does not match at dimension ${i} expected index ${showShape(index.shape)} to be no larger than self ${showShape(self.shape)} apart from dimension ${d}`,
          );
        }
      });
    }
    return { shape: index.layout.shape, dtype: self.dtype };
  },
  kernel: ({ self, dim, index }, out) => pick(out!, self, placesAlong(atLeast1d(self.layout.shape), wrapDim(dim, self.ndim), index)),
  grad: { self: uses('index', (g, { self, dim, index }) => F.scatter_add(F.zeros(self.shape, g.dtype, null, g.device), dim, index, g)) },
  linear: true,
  integers: ['index'],
  castsOut: false,
  disjointOut: true,
  inplace: false,
});
op('take_along_dim(Tensor self, Tensor indices, int? dim=None) -> Tensor', {
  doc: 'gather with broadcasting; without a dimension, of the flattened tensor.',
  decompose: ({ self, indices, dim }) => {
    if (indices.dtype !== int64)
      throw new RuntimeError(`torch.take_along_dim(): dtype of indices should be Long but got ${indices.dtype.scalarName}`);
    if (dim === null) return F.gather(self.reshape([-1]), 0, indices.reshape([-1]));
    if (self.ndim !== indices.ndim) {
      throw new RuntimeError(
        `torch.take_along_dim(): input and indices should have the same number of dimensions, but got ${self.ndim} dimensions for input, and ${indices.ndim} dimensions for indices`,
      );
    }
    const d = wrapDim(dim, self.ndim);
    const keep = (s: Shape, n: number | undefined): number[] => s.map((x, i) => (i === d ? n! : x));
    const shape = broadcastShapes(keep(self.shape, 1), keep(indices.shape, 1));
    // Positions count modulo the size.
    const wrapped = self.layout.numel === 0 ? indices : F.remainder$Tensor(indices, self.ndim === 0 ? 1 : self.shape[d]!);
    return F.gather(self.expand(keep(shape, self.shape[d])), d, wrapped.expand(keep(shape, indices.shape[d])));
  },
  integers: ['indices'],
  inplace: false,
});

// ---- in the flattened tensor --------------------------------------------------------------------------------------
function flatPositions(name: string, self: Tensor, index: Tensor): Tensor {
  if (index.dtype !== int64) throw new RuntimeError(`${name}(): Expected a long tensor for index, but got ${index.dtype.scalarName}`);
  if (index.layout.numel > 0 && self.layout.numel === 0) throw new IndexError(`${name}(): tried to take from an empty tensor`);
  return index.reshape([-1]);
}
/** _index's error in the words of take and put. */
function withinRange<T>(n: number, body: () => T): T {
  try {
    return body();
  } catch (e) {
    const found = e instanceof IndexError && /^index (-?\d+) is out of bounds/.exec(e.message);
    if (!found) throw e;
    throw new IndexError(`out of range: tried to access index ${found[1]} on a tensor of ${n} elements.`);
  }
}
op('take(Tensor self, Tensor index) -> Tensor', {
  doc: 'The elements of the flattened tensor at the given positions.',
  decompose: ({ self, index }) => {
    const at = flatPositions('take', self, index);
    return withinRange(self.layout.numel, () => F._index(self.reshape([-1]), [at])).reshape(index.shape);
  },
  integers: ['index'],
  castsOut: false,
  disjointOut: true,
  inplace: false,
});
op('put(Tensor self, Tensor index, Tensor source, bool accumulate=False) -> Tensor', {
  doc: 'self with the elements of source at the given positions of the flattened tensor, or added to them.',
  decompose: ({ self, index, source, accumulate }) => {
    if (index.dtype !== int64) throw new RuntimeError(`put_(): Expected a long tensor for index, but got ${index.dtype.scalarName}`);
    if (self.dtype !== source.dtype) {
      throw new RuntimeError(
        `put_(): self and source expected to have the same dtype, but got self.dtype = ${self.dtype.scalarName} and source.dtype = ${source.dtype.scalarName}`,
      );
    }
    if (index.layout.numel !== source.layout.numel) {
      throw new IndexError(
        `put_(): Expected source and index to have the same number of elements, but got source.numel() = ${source.layout.numel}, index.numel() = ${index.layout.numel}`,
      );
    }
    const flat = self.reshape([-1]);
    return withinRange(self.layout.numel, () =>
      F._index_put(flat, [flatPositions('put_', self, index)], source.reshape([-1]), accumulate),
    ).view(self.shape);
  },
  integers: ['index'],
});

// ---- masks --------------------------------------------------------------------------------------------------------
op('masked_select(Tensor self, Tensor mask) -> Tensor', {
  doc: 'The elements where the mask is true, in order.',
  decompose: ({ self, mask }) => {
    if (mask.dtype !== bool && mask.dtype !== uint8) throw new RuntimeError('masked_select: expected BoolTensor for mask');
    const shape = broadcastShapes(self.shape, mask.shape);
    const [wide, where] = [self.expand(shape), mask.expand(shape)];
    // One index into elements that lie in a row is enough.
    if (wide.layout.contiguous && where.layout.contiguous)
      return F._index(wide.view([-1]), asPositions(wide.view([-1]), [where.view([-1])]));
    return shape.length === 0
      ? F._index(wide.reshape([1]), asPositions(wide.reshape([1]), [mask.reshape([1])]))
      : F._index(wide, asPositions(wide, [where]));
  },
  castsOut: false,
  disjointOut: true,
  inplace: false,
});
op('masked_scatter(Tensor self, Tensor mask, Tensor source) -> Tensor', {
  doc: 'self with the elements of source, in order, where the mask is true.',
  decompose: ({ self, mask, source }) => {
    if (self.dtype !== source.dtype)
      throw new RuntimeError(
        `masked_scatter: expected self and source to have same dtypes but got${self.dtype.scalarName} and ${source.dtype.scalarName}`,
      );
    if (mask.dtype !== bool)
      throw new RuntimeError(`masked_scatter_ only supports boolean masks, but got mask with dtype ${mask.dtype.scalarName}`);
    const shape = broadcastShapes(self.shape, mask.shape);
    const flat = self.expand(shape).reshape([-1]);
    const at = F.nonzero(mask.expand(shape).reshape([-1])).squeeze(1);
    const n = at.layout.numel;
    if (source.layout.numel < n) throw new RuntimeError('Number of elements of source < number of ones in mask');
    return F._index_put(flat, [at], source.reshape([-1]).narrow(0, 0, n)).view(shape);
  },
});
op('nonzero(Tensor self, *, bool as_tuple=False) -> Tensor', {
  doc: 'The positions of the elements that are not zero: a row each, or with as_tuple a vector for each dimension.',
  produce: ({ self, as_tuple }) => {
    if (as_tuple) return F.unbind$int(F.nonzero(self.ndim === 0 ? F.unsqueeze(self, 0) : self), 1);
    // Column by column in memory, as PyTorch makes it.
    if (self.ndim === 0) return emptyTensor([nonzeroCount(self), 0], int64, self.device);
    const { shape, storage, cell } = F._nonzero(self, Number(F.count_nonzero(self, null).item()));
    const [rank, n] = shape as unknown as [number, number];
    return new Tensor(new Layout([n, rank], [1, Math.max(n, 1)], 0, int64, self.device), storage, cell);
  },
  grad: 'none',
});
const nonzeroCount = (scalar: Tensor): number => nonzeroInto(F.view(scalar, [1])).length;
op('_nonzero(Tensor self, int count) -> Tensor', {
  doc: 'The coordinates of the `count` elements that are not zero: a row for each dimension.',
  meta: ({ self, count }) => ({ shape: [self.ndim, count], dtype: int64 }),
  kernel: ({ self, count }, out) => {
    const places = nonzeroInto(self);
    const rank = self.ndim;
    const to = elements(out!) as BigInt64Array;
    for (let i = 0; i < count; i++) for (let d = 0; d < rank; d++) to[d * count + i] = places[i * rank + d]!;
  },
  grad: 'none',
  surface: [],
});
op('nonzero_static(Tensor self, *, int size, int fill_value=-1) -> Tensor', {
  doc: 'As nonzero, cut or filled up to `size` rows.',
  produce: ({ self, size, fill_value }) => {
    if (size < 0) throw new RuntimeError("nonzero_static: 'size' must be an non-negative integer");
    const places = nonzeroInto(self);
    const out = F.empty([size, self.ndim], int64, null, self.device);
    const rows = new BigInt64Array(size * self.ndim).fill(BigInt(fill_value));
    rows.set(places.subarray(0, rows.length));
    store(out, rows);
    return out;
  },
  grad: 'none',
});
op('argwhere(Tensor self) -> Tensor', {
  doc: 'The positions of the elements that are not zero, one a row.',
  decompose: ({ self }) => F.nonzero(self),
  inplace: false,
});
op('unravel_index(Tensor indices, int[] shape) -> Tensor[]', {
  doc: 'The coordinates of positions in a flattened tensor of the given shape.',
  produce: ({ indices, shape }) => {
    if (indices.dtype.category !== Category.Integral)
      throw new TypeError(`expected 'indices' to be integer dtype, but got ${indices.dtype}`);
    if (shape.some((s) => s < 0)) throw new ValueError(`'shape' cannot have negative values, but got (${shape.join(', ')})`);
    const at = integers(indices);
    const steps = contiguousStrides(shape).map(BigInt);
    const sizes = shape.map(BigInt);
    const coordinates = new BigInt64Array(at.length * shape.length);
    at.forEach((place, i) => {
      sizes.forEach((n, d) => {
        coordinates[i * sizes.length + d] = n === 0n ? 0n : floorMod(floorDiv(place, steps[d]!), n);
      });
    });
    const out = F.empty([...indices.shape, shape.length], int64, null, indices.device);
    store(out, coordinates);
    return F.unbind$int(out, -1);
  },
  grad: 'none',
});
const floorMod = (a: bigint, b: bigint): bigint => ((a % b) + b) % b;
const floorDiv = (a: bigint, b: bigint): bigint => (a - floorMod(a, b)) / b;

/** Positions that the mask rules out may lie anywhere: they are brought into range. */
function inRange(self: Tensor, indices: Indices): (Tensor | null)[] {
  return asPositions(self, indices).map((t, d) => t && F.clamp(t, -self.layout.shape[d]!, self.layout.shape[d]! - 1));
}
op('_unsafe_masked_index(Tensor self, Tensor mask, Tensor?[] indices, Scalar fill) -> Tensor', {
  doc: 'index where the mask is true, `fill` elsewhere.',
  surface: ['function'],
  decompose: ({ self, mask, indices, fill }) => {
    if (self.layout.numel === 0)
      return F.full(addressing(self.layout.shape, asPositions(self, indices)).shape, fill, self.dtype, null, self.device);
    return F.masked_fill$Tensor(F._index(self, inRange(self, indices)), F.logical_not(mask), fill);
  },
  inplace: false,
});
op('_unsafe_masked_index_put_accumulate(Tensor self, Tensor mask, Tensor?[] indices, Tensor values) -> Tensor', {
  doc: 'self with the values added at the given positions where the mask is true.',
  surface: ['function'],
  decompose: ({ self, mask, indices, values }) =>
    self.layout.numel === 0
      ? self.clone()
      : F._index_put(self, inRange(self, indices) as Tensor[], F.masked_fill$Tensor(values, F.logical_not(mask), 0), true),
  inplace: false,
});
