// Resampling, sliding blocks, grid sampling, padding.
import { int32, float64, uint8 } from '../../../core/dtype.ts';
import type { Scalar } from '../../../core/scalar.ts';
import { emptyTensor, type Tensor } from '../../../core/tensor.ts';
import { tensorOf } from '../../reference/arrays.ts';
import { fill } from '../../reference/fill.ts';
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

// ---- padding ------------------------------------------------------------------------------------------------------
interface Padded {
  readonly pad: Ints;
  readonly edges: number;
}
/** What stands around, and how much of it before each dimension. */
function around(edges: number, pad: Ints): void {
  const n = pad.length / 2;
  d.number(edges);
  d.dimensions(n);
  for (let k = n - 1; k >= 0; k--) d.number(pad[2 * k]!);
}
accelerate<Padded & { self: Tensor }>('_pad_edges', 'pad', ({ self, pad, edges }, out) => {
  d.tensor(self);
  d.result(out!);
  d.tensor(null);
  around(edges, pad);
});
accelerate<Padded & { grad_output: Tensor }>('_pad_edges_backward', 'pad_backward', ({ grad_output, pad, edges }, out) => {
  d.tensor(grad_output);
  d.result(out!);
  around(edges, pad);
});
accelerate<{ self: Tensor; pad: Ints; value: Scalar }>('constant_pad_nd', 'pad', ({ self, pad, value }, out) => {
  if (pad.length === 0) return false;
  const element = emptyTensor([], out!.dtype);
  fill(element, value);
  d.begin();
  d.tensor(self);
  d.result(out!);
  d.tensor(element);
  around(0, pad);
  return true;
});
