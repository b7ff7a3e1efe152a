// npx flambeau convert: packs an image folder into one large file.
import { parseArgs } from 'node:util';
import { convert_image_folder, ENCODINGS, FORMATS } from '../utils/storage/convert.ts';
import { choice, folders, IMAGE_OPTIONS, imageOptions } from './image-options.ts';

export const usage = `Usage: flambeau convert FOLDER OUT [options]

Packs an image folder (a directory of directories of images, one a class) into an LMDB database, a TFRecord file, an HDF5 file or a
directory of arrays that are mapped into memory. The name of OUT says which: .lmdb, .tfrecord, .h5 or .mmap.

  --format F        ${FORMATS.join(', ')}: whatever the name of OUT is
  --size S          resize: S pixels for the shorter side, or HxW
  --encode E        how images are stored: ${ENCODINGS.join(', ')} (the pixels; needs --size HxW for hdf5 and mmap); default: keep
  --quality Q       of JPEG and WebP, 1 to 100; default: 90
  --concurrency N   images that are read and decoded at once; default: 8
  --quiet           no progress`;

export async function run(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...IMAGE_OPTIONS, format: { type: 'string' } },
  });
  const [folder, out] = folders(positionals);
  const options = { ...imageOptions(values, ENCODINGS), format: choice('format', values.format, FORMATS) };
  const { format, classes, length } = await convert_image_folder(folder, out, options);
  console.log(`${length} images of ${classes.length} classes in ${out} (${format})`);
}
