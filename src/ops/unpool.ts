// Pooling by p-norms and by random windows, and the partial inverse of max pooling.
import { maxPoolInto } from '../backend/reference/pooling.ts';
import { reals } from '../backend/reference/arrays.ts';
import { int64 } from '../core/dtype.ts';
import { RuntimeError, ValueError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import { sameShape } from '../core/size.ts';
import { roundTo } from '../core/sampling_elements.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import { likeInput } from './resample.ts';

type Ints = readonly number[];
const all = (values: Ints, n: number): number[] => (values.length === 1 ? new Array<number>(n).fill(values[0]!) : (values as number[]));

// ---- max_unpool ---------------------------------------------------------------------------------------------------
function unpooledSize(input: Tensor, kernel: Ints, stride: Ints, padding: Ints, given: Ints | null): number[] {
  const n = kernel.length;
  const size = input.layout.shape.slice(input.ndim - n);
  const usual = size.map((s, d) => (s - 1) * stride[d]! + kernel[d]! - 2 * padding[d]!);
  if (given === null) return usual;
  const wanted = given.length === n + 2 ? given.slice(2) : (given as number[]);
  if (wanted.length !== n) {
    throw new ValueError(
      `output_size should be a sequence containing ${n} or ${n + 2} elements, but it has a length of '${wanted.length}'`,
    );
  }
  wanted.forEach((s, d) => {
    const [min, max] = [usual[d]! - stride[d]!, usual[d]! + stride[d]!];
    if (!(min < s && s < max))
      throw new ValueError(`invalid output_size "torch.Size(${showShape(wanted)})" (dim ${d} must be between ${min} and ${max})`);
  });
  return wanted as number[];
}
function unpool(input: Tensor, indices: Tensor, size: Ints): Tensor {
  const n = size.length;
  const { shape } = input.layout;
  if (indices.dtype !== int64) throw new RuntimeError(`elements in indices should be type int64 but got: ${indices.dtype.scalarName}`);
  if (shape.length !== n + 1 && shape.length !== n + 2) {
    throw new RuntimeError(
      `Input to max_unpooling${n}d should be a ${n + 1}d or ${n + 2}d Tensor, but got a tensor with ${shape.length} dimensions.`,
    );
  }
  if (!sameShape(indices.layout.shape, shape))
    throw new RuntimeError(
      `Expected shape of indices to be same as that of the input tensor (${showShape(shape)}) but got indices tensor with shape: ${showShape(indices.layout.shape)}`,
    );
  const lead = shape.slice(0, shape.length - n);
  const planes = (t: Tensor): Tensor => t.reshape([...lead, t.layout.shape.slice(lead.length).reduce((a, b) => a * b, 1)]);
  const pixels = size.reduce((a, b) => a * b, 1);
  const zeros = F.zeros([...lead, pixels], input.dtype, null, input.device);
  return F.scatter$src(zeros, lead.length, planes(indices), planes(input)).reshape([...lead, ...size]);
}
for (const n of [1, 2, 3] as const) {
  op(
    `max_unpool${n}d(Tensor input, Tensor indices, int[${n}] kernel_size, int[${n}]? stride=None, int[${n}] padding=0, int[]? output_size=None) -> Tensor` as UnpoolSchema,
    {
      doc: 'Puts maxima back where they stood, zeros elsewhere.',
      decompose: ({ input, indices, kernel_size, stride, padding, output_size }) => {
        const kernel = all(kernel_size, n);
        const step = stride ? all(stride, n) : kernel;
        if (n === 3 && step.some((s) => s <= 0))
          throw new RuntimeError(`strides should be greater than zero, but got stride: ${showShape(step)}`);
        const size = unpooledSize(input, kernel, step, all(padding, n), output_size);
        if (n > 1) return n === 2 ? likeInput(input, unpool(input, indices, size)) : unpool(input, indices, size);
        if (input.ndim !== 2 && input.ndim !== 3)
          throw new RuntimeError(
            `Input to max_unpooling2d should be a 3d or 4d Tensor, but got a tensor with ${input.ndim + 1} dimensions.`,
          );
        return unpool(input.unsqueeze(-1), indices.unsqueeze(-1), [...size, 1]).squeeze(-1);
      },
      surface: ['nn.functional'],
    },
  );
}
type UnpoolSchema =
  'max_unpool2d(Tensor input, Tensor indices, int[2] kernel_size, int[2]? stride=None, int[2] padding=0, int[]? output_size=None) -> Tensor';

// ---- p-norms ------------------------------------------------------------------------------------------------------
const MAX = [F.max_pool1d, F.max_pool2d, F.max_pool3d] as const;
const MEAN = [F.avg_pool1d, F.avg_pool2d, F.avg_pool3d] as const;
for (const n of [1, 2, 3] as const) {
  op(
    `lp_pool${n}d(Tensor input, float norm_type, int[${n}] kernel_size, int[${n}]? stride=None, bool ceil_mode=False) -> Tensor` as LpSchema,
    {
      doc: 'The p-norm of every window.',
      decompose: ({ input, norm_type: p, kernel_size, stride, ceil_mode }) => {
        const max = (x: Tensor): Tensor => MAX[n - 1]!(x, kernel_size as number[], stride as number[] | null, [0], [1], ceil_mode);
        if (p === 0) throw new ValueError(`norm_type must be a non-zero value, but got ${p}`);
        if (p === Number.POSITIVE_INFINITY) return max(input.abs());
        if (p === Number.NEGATIVE_INFINITY) return max(input.abs().neg()).neg();
        const mean = MEAN[n - 1]!(input.pow(p), kernel_size as number[], stride as number[] | null, [0], ceil_mode);
        const count = all(kernel_size, n).reduce((a, b) => a * b, 1);
        return mean
          .sign()
          .mul(mean.abs().relu())
          .mul(count)
          .pow(1 / p);
      },
      surface: ['nn.functional'],
    },
  );
}
type LpSchema = 'lp_pool2d(Tensor input, float norm_type, int[2] kernel_size, int[2]? stride=None, bool ceil_mode=False) -> Tensor';

// ---- fractional max pooling ---------------------------------------------------------------------------------------
/** Where the windows of one dimension begin, from one random number (Graham 2014), in the precision of the samples. */
function starts(sample: number, size: number, out: number, kernel: number, round: (v: number) => number): number[] {
  const alpha = out > 1 ? round((size - kernel) / (out - 1)) : 0;
  const at = (i: number): number => Math.trunc(round(round(i + sample) * alpha)) - Math.trunc(round(sample * alpha));
  return Array.from({ length: out }, (_, i) => (i === out - 1 ? size - kernel : at(i)));
}
/** Calls f for every output with the places of its box of input positions. */
function eachBox(size: Ints, windows: readonly (readonly Ints[])[], f: (out: number, places: Ints) => void): void {
  let out = 0;
  const visit = (d: number, places: Ints): void => {
    if (d === size.length) f(out++, places);
    else
      for (const along of windows[d]!)
        visit(
          d + 1,
          places.flatMap((p) => along.map((i) => p * size[d]! + i)),
        );
  };
  visit(0, [0]);
}
op('_fractional_max_pool(Tensor self, int[] kernel_size, int[] output_size, Tensor random_samples) -> (Tensor values, Tensor indices)', {
  doc: 'The largest elements of windows at random places, one set of places for each plane.',
  meta: ({ self, output_size }) => {
    const shape = [...self.layout.shape.slice(0, self.ndim - output_size.length), ...output_size];
    return [
      { shape, dtype: self.dtype },
      { shape, dtype: int64 },
    ];
  },
  kernel: ({ self, kernel_size, output_size, random_samples }, out, indices) => {
    const n = kernel_size.length;
    const lead = self.layout.shape.slice(0, self.ndim - n);
    const size = self.layout.shape.slice(self.ndim - n);
    const pixels = size.reduce((a, b) => a * b, 1);
    const samples = reals(random_samples);
    const flat = (t: Tensor): Tensor => t.reshape([lead.reduce((a, b) => a * b, 1), ...t.layout.shape.slice(lead.length)]);
    const [x, y, places] = [flat(self), flat(out!), flat(indices!)];
    for (let plane = 0; plane < x.layout.shape[0]!; plane++) {
      const windows = size.map((s, d) => {
        // In two dimensions the first sample is the width's.
        const k = n === 2 ? 1 - d : d;
        const from = starts(samples[plane * n + k]!, s, output_size[d]!, kernel_size[d]!, (v) => roundTo(v, random_samples.dtype));
        return from.map((start) => Array.from({ length: kernel_size[d]! }, (_, i) => start + i));
      });
      maxPoolInto(y.select(0, plane), places.select(0, plane), x.select(0, plane), pixels, (f) => eachBox(size, windows, f));
    }
  },
  grad: {
    self: uses('self', 'indices', (g, { self, indices, kernel_size }) => F._max_pool_backward(g, self, indices, kernel_size.length)),
  },
  surface: [],
  gradName: 'FractionalMaxPool2DBackward0',
  inplace: false,
});
interface Fractional {
  readonly input: Tensor;
  readonly kernel_size: Ints;
  readonly output_size: Ints | null;
  readonly output_ratio: Ints | null;
  readonly _random_samples: Tensor | null;
}
function fractional(n: 2 | 3, { input, kernel_size, output_size, output_ratio, _random_samples }: Fractional): readonly [Tensor, Tensor] {
  const name = `fractional_max_pool${n}d`;
  if (!output_size && !output_ratio) throw new ValueError(`${name} requires specifying either an output_size or an output_ratio`);
  const { shape } = input.layout;
  const ratio = output_ratio && all(output_ratio, n);
  const size = output_size ? all(output_size, n) : shape.slice(shape.length - n).map((s, d) => Math.trunc(s * ratio![d]!));
  if (shape.length !== n + 1 && shape.length !== n + 2)
    throw new RuntimeError(`${name}: Expected ${n + 1}D or ${n + 2}D tensor, but got: ${showShape(shape)}`);
  const kernel = all(kernel_size, n);
  const inner = shape.slice(shape.length - n);
  const axes = ['time', 'height', 'width'].slice(3 - n);
  inner.forEach((s, d) => {
    if (size[d]! + kernel[d]! - 1 > s) {
      throw new RuntimeError(`${name}(): pool ${axes[d]} ${kernel[d]} too large relative to input ${axes[d]} ${s}`);
    }
  });
  const batch = shape.length === n + 1 ? 1 : shape[0]!;
  const samples = _random_samples ?? F.rand([batch, shape[shape.length - n - 1]!, n], null, input.dtype, null, input.device);
  return F._fractional_max_pool(input, kernel, size, samples) as unknown as readonly [Tensor, Tensor];
}
for (const n of [2, 3] as const) {
  op(
    `fractional_max_pool${n}d(Tensor input, int[${n}] kernel_size, int[${n}]? output_size=None, float[${n}]? output_ratio=None, bool return_indices=False, Tensor? _random_samples=None) -> Tensor` as FractionalSchema,
    {
      doc: 'The largest elements of windows at random places, and with return_indices where they stood.',
      decompose: (a) => {
        const [values, indices] = fractional(n, a);
        return a.return_indices ? [values, indices] : values;
      },
      random: true,
      returns: 'Tensor & readonly [Tensor, Tensor]',
      surface: ['nn.functional'],
    },
  );
}
for (const n of [2, 3] as const) {
  op(
    `fractional_max_pool${n}d_with_indices(Tensor input, int[${n}] kernel_size, int[${n}]? output_size=None, float[${n}]? output_ratio=None, bool return_indices=False, Tensor? _random_samples=None) -> (Tensor values, Tensor indices)` as FractionalPairSchema,
    {
      doc: 'The largest elements of windows at random places, and where they stood.',
      decompose: (a) => fractional(n, a),
      random: true,
      surface: ['nn.functional'],
    },
  );
}
type FractionalPairSchema =
  'fractional_max_pool2d_with_indices(Tensor input, int[2] kernel_size, int[2]? output_size=None, float[2]? output_ratio=None, bool return_indices=False, Tensor? _random_samples=None) -> (Tensor values, Tensor indices)';
type FractionalSchema =
  'fractional_max_pool2d(Tensor input, int[2] kernel_size, int[2]? output_size=None, float[2]? output_ratio=None, bool return_indices=False, Tensor? _random_samples=None) -> Tensor';
