// Mantissa and exponent of floating-point numbers.
import type { Tensor } from '../../core/tensor.ts';
import { reals, store } from './arrays.ts';

/** x = mantissa · 2^exponent with 0.5 ≤ |mantissa| < 1; zeros, infinities and NaN keep exponent 0. */
export function frexpInto(self: Tensor, mantissa: Tensor, exponent: Tensor): void {
  const x = reals(self);
  const m = new Float64Array(x.length);
  const e = new Float64Array(x.length);
  const bits = new DataView(new ArrayBuffer(8));
  x.forEach((v, i) => {
    if (v === 0 || !Number.isFinite(v)) {
      m[i] = v;
      return;
    }
    const subnormal = Math.abs(v) < 2 ** -1022;
    bits.setFloat64(0, subnormal ? v * 2 ** 54 : v);
    const high = bits.getUint32(0);
    e[i] = ((high >>> 20) & 0x7ff) - 1022 - (subnormal ? 54 : 0);
    bits.setUint32(0, (high & 0x800fffff) | (1022 << 20));
    m[i] = bits.getFloat64(0);
  });
  store(mantissa, m);
  store(exponent, e);
}
