// Reference sorting and selection along a dimension. All of them find places; values are moved, never computed.
import type { Tensor } from '../../core/tensor.ts';
import { elements } from './arrays.ts';
import { eachLine, greater, isNaNKey, type Keys, keysOf, less, linesOf, pick } from './lines.ts';
import { type Before, introSort, nthElement, partialSort, quickSelect } from './selection.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The order of a line's places, stable, NaN as the largest value. */
function ordered(keys: Keys, start: number, step: number, n: number, descending: boolean): Int32Array {
  const before = descending ? greater : less;
  return Int32Array.from(range(n)).sort((a, b) => {
    const [x, y] = [keys[start + a * step]!, keys[start + b * step]!];
    return before(x, y) ? -1 : before(y, x) ? 1 : a - b;
  });
}
/** Writes for every line the first `k` of the places that `order` gives. */
function arrange(
  values: Tensor,
  indices: Tensor,
  self: Tensor,
  dim: number,
  k: number,
  order: (keys: Keys, start: number, step: number, n: number) => ArrayLike<number>,
): void {
  if (values.layout.numel === 0) return;
  const keys = keysOf(self);
  const lines = linesOf(self.layout.shape, dim);
  const { n, inner } = lines;
  const at = elements(indices) as BigInt64Array;
  const places = new Float64Array(at.length);
  eachLine(lines, (start, line) => {
    const found = order(keys, start, inner, n);
    const to = Math.floor(line / inner) * k * inner + (line % inner);
    for (let i = 0; i < k; i++) {
      at[to + i * inner] = BigInt(found[i]!);
      places[to + i * inner] = start + found[i]! * inner;
    }
  });
  pick(values, self, places);
}
export function sortInto(values: Tensor, indices: Tensor, self: Tensor, dim: number, descending: boolean): void {
  arrange(values, indices, self, dim, self.layout.shape[dim] ?? 1, (keys, start, step, n) => ordered(keys, start, step, n, descending));
}
export function topkInto(values: Tensor, indices: Tensor, self: Tensor, dim: number, k: number, largest: boolean, sorted: boolean): void {
  arrange(values, indices, self, dim, k, (keys, start, step, n) => {
    const compare = largest ? greater : less;
    const before: Before = (a, b) => compare(keys[start + a * step]!, keys[start + b * step]!);
    const places = range(n);
    if (k * 64 <= n) partialSort(places, k, before);
    else {
      nthElement(places, k - 1, before);
      if (sorted) introSort(places, k - 1, before);
    }
    return places;
  });
}

/** The place of the lower median of a line: NaN if there is one, or without the NaNs. */
export const medianPlace =
  (ignoreNaN: boolean) =>
  (keys: Keys, start: number, step: number, n: number): number => {
    let nans = 0;
    for (let i = 0; i < n; i++) {
      if (!isNaNKey(keys[start + i * step]!)) continue;
      if (!ignoreNaN) return i;
      nans++;
    }
    const places = range(n);
    const nth = Math.max((n - nans - 1) >> 1, 0);
    // Of equal elements the one whose place in a stable order is the middle.
    nthElement(places, nth, (a, b) => {
      const [x, y] = [keys[start + a * step]!, keys[start + b * step]!];
      return less(x, y) || (!less(y, x) && a < b);
    });
    return places[nth]!;
  };
export const kthPlace =
  (k: number) =>
  (keys: Keys, start: number, step: number, n: number): number => {
    const places = range(n);
    quickSelect(places, k - 1, (a, b) => greater(keys[start + a * step]!, keys[start + b * step]!));
    return places[k - 1]!;
  };
/** The place of the most frequent value of a line, of the smallest among equally frequent ones. */
export function modePlace(keys: Keys, start: number, step: number, n: number): number {
  const places = range(n);
  const value = (i: number): number | bigint => keys[start + places[i]! * step]!;
  introSort(places, n, (a, b) => keys[start + a * step]! < keys[start + b * step]!);
  let [best, most, run] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    run++;
    if (i < n - 1 && value(i) === value(i + 1)) continue;
    if (run > most) [best, most] = [places[i]!, run];
    run = 0;
  }
  return best;
}

/** How many elements of a sorted stretch are below x (or not above it). NaN lies above everything. */
export function boundary(sorted: Keys, from: number, n: number, x: number | bigint, right: boolean): number {
  let [low, high] = [0, n];
  while (low < high) {
    const middle = low + ((high - low) >> 1);
    const v = sorted[from + middle]!;
    if (right ? !(v > x) : !(v >= x)) low = middle + 1;
    else high = middle;
  }
  return low;
}
