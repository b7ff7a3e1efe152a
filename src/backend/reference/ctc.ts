// Reference forward and backward variables of connectionist temporal classification.
import { float32 } from '../../core/dtype.ts';
import type { Tensor } from '../../core/tensor.ts';
import { reals, store } from './arrays.ts';

export interface Alignment {
  readonly labels: Float64Array;
  readonly steps: number;
}
const NONE = Number.NEGATIVE_INFINITY;
type Round = (v: number) => number;
/** Sums of many logarithms lose digits in float32; each step is rounded, so that the loss is the same as PyTorch's. */
const roundOf = (t: Tensor): Round => (t.dtype === float32 ? Math.fround : (v) => v);
/** log(eᵃ + eᵇ + eᶜ) */
function logSum(a: number, b: number, c: number, round: Round): number {
  const m = Math.max(a, b, c);
  if (m === NONE) return NONE;
  const e = (v: number): number => round(Math.exp(round(v - m)));
  return round(round(Math.log(round(round(e(a) + e(b)) + e(c)))) + m);
}
/** The label of a state: labels stand at odd places, blanks around them. */
const labelAt = (labels: Float64Array, s: number, blank: number): number => (s % 2 === 1 ? labels[(s - 1) / 2]! : blank);
/** Whether a state may be reached from two states before: over a blank, and not to the same label again. */
const skips = (labels: Float64Array, s: number): boolean => s % 2 === 1 && s >= 3 && labels[(s - 1) / 2] !== labels[(s - 3) / 2];

/** loss[b] = −log p(labels of b); alpha[b, t, s] = log p(the prefix up to state s after step t). */
export function alignmentsInto(loss: Tensor, alpha: Tensor, logProbs: Tensor, examples: readonly Alignment[], blank: number): void {
  const x = reals(logProbs);
  const round = roundOf(logProbs);
  const [steps, batch, classes] = logProbs.layout.shape as unknown as [number, number, number];
  const states = alpha.layout.shape[2]!;
  const a = new Float64Array(alpha.layout.numel).fill(NONE);
  const r = new Float64Array(batch);
  examples.forEach(({ labels, steps: n }, b) => {
    const from = b * steps * states;
    const last = 2 * labels.length;
    const prob = (t: number, s: number): number => x[(t * batch + b) * classes + labelAt(labels, s, blank)]!;
    if (n === 0) {
      r[b] = labels.length === 0 ? -0 : Number.POSITIVE_INFINITY;
      return;
    }
    a[from] = prob(0, 0);
    if (last > 0) a[from + 1] = prob(0, 1);
    for (let t = 1; t < n; t++) {
      const before = from + (t - 1) * states;
      for (let s = 0; s <= last; s++) {
        const one = s > 0 ? a[before + s - 1]! : NONE;
        const two = skips(labels, s) ? a[before + s - 2]! : NONE;
        a[before + states + s] = round(logSum(a[before + s]!, one, two, round) + prob(t, s));
      }
    }
    const end = from + (n - 1) * states + last;
    r[b] = -logSum(a[end]!, last > 0 ? a[end - 1]! : NONE, NONE, round);
  });
  store(loss, r);
  store(alpha, a);
}
/** The gradient with respect to log-probabilities behind a log_softmax; 0 beyond an example's steps. */
export function alignmentsBackwardInto(
  out: Tensor,
  grad: Tensor,
  logProbs: Tensor,
  examples: readonly Alignment[],
  loss: Tensor,
  alpha: Tensor,
  blank: number,
  zeroInfinity: boolean,
): void {
  const [g, x, nll, a] = [reals(grad), reals(logProbs), reals(loss), reals(alpha)];
  const round = roundOf(logProbs);
  const [steps, batch, classes] = logProbs.layout.shape as unknown as [number, number, number];
  const states = alpha.layout.shape[2]!;
  const r = new Float64Array(x.length);
  examples.forEach(({ labels, steps: n }, b) => {
    if (zeroInfinity && nll[b] === Number.POSITIVE_INFINITY) return;
    const last = 2 * labels.length;
    let beta = new Float64Array(last + 1).fill(NONE);
    const through = new Float64Array(classes);
    for (let t = n - 1; t >= 0; t--) {
      const row = (t * batch + b) * classes;
      const prob = (s: number): number => x[row + labelAt(labels, s, blank)]!;
      const now = new Float64Array(last + 1).fill(NONE);
      through.fill(NONE);
      for (let s = last; s >= 0; s--) {
        if (t === n - 1) now[s] = s >= last - 1 ? prob(s) : NONE;
        else {
          const one = s < last ? beta[s + 1]! : NONE;
          const two = s + 2 <= last && skips(labels, s + 2) ? beta[s + 2]! : NONE;
          now[s] = round(logSum(beta[s]!, one, two, round) + prob(s));
        }
        const label = labelAt(labels, s, blank);
        const here = round(a[(b * steps + t) * states + s]! + now[s]!);
        through[label] = through[label] === NONE ? here : logSum(through[label]!, here, NONE, round);
      }
      beta = now;
      for (let c = 0; c < classes; c++) {
        const p = x[row + c]!;
        r[row + c] = round(round(Math.exp(p)) - round(Math.exp(round(round(through[c]! + nll[b]!) - p)))) * g[b]!;
      }
    }
  });
  store(out, r);
}
