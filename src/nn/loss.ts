// Losses; formulas: https://pytorch.org/docs/stable/nn.html#loss-functions.
import { ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { PairwiseDistance } from './distance.ts';
import * as F from './functional.ts';
import type { Module } from './module.ts';
import { configured } from './simple.ts';

/** How the losses of the elements become one: not at all, their (weighted) mean, or their sum. */
export type Reduction = 'none' | 'mean' | 'sum';
/** The flags that `reduction` replaced. */
type Legacy = boolean | null;
interface Reduced {
  size_average: Legacy;
  reduce: Legacy;
  reduction: string;
}
/** The reduction that the older flags mean. */
function legacyReduction(m: Reduced): void {
  if (m.size_average === null && m.reduce === null) return;
  m.reduction = (m.reduce ?? true) ? ((m.size_average ?? true) ? 'mean' : 'sum') : 'none';
  console.warn(`size_average and reduce args will be deprecated, please use reduction='${m.reduction}' instead.`);
}
function weighted(m: Module & Reduced & { weight: Tensor | null }): void {
  legacyReduction(m);
  m.register_buffer('weight', m.weight);
}

const Loss = configured(
  (size_average: Legacy = null, reduce: Legacy = null, reduction: Reduction = 'mean') => ({ size_average, reduce, reduction }),
  '',
  legacyReduction,
);
const WeightedLoss = configured(
  (weight: Tensor | null = null, size_average: Legacy = null, reduce: Legacy = null, reduction: Reduction = 'mean') => ({
    weight,
    size_average,
    reduce,
    reduction,
  }),
  '',
  weighted,
);

/** |x − y|. */
export class L1Loss extends Loss {
  static override readonly __name__: string = 'L1Loss';
  forward(input: Tensor, target: Tensor): Tensor {
    return F.l1_loss(input, target, { reduction: this.reduction });
  }
}
/** (x − y)². */
export class MSELoss extends Loss {
  static override readonly __name__: string = 'MSELoss';
  forward(input: Tensor, target: Tensor): Tensor {
    return F.mse_loss(input, target, { reduction: this.reduction });
  }
}
/** The negative log-probability of the target class: log-probabilities (N, C, …), classes (N, …). */
export class NLLLoss extends configured(
  (
    weight: Tensor | null = null,
    size_average: Legacy = null,
    ignore_index = -100,
    reduce: Legacy = null,
    reduction: Reduction = 'mean',
  ) => ({
    weight,
    size_average,
    ignore_index,
    reduce,
    reduction,
  }),
  '',
  weighted,
) {
  static override readonly __name__: string = 'NLLLoss';
  forward(input: Tensor, target: Tensor): Tensor {
    return F.nll_loss(input, target, { weight: this.weight, ignore_index: this.ignore_index, reduction: this.reduction });
  }
}
/** The older name of NLLLoss for images. */
export class NLLLoss2d extends NLLLoss {
  static override readonly __name__: string = 'NLLLoss2d';
  constructor(...args: ConstructorParameters<typeof NLLLoss>) {
    console.warn(
      '`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in replacement and see https://pytorch.org/docs/main/nn.html#torch.nn.NLLLoss for more details.',
    );
    super(...args);
  }
}
/** Softmax and the negative log-likelihood of classes (N, …), or of probabilities (N, C, …), from logits (N, C, …). */
export class CrossEntropyLoss extends configured(
  (
    weight: Tensor | null = null,
    size_average: Legacy = null,
    ignore_index = -100,
    reduce: Legacy = null,
    reduction: Reduction = 'mean',
    label_smoothing = 0,
  ) => ({
    weight,
    size_average,
    ignore_index,
    reduce,
    reduction,
    label_smoothing,
  }),
  '',
  weighted,
) {
  static override readonly __name__: string = 'CrossEntropyLoss';
  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignore_index, reduction, label_smoothing } = this;
    return F.cross_entropy(input, target, { weight, ignore_index, reduction, label_smoothing });
  }
}
/** The negative log-likelihood of counts under a Poisson distribution. */
export class PoissonNLLLoss extends configured(
  (log_input = true, full = false, size_average: Legacy = null, eps = 1e-8, reduce: Legacy = null, reduction: Reduction = 'mean') => ({
    log_input,
    full,
    size_average,
    eps,
    reduce,
    reduction,
  }),
  '',
  legacyReduction,
) {
  static override readonly __name__: string = 'PoissonNLLLoss';
  forward(input: Tensor, target: Tensor): Tensor {
    const { log_input, full, eps, reduction } = this;
    return F.poisson_nll_loss(input, target, { log_input, full, eps, reduction });
  }
}
/** The negative log-likelihood under normal distributions of given variances. */
export class GaussianNLLLoss extends configured((full = false, eps = 1e-6, reduction: Reduction = 'mean') => ({ full, eps, reduction })) {
  static override readonly __name__: string = 'GaussianNLLLoss';
  forward(input: Tensor, target: Tensor, variance: Tensor | number): Tensor {
    const { full, eps, reduction } = this;
    return F.gaussian_nll_loss(input, target, variance, { full, eps, reduction });
  }
}
/** The Kullback–Leibler divergence of targets from log-probabilities. */
export class KLDivLoss extends configured(
  (size_average: Legacy = null, reduce: Legacy = null, reduction: Reduction | 'batchmean' = 'mean', log_target = false) => ({
    size_average,
    reduce,
    reduction,
    log_target,
  }),
  '',
  legacyReduction,
) {
  static override readonly __name__: string = 'KLDivLoss';
  forward(input: Tensor, target: Tensor): Tensor {
    return F.kl_div(input, target, { reduction: this.reduction, log_target: this.log_target });
  }
}
/** The cross entropy of probabilities with targets in [0, 1]. */
export class BCELoss extends WeightedLoss {
  static override readonly __name__: string = 'BCELoss';
  forward(input: Tensor, target: Tensor): Tensor {
    return F.binary_cross_entropy(input, target, { weight: this.weight, reduction: this.reduction });
  }
}
/** Sigmoid and BCELoss in one stable formula. */
export class BCEWithLogitsLoss extends configured(
  (
    weight: Tensor | null = null,
    size_average: Legacy = null,
    reduce: Legacy = null,
    reduction: Reduction = 'mean',
    pos_weight: Tensor | null = null,
  ) => ({
    weight,
    size_average,
    reduce,
    reduction,
    pos_weight,
  }),
  '',
  (m) => {
    weighted(m);
    m.register_buffer('pos_weight', m.pos_weight);
  },
) {
  static override readonly __name__: string = 'BCEWithLogitsLoss';
  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, reduction, pos_weight } = this;
    return F.binary_cross_entropy_with_logits(input, target, { weight, reduction, pos_weight });
  }
}
/** x where the target is 1, max(0, margin − x) where it is −1. */
export class HingeEmbeddingLoss extends configured(
  (margin = 1, size_average: Legacy = null, reduce: Legacy = null, reduction: Reduction = 'mean') => ({
    margin,
    size_average,
    reduce,
    reduction,
  }),
  '',
  legacyReduction,
) {
  static override readonly __name__: string = 'HingeEmbeddingLoss';
  forward(input: Tensor, target: Tensor): Tensor {
    return F.hinge_embedding_loss(input, target, { margin: this.margin, reduction: this.reduction });
  }
}
/** The hinge loss of several classes against all others. */
export class MultiLabelMarginLoss extends Loss {
  static override readonly __name__: string = 'MultiLabelMarginLoss';
  forward(input: Tensor, target: Tensor): Tensor {
    return F.multilabel_margin_loss(input, target, { reduction: this.reduction });
  }
}
/** Quadratic below beta, linear above. */
export class SmoothL1Loss extends configured(
  (size_average: Legacy = null, reduce: Legacy = null, reduction: Reduction = 'mean', beta = 1) => ({
    size_average,
    reduce,
    reduction,
    beta,
  }),
  '',
  legacyReduction,
) {
  static override readonly __name__: string = 'SmoothL1Loss';
  forward(input: Tensor, target: Tensor): Tensor {
    return F.smooth_l1_loss(input, target, { reduction: this.reduction, beta: this.beta });
  }
}
/** SmoothL1Loss times delta. */
export class HuberLoss extends configured((reduction: Reduction = 'mean', delta = 1) => ({ reduction, delta })) {
  static override readonly __name__: string = 'HuberLoss';
  forward(input: Tensor, target: Tensor): Tensor {
    return F.huber_loss(input, target, { reduction: this.reduction, delta: this.delta });
  }
}
/** log(1 + exp(−y x)) for targets 1 and −1. */
export class SoftMarginLoss extends Loss {
  static override readonly __name__: string = 'SoftMarginLoss';
  forward(input: Tensor, target: Tensor): Tensor {
    return F.soft_margin_loss(input, target, { reduction: this.reduction });
  }
}
/** BCEWithLogitsLoss averaged over the classes. */
export class MultiLabelSoftMarginLoss extends WeightedLoss {
  static override readonly __name__: string = 'MultiLabelSoftMarginLoss';
  forward(input: Tensor, target: Tensor): Tensor {
    return F.multilabel_soft_margin_loss(input, target, { weight: this.weight, reduction: this.reduction });
  }
}

const MarginLoss = configured(
  (margin = 0, size_average: Legacy = null, reduce: Legacy = null, reduction: Reduction = 'mean') => ({
    margin,
    size_average,
    reduce,
    reduction,
  }),
  '',
  legacyReduction,
);
/** One minus the cosine of pairs that belong together; of others what exceeds the margin. */
export class CosineEmbeddingLoss extends MarginLoss {
  static override readonly __name__: string = 'CosineEmbeddingLoss';
  forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return F.cosine_embedding_loss(input1, input2, target, { margin: this.margin, reduction: this.reduction });
  }
}
/** max(0, −y (x₁ − x₂) + margin). */
export class MarginRankingLoss extends MarginLoss {
  static override readonly __name__: string = 'MarginRankingLoss';
  forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return F.margin_ranking_loss(input1, input2, target, { margin: this.margin, reduction: this.reduction });
  }
}
/** The hinge loss of a class against all others, to the power p. */
export class MultiMarginLoss extends configured(
  (p = 1, margin = 1, weight: Tensor | null = null, size_average: Legacy = null, reduce: Legacy = null, reduction: Reduction = 'mean') => ({
    p,
    margin,
    weight,
    size_average,
    reduce,
    reduction,
  }),
  '',
  (m) => {
    weighted(m);
    if (m.p !== 1 && m.p !== 2) throw new ValueError('only p == 1 and p == 2 supported');
    if (m.weight !== null && m.weight.ndim !== 1)
      throw new ValueError(`MultiMarginLoss: expected weight to be None or 1D tensor, got ${m.weight.ndim}D instead`);
  },
) {
  static override readonly __name__: string = 'MultiMarginLoss';
  forward(input: Tensor, target: Tensor): Tensor {
    const { p, margin, weight, reduction } = this;
    return F.multi_margin_loss(input, target, { p, margin, weight, reduction });
  }
}
function positiveMargin(name: string, margin: number): void {
  if (margin <= 0) throw new ValueError(`${name}: expected margin to be greater than 0, got ${margin} instead`);
}
/** max(0, d(anchor, positive) − d(anchor, negative) + margin) with the p-norm. */
export class TripletMarginLoss extends configured(
  (margin = 1, p = 2, eps = 1e-6, swap = false, size_average: Legacy = null, reduce: Legacy = null, reduction: Reduction = 'mean') => ({
    margin,
    p,
    eps,
    swap,
    size_average,
    reduce,
    reduction,
  }),
  '',
  (m) => {
    legacyReduction(m);
    positiveMargin('TripletMarginLoss', m.margin);
  },
) {
  static override readonly __name__: string = 'TripletMarginLoss';
  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { margin, p, eps, swap, reduction } = this;
    return F.triplet_margin_loss(anchor, positive, negative, { margin, p, eps, swap, reduction });
  }
}
/** A distance between batches of vectors. */
export type DistanceFunction = (a: Tensor, b: Tensor) => Tensor;
/** TripletMarginLoss with a distance of one's own. */
export class TripletMarginWithDistanceLoss extends configured(
  (distance_function: DistanceFunction | null = null, margin = 1, swap = false, reduction: Reduction = 'mean') => ({
    distance_function,
    margin,
    swap,
    reduction,
  }),
  '',
  (m) => {
    positiveMargin('TripletMarginWithDistanceLoss', m.margin);
    m.distance_function ??= new PairwiseDistance();
  },
) {
  static override readonly __name__: string = 'TripletMarginWithDistanceLoss';
  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { distance_function, margin, swap, reduction } = this;
    return F.triplet_margin_with_distance_loss(anchor, positive, negative, { distance_function, margin, swap, reduction });
  }
}
/** The connectionist temporal classification of sequences without alignment; Graves et al. 2006. */
export class CTCLoss extends configured((blank = 0, reduction: Reduction = 'mean', zero_infinity = false) => ({
  blank,
  reduction,
  zero_infinity,
})) {
  static override readonly __name__: string = 'CTCLoss';
  forward(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | readonly number[],
    target_lengths: Tensor | readonly number[],
  ): Tensor {
    return F.ctc_loss(
      log_probs,
      targets,
      input_lengths as Tensor,
      target_lengths as Tensor,
      this.blank,
      this.reduction,
      this.zero_infinity,
    );
  }
}
