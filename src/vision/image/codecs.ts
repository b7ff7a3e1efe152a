// From files to pixels and back. JPEG: libjpeg-turbo where it runs; everything else, and JPEG elsewhere: @napi-rs/image; asynchronously: sharp.
import { OSError, ValueError } from '../../core/errors.ts';
import { convert } from './convert.ts';
import { broken, truncated, UnidentifiedImageError, DecompressionBombError } from './errors.ts';
import { type Format, type Header, readHeader } from './headers.ts';
import { need, optional } from './packages.ts';
import { encodePng } from './png.ts';
import { bandCount, type Mode, type Raster } from './raster.ts';
import { decodeJpeg, encodeJpeg, type JpegOptions, turbojpeg } from './turbojpeg.ts';

type NapiImage = typeof import('@napi-rs/image');
type Sharp = typeof import('sharp').default;

/** Images of more than twice as many pixels are refused (PIL.Image.MAX_IMAGE_PIXELS). */
export const MAX_IMAGE_PIXELS = 89478485;
/** An image file of a known format. */
export interface Encoded extends Header {
  readonly bytes: Uint8Array;
  /** The file in messages. */
  readonly where: string;
  readonly mode: Mode;
  readonly size: readonly [width: number, height: number];
}

/** Modes by @napi-rs/image's colour types: bytes, then 16 bits. */
const COLOR_TYPES: readonly (readonly [mode: Mode, wide: boolean])[] = [
  ['L', false],
  ['LA', false],
  ['RGB', false],
  ['RGBA', false],
  ['I;16', true],
  ['LA', true],
  ['RGB', true],
  ['RGBA', true],
];
const message = (e: unknown): string => (e instanceof Error ? e.message : String(e)).replace(/^Decode image failed /, '');
const library = (): NapiImage => need<NapiImage>('@napi-rs/image', 'reading and writing image files');

/**
 * Reads the header of a file.
 * @throws UnidentifiedImageError for anything but an image, OSError for a header that is cut off, DecompressionBombError for absurd sizes.
 */
export function identify(bytes: Uint8Array, where: string): Encoded {
  const header = readHeader(bytes);
  if (!header) throw new UnidentifiedImageError(`cannot identify image file ${where}`);
  const known = header.mode !== null && header.size !== null ? header : { ...header, ...describedByDecoder(header, bytes, where) };
  const pixels = known.size![0] * known.size![1];
  if (pixels > 2 * MAX_IMAGE_PIXELS) {
    throw new DecompressionBombError(
      `Image size (${pixels} pixels) exceeds limit of ${2 * MAX_IMAGE_PIXELS} pixels, could be decompression bomb DOS attack.`,
    );
  }
  return { ...known, mode: known.mode!, size: known.size!, bytes, where };
}
function describedByDecoder({ format }: Header, bytes: Uint8Array, where: string): Pick<Encoded, 'mode' | 'size'> {
  if (format === 'GIF') throw new OSError(`GIF files are decoded asynchronously only, by Image.open_async: ${where}`);
  const { Transformer } = library();
  try {
    const { width, height, colorType } = new Transformer(bytes).metadataSync();
    return { mode: COLOR_TYPES[colorType]?.[0] ?? 'RGB', size: [width, height] };
  } catch (e) {
    throw broken(where, message(e));
  }
}

/** Decoders make an image of what there is of a JPEG file, and say so or not; Pillow wants its end. */
function requireEnd(file: Encoded): void {
  if (file.format === 'JPEG' && !file.ends) throw truncated(file.where, 'premature end of JPEG file');
}
/**
 * The pixels of a file; `passing`: perhaps in memory that the next such call overwrites.
 * @throws OSError for files that are cut off or damaged.
 */
export function decode(file: Encoded, passing = false): Raster {
  requireEnd(file);
  const turbo = file.format === 'JPEG' ? turbojpeg() : null;
  if (turbo) return upright(decodeJpeg(turbo, file.bytes, file.mode, file.where, passing), file);
  try {
    const image = new (library().Transformer)(file.bytes);
    return fromNapi(image.rawPixelsSync(), file, image.metadataSync().colorType);
  } catch (e) {
    throw broken(file.where, message(e));
  }
}
/** As decode, on other threads. */
export async function decodeAsync(file: Encoded): Promise<Raster> {
  requireEnd(file);
  const sharp = file.format === 'JPEG' && file.mode !== 'CMYK' ? optional<Sharp>('sharp') : null;
  if (file.format === 'JPEG' && !sharp && turbojpeg()) return decode(file);
  try {
    if (sharp) return await throughSharp(sharp, file);
    const image = new (library().Transformer)(file.bytes);
    const { colorType } = await image.metadata();
    return fromNapi(await image.rawPixels(), file, colorType);
  } catch (e) {
    throw e instanceof OSError ? e : broken(file.where, message(e));
  }
}
async function throughSharp(sharp: Sharp, file: Encoded): Promise<Raster> {
  const image = sharp(file.bytes, { failOn: 'truncated', limitInputPixels: 2 * MAX_IMAGE_PIXELS });
  const { data, info } = await (file.mode === 'L' ? image.toColourspace('b-w') : image).raw().toBuffer({ resolveWithObject: true });
  return {
    mode: file.mode,
    width: info.width,
    height: info.height,
    data: data.subarray(0, info.width * info.height * bandCount(file.mode)),
  };
}
/** A file that only sharp reads (GIF): its first image. */
export async function openWithSharp(bytes: Uint8Array, where: string): Promise<Raster> {
  const sharp = need<Sharp>('sharp', 'reading GIF files');
  try {
    const { data, info } = await sharp(bytes, { failOn: 'truncated' }).raw().toBuffer({ resolveWithObject: true });
    const mode = (['L', 'LA', 'RGB', 'RGBA'] as const)[info.channels - 1]!;
    return { mode, width: info.width, height: info.height, data };
  } catch (e) {
    throw broken(where, message(e));
  }
}

function fromNapi(pixels: Uint8Array, file: Encoded, colorType: number): Raster {
  const [width, height] = file.size;
  const [mode, wide] = COLOR_TYPES[colorType] ?? ['RGB', false];
  let data: Uint8Array | Uint16Array = pixels;
  if (wide) {
    data = new Uint16Array(pixels.buffer.slice(pixels.byteOffset, pixels.byteOffset + pixels.byteLength));
    if (mode !== 'I;16') data = Uint8Array.from(data, (v) => v >> 8);
  }
  const r: Raster = { mode, width, height, data };
  if (mode === file.mode) return r;
  return file.mode === '1' ? { ...r, mode: '1' } : convert(r, file.mode);
}
function upright(r: Raster, { inverted }: Encoded): Raster {
  if (inverted) for (let i = 0; i < r.data.length; i++) r.data[i] = 255 - r.data[i]!;
  return r;
}

const EXTENSIONS: Readonly<Record<string, Format>> = {
  '.jpg': 'JPEG',
  '.jpeg': 'JPEG',
  '.jpe': 'JPEG',
  '.jfif': 'JPEG',
  '.png': 'PNG',
  '.webp': 'WEBP',
  '.bmp': 'BMP',
  '.tif': 'TIFF',
  '.tiff': 'TIFF',
  '.ppm': 'PPM',
  '.pgm': 'PPM',
  '.pnm': 'PPM',
};
/** @throws ValueError for an unknown extension. */
export function formatOf(path: string): Format {
  const extension = /\.[^./\\]*$/.exec(path)?.[0].toLowerCase() ?? '';
  const format = EXTENSIONS[extension];
  if (!format) throw new ValueError(`unknown file extension: ${extension}`);
  return format;
}
export interface EncodeOptions extends JpegOptions {
  /** Of PNG files, 0 to 9; 6 if not given. */
  readonly compress_level?: number;
  /** Of WebP files. */
  readonly lossless?: boolean;
}
/** What a format can hold. */
const WRITABLE: Readonly<Partial<Record<Format, readonly Mode[]>>> = {
  JPEG: ['1', 'L', 'RGB', 'CMYK', 'YCbCr'],
  PNG: ['1', 'L', 'LA', 'RGB', 'RGBA', 'I', 'I;16'],
  WEBP: ['1', 'L', 'LA', 'RGB', 'RGBA', 'CMYK', 'YCbCr', 'HSV', 'I', 'F', 'I;16'],
  BMP: ['1', 'L', 'RGB', 'RGBA'],
  TIFF: ['1', 'L', 'LA', 'RGB', 'RGBA'],
  PPM: ['1', 'L', 'RGB', 'RGBA'],
};
/**
 * The bytes of an image file.
 * @throws OSError if the format cannot hold the mode, ValueError for an unknown format.
 */
export function encode(r: Raster, format: string, options: EncodeOptions = {}): Uint8Array {
  const name = (format.toUpperCase() === 'JPG' ? 'JPEG' : format.toUpperCase()) as Format;
  const modes = WRITABLE[name];
  if (!modes) throw new ValueError(`unknown file format: ${format}`);
  if (!modes.includes(r.mode)) throw new OSError(`cannot write mode ${r.mode} as ${name}`);
  switch (name) {
    case 'JPEG':
      return writeJpeg(r.mode === '1' ? convert(r, 'L') : r.mode === 'YCbCr' ? convert(r, 'RGB') : r, options);
    case 'PNG':
      return encodePng(r, options.compress_level ?? 6);
    case 'PPM':
      return writePnm(r);
    default:
      return throughRgba(r, name, options);
  }
}
function writeJpeg(r: Raster, options: EncodeOptions): Uint8Array {
  const turbo = turbojpeg();
  if (turbo) return encodeJpeg(turbo, r, options);
  return rgbaTransformer(r).jpegSync(options.quality ?? 75);
}
function writePnm(r: Raster): Uint8Array {
  const pixels = r.mode === '1' ? convert(r, 'L') : r.mode === 'RGBA' ? convert(r, 'RGB') : r;
  const header = new TextEncoder().encode(`P${pixels.mode === 'L' ? 5 : 6}\n${r.width} ${r.height}\n255\n`);
  const out = new Uint8Array(header.length + pixels.data.length);
  out.set(header);
  out.set(pixels.data, header.length);
  return out;
}
function rgbaTransformer(r: Raster): InstanceType<NapiImage['Transformer']> {
  const rgba = r.mode === 'RGBA' ? r : convert(r.mode === 'L' || r.mode === 'RGB' || r.mode === 'LA' ? r : convert(r, 'RGB'), 'RGBA');
  return library().Transformer.fromRgbaPixels(rgba.data as Uint8Array, r.width, r.height);
}
function throughRgba(r: Raster, format: Format, { quality = 80, lossless = false }: EncodeOptions): Uint8Array {
  const image = rgbaTransformer(r);
  if (format === 'BMP') return image.bmpSync();
  if (format === 'TIFF') return image.tiffSync();
  return lossless ? image.webpLosslessSync() : image.webpSync(quality);
}
