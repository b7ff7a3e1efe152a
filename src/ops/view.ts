// Views declare their geometry only; scatter partner, gradient, batching and forward mode follow.
import { Category } from '../core/dtype.ts';
import { IndexError, RuntimeError } from '../core/errors.ts';
import type { MemoryFormat } from '../core/formats.ts';
import { contiguous_format, preserve_format } from '../core/formats.ts';
import { inferSize, showShape, viewStrides, wrapDim } from '../core/shape.ts';
import { sameShape, type Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { copyInto } from '../dispatch/execute.ts';
import { type Geometry, op, uses } from '../dispatch/operator.ts';
import { like } from '../autograd/rules.ts';
import { stridesLike } from './create.ts';

const without = (s: Shape, d: number): number[] => s.filter((_, i) => i !== d);
const replaced = (s: Shape, d: number, v: number): number[] => s.map((x, i) => (i === d ? v : x));
const exchanged = (s: Shape, a: number, b: number): number[] => s.map((x, i) => (i === a ? s[b]! : i === b ? s[a]! : x));
const geometry = (t: Tensor, changes: Partial<Geometry>): Geometry => ({ shape: t.layout.shape, stride: t.layout.stride, offset: t.layout.offset, ...changes });

op('transpose.int(Tensor(a) self, int dim0, int dim1) -> Tensor(a)', {
  view: ({ self, dim0, dim1 }) => {
    const [a, b] = [wrapDim(dim0, self.ndim), wrapDim(dim1, self.ndim)];
    if (self.ndim === 0) return geometry(self, {});
    return geometry(self, { shape: exchanged(self.layout.shape, a, b), stride: exchanged(self.layout.stride, a, b) });
  },
  inverse: (src, { dim0, dim1 }) => src.transpose(dim0, dim1),
});
op('permute(Tensor(a) self, int[] dims) -> Tensor(a)', {
  view: ({ self, dims }) => {
    if (dims.length !== self.ndim) {
      throw new RuntimeError(`permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = ${self.ndim} is not equal to len(dims) = ${dims.length}`);
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
  view: ({ self, dim, index }) => {
    if (self.ndim === 0) throw new IndexError('select() cannot be applied to a 0-dim tensor.');
    const d = wrapDim(dim, self.ndim);
    const { shape, stride, offset } = self.layout;
    const n = shape[d]!;
    if (index < -n || index >= n) throw new IndexError(`select(): index ${index} out of range for tensor of size ${showShape(shape)} at dimension ${d}`);
    return geometry(self, { shape: without(shape, d), stride: without(stride, d), offset: offset + (index < 0 ? index + n : index) * stride[d]! });
  },
});
op('slice.Tensor(Tensor(a) self, int dim=0, int? start=None, int? end=None, int step=1) -> Tensor(a)', {
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
    return geometry(self, { shape: replaced(shape, d, Math.ceil((to - from) / step)), stride: replaced(stride, d, stride[d]! * step), offset: offset + from * stride[d]! });
  },
});
op('unsqueeze(Tensor(a) self, int dim) -> Tensor(a)', {
  view: ({ self, dim }) => {
    const { shape, stride } = self.layout;
    const d = wrapDim(dim, self.ndim + 1);
    const step = d < shape.length ? shape[d]! * stride[d]! : 1;
    return geometry(self, { shape: [...shape.slice(0, d), 1, ...shape.slice(d)], stride: [...stride.slice(0, d), step, ...stride.slice(d)] });
  },
  inverse: (src, { self }) => src.reshape(self.layout.shape),
  roles: { dim: 'insert' },
});
op('view(Tensor(a) self, int[] size) -> Tensor(a)', {
  view: ({ self, size }) => {
    const { shape, stride, numel } = self.layout;
    const to = inferSize(size, numel);
    const strides = viewStrides(shape, stride, to);
    if (!strides) throw new RuntimeError("view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.");
    return geometry(self, { shape: to, stride: strides });
  },
  inverse: (src, { self }) => src.reshape(self.layout.shape),
  batch: (run, { self, size }, _, n) => run({ size: [n, ...inferSize(size, self.layout.numel / Math.max(n, 1))] }),
});
op('expand(Tensor(a) self, int[] size, *, bool implicit=False) -> Tensor(a)', {
  view: ({ self, size }) => {
    const { shape, stride } = self.layout;
    const skip = size.length - shape.length;
    if (skip < 0) {
      throw new RuntimeError(`expand(${self.type()}{${showShape(shape)}}, size=${showShape(size)}): the number of sizes provided (${size.length}) must be greater or equal to the number of dimensions in the tensor (${shape.length})`);
    }
    const to = size.map((s, i) => {
      if (s === -1) {
        if (i < skip) throw new RuntimeError(`The expanded size of the tensor (${s}) isn't allowed in a leading, non-existing dimension ${i}`);
        return shape[i - skip]!;
      }
      if (i >= skip && shape[i - skip] !== s && shape[i - skip] !== 1) {
        throw new RuntimeError(`The expanded size of the tensor (${s}) must match the existing size (${shape[i - skip]}) at non-singleton dimension ${i}.  Target sizes: ${showShape(size)}.  Tensor sizes: ${showShape(shape)}`);
      }
      return s;
    });
    const strides = to.map((s, i) => (i < skip || (shape[i - skip] === 1 && s !== 1) ? 0 : stride[i - skip]!));
    return geometry(self, { shape: to, stride: strides });
  },
  inverse: (src, { self }) => like(src, { shape: self.layout.shape, dtype: src.dtype, device: src.device }),
  batch: (run, { self, size }, _, n) => run({ self: self.view([n, ...new Array<number>(size.length - self.ndim + 1).fill(1), ...self.layout.shape.slice(1)]), size: [n, ...size] }),
});
/** An operator, not a change of fields: every tape and every tangent below must let go. */
op('detach(Tensor(a) self) -> Tensor(a)', { view: ({ self }) => self.layout, grad: 'none', batch: (run) => run({}) });
op('alias(Tensor(a) self) -> Tensor(a)', { view: ({ self }) => self.layout, inverse: (src) => src, batch: (run) => run({}) });
op('_conj(Tensor(a) self) -> Tensor(a)', { view: ({ self }) => geometry(self, { conj: !self.layout.conj }), inverse: (src) => src.conj(), batch: (run) => run({}) });
op('_neg_view(Tensor(a) self) -> Tensor(a)', { view: ({ self }) => geometry(self, { neg: !self.layout.neg }), inverse: (src) => src.neg(), batch: (run) => run({}) });
op('conj(Tensor(a) self) -> Tensor(a)', { decompose: ({ self }) => (self.dtype.category === Category.Complex ? self._conj() : self), inplace: false });

// ---- copies -------------------------------------------------------------------------------------------------------
op('clone(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor', {
  meta: ({ self, memory_format }) => ({ shape: self.layout.shape, dtype: self.dtype, stride: stridesLike(self.layout, memory_format as unknown as MemoryFormat | null) }),
  kernel: ({ self }, out) => copyInto(out!, self),
  grad: { self: uses((g) => g) },
  linear: true,
  batch: 'leading',
  inplace: false,
});
op('contiguous(Tensor(a) self, *, MemoryFormat memory_format=None) -> Tensor(a)', {
  decompose: ({ self, memory_format }) => {
    const format = (memory_format as unknown as MemoryFormat | null) ?? contiguous_format;
    if (format === preserve_format) throw new RuntimeError('preserve memory format is unsupported by the contiguous operator');
    const same = format === contiguous_format ? self.layout.contiguous : sameShape(self.layout.stride, stridesLike(self.layout, format));
    return same ? self : self.clone({ memory_format: format });
  },
  inplace: false,
});
op('reshape(Tensor(a) self, int[] shape) -> Tensor(a)', {
  decompose: ({ self, shape }) => {
    const to = inferSize(shape, self.layout.numel);
    if (sameShape(to, self.layout.shape)) return self.alias();
    return (viewStrides(self.layout.shape, self.layout.stride, to) ? self : self.clone({ memory_format: contiguous_format })).view(to);
  },
  roles: { shape: 'size' },
  inplace: false,
});
