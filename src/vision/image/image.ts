// The class Image: Pillow's images (https://pillow.readthedocs.io/en/stable/reference/Image.html) with the methods that vision needs.
import { FileNotFoundError, IndexError, OSError, ValueError } from '../../core/errors.ts';
import { builtin } from '../../core/host.ts';
import { Tensor } from '../../core/tensor.ts';
import { writeAtomically } from '../../serialization/source.ts';
import type { NDArray } from '../../surface/arrays.ts';
import { decode, decodeAsync, encode, type Encoded, type EncodeOptions, formatOf, identify, openWithSharp } from './codecs.ts';
import { convert } from './convert.ts';
import { blend, filter3x3, histogram, point } from './enhance.ts';
import { rotate, type RotateOptions, Transform, transform, Transpose, transpose } from './geometry.ts';
import { readHeader } from './headers.ts';
import { arrayOf, rasterOf } from './ndarray.ts';
import {
  bandCount,
  type Color,
  colorOf,
  crop,
  filled,
  merge,
  type Mode,
  modeInfo,
  paste,
  type Raster,
  type Size,
  split,
} from './raster.ts';
import { type Box, Resampling, resize } from './resample.ts';

/** An image file: a path, a URL with the protocol `file:`, or its bytes. */
export type ImageFile = string | URL | Uint8Array | ArrayBuffer;
interface Files {
  readFileSync(path: string | URL): Uint8Array;
  promises: { readFile(path: string | URL): Promise<Uint8Array> };
}
const files = (): Files => {
  const found = builtin<Files>('fs');
  if (!found) throw new OSError('files can be opened in Node.js only; a page gives the bytes');
  return found;
};
const isPath = (f: ImageFile): f is string | URL => typeof f === 'string' || f instanceof URL;
const bytesOf = (f: Uint8Array | ArrayBuffer): Uint8Array => (f instanceof Uint8Array ? f : new Uint8Array(f));
const nameOf = (f: ImageFile): string =>
  isPath(f) ? `'${decodeURIComponent(String(f).replace(/^file:\/\//, ''))}'` : `<${f.byteLength} bytes>`;
function unreadable(e: unknown, f: ImageFile): unknown {
  const code = (e as { code?: string }).code;
  if (code === 'ENOENT') return new FileNotFoundError(`[Errno 2] No such file or directory: ${nameOf(f)}`, { cause: e });
  if (code === 'EISDIR') return new OSError(`[Errno 21] Is a directory: ${nameOf(f)}`, { cause: e });
  if (code === 'EACCES') return new OSError(`[Errno 13] Permission denied: ${nameOf(f)}`, { cause: e });
  return e;
}

/** Pixels, of a file perhaps not decoded yet; copies of an image have the same until one of them is written. */
class Pixels {
  /** Whether several images have them: whoever writes makes a copy first. */
  shared = false;
  private glanced = false;
  constructor(private source: Raster | Encoded) {}
  get mode(): Mode {
    return this.source.mode;
  }
  get size(): Size {
    return 'size' in this.source ? this.source.size : [this.source.width, this.source.height];
  }
  get raster(): Raster {
    if ('bytes' in this.source) this.source = decode(this.source);
    return this.source;
  }
  /** The pixels for being read at once. A file that is asked for the first time is not kept decoded: most are cropped and let go. */
  glance(): Raster {
    if (this.glanced || !('bytes' in this.source)) return this.raster;
    this.glanced = true;
    return decode(this.source, true);
  }
}

/**
 * An image: rows of pixels with one to four bands of bytes (or one of larger numbers), as `mode` says. Methods give new images.
 * Palettes are resolved on reading: where Pillow says `P`, the mode is that of the colours.
 */
export class Image {
  static readonly Resampling = Resampling;
  static readonly Transpose = Transpose;
  static readonly Transform = Transform;
  static readonly NEAREST = Resampling.NEAREST;
  static readonly LANCZOS = Resampling.LANCZOS;
  static readonly BILINEAR = Resampling.BILINEAR;
  static readonly BICUBIC = Resampling.BICUBIC;
  static readonly BOX = Resampling.BOX;
  static readonly HAMMING = Resampling.HAMMING;
  static readonly FLIP_LEFT_RIGHT = Transpose.FLIP_LEFT_RIGHT;
  static readonly FLIP_TOP_BOTTOM = Transpose.FLIP_TOP_BOTTOM;
  static readonly ROTATE_90 = Transpose.ROTATE_90;
  static readonly ROTATE_180 = Transpose.ROTATE_180;
  static readonly ROTATE_270 = Transpose.ROTATE_270;
  static readonly AFFINE = Transform.AFFINE;
  static readonly PERSPECTIVE = Transform.PERSPECTIVE;

  readonly mode: Mode;
  readonly width: number;
  readonly height: number;
  /** The file's format, or null for images that come from no file. */
  readonly format: string | null;
  /** The file's path; '' without one. */
  readonly filename: string;
  private pixels: Pixels;

  /** @internal Use `Image.open`, `Image.new` and `Image.fromarray`. */
  constructor(source: Raster | Encoded | Pixels, filename = '') {
    this.pixels = source instanceof Pixels ? source : new Pixels(source);
    this.mode = this.pixels.mode;
    [this.width, this.height] = this.pixels.size;
    this.format = 'format' in source ? source.format : null;
    this.filename = filename;
  }
  /**
   * Opens an image file. The file is read and its header checked here; the pixels are decoded when they are first needed, on the
   * calling thread.
   * @throws FileNotFoundError; UnidentifiedImageError if the file is no image; OSError if it is cut off.
   */
  static open(file: ImageFile): Image {
    const bytes = Image.read(file);
    return new Image(identify(bytes, nameOf(file)), isPath(file) ? String(file) : '');
  }
  private static read(file: ImageFile): Uint8Array {
    if (!isPath(file)) return bytesOf(file);
    try {
      return files().readFileSync(file);
    } catch (e) {
      throw unreadable(e, file);
    }
  }
  /** As `open`, but the file is read and decoded on other threads. */
  static async open_async(file: ImageFile): Promise<Image> {
    const bytes = isPath(file)
      ? await files()
          .promises.readFile(file)
          .catch((e) => Promise.reject(unreadable(e, file)))
      : bytesOf(file);
    const name = isPath(file) ? String(file) : '';
    if (readHeader(bytes)?.format === 'GIF') return new Image(await openWithSharp(bytes, nameOf(file)), name);
    const encoded = identify(bytes, nameOf(file));
    const image = new Image(encoded, name);
    image.pixels = new Pixels(await decodeAsync(encoded));
    return image;
  }
  /** An image of one colour. */
  static new(mode: Mode, size: Size, color: Color = 0): Image {
    return new Image(filled(mode, size[0], size[1], color));
  }
  /**
   * An image from (height, width) or (height, width, bands) numbers: a tensor, an ndarray-shaped object. The data is copied.
   * @throws TypeError for shapes and dtypes that no mode has.
   */
  static fromarray(array: Tensor | NDArray, mode?: Mode): Image {
    return new Image(rasterOf(array instanceof Tensor ? array.numpy({ force: true }) : array, mode));
  }
  /** @throws ValueError if there are not exactly the bytes that an image of that mode and size has. */
  static frombytes(mode: Mode, size: Size, data: Uint8Array): Image {
    const image = filled(mode, size[0], size[1], 0);
    if (data.length < image.data.byteLength) throw new ValueError('not enough image data');
    if (data.length > image.data.byteLength) throw new ValueError('cannot decode image data');
    new Uint8Array(image.data.buffer).set(data);
    return new Image(image);
  }
  static merge(mode: Mode, bands: readonly Image[]): Image {
    return new Image(
      merge(
        mode,
        bands.map((b) => b.raster),
      ),
    );
  }
  /** `im1` · (1 − alpha) + `im2` · alpha. */
  static blend(im1: Image, im2: Image, alpha: number): Image {
    return new Image(blend(im1.raster, im2.raster, alpha));
  }

  /** The pixels; decoding happens here. Do not write to them. */
  get raster(): Raster {
    return this.pixels.raster;
  }
  get size(): Size {
    return [this.width, this.height];
  }
  /** Decodes the pixels now. */
  load(): this {
    void this.raster;
    return this;
  }
  getbands(): readonly string[] {
    return modeInfo(this.mode).bands;
  }
  copy(): Image {
    const copy = new Image(this.pixels);
    this.pixels.shared = true;
    return copy;
  }
  /** The pixels for writing. */
  private get own(): Raster {
    if (this.pixels.shared) this.pixels = new Pixels({ ...this.raster, data: this.raster.data.slice() });
    return this.raster;
  }
  /** The image in another mode; in its own it is a copy. */
  convert(mode: Mode): Image {
    if (mode === this.mode) return this.copy();
    return new Image(convert(this.pixels.glance(), mode));
  }
  /** The image, or a part of it, at another size; bicubic if no filter is named. */
  resize(size: Size, resample: number | null = null, box?: Box): Image {
    const filter = resample ?? (this.mode.startsWith('I;16') ? Resampling.NEAREST : Resampling.BICUBIC);
    return new Image(resize(this.pixels.glance(), size, filter, box));
  }
  /** The pixels in `[left, upper, right, lower]`; outside of the image they are 0. */
  crop(box: Box): Image {
    const rounded = box.map((v) => Math.round(v)) as unknown as Box;
    return new Image(crop(this.pixels.glance(), rounded));
  }
  /** Flipped or turned by right angles: `Image.Transpose`. */
  transpose(method: number): Image {
    return new Image(transpose(this.pixels.glance(), method));
  }
  /** Turned counter clockwise by degrees. */
  rotate(angle: number, options: RotateOptions = {}): Image {
    return new Image(rotate(this.raster, angle, options));
  }
  /** Transformed by `Image.Transform.AFFINE` or `PERSPECTIVE`; `data` maps places of the result to places of this image. */
  transform(
    size: Size,
    method: number,
    data: readonly number[],
    resample: number = Resampling.NEAREST,
    options: { readonly fillcolor?: Color | null } = {},
  ): Image {
    return new Image(transform(this.raster, size, method, data, resample, options.fillcolor ?? null));
  }
  /** Bytes replaced by a table of 256 entries (for every band, or one for each), or by a function of the byte. */
  point(table: readonly number[] | ((value: number) => number)): Image {
    return new Image(point(this.raster, typeof table === 'function' ? Array.from({ length: 256 }, (_, i) => table(i)) : table));
  }
  /** 3 × 3 weights on every pixel. */
  filter(kernel: readonly number[], scale: number = kernel.reduce((a, b) => a + b, 0)): Image {
    return new Image(filter3x3(this.raster, kernel, scale));
  }
  histogram(): number[] {
    return histogram(this.raster);
  }
  split(): Image[] {
    return split(this.raster).map((r) => new Image(r));
  }
  getchannel(channel: number | string): Image {
    const at = typeof channel === 'number' ? channel : this.getbands().indexOf(channel);
    const band = this.split()[at];
    if (!band) throw new ValueError(`The image has no channel ${JSON.stringify(channel)}`);
    return band;
  }
  private at([x, y]: readonly [number, number]): number {
    const [px, py] = [x < 0 ? x + this.width : x, y < 0 ? y + this.height : y];
    if (!(px >= 0 && py >= 0 && px < this.width && py < this.height)) throw new IndexError('image index out of range');
    return (Math.trunc(py) * this.width + Math.trunc(px)) * bandCount(this.mode);
  }
  /** The pixel at `[x, y]`: a number, or one for each band. */
  getpixel(xy: readonly [x: number, y: number]): number | number[] {
    const at = this.at(xy);
    const values = [...this.raster.data.subarray(at, at + bandCount(this.mode))];
    return values.length === 1 ? values[0]! : values;
  }
  putpixel(xy: readonly [x: number, y: number], value: Color): void {
    this.own.data.set(colorOf(this.mode, value), this.at(xy));
  }
  /** Writes another image, or a colour, into a box of this one. */
  paste(im: Image | Color, box: readonly [number, number] | Box = [0, 0]): void {
    if (im instanceof Image) {
      const given = im.mode === this.mode ? im.raster : convert(im.raster, this.mode);
      paste(this.own, given, box[0], box[1]);
      return;
    }
    const [left, top, right = this.width, bottom = this.height] = box;
    paste(this.own, filled(this.mode, right - left, bottom - top, im), left, top);
  }
  /** The pixels as bytes, row by row. */
  tobytes(): Uint8Array {
    const { data } = this.raster;
    return new Uint8Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  }
  /** The pixels as an array of shape (height, width) or (height, width, bands), over a copy of the memory: NumPy's `np.array(image)`. */
  numpy(): NDArray {
    return arrayOf(this.raster);
  }
  /**
   * Writes the image to a file, in the format of its extension or in the one named; the file appears whole or not at all.
   * @throws ValueError for unknown formats, OSError if the format cannot hold the mode.
   */
  save(path: string | URL, format: string | null = null, options: EncodeOptions = {}): void {
    const bytes = this.encode(format ?? formatOf(String(path)), options);
    try {
      writeAtomically(path, [bytes]);
    } catch (e) {
      throw unreadable(e, path);
    }
  }
  /** The bytes that `save` writes. */
  encode(format: string, options: EncodeOptions = {}): Uint8Array {
    return encode(this.raster, format, options);
  }
  /** Opens the image in the system's viewer, from a temporary file, and returns at once. */
  show(title: string | null = null): void {
    const os = builtin<{ tmpdir(): string }>('os');
    const child = builtin<{
      spawn(command: string, args: string[], options: object): { on(event: string, f: () => void): void; unref(): void };
    }>('child_process');
    if (!os || !child) throw new OSError('show needs Node.js');
    const name = `${os.tmpdir()}/${(title ?? 'flambeau').replace(/[^\w-]+/g, '_')}-${Date.now()}.png`;
    const savable: readonly Mode[] = ['1', 'L', 'LA', 'RGB', 'RGBA', 'I', 'I;16'];
    (savable.includes(this.mode) ? this : this.convert(this.mode === 'F' ? 'L' : 'RGB')).save(name);
    const platform = (globalThis as { process?: { platform: string } }).process!.platform;
    const viewer = platform === 'darwin' ? 'open' : platform === 'win32' ? 'explorer' : 'xdg-open';
    const opened = child.spawn(viewer, [name], { detached: true, stdio: 'ignore' });
    opened.on('error', () => console.log(`the image is in ${name}`));
    opened.unref();
  }
  /** Nothing to do: a file is closed as soon as it has been read. */
  close(): void {}
  toString(): string {
    return `<PIL.Image.Image image mode=${this.mode} size=${this.width}x${this.height}>`;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
