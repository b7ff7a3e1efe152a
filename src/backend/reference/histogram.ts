// Reference histograms and counts.
import { float32, int64, type DType, float64 } from '../../core/dtype.ts';
import type { Tensor } from '../../core/tensor.ts';
import { integers, reals, store } from './arrays.ts';

const rounding = (d: DType): ((x: number) => number) => (d === float64 ? (x) => x : Math.fround);

/** `count` equal bins between two edges, as linspace computes them. */
export function evenEdges(left: number, right: number, count: number, dtype: DType): Float64Array {
  const r = rounding(dtype);
  const step = r(r(right - left) / count);
  const edges = new Float64Array(count + 1);
  for (let i = 0; i <= count; i++) edges[i] = i < (count + 1) / 2 ? r(left + r(step * i)) : r(right - r(step * (count - i)));
  return edges;
}
/** The bin of x among edges; the last bin includes its right edge. −1: outside. */
function binOf(edges: Float64Array, x: number): number {
  const last = edges.length - 1;
  if (!(x >= edges[0]! && x <= edges[last]!)) return -1;
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! > x) high = middle;
    else low = middle + 1;
  }
  return Math.min(low - 1, last - 1);
}
/** Counts (or weighs) the points of an N × D tensor in a D-dimensional grid. */
export function histogramInto(out: Tensor, points: Tensor, edges: readonly Float64Array[], weight: Tensor | null, density: boolean): void {
  const x = reals(points);
  const w = weight && reals(weight);
  const d = edges.length;
  const counts = edges.map((e) => e.length - 1);
  const hist = new Float64Array(out.layout.numel);
  for (let i = 0; i < x.length / d; i++) {
    let at = 0;
    for (let k = 0; k < d && at >= 0; k++) {
      const bin = binOf(edges[k]!, x[i * d + k]!);
      at = bin < 0 ? -1 : at * counts[k]! + bin;
    }
    if (at >= 0) hist[at]! += w ? w[i]! : 1;
  }
  if (density) {
    const total = hist.reduce((a, b) => a + b, 0);
    for (let at = 0; at < hist.length; at++) {
      let [rest, volume] = [at, total];
      for (let k = d - 1; k >= 0; k--) {
        const bin = rest % counts[k]!;
        rest = (rest - bin) / counts[k]!;
        volume *= edges[k]![bin + 1]! - edges[k]![bin]!;
      }
      hist[at]! /= volume;
    }
  }
  store(out, hist);
}
/** Counts in equal bins that are found by interpolation alone, in the precision of the elements. */
export function histcInto(out: Tensor, self: Tensor, min: number, max: number): void {
  const r = rounding(self.dtype.itemsize === 2 ? float32 : self.dtype);
  const [left, right] = [r(min), r(max)];
  const bins = out.layout.numel;
  const hist = new Float64Array(bins);
  for (const x of reals(self)) {
    if (!(x >= left && x <= right)) continue;
    const at = Math.trunc(r(r(r(x - left) * bins) / r(right - left)));
    hist[Math.min(at, bins - 1)]! += 1;
  }
  store(out, hist);
}
/** How often each number occurs, or the sum of its weights. */
export function bincountInto(out: Tensor, self: Tensor, weights: Tensor | null): void {
  const x = integers(self);
  const acc = new Float64Array(out.layout.numel);
  const w = weights && reals(weights);
  for (let i = 0; i < x.length; i++) acc[Number(x[i])]! += w ? w[i]! : 1;
  store(out, out.dtype === int64 ? BigInt64Array.from(acc, (v) => BigInt(v)) : acc);
}
