// What surrounds the data of an axes: limits, scales, ticks, titles, grid and legend.
import { ValueError } from '../core/errors.ts';
import { type Artist, type Mapped, rangeOf } from './artists.ts';
import { type Color, css } from './colors.ts';
import type { Figure } from './figure.ts';
import { LEGEND_PLACES, type Legend, type LegendPlace } from './legend.ts';
import { type FontSize, fontSize, oneOf, settle, split, TEXT_SIZE } from './options.ts';
import type { ScaleType } from './ticks.ts';
import { extent, flat, type Numbers } from './values.ts';

export interface TextOptions {
  fontsize?: FontSize;
  color?: Color;
  rotation?: number;
}
export interface LegendOptions {
  labels?: readonly string[];
  loc?: LegendPlace;
  fontsize?: FontSize;
  frameon?: boolean;
  title?: string;
}
/** Ticks that were set by hand. */
export interface TickSettings {
  at: Float64Array | null;
  labels: readonly string[] | null;
  rotation: number;
  fontsize: number;
}
/** A text beside the axes. */
export interface Caption {
  text: string;
  fontsize: number;
  color: string;
}
/** Where an axes stands: cells of a grid, or a part of the figure (left, bottom, width, height from 0 to 1). */
export type Slot =
  | { readonly nrows: number; readonly ncols: number; readonly first: number; readonly last: number }
  | readonly [left: number, bottom: number, width: number, height: number];

const caption = (text: string, size: number): Caption => ({ text, fontsize: size, color: '#000000' });
const automatic = (): TickSettings => ({ at: null, labels: null, rotation: 0, fontsize: TEXT_SIZE });
type Pair = [low: number, high: number];

/** An axes without what draws in it. */
export class AxesFrame {
  /** @internal */ readonly artists: Artist[] = [];
  /** @internal */ titleText: Caption = caption('', 12);
  /** @internal */ labels = { x: caption('', TEXT_SIZE), y: caption('', TEXT_SIZE) };
  /** @internal */ ticks = { x: automatic(), y: automatic() };
  /** @internal */ limits: { x: Pair | null; y: Pair | null } = { x: null, y: null };
  /** @internal */ scales: { x: ScaleType; y: ScaleType } = { x: 'linear', y: 'linear' };
  /** @internal */ inverted = { x: false, y: false };
  /** @internal */ gridOn = { x: false, y: false };
  /** @internal */ frameOn = true;
  /** @internal */ aspect: 'auto' | 'equal' = 'auto';
  /** @internal */ legendBox: Legend | null = null;
  /** @internal */ colorBar: { mapped: Mapped; label: string } | null = null;

  /** @internal */
  constructor(
    readonly figure: Figure,
    /** @internal */ readonly slot: Slot,
  ) {}
  /**
   * Names what was drawn: by the labels given to the drawing functions, or by `labels` in the order of drawing.
   * `loc: 'best'` takes the corner or side that covers least.
   */
  legend(...args: [] | [labels: readonly string[]] | [options: LegendOptions] | [labels: readonly string[], options: LegendOptions]): void {
    const [positional, options] = split(args);
    const o = settle('legend', options, {
      labels: (positional[0] ?? null) as readonly string[] | null,
      loc: 'best' as LegendPlace,
      fontsize: TEXT_SIZE as FontSize,
      frameon: true,
      title: '',
    });
    this.legendBox = { ...o, loc: oneOf('loc', o.loc, LEGEND_PLACES), fontsize: fontSize(o.fontsize) };
  }
  set_title(label: string, options: TextOptions = {}): void {
    this.titleText = captionOf('set_title', label, 12, options);
  }
  set_xlabel(xlabel: string, options: TextOptions = {}): void {
    this.labels.x = captionOf('set_xlabel', xlabel, TEXT_SIZE, options);
  }
  set_ylabel(ylabel: string, options: TextOptions = {}): void {
    this.labels.y = captionOf('set_ylabel', ylabel, TEXT_SIZE, options);
  }
  get_title(): string {
    return this.titleText.text;
  }
  get_xlabel(): string {
    return this.labels.x.text;
  }
  get_ylabel(): string {
    return this.labels.y.text;
  }
  /** Places of the ticks along x, and what they say. An empty list takes them away. */
  set_xticks(
    ticks: Numbers,
    ...rest: [] | [labels: readonly string[] | null] | [options: TextOptions] | [labels: readonly string[] | null, options: TextOptions]
  ): void {
    this.ticks.x = ticksOf('set_xticks', ticks, rest);
  }
  set_yticks(
    ticks: Numbers,
    ...rest: [] | [labels: readonly string[] | null] | [options: TextOptions] | [labels: readonly string[] | null, options: TextOptions]
  ): void {
    this.ticks.y = ticksOf('set_yticks', ticks, rest);
  }
  /** The limits along x; `left` above `right` turns the axis round. */
  set_xlim(left: number | readonly [number, number], right?: number): void {
    this.limits.x = limitsOf(left, right, this.get_xlim());
  }
  set_ylim(bottom: number | readonly [number, number], top?: number): void {
    this.limits.y = limitsOf(bottom, top, this.get_ylim());
  }
  get_xlim(): Pair {
    return this.view('x');
  }
  get_ylim(): Pair {
    return this.view('y');
  }
  set_xscale(value: ScaleType): void {
    this.scales.x = oneOf('xscale', value, ['linear', 'log']);
  }
  set_yscale(value: ScaleType): void {
    this.scales.y = oneOf('yscale', value, ['linear', 'log']);
  }
  /** 'equal': a step along x is as long as one along y. */
  set_aspect(aspect: 'auto' | 'equal'): void {
    this.aspect = oneOf('aspect', aspect, ['auto', 'equal']);
  }
  invert_yaxis(): void {
    if (this.limits.y) this.limits.y.reverse();
    else this.inverted.y = !this.inverted.y;
  }
  /** `axis('off')` hides lines, ticks and labels; 'on' shows them; 'equal' sets the aspect; a list sets the limits. */
  axis(arg: 'on' | 'off' | 'equal' | boolean | readonly [number, number, number, number]): void {
    if (typeof arg === 'object') {
      this.set_xlim(arg[0], arg[1]);
      this.set_ylim(arg[2], arg[3]);
    } else if (arg === 'equal') this.aspect = 'equal';
    else if (typeof arg === 'boolean') this.frameOn = arg;
    else this.frameOn = oneOf('axis', arg, ['on', 'off']) === 'on';
  }
  set_axis_off(): void {
    this.frameOn = false;
  }
  /** Lines at the ticks. */
  grid(visible = true, options: { axis?: 'both' | 'x' | 'y' } = {}): void {
    const { axis } = settle('grid', options, { axis: 'both' as 'both' | 'x' | 'y' });
    if (axis !== 'y') this.gridOn.x = visible;
    if (axis !== 'x') this.gridOn.y = visible;
  }

  /** @internal The limits that are shown: those that were set, or the data's with a margin. */
  view(axis: 'x' | 'y'): Pair {
    const set = this.limits[axis];
    if (set) return [...set];
    const log = this.scales[axis] === 'log';
    const ranges = this.artists.map((artist) => rangeOf(artist, axis, log)).filter((r) => r !== null);
    const [low, high] = extent(ranges.flatMap((r) => [r.low, r.high])) ?? (log ? [1, 10] : [0, 1]);
    const [from, to] =
      low === high
        ? log
          ? [low / 10, high * 10]
          : [low - (Math.abs(low) * 0.05 || 0.05), high + (Math.abs(high) * 0.05 || 0.05)]
        : [low, high];
    const isSticky = (end: number): boolean => ranges.some((r) => r.sticky.includes(end));
    const margin = log ? (Math.log10(to) - Math.log10(from)) * 0.05 : (to - from) * 0.05;
    const widened = (end: number, by: number): number => (isSticky(end) ? end : log ? end * 10 ** by : end + by);
    const pair: Pair = [widened(from, -margin), widened(to, margin)];
    return this.inverted[axis] ? [pair[1], pair[0]] : pair;
  }
}

function captionOf(callable: string, text: string, size: number, options: TextOptions): Caption {
  const o = settle(callable, options, { fontsize: size as FontSize, color: 'k' as Color, rotation: 0 });
  return { text, fontsize: fontSize(o.fontsize), color: css(o.color) };
}
function ticksOf(callable: string, ticks: Numbers, rest: readonly unknown[]): TickSettings {
  const [[labels = null], options] = split(rest) as [[(readonly string[] | null)?], object];
  const o = settle(callable, options, { rotation: 0, fontsize: TEXT_SIZE as FontSize });
  const at = Array.isArray(ticks) && ticks.length === 0 ? new Float64Array() : flat(ticks);
  if (labels && labels.length !== at.length)
    throw new ValueError(
      `The number of FixedLocator locations (${at.length}), usually from a call to set_ticks, does not match the number of labels (${labels.length}).`,
    );
  return { at, labels, rotation: o.rotation, fontsize: fontSize(o.fontsize) };
}
function limitsOf(low: number | readonly [number, number], high: number | undefined, now: Pair): Pair {
  const pair: Pair = typeof low === 'number' ? [low, high ?? now[1]] : [low[0], low[1]];
  if (!pair.every(Number.isFinite)) throw new ValueError('Axis limits cannot be NaN or Inf');
  return pair;
}
