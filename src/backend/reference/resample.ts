// Resampling along one dimension is a sparse linear map, the same for every line; it is held by rows.
import { type DType, float64, uint8 } from '../../core/dtype.ts';
import type { Tensor } from '../../core/tensor.ts';
import { roundTo } from '../../core/sampling_elements.ts';
import { elements, reals, store } from './arrays.ts';

export type Filter = 'nearest' | 'nearest-exact' | 'linear' | 'cubic' | 'linear-aa' | 'cubic-aa' | 'lanczos-aa';
/** Row o is the elements at[start[o]] … at[start[o + 1] − 1] with their weights. */
export interface SparseMap {
  readonly start: Int32Array;
  readonly at: Int32Array;
  readonly weight: Float64Array;
}
type Round = (x: number) => number;
type Tap = readonly [at: number, weight: number];
export interface Sampling {
  readonly filter: Filter;
  readonly from: number;
  readonly to: number;
  readonly alignCorners: boolean;
  /** Output size / input size as the caller gave it; null: from the sizes. */
  readonly scale: number | null;
}

/** How far apart neighbouring outputs are in the input. */
function distance({ from, to, alignCorners, scale }: Sampling, round: Round): number {
  if (alignCorners) return to > 1 ? round((from - 1) / (to - 1)) : 0;
  return scale !== null && scale > 0 ? round(1 / scale) : round(from / to);
}
/** The kernel of cubic convolution with parameter a. */
const cubic = (x: number, a: number): number =>
  x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? ((x - 5) * x + 8) * x * a - 4 * a : 0;
const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
/** Filters of antialiased resampling: half the support, and the weight at a distance. */
const SMOOTH: Readonly<Record<string, readonly [radius: number, weight: (x: number) => number]>> = {
  'linear-aa': [1, (x) => Math.max(1 - Math.abs(x), 0)],
  'cubic-aa': [2, (x) => cubic(Math.abs(x), -0.5)],
  'lanczos-aa': [3, (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0)],
};
/** Positions are rounded by `round`, weights of the plain filters by `fix`. */
function taps(s: Sampling, o: number, step: number, round: Round, fix: Round): readonly Tap[] {
  const last = s.from - 1;
  const inside = (i: number): number => Math.min(Math.max(i, 0), last);
  switch (s.filter) {
    case 'nearest':
      return [[inside(Math.floor(round(o * step))), 1]];
    case 'nearest-exact':
      return [[inside(Math.floor(round(round(o + 0.5) * step))), 1]];
    case 'linear': {
      if (s.from === s.to) return [[o, 1]];
      const x = Math.max(s.alignCorners ? round(o * step) : round(step * (o + 0.5) - 0.5), 0);
      const i = inside(Math.floor(x));
      const t = fix(Math.min(Math.max(x - i, 0), 1));
      return i < last
        ? [
            [i, fix(1 - t)],
            [i + 1, t],
          ]
        : [[i, 1]];
    }
    case 'cubic': {
      const x = s.alignCorners ? round(o * step) : round(step * (o + 0.5) - 0.5);
      const i = Math.floor(x);
      return [-1, 0, 1, 2].map((k) => [inside(i + k), fix(cubic(Math.abs(x - i - k), -0.75))]);
    }
    default: {
      const [radius, weight] = SMOOTH[s.filter]!;
      const widen = Math.max(step, 1);
      const center = round(step * (o + 0.5));
      const begin = Math.max(Math.trunc(center - radius * widen + 0.5), 0);
      const end = Math.max(Math.min(Math.trunc(center + radius * widen + 0.5), s.from), begin);
      const w = Array.from({ length: end - begin }, (_, k) => weight((k + begin - center + 0.5) / widen));
      const sum = w.reduce((a, b) => a + b, 0);
      return w.map((x, k) => [begin + k, sum === 0 ? x : x / sum]);
    }
  }
}
function assembled(rows: readonly (readonly Tap[])[]): SparseMap {
  const start = new Int32Array(rows.length + 1);
  for (const [o, r] of rows.entries()) start[o + 1] = start[o]! + r.length;
  const all = rows.flat();
  return { start, at: Int32Array.from(all, (t) => t[0]), weight: Float64Array.from(all, (t) => t[1]) };
}
/** The map of a resampling. Positions are computed in float32, but for float64 tensors in float64; weights have the precision of a dtype. */
function resampling(s: Sampling, dtype: DType, weights: DType = float64): SparseMap {
  const round: Round = dtype === float64 || (dtype === uint8 && !s.filter.startsWith('nearest')) ? (x) => x : Math.fround;
  const step = distance(s, round);
  return assembled(Array.from({ length: s.to }, (_, o) => taps(s, o, step, round, (w) => roundTo(w, weights))));
}
/** The adjoint map: from `to` elements back to `from`. */
function transposed(m: SparseMap, from: number): SparseMap {
  const rows: Tap[][] = Array.from({ length: from }, () => []);
  for (let o = 0; o + 1 < m.start.length; o++) for (let k = m.start[o]!; k < m.start[o + 1]!; k++) rows[m.at[k]!]!.push([o, m.weight[k]!]);
  return assembled(rows);
}

/** The arguments of _resample. */
export interface Resampling {
  readonly self: Tensor;
  readonly from_end: number;
  readonly length: number;
  readonly filter: string;
  readonly align_corners: boolean;
  readonly scale: number | null;
  readonly adjoint: boolean;
  readonly weights: DType | null;
}
/** The map to apply. */
export function mapOf({ self, from_end, length, filter, align_corners, scale, adjoint, weights }: Resampling): SparseMap {
  const now = self.layout.shape[self.ndim - from_end]!;
  const [from, to] = adjoint ? [length, now] : [now, length];
  const s: Sampling = { filter: filter as Filter, from, to, alignCorners: align_corners, scale };
  const map = resampling(s, self.dtype, weights ?? undefined);
  return adjoint ? transposed(map, from) : map;
}
export function resampleInto(out: Tensor, a: Resampling): void {
  const map = mapOf(a);
  const dim = a.self.ndim - a.from_end;
  const inner = a.self.layout.shape.slice(dim + 1).reduce((p, q) => p * q, 1);
  const apply = a.self.dtype === uint8 && !a.filter.startsWith('nearest') ? applyToBytes : applyMap;
  apply(out, a.self, map, a.self.layout.shape[dim]!, inner);
}

/** Applies the map along the middle one of three dimensions. */
function applyMap(out: Tensor, self: Tensor, m: SparseMap, n: number, inner: number): void {
  const x = reals(self);
  const rows = m.start.length - 1;
  const r = new Float64Array(out.layout.numel);
  const planes = r.length / Math.max(rows * inner, 1);
  for (let p = 0; p < planes; p++) {
    for (let o = 0; o < rows; o++) {
      const to = (p * rows + o) * inner;
      for (let k = m.start[o]!; k < m.start[o + 1]!; k++) {
        const from = (p * n + m.at[k]!) * inner;
        const w = m.weight[k]!;
        for (let i = 0; i < inner; i++) r[to + i]! += w * x[from + i]!;
      }
    }
  }
  store(out, r);
}
/** Entries of a row at one place, which cutting off at the border makes, become one. */
function merged(m: SparseMap): SparseMap {
  const rows = Array.from({ length: m.start.length - 1 }, (_, o) => {
    const sums = new Map<number, number>();
    for (let k = m.start[o]!; k < m.start[o + 1]!; k++) sums.set(m.at[k]!, (sums.get(m.at[k]!) ?? 0) + m.weight[k]!);
    return [...sums];
  });
  return assembled(rows);
}
/** The same on bytes, with weights of 16 bits as PyTorch's: as many bits behind the point as the largest weight leaves room for. */
function applyToBytes(out: Tensor, self: Tensor, map: SparseMap, n: number, inner: number): void {
  const m = merged(map);
  const largest = m.weight.reduce((a, b) => Math.max(a, b), 0);
  let bits = 0;
  while (bits < 22 && Math.trunc(0.5 + largest * 2 ** (bits + 1)) < 1 << 15) bits++;
  const weight = Int32Array.from(m.weight, (w) => Math.trunc(w * 2 ** bits + (w < 0 ? -0.5 : 0.5)));
  const x = reals(self);
  const rows = m.start.length - 1;
  const r = elements(out);
  for (let at = 0; at < r.length; at++) {
    const [p, o, i] = [Math.floor(at / (rows * inner)), Math.floor(at / inner) % rows, at % inner];
    let s = bits > 0 ? 1 << (bits - 1) : 0;
    for (let k = m.start[o]!; k < m.start[o + 1]!; k++) s += weight[k]! * x[(p * n + m.at[k]!) * inner + i]!;
    r[at] = Math.min(Math.max(s >> bits, 0), 255);
  }
}
