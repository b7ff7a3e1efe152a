// Softmax over many classes, of which a few are frequent; Grave et al. 2017.
import { RuntimeError, ValueError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import * as torch from '../surface/generated/torch.ts';
import { namedTuple } from '../surface/returns.ts';
import { bindArguments, bindCall } from './arguments.ts';
import { ModuleList, Sequential } from './container.ts';
import * as F from './functional.ts';
import { type FactoryOptions, Linear } from './linear.ts';
import { Module } from './module.ts';
import type { Arguments } from './simple.ts';

export interface AdaptiveLogSoftmaxOptions extends FactoryOptions {
  in_features: number;
  n_classes: number;
  cutoffs: readonly number[];
  div_value: number;
  head_bias: boolean;
}
/** The log-probability of each target, and their mean, negated. */
export type ASMOutput = readonly [output: Tensor, loss: Tensor] & { readonly output: Tensor; readonly loss: Tensor };
function result(output: Tensor, loss: Tensor): ASMOutput {
  const r = namedTuple('_ASMoutput', ['output', 'loss'], [output, loss]);
  Object.defineProperty(r, 'toString', { value: () => `_ASMoutput(output=${output}, loss=${loss})` });
  return r as unknown as ASMOutput;
}

/**
 * Log-softmax in clusters: the head has the first `cutoffs[0]` classes and one entry for each cluster of the tail, whose inputs are
 * div_value times smaller from cluster to cluster. Takes (N, in_features) and targets (N), or one example of each.
 */
export class AdaptiveLogSoftmaxWithLoss extends Module {
  static override readonly __name__: string = 'AdaptiveLogSoftmaxWithLoss';
  readonly in_features: number;
  readonly n_classes: number;
  readonly cutoffs: readonly number[];
  readonly div_value: number;
  readonly head_bias: boolean;
  readonly shortlist_size: number;
  readonly n_clusters: number;
  readonly head_size: number;
  head: Linear;
  tail: ModuleList;
  constructor(
    ...args: Arguments<
      [in_features: number, n_classes: number, cutoffs: readonly number[], div_value?: number, head_bias?: boolean],
      AdaptiveLogSoftmaxOptions
    >
  ) {
    super();
    const a = bindArguments<AdaptiveLogSoftmaxOptions>(
      'AdaptiveLogSoftmaxWithLoss',
      args,
      ['in_features', 'n_classes', 'cutoffs', 'div_value', 'head_bias', 'device', 'dtype'],
      {
        div_value: 4,
        head_bias: false,
        device: null,
        dtype: null,
      },
    );
    const { in_features, n_classes, cutoffs } = a;
    if (cutoffs.length === 0) throw new ValueError('cutoffs should be a sequence of length larger than 0');
    if (cutoffs.some((c, i) => !Number.isInteger(c) || c <= (cutoffs[i - 1] ?? 0) || c > n_classes - 1)) {
      throw new ValueError(
        'cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value is between 1 and n_classes-1',
      );
    }
    this.in_features = in_features;
    this.n_classes = n_classes;
    this.cutoffs = [...cutoffs, n_classes];
    this.div_value = a.div_value;
    this.head_bias = a.head_bias;
    this.shortlist_size = this.cutoffs[0]!;
    this.n_clusters = cutoffs.length;
    this.head_size = this.shortlist_size + this.n_clusters;
    const factory = { device: a.device, dtype: a.dtype };
    this.head = new Linear({ in_features, out_features: this.head_size, bias: a.head_bias, ...factory });
    this.tail = new ModuleList();
    for (let i = 0; i < this.n_clusters; i++) {
      const hidden = Math.floor(in_features / a.div_value ** (i + 1));
      const linear = (from: number, to: number): Linear => new Linear({ in_features: from, out_features: to, bias: false, ...factory });
      this.tail.append(new Sequential(linear(in_features, hidden), linear(hidden, this.cutoffs[i + 1]! - this.cutoffs[i]!)));
    }
  }
  reset_parameters(): void {
    for (const m of [this.head, ...[...this.tail].flatMap((s) => [...s.children()])]) (m as Linear).reset_parameters();
  }
  private cluster(i: number, input: Tensor): Tensor {
    return F.log_softmax((this.tail.at(i) as Sequential)(input), 1);
  }
  forward(...args: Arguments<[input: Tensor, target: Tensor], { input_: Tensor; target_: Tensor }>): ASMOutput {
    const { input_, target_ } = bindCall<{ input_: Tensor; target_: Tensor }>(
      'AdaptiveLogSoftmaxWithLoss.forward',
      args,
      ['input_', 'target_'],
      {},
      1,
    );
    const batched = target_.ndim === 1;
    const size = `torch.Size(${showShape(input_.shape)})`;
    if (target_.ndim > 1) throw new RuntimeError('0D or 1D target tensor expected, multi-target not supported');
    if (batched && input_.size(0) !== target_.size(0))
      throw new RuntimeError('Input and target should have the same size in the batch dimension.');
    if (batched && input_.ndim !== 2)
      throw new RuntimeError(`1D target tensor expects 2D input tensors, but found inputs with size ${size}`);
    if (!batched && input_.ndim !== 1)
      throw new RuntimeError(`0D target tensor expects 1D input tensors, but found inputs with size ${size}`);
    const [input, target] = batched ? [input_, target_] : [input_.unsqueeze(0), target_.unsqueeze(0)];
    const n = target.size(0);
    let output = torch.zeros([n], { dtype: input.dtype, device: input.device });
    /** The entry of the head that each target is under. */
    let entry = target;
    let used = 0;
    for (let i = 0; i < this.cutoffs.length; i++) {
      const low = i === 0 ? 0 : this.cutoffs[i - 1]!;
      const rows = target.ge(low).logical_and(target.lt(this.cutoffs[i]!)).nonzero().squeeze(1);
      used += rows.numel();
      if (rows.numel() === 0 || i === 0) continue;
      const log_prob = this.cluster(i - 1, input.index_select(0, rows));
      const local = target.index_select(0, rows).sub(low);
      entry = entry.index_fill(0, rows, this.shortlist_size + i - 1);
      output = output.index_copy(0, rows, log_prob.gather(1, local.unsqueeze(1)).squeeze(1));
    }
    if (used !== n) {
      throw new RuntimeError(
        `Target values should be in [0, ${this.n_classes - 1}], but values in range [${target.min().item()}, ${target.max().item()}] were found. `,
      );
    }
    output = output.add(F.log_softmax(this.head(input), 1).gather(1, entry.unsqueeze(1)).squeeze(1));
    return result(batched ? output : output.squeeze(0), output.neg().mean());
  }
  private full(input: Tensor, head: Tensor): Tensor {
    const log_prob = F.log_softmax(head, 1);
    const clusters = Array.from({ length: this.n_clusters }, (_, i) =>
      this.cluster(i, input).add(log_prob.narrow(1, this.shortlist_size + i, 1)),
    );
    return torch.cat([log_prob.narrow(1, 0, this.shortlist_size), ...clusters], 1);
  }
  /** The log-probabilities of all classes: (N, in_features) → (N, n_classes). */
  log_prob(input: Tensor): Tensor {
    return this.full(input, this.head(input));
  }
  /** The most probable class of each row. Rows whose best entry of the head is a class need no tail. */
  predict(input: Tensor): Tensor {
    const head = this.head(input);
    const best = torch.argmax(head, 1);
    const rows = best.ge(this.shortlist_size).nonzero().squeeze(1);
    if (rows.numel() === 0) return best;
    return best.index_copy(0, rows, torch.argmax(this.full(input.index_select(0, rows), head.index_select(0, rows)), 1));
  }
}
