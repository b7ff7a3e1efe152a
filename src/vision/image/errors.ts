// What goes wrong with image files, in Pillow's classes and words.
import { OSError } from '../../core/errors.ts';

/** PIL.UnidentifiedImageError: the file is in no format that can be read. */
export class UnidentifiedImageError extends OSError {
  override name = 'UnidentifiedImageError';
}
/** PIL.Image.DecompressionBombError: the file claims far more pixels than images have. */
export class DecompressionBombError extends Error {
  override name = 'DecompressionBombError';
}
export const truncated = (where: string, why: string): OSError => new OSError(`image file is truncated: ${where} (${why})`);
/** What a decoder's complaint means. */
export const broken = (where: string, why: string): OSError =>
  /unexpected end|fill whole buffer|premature end|EOF|end of file/i.test(why)
    ? truncated(where, why)
    : new OSError(`unrecognized data stream contents when reading image file: ${where} (${why})`);
