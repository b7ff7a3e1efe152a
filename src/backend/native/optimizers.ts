// Optimizer steps by the kernels of native/kernels/optim.cpp: one call for all tensors of a group.
import type { DType } from '../../core/dtype.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { OptimizerSteps } from '../interface.ts';
import * as d from './descriptor.ts';

const pointer = (t: Tensor | null): void => d.number(t === null ? 0 : d.dataAddress(t));

/** Writes the settings and the tensors into the descriptor, in as many calls as fit, and runs the kernel. */
function step<T extends { readonly param: Tensor }>(
  name: string,
  dtype: DType,
  tensors: readonly T[],
  settings: () => void,
  addresses: (t: T) => void,
): boolean {
  const kernel = d.kernelId(name);
  if (kernel < 0) return false;
  for (let from = 0; from < tensors.length; from += MOST) {
    const part = tensors.length > MOST ? tensors.slice(from, from + MOST) : tensors;
    d.begin();
    d.number(dtype.code);
    d.number(part.length);
    settings();
    for (const t of part) {
      d.number(t.param.layout.numel);
      addresses(t);
    }
    // The kernels decline a dtype before they write: only the first call can be refused.
    if (!d.run(kernel)) return false;
  }
  return true;
}
/** Tensors in one call: seven slots each fit the descriptor. */
const MOST = 4096;

export const nativeOptimizers: OptimizerSteps = {
  sgd: (s, dtype, tensors) =>
    step(
      'optim_sgd',
      dtype,
      tensors,
      () => {
        d.list([s.lr, s.momentum, s.dampening, s.weight_decay]);
        d.flag(s.nesterov);
        d.flag(s.maximize);
      },
      (t) => {
        pointer(t.param);
        pointer(t.grad);
        pointer(t.buffer);
        d.flag(t.first);
      },
    ),
  adam: (s, dtype, tensors) =>
    step(
      'optim_adam',
      dtype,
      tensors,
      () => {
        d.list([s.lr, s.betas[0], s.betas[1], s.eps, s.weight_decay]);
        d.flag(s.decoupled_weight_decay);
        d.flag(s.maximize);
      },
      (t) => {
        pointer(t.param);
        pointer(t.grad);
        pointer(t.exp_avg);
        pointer(t.exp_avg_sq);
        pointer(t.max_exp_avg_sq);
        d.number(t.step);
      },
    ),
  adagrad: (s, dtype, tensors) =>
    step(
      'optim_adagrad',
      dtype,
      tensors,
      () => {
        d.list([s.lr, s.lr_decay, s.weight_decay, s.eps]);
        d.flag(s.maximize);
      },
      (t) => {
        pointer(t.param);
        pointer(t.grad);
        pointer(t.sum);
        d.number(t.step);
      },
    ),
  rmsprop: (s, dtype, tensors) =>
    step(
      'optim_rmsprop',
      dtype,
      tensors,
      () => {
        d.list([s.lr, s.alpha, s.eps, s.weight_decay, s.momentum]);
        d.flag(s.maximize);
      },
      (t) => {
        pointer(t.param);
        pointer(t.grad);
        pointer(t.square_avg);
        pointer(t.grad_avg);
        pointer(t.momentum_buffer);
      },
    ),
};
