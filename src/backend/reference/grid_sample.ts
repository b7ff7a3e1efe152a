// Sampling images at the points of a grid: each point reads some places of every spatial dimension, with a weight each.
import { float32 } from '../../core/dtype.ts';
import { roundTo } from '../../core/sampling_elements.ts';
import type { Tensor } from '../../core/tensor.ts';
import { reals, store } from './arrays.ts';

export const MODES = ['bilinear', 'nearest', 'bicubic'] as const;
export const PADDINGS = ['zeros', 'border', 'reflection'] as const;
export type Mode = (typeof MODES)[number];
export type Padding = (typeof PADDINGS)[number];
export interface GridSampling {
  readonly mode: Mode;
  readonly padding: Padding;
  readonly alignCorners: boolean;
}
/** The parameter of the cubic convolution. */
export const CUBIC = -0.75;

/** Rounds to the dtype in which PyTorch computes: it rounds every step. */
type Round = (x: number) => number;
const near = (d: number, r: Round): number => r(r(r(r(r((CUBIC + 2) * d) - (CUBIC + 3)) * d) * d) + 1);
const far = (d: number, r: Round): number => r(r(r(r(r(r(CUBIC * d) - 5 * CUBIC) * d) + 8 * CUBIC) * d) - 4 * CUBIC);
const nearSlope = (d: number): number => (3 * (CUBIC + 2) * d - 2 * (CUBIC + 3)) * d;
const farSlope = (d: number): number => ((3 * d - 10) * d + 8) * CUBIC;

const even = (x: number): number => {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
};
/** A coordinate brought into the image by the padding rule, and the derivative of that. */
export function padded(u: number, size: number, s: GridSampling): readonly [value: number, slope: number] {
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
    slope = (distance < 0 ? -1 : 1) * (odd ? -1 : 1);
  }
  // A NaN goes to the first pixel.
  if (!(v > 0)) return [0, 0];
  return v >= size - 1 ? [size - 1, 0] : [v, slope];
}
/** A place along a dimension (-1: outside), its weight, and the derivative of the weight by the coordinate of the grid. */
interface Tap {
  readonly at: number;
  readonly weight: number;
  readonly slope: number;
}
function taps(x: number, size: number, s: GridSampling, r: Round, fused: boolean): readonly Tap[] {
  const scale = (s.alignCorners ? size - 1 : size) / 2;
  const y = r(x + 1);
  const u = s.alignCorners ? r(y * scale) : r((fused ? y * scale : r(y * scale)) - 0.5);
  const inside = (i: number): number => (i >= 0 && i < size ? i : -1);
  if (s.mode === 'bicubic') {
    const i = Math.floor(u);
    const t = r(u - i);
    const rest = r(1 - t);
    const tap = (k: number, weight: number, slope: number): Tap => ({
      at: inside(Math.trunc(padded(i + k, size, s)[0])),
      weight,
      slope: slope * scale,
    });
    return [
      tap(-1, far(r(t + 1), r), farSlope(t + 1)),
      tap(0, near(t, r), nearSlope(t)),
      tap(1, near(rest, r), -nearSlope(rest)),
      tap(2, far(r(rest + 1), r), -farSlope(rest + 1)),
    ];
  }
  const [v, slope] = padded(u, size, s);
  if (s.mode === 'nearest') return [{ at: inside(even(v)), weight: 1, slope: 0 }];
  const i = Math.floor(v);
  const t = r(v - i);
  return [
    { at: inside(i), weight: r(1 - t), slope: -slope * scale },
    { at: inside(i + 1), weight: t, slope: slope * scale },
  ];
}
const plane = (t: Tensor, n: number): number => t.layout.shape.slice(-n).reduce((a, b) => a * b, 1);

/** Calls f for every point of the grid, with what it reads along each spatial dimension. */
function eachPoint(
  grid: Tensor,
  size: readonly number[],
  s: GridSampling,
  r: Round,
  f: (batch: number, point: number, along: readonly (readonly Tap[])[]) => void,
): void {
  const n = size.length;
  const x = reals(grid);
  const points = grid.layout.shape.slice(1, -1).reduce((a, b) => a * b, 1);
  const fused = n === 2 && grid.dtype === float32;
  for (let b = 0; b < grid.layout.shape[0]!; b++) {
    for (let p = 0; p < points; p++) {
      // The first coordinate is of the last dimension.
      f(
        b,
        p,
        size.map((length, d) => taps(x[(b * points + p) * n + n - 1 - d]!, length, s, r, fused)),
      );
    }
  }
}
/** A place in the plane (-1: outside), and what was chosen along each dimension. */
interface Read {
  readonly at: number;
  readonly taps: readonly Tap[];
}
const reads = (along: readonly (readonly Tap[])[], size: readonly number[]): readonly Read[] =>
  along.reduce<readonly Read[]>(
    (all, list, d) =>
      all.flatMap(({ at, taps }) => list.map((t) => ({ at: at < 0 || t.at < 0 ? -1 : at * size[d]! + t.at, taps: [...taps, t] }))),
    [{ at: 0, taps: [] }],
  );

export function sampleInto(out: Tensor, input: Tensor, grid: Tensor, s: GridSampling): void {
  const size = input.layout.shape.slice(2);
  const channels = input.layout.shape[1]!;
  const [from, to] = [plane(input, size.length), plane(out, size.length)];
  const x = reals(input);
  const result = new Float64Array(out.layout.numel);
  const r: Round = rounding(grid);
  eachPoint(grid, size, s, r, (b, p, along) => {
    const all = reads(along, size);
    const weights = all.map(({ taps }) => taps.reduceRight((w, t) => r(w * t.weight), 1));
    // Cubic: one dimension after the other, the last first.
    const nested = (d: number, first: number, at: number): number => {
      const rest = along.slice(d + 1).reduce((k, list) => k * list.length, 1);
      return along[d]!.reduce((sum, t, k) => {
        const value =
          d === size.length - 1 ? (all[first + k]!.at < 0 ? 0 : x[at + all[first + k]!.at]!) : nested(d + 1, first + k * rest, at);
        return r(sum + r(value * t.weight));
      }, 0);
    };
    for (let c = b * channels; c < (b + 1) * channels; c++) {
      result[c * to + p] =
        s.mode === 'bicubic'
          ? nested(0, 0, c * from)
          : all.reduce((sum, { at }, k) => (at < 0 ? sum : r(sum + r(x[c * from + at]! * weights[k]!))), 0);
    }
  });
  store(out, result);
}
const rounding =
  (t: Tensor): Round =>
  (x) =>
    roundTo(x, t.dtype);
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
  eachPoint(grid, size, s, rounding(grid), (b, p, along) => {
    for (const { at, taps } of reads(along, size)) {
      if (at < 0) continue;
      const product = (slope: number): number => taps.reduce((w, t, d) => w * (d === slope ? t.slope : t.weight), 1);
      const weight = product(-1);
      let sum = 0;
      for (let c = b * channels; c < (b + 1) * channels; c++) {
        gx[c * from + at]! += weight * g[c * to + p]!;
        sum += x[c * from + at]! * g[c * to + p]!;
      }
      for (let k = 0; k < n; k++) gg[(b * to + p) * n + k]! += sum * product(n - 1 - k);
    }
  });
  if (gradInput) store(gradInput, gx);
  if (gradGrid) store(gradGrid, gg);
}
