// Layer, group, batch and instance normalisation: a definition in other operators, a fused kernel, and a fused gradient whose own
// derivative follows from its definition.
import { type Grouping, inverseDeviation, normaliseInto, normBackwardInto, normInto, statistics } from '../backend/reference/norm.ts';
import { reals, store } from '../backend/reference/arrays.ts';
import { bfloat16, finfo, float32, uint8 } from '../core/dtype.ts';
import { RuntimeError, ValueError } from '../core/errors.ts';
import { roundTo } from '../core/sampling_elements.ts';
import { showShape } from '../core/shape.ts';
import { numel, sameShape, type Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { joint, op, type Spec } from '../dispatch/operator.ts';
import { converted } from './reduce.ts';

/** Mean and 1 / √(variance + eps) over dimensions, which stay with size 1. */
function moments(x: Tensor, dims: number[], eps: number): { mean: Tensor; centred: Tensor; variance: Tensor; rstd: Tensor } {
  const mean = x.mean(dims, true);
  const centred = x.sub(mean);
  const variance = centred.square().mean(dims, true);
  return { mean, centred, variance, rstd: variance.add(eps).rsqrt() };
}
/** The gradient with respect to x of x̂ = (x − mean) · rstd. */
function throughMoments(gy: Tensor, xhat: Tensor, rstd: Tensor, dims: number[]): Tensor {
  return gy
    .sub(gy.mean(dims, true))
    .sub(xhat.mul(gy.mul(xhat).mean(dims, true)))
    .mul(rstd);
}
const scaled = (x: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor => {
  const y = weight ? x.mul(weight) : x;
  return bias ? y.add(bias) : y;
};
const range = (from: number, to: number): number[] => Array.from({ length: Math.max(to - from, 0) }, (_, i) => from + i);

// ---- layer norm ---------------------------------------------------------------------------------------------------
const lastDims = (x: Tensor, k: number): number[] => range(x.ndim - k, x.ndim);
function checkLayerNorm(input: Tensor, size: Shape, weight: Tensor | null, bias: Tensor | null): void {
  const { shape } = input.layout;
  if (size.length < 1)
    throw new RuntimeError(
      `Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got normalized_shape = ${showShape(size)}`,
    );
  for (const [name, t] of [
    ['weight', weight],
    ['bias', bias],
  ] as const) {
    if (t && !sameShape(t.layout.shape, size)) {
      throw new RuntimeError(
        `Expected ${name} to be of same shape as normalized_shape, but got ${name} of shape ${showShape(t.layout.shape)} and normalized_shape = ${showShape(size)}`,
      );
    }
  }
  if (shape.length < size.length || !sameShape(shape.slice(shape.length - size.length), size)) {
    throw new RuntimeError(
      `Given normalized_shape=${showShape(size)}, expected input with shape [*${size.map((s) => `, ${s}`).join('')}], but got input of size${showShape(shape)}`,
    );
  }
}
function layerGroups(shape: Shape, size: Shape): Grouping {
  const columns = numel(size);
  return {
    groups: numel(shape.slice(0, shape.length - size.length)),
    weights: columns,
    group: (i) => Math.floor(i / columns),
    weight: (i) => i % columns,
  };
}
op(
  'native_layer_norm(Tensor input, int[] normalized_shape, Tensor? weight, Tensor? bias, float eps) -> (Tensor result0, Tensor result1, Tensor result2)',
  {
    doc: 'Layer normalisation, and the mean and 1 / √(variance + eps) of every row.',
    decompose: ({ input, normalized_shape, weight, bias, eps }) => {
      checkLayerNorm(input, normalized_shape, weight, bias);
      const { mean, centred, rstd } = moments(input, lastDims(input, normalized_shape.length), eps);
      return [scaled(centred.mul(rstd), weight, bias), mean, rstd];
    },
    meta: ({ input, normalized_shape, weight, bias }) => {
      checkLayerNorm(input, normalized_shape, weight, bias);
      const rows: Spec = {
        shape: input.layout.shape.map((s, i) => (i < input.ndim - normalized_shape.length ? s : 1)),
        dtype: input.dtype,
      };
      return [{ shape: input.layout.shape, dtype: input.dtype }, rows, rows];
    },
    kernel: ({ input, normalized_shape, weight, bias, eps }, out, mean, rstd) =>
      void normInto(out!, mean!, rstd!, input, weight, bias, eps, layerGroups(input.layout.shape, normalized_shape)),
    grad: joint('input', 'weight', 'result1', 'result2', ([g], { input, normalized_shape, weight, result1, result2, eps }, needs) => {
      const [gx, gw, gb] = F._layer_norm_backward(g!, input, normalized_shape as number[], result1, result2, weight, eps);
      return { input: gx, weight: needs.weight ? gw : null, bias: needs.bias ? gb : null };
    }),
    constants: ['result1', 'result2'],
    autocast: 'float32',
  },
);
op(
  '_layer_norm_backward(Tensor grad, Tensor input, int[] normalized_shape, Tensor mean, Tensor rstd, Tensor? weight, float eps) -> (Tensor result0, Tensor result1, Tensor result2)',
  {
    doc: 'The gradients of layer_norm with respect to input, weight and bias.',
    decompose: ({ grad, input, normalized_shape, weight, eps }) => {
      const dims = lastDims(input, normalized_shape.length);
      const { centred, rstd } = moments(input, dims, eps);
      const xhat = centred.mul(rstd);
      const lead = range(0, input.ndim - normalized_shape.length);
      const sum = (t: Tensor): Tensor => (lead.length ? t.sum(lead) : t);
      return [throughMoments(weight ? grad.mul(weight) : grad, xhat, rstd, dims), sum(grad.mul(xhat)), sum(grad)];
    },
    meta: ({ input, normalized_shape, weight }) => {
      const w: Spec = { shape: normalized_shape, dtype: weight?.dtype ?? input.dtype };
      return [{ shape: input.layout.shape, dtype: input.dtype }, w, w];
    },
    kernel: ({ grad, input, normalized_shape, mean, rstd, weight }, ...outs) =>
      normBackwardInto(outs, grad, input, reals(mean), reals(rstd), weight, layerGroups(input.layout.shape, normalized_shape)),
    surface: [],
  },
);
op(
  'layer_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, Tensor? bias=None, float eps=1e-5, bool cudnn_enable=True) -> Tensor',
  {
    doc: 'Normalises the last dimensions to mean 0 and variance 1, then scales and shifts.',
    decompose: ({ input, normalized_shape, weight, bias, eps }) =>
      F.native_layer_norm(input, normalized_shape as number[], weight, bias, eps)[0],
    autocast: 'float32',
    surface: ['function', 'nn.functional'],
  },
);
op('rms_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, float? eps=None) -> Tensor', {
  doc: 'Divides the last dimensions by their root mean square, then scales.',
  decompose: ({ input, normalized_shape, weight, eps }) => {
    checkLayerNorm(input, normalized_shape, weight, null);
    const x = input.dtype.itemsize === 2 ? converted(input, float32) : input;
    const scale = x
      .square()
      .mean(lastDims(x, normalized_shape.length), true)
      .add(eps ?? new finfo(x.dtype.to_real()).eps)
      .rsqrt();
    const y = x.mul(scale);
    return converted(weight ? y.mul(weight) : y, input.dtype);
  },
  autocast: 'float32',
  surface: ['function', 'nn.functional'],
});

// ---- group norm ---------------------------------------------------------------------------------------------------
const perChannel = (t: Tensor, ndim: number): Tensor => t.reshape([-1, ...new Array<number>(ndim - 2).fill(1)]);
function channelGroups(shape: Shape, groups: number): Grouping {
  const [n, channels] = [shape[0]!, shape[1]!];
  const pixels = numel(shape.slice(2));
  const size = (channels / groups) * pixels;
  return { groups: n * groups, weights: channels, group: (i) => Math.floor(i / size), weight: (i) => Math.floor(i / pixels) % channels };
}
/** (N, C, …) as (N, groups, rest). */
const grouped = (t: Tensor, groups: number): Tensor => {
  const n = t.layout.shape[0]!;
  return t.reshape([n, groups, n * groups === 0 ? 0 : t.layout.numel / (n * groups)]);
};
interface GroupNorm {
  readonly input: Tensor;
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly group: number;
  readonly eps: number;
}
/** Result, mean and rstd, the latter (N, groups). */
function groupNormalised({ input, weight, bias, group, eps }: GroupNorm): Tensor[] {
  const { mean, centred, rstd } = moments(grouped(input, group), [2], eps);
  const y = centred.mul(rstd).reshape(input.layout.shape as number[]);
  return [scaled(y, weight && perChannel(weight, input.ndim), bias && perChannel(bias, input.ndim)), mean.squeeze(2), rstd.squeeze(2)];
}
function groupNormSpecs({ input, weight, group }: GroupNorm): Spec[] {
  const rows: Spec = { shape: [input.layout.shape[0]!, group], dtype: weight?.dtype ?? input.dtype };
  return [{ shape: input.layout.shape, dtype: input.dtype }, rows, rows];
}
const groupNormInto = ({ input, weight, bias, group, eps }: GroupNorm, ...[out, mean, rstd]: Tensor[]): void =>
  void normInto(out!, mean!, rstd!, input, weight, bias, eps, channelGroups(input.layout.shape, group));
op(
  'native_group_norm(Tensor input, Tensor? weight, Tensor? bias, int N, int C, int HxW, int group, float eps) -> (Tensor result0, Tensor result1, Tensor result2)',
  {
    doc: 'Group normalisation, and the mean and 1 / √(variance + eps) of every group.',
    decompose: groupNormalised,
    meta: groupNormSpecs,
    kernel: groupNormInto,
    grad: joint('input', 'weight', 'result1', 'result2', ([g, gm, gr], { input, weight, group, result1, result2, eps }, needs) => {
      const [gx, gw, gb] = F._group_norm_backward(g!, input, result1, result2, weight, group, eps);
      if (!needs.input) return { input: null, weight: needs.weight ? gw : null, bias: needs.bias ? gb : null };
      // Mean and rstd are results as well.
      const { centred, rstd } = moments(grouped(input, group), [2], eps);
      const through = gm!
        .unsqueeze(2)
        .sub(gr!.unsqueeze(2).mul(rstd.pow(3)).mul(centred))
        .div(centred.shape[2]!);
      return { input: gx.add(through.reshape(input.shape as number[])), weight: needs.weight ? gw : null, bias: needs.bias ? gb : null };
    }),
    autocast: 'float32',
  },
);
op(
  '_group_norm(Tensor input, Tensor? weight, Tensor? bias, int group, float eps) -> (Tensor result0, hidden Tensor result1, hidden Tensor result2)',
  {
    doc: 'Group normalisation.',
    decompose: groupNormalised,
    meta: groupNormSpecs,
    kernel: groupNormInto,
    grad: joint('input', 'weight', 'result1', 'result2', ([g], { input, weight, group, result1, result2, eps }, needs) => {
      const [gx, gw, gb] = F._group_norm_backward(g!, input, result1, result2, weight, group, eps);
      return { input: gx, weight: needs.weight ? gw : null, bias: needs.bias ? gb : null };
    }),
    surface: [],
    gradName: 'NativeGroupNormBackward0',
  },
);
op(
  '_group_norm_backward(Tensor grad, Tensor input, Tensor mean, Tensor rstd, Tensor? weight, int group, float eps) -> (Tensor result0, Tensor result1, Tensor result2)',
  {
    doc: 'The gradients of group_norm with respect to input, weight and bias.',
    decompose: ({ grad, input, weight, group, eps }) => {
      const { centred, rstd } = moments(grouped(input, group), [2], eps);
      const xhat = centred.mul(rstd);
      const gy = grouped(weight ? grad.mul(perChannel(weight, input.ndim)) : grad, group);
      const dims = [0, ...range(2, input.ndim)];
      const shape = input.layout.shape as number[];
      return [throughMoments(gy, xhat, rstd, [2]).reshape(shape), grad.mul(xhat.reshape(shape)).sum(dims), grad.sum(dims)];
    },
    meta: ({ input, weight }) => {
      const w: Spec = { shape: [input.layout.shape[1]!], dtype: weight?.dtype ?? input.dtype };
      return [{ shape: input.layout.shape, dtype: input.dtype }, w, w];
    },
    kernel: ({ grad, input, mean, rstd, weight, group }, ...outs) =>
      normBackwardInto(outs, grad, input, reals(mean), reals(rstd), weight, channelGroups(input.layout.shape, group)),
    surface: [],
  },
);
function groupNorm(input: Tensor, groups: number, weight: Tensor | null, bias: Tensor | null, eps: number): Tensor {
  const { shape } = input.layout;
  if (shape.length < 2) throw new RuntimeError(`Expected at least 2 dimensions for input tensor but received ${shape.length}`);
  const channels = shape[1]!;
  if (groups <= 0) throw new RuntimeError(`Expected num groups to be greater than 0, got ${groups}`);
  if (channels % groups !== 0)
    throw new RuntimeError(
      `Expected number of channels in input to be divisible by num_groups, but got input of shape ${showShape(shape)} and num_groups=${groups}`,
    );
  for (const [name, t] of [
    ['weight', weight],
    ['bias', bias],
  ] as const) {
    if (t && (t.ndim !== 1 || t.layout.numel !== channels)) {
      throw new RuntimeError(
        `Expected ${name} to be a vector of size equal to the number of channels in input, but got ${name} of shape ${showShape(t.layout.shape)} and input of shape ${showShape(shape)}`,
      );
    }
  }
  if (channels === 0) throw new RuntimeError('Expected number of channels to be greater than 0, got 0');
  if (shape.slice(2).includes(0)) throw new RuntimeError('Expected HxW to be greater than 0, got 0');
  return F._group_norm(input, weight, bias, groups, eps);
}
op('group_norm(Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float eps=1e-5, bool cudnn_enabled=True) -> Tensor', {
  doc: 'Normalises groups of channels of each example, then scales and shifts each channel.',
  decompose: ({ input, num_groups, weight, bias, eps }) => groupNorm(input, num_groups, weight, bias, eps),
  autocast: 'float32',
  surface: ['function'],
});
function requireSeveralValues(size: Shape): void {
  if (size[0]! * numel(size.slice(2)) === 1)
    throw new ValueError(`Expected more than 1 value per channel when training, got input size torch.Size(${showShape(size)})`);
}
op('group_norm.functional(Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float eps=1e-5) -> Tensor', {
  doc: 'Normalises groups of channels of each example, then scales and shifts each channel.',
  decompose: ({ input, num_groups, weight, bias, eps }) => {
    const { shape } = input.layout;
    if (shape.length < 2) throw new RuntimeError(`Expected at least 2 dimensions for input tensor but received ${shape.length}`);
    const size = [Math.floor((shape[0]! * shape[1]!) / num_groups), num_groups, ...shape.slice(2)];
    if (size[0]! * numel(size.slice(2)) === 1)
      throw new ValueError(`Expected more than 1 value per channel when training, got input size ${showShape(size)}`);
    return groupNorm(input, num_groups, weight, bias, eps);
  },
  autocast: 'float32',
  surface: ['nn.functional'],
});

// ---- batch norm ---------------------------------------------------------------------------------------------------
function batchGroups(shape: Shape): Grouping {
  const channels = shape[1]!;
  const pixels = numel(shape.slice(2));
  const channel = (i: number): number => Math.floor(i / pixels) % channels;
  return { groups: channels, weights: channels, group: channel, weight: channel };
}
const batchDims = (x: Tensor): number[] => [0, ...range(2, x.ndim)];
interface Parameters {
  readonly input: Tensor;
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly running_mean: Tensor | null;
  readonly running_var: Tensor | null;
}
function checkBatchNorm({ input, weight, bias, running_mean, running_var }: Parameters): void {
  if (input.ndim < 2)
    throw new RuntimeError(`Dimension out of range (expected to be in range of [${-input.ndim}, ${input.ndim - 1}], but got 1)`);
  const channels = input.layout.shape[1]!;
  for (const [name, t] of Object.entries({ running_mean, running_var, weight, bias })) {
    if (t && t.layout.numel !== channels) throw new RuntimeError(`${name} should contain ${channels} elements not ${t.layout.numel}`);
  }
}
const statisticsSpec = (input: Tensor, weight: Tensor | null): Spec => ({
  shape: [input.layout.shape[1]!],
  dtype: weight?.dtype ?? input.dtype,
});
/** The running statistic moves towards the batch's. */
const moved = (running: Float64Array, batch: Float64Array, momentum: number): Float64Array =>
  running.map((v, i) => momentum * batch[i]! + (1 - momentum) * v);

op(
  '_batch_norm_train(Tensor input, Tensor? weight, Tensor? bias, Tensor(a!)? running_mean, Tensor(b!)? running_var, float momentum, float eps) -> (Tensor result0, Tensor result1, Tensor result2)',
  {
    doc: 'Batch normalisation by the statistics of the batch, which also move the running ones.',
    decompose: ({ input, weight, bias, running_mean, running_var, momentum, eps }) => {
      const { mean, centred, variance, rstd } = moments(input, batchDims(input), eps);
      const [m, v, r] = [mean, variance, rstd].map((t) => t.reshape([-1])) as [Tensor, Tensor, Tensor];
      const count = input.layout.numel / input.layout.shape[1]!;
      if (running_mean) running_mean.copy_(running_mean.mul(1 - momentum).add(m.detach().mul(momentum)));
      if (running_var) running_var.copy_(running_var.mul(1 - momentum).add(v.detach().mul((momentum * count) / (count - 1))));
      return [scaled(centred.mul(rstd), weight && perChannel(weight, input.ndim), bias && perChannel(bias, input.ndim)), m, r];
    },
    meta: (a) => {
      checkBatchNorm(a);
      const s = statisticsSpec(a.input, a.weight);
      return [{ shape: a.input.layout.shape, dtype: a.input.dtype }, s, s];
    },
    kernel: ({ input, weight, bias, running_mean, running_var, momentum, eps }, out, mean, rstd) => {
      const groups = batchGroups(input.layout.shape);
      const x = reals(input);
      const s = statistics(x, groups);
      // The statistics count as they are kept; in bfloat16 PyTorch keeps the sum of squares too.
      const kept = (v: number): number => (mean!.dtype === bfloat16 ? roundTo(v, bfloat16) : v);
      const squares = s.variance.map((v) => kept(v * s.count));
      store(mean!, s.mean);
      store(
        rstd!,
        inverseDeviation(
          squares.map((v) => kept(v / s.count)),
          eps,
        ),
      );
      normaliseInto(out!, x, reals(mean!), reals(rstd!), weight, bias, groups);
      if (running_mean) store(running_mean, moved(reals(running_mean), reals(mean!), momentum));
      if (running_var)
        store(
          running_var,
          moved(
            reals(running_var),
            squares.map((v) => v / (s.count - 1)),
            momentum,
          ),
        );
    },
    grad: joint('input', 'weight', 'result1', 'result2', ([g], { input, weight, result1, result2, eps }, needs) => {
      const [gx, gw, gb] = F._batch_norm_backward(g!, input, weight, result1, result2, true, eps);
      return { input: gx, weight: needs.weight ? gw : null, bias: needs.bias ? gb : null };
    }),
    surface: [],
    gradName: 'NativeBatchNormBackward0',
  },
);
op('_batch_norm_eval(Tensor input, Tensor? weight, Tensor? bias, Tensor running_mean, Tensor running_var, float eps) -> Tensor', {
  doc: 'Batch normalisation by the running statistics.',
  decompose: ({ input, weight, bias, running_mean, running_var, eps }) => {
    const [mean, variance] = [perChannel(running_mean, input.ndim), perChannel(running_var, input.ndim)];
    const y = input.sub(mean).mul(variance.add(eps).rsqrt());
    return converted(scaled(y, weight && perChannel(weight, input.ndim), bias && perChannel(bias, input.ndim)), input.dtype);
  },
  meta: (a) => {
    checkBatchNorm(a);
    return { shape: a.input.layout.shape, dtype: a.input.dtype };
  },
  kernel: ({ input, weight, bias, running_mean, running_var, eps }, out) =>
    normaliseInto(
      out!,
      reals(input),
      reals(running_mean),
      inverseDeviation(reals(running_var), eps),
      weight,
      bias,
      batchGroups(input.layout.shape),
    ),
  grad: joint('input', 'weight', 'running_mean', 'running_var', ([g], { input, weight, running_mean, running_var, eps }, needs) => {
    const [gx, gw, gb] = F._batch_norm_backward(g!, input, weight, running_mean, running_var, false, eps);
    return { input: gx, weight: needs.weight ? gw : null, bias: needs.bias ? gb : null };
  }),
  surface: [],
  gradName: 'NativeBatchNormBackward0',
});
op(
  '_batch_norm_backward(Tensor grad, Tensor input, Tensor? weight, Tensor mean, Tensor spread, bool training, float eps) -> (Tensor result0, Tensor result1, Tensor result2)',
  {
    doc: 'The gradients of batch_norm with respect to input, weight and bias. spread: 1 / √(variance + eps) of the batch, or the running variance.',
    decompose: ({ grad, input, weight, mean, spread, training, eps }) => {
      const dims = batchDims(input);
      const gy = weight ? grad.mul(perChannel(weight, input.ndim)) : grad;
      if (!training) {
        const rstd = perChannel(spread, input.ndim).add(eps).rsqrt();
        return [gy.mul(rstd), grad.mul(input.sub(perChannel(mean, input.ndim)).mul(rstd)).sum(dims), grad.sum(dims)];
      }
      const { centred, rstd } = moments(input, dims, eps);
      const xhat = centred.mul(rstd);
      return [throughMoments(gy, xhat, rstd, dims), grad.mul(xhat).sum(dims), grad.sum(dims)];
    },
    meta: ({ input, weight }) => {
      const w = statisticsSpec(input, weight);
      return [{ shape: input.layout.shape, dtype: input.dtype }, w, w];
    },
    kernel: ({ grad, input, weight, mean, spread, training, eps }, ...outs) => {
      const rstd = training ? reals(spread) : inverseDeviation(reals(spread), eps);
      normBackwardInto(outs, grad, input, reals(mean), rstd, weight, batchGroups(input.layout.shape), !training);
    },
    surface: [],
  },
);

type Normalised = readonly [Tensor, Tensor, Tensor];
interface BatchNorm extends Parameters {
  readonly training: boolean;
  readonly momentum: number;
  readonly eps: number;
}
function batchNorm(a: BatchNorm): Normalised {
  const { input, weight, bias, running_mean, running_var, training, momentum, eps } = a;
  if (input.layout.numel === 0 && input.ndim < 2) {
    const none = F.empty([0], input.dtype, null, input.device);
    return [input.clone(), none, none];
  }
  checkBatchNorm(a);
  if (training) {
    const [out, mean, rstd] = F._batch_norm_train(input, weight, bias, running_mean, running_var, momentum, eps);
    return [out, mean.detach(), rstd.detach()];
  }
  if (!running_mean || !running_var) throw new RuntimeError('running_mean and running_var must be defined in evaluation mode');
  const none = F.empty([0], input.dtype, null, input.device);
  return [F._batch_norm_eval(input, weight, bias, running_mean, running_var, eps), none, none];
}
/** An empty batch has no statistics: it leaves the running ones, and stays connected to its parameters. */
function unlessEmpty(a: BatchNorm): Tensor {
  if (a.input.layout.numel > 0) return batchNorm(a)[0];
  const x = a.weight ? a.input.clone().mul(a.weight.select(0, 0)) : a.input.clone();
  return a.bias ? x.add(a.bias.select(0, 0)) : x;
}
op(
  'batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool training, float momentum, float eps, bool cudnn_enabled=True) -> Tensor',
  {
    doc: 'Normalises each channel over the batch, or by running statistics, then scales and shifts.',
    decompose: unlessEmpty,
    surface: ['function'],
  },
);
op(
  'batch_norm.functional(Tensor input, Tensor? running_mean, Tensor? running_var, Tensor? weight=None, Tensor? bias=None, bool training=False, float momentum=0.1, float eps=1e-5) -> Tensor',
  {
    doc: 'Normalises each channel over the batch, or by running statistics, then scales and shifts.',
    decompose: (a) => {
      if (a.training) requireSeveralValues(a.input.layout.shape);
      if (a.training && a.eps <= 0) throw new ValueError(`batch_norm eps must be positive during training, but got ${a.eps}`);
      if (a.eps < 0) throw new ValueError(`batch_norm eps must be non-negative, but got ${a.eps}`);
      return unlessEmpty(a);
    },
    surface: ['nn.functional'],
  },
);
op(
  'native_batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool training, float momentum, float eps) -> (Tensor result0, Tensor result1, Tensor result2)',
  {
    doc: 'batch_norm, and the mean and 1 / √(variance + eps) of the batch (empty in evaluation).',
    decompose: batchNorm,
  },
);
op(
  '_native_batch_norm_legit(Tensor input, Tensor? weight, Tensor? bias, Tensor running_mean, Tensor running_var, bool training, float momentum, float eps) -> (Tensor result0, Tensor result1, Tensor result2)',
  {
    doc: 'native_batch_norm with running statistics.',
    decompose: batchNorm,
  },
);
op(
  '_native_batch_norm_legit.no_stats(Tensor input, Tensor? weight, Tensor? bias, bool training, float momentum, float eps) -> (Tensor result0, Tensor result1, Tensor result2)',
  {
    doc: 'native_batch_norm without running statistics.',
    decompose: (a) =>
      batchNorm({ ...parametersOf(a), running_mean: null, running_var: null, training: a.training, momentum: a.momentum, eps: a.eps }),
  },
);
op(
  '_batch_norm_with_update(Tensor input, Tensor? weight, Tensor? bias, Tensor running_mean, Tensor running_var, float momentum, float eps) -> (Tensor result0, Tensor result1, Tensor result2, Tensor result3)',
  {
    doc: 'batch_norm in training, with the statistics of the batch and an unused reserve.',
    decompose: (a) => [
      ...batchNorm({
        ...parametersOf(a),
        running_mean: a.running_mean,
        running_var: a.running_var,
        training: true,
        momentum: a.momentum,
        eps: a.eps,
      }),
      F.empty([0], uint8, null, a.input.device),
    ],
  },
);
const parametersOf = ({
  input,
  weight,
  bias,
}: Pick<Parameters, 'input' | 'weight' | 'bias'>): Pick<Parameters, 'input' | 'weight' | 'bias'> => ({ input, weight, bias });

// ---- instance norm ------------------------------------------------------------------------------------------------
/** Each example's channels count as channels of one large example. */
function instanceNorm({ input, weight, bias, running_mean, running_var, training, momentum, eps }: BatchNorm): Tensor {
  if (!training && !(running_mean && running_var))
    throw new RuntimeError('Expected running_mean and running_var to be defined when use_input_stats is false');
  const [n, channels, ...rest] = input.layout.shape as [number, number, ...number[]];
  const repeated = (t: Tensor | null): Tensor | null => t?.repeat([n]) ?? null;
  const [mean, variance] = [repeated(running_mean), repeated(running_var)];
  const [out] = batchNorm({
    input: input.contiguous().view([1, n * channels, ...rest]),
    weight: repeated(weight),
    bias: repeated(bias),
    running_mean: mean,
    running_var: variance,
    training,
    momentum,
    eps,
  });
  for (const [running, all] of [
    [running_mean, mean],
    [running_var, variance],
  ] as const) {
    if (training && running && all) running.copy_(all.view([n, channels]).mean([0]));
  }
  return out.view(input.layout.shape as number[]);
}
op(
  'instance_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool use_input_stats, float momentum, float eps, bool cudnn_enabled=True) -> Tensor',
  {
    doc: 'Normalises each channel of each example, then scales and shifts.',
    decompose: (a) =>
      instanceNorm({
        ...parametersOf(a),
        running_mean: a.running_mean,
        running_var: a.running_var,
        training: a.use_input_stats,
        momentum: a.momentum,
        eps: a.eps,
      }),
    surface: ['function'],
  },
);
op(
  'instance_norm.functional(Tensor input, Tensor? running_mean=None, Tensor? running_var=None, Tensor? weight=None, Tensor? bias=None, bool use_input_stats=True, float momentum=0.1, float eps=1e-5) -> Tensor',
  {
    doc: 'Normalises each channel of each example, then scales and shifts.',
    decompose: (a) => {
      const size = a.input.layout.shape;
      if (a.use_input_stats && numel(size.slice(2)) === 1)
        throw new ValueError(`Expected more than 1 spatial element when training, got input size torch.Size(${showShape(size)})`);
      return instanceNorm({
        ...parametersOf(a),
        running_mean: a.running_mean,
        running_var: a.running_var,
        training: a.use_input_stats,
        momentum: a.momentum,
        eps: a.eps,
      });
    },
    surface: ['nn.functional'],
  },
);

op('local_response_norm(Tensor input, int size, float alpha=1e-4, float beta=0.75, float k=1) -> Tensor', {
  doc: 'Divides by (k + alpha · mean of squares over neighbouring channels)^beta.',
  decompose: ({ input, size, alpha, beta, k }) => {
    if (input.ndim < 3)
      throw new ValueError(`Expected 3D or higher dimensionality                          input (got ${input.ndim} dimensions)`);
    if (input.layout.numel === 0) return input;
    const around = [Math.floor(size / 2), Math.floor((size - 1) / 2)];
    // The mean over `size` channels, missing ones counting as zeros.
    const squares = F.constant_pad_nd(input.square(), [...new Array<number>(2 * (input.ndim - 2)).fill(0), ...around], 0);
    const windows = squares.unfold(1, size, 1);
    const mean =
      input.dtype.is_floating_point || input.dtype.is_complex ? windows.mean([-1]) : F.div$Tensor_mode(windows.sum([-1]), size, 'trunc');
    return input.div(mean.mul(alpha).add(k).pow(beta));
  },
  surface: ['nn.functional'],
});
