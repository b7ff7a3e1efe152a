// What plots take as numbers: lists, typed arrays, tensors and ndarray-shaped objects.
import { ValueError } from '../core/errors.ts';
import { float64 } from '../core/dtype.ts';
import { Tensor } from '../core/tensor.ts';
import { as_tensor, type NDArray } from '../surface/arrays.ts';
import { isKwargs } from '../surface/bind.ts';
import type { NestedArray } from '../surface/construct.ts';

/** Numbers to draw: a number, a (nested) list, a typed array, a tensor, or an array in the convention of the npm package `ndarray`. */
export type Numbers = NestedArray | NDArray;
/** Numbers in row-major order. */
export interface Values {
  readonly data: Float64Array;
  readonly shape: readonly number[];
  /** Whether they came as whole numbers: pixels of 0 … 255 rather than 0 … 1. */
  readonly isInteger: boolean;
}

export const isNDArray = (x: unknown): x is NDArray =>
  typeof x === 'object' && x !== null && ArrayBuffer.isView((x as NDArray).data) && Array.isArray((x as NDArray).shape);
/** Whether an argument gives others by name; `t.numpy()` is a plain object too, but data. */
export const isOptions = (x: unknown): x is Record<string, unknown> => isKwargs(x) && !isNDArray(x);

/** Copies the numbers of anything that plots take. @throws ValueError for complex numbers, TypeError for what holds no numbers. */
export function values(given: Numbers): Values {
  const t: Tensor = given instanceof Tensor ? given : as_tensor(given as NestedArray);
  if (t.dtype.is_complex) throw new ValueError('plots take real numbers: use torch.view_as_real, .real or .abs()');
  const plain = t.detach().to({ dtype: float64, device: 'cpu' }).contiguous();
  return {
    data: Float64Array.from(plain.reshape([-1]).tolist() as number[]),
    shape: [...t.shape],
    isInteger: !t.dtype.is_floating_point,
  };
}
/** Numbers along one axis, whatever their shape. */
export const flat = (given: Numbers): Float64Array => values(given).data;
/** Least and greatest of the finite numbers; null if there is none. */
export function extent(numbers: Iterable<number>): [number, number] | null {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of numbers) {
    if (!Number.isFinite(v)) continue;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return low <= high ? [low, high] : null;
}
/** Where n values go whose x is not given. */
export const places = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => i);
/** A shape as Python prints it. */
export const shapeText = (shape: readonly number[]): string => `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
