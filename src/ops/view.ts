// Views declare their geometry only; scatter partner, gradient, batching and forward mode follow.
import { Category, int64 } from '../core/dtype.ts';
import { IndexError, RuntimeError } from '../core/errors.ts';
import type { MemoryFormat } from '../core/formats.ts';
import { contiguous_format, preserve_format } from '../core/formats.ts';
import { Layout } from '../core/layout.ts';
import { inferSize, showShape, viewStrides, wrapDim, wrapDims } from '../core/shape.ts';
import { numel, sameShape, type Shape } from '../core/size.ts';
import { aliasOf, emptyLike, type Tensor } from '../core/tensor.ts';
import { copyInto } from '../dispatch/execute.ts';
import { F } from '../dispatch/handles.gen.ts';
import { type Geometry, op, uses } from '../dispatch/operator.ts';
import { like } from '../autograd/rules.ts';
import { stridesLike } from './create.ts';

const without = (s: Shape, d: number): number[] => s.filter((_, i) => i !== d);
const replaced = (s: Shape, d: number, v: number): number[] => s.map((x, i) => (i === d ? v : x));
const exchanged = (s: Shape, a: number, b: number): number[] => s.map((x, i) => (i === a ? s[b]! : i === b ? s[a]! : x));
const geometry = (t: Tensor, changes: Partial<Geometry>): Geometry => ({
  shape: t.layout.shape,
  stride: t.layout.stride,
  offset: t.layout.offset,
  ...changes,
});

op('transpose.int(Tensor(a) self, int dim0, int dim1) -> Tensor(a)', {
  doc: 'A view with two dimensions exchanged.',
  view: ({ self, dim0, dim1 }) => {
    const [a, b] = [wrapDim(dim0, self.ndim), wrapDim(dim1, self.ndim)];
    if (self.ndim === 0) return geometry(self, {});
    return geometry(self, { shape: exchanged(self.layout.shape, a, b), stride: exchanged(self.layout.stride, a, b) });
  },
  inverse: (src, { dim0, dim1 }) => src.transpose(dim0, dim1),
});
op('permute(Tensor(a) self, int[] dims) -> Tensor(a)', {
  doc: 'A view with the dimensions in another order.',
  view: ({ self, dims }) => {
    if (dims.length !== self.ndim) {
      throw new RuntimeError(
        `permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = ${self.ndim} is not equal to len(dims) = ${dims.length}`,
      );
    }
    const order = dims.map((d) => wrapDim(d, self.ndim));
    if (new Set(order).size !== order.length) throw new RuntimeError('permute(): duplicate dims are not allowed.');
    return geometry(self, { shape: order.map((d) => self.layout.shape[d]!), stride: order.map((d) => self.layout.stride[d]!) });
  },
  inverse: (src, { dims }) => {
    const back: number[] = [];
    dims.forEach((d, i) => {
      back[wrapDim(d, dims.length)] = i;
    });
    return src.permute(back);
  },
  batch: (run, { dims }) => run({ dims: [0, ...dims.map((d) => wrapDim(d, dims.length) + 1)] }),
});
op('select.int(Tensor(a) self, int dim, int index) -> Tensor(a)', {
  doc: 'A view of one place of a dimension, which goes away.',
  view: ({ self, dim, index }) => {
    if (self.ndim === 0) throw new IndexError('select() cannot be applied to a 0-dim tensor.');
    const d = wrapDim(dim, self.ndim);
    const { shape, stride, offset } = self.layout;
    const n = shape[d]!;
    if (index < -n || index >= n)
      throw new IndexError(`select(): index ${index} out of range for tensor of size ${showShape(shape)} at dimension ${d}`);
    return geometry(self, {
      shape: without(shape, d),
      stride: without(stride, d),
      offset: offset + (index < 0 ? index + n : index) * stride[d]!,
    });
  },
});
op('slice.Tensor(Tensor(a) self, int dim=0, int? start=None, int? end=None, int step=1) -> Tensor(a)', {
  doc: 'A view of every step-th place of a dimension from start to end.',
  surface: ['method'],
  view: ({ self, dim, start, end, step }) => {
    if (self.ndim === 0) throw new RuntimeError('slice() cannot be applied to a 0-dim tensor.');
    const d = wrapDim(dim, self.ndim);
    if (step <= 0) throw new RuntimeError('slice step must be positive');
    const { shape, stride, offset } = self.layout;
    const n = shape[d]!;
    const clip = (i: number): number => Math.min(Math.max(i < 0 ? i + n : i, 0), n);
    const from = clip(start ?? 0);
    const to = Math.max(clip(end ?? n), from);
    return geometry(self, {
      shape: replaced(shape, d, Math.ceil((to - from) / step)),
      stride: replaced(stride, d, stride[d]! * step),
      offset: offset + from * stride[d]!,
    });
  },
});
op('unsqueeze(Tensor(a) self, int dim) -> Tensor(a)', {
  doc: 'A view with a dimension of size 1 at the given place.',
  view: ({ self, dim }) => {
    const { shape, stride } = self.layout;
    const d = wrapDim(dim, self.ndim + 1);
    const step = d < shape.length ? shape[d]! * stride[d]! : 1;
    return geometry(self, {
      shape: [...shape.slice(0, d), 1, ...shape.slice(d)],
      stride: [...stride.slice(0, d), step, ...stride.slice(d)],
    });
  },
  inverse: (src, { self }) => src.reshape(self.shape),
  roles: { dim: 'insert' },
});
const squeezed = (t: Tensor, drop: (size: number, dim: number) => boolean): Geometry => {
  const keep = t.layout.shape.map((s, i) => !(s === 1 && drop(s, i)));
  return geometry(t, { shape: t.layout.shape.filter((_, i) => keep[i]), stride: t.layout.stride.filter((_, i) => keep[i]) });
};
const unsqueezed = (src: Tensor, { self }: { self: { shape: Shape } }): Tensor => src.reshape(self.shape);
op('squeeze(Tensor(a) self) -> Tensor(a)', {
  doc: 'The tensor without its dimensions of size 1.',
  view: ({ self }) => squeezed(self, () => true),
  inverse: unsqueezed,
  batch: (_, { self }) =>
    F.squeeze$dims(
      self,
      self.layout.shape.flatMap((s, i) => (i > 0 && s === 1 ? [i] : [])),
    ),
});
op('squeeze.dim(Tensor(a) self, int dim) -> Tensor(a)', {
  doc: 'The tensor without one dimension, if its size is 1.',
  view: ({ self, dim }) => {
    const d = wrapDim(dim, self.ndim);
    return squeezed(self, (_, i) => i === d);
  },
  inverse: unsqueezed,
  gradName: 'SqueezeBackward1',
});
op('squeeze.dims(Tensor(a) self, int[] dim) -> Tensor(a)', {
  doc: 'The tensor without those of the given dimensions whose size is 1.',
  view: ({ self, dim }) => {
    const dims = wrapDims(dim, self.ndim, false);
    return squeezed(self, (_, i) => dims.includes(i));
  },
  inverse: unsqueezed,
  gradName: 'SqueezeBackward2',
});
op('t(Tensor(a) self) -> Tensor(a)', {
  doc: 'The transpose of a matrix; a vector or number as it is.',
  view: ({ self }) => {
    if (self.ndim > 2) throw new RuntimeError(`t() expects a tensor with <= 2 dimensions, but self is ${self.ndim}D`);
    return geometry(self, { shape: [...self.layout.shape].reverse(), stride: [...self.layout.stride].reverse() });
  },
  inverse: (src) => src.t(),
  batch: (_, { self }) => (self.ndim === 3 ? F.transpose$int(self, 1, 2) : F.alias(self)),
  gradName: 'TBackward0',
});
op('diagonal(Tensor(a) self, int offset=0, int dim1=0, int dim2=1) -> Tensor(a)', {
  doc: 'The diagonals of the matrices along two dimensions, as the last dimension.',
  view: ({ self, offset, dim1, dim2 }) => {
    const [a, b] = [wrapDim(dim1, self.ndim), wrapDim(dim2, self.ndim)];
    if (a === b) throw new RuntimeError(`diagonal dimensions cannot be identical ${dim1}, ${dim2}`);
    const { shape, stride } = self.layout;
    const length = Math.max(offset >= 0 ? Math.min(shape[a]!, shape[b]! - offset) : Math.min(shape[a]! + offset, shape[b]!), 0);
    const skip = length === 0 ? 0 : offset >= 0 ? offset * stride[b]! : -offset * stride[a]!;
    const others = (s: Shape): number[] => s.filter((_, i) => i !== a && i !== b);
    return geometry(self, {
      shape: [...others(shape), length],
      stride: [...others(stride), stride[a]! + stride[b]!],
      offset: self.layout.offset + skip,
    });
  },
});
op('unfold(Tensor(a) self, int dimension, int size, int step) -> Tensor(a)', {
  doc: 'All slices of `size` elements along a dimension, `step` apart; the slice is the last dimension.',
  surface: ['method'],
  view: ({ self, dimension, size, step }) => {
    const d = wrapDim(dimension, self.ndim);
    const [shape, stride] = self.ndim === 0 ? [[1], [1]] : [self.layout.shape, self.layout.stride];
    if (size < 0) throw new RuntimeError(`size is ${size} but must be >= 0`);
    if (size > shape[d]!) throw new RuntimeError(`maximum size for tensor at dimension ${d} is ${shape[d]} but size is ${size}`);
    if (step <= 0) throw new RuntimeError(`step is ${step} but must be > 0`);
    if (self.ndim === 0) return geometry(self, { shape: [size], stride: [1] });
    return geometry(self, {
      shape: [...replaced(shape, d, Math.floor((shape[d]! - size) / step) + 1), size],
      stride: [...replaced(stride, d, stride[d]! * step), stride[d]!],
    });
  },
  grad: {
    self: uses((g, { self, dimension, size, step }) => {
      const places = F.arange(numel(self.shape), int64, null, self.device).view(self.shape).unfold(dimension, size, step);
      return addedAt(g, places, numel(self.shape)).view(self.shape);
    }),
  },
  roles: { dimension: 'dim', size: 'none' },
});
/** Zeros of `n` elements with g added at the given places, which may repeat. */
const addedAt = (g: Tensor, places: Tensor, n: number): Tensor =>
  F.index_add(F.zeros([n], g.dtype, null, g.device), 0, places.reshape([-1]), g.reshape([-1]));

op('as_strided(Tensor(a) self, int[] size, int[] stride, int? storage_offset=None) -> Tensor(a)', {
  doc: 'A view of the storage with any sizes, strides and offset.',
  view: ({ self, size, stride, storage_offset }) => {
    if (size.length !== stride.length) throw new RuntimeError('mismatch in length of strides and shape');
    if (stride.some((s) => s < 0))
      throw new RuntimeError(`as_strided: Negative strides are not supported at the moment, got strides: ${showShape(stride)}`);
    for (const s of size)
      if (s < 0)
        throw new RuntimeError(`Storage size calculation overflowed with sizes=${showShape(size)} and strides=${showShape(stride)}`);
    const offset = storage_offset ?? self.layout.offset;
    const shown = geometry(self, { shape: size, stride, offset });
    const { dtype, device } = self.layout;
    const bytes = numel(size) === 0 ? 0 : new Layout(size, stride, offset, dtype, device).extent * dtype.itemsize;
    const { nbytes } = self.storage!;
    if (bytes > nbytes) {
      throw new RuntimeError(
        `setStorage: sizes ${showShape(size)}, strides ${showShape(stride)}, storage offset ${offset}, and itemsize ${dtype.itemsize} requiring a storage size of ${bytes} are out of bounds for storage of size ${nbytes}`,
      );
    }
    return shown;
  },
  /** The gradient lives on a storage like the input's: added where the output read, then read as the input lies. */
  grad: {
    self: uses((g, { self, size, stride, storage_offset }) => {
      const input = self as Layout;
      const out = new Layout(size, stride, storage_offset ?? input.offset, g.dtype, g.device);
      const start = Math.min(input.offset, out.offset);
      const n = Math.max(input.extent, out.extent) - start;
      const places = F.arange(n, int64, null, g.device);
      let storage = addedAt(g, places.as_strided(size, stride, out.offset - start), n);
      const back = places.as_strided(input.shape, input.stride, input.offset - start);
      if (input.shape.some((s, i) => s > 1 && input.stride[i] === 0)) {
        const ones = F.ones(input.shape, g.dtype, null, g.device);
        storage = F.div$Tensor(storage, F.clamp(addedAt(ones, back, n), 1));
      }
      return F.take(storage, back);
    }),
  },
  scatter: {
    produce: ({ self, src, size, stride, storage_offset }) => {
      const out = storageCopy(self);
      const part = aliasOf(out, out.layout.with({ shape: size, stride, offset: storage_offset ?? self.layout.offset }));
      if (!sameShape(src.layout.shape, size)) {
        throw new RuntimeError(
          `expected src to have a size equal to the slice of self. src size = ${showShape(src.layout.shape)}, slice size = ${showShape(size)}`,
        );
      }
      if (part.layout.extent * src.dtype.itemsize > out.storage!.nbytes) F.as_strided(self, size, stride, storage_offset);
      copyInto(part, src);
      return out;
    },
    // PyTorch's definition, which gives self what arrives at the written part.
    grad: (g, { size, stride, storage_offset }) =>
      F.as_strided_scatter(F.zeros_like(g), F.as_strided(g.contiguous(), size, stride, storage_offset), size, stride, storage_offset),
  },
  batch: (run, { self, size, stride, storage_offset }, _, n) =>
    run({ size: [n, ...size], stride: [self.layout.stride[0]!, ...stride], storage_offset }),
});
/** The tensor on a copy of its whole storage; dense where its elements overlap. */
function storageCopy(t: Tensor): Tensor {
  const { layout } = t;
  if (layout.shape.some((s, i) => s > 1 && layout.stride[i] === 0)) return F.clone(t, contiguous_format as never);
  const n = Math.floor(t.storage!.nbytes / layout.dtype.itemsize);
  const flat = emptyLike(new Layout([n], [1], 0, layout.dtype, layout.device));
  copyInto(flat, aliasOf(t, new Layout([n], [1], 0, layout.dtype, layout.device)));
  return aliasOf(flat, layout);
}

op('view(Tensor(a) self, int[] size) -> Tensor(a)', {
  surface: ['method'],
  view: ({ self, size }) => {
    const { shape, stride, numel } = self.layout;
    const to = inferSize(size, numel);
    const strides = viewStrides(shape, stride, to);
    if (!strides)
      throw new RuntimeError(
        "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.",
      );
    return geometry(self, { shape: to, stride: strides });
  },
  inverse: (src, { self }) => src.reshape(self.shape),
  batch: (run, { self, size }, _, n) => run({ size: [n, ...inferSize(size, self.layout.numel / Math.max(n, 1))] }),
});
op('view.dtype(Tensor(a) self, ScalarType dtype) -> Tensor(a)', {
  surface: ['method'],
  doc: 'The same memory read as another dtype; the last dimension grows or shrinks with the size of an element.',
  view: ({ self, dtype }) => {
    const { shape, stride, offset } = self.layout;
    const [from, to] = [self.dtype.itemsize, dtype.itemsize];
    if (from === to) return geometry(self, { dtype });
    const last = shape.length - 1;
    if (last < 0)
      throw new RuntimeError(`self.dim() cannot be 0 to view ${self.dtype.scalarName} as ${dtype.scalarName} (different element sizes)`);
    if (stride[last] !== 1) {
      throw new RuntimeError(
        `self.stride(-1) must be 1 to view ${self.dtype.scalarName} as ${dtype.scalarName} (different element sizes), but got ${stride[last]}`,
      );
    }
    if (from > to) {
      const k = from / to;
      return geometry(self, {
        dtype,
        shape: replaced(shape, last, shape[last]! * k),
        stride: stride.map((s, i) => (i === last ? 1 : s * k)),
        offset: offset * k,
      });
    }
    const k = to / from;
    const divisible = (what: string, n: number): void => {
      if (n % k !== 0)
        throw new RuntimeError(
          `${what} must be divisible by ${k} to view ${self.dtype.scalarName} as ${dtype.scalarName} (different element sizes), but got ${n}`,
        );
    };
    divisible('self.size(-1)', shape[last]!);
    divisible('self.storage_offset()', offset);
    stride.forEach((s, i) => {
      if (i !== last) divisible(`self.stride(${i})`, s);
    });
    return geometry(self, {
      dtype,
      shape: replaced(shape, last, shape[last]! / k),
      stride: stride.map((s, i) => (i === last ? 1 : s / k)),
      offset: offset / k,
    });
  },
  grad: 'none',
  batch: (run) => run({}),
});
op('expand(Tensor(a) self, int[] size, *, bool implicit=False) -> Tensor(a)', {
  doc: 'A view with dimensions of size 1 enlarged; −1 keeps a size.',
  surface: ['method'],
  view: ({ self, size }) => {
    const { shape, stride } = self.layout;
    const skip = size.length - shape.length;
    if (skip < 0) {
      throw new RuntimeError(
        `expand(${self.type()}{${showShape(shape)}}, size=${showShape(size)}): the number of sizes provided (${size.length}) must be greater or equal to the number of dimensions in the tensor (${shape.length})`,
      );
    }
    const to = size.map((s, i) => {
      if (s === -1) {
        if (i < skip)
          throw new RuntimeError(`The expanded size of the tensor (${s}) isn't allowed in a leading, non-existing dimension ${i}`);
        return shape[i - skip]!;
      }
      if (i >= skip && shape[i - skip] !== s && shape[i - skip] !== 1) {
        throw new RuntimeError(
          `The expanded size of the tensor (${s}) must match the existing size (${shape[i - skip]}) at non-singleton dimension ${i}.  Target sizes: ${showShape(size)}.  Tensor sizes: ${showShape(shape)}`,
        );
      }
      return s;
    });
    const strides = to.map((s, i) => (i < skip || (shape[i - skip] === 1 && s !== 1) ? 0 : stride[i - skip]!));
    return geometry(self, { shape: to, stride: strides });
  },
  inverse: (src, { self }) => like(src, { shape: self.shape, dtype: src.dtype, device: src.device }),
  batch: (run, { self, size }, _, n) =>
    run({
      self: self.view([n, ...new Array<number>(size.length - self.ndim + 1).fill(1), ...self.layout.shape.slice(1)]),
      size: [n, ...size],
    }),
});
/** An operator, not a change of fields: every tape and every tangent below must let go. */
op('detach(Tensor(a) self) -> Tensor(a)', {
  doc: 'A view that is not part of the graph.',
  view: ({ self }) => self.layout,
  grad: 'none',
  batch: (run) => run({}),
});
op('alias(Tensor(a) self) -> Tensor(a)', {
  doc: 'A view of the whole tensor.',
  view: ({ self }) => self.layout,
  inverse: (src) => src,
  batch: (run) => run({}),
});
op('_conj(Tensor(a) self) -> Tensor(a)', {
  doc: 'A view whose elements count as conjugated.',
  view: ({ self }) => geometry(self, { conj: !self.layout.conj }),
  inverse: (src) => src.conj(),
  batch: (run) => run({}),
});
op('_neg_view(Tensor(a) self) -> Tensor(a)', {
  doc: 'A view whose elements count as negated.',
  view: ({ self }) => geometry(self, { neg: !self.layout.neg }),
  inverse: (src) => src.neg(),
  batch: (run) => run({}),
});
op('conj(Tensor(a) self) -> Tensor(a)', {
  doc: 'The complex conjugate: a view, or a real tensor itself.',
  decompose: ({ self }) => (self.dtype.category === Category.Complex ? self._conj() : self),
  inplace: false,
});

// ---- copies -------------------------------------------------------------------------------------------------------
op('clone(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor', {
  doc: 'A copy; the graph goes through it.',
  meta: ({ self, memory_format }) => ({
    shape: self.layout.shape,
    dtype: self.dtype,
    stride: stridesLike(self.layout, memory_format as unknown as MemoryFormat | null),
  }),
  kernel: ({ self }, out) => copyInto(out!, self),
  grad: { self: uses((g) => g) },
  linear: true,
  batch: 'leading',
  inplace: false,
});
op('contiguous(Tensor(a) self, *, MemoryFormat memory_format=None) -> Tensor(a)', {
  doc: 'The tensor itself where it lies row-major in memory (or as the format says), else a copy that does.',
  surface: ['method'],
  decompose: ({ self, memory_format }) => {
    const format = (memory_format as unknown as MemoryFormat | null) ?? contiguous_format;
    if (format === preserve_format) throw new RuntimeError('preserve memory format is unsupported by the contiguous operator');
    const same = format === contiguous_format ? self.layout.contiguous : sameShape(self.layout.stride, stridesLike(self.layout, format));
    return same ? self : self.clone({ memory_format: format });
  },
  inplace: false,
});
op('reshape(Tensor(a) self, int[] shape) -> Tensor(a)', {
  doc: 'The same elements in another shape: a view where the strides allow it, else a copy.',
  decompose: ({ self, shape }) => {
    const to = inferSize(shape, self.layout.numel);
    if (sameShape(to, self.layout.shape)) return self.alias();
    return (viewStrides(self.layout.shape, self.layout.stride, to) ? self : self.clone({ memory_format: contiguous_format })).view(to);
  },
  roles: { shape: 'size' },
  inplace: false,
});
