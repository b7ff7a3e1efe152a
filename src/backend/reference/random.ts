// Random kernels: a sampling function fills the memory of a new tensor. PyTorch visits the elements in the order of memory.
import { currentGenerator } from '../../core/default-generator.ts';
import type { DType } from '../../core/dtype.ts';
import type { Generator } from '../../core/generator.ts';
import { Layout } from '../../core/layout.ts';
import { expandStrides } from '../../core/shape.ts';
import type { TypedArray } from '../../core/storage.ts';
import { aliasOf, emptyLike, type Tensor } from '../../core/tensor.ts';
import { backend } from '../interface.ts';

/** What a sampling function of src/core/sampling.ts draws from. */
export const generatorOf = (given: object | null): Generator => (given as Generator | null) ?? currentGenerator();

/** The memory of a kernel's new result: dense, in any order of dimensions. */
export function memoryOf(out: Tensor): TypedArray {
  const { dtype, numel } = out.layout;
  return out.storage!.view(dtype).subarray(0, numel * (dtype.is_complex ? 2 : 1));
}
/** The elements of `t`, broadcast to the shape of `out` and in the order of `out`'s memory. */
export function inOrderOf(out: Tensor, t: Tensor, dtype: DType = t.dtype): TypedArray {
  const { shape, stride, numel, device } = out.layout;
  const copy = emptyLike(new Layout(shape, stride, 0, dtype, device));
  const { layout } = t;
  if (numel > 0) backend.current.copy(copy, aliasOf(t, layout.with({ shape, stride: expandStrides(layout.shape, layout.stride, shape) })));
  return memoryOf(copy);
}
/** Fills a kernel's new result. */
export function draw(out: Tensor, generator: object | null, fill: (data: TypedArray, dtype: DType, generator: Generator) => void): void {
  fill(memoryOf(out), out.dtype, generatorOf(generator));
}
