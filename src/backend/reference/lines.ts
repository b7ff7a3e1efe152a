// Kernels that work along one dimension: the tensor is outer × n × inner, and each of the outer · inner lines has n elements `inner` apart.
import { Category, uint64 } from '../../core/dtype.ts';
import type { Shape } from '../../core/size.ts';
import type { Tensor } from '../../core/tensor.ts';
import { dense, elements, integers, raw, reals } from './arrays.ts';

export interface Lines {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}
export function linesOf(shape: Shape, dim: number): Lines {
  const product = (s: Shape): number => s.reduce((a, b) => a * b, 1);
  return { outer: product(shape.slice(0, dim)), n: shape[dim] ?? 1, inner: product(shape.slice(dim + 1)) };
}
/** Calls f for every line: where its first element is, and the line's number. */
export function eachLine({ outer, n, inner }: Lines, f: (start: number, line: number) => void): void {
  for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) f(o * n * inner + i, o * inner + i);
}

/** Elements in a form that compares exactly. */
export interface Keys {
  readonly length: number;
  readonly [i: number]: number | bigint;
}
/** A tensor's elements, in logical order, for kernels that only compare. */
export function keysOf(t: Tensor): Keys {
  if (t.dtype === uint64) return elements(dense(t)) as BigUint64Array;
  return t.dtype.category === Category.Integral && t.dtype.itemsize === 8 ? integers(t) : reals(t);
}
export const isNaNKey = (x: number | bigint): boolean => typeof x === 'number' && Number.isNaN(x);
/** a < b with NaN above everything. */
export const less = (a: number | bigint, b: number | bigint): boolean => a < b || (isNaNKey(b) && !isNaNKey(a));
/** a > b with NaN above everything. */
export const greater = (a: number | bigint, b: number | bigint): boolean => a > b || (isNaNKey(a) && !isNaNKey(b));

/** Writes to a new tensor the elements of `self` at given places of its logical order. */
export function pick(out: Tensor, self: Tensor, places: ArrayLike<number>): void {
  const { data, unit } = raw(self);
  const to = elements(out);
  for (let i = 0; i < places.length; i++) {
    const from = places[i]!;
    if (unit === 1) to[i] = data[from]!;
    else {
      to[2 * i] = data[2 * from]!;
      to[2 * i + 1] = data[2 * from + 1]!;
    }
  }
}
/** For every line the place along it that `choose` names: its value and the place itself. */
export function selectInto(
  values: Tensor,
  indices: Tensor,
  self: Tensor,
  dim: number,
  choose: (keys: Keys, start: number, step: number, n: number) => number,
): void {
  if (indices.layout.numel === 0) return;
  const keys = keysOf(self);
  const lines = linesOf(self.layout.shape, dim);
  const at = elements(indices) as BigInt64Array;
  const places = new Float64Array(at.length);
  eachLine(lines, (start, line) => {
    const i = choose(keys, start, lines.inner, lines.n);
    at[line] = BigInt(i);
    places[line] = start + i * lines.inner;
  });
  pick(values, self, places);
}
