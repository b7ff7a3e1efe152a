// Reference kernels that move elements between places. A place is a position in logical order; kernels compute the places of an
// operator's elements and then read from them (`pick`) or write to them (`combine`).
import { Category, type DTypeName, int64 } from '../../core/dtype.ts';
import { fromBfloat16, fromHalf, toBfloat16, toHalf } from '../../core/half.ts';
import { IndexError, RuntimeError } from '../../core/errors.ts';
import type { TypedArray } from '../../core/storage.ts';
import { broadcastShapes, showShape } from '../../core/shape.ts';
import { contiguousStrides, type Shape } from '../../core/size.ts';
import type { Tensor } from '../../core/tensor.ts';
import { backend } from '../interface.ts';
import { complexes, each, elements, integers, raw, reals, store, tensorOf } from './arrays.ts';

export type Places = Int32Array;

/** An int64 vector of positions. */
export const positions = (list: readonly number[]): Tensor => tensorOf(BigInt64Array.from(list, BigInt), [list.length], int64);

/** An array of a dense tensor's elements to write to, and what brings it into the tensor. */
function writable(out: Tensor): { data: TypedArray; done: () => void } {
  const { contiguous, shape, dtype, numel } = out.layout;
  if (contiguous) return { data: elements(out), done: () => {} };
  const like = out.storage!.view(dtype);
  const data = new (like.constructor as new (n: number) => TypedArray)(numel * (dtype.is_complex ? 2 : 1));
  return { data, done: () => backend.current.copy(out, tensorOf(data, shape, dtype)) };
}

/** out[i] = self[places[i]]. */
export function pick(out: Tensor, self: Tensor, places: Places): void {
  const { data: from, unit } = raw(self);
  const { data: to, done } = writable(out);
  if (unit === 1) for (let i = 0; i < places.length; i++) to[i] = from[places[i]!]!;
  else {
    for (let i = 0; i < places.length; i++) {
      to[2 * i] = from[2 * places[i]!]!;
      to[2 * i + 1] = from[2 * places[i]! + 1]!;
    }
  }
  done();
}

export type Reduction = 'set' | 'sum' | 'prod' | 'mean' | 'amax' | 'amin';
/**
 * out = self, with values[i] brought to places[i] in order. Without include_self what self held at those places does not count.
 * `valuePlaces` says which value comes to places[i]; without it, the i-th.
 */
export function combine(
  out: Tensor,
  self: Tensor,
  places: Places,
  values: Tensor,
  how: Reduction,
  includeSelf = true,
  valuePlaces?: Places,
): void {
  if (how === 'set') {
    put(out, self, places, values, valuePlaces);
    return;
  }
  const complex = out.dtype.category === Category.Complex;
  if (out.dtype.category <= Category.Integral) {
    const x = integers(self).slice();
    reduceIntegers(x, places, integers(values), how, includeSelf, valuePlaces);
    store(out, x);
  } else if (complex) {
    const x = complexes(self).slice();
    reduceComplex(x, places, complexes(values), how, includeSelf, valuePlaces);
    store(out, x);
  } else {
    const x = reals(self).slice();
    reduceReals(x, places, reals(values), how, includeSelf, ROUND[out.dtype.name] ?? ((v) => v), valuePlaces);
    store(out, x);
  }
}
function put(out: Tensor, self: Tensor, places: Places, values: Tensor, valuePlaces?: Places): void {
  const { data: base, unit } = raw(self);
  const { data: from } = raw(values);
  const { data: to, done } = writable(out);
  (to as Uint8Array).set(base as Uint8Array);
  for (let i = 0; i < places.length; i++) {
    const source = valuePlaces ? valuePlaces[i]! : i;
    for (let k = 0; k < unit; k++) to[places[i]! * unit + k] = from[source * unit + k]!;
  }
  done();
}
/** How many values came to each place that got any; the start counts if it is included. */
function counts(places: Places, includeSelf: boolean): Map<number, number> {
  const found = new Map<number, number>();
  for (const p of places) found.set(p, (found.get(p) ?? (includeSelf ? 1 : 0)) + 1);
  return found;
}
/** Values accumulate in the tensor's own precision, as they do in place. */
const ROUND: Partial<Record<DTypeName, (v: number) => number>> = {
  float32: Math.fround,
  float16: (v) => fromHalf(toHalf(v)),
  bfloat16: (v) => fromBfloat16(toBfloat16(v)),
};
const REAL_START: Readonly<Record<Exclude<Reduction, 'set'>, number>> = {
  sum: 0,
  mean: 0,
  prod: 1,
  amax: Number.NEGATIVE_INFINITY,
  amin: Number.POSITIVE_INFINITY,
};
const larger = (a: number, b: number): number => (Number.isNaN(a) || a > b ? a : b);
const smaller = (a: number, b: number): number => (Number.isNaN(a) || a < b ? a : b);
function reduceReals(
  x: Float64Array,
  places: Places,
  v: Float64Array,
  how: Exclude<Reduction, 'set'>,
  includeSelf: boolean,
  round: (v: number) => number,
  valuePlaces?: Places,
): void {
  if (!includeSelf) for (const p of places) x[p] = REAL_START[how];
  for (let i = 0; i < places.length; i++) {
    const p = places[i]!;
    const b = v[valuePlaces ? valuePlaces[i]! : i]!;
    const a = x[p]!;
    x[p] = round(how === 'prod' ? a * b : how === 'amax' ? larger(a, b) : how === 'amin' ? smaller(a, b) : a + b);
  }
  if (how === 'mean') for (const [p, n] of counts(places, includeSelf)) x[p]! /= n;
}
const LOWEST = -(1n << 63n);
const HIGHEST = (1n << 63n) - 1n;
const INTEGER_START: Readonly<Record<Exclude<Reduction, 'set'>, bigint>> = { sum: 0n, mean: 0n, prod: 1n, amax: LOWEST, amin: HIGHEST };
function reduceIntegers(
  x: BigInt64Array,
  places: Places,
  v: BigInt64Array,
  how: Exclude<Reduction, 'set'>,
  includeSelf: boolean,
  valuePlaces?: Places,
): void {
  if (!includeSelf) for (const p of places) x[p] = INTEGER_START[how];
  for (let i = 0; i < places.length; i++) {
    const p = places[i]!;
    const b = v[valuePlaces ? valuePlaces[i]! : i]!;
    const a = x[p]!;
    x[p] = how === 'prod' ? a * b : how === 'amax' ? (a > b ? a : b) : how === 'amin' ? (a < b ? a : b) : a + b;
  }
  if (how !== 'mean') return;
  for (const [p, n] of counts(places, includeSelf)) {
    const [a, b] = [x[p]!, BigInt(n)];
    x[p] = a / b - (a % b < 0n ? 1n : 0n); // rounds down
  }
}
function reduceComplex(
  x: Float64Array,
  places: Places,
  v: Float64Array,
  how: Exclude<Reduction, 'set'>,
  includeSelf: boolean,
  valuePlaces?: Places,
): void {
  if (how === 'amax' || how === 'amin') throw new RuntimeError(`scatter_reduce: ${how} is not supported for complex numbers`);
  if (!includeSelf) {
    for (const p of places) {
      x[2 * p] = how === 'prod' ? 1 : 0;
      x[2 * p + 1] = 0;
    }
  }
  for (let i = 0; i < places.length; i++) {
    const p = 2 * places[i]!;
    const s = 2 * (valuePlaces ? valuePlaces[i]! : i);
    const [a, b, c, d] = [x[p]!, x[p + 1]!, v[s]!, v[s + 1]!];
    x[p] = how === 'prod' ? a * c - b * d : a + c;
    x[p + 1] = how === 'prod' ? a * d + b * c : b + d;
  }
  if (how !== 'mean') return;
  for (const [p, n] of counts(places, includeSelf)) {
    x[2 * p]! /= n;
    x[2 * p + 1]! /= n;
  }
}

// ---- places -------------------------------------------------------------------------------------------------------
const outOfBounds = (i: bigint, dim: number, n: number): string => `index ${i} is out of bounds for dimension ${dim} with size ${n}`;

/** For every element of `index` (whose other coordinates lie within self's) its place in self: along `dim` the index says where. */
export function placesAlong(self: Shape, dim: number, index: Tensor): Places {
  const stride = contiguousStrides(self);
  const step = stride[dim] ?? 1;
  const n = self[dim] ?? 1;
  const wanted = integers(index);
  const places = new Int32Array(wanted.length);
  each(
    index.layout.shape,
    stride.map((s, i) => (i === dim ? 0 : s)),
    0,
    (at, i) => {
      const w = wanted[i]!;
      if (w < 0n || w >= BigInt(n)) throw new RuntimeError(outOfBounds(w, dim, n));
      places[i] = at + Number(w) * step;
    },
  );
  return places;
}
/** The places of the leading part of `whole` that has the shape `part`. */
export function placesWithin(whole: Shape, part: Shape): Places {
  let n = 1;
  for (const s of part) n *= s;
  const places = new Int32Array(n);
  each(part, contiguousStrides(whole), 0, (at, i) => {
    places[i] = at;
  });
  return places;
}
/** How index tensors address self: the dimensions that they replace, their common shape, and where it stands in the result. */
export interface Addressing {
  readonly dims: readonly number[];
  /** The common shape of the index tensors. */
  readonly common: Shape;
  /** The dimension of the result at which the common shape begins. */
  readonly at: number;
  readonly shape: Shape;
}
/** Note [Place of the index dimensions]: neighbouring indices are replaced where they stand; separated ones go to the front. */
export function addressing(self: Shape, indices: readonly (Tensor | null)[]): Addressing {
  const dims = indices.flatMap((t, d) => (t ? [d] : []));
  const shapes = dims.map((d) => indices[d]!.layout.shape);
  let common: Shape = [];
  try {
    common = shapes.reduce(broadcastShapes, []);
  } catch {
    throw new IndexError(
      `shape mismatch: indexing tensors could not be broadcast together with shapes ${shapes.map(showShape).join(', ')}`,
    );
  }
  const adjacent = dims.every((d, i) => d === dims[0]! + i);
  const at = adjacent ? (dims[0] ?? 0) : 0;
  const others = self.filter((_, d) => !dims.includes(d));
  return { dims, common, at, shape: [...others.slice(0, at), ...common, ...others.slice(at)] };
}
/** For every element of the result its place in self. Negative indices count from the end. */
export function placesOf(self: Shape, indices: readonly (Tensor | null)[], how: Addressing): Places {
  const stride = contiguousStrides(self);
  const { dims, common, at, shape } = how;
  const count = common.reduce((a, b) => a * b, 1);
  const offsets = new Int32Array(count);
  for (const d of dims) {
    const index = indices[d]!;
    const n = BigInt(self[d]!);
    const values = integers(index);
    const skip = common.length - index.ndim;
    const own = contiguousStrides(index.layout.shape);
    const strides = common.map((_, i) => (i < skip || index.layout.shape[i - skip] === 1 ? 0 : own[i - skip]!));
    each(common, strides, 0, (from, i) => {
      const w = values[from]!;
      if (w < -n || w >= n) throw new IndexError(outOfBounds(w, d, Number(n)));
      offsets[i]! += Number(w < 0n ? w + n : w) * stride[d]!;
    });
  }
  const others = self.map((_, d) => d).filter((d) => !dims.includes(d));
  const inner = contiguousStrides(common);
  let total = 1;
  for (const s of shape) total *= s;
  const places = new Int32Array(total);
  // Two walks over the result: one along self's own dimensions, one along the common shape of the indices.
  const along = shape.map((_, i) => (i >= at && i < at + common.length ? 0 : stride[others[i < at ? i : i - common.length]!]!));
  const across = shape.map((_, i) => (i >= at && i < at + common.length ? inner[i - at]! : 0));
  each(shape, along, 0, (p, i) => {
    places[i] = p;
  });
  each(shape, across, 0, (p, i) => {
    places[i]! += offsets[p]!;
  });
  return places;
}

/** The coordinates of the elements that are not zero, in order. */
export function nonzeroInto(self: Tensor): BigInt64Array {
  const { shape } = self.layout;
  const complex = self.dtype.is_complex;
  const x: ArrayLike<number | bigint> = complex ? complexes(self) : self.dtype.category <= Category.Integral ? integers(self) : reals(self);
  const found: number[] = [];
  const n = self.layout.numel;
  for (let i = 0; i < n; i++) if (complex ? x[2 * i] !== 0 || x[2 * i + 1] !== 0 : x[i] !== 0 && x[i] !== 0n) found.push(i);
  const stride = contiguousStrides(shape);
  const out = new BigInt64Array(found.length * shape.length);
  let k = 0;
  for (const i of found) {
    let rest = i;
    for (let d = 0; d < shape.length; d++) {
      const c = Math.floor(rest / stride[d]!);
      rest -= c * stride[d]!;
      out[k++] = BigInt(c);
    }
  }
  return out;
}

/** self where `inside(row, column)` holds of the last two dimensions, zero elsewhere. */
export function triangleInto(out: Tensor, self: Tensor, inside: (row: number, column: number) => boolean): void {
  const { shape, numel } = self.layout;
  const [rows, columns] = [shape[shape.length - 2]!, shape[shape.length - 1]!];
  const { data: from, unit } = raw(self);
  const { data: to, done } = writable(out);
  const zero = (from instanceof BigInt64Array || from instanceof BigUint64Array ? 0n : 0) as number;
  for (let i = 0; i < numel; i++) {
    const keep = inside(Math.floor(i / columns) % rows, i % columns);
    for (let k = 0; k < unit; k++) to[i * unit + k] = keep ? (from[i * unit + k] as number) : zero;
  }
  done();
}
