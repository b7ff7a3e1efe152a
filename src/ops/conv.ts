// Convolutions of one to three spatial dimensions: one trilinear form of input, weight and output gradient. Its three operators are each
// other's derivatives; a transposed convolution is the input gradient of a convolution.
import { convInputInto, convInto, convWeightInto } from '../backend/reference/conv.ts';
import { bool } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import type { Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { joint, op, uses } from '../dispatch/operator.ts';

type Ints = readonly number[];
const FORM = 'int[] stride, int[] padding, int[] dilation, int groups' as const;
interface Form {
  readonly stride: Ints;
  readonly padding: Ints;
  readonly dilation: Ints;
  readonly groups: number;
}
const form = ({ stride, padding, dilation, groups }: Form): [number[], number[], number[], number] => [
  stride as number[],
  padding as number[],
  dilation as number[],
  groups,
];
const spatial = (shape: Shape): number[] => shape.slice(2);

// ---- the trilinear form -------------------------------------------------------------------------------------------
/** Note [Batched convolution]: a batch of weights is a grouped convolution: [b, n, …] becomes [n, b·…] at the channels. */
function fold(t: Tensor, batched: boolean, size: number, dim: number): Tensor {
  const x = (batched ? t : t.expand([size, ...t.layout.shape])).movedim(0, dim);
  const s = x.layout.shape;
  return x.reshape([...s.slice(0, dim), s[dim]! * s[dim + 1]!, ...s.slice(dim + 2)]);
}
function unfold(t: Tensor, size: number, dim: number): Tensor {
  const s = t.layout.shape;
  return t.reshape([...s.slice(0, dim), size, s[dim]! / size, ...s.slice(dim + 1)]).movedim(dim, 0);
}
/** A transposed convolution's output padding may leave room for more outputs than there were. */
function cropped(t: Tensor, shape: Shape): Tensor {
  return shape.reduce((r, size, d) => (r.layout.shape[d] === size ? r : r.narrow(d, 0, size)), t);
}
function sameType(a: Tensor, b: Tensor): void {
  if (a.dtype !== b.dtype) throw new RuntimeError(`expected scalar type ${a.dtype.scalarName} but found ${b.dtype.scalarName}`);
}

op(`_conv(Tensor input, Tensor weight, Tensor? bias, ${FORM}) -> Tensor`, {
  doc: 'Convolution of (N, C, …) by (O, C / groups, …).',
  meta: ({ input, weight, stride, padding, dilation }) => {
    sameType(input, weight);
    if (input.dtype === bool)
      throw new NotImplementedError(`"${input.ndim === 5 ? 'compute_columns3d' : 'slow_conv2d_cpu'}" not implemented for 'Bool'`);
    const [x, w] = [input.layout.shape, weight.layout.shape];
    const out = spatial(x).map((s, i) => Math.floor((s + 2 * padding[i]! - dilation[i]! * (w[i + 2]! - 1) - 1) / stride[i]!) + 1);
    return { shape: [x[0]!, w[0]!, ...out], dtype: input.dtype };
  },
  kernel: (a, out) => convInto(out!, a.input, a.weight, a.bias, a),
  grad: joint('input', 'weight', ([g], a, needs) => ({
    input: needs.input ? F._conv_input(g!, a.weight.conj(), a.input.layout.shape as number[], ...form(a)) : null,
    weight: needs.weight ? F._conv_weight(g!, a.input.conj(), a.weight.layout.shape as number[], ...form(a)) : null,
    bias: needs.bias ? g!.sum([0, ...spatial(g!.layout.shape).map((_, i) => i + 2)]) : null,
  })),
  batch: (run, a, batched, n) => {
    if (!batched.weight && !batched.bias) {
      const r = run({
        input: a.input.reshape([a.input.layout.shape[0]! * a.input.layout.shape[1]!, ...a.input.layout.shape.slice(2)]),
      }) as Tensor;
      return r.reshape([n, r.layout.shape[0]! / n, ...r.layout.shape.slice(1)]);
    }
    return unfold(
      run({
        input: fold(a.input, batched.input, n, 1),
        weight: fold(a.weight, batched.weight, n, 0),
        bias: a.bias && fold(a.bias, batched.bias, n, 0),
        groups: a.groups * n,
      }) as Tensor,
      n,
      1,
    );
  },
  surface: [],
  gradName: 'ConvolutionBackward0',
});
op(`_conv_input(Tensor grad, Tensor weight, int[] input_size, ${FORM}) -> Tensor`, {
  doc: 'The gradient of a convolution with respect to its input.',
  meta: ({ grad, weight, input_size }) => {
    sameType(grad, weight);
    if (grad.dtype === bool) throw new NotImplementedError(`"slow_conv_transpose${grad.ndim - 2}d_out_cpu" not implemented for 'Bool'`);
    return { shape: input_size, dtype: grad.dtype };
  },
  kernel: (a, out) => convInputInto(out!, a.grad, a.weight, a),
  grad: {
    grad: uses('weight', (h, a) => cropped(F._conv(h, a.weight.conj(), null, ...form(a)), a.grad.shape)),
    weight: uses('grad', (h, a) => F._conv_weight(a.grad.conj(), h, a.weight.shape as number[], ...form(a))),
  },
  batch: (run, a, batched, n) => {
    const [images, channels, ...size] = a.input_size as [number, number, ...number[]];
    return unfold(
      run({
        grad: fold(a.grad, batched.grad, n, 1),
        weight: fold(a.weight, batched.weight, n, 0),
        input_size: [images, channels * n, ...size],
        groups: a.groups * n,
      }) as Tensor,
      n,
      1,
    );
  },
  surface: [],
  gradName: 'ConvolutionBackward0',
});
op(`_conv_weight(Tensor grad, Tensor input, int[] weight_size, ${FORM}) -> Tensor`, {
  doc: 'The gradient of a convolution with respect to its weight.',
  meta: ({ grad, weight_size }) => ({ shape: weight_size, dtype: grad.dtype }),
  kernel: (a, out) => convWeightInto(out!, a.grad, a.input, a),
  grad: {
    grad: uses('input', (h, a) => cropped(F._conv(a.input.conj(), h, null, ...form(a)), a.grad.shape)),
    input: uses('grad', (h, a) => F._conv_input(a.grad.conj(), h, a.input.shape as number[], ...form(a))),
  },
  batch: (run, a, batched, n) => {
    const [outs, ...rest] = a.weight_size as [number, ...number[]];
    return unfold(
      run({
        grad: fold(a.grad, batched.grad, n, 1),
        input: fold(a.input, batched.input, n, 1),
        weight_size: [outs * n, ...rest],
        groups: a.groups * n,
      }) as Tensor,
      n,
      0,
    );
  },
  surface: [],
});

// ---- checks -------------------------------------------------------------------------------------------------------
/** One number stands for all dimensions. */
function expanded(values: Ints, name: string, dims: number): number[] {
  if (values.length === 1) return new Array<number>(dims).fill(values[0]!);
  if (values.length !== dims) {
    throw new RuntimeError(
      `expected ${name} to be a single integer value or a list of ${dims} values to match the convolution dimensions, but got ${name}=[${values.join(', ')}]`,
    );
  }
  return values as number[];
}
interface Convolution extends Form {
  readonly transposed: boolean;
  readonly output_padding: Ints;
}
const by = (sizes: Ints): string => `(${sizes.join(' x ')})`;
function checkConvolution(input: Tensor, weight: Tensor, bias: Tensor | null, c: Convolution): void {
  const [x, w] = [input.layout.shape, weight.layout.shape];
  if (c.padding.some((p) => p < 0)) throw new RuntimeError('negative padding is not supported');
  if (c.output_padding.some((p) => p < 0)) throw new RuntimeError('negative output_padding is not supported');
  if (c.stride.some((s) => s <= 0)) throw new RuntimeError('non-positive stride is not supported');
  if (c.dilation.some((d) => d <= 0)) throw new RuntimeError(`dilation should be greater than zero, but got ${showShape(c.dilation)}`);
  if (w.length !== x.length) {
    throw new RuntimeError(
      `Expected ${w.length}-dimensional input for ${w.length}-dimensional weight ${showShape(w)}, but got ${x.length}-dimensional input of size ${showShape(x)} instead`,
    );
  }
  if (w[0]! < c.groups)
    throw new RuntimeError(
      `Given groups=${c.groups}, expected weight to be at least ${c.groups} at dimension 0, but got weight of size ${showShape(w)} instead`,
    );
  if (w[0]! % c.groups !== 0) {
    throw new RuntimeError(
      `Given groups=${c.groups}, expected weight to be divisible by ${c.groups} at dimension 0, but got weight of size [${showShape(w)}] instead`,
    );
  }
  const channels = c.transposed ? w[0]! : w[1]! * c.groups;
  const outs = c.transposed ? w[1]! * c.groups : w[0]!;
  const given = c.transposed
    ? `Given transposed=1, weight of size ${showShape(w)}`
    : `Given groups=${c.groups}, weight of size ${showShape(w)}`;
  if (x[1] !== channels)
    throw new RuntimeError(`${given}, expected input${showShape(x)} to have ${channels} channels, but got ${x[1]} channels instead`);
  if (bias && (bias.ndim !== 1 || bias.layout.shape[0] !== outs)) {
    const start = c.transposed ? given : `Given weight of size ${showShape(w)}`;
    throw new RuntimeError(
      `${start}, expected bias to be 1-dimensional with ${outs} elements, but got bias of size ${showShape(bias.layout.shape)} instead`,
    );
  }
  if (c.transposed) return;
  const padded = spatial(x).map((s, i) => s + 2 * c.padding[i]!);
  const reach = spatial(w).map((k, i) => c.dilation[i]! * (k - 1) + 1);
  if (padded.some((s, i) => s < reach[i]! || s === 0)) {
    throw new RuntimeError(
      `Calculated padded input size per channel: ${by(padded)}. Kernel size: ${by(reach)}. Kernel size can't be greater than actual input size`,
    );
  }
}
const AXES = ['depth', 'height', 'width'] as const;
const axes = (name: string, values: Ints): string =>
  AXES.slice(3 - values.length)
    .map((a, i) => `${name}_${a}: ${values[i]}`)
    .join(' ');
/** The size of a transposed convolution's result. */
function transposedSize(input: Tensor, weight: Tensor, c: Convolution): number[] {
  const [x, w] = [input.layout.shape, weight.layout.shape];
  if (c.output_padding.some((p, i) => p >= c.stride[i]! && p >= c.dilation[i]!)) {
    throw new RuntimeError(
      `output padding must be smaller than either stride or dilation, but got ${axes('output_padding', c.output_padding)} ${axes('stride', c.stride)} ${axes('dilation', c.dilation)}`,
    );
  }
  const size = spatial(x).map(
    (s, i) => (s - 1) * c.stride[i]! - 2 * c.padding[i]! + c.dilation[i]! * (w[i + 2]! - 1) + c.output_padding[i]! + 1,
  );
  if (size.some((s) => s < 1))
    throw new RuntimeError(
      `Given input size per channel: ${by(spatial(x))}. Calculated output size per channel: ${by(size)}. Output size is too small`,
    );
  return [x[0]!, w[1]! * c.groups, ...size];
}

// ---- the public operators -----------------------------------------------------------------------------------------
op(
  'convolution(Tensor input, Tensor weight, Tensor? bias, int[] stride, int[] padding, int[] dilation, bool transposed, int[] output_padding, int groups) -> Tensor',
  {
    doc: 'A convolution, or transposed convolution, of (N, C, …) by (O, C / groups, …).',
    decompose: ({ input, weight, bias, stride, padding, dilation, transposed, output_padding, groups }) => {
      const dims = weight.ndim - 2;
      if (dims <= 0) throw new RuntimeError('weight should have at least three dimensions');
      if (groups <= 0) throw new RuntimeError('non-positive groups is not supported');
      const c: Convolution = {
        stride: expanded(stride, 'stride', dims),
        padding: expanded(padding, 'padding', dims),
        dilation: expanded(dilation, 'dilation', dims),
        output_padding: expanded(output_padding, 'output_padding', dims),
        transposed,
        groups,
      };
      checkConvolution(input, weight, bias, c);
      if (!transposed) return F._conv(input, weight, bias, ...form(c));
      const r = F._conv_input(input, weight, transposedSize(input, weight, c), ...form(c));
      return bias ? r.add(bias.reshape([-1, ...new Array<number>(dims).fill(1)])) : r;
    },
    autocast: 'lower',
  },
);
/** Runs on a batch: one example gets a batch dimension for the call. */
function batchwise(input: Tensor, bias: Tensor | null, dims: number, name: string, body: (x: Tensor) => Tensor): Tensor {
  if (input.ndim !== dims + 1 && input.ndim !== dims + 2) {
    throw new RuntimeError(
      `Expected ${dims + 1}D (unbatched) or ${dims + 2}D (batched) input to ${name}, but got input of size: ${showShape(input.layout.shape)}`,
    );
  }
  if (bias && bias.dtype !== input.dtype)
    throw new RuntimeError(`Input type (${input.dtype.cName}) and bias type (${bias.dtype.cName}) should be the same`);
  return input.ndim === dims + 1 ? body(input.unsqueeze(0)).squeeze(0) : body(input);
}
/** Padding so that the result has the input's size; the odd one is at the end. */
function convolutionSame(input: Tensor, weight: Tensor, bias: Tensor | null, stride: Ints, dilation: Ints, groups: number): Tensor {
  const k = weight.ndim;
  if (k <= 2) throw new RuntimeError('weight should have at least three dimensions');
  if (groups <= 0) throw new RuntimeError('non-positive groups is not supported');
  if (input.ndim !== k) {
    throw new RuntimeError(
      `Expected ${k}-dimensional input for ${k}-dimensional weight ${showShape(weight.layout.shape)}, but got ${input.ndim}-dimensional input of size ${showShape(input.layout.shape)} instead`,
    );
  }
  const d = expanded(dilation, 'dilation', k - 2);
  if (stride.some((s) => s !== 1)) throw new RuntimeError("padding='same' is not supported for strided convolutions");
  const total = spatial(weight.layout.shape).map((s, i) => d[i]! * (s - 1));
  const left = total.map((t) => Math.floor(t / 2));
  const extra = total.map((t, i) => t - 2 * left[i]!);
  const x = extra.some((e) => e > 0)
    ? F.constant_pad_nd(
        input,
        extra.reverse().flatMap((e) => [0, e]),
      )
    : input;
  return F.convolution(x, weight, bias, stride as number[], left, d, false, [0], groups);
}
for (const n of [1, 2, 3] as const) {
  const name = `conv${n}d`;
  op(
    `conv${n}d(Tensor input, Tensor weight, Tensor? bias=None, int[${n}] stride=1, int[${n}] padding=0, int[${n}] dilation=1, int groups=1) -> Tensor` as ConvSchema,
    {
      doc: `A ${n}-dimensional convolution of (N, C, …), or one example (C, …), by (O, C / groups, …).`,
      decompose: ({ input, weight, bias, stride, padding, dilation, groups }) =>
        batchwise(input, bias, n, name, (x) =>
          F.convolution(x, weight, bias, stride as number[], padding as number[], dilation as number[], false, [0], groups),
        ),
      autocast: 'lower',
      surface: ['function', 'nn.functional'],
    },
  );
  op(
    `conv${n}d.padding(Tensor input, Tensor weight, Tensor? bias=None, int[${n}] stride=1, str padding="valid", int[${n}] dilation=1, int groups=1) -> Tensor` as PaddedSchema,
    {
      doc: `A ${n}-dimensional convolution padded to the input's size ("same"), or not ("valid").`,
      decompose: ({ input, weight, bias, stride, padding, dilation, groups }) =>
        batchwise(input, bias, n, name, (x) => {
          if (padding === 'same') return convolutionSame(x, weight, bias, stride, dilation, groups);
          if (padding === 'valid') return F.convolution(x, weight, bias, stride as number[], [0], dilation as number[], false, [0], groups);
          throw new RuntimeError(`Invalid padding string: '${padding}'`);
        }),
      autocast: 'lower',
      surface: ['function', 'nn.functional'],
    },
  );
  op(
    `conv_transpose${n}d(Tensor input, Tensor weight, Tensor? bias=None, int[${n}] stride=1, int[${n}] padding=0, int[${n}] output_padding=0, int groups=1, int[${n}] dilation=1) -> Tensor` as TransposedSchema,
    {
      doc: `A ${n}-dimensional transposed convolution of (N, C, …), or one example (C, …), by (C, O / groups, …).`,
      decompose: ({ input, weight, bias, stride, padding, output_padding, groups, dilation }) =>
        batchwise(input, bias, n, `conv_transpose${n}d`, (x) =>
          F.convolution(
            x,
            weight,
            bias,
            stride as number[],
            padding as number[],
            dilation as number[],
            true,
            output_padding as number[],
            groups,
          ),
        ),
      autocast: 'lower',
      surface: ['function', 'nn.functional'],
    },
  );
}
type ConvSchema =
  'conv2d(Tensor input, Tensor weight, Tensor? bias=None, int[2] stride=1, int[2] padding=0, int[2] dilation=1, int groups=1) -> Tensor';
type PaddedSchema =
  'conv2d.padding(Tensor input, Tensor weight, Tensor? bias=None, int[2] stride=1, str padding="valid", int[2] dilation=1, int groups=1) -> Tensor';
type TransposedSchema =
  'conv_transpose2d(Tensor input, Tensor weight, Tensor? bias=None, int[2] stride=1, int[2] padding=0, int[2] output_padding=0, int groups=1, int[2] dilation=1) -> Tensor';

op('conv_tbc(Tensor self, Tensor weight, Tensor bias, int pad=0) -> Tensor', {
  doc: 'A 1-dimensional convolution of (time, batch, channels) by (kernel, channels, outputs).',
  decompose: ({ self, weight, bias, pad }) =>
    F.convolution(self.permute([1, 2, 0]), weight.permute([2, 1, 0]), bias, [1], [pad], [1], false, [0], 1).permute([2, 0, 1]),
  surface: ['function', 'nn.functional'],
  inplace: false,
});
