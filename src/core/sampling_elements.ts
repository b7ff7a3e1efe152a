// What the sampling functions share: elements of every dtype as numbers, draws in batches.
import type { DType, DTypeName } from './dtype.ts';
import type { Generator } from './generator.ts';
import { fromBfloat16, fromHalf, toBfloat16, toHalf } from './half.ts';
import { angle, log1p, sincos } from './libm.ts';
import type { TypedArray } from './storage.ts';

export type Store = (index: number, value: number) => void;

/** Writes numbers as elements of the dtype, converted as C++ casts do; complex dtypes as their real ones. */
export function storeTo(out: TypedArray, dtype: DType): Store {
  switch (dtype.name) {
    case 'float16':
    case 'complex32':
      return (i, v) => {
        out[i] = toHalf(v);
      };
    case 'bfloat16':
      return (i, v) => {
        out[i] = toBfloat16(v);
      };
    case 'bool':
      return (i, v) => {
        out[i] = v === 0 ? 0 : 1;
      };
    case 'int64':
    case 'uint64': {
      const words = new Int32Array(out.buffer, out.byteOffset, out.length * 2);
      return (i, v) => {
        const whole = Math.trunc(v);
        words[2 * i] = whole;
        words[2 * i + 1] = Math.floor(whole / 2 ** 32);
      };
    }
    default:
      return (i, v) => {
        out[i] = v;
      };
  }
}

/** Reads elements as numbers; complex dtypes as their parts. */
export function loadFrom(values: TypedArray, dtype: DType): (index: number) => number {
  if (dtype.name === 'float16') return (i) => fromHalf(values[i] as number);
  if (dtype.name === 'bfloat16') return (i) => fromBfloat16(values[i] as number);
  return (i) => Number(values[i]);
}

/** A value rounded to what a floating-point dtype holds. */
export function roundTo(v: number, dtype: DType): number {
  switch (dtype.name) {
    case 'float64':
      return v;
    case 'float16':
      return fromHalf(toHalf(v));
    case 'bfloat16':
      return fromBfloat16(toBfloat16(v));
    default:
      return Math.fround(v);
  }
}

export const isDouble = (dtype: DType): boolean => dtype.name === 'float64' || dtype.name === 'complex128';

// Draws are taken from the generator in batches.
export const batch = new Uint32Array(4096);

/** Calls `use(index, uniform)` with 24-bit uniforms in [0, 1), one draw each. */
export function eachUniform32(count: number, generator: Generator, use: Store): void {
  for (let start = 0; start < count; start += batch.length) {
    const draws = batch.subarray(0, Math.min(batch.length, count - start));
    generator.fill(draws);
    for (let i = 0; i < draws.length; i++) use(start + i, (draws[i]! & 0xffffff) * 2 ** -24);
  }
}

/** Calls `use(index, uniform)` with 53-bit uniforms in [0, 1), two draws each. */
export function eachUniform64(count: number, generator: Generator, use: Store): void {
  const pairs = batch.length / 2;
  for (let start = 0; start < count; start += pairs) {
    const draws = batch.subarray(0, 2 * Math.min(pairs, count - start));
    generator.fill(draws);
    for (let i = 0; i < draws.length; i += 2) use(start + i / 2, ((draws[i]! & 0x1fffff) * 2 ** 32 + draws[i + 1]!) * 2 ** -53);
  }
}

export const TWO_PI = 2 * Math.PI;

/** One normal number in float64 (Box–Muller); the pair's other half waits in the generator for the next call. */
export function standardNormal(generator: Generator): number {
  const waiting = generator.next_double_normal_sample;
  if (waiting !== null) {
    generator.next_double_normal_sample = null;
    return waiting;
  }
  const u1 = generator.uniform64();
  const u2 = generator.uniform64();
  const radius = Math.sqrt(-2 * log1p(-u2));
  sincos(TWO_PI * u1);
  generator.next_double_normal_sample = radius * angle.sin;
  return radius * angle.cos;
}

export const LARGEST: Partial<Record<DTypeName, number>> = {
  float16: 65504,
  bfloat16: 3.3895313892515355e38,
  float32: 3.4028234663852886e38,
  float64: Number.MAX_VALUE,
};

export const SMALLEST: Partial<Record<DTypeName, number>> = {
  float16: 2 ** -14,
  bfloat16: 2 ** -126,
  float32: 2 ** -126,
  float64: 2 ** -1022,
};

export const MANTISSA_BITS: Partial<Record<DTypeName, number>> = { float16: 11, bfloat16: 8, float32: 24, float64: 53 };

/** A number as C++ streams print it: six significant digits. */
export function cpp(v: number): string {
  if (!Number.isFinite(v)) return Number.isNaN(v) ? 'nan' : v > 0 ? 'inf' : '-inf';
  if (v === 0) return Object.is(v, -0) ? '-0' : '0';
  const exponent = Math.floor(Math.log10(Math.abs(Number(v.toPrecision(6)))));
  if (exponent >= -4 && exponent < 6) return String(Number(v.toPrecision(6)));
  return Number(v.toPrecision(6))
    .toExponential()
    .replace(/e([+-])(\d)$/, 'e$10$2');
}
