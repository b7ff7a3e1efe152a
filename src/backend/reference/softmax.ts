// Reference softmax along one dimension: a tensor is seen as outer × n × inner.
import { roundTo } from '../../core/sampling_elements.ts';
import { wrapDim } from '../../core/shape.ts';
import type { Tensor } from '../../core/tensor.ts';
import { reals, store } from './arrays.ts';

/** Where the lines along a dimension lie in a dense tensor. */
export interface Lines {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}
export function lines(t: Tensor, dim: number): Lines {
  const { shape } = t.layout;
  const at = wrapDim(dim, shape.length);
  const product = (s: readonly number[]): number => s.reduce((a, b) => a * b, 1);
  return { outer: product(shape.slice(0, at)), n: shape[at] ?? 1, inner: product(shape.slice(at + 1)) };
}
/** Calls f with the first place of every line; its elements are `inner` apart. */
function eachLine({ outer, n, inner }: Lines, f: (start: number) => void): void {
  if (n === 0) return;
  for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) f(o * n * inner + i);
}
function largest(x: Float64Array, start: number, n: number, step: number): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < n; k++) max = Math.max(max, x[start + k * step]!);
  return max;
}

export function softmaxInto(out: Tensor, self: Tensor, l: Lines): void {
  const x = reals(self);
  const r = new Float64Array(x.length);
  eachLine(l, (start) => {
    const max = largest(x, start, l.n, l.inner);
    let sum = 0;
    for (let k = 0; k < l.n; k++) {
      const at = start + k * l.inner;
      r[at] = Math.exp(x[at]! - max);
      sum += r[at]!;
    }
    for (let k = 0; k < l.n; k++) r[start + k * l.inner]! /= sum;
  });
  store(out, r);
}
export function logSoftmaxInto(out: Tensor, self: Tensor, l: Lines): void {
  const x = reals(self);
  const r = new Float64Array(x.length);
  eachLine(l, (start) => {
    const max = largest(x, start, l.n, l.inner);
    let sum = 0;
    for (let k = 0; k < l.n; k++) sum += Math.exp(x[start + k * l.inner]! - max);
    // Along the last dimension PyTorch keeps the sum and its logarithm in the result's precision.
    const kept = (v: number): number => (l.inner === 1 ? roundTo(v, out.dtype) : v);
    const log = kept(Math.log(kept(sum)));
    for (let k = 0; k < l.n; k++) r[start + k * l.inner] = x[start + k * l.inner]! - max - log;
  });
  store(out, r);
}
export function softmaxBackwardInto(out: Tensor, grad: Tensor, output: Tensor, l: Lines): void {
  const [g, y] = [reals(grad), reals(output)];
  const r = new Float64Array(y.length);
  eachLine(l, (start) => {
    let sum = 0;
    for (let k = 0; k < l.n; k++) sum += g[start + k * l.inner]! * y[start + k * l.inner]!;
    for (let k = 0; k < l.n; k++) {
      const at = start + k * l.inner;
      r[at] = (g[at]! - sum) * y[at]!;
    }
  });
  store(out, r);
}
export function logSoftmaxBackwardInto(out: Tensor, grad: Tensor, output: Tensor, l: Lines): void {
  const [g, y] = [reals(grad), reals(output)];
  const r = new Float64Array(y.length);
  eachLine(l, (start) => {
    let sum = 0;
    for (let k = 0; k < l.n; k++) sum += g[start + k * l.inner]!;
    for (let k = 0; k < l.n; k++) {
      const at = start + k * l.inner;
      r[at] = g[at]! - Math.exp(y[at]!) * sum;
    }
  });
  store(out, r);
}
