// Distributions with parameters for each element: multinomial, poisson, binomial, gamma, dirichlet, and the slopes of rrelu.
// PyTorch compiles these without fused multiply-add.
import type { DType } from './dtype.ts';
import { RuntimeError } from './errors.ts';
import type { Generator } from './generator.ts';
import { exp, log, log1p, pow } from './libm.ts';
import { isDouble, loadFrom, MANTISSA_BITS, roundTo, SMALLEST, standardNormal, storeTo } from './sampling_elements.ts';
import type { TypedArray } from './storage.ts';

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
