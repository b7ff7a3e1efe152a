// Random numbers: PyTorch's CPU streams, to the bit. The distributions are in src/core/sampling.ts.
import { draw, inOrderOf } from '../backend/reference/random.ts';
import { reals, store } from '../backend/reference/arrays.ts';
import { type DType, float64, int64 } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { Layout, type TensorMeta } from '../core/layout.ts';
import * as sampling from '../core/sampling.ts';
import type { Scalar } from '../core/scalar.ts';
import { broadcastShapes } from '../core/shape.ts';
import { emptyLike, isKnown, type Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import { likeSpec, spec, stridesLike } from './create.ts';

const GENERATOR = '*, Generator? generator=None';
const NEW =
  `${GENERATOR}, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=False, bool requires_grad=False` as const;
const LIKE = `${NEW}, MemoryFormat? memory_format=None` as const;

// ---- new tensors --------------------------------------------------------------------------------------------------
op(`rand(int[] size, ${NEW}) -> Tensor`, {
  doc: 'Uniform numbers in [0, 1).',
  meta: (a) => spec(a.size, a),
  kernel: ({ generator }, out) => draw(out!, generator, (data, dtype, g) => sampling.uniform(data, dtype, g)),
  random: true,
  grad: 'none',
});
op(`randn(int[] size, ${NEW}) -> Tensor`, {
  doc: 'Normal numbers of mean 0 and variance 1.',
  meta: (a) => spec(a.size, a),
  kernel: ({ generator }, out) => draw(out!, generator, (data, dtype, g) => sampling.normal(data, dtype, g)),
  random: true,
  grad: 'none',
});
op(`rand_like(Tensor self, ${LIKE}) -> Tensor`, {
  doc: 'Uniform numbers in [0, 1), in a tensor like self.',
  meta: likeSpec,
  kernel: ({ generator }, out) => draw(out!, generator, (data, dtype, g) => sampling.uniform(data, dtype, g)),
  random: true,
  surface: ['function'],
  inplace: false,
  grad: 'none',
});
op(`randn_like(Tensor self, ${LIKE}) -> Tensor`, {
  doc: 'Normal numbers of mean 0 and variance 1, in a tensor like self.',
  meta: likeSpec,
  kernel: ({ generator }, out) => draw(out!, generator, (data, dtype, g) => sampling.normal(data, dtype, g, 0, 1, out!.layout.contiguous)),
  random: true,
  surface: ['function'],
  inplace: false,
  grad: 'none',
});

/** A bound of whole numbers; bigints keep their last digits. */
const whole = (s: Scalar): number | bigint => (typeof s === 'bigint' ? s : Number(s));
function fillRange(out: Tensor, generator: object | null, low: Scalar, high: Scalar | null): void {
  if (out.layout.numel === 0 && high === null) return;
  draw(out, generator, (data, dtype, g) => sampling.randomRange(data, dtype, g, whole(low), high === null ? null : whole(high)));
}
const integerSpec = (size: readonly number[], { dtype }: { readonly dtype: DType | null }): { shape: readonly number[]; dtype: DType } =>
  spec(size, { dtype: dtype ?? int64 });
op(`randint(Scalar high, int[] size, ${NEW}) -> Tensor`, {
  doc: 'Whole numbers in [0, high).',
  meta: (a) => integerSpec(a.size, a),
  kernel: ({ generator, high }, out) => fillRange(out!, generator, 0, high),
  random: true,
  grad: 'none',
});
op(`randint.low(Scalar low, Scalar high, int[] size, ${NEW}) -> Tensor`, {
  doc: 'Whole numbers in [low, high).',
  meta: (a) => integerSpec(a.size, a),
  kernel: ({ generator, low, high }, out) => fillRange(out!, generator, low, high),
  random: true,
  grad: 'none',
});
op(`randint_like(Tensor self, Scalar high, ${LIKE}) -> Tensor`, {
  doc: 'Whole numbers in [0, high), in a tensor like self.',
  meta: likeSpec,
  kernel: ({ generator, high }, out) => fillRange(out!, generator, 0, high),
  random: true,
  surface: ['function'],
  inplace: false,
  grad: 'none',
});
op(`randint_like.low_dtype(Tensor self, Scalar low, Scalar high, ${LIKE}) -> Tensor`, {
  doc: 'Whole numbers in [low, high), in a tensor like self.',
  meta: likeSpec,
  kernel: ({ generator, low, high }, out) => fillRange(out!, generator, low, high),
  random: true,
  surface: ['function'],
  inplace: false,
  grad: 'none',
});
op(`randperm(int n, ${NEW}) -> Tensor`, {
  doc: 'A random order of 0 … n − 1.',
  meta: ({ n, dtype }) => {
    if (n < 0) throw new RuntimeError(`n must be non-negative, got${n}`);
    return integerSpec([n], { dtype });
  },
  kernel: ({ generator }, out) => draw(out!, generator, (data, dtype, g) => sampling.randperm(data, dtype, g)),
  random: true,
  grad: 'none',
});

// ---- in place: the functional form makes a tensor like self, with its order of dimensions -------------------------
const filled = ({ self }: { readonly self: Tensor }): { shape: readonly number[]; dtype: DType; stride: readonly number[] } => ({
  shape: self.layout.shape,
  dtype: self.dtype,
  stride: stridesLike(self.layout, null),
});
const zerosOf = (m: TensorMeta): Tensor => F.zeros(m.shape as number[], m.dtype, null, m.device);
/** What was there before does not matter. */
const forgets = { self: uses((g: Tensor) => F.zeros_like(g)) } as const;
const inPlace = { meta: filled, random: true, surface: ['inplace'], grad: forgets } as const;

op(`uniform(Tensor self, float from=0, float to=1, ${GENERATOR}) -> Tensor`, {
  ...inPlace,
  doc: 'Fills with uniform numbers in [from, to).',
  kernel: ({ from, to, generator }, out) => draw(out!, generator, (data, dtype, g) => sampling.uniform(data, dtype, g, from, to)),
});
op(`normal(Tensor self, float mean=0, float std=1, ${GENERATOR}) -> Tensor`, {
  ...inPlace,
  doc: 'Fills with normal numbers.',
  kernel: ({ self, mean, std, generator }, out) =>
    draw(out!, generator, (data, dtype, g) => sampling.normal(data, dtype, g, mean, std, self.layout.contiguous)),
});
op(`log_normal(Tensor self, float mean=1, float std=2, ${GENERATOR}) -> Tensor`, {
  ...inPlace,
  doc: 'Fills with numbers whose logarithm is normal.',
  kernel: ({ mean, std, generator }, out) => draw(out!, generator, (data, dtype, g) => sampling.logNormal(data, dtype, g, mean, std)),
});
op(`exponential(Tensor self, float lambd=1, ${GENERATOR}) -> Tensor`, {
  ...inPlace,
  doc: 'Fills with exponentially distributed numbers.',
  kernel: ({ lambd, generator }, out) => draw(out!, generator, (data, dtype, g) => sampling.exponential(data, dtype, g, lambd)),
});
op(`cauchy(Tensor self, float median=0, float sigma=1, ${GENERATOR}) -> Tensor`, {
  ...inPlace,
  doc: 'Fills with Cauchy distributed numbers.',
  kernel: ({ median, sigma, generator }, out) => draw(out!, generator, (data, dtype, g) => sampling.cauchy(data, dtype, g, median, sigma)),
});
op(`geometric(Tensor self, float p, ${GENERATOR}) -> Tensor`, {
  ...inPlace,
  doc: 'Fills with the numbers of trials until the first success.',
  kernel: ({ p, generator }, out) => draw(out!, generator, (data, dtype, g) => sampling.geometric(data, dtype, g, p)),
});
op(`random(Tensor self, ${GENERATOR}) -> Tensor`, {
  ...inPlace,
  doc: 'Fills with whole numbers over the range of the dtype.',
  kernel: ({ generator }, out) => draw(out!, generator, (data, dtype, g) => sampling.random(data, dtype, g)),
});
op(`random.from(Tensor self, Scalar from, Scalar? to, ${GENERATOR}) -> Tensor`, {
  ...inPlace,
  doc: 'Fills with whole numbers in [from, to).',
  kernel: ({ from, to, generator }, out) => fillRange(out!, generator, from, to),
});
op(`random.to(Tensor self, Scalar to, ${GENERATOR}) -> Tensor`, {
  ...inPlace,
  doc: 'Fills with whole numbers in [0, to).',
  kernel: ({ to, generator }, out) => fillRange(out!, generator, 0, to),
});
/** Ones and zeros; of a complex number in its real part. */
function coins(out: Tensor, generator: object | null, p: number): void {
  draw(out, generator, (data, dtype, g) => {
    if (!dtype.is_complex) {
      sampling.bernoulli(data, dtype, g, p);
      return;
    }
    const ones = new Float64Array(data.length / 2);
    sampling.bernoulli(ones, float64, g, p);
    ones.forEach((v, i) => {
      data[2 * i] = v;
      data[2 * i + 1] = 0;
    });
  });
}
op(`bernoulli.Tensor(Tensor self, Tensor p, ${GENERATOR}) -> Tensor`, {
  ...inPlace,
  doc: 'Fills with ones, each with its own probability, and zeros.',
  kernel: ({ p, generator }, out) =>
    draw(out!, generator, (data, dtype, g) => sampling.bernoulliEach(data, dtype, g, inOrderOf(out!, p), p.dtype)),
  grad: { ...forgets, p: uses((_g, { p }) => zerosOf(p)) },
});
op(`bernoulli.float(Tensor self, float p=0.5, ${GENERATOR}) -> Tensor`, {
  ...inPlace,
  doc: 'Fills with ones of probability p, and zeros.',
  kernel: ({ p, generator }, out) => coins(out!, generator, p),
});

// ---- parameters for each element ----------------------------------------------------------------------------------
const dense = ({ self }: { readonly self: Tensor }): { shape: readonly number[]; dtype: DType } => ({
  shape: self.layout.shape,
  dtype: self.dtype,
});
const eachElement = { meta: dense, random: true, inplace: false, grad: forgets } as const;

op(`bernoulli(Tensor self, ${GENERATOR}) -> Tensor`, {
  ...eachElement,
  doc: 'Ones with the probabilities that self states, else zeros.',
  kernel: ({ self, generator }, out) =>
    draw(out!, generator, (data, dtype, g) => sampling.bernoulliEach(data, dtype, g, inOrderOf(out!, self), self.dtype)),
});
op(`bernoulli.p(Tensor self, float p, ${GENERATOR}) -> Tensor`, {
  ...eachElement,
  doc: 'Ones with probability p, else zeros, in the shape of self.',
  kernel: ({ p, generator }, out) => coins(out!, generator, p),
});
op(`poisson(Tensor self, Generator? generator=None) -> Tensor`, {
  ...eachElement,
  doc: 'Poisson numbers with the rates that self states.',
  kernel: ({ self, generator }, out) => draw(out!, generator, (data, dtype, g) => sampling.poisson(data, dtype, g, inOrderOf(out!, self))),
  surface: ['function'],
});
op(`binomial(Tensor count, Tensor prob, Generator? generator=None) -> Tensor`, {
  doc: 'Binomial numbers, with a count and a probability for each element.',
  meta: ({ count, prob }) => {
    if (count.dtype !== prob.dtype)
      throw new RuntimeError(`expected scalar type ${count.dtype.scalarName} but found ${prob.dtype.scalarName}`);
    return { shape: broadcastShapes(count.layout.shape, prob.layout.shape), dtype: count.dtype };
  },
  kernel: ({ count, prob, generator }, out) =>
    draw(out!, generator, (data, dtype, g) => sampling.binomial(data, dtype, g, inOrderOf(out!, count), inOrderOf(out!, prob))),
  random: true,
  grad: 'none',
});
op(`_standard_gamma(Tensor self, Generator? generator=None) -> Tensor`, {
  ...eachElement,
  doc: 'Gamma numbers with the shapes that self states, of scale 1.',
  kernel: ({ self, generator }, out) =>
    draw(out!, generator, (data, dtype, g) => sampling.standardGamma(data, dtype, g, inOrderOf(out!, self))),
  surface: ['function'],
  grad: 'none',
});
op(`_sample_dirichlet(Tensor self, Generator? generator=None) -> Tensor`, {
  ...eachElement,
  doc: 'Dirichlet samples with the concentrations in the last dimension of self.',
  kernel: ({ self, generator }, out) =>
    draw(out!, generator, (data, dtype, g) =>
      sampling.dirichlet(data, dtype, g, inOrderOf(out!, self), self.layout.shape[self.ndim - 1] ?? 1),
    ),
  surface: ['function'],
  grad: 'none',
});

// ---- normal numbers with tensors of means and deviations ----------------------------------------------------------
function checkDeviations(std: Tensor): void {
  if (std.dtype.is_complex) throw new RuntimeError('normal expects standard deviation to be non-complex');
  if (isKnown(std) && std.layout.numel > 0 && !(Number(std.min().item()) >= 0))
    throw new RuntimeError('normal expects all elements of std >= 0.0');
}
function checkDeviation(std: number): void {
  if (!(std >= 0)) throw new RuntimeError(`normal expects std >= 0.0, but found std ${std}`);
}
const normals = (like: Tensor, shape: readonly number[], std: number, generator: object | null): Tensor =>
  F.normal$float_float(0, std, shape as number[], generator as never, like.dtype, null, like.device);
op(`normal.Tensor_float(Tensor mean, float std=1, ${GENERATOR}) -> Tensor`, {
  doc: 'Normal numbers with a mean for each element.',
  decompose: ({ mean, std, generator }) => {
    checkDeviation(std);
    return normals(mean, mean.layout.shape, std, generator).add(mean.detach());
  },
  random: true,
  grad: { mean: uses((_g, { mean }) => zerosOf(mean)) },
});
op(`normal.float_Tensor(float mean, Tensor std, ${GENERATOR}) -> Tensor`, {
  doc: 'Normal numbers with a standard deviation for each element.',
  decompose: ({ mean, std, generator }) => {
    checkDeviations(std);
    return normals(std, std.layout.shape, 1, generator).mul(std.detach()).add(mean);
  },
  random: true,
  grad: { std: uses((_g, { std }) => zerosOf(std)) },
});
op(`normal.Tensor_Tensor(Tensor mean, Tensor std, ${GENERATOR}) -> Tensor`, {
  doc: 'Normal numbers with a mean and a standard deviation for each element.',
  decompose: ({ mean, std, generator }) => {
    checkDeviations(std);
    return normals(mean, broadcastShapes(mean.layout.shape, std.layout.shape), 1, generator).mul(std.detach()).add(mean.detach());
  },
  random: true,
  grad: { mean: uses((_g, { mean }) => zerosOf(mean)), std: uses((_g, { std }) => zerosOf(std)) },
});
op(`normal.float_float(float mean, float std, int[] size, ${NEW}) -> Tensor`, {
  doc: 'Normal numbers of one mean and standard deviation.',
  meta: (a) => {
    checkDeviation(a.std);
    return spec(a.size, a);
  },
  kernel: ({ mean, std, generator }, out) => draw(out!, generator, (data, dtype, g) => sampling.normal(data, dtype, g, mean, std)),
  random: true,
  grad: 'none',
});

// ---- categories ---------------------------------------------------------------------------------------------------
function checkWeights(self: Tensor, samples: number, replacement: boolean): void {
  const { shape } = self.layout;
  if (shape.length === 0 || shape.length > 2) throw new RuntimeError('prob_dist must be 1 or 2 dim');
  if (!self.dtype.is_floating_point) {
    throw new RuntimeError(`multinomial only supports floating-point dtypes for input, got: ${self.dtype.scalarName}`);
  }
  if (samples <= 0) throw new RuntimeError('cannot sample n_sample <= 0 samples');
  const categories = shape[shape.length - 1]!;
  if (!replacement && samples > categories)
    throw new RuntimeError('cannot sample n_sample > prob_dist.size(-1) samples without replacement');
  if (categories > 2 ** 24) throw new RuntimeError('number of categories cannot exceed 2^24');
}
/** The positions of each row's largest numbers, largest first. */
function largest(races: Float64Array, categories: number, samples: number, out: BigInt64Array): void {
  for (let row = 0; row * categories < races.length; row++) {
    const order = Array.from({ length: categories }, (_, i) => i);
    const at = row * categories;
    order.sort((a, b) => races[at + b]! - races[at + a]! || a - b);
    for (let s = 0; s < samples; s++) out[row * samples + s] = BigInt(order[s]!);
  }
}
function race(self: Tensor, samples: number, generator: object | null): BigInt64Array {
  const categories = self.layout.shape[self.ndim - 1]!;
  const weights = reals(self);
  for (const w of weights) {
    if (!(w >= 0 && w < Number.POSITIVE_INFINITY)) throw new RuntimeError('probability tensor contains either `inf`, `nan` or element < 0');
  }
  for (let row = 0; row < weights.length; row += categories) {
    if (weights.subarray(row, row + categories).every((w) => w === 0)) {
      throw new RuntimeError('invalid multinomial distribution (sum of probabilities <= 0)');
    }
  }
  const races = emptyLike(new Layout(self.layout.shape, stridesLike(self.layout, null), 0, self.dtype, self.device));
  draw(races, generator, (data, dtype, g) => sampling.multinomialRaces(data, g, inOrderOf(races, self), dtype));
  const out = new BigInt64Array((weights.length / categories) * samples);
  largest(reals(races), categories, samples, out);
  return out;
}
op(`multinomial(Tensor self, int num_samples, bool replacement=False, ${GENERATOR}) -> Tensor`, {
  outMismatch: (expected, given) => `multinomial expects ${expected.scalarName} tensor out, got: ${given.scalarName}`,
  doc: 'Category numbers drawn from each row of weights.',
  meta: ({ self, num_samples, replacement }) => {
    checkWeights(self, num_samples, replacement);
    return { shape: [...self.layout.shape.slice(0, -1), num_samples], dtype: int64 };
  },
  kernel: ({ self, num_samples, replacement, generator }, out) => {
    if (out!.layout.numel === 0) return;
    if (replacement && num_samples > 1) {
      draw(out!, generator, (data, _, g) =>
        sampling.multinomialWithReplacement(
          data as BigInt64Array,
          g,
          inOrderOf(emptyLike(Layout.dense(self.layout.shape, self.dtype, self.device)), self),
          self.dtype,
          self.ndim === 2 ? self.layout.shape[0]! : 1,
        ),
      );
    } else store(out!, race(self, num_samples, generator));
  },
  random: true,
  inplace: false,
  grad: 'none',
});
