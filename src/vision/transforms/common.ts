// What transforms work on and how their arguments are read.
import { type DType, float32, int16, int32, int64, int8, uint16, uint8 } from '../../core/dtype.ts';
import { ValueError } from '../../core/errors.ts';
import { Tensor } from '../../core/tensor.ts';
import { Image } from '../image/image.ts';

/** An image, or a tensor of shape (…, C, H, W). */
export type Picture = Image | Tensor;
/** `[channels, height, width]`. */
export type Dimensions = [channels: number, height: number, width: number];

export const InterpolationMode = {
  NEAREST: 'nearest',
  NEAREST_EXACT: 'nearest-exact',
  BILINEAR: 'bilinear',
  BICUBIC: 'bicubic',
  BOX: 'box',
  HAMMING: 'hamming',
  LANCZOS: 'lanczos',
} as const;
export type InterpolationMode = (typeof InterpolationMode)[keyof typeof InterpolationMode];
/** A mode, or Pillow's constant for it. */
export type Interpolation = InterpolationMode | number;
const BY_NUMBER: readonly InterpolationMode[] = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'];
/** Pillow's constant. */
export const pillowMode = (mode: InterpolationMode): number => (mode === 'nearest-exact' ? 0 : BY_NUMBER.indexOf(mode));
/** @throws TypeError for anything that is no mode. */
export function interpolationOf(mode: Interpolation): InterpolationMode {
  const found = typeof mode === 'number' ? BY_NUMBER[mode] : Object.values(InterpolationMode).find((m) => m === mode);
  if (!found) throw new TypeError('Argument interpolation should be a InterpolationMode or a corresponding Pillow integer constant');
  return found;
}

export const isTensor = (x: unknown): x is Tensor => x instanceof Tensor;
/** Python's name of a value's type, for messages. */
export const typeName = (x: unknown): string =>
  `<class '${x === null || x === undefined ? 'NoneType' : typeof x === 'object' || typeof x === 'function' ? (x.constructor?.name ?? 'object') : typeof x}'>`;
/** @throws TypeError for anything but an image. */
export function asImage(img: unknown): Image {
  if (!(img instanceof Image)) throw new TypeError(`img should be PIL Image. Got ${typeName(img)}`);
  return img;
}

/** A number of pixels, or (height, width). */
export type PictureSize = number | readonly number[];
/** @throws ValueError unless there are one or two numbers. */
export function pairOf(size: PictureSize, message: string): [number, number] {
  if (typeof size === 'number') return [Math.trunc(size), Math.trunc(size)];
  if (size.length === 1) return [size[0]!, size[0]!];
  if (size.length !== 2) throw new ValueError(message);
  return [size[0]!, size[1]!];
}

/** The largest value that an image of a dtype has: 1 for floating-point numbers. */
export function maxValue(dtype: DType): number {
  const limits: readonly (readonly [DType, number])[] = [
    [uint8, 255],
    [int8, 127],
    [int16, 32767],
    [uint16, 65535],
    [int32, 2147483647],
    [int64, 2 ** 63],
  ];
  return limits.find(([d]) => d === dtype)?.[1] ?? 1;
}
/** The dtype to compute in. */
export const working = (t: Tensor): DType => (t.dtype.is_floating_point ? t.dtype : float32);
/** Rounds halves to the even neighbour, as Python's `round`. */
export function roundEven(x: number): number {
  const r = Math.round(x);
  return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
}
