// Losses with margins: of pairs, triplets and classes.
import { RuntimeError, ValueError } from '../core/errors.ts';
import { int64, pythonFloat } from '../core/dtype.ts';
import { FloatScalar } from '../core/scalar.ts';
import { showShape } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';
import { LEGACY, reduced, reductionOf } from './reduction.ts';

const atLeastZero = (t: Tensor): Tensor => t.clamp_min(0);
const size = (t: Tensor): string => `torch.Size(${showShape(t.layout.shape)})`;

op(`margin_ranking_loss(Tensor input1, Tensor input2, Tensor target, float margin=0, ${LEGACY}) -> Tensor`, {
  doc: 'max(0, −target · (input1 − input2) + margin).',
  decompose: (a) => {
    const { input1, input2, target, margin } = a;
    const reduction = reductionOf(a);
    if (input1.ndim !== input2.ndim || input1.ndim !== target.ndim) {
      throw new RuntimeError(
        `margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: ${size(input1)}, input2: ${size(input2)}, target: ${size(target)} `,
      );
    }
    return reduced(atLeastZero(target.neg().mul(input1.sub(input2)).add(new FloatScalar(margin))), reduction);
  },
  autocast: 'float32',
  surface: ['nn.functional'],
});
op(`cosine_embedding_loss(Tensor input1, Tensor input2, Tensor target, float margin=0, ${LEGACY}) -> Tensor`, {
  doc: '1 − cos where the target is 1, max(0, cos − margin) where it is −1.',
  decompose: (a) => {
    const { input1, input2, target, margin } = a;
    const dim = target.ndim;
    const reduction = reductionOf(a);
    const sizes = (): string => `${showShape(input1.layout.shape)} and ${showShape(input2.layout.shape)}.`;
    if (dim > 1) throw new RuntimeError('0D or 1D target tensor expected, multi-target not supported');
    if (input1.ndim !== dim + 1)
      throw new RuntimeError(`${dim}D target tensor expects ${dim + 1}D input tensors, but found inputs with sizes ${sizes()}`);
    const dot = (x: Tensor, y: Tensor): Tensor => x.mul(y).sum([dim]);
    const cos = dot(input1, input2).div(dot(input1, input1).add(1e-12).mul(dot(input2, input2).add(1e-12)).sqrt());
    const zeros = F.zeros_like(cos);
    const near = F.where$self(target.eq(1), cos.rsub(1), zeros);
    return reduced(near.add(F.where$self(target.eq(-1), atLeastZero(cos.sub(margin)), zeros)), reduction);
  },
  autocast: 'float32',
  surface: ['nn.functional'],
});

/** The distances of a triplet must have one shape. */
function checkTriplet(anchor: Tensor, positive: Tensor, negative: Tensor): void {
  if (anchor.ndim !== positive.ndim || positive.ndim !== negative.ndim) {
    throw new RuntimeError(
      `The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor ${anchor.ndim}D, positive ${positive.ndim}D, and negative ${negative.ndim}D inputs`,
    );
  }
}
function triplet(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  margin: number,
  swap: boolean,
  distance: (x: Tensor, y: Tensor) => Tensor,
): Tensor {
  checkTriplet(anchor, positive, negative);
  const near = distance(anchor, positive);
  const far = distance(anchor, negative);
  const farthest = swap ? F.minimum(far, distance(positive, negative)) : far;
  return atLeastZero(near.add(margin).sub(farthest));
}
op(
  `triplet_margin_loss(Tensor anchor, Tensor positive, Tensor negative, float margin=1, float p=2, float eps=1e-6, bool swap=False, ${LEGACY}) -> Tensor`,
  {
    doc: 'max(0, margin + |anchor − positive| − |anchor − negative|).',
    decompose: (a) => {
      const reduction = reductionOf(a);
      if (!(a.margin > 0)) throw new ValueError(`margin must be greater than 0, got ${pythonFloat(a.margin)}`);
      return reduced(
        triplet(a.anchor, a.positive, a.negative, a.margin, a.swap, (x, y) => F.pairwise_distance(x, y, a.p, a.eps)),
        reduction,
      );
    },
    autocast: 'float32',
    surface: ['nn.functional'],
  },
);
op(
  'triplet_margin_with_distance_loss(Tensor anchor, Tensor positive, Tensor negative, *, Callable? distance_function=None, float margin=1, bool swap=False, str reduction="mean") -> Tensor',
  {
    doc: 'triplet_margin_loss with a distance of the caller.',
    decompose: (a) => {
      if (!['mean', 'sum', 'none'].includes(a.reduction)) throw new ValueError(`${a.reduction} is not a valid value for reduction`);
      if (!(a.margin > 0)) throw new ValueError(`margin must be greater than 0, got ${pythonFloat(a.margin)}`);
      const distance = (a.distance_function as ((x: Tensor, y: Tensor) => Tensor) | null) ?? ((x, y) => F.pairwise_distance(x, y));
      return reduced(triplet(a.anchor, a.positive, a.negative, a.margin, a.swap, distance), reductionOf(a));
    },
    surface: ['nn.functional'],
  },
);

// ---- classes ------------------------------------------------------------------------------------------------------
function checkClasses(input: Tensor, target: Tensor): void {
  const { shape } = input.layout;
  const valid = (shape.length === 2 && shape[1] !== 0) || (shape.length === 1 && shape[0] !== 0) || shape.length === 0;
  if (!valid) throw new RuntimeError(`Expected non-empty vector or matrix with optional 0-dim batch size, but got: ${showShape(shape)}`);
  const count = shape.length === 2 ? shape[0]! : 1;
  if (target.ndim > 1 || target.layout.numel !== count)
    throw new RuntimeError(`inconsistent target size, expected ${count} but got ${showShape(target.layout.shape)}`);
}
op(`multi_margin_loss(Tensor input, Tensor target, Scalar p=1, Scalar margin=1, Tensor? weight=None, ${LEGACY}) -> Tensor`, {
  doc: 'The mean over classes of max(0, margin − input[target] + input[class])^p.',
  decompose: (a) => {
    const { input, weight } = a;
    const reduction = reductionOf(a);
    const [p, margin] = [Number(a.p), Number(a.margin)];
    if (p !== 1 && p !== 2) throw new ValueError('only p == 1 and p == 2 supported');
    if (weight && weight.ndim !== 1) throw new ValueError('weight must be one-dimensional');
    const target = a.target._whole ? F._to_copy(a.target, int64) : a.target;
    checkClasses(input, target);
    if (target.dtype !== int64) throw new RuntimeError(`expected scalar type Long but found ${target.dtype.scalarName}`);
    const classes = input.layout.shape[input.ndim - 1] ?? 1;
    if (weight && weight.layout.numel !== classes)
      throw new RuntimeError(`inconsistent weight size, expected ${classes} but got ${showShape(weight.layout.shape)}`);
    const x = input.reshape([-1, classes]);
    const y = target.reshape([-1, 1]);
    const excess = x
      .sub(F.gather(x, 1, y))
      .add(margin)
      .relu();
    let each = p === 2 ? excess.square() : excess;
    if (weight) each = each.mul(F.index_select(weight, 0, y.reshape([-1])).unsqueeze(1));
    const loss = F.scatter$value(each, 1, y, 0).sum([1]).div(classes);
    return reduced(reduction === 0 && target.ndim === 0 ? loss.squeeze(0) : loss, reduction);
  },
  surface: ['nn.functional'],
});
op(`multilabel_margin_loss(Tensor input, Tensor target, ${LEGACY}) -> Tensor`, {
  doc: 'The margins of all targets of an example (up to the first −1) against all other classes, divided by their number.',
  decompose: (a) => {
    const { input } = a;
    const reduction = reductionOf(a);
    const target = a.target._whole ? F._to_copy(a.target, int64) : a.target;
    const { shape } = input.layout;
    const valid = (shape.length === 2 && shape[1] !== 0) || (shape.length === 1 && shape[0] !== 0) || shape.length === 0;
    if (!valid) throw new RuntimeError(`Expected non-empty vector or matrix with optional 0-dim batch size, but got: ${showShape(shape)}`);
    if (showShape(target.layout.shape) !== showShape(shape) && !(shape.length < 2 && target.layout.numel === input.layout.numel)) {
      throw new RuntimeError(`inconsistent target size: ${showShape(target.layout.shape)} for input of size: ${showShape(shape)}`);
    }
    const classes = shape[shape.length - 1] ?? 1;
    const x = input.reshape([-1, classes]);
    const t = target.reshape([-1, classes]);
    const listed = t.lt(0).cumsum(1).eq(0);
    const index = F.where$self(listed, t, F.zeros_like(t));
    const isTarget = F.scatter_add(F.zeros_like(t), 1, index, F._to_copy(listed, t.dtype)).gt(0);
    const excess = x
      .unsqueeze(1)
      .sub(F.gather(x, 1, index).unsqueeze(2))
      .add(1)
      .relu();
    const counted = F.logical_and(listed.unsqueeze(2), isTarget.logical_not().unsqueeze(1));
    const loss = excess.mul(counted).sum([1, 2]).div(classes);
    return reduced(reduction === 0 && shape.length < 2 ? loss.squeeze(0) : loss, reduction);
  },
  surface: ['nn.functional'],
});
