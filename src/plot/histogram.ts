// Intervals and how many values fall into each, as numpy.histogram has them.
import { ValueError } from '../core/errors.ts';
import { extent } from './values.ts';

/** Edges of `bins` intervals of one width over the data or a given range. @throws ValueError if the data isn't finite, or without bins. */
export function evenEdges(data: Float64Array, bins: number, range: readonly [number, number] | null): Float64Array {
  if (!Number.isInteger(bins) || bins < 1) throw new ValueError('`bins` must be positive, when an integer');
  if (!range && data.some((v) => !Number.isFinite(v)))
    throw new ValueError(
      `autodetected range of [${Math.min(...(extent(data) ?? [Number.NaN]))}, ${Math.max(...(extent(data) ?? [Number.NaN]))}] is not finite`,
    );
  const [low, high] = range ?? extent(data) ?? [0, 1];
  const [from, to] = low === high ? [low - 0.5, high + 0.5] : [low, high];
  return Float64Array.from({ length: bins + 1 }, (_, i) => (i === bins ? to : from + ((to - from) * i) / bins));
}
/** Counts in half-open intervals, the last one closed, as numpy.histogram. */
export function countBetween(data: Float64Array, edges: Float64Array): Float64Array {
  for (let i = 1; i < edges.length; i++)
    if (!(edges[i]! > edges[i - 1]!)) throw new ValueError('`bins` must increase monotonically, when an array');
  const counts = new Float64Array(Math.max(0, edges.length - 1));
  for (const v of data) {
    if (!(v >= edges[0]! && v <= edges[edges.length - 1]!)) continue;
    let [low, high] = [0, counts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (v >= edges[middle]!) low = middle;
      else high = middle - 1;
    }
    counts[low]!++;
  }
  return counts;
}
