// How reference kernels read and write tensors: dense copies in logical order, converted to a convenient type.
import { Category, type DType, float64, complex128, int64 } from '../../core/dtype.ts';
import { cpu } from '../../core/device.ts';
import { Layout } from '../../core/layout.ts';
import { Storage, type TypedArray, viewsAreFree } from '../../core/storage.ts';
import { emptyLike, readable, Tensor } from '../../core/tensor.ts';
import { backend } from '../interface.ts';

/** The tensor converted to `dtype`, dense in logical order; itself where it already is. */
export function dense(t: Tensor, dtype: DType = t.dtype): Tensor {
  if (t.level !== null) return dense(readable(t), dtype);
  const l = t.layout;
  if (l.dtype === dtype && l.contiguous && l.plain) return t;
  const r = emptyLike(Layout.dense(l.shape, dtype, l.device));
  if (l.numel > 0) backend.current.copy(r, t);
  return r;
}
/** The elements of a dense tensor. Complex numbers are pairs; 16-bit floats are bits. */
export function elements(t: Tensor): TypedArray {
  const { offset, numel, dtype } = t.layout;
  const unit = dtype.is_complex ? 2 : 1;
  return t.storage!.view(dtype).subarray(offset * unit, (offset + numel) * unit);
}
/** The elements for reading. Outside kernels a heap may grow, and its views die (storage.ts, Note [Heap]): there they are a copy. */
function values(t: Tensor): TypedArray {
  const view = elements(t);
  return t.storage!.block !== null && viewsAreFree() ? view.slice() : view;
}
/** Real numbers as float64, in logical order. Do not write to it. */
export const reals = (t: Tensor): Float64Array => values(dense(t, float64)) as Float64Array;
/** Complex numbers as float64 pairs, in logical order. Do not write to it. */
export const complexes = (t: Tensor): Float64Array => values(dense(t, complex128)) as Float64Array;
/** Integers as int64, in logical order. Do not write to it. */
export const integers = (t: Tensor): BigInt64Array => values(dense(t, int64)) as BigInt64Array;
/** The elements as they are, in logical order: for kernels that only move them. `unit` array entries make one element. */
export function raw(t: Tensor): { data: TypedArray; unit: 1 | 2 } {
  return { data: values(dense(t)), unit: t.dtype.is_complex ? 2 : 1 };
}
/** Stores values in logical order, converted to the tensor's dtype: float64, pairs for complex tensors, or int64. */
export function store(t: Tensor, values: Float64Array | BigInt64Array): void {
  if (t.layout.numel === 0) return;
  const dtype = values instanceof BigInt64Array ? int64 : t.dtype.category === Category.Complex ? complex128 : float64;
  backend.current.copy(t, tensorOf(values, t.layout.shape, dtype));
}
/** A tensor over an existing array. */
export function tensorOf(values: TypedArray, shape: readonly number[], dtype: DType): Tensor {
  const storage = new Storage(values.buffer, values.byteOffset, values.byteLength);
  return new Tensor(Layout.dense(shape, dtype, cpu), storage, storage);
}
/** Calls f for every index of a shape, with the element's position in a tensor of the given strides. */
export function each(shape: readonly number[], stride: readonly number[], offset: number, f: (at: number, i: number) => void): void {
  let n = 1;
  for (const s of shape) n *= s;
  const index = new Array<number>(shape.length).fill(0);
  let at = offset;
  for (let i = 0; i < n; i++) {
    f(at, i);
    for (let d = shape.length - 1; d >= 0; d--) {
      at += stride[d]!;
      if (++index[d]! < shape[d]!) break;
      at -= stride[d]! * shape[d]!;
      index[d] = 0;
    }
  }
}
