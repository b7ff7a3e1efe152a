// Factories.
import { Category, type DType, get_default_dtype, int64 } from '../core/dtype.ts';
import { cpu, type Device } from '../core/device.ts';
import { RuntimeError } from '../core/errors.ts';
import { channels_last, channels_last_3d, contiguous_format, type MemoryFormat } from '../core/formats.ts';
import { Layout } from '../core/layout.ts';
import { type Scalar, scalarDtype } from '../core/scalar.ts';
import { showShape } from '../core/shape.ts';
import { contiguousStrides, type Shape } from '../core/size.ts';
import { aliasOf, type Tensor } from '../core/tensor.ts';
import { iterationStrides } from '../dispatch/execute.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';
import { fill } from '../backend/reference/fill.ts';
import { checkConvertible } from './compare.ts';

/** What every factory takes. */
export const OPTIONS =
  '*, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=False, bool requires_grad=False';
const LIKE = `${OPTIONS}, MemoryFormat? memory_format=None`;

interface Options {
  readonly dtype: DType | null;
  readonly device: Device | null;
}
function checkSize(size: Shape): Shape {
  for (const s of size) if (s < 0) throw new RuntimeError(`Trying to create tensor with negative dimension ${s}: [${size.join(', ')}]`);
  return size;
}
export const spec = (size: Shape, { dtype }: Pick<Options, 'dtype'>): { shape: Shape; dtype: DType } => ({
  shape: checkSize(size),
  dtype: dtype ?? get_default_dtype(),
});

/** Strides of a new tensor like `self`: dense ones are kept, others keep the order of dimensions. */
export function stridesLike(self: Layout, format: MemoryFormat | null): Shape {
  const { shape } = self;
  if (format === contiguous_format) return contiguousStrides(shape);
  if (format === channels_last || format === channels_last_3d) {
    const n = format === channels_last ? 4 : 5;
    if (shape.length !== n) throw new RuntimeError(`required rank ${n} tensor to use ${format.name} format`);
    const order = [0, ...shape.map((_, i) => i).slice(2), 1];
    const stride = new Array<number>(n);
    let k = 1;
    for (const d of order.reverse()) {
      stride[d] = k;
      k *= Math.max(shape[d]!, 1);
    }
    return stride;
  }
  return self.nonOverlappingAndDense ? self.stride : iterationStrides(shape, [self.stride as number[]]);
}
type LikeArgs = Options & { readonly self: Tensor; readonly memory_format: string | null };
export const likeSpec = ({ self, dtype, memory_format }: LikeArgs): { shape: Shape; dtype: DType; stride: Shape } => ({
  shape: self.layout.shape,
  dtype: dtype ?? self.dtype,
  stride: stridesLike(self.layout, memory_format as unknown as MemoryFormat | null),
});

op(`empty(int[] size, ${LIKE}) -> Tensor`, {
  doc: 'A tensor whose elements are undefined.',
  meta: (a) => {
    const made = spec(a.size, a);
    const format = a.memory_format as unknown as MemoryFormat | null;
    return format ? { ...made, stride: stridesLike(Layout.dense(made.shape, made.dtype, cpu), format) } : made;
  },
  kernel: () => {},
  grad: 'none',
});
op(`zeros(int[] size, ${OPTIONS}) -> Tensor`, {
  doc: 'Zeros.',
  meta: (a) => spec(a.size, a),
  kernel: (_, out) => fill(out!, 0),
  grad: 'none',
});
op(`ones(int[] size, ${OPTIONS}) -> Tensor`, {
  doc: 'Ones.',
  meta: (a) => spec(a.size, a),
  kernel: (_, out) => fill(out!, 1),
  grad: 'none',
});
op(`full(int[] size, Scalar fill_value, ${OPTIONS}) -> Tensor`, {
  doc: 'A tensor that holds one value everywhere.',
  meta: (a) => {
    const dtype = a.dtype ?? fullDtype(a.fill_value);
    checkConvertible(a.fill_value, dtype);
    return { shape: checkSize(a.size), dtype };
  },
  kernel: ({ fill_value }, out) => fill(out!, fill_value),
  grad: 'none',
});
/** Numbers make the default dtype, whole ones too; bigints int64, booleans bool. */
const fullDtype = (s: Scalar): DType => (typeof s === 'number' ? get_default_dtype() : scalarDtype(s));
op(`empty_like(Tensor self, ${LIKE}) -> Tensor`, {
  doc: 'Uninitialised memory of the shape of another tensor.',
  meta: likeSpec,
  kernel: () => {},
  grad: 'none',
  inplace: false,
  batch: 'leading',
});
op(`zeros_like(Tensor self, ${LIKE}) -> Tensor`, {
  doc: 'Zeros of the shape of another tensor.',
  meta: likeSpec,
  kernel: (_, out) => fill(out!, 0),
  grad: 'none',
  inplace: false,
  batch: 'leading',
});
op(`ones_like(Tensor self, ${LIKE}) -> Tensor`, {
  doc: 'Ones of the shape of another tensor.',
  meta: likeSpec,
  kernel: (_, out) => fill(out!, 1),
  grad: 'none',
  inplace: false,
  batch: 'leading',
});
op(`full_like(Tensor self, Scalar fill_value, ${LIKE}) -> Tensor`, {
  doc: 'One value everywhere, of the shape of another tensor.',
  meta: (a) => {
    checkConvertible(a.fill_value, a.dtype ?? a.self.dtype);
    return likeSpec(a);
  },
  kernel: ({ fill_value }, out) => fill(out!, fill_value),
  grad: 'none',
  inplace: false,
  batch: 'leading',
});

// ---- with the dtype and device of another tensor ------------------------------------------------------------------
op(`new_empty(Tensor self, int[] size, ${OPTIONS}) -> Tensor`, {
  doc: 'Uninitialised memory of the dtype and device of self.',
  surface: ['method'],
  meta: (a) => ({ shape: checkSize(a.size), dtype: a.dtype ?? a.self.dtype }),
  kernel: () => {},
  grad: 'none',
  inplace: false,
});
op(`new_zeros(Tensor self, int[] size, ${OPTIONS}) -> Tensor`, {
  doc: 'Zeros of the dtype and device of self.',
  surface: ['method'],
  meta: (a) => ({ shape: checkSize(a.size), dtype: a.dtype ?? a.self.dtype }),
  kernel: (_, out) => fill(out!, 0),
  grad: 'none',
  inplace: false,
});
op(`new_ones(Tensor self, int[] size, ${OPTIONS}) -> Tensor`, {
  doc: 'Ones of the dtype and device of self.',
  surface: ['method'],
  meta: (a) => ({ shape: checkSize(a.size), dtype: a.dtype ?? a.self.dtype }),
  kernel: (_, out) => fill(out!, 1),
  grad: 'none',
  inplace: false,
});
op(`new_full(Tensor self, int[] size, Scalar fill_value, ${OPTIONS}) -> Tensor`, {
  doc: 'One value everywhere, of the dtype and device of self.',
  surface: ['method'],
  meta: (a) => {
    const dtype = a.dtype ?? a.self.dtype;
    checkConvertible(a.fill_value, dtype);
    return { shape: checkSize(a.size), dtype };
  },
  kernel: ({ fill_value }, out) => fill(out!, fill_value),
  grad: 'none',
  inplace: false,
});

// ---- with given strides -------------------------------------------------------------------------------------------
function stridedSpec(size: Shape, stride: Shape, dtype: DType): { shape: Shape; dtype: DType; stride: Shape } {
  if (size.length !== stride.length)
    throw new RuntimeError(`dimensionality of sizes (${size.length}) must match dimensionality of strides (${stride.length})`);
  checkSize(size);
  if (stride.some((s) => s < 0))
    throw new RuntimeError(`Storage size calculation overflowed with sizes=${showShape(size)} and strides=${showShape(stride)}`);
  return { shape: size, dtype, stride };
}
op(`empty_strided(int[] size, int[] stride, ${OPTIONS}) -> Tensor`, {
  doc: 'An undefined tensor with the given strides.',
  meta: ({ size, stride, dtype }) => stridedSpec(size, stride, dtype ?? get_default_dtype()),
  kernel: () => {},
  grad: 'none',
});
op(`new_empty_strided(Tensor self, int[] size, int[] stride, ${OPTIONS}) -> Tensor`, {
  doc: 'Uninitialised memory with given strides, of the dtype and device of self.',
  surface: ['method'],
  meta: ({ self, size, stride, dtype }) => stridedSpec(size, stride, dtype ?? self.dtype),
  kernel: () => {},
  grad: 'none',
  inplace: false,
});
op(`empty_permuted(int[] size, int[] physical_layout, ${OPTIONS}) -> Tensor`, {
  doc: 'An undefined dense tensor whose dimensions lie in memory in the given order, outermost first.',
  meta: ({ size, physical_layout: order, dtype }) => {
    if (size.length !== order.length) {
      throw new RuntimeError(
        `Number of dimensions in size does not match the length of the physical_layout; i.e. len(size) = ${size.length} is not equal to len(physical_layout) = ${order.length}`,
      );
    }
    const seen = new Set<number>();
    order.forEach((d, i) => {
      if (d < 0 || d >= size.length) {
        throw new RuntimeError(
          `Dimension out of range (expected to be between 0 and ${size.length - 1}, but got ${d} at index ${i}).  NB: negative dims not currently supported; file an issue if you want it.`,
        );
      }
      if (seen.has(d)) throw new RuntimeError('Duplicate dim not allowed');
      seen.add(d);
    });
    const dense = contiguousStrides(order.map((d) => checkSize(size)[d]!));
    const stride = new Array<number>(size.length);
    order.forEach((d, i) => {
      stride[d] = dense[i]!;
    });
    return { shape: size, dtype: dtype ?? get_default_dtype(), stride };
  },
  kernel: () => {},
  grad: 'none',
});

// ---- matrices and numbers -----------------------------------------------------------------------------------------
function eyeSpec(n: number, m: number, dtype: DType | null): { shape: Shape; dtype: DType } {
  if (n < 0) throw new RuntimeError(`n must be greater or equal to 0, got ${n}`);
  if (m < 0) throw new RuntimeError(`m must be greater or equal to 0, got ${m}`);
  return { shape: [n, m], dtype: dtype ?? get_default_dtype() };
}
function eyeInto(out: Tensor): void {
  fill(out, 0);
  const [n, m] = out.layout.shape as readonly [number, number];
  const { offset, stride } = out.layout;
  fill(aliasOf(out, out.layout.with({ shape: [Math.min(n, m)], stride: [stride[0]! + stride[1]!], offset })), 1);
}
op(`eye(int n, ${OPTIONS}) -> Tensor`, {
  doc: 'The identity matrix.',
  meta: ({ n, dtype }) => eyeSpec(n, n, dtype),
  kernel: (_, out) => eyeInto(out!),
  grad: 'none',
});
op(`eye.m(int n, int m, ${OPTIONS}) -> Tensor`, {
  meta: ({ n, m, dtype }) => eyeSpec(n, m, dtype),
  kernel: (_, out) => eyeInto(out!),
  grad: 'none',
});
op(`scalar_tensor(Scalar s, ${OPTIONS}) -> Tensor`, {
  doc: 'A 0-d tensor.',
  meta: ({ s, dtype }) => {
    const d = dtype ?? get_default_dtype();
    checkConvertible(s, d);
    return { shape: [], dtype: d };
  },
  kernel: ({ s }, out) => fill(out!, s),
  grad: 'none',
});
op('vander(Tensor x, int? N=None, bool increasing=False) -> Tensor', {
  doc: 'The powers of a vector’s elements, a row each.',
  decompose: ({ x, N, increasing }) => {
    if (x.ndim !== 1) throw new RuntimeError('x must be a one-dimensional tensor.');
    const n = N ?? x.layout.numel;
    if (n < 0) throw new RuntimeError('N must be non-negative.');
    const values = x.dtype.category === Category.Bool ? F._to_copy(x, int64) : x;
    const ones = F.ones([x.layout.numel, Math.min(n, 1)], values.dtype, null, x.device);
    if (n <= 1) return ones;
    const powers = F.cat([ones, F.cumprod(values.unsqueeze(1).expand([x.layout.numel, n - 1]), 1)], 1);
    return increasing ? powers : powers.flip([1]);
  },
});
