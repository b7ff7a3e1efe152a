// Colours of tensors (…, C, H, W): the arithmetic of torchvision/transforms/_functional_tensor.py.
import { type DType, float32, float64, int32, int64, uint8 } from '../../core/dtype.ts';
import { RuntimeError, ValueError } from '../../core/errors.ts';
import { FloatScalar } from '../../core/scalar.ts';
import type { Tensor } from '../../core/tensor.ts';
import * as nnF from '../../nn/functional.ts';
import { as_tensor } from '../../surface/arrays.ts';
import { tensor } from '../../surface/construct.ts';
import * as torch from '../../surface/generated/torch.ts';
import { type Dimensions, maxValue, working } from './common.ts';

const float = (v: number): FloatScalar => new FloatScalar(v);

/** @throws TypeError for tensors of fewer than two dimensions. */
export function assertImage(img: Tensor): void {
  if (img.ndim < 2) throw new TypeError('Tensor is not a torch image.');
}
export function dimensions(img: Tensor): Dimensions {
  assertImage(img);
  const { shape } = img;
  return [img.ndim === 2 ? 1 : shape.at(-3)!, shape.at(-2)!, shape.at(-1)!];
}
/** @throws TypeError unless the image is gray or RGB. */
export function assertChannels(img: Tensor, permitted: readonly number[] = [1, 3]): void {
  const [c] = dimensions(img);
  if (!permitted.includes(c))
    throw new TypeError(`Input image tensor permitted channel values are [${permitted.join(', ')}], but found ${c}`);
}
function assertColor(img: Tensor): void {
  assertImage(img);
  if (img.ndim < 3) throw new TypeError(`Input image tensor should have at least 3 dimensions, but found ${img.ndim}`);
  assertChannels(img);
}

export function convert_image_dtype(image: Tensor, dtype: DType): Tensor {
  const from = image.dtype;
  if (from === dtype) return image;
  if (from.is_floating_point) {
    if (dtype.is_floating_point) return image.to(dtype);
    if ((from === float32 && (dtype === int32 || dtype === int64)) || (from === float64 && dtype === int64))
      throw new RuntimeError(`The cast from ${from} to ${dtype} cannot be performed safely.`);
    return image.mul(float(maxValue(dtype) + 1 - 1e-3)).to(dtype);
  }
  if (dtype.is_floating_point) return image.to(dtype).div(maxValue(from));
  const [most, wanted] = [maxValue(from), maxValue(dtype)];
  if (most > wanted) return torch.div(image, Math.floor((most + 1) / (wanted + 1)), { rounding_mode: 'floor' }).to(dtype);
  return image.to(dtype).mul(Math.floor((wanted + 1) / (most + 1)));
}

export function rgb_to_grayscale(img: Tensor, num_output_channels: number): Tensor {
  if (img.ndim < 3) throw new TypeError(`Input image tensor should have at least 3 dimensions, but found ${img.ndim}`);
  assertChannels(img);
  if (num_output_channels !== 1 && num_output_channels !== 3) throw new ValueError('num_output_channels should be either 1 or 3');
  let gray: Tensor;
  if (img.shape.at(-3) === 3) {
    const [r, g, b] = img.unbind(-3) as [Tensor, Tensor, Tensor];
    gray = r.mul(0.2989).add(g.mul(0.587)).add(b.mul(0.114)).to(img.dtype).unsqueeze(-3);
  } else gray = img.clone();
  return num_output_channels === 3 ? gray.expand(img.shape) : gray;
}
function blend(a: Tensor, b: Tensor, ratio: number): Tensor {
  return a
    .mul(float(ratio))
    .add(b.mul(float(1 - ratio)))
    .clamp(0, maxValue(a.dtype))
    .to(a.dtype);
}
const nonNegative = (name: string, factor: number): void => {
  if (!(factor >= 0)) throw new ValueError(`${name} (${factor}) is not non-negative.`);
};
export function adjust_brightness(img: Tensor, factor: number): Tensor {
  nonNegative('brightness_factor', factor);
  assertChannels(img);
  return blend(img, torch.zeros_like(img), factor);
}
export function adjust_contrast(img: Tensor, factor: number): Tensor {
  nonNegative('contrast_factor', factor);
  assertChannels(img, [3, 1]);
  const gray = dimensions(img)[0] === 3 ? rgb_to_grayscale(img, 1) : img;
  return blend(img, gray.to(working(img)).mean([-3, -2, -1], true), factor);
}
export function adjust_saturation(img: Tensor, factor: number): Tensor {
  nonNegative('saturation_factor', factor);
  assertChannels(img);
  return dimensions(img)[0] === 1 ? img : blend(img, rgb_to_grayscale(img, 1), factor);
}
export function adjust_gamma(img: Tensor, gamma: number, gain: number): Tensor {
  assertChannels(img);
  if (gamma < 0) throw new ValueError('Gamma should be a non-negative real number');
  const x = img.dtype.is_floating_point ? img : convert_image_dtype(img, float32);
  return convert_image_dtype(x.pow(gamma).mul(gain).clamp(0, 1), img.dtype);
}

export function adjust_hue(img: Tensor, factor: number): Tensor {
  if (!(factor >= -0.5 && factor <= 0.5)) throw new ValueError(`hue_factor (${factor}) is not in [-0.5, 0.5].`);
  assertChannels(img);
  if (dimensions(img)[0] === 1) return img;
  const [h, s, v] = rgbToHsv(convert_image_dtype(img, float32));
  return convert_image_dtype(hsvToRgb(h.add(factor).remainder(1), s, v), img.dtype);
}
function rgbToHsv(img: Tensor): [h: Tensor, s: Tensor, v: Tensor] {
  const [r, g, b] = img.unbind(-3) as [Tensor, Tensor, Tensor];
  const max = torch.max(img, -3).values;
  const range = max.sub(torch.min(img, -3).values);
  const isGray = range.eq(0);
  const ones = torch.ones_like(max);
  const s = range.div(torch.where(isGray, ones, max));
  const divisor = torch.where(isGray, ones, range);
  const [rc, gc, bc] = [r, g, b].map((c) => max.sub(c).div(divisor)) as [Tensor, Tensor, Tensor];
  const [isR, isG] = [max.eq(r), max.eq(g)];
  const hr = isR.mul(bc.sub(gc));
  const hg = isG.logical_and(isR.logical_not()).mul(rc.add(2).sub(bc));
  const hb = isG.logical_not().logical_and(isR.logical_not()).mul(gc.add(4).sub(rc));
  return [hr.add(hg).add(hb).div(6).add(1).fmod(1), s, max];
}
function hsvToRgb(h: Tensor, s: Tensor, v: Tensor): Tensor {
  const sector = h.mul(6).floor();
  const f = h.mul(6).sub(sector);
  const shade = (part: Tensor): Tensor => v.mul(torch.rsub(part, 1)).clamp(0, 1);
  const [p, q, t] = [shade(s), shade(s.mul(f)), shade(s.mul(torch.rsub(f, 1)))];
  const i = sector.to(int32).remainder(6);
  const channel = (...choices: Tensor[]): Tensor =>
    choices.reduce((result, choice, k) => (k === 0 ? choice : torch.where(i.eq(k), choice, result)));
  return torch.stack([channel(v, q, p, p, t, v), channel(t, v, v, q, p, p), channel(p, p, t, v, v, q)], -3);
}

export function invert(img: Tensor): Tensor {
  assertColor(img);
  return torch.rsub(img, maxValue(img.dtype));
}
function onlyBytes(img: Tensor): void {
  if (img.dtype !== uint8) throw new TypeError(`Only torch.uint8 image tensors are supported, but found ${img.dtype}`);
}
export function posterize(img: Tensor, bits: number): Tensor {
  assertImage(img);
  if (img.ndim < 3) throw new TypeError(`Input image tensor should have at least 3 dimensions, but found ${img.ndim}`);
  onlyBytes(img);
  assertChannels(img);
  return img.bitwise_and(256 - 2 ** (8 - bits));
}
export function solarize(img: Tensor, threshold: number): Tensor {
  assertColor(img);
  if (threshold > maxValue(img.dtype)) throw new TypeError('Threshold should be less than bound of img.');
  return torch.where(img.ge(threshold), invert(img), img);
}
/** Casts to the working dtype and four dimensions, and back with rounding. */
export function asBatch(img: Tensor, f: (x: Tensor) => Tensor, dtype: DType = working(img)): Tensor {
  const batch = img.ndim < 4 ? img.unsqueeze(0) : img;
  let r = f(batch.to(dtype));
  if (img.ndim < 4) r = r.squeeze(0);
  return dtype === img.dtype ? r : (img.dtype.is_floating_point ? r : r.round()).to(img.dtype);
}
export function adjust_sharpness(img: Tensor, factor: number): Tensor {
  nonNegative('sharpness_factor', factor);
  assertChannels(img);
  const { shape } = img;
  if (shape.at(-1)! <= 2 || shape.at(-2)! <= 2) return img;
  const kernel = tensor([1, 1, 1, 1, 5, 1, 1, 1, 1], { dtype: working(img) })
    .div(13)
    .view(1, 1, 3, 3)
    .expand(shape.at(-3)!, 1, 3, 3);
  const blurred = img.clone();
  blurred.set(
    ['...', '1:-1', '1:-1'],
    asBatch(img, (x) => nnF.conv2d(x, kernel, { groups: x.size(-3) })),
  );
  return blend(img, blurred, factor);
}
export function autocontrast(img: Tensor): Tensor {
  assertColor(img);
  const bound = maxValue(img.dtype);
  const dtype = working(img);
  const low = img.amin([-2, -1], true).to(dtype);
  const scale = torch.reciprocal(img.amax([-2, -1], true).to(dtype).sub(low)).mul(bound);
  const isFlat = scale.isfinite().logical_not();
  return img.sub(low.masked_fill(isFlat, 0)).mul(scale.masked_fill(isFlat, 1)).clamp(0, bound).to(img.dtype);
}
function equalizeChannel(channel: Tensor): Tensor {
  const counts = (torch.bincount(channel.reshape(-1), { minlength: 256 }).tolist() as (number | bigint)[]).map(Number);
  const used = counts.filter((n) => n > 0);
  const step = Math.floor(used.slice(0, -1).reduce((a, b) => a + b, 0) / 255);
  if (step === 0) return channel;
  let before = Math.floor(step / 2);
  const table = counts.map((n) => {
    const v = Math.floor(before / step);
    before += n;
    return Math.min(Math.max(v, 0), 255);
  });
  table[0] = 0;
  return tensor(table, { dtype: uint8 }).at(channel.to(int64));
}
export function equalize(img: Tensor): Tensor {
  assertImage(img);
  if (img.ndim < 3 || img.ndim > 4) throw new TypeError(`Input image tensor should have 3 or 4 dimensions, but found ${img.ndim}`);
  onlyBytes(img);
  assertChannels(img);
  return torch.stack([...img.unbind(0)].map((x) => (img.ndim === 3 ? equalizeChannel(x) : equalize(x))));
}

const asColumn = (values: Tensor | readonly number[], dtype: DType): Tensor => {
  const t = as_tensor(values as Tensor, { dtype });
  return t.ndim === 1 ? t.view(-1, 1, 1) : t;
};
export function normalize(img: Tensor, mean: Tensor | readonly number[], std: Tensor | readonly number[], inplace: boolean): Tensor {
  assertImage(img);
  if (!img.dtype.is_floating_point) throw new TypeError(`Input tensor should be a float tensor. Got ${img.dtype}.`);
  if (img.ndim < 3) {
    throw new ValueError(
      `Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = torch.Size([${img.shape.join(', ')}])`,
    );
  }
  const [m, s] = [asColumn(mean, img.dtype), asColumn(std, img.dtype)];
  if (s.eq(0).any().item()) throw new ValueError(`std evaluated to zero after conversion to ${img.dtype}, leading to division by zero.`);
  return inplace ? img.sub_(m).div_(s) : img.sub(m).div_(s);
}
const span = (start: number, length: number): string => `${start}:${start + length}`;
export function erase(img: Tensor, i: number, j: number, h: number, w: number, v: Tensor | number, inplace: boolean): Tensor {
  assertImage(img);
  const out = inplace ? img : img.clone();
  out.set(['...', span(i, h), span(j, w)], v);
  return out;
}

export function gaussianKernel(size: number, sigma: number, dtype: DType): Tensor {
  const half = (size - 1) * 0.5;
  const pdf = torch.linspace(-half, half, size, { dtype }).div(sigma).pow(2).mul(-0.5).exp();
  return pdf.div(pdf.sum());
}
export function gaussian_blur(img: Tensor, [kx, ky]: readonly number[], [sx, sy]: readonly number[]): Tensor {
  assertImage(img);
  const dtype = working(img);
  const kernel = gaussianKernel(ky!, sy!, dtype)
    .unsqueeze(1)
    .mm(gaussianKernel(kx!, sx!, dtype).unsqueeze(0));
  const channels = img.shape.at(-3)!;
  const each = kernel.expand(channels, 1, ky!, kx!);
  const margin = [kx!, kx!, ky!, ky!].map((k) => Math.floor(k / 2));
  return asBatch(img, (x) => nnF.conv2d(nnF.pad(x, margin, { mode: 'reflect' }), each, { groups: channels }));
}
