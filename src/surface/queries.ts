// Questions about a tensor that need no operator: torch.numel(x), torch.is_complex(x), torch.result_type(a, b), …
import type { DType } from '../core/dtype.ts';
import type { Scalar } from '../core/scalar.ts';
import { Tensor } from '../core/tensor.ts';
import { resultType } from '../dispatch/promotion.ts';
import { type NestedArray, tensor, type TensorOptions } from './construct.ts';

declare module '../core/tensor.js' {
  interface Tensor {
    /** A tensor with a copy of data, of this tensor's dtype and device unless stated. */
    new_tensor(data: NestedArray | readonly unknown[], options?: TensorOptions): Tensor;
  }
}
function given(name: string, x: unknown): Tensor {
  if (!(x instanceof Tensor))
    throw new TypeError(`${name}(): argument 'input' (position 1) must be Tensor, not ${x === null ? 'NoneType' : typeof x}`);
  return x;
}
/** The number of elements. */
export const numel = (input: Tensor): number => given('numel', input).numel();
export const is_floating_point = (input: Tensor): boolean => given('is_floating_point', input).is_floating_point();
export const is_complex = (input: Tensor): boolean => given('is_complex', input).is_complex();
/** Whether the dtype has negative values. */
export const is_signed = (input: Tensor): boolean => given('is_signed', input).is_signed();
/** Whether a conjugation is pending. */
export const is_conj = (input: Tensor): boolean => given('is_conj', input).is_conj();
/** Whether a negation is pending. */
export const is_neg = (input: Tensor): boolean => given('is_neg', input).is_neg();
export const is_inference = (input: Tensor): boolean => given('is_inference', input).is_inference();
/** The dtype of an operation on two operands. */
export const result_type = (tensor1: Tensor | Scalar, tensor2: Tensor | Scalar): DType => resultType(tensor1, tensor2);

Object.defineProperty(Tensor.prototype, 'new_tensor', {
  value(this: Tensor, data: NestedArray, options: TensorOptions = {}) {
    return tensor(data, { ...options, dtype: options.dtype ?? this.dtype, device: options.device ?? this.device });
  },
  configurable: true,
  writable: true,
});
