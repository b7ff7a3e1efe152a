// The `reduction` of losses, and the two older arguments that stand for it.
import { ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';

/** PyTorch's numbers of reductions. */
export const Reduction = { none: 0, mean: 1, sum: 2 } as const;

/**
 * The number of a reduction; size_average and reduce override it where they are given.
 * @throws ValueError for an unknown name.
 */
export function reductionOf({
  reduction,
  size_average = null,
  reduce = null,
}: {
  reduction: string;
  size_average?: boolean | null;
  reduce?: boolean | null;
}): number {
  if (size_average !== null || reduce !== null) {
    if (!(reduce ?? true)) return Reduction.none;
    return (size_average ?? true) ? Reduction.mean : Reduction.sum;
  }
  switch (reduction) {
    case 'none':
      return Reduction.none;
    case 'mean':
    case 'elementwise_mean':
      return Reduction.mean;
    case 'sum':
      return Reduction.sum;
    default:
      throw new ValueError(`${reduction} is not a valid value for reduction`);
  }
}
export const reduced = (loss: Tensor, reduction: number): Tensor =>
  reduction === Reduction.mean ? loss.mean() : reduction === Reduction.sum ? loss.sum() : loss;
/** The gradient of each element's loss, from that of the reduced loss. */
export const spread = (g: Tensor, reduction: number, count: number): Tensor => (reduction === Reduction.mean ? g.div(count) : g);

/** Parameters of the nn.functional losses. */
export const LEGACY = 'bool? size_average=None, bool? reduce=None, str reduction="mean"' as const;
