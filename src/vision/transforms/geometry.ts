// Crops, flips, sizes and erased rectangles, some of them drawn at random. Every `get_params` draws as torchvision's does.
import { ValueError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import { configured } from '../../nn/simple.ts';
import { tensor } from '../../surface/construct.ts';
import * as torch from '../../surface/generated/torch.ts';
import { type Interpolation, interpolationOf, pairOf, type Picture, type PictureSize, roundEven } from './common.ts';
import { integer, uniform, unit } from './draws.ts';
import * as F from './functional.ts';
import { type Chances, tuple } from './settings.ts';
import { checkPadding, type Fill, type Padding, type PaddingMode } from './tensor_geometry.ts';

const TWO = 'Please provide only two dimensions (h, w) for size.';

/** Another size: (height, width), or one number for the shorter side. */
export class Resize extends configured(
  (size: PictureSize, interpolation: Interpolation = 'bilinear', max_size: number | null = null, antialias: boolean | null = true) => ({
    size,
    interpolation,
    max_size,
    antialias,
  }),
  null,
  (m) => {
    if (typeof m.size !== 'number' && !Array.isArray(m.size)) throw new TypeError(`Size should be int or sequence. Got ${typeof m.size}`);
    if (typeof m.size !== 'number' && m.size.length !== 1 && m.size.length !== 2)
      throw new ValueError('If size is a sequence, it should have 1 or 2 values');
    m.interpolation = interpolationOf(m.interpolation);
  },
) {
  static override readonly __name__: string = 'Resize';
  forward<T extends Picture>(img: T): T {
    return F.resize(img, this.size, this.interpolation, this.max_size, this.antialias);
  }
  override extra_repr(): string {
    return `size=${tuple(this.size)}, interpolation=${this.interpolation}, max_size=${tuple(this.max_size)}, antialias=${tuple(this.antialias)}`;
  }
}
/** The middle. */
export class CenterCrop extends configured(
  (size: PictureSize) => ({ size }),
  null,
  (m) => {
    m.size = pairOf(m.size, TWO);
  },
) {
  static override readonly __name__: string = 'CenterCrop';
  forward<T extends Picture>(img: T): T {
    return F.center_crop(img, this.size);
  }
  override extra_repr(): string {
    return `size=${tuple(this.size)}`;
  }
}
/** Borders. */
export class Pad extends configured(
  (padding: Padding, fill: Fill = 0, padding_mode: PaddingMode = 'constant') => ({ padding, fill, padding_mode }),
  null,
  (m) => {
    checkPadding(m.padding, m.padding_mode);
    if (typeof m.fill !== 'number' && !Array.isArray(m.fill)) throw new TypeError('Got inappropriate fill arg');
  },
) {
  static override readonly __name__: string = 'Pad';
  forward<T extends Picture>(img: T): T {
    return F.pad(img, this.padding, this.fill, this.padding_mode);
  }
  override extra_repr(): string {
    return `padding=${tuple(this.padding)}, fill=${tuple(this.fill)}, padding_mode=${this.padding_mode}`;
  }
}
/** The corners and the middle. */
export class FiveCrop extends configured(
  (size: PictureSize) => ({ size }),
  null,
  (m) => {
    m.size = pairOf(m.size, TWO);
  },
) {
  static override readonly __name__: string = 'FiveCrop';
  forward<T extends Picture>(img: T): F.Five<T> {
    return F.five_crop(img, this.size);
  }
  override extra_repr(): string {
    return `size=${tuple(this.size)}`;
  }
}
/** The corners and the middle of the picture and of the flipped one. */
export class TenCrop extends configured(
  (size: PictureSize, vertical_flip = false) => ({ size, vertical_flip }),
  null,
  (m) => {
    m.size = pairOf(m.size, TWO);
  },
) {
  static override readonly __name__: string = 'TenCrop';
  forward<T extends Picture>(img: T): [...F.Five<T>, ...F.Five<T>] {
    return F.ten_crop(img, this.size, this.vertical_flip);
  }
  override extra_repr(): string {
    return `size=${tuple(this.size)}, vertical_flip=${tuple(this.vertical_flip)}`;
  }
}

/** Mirrored left to right, with a probability. */
export class RandomHorizontalFlip extends configured((p = 0.5) => ({ p }), 'p={p}') {
  static override readonly __name__: string = 'RandomHorizontalFlip';
  forward<T extends Picture>(img: T): T {
    return unit() < this.p ? F.hflip(img) : img;
  }
}
/** Mirrored top to bottom, with a probability. */
export class RandomVerticalFlip extends configured((p = 0.5) => ({ p }), 'p={p}') {
  static override readonly __name__: string = 'RandomVerticalFlip';
  forward<T extends Picture>(img: T): T {
    return unit() < this.p ? F.vflip(img) : img;
  }
}

export type CropBox = [top: number, left: number, height: number, width: number];
/**
 * A part of a size, at a random place; borders first, where they are wanted.
 * @throws ValueError if the picture is smaller.
 */
export class RandomCrop extends configured(
  (size: PictureSize, padding: Padding | null = null, pad_if_needed = false, fill: Fill = 0, padding_mode: PaddingMode = 'constant') => ({
    size,
    padding,
    pad_if_needed,
    fill,
    padding_mode,
  }),
  null,
  (m) => {
    m.size = pairOf(m.size, TWO);
  },
) {
  static override readonly __name__: string = 'RandomCrop';
  static get_params(img: Picture, output_size: readonly [number, number]): CropBox {
    const [, h, w] = F.get_dimensions(img);
    const [th, tw] = output_size;
    if (h < th || w < tw) throw new ValueError(`Required crop size (${th}, ${tw}) is larger than input image size (${h}, ${w})`);
    if (w === tw && h === th) return [0, 0, h, w];
    const top = integer(0, h - th + 1);
    return [top, integer(0, w - tw + 1), th, tw];
  }
  forward<T extends Picture>(img: T): T {
    const size = this.size as [number, number];
    const bordered = (x: T, padding: Padding): T => F.pad(x, padding, this.fill, this.padding_mode);
    let whole = this.padding === null ? img : bordered(img, this.padding);
    const [, height, width] = F.get_dimensions(whole);
    if (this.pad_if_needed && width < size[1]) whole = bordered(whole, [size[1] - width, 0]);
    if (this.pad_if_needed && height < size[0]) whole = bordered(whole, [0, size[0] - height]);
    return F.crop(whole, ...RandomCrop.get_params(whole, size));
  }
  override extra_repr(): string {
    return `size=${tuple(this.size)}, padding=${tuple(this.padding)}`;
  }
}

const inverted = (range: readonly number[]): boolean => range[0]! > range[1]!;
function checkRanges(m: { scale: Chances; ratio: Chances }): void {
  if (!Array.isArray(m.scale)) throw new TypeError('Scale should be a sequence');
  if (!Array.isArray(m.ratio)) throw new TypeError('Ratio should be a sequence');
  if (inverted(m.scale) || inverted(m.ratio)) console.warn('Scale and ratio should be of kind (min, max)');
}
/** The logarithms of a range's ends in float32, by the range. */
const logarithms = new WeakMap<Chances, readonly [low: number, high: number]>();
function logarithmsOf(ratio: Chances): readonly [low: number, high: number] {
  let found = logarithms.get(ratio);
  if (!found) {
    const [low, high] = torch.log(tensor([ratio[0], ratio[1]])).tolist() as number[];
    found = [low!, high!];
    logarithms.set(ratio, found);
  }
  return found;
}
/** The area and its ratio of width to height, drawn. */
function drawnArea(area: number, scale: Chances, ratio: Chances): [area: number, ratio: number] {
  const log = logarithmsOf(ratio);
  const target = area * uniform(scale[0], scale[1]);
  return [target, torch.exp(torch.empty(1).uniform_(log[0], log[1])).item()];
}
/** A part of random area and ratio of its sides, at a random place, resized. */
export class RandomResizedCrop extends configured(
  (
    size: PictureSize,
    scale: Chances = [0.08, 1],
    ratio: Chances = [3 / 4, 4 / 3],
    interpolation: Interpolation = 'bilinear',
    antialias: boolean | null = true,
  ) => ({ size, scale, ratio, interpolation, antialias }),
  null,
  (m) => {
    m.size = pairOf(m.size, TWO);
    checkRanges(m);
    m.interpolation = interpolationOf(m.interpolation);
  },
) {
  static override readonly __name__: string = 'RandomResizedCrop';
  static get_params(img: Picture, scale: Chances, ratio: Chances): CropBox {
    const [, height, width] = F.get_dimensions(img);
    for (let attempt = 0; attempt < 10; attempt++) {
      const [area, aspect] = drawnArea(height * width, scale, ratio);
      const w = roundEven(Math.sqrt(area * aspect));
      const h = roundEven(Math.sqrt(area / aspect));
      if (w > 0 && w <= width && h > 0 && h <= height) {
        const top = integer(0, height - h + 1);
        return [top, integer(0, width - w + 1), h, w];
      }
    }
    const [least, most] = [Math.min(...ratio), Math.max(...ratio)];
    const there = width / height;
    const w = there > most ? roundEven(height * most) : width;
    const h = there < least ? roundEven(width / least) : height;
    return [Math.floor((height - h) / 2), Math.floor((width - w) / 2), h, w];
  }
  forward<T extends Picture>(img: T): T {
    const box = RandomResizedCrop.get_params(img, this.scale, this.ratio);
    return F.resized_crop(img, ...box, this.size, this.interpolation, this.antialias);
  }
  override extra_repr(): string {
    const rounded = (v: readonly number[]): string =>
      tuple(
        v.map((x) => Number(x.toFixed(4))),
        true,
      );
    return `size=${tuple(this.size)}, scale=${rounded(this.scale)}, ratio=${rounded(this.ratio)}, interpolation=${this.interpolation}, antialias=${tuple(this.antialias)}`;
  }
}

/**
 * A random rectangle of a tensor replaced by a value, one value for each channel, or noise (`'random'`), with a probability.
 * @throws TypeError, ValueError for values and ranges of the wrong kind.
 */
export class RandomErasing extends configured(
  (
    p = 0.5,
    scale: Chances = [0.02, 0.33],
    ratio: Chances = [0.3, 3.3],
    value: number | 'random' | readonly number[] = 0,
    inplace = false,
  ) => ({ p, scale, ratio, value, inplace }),
  null,
  (m) => {
    if (typeof m.value !== 'number' && typeof m.value !== 'string' && !Array.isArray(m.value))
      throw new TypeError('Argument value should be either a number or str or a sequence');
    if (typeof m.value === 'string' && m.value !== 'random') throw new ValueError("If value is str, it should be 'random'");
    checkRanges(m);
    if (m.scale[0] < 0 || m.scale[1] > 1) throw new ValueError('Scale should be between 0 and 1');
    if (m.p < 0 || m.p > 1) throw new ValueError('Random erasing probability should be between 0 and 1');
  },
) {
  static override readonly __name__: string = 'RandomErasing';
  static get_params(img: Tensor, scale: Chances, ratio: Chances, value: readonly number[] | null = null): [...CropBox, Tensor] {
    const [c, height, width] = img.shape.slice(-3) as [number, number, number];
    for (let attempt = 0; attempt < 10; attempt++) {
      const [area, aspect] = drawnArea(height * width, scale, ratio);
      const h = roundEven(Math.sqrt(area * aspect));
      const w = roundEven(Math.sqrt(area / aspect));
      if (!(h < height && w < width)) continue;
      const v = value === null ? torch.empty([c, h, w]).normal_() : tensor([...value]).view(-1, 1, 1);
      const top = integer(0, height - h + 1);
      return [top, integer(0, width - w + 1), h, w, v];
    }
    return [0, 0, height, width, img];
  }
  forward(img: Tensor): Tensor {
    if (!(unit() < this.p)) return img;
    const value = typeof this.value === 'number' ? [this.value] : this.value === 'random' ? null : (this.value as readonly number[]);
    if (value !== null && value.length !== 1 && value.length !== img.shape.at(-3)) {
      throw new ValueError(
        `If value is a sequence, it should have either a single value or ${img.shape.at(-3)} (number of input channels)`,
      );
    }
    const [i, j, h, w, v] = RandomErasing.get_params(img, this.scale, this.ratio, value);
    return F.erase(img, i, j, h, w, v, this.inplace);
  }
  override extra_repr(): string {
    return `p=${this.p}, scale=${tuple(this.scale)}, ratio=${tuple(this.ratio)}, value=${tuple(this.value)}, inplace=${tuple(this.inplace)}`;
  }
}
