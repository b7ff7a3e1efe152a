// Image files as arrays: matplotlib.image.imread.
import type { NDArray } from '../surface/arrays.ts';
import { Image } from '../vision/image/image.ts';

/**
 * An image file as an array (height, width) for grey, (height, width, 3) or (height, width, 4) for coloured ones: a PNG's from 0 to 1 in
 * float32, any other's as it is stored, in uint8.
 * @throws FileNotFoundError, UnidentifiedImageError. See https://matplotlib.org/stable/api/image_api.html#matplotlib.image.imread.
 */
export function imread(fname: string | URL): NDArray {
  const image = Image.open(fname);
  const plain = ['L', 'RGB', 'RGBA'].includes(image.mode)
    ? image
    : image.convert(image.mode === '1' ? 'L' : image.mode === 'LA' ? 'RGBA' : 'RGB');
  const pixels = plain.numpy();
  if (image.format !== 'PNG') return pixels;
  return { ...pixels, data: Float32Array.from(pixels.data as Uint8Array, (v) => v / 255), dtype: 'float32' };
}
