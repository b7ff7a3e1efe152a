// Precision and recall at evenly spaced thresholds.
import type { Values } from './values.ts';

const LEAST = 1e-7;
/** More thresholds than this break TensorBoard's plugin. */
export const MOST_THRESHOLDS = 127;

/** Rows of a curve, one number a threshold: true and false positives, true and false negatives, precision, recall. */
export type Curve = readonly [
  tp: Float64Array,
  fp: Float64Array,
  tn: Float64Array,
  fn: Float64Array,
  precision: Float64Array,
  recall: Float64Array,
];

/** The curve of predictions from 0 to 1; `weights` counts each of them so often. */
export function compute_curve(labels: Values, predictions: Values, num_thresholds: number, weights: Values | null): Curve {
  const positive = new Float64Array(num_thresholds);
  const negative = new Float64Array(num_thresholds);
  predictions.data.forEach((p, i) => {
    const bucket = Math.floor(p * (num_thresholds - 1));
    if (!(bucket >= 0 && bucket < num_thresholds)) return;
    const weight = weights ? weights.data[weights.data.length === 1 ? 0 : i]! : 1;
    positive[bucket]! += labels.data[i]! * weight;
    negative[bucket]! += (1 - labels.data[i]!) * weight;
  });
  // At or above a threshold: sums from the right.
  const fromRight = (counts: Float64Array): Float64Array => {
    const sums = counts.slice();
    for (let i = sums.length - 2; i >= 0; i--) sums[i]! += sums[i + 1]!;
    return sums;
  };
  const tp = fromRight(positive);
  const fp = fromRight(negative);
  const tn = fp.map((n) => fp[0]! - n);
  const fn = tp.map((n) => tp[0]! - n);
  const precision = tp.map((n, i) => n / Math.max(LEAST, n + fp[i]!));
  const recall = tp.map((n, i) => n / Math.max(LEAST, n + fn[i]!));
  return [tp, fp, tn, fn, precision, recall];
}
