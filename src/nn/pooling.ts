// Pooling; see https://pytorch.org/docs/stable/nn.html#pooling-layers.
import { ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { perDimension, type PerDimension } from './conv.ts';
import * as F from './functional.ts';
import { configured } from './simple.ts';

/** The largest values and, with `return_indices`, where they stood. */
type MaxResult = Tensor & readonly [Tensor, Tensor];
/** A size per dimension; null keeps the input's. */
type OutputSize = number | null | readonly (number | null)[];

const maxPool = () =>
  configured(
    (kernel_size: PerDimension, stride: PerDimension | null = null, padding: PerDimension = 0, dilation: PerDimension = 1, return_indices = false, ceil_mode = false) => ({
      kernel_size,
      stride,
      padding,
      dilation,
      return_indices,
      ceil_mode,
    }),
    'kernel_size={kernel_size}, stride={stride}, padding={padding}, dilation={dilation}, ceil_mode={ceil_mode}',
  );
