// What PyTorch's CPU sampling functions draw, to the bit: each fills an array from a Generator.
// An output is the typed array of its dtype (16-bit floats as bits, complex numbers as pairs), in the order in which PyTorch visits the
// elements. Half precision is computed wider and rounded at the store, as there.
// Note [Fused sums]: which sums are fused with the product before them is part of a stream. The kernels here (uniform, normal, cauchy)
// are compiled with fused multiply-add, those of sampling_each.ts without.
import type { DType } from './dtype.ts';
import { NotImplementedError, RuntimeError } from './errors.ts';
import { fma32, fma64 } from './fma.ts';
import type { Generator } from './generator.ts';
import { angle, exp, log, log1p, sincos, tan } from './libm.ts';
import { logFloat32, sinCosFloat32, VECTOR } from './libm_float.ts';
import {
  batch,
  cpp,
  eachUniform32,
  eachUniform64,
  isDouble,
  LARGEST,
  loadFrom,
  roundTo,
  standardNormal,
  storeTo,
  TWO_PI,
} from './sampling_elements.ts';
import type { TypedArray } from './storage.ts';

export * from './sampling_each.ts';
export * from './sampling_integers.ts';

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
