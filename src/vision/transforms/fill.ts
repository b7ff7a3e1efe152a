// The colour outside of a transformed image.
import { ValueError } from '../../core/errors.ts';
import type { Image } from '../image/image.ts';
import { bandCount, type Color } from '../image/raster.ts';
import type { Fill } from './tensor_geometry.ts';

/** @throws ValueError unless there is one number, or one for each band. */
export function fillOf(fill: Fill, img: Image): Color {
  const bands = bandCount(img.mode);
  const given = typeof fill === 'number' || fill === null ? [fill ?? 0] : fill;
  if (given.length !== 1 && given.length !== bands) {
    throw new ValueError(
      `The number of elements in 'fill' does not match the number of channels of the image (${given.length} != ${bands})`,
    );
  }
  const all = given.length === 1 ? new Array<number>(bands).fill(given[0]!) : given;
  return img.mode === 'F' ? all : all.map(Math.trunc);
}
