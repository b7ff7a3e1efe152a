// Reference normalisation. Batch, layer and group norm differ only in which elements share statistics and which share a weight.
import type { Tensor } from '../../core/tensor.ts';
import { reals, store } from './arrays.ts';

/** Where element i (in logical order) belongs. */
export interface Grouping {
  readonly groups: number;
  readonly weights: number;
  readonly group: (i: number) => number;
  readonly weight: (i: number) => number;
}
export interface Statistics {
  readonly mean: Float64Array;
  /** Biased. */
  readonly variance: Float64Array;
  readonly count: number;
}
export function statistics(x: Float64Array, { groups, group }: Grouping): Statistics {
  const [mean, variance] = [new Float64Array(groups), new Float64Array(groups)];
  const count = x.length / groups;
  for (let i = 0; i < x.length; i++) mean[group(i)]! += x[i]!;
  for (let k = 0; k < groups; k++) mean[k]! /= count;
  for (let i = 0; i < x.length; i++) variance[group(i)]! += (x[i]! - mean[group(i)]!) ** 2;
  for (let k = 0; k < groups; k++) variance[k]! /= count;
  return { mean, variance, count };
}
export const inverseDeviation = (variance: Float64Array, eps: number): Float64Array => variance.map((v) => 1 / Math.sqrt(v + eps));

/** (x − mean) · rstd · weight + bias. */
export function normaliseInto(
  out: Tensor,
  x: Float64Array,
  mean: Float64Array,
  rstd: Float64Array,
  weight: Tensor | null,
  bias: Tensor | null,
  g: Grouping,
): void {
  const w = weight && reals(weight);
  const b = bias && reals(bias);
  const r = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const k = g.group(i);
    const v = (x[i]! - mean[k]!) * rstd[k]!;
    r[i] = (w ? v * w[g.weight(i)]! : v) + (b ? b[g.weight(i)]! : 0);
  }
  store(out, r);
}
export function normInto(
  out: Tensor,
  mean: Tensor,
  rstd: Tensor,
  self: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  eps: number,
  g: Grouping,
): Statistics {
  const x = reals(self);
  const s = statistics(x, g);
  const r = inverseDeviation(s.variance, eps);
  normaliseInto(out, x, s.mean, r, weight, bias, g);
  store(mean, s.mean);
  store(rstd, r);
  return s;
}
/** Gradients of input, weight and bias. With constant statistics the input's gradient is only scaled. */
export function normBackwardInto(
  outs: readonly Tensor[],
  grad: Tensor,
  self: Tensor,
  mean: Float64Array,
  rstd: Float64Array,
  weight: Tensor | null,
  g: Grouping,
  constant = false,
): void {
  const [dy, x] = [reals(grad), reals(self)];
  const w = weight && reals(weight);
  const count = x.length / g.groups;
  const [sum, dot] = [new Float64Array(g.groups), new Float64Array(g.groups)];
  const [dw, db] = [new Float64Array(g.weights), new Float64Array(g.weights)];
  for (let i = 0; i < x.length; i++) {
    const [k, j] = [g.group(i), g.weight(i)];
    const v = (x[i]! - mean[k]!) * rstd[k]!;
    const d = w ? dy[i]! * w[j]! : dy[i]!;
    sum[k]! += d;
    dot[k]! += d * v;
    dw[j]! += dy[i]! * v;
    db[j]! += dy[i]!;
  }
  const dx = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const [k, j] = [g.group(i), g.weight(i)];
    const d = w ? dy[i]! * w[j]! : dy[i]!;
    const v = (x[i]! - mean[k]!) * rstd[k]!;
    dx[i] = rstd[k]! * (constant ? d : d - sum[k]! / count - (v * dot[k]!) / count);
  }
  store(outs[0]!, dx);
  store(outs[1]!, dw);
  store(outs[2]!, db);
}
