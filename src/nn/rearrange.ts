// Modules that only move elements: reshape, shuffle, blocks to columns and back.
import type { Tensor } from '../core/tensor.ts';
import * as torch from '../surface/generated/torch.ts';
import type { PerDimension } from './conv.ts';
import * as F from './functional.ts';
import { configured } from './simple.ts';

/** Makes one dimension of several: all but the first by default. */
export class Flatten extends configured(
  (start_dim = 1, end_dim = -1) => ({ start_dim, end_dim }),
  'start_dim={start_dim}, end_dim={end_dim}',
) {
  static override readonly __name__: string = 'Flatten';
  forward(input: Tensor): Tensor {
    return input.flatten(this.start_dim, this.end_dim);
  }
}
/** Makes several dimensions of one. */
export class Unflatten extends configured(
  (dim: number, unflattened_size: readonly number[]) => ({ dim, unflattened_size }),
  'dim={dim}, unflattened_size={unflattened_size}',
  (m) => {
    if (!Array.isArray(m.unflattened_size))
      throw new TypeError(`unflattened_size must be a tuple of ints, but found type ${typeof m.unflattened_size}`);
    const at = m.unflattened_size.findIndex((n) => !Number.isInteger(n));
    if (at >= 0)
      throw new TypeError(
        `unflattened_size must be tuple of ints, but found element of type ${typeof m.unflattened_size[at]} at pos ${at}`,
      );
  },
) {
  static override readonly __name__: string = 'Unflatten';
  forward(input: Tensor): Tensor {
    return input.unflatten(this.dim, this.unflattened_size);
  }
}
/** Interleaves groups of channels. */
export class ChannelShuffle extends configured((groups: number) => ({ groups }), 'groups={groups}') {
  static override readonly __name__: string = 'ChannelShuffle';
  forward(input: Tensor): Tensor {
    return torch.channel_shuffle(input, this.groups);
  }
}
/** Channels to pixels: (*, C r², H, W) → (*, C, H r, W r). */
export class PixelShuffle extends configured((upscale_factor: number) => ({ upscale_factor }), 'upscale_factor={upscale_factor}') {
  static override readonly __name__: string = 'PixelShuffle';
  forward(input: Tensor): Tensor {
    return torch.pixel_shuffle(input, this.upscale_factor);
  }
}
/** Pixels to channels: the inverse of PixelShuffle. */
export class PixelUnshuffle extends configured(
  (downscale_factor: number) => ({ downscale_factor }),
  'downscale_factor={downscale_factor}',
) {
  static override readonly __name__: string = 'PixelUnshuffle';
  forward(input: Tensor): Tensor {
    return torch.pixel_unshuffle(input, this.downscale_factor);
  }
}
/** Adds the columns of sliding blocks up to images. */
export class Fold extends configured(
  (
    output_size: PerDimension,
    kernel_size: PerDimension,
    dilation: PerDimension = 1,
    padding: PerDimension = 0,
    stride: PerDimension = 1,
  ) => ({
    output_size,
    kernel_size,
    dilation,
    padding,
    stride,
  }),
  'output_size={output_size}, kernel_size={kernel_size}, dilation={dilation}, padding={padding}, stride={stride}',
) {
  static override readonly __name__: string = 'Fold';
  forward(input: Tensor): Tensor {
    return F.fold(input, this.output_size, this.kernel_size, this.dilation, this.padding, this.stride);
  }
}
/** The sliding blocks of images as columns. */
export class Unfold extends configured(
  (kernel_size: PerDimension, dilation: PerDimension = 1, padding: PerDimension = 0, stride: PerDimension = 1) => ({
    kernel_size,
    dilation,
    padding,
    stride,
  }),
  'kernel_size={kernel_size}, dilation={dilation}, padding={padding}, stride={stride}',
) {
  static override readonly __name__: string = 'Unfold';
  forward(input: Tensor): Tensor {
    return F.unfold(input, this.kernel_size, this.dilation, this.padding, this.stride);
  }
}
