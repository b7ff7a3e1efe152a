// The losses that the notes define: focal loss, GHM loss, and L1 and L2 penalties.
import * as torch from 'flambeau';
import { nn, type Tensor } from 'flambeau';

const F = nn.functional;

/**
 * Binary cross entropy in which easy samples weigh little (`gamma`) and negative ones less than positive ones (`alpha`).
 * Takes probabilities. See https://arxiv.org/abs/1708.02002.
 */
export class FocalLoss extends nn.Module {
  static override readonly __name__ = 'FocalLoss';
  constructor(
    readonly gamma = 2.0,
    readonly alpha = 0.75,
  ) {
    super();
  }
  override forward(y_pred: Tensor, y_true: Tensor): Tensor {
    const bce = new nn.BCELoss({ reduction: 'none' })(y_pred, y_true);
    const p_t = y_true.mul(y_pred).add(torch.sub(1, y_true).mul(torch.sub(1, y_pred)));
    const alpha_factor = y_true.mul(this.alpha).add(torch.sub(1, y_true).mul(1 - this.alpha));
    const modulating_factor = torch.pow(torch.sub(1.0, p_t), this.gamma);
    return torch.mean(alpha_factor.mul(modulating_factor).mul(bce));
  }
}

/**
 * Binary cross entropy in which a sample weighs less the more others have a gradient like its own, so that neither the many easy samples
 * nor a crowd of mislabelled ones rule. Takes logits; `momentum` averages the crowds over batches. See https://arxiv.org/abs/1811.05181.
 */
export class GHMCLoss extends nn.Module {
  static override readonly __name__ = 'GHMCLoss';
  private readonly crowds: Float64Array;
  constructor(
    readonly bins = 10,
    readonly momentum = 0,
  ) {
    super();
    this.crowds = new Float64Array(bins);
  }
  override forward(logits: Tensor, y_true: Tensor): Tensor {
    const norms = logits.sigmoid().detach().sub(y_true).abs();
    const bin = norms
      .mul(this.bins)
      .floor()
      .clamp({ max: this.bins - 1 });
    const total = norms.numel();
    let weights = torch.zeros_like(logits);
    let occupied = 0;
    for (let b = 0; b < this.bins; b++) {
      const inside = bin.eq(b);
      const count = inside.sum().item();
      if (count === 0) continue;
      occupied++;
      this.crowds[b] = this.momentum > 0 ? this.momentum * this.crowds[b]! + (1 - this.momentum) * count : count;
      weights = weights.masked_fill(inside, total / this.crowds[b]!);
    }
    const loss = F.binary_cross_entropy_with_logits(logits, y_true, { weight: weights.div(Math.max(occupied, 1)), reduction: 'sum' });
    return loss.div(total);
  }
}

/** The weights of a network: biases are not penalised. */
const weightsOf = (model: nn.Module): Tensor[] =>
  [...model.named_parameters()].flatMap(([name, param]) => (name.includes('bias') ? [] : [param]));

/** L2正则化: half of alpha times the sum of all squared weights. */
export const L2Loss = (model: nn.Module, alpha: number): Tensor =>
  weightsOf(model).reduce(
    (sum, param) =>
      sum.add(
        torch
          .pow(param, 2)
          .sum()
          .mul(0.5 * alpha),
      ),
    torch.tensor(0.0, { requires_grad: true }),
  );

/** L1正则化: beta times the sum of all weights' magnitudes. */
export const L1Loss = (model: nn.Module, beta: number): Tensor =>
  weightsOf(model).reduce((sum, param) => sum.add(param.abs().sum().mul(beta)), torch.tensor(0.0, { requires_grad: true }));
