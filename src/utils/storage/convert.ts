// From an image folder to few large files, and to smaller images: what training need not do in every epoch is done once.
import '../../surface/install.ts';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { ValueError } from '../../core/errors.ts';
import { writeAtomically } from '../../serialization/source.ts';
import { from_numpy } from '../../surface/arrays.ts';
import { formatOf } from '../../vision/image/codecs.ts';
import { Image } from '../../vision/image/image.ts';
import { type FolderListing, listImageFolder } from './image-folder.ts';
import type { PackedImage, PackedSink } from './packed-folder.ts';
import { pathOf } from './paths.ts';

export const FORMATS = ['lmdb', 'tfrecord', 'hdf5', 'mmap'] as const;
export type PackedFormat = (typeof FORMATS)[number];
export const ENCODINGS = ['keep', 'jpeg', 'png', 'webp', 'bmp', 'array'] as const;
/** `keep`: the files, or their formats, as they are. `bmp` decodes fast and is large; `array` is the pixels, which need no decoding. */
export type Encoding = (typeof ENCODINGS)[number];

export interface ResizeOptions {
  /**
   * The new size, as torchvision's Resize takes it: the shorter side in pixels, or `[height, width]`. Bilinear with antialiasing, so that
   * training sees what `transforms.Resize` would have given.
   */
  size?: number | readonly [height: number, width: number] | null;
  /** How images are stored. */
  encode?: Encoding | null;
  /** Of JPEG and WebP, 1 to 100. */
  quality?: number;
  /** Images that are read and decoded at once. */
  concurrency?: number;
  /** Called after every image. */
  on_progress?: ((done: number, total: number) => void) | null;
}
export interface ConvertOptions extends ResizeOptions {
  /** What to make; by the name of `out` if left out: `.lmdb`, `.tfrecord`, `.h5` or `.hdf5`, and `.mmap`. */
  format?: PackedFormat | null;
}
export interface Converted {
  readonly format: PackedFormat;
  readonly classes: readonly string[];
  /** Number of images. */
  readonly length: number;
}

const BY_NAME: Readonly<Record<string, PackedFormat>> = {
  '.lmdb': 'lmdb',
  '.tfrecord': 'tfrecord',
  '.tfrecords': 'tfrecord',
  '.h5': 'hdf5',
  '.hdf5': 'hdf5',
  '.mmap': 'mmap',
};
/** The formats' modules are loaded when they are wanted: two of them need packages of their own. */
const SINKS: Readonly<Record<PackedFormat, (path: string, classes: readonly string[]) => Promise<PackedSink>>> = {
  lmdb: async (path, classes) => (await import('./packed-lmdb.ts')).lmdbSink(path, classes),
  tfrecord: async (path, classes) => (await import('./packed-tfrecord.ts')).tfrecordSink(path, classes),
  hdf5: async (path, classes) => (await import('./packed-hdf5.ts')).hdf5Sink(path, classes),
  mmap: async (path, classes) => (await import('./packed-mapped.ts')).mappedSink(path, classes),
};

/**
 * Packs an image folder (a directory of directories, one a class) into an LMDB database, a TFRecord file, an HDF5 file or a directory of
 * mapped arrays, which LMDBImageFolder, TFRecordImageFolder, HDF5ImageFolder and MappedImageFolder read. What was there is replaced when
 * all is written; after an error nothing has changed.
 * @throws FileNotFoundError if the folder has no classes or images; an image that cannot be read is an error that names it.
 */
export async function convert_image_folder(root: string | URL, out: string | URL, options: ConvertOptions = {}): Promise<Converted> {
  const target = pathOf(out);
  const format = options.format ?? BY_NAME[extname(target).toLowerCase()];
  if (!format || !FORMATS.includes(format))
    throw new ValueError(
      `format should be one of ${FORMATS.join(', ')}, or the name of the output should say it (got ${format ?? target})`,
    );
  const folder = listImageFolder(pathOf(root));
  using sink = await SINKS[format](target, folder.classes);
  await eachImage(pathOf(root), folder, options, (path, label, image) => sink.add(path, label, image));
  sink.commit();
  return { format, classes: folder.classes, length: folder.samples.length };
}
/**
 * Writes an image folder again with smaller images: the pre-resize tool. Files keep their names; `encode` other than `keep` changes what
 * follows the last dot.
 * @throws ValueError without a size.
 */
export async function resize_image_folder(
  root: string | URL,
  out: string | URL,
  options: ResizeOptions & { size: NonNullable<ResizeOptions['size']> },
): Promise<number> {
  if (options.size === null || options.size === undefined) throw new ValueError('size is needed: the shorter side, or [height, width]');
  if (options.encode === 'array') throw new ValueError("encode 'array' is for packed folders: convert_image_folder");
  const folder = listImageFolder(pathOf(root));
  await eachImage(pathOf(root), folder, options, (path, _label, image) => {
    const name = join(pathOf(out), path.slice(0, path.length - extname(path).length) + suffixOf(path, options.encode ?? 'keep'));
    mkdirSync(dirname(name), { recursive: true });
    writeAtomically(name, [(image as { file: Uint8Array }).file]);
  });
  return folder.samples.length;
}
const suffixOf = (path: string, encode: Encoding): string => (encode === 'keep' ? extname(path) : `.${encode === 'jpeg' ? 'jpg' : encode}`);

/** Hands on the images of a folder in order, while the next ones are read and decoded. */
async function eachImage(
  root: string,
  { samples }: FolderListing,
  options: ResizeOptions,
  use: (path: string, target: number, image: PackedImage) => void,
): Promise<void> {
  checkOptions(options);
  const { concurrency = 8, on_progress = null } = options;
  const waiting: Promise<PackedImage>[] = [];
  const start = (i: number): void => {
    if (i >= samples.length) return;
    const image = prepare(root, samples[i]![0], options);
    image.catch(() => {}); // reported when its turn comes
    waiting.push(image);
  };
  for (let i = 0; i < concurrency; i++) start(i);
  for (let i = 0; i < samples.length; i++) {
    const image = await waiting.shift()!;
    start(i + concurrency);
    use(...samples[i]!, image);
    on_progress?.(i + 1, samples.length);
  }
}
function checkOptions({ size = null, encode = null, quality = 90, concurrency = 8 }: ResizeOptions): void {
  const sides = typeof size === 'number' ? [size] : (size ?? []);
  if (sides.some((side) => !Number.isInteger(side) || side <= 0) || sides.length > 2)
    throw new ValueError(`size should be positive whole numbers (got ${sides.join(', ')})`);
  if (encode !== null && !ENCODINGS.includes(encode))
    throw new ValueError(`encode should be one of ${ENCODINGS.join(', ')} (got ${String(encode)})`);
  if (!(quality >= 1 && quality <= 100)) throw new ValueError(`quality should be from 1 to 100 (got ${quality})`);
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new ValueError(`concurrency should be a positive number (got ${concurrency})`);
}
async function prepare(root: string, path: string, { size = null, encode = null, quality = 90 }: ResizeOptions): Promise<PackedImage> {
  const bytes = await readFile(join(root, path));
  if (size === null && (encode ?? 'keep') === 'keep') return { file: bytes };
  try {
    const image = (await Image.open_async(bytes)).convert('RGB');
    const small = size === null ? image : image.resize(newSize(image.size, size), Image.BILINEAR);
    if (encode === 'array') return { pixels: from_numpy(small.numpy()) };
    return { file: small.encode(formatFor(path, encode), { quality }) };
  } catch (e) {
    if (e instanceof Error) e.message = `${path}: ${e.message}`;
    throw e;
  }
}
/** Width and height after torchvision's Resize. */
function newSize([width, height]: readonly [number, number], size: number | readonly [number, number]): [number, number] {
  if (typeof size !== 'number') return [size[1], size[0]];
  return width <= height ? [size, Math.trunc((size * height) / width)] : [Math.trunc((size * width) / height), size];
}
const formatFor = (path: string, encode: Encoding | null): string => (encode === null || encode === 'keep' ? formatOf(path) : encode);
