// The legend: which artists it names, how large it is, and where it covers least.
import { type Artist, isMapped } from './artists.ts';
import type { Axes } from './axes.ts';
import type { Box } from './layout.ts';
import { ASCENT, DESCENT, textWidth } from './text.ts';

export const LEGEND_PLACES = [
  'best',
  'upper right',
  'upper left',
  'lower left',
  'lower right',
  'right',
  'center left',
  'center right',
  'lower center',
  'upper center',
  'center',
] as const;
export type LegendPlace = (typeof LEGEND_PLACES)[number];
export interface Legend {
  readonly labels: readonly string[] | null;
  readonly loc: LegendPlace;
  readonly fontsize: number;
  readonly frameon: boolean;
  readonly title: string;
}
export interface Entry {
  readonly artist: Artist;
  readonly label: string;
}
/** Lengths in multiples of the font size: matplotlib's defaults. */
export const LEGEND = { borderpad: 0.4, labelspacing: 0.5, handlelength: 2, handleheight: 0.7, handletextpad: 0.8, borderaxespad: 0.5 };

/** The named artists of an axes. Labels given to the legend go to the artists in the order of drawing. */
export function entriesOf(axes: Axes): Entry[] {
  const named = axes.artists.filter((a) => a.kind !== 'image' && a.kind !== 'text');
  const labels = axes.legendBox?.labels;
  if (labels) return labels.slice(0, named.length).map((label, i) => ({ artist: named[i]!, label }));
  return named
    .filter((a) => a.label !== null && a.label !== '' && !a.label.startsWith('_'))
    .map((artist) => ({ artist, label: artist.label! }));
}
export const lineStep = (fontsize: number): number => fontsize * (ASCENT + DESCENT + LEGEND.labelspacing);

/** The size of the legend with its frame. */
export function legendSize(entries: readonly Entry[], legend: Legend): { width: number; height: number } {
  const f = legend.fontsize;
  const rows = entries.length + (legend.title ? 1 : 0);
  const texts = Math.max(0, ...entries.map(({ label }) => textWidth(label, f)));
  const inner = Math.max(f * (LEGEND.handlelength + LEGEND.handletextpad) + texts, textWidth(legend.title, f));
  return { width: inner + 2 * f * LEGEND.borderpad, height: rows * lineStep(f) - f * LEGEND.labelspacing + 2 * f * LEGEND.borderpad };
}
/** Where the legend's frame stands in its axes. `points` are the drawn ones, in the axes' points. */
export function legendBox(
  size: { width: number; height: number },
  legend: Legend,
  axes: Box,
  points: readonly (readonly [number, number])[],
): Box {
  const pad = legend.fontsize * LEGEND.borderaxespad;
  const right = axes.width - size.width - pad;
  const bottom = axes.height - size.height - pad;
  const middle = { x: (axes.width - size.width) / 2, y: (axes.height - size.height) / 2 };
  const at = (place: LegendPlace): Box => ({
    ...size,
    x: place.endsWith('left') ? pad : place.endsWith('right') ? right : middle.x,
    y: place.startsWith('upper') ? pad : place.startsWith('lower') ? bottom : middle.y,
  });
  if (legend.loc !== 'best') return at(legend.loc);
  let [best, least] = [at('upper right'), Number.POSITIVE_INFINITY];
  for (const place of LEGEND_PLACES.slice(1)) {
    const box = at(place);
    const covered = points.reduce((n, [x, y]) => n + Number(x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height), 0);
    if (covered < least) [best, least] = [box, covered];
    if (least === 0) break;
  }
  return best;
}
const SAMPLES = 8;
type Point = [x: number, y: number];
const between = (a: number, b: number, k: number): number => a + ((b - a) * k) / SAMPLES;
/** Points that the legend should not cover: of lines also some between their ends, of bars some of their edges. */
export function occupied(artists: readonly Artist[], project: (x: number, y: number) => Point): Point[] {
  return artists.flatMap((artist): Point[] => {
    switch (artist.kind) {
      case 'points':
        return Array.from(artist.x, (x, i) => project(x, artist.y[i]!));
      case 'line':
        return alongLine(Array.from(artist.x, (x, i) => project(x, artist.y[i]!)));
      case 'area':
        return Array.from(artist.x).flatMap((x, i) => [project(x, artist.y0[i]!), project(x, artist.y1[i]!)]);
      case 'rects':
        return Array.from(artist.x0).flatMap((x0, i) =>
          Array.from({ length: SAMPLES + 1 }, (_, k) => between(artist.y0[i]!, artist.y1[i]!, k)).flatMap((y) => [
            project(x0, y),
            project((x0 + artist.x1[i]!) / 2, y),
            project(artist.x1[i]!, y),
          ]),
        );
      default:
        return [];
    }
  });
}
function alongLine(corners: readonly Point[]): Point[] {
  if (corners.length > 1000) return [...corners];
  return corners.flatMap((here, i) => {
    const before = corners[i - 1];
    if (!before) return [here];
    return Array.from({ length: SAMPLES }, (_, k): Point => [between(before[0], here[0], k + 1), between(before[1], here[1], k + 1)]);
  });
}
/** The colour that stands for an artist in the legend. */
export function handleColor(artist: Artist, map: (cmap: string, x: number) => string): string {
  if (artist.kind === 'image' || artist.kind === 'text') return '#000000';
  const { color } = artist;
  if (typeof color === 'string') return color;
  return isMapped(color) ? map(color.cmap, 0.5) : (color[0] ?? '#000000');
}
