// Short-time Fourier transforms and their inverse.
import { Category, type DType, promote_types } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import { isKnown, type Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';

const LEGACY: Readonly<Record<string, string>> = {
  float16: 'HalfTensor',
  bfloat16: 'BFloat16Tensor',
  float32: 'FloatTensor',
  float64: 'DoubleTensor',
  complex64: 'ComplexFloatTensor',
  complex128: 'ComplexDoubleTensor',
  uint8: 'ByteTensor',
  int8: 'CharTensor',
  int16: 'ShortTensor',
  int32: 'IntTensor',
  int64: 'LongTensor',
  bool: 'BoolTensor',
};
const typeName = (d: DType): string => `torch.${LEGACY[d.name] ?? `${d.scalarName}Tensor`}`;
const flag = (x: boolean | null): string => (x === null ? 'None' : x ? '1' : '0');
const windowName = (w: Tensor | null): string => (w ? `${typeName(w.dtype)}{${showShape(w.shape)}}` : 'None');
/** The window of n_fft places: the given one or ones, in the middle of zeros. */
function paddedWindow(window: Tensor | null, win_length: number, n_fft: number, like: Tensor, dtype: DType): Tensor {
  const w = window ?? F.ones([win_length], dtype, null, like.device);
  if (win_length === n_fft) return w;
  const left = Math.floor((n_fft - win_length) / 2);
  const zeros = (n: number): Tensor => w.new_zeros([n]);
  return F.cat([zeros(left), w, zeros(n_fft - win_length - left)], 0);
}

type Signal = {
  readonly self: Tensor;
  readonly n_fft: number;
  readonly hop_length: number | null;
  readonly win_length: number | null;
  readonly window: Tensor | null;
  readonly normalized: boolean;
  readonly onesided: boolean | null;
  readonly return_complex: boolean | null;
  readonly align_to_window: boolean | null;
};
function shortTime(a: Signal): Tensor {
  const { self, n_fft, window, normalized, onesided, return_complex, align_to_window } = a;
  const hop = a.hop_length ?? Math.floor(n_fft / 4);
  const win = a.win_length ?? n_fft;
  const fail = (what: string, Class: new (m: string) => Error = RuntimeError): never => {
    const call = `stft(${typeName(self.dtype)}[${self.shape.join(', ')}], n_fft=${n_fft}, hop_length=${hop}, win_length=${win}, window=${windowName(window)}, normalized=${flag(normalized)}, onesided=${flag(onesided)}, return_complex=${flag(return_complex)}, align_to_window=${flag(align_to_window)}) `;
    throw new Class(`${call}: ${what}`);
  };
  const complexInput = self.dtype.is_complex || window?.dtype.is_complex === true;
  if (return_complex === null && !complexInput) {
    throw new RuntimeError(
      'stft requires the return_complex parameter be given for real inputs, and will further require that return_complex=True in a future PyTorch release.',
    );
  }
  if (self.dtype.category < Category.Floating) fail('expected a tensor of floating point or complex values', NotImplementedError);
  if (self.ndim > 2 || self.ndim < 1) fail('expected a 1D or 2D tensor');
  const batched = self.ndim === 2;
  const x = batched ? self : self.unsqueeze(0);
  const length = x.shape[1]!;
  if (n_fft <= 0 || n_fft > length) fail(`expected 0 < n_fft < ${length}, but got n_fft=${n_fft}`);
  if (hop <= 0) fail(`expected hop_length > 0, but got hop_length=${hop}`);
  if (win <= 0 || win > n_fft) fail(`expected 0 < win_length <= n_fft, but got win_length=${win}`);
  if (window && (window.ndim !== 1 || window.shape[0] !== win))
    fail(`expected a 1D window tensor of size equal to win_length=${win}, but got window with size ${showShape(window.shape)}`);

  const frames = 1 + Math.floor((length - n_fft) / hop);
  let pieces = x.as_strided([x.shape[0]!, frames, n_fft], [x.layout.stride[0]!, hop * x.layout.stride[1]!, x.layout.stride[1]!]);
  if (window || win !== n_fft) pieces = pieces.mul(paddedWindow(window, win, n_fft, self, self.dtype));
  const half = onesided ?? !pieces.dtype.is_complex;
  if (half && pieces.dtype.is_complex) throw new RuntimeError('Cannot have onesided output if window or input is complex');
  const normalization = normalized ? 1 : 0;
  const spectrum = pieces.dtype.is_complex ? F._fft_c2c(pieces, [2], normalization, true) : F._fft_r2c(pieces, [2], normalization, half);
  let r = spectrum.transpose(1, 2);
  if (!batched) r = r.squeeze(0);
  return (return_complex ?? true) ? r : F.view_as_real(r);
}
op(
  'stft(Tensor self, int n_fft, int? hop_length=None, int? win_length=None, Tensor? window=None, bool center=True, str pad_mode="reflect", bool normalized=False, bool? onesided=None, bool? return_complex=None, bool? align_to_window=None) -> Tensor',
  {
    doc: 'The short-time Fourier transform: transforms of overlapping windows of a signal.',
    decompose: (a) => {
      const { self, n_fft, center, pad_mode, align_to_window } = a;
      if (center && align_to_window !== null) throw new RuntimeError('stft align_to_window should only be set when center = false.');
      if (!center) return shortTime(a);
      // As a batch of one channel, so that any padding mode applies.
      const side = Math.floor(n_fft / 2);
      const extra = 3 - self.ndim;
      const wide = self.view([...new Array<number>(Math.max(extra, 0)).fill(1), ...self.shape]);
      const padded = F.pad(wide, [side, side], pad_mode, null);
      return shortTime({ ...fields(a), self: padded.view([...padded.shape.slice(Math.max(extra, 0))]) });
    },
    inplace: false,
  },
);
const fields = (a: Signal): Signal => ({
  self: a.self,
  n_fft: a.n_fft,
  hop_length: a.hop_length,
  win_length: a.win_length,
  window: a.window,
  normalized: a.normalized,
  onesided: a.onesided,
  return_complex: a.return_complex,
  align_to_window: a.align_to_window,
});
op(
  'istft(Tensor self, int n_fft, int? hop_length=None, int? win_length=None, Tensor? window=None, bool center=True, bool normalized=False, bool? onesided=None, int? length=None, bool return_complex=False) -> Tensor',
  {
    doc: 'The signal of a short-time Fourier transform: windows are added up, and divided by the sum of their squares.',
    decompose: ({ self, n_fft, hop_length, win_length, window, center, normalized, onesided, length, return_complex }) => {
      const hop = hop_length ?? Math.floor(n_fft / 4);
      const win = win_length ?? n_fft;
      if (!self.dtype.is_complex)
        throw new TypeError('istft requires a complex-valued input tensor matching the output from stft with return_complex=True.');
      const fail = (what: string): never => {
        throw new RuntimeError(
          `istft(CPU${self.dtype.scalarName}Type[${self.shape.join(', ')}], n_fft=${n_fft}, hop_length=${hop}, win_length=${win}, window=${windowName(window)}, center=${flag(center)}, normalized=${flag(normalized)}, onesided=${flag(onesided)}, length=${length ?? 'None'}, return_complex=${flag(return_complex)}) ${what}`,
        );
      };
      if (self.layout.numel === 0) fail(': input tensor cannot be empty.');
      if (self.ndim !== 2 && self.ndim !== 3) fail(`: expected a tensor with 2 or 3 dimensions, but got ${String(self.ndim)}`);
      const half = onesided ?? n_fft !== self.shape[self.ndim - 2];
      const bins = self.shape[self.ndim - 2]!;
      if (half ? Math.floor(n_fft / 2) + 1 !== bins : n_fft !== bins) {
        fail(
          half
            ? `: expected the frequency dimension (3rd to the last) of the input tensor to match n_fft / 2 + 1 when onesided=True, but got ${bins}`
            : `: expected the frequency dimension (3rd to the last) of the input tensor to match n_fft when onesided=False, but got ${bins}`,
        );
      }
      if (hop <= 0 || hop > win) fail(': expected 0 < hop_length <= win_length');
      if (win <= 0 || win > n_fft) fail(': expected 0 < win_length <= n_fft');
      if (window && (window.ndim !== 1 || window.shape[0] !== win))
        fail(': Invalid window shape. window has to be 1D and length of `win_length`');
      if (half && (return_complex || window?.dtype.is_complex))
        throw new RuntimeError('Cannot have onesided output if window or input is complex');

      const real = self.dtype.to_real();
      const dtype = return_complex
        ? window
          ? promote_types(self.dtype, window.dtype)
          : self.dtype
        : window
          ? promote_types(real, window.dtype)
          : real;
      const w = paddedWindow(window?.to(dtype) ?? null, win, n_fft, self, dtype);
      const x = (self.ndim === 2 ? self.unsqueeze(0) : self).transpose(1, 2);
      const frames = x.shape[1]!;
      const normalization = normalized ? 1 : 2;
      const pieces = return_complex
        ? F._fft_c2c(x, [2], normalization, false)
        : F._fft_c2r(half ? x : x.narrow(2, 0, Math.floor(n_fft / 2) + 1), [2], normalization, n_fft);
      const weighted = pieces.mul(w.view([1, 1, n_fft]));
      const expected = n_fft + hop * (frames - 1);
      const added = overlapped(weighted, hop, expected);
      const weights = overlapped(w.square().expand([1, frames, n_fft]), hop, expected);

      const start = center ? Math.floor(n_fft / 2) : 0;
      const end = length !== null ? start + length : center ? expected - Math.floor(n_fft / 2) : expected;
      const cut = (t: Tensor): Tensor => t.narrow(1, start, Math.max(Math.min(end, expected) - start, 0));
      const envelope = cut(weights);
      if (isKnown(envelope) && envelope.layout.numel > 0 && Number(envelope.abs().min().item()) < 1e-11) fail('window overlap add min: 1');
      let y = cut(added).div(envelope);
      if (self.ndim === 2) y = y.squeeze(0);
      const missing = end - expected;
      return missing > 0 ? F.cat([y, y.new_zeros([...y.shape.slice(0, -1), missing])], -1) : y;
    },
    inplace: false,
  },
);
/** Frames (batch × frames × places) added up at distance `hop`. */
function overlapped(frames: Tensor, hop: number, length: number): Tensor {
  const [batch, count, n] = frames.shape as readonly number[];
  const at = F.arange(count!).mul(hop).unsqueeze(1).add(F.arange(n!)).reshape([-1]);
  return frames.new_zeros([batch!, length]).index_add(1, at, frames.reshape([batch!, count! * n!]));
}
