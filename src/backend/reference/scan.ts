// Reference scans: running results along one dimension.
import { Category } from '../../core/dtype.ts';
import type { Tensor } from '../../core/tensor.ts';
import { complexes, dense, elements, integers, reals, store } from './arrays.ts';
import { eachLine, isNaNKey, keysOf, linesOf, pick } from './lines.ts';

type Values = Float64Array | BigInt64Array;
/** The tensor's elements converted to the result's dtype, as numbers that may be changed. */
function working(self: Tensor, out: Tensor): Values {
  const x = dense(self, out.dtype);
  return (out.dtype.is_complex ? complexes(x) : out.dtype.category === Category.Floating ? reals(x) : integers(x)).slice();
}
export function cumsumInto(out: Tensor, self: Tensor, dim: number): void {
  const x = working(self, out) as Float64Array;
  const unit = out.dtype.is_complex ? 2 : 1;
  const lines = linesOf(self.layout.shape, dim);
  const step = lines.inner * unit;
  eachLine(lines, (start) => {
    for (let c = 0; c < unit; c++) for (let i = 1, at = start * unit + c + step; i < lines.n; i++, at += step) x[at]! += x[at - step]!;
  });
  store(out, x);
}
export function cumprodInto(out: Tensor, self: Tensor, dim: number): void {
  const x = working(self, out) as Float64Array;
  const complex = out.dtype.is_complex;
  const lines = linesOf(self.layout.shape, dim);
  const step = lines.inner * (complex ? 2 : 1);
  eachLine(lines, (start) => {
    for (let i = 1, at = start * (complex ? 2 : 1) + step; i < lines.n; i++, at += step) {
      if (complex) {
        const [a, b, c, d] = [x[at - step]!, x[at - step + 1]!, x[at]!, x[at + 1]!];
        x[at] = a * c - b * d;
        x[at + 1] = a * d + b * c;
      } else x[at]! *= x[at - step]!;
    }
  });
  store(out, x);
}
/** The running extremum and where it is; of equal elements the last one counts, and a NaN stays. */
export function cumulativeExtremumInto(values: Tensor, indices: Tensor, self: Tensor, dim: number, largest: boolean): void {
  const keys = keysOf(self);
  const lines = linesOf(self.layout.shape, dim);
  const at = elements(indices) as BigInt64Array;
  const places = new Float64Array(at.length);
  eachLine(lines, (start) => {
    let best = 0;
    for (let i = 0; i < lines.n; i++) {
      const place = start + i * lines.inner;
      const [x, b] = [keys[place]!, keys[start + best * lines.inner]!];
      if (isNaNKey(x) || (!isNaNKey(b) && (largest ? x >= b : x <= b))) best = i;
      at[place] = BigInt(best);
      places[place] = start + best * lines.inner;
    }
  });
  pick(values, self, places);
}
export function logcumsumexpInto(out: Tensor, self: Tensor, dim: number): void {
  const x = working(self, out) as Float64Array;
  const complex = out.dtype.is_complex;
  const lines = linesOf(self.layout.shape, dim);
  const step = lines.inner * (complex ? 2 : 1);
  eachLine(lines, (start) => {
    for (let i = 1, at = start * (complex ? 2 : 1) + step; i < lines.n; i++, at += step) {
      if (complex) addComplexExponentials(x, at - step, at);
      else x[at] = addExponentials(x[at - step]!, x[at]!);
    }
  });
  store(out, x);
}
function addExponentials(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
  const [low, high] = a < b ? [a, b] : [b, a];
  return low === high && !Number.isFinite(low) ? low : high + Math.log1p(Math.exp(low - high));
}
/** log(e^a + e^b) of complex numbers, the one with the larger real part taken out. */
function addComplexExponentials(x: Float64Array, a: number, b: number): void {
  const [high, low] = x[a]! > x[b]! ? [a, b] : [b, a];
  if (x[low] === Number.NEGATIVE_INFINITY) {
    [x[b], x[b + 1]] = [x[high]!, x[high + 1]!];
    return;
  }
  const size = Math.exp(x[low]! - x[high]!);
  const angle = x[low + 1]! - x[high + 1]!;
  const [re, im] = [1 + size * Math.cos(angle), size * Math.sin(angle)];
  const [real, imag] = [x[high]! + Math.log(Math.hypot(re, im)), x[high + 1]! + Math.atan2(im, re)];
  x[b] = real;
  x[b + 1] = imag;
}

/** rᵢ = xᵢ + cᵢ · rᵢ₋₁ along a dimension. */
export function recurrenceInto(out: Tensor, input: Tensor, coefficient: Tensor, dim: number): void {
  const x = working(input, out) as Float64Array;
  const c = working(coefficient, out) as Float64Array;
  const complex = out.dtype.is_complex;
  const lines = linesOf(input.layout.shape, dim);
  const step = lines.inner * (complex ? 2 : 1);
  eachLine(lines, (start) => {
    for (let i = 1, at = start * (complex ? 2 : 1) + step; i < lines.n; i++, at += step) {
      const [re, im] = [x[at - step]!, complex ? x[at - step + 1]! : 0];
      if (complex) {
        x[at]! += c[at]! * re - c[at + 1]! * im;
        x[at + 1]! += c[at]! * im + c[at + 1]! * re;
      } else x[at]! += c[at]! * re;
    }
  });
  store(out, x);
}
