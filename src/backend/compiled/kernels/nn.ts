// Convolutions, softmax and what else networks spend their time in.
import type { Tensor } from '../../../core/tensor.ts';
import { dense } from '../../reference/arrays.ts';
import { accelerate, split } from '../accelerate.ts';
import * as d from '../descriptor.ts';

interface Window {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}
function window({ stride, padding, dilation, groups }: Window): void {
  d.number(stride.length);
  d.list(stride);
  d.list(padding);
  d.list(dilation);
  d.number(groups);
}
accelerate<Window & { input: Tensor; weight: Tensor; bias: Tensor | null }>('_conv', 'conv_forward', (a, out) => {
  d.tensor(a.input);
  d.tensor(a.weight);
  d.tensor(a.bias);
  d.result(out!);
  window(a);
});
accelerate<Window & { grad: Tensor; weight: Tensor }>('_conv_input', 'conv_input_gradient', (a, out) => {
  d.tensor(a.grad);
  d.tensor(a.weight);
  d.result(out!);
  window(a);
});
accelerate<Window & { grad: Tensor; input: Tensor }>('_conv_weight', 'conv_weight_gradient', (a, out) => {
  d.tensor(a.input);
  d.tensor(a.grad);
  d.result(out!);
  window(a);
});

for (const name of ['softmax', 'log_softmax'] as const) {
  accelerate<{ self: Tensor; dim: number }>(`_${name}`, name, ({ self, dim }, out) => {
    if (self.ndim === 0 || self.dtype !== out!.dtype) return false;
    const x = dense(self);
    d.begin();
    d.tensor(x);
    d.result(out!);
    d.list(split(self.layout.shape, dim));
    return true;
  });
  accelerate<{ grad_output: Tensor; output: Tensor; dim: number }>(
    `_${name}_backward_data`,
    `${name}_backward`,
    ({ grad_output, output, dim }, out) => {
      if (output.ndim === 0 || grad_output.dtype !== out!.dtype || output.dtype !== out!.dtype) return false;
      const [g, y] = [dense(grad_output), dense(output)];
      d.begin();
      d.tensor(g);
      d.tensor(y);
      d.result(out!);
      d.list(split(output.layout.shape, dim));
      return true;
    },
  );
}

// ---- pooling ------------------------------------------------------------------------------------------------------
interface Pooled {
  readonly kernel_size: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
}
accelerate<Pooled & { self: Tensor; dilation: readonly number[] }>(
  '_max_pool',
  'max_pool',
  ({ self, kernel_size, stride, padding, dilation }, values, indices) => {
    d.tensor(self);
    d.result(values!);
    d.result(indices!);
    d.number(kernel_size.length);
    for (const l of [kernel_size, stride, padding, dilation]) d.list(l);
  },
);
/** Windows of one size, where they divide the input evenly. */
accelerate<{ self: Tensor; output_size: readonly number[] }>('_adaptive_max_pool', 'max_pool', ({ self, output_size }, values, indices) => {
  const size = self.layout.shape.slice(-output_size.length);
  const window = output_size.map((n, i) => size[i]! / n);
  if (self.layout.numel === 0 || !window.every((w) => Number.isInteger(w) && w > 0)) return false;
  d.tensor(self);
  d.result(values!);
  d.result(indices!);
  d.number(window.length);
  for (const l of [window, window, window.map(() => 0), window.map(() => 1)]) d.list(l);
  return true;
});
accelerate<{ grad: Tensor; indices: Tensor; dimensions: number }>(
  '_max_pool_backward',
  'max_pool_backward',
  ({ grad, indices, dimensions }, out) => {
    d.tensor(grad);
    d.tensor(indices);
    d.result(out!);
    d.number(dimensions);
  },
);
type Averaged = Pooled & { count_include_pad: boolean; divisor_override: number | null };
function average(x: Tensor, a: Averaged, out: Tensor): void {
  d.tensor(x);
  d.result(out);
  d.number(a.kernel_size.length);
  for (const l of [a.kernel_size, a.stride, a.padding]) d.list(l);
  d.flag(a.count_include_pad);
  d.number(a.divisor_override ?? 0);
}
accelerate<Averaged & { self: Tensor }>('_avg_pool', 'avg_pool', (a, out) => average(a.self, a, out!));
accelerate<Averaged & { grad: Tensor }>('_avg_pool_backward', 'avg_pool_backward', (a, out) => average(a.grad, a, out!));
accelerate<{ self: Tensor; output_size: readonly number[] }>('_adaptive_avg_pool', 'adaptive_avg_pool', ({ self, output_size }, out) => {
  d.tensor(self);
  d.result(out!);
  d.number(output_size.length);
});
accelerate<{ grad: Tensor; dimensions: number }>(
  '_adaptive_avg_pool_backward',
  'adaptive_avg_pool_backward',
  ({ grad, dimensions }, out) => {
    d.tensor(grad);
    d.result(out!);
    d.number(dimensions);
  },
);

// ---- embedding ----------------------------------------------------------------------------------------------------
accelerate<{ self: Tensor }>('_one_hot', 'one_hot', ({ self }, out) => {
  const indices = dense(self);
  d.begin();
  d.tensor(indices);
  d.result(out!);
});
accelerate<{ weight: Tensor; indices: Tensor }>('embedding', 'embedding', ({ weight, indices }, out) => {
  if (out!.layout.numel === 0) return false;
  const [w, i] = [dense(weight), dense(indices)];
  d.begin();
  d.tensor(w);
  d.tensor(i);
  d.result(out!);
  return true;
});
accelerate<{ grad_output: Tensor; indices: Tensor; padding_idx: number; scale_grad_by_freq: boolean }>(
  'embedding_dense_backward',
  'embedding_backward',
  (a, out) => {
    if (out!.layout.numel === 0) return false;
    const [g, i] = [dense(a.grad_output), dense(a.indices)];
    d.begin();
    d.tensor(g);
    d.tensor(i);
    d.result(out!);
    d.number(a.padding_idx);
    d.flag(a.scale_grad_by_freq);
    return true;
  },
);

// ---- normalisation ------------------------------------------------------------------------------------------------
/** Kernels take tensors of one dtype, dense. */
const alike = (x: Tensor, ...others: readonly (Tensor | null)[]): boolean =>
  x.layout.numel > 0 && others.every((t) => t === null || (t.dtype === x.dtype && t.layout.contiguous));
interface Affine {
  readonly input: Tensor;
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly eps: number;
}
accelerate<Affine & { running_mean: Tensor | null; running_var: Tensor | null; momentum: number }>(
  '_batch_norm_train',
  'batch_norm',
  (a, out, mean, rstd) => {
    if (!alike(a.input, a.weight, a.bias, a.running_mean, a.running_var, out!)) return false;
    const x = dense(a.input);
    d.begin();
    for (const t of [x, a.weight, a.bias, a.running_mean, a.running_var]) d.tensor(t);
    d.number(a.momentum);
    d.number(a.eps);
    for (const t of [out!, mean!, rstd!]) d.result(t);
    return true;
  },
);
accelerate<Affine & { running_mean: Tensor; running_var: Tensor }>('_batch_norm_eval', 'batch_norm_inference', (a, out) => {
  if (!alike(a.input, a.weight, a.bias, a.running_mean, a.running_var, out!)) return false;
  const x = dense(a.input);
  d.begin();
  for (const t of [x, a.weight, a.bias, a.running_mean, a.running_var]) d.tensor(t);
  d.number(a.eps);
  d.result(out!);
  return true;
});
accelerate<{ grad: Tensor; input: Tensor; weight: Tensor | null; mean: Tensor; spread: Tensor; training: boolean; eps: number }>(
  '_batch_norm_backward',
  'batch_norm_backward',
  (a, ...outs) => {
    if (!alike(a.input, a.weight, a.mean, a.spread) || a.grad.dtype !== a.input.dtype) return false;
    const [g, x] = [dense(a.grad), dense(a.input)];
    d.begin();
    for (const t of [g, x, a.weight, a.mean, a.spread]) d.tensor(t);
    d.flag(a.training);
    d.number(a.eps);
    for (const t of outs) d.result(t);
    return true;
  },
);
interface Rows {
  readonly normalized_shape: readonly number[];
}
function rows(x: Tensor, { normalized_shape }: Rows): void {
  const columns = normalized_shape.reduce((n, s) => n * s, 1);
  d.number(x.layout.numel / columns);
  d.number(columns);
}
accelerate<Affine & Rows>('native_layer_norm', 'layer_norm', (a, out, mean, rstd) => {
  if (!alike(a.input, a.weight, a.bias, out!)) return false;
  const x = dense(a.input);
  d.begin();
  for (const t of [x, a.weight, a.bias]) d.tensor(t);
  rows(x, a);
  d.number(a.eps);
  for (const t of [out!, mean!, rstd!]) d.result(t);
  return true;
});
accelerate<Rows & { grad: Tensor; input: Tensor; mean: Tensor; rstd: Tensor; weight: Tensor | null }>(
  '_layer_norm_backward',
  'layer_norm_backward',
  (a, ...outs) => {
    if (!alike(a.input, a.weight, a.mean, a.rstd) || a.grad.dtype !== a.input.dtype) return false;
    const [g, x] = [dense(a.grad), dense(a.input)];
    d.begin();
    for (const t of [g, x, a.weight, a.mean, a.rstd]) d.tensor(t);
    rows(x, a);
    for (const t of outs) d.result(t);
    return true;
  },
);

interface Groups {
  readonly group: number;
}
accelerate<Affine & Groups>('_group_norm', 'group_norm', (a, ...outs) => groupNorm(a, outs));
accelerate<Affine & Groups>('native_group_norm', 'group_norm', (a, ...outs) => groupNorm(a, outs));
function groupNorm(a: Affine & Groups, outs: readonly Tensor[]): boolean {
  if (!alike(a.input, a.weight, a.bias, ...outs)) return false;
  const x = dense(a.input);
  d.begin();
  for (const t of [x, a.weight, a.bias]) d.tensor(t);
  d.number(a.group);
  d.number(a.eps);
  for (const t of outs) d.result(t);
  return true;
}
accelerate<Groups & { grad: Tensor; input: Tensor; mean: Tensor; rstd: Tensor; weight: Tensor | null }>(
  '_group_norm_backward',
  'group_norm_backward',
  (a, ...outs) => {
    if (!alike(a.input, a.weight, a.mean, a.rstd) || a.grad.dtype !== a.input.dtype) return false;
    const [g, x] = [dense(a.grad), dense(a.input)];
    d.begin();
    for (const t of [g, x, a.weight, a.mean, a.rstd]) d.tensor(t);
    d.number(a.group);
    for (const t of outs) d.result(t);
    return true;
  },
);
