// Reference convolution of one to three spatial dimensions. The forward pass and both gradients walk the same rows of products.
import { Category } from '../../core/dtype.ts';
import type { Shape } from '../../core/size.ts';
import type { Tensor } from '../../core/tensor.ts';
import { complexes, integers, reals, store } from './arrays.ts';

export interface ConvArgs {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}
/** Calls f for every run of `count` products: out[o + i] belongs to x[x + i·step] and to one weight. */
type Row = (o: number, x: number, w: number, count: number, step: number) => void;

/** Sizes as (depth, height, width): missing leading dimensions are 1. */
const three = (s: readonly number[], fill = 1): [number, number, number] =>
  [...new Array<number>(3 - s.length).fill(fill), ...s] as [number, number, number];

export function convRows(x: Shape, w: Shape, out: Shape, { stride, padding, dilation, groups }: ConvArgs, f: Row): void {
  const [iz, iy, ix] = three(x.slice(2));
  const [kz, ky, kx] = three(w.slice(2));
  const [oz, oy, ox] = three(out.slice(2));
  const [sz, sy, sx] = three(stride);
  const [pz, py, px] = three(padding, 0);
  const [dz, dy, dx] = three(dilation);
  const [n, channels] = [x[0]!, x[1]!];
  const [outs, perGroup] = [w[0]!, w[1]!];
  const outsPerGroup = outs / groups;
  for (let b = 0; b < n; b++) {
    for (let o = 0; o < outs; o++) {
      const outBase = (b * outs + o) * oz * oy * ox;
      const firstChannel = Math.floor(o / outsPerGroup) * perGroup;
      for (let c = 0; c < perGroup; c++) {
        const inBase = (b * channels + firstChannel + c) * iz * iy * ix;
        for (let t = 0; t < kz * ky * kx; t++) {
          const [tz, ty, tx] = [Math.floor(t / (ky * kx)), Math.floor(t / kx) % ky, t % kx];
          // The outputs whose input lies inside: from ≤ i < to.
          const start = tx * dx - px;
          const from = start >= 0 ? 0 : Math.ceil(-start / sx);
          const to = Math.min(ox, Math.floor((ix - 1 - start) / sx) + 1);
          if (from >= to) continue;
          const weight = (o * perGroup + c) * kz * ky * kx + t;
          for (let z = 0; z < oz; z++) {
            const zi = z * sz - pz + tz * dz;
            if (zi < 0 || zi >= iz) continue;
            for (let y = 0; y < oy; y++) {
              const yi = y * sy - py + ty * dy;
              if (yi < 0 || yi >= iy) continue;
              f(outBase + (z * oy + y) * ox + from, inBase + (zi * iy + yi) * ix + start + from * sx, weight, to - from, sx);
            }
          }
        }
      }
    }
  }
}

/** The three uses of a row: which array is written. */
const real = {
  out: (walk: (f: Row) => void, out: Float64Array, x: Float64Array, w: Float64Array): void =>
    walk((o, i, k, count, step) => {
      const v = w[k]!;
      for (let j = 0; j < count; j++) out[o + j]! += x[i + j * step]! * v;
    }),
  x: (walk: (f: Row) => void, out: Float64Array, g: Float64Array, w: Float64Array): void =>
    walk((o, i, k, count, step) => {
      const v = w[k]!;
      for (let j = 0; j < count; j++) out[i + j * step]! += g[o + j]! * v;
    }),
  w: (walk: (f: Row) => void, out: Float64Array, g: Float64Array, x: Float64Array): void =>
    walk((o, i, k, count, step) => {
      let sum = 0;
      for (let j = 0; j < count; j++) sum += g[o + j]! * x[i + j * step]!;
      out[k]! += sum;
    }),
};
const whole: {
  readonly [P in keyof typeof real]: (walk: (f: Row) => void, out: BigInt64Array, a: BigInt64Array, b: BigInt64Array) => void;
} = {
  out: (walk, out, x, w) =>
    walk((o, i, k, count, step) => {
      for (let j = 0; j < count; j++) out[o + j]! += x[i + j * step]! * w[k]!;
    }),
  x: (walk, out, g, w) =>
    walk((o, i, k, count, step) => {
      for (let j = 0; j < count; j++) out[i + j * step]! += g[o + j]! * w[k]!;
    }),
  w: (walk, out, g, x) =>
    walk((o, i, k, count, step) => {
      for (let j = 0; j < count; j++) out[k]! += g[o + j]! * x[i + j * step]!;
    }),
};
const part = (pairs: Float64Array, k: 0 | 1): Float64Array => Float64Array.from({ length: pairs.length / 2 }, (_, i) => pairs[2 * i + k]!);

function trilinear(role: keyof typeof real, walk: (f: Row) => void, out: Tensor, a: Tensor, b: Tensor, start?: Float64Array): void {
  const n = out.layout.numel;
  if (out.dtype.category <= Category.Integral) {
    const r = start ? BigInt64Array.from(start, BigInt) : new BigInt64Array(n);
    whole[role](walk, r, integers(a), integers(b));
    store(out, r);
  } else if (out.dtype.is_complex) {
    const [x, y] = [complexes(a), complexes(b)];
    const [re, im, other] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
    real[role](walk, re, part(x, 0), part(y, 0));
    real[role](walk, other, part(x, 1), part(y, 1));
    real[role](walk, im, part(x, 0), part(y, 1));
    real[role](walk, im, part(x, 1), part(y, 0));
    const pairs = start ?? new Float64Array(2 * n);
    for (let i = 0; i < n; i++) {
      pairs[2 * i]! += re[i]! - other[i]!;
      pairs[2 * i + 1]! += im[i]!;
    }
    store(out, pairs);
  } else {
    const r = start ?? new Float64Array(n);
    real[role](walk, r, reals(a), reals(b));
    store(out, r);
  }
}

/** Every output's bias. */
function biases(out: Tensor, bias: Tensor): Float64Array {
  const { shape, numel } = out.layout;
  const unit = out.dtype.is_complex ? 2 : 1;
  const values = unit === 2 ? complexes(bias) : reals(bias);
  const r = new Float64Array(numel * unit);
  const plane = numel / (shape[0]! * shape[1]!);
  for (let i = 0; i < numel; i++) {
    const channel = Math.floor(i / plane) % shape[1]!;
    for (let u = 0; u < unit; u++) r[i * unit + u] = values[channel * unit + u]!;
  }
  return r;
}

export function convInto(out: Tensor, x: Tensor, w: Tensor, bias: Tensor | null, c: ConvArgs): void {
  trilinear(
    'out',
    (f) => convRows(x.layout.shape, w.layout.shape, out.layout.shape, c, f),
    out,
    x,
    w,
    bias && out.layout.numel ? biases(out, bias) : undefined,
  );
}
export function convInputInto(out: Tensor, g: Tensor, w: Tensor, c: ConvArgs): void {
  trilinear('x', (f) => convRows(out.layout.shape, w.layout.shape, g.layout.shape, c, f), out, g, w);
}
export function convWeightInto(out: Tensor, g: Tensor, x: Tensor, c: ConvArgs): void {
  trilinear('w', (f) => convRows(x.layout.shape, out.layout.shape, g.layout.shape, c, f), out, g, x);
}
