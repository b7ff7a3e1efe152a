// Plots with the names of matplotlib.pyplot (https://matplotlib.org/stable/api/pyplot_summary.html): vega draws them as SVG, resvg makes
// PNGs. Both packages are optional and loaded when a figure is drawn. Imports from core/, serialization/ and surface/.
import '../surface/install.ts';

export type { Artist } from './artists.ts';
export { Axes } from './axes.ts';
export type { LegendOptions, TextOptions } from './axes-frame.ts';
export type { BarOptions, HistOptions, ImshowOptions, PlotOptions, ScatterOptions } from './drawing-options.ts';
export type { Color } from './colors.ts';
export { Figure, FigureCanvas, type FigureOptions, type SaveOptions } from './figure.ts';
export {
  axhline,
  axis,
  axvline,
  bar,
  barh,
  close,
  colorbar,
  figure,
  fill_between,
  gca,
  gcf,
  grid,
  hist,
  imshow,
  legend,
  plot,
  savefig,
  sca,
  scatter,
  show,
  subplot,
  subplots,
  subplots_adjust,
  suptitle,
  text,
  tight_layout,
  title,
  xlabel,
  xlim,
  xscale,
  xticks,
  ylabel,
  ylim,
  yscale,
  yticks,
} from './pyplot.ts';
export { imread } from './imread.ts';
export type { Pixels } from './render.ts';
export type { Numbers } from './values.ts';
