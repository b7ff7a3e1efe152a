// What an axes draws, as data: each kind says where it lies and which limits it asks for.
import { extent } from './values.ts';

/** Numbers that a colour map makes colours of. */
export interface Mapped {
  readonly values: Float64Array;
  cmap: string;
  vmin: number;
  vmax: number;
}
interface Drawn {
  /** What the legend says; null or a text that begins with '_' stays out of it. */
  label: string | null;
  alpha: number;
  readonly zorder: number;
}
export interface LineArtist extends Drawn {
  readonly kind: 'line';
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly color: string;
  readonly linewidth: number;
  readonly linestyle: string;
  readonly marker: string | null;
  readonly markersize: number;
}
export interface PointsArtist extends Drawn {
  readonly kind: 'points';
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Squares of diameters in points. */
  readonly sizes: Float64Array;
  /** One colour, one a point, or numbers. */
  readonly color: string | readonly string[] | Mapped;
  readonly edgecolor: string | null;
  readonly linewidth: number;
  readonly marker: string;
}
export interface RectsArtist extends Drawn {
  readonly kind: 'rects';
  readonly x0: Float64Array;
  readonly x1: Float64Array;
  readonly y0: Float64Array;
  readonly y1: Float64Array;
  readonly color: string | readonly string[];
  readonly edgecolor: string | null;
  readonly linewidth: number;
  /** The axis along which the bars stand on their base line. */
  readonly upright: 'x' | 'y';
}
export interface AreaArtist extends Drawn {
  readonly kind: 'area';
  readonly x: Float64Array;
  readonly y0: Float64Array;
  readonly y1: Float64Array;
  readonly color: string;
}
export interface ImageArtist extends Drawn {
  readonly kind: 'image';
  readonly height: number;
  readonly width: number;
  /** Four bytes a pixel, or numbers. */
  readonly pixels: Uint8Array | Mapped;
  /** left, right, bottom, top in the axes' coordinates. */
  readonly extent: readonly [number, number, number, number];
  readonly interpolation: 'nearest' | 'bilinear';
}
export interface RuleArtist extends Drawn {
  readonly kind: 'rule';
  readonly axis: 'x' | 'y';
  readonly at: number;
  readonly color: string;
  readonly linewidth: number;
  readonly linestyle: string;
}
export interface TextArtist extends Drawn {
  readonly kind: 'text';
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly color: string;
  readonly fontsize: number;
  readonly ha: 'left' | 'center' | 'right';
  readonly va: 'baseline' | 'bottom' | 'center' | 'top';
  readonly rotation: number;
}
export type Artist = LineArtist | PointsArtist | RectsArtist | AreaArtist | ImageArtist | RuleArtist | TextArtist;

export const isMapped = (x: unknown): x is Mapped => typeof x === 'object' && x !== null && 'cmap' in x;
/** The numbers of an artist that a colour map draws, if it has any. */
export function mappedOf(artist: Artist): Mapped | null {
  if (artist.kind === 'points' && isMapped(artist.color)) return artist.color;
  return artist.kind === 'image' && isMapped(artist.pixels) ? artist.pixels : null;
}
/** What an artist asks of one axis: the range of its numbers, and the ends that need no margin. */
export interface Range {
  readonly low: number;
  readonly high: number;
  readonly sticky: readonly number[];
}
/** The range along an axis; null if the artist asks for none. `positive` leaves out what a logarithmic axis can't show. */
export function rangeOf(artist: Artist, axis: 'x' | 'y', positive: boolean): Range | null {
  const among = (numbers: Iterable<number>, sticky: readonly number[] = []): Range | null => {
    const found = extent(positive ? [...numbers].filter((v) => v > 0) : numbers);
    return found && { low: found[0], high: found[1], sticky };
  };
  switch (artist.kind) {
    case 'line':
    case 'points':
      return among(artist[axis]);
    case 'rects': {
      const [from, to] = axis === 'x' ? [artist.x0, artist.x1] : [artist.y0, artist.y1];
      return among([...from, ...to], artist.upright === axis ? [...new Set(from)] : []);
    }
    case 'area':
      return among(axis === 'x' ? artist.x : [...artist.y0, ...artist.y1]);
    case 'image': {
      const [left, right, bottom, top] = artist.extent;
      const ends = axis === 'x' ? [left, right] : [bottom, top];
      return among(ends, ends);
    }
    case 'rule':
      return artist.axis === axis ? among([artist.at]) : null;
    case 'text':
      return null;
  }
}
