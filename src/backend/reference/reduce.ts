// Reference reductions: the input is read as outer × reduced, each output sums its own elements.
import { Category } from '../../core/dtype.ts';
import { contiguousStrides } from '../../core/size.ts';
import type { Tensor } from '../../core/tensor.ts';
import { complexes, each, integers, reals, store } from './arrays.ts';

/** For every element of `shape`, in logical order, the place of its group when `dims` are reduced. */
export function groups(shape: readonly number[], dims: readonly number[]): Int32Array {
  const kept = shape.map((s, i) => (dims.includes(i) ? 1 : s));
  const strides = contiguousStrides(kept).map((s, i) => (dims.includes(i) ? 0 : s));
  const n = shape.reduce((a, b) => a * b, 1);
  const place = new Int32Array(n);
  each(shape, strides, 0, (at, i) => {
    place[i] = at;
  });
  return place;
}

export function sumInto(out: Tensor, self: Tensor, dims: readonly number[]): void {
  const place = groups(self.layout.shape, dims);
  const n = out.layout.numel;
  if (out.dtype.category <= Category.Integral) {
    const x = integers(self);
    const acc = new BigInt64Array(n);
    for (let i = 0; i < x.length; i++) acc[place[i]!]! += x[i]!;
    store(out, acc);
    return;
  }
  const complex = out.dtype.is_complex;
  const x = complex ? complexes(self) : reals(self);
  const acc = new Float64Array(complex ? 2 * n : n);
  if (complex) {
    for (let i = 0; i < place.length; i++) {
      acc[2 * place[i]!]! += x[2 * i]!;
      acc[2 * place[i]! + 1]! += x[2 * i + 1]!;
    }
  } else for (let i = 0; i < place.length; i++) acc[place[i]!]! += x[i]!;
  store(out, acc);
}
