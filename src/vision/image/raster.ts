// Pixels in memory: rows from the top, pixels from the left, the bands of a pixel beside each other.
import { ValueError } from '../../core/errors.ts';

/** Pillow's modes (https://pillow.readthedocs.io/en/stable/handbook/concepts.html#modes) without palettes. */
export type Mode = '1' | 'L' | 'LA' | 'RGB' | 'RGBA' | 'CMYK' | 'YCbCr' | 'HSV' | 'I' | 'F' | 'I;16';
export type Pixels = Uint8Array | Uint16Array | Int32Array | Float32Array;
/** `[width, height]`, as Pillow has it. */
export type Size = readonly [width: number, height: number];

/** An image's pixels. Bilevel images hold 0 and 255. */
export interface Raster {
  readonly mode: Mode;
  readonly width: number;
  readonly height: number;
  readonly data: Pixels;
}

interface ModeInfo {
  readonly bands: readonly string[];
  readonly array: new (length: number) => Pixels;
}
const bytes = (...bands: string[]): ModeInfo => ({ bands, array: Uint8Array });
const MODES: Readonly<Record<Mode, ModeInfo>> = {
  '1': bytes('1'),
  L: bytes('L'),
  LA: bytes('L', 'A'),
  RGB: bytes('R', 'G', 'B'),
  RGBA: bytes('R', 'G', 'B', 'A'),
  CMYK: bytes('C', 'M', 'Y', 'K'),
  YCbCr: bytes('Y', 'Cb', 'Cr'),
  HSV: bytes('H', 'S', 'V'),
  I: { bands: ['I'], array: Int32Array },
  F: { bands: ['F'], array: Float32Array },
  'I;16': { bands: ['I'], array: Uint16Array },
};
/** @throws ValueError for a mode that does not exist. */
export function modeInfo(mode: Mode): ModeInfo {
  const info = MODES[mode];
  if (!info) throw new ValueError(`unrecognized image mode ${JSON.stringify(mode)}`);
  return info;
}
export const bandCount = (mode: Mode): number => modeInfo(mode).bands.length;
/** Whether the samples are bytes. */
export const isBytes = (r: { readonly mode: Mode }): boolean => modeInfo(r.mode).array === Uint8Array;
export const hasAlpha = (mode: Mode): boolean => mode === 'LA' || mode === 'RGBA';

/** An image of zeros. */
export function blank(mode: Mode, width: number, height: number): Raster {
  if (width < 0 || height < 0) throw new ValueError('Width and height must be >= 0');
  const { bands, array } = modeInfo(mode);
  return { mode, width, height, data: new array(width * height * bands.length) };
}
/** Memory whose contents do not matter yet. Node skips the zeroing; a page cannot. */
export const uninitialized: (bytes: number) => ArrayBuffer =
  typeof Buffer !== 'undefined' && typeof Buffer.allocUnsafeSlow === 'function'
    ? (n) => Buffer.allocUnsafeSlow(n).buffer as ArrayBuffer
    : (n) => new ArrayBuffer(n);
/** Memory that is used again and again: what is in it lives until the next call with the same number. Warm memory costs a third of fresh one. */
const scratches: Uint8Array[] = [];
const LARGEST_SCRATCH = 1 << 26;
export function scratch(which: 0 | 1, mode: Mode, width: number, height: number): Raster {
  const { bands, array } = modeInfo(mode);
  const n = width * height * bands.length;
  if (array !== Uint8Array || n > LARGEST_SCRATCH) return fresh(mode, width, height);
  if ((scratches[which]?.length ?? 0) < n) scratches[which] = new Uint8Array(uninitialized(n));
  return { mode, width, height, data: scratches[which]!.subarray(0, n) };
}
/** An image whose pixels are all to be written. */
export function fresh(mode: Mode, width: number, height: number): Raster {
  const { bands, array } = modeInfo(mode);
  if (array !== Uint8Array) return blank(mode, width, height);
  return { mode, width, height, data: new Uint8Array(uninitialized(width * height * bands.length)) };
}
/** Other pixels of the same mode and size, all to be written. */
export const like = (r: Raster): Raster => fresh(r.mode, r.width, r.height);

/** One value for every band: a number, or one for each; a colour without an opacity is opaque. */
export type Color = number | readonly number[];
/** The values of a colour in a mode. */
export function colorOf(mode: Mode, color: Color): readonly number[] {
  const bands = bandCount(mode);
  if (typeof color !== 'number') {
    if (color.length === bands) return color;
    if (hasAlpha(mode) && color.length === bands - 1) return [...color, 255];
    if (bands === 1 && color.length > 0) return [color[0]!];
    throw new TypeError(`color must be int or tuple of ${bands} elements`);
  }
  // Pillow reads a number as the bytes of a pixel: the first band is the lowest, the opacity the highest.
  if (bands === 1) return [color];
  if (mode === 'LA') return [color & 255, color >>> 24];
  return [0, 8, 16, 24].slice(0, bands).map((shift) => (color >>> shift) & 255);
}
export function filled(mode: Mode, width: number, height: number, color: Color): Raster {
  const r = blank(mode, width, height);
  const values = colorOf(mode, color);
  if (values.every((v) => v === values[0])) r.data.fill(values[0]!);
  else for (let i = 0; i < r.data.length; i++) r.data[i] = values[i % values.length]!;
  return r;
}

/** The pixels in a box, which may reach over the borders: there they are 0. */
export function crop(r: Raster, [left, top, right, bottom]: readonly [number, number, number, number]): Raster {
  if (right < left) throw new ValueError("Coordinate 'right' is less than 'left'");
  if (bottom < top) throw new ValueError("Coordinate 'lower' is less than 'upper'");
  const inside = left >= 0 && top >= 0 && right <= r.width && bottom <= r.height;
  const out = (inside ? fresh : blank)(r.mode, right - left, bottom - top);
  paste(out, r, -left, -top);
  return out;
}
/** Writes an image over another of the same mode, its corner at a place that may lie outside. */
export function paste(onto: Raster, r: Raster, left: number, top: number): void {
  const bands = bandCount(r.mode);
  const [x0, x1] = [Math.max(left, 0), Math.min(left + r.width, onto.width)];
  const [y0, y1] = [Math.max(top, 0), Math.min(top + r.height, onto.height)];
  if (x0 >= x1) return;
  for (let y = y0; y < y1; y++) {
    const from = ((y - top) * r.width + x0 - left) * bands;
    onto.data.set(r.data.subarray(from, from + (x1 - x0) * bands), (y * onto.width + x0) * bands);
  }
}
/** One image for every band. */
export function split(r: Raster): Raster[] {
  const bands = bandCount(r.mode);
  if (bands === 1) return [{ ...r, data: r.data.slice() }];
  return Array.from({ length: bands }, (_, b) => {
    const out = blank('L', r.width, r.height);
    for (let i = 0; i < out.data.length; i++) out.data[i] = r.data[i * bands + b]!;
    return out;
  });
}
/** @throws ValueError if the bands are too few, or differ in size or mode. */
export function merge(mode: Mode, bands: readonly Raster[]): Raster {
  const n = bandCount(mode);
  if (bands.length !== n) throw new ValueError('wrong number of bands');
  if (bands.some((b) => b.mode !== (n === 1 ? mode : 'L'))) throw new ValueError('mode mismatch');
  if (bands.some((b) => b.width !== bands[0]!.width || b.height !== bands[0]!.height)) throw new ValueError('size mismatch');
  const out = blank(mode, bands[0]!.width, bands[0]!.height);
  bands.forEach(({ data }, b) => {
    for (let i = 0; i < data.length; i++) out.data[i * n + b] = data[i]!;
  });
  return out;
}
