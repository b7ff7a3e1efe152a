// One pair of axes: what is drawn in it, its limits, ticks, titles and legend. The names are matplotlib.axes.Axes'.
import { ValueError } from '../core/errors.ts';
import {
  type AreaArtist,
  type Artist,
  type ImageArtist,
  type LineArtist,
  type Mapped,
  type PointsArtist,
  type RectsArtist,
  rangeOf,
} from './artists.ts';
import { type Color, CYCLE, css, dashes, isColor, parseFormat } from './colors.ts';
import { checkColormap } from './colormaps.ts';
import type { Figure } from './figure.ts';
import { LEGEND_PLACES, type Legend, type LegendPlace } from './legend.ts';
import { isMarker } from './markers.ts';
import { type FontSize, fontSize, oneOf, settle, split, TEXT_SIZE } from './options.ts';
import { pixelsOf } from './raster.ts';
import type { ScaleType } from './ticks.ts';
import { extent, flat, type Numbers, places, shapeText, values } from './values.ts';

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
type PlotArguments = [y: Numbers] | [y: Numbers, fmt: string] | [x: Numbers, y: Numbers] | [x: Numbers, y: Numbers, fmt: string];

/** One plot of a figure. */
export class Axes {
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
  private lineColors = 0;
  private fillColors = 0;

  /** @internal */
  constructor(
    readonly figure: Figure,
    /** @internal */ readonly slot: Slot,
  ) {}

  /**
   * Lines through points: `plot(y)`, `plot(x, y)`, each with a format string like `'ro--'`. A `y` of two dimensions makes a line a column.
   * @throws ValueError if x and y differ in length, or for a format that means nothing.
   */
  plot(...args: PlotArguments | [...PlotArguments, options: PlotOptions]): LineArtist[] {
    const [given, options] = split(args);
    const fmt = typeof given[given.length - 1] === 'string' ? (given.pop() as string) : '';
    const format = parseFormat(fmt);
    const o = settle('plot', options, {
      color: (format.color ?? null) as Color | null,
      linewidth: 1.5,
      linestyle: format.linestyle ?? (format.marker ? 'None' : '-'),
      marker: format.marker ?? null,
      markersize: 6,
      label: null as string | null,
      alpha: 1,
    });
    dashes(o.linestyle);
    const y = values(given[given.length - 1] as Numbers);
    if (y.shape.length > 2) throw new ValueError(`x and y can be no greater than 2D, but have shapes ${shapeText(y.shape)}`);
    const n = y.shape[0] ?? 1;
    const columns = y.shape[1] ?? 1;
    const x = given.length > 1 ? values(given[0] as Numbers) : { data: places(n), shape: [n] };
    if ((x.shape[0] ?? 1) !== n)
      throw new ValueError(`x and y must have same first dimension, but have shapes ${shapeText(x.shape)} and ${shapeText(y.shape)}`);
    const column = (v: { data: Float64Array; shape: readonly number[] }, k: number): Float64Array => {
      const wide = v.shape[1] ?? 1;
      return wide === 1 ? v.data : Float64Array.from({ length: n }, (_, i) => v.data[i * wide + k]!);
    };
    return Array.from({ length: columns }, (_, k) =>
      this.add<LineArtist>({
        kind: 'line',
        x: column(x, k),
        y: column(y, k),
        color: o.color === null ? CYCLE[this.lineColors++ % CYCLE.length]! : css(o.color),
        linewidth: o.linewidth,
        linestyle: o.linestyle,
        marker: isMarker(o.marker) ? o.marker : null,
        markersize: o.markersize,
        label: o.label,
        alpha: o.alpha,
        zorder: 2,
      }),
    );
  }

  /**
   * Points, each with its own size and colour if `s` and `c` are lists.
   * @throws ValueError if the numbers of x, y, sizes and colours differ.
   */
  scatter(x: Numbers, y: Numbers, options: ScatterOptions = {}): PointsArtist {
    const o = settle('scatter', options, {
      s: 36 as Numbers,
      c: null as ScatterOptions['c'] | null,
      color: null as Color | null,
      marker: 'o',
      cmap: 'viridis',
      vmin: null as number | null,
      vmax: null as number | null,
      alpha: 1,
      linewidths: 1.5,
      edgecolors: 'face' as Color,
      label: null as string | null,
    });
    const [xs, ys, sizes] = [flat(x), flat(y), flat(o.s)];
    if (xs.length !== ys.length) throw new ValueError('x and y must be the same size');
    if (sizes.length !== 1 && sizes.length !== xs.length)
      throw new ValueError('s must be a scalar, or float array-like with the same size as x and y');
    return this.add<PointsArtist>({
      kind: 'points',
      x: xs,
      y: ys,
      sizes,
      color: this.pointColors(o.color ?? o.c, xs.length, o),
      edgecolor: o.edgecolors === 'face' ? null : css(o.edgecolors),
      linewidth: o.linewidths,
      marker: isMarker(o.marker) ? o.marker! : 'o',
      label: o.label,
      alpha: o.alpha,
      zorder: 1,
    });
  }
  private pointColors(
    c: ScatterOptions['c'] | null,
    n: number,
    o: { cmap: string; vmin: number | null; vmax: number | null },
  ): PointsArtist['color'] {
    if (c === null || c === undefined) return this.nextFill();
    if (isColor(c) && !(typeof c !== 'string' && n === c.length)) return css(c);
    if (Array.isArray(c) && c.length === n && c.every((one) => typeof one === 'string')) return c.map((one) => css(one));
    const numbers = values(c as Numbers);
    if (numbers.shape.length === 2 && numbers.shape[0] === n && (numbers.shape[1] === 3 || numbers.shape[1] === 4)) {
      const wide = numbers.shape[1];
      return Array.from({ length: n }, (_, i) => css([...numbers.data.subarray(i * wide, (i + 1) * wide)] as unknown as Color));
    }
    if (numbers.data.length !== n)
      throw new ValueError(`'c' argument has ${numbers.data.length} elements, which is inconsistent with 'x' and 'y' with size ${n}.`);
    return mapped(numbers.data, o);
  }

  /** Bars of given heights on x, which may be names. @throws ValueError if x and heights differ in number. */
  bar(x: Numbers | readonly string[], height: Numbers, options: BarOptions = {}): RectsArtist {
    const o = settle('bar', options, { width: 0.8, bottom: 0 as Numbers, ...BAR });
    return this.bars('x', x, height, o.width, o.bottom, o);
  }
  /** Bars of given widths beside y, which may be names. */
  barh(y: Numbers | readonly string[], width: Numbers, options: BarOptions = {}): RectsArtist {
    const o = settle('barh', options, { height: 0.8, left: 0 as Numbers, ...BAR });
    return this.bars('y', y, width, o.height, o.left, o);
  }
  private bars(
    along: 'x' | 'y',
    at: Numbers | readonly string[],
    lengths: Numbers,
    thick: number,
    base: Numbers,
    o: typeof BAR,
  ): RectsArtist {
    const names = Array.isArray(at) && at.every((v) => typeof v === 'string') ? (at as string[]) : null;
    const centres = names ? places(names.length) : flat(at as Numbers);
    if (names) Object.assign(this.ticks[along], { at: centres, labels: names });
    const [ends, bases] = [flat(lengths), flat(base)];
    if (ends.length !== centres.length && ends.length !== 1)
      throw new ValueError(
        `shape mismatch: objects cannot be broadcast to a single shape.  Mismatch is between arg 0 with shape (${centres.length},) and arg 1 with shape (${ends.length},).`,
      );
    const shift = o.align === 'center' ? thick / 2 : 0;
    const from = centres.map((v) => v - shift);
    const to = from.map((v) => v + thick);
    const low = centres.map((_, i) => bases[bases.length === 1 ? 0 : i]!);
    const high = low.map((v, i) => v + ends[ends.length === 1 ? 0 : i]!);
    return this.add<RectsArtist>({
      kind: 'rects',
      ...(along === 'x' ? { x0: from, x1: to, y0: low, y1: high } : { x0: low, x1: high, y0: from, y1: to }),
      color: o.color === null ? this.nextFill() : isColor(o.color) ? css(o.color) : o.color.map(css),
      edgecolor: o.edgecolor === null ? null : css(o.edgecolor),
      linewidth: o.linewidth,
      upright: along === 'x' ? 'y' : 'x',
      label: o.label,
      alpha: o.alpha,
      zorder: 1,
    });
  }
  /**
   * How often values fall between edges. Gives the counts, the edges and the bars.
   * @throws ValueError if the edges don't increase, or a value isn't finite and no range is given.
   */
  hist(x: Numbers, options: HistOptions = {}): [counts: Float64Array, edges: Float64Array, bars: RectsArtist] {
    const { bins, range, density, color, ...rest } = settle('hist', options, {
      bins: 10 as number | Numbers,
      range: null as readonly [number, number] | null,
      density: false,
      color: null as Color | null,
      edgecolor: null as Color | null,
      alpha: 1,
      label: null as string | null,
    });
    const data = flat(x);
    const edges = typeof bins === 'number' ? evenEdges(data, bins, range) : flat(bins);
    const counts = countBetween(data, edges);
    const total = counts.reduce((a, b) => a + b, 0);
    const heights = density ? counts.map((n, i) => n / total / (edges[i + 1]! - edges[i]!)) : counts;
    const bars = this.add<RectsArtist>({
      kind: 'rects',
      x0: edges.slice(0, -1),
      x1: edges.slice(1),
      y0: new Float64Array(heights.length),
      y1: heights,
      color: color === null ? CYCLE[this.lineColors++ % CYCLE.length]! : css(color),
      edgecolor: rest.edgecolor === null ? null : css(rest.edgecolor),
      linewidth: 1,
      upright: 'y',
      label: rest.label,
      alpha: rest.alpha,
      zorder: 1,
    });
    return [heights, edges, bars];
  }

  /**
   * An image: (M, N) numbers in colours of `cmap`, or (M, N, 3) and (M, N, 4) colours, from 0 to 1 or as whole numbers from 0 to 255.
   * @throws TypeError for other shapes.
   */
  imshow(X: Numbers, options: ImshowOptions = {}): ImageArtist {
    const o = settle('imshow', options, {
      cmap: 'viridis',
      vmin: null as number | null,
      vmax: null as number | null,
      alpha: 1,
      aspect: 'equal' as 'equal' | 'auto',
      interpolation: 'nearest' as 'nearest' | 'bilinear',
      origin: 'upper' as 'upper' | 'lower',
      extent: null as ImshowOptions['extent'] | null,
    });
    const image = values(X);
    const squeezed = image.shape.length === 3 && image.shape[2] === 1 ? image.shape.slice(0, 2) : image.shape;
    const [height, width, channels] = squeezed;
    if (squeezed.length < 2 || squeezed.length > 3 || (channels !== undefined && channels !== 3 && channels !== 4))
      throw new TypeError(`Invalid shape ${shapeText(image.shape)} for image data`);
    this.aspect = o.aspect;
    if (o.origin === 'upper' && !o.extent) this.inverted.y = true;
    return this.add<ImageArtist>({
      kind: 'image',
      height: height!,
      width: width!,
      pixels: channels === undefined ? mapped(image.data, o) : pixelsOf(image, channels),
      extent: o.extent ?? (o.origin === 'upper' ? [-0.5, width! - 0.5, height! - 0.5, -0.5] : [-0.5, width! - 0.5, -0.5, height! - 0.5]),
      interpolation: oneOf('interpolation', o.interpolation, ['nearest', 'bilinear']),
      label: null,
      alpha: o.alpha,
      zorder: 0,
    });
  }
  /** Fills between two curves. @throws ValueError if they differ in length. */
  fill_between(x: Numbers, y1: Numbers, y2: Numbers = 0, options: { color?: Color; alpha?: number; label?: string } = {}): AreaArtist {
    const o = settle('fill_between', options, { color: null as Color | null, alpha: 1, label: null as string | null });
    const xs = flat(x);
    const curve = (y: Numbers): Float64Array => {
      const v = flat(y);
      if (v.length !== 1 && v.length !== xs.length)
        throw new ValueError(`'x' has size ${xs.length}, but 'y1' has an unequal size of ${v.length}`);
      return v.length === xs.length ? v : xs.map(() => v[0]!);
    };
    const color = o.color === null ? this.nextFill() : css(o.color);
    return this.add<AreaArtist>({ kind: 'area', x: xs, y0: curve(y2), y1: curve(y1), color, label: o.label, alpha: o.alpha, zorder: 1 });
  }
  /** A line across the whole width at y. */
  axhline(y = 0, options: PlotOptions = {}): Artist {
    return this.rule('y', y, options);
  }
  /** A line across the whole height at x. */
  axvline(x = 0, options: PlotOptions = {}): Artist {
    return this.rule('x', x, options);
  }
  private rule(axis: 'x' | 'y', at: number, options: PlotOptions): Artist {
    const o = settle(axis === 'x' ? 'axvline' : 'axhline', options, {
      color: 'C0' as Color,
      linewidth: 1.5,
      linestyle: '-',
      label: null as string | null,
      alpha: 1,
    });
    dashes(o.linestyle);
    return this.add({ kind: 'rule', axis, at, ...o, color: css(o.color), zorder: 2 });
  }
  /** A text at a point of the axes' coordinates. */
  text(
    x: number,
    y: number,
    s: string,
    options: TextOptions & { ha?: 'left' | 'center' | 'right'; va?: 'baseline' | 'bottom' | 'center' | 'top' } = {},
  ): Artist {
    const o = settle('text', options, {
      fontsize: TEXT_SIZE as FontSize,
      color: 'k' as Color,
      rotation: 0,
      ha: 'left' as 'left' | 'center' | 'right',
      va: 'baseline' as 'baseline' | 'bottom' | 'center' | 'top',
    });
    return this.add({
      kind: 'text',
      x,
      y,
      text: s,
      ...o,
      fontsize: fontSize(o.fontsize),
      color: css(o.color),
      label: null,
      alpha: 1,
      zorder: 3,
    });
  }

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
  private nextFill(): string {
    return CYCLE[this.fillColors++ % CYCLE.length]!;
  }
  private add<A extends Artist>(artist: A): A {
    this.artists.push(artist);
    return artist;
  }
}

const BAR = {
  align: 'center' as 'center' | 'edge',
  color: null as Color | readonly Color[] | null,
  edgecolor: null as Color | null,
  linewidth: 1,
  alpha: 1,
  label: null as string | null,
};
function mapped(data: Float64Array, o: { cmap: string; vmin: number | null; vmax: number | null }): Mapped {
  const [low, high] = extent(data) ?? [0, 1];
  return { values: data, cmap: checkColormap(o.cmap), vmin: o.vmin ?? low, vmax: o.vmax ?? high };
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
function evenEdges(data: Float64Array, bins: number, range: readonly [number, number] | null): Float64Array {
  if (!Number.isInteger(bins) || bins < 1) throw new ValueError('`bins` must be positive, when an integer');
  if (!range && data.some((v) => !Number.isFinite(v)))
    throw new ValueError(
      `autodetected range of [${Math.min(...(extent(data) ?? [Number.NaN]))}, ${Math.max(...(extent(data) ?? [Number.NaN]))}] is not finite`,
    );
  const [low, high] = range ?? extent(data) ?? [0, 1];
  const [from, to] = low === high ? [low - 0.5, high + 0.5] : [low, high];
  return Float64Array.from({ length: bins + 1 }, (_, i) => (i === bins ? to : from + ((to - from) * i) / bins));
}
/** Counts in half-open intervals, the last one closed, as numpy.histogram. */
function countBetween(data: Float64Array, edges: Float64Array): Float64Array {
  for (let i = 1; i < edges.length; i++)
    if (!(edges[i]! > edges[i - 1]!)) throw new ValueError('`bins` must increase monotonically, when an array');
  const counts = new Float64Array(Math.max(0, edges.length - 1));
  for (const v of data) {
    if (!(v >= edges[0]! && v <= edges[edges.length - 1]!)) continue;
    let [low, high] = [0, counts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (v >= edges[middle]!) low = middle;
      else high = middle - 1;
    }
    counts[low]!++;
  }
  return counts;
}
