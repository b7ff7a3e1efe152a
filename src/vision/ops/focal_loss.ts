// The loss of RetinaNet (https://arxiv.org/abs/1708.02002).
import { ValueError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import * as F from '../../nn/functional.ts';
import * as torch from '../../surface/generated/torch.ts';

/**
 * Binary cross entropy in which examples that are easy count less: (1 − pₜ)^gamma, weighted by alpha for positives and 1 − alpha for
 * negatives (−1: not). `inputs` are logits, `targets` of the same shape 0 or 1.
 * @throws ValueError for other values of alpha and `reduction` (`'none'`, `'mean'`, `'sum'`).
 */
export function sigmoid_focal_loss(
  inputs: Tensor,
  targets: Tensor,
  alpha = 0.25,
  gamma = 2,
  reduction: 'none' | 'mean' | 'sum' = 'none',
): Tensor {
  if (!(alpha >= 0 && alpha <= 1) && alpha !== -1)
    throw new ValueError(`Invalid alpha value: ${alpha}. alpha must be in the range [0,1] or -1 for ignore.`);
  const p = torch.sigmoid(inputs);
  const rest = torch.rsub(targets, 1);
  const right = p.mul(targets).add(torch.rsub(p, 1).mul(rest));
  let loss = F.binary_cross_entropy_with_logits(inputs, targets, { reduction: 'none' }).mul(torch.rsub(right, 1).pow(gamma));
  if (alpha >= 0)
    loss = targets
      .mul(alpha)
      .add(rest.mul(1 - alpha))
      .mul(loss);
  if (reduction === 'none') return loss;
  if (reduction === 'mean') return loss.mean();
  if (reduction === 'sum') return loss.sum();
  throw new ValueError(`Invalid Value for arg 'reduction': '${String(reduction)} \n Supported reduction modes: 'none', 'mean', 'sum'`);
}
