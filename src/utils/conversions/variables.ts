// The helpers that go with Variable in older code: of the notes, and of the projects that they come from.
import type { Tensor } from '../../core/tensor.ts';
import { from_numpy, type NDArray } from '../../surface/ndarray.ts';
import { Variable } from '../../surface/autograd-namespace.ts';
import type { TypedArray } from '../../core/storage.ts';

/** A tensor as a Variable: without its history, and with a gradient if `grad` says so. The memory is shared. */
export const tensor2var = (x: Tensor, grad = false): Tensor => Variable(x, grad);
/** A Variable as a tensor on the CPU: without its history, over the same memory. */
export const var2tensor = (x: Tensor): Tensor => x.data.cpu();
/** A Variable as an array, whether it has a gradient or not: `x.data.cpu().numpy()`. */
export const var2numpy = (x: Tensor): NDArray => x.data.cpu().numpy();
/** An array as a Variable: `Variable(torch.from_numpy(x))`. */
export const numpy2var = (x: NDArray | TypedArray, grad = false): Tensor => Variable(from_numpy(x), grad);
