// torchvision.transforms.functional: colours, filters, and what tensors only have.
import { ValueError } from '../../core/errors.ts';
import { Tensor } from '../../core/tensor.ts';
import { convert } from '../image/convert.ts';
import * as enhance from '../image/enhance.ts';
import { Image } from '../image/image.ts';
import type { Raster } from '../image/raster.ts';
import { asImage, type Interpolation, interpolationOf, type Picture, typeName } from './common.ts';
import { pil_to_tensor, to_pil_image } from './conversion.ts';
import * as color from './tensor_color.ts';
import * as geometry from './tensor_geometry.ts';

function either<T extends Picture>(img: T, onTensor: (t: Tensor) => Tensor, onImage: (r: Raster) => Raster): T {
  return (img instanceof Tensor ? onTensor(img) : new Image(onImage(asImage(img).raster))) as T;
}
/** A filter of tensors, for images by way of one. */
function throughTensor<T extends Picture>(img: T, f: (t: Tensor) => Tensor): T {
  if (img instanceof Tensor) return f(img) as T;
  if (!(img instanceof Image)) throw new TypeError(`img should be PIL Image or Tensor. Got ${typeName(img)}`);
  const { mode } = img;
  return to_pil_image(f(pil_to_tensor(img)), mode) as T;
}
/** @throws TypeError for anything but a tensor. */
function onlyTensor(img: unknown): asserts img is Tensor {
  if (!(img instanceof Tensor)) throw new TypeError(`img should be Tensor Image. Got ${typeName(img)}`);
}

/** (x − mean) / std for every channel of a floating-point tensor. */
export function normalize(img: Tensor, mean: Tensor | readonly number[], std: Tensor | readonly number[], inplace = false): Tensor {
  onlyTensor(img);
  return color.normalize(img, mean, std, inplace);
}
/** The rectangle of `h` rows from `i` and `w` columns from `j` replaced by a value. */
export function erase(img: Tensor, i: number, j: number, h: number, w: number, v: Tensor | number, inplace = false): Tensor {
  onlyTensor(img);
  return color.erase(img, i, j, h, w, v, inplace);
}

/** 0: black, 1: as it is, 2: twice as bright. */
export const adjust_brightness = <T extends Picture>(img: T, brightness_factor: number): T =>
  either(
    img,
    (t) => color.adjust_brightness(t, brightness_factor),
    (r) => enhance.brightness(r, brightness_factor),
  );
/** 0: gray, 1: as it is. */
export const adjust_contrast = <T extends Picture>(img: T, contrast_factor: number): T =>
  either(
    img,
    (t) => color.adjust_contrast(t, contrast_factor),
    (r) => enhance.contrast(r, contrast_factor),
  );
/** 0: black and white, 1: as it is. */
export const adjust_saturation = <T extends Picture>(img: T, saturation_factor: number): T =>
  either(
    img,
    (t) => color.adjust_saturation(t, saturation_factor),
    (r) => enhance.saturation(r, saturation_factor),
  );
/** 0: blurred, 1: as it is, 2: sharper. */
export const adjust_sharpness = <T extends Picture>(img: T, sharpness_factor: number): T =>
  either(
    img,
    (t) => color.adjust_sharpness(t, sharpness_factor),
    (r) => enhance.sharpness(r, sharpness_factor),
  );
/**
 * The hue turned by a part of the circle, −0.5 to 0.5.
 * @throws ValueError outside of it.
 */
export function adjust_hue<T extends Picture>(img: T, hue_factor: number): T {
  if (!(hue_factor >= -0.5 && hue_factor <= 0.5)) throw new ValueError(`hue_factor (${hue_factor}) is not in [-0.5, 0.5].`);
  if (img instanceof Image && ['L', '1', 'I', 'F'].includes(img.mode)) return img;
  return either(
    img,
    (t) => color.adjust_hue(t, hue_factor),
    (r) => enhance.hue(r, hue_factor),
  );
}
/** gain · x ^ gamma, on values of 0 to 1. */
export function adjust_gamma<T extends Picture>(img: T, gamma: number, gain = 1): T {
  if (gamma < 0) throw new ValueError('Gamma should be a non-negative real number');
  const table = Array.from({ length: 256 }, (_, i) => Math.trunc((256 - 1e-3) * gain * (i / 255) ** gamma));
  return either(
    img,
    (t) => color.adjust_gamma(t, gamma, gain),
    (r) => convert(enhance.point(convert(r, 'RGB'), table), r.mode),
  );
}
/** One channel of brightness, or the same three times. */
export function rgb_to_grayscale<T extends Picture>(img: T, num_output_channels = 1): T {
  return either(
    img,
    (t) => color.rgb_to_grayscale(t, num_output_channels),
    (r) => {
      if (num_output_channels !== 1 && num_output_channels !== 3) throw new ValueError('num_output_channels should be either 1 or 3');
      const gray = convert(r, 'L');
      return num_output_channels === 1 ? gray : convert(gray, 'RGB');
    },
  );
}
/** `rgb_to_grayscale` of images. */
export function to_grayscale(img: Image, num_output_channels = 1): Image {
  if (!(img instanceof Image)) throw new TypeError('Input should be PIL Image');
  return rgb_to_grayscale(img, num_output_channels);
}
export const invert = <T extends Picture>(img: T): T => either(img, color.invert, enhance.invert);
/**
 * Only the highest bits stay.
 * @throws ValueError unless there are 0 to 8.
 */
export function posterize<T extends Picture>(img: T, bits: number): T {
  if (!(bits >= 0 && bits <= 8)) throw new ValueError(`The number if bits should be between 0 and 8. Got ${bits}`);
  return either(
    img,
    (t) => color.posterize(t, bits),
    (r) => enhance.posterize(r, bits),
  );
}
/** Values of the threshold and above are inverted. */
export const solarize = <T extends Picture>(img: T, threshold: number): T =>
  either(
    img,
    (t) => color.solarize(t, threshold),
    (r) => enhance.solarize(r, threshold),
  );
/** Every channel stretched to the whole range. */
export const autocontrast = <T extends Picture>(img: T): T => either(img, color.autocontrast, enhance.autocontrast);
/** Every channel's histogram made even. */
export const equalize = <T extends Picture>(img: T): T => either(img, color.equalize, enhance.equalize);

/**
 * A Gaussian blur of odd kernel sizes (x, y); a sigma that is not given follows from the size.
 * @throws TypeError, ValueError for sizes and sigmas of the wrong kind.
 */
export function gaussian_blur<T extends Picture>(
  img: T,
  kernel_size: number | readonly number[],
  sigma: number | readonly number[] | null = null,
): T {
  const sizes = typeof kernel_size === 'number' ? [kernel_size, kernel_size] : kernel_size;
  if (!Array.isArray(sizes)) throw new TypeError(`kernel_size should be int or a sequence of integers. Got ${typeName(kernel_size)}`);
  if (sizes.length !== 2) throw new ValueError(`If kernel_size is a sequence its length should be 2. Got ${sizes.length}`);
  if (sizes.some((k: number) => k % 2 === 0 || k < 0))
    throw new ValueError(`kernel_size should have odd and positive integers. Got [${sizes.join(', ')}]`);
  const given = sigma === null ? sizes.map((k: number) => k * 0.15 + 0.35) : typeof sigma === 'number' ? [sigma, sigma] : sigma;
  const sigmas = given.length === 1 ? [given[0]!, given[0]!] : given;
  if (sigmas.length !== 2) throw new ValueError(`If sigma is a sequence, its length should be 2. Got ${sigmas.length}`);
  if (sigmas.some((s: number) => s <= 0)) throw new ValueError(`sigma should have positive values. Got [${sigmas.join(', ')}]`);
  return throughTensor(img, (t) => color.gaussian_blur(t, sizes, sigmas));
}
/**
 * Every pixel taken from where a displacement (1, H, W, 2) points, in units of half the picture.
 * @throws TypeError, ValueError if the displacement is not such a tensor.
 */
export function elastic_transform<T extends Picture>(
  img: T,
  displacement: Tensor,
  interpolation: Interpolation = 'bilinear',
  fill: geometry.Fill = null,
): T {
  const mode = interpolationOf(interpolation);
  if (!(displacement instanceof Tensor)) throw new TypeError('Argument displacement should be a Tensor');
  return throughTensor(img, (t) => {
    const expected = [1, t.shape.at(-2)!, t.shape.at(-1)!, 2];
    const show = (s: readonly number[]): string => `(${s.join(', ')})`;
    if (show(expected) !== show(displacement.shape))
      throw new ValueError(
        `Argument displacement shape should be ${show(expected)}, but given torch.Size([${displacement.shape.join(', ')}])`,
      );
    return geometry.elastic_transform(t, displacement, mode, fill);
  });
}
