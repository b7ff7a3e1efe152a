// Images as PNG texts: pixels become colours, and are enlarged here so that every renderer shows sharp ones.
import { type ImageArtist, isMapped } from './artists.ts';
import type { Colormap } from './colormaps.ts';
import type { Values } from './values.ts';

const clampByte = (x: number): number => (x > 255 ? 255 : x > 0 ? Math.round(x) : 0);

/** Colours from 0 to 1, or whole numbers from 0 to 255, as four bytes a pixel. */
export function pixelsOf({ data, isInteger }: Values, channels: number): Uint8Array {
  const n = data.length / channels;
  const out = new Uint8Array(4 * n).fill(255);
  const factor = isInteger ? 1 : 255;
  for (let i = 0; i < n; i++) for (let c = 0; c < channels; c++) out[4 * i + c] = clampByte(data[channels * i + c]! * factor);
  return out;
}
/** Numbers in the colours of a map; what isn't finite is transparent. */
function colored(artist: ImageArtist, map: (cmap: string) => Colormap): Uint8Array {
  if (!isMapped(artist.pixels)) return artist.pixels;
  const { values, vmin, vmax, cmap } = artist.pixels;
  const color = map(cmap);
  const out = new Uint8Array(4 * values.length);
  values.forEach((v, i) => {
    if (!Number.isFinite(v)) return;
    const [r, g, b] = color(vmax > vmin ? (v - vmin) / (vmax - vmin) : 0);
    out[4 * i] = clampByte(r);
    out[4 * i + 1] = clampByte(g);
    out[4 * i + 2] = clampByte(b);
    out[4 * i + 3] = 255;
  });
  return out;
}
/** Four bytes a pixel, row by row. */
export interface Raster {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}
/** Every pixel as a block of `factor` by `factor`. */
function enlarge({ data, width, height }: Raster, factor: number): Raster {
  if (factor === 1) return { data, width, height };
  const source = new Uint32Array(data.buffer, data.byteOffset, width * height);
  const out = new Uint32Array(width * height * factor * factor);
  for (let y = 0; y < height * factor; y++) {
    const from = Math.floor(y / factor) * width;
    for (let x = 0; x < width; x++) out.fill(source[from + x]!, (y * width + x) * factor, (y * width + x + 1) * factor);
  }
  return { data: new Uint8Array(out.buffer), width: width * factor, height: height * factor };
}
/** Between pixels, their mixture. */
function smoothed({ data, width, height }: Raster, factor: number): Raster {
  const [w, h] = [width * factor, height * factor];
  const out = new Uint8Array(4 * w * h);
  const at = (i: number, n: number): [number, number, number] => {
    const place = Math.min(n - 1, Math.max(0, (i + 0.5) / factor - 0.5));
    const low = Math.min(Math.floor(place), Math.max(0, n - 2));
    return [low, Math.min(n - 1, low + 1), place - low];
  };
  for (let y = 0; y < h; y++) {
    const [y0, y1, fy] = at(y, height);
    for (let x = 0; x < w; x++) {
      const [x0, x1, fx] = at(x, width);
      for (let c = 0; c < 4; c++) {
        const pixel = (row: number, column: number): number => data[4 * (row * width + column) + c]!;
        const upper = pixel(y0, x0) * (1 - fx) + pixel(y0, x1) * fx;
        const lower = pixel(y1, x0) * (1 - fx) + pixel(y1, x1) * fx;
        out[4 * (y * w + x) + c] = clampByte(upper * (1 - fy) + lower * fy);
      }
    }
  }
  return { data: out, width: w, height: h };
}
/** Makes a PNG file. */
export type Encode = (raster: Raster) => Uint8Array;
function base64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}
/** What images are drawn with: colour maps by name, and an encoder. */
export interface ImageTools {
  map(cmap: string): Colormap;
  readonly encode: Encode;
}
/**
 * An image as a data URL. `room` is its width and height on paper in pixels; `flipX` and `flipY` turn it round.
 */
export function imageURL(
  artist: ImageArtist,
  { map, encode }: ImageTools,
  room: readonly [number, number],
  flipX: boolean,
  flipY: boolean,
): string {
  const { width, height } = artist;
  const data = flipped(colored(artist, map), width, height, flipX, flipY);
  const factor = Math.max(1, Math.ceil(Math.max(room[0] / width, room[1] / height)));
  const enlarged = (artist.interpolation === 'bilinear' ? smoothed : enlarge)({ data, width, height }, factor);
  return `data:image/png;base64,${base64(encode(enlarged))}`;
}
function flipped(data: Uint8Array, width: number, height: number, flipX: boolean, flipY: boolean): Uint8Array {
  if (!flipX && !flipY) return data.slice();
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 4 * ((flipY ? height - 1 - y : y) * width + (flipX ? width - 1 - x : x));
      out.set(data.subarray(from, from + 4), 4 * (y * width + x));
    }
  }
  return out;
}
