// Keyword arguments of the functions that draw.
import type { Color } from './colors.ts';
import type { Numbers } from './values.ts';

export interface PlotOptions {
  color?: Color;
  c?: Color;
  linewidth?: number;
  lw?: number;
  /** '-', '--', '-.', ':' or 'None'. */
  linestyle?: string;
  ls?: string;
  marker?: string;
  markersize?: number;
  ms?: number;
  label?: string;
  alpha?: number;
}
export interface ScatterOptions {
  /** Squares of the markers' diameters in points. */
  s?: Numbers;
  /** A colour, one a point, or numbers that `cmap` makes colours of. */
  c?: Color | readonly Color[] | Numbers;
  color?: Color;
  marker?: string;
  cmap?: string;
  vmin?: number;
  vmax?: number;
  alpha?: number;
  linewidths?: number;
  edgecolors?: Color | 'face';
  label?: string;
}
export interface BarOptions {
  width?: number;
  height?: number;
  bottom?: Numbers;
  left?: Numbers;
  align?: 'center' | 'edge';
  color?: Color | readonly Color[];
  edgecolor?: Color;
  linewidth?: number;
  alpha?: number;
  label?: string;
}
export interface HistOptions {
  /** How many, or their edges. */
  bins?: number | Numbers;
  range?: readonly [number, number];
  density?: boolean;
  color?: Color;
  edgecolor?: Color;
  alpha?: number;
  label?: string;
}
export interface ImshowOptions {
  cmap?: string;
  vmin?: number;
  vmax?: number;
  alpha?: number;
  aspect?: 'equal' | 'auto';
  interpolation?: 'nearest' | 'bilinear';
  origin?: 'upper' | 'lower';
  /** left, right, bottom, top. */
  extent?: readonly [number, number, number, number];
}
