// Connectionist temporal classification.
import { alignmentsBackwardInto, alignmentsInto, type Alignment } from '../backend/reference/ctc.ts';
import { integers, tensorOf } from '../backend/reference/arrays.ts';
import { Category, float32, float64, int64 } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import { converted } from './reduce.ts';
import { Reduction, reductionOf } from './reduction.ts';

type Lengths = readonly number[];
const CHECKING = '(while checking arguments for ctc_loss_allocate_outputs)';
const sum = (v: Lengths): number => v.reduce((a, b) => a + b, 0);

function checkAlignments(log_probs: Tensor, targets: Tensor, inputs: Lengths, labels: Lengths, blank: number): void {
  if (log_probs.ndim !== 3)
    throw new RuntimeError(
      `Expected 3-dimensional tensor, but got ${log_probs.ndim}-dimensional tensor for argument #1 'log_probs' ${CHECKING}`,
    );
  if (targets.ndim < 1 || targets.ndim > 2)
    throw new RuntimeError(`Expected 1 to 2 dimensions, but got ${targets.ndim}-dimensional tensor for argument #2 'targets' ${CHECKING}`);
  if (log_probs.dtype !== float32 && log_probs.dtype !== float64)
    throw new NotImplementedError(`"ctc_loss_cpu" not implemented for '${log_probs.dtype.scalarName}'`);
  const [steps, batch, classes] = log_probs.layout.shape as unknown as [number, number, number];
  if (blank < 0 || blank >= classes) throw new RuntimeError('blank must be in label range');
  if (inputs.length !== batch) throw new RuntimeError('input_lengths must be of size batch_size');
  if (labels.length !== batch) throw new RuntimeError('target_lengths must be of size batch_size');
  const negative = labels.find((n) => n < 0);
  if (negative !== undefined)
    throw new RuntimeError(`Expected target_lengths to have value at least 0, but got value ${negative} ${CHECKING}`);
  const [dim, needed] = targets.ndim === 1 ? [0, sum(labels)] : [1, Math.max(0, ...labels)];
  const given = targets.layout.shape[dim]!;
  if (targets.ndim === 1 ? given !== needed : given < needed) {
    throw new RuntimeError(
      `Expected tensor to have size ${dim === 0 ? '' : 'at least '}${needed} at dimension ${dim}, but got size ${given} for argument #2 'targets' ${CHECKING}`,
    );
  }
  for (const n of inputs) {
    if (n < 0) throw new RuntimeError(`Expected input_lengths to have value at least 0, but got value ${n} ${CHECKING}`);
    if (n > steps) throw new RuntimeError(`Expected input_lengths to have value at most ${steps}, but got value ${n} ${CHECKING}`);
  }
}
/** The labels of each example, and how many steps it has. */
function alignmentsOf(targets: Tensor, inputs: Lengths, labels: Lengths): Alignment[] {
  const all = Float64Array.from(integers(targets), Number);
  const row = targets.ndim === 2 ? targets.layout.shape[1]! : null;
  let at = 0;
  return labels.map((n, b) => {
    const from = row === null ? at : b * row;
    at += n;
    return { labels: all.subarray(from, from + n), steps: inputs[b]! };
  });
}
op(
  '_ctc_loss(Tensor log_probs, Tensor targets, int[] input_lengths, int[] target_lengths, int blank=0, bool zero_infinity=False) -> (Tensor neg_log_likelihood, Tensor log_alpha)',
  {
    doc: 'The negative log likelihood of each label sequence, summed over its alignments, and the logarithms of the forward variables.',
    meta: ({ log_probs, targets, input_lengths, target_lengths, blank }) => {
      checkAlignments(log_probs, targets, input_lengths, target_lengths, blank);
      const [steps, batch] = log_probs.layout.shape as unknown as [number, number];
      return [
        { shape: [batch], dtype: log_probs.dtype },
        { shape: [batch, steps, 2 * Math.max(0, ...target_lengths) + 1], dtype: log_probs.dtype },
      ];
    },
    kernel: ({ log_probs, targets, input_lengths, target_lengths, blank }, loss, alpha) =>
      alignmentsInto(loss!, alpha!, log_probs, alignmentsOf(targets, input_lengths, target_lengths), blank),
    grad: {
      log_probs: uses('log_probs', 'targets', 'neg_log_likelihood', 'log_alpha', (g, a) =>
        F._ctc_loss_backward(
          g,
          a.log_probs,
          a.targets,
          a.input_lengths,
          a.target_lengths,
          a.neg_log_likelihood,
          a.log_alpha,
          a.blank,
          a.zero_infinity,
        ),
      ),
    },
    gradName: 'CtcLossBackward0',
    surface: [],
  },
);
op(
  '_ctc_loss_backward(Tensor grad, Tensor log_probs, Tensor targets, int[] input_lengths, int[] target_lengths, Tensor neg_log_likelihood, Tensor log_alpha, int blank, bool zero_infinity=False) -> Tensor',
  {
    doc: 'The gradient of ctc_loss with respect to log-probabilities that a log_softmax made.',
    meta: ({ log_probs }) => ({ shape: log_probs.layout.shape, dtype: log_probs.dtype }),
    kernel: ({ grad, log_probs, targets, input_lengths, target_lengths, neg_log_likelihood, log_alpha, blank, zero_infinity }, out) =>
      alignmentsBackwardInto(
        out!,
        grad,
        log_probs,
        alignmentsOf(targets, input_lengths, target_lengths),
        neg_log_likelihood,
        log_alpha,
        blank,
        zero_infinity,
      ),
    surface: [],
  },
);

interface CtcArgs {
  readonly log_probs: Tensor;
  readonly targets: Tensor;
  readonly blank: number;
  readonly zero_infinity: boolean;
}
function ctcLoss({ log_probs, targets, blank, zero_infinity }: CtcArgs, inputs: Lengths, labels: Lengths, reduction: number): Tensor {
  const batched = log_probs.ndim === 3;
  const [x, t] = batched ? [log_probs, targets] : [log_probs.unsqueeze(1), targets.unsqueeze(0)];
  const [each] = F._ctc_loss(x, t, inputs, labels, blank, zero_infinity) as unknown as readonly Tensor[];
  const loss = zero_infinity ? each!.masked_fill(each!.eq(Number.POSITIVE_INFINITY), 0) : each!;
  if (reduction === Reduction.mean)
    return loss
      .div(
        converted(
          tensorOf(
            Float64Array.from(labels, (n) => Math.max(n, 1)),
            [labels.length],
            float64,
          ),
          loss.dtype,
        ),
      )
      .mean();
  if (reduction === Reduction.sum) return loss.sum();
  return batched ? loss : loss.squeeze(0);
}
function lengthsOf(t: Tensor, name: string): number[] {
  if (t.dtype.category !== Category.Integral) throw new RuntimeError(`${name} must be integral`);
  return Array.from(integers(t), Number);
}
function withTensors(a: CtcArgs & { readonly input_lengths: Tensor; readonly target_lengths: Tensor }, reduction: number): Tensor {
  const inputs = lengthsOf(a.input_lengths, 'input_lengths');
  const labels = lengthsOf(a.target_lengths, 'target_lengths');
  return ctcLoss(
    { log_probs: a.log_probs, targets: F._to_copy(a.targets, int64), blank: a.blank, zero_infinity: a.zero_infinity },
    inputs,
    labels,
    reduction,
  );
}
const DOC = 'The negative log likelihood of label sequences under log-probabilities (T, N, C), summed over all alignments.';
const REST = 'int blank=0, int reduction=1, bool zero_infinity=False';
op(`ctc_loss.IntList(Tensor log_probs, Tensor targets, int[] input_lengths, int[] target_lengths, ${REST}) -> Tensor`, {
  doc: DOC,
  decompose: (a) => ctcLoss(a, a.input_lengths, a.target_lengths, a.reduction),
  integers: ['targets'],
  autocast: 'float32',
  surface: ['function'],
});
op(`ctc_loss.Tensor(Tensor log_probs, Tensor targets, Tensor input_lengths, Tensor target_lengths, ${REST}) -> Tensor`, {
  doc: DOC,
  decompose: (a) => withTensors(a, a.reduction),
  integers: ['targets', 'input_lengths', 'target_lengths'],
  autocast: 'float32',
  surface: ['function'],
});
const FUNCTIONAL = 'int blank=0, str reduction="mean", bool zero_infinity=False';
op(`ctc_loss.functional(Tensor log_probs, Tensor targets, Tensor input_lengths, Tensor target_lengths, ${FUNCTIONAL}) -> Tensor`, {
  doc: DOC,
  decompose: (a) => withTensors(a, reductionOf(a)),
  integers: ['targets', 'input_lengths', 'target_lengths'],
  autocast: 'float32',
  surface: ['nn.functional'],
});
op(`ctc_loss.functional_lists(Tensor log_probs, Tensor targets, int[] input_lengths, int[] target_lengths, ${FUNCTIONAL}) -> Tensor`, {
  doc: DOC,
  decompose: (a) => ctcLoss(a, a.input_lengths, a.target_lengths, reductionOf(a)),
  integers: ['targets'],
  autocast: 'float32',
  surface: ['nn.functional'],
});
