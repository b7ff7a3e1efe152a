// Sorting, the largest elements, distinct elements, and search in sorted sequences.
import { elements, integers, store } from '../backend/reference/arrays.ts';
import { keysOf } from '../backend/reference/lines.ts';
import { boundary, sortInto, topkInto } from '../backend/reference/sort.ts';
import { distinctInto, distinctSlices, membership } from '../backend/reference/unique.ts';
import { bool, type DType, int32, int64 } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { type Scalar, scalarDtype } from '../core/scalar.ts';
import { showShape, wrapDim } from '../core/shape.ts';
import { sameShape } from '../core/size.ts';
import { emptyTensor, type Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import { resultType } from '../dispatch/promotion.ts';
import { exactOut } from './reduce.ts';

// ---- order --------------------------------------------------------------------------------------------------------
op('sort(Tensor self, int dim=-1, bool descending=False) -> (Tensor values, Tensor indices)', {
  outMismatch: exactOut,
  doc: 'The elements in order along a dimension, and where they were; equal elements keep their order, NaN counts as the largest.',
  meta: ({ self, dim }) => {
    wrapDim(dim, self.ndim);
    if (self.dtype.is_complex) throw new TypeError('Sort does not support complex dtypes on CPU');
    const { shape } = self.layout;
    const stride = self.layout.nonOverlappingAndDense ? { stride: self.layout.stride } : {};
    return [
      { shape, dtype: self.dtype, ...stride },
      { shape, dtype: int64, ...stride },
    ];
  },
  kernel: ({ self, dim, descending }, values, indices) => {
    const d = wrapDim(dim, self.ndim);
    const [v, i] = [values!, indices!].map((t) => (t.layout.contiguous ? t : emptyTensor(t.layout.shape, t.dtype))) as [Tensor, Tensor];
    sortInto(v, i, self, d, descending);
    if (v !== values) values!.copy_(v);
    if (i !== indices) indices!.copy_(i);
  },
  grad: { self: uses('indices', (g, { self, indices, dim }) => F.value_selecting_reduction_backward(g, dim, indices, self.shape, true)) },
  inplace: false,
});
op('sort.stable(Tensor self, *, bool? stable, int dim=-1, bool descending=False) -> (Tensor values, Tensor indices)', {
  outMismatch: exactOut,
  doc: 'The elements in order along a dimension, and where they were.',
  decompose: ({ self, dim, descending }) => F.sort(self, dim, descending),
  inplace: false,
});
op('argsort(Tensor self, int dim=-1, bool descending=False) -> Tensor', {
  doc: 'Where the elements in order come from.',
  decompose: ({ self, dim, descending }) => F.sort(self, dim, descending)[1],
  inplace: false,
});
op('argsort.stable(Tensor self, *, bool stable, int dim=-1, bool descending=False) -> Tensor', {
  doc: 'Where the elements in order come from.',
  decompose: ({ self, dim, descending }) => F.sort(self, dim, descending)[1],
  inplace: false,
});
op('msort(Tensor self) -> Tensor', {
  outMismatch: exactOut,
  doc: 'The elements in order along the first dimension.',
  decompose: ({ self }) => F.sort(self, 0)[0],
  inplace: false,
});
op('topk(Tensor self, int k, int dim=-1, bool largest=True, bool sorted=True) -> (Tensor values, Tensor indices)', {
  outMismatch: exactOut,
  doc: 'The k largest (or smallest) elements along a dimension, and where they are.',
  meta: ({ self, k, dim }) => {
    const d = wrapDim(dim, self.ndim);
    if (k < 0 || k > (self.layout.shape[d] ?? 1)) throw new RuntimeError('selected index k out of range');
    if (self.dtype.is_complex) throw new TypeError('topk does not support complex dtypes on CPU');
    if (self.dtype === bool) throw new NotImplementedError('topk does not support bool dtypes on CPU');
    const shape = self.layout.shape.map((s, i) => (i === d ? k : s));
    return [
      { shape, dtype: self.dtype },
      { shape, dtype: int64 },
    ];
  },
  kernel: ({ self, k, dim, largest, sorted }, values, indices) =>
    topkInto(values!, indices!, self, wrapDim(dim, self.ndim), k, largest, sorted),
  grad: { self: uses('indices', (g, { self, indices, dim }) => F.value_selecting_reduction_backward(g, dim, indices, self.shape, true)) },
  inplace: false,
});

// ---- distinct elements --------------------------------------------------------------------------------------------
function integerTensor(values: ArrayLike<number> | BigInt64Array, shape: readonly number[]): Tensor {
  const t = emptyTensor(shape, int64);
  store(t, values instanceof BigInt64Array ? values : BigInt64Array.from(values as ArrayLike<number>, (v) => BigInt(v)));
  return t;
}
op(
  '_distinct(Tensor self, bool consecutive, bool return_inverse, bool return_counts) -> (Tensor values, Tensor inverse, Tensor counts, Tensor found)',
  {
    doc: 'The groups of equal elements, or of equal neighbours, at the front of room for as many as there are elements; and how many were found.',
    meta: ({ self, return_inverse, return_counts }) => {
      const { shape, numel } = self.layout;
      return [
        { shape: [numel], dtype: self.dtype },
        { shape: return_inverse ? shape : [0], dtype: int64 },
        { shape: [return_counts ? numel : 0], dtype: int64 },
        { shape: [], dtype: int64 },
      ];
    },
    kernel: ({ self, consecutive, return_inverse, return_counts }, values, inverse, counts, found) =>
      distinctInto([values!, return_inverse ? inverse! : null, return_counts ? counts! : null, found!], self, consecutive),
    grad: 'none',
    surface: [],
    inplace: false,
  },
);
/** What PyTorch gives for the asked parts: one tensor, or several. */
const asked = (values: Tensor, inverse: Tensor | null, counts: Tensor | null): Tensor | Tensor[] =>
  inverse || counts ? [values, inverse, counts].filter((t) => t !== null) : values;
function distinct(self: Tensor, dim: number | null, consecutive: boolean, inverse: boolean, counts: boolean): Tensor | Tensor[] {
  if (self.dtype.is_complex) throw new NotImplementedError(`"unique" not implemented for '${self.dtype.scalarName}'`);
  if (dim === null) {
    const [values, group, sizes, found] = F._distinct(self, consecutive, inverse, counts);
    const front = (t: Tensor): Tensor => F.clone(F.narrow(t, 0, 0, Number(found.item())));
    return asked(front(values), inverse ? group : null, counts ? front(sizes) : null);
  }
  const d = wrapDim(dim, self.ndim, false);
  const empty = self.layout.shape.filter((s) => s === 0).length;
  if (self.layout.shape[d] === 0) {
    if (empty !== 1) throw new RuntimeError('Number of zero sized dimensions is more than one, so unique cannot be applied ');
  } else if (empty > 0) throw new RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied");
  const found = distinctSlices(self, d, consecutive);
  return asked(
    F.index_select(F.movedim$int(self, d, 0), 0, integerTensor(found.firsts, [found.firsts.length])).movedim(0, d),
    inverse ? integerTensor(found.inverse, [self.layout.shape[d]!]) : null,
    counts ? integerTensor(found.counts, [found.counts.length]) : null,
  );
}
op('unique(Tensor self, bool sorted=True, bool return_inverse=False, bool return_counts=False, int? dim=None) -> Tensor', {
  doc: 'The distinct elements, or the distinct slices along a dimension, in order; also which one each element is, and how often each occurs.',
  produce: ({ self, return_inverse, return_counts, dim }) => distinct(self, dim, false, return_inverse, return_counts),
  returns: 'any',
  grad: 'none',
});
op('unique_consecutive(Tensor self, bool return_inverse=False, bool return_counts=False, int? dim=None) -> Tensor', {
  doc: 'The elements, or the slices along a dimension, without those that are equal to their predecessor.',
  produce: ({ self, return_inverse, return_counts, dim }) => distinct(self, dim, true, return_inverse, return_counts),
  returns: 'any',
  grad: 'none',
});

// ---- membership ---------------------------------------------------------------------------------------------------
function isin(elementsOf: Tensor | Scalar, others: Tensor | Scalar, invert: boolean): Tensor {
  for (const x of [elementsOf, others]) {
    const d = typeof x === 'object' && 'layout' in x ? x.dtype : scalarDtype(x);
    if (d === bool || d.is_complex) throw new NotImplementedError(`Unsupported input type encountered for isin(): ${d.scalarName}`);
  }
  const common = resultType(elementsOf, others);
  const [a, b] = [elementsOf, others].map((x) =>
    typeof x === 'object' && 'layout' in x ? F._to_copy(x, common) : F.full([], x, common),
  ) as [Tensor, Tensor];
  const out = emptyTensor(a.layout.shape, bool);
  elements(out).set(membership(a, b, invert) as never);
  return out;
}
op('isin.Tensor_Tensor(Tensor elements, Tensor test_elements, *, bool assume_unique=False, bool invert=False) -> Tensor', {
  outMismatch: exactOut,
  doc: 'Whether each element is among the others.',
  produce: ({ elements: x, test_elements, invert }) => isin(x, test_elements, invert),
  grad: 'none',
});
op('isin.Tensor_Scalar(Tensor elements, Scalar test_element, *, bool assume_unique=False, bool invert=False) -> Tensor', {
  outMismatch: exactOut,
  doc: 'Whether each element equals a number.',
  produce: ({ elements: x, test_element, invert }) => isin(x, test_element, invert),
  grad: 'none',
});
op('isin.Scalar_Tensor(Scalar element, Tensor test_elements, *, bool assume_unique=False, bool invert=False) -> Tensor', {
  outMismatch: exactOut,
  doc: 'Whether a number is among the elements.',
  produce: ({ element, test_elements, invert }) => isin(element, test_elements, invert),
  grad: 'none',
});

// ---- search -------------------------------------------------------------------------------------------------------
function checkSearch(sequence: Tensor, self: Tensor | null, right: boolean, side: string | null, sorter: Tensor | null): void {
  const name = 'torch.searchsorted()';
  if (side !== null) {
    if (side !== 'left' && side !== 'right') throw new RuntimeError(`${name}: side can only be 'left' or 'right' but got ${side}`);
    if (side === 'left' && right)
      throw new RuntimeError(`${name}: side and right can't be set to opposites, got side of left while right was True`);
  }
  if (sorter) {
    if (!sameShape(sorter.layout.shape, sequence.layout.shape)) {
      throw new RuntimeError(
        `${name}: boundary and sorter must have the same size, but got boundary tensor ${showShape(sequence.layout.shape)}and got sorter tensor ${showShape(sorter.layout.shape)}`,
      );
    }
    if (sorter.dtype !== int64)
      throw new RuntimeError(`${name}: sorter must be a tensor of long dtype but got dtype ${sorter.dtype.scalarName}`);
    if (integers(sorter).some((i) => i < 0n || i >= BigInt(sequence.layout.shape[sequence.ndim - 1]!)))
      throw new RuntimeError(`${name}: sorter index out of range`);
  }
  const [shape, input] = [sequence.layout.shape, self?.layout.shape ?? []];
  if (input.length === 0 && shape.length !== 1 && (self === null || self.layout.numel === 1)) {
    if (shape.length > 0) {
      throw new RuntimeError(
        `${name}: input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries tensor dim(${shape.length}) and input value's dim(${input.length}) numel(1)`,
      );
    }
  }
  if (shape.length === 0) throw new RuntimeError(`${name}: boundaries tensor should have positive dimension, but got 0 dimension`);
  if (shape.length !== 1 && !(input.length === shape.length && sameShape(input.slice(0, -1), shape.slice(0, -1)))) {
    throw new RuntimeError(
      `${name}: boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input value tensor must match, but we got boundaries tensor ${showShape(shape)} and input value tensor ${showShape(input)}`,
    );
  }
  if (sequence.dtype.is_complex || self?.dtype.is_complex)
    throw new NotImplementedError(`"searchsorted_out_cpu" not implemented for '${sequence.dtype.scalarName}'`);
}
function search(sequence: Tensor, self: Tensor | Scalar, dtype: DType, right: boolean, sorter: Tensor | null): Tensor {
  const common = resultType(sequence, self);
  const values = typeof self === 'object' && 'layout' in self ? F._to_copy(self, common) : F.full([], self, common);
  const sorted = F._to_copy(sequence, common);
  return F._searchsorted(sorter ? F.gather(sorted, -1, sorter) : sorted, values, dtype, right);
}
op('_searchsorted(Tensor sorted, Tensor values, ScalarType dtype, bool right) -> Tensor', {
  doc: 'Where each value would be inserted into a row, or into the row of its own place.',
  meta: ({ values, dtype }) => ({ shape: values.layout.shape, dtype }),
  kernel: ({ sorted, values, right }, out) => {
    const [row, x] = [keysOf(sorted), keysOf(values)];
    const n = sorted.layout.shape[sorted.ndim - 1]!;
    const each = sorted.ndim === 1 ? 0 : values.layout.shape[values.ndim - 1]!;
    const found = new BigInt64Array(x.length);
    for (let i = 0; i < x.length; i++) found[i] = BigInt(boundary(row, each > 0 ? Math.floor(i / each) * n : 0, n, x[i]!, right));
    store(out!, found);
  },
  grad: 'none',
  surface: [],
});
for (const kind of ['Tensor', 'Scalar'] as const) {
  op(
    `searchsorted.${kind}(Tensor sorted_sequence, ${kind} self, *, bool out_int32=False, bool right=False, str? side=None, Tensor? sorter=None) -> Tensor`,
    {
      doc: 'Where each value would be inserted to keep a sequence sorted.',
      produce: ({ sorted_sequence, self, out_int32, right, side, sorter }) => {
        checkSearch(sorted_sequence, typeof self === 'object' && 'layout' in self ? self : null, right, side, sorter);
        return search(sorted_sequence, self, out_int32 ? int32 : int64, right || side === 'right', sorter);
      },
      grad: 'none',
      surface: ['function'],
    },
  );
  op(`bucketize.${kind}(${kind} self, Tensor boundaries, *, bool out_int32=False, bool right=False) -> Tensor`, {
    doc: 'Between which boundaries each value lies.',
    produce: ({ self, boundaries, out_int32, right }) => {
      if (boundaries.ndim !== 1) throw new RuntimeError(`boundaries tensor must be 1 dimension, but got dim(${boundaries.ndim})`);
      checkSearch(boundaries, typeof self === 'object' && 'layout' in self ? self : null, right, null, null);
      return search(boundaries, self, out_int32 ? int32 : int64, right, null);
    },
    grad: 'none',
    surface: ['function'],
  });
}
