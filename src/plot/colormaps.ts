// Colour maps: numbers from 0 to 1 as colours. The perceptual ones are vega's; the classic ones are piecewise linear.
import { ValueError } from '../core/errors.ts';

/** Red, green and blue from 0 to 255 of a number from 0 to 1. */
export type Colormap = (x: number) => readonly [number, number, number];
type Points = readonly (readonly [x: number, y: number])[];

const SEGMENTS: Readonly<Record<string, readonly [Points, Points, Points]>> = {
  gray: [
    [
      [0, 0],
      [1, 1],
    ],
    [
      [0, 0],
      [1, 1],
    ],
    [
      [0, 0],
      [1, 1],
    ],
  ],
  jet: [
    [
      [0, 0],
      [0.35, 0],
      [0.66, 1],
      [0.89, 1],
      [1, 0.5],
    ],
    [
      [0, 0],
      [0.125, 0],
      [0.375, 1],
      [0.64, 1],
      [0.91, 0],
      [1, 0],
    ],
    [
      [0, 0.5],
      [0.11, 1],
      [0.34, 1],
      [0.65, 0],
      [1, 0],
    ],
  ],
  hot: [
    [
      [0, 0.0416],
      [0.365079, 1],
      [1, 1],
    ],
    [
      [0, 0],
      [0.365079, 0],
      [0.746032, 1],
      [1, 1],
    ],
    [
      [0, 0],
      [0.746032, 0],
      [1, 1],
    ],
  ],
  bwr: [
    [
      [0, 0],
      [0.5, 1],
      [1, 1],
    ],
    [
      [0, 0],
      [0.5, 1],
      [1, 0],
    ],
    [
      [0, 1],
      [0.5, 1],
      [1, 0],
    ],
  ],
};
const SAME: Readonly<Record<string, string>> = { grey: 'gray' };
/** Maps that vega draws, under matplotlib's name. */
const SCHEMES: Readonly<Record<string, string>> = {
  viridis: 'viridis',
  plasma: 'plasma',
  inferno: 'inferno',
  magma: 'magma',
  cividis: 'cividis',
  turbo: 'turbo',
  Blues: 'blues',
  Greens: 'greens',
  Greys: 'greys',
  Oranges: 'oranges',
  Purples: 'purples',
  Reds: 'reds',
  Spectral: 'spectral',
  RdBu: 'redblue',
  RdYlBu: 'redyellowblue',
  RdYlGn: 'redyellowgreen',
};
function along(points: Points, x: number): number {
  const i = points.findIndex(([at]) => at >= x);
  if (i <= 0) return points[i < 0 ? points.length - 1 : 0]![1];
  const [[x0, y0], [x1, y1]] = [points[i - 1]!, points[i]!];
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}
const clamp = (x: number): number => Math.min(1, Math.max(0, x));

/** Whether there is such a map; `_r` reverses one. @throws ValueError with the names that there are. */
export function checkColormap(name: string): string {
  const base = name.endsWith('_r') ? name.slice(0, -2) : name;
  if (base in SEGMENTS || base in SAME || base in SCHEMES) return name;
  const names = [...Object.keys(SEGMENTS), ...Object.keys(SCHEMES)].sort().map((n) => `'${n}'`);
  throw new ValueError(`'${name}' is not a valid value for cmap; supported values are ${names.join(', ')}, and each with _r`);
}
/** A colour map by name. `scheme` is vega's. */
export function colormap(name: string, scheme: (name: string) => unknown): Colormap {
  if (name.endsWith('_r')) {
    const forward = colormap(name.slice(0, -2), scheme);
    return (x) => forward(1 - x);
  }
  const segments = SEGMENTS[SAME[name] ?? name];
  if (segments) return (x) => segments.map((points) => 255 * along(points, clamp(x))) as unknown as [number, number, number];
  const interpolate = scheme(SCHEMES[checkColormap(name)]!) as (x: number) => string;
  const steps = Array.from({ length: 256 }, (_, i) => rgb(interpolate(i / 255)));
  return (x) => steps[Math.min(255, Math.floor(clamp(x) * 256))]!;
}
/** `rgb(1, 2, 3)` or `#010203` as numbers. */
function rgb(text: string): [number, number, number] {
  const parts = text.startsWith('#')
    ? text
        .slice(1)
        .match(/../g)!
        .map((h) => Number.parseInt(h, 16))
    : text.match(/\d+/g)!.map(Number);
  return parts.slice(0, 3) as [number, number, number];
}
