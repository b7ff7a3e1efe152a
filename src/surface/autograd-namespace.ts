// torch.autograd.
import './install.ts';
import { Tensor } from '../core/tensor.ts';
import { isNDArray, isTypedArray, typeName } from './ndarray.ts';

export { detect_anomaly, set_detect_anomaly } from '../autograd/anomaly.ts';
export * as grad_mode from './grad-mode-namespace.ts';
export * as graph from './graph-namespace.ts';
export { Function, type FunctionCtx, once_differentiable } from '../autograd/function.ts';
export { backward, grad } from '../autograd/grad.ts';
export { gradcheck, gradgradcheck } from '../autograd/gradcheck.ts';
export { enable_grad, inference_mode, no_grad, set_grad_enabled } from '../autograd/modes.ts';

/** The old name of a tensor with a gradient: gives the tensor without its history. `x instanceof Variable` holds for every tensor. */
export interface VariableConstructor {
  new (data: Tensor, requires_grad?: boolean | { requires_grad?: boolean }): Tensor;
  (data: Tensor, requires_grad?: boolean | { requires_grad?: boolean }): Tensor;
  readonly prototype: Tensor;
}
function makeVariable(data: Tensor, requires_grad: boolean | { requires_grad?: boolean } = false): Tensor {
  if (!(data instanceof Tensor))
    throw new TypeError(
      `Variable data has to be a tensor, but got ${isNDArray(data) || isTypedArray(data) ? 'numpy.ndarray' : typeName(data)}`,
    );
  const on = typeof requires_grad === 'boolean' ? requires_grad : (requires_grad.requires_grad ?? false);
  return data.detach().requires_grad_(on);
}
Object.defineProperty(makeVariable, 'prototype', { value: Tensor.prototype });
Object.defineProperty(makeVariable, 'name', { value: 'Variable' });
export const Variable = makeVariable as unknown as VariableConstructor;
