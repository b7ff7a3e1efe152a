// The functions of matplotlib.pyplot: they draw in the current axes of the current figure.
import { ValueError } from '../core/errors.ts';
import { type Artist, mappedOf } from './artists.ts';
import type { Axes } from './axes.ts';
import type { TextOptions } from './axes-frame.ts';
import { type AxesGrid, Figure, type FigureOptions, type SaveOptions, type SubplotsOptions } from './figure.ts';
import type { Margins } from './layout.ts';
import { isOptions } from './values.ts';
import { showFigures } from './show.ts';

/** Figures that pyplot made and has not closed, by number; the last one used is the current one. */
const figures = new Map<number, Figure>();
let currentNumber = 0;

/** A new figure, which becomes the current one; `figure(num)` takes up the one of that number. */
export function figure(...args: [] | [num: number] | [options: FigureOptions] | [num: number, options: FigureOptions]): Figure {
  const num = typeof args[0] === 'number' ? args[0] : Math.max(0, ...figures.keys()) + 1;
  const options = args.find((a) => isOptions(a)) as FigureOptions | undefined;
  currentNumber = num;
  const made = figures.get(num) ?? new Figure(options);
  figures.set(num, made);
  return made;
}
/** The current figure, made if there is none. */
export const gcf = (): Figure => figures.get(currentNumber) ?? figure();
/** The current axes, made if there are none. */
export const gca = (): Axes => gcf().gca();
/** Makes axes, and their figure, the current ones. */
export function sca(ax: Axes): void {
  for (const [num, fig] of figures) if (fig === ax.figure) currentNumber = num;
  ax.figure.sca(ax);
}
/** A new figure and axes for every place of a grid: one, a list, or rows of lists. */
export function subplots<const R extends number = 1, const C extends number = 1>(options?: SubplotsOptions<R, C>): [Figure, AxesGrid<R, C>];
export function subplots<const R extends number = 1, const C extends number = 1>(
  nrows: R,
  ncols?: C | FigureOptions,
  options?: FigureOptions,
): [Figure, AxesGrid<R, C>];
export function subplots(...args: unknown[]): [Figure, unknown] {
  const last = args[args.length - 1];
  const { nrows, ncols, ...options } = (isOptions(last) ? last : {}) as SubplotsOptions<number, number>;
  const [rows, columns] = args.filter((a) => typeof a === 'number');
  const fig = figure(options);
  return [fig, fig.subplots((rows as number | undefined) ?? nrows ?? 1, (columns as number | undefined) ?? ncols ?? 1)];
}
/** The axes at a place of a grid of the current figure, made if there are none. */
export const subplot = (...args: Parameters<Figure['add_subplot']>): Axes => gcf().subplotAt(args);

type Method = {
  [K in keyof Axes]: Axes[K] extends (...args: never[]) => unknown ? K : never;
}[keyof Axes];
/** A method of the current axes as a function. */
const onAxes = <K extends Method>(name: K): Axes[K] =>
  ((...args: unknown[]) => {
    const axes = gca();
    return (axes[name] as (...given: unknown[]) => unknown).apply(axes, args);
  }) as Axes[K];

export const plot = onAxes('plot');
export const scatter = onAxes('scatter');
export const hist = onAxes('hist');
export const bar = onAxes('bar');
export const barh = onAxes('barh');
export const fill_between = onAxes('fill_between');
export const axhline = onAxes('axhline');
export const axvline = onAxes('axvline');
export const text = onAxes('text');
export const legend = onAxes('legend');
export const title = onAxes('set_title');
export const xlabel = onAxes('set_xlabel');
export const ylabel = onAxes('set_ylabel');
export const xlim = onAxes('set_xlim');
export const ylim = onAxes('set_ylim');
export const xscale = onAxes('set_xscale');
export const yscale = onAxes('set_yscale');
export const axis = onAxes('axis');
export const grid = onAxes('grid');
export const xticks = onAxes('set_xticks');
export const yticks = onAxes('set_yticks');

export const imshow = onAxes('imshow');
/** A scale of colours beside the axes of an image or scatter; by default of the last one in the current axes, or else in the figure. */
export function colorbar(mappable?: Artist | null, options: { ax?: Axes; label?: string } = {}): void {
  const drawn = [...gcf().axes.flatMap((axes) => axes.artists), ...gca().artists];
  const shown = mappable ?? drawn.findLast((artist) => mappedOf(artist));
  if (!shown)
    throw new ValueError(
      'No mappable was found to use for colorbar creation. First define a mappable such as an image (with imshow) or a contour set (with contourf).',
    );
  gcf().colorbar(shown, options);
}
export const suptitle = (t: string, options: TextOptions = {}): void => gcf().suptitle(t, options);
export const tight_layout = (options: { pad?: number } = {}): void => gcf().tight_layout(options);
export const subplots_adjust = (margins: Partial<Margins>): void => gcf().subplots_adjust(margins);
/** Writes the current figure as SVG or PNG. */
export const savefig = (path: string | URL, options: SaveOptions = {}): Promise<void> => gcf().savefig(path, options);
/** Shows the figures that are open in a tab of the browser, and closes them. Where no browser is, a message says so. */
export async function show(): Promise<void> {
  const open = [...figures.values()];
  close('all');
  await showFigures(open);
}
/** Forgets the current figure, the given one, or all: `close('all')`. */
export function close(fig: Figure | number | 'all' | null = null): void {
  if (fig === 'all') figures.clear();
  else if (typeof fig === 'number') figures.delete(fig);
  else for (const [num, made] of figures) if (made === (fig ?? figures.get(currentNumber))) figures.delete(num);
  if (!figures.has(currentNumber)) currentNumber = Math.max(0, ...figures.keys());
}
