// Geometry of tensors (…, C, H, W): torchvision/transforms/_functional_tensor.py.
import { float32, float64, int64 } from '../../core/dtype.ts';
import { RuntimeError, ValueError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import * as nnF from '../../nn/functional.ts';
import { tensor } from '../../surface/construct.ts';
import * as torch from '../../surface/generated/torch.ts';
import { type InterpolationMode, working } from './common.ts';
import { asBatch, assertImage, dimensions } from './tensor_color.ts';

export const hflip = (img: Tensor): Tensor => {
  assertImage(img);
  return img.flip(-1);
};
export const vflip = (img: Tensor): Tensor => {
  assertImage(img);
  return img.flip(-2);
};
export function crop(img: Tensor, top: number, left: number, height: number, width: number): Tensor {
  const [, h, w] = dimensions(img);
  const [right, bottom] = [left + width, top + height];
  const cut = (low: number, high: number, dim: number, n: number): ((t: Tensor) => Tensor) => {
    const begin = Math.min(Math.max(low, 0), n);
    return (t) => t.narrow(dim, begin, Math.max(Math.min(high, n) - begin, 0));
  };
  const inside = cut(left, right, -1, w)(cut(top, bottom, -2, h)(img));
  if (left >= 0 && top >= 0 && right <= w && bottom <= h) return inside;
  const margin = [
    Math.max(-left + Math.min(0, right), 0),
    Math.max(-top + Math.min(0, bottom), 0),
    Math.max(right - Math.max(w, left), 0),
    Math.max(bottom - Math.max(h, top), 0),
  ];
  return pad(inside, margin, 0, 'constant');
}

/** Widths of borders: one number, (left and right, top and bottom), or (left, top, right, bottom). */
export type Padding = number | readonly number[];
export type PaddingMode = 'constant' | 'edge' | 'reflect' | 'symmetric';
/** Left, top, right and bottom. */
export function borders(padding: Padding): readonly [number, number, number, number] {
  if (typeof padding === 'number') return [padding, padding, padding, padding];
  const [a, b, c, d] = padding as readonly number[];
  if (padding.length === 1) return [a!, a!, a!, a!];
  return padding.length === 2 ? [a!, b!, a!, b!] : [a!, b!, c!, d!];
}
/** @throws TypeError, ValueError for arguments that no padding has. */
export function checkPadding(padding: Padding, padding_mode: PaddingMode): void {
  if (typeof padding !== 'number' && !Array.isArray(padding)) throw new TypeError('Got inappropriate padding arg');
  if (Array.isArray(padding) && ![1, 2, 4].includes(padding.length))
    throw new ValueError(`Padding must be an int or a 1, 2, or 4 element tuple, not a ${padding.length} element tuple`);
  if (!['constant', 'edge', 'reflect', 'symmetric'].includes(padding_mode))
    throw new ValueError('Padding mode should be either constant, edge, reflect or symmetric');
}
export function pad(img: Tensor, padding: Padding, fill: number | null, padding_mode: PaddingMode): Tensor {
  assertImage(img);
  checkPadding(padding, padding_mode);
  if (typeof (fill ?? 0) !== 'number') throw new TypeError('Got inappropriate fill arg');
  const [left, top, right, bottom] = borders(padding);
  if (padding_mode === 'symmetric') return symmetric(img, left, top, right, bottom);
  const sides = [left, right, top, bottom];
  const batch = img.ndim < 4 ? img.unsqueeze(0) : img;
  let r: Tensor;
  if (padding_mode === 'constant') r = nnF.pad(batch, sides, { mode: 'constant', value: fill ?? 0 });
  else {
    const exact = img.dtype === float32 || img.dtype === float64;
    r = nnF.pad(exact ? batch : batch.to(float32), sides, { mode: padding_mode === 'edge' ? 'replicate' : 'reflect' });
    if (!exact) r = r.to(img.dtype);
  }
  return img.ndim < 4 ? r.squeeze(0) : r;
}
/** Reflection that repeats the border. */
function symmetric(img: Tensor, left: number, top: number, right: number, bottom: number): Tensor {
  if (img.ndim !== 3 && img.ndim !== 4) throw new RuntimeError('Symmetric padding of N-D tensors are not supported yet');
  const line = (t: Tensor, dim: number, before: number, after: number): Tensor => {
    const cut = t.narrow(dim, Math.max(-before, 0), t.size(dim) - Math.max(-before, 0) - Math.max(-after, 0));
    const n = cut.size(dim);
    const places = [
      ...Array.from({ length: Math.max(before, 0) }, (_, i) => Math.max(before, 0) - 1 - i),
      ...Array.from({ length: n }, (_, i) => i),
      ...Array.from({ length: Math.max(after, 0) }, (_, i) => n - 1 - i),
    ];
    return cut.index_select(dim, tensor(places, { dtype: int64 }));
  };
  return line(line(img, -1, left, right), -2, top, bottom);
}

const RESIZABLE: readonly InterpolationMode[] = ['nearest', 'nearest-exact', 'bilinear', 'bicubic'];
export function resize(img: Tensor, size: readonly [number, number], mode: InterpolationMode, antialias: boolean): Tensor {
  assertImage(img);
  if (!RESIZABLE.includes(mode)) throw new ValueError(`Interpolation mode '${mode}' is unsupported with Tensor input`);
  const smooth = mode === 'bilinear' || mode === 'bicubic';
  const dtype = img.dtype === float64 ? float64 : float32;
  return asBatch(
    img,
    (x) => {
      const r = nnF.interpolate(x, { size: [...size], mode, align_corners: smooth ? false : null, antialias: antialias && smooth });
      return mode === 'bicubic' && img.dtype.itemsize === 1 && !img.dtype.is_floating_point ? r.clamp(0, 255) : r;
    },
    dtype,
  );
}

/** The colour outside: one number, or one for each channel. */
export type Fill = number | readonly number[] | null;
function checkGrid(img: Tensor, mode: InterpolationMode, fill: Fill): void {
  assertImage(img);
  const channels = dimensions(img)[0];
  if (Array.isArray(fill) && fill.length > 1 && fill.length !== channels) {
    throw new ValueError(
      `The number of elements in 'fill' cannot broadcast to match the number of channels of the image (${fill.length} != ${channels})`,
    );
  }
  if (mode !== 'nearest' && mode !== 'bilinear') throw new ValueError(`Interpolation mode '${mode}' is unsupported with Tensor input`);
}
/** Samples an image at the points of a grid; a mask goes with it that says where the fill shows. */
function sampled(img: Tensor, grid: Tensor, mode: InterpolationMode, fill: Fill): Tensor {
  return asBatch(
    img,
    (x) => {
      const points = x.size(0) > 1 ? grid.expand(x.size(0), -1, -1, -1) : grid;
      const options = { mode, padding_mode: 'zeros', align_corners: false } as const;
      if (fill === null) return nnF.grid_sample(x, points, options);
      const [n, c, h, w] = x.shape as unknown as [number, number, number, number];
      const masked = torch.cat([x, torch.ones([n, 1, h, w], { dtype: x.dtype })], 1);
      const both = nnF.grid_sample(masked, points, options);
      const r = both.narrow(1, 0, c);
      const mask = both.narrow(1, c, 1);
      const values = typeof fill === 'number' ? [fill] : [...fill];
      const color = tensor(values, { dtype: x.dtype }).view(1, values.length, 1, 1);
      if (mode === 'nearest') return torch.where(mask.lt(0.5), color, r);
      return r.mul(mask).add(torch.rsub(mask, 1).mul(color));
    },
    grid.dtype,
  );
}
/** Homogeneous coordinates of pixels' centres, the first row and column of which start where they are told. */
function baseGrid(ow: number, oh: number, x0: number, y0: number, like: Tensor): Tensor {
  const dtype = working(like);
  const xs = torch.linspace(x0, x0 + ow - 1, ow).to(dtype);
  const ys = torch
    .linspace(y0, y0 + oh - 1, oh)
    .to(dtype)
    .unsqueeze(-1);
  return torch.stack([xs.expand(oh, ow), ys.expand(oh, ow), torch.ones([oh, ow], { dtype })], -1).view(1, oh * ow, 3);
}
function affineGrid(img: Tensor, matrix: readonly number[], ow: number, oh: number): Tensor {
  const dtype = working(img);
  const [, h, w] = dimensions(img);
  const theta = tensor([...matrix], { dtype }).reshape(1, 2, 3);
  const rescaled = theta.transpose(1, 2).div(tensor([0.5 * w, 0.5 * h], { dtype }));
  return baseGrid(ow, oh, -ow * 0.5 + 0.5, -oh * 0.5 + 0.5, img)
    .bmm(rescaled)
    .view(1, oh, ow, 2);
}
export function affine(img: Tensor, matrix: readonly number[], mode: InterpolationMode, fill: Fill): Tensor {
  checkGrid(img, mode, fill);
  const [, h, w] = dimensions(img);
  return sampled(img, affineGrid(img, matrix, w, h), mode, fill);
}
/** The size that holds the whole image after a map. */
function outputSize(matrix: readonly number[], w: number, h: number): [width: number, height: number] {
  const f = Math.fround;
  const corners = [
    [-0.5 * w, -0.5 * h],
    [-0.5 * w, 0.5 * h],
    [0.5 * w, 0.5 * h],
    [0.5 * w, -0.5 * h],
  ] as const;
  const span = (row: 0 | 1, half: number): number => {
    const [a, b, c] = matrix.slice(3 * row).map(f) as [number, number, number];
    const all = corners.map(([x, y]) => f(f(f(a * x) + f(b * y)) + c));
    const cut = (v: number): number => f(Math.trunc(f(f(v + half) / f(1e-4))) * f(1e-4));
    return Math.ceil(cut(Math.max(...all))) - Math.floor(cut(Math.min(...all)));
  };
  return [span(0, w * 0.5), span(1, h * 0.5)];
}
export function rotate(img: Tensor, matrix: readonly number[], mode: InterpolationMode, expand: boolean, fill: Fill): Tensor {
  checkGrid(img, mode, fill);
  const [, h, w] = dimensions(img);
  const [ow, oh] = expand ? outputSize(matrix, w, h) : [w, h];
  return sampled(img, affineGrid(img, matrix, ow, oh), mode, fill);
}
export function perspective(img: Tensor, coeffs: readonly number[], mode: InterpolationMode, fill: Fill): Tensor {
  checkGrid(img, mode, fill);
  const [, oh, ow] = dimensions(img);
  const dtype = working(img);
  const [a, b, c, d, e, f, g, h] = coeffs as [number, number, number, number, number, number, number, number];
  const above = tensor(
    [
      [a, b, c],
      [d, e, f],
    ],
    { dtype },
  ).unsqueeze(0);
  const below = tensor(
    [
      [g, h, 1],
      [g, h, 1],
    ],
    { dtype },
  ).unsqueeze(0);
  const base = baseGrid(ow, oh, 0.5, 0.5, img);
  const rescaled = above.transpose(1, 2).div(tensor([0.5 * ow, 0.5 * oh], { dtype }));
  const grid = base
    .bmm(rescaled)
    .div(base.bmm(below.transpose(1, 2)))
    .sub(1);
  return sampled(img, grid.view(1, oh, ow, 2), mode, fill);
}
export function elastic_transform(img: Tensor, displacement: Tensor, mode: InterpolationMode, fill: Fill): Tensor {
  const [, h, w] = dimensions(img);
  const line = (n: number): Tensor => torch.linspace((-n + 1) / n, (n - 1) / n, n);
  const identity = torch.stack([line(w).expand(h, w), line(h).unsqueeze(-1).expand(h, w)], -1).unsqueeze(0);
  return sampled(img, identity.add(displacement), mode, fill);
}
