// Reference pooling over the last n dimensions. Every output looks at a window: along each dimension a list of input positions.
import { Category } from '../../core/dtype.ts';
import type { Tensor } from '../../core/tensor.ts';
import { elements, integers, raw, reals, store } from './arrays.ts';

/** By dimension and output position, the input positions of the window. */
export type Windows = readonly (readonly (readonly number[])[])[];

const product = (s: readonly number[]): number => s.reduce((a, b) => a * b, 1);
/** Calls f for every output of a plane with the plane's input positions. */
function eachWindow(windows: Windows, inSize: readonly number[], f: (o: number, places: number[]) => void): void {
  const sizes = windows.map((w) => w.length);
  const n = product(sizes);
  const index = new Array<number>(sizes.length).fill(0);
  for (let o = 0; o < n; o++) {
    let places = [0];
    windows.forEach((w, d) => {
      const along = w[index[d]!]!;
      places = places.flatMap((p) => along.map((i) => p * inSize[d]! + i));
    });
    f(o, places);
    for (let d = sizes.length - 1; d >= 0; d--) {
      if (++index[d]! < sizes[d]!) break;
      index[d] = 0;
    }
  }
}
interface Planes {
  readonly count: number;
  readonly inSize: readonly number[];
  readonly inPixels: number;
  readonly outPixels: number;
}
function planesOf(shape: readonly number[], windows: Windows): Planes {
  const inSize = shape.slice(shape.length - windows.length);
  return { count: product(shape.slice(0, shape.length - windows.length)), inSize, inPixels: product(inSize), outPixels: product(windows.map((w) => w.length)) };
}

/** The largest element of every window (NaN counts as largest), the first of equals, and its place in the plane. */
export function maxPoolInto(out: Tensor, indices: Tensor, self: Tensor, windows: Windows): void {
  const p = planesOf(self.layout.shape, windows);
  const x: ArrayLike<number | bigint> = self.dtype.category === Category.Floating ? reals(self) : integers(self);
  const place = new BigInt64Array(p.count * p.outPixels);
  const { data } = raw(self);
  const values = elements(out);
  eachWindow(windows, p.inSize, (o, places) => {
    for (let c = 0; c < p.count; c++) {
      const base = c * p.inPixels;
      let best = places[0]!;
      for (const i of places) {
        const v = x[base + i]!;
        // biome-ignore lint/suspicious/noSelfCompare: NaN
        if (v > x[base + best]! || v !== v) best = i;
      }
      place[c * p.outPixels + o] = BigInt(best);
      values[c * p.outPixels + o] = data[base + best]!;
    }
  });
  store(indices, place);
}
/** Sums of windows, divided by `divisor(output)`; transposed: the sums' gradients back at the inputs. */
export function sumPoolInto(out: Tensor, self: Tensor, shape: readonly number[], windows: Windows, divisor: (o: number, size: number) => number, transposed: boolean): void {
  const p = planesOf(shape, windows);
  const x = reals(self);
  const r = new Float64Array(p.count * (transposed ? p.inPixels : p.outPixels));
  eachWindow(windows, p.inSize, (o, places) => {
    const scale = divisor(o, places.length);
    for (let c = 0; c < p.count; c++) {
      if (transposed) {
        const g = x[c * p.outPixels + o]! / scale;
        for (const i of places) r[c * p.inPixels + i]! += g;
      } else {
        let sum = 0;
        for (const i of places) sum += x[c * p.inPixels + i]!;
        r[c * p.outPixels + o] = sum / scale;
      }
    }
  });
  if (out.dtype.category === Category.Integral) store(out, BigInt64Array.from(r, (v) => BigInt(Math.trunc(v))));
  else store(out, r);
}
/** The gradients of maxima, added up at their places. */
export function maxPoolBackwardInto(out: Tensor, grad: Tensor, indices: Tensor, n: number): void {
  const pixels = (t: Tensor): number => product(t.layout.shape.slice(t.ndim - n));
  const [inPixels, outPixels] = [pixels(out), pixels(grad)];
  const [g, at] = [reals(grad), integers(indices)];
  const r = new Float64Array(out.layout.numel);
  for (let i = 0; i < g.length; i++) r[Math.floor(i / outPixels) * inPixels + Number(at[i]!)]! += g[i]!;
  store(out, r);
}

const range = (from: number, to: number, step = 1): number[] => Array.from({ length: Math.max(Math.ceil((to - from) / step), 0) }, (_, i) => from + i * step);
/** Windows of a dilated kernel, without the padding. */
export function slidingWindows(size: readonly number[], out: readonly number[], kernel: readonly number[], stride: readonly number[], padding: readonly number[], dilation?: readonly number[]): Windows {
  return size.map((s, d) =>
    range(0, out[d]!).map((o) => {
      const step = dilation?.[d] ?? 1;
      const start = o * stride[d]! - padding[d]!;
      return range(start, start + kernel[d]! * step, step).filter((i) => i >= 0 && i < s);
    }),
  );
}
/** Windows that divide a dimension evenly. */
export function adaptiveWindows(size: readonly number[], out: readonly number[]): Windows {
  return size.map((s, d) => range(0, out[d]!).map((o) => range(Math.floor((o * s) / out[d]!), Math.ceil(((o + 1) * s) / out[d]!))));
}
