// Markers as SVG paths in the square from −1 to 1.
import { ValueError } from '../core/errors.ts';

interface Shape {
  readonly path: string;
  /** Relative to the marker's size. */
  readonly scale?: number;
  /** Drawn as lines, never filled. */
  readonly open?: boolean;
}
const polygon = (corners: number, turn = 0, inner = 1): string => {
  const n = inner === 1 ? corners : 2 * corners;
  const points = Array.from({ length: n }, (_, i) => {
    const r = i % 2 === 0 ? 1 : inner;
    const angle = (2 * Math.PI * i) / n + turn;
    return `${(r * Math.sin(angle)).toFixed(4)},${(-r * Math.cos(angle)).toFixed(4)}`;
  });
  return `M${points.join('L')}Z`;
};
const SHAPES: Readonly<Record<string, Shape>> = {
  o: { path: 'circle' },
  '.': { path: 'circle', scale: 0.5 },
  ',': { path: 'square', scale: 1 / 6 },
  s: { path: 'M-1,-1L1,-1L1,1L-1,1Z' },
  D: { path: polygon(4), scale: Math.SQRT2 },
  d: { path: 'M0,-1L0.6,0L0,1L-0.6,0Z', scale: Math.SQRT2 },
  '^': { path: 'M0,-1L1,1L-1,1Z' },
  v: { path: 'M0,1L1,-1L-1,-1Z' },
  '<': { path: 'M-1,0L1,-1L1,1Z' },
  '>': { path: 'M1,0L-1,-1L-1,1Z' },
  p: { path: polygon(5) },
  h: { path: polygon(6) },
  '*': { path: polygon(5, 0, 0.381966) },
  x: { path: 'M-1,-1L1,1M-1,1L1,-1', open: true },
  '+': { path: 'M-1,0L1,0M0,-1L0,1', open: true },
  '|': { path: 'M0,-1L0,1', open: true },
  _: { path: 'M-1,0L1,0', open: true },
};
/** Whether a marker draws anything. @throws ValueError for one that there is not. */
export function isMarker(marker: string | null): boolean {
  if (marker === null || ['', 'None', 'none', ' '].includes(marker)) return false;
  if (!(marker in SHAPES)) throw new ValueError(`Unrecognized marker style '${marker}'`);
  return true;
}
export const markerShape = (marker: string): Required<Shape> => ({ scale: 1, open: false, ...SHAPES[marker]! });
