// Resampling to other sizes.
import type { Tensor } from '../core/tensor.ts';
import type { PerDimension } from './conv.ts';
import * as F from './functional.ts';
import { configured, python } from './simple.ts';

export type InterpolationMode = 'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'bicubic' | 'trilinear' | 'area';
interface Resampling {
  size: PerDimension | null;
  scale_factor: PerDimension | null;
}
const describe = (m: Resampling, mode: string): string =>
  `${m.scale_factor !== null ? `scale_factor=${python(m.scale_factor, true)}` : `size=${python(m.size)}`}, mode='${mode}'`;

/** Resamples to a size or by a factor. */
export class Upsample extends configured(
  (
    size: PerDimension | null = null,
    scale_factor: PerDimension | null = null,
    mode: InterpolationMode = 'nearest',
    align_corners: boolean | null = null,
    recompute_scale_factor: boolean | null = null,
  ) => ({ size, scale_factor, mode, align_corners, recompute_scale_factor }),
) {
  static override readonly __name__: string = 'Upsample';
  forward(input: Tensor): Tensor {
    const { size, scale_factor, mode, align_corners, recompute_scale_factor } = this;
    return F.interpolate(input, { size, scale_factor, mode, align_corners, recompute_scale_factor } as never);
  }
  override extra_repr(): string {
    return describe(this, this.mode);
  }
}
const upsampling2d = (mode: 'nearest' | 'bilinear', align_corners: boolean | null) => {
  abstract class Upsampling2d extends configured((size: PerDimension | null = null, scale_factor: PerDimension | null = null) => ({
    size,
    scale_factor,
  })) {
    forward(input: Tensor): Tensor {
      return F.interpolate(input, { size: this.size, scale_factor: this.scale_factor, mode, align_corners } as never);
    }
    override extra_repr(): string {
      return describe(this, mode);
    }
  }
  return Upsampling2d;
};
/** Repeats pixels. */
export class UpsamplingNearest2d extends upsampling2d('nearest', null) {
  static override readonly __name__: string = 'UpsamplingNearest2d';
}
/** Bilinear interpolation between pixels, corners aligned. */
export class UpsamplingBilinear2d extends upsampling2d('bilinear', true) {
  static override readonly __name__: string = 'UpsamplingBilinear2d';
}
