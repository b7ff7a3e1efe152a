// Artists as marks of a vega specification; coordinates go through the scales 'x' and 'y' of their axes.
import type { Mark } from 'vega';
import { type Artist, type ImageArtist, isMapped, type LineArtist, type PointsArtist, type RectsArtist } from './artists.ts';
import { dashes, hex, isNoLine } from './colors.ts';
import { markerShape } from './markers.ts';
import { type ImageTools, imageURL } from './raster.ts';
import { FONT } from './text.ts';

/** What marks need to know of their axes. */
export interface Frame extends ImageTools {
  readonly width: number;
  readonly height: number;
  /** A unique beginning of names. */
  readonly name: string;
  /** Pixels a point. */
  readonly pixels: number;
  /** A point of the axes' coordinates in points from its upper left corner. */
  project(x: number, y: number): [number, number];
}
export interface Drawn {
  readonly data: { name: string; values: object[] }[];
  readonly marks: Mark[];
}
const value = <T>(v: T): { value: T } => ({ value: v });
const at = (scale: 'x' | 'y', field: string): { scale: string; field: string } => ({ scale, field });
const finite = (v: number): number | null => (Number.isFinite(v) ? v : null);

/** The dash pattern in points; none for a solid line. */
export function dashOf(linestyle: string, width: number): { strokeDash?: { value: number[] } } {
  const pattern = dashes(linestyle);
  return pattern ? { strokeDash: value(pattern.map((d) => Number((d * width).toFixed(3)))) } : {};
}
/** How a marker is filled and outlined. */
export function symbolStyle(
  marker: string,
  size: number,
  color: string,
  edge: string | null,
  linewidth: number,
): Record<string, { value: unknown }> {
  const { path, scale, open } = markerShape(marker);
  return {
    shape: value(path),
    size: value((size * scale) ** 2),
    fill: value(open ? 'transparent' : color),
    stroke: value(edge ?? color),
    strokeWidth: value(linewidth),
  };
}

function line(artist: LineArtist, name: string): Drawn {
  const rows = Array.from(artist.x, (x, i) => ({ x: finite(x), y: finite(artist.y[i]!) }));
  const from = { data: name };
  const marks: Mark[] = [];
  const opacity = value(artist.alpha);
  if (!isNoLine(artist.linestyle)) {
    marks.push({
      type: 'line',
      from,
      encode: {
        update: {
          x: at('x', 'x'),
          y: at('y', 'y'),
          defined: { signal: 'isValid(datum.x) && isValid(datum.y)' },
          stroke: value(artist.color),
          strokeWidth: value(artist.linewidth),
          ...dashOf(artist.linestyle, artist.linewidth),
          strokeCap: value(dashes(artist.linestyle) ? ('butt' as const) : ('square' as const)),
          strokeJoin: value('round' as const),
          opacity,
        },
      },
    });
  }
  if (artist.marker) {
    const style = symbolStyle(artist.marker, artist.markersize, artist.color, null, 1);
    marks.push({
      type: 'symbol',
      from: { data: `${name}_points` },
      encode: { update: { x: at('x', 'x'), y: at('y', 'y'), opacity, ...style } },
    });
  }
  const points = { name: `${name}_points`, values: rows.filter((r) => r.x !== null && r.y !== null) };
  return { data: [{ name, values: rows }, ...(artist.marker ? [points] : [])], marks };
}
function points(artist: PointsArtist, frame: Frame, name: string): Drawn {
  const { color, sizes, marker } = artist;
  const { path, scale, open } = markerShape(marker);
  const colorAt = colorsOf(color, frame);
  const rows = Array.from(artist.x, (x, i) => ({
    x,
    y: artist.y[i]!,
    color: colorAt(i),
    size: (sizes[sizes.length === 1 ? 0 : i]! as number) * scale ** 2,
  })).filter((r) => Number.isFinite(r.x) && Number.isFinite(r.y) && r.color !== null);
  const mark: Mark = {
    type: 'symbol',
    from: { data: name },
    encode: {
      update: {
        x: at('x', 'x'),
        y: at('y', 'y'),
        shape: value(path),
        size: { field: 'size' },
        fill: open ? value('transparent') : { field: 'color' },
        stroke: artist.edgecolor === null ? { field: 'color' } : value(artist.edgecolor),
        strokeWidth: value(artist.linewidth),
        opacity: value(artist.alpha),
      },
    },
  };
  return { data: [{ name, values: rows }], marks: [mark] };
}
/** The colour of each point; null where its number has none. */
function colorsOf(color: PointsArtist['color'], frame: Frame): (i: number) => string | null {
  if (typeof color === 'string') return () => color;
  if (!isMapped(color)) return (i) => color[i]!;
  const { values, vmin, vmax, cmap } = color;
  const map = frame.map(cmap);
  return (i) => {
    if (!Number.isFinite(values[i]!)) return null;
    const [r, g, b] = map(vmax > vmin ? (values[i]! - vmin) / (vmax - vmin) : 0);
    return hex(r / 255, g / 255, b / 255);
  };
}
const SEAM = 0.3;
function rects(artist: RectsArtist, name: string): Drawn {
  const { color } = artist;
  const rows = Array.from(artist.x0, (x0, i) => ({
    x0,
    x1: artist.x1[i]!,
    y0: artist.y0[i]!,
    y1: artist.y1[i]!,
    color: typeof color === 'string' ? color : color[i % color.length]!,
  }));
  // Bars that touch would show seams where both cover a pixel in part: a hairline of their own colour closes them.
  const outline =
    artist.edgecolor !== null
      ? { stroke: value(artist.edgecolor), strokeWidth: value(artist.linewidth) }
      : artist.alpha === 1
        ? { stroke: { field: 'color' }, strokeWidth: value(SEAM) }
        : {};
  const mark: Mark = {
    type: 'rect',
    from: { data: name },
    encode: {
      update: {
        x: at('x', 'x0'),
        x2: at('x', 'x1'),
        y: at('y', 'y0'),
        y2: at('y', 'y1'),
        fill: { field: 'color' },
        opacity: value(artist.alpha),
        ...outline,
      },
    },
  };
  return { data: [{ name, values: rows }], marks: [mark] };
}
function image(artist: ImageArtist, frame: Frame): Mark {
  const [left, right, bottom, top] = artist.extent;
  const [x0, y0] = frame.project(left, top);
  const [x1, y1] = frame.project(right, bottom);
  const room = [Math.abs(x1 - x0) * frame.pixels, Math.abs(y1 - y0) * frame.pixels] as const;
  return {
    type: 'image',
    encode: {
      update: {
        url: value(imageURL(artist, frame, room, x1 < x0, y1 < y0)),
        x: value(Math.min(x0, x1)),
        y: value(Math.min(y0, y1)),
        width: value(Math.abs(x1 - x0)),
        height: value(Math.abs(y1 - y0)),
        aspect: value(false),
        opacity: value(artist.alpha),
      },
    },
  };
}
const BASELINES = { baseline: 'alphabetic', bottom: 'bottom', center: 'middle', top: 'top' } as const;

/** The data and marks of an artist; `index` tells it from the others of its axes. */
export function draw(artist: Artist, frame: Frame, index: number): Drawn {
  const name = `${frame.name}_${index}`;
  switch (artist.kind) {
    case 'line':
      return line(artist, name);
    case 'points':
      return points(artist, frame, name);
    case 'rects':
      return rects(artist, name);
    case 'area': {
      const rows = Array.from(artist.x, (x, i) => ({ x: finite(x), y0: finite(artist.y0[i]!), y1: finite(artist.y1[i]!) }));
      const update = {
        x: at('x', 'x'),
        y: at('y', 'y0'),
        y2: at('y', 'y1'),
        defined: { signal: 'isValid(datum.x) && isValid(datum.y0) && isValid(datum.y1)' },
        fill: value(artist.color),
        opacity: value(artist.alpha),
      };
      return { data: [{ name, values: rows }], marks: [{ type: 'area', from: { data: name }, encode: { update } }] };
    }
    case 'image':
      return { data: [], marks: [image(artist, frame)] };
    case 'rule': {
      const ends =
        artist.axis === 'x'
          ? { x: { scale: 'x', value: artist.at }, y: value(0), y2: value(frame.height) }
          : { y: { scale: 'y', value: artist.at }, x: value(0), x2: value(frame.width) };
      const update = {
        ...ends,
        stroke: value(artist.color),
        strokeWidth: value(artist.linewidth),
        ...dashOf(artist.linestyle, artist.linewidth),
        opacity: value(artist.alpha),
      };
      return { data: [], marks: [{ type: 'rule', encode: { update } }] };
    }
    case 'text': {
      const update = {
        x: { scale: 'x', value: artist.x },
        y: { scale: 'y', value: artist.y },
        text: value(artist.text.split('\n')),
        font: value(FONT),
        fontSize: value(artist.fontsize),
        fill: value(artist.color),
        align: value(artist.ha),
        baseline: value(BASELINES[artist.va]),
        angle: value(-artist.rotation),
      };
      return { data: [], marks: [{ type: 'text', encode: { update } }] };
    }
  }
}
