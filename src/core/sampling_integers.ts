// Whole numbers: random_, randint, randperm.
import type { DType, DTypeName } from './dtype.ts';
import { NotImplementedError, RuntimeError } from './errors.ts';
import type { Generator } from './generator.ts';
import { batch, LARGEST, MANTISSA_BITS, roundTo, storeTo } from './sampling_elements.ts';
import type { TypedArray } from './storage.ts';

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
