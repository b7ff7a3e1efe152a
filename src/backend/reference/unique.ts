// Reference kernels for distinct elements and membership.
import type { Tensor } from '../../core/tensor.ts';
import { store } from './arrays.ts';
import { pick } from './indexing.ts';
import { eachLine, isNaNKey, type Keys, keysOf, less, linesOf } from './lines.ts';

/** Groups of equal items: the first item of each, which group every item is in, and the sizes. */
export interface Groups {
  readonly firsts: number[];
  readonly inverse: BigInt64Array;
  readonly counts: number[];
}
/** Groups items that are equal to their predecessor in `order`. */
function grouped(order: ArrayLike<number>, same: (a: number, b: number) => boolean): Groups {
  const [firsts, counts]: [number[], number[]] = [[], []];
  const inverse = new BigInt64Array(order.length);
  for (let i = 0; i < order.length; i++) {
    const item = order[i]!;
    if (i === 0 || !same(order[i - 1]!, item)) {
      firsts.push(item);
      counts.push(0);
    }
    counts[counts.length - 1]!++;
    inverse[item] = BigInt(firsts.length - 1);
  }
  return { firsts, inverse, counts };
}
const range = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);

/** Equal elements of the flattened tensor; sorted, or only neighbours. NaN equals nothing. */
function distinctElements(self: Tensor, consecutive: boolean): Groups {
  const keys = keysOf(self);
  const order = range(keys.length);
  if (!consecutive) order.sort((a, b) => (less(keys[a]!, keys[b]!) ? -1 : less(keys[b]!, keys[a]!) ? 1 : a - b));
  // Runs of neighbouring NaNs stay apart, too: no NaN equals another.
  return grouped(order, (a, b) => keys[a] === keys[b] && !isNaNKey(keys[a]!));
}
type Parts = readonly [values: Tensor, inverse: Tensor | null, counts: Tensor | null, found: Tensor];
/** The groups at the front of `values` and `counts`, which have room for more. */
export function distinctInto([values, inverse, counts, found]: Parts, self: Tensor, consecutive: boolean): void {
  const groups = distinctElements(self, consecutive);
  pick(values, self, Int32Array.from(groups.firsts));
  if (inverse) store(inverse, groups.inverse);
  if (counts)
    store(
      counts,
      Float64Array.from({ length: counts.layout.numel }, (_, i) => groups.counts[i] ?? 0),
    );
  store(found, Float64Array.of(groups.firsts.length));
}
/** Equal slices along a dimension; in lexicographic order, or only neighbours. */
export function distinctSlices(self: Tensor, dim: number, consecutive: boolean): Groups {
  const lines = linesOf(self.layout.shape, dim);
  const slices = slicesOf(keysOf(self), lines.n, lines);
  const order = range(lines.n);
  if (!consecutive) {
    order.sort((a, b) => {
      const [x, y] = [slices[a]!, slices[b]!];
      for (let i = 0; i < x.length; i++) {
        if (x[i]! < y[i]!) return -1;
        if (x[i]! > y[i]!) return 1;
      }
      return 0;
    });
  }
  return grouped(order, (a, b) => slices[a]!.every((x, i) => x === slices[b]![i]));
}
function slicesOf(keys: Keys, n: number, lines: ReturnType<typeof linesOf>): (number | bigint)[][] {
  const slices = Array.from({ length: n }, (): (number | bigint)[] => []);
  eachLine(lines, (start) => {
    for (let i = 0; i < n; i++) slices[i]!.push(keys[start + i * lines.inner]!);
  });
  return slices;
}
/** Whether each element is among the others, as 0 or 1; NaN never is. */
export function membership(elements: Tensor, others: Tensor, invert: boolean): Uint8Array {
  const known = new Set<number | bigint>();
  const [x, y] = [keysOf(elements), keysOf(others)];
  for (let i = 0; i < y.length; i++) if (!isNaNKey(y[i]!)) known.add(y[i]!);
  return Uint8Array.from(x as ArrayLike<number>, (v) => (known.has(v) !== invert ? 1 : 0));
}
