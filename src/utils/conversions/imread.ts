// Image files as arrays: matplotlib.image.imread.
import { FileNotFoundError, OSError, ValueError } from '../../core/errors.ts';
import { builtin } from '../../core/host.ts';
import type { NDArray } from '../../surface/ndarray.ts';
import { Image } from '../../vision/image/image.ts';
import type { Mode } from '../../vision/image/raster.ts';

/**
 * An image file as an array, as matplotlib.image.imread gives it: (height, width) for grey images, (height, width, 3) for coloured and
 * (height, width, 4) for transparent ones and those with a palette. PNG files give float32 from 0 to 1, all others uint8 from 0 to 255.
 * Grey PNG files of 2 and 4 bits a pixel are scaled like all others, while matplotlib's are not.
 * @param fname The file's name, or its bytes.
 * @throws FileNotFoundError; UnidentifiedImageError if it is no image; OSError if it is cut off; ValueError for a URL.
 *
 * See https://matplotlib.org/stable/api/image_api.html#matplotlib.image.imread.
 */
export function imread(fname: string | URL | Uint8Array): NDArray {
  const bytes = fname instanceof Uint8Array ? fname : read(fname);
  const image = Image.open(bytes);
  const pixelsAs = (mode: Mode): NDArray => (image.mode === mode ? image : image.convert(mode)).numpy();
  if (image.format !== 'PNG') return pixelsAs(plainMode(image.mode, bytes));
  if (image.mode === 'I;16') return scaled(image.numpy(), 65535);
  return scaled(pixelsAs(image.mode === '1' ? 'L' : plainMode(image.mode, bytes)), 255);
}
/** Modes that matplotlib keeps; all others, and palettes, become RGBA. */
function plainMode(mode: Mode, bytes: Uint8Array): Mode {
  if (hasPalette(bytes)) return isGrayBitmap(bytes) ? 'L' : 'RGBA';
  return mode === 'L' || mode === 'RGB' || mode === 'RGBA' || mode === 'I;16' ? mode : 'RGBA';
}
function read(fname: string | URL): Uint8Array {
  if (/^(https?|ftp|data):/.test(String(fname)))
    throw new ValueError(
      'Please open the URL for reading and pass the bytes, e.g. with `imread(new Uint8Array(await (await fetch(url)).arrayBuffer()))`.',
    );
  const files = builtin<typeof import('node:fs')>('fs');
  if (!files) throw new OSError('files can be opened in Node.js only; a page gives the bytes');
  try {
    return files.readFileSync(fname);
  } catch (e) {
    if ((e as { code?: string }).code !== 'ENOENT') throw e;
    throw new FileNotFoundError(`[Errno 2] No such file or directory: '${String(fname)}'`, { cause: e });
  }
}
const scaled = (pixels: NDArray, max: number): NDArray => ({
  ...pixels,
  data: Float32Array.from(pixels.data as Uint8Array, (v) => v / max),
  dtype: 'float32',
});
/** Images of Pillow's mode P, which Image resolves. */
function hasPalette(bytes: Uint8Array): boolean {
  const is = (...head: number[]): boolean => head.every((b, i) => bytes[i] === b);
  if (is(0x89, 0x50)) return bytes[25] === 3;
  if (is(0x42, 0x4d)) return bytes[28]! <= 8;
  return is(0x47, 0x49, 0x46);
}
/** A bitmap of 256 colours whose palette is the grey ramp, which Pillow reads as grey. */
function isGrayBitmap(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x42 || bytes[28] !== 8) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const palette = 14 + view.getUint32(14, true);
  const colors = view.getUint32(46, true) || 256;
  return Array.from({ length: colors }, (_, i) => i).every((i) => [0, 1, 2].every((band) => bytes[palette + 4 * i + band] === i));
}
