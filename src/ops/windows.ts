// Window functions of signal processing: torch.hann_window and relatives. The shapes serve torch.signal.windows as well.
import { Category, type DType, get_default_dtype } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { store } from '../backend/reference/arrays.ts';
import { op } from '../dispatch/operator.ts';
import { i0 } from '../pointwise/special/modified_bessel.ts';
import { OPTIONS } from './create.ts';

/** A window at place i of a period of n steps. */
export type Window = (i: number, n: number) => number;
/** Σₖ (−1)ᵏ aₖ cos(2πki/n). */
export const cosines =
  (coefficients: readonly number[]): Window =>
  (i, n) =>
    coefficients.reduce((sum, a, k) => sum + (k % 2 === 0 ? a : -a) * Math.cos((2 * Math.PI * k * i) / n), 0);
export const triangle: Window = (i, n) => 1 - Math.abs((2 * i) / n - 1);
export const kaiser =
  (beta: number): Window =>
  (i, n) =>
    i0(beta * Math.sqrt(Math.max(1 - ((2 * i) / n - 1) ** 2, 0))) / i0(beta);

function windowSpec(name: string, length: number, dtype: DType | null): { shape: readonly number[]; dtype: DType } {
  if (length < 0) throw new RuntimeError(`${name} requires non-negative window_length, got window_length=${length}`);
  const d = dtype ?? get_default_dtype();
  if (d.category !== Category.Floating && d.category !== Category.Complex) {
    throw new RuntimeError(
      `${name} expects floating point dtypes, got: TensorOptions(dtype=${d.cName}, device=cpu, layout=Strided (default), requires_grad=false (default), pinned_memory=false, memory_format=(nullopt))`,
    );
  }
  return { shape: [length], dtype: d };
}
/** A periodic window is a symmetric one of one place more, without its last. */
function windowInto(out: Tensor, periodic: boolean, window: Window): void {
  const n = out.layout.numel;
  const steps = periodic ? n : n - 1;
  store(
    out,
    Float64Array.from({ length: n }, (_, i) => (n === 1 ? 1 : window(i, steps))),
  );
}

op(`bartlett_window(int window_length, bool periodic=True, ${OPTIONS}) -> Tensor`, {
  doc: 'A triangle from 0 to 1 and back.',
  meta: ({ window_length, dtype }) => windowSpec('bartlett_window', window_length, dtype),
  kernel: ({ periodic }, out) => windowInto(out!, periodic, triangle),
  grad: 'none',
});
op(`blackman_window(int window_length, bool periodic=True, ${OPTIONS}) -> Tensor`, {
  doc: '0.42 − 0.5 cos(2πi/n) + 0.08 cos(4πi/n).',
  meta: ({ window_length, dtype }) => windowSpec('blackman_window', window_length, dtype),
  kernel: ({ periodic }, out) => windowInto(out!, periodic, cosines([0.42, 0.5, 0.08])),
  grad: 'none',
});
op(`hann_window(int window_length, bool periodic=True, ${OPTIONS}) -> Tensor`, {
  doc: '0.5 − 0.5 cos(2πi/n).',
  meta: ({ window_length, dtype }) => windowSpec('hann_window', window_length, dtype),
  kernel: ({ periodic }, out) => windowInto(out!, periodic, cosines([0.5, 0.5])),
  grad: 'none',
});
op(`hamming_window(int window_length, bool periodic=True, float alpha=0.54, float beta=0.46, ${OPTIONS}) -> Tensor`, {
  doc: 'alpha − beta cos(2πi/n).',
  meta: ({ window_length, dtype }) => windowSpec('hamming_window', window_length, dtype),
  kernel: ({ periodic, alpha, beta }, out) => windowInto(out!, periodic, cosines([alpha, beta])),
  grad: 'none',
});
op(`kaiser_window(int window_length, bool periodic=True, float beta=12.0, ${OPTIONS}) -> Tensor`, {
  doc: 'I₀(β √(1 − (2i/n − 1)²)) / I₀(β).',
  meta: ({ window_length, dtype }) => windowSpec('kaiser_window', window_length, dtype),
  kernel: ({ periodic, beta }, out) => windowInto(out!, periodic, kaiser(beta)),
  grad: 'none',
});
