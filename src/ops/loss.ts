// Losses that compare element by element.
import { RuntimeError, ValueError } from '../core/errors.ts';
import { broadcastShapes, showShape } from '../core/shape.ts';
import { sameShape } from '../core/size.ts';
import { isKnown, Tensor } from '../core/tensor.ts';
import { like } from '../autograd/rules.ts';
import { F } from '../dispatch/handles.gen.ts';
import { joint, op } from '../dispatch/operator.ts';
import { LEGACY, Reduction, reduced, reductionOf, spread } from './reduction.ts';

const broadcast = (a: Tensor, b: Tensor): [Tensor, Tensor] => {
  const shape = broadcastShapes(a.layout.shape, b.layout.shape) as number[];
  return [a.expand(shape), b.expand(shape)];
};
const size = (t: Tensor): string => `torch.Size(${showShape(t.layout.shape)})`;

// ---- one node each in the graph: the loss of a difference, and its slope -------------------------------------------
op('_difference_slope.mse(Tensor grad, Tensor self, Tensor target) -> Tensor', {
  pointwise: (grad, self, target) => self.sub(target).mul(2).mul(grad),
  surface: [],
});
op('_squared_error(Tensor self, Tensor target) -> Tensor', {
  pointwise: (self, target) => self.sub(target).square(),
  surface: [],
  inplace: false,
});
op('mse_loss(Tensor self, Tensor target, int reduction=1) -> Tensor', {
  doc: 'The mean (or sum) of squared differences.',
  decompose: ({ self, target, reduction }) => reduced(F._squared_error(self, target), reduction),
  grad: joint('self', 'target', ([g], { self, target, reduction }, needs) => {
    const slope = F._difference_slope$mse(spread(g!, reduction, self.layout.numel), self, target);
    return { self: like(slope, self.layout), target: needs.target ? like(slope, target.layout).neg() : null };
  }),
  autocast: 'float32',
  surface: [],
  inplace: false,
});
op('_smooth_l1_error(Tensor self, Tensor target, float beta) -> Tensor', {
  pointwise: (self, target, beta) => {
    const z = self.sub(target).abs();
    return z.lt(beta).where(z.square().mul(0.5).div(beta), z.sub(0.5 * beta));
  },
  surface: [],
  inplace: false,
});
op('_smooth_l1_slope(Tensor grad, Tensor self, Tensor target, float beta) -> Tensor', {
  pointwise: (grad, self, target, beta) => {
    const z = self.sub(target);
    return z.le(-beta).where(grad.neg(), z.ge(beta).where(grad, z.div(beta).mul(grad)));
  },
  surface: [],
});
op('smooth_l1_loss(Tensor self, Tensor target, int reduction=1, float beta=1) -> Tensor', {
  doc: 'Half the squared difference over beta below beta, the absolute difference less beta / 2 above.',
  decompose: ({ self, target, reduction, beta }) => {
    if (beta < 0) throw new RuntimeError('smooth_l1_loss does not support negative values for beta.');
    return reduced(beta === 0 ? self.sub(target).abs() : F._smooth_l1_error(self, target, beta), reduction);
  },
  grad: joint('self', 'target', ([g], { self, target, reduction, beta }, needs) => {
    const each = spread(g!, reduction, self.layout.numel);
    const slope = beta === 0 ? self.sub(target).sgn().mul(each) : F._smooth_l1_slope(each, self, target, beta);
    return { self: like(slope, self.layout), target: needs.target ? like(slope, target.layout).neg() : null };
  }),
  autocast: 'float32',
  gradName: 'SmoothL1LossBackward0',
  surface: [],
  inplace: false,
});
op('_huber_error(Tensor self, Tensor target, float delta) -> Tensor', {
  pointwise: (self, target, delta) => {
    const z = self.sub(target).abs();
    return z.le(delta).where(z.square().mul(0.5), z.sub(0.5 * delta).mul(delta));
  },
  surface: [],
  inplace: false,
});
op('_huber_slope(Tensor grad, Tensor self, Tensor target, float delta) -> Tensor', {
  pointwise: (grad, self, target, delta) => {
    const z = self.sub(target);
    return z.le(-delta).where(grad.neg().mul(delta), z.ge(delta).where(grad.mul(delta), z.mul(grad)));
  },
  surface: [],
});
op('huber_loss(Tensor self, Tensor target, int reduction=1, float delta=1) -> Tensor', {
  doc: 'Half the squared difference below delta, delta · (the absolute difference less delta / 2) above.',
  decompose: ({ self, target, reduction, delta }) => {
    if (!(delta > 0)) throw new RuntimeError('huber_loss does not support non-positive values for delta.');
    return reduced(F._huber_error(self, target, delta), reduction);
  },
  grad: joint('self', 'target', ([g], { self, target, reduction, delta }, needs) => {
    const slope = F._huber_slope(spread(g!, reduction, self.layout.numel), self, target, delta);
    return { self: like(slope, self.layout), target: needs.target ? like(slope, target.layout).neg() : null };
  }),
  autocast: 'float32',
  surface: [],
  inplace: false,
});
op('_bce_error(Tensor self, Tensor target) -> Tensor', {
  pointwise: (self, target) =>
    target
      .sub(1)
      .mul(self.neg().log1p().maximum(-100))
      .sub(target.mul(self.log().maximum(-100))),
  surface: [],
  inplace: false,
});
op('_bce_slope(Tensor grad, Tensor self, Tensor target) -> Tensor', {
  pointwise: (grad, self, target) => grad.mul(self.sub(target)).div(self.rsub(1).mul(self).maximum(1e-12)),
  surface: [],
});
op('binary_cross_entropy(Tensor self, Tensor target, Tensor? weight=None, int reduction=1) -> Tensor', {
  doc: '−(target · log self + (1 − target) · log(1 − self)), logarithms at least −100.',
  decompose: ({ self, target, weight, reduction }) => {
    if (isKnown(self) && self.layout.numel > 0 && !F.logical_and(self.ge(0), self.le(1)).all().item<boolean>()) {
      throw new RuntimeError('all elements of input should be between 0 and 1');
    }
    const loss = F._bce_error(self, target);
    return reduced(weight ? loss.mul(weight) : loss, reduction);
  },
  grad: joint('self', 'target', 'weight', ([g], { self, target, weight, reduction }, needs) => {
    const even = spread(g!, reduction, self.layout.numel);
    const each = weight ? even.mul(weight) : even;
    const logit = (): Tensor => self.neg().log1p().clamp_min(-100).sub(self.log().clamp_min(-100));
    return {
      self: needs.self ? F._bce_slope(each, self, target) : null,
      target: needs.target ? each.mul(logit()) : null,
      weight: needs.weight && weight ? like(even.mul(F._bce_error(self, target)), weight.layout) : null,
    };
  }),
  autocast: 'float32',
  surface: [],
  inplace: false,
});
op(
  'binary_cross_entropy_with_logits(Tensor self, Tensor target, Tensor? weight=None, Tensor? pos_weight=None, int reduction=1) -> Tensor',
  {
    doc: 'binary_cross_entropy of sigmoid(self), computed without overflow.',
    decompose: ({ self, target, weight, pos_weight, reduction }) => {
      const log = F.log_sigmoid(self);
      const positive = pos_weight ? log.mul(pos_weight.sub(1).mul(target).add(1)) : log;
      const loss = target.rsub(1).mul(self).sub(positive);
      return reduced(weight ? loss.mul(weight) : loss, reduction);
    },
    grad: joint('self', 'target', 'weight', 'pos_weight', ([g], { self, target, weight, pos_weight, reduction }, needs) => {
      const even = spread(g!, reduction, self.layout.numel);
      const each = weight ? even.mul(weight) : even;
      const log = needs.target || needs.weight || needs.pos_weight ? F.log_sigmoid(self) : null;
      const slope = (): Tensor => {
        if (!pos_weight) return self.sigmoid().sub(target).mul(each);
        const t = pos_weight.mul(target);
        return t.add(1).sub(target).mul(self.sigmoid()).sub(t).mul(each);
      };
      const loss = (): Tensor =>
        target
          .rsub(1)
          .mul(self)
          .sub(pos_weight ? log!.mul(pos_weight.sub(1).mul(target).add(1)) : log!);
      return {
        self: needs.self ? like(slope(), self.layout) : null,
        target: needs.target ? like((pos_weight ? log!.mul(pos_weight.rsub(1)).sub(self) : self.neg()).mul(each), target.layout) : null,
        weight: needs.weight && weight ? like(even.mul(loss()), weight.layout) : null,
        pos_weight: needs.pos_weight && pos_weight ? like(each.mul(target).mul(log!).neg(), pos_weight.layout) : null,
      };
    }),
    surface: ['function'],
    inplace: false,
  },
);

// ---- nn.functional ------------------------------------------------------------------------------------------------
function weighted(loss: Tensor, weight: Tensor, input: Tensor, reduction: number, mean: (loss: Tensor) => Tensor): Tensor {
  if (!sameShape(weight.layout.shape, input.layout.shape)) throw new ValueError('Weights and input must have the same size.');
  const each = loss.mul(weight);
  return reduction === Reduction.mean ? mean(each) : reduced(each, reduction);
}
op(`mse_loss.functional(Tensor input, Tensor target, ${LEGACY}, Tensor? weight=None) -> Tensor`, {
  doc: 'The mean (or sum) of squared differences.',
  decompose: (a) => {
    const [input, target] = broadcast(a.input, a.target);
    const reduction = reductionOf(a);
    if (!a.weight) return F.mse_loss(input, target, reduction);
    return weighted(input.sub(target).square(), a.weight, a.input, reduction, (each) => each.sum().div(a.weight!.sum()));
  },
  surface: ['nn.functional'],
});
op(`l1_loss(Tensor input, Tensor target, ${LEGACY}, Tensor? weight=None) -> Tensor`, {
  doc: 'The mean (or sum) of absolute differences.',
  decompose: (a) => {
    const [input, target] = broadcast(a.input, a.target);
    const reduction = reductionOf(a);
    const each = input.sub(target).abs();
    return a.weight ? weighted(each, a.weight, a.input, reduction, (loss) => loss.sum().div(a.weight!.sum())) : reduced(each, reduction);
  },
  autocast: 'float32',
  surface: ['nn.functional'],
});
op(`smooth_l1_loss.functional(Tensor input, Tensor target, ${LEGACY}, float beta=1) -> Tensor`, {
  doc: 'Squared differences near zero, absolute ones beyond beta.',
  decompose: (a) => {
    const [input, target] = broadcast(a.input, a.target);
    return a.beta === 0 ? reduced(input.sub(target).abs(), reductionOf(a)) : F.smooth_l1_loss(input, target, reductionOf(a), a.beta);
  },
  surface: ['nn.functional'],
});
op('huber_loss.functional(Tensor input, Tensor target, str reduction="mean", float delta=1, Tensor? weight=None) -> Tensor', {
  doc: 'Squared differences near zero, absolute ones beyond delta.',
  decompose: (a) => {
    const [input, target] = broadcast(a.input, a.target);
    const reduction = reductionOf(a);
    return a.weight
      ? weighted(F.huber_loss(input, target, Reduction.none, a.delta), a.weight, a.input, reduction, (loss) => loss.mean())
      : F.huber_loss(input, target, reduction, a.delta);
  },
  surface: ['nn.functional'],
});
op(`binary_cross_entropy.functional(Tensor input, Tensor target, Tensor? weight=None, ${LEGACY}) -> Tensor`, {
  doc: 'The cross entropy of probabilities and targets between 0 and 1.',
  decompose: (a) => {
    const reduction = reductionOf(a);
    const { input, target, weight } = a;
    if (!sameShape(input.layout.shape, target.layout.shape)) {
      throw new ValueError(
        `Using a target size (${size(target)}) that is different to the input size (${size(input)}) is deprecated. Please ensure they have the same size.`,
      );
    }
    return F.binary_cross_entropy(
      input,
      target,
      weight ? weight.expand(broadcastShapes(target.layout.shape, weight.layout.shape) as number[]) : null,
      reduction,
    );
  },
  surface: ['nn.functional'],
});
op(
  `binary_cross_entropy_with_logits.functional(Tensor input, Tensor target, Tensor? weight=None, ${LEGACY}, Tensor? pos_weight=None) -> Tensor`,
  {
    doc: 'binary_cross_entropy of sigmoid(input).',
    decompose: (a) => {
      const { input, target, weight, pos_weight } = a;
      if (!sameShape(input.layout.shape, target.layout.shape))
        throw new ValueError(`Target size (${size(target)}) must be the same as input size (${size(input)})`);
      return F.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reductionOf(a));
    },
    surface: ['nn.functional'],
  },
);
op(`kl_div(Tensor input, Tensor target, ${LEGACY}, bool log_target=False) -> Tensor`, {
  doc: 'The Kullback–Leibler divergence of log-probabilities from targets.',
  decompose: (a) => {
    const { input, target } = a;
    const legacy = a.size_average !== null || a.reduce !== null;
    const batchmean = a.reduction === 'batchmean';
    const reduction = reductionOf({ ...legacyOf(a), reduction: batchmean && !legacy ? 'sum' : a.reduction });
    const each = a.log_target ? target.exp().mul(target.sub(input)) : F.xlogy$Tensor(target, target).sub(target.mul(input));
    const loss = reduced(each, reduction);
    return batchmean && input.ndim !== 0 ? loss.div(input.layout.shape[0]!) : loss;
  },
  autocast: 'float32',
  surface: ['nn.functional'],
});
const legacyOf = (a: {
  size_average: boolean | null;
  reduce: boolean | null;
}): { size_average: boolean | null; reduce: boolean | null } => ({ size_average: a.size_average, reduce: a.reduce });
op(
  'poisson_nll_loss(Tensor input, Tensor target, bool log_input=True, bool full=False, bool? size_average=None, float eps=1e-8, bool? reduce=None, str reduction="mean") -> Tensor',
  {
    doc: 'The negative log likelihood of Poisson distributed targets.',
    decompose: (a) => {
      const { input, target, log_input, full, eps } = a;
      const reduction = reductionOf(a);
      let loss = log_input ? input.exp().sub(target.mul(input)) : input.sub(target.mul(input.add(eps).log()));
      if (full) {
        const stirling = target
          .mul(target.log())
          .sub(target)
          .add(
            target
              .mul(2 * Math.PI)
              .log()
              .mul(0.5),
          );
        loss = loss.add(stirling.masked_fill(target.le(1), 0));
      }
      return reduced(loss, reduction);
    },
    autocast: 'float32',
    surface: ['nn.functional'],
  },
);
op('gaussian_nll_loss(Tensor input, Tensor target, Tensor var, bool full=False, float eps=1e-6, str reduction="mean") -> Tensor', {
  doc: 'The negative log likelihood of normally distributed targets.',
  decompose: (a) => {
    const { input, target, full, eps } = a;
    const given: Tensor | number = a.var;
    let variance = given instanceof Tensor ? given : F.full_like(input, given);
    const [shape, own] = [input.layout.shape, variance.layout.shape];
    if (isKnown(variance) && variance.lt(0).any().item<boolean>()) throw new ValueError('var has negative entry/entries');
    if (own.length === 0) variance = variance.expand(shape as number[]);
    else if (!sameShape(own, shape)) {
      if (sameShape(own, shape.slice(0, -1))) variance = variance.unsqueeze(-1);
      else if (own.length !== shape.length || own.filter((s, i) => s !== shape[i]).reduce((x, y) => x + y, 0) !== 1)
        throw new ValueError('var is of incorrect size');
    }
    if (!(a.reduction in Reduction)) throw new ValueError(`${a.reduction} is not valid`);
    // The lower bound does not take part in the gradient.
    const bounded = variance.add(variance.clamp_min(eps).sub(variance).detach());
    let loss = bounded.log().add(input.sub(target).square().div(bounded)).mul(0.5);
    if (full) loss = loss.add(0.5 * Math.log(2 * Math.PI));
    return reduced(loss, reductionOf(a));
  },
  numbers: ['var'],
  surface: ['nn.functional'],
});
op(`hinge_embedding_loss(Tensor input, Tensor target, float margin=1, ${LEGACY}) -> Tensor`, {
  doc: 'input where the target is 1, max(0, margin − input) where it is −1.',
  decompose: (a) => {
    const { input, target, margin } = a;
    const zeros = F.zeros_like(input);
    // The margin counts in the input's dtype.
    const apart = F.where$self(target.ne(1), F.full_like(input, margin).sub(input).clamp_min(0), zeros);
    return reduced(apart.add(F.where$self(target.ne(-1), input, zeros)), reductionOf(a));
  },
  autocast: 'float32',
  surface: ['nn.functional'],
});
op(`soft_margin_loss(Tensor input, Tensor target, ${LEGACY}) -> Tensor`, {
  doc: 'log(1 + exp(−target · input)).',
  decompose: (a) => reduced(a.input.neg().mul(a.target).exp().log1p(), reductionOf(a)),
  autocast: 'float32',
  surface: ['nn.functional'],
});
op(`multilabel_soft_margin_loss(Tensor input, Tensor target, Tensor? weight=None, ${LEGACY}) -> Tensor`, {
  doc: 'binary_cross_entropy_with_logits averaged over the last dimension.',
  decompose: (a) => {
    const { input, target, weight } = a;
    const each = target
      .mul(F.log_sigmoid(input))
      .add(target.rsub(1).mul(F.log_sigmoid(input.neg())))
      .neg();
    const reduction = reductionOf(a);
    const loss = weight ? each.mul(weight) : each;
    return reduced(loss.sum([input.ndim - 1]).div(input.layout.shape[input.ndim - 1]!), reduction);
  },
  surface: ['nn.functional'],
});
