// torch.signal.windows: window functions, symmetric unless stated; see https://pytorch.org/docs/stable/signal.html.
import { type DType, float32, float64, get_default_dtype } from '../core/dtype.ts';
import type { Device } from '../core/device.ts';
import { ValueError } from '../core/errors.ts';
import { strided, type TensorLayout } from '../core/formats.ts';
import type { Tensor } from '../core/tensor.ts';
import { cosines, kaiser as kaiserWindow, triangle, type Window } from '../ops/windows.ts';
import { tensor } from './construct.ts';
import { isKwargs, type Kwargs } from './bind.ts';

export interface WindowOptions {
  /** Symmetric (the default), or one period of a periodic window. */
  sym?: boolean;
  dtype?: DType | null;
  layout?: TensorLayout;
  device?: Device | string | null;
  requires_grad?: boolean;
}
type Arguments = WindowOptions & { M?: number };

function made(
  name: string,
  first: number | Arguments,
  options: Arguments,
  window: (length: number, steps: number) => Window,
  oneIsOne = true,
): Tensor {
  const all: Arguments = isKwargs(first) ? (first as Arguments) : { ...options, M: first as number };
  const { M, sym = true, layout = strided, device = 'cpu', requires_grad = false } = all;
  const dtype = all.dtype ?? get_default_dtype();
  if (typeof M !== 'number') throw new TypeError(`${name}() missing 1 required positional argument: 'M'`);
  if (M < 0) throw new ValueError(`${name} requires non-negative window length, got M=${M}`);
  if (layout !== strided) throw new ValueError(`${name} is implemented for strided tensors only, got: ${String(layout)}`);
  if (dtype !== float32 && dtype !== float64) throw new ValueError(`${name} expects float32 or float64 dtypes, got: ${dtype}`);
  const steps = sym ? M - 1 : M;
  const at = window(M, steps);
  const values = Float64Array.from({ length: M }, (_, i) => (M === 1 && oneIsOne ? 1 : at(i, steps)));
  return tensor(values, { dtype, device, requires_grad });
}
const given = <T>(first: number | Arguments, options: object, name: string, fallback: T): T =>
  ((isKwargs(first) ? (first as Kwargs) : (options as Kwargs))[name] ?? fallback) as T;

/** 1 − |2i/n − 1|: a triangle. */
export function bartlett(M: number | Arguments, options: WindowOptions = {}): Tensor {
  return made('bartlett', M, options, () => triangle);
}
/** Σₖ (−1)ᵏ aₖ cos(2πki/n). */
export function general_cosine(
  M: number | (Arguments & { a: Iterable<number> }),
  options: WindowOptions & { a?: Iterable<number> } = {},
): Tensor {
  const a = given<unknown>(M, options, 'a', undefined);
  return made('general_cosine', M, options, (length) => {
    if (length <= 1) return () => 1;
    if (typeof a !== 'object' || a === null || !(Symbol.iterator in a)) throw new TypeError('Coefficients must be a list/tuple');
    const list = [...(a as Iterable<number>)].map(Number);
    if (list.length === 0) throw new ValueError('Coefficients cannot be empty');
    return cosines(list);
  });
}
/** alpha − (1 − alpha) cos(2πi/n). */
export function general_hamming(M: number | (Arguments & { alpha?: number }), options: WindowOptions & { alpha?: number } = {}): Tensor {
  const alpha = Number(given(M, options, 'alpha', 0.54));
  return made('general_cosine', M, options, () => cosines([alpha, 1 - alpha]));
}
/** 0.54 − 0.46 cos(2πi/n). */
export function hamming(M: number | Arguments, options: WindowOptions = {}): Tensor {
  return made('general_cosine', M, options, () => cosines([0.54, 0.46]));
}
/** 0.5 − 0.5 cos(2πi/n). */
export function hann(M: number | Arguments, options: WindowOptions = {}): Tensor {
  return made('general_cosine', M, options, () => cosines([0.5, 0.5]));
}
/** 0.42 − 0.5 cos(2πi/n) + 0.08 cos(4πi/n). */
export function blackman(M: number | Arguments, options: WindowOptions = {}): Tensor {
  return made('blackman', M, options, () => cosines([0.42, 0.5, 0.08]));
}
/** The minimum 4-term Blackman–Harris window according to Nuttall. */
export function nuttall(M: number | Arguments, options: WindowOptions = {}): Tensor {
  return made('general_cosine', M, options, () => cosines([0.3635819, 0.4891775, 0.1365995, 0.0106411]));
}
/** I₀(β √(1 − (2i/n − 1)²)) / I₀(β). */
export function kaiser(M: number | (Arguments & { beta?: number }), options: WindowOptions & { beta?: number } = {}): Tensor {
  const beta = Number(given(M, options, 'beta', 12));
  return made('kaiser', M, options, () => {
    if (beta < 0) throw new ValueError(`beta must be non-negative, got: ${beta} instead.`);
    return kaiserWindow(beta);
  });
}
/** exp(−((i − n/2) / (√2 std))²). */
export function gaussian(M: number | (Arguments & { std?: number }), options: WindowOptions & { std?: number } = {}): Tensor {
  const std = Number(given(M, options, 'std', 1));
  return made(
    'gaussian',
    M,
    options,
    (length, steps) => {
      if (std <= 0) throw new ValueError(`Standard deviation must be positive, got: ${std} instead.`);
      const middle = (length > 1 ? steps : length - 1) / 2;
      return (i) => Math.exp(-(((i - middle) / (std * Math.SQRT2)) ** 2));
    },
    false,
  );
}
/** exp(−|i − center| / tau). */
export function exponential(
  M: number | (Arguments & { center?: number | null; tau?: number }),
  options: WindowOptions & { center?: number | null; tau?: number } = {},
): Tensor {
  const tau = Number(given(M, options, 'tau', 1));
  const center = given<number | null>(M, options, 'center', null);
  return made(
    'exponential',
    M,
    options,
    (length, steps) => {
      if (tau <= 0) throw new ValueError(`Tau must be positive, got: ${tau} instead.`);
      if (given(M, options, 'sym', true) && center !== null) throw new ValueError('Center must be None for symmetric windows');
      const middle = center === null ? (length > 1 ? steps : length - 1) / 2 : Number(center);
      return (i) => Math.exp(-Math.abs(i - middle) / tau);
    },
    false,
  );
}
/** sin(π (i + ½) / n) over n places, or n + 1 of a periodic window. */
export function cosine(M: number | Arguments, options: WindowOptions = {}): Tensor {
  return made('cosine', M, options, (length, steps) => (i) => Math.sin((Math.PI * (i + 0.5)) / (length > 1 ? steps + 1 : length)), false);
}
