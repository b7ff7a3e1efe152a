// Variance, median, mode, quantiles, covariance.
import { varianceInto } from '../backend/reference/reduce.ts';
import { selectInto } from '../backend/reference/lines.ts';
import { kthPlace, medianPlace, modePlace } from '../backend/reference/sort.ts';
import { fill } from '../backend/reference/fill.ts';
import { groupSize } from '../backend/reference/reduce.ts';
import { bool, Category, float32, float64, int64 } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { type Scalar, toNumber } from '../core/scalar.ts';
import { wrapDim } from '../core/shape.ts';
import { emptyTensor, isKnown, type Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, type Spec, uses } from '../dispatch/operator.ts';
import { perExample, reducedDims, reducedShape, reduction, requireElements, restored, rows, spreadEvenly } from './reduce.ts';

type Dims = readonly number[] | number | null;

// ---- variance -----------------------------------------------------------------------------------------------------
function requireFloat(self: Tensor, what: string): void {
  if (self.dtype.category < Category.Floating) throw new NotImplementedError(`${what} only support floating point and complex dtypes`);
}
function varianceGrad(g: Tensor, self: Tensor, dim: Dims, correction: Scalar | null, keepdim: boolean): Tensor {
  const dims = reducedDims({ shape: self.layout.shape }, dim);
  const degrees = groupSize(self.layout.shape, dims) - (correction === null ? 1 : toNumber(correction));
  if (degrees <= 0 && (dim === null || self.ndim === 0)) {
    // 2/0 is infinite; where the element is the mean itself, ∞ · 0.
    const factor = F.full_like(self, Number.POSITIVE_INFINITY).masked_fill(self.eq(F.mean(self)), Number.NaN);
    return g.mul(factor);
  }
  return self.sub(F.mean$dim(self, dims, true)).mul(restored(g, self.layout.shape, dims, keepdim).mul(2 / degrees));
}
for (const name of ['var', 'std'] as const) {
  const root = name === 'std';
  const doc = root ? 'The standard deviation over the given dimensions.' : 'The variance over the given dimensions.';
  const over = (self: Tensor, dim: Dims, correction: Scalar | null, keepdim: boolean): Tensor =>
    (root ? F.std$correction : F.var$correction)(self, dim, correction, keepdim);
  op(`${name}.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) -> Tensor`, {
    castsOut: true,
    doc,
    meta: ({ self, dim, keepdim }) => {
      requireFloat(self, 'std and var');
      return reduction(self, dim, keepdim, self.dtype.to_real());
    },
    kernel: ({ self, dim, correction }, out) =>
      varianceInto(out!, self, reducedDims(self, dim), correction === null ? 1 : toNumber(correction), root),
    grad: {
      self: root
        ? uses('self', 'result', (g, { self, result, dim, correction, keepdim }) =>
            varianceGrad(g.div(result.mul(2)).masked_fill(result.eq(0), 0), self, dim, correction, keepdim),
          )
        : uses('self', (g, { self, dim, correction, keepdim }) => varianceGrad(g, self, dim, correction, keepdim)),
    },
    batch: (run, a) => run(perExample(a)),
    inplace: false,
  });
  op(`${name}.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> Tensor`, {
    doc,
    decompose: ({ self, dim, unbiased, keepdim }) => over(self, dim, Number(unbiased), keepdim),
    inplace: false,
  });
  op(`${name}(Tensor self, bool unbiased=True) -> Tensor`, {
    doc,
    decompose: ({ self, unbiased }) => over(self, null, Number(unbiased), false),
    inplace: false,
  });

  const both = (self: Tensor, dim: Dims, correction: Scalar | null, keepdim: boolean): [Tensor, Tensor] => {
    requireFloat(self, `${name}_mean`);
    return [over(self, dim, correction, keepdim), F.mean$dim(self, dim, keepdim)];
  };
  const pair = `${doc.slice(0, -1)}, and the mean.`;
  op(`${name}_mean.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) -> (Tensor, Tensor)`, {
    doc: pair,
    decompose: ({ self, dim, correction, keepdim }) => both(self, dim, correction, keepdim),
    surface: ['function'],
  });
  op(`${name}_mean.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> (Tensor, Tensor)`, {
    doc: pair,
    decompose: ({ self, dim, unbiased, keepdim }) => both(self, dim, Number(unbiased), keepdim),
    surface: ['function'],
  });
  op(`${name}_mean(Tensor self, bool unbiased=True) -> (Tensor, Tensor)`, {
    doc: pair,
    decompose: ({ self, unbiased }) => both(self, null, Number(unbiased), false),
    surface: ['function'],
  });
}

// ---- selections ---------------------------------------------------------------------------------------------------
/** Values and places of a reduction that takes one element of each line. */
function selection(self: Tensor, dim: number, keepdim: boolean, name: string, kernelName: string, takesBool = false): readonly Spec[] {
  const { shape } = reduction(self, [dim], keepdim, self.dtype);
  requireElements(self, [dim], `${name}()`);
  requireReal(self, kernelName, takesBool);
  return [
    { shape, dtype: self.dtype },
    { shape, dtype: int64 },
  ];
}
function requireReal(self: Tensor, kernelName: string, takesBool: boolean): void {
  if (self.dtype.is_complex || (self.dtype === bool && !takesBool))
    throw new NotImplementedError(`"${kernelName}" not implemented for '${self.dtype.scalarName}'`);
}
for (const name of ['median', 'nanmedian'] as const) {
  const place = medianPlace(name === 'nanmedian');
  const doc = name === 'median' ? 'The lower median' : 'The lower median of what is not NaN';
  op(`${name}(Tensor self) -> Tensor`, {
    doc: `${doc}; equal elements share the gradient.`,
    meta: ({ self }) => {
      requireReal(self, 'median_cpu', false);
      return { shape: [], dtype: self.dtype };
    },
    kernel: ({ self }, out) => {
      if (self.layout.numel === 0) fill(out!, self.dtype.is_floating_point ? Number.NaN : -(2n ** 63n));
      else selectInto(out!, emptyTensor([], int64), self.reshape([-1]), 0, place);
    },
    grad: { self: uses('self', 'result', (g, { self, result }) => spreadEvenly(g, self, result)) },
    batch: (_run, { self }, _, n) => (name === 'median' ? F.median$dim : F.nanmedian$dim)(rows(self, n), 1)[0],
    inplace: false,
  });
  op(`${name}.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)`, {
    doc: `${doc} over a dimension and where it is.`,
    meta: ({ self, dim, keepdim }) => selection(self, dim, keepdim, name, 'median_out'),
    kernel: ({ self, dim }, values, indices) => selectInto(values!, indices!, self, wrapDim(dim, self.ndim), place),
    grad: {
      self: uses('indices', (g, { self, indices, dim, keepdim }) =>
        F.value_selecting_reduction_backward(g, dim, indices, self.shape, keepdim),
      ),
    },
    gradName: name === 'median' ? 'MedianBackward1' : 'NanmedianBackward1',
    inplace: false,
  });
}
op('mode(Tensor self, int dim=-1, bool keepdim=False) -> (Tensor values, Tensor indices)', {
  outMismatch: (expected, given) =>
    `expected scalar type '${expected.scalarName}' but got '${given.scalarName}' for ${expected === int64 ? 'indices' : 'values'} output`,
  doc: 'The most frequent value over a dimension, the smallest of several, and where it is.',
  meta: ({ self, dim, keepdim }) => selection(self, dim, keepdim, 'mode', 'mode_cpu', true),
  kernel: ({ self, dim }, values, indices) => selectInto(values!, indices!, self, wrapDim(dim, self.ndim), modePlace),
  grad: {
    self: uses('indices', (g, { self, indices, dim, keepdim }) =>
      F.value_selecting_reduction_backward(g, dim, indices, self.shape, keepdim),
    ),
  },
  inplace: false,
});
op('kthvalue(Tensor self, int k, int dim=-1, bool keepdim=False) -> (Tensor values, Tensor indices)', {
  outMismatch: (expected) =>
    expected === int64 ? 'output indices must be of scalar type Long' : 'output values must be of same type as input',
  disjointOut: true,
  doc: 'The k-th smallest element over a dimension and where it is.',
  meta: ({ self, k, dim, keepdim }) => {
    const d = wrapDim(dim, self.ndim);
    requireElements(self, [dim], 'kthvalue()');
    if (k < 1 || k > (self.layout.shape[d] ?? 1)) throw new RuntimeError(`kthvalue(): selected number k out of range for dimension ${d}`);
    return selection(self, dim, keepdim, 'kthvalue', 'kthvalue_cpu');
  },
  kernel: ({ self, k, dim }, values, indices) => selectInto(values!, indices!, self, wrapDim(dim, self.ndim), kthPlace(k)),
  grad: {
    self: uses('indices', (g, { self, indices, dim, keepdim }) =>
      F.value_selecting_reduction_backward(g, dim, indices, self.shape, keepdim),
    ),
  },
  inplace: false,
});

// ---- quantiles ----------------------------------------------------------------------------------------------------
const INTERPOLATIONS = ['linear', 'lower', 'higher', 'midpoint', 'nearest'];

function quantile(
  name: string,
  self: Tensor,
  q: Tensor,
  dim: number | null,
  keepdim: boolean,
  interpolation: string,
  ignoreNaN: boolean,
): Tensor {
  if (self.layout.numel === 0) throw new RuntimeError(`${name}() input tensor must be non-empty`);
  if (q.ndim > 1) throw new RuntimeError(`${name}() q must be a scalar or 1D tensor`);
  if (self.dtype !== float32 && self.dtype !== float64)
    throw new RuntimeError(`${name}() input tensor must be either float or double dtype`);
  if (self.dtype !== q.dtype) throw new RuntimeError(`${name}() q tensor must be same dtype as the input tensor`);
  if (!INTERPOLATIONS.includes(interpolation))
    throw new RuntimeError(`${name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got ${interpolation}`);
  const d = wrapDim(dim ?? 0, self.ndim);
  const last = d === self.ndim - 1 || self.ndim === 0;
  const lines = dim === null ? self.flatten() : last ? self : self.unsqueeze(-1).transpose(d, -1);
  const shape = reducedShape(self.layout.shape, dim === null ? self.layout.shape.map((_, i) => i) : [d], keepdim);
  // The results' shape with the sorted elements, and then the results, in one more dimension.
  const sorted = F.sort(lines)[0].reshape([...shape, dim === null ? self.layout.numel : (self.layout.shape[d] ?? 1)]);
  const n = sorted.layout.shape[shape.length]!;
  const positions = q.reshape([-1]);
  const missing = sorted.isnan();
  const ranks = ignoreNaN
    ? positions.mul(F.sum$dim_IntList(missing.logical_not(), [-1], true).sub(1)).clamp(0)
    : positions.mul(n - 1).masked_fill(F.any$dim(missing, -1, true), n - 1);
  const rounded =
    interpolation === 'lower'
      ? ranks.floor()
      : interpolation === 'higher'
        ? ranks.ceil()
        : interpolation === 'nearest'
          ? ranks.round()
          : ranks;
  const at = (r: Tensor): Tensor => sorted.gather(-1, F._to_copy(r, int64));
  let values = at(rounded);
  if (interpolation === 'linear' || interpolation === 'midpoint') {
    const weight = interpolation === 'midpoint' ? F.full_like(rounded, 0.5) : rounded.sub(F._to_copy(rounded, int64));
    values = F.lerp$Tensor(values, at(rounded.ceil()), weight);
  }
  return q.ndim === 0 ? values.squeeze(-1) : values.unsqueeze(0).transpose(0, -1).squeeze(-1);
}
for (const name of ['quantile', 'nanquantile'] as const) {
  const doc = name === 'quantile' ? 'The quantiles q over a dimension.' : 'The quantiles q over a dimension, without NaN.';
  const ignore = name === 'nanquantile';
  op(`${name}.scalar(Tensor self, float q, int? dim=None, bool keepdim=False, *, str interpolation="linear") -> Tensor`, {
    outMismatch: () => 'quantile() out tensor must be same dtype as the input tensor',
    doc,
    decompose: ({ self, q, dim, keepdim, interpolation }) => {
      if (!(q >= 0 && q <= 1)) throw new RuntimeError(`quantile() q must be in the range [0, 1] but got ${q}`);
      return quantile(name, self, F.full([], q, self.dtype, null, self.device), dim, keepdim, interpolation, ignore);
    },
    autocast: 'float32',
    inplace: false,
  });
  op(`${name}(Tensor self, Tensor q, int? dim=None, bool keepdim=False, *, str interpolation="linear") -> Tensor`, {
    outMismatch: () => 'quantile() out tensor must be same dtype as the input tensor',
    doc,
    decompose: ({ self, q, dim, keepdim, interpolation }) => {
      if (isKnown(q) && F.all(q.ge(0).logical_and(q.le(1))).item() === (false as never))
        throw new RuntimeError('quantile() q values must be in the range [0, 1]');
      return quantile(name, self, q, dim, keepdim, interpolation, ignore);
    },
    autocast: 'float32',
    inplace: false,
  });
}

// ---- covariance ---------------------------------------------------------------------------------------------------
function checkWeights(name: string, w: Tensor, observations: number): void {
  if (w.ndim > 1)
    throw new RuntimeError(`cov(): expected ${name} to have one or fewer dimensions but got ${name} with ${w.ndim} dimensions`);
  if (w.layout.numel !== observations) {
    throw new RuntimeError(
      `cov(): expected ${name} to have the same numel as there are observations in the input but got ${w.layout.numel} != ${observations}`,
    );
  }
  if (isKnown(w) && w.layout.numel > 0 && Number(F.min(w).item()) < 0) throw new RuntimeError(`cov(): ${name} cannot be negative`);
}
op('cov(Tensor self, *, int correction=1, Tensor? fweights=None, Tensor? aweights=None) -> Tensor', {
  doc: 'The covariance matrix of the variables in the rows of self.',
  decompose: ({ self, correction, fweights, aweights }) => {
    if (self.ndim > 2)
      throw new RuntimeError(`cov(): expected input to have two or fewer dimensions but got an input with ${self.ndim} dimensions`);
    if (self.dtype === bool) throw new NotImplementedError('cov(): bool dtype is not supported for input');
    const input = self.ndim < 2 ? self.reshape([1, self.layout.numel]) : self;
    const n = input.layout.shape[1]!;
    if (fweights && fweights.ndim <= 1 && fweights.dtype.category !== Category.Integral) {
      throw new RuntimeError(`cov(): expected fweights to have integral dtype but got fweights with ${fweights.dtype.scalarName} dtype`);
    }
    if (fweights) checkWeights('fweights', fweights, n);
    if (aweights && aweights.ndim <= 1 && !aweights.dtype.is_floating_point) {
      throw new RuntimeError(
        `cov(): expected aweights to have floating point dtype but got aweights with ${aweights.dtype.scalarName} dtype`,
      );
    }
    if (aweights) checkWeights('aweights', aweights, n);
    const w = fweights ? (aweights ? fweights.mul(aweights) : fweights) : aweights;
    if (w && isKnown(w) && Number(F.sum(w).item()) === 0) throw new RuntimeError("cov(): weights sum to zero, can't be normalized");
    const total = w ? F.sum(w) : null;
    const average = (total ? F.sum$dim_IntList(input.mul(w!), [1]).div(total) : F.sum$dim_IntList(input, [1]).div(n)).unsqueeze(1);
    // How far the weights stand for independent observations.
    let norm: Tensor | number;
    if (!total) norm = Math.max(n - correction, 0);
    else if (!aweights || correction === 0) norm = total.sub(correction).clamp(0);
    else {
      const ratio = F.sum(fweights ? w!.mul(aweights) : aweights.mul(aweights)).div(total);
      norm = total.sub(ratio.mul(correction)).clamp(0);
    }
    const centred = input.sub(average);
    const c = centred.mm((w ? centred.mul(w) : centred).t().conj());
    return c.div(norm).squeeze();
  },
  inplace: false,
});
op('corrcoef(Tensor self) -> Tensor', {
  doc: 'The matrix of correlation coefficients of the variables in the rows of self.',
  decompose: ({ self }) => {
    if (self.ndim > 2)
      throw new RuntimeError(`corrcoef(): expected input to have two or fewer dimensions but got an input with ${self.ndim} dimensions`);
    const c = F.cov(self);
    if (c.ndim === 0) return c.div(c);
    const d = c.diagonal();
    const deviation = (d.dtype.is_complex ? F.real(d) : d).sqrt();
    const scaled = c.div(deviation.unsqueeze(1)).div(deviation.unsqueeze(0));
    return scaled.dtype.is_complex ? F.complex(F.real(scaled).clip(-1, 1), F.imag(scaled).clip(-1, 1)) : scaled.clip(-1, 1);
  },
  inplace: false,
});
