// A figure: its axes, its size, and the files and pixels made of it. The names are matplotlib.figure.Figure's.
import { RuntimeError, ValueError } from '../core/errors.ts';
import { writeAtomically } from '../serialization/source.ts';
import { type Artist, mappedOf } from './artists.ts';
import { Axes } from './axes.ts';
import type { Caption, Slot, TextOptions } from './axes-frame.ts';
import { type Color, css } from './colors.ts';
import { type Margins, MARGINS, place, reach, tightMargins } from './layout.ts';
import { type FontSize, fontSize, settle, split } from './options.ts';
import { drawingTools, type Pixels, toPixels, toPNG, toSVG } from './render.ts';
import { figureSpec } from './spec.ts';
import { textHeight } from './text.ts';

const POINTS_PER_INCH = 72;
/** The free space around a figure that is saved with `bbox_inches: 'tight'`, in inches. */
const TIGHT_PAD = 0.1;

export interface FigureOptions {
  /** Width and height in inches. */
  figsize?: readonly [number, number];
  /** Pixels an inch. */
  dpi?: number;
  facecolor?: Color;
}
export interface SaveOptions {
  /** Pixels an inch of a PNG; the figure's by default. */
  dpi?: number;
  /** 'svg' or 'png'; the file's ending by default. */
  format?: string;
  facecolor?: Color;
  transparent?: boolean;
  /** 'tight' cuts the figure to what is drawn. */
  bbox_inches?: 'tight' | null;
}
/** Axes as `subplots` gives them: one, a list, or rows of lists. */
export type AxesGrid<R extends number, C extends number> = number extends R | C
  ? // Numbers that only the run knows: the caller says what it gets.
    Axes & Axes[] & Axes[][]
  : R extends 1
    ? C extends 1
      ? Axes
      : Axes[]
    : C extends 1
      ? Axes[]
      : Axes[][];
export interface SubplotsOptions<R extends number, C extends number> extends FigureOptions {
  nrows?: R;
  ncols?: C;
}

/** The pixels of a figure: `await canvas.draw()`, then `canvas.buffer_rgba()`. */
export class FigureCanvas {
  private drawn: Pixels | null = null;
  constructor(readonly figure: Figure) {}
  /** Width and height in pixels. */
  get_width_height(): [number, number] {
    const [width, height] = this.figure.get_size_inches();
    return [Math.round(width * this.figure.dpi), Math.round(height * this.figure.dpi)];
  }
  /** Draws the figure as it is now; gives its pixels, RGBA in rows from the top. */
  async draw(): Promise<Pixels> {
    this.drawn = await toPixels(await this.figure.to_svg(), this.get_width_height()[0]);
    return this.drawn;
  }
  /** The pixels of the last `draw`. @throws RuntimeError before it. */
  buffer_rgba(): Uint8Array {
    if (!this.drawn) throw new RuntimeError('the figure is not drawn yet: await fig.canvas.draw() first');
    return this.drawn.data;
  }
}

/** A page of plots. */
export class Figure {
  readonly axes: Axes[] = [];
  readonly canvas = new FigureCanvas(this);
  dpi: number;
  /** @internal */ facecolor: string;
  /** @internal */ margins: Margins = { ...MARGINS };
  /** @internal */ supTitle: Caption = { text: '', fontsize: 12, color: '#000000' };
  /** @internal */ current: Axes | null = null;
  private size: [number, number];
  private tightPad: number | null = null;

  /**
   * `figsize` is in inches, 6.4 by 4.8 by default; `dpi` pixels an inch, 100 by default.
   * @throws ValueError for a size that is not positive.
   */
  constructor(options: FigureOptions = {}) {
    const o = settle('figure', options, { figsize: [6.4, 4.8] as readonly [number, number], dpi: 100, facecolor: 'w' as Color });
    if (!o.figsize.every((x) => Number.isFinite(x) && x > 0))
      throw new ValueError(`figure size must be positive finite not (${o.figsize.join(', ')})`);
    if (!(o.dpi > 0)) throw new ValueError('dpi must be positive');
    this.size = [...o.figsize];
    this.dpi = o.dpi;
    this.facecolor = css(o.facecolor);
  }
  /** @internal Width and height in points. */
  get points(): [number, number] {
    return this.size.map((inches) => Number((inches * POINTS_PER_INCH).toFixed(4))) as [number, number];
  }
  get_size_inches(): [number, number] {
    return [...this.size];
  }
  set_size_inches(width: number, height: number): void {
    this.size = [width, height];
  }

  /**
   * New axes at place `index` (from 1, row by row) of a grid; `add_subplot(231)` is short for `add_subplot(2, 3, 1)`, and a pair spans
   * from one place to another.
   * @throws ValueError for a place outside the grid.
   */
  add_subplot(...args: [] | [digits: number] | [nrows: number, ncols: number, index: number | readonly [number, number]]): Axes {
    return this.add(slotOf(args));
  }
  /** New axes at a part of the figure: left, bottom, width and height from 0 to 1. */
  add_axes(rect: readonly [number, number, number, number]): Axes {
    return this.add([...rect]);
  }
  /** New axes for every place of a grid. */
  subplots<const R extends number = 1, const C extends number = 1>(nrows: R = 1 as R, ncols: C = 1 as C): AxesGrid<R, C> {
    const rows = Array.from({ length: nrows }, (_, r) =>
      Array.from({ length: ncols }, (_, c) => this.add_subplot(nrows, ncols, r * ncols + c + 1)),
    );
    this.current = rows[0]![0]!;
    const squeezed = nrows === 1 ? (ncols === 1 ? rows[0]![0] : rows[0]) : ncols === 1 ? rows.map((row) => row[0]) : rows;
    return squeezed as AxesGrid<R, C>;
  }
  /** @internal The axes at a place of the grid, made if there is none. */
  subplotAt(args: Parameters<Figure['add_subplot']>): Axes {
    const slot = slotOf(args);
    const same = this.axes.find((axes) => JSON.stringify(axes.slot) === JSON.stringify(slot));
    if (!same) return this.add(slot);
    this.current = same;
    return same;
  }
  /** The current axes, made if there are none. */
  gca(): Axes {
    return this.current ?? this.add_subplot();
  }
  /** Makes axes the current ones. */
  sca(axes: Axes): Axes {
    this.current = axes;
    return axes;
  }
  private add(slot: Slot): Axes {
    const axes = new Axes(this, slot);
    this.axes.push(axes);
    this.current = axes;
    return axes;
  }
  /** A title over all axes. */
  suptitle(t: string, options: TextOptions = {}): void {
    const o = settle('suptitle', options, { fontsize: 12 as FontSize, color: 'k' as Color, rotation: 0 });
    this.supTitle = { text: t, fontsize: fontSize(o.fontsize), color: css(o.color) };
  }
  /**
   * A scale of an image's or scatter's colours beside its axes.
   * @throws ValueError if what is given is drawn in no axes of this figure, or without a colour map.
   */
  colorbar(mappable: Artist, options: { ax?: Axes; label?: string } = {}): void {
    const o = settle('colorbar', options, { ax: null as Axes | null, label: '' });
    const axes = o.ax ?? this.axes.find((a) => a.artists.includes(mappable));
    const mapped = mappedOf(mappable);
    if (!axes || !mapped)
      throw new ValueError('Unable to determine Axes to steal space for Colorbar: give an image or a scatter with numbers as its colours');
    axes.colorBar = { mapped, label: o.label };
  }
  /** Margins as parts of the figure; gaps between axes as parts of an axes. */
  subplots_adjust(margins: Partial<Margins>): void {
    this.tightPad = null;
    const next = settle('subplots_adjust', margins, this.margins);
    if (next.left >= next.right) throw new ValueError('left cannot be >= right');
    if (next.bottom >= next.top) throw new ValueError('bottom cannot be >= top');
    this.margins = next;
  }
  /** Fits the axes so that no text runs into another or over the edge; `pad` in multiples of the text size. */
  tight_layout(options: { pad?: number } = {}): void {
    this.tightPad = settle('tight_layout', options, { pad: 1.08 }).pad;
  }
  private arrange(): void {
    if (this.tightPad === null) return;
    const [width, height] = this.points;
    const above = this.supTitle.text ? height * 0.02 + textHeight(this.supTitle.text, this.supTitle.fontsize) : 0;
    // Boxes with a fixed aspect move when the margins do: the second pass sees them where they end up.
    for (let pass = 0; pass < 2; pass++) this.margins = tightMargins(this.axes, width, height, this.margins, this.tightPad * 10, above);
  }

  /** The figure as an SVG text; lengths are points. */
  async to_svg(options: Pick<SaveOptions, 'dpi' | 'facecolor' | 'transparent' | 'bbox_inches'> = {}): Promise<string> {
    this.arrange();
    const spec = figureSpec(this, (options.dpi ?? this.dpi) / POINTS_PER_INCH, await drawingTools());
    spec.background = options.transparent ? 'transparent' : options.facecolor ? css(options.facecolor) : this.facecolor;
    const svg = await toSVG(spec);
    return options.bbox_inches === 'tight' ? this.cut(svg) : svg;
  }
  /** The figure as a PNG file. */
  async to_png(options: SaveOptions = {}): Promise<Uint8Array> {
    const svg = await this.to_svg(options);
    const points = Number(/ width="([\d.]+)pt"/.exec(svg)![1]);
    return toPNG(svg, Math.round((points / POINTS_PER_INCH) * (options.dpi ?? this.dpi)));
  }
  /**
   * Writes the figure as SVG or PNG, by the file's ending. The file is written whole or not at all.
   * @throws ValueError for another format.
   */
  async savefig(path: string | URL, options: SaveOptions = {}): Promise<void> {
    const o = settle('savefig', options, {
      dpi: this.dpi,
      format: null as string | null,
      facecolor: null as Color | null,
      transparent: false,
      bbox_inches: null as 'tight' | null,
    });
    const format = (o.format ?? /\.([^./\\]+)$/.exec(String(path))?.[1] ?? 'png').toLowerCase();
    if (format !== 'svg' && format !== 'png') throw new ValueError(`Format '${format}' is not supported (supported formats: png, svg)`);
    const named = o.format !== null || /\.[^./\\]+$/.test(String(path));
    const settings: SaveOptions = { ...o, format, facecolor: o.facecolor ?? undefined };
    const content = format === 'svg' ? new TextEncoder().encode(await this.to_svg(settings)) : await this.to_png(settings);
    writeAtomically(named ? path : `${path}.${format}`, [content]);
  }
  /** The SVG with its view reduced to what is drawn. */
  private cut(svg: string): string {
    const [width, height] = this.points;
    let [left, top, right, bottom] = [width, height, 0, 0];
    for (const axes of this.axes) {
      const placed = place(axes, width, height, this.margins);
      const out = reach(placed);
      left = Math.min(left, placed.box.x - out.left);
      top = Math.min(top, placed.box.y - out.top);
      right = Math.max(right, placed.box.x + placed.box.width + out.right);
      bottom = Math.max(bottom, placed.box.y + placed.box.height + out.bottom);
    }
    if (this.supTitle.text) top = Math.min(top, height * 0.02);
    if (left >= right || top >= bottom) return svg;
    const pad = TIGHT_PAD * POINTS_PER_INCH;
    const [x, y, w, h] = [left - pad, top - pad, right - left + 2 * pad, bottom - top + 2 * pad];
    return svg
      .replace(
        / width="[\d.]+pt" height="[\d.]+pt" viewBox="[^"]*"/,
        ` width="${w.toFixed(2)}pt" height="${h.toFixed(2)}pt" viewBox="${[x, y, w, h].map((v) => v.toFixed(2)).join(' ')}"`,
      )
      .replace(
        /<rect width="[\d.]+" height="[\d.]+" fill=/,
        `<rect x="${x.toFixed(2)}" y="${y.toFixed(2)}" width="${w.toFixed(2)}" height="${h.toFixed(2)}" fill=`,
      );
  }
}
function slotOf(args: readonly unknown[]): Slot {
  const [positional] = split(args);
  if (positional.length === 0) return { nrows: 1, ncols: 1, first: 0, last: 0 };
  const digits = positional.length === 1 ? String(positional[0]) : null;
  if (digits !== null && !/^[1-9]{3}$/.test(digits))
    throw new ValueError(`Integer subplot specification must be a three-digit number, not ${digits}`);
  const [nrows, ncols, index] = (digits === null ? positional : [...digits].map(Number)) as [
    number,
    number,
    number | readonly [number, number],
  ];
  for (const [name, n] of [
    ['rows', nrows],
    ['columns', ncols],
  ] as const)
    if (!Number.isInteger(n) || n < 1) throw new ValueError(`Number of ${name} must be a positive integer, not ${n}`);
  const [first, last] = typeof index === 'number' ? [index, index] : index;
  for (const num of [first, last])
    if (!Number.isInteger(num) || num < 1 || num > nrows * ncols)
      throw new ValueError(`num must be an integer with 1 <= num <= ${nrows * ncols}, not ${num}`);
  return { nrows, ncols, first: first - 1, last: last - 1 };
}
