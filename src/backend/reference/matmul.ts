// Reference matrix products over batches of dense matrices.
import { Category } from '../../core/dtype.ts';
import type { Tensor } from '../../core/tensor.ts';
import { complexes, integers, reals, store } from './arrays.ts';

/** out[b] = x[b]·y[b] for b < batch, with out m×n and inner length k. */
export function productInto(out: Tensor, x: Tensor, y: Tensor, batch: number, m: number, k: number, n: number): void {
  if (out.dtype.category <= Category.Integral) {
    const [a, b] = [integers(x), integers(y)];
    const r = new BigInt64Array(batch * m * n);
    for (let l = 0; l < batch; l++) {
      for (let i = 0; i < m; i++) {
        for (let p = 0; p < k; p++) {
          const v = a[(l * m + i) * k + p]!;
          for (let j = 0; j < n; j++) r[(l * m + i) * n + j]! += v * b[(l * k + p) * n + j]!;
        }
      }
    }
    store(out, r);
    return;
  }
  if (out.dtype.is_complex) {
    const [a, b] = [complexes(x), complexes(y)];
    const r = new Float64Array(2 * batch * m * n);
    for (let l = 0; l < batch; l++) {
      for (let i = 0; i < m; i++) {
        for (let p = 0; p < k; p++) {
          const at = 2 * ((l * m + i) * k + p);
          const [re, im] = [a[at]!, a[at + 1]!];
          for (let j = 0; j < n; j++) {
            const to = 2 * ((l * m + i) * n + j);
            const from = 2 * ((l * k + p) * n + j);
            r[to]! += re * b[from]! - im * b[from + 1]!;
            r[to + 1]! += re * b[from + 1]! + im * b[from]!;
          }
        }
      }
    }
    store(out, r);
    return;
  }
  const [a, b] = [reals(x), reals(y)];
  const r = new Float64Array(batch * m * n);
  for (let l = 0; l < batch; l++) {
    for (let i = 0; i < m; i++) {
      for (let p = 0; p < k; p++) {
        const v = a[(l * m + i) * k + p]!;
        const from = (l * k + p) * n;
        const to = (l * m + i) * n;
        for (let j = 0; j < n; j++) r[to + j]! += v * b[from + j]!;
      }
    }
  }
  store(out, r);
}

/** out = x·y of float32 vectors: four sums of four lanes over blocks of 16, then 8, 4 and single elements, nothing fused. */
export function dotInto(out: Tensor, x: Tensor, y: Tensor): void {
  const [a, b] = [reals(x), reals(y)];
  const n = a.length;
  const lanes = new Float32Array(16);
  const add = (lane: number, i: number): void => {
    lanes[lane]! += Math.fround(a[i]! * b[i]!);
  };
  let i = 0;
  for (const width of [16, 8, 4]) {
    for (; i + width <= n; i += width) for (let l = 0; l < width; l++) add(l, i + l);
  }
  for (; i < n; i++) add(0, i);
  for (let l = 4; l < 16; l++) lanes[l & 3]! += lanes[l]!;
  lanes[0]! += lanes[2]!;
  lanes[1]! += lanes[3]!;
  store(out, new Float64Array([Math.fround(lanes[0]! + lanes[1]!)]));
}
