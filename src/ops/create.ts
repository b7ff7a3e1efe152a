// Factories.
import { backend } from '../backend/interface.ts';
import { Category, type DType, float64, get_default_dtype, int64 } from '../core/dtype.ts';
import type { Device } from '../core/device.ts';
import { RuntimeError } from '../core/errors.ts';
import { channels_last, channels_last_3d, contiguous_format, type MemoryFormat } from '../core/formats.ts';
import { Layout } from '../core/layout.ts';
import { type Scalar, scalarCategory, scalarDtype, toNumber } from '../core/scalar.ts';
import { contiguousStrides, type Shape } from '../core/size.ts';
import { emptyLike, type Tensor } from '../core/tensor.ts';
import { iterationStrides } from '../dispatch/execute.ts';
import { op } from '../dispatch/operator.ts';
import { fill } from '../backend/reference/fill.ts';

/** What every factory takes. */
const OPTIONS = '*, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=False, bool requires_grad=False';
const LIKE = `${OPTIONS}, MemoryFormat? memory_format=None`;

interface Options {
  readonly dtype: DType | null;
  readonly device: Device | null;
}
function checkSize(size: Shape): Shape {
  for (const s of size) if (s < 0) throw new RuntimeError(`Trying to create tensor with negative dimension ${s}: [${size.join(', ')}]`);
  return size;
}
export const spec = (size: Shape, { dtype }: Pick<Options, 'dtype'>): { shape: Shape; dtype: DType } => ({ shape: checkSize(size), dtype: dtype ?? get_default_dtype() });

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

op(`empty(int[] size, ${LIKE}) -> Tensor`, { meta: (a) => spec(a.size, a), kernel: () => {}, grad: 'none' });
op(`zeros(int[] size, ${OPTIONS}) -> Tensor`, { meta: (a) => spec(a.size, a), kernel: (_, out) => fill(out!, 0), grad: 'none' });
op(`ones(int[] size, ${OPTIONS}) -> Tensor`, { meta: (a) => spec(a.size, a), kernel: (_, out) => fill(out!, 1), grad: 'none' });
op(`full(int[] size, Scalar fill_value, ${OPTIONS}) -> Tensor`, {
  meta: (a) => ({ shape: checkSize(a.size), dtype: a.dtype ?? fullDtype(a.fill_value) }),
  kernel: ({ fill_value }, out) => fill(out!, fill_value),
  grad: 'none',
});
const fullDtype = (s: Scalar): DType => (scalarCategory(s) <= Category.Integral ? scalarDtype(s) : scalarCategory(s) === Category.Complex ? scalarDtype(s) : get_default_dtype());
op(`empty_like(Tensor self, ${LIKE}) -> Tensor`, { meta: likeSpec, kernel: () => {}, grad: 'none', inplace: false, batch: 'leading' });
op(`zeros_like(Tensor self, ${LIKE}) -> Tensor`, { meta: likeSpec, kernel: (_, out) => fill(out!, 0), grad: 'none', inplace: false, batch: 'leading' });
op(`ones_like(Tensor self, ${LIKE}) -> Tensor`, { meta: likeSpec, kernel: (_, out) => fill(out!, 1), grad: 'none', inplace: false, batch: 'leading' });
op(`full_like(Tensor self, Scalar fill_value, ${LIKE}) -> Tensor`, { meta: likeSpec, kernel: ({ fill_value }, out) => fill(out!, fill_value), grad: 'none', inplace: false, batch: 'leading' });

// ---- ranges -------------------------------------------------------------------------------------------------------
function rangeDtype(dtype: DType | null, ...bounds: readonly Scalar[]): DType {
  return dtype ?? (bounds.every((b) => scalarCategory(b) <= Category.Integral) ? int64 : get_default_dtype());
}
function rangeLength(start: Scalar, end: Scalar, step: Scalar): number {
  const [a, b, s] = [toNumber(start), toNumber(end), toNumber(step)];
  if (s === 0) throw new RuntimeError('step must be nonzero');
  if (!Number.isFinite(a) || !Number.isFinite(b)) throw new RuntimeError(`unsupported range: ${a} -> ${b}`);
  if ((s > 0 && a > b) || (s < 0 && a < b)) throw new RuntimeError('upper bound and lower bound inconsistent with step sign');
  return Math.ceil((b - a) / s);
}
/** start + i·step, in the dtype's accumulation type. */
function arangeInto(out: Tensor, start: Scalar, step: Scalar): void {
  const data = out.storage!.view(out.dtype);
  const n = out.layout.numel;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const [a, s] = [toWhole(start), toWhole(step)];
    for (let i = 0; i < n; i++) data[i] = a + BigInt(i) * s;
    return;
  }
  const wide = emptyLike(Layout.dense([n], float64, out.device));
  const w = wide.storage!.view(float64) as Float64Array;
  const [a, s] = [toNumber(start), toNumber(step)];
  for (let i = 0; i < n; i++) w[i] = a + i * s;
  backend.current.copy(out, wide);
}
const toWhole = (s: Scalar): bigint => (typeof s === 'bigint' ? s : BigInt(Math.trunc(toNumber(s))));
op(`arange.start_step(Scalar start, Scalar end, Scalar step=1, ${OPTIONS}) -> Tensor`, {
  meta: ({ start, end, step, dtype }) => ({ shape: [rangeLength(start, end, step)], dtype: rangeDtype(dtype, start, end, step) }),
  kernel: ({ start, step }, out) => arangeInto(out!, start, step),
  grad: 'none',
});
op(`arange(Scalar end, ${OPTIONS}) -> Tensor`, {
  meta: ({ end, dtype }) => ({ shape: [rangeLength(0, end, 1)], dtype: rangeDtype(dtype, end) }),
  kernel: (_, out) => arangeInto(out!, 0, 1),
  grad: 'none',
});
