// Colours, blur and displacement, drawn at random.
import { ValueError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import { configured } from '../../nn/simple.ts';
import * as torch from '../../surface/generated/torch.ts';
import { type Interpolation, interpolationOf, pairOf, type Picture, type PictureSize, typeName } from './common.ts';
import { uniform, unit } from './draws.ts';
import * as F from './functional.ts';
import { type Chances, tuple } from './settings.ts';
import type { Fill } from './tensor_geometry.ts';

/** How far from the original: a number, or a range of factors. */
export type Jitter = number | readonly number[];
/** The range of a factor; null if it stays at its center. */
function rangeOf(
  value: Jitter,
  name: string,
  center = 1,
  bound: readonly [number, number] = [0, Number.POSITIVE_INFINITY],
): Chances | null {
  let range: [number, number];
  if (typeof value === 'number') {
    if (value < 0) throw new ValueError(`If ${name} is a single number, it must be non negative.`);
    range = [center - value, center + value];
    if (center === 1) range[0] = Math.max(range[0], 0);
  } else if (Array.isArray(value) && value.length === 2) range = [value[0]!, value[1]!];
  else throw new TypeError(`${name} should be a single number or a list/tuple with length 2.`);
  if (!(bound[0] <= range[0] && range[0] <= range[1] && range[1] <= bound[1])) {
    const most = bound[1] === Number.POSITIVE_INFINITY ? '(0, inf)' : tuple(bound, true);
    throw new ValueError(`${name} values should be between ${most}, but got ${tuple(range, true, '[]')}.`);
  }
  return range[0] === center && range[1] === center ? null : range;
}
type JitterParameters = [order: Tensor, brightness: number | null, contrast: number | null, saturation: number | null, hue: number | null];
/** Brightness, contrast, saturation and hue changed at random, in random order. */
export class ColorJitter extends configured(
  (brightness: Jitter | null = 0, contrast: Jitter | null = 0, saturation: Jitter | null = 0, hue: Jitter | null = 0) => ({
    brightness,
    contrast,
    saturation,
    hue,
  }),
  null,
  (m) => {
    m.brightness = rangeOf(m.brightness!, 'brightness');
    m.contrast = rangeOf(m.contrast!, 'contrast');
    m.saturation = rangeOf(m.saturation!, 'saturation');
    m.hue = rangeOf(m.hue!, 'hue', 0, [-0.5, 0.5]);
  },
) {
  static override readonly __name__: string = 'ColorJitter';
  static get_params(
    brightness: Chances | null,
    contrast: Chances | null,
    saturation: Chances | null,
    hue: Chances | null,
  ): JitterParameters {
    const order = torch.randperm(4);
    const draw = (range: Chances | null): number | null => (range === null ? null : uniform(range[0], range[1]));
    return [order, draw(brightness), draw(contrast), draw(saturation), draw(hue)];
  }
  forward<T extends Picture>(img: T): T {
    const ranges = [this.brightness, this.contrast, this.saturation, this.hue] as (Chances | null)[];
    const [order, ...factors] = ColorJitter.get_params(ranges[0]!, ranges[1]!, ranges[2]!, ranges[3]!);
    const changes = [F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue] as const;
    return (order.tolist() as (number | bigint)[]).reduce<T>((x, which) => {
      const factor = factors[Number(which)]!;
      return factor === null ? x : changes[Number(which)]!(x, factor);
    }, img);
  }
  override extra_repr(): string {
    const shown = (v: Jitter | null): string => tuple(v, true);
    return `brightness=${shown(this.brightness)}, contrast=${shown(this.contrast)}, saturation=${shown(this.saturation)}, hue=${shown(this.hue)}`;
  }
}
/** Black and white, in one channel or three. */
export class Grayscale extends configured(
  (num_output_channels = 1) => ({ num_output_channels }),
  'num_output_channels={num_output_channels}',
) {
  static override readonly __name__: string = 'Grayscale';
  forward<T extends Picture>(img: T): T {
    return F.rgb_to_grayscale(img, this.num_output_channels);
  }
}
/** Black and white in as many channels as there are, with a probability. */
export class RandomGrayscale extends configured((p = 0.1) => ({ p }), 'p={p}') {
  static override readonly __name__: string = 'RandomGrayscale';
  forward<T extends Picture>(img: T): T {
    return unit() < this.p ? F.rgb_to_grayscale(img, F.get_image_num_channels(img)) : img;
  }
}
/** A Gaussian blur with a sigma drawn from a range. */
export class GaussianBlur extends configured(
  (kernel_size: PictureSize, sigma: number | readonly number[] = [0.1, 2]) => ({ kernel_size, sigma }),
  null,
  (m) => {
    m.kernel_size = pairOf(m.kernel_size, 'Kernel size should be a tuple/list of two integers');
    if (m.kernel_size.some((k) => k <= 0 || k % 2 === 0)) throw new ValueError('Kernel size value should be an odd and positive number.');
    if (typeof m.sigma === 'number') {
      if (m.sigma <= 0) throw new ValueError('If sigma is a single number, it must be positive.');
      m.sigma = [m.sigma, m.sigma];
    } else if (Array.isArray(m.sigma) && m.sigma.length === 2) {
      if (!(m.sigma[0]! > 0 && m.sigma[0]! <= m.sigma[1]!))
        throw new ValueError('sigma values should be positive and of the form (min, max).');
    } else throw new ValueError('sigma should be a single number or a list/tuple with length 2.');
  },
) {
  static override readonly __name__: string = 'GaussianBlur';
  static get_params(sigma_min: number, sigma_max: number): number {
    return uniform(sigma_min, sigma_max);
  }
  forward<T extends Picture>(img: T): T {
    const [low, high] = this.sigma as readonly [number, number];
    const sigma = GaussianBlur.get_params(low, high);
    return F.gaussian_blur(img, this.kernel_size as readonly number[], [sigma, sigma]);
  }
  override extra_repr(): string {
    return `kernel_size=${tuple(this.kernel_size)}, sigma=${tuple(this.sigma, true)}`;
  }
}

/** The negative, with a probability. */
export class RandomInvert extends configured((p = 0.5) => ({ p }), 'p={p}') {
  static override readonly __name__: string = 'RandomInvert';
  forward<T extends Picture>(img: T): T {
    return unit() < this.p ? F.invert(img) : img;
  }
}
/** Only the highest bits, with a probability. */
export class RandomPosterize extends configured((bits: number, p = 0.5) => ({ bits, p }), 'bits={bits},p={p}') {
  static override readonly __name__: string = 'RandomPosterize';
  forward<T extends Picture>(img: T): T {
    return unit() < this.p ? F.posterize(img, this.bits) : img;
  }
}
/** Values of the threshold and above inverted, with a probability. */
export class RandomSolarize extends configured((threshold: number, p = 0.5) => ({ threshold, p }), 'threshold={threshold},p={p}') {
  static override readonly __name__: string = 'RandomSolarize';
  forward<T extends Picture>(img: T): T {
    return unit() < this.p ? F.solarize(img, this.threshold) : img;
  }
}
/** Sharper or blurred, with a probability. */
export class RandomAdjustSharpness extends configured(
  (sharpness_factor: number, p = 0.5) => ({ sharpness_factor, p }),
  'sharpness_factor={sharpness_factor},p={p}',
) {
  static override readonly __name__: string = 'RandomAdjustSharpness';
  forward<T extends Picture>(img: T): T {
    return unit() < this.p ? F.adjust_sharpness(img, this.sharpness_factor) : img;
  }
}
/** Every channel stretched to the whole range, with a probability. */
export class RandomAutocontrast extends configured((p = 0.5) => ({ p }), 'p={p}') {
  static override readonly __name__: string = 'RandomAutocontrast';
  forward<T extends Picture>(img: T): T {
    return unit() < this.p ? F.autocontrast(img) : img;
  }
}
/** Every channel's histogram made even, with a probability. */
export class RandomEqualize extends configured((p = 0.5) => ({ p }), 'p={p}') {
  static override readonly __name__: string = 'RandomEqualize';
  forward<T extends Picture>(img: T): T {
    return unit() < this.p ? F.equalize(img) : img;
  }
}
const pairOfFloats = (v: number | readonly number[], name: string): number[] => {
  if (typeof v === 'number') return [v, v];
  if (!Array.isArray(v)) throw new TypeError(`${name} should be float or a sequence of floats. Got ${typeName(v)}`);
  if (v.length !== 2) throw new ValueError(`If ${name} is a sequence its length should be 2. Got ${v.length}`);
  return [...v];
};
/** Pixels displaced by smooth noise of strength alpha and smoothness sigma. */
export class ElasticTransform extends configured(
  (
    alpha: number | readonly number[] = 50,
    sigma: number | readonly number[] = 5,
    interpolation: Interpolation = 'bilinear',
    fill: Fill = 0,
  ) => ({
    alpha,
    sigma,
    interpolation,
    fill,
  }),
  null,
  (m) => {
    m.alpha = pairOfFloats(m.alpha, 'alpha');
    m.sigma = pairOfFloats(m.sigma, 'sigma');
    m.interpolation = interpolationOf(m.interpolation);
    m.fill = typeof m.fill === 'number' ? [m.fill] : m.fill;
  },
) {
  static override readonly __name__: string = 'ElasticTransform';
  static get_params(alpha: readonly number[], sigma: readonly number[], size: readonly number[]): Tensor {
    const noise = (d: 0 | 1, extent: number): Tensor => {
      let x = torch
        .rand([1, 1, ...size])
        .mul(2)
        .sub(1);
      if (sigma[d]! > 0) {
        const k = Math.trunc(8 * sigma[d]! + 1);
        const odd = k % 2 === 0 ? k + 1 : k;
        x = F.gaussian_blur(x, [odd, odd], sigma);
      }
      return x.mul(alpha[d]!).div(extent);
    };
    const dx = noise(0, size[1]!);
    return torch.cat([dx, noise(1, size[0]!)], 1).permute(0, 2, 3, 1);
  }
  forward<T extends Picture>(img: T): T {
    const [, h, w] = F.get_dimensions(img);
    const displacement = ElasticTransform.get_params(this.alpha as readonly number[], this.sigma as readonly number[], [h, w]);
    return F.elastic_transform(img, displacement, this.interpolation, this.fill);
  }
  override extra_repr(): string {
    return `alpha=${tuple(this.alpha, true, '[]')}, sigma=${tuple(this.sigma, true, '[]')}, interpolation=InterpolationMode.${String(this.interpolation).toUpperCase().replaceAll('-', '_')}, fill=${tuple(this.fill, true, '[]')}`;
  }
}
