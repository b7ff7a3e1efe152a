// Fourier transforms: one kernel call a dimension.
import { numel } from '../../../core/size.ts';
import { emptyLike, type Tensor } from '../../../core/tensor.ts';
import { accelerateWith } from '../accelerate.ts';
import * as d from '../descriptor.ts';

const COMPLEX = 0;
const REAL_TO_HALF = 1;
const REAL_TO_WHOLE = 2;
const HALF_TO_REAL = 3;

interface Transform {
  readonly self: Tensor;
  readonly dim: readonly number[];
  /** 0: nothing is divided, 1: by the root of the number of places, 2: by that number. */
  readonly normalization: number;
}
function scaleOf(normalization: number, shape: readonly number[], dims: readonly number[]): number {
  const n = numel(dims.map((i) => shape[i]!));
  return normalization === 0 ? 1 : normalization === 1 ? 1 / Math.sqrt(n) : 1 / n;
}
type Run = () => boolean;
function line(run: Run, x: Tensor, out: Tensor, dim: number, n: number, kind: number, inverse: boolean, scale: number): boolean {
  d.begin();
  d.tensor(x);
  d.tensor(out);
  for (const slot of [dim, n, kind]) d.number(slot);
  d.flag(inverse);
  d.number(scale);
  return run();
}
/** Complex transforms along `dims`, from x to out and then in place; the last one scales. */
function complexLines(run: Run, x: Tensor, out: Tensor, dims: readonly number[], inverse: boolean, scale: number): boolean {
  return dims.every((dim, i) =>
    line(run, i === 0 ? x : out, out, dim, x.layout.shape[dim]!, COMPLEX, inverse, i === dims.length - 1 ? scale : 1),
  );
}
const usable = (t: Tensor, dims: readonly number[]): boolean => t.layout.numel > 0 && dims.length > 0 && t.layout.plain;

accelerateWith<Transform & { readonly forward: boolean }>(
  '_fft_c2c',
  'fft',
  (run, { self, dim, normalization, forward }, out) =>
    usable(self, dim) && complexLines(run, self, out!, dim, !forward, scaleOf(normalization, self.layout.shape, dim)),
);
accelerateWith<Transform & { readonly onesided: boolean }>('_fft_r2c', 'fft', (run, { self, dim, normalization, onesided }, out) => {
  if (!usable(self, dim)) return false;
  const last = dim[dim.length - 1]!;
  const rest = dim.slice(0, -1);
  const scale = scaleOf(normalization, self.layout.shape, dim);
  const kind = onesided ? REAL_TO_HALF : REAL_TO_WHOLE;
  return (
    line(run, self, out!, last, self.layout.shape[last]!, kind, false, rest.length ? 1 : scale) &&
    complexLines(run, out!, out!, rest, false, scale)
  );
});
accelerateWith<Transform & { readonly last_dim_size: number }>(
  '_fft_c2r',
  'fft',
  (run, { self, dim, normalization, last_dim_size }, out) => {
    if (!usable(self, dim)) return false;
    const last = dim[dim.length - 1]!;
    const rest = dim.slice(0, -1);
    const half = rest.length ? emptyLike(self.layout) : self;
    return (
      complexLines(run, self, half, rest, true, 1) &&
      line(run, half, out!, last, last_dim_size, HALF_TO_REAL, true, scaleOf(normalization, out!.layout.shape, dim))
    );
  },
);
