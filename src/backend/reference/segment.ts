// Reference reductions of consecutive segments along an axis.
import type { Tensor } from '../../core/tensor.ts';
import { reals, store } from './arrays.ts';

export type SegmentReduction = 'sum' | 'mean' | 'prod' | 'max' | 'min';
/** The segments of every row of the leading dimensions: where each begins and ends along the axis. */
export interface Segments {
  readonly rows: number;
  readonly count: number;
  readonly bounds: (row: number, segment: number) => readonly [number, number];
}
const START: Readonly<Record<SegmentReduction, number>> = {
  sum: 0,
  mean: 0,
  prod: 1,
  max: Number.NEGATIVE_INFINITY,
  min: Number.POSITIVE_INFINITY,
};

/** Calls f for every result: the places of its elements, first and last, `inner` apart. */
function eachSegment(
  data: Tensor,
  axis: number,
  s: Segments,
  f: (result: number, first: number, length: number, step: number) => void,
): void {
  const { shape } = data.layout;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  for (let row = 0; row < s.rows; row++) {
    for (let k = 0; k < s.count; k++) {
      const [from, to] = s.bounds(row, k);
      for (let i = 0; i < inner; i++) f((row * s.count + k) * inner + i, (row * shape[axis]! + from) * inner + i, to - from, inner);
    }
  }
}
export function segmentReduceInto(
  out: Tensor,
  data: Tensor,
  axis: number,
  s: Segments,
  reduction: SegmentReduction,
  initial: number | null,
): void {
  const x = reals(data);
  const result = new Float64Array(out.layout.numel);
  eachSegment(data, axis, s, (at, first, length, step) => {
    let acc = initial ?? START[reduction];
    for (let j = 0; j < length; j++) {
      const v = x[first + j * step]!;
      acc = reduction === 'max' ? Math.max(acc, v) : reduction === 'min' ? Math.min(acc, v) : reduction === 'prod' ? acc * v : acc + v;
    }
    if (reduction === 'mean') {
      if (length > 0) acc /= length;
      else if (initial === null) acc = Number.NaN;
    }
    result[at] = acc;
  });
  store(out, result);
}
export function segmentGradInto(
  out: Tensor,
  grad: Tensor,
  output: Tensor,
  data: Tensor,
  axis: number,
  s: Segments,
  reduction: SegmentReduction,
  initial: number | null,
): void {
  const [g, y, x] = [reals(grad), reals(output), reals(data)];
  const result = new Float64Array(out.layout.numel);
  eachSegment(data, axis, s, (at, first, length, step) => {
    const places = Array.from({ length }, (_, j) => first + j * step);
    const chosen = (p: number): boolean => Number.isNaN(x[p]!) || x[p] === y[at];
    const share = reduction === 'mean' ? length : reduction === 'max' || reduction === 'min' ? places.filter(chosen).length : 1;
    for (const p of places) {
      if (reduction === 'prod') {
        const others = places.reduce((a, q) => (q === p ? a : a * x[q]!), initial ?? 1);
        result[p] = g[at]! * others;
      } else if (reduction === 'sum' || reduction === 'mean' || chosen(p)) result[p] = g[at]! / share;
    }
  });
  store(out, result);
}
