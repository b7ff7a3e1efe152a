// Discrete Fourier transforms. Three primitives, each the adjoint of another, and PyTorch's functions in terms of them.
import { Category, type DType, get_default_dtype } from '../core/dtype.ts';
import type { Device } from '../core/device.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { wrapDim } from '../core/shape.ts';
import { numel, type Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, type Spec, uses } from '../dispatch/operator.ts';
import { transformComplex, transformReal, transformToReal } from '../backend/reference/fft_lines.ts';

// ---- primitives ---------------------------------------------------------------------------------------------------
/** What a transform is divided by: nothing, the root of the number of places, or that number. */
const NORMALIZATION = { none: 0, byRoot: 1, byNumber: 2 } as const;
function scaleOf(normalization: number, shape: Shape, dims: readonly number[]): number {
  if (normalization === NORMALIZATION.none) return 1;
  const n = numel(dims.map((d) => shape[d]!));
  return normalization === NORMALIZATION.byRoot ? 1 / Math.sqrt(n) : 1 / n;
}
const withSize = (shape: Shape, d: number, n: number): number[] => shape.map((s, i) => (i === d ? n : s));
/** The layout that transforms leave: other dimensions outside, in the order of their strides, those transformed inside. */
function transformed(before: Shape, shape: Shape, dims: readonly number[], dtype: DType): Spec {
  const others = shape
    .map((_, i) => i)
    .filter((d) => !dims.includes(d))
    .sort((a, b) => before[b]! - before[a]!);
  const stride = new Array<number>(shape.length);
  let n = 1;
  for (const d of [...others, ...dims].reverse()) {
    stride[d] = n;
    n *= Math.max(shape[d]!, 1);
  }
  return { shape, dtype, stride };
}
/** Dimensions in the order of their strides; the last `kept` stay where they are. */
function byStride(self: Tensor, dims: readonly number[], kept: number): number[] {
  const stride = self.layout.stride;
  const head = dims.slice(0, dims.length - kept).sort((a, b) => stride[b]! - stride[a]!);
  return [...head, ...dims.slice(dims.length - kept)];
}
/** PyTorch accepts the wide dtypes only. */
function checkDtype(t: Tensor): void {
  if (t.dtype.to_real().itemsize < 4) throw new NotImplementedError(`Unsupported dtype ${t.dtype.scalarName}`);
}
op('_fft_c2c(Tensor self, int[] dim, int normalization, bool forward) -> Tensor', {
  doc: 'The transform of complex numbers.',
  meta: ({ self, dim }) => transformed(self.layout.stride, self.shape, byStride(self, dim, 0), self.dtype),
  kernel: ({ self, dim, normalization, forward }, out) =>
    transformComplex(out!, self, dim, scaleOf(normalization, self.shape, dim), forward),
  grad: { self: uses((g, { dim, normalization, forward }) => F._fft_c2c(g, dim, normalization, !forward)) },
  linear: true,
  inplace: false,
  surface: [],
});
op('_fft_r2c(Tensor self, int[] dim, int normalization, bool onesided) -> Tensor', {
  doc: 'The transform of real numbers; onesided keeps the first half of the last dimension, of which the rest follows.',
  meta: ({ self, dim, onesided }) => {
    const last = dim[dim.length - 1]!;
    const n = self.shape[last]!;
    return transformed(
      self.layout.stride,
      withSize(self.shape, last, onesided ? Math.floor(n / 2) + 1 : n),
      byStride(self, dim, 1),
      self.dtype.to_complex(),
    );
  },
  kernel: ({ self, dim, normalization, onesided }, out) =>
    transformReal(out!, self, dim, scaleOf(normalization, self.shape, dim), onesided),
  grad: {
    self: uses((g, { self, dim, normalization, onesided }) => {
      const last = dim[dim.length - 1]!;
      const missing = self.shape[last]! - g.shape[last]!;
      const whole = onesided && missing > 0 ? F.cat([g, g.new_zeros(withSize(g.shape, last, missing))], last) : g;
      return F.real(F._fft_c2c(whole, dim, normalization, false));
    }),
  },
  linear: true,
  inplace: false,
  surface: [],
});
op('_fft_c2r(Tensor self, int[] dim, int normalization, int last_dim_size) -> Tensor', {
  doc: 'The inverse transform of the first half of Hermitian numbers.',
  meta: ({ self, dim, last_dim_size }) => {
    const last = dim[dim.length - 1]!;
    const inner =
      dim.length > 1
        ? transformed(self.layout.stride, self.shape, byStride(self, dim.slice(0, -1), 0), self.dtype).stride!
        : self.layout.stride;
    return transformed(inner, withSize(self.shape, last, last_dim_size), [last], self.dtype.to_real());
  },
  kernel: ({ self, dim, normalization, last_dim_size }, out) =>
    transformToReal(out!, self, dim, scaleOf(normalization, out!.shape, dim), last_dim_size),
  grad: {
    self: uses((g, { dim, normalization, last_dim_size }) => {
      // All but the first number (and the middle one of an even count) stand for their mirror images too.
      const last = dim[dim.length - 1]!;
      const half = F._fft_r2c(g, dim, normalization, true);
      const n = half.shape[last]!;
      const twice = last_dim_size - n;
      if (twice <= 0) return half;
      return F.cat([half.narrow(last, 0, 1), half.narrow(last, 1, twice).mul(2), half.narrow(last, 1 + twice, n - 1 - twice)], last);
    }),
  },
  linear: true,
  inplace: false,
  surface: [],
});

// ---- arguments ----------------------------------------------------------------------------------------------------
function normOf(norm: string | null, forward: boolean): number {
  if (norm === null || norm === 'backward') return forward ? NORMALIZATION.none : NORMALIZATION.byNumber;
  if (norm === 'forward') return forward ? NORMALIZATION.byNumber : NORMALIZATION.none;
  if (norm === 'ortho') return NORMALIZATION.byRoot;
  throw new RuntimeError(`Invalid normalization mode: "${norm}"`);
}
/** Integers become floats, and with `complex` real numbers complex. */
function promoted(t: Tensor, complex: boolean): Tensor {
  let dtype: DType = t.dtype.category < Category.Floating ? get_default_dtype() : t.dtype;
  checkDtype(t.dtype.category < Category.Floating ? t.to(dtype) : t);
  if (complex) dtype = dtype.to_complex();
  return t.dtype === dtype ? t : t.to(dtype);
}
function checkPoints(n: number): number {
  if (n < 1) throw new RuntimeError(`Invalid number of data points (${n}) specified`);
  return n;
}
/** self cut off or filled with zeros to the given sizes. */
function resized(self: Tensor, dims: readonly number[], sizes: readonly number[]): Tensor {
  return dims.reduce((t, d, i) => {
    const [n, to] = [t.shape[d]!, sizes[i]!];
    if (n === to) return t;
    return n > to ? t.narrow(d, 0, to) : F.cat([t, t.new_zeros(withSize(t.shape, d, to - n))], d);
  }, self);
}
function requireReal(t: Tensor, message: (dtype: string) => string): void {
  if (t.dtype.is_complex) throw new TypeError(message(t.dtype.scalarName));
}

// ---- one dimension ------------------------------------------------------------------------------------------------
type Line = { readonly self: Tensor; readonly n: number | null; readonly dim: number; readonly norm: string | null };
const LINE = 'Tensor self, SymInt? n=None, int dim=-1, str? norm=None';

function complexLine({ self, n, dim, norm }: Line, forward: boolean): Tensor {
  if (!self.dtype.is_complex) return conjugated(ofReal({ self, n, dim, norm }, forward, false), !forward);
  const d = wrapDim(dim, self.ndim, false);
  const x = resized(promoted(self, true), [d], [checkPoints(n ?? self.shape[d]!)]);
  return F._fft_c2c(x, [d], normOf(norm, forward), forward);
}
function realLine(name: string, { self, n, dim, norm }: Line, forward: boolean): Tensor {
  requireReal(self, (dtype) => `${name} expects a real input tensor, but got ${dtype}`);
  return conjugated(ofReal({ self, n, dim, norm }, forward, true), !forward);
}
const conjugated = (t: Tensor, conjugate: boolean): Tensor => (conjugate ? t.conj() : t);
/** The forward transform of real numbers, normalised as one of the asked direction. */
function ofReal({ self, n, dim, norm }: Line, forward: boolean, onesided: boolean): Tensor {
  const d = wrapDim(dim, self.ndim, false);
  const x = resized(promoted(self, false), [d], [checkPoints(n ?? self.shape[d]!)]);
  return F._fft_r2c(x, [d], normOf(norm, forward), onesided);
}
function lineToReal({ self, n, dim, norm }: Line, forward: boolean): Tensor {
  const d = wrapDim(dim, self.ndim, false);
  const length = checkPoints(n ?? 2 * (self.shape[d]! - 1));
  const x = n === null ? promoted(self, true) : resized(promoted(self, true), [d], [Math.floor(length / 2) + 1]);
  return F._fft_c2r(forward ? x.conj() : x, [d], normOf(norm, forward), length);
}
op(`fft_fft(${LINE}) -> Tensor`, { doc: 'The discrete Fourier transform along a dimension.', decompose: (a) => complexLine(a, true) });
op(`fft_ifft(${LINE}) -> Tensor`, { doc: 'The inverse transform along a dimension.', decompose: (a) => complexLine(a, false) });
op(`fft_rfft(${LINE}) -> Tensor`, { doc: 'The first half of the transform of real numbers.', decompose: (a) => realLine('rfft', a, true) });
op(`fft_ihfft(${LINE}) -> Tensor`, {
  doc: 'The first half of the inverse transform of real numbers.',
  decompose: (a) => realLine('ihfft', a, false),
});
op(`fft_irfft(${LINE}) -> Tensor`, { doc: 'The inverse of rfft: real numbers.', decompose: (a) => lineToReal(a, false) });
op(`fft_hfft(${LINE}) -> Tensor`, {
  doc: 'The transform of the first half of Hermitian numbers: real numbers.',
  decompose: (a) => lineToReal(a, true),
});

// ---- several dimensions -------------------------------------------------------------------------------------------
type Block = {
  readonly self: Tensor;
  readonly s: readonly number[] | null;
  readonly dim: readonly number[] | null;
  readonly norm: string | null;
};
const BLOCK = 'Tensor self, SymInt[1]? s=None, int[1]? dim=None, str? norm=None';
const PLANE = 'Tensor self, SymInt[1]? s=None, int[1] dim=[-2, -1], str? norm=None';

/** The dimensions and sizes of a transform; the sizes are not yet checked. */
function extent({ self, s, dim }: Block): { dims: number[]; sizes: number[] } {
  const dims =
    dim?.map((d) => wrapDim(d, self.ndim, false)) ??
    Array.from({ length: s?.length ?? self.ndim }, (_, i) => self.ndim - (s?.length ?? self.ndim) + i);
  if (dim && new Set(dims).size < dims.length) throw new RuntimeError('FFT dims must be unique');
  if (s && dim && s.length !== dim.length) throw new RuntimeError('When given, dim and shape arguments must have the same length');
  if (s && s.length > self.ndim)
    throw new RuntimeError(`Got shape with ${s.length} values but input tensor only has ${self.ndim} dimensions.`);
  return { dims, sizes: dims.map((d, i) => (s && s[i] !== -1 ? s[i]! : self.shape[d]!)) };
}
function requireAxis(dims: readonly number[], name: string): void {
  if (dims.length === 0) throw new RuntimeError(`${name} must transform at least one axis`);
}
function complexBlock(a: Block, forward: boolean): Tensor {
  const { dims, sizes } = extent(a);
  sizes.forEach(checkPoints);
  const x = resized(promoted(a.self, true), dims, sizes);
  return dims.length === 0 ? x.clone() : F._fft_c2c(x, dims, normOf(a.norm, forward), forward);
}
function realBlock(a: Block): Tensor {
  requireReal(a.self, (dtype) => `rfftn expects a real-valued input tensor, but got ${dtype}`);
  const { dims, sizes } = extent(a);
  requireAxis(dims, 'rfftn');
  sizes.forEach(checkPoints);
  return F._fft_r2c(resized(promoted(a.self, false), dims, sizes), dims, normOf(a.norm, true), true);
}
/** Dimensions, sizes of the half that is given, and the length of the result's last dimension. */
function halfExtent(a: Block, name: string): { dims: number[]; sizes: number[]; length: number } {
  const { dims, sizes } = extent(a);
  requireAxis(dims, name);
  const last = dims.length - 1;
  const given = a.s && a.s[last] !== -1;
  const length = checkPoints(given ? a.s![last]! : 2 * (sizes[last]! - 1));
  sizes[last] = Math.floor(length / 2) + 1;
  sizes.forEach(checkPoints);
  return { dims, sizes, length };
}
function blockToReal(a: Block): Tensor {
  const { dims, sizes, length } = halfExtent(a, 'irfftn');
  return F._fft_c2r(resized(promoted(a.self, true), dims, sizes), dims, normOf(a.norm, false), length);
}
function hermitianToReal(a: Block): Tensor {
  const { dims, sizes, length } = halfExtent(a, 'hfftn');
  const x = resized(promoted(a.self, true), dims, sizes);
  const norm = normOf(a.norm, true);
  const others = dims.slice(0, -1);
  const inner = others.length ? F._fft_c2c(x, others, norm, true) : x;
  return F._fft_c2r(inner.conj(), dims.slice(-1), norm, length);
}
function realToHermitian(a: Block): Tensor {
  requireReal(a.self, (dtype) => `Only supports floating-point dtypes, but found: ${dtype}`);
  const { dims, sizes } = extent(a);
  requireAxis(dims, 'ihfftn');
  sizes.forEach(checkPoints);
  const norm = normOf(a.norm, false);
  const half = F._fft_r2c(resized(promoted(a.self, false), dims, sizes), dims.slice(-1), norm, true).conj();
  const others = dims.slice(0, -1);
  return others.length ? F._fft_c2c(half, others, norm, false) : half;
}
const BLOCKS = [
  ['fft', 'The transform', (a: Block) => complexBlock(a, true)],
  ['ifft', 'The inverse transform', (a: Block) => complexBlock(a, false)],
  ['rfft', 'The transform of real numbers', realBlock],
  ['irfft', 'The inverse transform to real numbers', blockToReal],
  ['hfft', 'The transform of Hermitian numbers', hermitianToReal],
  ['ihfft', 'The inverse transform of real numbers to the half of Hermitian ones', realToHermitian],
] as const;
for (const [name, what, run] of BLOCKS) {
  op(`fft_${name}2(${PLANE}) -> Tensor` as string, { doc: `${what} over two dimensions.`, decompose: run as never });
  op(`fft_${name}n(${BLOCK}) -> Tensor` as string, { doc: `${what} over several dimensions.`, decompose: run as never });
}

// ---- frequencies --------------------------------------------------------------------------------------------------
const FREQUENCIES =
  'int n, float d=1., *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=False, bool requires_grad=False';
type Frequencies = {
  readonly n: number;
  readonly d: number;
  readonly dtype: DType | null;
  readonly device: Device | null;
  readonly requires_grad: boolean;
};
function frequencies(name: string, { n, d, dtype, device, requires_grad }: Frequencies, places: (dtype: DType) => Tensor): Tensor {
  const type = dtype ?? get_default_dtype();
  if (type.category < Category.Floating) throw new RuntimeError(`${name} requires a floating point or complex dtype`);
  const r = places(type).mul(1 / (n * d));
  const placed = device ? r.to(device) : r;
  return requires_grad ? placed.requires_grad_(true) : placed;
}
const places = (from: number, to: number, dtype: DType): Tensor => F.arange$start_step(from, to, 1, dtype);
op(`fft_fftfreq(${FREQUENCIES}) -> Tensor`, {
  doc: 'The frequencies of the places of a transform of n samples at distance d.',
  decompose: (a) => {
    const middle = Math.floor((a.n + 1) / 2);
    return frequencies('fftfreq', a, (dtype) => F.cat([places(0, middle, dtype), places(-Math.floor(a.n / 2), 0, dtype)], 0));
  },
  surface: ['function'],
});
op(`fft_rfftfreq(${FREQUENCIES}) -> Tensor`, {
  doc: 'The frequencies of the places of a real transform of n samples at distance d.',
  decompose: (a) => frequencies('rfftfreq', a, (dtype) => places(0, Math.floor(a.n / 2) + 1, dtype)),
  surface: ['function'],
});
for (const [name, doc, shift] of [
  ['fft_fftshift', 'Moves the frequency 0 to the middle.', (n: number) => Math.floor(n / 2)],
  ['fft_ifftshift', 'Moves the frequency 0 from the middle to the front.', (n: number) => Math.floor((n + 1) / 2)],
] as const) {
  op(`${name}(Tensor self, int[1]? dim=None) -> Tensor` as 'fft_fftshift(Tensor self, int[1]? dim=None) -> Tensor', {
    doc,
    decompose: ({ self, dim }) => {
      const dims = (dim ?? self.shape.map((_, i) => i)).map((d) => wrapDim(d, self.ndim));
      return F.roll(
        self,
        dims.map((d) => shift(self.shape[d] ?? 1)),
        dims,
      );
    },
  });
}
