// Resampling, sliding blocks, grid sampling.
import { int32, float64, uint8 } from '../../../core/dtype.ts';
import type { Tensor } from '../../../core/tensor.ts';
import { tensorOf } from '../../reference/arrays.ts';
import { mapOf, type Resampling } from '../../reference/resample.ts';
import { accelerate, split } from '../accelerate.ts';
import * as d from '../descriptor.ts';

accelerate<Resampling>('_resample', 'resample', (a, out) => {
  if (a.self.dtype === uint8) return false;
  const map = mapOf(a);
  const [, n, inner] = split(a.self.layout.shape, -a.from_end);
  d.tensor(a.self);
  d.result(out!);
  d.tensor(tensorOf(map.start, [map.start.length], int32));
  d.tensor(tensorOf(map.at, [map.at.length], int32));
  d.tensor(tensorOf(map.weight, [map.weight.length], float64));
  d.list([n, inner]);
});

type Ints = readonly number[];
interface Sliding {
  readonly self: Tensor;
  readonly kernel_size: Ints;
  readonly dilation: Ints;
  readonly padding: Ints;
  readonly stride: Ints;
}
function blocks(size: Ints, a: Sliding): void {
  for (const list of [size, a.kernel_size, a.dilation, a.padding, a.stride]) d.list(list);
}
accelerate<Sliding>('im2col', 'im2col', (a, out) => {
  d.tensor(a.self);
  d.result(out!);
  blocks(a.self.layout.shape.slice(-2), a);
});
accelerate<Sliding & { output_size: Ints }>('col2im', 'col2im', (a, out) => {
  d.tensor(a.self);
  d.result(out!);
  blocks(a.output_size, a);
});

interface Sampled {
  readonly input: Tensor;
  readonly grid: Tensor;
  readonly interpolation_mode: number;
  readonly padding_mode: number;
  readonly align_corners: boolean;
}
function sampling(a: Sampled): void {
  d.list([a.interpolation_mode, a.padding_mode]);
  d.flag(a.align_corners);
}
for (const name of ['grid_sampler_2d', 'grid_sampler_3d']) {
  accelerate<Sampled>(name, 'grid_sample', (a, out) => {
    d.tensor(a.input);
    d.tensor(a.grid);
    d.result(out!);
    sampling(a);
  });
  accelerate<Sampled & { grad_output: Tensor; output_mask: readonly boolean[] }>(
    `${name}_backward`,
    'grid_sample_backward',
    (a, gradInput, gradGrid) => {
      d.tensor(a.grad_output);
      d.tensor(a.input);
      d.tensor(a.grid);
      d.result(a.output_mask[0] ? gradInput! : null);
      d.result(a.output_mask[1] ? gradGrid! : null);
      sampling(a);
    },
  );
}
