// Reference distances between all pairs of vectors.
import { float32 } from '../../core/dtype.ts';
import type { Tensor } from '../../core/tensor.ts';
import { reals, store } from './arrays.ts';

/** The p-norm of a[i…] − b[j…] over n elements. */
function distance(a: Float64Array, i: number, b: Float64Array, j: number, n: number, p: number): number {
  let s = 0;
  for (let k = 0; k < n; k++) {
    const d = Math.abs(a[i + k]! - b[j + k]!);
    if (p === 0) s += d === 0 ? 0 : 1;
    else if (p === 1) s += d;
    else if (p === 2) s += d * d;
    else if (p === Number.POSITIVE_INFINITY) s = d > s || Number.isNaN(d) ? d : s;
    else s += d ** p;
  }
  return p === 2 ? Math.sqrt(s) : p > 0 && p !== 1 && p !== Number.POSITIVE_INFINITY ? s ** (1 / p) : s;
}
/** The derivative of the p-norm `dist` by one difference, times g. */
function slope(g: number, diff: number, dist: number, p: number): number {
  if (p === 0) return 0;
  if (p === 1) return g * Math.sign(diff);
  if (p === Number.POSITIVE_INFINITY) return Math.abs(diff) < dist ? 0 : g * Math.sign(diff);
  if (dist === 0 || (diff === 0 && p < 1)) return 0;
  if (p === 2) return (g * diff) / dist;
  return (Math.sign(diff) * Math.abs(diff) ** (p - 1) * g) / dist ** (p - 1);
}
/** out[…, i, j] is the distance of x1[…, i] and x2[…, j]; both have the same batch dimensions. */
export function pairDistancesInto(out: Tensor, x1: Tensor, x2: Tensor, p: number): void {
  const [a, b] = [reals(x1), reals(x2)];
  const [rows, columns] = out.layout.shape.slice(-2) as [number, number];
  const n = x1.layout.shape[x1.ndim - 1]!;
  const r = new Float64Array(out.layout.numel);
  for (let o = 0, i = 0; o < r.length; i++) {
    const batch = Math.floor(i / rows) * columns;
    for (let j = 0; j < columns; j++) r[o++] = distance(a, i * n, b, (batch + j) * n, n, p);
  }
  store(out, r);
}
/** The gradient of pairDistancesInto with respect to x1. */
export function pairDistancesBackwardInto(out: Tensor, grad: Tensor, x1: Tensor, x2: Tensor, p: number, dist: Tensor): void {
  const [g, a, b, d] = [reals(grad), reals(x1), reals(x2), reals(dist)];
  const [rows, columns] = dist.layout.shape.slice(-2) as [number, number];
  const n = x1.layout.shape[x1.ndim - 1]!;
  const r = new Float64Array(out.layout.numel);
  // A difference is compared with the distance that it was rounded to.
  const rounded = x1.dtype === float32 ? Math.fround : (v: number): number => v;
  for (let o = 0, i = 0; o < d.length; i++) {
    const batch = Math.floor(i / rows) * columns;
    for (let j = 0; j < columns; j++, o++) {
      for (let k = 0; k < n; k++) r[i * n + k]! += slope(g[o]!, rounded(a[i * n + k]! - b[(batch + j) * n + k]!), d[o]!, p);
    }
  }
  store(out, r);
}
/** The distances of rows i < j of one matrix, in that order. */
export function ownDistancesInto(out: Tensor, self: Tensor, p: number): void {
  const x = reals(self);
  const [rows, n] = self.layout.shape as unknown as [number, number];
  const r = new Float64Array(out.layout.numel);
  for (let i = 0, o = 0; i < rows; i++) {
    for (let j = i + 1; j < rows; j++) r[o++] = distance(x, i * n, x, j * n, n, p);
  }
  store(out, r);
}
