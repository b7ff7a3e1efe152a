// Fourier transforms of tensors, dimension by dimension: complex to complex, real to complex, complex to real.
import { numel } from '../../core/size.ts';
import type { Tensor } from '../../core/tensor.ts';
import { complexes, reals, store } from './arrays.ts';
import { complexToReal, complexTransform, realToComplex } from './fft.ts';

/** Runs `transform` on every line along dimension d, from lines of `width` to lines of `outWidth` numbers a place. */
function alongLines(
  data: Float64Array,
  shape: readonly number[],
  d: number,
  width: number,
  outLength: number,
  outWidth: number,
  transform: (line: Float64Array) => Float64Array,
): Float64Array {
  const n = shape[d]!;
  const inner = numel(shape.slice(d + 1));
  const outer = numel(shape.slice(0, d));
  const result = new Float64Array(outer * outLength * inner * outWidth);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const line = new Float64Array(n * width);
      for (let k = 0; k < n; k++) {
        const from = ((o * n + k) * inner + i) * width;
        for (let p = 0; p < width; p++) line[k * width + p] = data[from + p]!;
      }
      const to = transform(line);
      for (let k = 0; k < outLength; k++) {
        const at = ((o * outLength + k) * inner + i) * outWidth;
        for (let p = 0; p < outWidth; p++) result[at + p] = to[k * outWidth + p]!;
      }
    }
  }
  return result;
}
function scaled(data: Float64Array, scale: number): Float64Array {
  if (scale !== 1) for (let i = 0; i < data.length; i++) data[i]! *= scale;
  return data;
}
const complexLines = (data: Float64Array, shape: readonly number[], dims: readonly number[], inverse: boolean): Float64Array =>
  dims.reduce((x, d) => alongLines(x, shape, d, 2, shape[d]!, 2, (line) => complexTransform(line, inverse)), data);

/** Complex to complex over all of `dims`. */
export function transformComplex(out: Tensor, self: Tensor, dims: readonly number[], scale: number, forward: boolean): void {
  store(out, scaled(complexLines(complexes(self).slice(), self.layout.shape, dims, !forward), scale));
}
/** Real to complex: the last of `dims` first, which may keep the first half only. */
export function transformReal(out: Tensor, self: Tensor, dims: readonly number[], scale: number, onesided: boolean): void {
  const { shape } = self.layout;
  const last = dims[dims.length - 1]!;
  const n = shape[last]!;
  const kept = onesided ? Math.floor(n / 2) + 1 : n;
  const whole = (line: Float64Array): Float64Array => (onesided ? realToComplex(line) : mirrored(realToComplex(line), n));
  const first = alongLines(reals(self), shape, last, 1, kept, 2, whole);
  const between = shape.map((s, d) => (d === last ? kept : s));
  store(out, scaled(complexLines(first, between, dims.slice(0, -1), false), scale));
}
/** All n values of the transform of a real line from the first half of them. */
function mirrored(half: Float64Array, n: number): Float64Array {
  const full = new Float64Array(2 * n);
  full.set(half.subarray(0, Math.min(half.length, 2 * n)));
  for (let k = Math.floor(n / 2) + 1; k < n; k++) {
    full[2 * k] = half[2 * (n - k)]!;
    full[2 * k + 1] = -half[2 * (n - k) + 1]!;
  }
  return full;
}
/** Complex to real, inverse: the last of `dims` last, to `length` places. */
export function transformToReal(out: Tensor, self: Tensor, dims: readonly number[], scale: number, length: number): void {
  const { shape } = self.layout;
  const last = dims[dims.length - 1]!;
  const first = complexLines(complexes(self).slice(), shape, dims.slice(0, -1), true);
  store(
    out,
    scaled(
      alongLines(first, shape, last, 2, length, 1, (line) => complexToReal(line, length)),
      scale,
    ),
  );
}
