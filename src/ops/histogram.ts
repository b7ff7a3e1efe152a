// Histograms and counts.
import { bincountInto, evenEdges, histcInto, histogramInto } from '../backend/reference/histogram.ts';
import { reals, store } from '../backend/reference/arrays.ts';
import { bool, Category, float32, float64, int64 } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { type Scalar, toNumber } from '../core/scalar.ts';
import { showShape } from '../core/shape.ts';
import { sameShape } from '../core/size.ts';
import { emptyTensor, type Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';

const text = (x: number): string => (Number.isNaN(x) ? 'nan' : Number.isFinite(x) ? String(x) : x > 0 ? 'inf' : '-inf');

// ---- one dimension or many ----------------------------------------------------------------------------------------
/** The points as N × D. */
function points(self: Tensor): Tensor {
  if (self.ndim < 2) throw new RuntimeError('torch.histogramdd: input tensor should have at least 2 dimensions');
  const d = self.layout.shape[self.ndim - 1]!;
  return self.reshape([d === 0 ? 0 : self.layout.numel / d, d]);
}
function checkInput(self: Tensor, weight: Tensor | null): void {
  if (!weight) return;
  if (weight.dtype !== self.dtype) {
    throw new RuntimeError(
      `torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should have the same dtype, but got input(${self.dtype.cName}), and weight(${weight.dtype.cName})`,
    );
  }
  if (!sameShape(weight.layout.shape, self.layout.shape.slice(0, -1))) {
    throw new RuntimeError(
      `torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor excluding its innermost dimension, but got input with shape ${showShape(self.layout.shape)} and weight with shape ${showShape(weight.layout.shape)}`,
    );
  }
}
function checkDtype(self: Tensor): void {
  if (self.dtype !== float32 && self.dtype !== float64)
    throw new NotImplementedError(`"histogramdd" not implemented for '${self.dtype.scalarName}'`);
}
/** The outermost edges of each dimension: given, or those of the data. */
function outerEdges(x: Tensor, d: number, range: readonly number[] | null): { left: number; right: number }[] {
  const found: { left: number; right: number }[] = [];
  const data = range ? null : reals(x);
  if (range && range.length !== 2 * d)
    throw new RuntimeError(
      `torch.histogramdd: for a ${d}-dimensional histogram range should have ${2 * d} elements, but got ${range.length}`,
    );
  for (let k = 0; k < d; k++) {
    let [left, right] = [0, 1];
    if (range) [left, right] = [toNumber(range[2 * k]!), toNumber(range[2 * k + 1]!)];
    else if (data!.length > 0) {
      [left, right] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (let i = k; i < data!.length; i += d) [left, right] = [Math.min(left, data![i]!), Math.max(right, data![i]!)];
    }
    if (!Number.isFinite(left) || !Number.isFinite(right))
      throw new RuntimeError(`torch.histogramdd: dimension ${k}'s range [${text(left)}, ${text(right)}] is not finite`);
    if (left > right)
      throw new RuntimeError(
        `torch.histogramdd: min should not exceed max, but got min ${text(left)} max ${text(right)} for dimension ${k}`,
      );
    found.push(left === right ? { left: left - 0.5, right: right + 0.5 } : { left, right });
  }
  return found;
}
function edgeTensor(edges: Float64Array, self: Tensor): Tensor {
  const t = emptyTensor([edges.length], self.dtype);
  store(t, edges);
  return t;
}
function counted(self: Tensor, edges: readonly Float64Array[], weight: Tensor | null, density: boolean): Tensor {
  const hist = emptyTensor(
    edges.map((e) => e.length - 1),
    self.dtype,
  );
  histogramInto(hist, points(self), edges, weight, density);
  return hist;
}
function byCounts(
  self: Tensor,
  bins: readonly number[],
  range: readonly number[] | null,
  weight: Tensor | null,
  density: boolean,
): [Tensor, Tensor[]] {
  const x = points(self);
  const d = x.layout.shape[1]!;
  if (bins.length !== d) throw new RuntimeError('histogramdd: The size of bins must be equal to the innermost dimension of the input.');
  checkDtype(self);
  bins.forEach((n, k) => {
    if (n <= 0) throw new RuntimeError(`torch.histogram(): bins must be > 0, but got ${n} for dimension ${k}`);
  });
  checkInput(self, weight);
  const edges = outerEdges(x, d, range).map(({ left, right }, k) => evenEdges(left, right, bins[k]!, self.dtype));
  return [counted(self, edges, weight, density), edges.map((e) => edgeTensor(e, self))];
}
function byEdges(self: Tensor, bins: readonly Tensor[], weight: Tensor | null, density: boolean): [Tensor, Tensor[]] {
  const d = points(self).layout.shape[1]!;
  if (bins.length !== d) throw new RuntimeError('histogramdd: The size of bins must be equal to the innermost dimension of the input.');
  bins.forEach((b, k) => {
    if (b.dtype !== self.dtype) {
      throw new RuntimeError(
        `torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype ${self.dtype.cName} and bins for dimension ${k} with dtype ${b.dtype.cName}`,
      );
    }
    if (b.ndim !== 1)
      throw new RuntimeError(
        `torch.histogramdd: bins tensor should have one dimension, but got ${b.ndim} dimensions in the bins tensor for dimension ${k}`,
      );
    if (b.layout.numel === 0)
      throw new RuntimeError(
        `torch.histogramdd: bins tensor should have at least 1 element, but got ${b.layout.numel} elements in the bins tensor for dimension ${k}`,
      );
  });
  checkDtype(self);
  checkInput(self, weight);
  return [
    counted(
      self,
      bins.map((b) => reals(b).slice()),
      weight,
      density,
    ),
    [...bins],
  ];
}
const inner = (t: Tensor): Tensor => t.reshape([t.layout.numel, 1]);
const flat = (t: Tensor | null): Tensor | null => t?.reshape([t.layout.numel]) ?? null;

op('histogram.bins_tensor(Tensor self, Tensor bins, *, Tensor? weight=None, bool density=False) -> (Tensor hist, Tensor bin_edges)', {
  outMismatch: (expected, given) =>
    `torch.histogram: input tensor and hist tensor should have the same dtype, but got input ${expected.cName} and hist ${given.cName}`,
  doc: 'How many elements (or how much weight) lies between each two neighbouring edges.',
  produce: ({ self, bins, weight, density }) => {
    const [hist, [edges]] = byEdges(inner(self), [bins], flat(weight), density);
    return [hist, edges!.clone()];
  },
  grad: 'none',
});
op(
  'histogram.bin_ct(Tensor self, int bins=100, *, float[]? range=None, Tensor? weight=None, bool density=False) -> (Tensor hist, Tensor bin_edges)',
  {
    outMismatch: (expected, given) =>
      `torch.histogram: input tensor and hist tensor should have the same dtype, but got input ${expected.cName} and hist ${given.cName}`,
    doc: 'How many elements (or how much weight) lies in each of a number of equal bins.',
    produce: ({ self, bins, range, weight, density }) => {
      const [hist, [edges]] = byCounts(inner(self), [bins], range, flat(weight), density);
      return [hist, edges];
    },
    grad: 'none',
  },
);
op(
  'histogramdd(Tensor self, int[] bins, float[]? range=None, Tensor? weight=None, bool density=False) -> (Tensor hist, Tensor[] bin_edges)',
  {
    doc: 'A histogram of points in as many dimensions as the last dimension of self has elements.',
    produce: ({ self, bins, range, weight, density }) => byCounts(self, bins, range, weight, density),
    grad: 'none',
    surface: ['function'],
  },
);
op(
  'histogramdd.int_bins(Tensor self, int bins, float[]? range=None, Tensor? weight=None, bool density=False) -> (Tensor hist, Tensor[] bin_edges)',
  {
    doc: 'A histogram of points with the same number of bins in every dimension.',
    produce: ({ self, bins, range, weight, density }) =>
      byCounts(self, new Array<number>(points(self).layout.shape[1]!).fill(bins), range, weight, density),
    grad: 'none',
    surface: ['function'],
  },
);
op(
  'histogramdd.TensorList_bins(Tensor self, Tensor[] bins, float[]? range=None, Tensor? weight=None, bool density=False) -> (Tensor hist, Tensor[] bin_edges)',
  {
    doc: 'A histogram of points with the edges of every dimension given.',
    produce: ({ self, bins, weight, density }) => byEdges(self, bins, weight, density),
    grad: 'none',
    surface: ['function'],
  },
);

op('histc(Tensor self, int bins=100, Scalar min=0, Scalar max=0) -> Tensor', {
  outMismatch: (expected, given) =>
    `torch.histogram: input tensor and hist tensor should have the same dtype, but got input ${expected.cName} and hist ${given.cName}`,
  doc: 'How many elements lie in each of `bins` equal bins between min and max, or between the extreme elements.',
  meta: ({ self, bins }) => {
    if (self.dtype.is_complex) throw new TypeError(`aminmax not implemented for ${self.dtype.scalarName}`);
    if (self.dtype.category !== Category.Floating)
      throw new NotImplementedError(`"histogram_cpu" not implemented for '${self.dtype.scalarName}'`);
    if (bins <= 0) throw new RuntimeError(`torch.histogram(): bins must be > 0, but got ${bins} for dimension 0`);
    return { shape: [bins], dtype: self.dtype };
  },
  kernel: ({ self, min, max }, out) => {
    const { left, right } = histcRange(self, min, max);
    histcInto(out!, self, left, right);
  },
  grad: 'none',
  inplace: false,
});
function histcRange(self: Tensor, min: Scalar, max: Scalar): { left: number; right: number } {
  let [left, right] = [toNumber(min), toNumber(max)];
  if (left === right && self.layout.numel > 0) [left, right] = extremes(self);
  if (left === right) [left, right] = [left - 1, right + 1];
  if (!Number.isFinite(left) || !Number.isFinite(right))
    throw new RuntimeError(`torch.histc: range of [${text(left)}, ${text(right)}] is not finite`);
  if (left > right) throw new RuntimeError('torch.histc: max must be larger than min');
  return { left, right };
}

op('_bincount(Tensor self, Tensor? weights, int bins) -> Tensor', {
  doc: 'How often each number from 0 to below `bins` occurs, or the sum of its weights; no others may occur.',
  meta: ({ weights, bins }) => ({ shape: [bins], dtype: weights ? (weights.dtype === float32 ? float32 : float64) : int64 }),
  kernel: ({ self, weights }, out) => bincountInto(out!, self, weights),
  grad: 'none',
  surface: [],
  inplace: false,
});
op('bincount(Tensor self, Tensor? weights=None, int minlength=0) -> Tensor', {
  doc: 'How often each non-negative number occurs, or the sum of its weights.',
  produce: ({ self, weights, minlength }) => {
    if (minlength < 0) throw new RuntimeError('minlength should be >= 0');
    if (self.dtype.category !== Category.Integral || self.dtype === bool)
      throw new NotImplementedError(`"bincount_cpu" not implemented for '${self.dtype.scalarName}'`);
    const [low, top] = self.layout.numel > 0 ? extremes(self) : [0, -1];
    if (self.ndim !== 1 || low < 0) throw new RuntimeError('bincount only supports 1-d non-negative integral inputs.');
    if (weights && (weights.ndim !== 1 || weights.layout.shape[0] !== self.layout.shape[0]))
      throw new RuntimeError('weights should be 1-d and have the same length as input');
    return F._bincount(self, weights, Math.max(top + 1, minlength));
  },
  grad: 'none',
});
/** The least and the largest element of a tensor that is not empty. */
const extremes = (t: Tensor): [number, number] => [Number(F.amin(t, []).item()), Number(F.amax(t, []).item())];
