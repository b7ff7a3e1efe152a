// Sampling images at the points of a grid: each point reads some places of every spatial dimension, with a weight each.
import { float32 } from '../../core/dtype.ts';
import { roundTo } from '../../core/sampling_elements.ts';
import type { Tensor } from '../../core/tensor.ts';
import { reals, store } from './arrays.ts';

export const MODES = ['bilinear', 'nearest', 'bicubic'] as const;
export const PADDINGS = ['zeros', 'border', 'reflection'] as const;
export interface GridSampling {
  readonly mode: (typeof MODES)[number];
  readonly padding: (typeof PADDINGS)[number];
  readonly alignCorners: boolean;
}
/** The parameter of the cubic convolution. */
export const CUBIC = -0.75;

/** How PyTorch computes: it rounds every step to the dtype, and fuses products and sums of float32 where it has vectors. */
interface Arithmetic {
  readonly round: (x: number) => number;
  /** a b + c. */
  readonly mad: (a: number, b: number, c: number) => number;
}
function arithmetic(grid: Tensor): Arithmetic {
  const round = (x: number): number => roundTo(x, grid.dtype);
  const fused = grid.ndim === 4 && grid.dtype === float32;
  return { round, mad: fused ? (a, b, c) => round(a * b + c) : (a, b, c) => round(round(a * b) + c) };
}
const near = (d: number, { round, mad }: Arithmetic): number => mad(round(mad(CUBIC + 2, d, -(CUBIC + 3)) * d), d, 1);
const far = (d: number, { mad }: Arithmetic): number => mad(mad(mad(CUBIC, d, -5 * CUBIC), d, 8 * CUBIC), d, -4 * CUBIC);
const nearSlope = (d: number, { round, mad }: Arithmetic): number => round(mad(3 * (CUBIC + 2), d, -2 * (CUBIC + 3)) * d);
const farSlope = (d: number, { mad }: Arithmetic): number => mad(mad(3 * CUBIC, d, -10 * CUBIC), d, 8 * CUBIC);

function roundHalfEven(x: number): number {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
}
/** A coordinate brought into the image by the padding rule, and the derivative of that. */
function padded(u: number, size: number, s: GridSampling): readonly [value: number, slope: number] {
  if (s.padding === 'zeros') return [u, 1];
  let [v, slope] = [u, 1];
  if (s.padding === 'reflection') {
    const low = s.alignCorners ? 0 : -0.5;
    const span = s.alignCorners ? size - 1 : size;
    if (span === 0) return [0, 0];
    const distance = u - low;
    const from = Math.abs(distance);
    const flips = Math.floor(from / span);
    const rest = from - flips * span;
    const odd = flips % 2 !== 0;
    v = (odd ? span - rest : rest) + low;
    slope = distance < 0 === odd ? 1 : -1;
  }
  // A NaN goes to the first pixel.
  if (!(v > 0)) return [0, 0];
  return v >= size - 1 ? [size - 1, 0] : [v, slope];
}
/** A place along a dimension (-1: outside), its weight, and the derivative of the weight by the position in pixels. */
interface Tap {
  readonly at: number;
  readonly weight: number;
  readonly slope: number;
}
/** Pixels for a step of 1 of the grid's coordinate. */
const scaleOf = (size: number, s: GridSampling): number => (s.alignCorners ? size - 1 : size) / 2;
function tapsAt(x: number, size: number, s: GridSampling, c: Arithmetic): readonly Tap[] {
  const { round } = c;
  const [y, scale] = [round(x + 1), scaleOf(size, s)];
  const u = s.alignCorners ? round(y * scale) : c.mad(y, scale, -0.5);
  const inside = (i: number): number => (i >= 0 && i < size ? i : -1);
  if (s.mode === 'bicubic') {
    const i = Math.floor(u);
    const d1 = round(u - i);
    const [d0, d2, d3] = [round(d1 + 1), round(1 - d1), round(2 - d1)];
    const tap = (k: number, weight: number, slope: number): Tap => ({ at: inside(Math.trunc(padded(i + k, size, s)[0])), weight, slope });
    return [
      tap(-1, far(d0, c), farSlope(d0, c)),
      tap(0, near(d1, c), nearSlope(d1, c)),
      tap(1, near(d2, c), -nearSlope(d2, c)),
      tap(2, far(d3, c), -farSlope(d3, c)),
    ];
  }
  const [v, slope] = padded(u, size, s);
  if (s.mode === 'nearest') return [{ at: inside(roundHalfEven(v)), weight: 1, slope: 0 }];
  const i = Math.floor(v);
  const t = round(v - i);
  return [
    { at: inside(i), weight: round(1 - t), slope: -slope },
    { at: inside(i + 1), weight: t, slope },
  ];
}

/** A place in the plane (-1: outside), and what was chosen along each dimension. */
interface Read {
  readonly at: number;
  readonly taps: readonly Tap[];
}
type Along = readonly (readonly Tap[])[];
/** Calls f for every point of the grid, with what it reads along each spatial dimension and in all. */
function eachPoint(
  grid: Tensor,
  size: readonly number[],
  s: GridSampling,
  c: Arithmetic,
  f: (batch: number, point: number, along: Along, reads: readonly Read[]) => void,
): void {
  const n = size.length;
  const x = reals(grid);
  const points = grid.layout.shape.slice(1, -1).reduce((a, b) => a * b, 1);
  for (let b = 0; b < grid.layout.shape[0]!; b++) {
    for (let p = 0; p < points; p++) {
      // The first coordinate is of the last dimension.
      const along = size.map((length, d) => tapsAt(x[(b * points + p) * n + n - 1 - d]!, length, s, c));
      const reads = along.reduce<readonly Read[]>(
        (all, list, d) =>
          all.flatMap(({ at, taps }) => list.map((t) => ({ at: at < 0 || t.at < 0 ? -1 : at * size[d]! + t.at, taps: [...taps, t] }))),
        [{ at: 0, taps: [] }],
      );
      f(b, p, along, reads);
    }
  }
}
const plane = (t: Tensor, n: number): number => t.layout.shape.slice(-n).reduce((a, b) => a * b, 1);

export function sampleInto(out: Tensor, input: Tensor, grid: Tensor, s: GridSampling): void {
  const size = input.layout.shape.slice(2);
  const channels = input.layout.shape[1]!;
  const [from, to] = [plane(input, size.length), plane(out, size.length)];
  const x = reals(input);
  const result = new Float64Array(out.layout.numel);
  const c = arithmetic(grid);
  eachPoint(grid, size, s, c, (b, p, along, reads) => {
    const weights = reads.map(({ taps }) => taps.reduceRight((w, t) => c.round(w * t.weight), 1));
    // Cubic: one dimension after the other, the last first.
    const nested = (d: number, first: number, value: (read: number) => number): number => {
      if (d === along.length) return value(first);
      const rest = along.slice(d + 1).reduce((k, list) => k * list.length, 1);
      return along[d]!.reduce((sum, t, k) => c.mad(nested(d + 1, first + k * rest, value), t.weight, sum), 0);
    };
    for (let channel = b * channels; channel < (b + 1) * channels; channel++) {
      const value = (k: number): number => (reads[k]!.at < 0 ? 0 : x[channel * from + reads[k]!.at]!);
      result[channel * to + p] =
        s.mode === 'bicubic'
          ? nested(0, 0, value)
          : weights.reduce((sum, w, k) => (reads[k]!.at < 0 ? sum : c.round(sum + c.round(value(k) * w))), 0);
    }
  });
  store(out, result);
}
export function sampleBackwardInto(
  gradInput: Tensor | null,
  gradGrid: Tensor | null,
  grad: Tensor,
  input: Tensor,
  grid: Tensor,
  s: GridSampling,
): void {
  const size = input.layout.shape.slice(2);
  const n = size.length;
  const channels = input.layout.shape[1]!;
  const [from, to] = [plane(input, n), plane(grad, n)];
  const [x, g] = [reals(input), reals(grad)];
  const gx = new Float64Array(input.layout.numel);
  const gg = new Float64Array(grid.layout.numel);
  const scales = size.map((length) => scaleOf(length, s)).reverse();
  // Cubic sums cancel: they are rounded as PyTorch's.
  const cubic = s.mode === 'bicubic';
  const c = arithmetic(grid);
  eachPoint(grid, size, s, c, (b, p, along, reads) => {
    const all = cubic ? slowestLast(reads, along) : reads;
    const sums = scales.map(() => 0);
    for (let channel = b * channels; channel < (b + 1) * channels; channel++) {
      const h = g[channel * to + p]!;
      for (const { at, taps } of all) {
        if (at < 0) continue;
        gx[channel * from + at]! += taps.reduce((w, t) => w * t.weight, h);
        const product = x[channel * from + at]! * h;
        for (let k = 0; k < n; k++) {
          const d = n - 1 - k;
          const others = taps.reduce((w, t, e) => (e === d ? w : w * t.weight), 1);
          const { slope } = taps[d]!;
          sums[k] = cubic ? c.mad(c.round(c.round(product) * slope), others, sums[k]!) : sums[k]! + product * slope * others;
        }
      }
    }
    for (let k = 0; k < n; k++) gg[(b * to + p) * n + k] = sums[k]! * scales[k]!;
  });
  if (gradInput) store(gradInput, gx);
  if (gradGrid) store(gradGrid, gg);
}
/** Reordered so that the last dimension's places change slowest. */
function slowestLast(reads: readonly Read[], along: Along): readonly Read[] {
  const rank = (r: Read): number => r.taps.reduceRight((k, tap, d) => k * along[d]!.length + along[d]!.indexOf(tap), 0);
  return [...reads].sort((a, b) => rank(a) - rank(b));
}
