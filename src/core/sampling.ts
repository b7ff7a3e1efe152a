// What PyTorch's CPU sampling functions draw, to the bit: each fills an array from a Generator.
// An output is the typed array of its dtype (16-bit floats as bits, complex numbers as pairs), in the order in which PyTorch visits the
// elements. Half precision is computed wider and rounded at the store, as there.
// Note [Fused sums]: which sums are fused with the product before them is part of a stream. PyTorch's own vectorized kernels (uniform,
// normal, cauchy) are compiled with fused multiply-add, the older per-element ones (poisson, gamma, binomial, rrelu) without.
import type { DType, DTypeName } from './dtype.ts';
import { NotImplementedError, RuntimeError } from './errors.ts';
import { fma32, fma64 } from './fma.ts';
import type { Generator } from './generator.ts';
import { fromBfloat16, fromHalf, toBfloat16, toHalf } from './half.ts';
import { angle, exp, log, log1p, pow, sincos, tan } from './libm.ts';
import { logFloat32, sinCosFloat32, VECTOR } from './libm_float.ts';
import type { TypedArray } from './storage.ts';

type Store = (index: number, value: number) => void;

/** Writes numbers as elements of the dtype, converted as C++ casts do; complex dtypes as their real ones. */
function storeTo(out: TypedArray, dtype: DType): Store {
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
function loadFrom(values: TypedArray, dtype: DType): (index: number) => number {
  if (dtype.name === 'float16') return (i) => fromHalf(values[i] as number);
  if (dtype.name === 'bfloat16') return (i) => fromBfloat16(values[i] as number);
  return (i) => Number(values[i]);
}

/** A value rounded to what a floating-point dtype holds. */
function roundTo(v: number, dtype: DType): number {
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

const isDouble = (dtype: DType): boolean => dtype.name === 'float64' || dtype.name === 'complex128';

// Draws are taken from the generator in batches.
const batch = new Uint32Array(4096);

/** Calls `use(index, uniform)` with 24-bit uniforms in [0, 1), one draw each. */
function eachUniform32(count: number, generator: Generator, use: Store): void {
  for (let start = 0; start < count; start += batch.length) {
    const draws = batch.subarray(0, Math.min(batch.length, count - start));
    generator.fill(draws);
    for (let i = 0; i < draws.length; i++) use(start + i, (draws[i]! & 0xffffff) * 2 ** -24);
  }
}

/** Calls `use(index, uniform)` with 53-bit uniforms in [0, 1), two draws each. */
function eachUniform64(count: number, generator: Generator, use: Store): void {
  const pairs = batch.length / 2;
  for (let start = 0; start < count; start += pairs) {
    const draws = batch.subarray(0, 2 * Math.min(pairs, count - start));
    generator.fill(draws);
    for (let i = 0; i < draws.length; i += 2) use(start + i / 2, ((draws[i]! & 0x1fffff) * 2 ** 32 + draws[i + 1]!) * 2 ** -53);
  }
}

/**
 * Uniform numbers in [from, to) (Tensor.uniform_): from + u (to − from), fused, with u of 24 bits (53 for float64).
 * @throws RuntimeError for bounds that the dtype cannot hold, or from > to.
 */
export function uniform(out: TypedArray, dtype: DType, generator: Generator, from = 0, to = 1): void {
  checkUniformBounds(dtype, from, to);
  if (isDouble(dtype)) {
    const width = to - from;
    eachUniform64(out.length, generator, (i, u) => {
      const v = fma64(u, width, from);
      out[i] = v === to ? from : v;
    });
    return;
  }
  const low = Math.fround(from);
  const width = Math.fround(Math.fround(to) - low);
  if (out instanceof Float32Array) {
    if (low === 0 && width === 1) {
      fillUniform32(out, 0, out.length, generator);
      return;
    }
    const high = Math.fround(to);
    for (let start = 0; start < out.length; start += batch.length) {
      const draws = batch.subarray(0, Math.min(batch.length, out.length - start));
      generator.fill(draws);
      for (let i = 0; i < draws.length; i++) {
        const v = fma32((draws[i]! & 0xffffff) * 2 ** -24, width, low);
        out[start + i] = v === high ? low : v;
      }
    }
    return;
  }
  const real = dtype.to_real();
  const store = storeTo(out, real);
  const end = roundTo(to, real);
  eachUniform32(out.length, generator, (i, u) => {
    const v = roundTo(fma32(u, width, low), real);
    store(i, v === end ? from : v);
  });
}

function checkUniformBounds(dtype: DType, from: number, to: number): void {
  const real = dtype.to_real();
  const limit = LARGEST[real.name];
  if (limit === undefined) throw new NotImplementedError(`"check_uniform_bounds" not implemented for '${dtype.scalarName}'`);
  if (!(Math.abs(from) <= limit)) throw new RuntimeError(`from is out of bounds for ${real.cName}`);
  if (!(Math.abs(to) <= limit)) throw new RuntimeError(`to is out of bounds for ${real.cName}`);
  if (from > to) throw new RuntimeError(`uniform_ expects to return a [from, to) range, but found from=${cpp(from)} > to=${cpp(to)}`);
  if (to - from > limit) {
    throw new RuntimeError(
      `uniform_ expects to-from <= std::numeric_limits<${real.scalarName}>::max(), but found to=${cpp(to)} and from=${cpp(from)} which result in to-from to exceed the limit`,
    );
  }
}
const LARGEST: Partial<Record<DTypeName, number>> = {
  float16: 65504,
  bfloat16: 3.3895313892515355e38,
  float32: 3.4028234663852886e38,
  float64: Number.MAX_VALUE,
};

/** A number as C++ streams print it: six significant digits. */
function cpp(v: number): string {
  if (!Number.isFinite(v)) return Number.isNaN(v) ? 'nan' : v > 0 ? 'inf' : '-inf';
  if (v === 0) return Object.is(v, -0) ? '-0' : '0';
  const exponent = Math.floor(Math.log10(Math.abs(Number(v.toPrecision(6)))));
  if (exponent >= -4 && exponent < 6) return String(Number(v.toPrecision(6)));
  return Number(v.toPrecision(6))
    .toExponential()
    .replace(/e([+-])(\d)$/, 'e$10$2');
}

const TWO_PI = 2 * Math.PI;

/** One normal number in float64 (Box–Muller); the pair's other half waits in the generator for the next call. */
function standardNormal(generator: Generator): number {
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

/**
 * Normal numbers (Tensor.normal_, torch.randn). Fewer than 16 elements, and a non-contiguous output of any size, are drawn one by one
 * in float64 with the generator's cached sample; from 16 contiguous elements on, blocks of 16 are made without it.
 * A complex output counts its parts as elements, each with standard deviation std/√2.
 * @throws RuntimeError if std is negative.
 */
export function normal(out: TypedArray, dtype: DType, generator: Generator, mean = 0, std = 1, contiguous = true): void {
  if (!(std >= 0)) throw new RuntimeError(`normal expects std >= 0.0, but found std ${cpp(std)}`);
  const spread = dtype.is_complex ? std / Math.SQRT2 : std;
  const count = out.length;
  if (count < 16 || !contiguous) {
    const store = storeTo(out, dtype);
    for (let i = 0; i < count; i++) store(i, fma64(standardNormal(generator), spread, mean));
  } else if (out instanceof Float64Array) normalBlocks64(out, generator, mean, spread);
  else if (out instanceof Float32Array) normalBlocks32(out, generator, mean, spread);
  else normalBlocksHalf(out, dtype, generator, mean, spread);
}

function normalBlocks64(out: Float64Array, generator: Generator, mean: number, std: number): void {
  const count = out.length;
  eachUniform64(count, generator, (i, u) => {
    out[i] = u;
  });
  for (let i = 0; i + 16 <= count; i += 16) boxMuller64(out, i, mean, std);
  if (count % 16 === 0) return;
  eachUniform64(16, generator, (i, u) => {
    out[count - 16 + i] = u;
  });
  boxMuller64(out, count - 16, mean, std);
}

/** Turns 8 + 8 uniforms into normals. */
function boxMuller64(data: Float64Array, start: number, mean: number, std: number): void {
  for (let j = start; j < start + 8; j++) {
    const radius = Math.sqrt(-2 * log(1 - data[j]!));
    sincos(TWO_PI * data[j + 8]!);
    const { sin, cos } = angle;
    data[j] = fma64(radius * cos, std, mean);
    data[j + 8] = fma64(radius * sin, std, mean);
  }
}

function normalBlocks32(out: Float32Array, generator: Generator, mean: number, std: number): void {
  const count = out.length;
  fillUniform32(out, 0, count, generator);
  boxMuller32(out, 0, count - (count % 16), mean, std);
  if (count % 16 === 0) return;
  fillUniform32(out, count - 16, 16, generator);
  boxMuller32(out, count - 16, 16, mean, std);
}

function normalBlocksHalf(out: TypedArray, dtype: DType, generator: Generator, mean: number, std: number): void {
  const store = storeTo(out, dtype);
  const wide = new Float32Array(2 * VECTOR);
  const draw = (start: number, count: number): void => {
    fillUniform32(wide, 0, count, generator);
    boxMuller32(wide, 0, count, mean, std);
    for (let j = 0; j < count; j++) store(start + j, wide[j]!);
  };
  const whole = out.length - (out.length % 16);
  for (let start = 0; start < whole; start += wide.length) draw(start, Math.min(wide.length, whole - start));
  if (whole < out.length) draw(out.length - 16, 16);
}

function fillUniform32(out: Float32Array, start: number, count: number, generator: Generator): void {
  for (let done = 0; done < count; done += batch.length) {
    const draws = batch.subarray(0, Math.min(batch.length, count - done));
    generator.fill(draws);
    for (let i = 0; i < draws.length; i++) out[start + done + i] = (draws[i]! & 0xffffff) * 2 ** -24;
  }
}

const TWO_PI_FLOAT32 = Math.fround(TWO_PI);
const radii = new Float32Array(VECTOR);
const angles = new Float32Array(VECTOR);
const sines = new Float32Array(VECTOR);
const cosines = new Float32Array(VECTOR);

/** Turns blocks of 8 + 8 uniforms into normals, in float32. */
function boxMuller32(data: Float32Array, start: number, count: number, mean: number, std: number): void {
  const m = Math.fround(mean);
  const s = Math.fround(std);
  for (let done = 0; done < count; done += 2 * VECTOR) {
    const pairs = Math.min(2 * VECTOR, count - done) >>> 1;
    const from = start + done;
    // Pair i of the batch lies 8 apart: i, i + 8 of its block of 16.
    for (let i = 0; i < pairs; i++) {
      const at = from + i + (i & ~7);
      radii[i] = 1 - data[at]!;
      angles[i] = TWO_PI_FLOAT32 * data[at + 8]!;
    }
    logFloat32(radii, pairs);
    for (let i = 0; i < pairs; i++) radii[i] = Math.sqrt(Math.fround(-2 * radii[i]!));
    sinCosFloat32(angles, sines, cosines, pairs);
    for (let i = 0; i < pairs; i++) data[from + i + (i & ~7)] = fma32(Math.fround(radii[i]! * cosines[i]!), s, m);
    for (let i = 0; i < pairs; i++) data[from + i + (i & ~7) + 8] = fma32(Math.fround(radii[i]! * sines[i]!), s, m);
  }
}

/**
 * e to normal numbers (Tensor.log_normal_), always one by one.
 * @throws RuntimeError if std is not positive.
 */
export function logNormal(out: TypedArray, dtype: DType, generator: Generator, mean = 1, std = 2): void {
  if (!(std > 0)) throw new RuntimeError(`log_normal_ expects std > 0.0, but found std=${cpp(std)}`);
  const store = storeTo(out, dtype);
  for (let i = 0; i < out.length; i++) store(i, exp(fma64(standardNormal(generator), std, mean)));
}

/**
 * Exponentially distributed numbers (Tensor.exponential_).
 * @throws RuntimeError if lambda is not positive.
 */
export function exponential(out: TypedArray, dtype: DType, generator: Generator, lambda = 1): void {
  if (!(lambda > 0)) throw new RuntimeError(`exponential_ expects lambda > 0.0, but found lambda=${cpp(lambda)}`);
  const store = storeTo(out, dtype);
  const scale = -1 / lambda;
  eachUniform64(out.length, generator, (i, u) => store(i, scale * log1p(-u)));
}

/**
 * Cauchy distributed numbers (Tensor.cauchy_).
 * @throws RuntimeError if sigma is not positive.
 */
export function cauchy(out: TypedArray, dtype: DType, generator: Generator, median = 0, sigma = 1): void {
  if (!(sigma > 0)) throw new RuntimeError(`cauchy_ expects sigma > 0.0, but found sigma=${cpp(sigma)}`);
  const store = storeTo(out, dtype);
  eachUniform64(out.length, generator, (i, u) => store(i, fma64(sigma, tan(Math.PI * (u - 0.5)), median)));
}

/**
 * Geometrically distributed numbers, 1, 2, … (Tensor.geometric_).
 * @throws RuntimeError if p lies outside (0, 1).
 */
export function geometric(out: TypedArray, dtype: DType, generator: Generator, p: number): void {
  if (!(p > 0 && p < 1)) throw new RuntimeError(`geometric_ expects p to be in (0, 1), but got p=${cpp(p)}`);
  const store = storeTo(out, dtype);
  const lnFailure = log1p(-p);
  eachUniform64(out.length, generator, (i, u) => store(i, Math.ceil(log(u) / lnFailure)));
}

/**
 * Ones with probability p, else zeros (Tensor.bernoulli_ with a number; also every dropout's mask). 64 bits an element in any dtype.
 * @throws RuntimeError if p lies outside [0, 1].
 */
export function bernoulli(out: TypedArray, dtype: DType, generator: Generator, p = 0.5): void {
  if (!(p >= 0 && p <= 1)) throw new RuntimeError(`bernoulli_ expects p to be in [0, 1], but got p=${cpp(p)}`);
  const store = storeTo(out, dtype);
  eachUniform64(out.length, generator, (i, u) => store(i, u < p ? 1 : 0));
}

/**
 * Ones with a probability for each element (torch.bernoulli, Tensor.bernoulli_ with a tensor): 64 bits an element if the
 * probabilities are float64, else 32.
 * @throws RuntimeError if a probability lies outside [0, 1].
 */
export function bernoulliEach(
  out: TypedArray,
  dtype: DType,
  generator: Generator,
  probabilities: TypedArray,
  probabilityType: DType,
): void {
  const store = storeTo(out, dtype);
  const load = loadFrom(probabilities, probabilityType);
  const each = isDouble(probabilityType) ? eachUniform64 : eachUniform32;
  for (let i = 0; i < out.length; i++) {
    const p = load(i);
    if (!(p >= 0 && p <= 1))
      throw new RuntimeError(
        'Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)',
      );
  }
  each(out.length, generator, (i, u) => store(i, u < load(i) ? 1 : 0));
}

const MANTISSA_BITS: Partial<Record<DTypeName, number>> = { float16: 11, bfloat16: 8, float32: 24, float64: 53 };
const INTEGER_BITS: Partial<Record<DTypeName, number>> = { bool: 1, uint8: 8, int8: 7, int16: 15, int32: 31 };

/**
 * Whole numbers over the dtype's range (Tensor.random_ without bounds): [0, max] for integers, [0, 2^mantissa] for floating point.
 * @throws NotImplementedError for uint16, uint32, uint64 and complex dtypes.
 */
export function random(out: TypedArray, dtype: DType, generator: Generator): void {
  if (out instanceof BigInt64Array) {
    const words = new Uint32Array(out.buffer, out.byteOffset, out.length * 2);
    for (let i = 0; i < out.length; i++) {
      words[2 * i + 1] = generator.random() & 0x7fffffff;
      words[2 * i] = generator.random();
    }
    return;
  }
  const bits = MANTISSA_BITS[dtype.name];
  const store = storeTo(out, dtype);
  if (bits === 53) {
    for (let i = 0; i < out.length; i++) {
      // Modulo 2^53 + 1: 2^53 is −1 there.
      const high = generator.random();
      const rest = (high & 0x1fffff) * 2 ** 32 + generator.random() - (high >>> 21);
      store(i, rest < 0 ? 2 ** 53 + rest + 1 : rest);
    }
    return;
  }
  const integerBits = INTEGER_BITS[dtype.name];
  if (bits === undefined && integerBits === undefined)
    throw new NotImplementedError(`"random_kernel_cpu" not implemented for '${dtype.scalarName}'`);
  const range = bits === undefined ? 2 ** integerBits! : 2 ** bits + 1;
  for (let i = 0; i < out.length; i++) store(i, generator.random() % range);
}

const INT64_MIN = -(1n << 63n);
const INT64_MAX = (1n << 63n) - 1n;

/**
 * Whole numbers in [from, to) (torch.randint, Tensor.random_ with bounds); with `to` null up to the dtype's largest. Ranges from 2^28 on
 * take 64 bits an element. For floating-point dtypes the bounds move inwards to whole numbers that the dtype holds.
 * @throws RuntimeError for an empty range or bounds that the dtype cannot hold.
 */
export function randomRange(out: TypedArray, dtype: DType, generator: Generator, from: number | bigint, to: number | bigint | null): void {
  let low = BigInt(from);
  let range: bigint;
  if (to !== null) {
    let end = BigInt(to);
    if (low >= end) throw new RuntimeError(`random_ expects 'from' to be less than 'to', but got from=${low} >= to=${end}`);
    if (dtype.is_floating_point) {
      low = moveUp(low, dtype);
      end = moveDown(end, dtype);
      if (low >= end) {
        throw new RuntimeError(
          `random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but got from=${low} >= to=${end}`,
        );
      }
    }
    checkRange(low, end - 1n, dtype);
    range = end - low;
  } else if (low !== INT64_MIN) {
    let last: bigint;
    if (dtype.is_floating_point) {
      last = 1n << BigInt(MANTISSA_BITS[dtype.name]!);
      low = moveUp(low, dtype);
      if (low >= last) {
        throw new RuntimeError(
          `random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' casted to dtype, but got from=${low} > to_inc=${last}`,
        );
      }
    } else last = integerLimits(dtype)[1];
    checkRange(low, last, dtype);
    range = BigInt.asUintN(64, last - low + 1n);
  } else {
    fillAll64Bits(out, dtype, generator);
    return;
  }
  if (range < 1n << 28n) fillSmallRange(out, dtype, generator, low, Number(range));
  else fillLargeRange(out, dtype, generator, low, range);
}

function fillSmallRange(out: TypedArray, dtype: DType, generator: Generator, low: bigint, range: number): void {
  const base = Number(low);
  if (!Number.isSafeInteger(base) || !Number.isSafeInteger(base + range)) {
    const store = storeBigint(out, dtype);
    for (let i = 0; i < out.length; i++) store(i, low + BigInt(generator.random() % range));
    return;
  }
  const store = storeTo(out, dtype);
  for (let start = 0; start < out.length; start += batch.length) {
    const draws = batch.subarray(0, Math.min(batch.length, out.length - start));
    generator.fill(draws);
    for (let i = 0; i < draws.length; i++) store(start + i, (draws[i]! % range) + base);
  }
}

function fillLargeRange(out: TypedArray, dtype: DType, generator: Generator, low: bigint, range: bigint): void {
  const base = Number(low);
  // In this range the remainder can be taken 16 bits at a time without a bigint.
  if (range <= 1n << 37n && Number.isSafeInteger(base) && Number.isSafeInteger(base + Number(range))) {
    const store = storeTo(out, dtype);
    const modulus = Number(range);
    for (let i = 0; i < out.length; i++) {
      const high = generator.random() % modulus;
      const lowWord = generator.random();
      const upper = (high * 65536 + (lowWord >>> 16)) % modulus;
      store(i, ((upper * 65536 + (lowWord & 0xffff)) % modulus) + base);
    }
    return;
  }
  const store = storeBigint(out, dtype);
  for (let i = 0; i < out.length; i++) store(i, BigInt.asIntN(64, (generator.random64() % range) + low));
}

function fillAll64Bits(out: TypedArray, dtype: DType, generator: Generator): void {
  if (dtype.name !== 'int64' && dtype.name !== 'float64' && dtype.name !== 'float32' && dtype.name !== 'bfloat16') {
    if (dtype.name !== 'int32' && dtype.name !== 'int16' && dtype.name !== 'int8' && dtype.name !== 'uint8') {
      throw new NotImplementedError(`"random_full_64_bits_range_kernel_cpu" not implemented for '${dtype.scalarName}'`);
    }
    throw new RuntimeError('random_full_64_bits_range_kernel_cpu handles only int64, double, float and bfloat16');
  }
  const store = storeBigint(out, dtype);
  for (let i = 0; i < out.length; i++) store(i, BigInt.asIntN(64, generator.random64()));
}

function storeBigint(out: TypedArray, dtype: DType): (index: number, value: bigint) => void {
  if (out instanceof BigInt64Array || out instanceof BigUint64Array) {
    return (i, v) => {
      out[i] = v;
    };
  }
  if (dtype.is_floating_point) {
    const store = storeTo(out, dtype);
    return (i, v) => store(i, wholeTo(v, dtype));
  }
  const store = storeTo(out, dtype);
  return (i, v) => store(i, Number(dtype.name === 'bool' ? v : BigInt.asIntN(32, v)));
}

/** An int64 cast to a floating-point dtype: rounded once to float64 or float32, then to half precision. */
function wholeTo(value: bigint, dtype: DType): number {
  if (dtype.name === 'float64') return Number(value);
  const size = value < 0n ? -value : value;
  if (size < 1n << 53n) return roundTo(Number(value), dtype);
  // Number() would round once more than the cast does: the bits below are kept as one.
  const kept = Number((size >> 11n) | (size & 2047n ? 1n : 0n)) * 2048;
  return roundTo(value < 0n ? -kept : kept, dtype);
}

const toInt64 = (v: number): bigint => (v >= 2 ** 63 || v < -(2 ** 63) ? INT64_MIN : BigInt(v));
const log2Floor = (v: bigint): number => v.toString(2).length - 1;

function moveUp(from: bigint, dtype: DType): bigint {
  const next = toInt64(wholeTo(BigInt.asIntN(64, from + 1n), dtype));
  if (next >= from) return from;
  const size = from + 1n < 0n ? -(from + 1n) : from + 1n;
  return next + (1n << BigInt(log2Floor(size) - MANTISSA_BITS[dtype.name]! + 1));
}

function moveDown(to: bigint, dtype: DType): bigint {
  const previous = toInt64(wholeTo(to - 1n, dtype));
  if (previous < to) return to;
  const size = to - 1n < 0n ? 1n - to : to - 1n;
  return previous - (1n << BigInt(log2Floor(size) - MANTISSA_BITS[dtype.name]! + 1));
}

function integerLimits(dtype: DType): [low: bigint, high: bigint] {
  if (dtype.name === 'bool') return [0n, 1n];
  if (dtype.name === 'uint64') return [0n, INT64_MAX];
  const bits = BigInt(dtype.itemsize * 8);
  return dtype.is_signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
}

function checkRange(from: bigint, last: bigint, dtype: DType): void {
  if (dtype.is_floating_point) {
    const limit = LARGEST[dtype.name]!;
    if (Math.abs(Number(from)) > limit) throw new RuntimeError(`from is out of bounds for ${dtype.cName}`);
    if (Math.abs(Number(last)) > limit) throw new RuntimeError(`to - 1 is out of bounds for ${dtype.cName}`);
    return;
  }
  if (dtype.is_complex) throw new RuntimeError('check_random_bounds handles only integral, floating-point and boolean types');
  const [low, high] = integerLimits(dtype);
  if (from < low || from > high) throw new RuntimeError(`from is out of bounds for ${dtype.cName}`);
  if (last < low || last > high) throw new RuntimeError(`to - 1 is out of bounds for ${dtype.cName}`);
}

/** From here on a remainder of 32 bits would be skewed, and PyTorch shuffles another way. */
const LARGE_PERMUTATION = Math.floor(0xffffffff / 20);

/** A random order of 0 … n − 1 (torch.randperm). The dtype does not change the draws. */
export function randperm(out: TypedArray, dtype: DType, generator: Generator): void {
  const n = out.length;
  const store = storeTo(out, dtype);
  const elements = out as Float64Array;
  if (n >= LARGE_PERMUTATION) {
    for (let i = 0; i < n; i++) {
      const z = Number(generator.random64() % BigInt(i + 1));
      store(i, i);
      const moved = elements[i]!;
      elements[i] = elements[z]!;
      elements[z] = moved;
    }
    return;
  }
  // Numbers are swapped much faster than bigints.
  const order = dtype.name === 'int64' ? new Uint32Array(n) : null;
  if (order === null) for (let i = 0; i < n; i++) store(i, i);
  else for (let i = 0; i < n; i++) order[i] = i;
  const target = (order ?? out) as Uint32Array;
  for (let i = 0; i < n - 1; i++) {
    const z = i + (generator.random() % (n - i));
    const saved = target[i]!;
    target[i] = target[z]!;
    target[z] = saved;
  }
  if (order !== null) for (let i = 0; i < n; i++) store(i, order[i]!);
}

/**
 * Category numbers drawn with replacement from each row of weights (torch.multinomial with replacement and more than one sample).
 * `weights` is rows × categories, `out` rows × samples. The running sums are kept in the weights' dtype, half precision in float32.
 * @throws RuntimeError for negative, infinite or NaN weights, and rows that sum to zero.
 */
export function multinomialWithReplacement(
  out: BigInt64Array,
  generator: Generator,
  weights: TypedArray,
  dtype: DType,
  rows: number,
): void {
  const load = loadFrom(weights, dtype);
  const categories = weights.length / rows;
  const samples = out.length / rows;
  const sums = isDouble(dtype) ? new Float64Array(categories) : new Float32Array(categories);
  const total = isDouble(dtype) ? new Float64Array(1) : new Float32Array(1);
  for (let row = 0; row < rows; row++) {
    total[0] = 0;
    for (let j = 0; j < categories; j++) {
      const weight = load(row * categories + j);
      if (!(weight >= 0)) throw new RuntimeError('invalid multinomial distribution (encountering probability entry < 0)');
      if (!Number.isFinite(weight))
        throw new RuntimeError('invalid multinomial distribution (encountering probability entry = infinity or NaN)');
      total[0]! += weight;
      sums[j] = total[0]!;
    }
    if (!(total[0]! > 0)) throw new RuntimeError('invalid multinomial distribution (sum of probabilities <= 0)');
    for (let j = 0; j < categories; j++) sums[j]! /= total[0]!;
    sums[categories - 1] = 1;
    for (let s = 0; s < samples; s++) {
      const u = generator.uniform64();
      let left = 0;
      let right = categories;
      while (left < right) {
        const middle = (left + right) >>> 1;
        if (sums[middle]! < u) left = middle + 1;
        else right = middle;
      }
      out[row * samples + s] = BigInt(left);
    }
  }
}

/**
 * The weights divided by exponential numbers: the positions of the largest are a sample without replacement (torch.multinomial takes
 * `argmax` for one sample, else `topk`). `out` has the shape and dtype of `weights`.
 */
export function multinomialRaces(out: TypedArray, generator: Generator, weights: TypedArray, dtype: DType): void {
  exponential(out, dtype, generator);
  const weight = loadFrom(weights, dtype);
  const race = loadFrom(out, dtype);
  const store = storeTo(out, dtype);
  for (let i = 0; i < out.length; i++) store(i, weight(i) / race(i));
}

/**
 * Poisson numbers with a rate for each element (torch.poisson).
 * @throws RuntimeError for a negative rate.
 */
export function poisson(out: TypedArray, dtype: DType, generator: Generator, rates: TypedArray): void {
  const rate = loadFrom(rates, dtype);
  const store = storeTo(out, dtype);
  for (let i = 0; i < out.length; i++) store(i, roundTo(onePoisson(rate(i), generator), dtype));
}

function onePoisson(rate: number, generator: Generator): number {
  if (!(rate >= 0)) throw new RuntimeError('invalid Poisson rate, expected rate to be non-negative');
  if (rate === 0) return 0;
  if (rate < 10) {
    const limit = exp(-rate);
    let product = generator.uniform64();
    let count = 0;
    for (; product > limit; count++) product *= generator.uniform64();
    return count;
  }
  // Transformed rejection (Hörmann 1993).
  const b = 0.931 + 2.53 * Math.sqrt(rate);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const vr = 0.9277 - 3.6224 / (b - 2);
  const lnRate = log(rate);
  for (;;) {
    const u = generator.uniform64() - 0.5;
    const v = generator.uniform64();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + rate + 0.43);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (log(v) + log(inverseAlpha) - log(a / (us * us) + b) <= -rate + k * lnRate - lnFactorial(k)) return k;
  }
}

/** ln k!; only compared with, so its last bit does not matter. */
function lnFactorial(k: number): number {
  if (k < 16) {
    let product = 1;
    for (let i = 2; i <= k; i++) product *= i;
    return log(product);
  }
  const x = k + 1;
  const inverse = 1 / (x * x);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / x;
  return (x - 0.5) * log(x) - x + 0.9189385332046727 + series;
}

/** Binomial numbers with a count and a probability for each element (torch.binomial); all three arrays of one dtype. */
export function binomial(out: TypedArray, dtype: DType, generator: Generator, counts: TypedArray, probabilities: TypedArray): void {
  const count = loadFrom(counts, dtype);
  const probability = loadFrom(probabilities, dtype);
  const store = storeTo(out, dtype);
  const round = (v: number): number => roundTo(v, dtype);
  for (let i = 0; i < out.length; i++) store(i, oneBinomial(count(i), probability(i), generator, round));
}

// `round` marks what C++ computes in the tensor's own precision; all else is float64 there too.
type Round = (v: number) => number;

function oneBinomial(count: number, p: number, generator: Generator, round: Round): number {
  if (count <= 0 || p <= 0) return 0;
  if (p >= 1) return count;
  if (Number.isNaN(p)) return p;
  if (p > 0.5) return count - successes(count, round(1 - p), generator, round);
  return successes(count, p, generator, round);
}

function successes(count: number, p: number, generator: Generator, round: Round): number {
  return round(count * p) >= 10 ? binomialByRejection(count, p, generator, round) : binomialByGaps(count, p, generator, round);
}

/** Adds the geometric gaps between successes until they exceed the count. */
function binomialByGaps(count: number, p: number, generator: Generator, round: Round): number {
  const lnFailure = round(log1p(-p));
  let sum = 0;
  for (let found = 0; ; found++) {
    sum += Math.ceil(log(generator.uniform64()) / lnFailure);
    if (sum > count) return found;
  }
}

/** Transformed rejection with squeeze (Hörmann 1993). */
function binomialByRejection(count: number, p: number, generator: Generator, round: Round): number {
  const mean = round(count * p);
  const deviation = round(Math.sqrt(round(mean * round(1 - p))));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const c = mean + 0.5;
  const vr = 0.92 - 4.2 / b;
  const r = round(p / round(1 - p));
  const alpha = (2.83 + 5.1 / b) * deviation;
  const m = Math.floor(round(round(count + 1) * p));
  for (;;) {
    const u = generator.uniform64() - 0.5;
    const v = generator.uniform64();
    const us = 0.5 - Math.abs(u);
    const k = round(Math.floor(((2 * a) / us + b) * u + c));
    if (k < 0 || k > count) continue;
    if (us >= 0.07 && v <= vr) return k;
    const upper =
      (m + 0.5) * log((m + 1) / (r * (count - m + 1))) +
      round(count + 1) * log((count - m + 1) / round(round(count - k) + 1)) +
      (k + 0.5) * log((r * round(round(count - k) + 1)) / round(k + 1)) +
      stirlingTail(m) +
      stirlingTail(count - m) -
      stirlingTail(k) -
      stirlingTail(count - k);
    if (log((v * alpha) / (a / (us * us) + b)) <= upper) return k;
  }
}

const STIRLING_TAILS = [
  0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211, 0.0138761288230707,
  0.0118967099458917, 0.010411265261972, 0.00925546218271273, 0.00833056343336287,
];
function stirlingTail(k: number): number {
  if (k < STIRLING_TAILS.length) return STIRLING_TAILS[Math.trunc(k)]!;
  const square = (k + 1) * (k + 1);
  return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1);
}

const THIRD = Math.fround(1 / 3);
const SQUEEZE = Math.fround(0.0331);

/** One gamma number (Marsaglia and Tsang 2000); `round` is the precision of alpha. */
function oneGamma(shape: number, generator: Generator, round: Round): number {
  let scale = 1;
  let alpha = shape;
  if (alpha < 1) {
    if (alpha === 0) return 0;
    scale = pow(1 - generator.uniform64(), round(1 / alpha));
    alpha = round(alpha + 1);
  }
  const d = round(alpha - THIRD);
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    let x: number;
    let y: number;
    do {
      x = standardNormal(generator);
      y = 1 + c * x;
    } while (y <= 0);
    const v = y * y * y;
    const u = 1 - generator.uniform64();
    const square = x * x;
    if (u < 1 - SQUEEZE * square * square || log(u) < 0.5 * square + d * (1 - v + log(v))) return scale * d * v;
  }
}

const SMALLEST: Partial<Record<DTypeName, number>> = { float16: 2 ** -14, bfloat16: 2 ** -126, float32: 2 ** -126, float64: 2 ** -1022 };

/** Gamma numbers with a shape for each element and scale 1 (torch._standard_gamma). */
export function standardGamma(out: TypedArray, dtype: DType, generator: Generator, shapes: TypedArray): void {
  const shape = loadFrom(shapes, dtype);
  const store = storeTo(out, dtype);
  const round = (v: number): number => roundTo(v, dtype);
  for (let i = 0; i < out.length; i++) store(i, Math.max(SMALLEST[dtype.name]!, round(oneGamma(shape(i), generator, round))));
}

/** Dirichlet samples, one for each row of concentrations (torch._sample_dirichlet). Computed in float64. */
export function dirichlet(out: TypedArray, dtype: DType, generator: Generator, concentrations: TypedArray, categories: number): void {
  const concentration = loadFrom(concentrations, dtype);
  const store = storeTo(out, dtype);
  const smallest = SMALLEST[dtype.name]!;
  const largest = 1 - 2 ** -MANTISSA_BITS[dtype.name]!;
  const gamma = new Float64Array(out.length);
  for (let i = 0; i < gamma.length; i++)
    gamma[i] = Math.max(
      2 ** -1022,
      oneGamma(concentration(i), generator, (v) => v),
    );
  for (let start = 0; start < gamma.length; start += categories) {
    const sum = rowSum(gamma.subarray(start, start + categories));
    for (let j = start; j < start + categories; j++) store(j, Math.min(largest, Math.max(smallest, roundTo(gamma[j]! / sum, dtype))));
  }
}

/** A sum in the order of PyTorch's reduction: 4 × 4 running sums (of vectors of 4, unrolled 4 times), the rest one by one. */
function rowSum(row: Float64Array): number {
  const sums = new Float64Array(16);
  const vectors = row.length >>> 2;
  const unrolled = vectors & ~3;
  for (let v = 0; v < vectors; v++) {
    const first = v < unrolled ? 4 * (v & 3) : 0;
    for (let lane = 0; lane < 4; lane++) sums[first + lane]! += row[4 * v + lane]!;
  }
  let total = 0;
  for (let i = 4 * vectors; i < row.length; i++) total += row[i]!;
  if (vectors > 0) for (let lane = 0; lane < 4; lane++) total += sums[lane]! + sums[4 + lane]! + sums[8 + lane]! + sums[12 + lane]!;
  return total;
}

/**
 * The slopes of a randomized leaky ReLU in training (torch.rrelu): where the input is not positive a uniform number, drawn with 64 bits,
 * else 1 without a draw. The bounds are rounded to the precision of the computation first.
 */
export function rreluNoise(out: TypedArray, dtype: DType, generator: Generator, input: TypedArray, lower: number, upper: number): void {
  const value = loadFrom(input, dtype);
  const store = storeTo(out, dtype);
  const wide = isDouble(dtype);
  const from = wide ? lower : Math.fround(lower);
  const width = (wide ? upper : Math.fround(upper)) - from;
  for (let i = 0; i < out.length; i++) store(i, value(i) <= 0 ? generator.uniform64() * width + from : 1);
}
