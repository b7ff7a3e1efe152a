// torch.masked: reductions and normalisations of the elements that a mask lets through. The others count as the identity.
import { bool, Category, type DType, float32, int16, int32, int64, int8, uint8 } from '../core/dtype.ts';
import { AssertionError, IndexError, NotImplementedError, RuntimeError, ValueError } from '../core/errors.ts';
import { Complex, type Scalar, toNumber } from '../core/scalar.ts';
import { sameShape } from '../core/size.ts';
import { isKnown, type Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { lookup, op } from '../dispatch/operator.ts';

const softmax = lookup('softmax.int') as unknown as (t: Tensor, dim: number, dtype: DType | null) => Tensor;
const logSoftmax = lookup('log_softmax.int') as unknown as (t: Tensor, dim: number, dtype: DType | null) => Tensor;
type Dims = readonly number[] | number | null;

// ---- masks and dimensions -----------------------------------------------------------------------------------------
function canonicalDims(dim: Dims, ndim: number): number[] {
  if (dim === null || (Array.isArray(dim) && dim.length === 0)) return Array.from({ length: ndim }, (_, i) => i);
  const n = Math.max(ndim, 1);
  const dims: number[] = [];
  for (const d of [dim].flat() as number[]) {
    if (dims.includes(d)) throw new RuntimeError(`dim=${d} appears multiple times in the list of dims`);
    if (d >= n || d < -n) throw new IndexError(`Dimension out of range (expected to be in range of [${-n}, ${n - 1}], but got ${d})`);
    dims.push((d + n) % n);
  }
  return dims.sort((a, b) => a - b);
}
/** The mask as booleans in the shape of the input. */
function inputMask(input: Tensor, mask: Tensor): Tensor {
  const shape = input.layout.shape;
  if (!sameShape(mask.layout.shape, shape) && mask.ndim > input.ndim) {
    throw new IndexError('_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)');
  }
  return converted(sameShape(mask.layout.shape, shape) ? mask : mask.expand(shape), bool);
}
const converted = (t: Tensor, dtype: DType): Tensor => (t.dtype === dtype ? t : F._to_copy(t, dtype));
/** The input with what the mask hides replaced. */
const hidden = (input: Tensor, mask: Tensor | null, identity: (t: Tensor) => Scalar): Tensor =>
  mask === null ? input : input.masked_fill(inputMask(input, mask).logical_not(), identity(input));

// ---- identities ---------------------------------------------------------------------------------------------------
const RANGES = new Map<DType, readonly [number | bigint, number | bigint]>([
  [uint8, [0, 255]],
  [int8, [-128, 127]],
  [int16, [-32768, 32767]],
  [int32, [-(2 ** 31), 2 ** 31 - 1]],
  [int64, [-(2n ** 63n), 2n ** 63n - 1n]],
]);
const extreme =
  (name: string, largest: boolean) =>
  (t: Tensor): Scalar => {
    if (t.dtype.is_floating_point) return largest ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    if (t.dtype.is_complex && name === 'logsumexp') return new Complex(Number.NEGATIVE_INFINITY, 0);
    const range = RANGES.get(t.dtype);
    if (!range) throw new NotImplementedError(`identity of ${name} on ${t.dtype} input`);
    return range[largest ? 1 : 0];
  };
const zero = (): Scalar => 0;
const one = (): Scalar => 1;

// ---- reductions ---------------------------------------------------------------------------------------------------
const OPTIONS = 'bool? keepdim=False, ScalarType? dtype=None, Tensor? mask=None';
const wide = (t: Tensor, dtype: DType | null): DType => dtype ?? (t.dtype.category <= Category.Integral ? int64 : t.dtype);

function sum(input: Tensor, dim: Dims, keepdim: boolean, dtype: DType | null, mask: Tensor | null): Tensor {
  return F.sum$dim_IntList(hidden(input, mask, zero), canonicalDims(dim, input.ndim), keepdim, wide(input, dtype));
}
/** How many elements the mask lets through. */
function count(input: Tensor, dim: Dims, keepdim: boolean, mask: Tensor | null): Tensor {
  return sum(mask ? inputMask(input, mask) : F.ones(input.layout.shape, int64, null, input.device), dim, keepdim, null, null);
}
op(`masked_sum(Tensor input, int[1]? dim=None, *, ${OPTIONS}) -> Tensor`, {
  doc: 'The sum of the elements that the mask lets through.',
  decompose: ({ input, dim, keepdim, dtype, mask }) => sum(input, dim, keepdim ?? false, dtype, mask),
  surface: ['masked'],
});
op(`masked_prod(Tensor input, int[1]? dim=None, *, ${OPTIONS}) -> Tensor`, {
  doc: 'The product of the elements that the mask lets through.',
  decompose: ({ input, dim, keepdim, dtype, mask }) => {
    const dims = canonicalDims(dim, input.ndim);
    return dims.reduceRight((t, d) => F.prod$dim_int(t, d, keepdim ?? false), converted(hidden(input, mask, one), wide(input, dtype)));
  },
  surface: ['masked'],
});
for (const name of ['amax', 'amin'] as const) {
  const largest = name === 'amax';
  const word = largest ? 'largest' : 'smallest';
  op(`masked_${name}(Tensor input, int[1]? dim=None, *, ${OPTIONS}) -> Tensor`, {
    doc: `The ${word} of the elements that the mask lets through.`,
    decompose: ({ input, dim, keepdim, dtype, mask }) => {
      const visible = hidden(input, mask, extreme(name, !largest));
      return converted((largest ? F.amax : F.amin)(visible, canonicalDims(dim, input.ndim), keepdim ?? false), dtype ?? input.dtype);
    },
    surface: ['masked'],
  });
  op(`masked_arg${largest ? 'max' : 'min'}(Tensor input, int? dim=None, *, ${OPTIONS}) -> Tensor`, {
    doc: `Where the ${word} of the elements is that the mask lets through.`,
    decompose: ({ input, dim, keepdim, dtype, mask }) => {
      const visible = hidden(input, mask, extreme(`arg${largest ? 'max' : 'min'}`, !largest));
      return converted((largest ? F.argmax : F.argmin)(visible, dim, keepdim ?? false), dtype ?? input.dtype);
    },
    surface: ['masked'],
  });
}
op(`masked_mean(Tensor input, int[1]? dim=None, *, ${OPTIONS}) -> Tensor`, {
  doc: 'The mean of the elements that the mask lets through; NaN if there are none.',
  decompose: ({ input, dim, keepdim, dtype, mask }) => {
    const d = dtype ?? input.dtype;
    if (d.category < Category.Floating) {
      throw new ValueError(
        `mean(): Could not infer output dtype. ${dtype ? 'Optional' : 'Input'} dtype must be either a floating point or complex dtype. Got: ${d}`,
      );
    }
    return sum(input, dim, keepdim ?? false, d, mask).div(count(input, dim, keepdim ?? false, mask));
  },
  surface: ['masked'],
});
op('masked_median(Tensor input, int dim=-1, *, bool keepdim=False, ScalarType? dtype=None, Tensor? mask=None) -> Tensor', {
  doc: 'The median of the elements that the mask lets through; NaN if there are none.',
  decompose: ({ input, dim, keepdim, dtype, mask }) => {
    const [d] = canonicalDims(dim, input.ndim);
    const floating = input.dtype.is_floating_point;
    const visible = hidden(floating ? input : converted(input, float32), mask, () => Number.NaN);
    const output = F.nanmedian$dim(visible, d!, keepdim)[0];
    if (floating) return output;
    if (isKnown(output) && F.any(output.isnan()).item() !== (false as never))
      throw new ValueError('masked median expects no fully masked out rows if dtype is not floating point');
    return converted(output, dtype ?? input.dtype);
  },
  surface: ['masked'],
});
op('masked_logsumexp(Tensor input, int[1]? dim=None, *, bool keepdim=False, ScalarType? dtype=None, Tensor? mask=None) -> Tensor', {
  doc: 'The logarithm of the sum of exponentials of the elements that the mask lets through.',
  decompose: ({ input, dim, keepdim, dtype, mask }) => {
    const visible = hidden(input, mask, extreme('logsumexp', false));
    return converted(F.logsumexp(visible, canonicalDims(dim, input.ndim), keepdim), dtype ?? input.dtype);
  },
  surface: ['masked'],
});
op('masked_logaddexp(Tensor input, Tensor other, *, ScalarType? dtype=None, Tensor? input_mask=None, Tensor? other_mask=None) -> Tensor', {
  doc: 'log(exp(input) + exp(other)) of the elements that the masks let through.',
  decompose: ({ input, other, dtype, input_mask, other_mask }) => {
    const identity = extreme('logaddexp', false);
    return converted(hidden(input, input_mask, identity).logaddexp(hidden(other, other_mask, identity)), dtype ?? input.dtype);
  },
  surface: ['masked'],
});
function norm(input: Tensor, ord: Scalar | null, dim: Dims, keepdim: boolean, dtype: DType | null, mask: Tensor | null): Tensor {
  const p = ord === null ? 2 : toNumber(ord);
  const visible = hidden(input, mask, (t) => {
    if (p !== Number.NEGATIVE_INFINITY) return 0;
    if (!t.dtype.is_floating_point) throw new AssertionError(`input must be floating point, got ${t.dtype}`);
    return Number.POSITIVE_INFINITY;
  });
  return F.linalg_vector_norm(visible, p, canonicalDims(dim, input.ndim), keepdim, dtype ?? input.dtype);
}
op(`masked_norm(Tensor input, float? ord=2.0, int[1]? dim=None, *, ${OPTIONS}) -> Tensor`, {
  doc: 'The vector norm of the elements that the mask lets through.',
  decompose: ({ input, ord, dim, keepdim, dtype, mask }) => norm(input, ord, dim, keepdim ?? false, dtype, mask),
  surface: ['masked'],
});

interface Deviation {
  readonly input: Tensor;
  readonly dim: Dims;
  readonly unbiased: boolean | null;
  readonly correction: number | null;
  readonly keepdim: boolean | null;
  readonly dtype: DType | null;
  readonly mask: Tensor | null;
}
function variance({ input, dim, unbiased, correction, keepdim, dtype, mask }: Deviation): Tensor {
  if (unbiased !== null && correction !== null) throw new AssertionError('Only one of unbiased and correction may be given');
  const removed = correction ?? Number(unbiased ?? true);
  const result = dtype ?? (input.dtype.category < Category.Floating ? float32 : input.dtype);
  const compute = result.category < Category.Floating ? float32 : result;
  const visible = mask && inputMask(input, mask);
  const number = count(input, dim, true, mask);
  const deviation = input.sub(sum(input, dim, true, result, visible).div(number));
  const total = sum(deviation.mul(deviation.conj()), dim, keepdim ?? false, compute, visible);
  let degrees = keepdim ? number : number.reshape(total.layout.shape);
  if (removed !== 0) degrees = converted(degrees, compute.to_real()).sub(removed).clamp(0);
  return converted(total.div(degrees), result);
}
for (const name of ['var', 'std'] as const) {
  op(`masked_${name}(Tensor input, int[1]? dim=None, bool? unbiased=None, *, float? correction=None, ${OPTIONS}) -> Tensor`, {
    doc: `The ${name === 'var' ? 'variance' : 'standard deviation'} of the elements that the mask lets through.`,
    decompose: (a) => (name === 'var' ? variance(a) : variance(a).sqrt()),
    surface: ['masked'],
  });
}

// ---- along a dimension --------------------------------------------------------------------------------------------
const ALONG = 'ScalarType? dtype=None, Tensor? mask=None';
for (const name of ['cumsum', 'cumprod'] as const) {
  op(`masked_${name}(Tensor input, int dim, *, ${ALONG}) -> Tensor`, {
    doc: `The running ${name === 'cumsum' ? 'sum' : 'product'} of the elements that the mask lets through.`,
    decompose: ({ input, dim, dtype, mask }) => {
      const [d] = canonicalDims(dim, input.ndim);
      return name === 'cumsum'
        ? F.cumsum(hidden(input, mask, zero), d!, dtype ?? input.dtype)
        : F.cumprod(hidden(input, mask, one), d!, dtype ?? input.dtype);
    },
    surface: ['masked'],
  });
}
const NORMALISATIONS = {
  softmax: (t: Tensor, d: number, dtype: DType) => softmax(t, d, dtype),
  log_softmax: (t: Tensor, d: number, dtype: DType) => logSoftmax(t, d, dtype),
  softmin: (t: Tensor, d: number, dtype: DType) => softmax(t.neg(), d, dtype),
} as const;
for (const name of ['softmax', 'log_softmax', 'softmin'] as const) {
  op(`masked_${name}(Tensor input, int dim, *, ${ALONG}) -> Tensor`, {
    doc: `${name} over the elements that the mask lets through.`,
    decompose: ({ input, dim, dtype, mask }) => {
      const [d] = canonicalDims(dim, input.ndim);
      return NORMALISATIONS[name](
        hidden(input, mask, extreme(name === 'softmin' ? 'amin' : 'amax', name === 'softmin')),
        d!,
        dtype ?? input.dtype,
      );
    },
    surface: ['masked'],
  });
}
op(`masked_normalize(Tensor input, float ord, int dim, *, float eps=1e-12, ${ALONG}) -> Tensor`, {
  doc: 'The elements that the mask lets through divided by their norm.',
  decompose: ({ input, ord, dim, eps, dtype, mask }) => {
    const length = norm(input, ord, dim, true, dtype, mask);
    return hidden(input, mask, zero).div(length.maximum(F.full([], eps, length.dtype, null, length.device)));
  },
  surface: ['masked'],
});
