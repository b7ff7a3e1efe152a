// Rotations, affine maps and perspectives, drawn at random as torchvision draws them.
import { ValueError } from '../../core/errors.ts';
import { configured } from '../../nn/simple.ts';
import { type Interpolation, interpolationOf, type Picture, roundEven } from './common.ts';
import { integer, uniform, unit } from './draws.ts';
import * as F from './functional.ts';
import { anglesOf, checkSequence, fillFor, setFill, tuple } from './settings.ts';
import type { Fill } from './tensor_geometry.ts';

/** Turned by a random angle in degrees: of −degrees to degrees, or of a range. */
export class RandomRotation extends configured(
  (
    degrees: number | readonly number[],
    interpolation: Interpolation = 'nearest',
    expand = false,
    center: readonly number[] | null = null,
    fill: Fill = 0,
  ) => ({ degrees, interpolation, expand, center, fill }),
  null,
  (m) => {
    m.interpolation = interpolationOf(m.interpolation);
    m.degrees = anglesOf(m.degrees, 'degrees', [2]);
    if (m.center !== null) checkSequence(m.center, 'center', [2]);
    m.fill = setFill(m.fill);
  },
) {
  static override readonly __name__: string = 'RandomRotation';
  static get_params(degrees: readonly number[]): number {
    return uniform(degrees[0]!, degrees[1]!);
  }
  forward<T extends Picture>(img: T): T {
    const angle = RandomRotation.get_params(this.degrees as readonly number[]);
    return F.rotate(img, angle, this.interpolation, this.expand, this.center, fillFor(img, this.fill));
  }
  override extra_repr(): string {
    const center = this.center === null ? '' : `, center=${tuple(this.center)}`;
    return `degrees=${tuple(this.degrees, true, '[]')}, interpolation=${this.interpolation}, expand=${tuple(this.expand)}${center}, fill=${tuple(this.fill)}`;
  }
}
type AffineParameters = [angle: number, translations: [number, number], scale: number, shear: [number, number]];
/** Turned, moved by parts of the size, scaled and sheared at random. */
export class RandomAffine extends configured(
  (
    degrees: number | readonly number[],
    translate: readonly number[] | null = null,
    scale: readonly number[] | null = null,
    shear: number | readonly number[] | null = null,
    interpolation: Interpolation = 'nearest',
    fill: Fill = 0,
    center: readonly number[] | null = null,
  ) => ({ degrees, translate, scale, shear, interpolation, fill, center }),
  null,
  (m) => {
    m.interpolation = interpolationOf(m.interpolation);
    m.degrees = anglesOf(m.degrees, 'degrees', [2]);
    if (m.translate !== null) {
      checkSequence(m.translate, 'translate', [2]);
      if (m.translate.some((t) => !(t >= 0 && t <= 1))) throw new ValueError('translation values should be between 0 and 1');
    }
    if (m.scale !== null) {
      checkSequence(m.scale, 'scale', [2]);
      if (m.scale.some((s) => s <= 0)) throw new ValueError('scale values should be positive');
    }
    if (m.shear !== null) m.shear = anglesOf(m.shear, 'shear', [2, 4]);
    if (m.center !== null) checkSequence(m.center, 'center', [2]);
    m.fill = setFill(m.fill);
  },
) {
  static override readonly __name__: string = 'RandomAffine';
  static get_params(
    degrees: readonly number[],
    translate: readonly number[] | null,
    scale_ranges: readonly number[] | null,
    shears: readonly number[] | null,
    img_size: readonly number[],
  ): AffineParameters {
    const angle = uniform(degrees[0]!, degrees[1]!);
    const moved = (d: 0 | 1): number => {
      const most = translate![d]! * img_size[d]!;
      return roundEven(uniform(-most, most));
    };
    const translations: [number, number] = [0, 0];
    if (translate !== null) {
      translations[0] = moved(0);
      translations[1] = moved(1);
    }
    const scale = scale_ranges === null ? 1 : uniform(scale_ranges[0]!, scale_ranges[1]!);
    const shear: [number, number] = [0, 0];
    if (shears !== null) {
      shear[0] = uniform(shears[0]!, shears[1]!);
      if (shears.length === 4) shear[1] = uniform(shears[2]!, shears[3]!);
    }
    return [angle, translations, scale, shear];
  }
  forward<T extends Picture>(img: T): T {
    const angles = [this.degrees, this.shear] as [readonly number[], readonly number[] | null];
    const drawn = RandomAffine.get_params(angles[0], this.translate, this.scale, angles[1], F.get_image_size(img));
    return F.affine(img, ...drawn, this.interpolation, fillFor(img, this.fill), this.center);
  }
  override extra_repr(): string {
    const parts = [
      `degrees=${tuple(this.degrees, true, '[]')}`,
      this.translate === null ? '' : `translate=${tuple(this.translate, true)}`,
      this.scale === null ? '' : `scale=${tuple(this.scale, true)}`,
      this.shear === null ? '' : `shear=${tuple(this.shear, true, '[]')}`,
      this.interpolation === 'nearest' ? '' : `interpolation=${this.interpolation}`,
      this.fill === 0 ? '' : `fill=${tuple(this.fill)}`,
      this.center === null ? '' : `center=${tuple(this.center)}`,
    ];
    return parts.filter(Boolean).join(', ');
  }
}
/** Seen from a random direction, with a probability. */
export class RandomPerspective extends configured(
  (distortion_scale = 0.5, p = 0.5, interpolation: Interpolation = 'bilinear', fill: Fill = 0) => ({
    distortion_scale,
    p,
    interpolation,
    fill,
  }),
  'p={p}',
  (m) => {
    m.interpolation = interpolationOf(m.interpolation);
    m.fill = setFill(m.fill);
  },
) {
  static override readonly __name__: string = 'RandomPerspective';
  static get_params(width: number, height: number, distortion_scale: number): [startpoints: number[][], endpoints: number[][]] {
    const dx = Math.trunc(distortion_scale * Math.floor(width / 2));
    const dy = Math.trunc(distortion_scale * Math.floor(height / 2));
    const left = (): number => integer(0, dx + 1);
    const right = (): number => integer(width - dx - 1, width);
    const top = (): number => integer(0, dy + 1);
    const bottom = (): number => integer(height - dy - 1, height);
    const endpoints = [
      [left(), top()],
      [right(), top()],
      [right(), bottom()],
      [left(), bottom()],
    ];
    return [
      [
        [0, 0],
        [width - 1, 0],
        [width - 1, height - 1],
        [0, height - 1],
      ],
      endpoints,
    ];
  }
  forward<T extends Picture>(img: T): T {
    if (!(unit() < this.p)) return img;
    const [w, h] = F.get_image_size(img);
    const [start, end] = RandomPerspective.get_params(w, h, this.distortion_scale);
    return F.perspective(img, start, end, this.interpolation, fillFor(img, this.fill));
  }
}
