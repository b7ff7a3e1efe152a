// The legend as marks of a vega specification.
import type { Mark } from 'vega';
import type { Artist } from './artists.ts';
import type { Axes } from './axes.ts';
import { hex, isNoLine } from './colors.ts';
import type { Box } from './layout.ts';
import { entriesOf, handleColor, LEGEND, legendBox, legendSize, lineStep, occupied } from './legend.ts';
import { dashOf, type Frame, symbolStyle } from './marks.ts';
import { ASCENT } from './text.ts';
import { text } from './text-mark.ts';

const value = <T>(v: T): { value: T } => ({ value: v });

/** Where a sample of an artist goes. */
interface Place {
  readonly left: number;
  readonly baseline: number;
  readonly width: number;
  readonly height: number;
}
/** A sample of an artist, before its name. */
function handle(artist: Artist, color: string, { left, baseline, width, height }: Place): Mark[] {
  const opacity = value(artist.alpha);
  const [x, y] = [value(left + width / 2), value(baseline - height / 2)];
  switch (artist.kind) {
    case 'line':
    case 'rule': {
      const stroke = { stroke: value(color), strokeWidth: value(artist.linewidth), ...dashOf(artist.linestyle, artist.linewidth) };
      const line: Mark = { type: 'rule', encode: { update: { x: value(left), x2: value(left + width), y, opacity, ...stroke } } };
      const lines = isNoLine(artist.linestyle) ? [] : [line];
      if (artist.kind === 'rule' || artist.marker === null) return lines;
      const style = symbolStyle(artist.marker, artist.markersize, color, null, 1);
      return [...lines, { type: 'symbol', encode: { update: { x, y, opacity, ...style } } }];
    }
    case 'points': {
      const style = symbolStyle(artist.marker, Math.sqrt(artist.sizes[0] ?? 36), color, artist.edgecolor, artist.linewidth);
      return [{ type: 'symbol', encode: { update: { x, y, opacity, ...style } } }];
    }
    case 'rects':
    case 'area': {
      const size = { x: value(left), width: value(width), y: value(baseline - height), height: value(height) };
      return [{ type: 'rect', encode: { update: { ...size, fill: value(color), opacity } } }];
    }
    default:
      return [];
  }
}
/** The legend of an axes as marks. */
export function legendMarks(axes: Axes, box: Box, frame: Frame): Mark[] {
  const settings = axes.legendBox;
  const entries = settings ? entriesOf(axes) : [];
  if (!settings || entries.length === 0) return [];
  const f = settings.fontsize;
  const points = settings.loc === 'best' ? occupied(axes.artists, frame.project) : [];
  const place = legendBox(legendSize(entries, settings), settings, box, points);
  const left = LEGEND.borderpad * f;
  const baseline = (row: number): number => LEGEND.borderpad * f + ASCENT * f + row * lineStep(f);
  const color = (cmap: string, x: number): string =>
    hex(
      ...(frame
        .map(cmap)(x)
        .map((c) => c / 255) as [number, number, number]),
    );
  const marks: Mark[] = settings.title ? [text(settings.title, place.width / 2, baseline(0), { fontsize: f })] : [];
  entries.forEach(({ artist, label }, i) => {
    const y = baseline(i + (settings.title ? 1 : 0));
    marks.push(
      ...handle(artist, handleColor(artist, color), { left, baseline: y, width: LEGEND.handlelength * f, height: LEGEND.handleheight * f }),
      text(label, left + f * (LEGEND.handlelength + LEGEND.handletextpad), y, { fontsize: f, align: 'left' }),
    );
  });
  const outline = settings.frameon
    ? {
        fill: value('#ffffff'),
        fillOpacity: value(0.8),
        stroke: value('#cccccc'),
        strokeWidth: value(1),
        strokeOpacity: value(0.8),
        cornerRadius: value(0.2 * f),
      }
    : {};
  const size = { x: value(place.x), y: value(place.y), width: value(place.width), height: value(place.height) };
  return [{ type: 'group', encode: { update: { ...size, ...outline } }, marks }];
}
