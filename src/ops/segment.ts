// Reductions of consecutive segments, given by their lengths or offsets.
import { integers } from '../backend/reference/arrays.ts';
import { type SegmentReduction, type Segments, segmentGradInto, segmentReduceInto } from '../backend/reference/segment.ts';
import { Category } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { type Scalar, toNumber } from '../core/scalar.ts';
import { wrapDim } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';

const NAMES: Readonly<Record<string, SegmentReduction>> = {
  sum: 'sum',
  mean: 'mean',
  prod: 'prod',
  max: 'max',
  amax: 'max',
  min: 'min',
  amin: 'min',
};
function reductionOf(name: string): SegmentReduction {
  const found = NAMES[name];
  if (!found) throw new RuntimeError(`reduce argument must be either sum, prod, mean, amax or amin, got ${name}`);
  return found;
}
function segmentsOf(lengths: Tensor | null, offsets: Tensor | null): Segments {
  const t = (lengths ?? offsets)!;
  const n = t.layout.shape[t.ndim - 1]!;
  const values = integers(t);
  const rows = n === 0 ? 0 : values.length / n;
  if (!lengths)
    return { rows, count: Math.max(n - 1, 0), bounds: (row, k) => [Number(values[row * n + k]), Number(values[row * n + k + 1])] };
  const ends = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) ends[i] = (i % n === 0 ? 0 : ends[i - 1]!) + Number(values[i]);
  return { rows, count: n, bounds: (row, k) => [k === 0 ? 0 : ends[row * n + k - 1]!, ends[row * n + k]!] };
}
function checkSegments(
  data: Tensor,
  lengths: Tensor | null,
  offsets: Tensor | null,
  indices: Tensor | null,
  axis: number,
  unsafe: boolean,
): void {
  if (data.layout.numel === 0) throw new RuntimeError('segment_reduce(): data must be non-empty');
  if (indices) throw new RuntimeError('segment_reduce(): indices based reduction is not supported yet.');
  const given = lengths ?? offsets;
  if (!given) throw new RuntimeError('segment_reduce(): Either lengths or offsets must be defined.');
  if (data.dtype.category !== Category.Floating)
    throw new NotImplementedError(`"_segment_reduce_cpu" not implemented for '${data.dtype.scalarName}'`);
  if (given.dtype.category !== Category.Integral)
    throw new NotImplementedError(
      `"_segment_reduce_${lengths ? 'lengths' : 'offsets'}_cpu_kernel1" not implemented for '${given.dtype.scalarName}'`,
    );
  if (given.ndim > data.ndim) throw new RuntimeError(`segment_reduce(): Expected data.ndim >= ${lengths ? 'lengths' : 'offsets'}.ndim.`);
  if (axis !== given.ndim - 1)
    throw new RuntimeError(
      `segment_reduce(): Expected axis to be the last dimension of ${lengths ? 'lengths' : 'offsets'} but got ${axis}.`,
    );
  if (!lengths || unsafe) return;
  const n = lengths.layout.shape[axis]!;
  const values = integers(lengths);
  if (values.some((v) => v < 0n)) throw new RuntimeError('lengths contains negative value!');
  for (let i = 0; i < values.length; i += n) {
    const total = values.subarray(i, i + n).reduce((a, b) => a + b, 0n);
    if (total !== BigInt(data.layout.shape[axis]!))
      throw new RuntimeError(
        'segment_reduce(): Expected all rows of lengths along axis to sum to data.size(lengths.dim()-1) when !unsafe.',
      );
  }
}
const initialOf = (s: Scalar | null): number | null => (s === null ? null : toNumber(s));

op(
  '_segment_reduce(Tensor data, str reduce, *, Tensor? lengths=None, Tensor? indices=None, Tensor? offsets=None, int axis=0, bool unsafe=False, Scalar? initial=None) -> Tensor',
  {
    doc: 'The sum, mean, product, maximum or minimum of consecutive segments along an axis.',
    meta: ({ data, reduce, lengths, offsets, indices, axis, unsafe }) => {
      const at = wrapDim(axis, data.ndim);
      reductionOf(reduce);
      checkSegments(data, lengths, offsets, indices, at, unsafe);
      const { shape } = (lengths ?? offsets)!.layout;
      const count = lengths ? shape[at]! : shape[at]! - 1;
      return { shape: [...shape.slice(0, at), count, ...data.layout.shape.slice(at + 1)], dtype: data.dtype };
    },
    kernel: ({ data, reduce, lengths, offsets, axis, initial }, out) =>
      segmentReduceInto(out!, data, wrapDim(axis, data.ndim), segmentsOf(lengths, offsets), reductionOf(reduce), initialOf(initial)),
    grad: {
      data: uses('data', 'lengths', 'offsets', 'result', (g, { data, result, reduce, lengths, offsets, axis, initial }) =>
        F._segment_reduce_backward(g, result, data, reduce, lengths, offsets, axis, initial),
      ),
    },
    inplace: false,
  },
);
op(
  '_segment_reduce_backward(Tensor grad, Tensor output, Tensor data, str reduce, *, Tensor? lengths=None, Tensor? offsets=None, int axis=0, Scalar? initial=None) -> Tensor',
  {
    doc: 'The gradient of _segment_reduce.',
    meta: ({ data }) => ({ shape: data.layout.shape, dtype: data.dtype }),
    kernel: ({ grad, output, data, reduce, lengths, offsets, axis, initial }, out) =>
      segmentGradInto(
        out!,
        grad,
        output,
        data,
        wrapDim(axis, data.ndim),
        segmentsOf(lengths, offsets),
        reductionOf(reduce),
        initialOf(initial),
      ),
    surface: [],
    inplace: false,
  },
);
op(
  'segment_reduce(Tensor data, str reduce, *, Tensor? lengths=None, Tensor? indices=None, Tensor? offsets=None, int axis=0, bool unsafe=False, Scalar? initial=None) -> Tensor',
  {
    doc: 'The sum, mean, product, maximum or minimum of consecutive segments along an axis.',
    decompose: ({ data, reduce, lengths, indices, offsets, axis, unsafe, initial }) =>
      F._segment_reduce(data, reduce, lengths, indices, offsets, axis, unsafe, initial),
    inplace: false,
  },
);
