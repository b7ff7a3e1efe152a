// Reference pooling over any number of spatial dimensions: planes of one window walk.
import { roundTo } from '../../core/sampling_elements.ts';
import type { Tensor } from '../../core/tensor.ts';
import { integers, reals, store } from './arrays.ts';

export interface Pool {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
}
/** Calls f for every output place with the input places of its window, which lie inside the plane. */
export function eachWindow(
  input: readonly number[],
  output: readonly number[],
  p: Pool,
  f: (out: number, places: readonly number[]) => void,
): void {
  const n = input.length;
  const axes = output.map((size, d) =>
    Array.from({ length: size }, (_, o) => {
      const inside: number[] = [];
      for (let k = 0; k < p.kernel[d]!; k++) {
        const i = o * p.stride[d]! - p.padding[d]! + k * p.dilation[d]!;
        if (i >= 0 && i < input[d]!) inside.push(i);
      }
      return inside;
    }),
  );
  combine(input, output, axes, n, f);
}
/** The windows of adaptive pooling: ⌊i·n/m⌋ to ⌈(i+1)·n/m⌉. */
export function eachAdaptiveWindow(
  input: readonly number[],
  output: readonly number[],
  f: (out: number, places: readonly number[]) => void,
): void {
  const axes = output.map((size, d) =>
    Array.from({ length: size }, (_, o) => {
      const from = Math.floor((o * input[d]!) / size);
      const to = Math.ceil(((o + 1) * input[d]!) / size);
      return Array.from({ length: to - from }, (_, i) => from + i);
    }),
  );
  combine(input, output, axes, input.length, f);
}
function combine(
  input: readonly number[],
  output: readonly number[],
  axes: readonly (readonly number[])[][],
  n: number,
  f: (out: number, places: readonly number[]) => void,
): void {
  let out = 0;
  const visit = (d: number, places: readonly number[]): void => {
    if (d === n) {
      f(out++, places);
      return;
    }
    for (let o = 0; o < output[d]!; o++)
      visit(
        d + 1,
        places.flatMap((p) => axes[d]![o]!.map((i) => p * input[d]! + i)),
      );
  };
  visit(0, [0]);
}
export type Walk = (f: (out: number, places: readonly number[]) => void) => void;
const sizeOf = (s: readonly number[]): number => s.reduce((a, b) => a * b, 1);

/** The largest of each window and its place in the plane; the last NaN wins, else the first of equals. */
export function maxPoolInto(values: Tensor, indices: Tensor, self: Tensor, plane: number, walk: Walk): void {
  const x = reals(self);
  const outPlane = values.layout.numel / Math.max(x.length / plane, 1);
  const v = new Float64Array(values.layout.numel);
  const at = new BigInt64Array(values.layout.numel);
  for (let c = 0; c * plane < x.length; c++) {
    walk((o, places) => {
      let best = Number.NEGATIVE_INFINITY;
      let place = places[0]!;
      for (const p of places) {
        const y = x[c * plane + p]!;
        if (y > best || Number.isNaN(y)) {
          best = y;
          place = p;
        }
      }
      v[c * outPlane + o] = x[c * plane + place]!;
      at[c * outPlane + o] = BigInt(place);
    });
  }
  store(values, v);
  store(indices, at);
}
/** Adds each gradient at its place in the plane. */
export function scatterPlanesInto(out: Tensor, grad: Tensor, indices: Tensor, plane: number): void {
  const g = reals(grad);
  const at = integers(indices);
  const r = new Float64Array(out.layout.numel);
  const per = g.length / Math.max(r.length / plane, 1);
  for (let i = 0; i < g.length; i++) r[Math.floor(i / per) * plane + Number(at[i])]! += g[i]!;
  store(out, r);
}
/** The sum of each window over its divisor. */
export function avgPoolInto(out: Tensor, self: Tensor, plane: number, walk: Walk, divisor: (out: number, count: number) => number): void {
  const x = reals(self);
  const r = new Float64Array(out.layout.numel);
  const per = r.length / Math.max(x.length / plane, 1);
  for (let c = 0; c * plane < x.length; c++) {
    walk((o, places) => {
      let s = 0;
      for (const p of places) s += x[c * plane + p]!;
      r[c * per + o] = s / divisor(o, places.length);
    });
  }
  store(out, r);
}
/** avgPoolInto with every step rounded to the dtype, and the division made dimension by dimension. */
export function avgPoolRoundedInto(out: Tensor, self: Tensor, plane: number, walk: Walk, extents: readonly (readonly number[])[]): void {
  const x = reals(self);
  const r = new Float64Array(out.layout.numel);
  const per = r.length / Math.max(x.length / plane, 1);
  for (let c = 0; c * plane < x.length; c++) {
    walk((o, places) => {
      let s = 0;
      for (const p of places) s = roundTo(s + x[c * plane + p]!, self.dtype);
      for (const extent of extents[o]!) s = roundTo(s / extent, self.dtype);
      r[c * per + o] = s;
    });
  }
  store(out, r);
}
export function avgPoolBackwardInto(
  out: Tensor,
  grad: Tensor,
  plane: number,
  walk: Walk,
  divisor: (out: number, count: number) => number,
): void {
  const g = reals(grad);
  const r = new Float64Array(out.layout.numel);
  const planes = r.length / plane;
  const per = g.length / Math.max(planes, 1);
  for (let c = 0; c < planes; c++) {
    walk((o, places) => {
      for (const p of places) r[c * plane + p]! += g[c * per + o]! / divisor(o, places.length);
    });
  }
  store(out, r);
}
/** How many places of a window lie in the padded input: the divisor of count_include_pad. */
export function paddedCounts(input: readonly number[], output: readonly number[], p: Pool): Float64Array {
  const counts = output.map((size, d) =>
    Array.from(
      { length: size },
      (_, o) => Math.min(o * p.stride[d]! - p.padding[d]! + p.kernel[d]!, input[d]! + p.padding[d]!) - (o * p.stride[d]! - p.padding[d]!),
    ),
  );
  let all = [1];
  for (const axis of counts) all = all.flatMap((a) => axis.map((c) => a * c));
  return Float64Array.from(all);
}
export { sizeOf };
