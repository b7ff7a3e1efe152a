// Reductions, scans, sorting.
import { Category, type DType, float32, float64, int64 } from '../../../core/dtype.ts';
import { Layout } from '../../../core/layout.ts';
import { type Scalar, toNumber } from '../../../core/scalar.ts';
import { wrapDim, wrapDims } from '../../../core/shape.ts';
import { aliasOf, emptyTensor, type Tensor } from '../../../core/tensor.ts';
import { backend } from '../../interface.ts';
import { dense } from '../../reference/arrays.ts';
import { accelerate, accelerateWith, split } from '../accelerate.ts';
import * as d from '../descriptor.ts';

const KINDS = {
  sum: 0,
  prod: 1,
  max: 2,
  min: 3,
  any: 4,
  all: 5,
  argmax: 6,
  argmin: 7,
  mean: 8,
  sum_of_squares: 9,
  var: 10,
  std: 11,
  nansum: 12,
  norm: 13,
} as const;
/** An output seen with the input's dimensions: stride 0 marks a reduced one. */
function output(out: Tensor, self: Tensor, dims: readonly number[]): void {
  const shape = self.layout.shape;
  const kept = out.layout.shape.length === shape.length;
  const stride = new Array<number>(shape.length).fill(0);
  let k = 0;
  for (let i = 0; i < shape.length; i++) {
    const reduced = dims.includes(i);
    if (!reduced) stride[i] = out.layout.stride[kept ? i : k]!;
    if (kept || !reduced) k++;
  }
  d.result(out, shape, stride);
}
function reduction(
  kind: keyof typeof KINDS,
  self: Tensor,
  dims: readonly number[],
  out: Tensor,
  second: Tensor | null = null,
  correction = 0,
): boolean {
  if (self.layout.numel === 0 || self.ndim === 0) return false;
  d.number(KINDS[kind]);
  d.number(correction);
  d.tensor(self);
  output(out, self, dims);
  if (second) output(second, self, dims);
  else d.tensor(null);
  return true;
}
interface Dims {
  readonly self: Tensor;
  readonly dim?: readonly number[] | number | null;
  readonly dtype?: DType | null;
}
const dimsOf = ({ self, dim }: Dims): number[] => wrapDims(dim, self.ndim);
/** Sums of another dtype than the input's convert first, as PyTorch does. */
const converted = ({ self, dtype }: Dims): Tensor => (dtype && dtype !== self.dtype ? dense(self, dtype) : self);
const over =
  (kind: keyof typeof KINDS) =>
  (a: Dims, out: Tensor): boolean => {
    const self = converted(a);
    const dims = dimsOf(a);
    d.begin(); // the conversion used the descriptor
    return reduction(kind, self, dims, out);
  };
for (const name of ['sum.dim_IntList', 'sum']) accelerate<Dims>(name, 'reduce', (a, out) => over('sum')(a, out!));
for (const name of ['mean.dim', 'mean']) accelerate<Dims>(name, 'reduce', (a, out) => over('mean')(a, out!));
for (const name of ['prod.dim_int', 'prod']) accelerate<Dims>(name, 'reduce', (a, out) => over('prod')(a, out!));
/** The dtype given, or float32 and float64 as they are: what `norm` and `nansum` of one pass work on. */
const isPlainFloat = (t: Tensor, dtype: DType | null | undefined): boolean =>
  (t.dtype === float32 || t.dtype === float64) && (dtype === null || dtype === undefined || dtype === t.dtype);
accelerate<Dims & { ord: Scalar }>(
  '_vector_norm',
  'reduce',
  (a, out) => toNumber(a.ord) === 2 && isPlainFloat(a.self, a.dtype) && reduction('norm', a.self, dimsOf(a), out!),
);
accelerate<Dims>('nansum', 'reduce', (a, out) => isPlainFloat(a.self, a.dtype) && reduction('nansum', a.self, dimsOf(a), out!));
accelerate<Dims>('logsumexp', 'logsumexp', (a, out) => {
  const dims = dimsOf(a);
  if (dims.length !== 1 || !isPlainFloat(a.self, null) || a.self.layout.numel === 0) return false;
  const x = dense(a.self);
  d.begin();
  d.tensor(x);
  d.result(out!);
  d.list(split(a.self.layout.shape, dims[0]!));
  return true;
});
accelerate<Dims>('any.dims', 'reduce', (a, out) => over('any')(a, out!));
accelerate<Dims>('all.dims', 'reduce', (a, out) => over('all')(a, out!));
for (const name of ['amax', 'max']) accelerate<Dims>(name, 'reduce', (a, out) => over('max')(a, out!));
for (const name of ['amin', 'min']) accelerate<Dims>(name, 'reduce', (a, out) => over('min')(a, out!));
accelerate<Dims>('argmax', 'reduce', (a, out) => over('argmax')(a, out!));
accelerate<Dims>('argmin', 'reduce', (a, out) => over('argmin')(a, out!));
accelerate<Dims>('max.dim', 'reduce', (a, values, indices) => reduction('max', a.self, dimsOf(a), values!, indices!));
accelerate<Dims>('min.dim', 'reduce', (a, values, indices) => reduction('min', a.self, dimsOf(a), values!, indices!));
for (const kind of ['var', 'std'] as const) {
  accelerate<Dims & { correction: Scalar | null }>(
    `${kind}.correction`,
    'reduce',
    (a, out) =>
      a.self.dtype.category === Category.Floating &&
      reduction(kind, a.self, dimsOf(a), out!, null, a.correction === null ? 1 : toNumber(a.correction)),
  );
}

// ---- along a dimension --------------------------------------------------------------------------------------------
interface Along {
  readonly self: Tensor;
  readonly dim: number;
}
for (const name of ['cumsum', 'cumprod', 'logcumsumexp'] as const) {
  accelerate<Along>(name, name, ({ self, dim }, out) => {
    const x = dense(self, out!.dtype);
    d.begin();
    d.tensor(x);
    d.result(out!);
    d.list(split(self.layout.shape, dim));
  });
}
for (const name of ['cummax', 'cummin'] as const) {
  accelerate<Along>(name, name, ({ self, dim }, values, indices) => {
    const x = dense(self);
    d.begin();
    d.tensor(x);
    d.result(values!);
    d.result(indices!);
    d.list(split(self.layout.shape, dim));
  });
}

/** The tensor with a dimension moved to the end. */
function moved(t: Tensor, dim: number): Tensor {
  const l = t.layout;
  const order = [...l.shape.map((_, i) => i).filter((i) => i !== dim), dim];
  return aliasOf(
    t,
    new Layout(
      order.map((i) => l.shape[i]!),
      order.map((i) => l.stride[i]!),
      l.offset,
      l.dtype,
      l.device,
    ),
  );
}
/** Runs a kernel that works on the last dimension of dense tensors on any dimension. */
function onLast(run: () => boolean, self: Tensor, dim: number, values: Tensor, indices: Tensor, rest: () => void): boolean {
  if (self.ndim === 0 || self.layout.numel === 0) return false;
  const at = wrapDim(dim, self.ndim);
  const x = dense(moved(self, at));
  const direct = at === self.ndim - 1 && values.layout.contiguous && indices.layout.contiguous;
  const last = (t: Tensor): Tensor => moved(t, at);
  const v = direct ? values : emptyTensor(last(values).layout.shape, values.dtype);
  const i = direct ? indices : emptyTensor(last(indices).layout.shape, int64);
  d.begin();
  d.tensor(x);
  d.result(v);
  d.result(i);
  rest();
  if (!run()) return false;
  if (!direct) {
    backend.current.copy(last(values), v);
    backend.current.copy(last(indices), i);
  }
  return true;
}
accelerateWith<Along & { descending: boolean }>('sort', 'sort', (run, { self, dim, descending }, values, indices) =>
  onLast(run, self, dim, values!, indices!, () => d.flag(descending)),
);
accelerateWith<Along & { k: number; largest: boolean }>('topk', 'topk', (run, { self, dim, k, largest }, values, indices) =>
  onLast(run, self, dim, values!, indices!, () => {
    d.number(k);
    d.flag(largest);
  }),
);

/** Of each line one element: the k-th, or the middle one. */
const STATISTICS = { kthvalue: 0, 'median.dim': 1, 'nanmedian.dim': 2 } as const;
for (const [operator, statistic] of Object.entries(STATISTICS)) {
  accelerateWith<Along & { k?: number }>(operator, 'order_statistic', (run, { self, dim, k }, values, indices) => {
    if (self.ndim === 0 || self.layout.numel === 0 || !values!.layout.contiguous || !indices!.layout.contiguous) return false;
    const x = dense(moved(self, wrapDim(dim, self.ndim)));
    d.begin();
    d.tensor(x);
    d.result(values!);
    d.result(indices!);
    d.number(statistic);
    d.number(k ?? 0);
    return run();
  });
}

// ---- distinct elements and counts ---------------------------------------------------------------------------------
interface Grouping {
  readonly self: Tensor;
  readonly consecutive: boolean;
  readonly return_inverse: boolean;
  readonly return_counts: boolean;
}
accelerate<Grouping>('_distinct', 'distinct', ({ self, consecutive, return_inverse, return_counts }, values, inverse, counts, found) => {
  const x = dense(self);
  d.begin();
  d.tensor(x);
  d.result(values!);
  d.result(return_inverse ? inverse! : null);
  d.result(return_counts ? counts! : null);
  d.result(found!);
  d.flag(consecutive);
  return true;
});
accelerate<{ self: Tensor; weights: Tensor | null }>('_bincount', 'bincount', ({ self, weights }, out) => {
  const [x, w] = [dense(self), weights && dense(weights, out!.dtype)];
  d.begin();
  d.tensor(x);
  d.tensor(w);
  d.result(out!);
  return true;
});
accelerate<{ self: Tensor; min: Scalar; max: Scalar }>('histc', 'histc', ({ self, min, max }, out) => {
  const x = dense(self);
  d.begin();
  d.tensor(x);
  d.result(out!);
  d.number(toNumber(min));
  d.number(toNumber(max));
  return true;
});
