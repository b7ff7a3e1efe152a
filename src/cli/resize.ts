// npx flambeau resize: an image folder with smaller images, so that training does not resize in every epoch.
import { parseArgs } from 'node:util';
import { type Encoding, resize_image_folder } from '../utils/storage/convert.ts';
import { UsageError } from './command.ts';
import { folders, IMAGE_OPTIONS, imageOptions } from './image-options.ts';

const ENCODINGS = ['keep', 'jpeg', 'png', 'webp', 'bmp'] as const satisfies readonly Encoding[];
export const usage = `Usage: flambeau resize FOLDER OUT --size S [options]

Writes an image folder (a directory of directories of images, one a class) again with resized images.

  --size S          S pixels for the shorter side, or HxW
  --encode E        ${ENCODINGS.join(', ')}; default: keep, the format of each file
  --quality Q       of JPEG and WebP, 1 to 100; default: 90
  --concurrency N   images that are read and decoded at once; default: 8
  --quiet           no progress`;

export async function run(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: IMAGE_OPTIONS });
  const [folder, out] = folders(positionals);
  const { size, ...options } = imageOptions(values, ENCODINGS);
  if (!size) throw new UsageError('--size is needed');
  const length = await resize_image_folder(folder, out, { ...options, size });
  console.log(`${length} images in ${out}`);
}
