// Convolutions, softmax and what else networks spend their time in.
import type { Tensor } from '../../../core/tensor.ts';
import { accelerate, dense, split } from '../accelerate.ts';
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
  d.tensor(out!);
  window(a);
});
accelerate<Window & { grad: Tensor; weight: Tensor }>('_conv_input', 'conv_input_gradient', (a, out) => {
  d.tensor(a.grad);
  d.tensor(a.weight);
  d.tensor(out!);
  window(a);
});
accelerate<Window & { grad: Tensor; input: Tensor }>('_conv_weight', 'conv_weight_gradient', (a, out) => {
  d.tensor(a.input);
  d.tensor(a.grad);
  d.tensor(out!);
  window(a);
});

for (const name of ['softmax', 'log_softmax'] as const) {
  accelerate<{ self: Tensor; dim: number }>(`_${name}`, name, ({ self, dim }, out) => {
    if (self.ndim === 0 || self.dtype !== out!.dtype) return false;
    const x = dense(self);
    d.begin();
    d.tensor(x);
    d.tensor(out!);
    d.list(split(self.layout.shape, dim));
    return true;
  });
  accelerate<{ grad_output: Tensor; output: Tensor; dim: number }>(`_${name}_backward_data`, `${name}_backward`, ({ grad_output, output, dim }, out) => {
    if (output.ndim === 0 || grad_output.dtype !== out!.dtype || output.dtype !== out!.dtype) return false;
    const [g, y] = [dense(grad_output), dense(output)];
    d.begin();
    d.tensor(g);
    d.tensor(y);
    d.tensor(out!);
    d.list(split(output.layout.shape, dim));
    return true;
  });
}
