// Losses over classes: nll_loss, cross_entropy.
import { type Classes, nllLossBackwardInto, nllLossInto } from '../backend/reference/loss.ts';
import { int64, uint8 } from '../core/dtype.ts';
import { RuntimeError, ValueError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import { numel, sameShape, type Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import { Reduction, reductionOf } from './reduction.ts';

/** (C), (N, C) or (N, C, …) as examples × classes × positions. */
const classesOf = (shape: Shape): Classes =>
  shape.length === 1 ? { n: 1, classes: shape[0]!, positions: 1 } : { n: shape[0]!, classes: shape[1]!, positions: numel(shape.slice(2)) };

op(
  '_nll_loss(Tensor self, Tensor target, Tensor? weight, int reduction, int ignore_index) -> (Tensor output, hidden Tensor total_weight)',
  {
    doc: '−weight · self at the target class of each example.',
    meta: ({ self, target, reduction }) => [
      { shape: reduction === Reduction.none && self.ndim > 1 ? target.layout.shape : [], dtype: self.dtype },
      { shape: [], dtype: self.dtype },
    ],
    kernel: ({ self, target, weight, reduction, ignore_index }, out, total) =>
      nllLossInto(
        out!,
        total!,
        self,
        target,
        weight,
        classesOf(self.layout.shape),
        ignore_index,
        self.ndim === 1 ? reduction || Reduction.sum : reduction,
      ),
    grad: {
      self: uses('self', 'target', 'weight', 'total_weight', (g, { self, target, weight, total_weight, reduction, ignore_index }) =>
        F._nll_loss_backward(g, self, target, weight, total_weight, reduction, ignore_index),
      ),
    },
    batch: (run, a, batched, n) => batchOfLosses(run as never, a, batched, n),
    autocast: 'float32',
    surface: [],
    gradName: 'NllLossBackward0',
    inplace: false,
  },
);
op(
  '_nll_loss_backward(Tensor grad, Tensor self, Tensor target, Tensor? weight, Tensor total_weight, int reduction, int ignore_index) -> Tensor',
  {
    doc: 'The gradient of the negative log likelihood with respect to the log-probabilities.',
    meta: ({ grad, self }) => ({ shape: self.layout.shape, dtype: grad.dtype }),
    kernel: ({ grad, self, target, weight, total_weight, reduction, ignore_index }, out) =>
      nllLossBackwardInto(
        out!,
        grad,
        target,
        weight,
        total_weight,
        classesOf(self.layout.shape),
        ignore_index,
        self.ndim === 1 ? reduction || Reduction.sum : reduction,
      ),
    grad: {
      grad: uses('target', 'weight', (h, { target, weight, reduction, ignore_index }) =>
        F._nll_loss(h, target, weight, reduction, ignore_index),
      ),
      // Linear, so zeros, not nothing.
      self: uses((_, { self }) => F.zeros(self.shape as number[], self.dtype, null, self.device)),
    },
    surface: [],
  },
);
type LossArgs = {
  readonly self: Tensor;
  readonly target: Tensor;
  readonly weight: Tensor | null;
  readonly reduction: number;
  readonly ignore_index: number;
};
/** Under vmap the losses of all examples are computed at once and reduced by row. */
function batchOfLosses(
  _run: never,
  { self, target, weight, reduction, ignore_index }: LossArgs,
  batched: Readonly<Partial<Record<string, boolean>>>,
  n: number,
): [Tensor, Tensor] {
  const x = batched.self ? self : self.expand([n, ...self.layout.shape]);
  const t = batched.target ? target : target.expand([n, ...target.layout.shape]);
  const dim = x.ndim === 2 ? 1 : 2;
  const index = x.ndim === 2 ? t.reshape([n, 1]) : t.unsqueeze(2);
  const ignored = index.eq(ignore_index);
  const safe = index.masked_fill(ignored, 0);
  const weights = weight
    ? (batched.weight ? F.gather(weight, 1, safe.reshape([n, -1])) : F.index_select(weight, 0, safe.reshape([-1]))).reshape(
        safe.layout.shape as number[],
      )
    : F.ones_like(safe, x.dtype);
  const counted = weights.masked_fill(ignored, 0);
  const each = F.gather(x, dim, safe).neg().mul(counted).squeeze(dim);
  const total = counted.reshape([n, -1]).sum([1]);
  if (reduction === Reduction.none) return [x.ndim === 2 ? each : each, total];
  const sum = each.reshape([n, -1]).sum([1]);
  return [reduction === Reduction.mean ? sum.div(total) : sum, total];
}

/** Class indices that a literal of whole numbers gave. */
export const asClasses = (target: Tensor): Tensor => (target._whole ? F._to_copy(target, int64) : target);
function nllLoss(input: Tensor, given: Tensor, weight: Tensor | null, reduction: number, ignore: number): Tensor {
  const target = asClasses(given);
  const [x, t] = [input.layout.shape, target.layout.shape];
  if (x.length < 1) throw new ValueError(`Expected 1 or more dimensions (got ${x.length})`);
  if (x.length !== 1 && x[0] !== t[0])
    throw new ValueError(`Expected input batch_size (${x[0]}) to match target batch_size (${t[0] ?? 0}).`);
  if (x.length === 1 || x.length === 2) {
    if (t.length > 1) throw new RuntimeError('0D or 1D target tensor expected, multi-target not supported');
    if (x.length === 1 && t.length === 1 && t[0] !== 1)
      throw new ValueError(`For 1D input, 1D target must have size 1, but got target size: ${t[0]}`);
  } else if (x.length === 4) {
    if (t.length !== 3)
      throw new RuntimeError(`only batches of spatial targets supported (3D tensors) but got targets of dimension: ${t.length}`);
    if (t[1] !== x[2] || t[2] !== x[3]) throw new RuntimeError(`size mismatch (got input: ${showShape(x)} , target: ${showShape(t)}`);
  } else if (!sameShape(t.slice(1), x.slice(2))) {
    throw new RuntimeError(`Expected target size ${showShape([x[0]!, ...x.slice(2)])}, got ${showShape(t)}`);
  }
  const classes = x[x.length === 1 ? 0 : 1]!;
  if (weight && (weight.ndim !== 1 || weight.layout.numel !== classes)) {
    throw new RuntimeError(
      `weight tensor should be defined either for all ${classes} classes or no classes but got weight tensor of shape: ${showShape(weight.layout.shape)}`,
    );
  }
  if (target.dtype !== int64 && target.dtype !== uint8)
    throw new RuntimeError(`expected scalar type Long but found ${target.dtype.scalarName}`);
  return F._nll_loss(input, target, weight, reduction, ignore);
}
op(
  `nll_loss(Tensor input, Tensor target, Tensor? weight=None, bool? size_average=None, int ignore_index=-100, bool? reduce=None, str reduction="mean") -> Tensor`,
  {
    doc: 'The negative log likelihood of class indices, from log-probabilities (N, C, …) or (C).',
    decompose: (a) => nllLoss(a.input, a.target, a.weight, reductionOf(a), a.ignore_index),
    surface: ['nn.functional'],
  },
);

const classDim = (input: Tensor): number => (input.ndim === 1 ? 0 : 1);
const along = (weight: Tensor, input: Tensor): Tensor => weight.reshape(input.layout.shape.map((_, i) => (i === classDim(input) ? -1 : 1)));

function withProbabilities(self: Tensor, target: Tensor, weight: Tensor | null, reduction: number, smoothing: number): Tensor {
  const dim = classDim(self);
  const classes = self.layout.shape[dim]!;
  if (!target.dtype.is_floating_point)
    throw new RuntimeError(`Expected floating point type for target with class probabilities, got ${target.dtype.scalarName}`);
  if (weight && (weight.ndim !== 1 || weight.layout.numel !== classes)) {
    throw new RuntimeError(
      `cross_entropy: weight tensor should be defined either for all ${classes} classes or no classes but got weight tensor of shape: ${showShape(weight.layout.shape)}`,
    );
  }
  const input = F.log_softmax$int(self, dim);
  const smooth = smoothing > 0 ? target.mul(1 - smoothing).add(smoothing / classes) : target;
  const product = weight ? input.mul(smooth).mul(along(weight, input)) : input.mul(smooth);
  if (reduction === Reduction.none) return product.sum([dim]).neg();
  const sum = product.sum().neg();
  if (reduction === Reduction.sum) return sum;
  return input.layout.numel === 0 ? sum.fill_(Number.NaN) : sum.div(input.layout.numel / classes);
}
function withSmoothing(self: Tensor, given: Tensor, weight: Tensor | null, reduction: number, ignore: number, smoothing: number): Tensor {
  const dim = classDim(self);
  const target = asClasses(given);
  const input = F.log_softmax$int(self, dim);
  const loss = nllLoss(input, target, weight, reduction, ignore);
  const ignored = target.eq(ignore);
  const even = (weight ? input.mul(along(weight, input)) : input).sum([dim]).neg().masked_fill(ignored, 0);
  let rest = reduction === Reduction.none ? even : even.sum();
  if (reduction === Reduction.mean) {
    const kept = ignored.logical_not();
    const safe = target.masked_fill(ignored, 0);
    const total = weight
      ? F.index_select(weight, 0, safe.reshape([-1]))
          .mul(kept.reshape([-1]))
          .sum()
      : kept.sum();
    rest = rest.div(total);
  }
  return loss.mul(1 - smoothing).add(rest.mul(smoothing / input.layout.shape[dim]!));
}
/** The loss of class indices, or of class probabilities where the target has the shape of the logits. */
export function crossEntropy(
  self: Tensor,
  target: Tensor,
  weight: Tensor | null,
  reduction: number,
  ignore: number,
  smoothing: number,
): Tensor {
  if (sameShape(self.layout.shape, target.layout.shape)) {
    if (!target.dtype.is_floating_point)
      throw new RuntimeError(`Expected floating point type for target with class probabilities, got ${target.dtype.scalarName}`);
    if (ignore >= 0) throw new RuntimeError('ignore_index is not supported for floating point target');
    return withProbabilities(self, target, weight, reduction, smoothing);
  }
  if (smoothing > 0) {
    if (smoothing > 1) throw new RuntimeError(`label_smoothing must be between 0.0 and 1.0. Got: ${smoothing}`);
    return withSmoothing(self, target, weight, reduction, ignore, smoothing);
  }
  return nllLoss(F.log_softmax$int(self, classDim(self)), target, weight, reduction, ignore);
}
op(
  'cross_entropy(Tensor input, Tensor target, Tensor? weight=None, bool? size_average=None, int ignore_index=-100, bool? reduce=None, str reduction="mean", float label_smoothing=0) -> Tensor',
  {
    doc: 'The cross entropy of logits (N, C, …) or (C) with class indices or class probabilities.',
    decompose: (a) => crossEntropy(a.input, a.target, a.weight, reductionOf(a), a.ignore_index, a.label_smoothing),
    autocast: 'float32',
    surface: ['nn.functional'],
  },
);
