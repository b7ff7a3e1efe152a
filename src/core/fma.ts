// a·b + c rounded once. PyTorch's kernels are compiled with hardware fused multiply-add, and which last bit a random number has
// depends on it; these give the same bits where the language has no such instruction.

const MAX_FLOAT32 = 3.4028234663852886e38;
/** Halfway between the largest float32 and 2^128: from here on, float32 rounds to infinity. */
const FLOAT32_OVERFLOW = 3.4028235677973366e38;

/**
 * a·b + c of float32 values, rounded once to float32.
 * The product is exact in float64; the sum rounds there, and rounding it again could only go wrong at the middle of two floats.
 */
export function fma32(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  const rounded = Math.fround(sum);
  const rest = sum - rounded;
  const other = sum + rest;
  return rest !== 0 && Math.fround(other) === other ? settleMiddle(product, c, sum, rounded, other) : rounded;
}

/** `sum` lies in the middle of `rounded` and `other`: what its own rounding lost decides. */
function settleMiddle(product: number, c: number, sum: number, rounded: number, other: number): number {
  const lost = twoSumError(product, c, sum);
  if (lost === 0) return rounded;
  if (Math.abs(rounded) === Number.POSITIVE_INFINITY) {
    return Math.abs(sum) === FLOAT32_OVERFLOW && lost > 0 !== sum > 0 ? Math.sign(sum) * MAX_FLOAT32 : rounded;
  }
  return lost > 0 === other > rounded ? other : rounded;
}

/** What `sum` = round(a + b) lost: a + b = sum + error exactly (Knuth). */
function twoSumError(a: number, b: number, sum: number): number {
  const bRounded = sum - a;
  return a - (sum - bRounded) + (b - bRounded);
}

const SPLITTER = 2 ** 27 + 1;
/** Products outside this range may have an error term that float64 cannot hold, and splitting factors could overflow. */
const SMALLEST_PRODUCT = 2 ** -960;
const LARGEST_PART = 2 ** 990;

// JavaScript engines run on little-endian machines: word 0 is the low one.
const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/**
 * a·b + c of float64 values, rounded once.
 * Algorithm: exact product and sums, the tail rounded to odd (Boldo and Melquiond, Emulation of a FMA and Correctly Rounded Sums, 2008).
 */
export function fma64(a: number, b: number, c: number): number {
  const product = a * b;
  const size = Math.abs(product);
  if (
    !(
      size > SMALLEST_PRODUCT &&
      size < LARGEST_PART &&
      Math.abs(c) < LARGEST_PART &&
      Math.abs(a) < LARGEST_PART &&
      Math.abs(b) < LARGEST_PART
    )
  ) {
    return fmaAtTheEdges(a, b, c, product);
  }
  let t = SPLITTER * a;
  const aHigh = t - (t - a);
  const aLow = a - aHigh;
  t = SPLITTER * b;
  const bHigh = t - (t - b);
  const bLow = b - bHigh;
  const productLow = aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
  if (productLow === 0) return product + c;

  const middle = c + productLow;
  const middleLow = twoSumError(c, productLow, middle);
  const high = product + middle;
  const highLow = twoSumError(product, middle, high);
  const tail = middleLow + highLow;
  const tailLow = twoSumError(middleLow, highLow, tail);
  return high + (tailLow === 0 ? tail : toOdd(tail, tailLow > 0 === tail > 0));
}

/** An inexact value rounded to odd: if its last bit is even, the neighbour on the side of the lost part. */
function toOdd(value: number, away: boolean): number {
  float[0] = value;
  const low = words[0]!;
  if ((low & 1) === 1) return value;
  if (away) words[0] = low + 1;
  else {
    words[0] = low - 1;
    if (low === 0) words[1] = words[1]! - 1;
  }
  return float[0]!;
}

/** Zeros, infinities, NaN, and magnitudes at the ends of the range, these in whole numbers. */
function fmaAtTheEdges(a: number, b: number, c: number, product: number): number {
  if (a === 0 || b === 0 || !Number.isFinite(a) || !Number.isFinite(b) || !Number.isFinite(c)) {
    return Number.isFinite(a) && Number.isFinite(b) && !Number.isFinite(c) ? c : product + c;
  }
  const [am, ae] = decompose(a);
  const [bm, be] = decompose(b);
  const [cm, ce] = decompose(c);
  // With c = 0 its exponent must not count: the sum is the product.
  const pe = ae + be;
  const e = cm === 0n ? pe : Math.min(pe, ce);
  const sum = ((am * bm) << BigInt(pe - e)) + (cm === 0n ? 0n : cm << BigInt(ce - e));
  if (sum === 0n) return product + c;
  return scaled(sum, e);
}

/** value = mantissa · 2^exponent with a whole mantissa. */
function decompose(value: number): [mantissa: bigint, exponent: number] {
  float[0] = value;
  const high = words[1]!;
  const biased = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(words[0]!);
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  return [high >>> 31 === 1 ? -mantissa : mantissa, Math.max(biased, 1) - 1075];
}

/** mantissa · 2^exponent, rounded to nearest even, subnormals included. */
export function scaled(mantissa: bigint, exponent: number): number {
  const negative = mantissa < 0n;
  let m = negative ? -mantissa : mantissa;
  let e = exponent;
  const drop = Math.max(m.toString(2).length - 53, -1074 - e);
  if (drop > 0) {
    const half = 1n << BigInt(drop - 1);
    const rest = m & ((half << 1n) - 1n);
    m >>= BigInt(drop);
    e += drop;
    if (rest > half || (rest === half && (m & 1n) === 1n)) m += 1n;
  }
  // Two exact steps: a single power of two may itself be out of range.
  const step = Math.trunc(e / 2);
  const value = Number(m) * 2 ** step * 2 ** (e - step);
  return negative ? -value : value;
}
