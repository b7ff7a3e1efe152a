// Pooling; see https://pytorch.org/docs/stable/nn.html#pooling-layers.
import { ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { type PerDimension, perDimension } from './conv.ts';
import * as F from './functional.ts';
import { configured, python } from './simple.ts';

/** The largest values and, with `return_indices`, where they stood. */
type MaxResult = Tensor & readonly [Tensor, Tensor];
/** A size per dimension; null keeps the input's. */
type OutputSize = number | null | readonly (number | null)[];

const MaxPoolNd = configured(
  (
    kernel_size: PerDimension,
    stride: PerDimension | null = null,
    padding: PerDimension = 0,
    dilation: PerDimension = 1,
    return_indices = false,
    ceil_mode = false,
  ) => ({
    kernel_size,
    stride,
    padding,
    dilation,
    return_indices,
    ceil_mode,
  }),
  'kernel_size={kernel_size}, stride={stride}, padding={padding}, dilation={dilation}, ceil_mode={ceil_mode}',
  (m) => {
    m.stride ??= m.kernel_size;
  },
);
/** The largest value of each window over sequences: (N, C, L). */
export class MaxPool1d extends MaxPoolNd {
  static override readonly __name__: string = 'MaxPool1d';
  forward(input: Tensor): MaxResult {
    return F.max_pool1d(
      input,
      this.kernel_size,
      this.stride,
      this.padding,
      this.dilation,
      this.ceil_mode,
      this.return_indices,
    ) as MaxResult;
  }
}
/** The largest value of each window over images: (N, C, H, W). */
export class MaxPool2d extends MaxPoolNd {
  static override readonly __name__: string = 'MaxPool2d';
  forward(input: Tensor): MaxResult {
    return F.max_pool2d(
      input,
      this.kernel_size,
      this.stride,
      this.padding,
      this.dilation,
      this.ceil_mode,
      this.return_indices,
    ) as MaxResult;
  }
}
/** The largest value of each window over volumes: (N, C, D, H, W). */
export class MaxPool3d extends MaxPoolNd {
  static override readonly __name__: string = 'MaxPool3d';
  forward(input: Tensor): MaxResult {
    return F.max_pool3d(
      input,
      this.kernel_size,
      this.stride,
      this.padding,
      this.dilation,
      this.ceil_mode,
      this.return_indices,
    ) as MaxResult;
  }
}

const maxUnpool = (dimensions: number) =>
  configured(
    (kernel_size: PerDimension, stride: PerDimension | null = null, padding: PerDimension = 0) => ({ kernel_size, stride, padding }),
    'kernel_size={kernel_size}, stride={stride}, padding={padding}',
    (m) => {
      m.stride = perDimension(m.stride ?? m.kernel_size, dimensions);
      m.kernel_size = perDimension(m.kernel_size, dimensions);
      m.padding = perDimension(m.padding, dimensions);
    },
  );
/** Puts the values of a max pooling over sequences: (N, C, L) back in their places, zeros elsewhere. */
export class MaxUnpool1d extends maxUnpool(1) {
  static override readonly __name__: string = 'MaxUnpool1d';
  forward(input: Tensor, indices: Tensor, output_size: readonly number[] | null = null): Tensor {
    return F.max_unpool1d(input, indices, this.kernel_size, this.stride, this.padding, output_size);
  }
}
/** Puts the values of a max pooling over images: (N, C, H, W) back in their places, zeros elsewhere. */
export class MaxUnpool2d extends maxUnpool(2) {
  static override readonly __name__: string = 'MaxUnpool2d';
  forward(input: Tensor, indices: Tensor, output_size: readonly number[] | null = null): Tensor {
    return F.max_unpool2d(input, indices, this.kernel_size, this.stride, this.padding, output_size);
  }
}
/** Puts the values of a max pooling over volumes: (N, C, D, H, W) back in their places, zeros elsewhere. */
export class MaxUnpool3d extends maxUnpool(3) {
  static override readonly __name__: string = 'MaxUnpool3d';
  forward(input: Tensor, indices: Tensor, output_size: readonly number[] | null = null): Tensor {
    return F.max_unpool3d(input, indices, this.kernel_size, this.stride, this.padding, output_size);
  }
}

/** The average of each window over sequences: (N, C, L). */
export class AvgPool1d extends configured(
  (
    kernel_size: PerDimension,
    stride: PerDimension | null = null,
    padding: PerDimension = 0,
    ceil_mode = false,
    count_include_pad = true,
  ) => ({
    kernel_size,
    stride,
    padding,
    ceil_mode,
    count_include_pad,
  }),
  'kernel_size={kernel_size}, stride={stride}, padding={padding}',
  (m) => {
    m.stride = perDimension(m.stride ?? m.kernel_size, 1);
    m.kernel_size = perDimension(m.kernel_size, 1);
    m.padding = perDimension(m.padding, 1);
  },
) {
  static override readonly __name__: string = 'AvgPool1d';
  forward(input: Tensor): Tensor {
    return F.avg_pool1d(input, this.kernel_size, this.stride!, this.padding, this.ceil_mode, this.count_include_pad);
  }
}
const AvgPoolNd = configured(
  (
    kernel_size: PerDimension,
    stride: PerDimension | null = null,
    padding: PerDimension = 0,
    ceil_mode = false,
    count_include_pad = true,
    divisor_override: number | null = null,
  ) => ({ kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override }),
  'kernel_size={kernel_size}, stride={stride}, padding={padding}',
  (m) => {
    m.stride ??= m.kernel_size;
  },
);
/** The average of each window over images: (N, C, H, W). */
export class AvgPool2d extends AvgPoolNd {
  static override readonly __name__: string = 'AvgPool2d';
  forward(input: Tensor): Tensor {
    return F.avg_pool2d(input, this.kernel_size, this.stride!, this.padding, this.ceil_mode, this.count_include_pad, this.divisor_override);
  }
}
/** The average of each window over volumes: (N, C, D, H, W). */
export class AvgPool3d extends AvgPoolNd {
  static override readonly __name__: string = 'AvgPool3d';
  forward(input: Tensor): Tensor {
    return F.avg_pool3d(input, this.kernel_size, this.stride!, this.padding, this.ceil_mode, this.count_include_pad, this.divisor_override);
  }
}

const fractionalMaxPool = (dimensions: number, name: string) =>
  configured(
    (
      kernel_size: PerDimension,
      output_size: PerDimension | null = null,
      output_ratio: PerDimension | null = null,
      return_indices = false,
      _random_samples: Tensor | null = null,
    ) => ({ kernel_size, output_size, output_ratio, return_indices, _random_samples }),
    null,
    (m) => {
      m.kernel_size = perDimension(m.kernel_size, dimensions);
      if (dimensions === 3 && m.kernel_size.some((k) => k <= 0))
        throw new ValueError(`kernel_size must be greater than 0, but got ${python(m.kernel_size)}`);
      m.register_buffer('_random_samples', m._random_samples);
      if (m.output_size === null && m.output_ratio === null)
        throw new ValueError(`${name} requires specifying either an output size, or a pooling ratio`);
      if (m.output_size !== null && m.output_ratio !== null)
        throw new ValueError('only one of output_size and output_ratio may be specified');
      if (m.output_size !== null) m.output_size = perDimension(m.output_size, dimensions);
      if (m.output_ratio === null) return;
      const given = m.output_ratio;
      m.output_ratio = perDimension(given, dimensions);
      if (!m.output_ratio.every((r) => r > 0 && r < 1)) throw new ValueError(`output_ratio must be between 0 and 1 (got ${python(given)})`);
    },
  );
/** Max pooling in regions of random size over images: (N, C, H, W); Graham 2014. */
export class FractionalMaxPool2d extends fractionalMaxPool(2, 'FractionalMaxPool2d') {
  static override readonly __name__: string = 'FractionalMaxPool2d';
  forward(input: Tensor): MaxResult {
    return F.fractional_max_pool2d(
      input,
      this.kernel_size,
      this.output_size,
      this.output_ratio,
      this.return_indices,
      this._random_samples,
    ) as MaxResult;
  }
}
/** Max pooling in regions of random size over volumes: (N, C, D, H, W); Graham 2014. */
export class FractionalMaxPool3d extends fractionalMaxPool(3, 'FractionalMaxPool3d') {
  static override readonly __name__: string = 'FractionalMaxPool3d';
  forward(input: Tensor): MaxResult {
    return F.fractional_max_pool3d(
      input,
      this.kernel_size,
      this.output_size,
      this.output_ratio,
      this.return_indices,
      this._random_samples,
    ) as MaxResult;
  }
}

const LPPoolNd = configured(
  (norm_type: number, kernel_size: PerDimension, stride: PerDimension | null = null, ceil_mode = false) => ({
    norm_type,
    kernel_size,
    stride,
    ceil_mode,
  }),
  'norm_type={norm_type}, kernel_size={kernel_size}, stride={stride}, ceil_mode={ceil_mode}',
  (m) => {
    if (m.norm_type === 0) throw new ValueError(`norm_type must be a non-zero value, but got ${m.norm_type}`);
  },
);
/** The p-norm of each window over sequences: (N, C, L). */
export class LPPool1d extends LPPoolNd {
  static override readonly __name__: string = 'LPPool1d';
  forward(input: Tensor): Tensor {
    return F.lp_pool1d(input, this.norm_type, this.kernel_size, this.stride, this.ceil_mode);
  }
}
/** The p-norm of each window over images: (N, C, H, W). */
export class LPPool2d extends LPPoolNd {
  static override readonly __name__: string = 'LPPool2d';
  forward(input: Tensor): Tensor {
    return F.lp_pool2d(input, this.norm_type, this.kernel_size, this.stride, this.ceil_mode);
  }
}
/** The p-norm of each window over volumes: (N, C, D, H, W). */
export class LPPool3d extends LPPoolNd {
  static override readonly __name__: string = 'LPPool3d';
  forward(input: Tensor): Tensor {
    return F.lp_pool3d(input, this.norm_type, this.kernel_size, this.stride, this.ceil_mode);
  }
}

const AdaptiveMaxPoolNd = configured(
  (output_size: OutputSize, return_indices = false) => ({ output_size, return_indices }),
  'output_size={output_size}',
);
/** Max pooling to a given size over sequences: (N, C, L). */
export class AdaptiveMaxPool1d extends AdaptiveMaxPoolNd {
  static override readonly __name__: string = 'AdaptiveMaxPool1d';
  forward(input: Tensor): MaxResult {
    return F.adaptive_max_pool1d(input, outputSize(input, this.output_size, 1), this.return_indices) as MaxResult;
  }
}
/** Max pooling to a given size over images: (N, C, H, W). */
export class AdaptiveMaxPool2d extends AdaptiveMaxPoolNd {
  static override readonly __name__: string = 'AdaptiveMaxPool2d';
  forward(input: Tensor): MaxResult {
    return F.adaptive_max_pool2d(input, outputSize(input, this.output_size, 2), this.return_indices) as MaxResult;
  }
}
/** Max pooling to a given size over volumes: (N, C, D, H, W). */
export class AdaptiveMaxPool3d extends AdaptiveMaxPoolNd {
  static override readonly __name__: string = 'AdaptiveMaxPool3d';
  forward(input: Tensor): MaxResult {
    return F.adaptive_max_pool3d(input, outputSize(input, this.output_size, 3), this.return_indices) as MaxResult;
  }
}
const AdaptiveAvgPoolNd = configured((output_size: OutputSize) => ({ output_size }), 'output_size={output_size}');
/** Average pooling to a given size over sequences: (N, C, L). */
export class AdaptiveAvgPool1d extends AdaptiveAvgPoolNd {
  static override readonly __name__: string = 'AdaptiveAvgPool1d';
  forward(input: Tensor): Tensor {
    return F.adaptive_avg_pool1d(input, outputSize(input, this.output_size, 1));
  }
}
/** Average pooling to a given size over images: (N, C, H, W). */
export class AdaptiveAvgPool2d extends AdaptiveAvgPoolNd {
  static override readonly __name__: string = 'AdaptiveAvgPool2d';
  forward(input: Tensor): Tensor {
    return F.adaptive_avg_pool2d(input, outputSize(input, this.output_size, 2));
  }
}
/** Average pooling to a given size over volumes: (N, C, D, H, W). */
export class AdaptiveAvgPool3d extends AdaptiveAvgPoolNd {
  static override readonly __name__: string = 'AdaptiveAvgPool3d';
  forward(input: Tensor): Tensor {
    return F.adaptive_avg_pool3d(input, outputSize(input, this.output_size, 3));
  }
}
/** The input's own size stands for null. */
function outputSize(input: Tensor, size: OutputSize, dimensions: number): number[] {
  const sizes = Array.isArray(size)
    ? (size as readonly (number | null)[])
    : new Array<number | null>(dimensions).fill(size as number | null);
  const own = input.layout.shape.slice(-dimensions);
  return sizes.map((s, i) => s ?? own[i]!);
}
