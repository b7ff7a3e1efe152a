// One pair of axes and what is drawn in it. The names are matplotlib.axes.Axes'.
import { ValueError } from '../core/errors.ts';
import type { AreaArtist, Artist, ImageArtist, LineArtist, Mapped, PointsArtist, RectsArtist } from './artists.ts';
import { type Color, CYCLE, css, dashes, isColor, parseFormat } from './colors.ts';
import { checkColormap } from './colormaps.ts';
import { AxesFrame, type TextOptions } from './axes-frame.ts';
import type { BarOptions, HistOptions, ImshowOptions, PlotOptions, ScatterOptions } from './drawing-options.ts';
import { countBetween, evenEdges } from './histogram.ts';
import { isMarker } from './markers.ts';
import { type FontSize, fontSize, oneOf, settle, split, TEXT_SIZE } from './options.ts';
import { pixelsOf } from './raster.ts';
import { extent, flat, type Numbers, places, shapeText, values } from './values.ts';

type PlotArguments = [y: Numbers] | [y: Numbers, fmt: string] | [x: Numbers, y: Numbers] | [x: Numbers, y: Numbers, fmt: string];

/** One plot of a figure. */
export class Axes extends AxesFrame {
  private lineColors = 0;
  private fillColors = 0;
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
