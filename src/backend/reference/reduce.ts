// Reference reductions: every element knows the place of its group, and each group accumulates its own elements.
import { Category, type DType } from '../../core/dtype.ts';
import { contiguousStrides, type Shape } from '../../core/size.ts';
import type { Tensor } from '../../core/tensor.ts';
import { complexes, dense, each, elements, integers, reals, store } from './arrays.ts';
import { greater, isNaNKey, type Keys, keysOf, less, pick } from './lines.ts';

/** For every element of `shape`, in logical order, the place of its group when `dims` are reduced. */
export function groups(shape: Shape, dims: readonly number[]): Int32Array {
  const kept = shape.map((s, i) => (dims.includes(i) ? 1 : s));
  const strides = contiguousStrides(kept).map((s, i) => (dims.includes(i) ? 0 : s));
  const place = new Int32Array(shape.reduce((a, b) => a * b, 1));
  each(shape, strides, 0, (at, i) => {
    place[i] = at;
  });
  return place;
}
/** How many elements a group has. */
export const groupSize = (shape: Shape, dims: readonly number[]): number => dims.reduce((n, d) => n * (shape[d] ?? 1), 1);

/** Sums in float64 (pairs for complex numbers), which the caller scales and stores. */
function floatSums(self: Tensor, dtype: DType, dims: readonly number[], n: number): Float64Array {
  const place = groups(self.layout.shape, dims);
  const x = dense(self, dtype);
  if (!dtype.is_complex) {
    const v = reals(x);
    const acc = new Float64Array(n);
    for (let i = 0; i < place.length; i++) acc[place[i]!]! += v[i]!;
    return acc;
  }
  const v = complexes(x);
  const acc = new Float64Array(2 * n);
  for (let i = 0; i < place.length; i++) {
    acc[2 * place[i]!]! += v[2 * i]!;
    acc[2 * place[i]! + 1]! += v[2 * i + 1]!;
  }
  return acc;
}
export function sumInto(out: Tensor, self: Tensor, dims: readonly number[]): void {
  const n = out.layout.numel;
  if (out.dtype.category >= Category.Floating) {
    store(out, floatSums(self, out.dtype, dims, n));
    return;
  }
  const place = groups(self.layout.shape, dims);
  const x = integers(dense(self, out.dtype));
  const acc = new BigInt64Array(n);
  for (let i = 0; i < x.length; i++) acc[place[i]!]! += x[i]!;
  store(out, acc);
}
export function meanInto(out: Tensor, self: Tensor, dims: readonly number[]): void {
  const sums = floatSums(self, out.dtype, dims, out.layout.numel);
  const n = groupSize(self.layout.shape, dims);
  store(
    out,
    sums.map((s) => s / n),
  );
}
export function prodInto(out: Tensor, self: Tensor, dims: readonly number[]): void {
  const place = groups(self.layout.shape, dims);
  const n = out.layout.numel;
  const x = dense(self, out.dtype);
  if (out.dtype.is_complex) {
    const v = complexes(x);
    const acc = new Float64Array(2 * n).map((_, i) => (i % 2 ? 0 : 1));
    for (let i = 0; i < place.length; i++) {
      const k = 2 * place[i]!;
      const [a, b, c, d] = [acc[k]!, acc[k + 1]!, v[2 * i]!, v[2 * i + 1]!];
      acc[k] = a * c - b * d;
      acc[k + 1] = a * d + b * c;
    }
    store(out, acc);
  } else if (out.dtype.category === Category.Floating) {
    const v = reals(x);
    const acc = new Float64Array(n).fill(1);
    for (let i = 0; i < place.length; i++) acc[place[i]!]! *= v[i]!;
    store(out, acc);
  } else {
    const v = integers(x);
    const acc = new BigInt64Array(n).fill(1n);
    for (let i = 0; i < place.length; i++) acc[place[i]!]! *= v[i]!;
    store(out, acc);
  }
}

/** Whether any element (or every one) is not zero. */
export function anyInto(out: Tensor, self: Tensor, dims: readonly number[], every: boolean): void {
  const place = groups(self.layout.shape, dims);
  const complex = self.dtype.is_complex;
  const x = complex ? complexes(self) : keysOf(self);
  const acc = elements(out) as Uint8Array;
  acc.fill(every ? 1 : 0);
  for (let i = 0; i < place.length; i++) {
    const set = complex ? x[2 * i] !== 0 || x[2 * i + 1] !== 0 : Number(x[i]) !== 0;
    if (set !== every) acc[place[i]!] = every ? 0 : 1;
  }
}

/** The places of the first largest (or smallest) elements of each group; NaN counts as the most extreme. */
export function extremumPlaces(self: Tensor, dims: readonly number[], n: number, largest: boolean): Int32Array {
  const place = groups(self.layout.shape, dims);
  const keys = keysOf(self);
  const best = new Int32Array(n).fill(-1);
  const beats = largest ? greater : (a: number | bigint, b: number | bigint): boolean => a < b || (isNaNKey(a) && !isNaNKey(b));
  for (let i = 0; i < place.length; i++) {
    const k = place[i]!;
    if (best[k]! < 0 || beats(keys[i]!, keys[best[k]!]!)) best[k] = i;
  }
  return best;
}
export function extremumInto(out: Tensor, self: Tensor, dims: readonly number[], largest: boolean): void {
  pick(out, self, extremumPlaces(self, dims, out.layout.numel, largest));
}
/** The first place along a line of the largest (or smallest) element. */
export const firstExtremum =
  (largest: boolean) =>
  (keys: Keys, start: number, step: number, n: number): number => {
    let best = 0;
    for (let i = 0; i < n; i++) {
      const x = keys[start + i * step]!;
      if (isNaNKey(x)) return i;
      const b = keys[start + best * step]!;
      if (largest ? greater(x, b) : less(x, b)) best = i;
    }
    return best;
  };

/** The variance in two passes, or its root. Complex numbers: of the distances from the mean. */
export function varianceInto(out: Tensor, self: Tensor, dims: readonly number[], correction: number, root: boolean): void {
  const n = out.layout.numel;
  const place = groups(self.layout.shape, dims);
  const count = groupSize(self.layout.shape, dims);
  const complex = self.dtype.is_complex;
  const unit = complex ? 2 : 1;
  const x = complex ? complexes(self) : reals(self);
  const mean = floatSums(self, self.dtype, dims, n);
  for (let i = 0; i < mean.length; i++) mean[i]! /= count;
  const acc = new Float64Array(n);
  for (let i = 0; i < place.length; i++) {
    const k = place[i]!;
    for (let c = 0; c < unit; c++) acc[k]! += (x[unit * i + c]! - mean[unit * k + c]!) ** 2;
  }
  const degrees = Math.max(count - correction, 0);
  for (let k = 0; k < n; k++) {
    acc[k]! /= degrees;
    if (root) acc[k] = Math.sqrt(acc[k]!);
  }
  store(out, acc);
}

/** Absolute values as float64. */
export function magnitudes(self: Tensor): Float64Array {
  if (!self.dtype.is_complex) return reals(self).map(Math.abs);
  const z = complexes(self);
  return new Float64Array(z.length / 2).map((_, i) => Math.hypot(z[2 * i]!, z[2 * i + 1]!));
}
/** The p-norm of each group. */
export function normInto(out: Tensor, self: Tensor, dims: readonly number[], p: number): void {
  const place = groups(self.layout.shape, dims);
  const x = magnitudes(self);
  const acc = new Float64Array(out.layout.numel).fill(p === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : 0);
  for (let i = 0; i < place.length; i++) {
    const k = place[i]!;
    const v = x[i]!;
    if (p === 0) acc[k]! += v === 0 ? 0 : 1;
    else if (p === 1) acc[k]! += v;
    else if (p === 2) acc[k]! += v * v;
    else if (p === Number.POSITIVE_INFINITY) acc[k] = Math.max(acc[k]!, v);
    else if (p === Number.NEGATIVE_INFINITY) acc[k] = Math.min(acc[k]!, v);
    else acc[k]! += v ** p;
  }
  store(out, p === 2 ? acc.map(Math.sqrt) : Number.isFinite(p) && p !== 0 && p !== 1 ? acc.map((s) => s ** (1 / p)) : acc);
}

/** The exclusive or of the elements' bits, real numbers as float64 and integers as int64. */
export function xorInto(out: Tensor, self: Tensor, dims: readonly number[]): void {
  const place = groups(self.layout.shape, dims);
  const floating = self.dtype.category === Category.Floating;
  const values = floating ? reals(self) : integers(self);
  const bits = new BigInt64Array(values.buffer, values.byteOffset, values.length);
  const acc = new BigInt64Array(elements(out).buffer, elements(out).byteOffset, out.layout.numel);
  acc.fill(0n);
  for (let i = 0; i < place.length; i++) acc[place[i]!]! ^= bits[i]!;
}
