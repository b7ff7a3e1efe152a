// torchvision.transforms.functional: every function takes images and tensors (…, C, H, W) alike, and leaves its argument as it is.
// https://pytorch.org/vision/stable/transforms.html#functional-transforms
import '../../surface/install.ts';
import { Tensor } from '../../core/tensor.ts';
import { ValueError } from '../../core/errors.ts';
import { bindCall } from '../../nn/arguments.ts';
import type { Arguments } from '../../nn/simple.ts';
import * as enhance from '../image/enhance.ts';
import { Image } from '../image/image.ts';
import { bandCount, crop as cropRaster } from '../image/raster.ts';
import { continued } from './borders.ts';
import {
  asImage,
  type Dimensions,
  type Interpolation,
  interpolationOf,
  pairOf,
  type Picture,
  type PictureSize,
  pillowMode,
  roundEven,
} from './common.ts';
import { fillOf } from './fill.ts';
import { type Corners, inverseAffine, perspectiveCoefficients } from './matrices.ts';
import { dimensions as tensorDimensions } from './tensor_color.ts';
import * as geometry from './tensor_geometry.ts';
import { borders, checkPadding, type Fill, type Padding, type PaddingMode } from './tensor_geometry.ts';

export { convert_image_dtype, pil_to_tensor, to_pil_image, to_tensor } from './conversion.ts';
export * from './functional_color.ts';
export { InterpolationMode } from './common.ts';

const isTensor = (x: unknown): x is Tensor => x instanceof Tensor;
/** One function for both kinds. The result is of the argument's kind. */
export function either<T extends Picture>(img: T, onTensor: (t: Tensor) => Tensor, onImage: (i: Image) => Image): T {
  return (isTensor(img) ? onTensor(img) : onImage(asImage(img))) as T;
}

/** `[channels, height, width]`. */
export function get_dimensions(img: Picture): Dimensions {
  if (isTensor(img)) return tensorDimensions(img);
  const { mode, width, height } = asImage(img);
  return [bandCount(mode), height, width];
}
/** `[width, height]`. */
export function get_image_size(img: Picture): [width: number, height: number] {
  const [, h, w] = get_dimensions(img);
  return [w, h];
}
export const get_image_num_channels = (img: Picture): number => get_dimensions(img)[0];

export const hflip = <T extends Picture>(img: T): T => either(img, geometry.hflip, (i) => i.transpose(Image.FLIP_LEFT_RIGHT));
export const vflip = <T extends Picture>(img: T): T => either(img, geometry.vflip, (i) => i.transpose(Image.FLIP_TOP_BOTTOM));
/** The rows from `top` and the columns from `left`; what lies outside of the image is 0. */
export function crop<T extends Picture>(img: T, top: number, left: number, height: number, width: number): T {
  return either(
    img,
    (t) => geometry.crop(t, top, left, height, width),
    (i) => i.crop([left, top, left + width, top + height]),
  );
}
/** The middle, surrounded by 0 where the image is smaller. */
export function center_crop<T extends Picture>(img: T, output_size: PictureSize): T {
  const [ch, cw] = pairOf(output_size, 'Please provide only two dimensions (h, w) for size.');
  let [, h, w] = get_dimensions(img);
  let whole = img;
  if (cw > w || ch > h) {
    const half = (wanted: number, there: number, extra: number): number => (wanted > there ? Math.floor((wanted - there + extra) / 2) : 0);
    whole = pad(img, [half(cw, w, 0), half(ch, h, 0), half(cw, w, 1), half(ch, h, 1)]);
    [, h, w] = get_dimensions(whole);
    if (cw === w && ch === h) return whole;
  }
  return crop(whole, roundEven((h - ch) / 2), roundEven((w - cw) / 2), ch, cw);
}

interface ResizeOptions {
  interpolation: Interpolation;
  max_size: number | null;
  antialias: boolean | null;
}
/** The size after resizing: both numbers as given, or the shorter side as given and the longer in proportion. */
function resizedTo([h, w]: readonly [number, number], size: PictureSize, max_size: number | null): [number, number] {
  const wanted = typeof size === 'number' ? [size] : size;
  if (wanted.length !== 1 && wanted.length !== 2)
    throw new ValueError(`Size must be an int or a 1 or 2 element tuple/list, not a ${wanted.length} element tuple/list`);
  if (wanted.length === 2) {
    if (max_size !== null) {
      throw new ValueError(
        'max_size should only be passed if size specifies the length of the smaller edge, i.e. size should be an int or a sequence of length 1 in torchscript mode.',
      );
    }
    return [wanted[0]!, wanted[1]!];
  }
  const [short, long] = w <= h ? [w, h] : [h, w];
  let [newShort, newLong] = [wanted[0]!, Math.trunc((wanted[0]! * long) / short)];
  if (max_size !== null) {
    if (max_size <= newShort) {
      throw new ValueError(
        `max_size = ${max_size} must be strictly greater than the requested size for the smaller edge size = ${typeof size === 'number' ? size : `[${size.join(', ')}]`}`,
      );
    }
    if (newLong > max_size) [newShort, newLong] = [Math.trunc((max_size * newShort) / newLong), max_size];
  }
  return w <= h ? [newLong, newShort] : [newShort, newLong];
}
/**
 * Another size: (height, width), or one number for the shorter side. Images are always antialiased, tensors with `antialias`.
 * @throws ValueError for sizes and modes that do not exist.
 */
export function resize<T extends Picture>(
  img: T,
  ...args: Arguments<
    [size: PictureSize, interpolation?: Interpolation, max_size?: number | null, antialias?: boolean | null],
    ResizeOptions & { size: PictureSize }
  >
): T {
  const a = bindCall<ResizeOptions & { img: T; size: PictureSize }>(
    'resize',
    [img, ...args],
    ['img', 'size', 'interpolation', 'max_size', 'antialias'],
    { interpolation: 'bilinear', max_size: null, antialias: true },
  );
  const mode = interpolationOf(a.interpolation);
  const [, h, w] = get_dimensions(img);
  const size = resizedTo([h, w], a.size, a.max_size);
  if (size[0] === h && size[1] === w) return img;
  return either(
    img,
    (t) => geometry.resize(t, size, mode, a.antialias ?? false),
    (i) => {
      if (a.antialias === false) console.warn('Anti-alias option is always applied for PIL Image input. Argument antialias is ignored.');
      return i.resize([size[1], size[0]], pillowMode(mode));
    },
  );
}
/** `crop`, then `resize`. */
export function resized_crop<T extends Picture>(
  img: T,
  top: number,
  left: number,
  height: number,
  width: number,
  size: PictureSize,
  interpolation: Interpolation = 'bilinear',
  antialias: boolean | null = true,
): T {
  return resize(crop(img, top, left, height, width), size, interpolation, null, antialias);
}

/** Borders on the left, top, right and bottom. */
export function pad<T extends Picture>(
  img: T,
  ...args: Arguments<
    [padding: Padding, fill?: Fill, padding_mode?: PaddingMode],
    { padding: Padding; fill: Fill; padding_mode: PaddingMode }
  >
): T {
  const { padding, fill, padding_mode } = bindCall<{ img: T; padding: Padding; fill: Fill; padding_mode: PaddingMode }>(
    'pad',
    [img, ...args],
    ['img', 'padding', 'fill', 'padding_mode'],
    { fill: 0, padding_mode: 'constant' },
  );
  return either(
    img,
    (t) => geometry.pad(t, padding, fill as number | null, padding_mode),
    (i) => {
      checkPadding(padding, padding_mode);
      const sides = borders(padding);
      if (padding_mode === 'constant') return new Image(enhance.expand(i.raster, sides, fillOf(fill, i)));
      const [l, t, r, b] = sides.map((v) => Math.min(v, 0)) as [number, number, number, number];
      const inner = sides.some((v) => v < 0) ? cropRaster(i.raster, [-l, -t, i.width + r, i.height + b]) : i.raster;
      return new Image(
        continued(
          inner,
          sides.map((v) => Math.max(v, 0)),
          padding_mode,
        ),
      );
    },
  );
}

export type Five<T> = [top_left: T, top_right: T, bottom_left: T, bottom_right: T, center: T];
/**
 * The corners and the middle.
 * @throws ValueError if the image is smaller.
 */
export function five_crop<T extends Picture>(img: T, size: PictureSize): Five<T> {
  const [ch, cw] = pairOf(size, 'Please provide only two dimensions (h, w) for size.');
  const [, h, w] = get_dimensions(img);
  if (cw > w || ch > h) throw new ValueError(`Requested crop size (${ch}, ${cw}) is bigger than input size (${h}, ${w})`);
  return [
    crop(img, 0, 0, ch, cw),
    crop(img, 0, w - cw, ch, cw),
    crop(img, h - ch, 0, ch, cw),
    crop(img, h - ch, w - cw, ch, cw),
    center_crop(img, [ch, cw]),
  ];
}
/** `five_crop` of the image and of the flipped image. */
export function ten_crop<T extends Picture>(img: T, size: PictureSize, vertical_flip = false): [...Five<T>, ...Five<T>] {
  return [...five_crop(img, size), ...five_crop(vertical_flip ? vflip(img) : hflip(img), size)];
}

interface RotateArguments {
  angle: number;
  interpolation: Interpolation;
  expand: boolean;
  center: readonly number[] | null;
  fill: Fill;
}
/** The center in coordinates whose origin is the middle of the picture, as tensors have it. */
const fromMiddle = (center: readonly number[] | null, w: number, h: number): readonly [number, number] =>
  center === null ? [0, 0] : [center[0]! - w * 0.5, center[1]! - h * 0.5];
/** Turned counter clockwise by an angle in degrees. */
export function rotate<T extends Picture>(
  img: T,
  ...args: Arguments<
    [angle: number, interpolation?: Interpolation, expand?: boolean, center?: readonly number[] | null, fill?: Fill],
    RotateArguments
  >
): T {
  const a = bindCall<RotateArguments & { img: T }>(
    'rotate',
    [img, ...args],
    ['img', 'angle', 'interpolation', 'expand', 'center', 'fill'],
    { interpolation: 'nearest', expand: false, center: null, fill: null },
  );
  const mode = interpolationOf(a.interpolation);
  if (typeof a.angle !== 'number') throw new TypeError('Argument angle should be int or float');
  if (a.center !== null && !Array.isArray(a.center)) throw new TypeError('Argument center should be a sequence');
  return either(
    img,
    (t) => {
      const [, h, w] = tensorDimensions(t);
      const matrix = inverseAffine(fromMiddle(a.center, w, h), -a.angle, [0, 0], 1, [0, 0]);
      return geometry.rotate(t, matrix, mode, a.expand, a.fill);
    },
    (i) => {
      const center = a.center as readonly [number, number] | null;
      return i.rotate(a.angle, { resample: pillowMode(mode), expand: a.expand, center, fillcolor: fillOf(a.fill, i) });
    },
  );
}
interface AffineArguments {
  angle: number;
  translate: readonly number[];
  scale: number;
  shear: number | readonly number[];
  interpolation: Interpolation;
  fill: Fill;
  center: readonly number[] | null;
}
/**
 * Turned clockwise by an angle in degrees, moved by pixels, scaled, sheared by angles in degrees; the center stays in the middle.
 * @throws TypeError, ValueError for arguments of the wrong kind or length.
 */
export function affine<T extends Picture>(
  img: T,
  ...args: Arguments<
    [
      angle: number,
      translate: readonly number[],
      scale: number,
      shear: number | readonly number[],
      interpolation?: Interpolation,
      fill?: Fill,
      center?: readonly number[] | null,
    ],
    AffineArguments
  >
): T {
  const a = bindCall<AffineArguments & { img: T }>(
    'affine',
    [img, ...args],
    ['img', 'angle', 'translate', 'scale', 'shear', 'interpolation', 'fill', 'center'],
    { interpolation: 'nearest', fill: null, center: null },
  );
  const mode = interpolationOf(a.interpolation);
  if (typeof a.angle !== 'number') throw new TypeError('Argument angle should be int or float');
  if (!Array.isArray(a.translate)) throw new TypeError('Argument translate should be a sequence');
  if (a.translate.length !== 2) throw new ValueError('Argument translate should be a sequence of length 2');
  if (a.scale <= 0) throw new ValueError('Argument scale should be positive');
  const given = typeof a.shear === 'number' ? [a.shear, 0] : a.shear.length === 1 ? [a.shear[0]!, a.shear[0]!] : a.shear;
  if (given.length !== 2) throw new ValueError(`Shear should be a sequence containing two values. Got [${given.join(', ')}]`);
  const shear = given as unknown as readonly [number, number];
  const move = a.translate as unknown as readonly [number, number];
  const [, h, w] = get_dimensions(img);
  return either(
    img,
    (t) => geometry.affine(t, inverseAffine(fromMiddle(a.center, w, h), a.angle, move, a.scale, shear), mode, a.fill),
    (i) => {
      const center = (a.center ?? [w * 0.5, h * 0.5]) as readonly [number, number];
      const matrix = inverseAffine(center, a.angle, move, a.scale, shear);
      return i.transform(i.size, Image.AFFINE, matrix, pillowMode(mode), { fillcolor: fillOf(a.fill, i) });
    },
  );
}
/** The four corners `startpoints`, `[x, y]` each from the top left one clockwise, are moved to `endpoints`. */
export function perspective<T extends Picture>(
  img: T,
  startpoints: Corners,
  endpoints: Corners,
  interpolation: Interpolation = 'bilinear',
  fill: Fill = null,
): T {
  const mode = interpolationOf(interpolation);
  const coefficients = perspectiveCoefficients(startpoints, endpoints);
  return either(
    img,
    (t) => geometry.perspective(t, coefficients, mode, fill),
    (i) => i.transform(i.size, Image.PERSPECTIVE, coefficients, pillowMode(mode), { fillcolor: fillOf(fill, i) }),
  );
}
