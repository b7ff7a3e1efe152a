// Reductions to sums, products, extrema and truth values.
import {
  anyInto,
  extremumInto,
  extremumPlaces,
  firstExtremum,
  groupSize,
  meanInto,
  prodInto,
  sumInto,
  xorInto,
} from '../backend/reference/reduce.ts';
import { elements } from '../backend/reference/arrays.ts';
import { selectInto } from '../backend/reference/lines.ts';
import { bool, Category, type DType, int64, uint64, uint8 } from '../core/dtype.ts';
import { IndexError, NotImplementedError, RuntimeError } from '../core/errors.ts';
import { showShape, wrapDim, wrapDims } from '../core/shape.ts';
import type { Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, type Spec, uses } from '../dispatch/operator.ts';
import { exclusiveProduct } from './scan.ts';
import { kernelOf } from './kernel.ts';

type Dims = readonly number[] | number | null;
interface Sized {
  readonly shape: Shape;
}

/** The dimensions that a reduction is over, resolved. */
export function reducedDims(self: Sized, dim: Dims): number[] {
  if (self.shape.length > 64) throw new RuntimeError('only tensors with up to 64 dims are supported');
  return wrapDims(dim, self.shape.length);
}
/** The shape after reducing `dims`. */
export function reducedShape(shape: Shape, dims: readonly number[], keepdim: boolean): number[] {
  return shape.flatMap((s, i) => (dims.includes(i) ? (keepdim ? [1] : []) : [s]));
}
/** A reduced gradient (or result) in a shape that broadcasts to the input's. */
export function restored(t: Tensor, shape: Shape, dims: readonly number[], keepdim: boolean): Tensor {
  return keepdim || shape.length === 0 ? t : t.reshape(reducedShape(shape, dims, true));
}
/** The result of a reduction: shape after `dim`, of a dtype. */
export const reduction = (self: Tensor, dim: Dims, keepdim: boolean, dtype: DType): Spec => ({
  shape: reducedShape(self.layout.shape, reducedDims(self, dim), keepdim),
  dtype,
});
/** Reductions without an identity need at least one element. */
export function requireElements(self: Sized, dims: Dims, name: string, unspecified: (name: string) => Error = unspecifiedDim): void {
  if (!self.shape.includes(0)) return;
  if (dims === null || (Array.isArray(dims) && dims.length === 0)) throw unspecified(name);
  for (const d of wrapDims(dims, self.shape.length)) {
    if (self.shape[d] === 0) throw new IndexError(`${name}: Expected reduction dim ${d} to have non-zero size.`);
  }
}
const unspecifiedDim = (name: string): Error =>
  new RuntimeError(
    `${name}: Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.`,
  );
/** The message where out= has another dtype than the result and may not have. */
export const exactOut = (expected: DType, given: DType): string =>
  `Expected out tensor to have dtype ${expected.cName}, but got ${given.cName} instead`;
export const converted = (t: Tensor, dtype: DType | null): Tensor => (dtype === null || dtype === t.dtype ? t : F._to_copy(t, dtype));

/** The arguments of a reduction over a batch; examples without dimensions count as having one element. */
export function perExample({ self, dim, keepdim }: { self: Tensor; dim: Dims; keepdim: boolean }): {
  self: Tensor;
  dim: number[];
  keepdim: boolean;
} {
  const ndim = self.ndim - 1;
  if (ndim === 0) return { self: self.unsqueeze(1), dim: [1], keepdim: false };
  return { self, dim: wrapDims(dim, ndim).map((d) => d + 1), keepdim };
}
/** A batch of examples, each as one row. */
export const rows = (self: Tensor, n: number): Tensor => self.reshape([n, n === 0 ? 0 : self.layout.numel / n]);

// ---- sums ---------------------------------------------------------------------------------------------------------
const sumDtype = (self: { dtype: DType }, dtype: DType | null): DType =>
  dtype ?? (self.dtype.category <= Category.Integral ? int64 : self.dtype);

op('sum(Tensor self, *, ScalarType? dtype=None) -> Tensor', {
  doc: 'The sum of all elements.',
  meta: ({ self, dtype }) => reduction(self, null, false, sumDtype(self, dtype)),
  kernel: ({ self }, out) => sumInto(out!, self, reducedDims(self, null)),
  grad: { self: uses((g, { self }) => g.expand(self.shape)) },
  linear: true,
  batch: (_run, { self, dtype }, _, n) => F.sum$dim_IntList(rows(self, n), [1], false, dtype),
  inplace: false,
});
op('sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor', {
  doc: 'The sum over the given dimensions, or over all of them.',
  meta: ({ self, dim, keepdim, dtype }) => reduction(self, dim, keepdim, sumDtype(self, dtype)),
  kernel: ({ self, dim }, out) => sumInto(out!, self, reducedDims(self, dim)),
  grad: { self: uses((g, { self, dim, keepdim }) => restored(g, self.shape, reducedDims(self, dim), keepdim).expand(self.shape)) },
  linear: true,
  batch: (run, a) => run(perExample(a)),
  gradName: 'SumBackward1',
  inplace: false,
});
/** NaN as zero, before a sum. */
const withoutNaN = (self: Tensor): Tensor => {
  checkReal(self);
  return self.dtype.is_floating_point ? self.masked_fill(self.isnan(), 0) : self;
};
function checkReal(self: Tensor): void {
  if (self.dtype.is_complex) throw new NotImplementedError('nansum on CPU does not support complex inputs');
}
op('nansum(Tensor self, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor', {
  doc: 'The sum over the given dimensions with NaN as zero.',
  decompose: ({ self, dim, keepdim, dtype }) => F.sum$dim_IntList(withoutNaN(self), dim, keepdim, dtype),
  meta: ({ self, dim, keepdim, dtype }) => {
    checkReal(self);
    return reduction(self, dim, keepdim, sumDtype(self, dtype));
  },
  kernel: ({ self, dim, keepdim, dtype }, out) => kernelOf(() => [F.sum$dim_IntList(withoutNaN(self), dim, keepdim, dtype)], [out!]),
  inplace: false,
});

function meanDtype(self: { dtype: DType }, dtype: DType | null): DType {
  const d = dtype ?? self.dtype;
  if (d.category >= Category.Floating) return d;
  throw new NotImplementedError(
    `mean(): could not infer output dtype. ${dtype ? 'Optional' : 'Input'} dtype must be either a floating point or complex dtype. Got: ${d.scalarName}`,
  );
}
op('mean(Tensor self, *, ScalarType? dtype=None) -> Tensor', {
  castsOut: true,
  doc: 'The mean of all elements.',
  meta: ({ self, dtype }) => reduction(self, null, false, meanDtype(self, dtype)),
  kernel: ({ self }, out) => meanInto(out!, self, reducedDims(self, null)),
  grad: { self: uses((g, { self }) => g.expand(self.shape).div(groupSize(self.shape, reducedDims(self, null)))) },
  linear: true,
  batch: (_run, { self, dtype }, _, n) => F.mean$dim(rows(self, n), [1], false, dtype),
  inplace: false,
});
op('mean.dim(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor', {
  castsOut: true,
  doc: 'The mean over the given dimensions, or over all of them.',
  meta: ({ self, dim, keepdim, dtype }) => reduction(self, dim, keepdim, meanDtype(self, dtype)),
  kernel: ({ self, dim }, out) => meanInto(out!, self, reducedDims(self, dim)),
  grad: {
    self: uses((g, { self, dim, keepdim }) => {
      const dims = reducedDims(self, dim);
      return restored(g, self.shape, dims, keepdim).expand(self.shape).div(groupSize(self.shape, dims));
    }),
  },
  linear: true,
  batch: (run, a) => run(perExample(a)),
  gradName: 'MeanBackward1',
  inplace: false,
});
op('nanmean(Tensor self, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor', {
  castsOut: true,
  doc: 'The mean of the elements that are not NaN.',
  decompose: ({ self, dim, keepdim, dtype }) => {
    if (self.dtype.category < Category.Floating)
      throw new NotImplementedError(`nanmean(): expected input to have floating point or complex dtype but got ${self.dtype.scalarName}`);
    const count = F.sum$dim_IntList(self.isnan().logical_not(), dim, keepdim);
    return F.nansum(self, dim, keepdim, dtype).div(count);
  },
  inplace: false,
});

// ---- products -----------------------------------------------------------------------------------------------------
op('prod.dim_int(Tensor self, int dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor', {
  doc: 'The product over a dimension.',
  meta: ({ self, dim, keepdim, dtype }) => reduction(self, dim, keepdim, sumDtype(self, dtype)),
  kernel: ({ self, dim }, out) => prodInto(out!, self, reducedDims(self, dim)),
  grad: {
    self: uses('self', (g, { self, dim, keepdim, dtype }) => {
      const x = converted(self, dtype);
      const d = wrapDim(dim, self.shape.length);
      if (self.shape.length === 0) return g;
      const others = exclusiveProduct(x, d).mul(exclusiveProduct(x.flip([d]), d).flip([d]));
      return restored(g, self.shape, [d], keepdim).mul(others.conj());
    }),
  },
  gradName: 'ProdBackward1',
  autocast: 'float32',
  inplace: false,
});
op('prod(Tensor self, *, ScalarType? dtype=None) -> Tensor', {
  doc: 'The product of all elements.',
  meta: ({ self, dtype }) => reduction(self, null, false, sumDtype(self, dtype)),
  kernel: ({ self }, out) => prodInto(out!, self, reducedDims(self, null)),
  grad: {
    self: uses('self', (g, { self, dtype }) => {
      if (self.ndim === 0) return g;
      const x = converted(self, dtype).reshape([self.layout.numel]);
      return g
        .mul(
          exclusiveProduct(x, 0)
            .mul(exclusiveProduct(x.flip([0]), 0).flip([0]))
            .conj(),
        )
        .reshape(self.layout.shape);
    }),
  },
  batch: (_run, { self, dtype }, _, n) => F.prod$dim_int(rows(self, n), 1, false, dtype),
  autocast: 'float32',
  inplace: false,
});

// ---- truth values -------------------------------------------------------------------------------------------------
for (const name of ['any', 'all'] as const) {
  const doc = name === 'any' ? 'Whether any element is not zero.' : 'Whether no element is zero.';
  const truth = (self: Tensor, dims: readonly number[], keepdim: boolean): Spec => ({
    shape: reducedShape(self.layout.shape, dims, keepdim),
    dtype: self.dtype === uint8 ? uint8 : bool,
  });
  const over = (self: Tensor, dims: readonly number[], keepdim: boolean): Tensor =>
    (name === 'any' ? F.any$dims : F.all$dims)(self, dims, keepdim);
  op(`${name}(Tensor self) -> Tensor`, { doc, decompose: ({ self }) => over(self, reducedDims(self, null), false), inplace: false });
  op(`${name}.dim(Tensor self, int dim, bool keepdim=False) -> Tensor`, {
    doc,
    decompose: ({ self, dim, keepdim }) => over(self, [dim], keepdim),
    inplace: false,
  });
  op(`${name}.dims(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor`, {
    doc,
    meta: ({ self, dim, keepdim }) => truth(self, wrapDims(dim, self.ndim, false), keepdim),
    kernel: ({ self, dim }, out) => anyInto(out!, self, wrapDims(dim, self.ndim, false), name === 'all'),
    batch: (run, { self, dim }) =>
      self.ndim === 1
        ? F._to_copy(self.ne(0), truth(self, [], true).dtype)
        : run({ dim: wrapDims(dim, self.ndim - 1, false).map((d) => d + 1) }),
    grad: 'none',
    inplace: false,
  });
}
op('count_nonzero.dim_IntList(Tensor self, int[] dim) -> Tensor', {
  doc: 'How many elements are not zero.',
  decompose: ({ self, dim }) => F.sum$dim_IntList(self.ne(0), dim),
  inplace: false,
});
op('count_nonzero(Tensor self, int? dim=None) -> Tensor', {
  doc: 'How many elements are not zero.',
  decompose: ({ self, dim }) => F.sum$dim_IntList(self.ne(0), dim === null ? null : [dim]),
  inplace: false,
});

// ---- extrema ------------------------------------------------------------------------------------------------------
/** The gradient of a selected value goes to all elements that are equal to it, in equal parts. */
export function spreadEvenly(g: Tensor, self: Tensor, value: Tensor): Tensor {
  const chosen = self.eq(value).logical_or(self.isnan().logical_and(value.isnan()));
  return chosen.mul(g.div(chosen.sum()));
}
function requireOrder(self: Tensor, message: string): void {
  if (self.dtype.is_complex) throw new NotImplementedError(`${message} not implemented for '${self.dtype.scalarName}'`);
}
op('value_selecting_reduction_backward(Tensor grad, int dim, Tensor indices, int[] sizes, bool keepdim) -> Tensor', {
  doc: 'The gradient of a reduction that takes one element of each line.',
  decompose: ({ grad, dim, indices, sizes, keepdim }) => {
    const expand = !keepdim && sizes.length > 0;
    const [g, at] = expand ? [grad.unsqueeze(dim), indices.unsqueeze(dim)] : [grad, indices];
    return F.zeros(sizes, g.dtype, null, g.device).scatter(dim, at, g);
  },
  surface: [],
  inplace: false,
});
for (const [name, max] of [
  ['amax', 'max'],
  ['amin', 'min'],
] as const) {
  const largest = name === 'amax';
  const word = largest ? 'largest' : 'smallest';
  op(`${name}(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor`, {
    outMismatch: (expected, given) =>
      `Expected the dtype for input and out to match, but got ${expected.scalarName} for input's dtype and ${given.scalarName} for out's dtype.`,
    doc: `The ${word} element over the given dimensions; equal ones share the gradient.`,
    meta: ({ self, dim, keepdim }) => {
      const spec = reduction(self, dim, keepdim, self.dtype);
      requireElements(self, dim, `${name}()`);
      requireOrder(self, `"${max}_values_cpu"`);
      return spec;
    },
    kernel: ({ self, dim }, out) => extremumInto(out!, self, reducedDims(self, dim), largest),
    grad: {
      self: uses('self', 'result', (g, { self, result, dim, keepdim }) => {
        const dims = reducedDims(self, dim);
        const chosen = self.eq(restored(result, self.layout.shape, dims, keepdim));
        return restored(g, self.layout.shape, dims, keepdim)
          .mul(chosen)
          .div(F.sum$dim_IntList(chosen, dims, true));
      }),
    },
    batch: (run, a) => run(perExample(a)),
    inplace: false,
  });
  op(`${max}(Tensor self) -> Tensor`, {
    doc: `The ${word} element; equal ones share the gradient.`,
    meta: ({ self }) => {
      requireElements(self, null, `${max}()`);
      requireOrder(self, `"${max}_all"`);
      return reduction(self, null, false, self.dtype);
    },
    kernel: ({ self }, out) => extremumInto(out!, self, reducedDims(self, null), largest),
    grad: { self: uses('self', 'result', (g, { self, result }) => spreadEvenly(g, self, result)) },
    batch: (_run, { self }, _, n) => F[name](rows(self, n), [1]),
    gradName: `${largest ? 'Max' : 'Min'}Backward1`,
    inplace: false,
  });
  op(`${max}.other(Tensor self, Tensor other) -> Tensor`, {
    doc: `The ${word === 'largest' ? 'larger' : 'smaller'} of each pair of elements.`,
    decompose: ({ self, other }) => (largest ? self.maximum(other) : self.minimum(other)),
    inplace: false,
  });
  op(`${max}.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)`, {
    outMismatch: exactOut,
    doc: `The ${word} element over a dimension and where it first is.`,
    meta: ({ self, dim, keepdim }) => {
      const { shape } = reduction(self, dim, keepdim, self.dtype);
      requireElements(self, [dim], `${max}()`);
      if (self.dtype.is_complex) throw new TypeError(`${max}(): does not support complex input`);
      return [
        { shape, dtype: self.dtype },
        { shape, dtype: int64 },
      ];
    },
    kernel: ({ self, dim }, values, indices) => selectInto(values!, indices!, self, wrapDim(dim, self.ndim), firstExtremum(largest)),
    grad: {
      self: uses('indices', (g, { self, indices, dim, keepdim }) =>
        F.value_selecting_reduction_backward(g, dim, indices, self.shape, keepdim),
      ),
    },
    inplace: false,
  });
  op(`arg${max}(Tensor self, int? dim=None, bool keepdim=False) -> Tensor`, {
    outMismatch: exactOut,
    doc: `Where the ${word} element is, the first of equal ones; without dim in the flattened tensor.`,
    meta: ({ self, dim, keepdim }) => {
      if (self.dtype.is_complex) throw new TypeError(`arg${max}(): does not support complex input`);
      if (self.dtype === bool) throw new NotImplementedError(`arg${max}(): does not support bool input`);
      const spec = reduction(self, dim, keepdim, int64);
      requireElements(
        self,
        dim === null ? null : [dim],
        `arg${max}()`,
        (n) => new IndexError(`${n}: Expected reduction dim to be specified for input.numel() == 0.`),
      );
      return spec;
    },
    kernel: ({ self, dim }, out) => {
      const at = elements(out!) as BigInt64Array;
      const dims = reducedDims(self, dim);
      const { shape } = self.layout;
      const step = dim === null ? 1 : shape.slice(dims[0]! + 1).reduce((a, b) => a * b, 1);
      const n = groupSize(shape, dims);
      extremumPlaces(self, dims, at.length, largest).forEach((place, i) => {
        at[i] = BigInt(Math.floor(place / step) % n);
      });
    },
    batch: (run, { self, dim, keepdim }, _, n) => {
      if (dim !== null && self.ndim > 1) return run({ dim: wrapDim(dim, self.ndim - 1) + 1 });
      const flat = (largest ? F.argmax : F.argmin)(rows(self, n), 1, false);
      return keepdim ? flat.reshape([n, ...new Array<number>(self.ndim - 1).fill(1)]) : flat;
    },
    grad: 'none',
    inplace: false,
  });
}
op('aminmax(Tensor self, *, int? dim=None, bool keepdim=False) -> (Tensor min, Tensor max)', {
  outMismatch: exactOut,
  distinctOuts: true,
  doc: 'The smallest and the largest element.',
  decompose: ({ self, dim, keepdim }) => {
    if (self.dtype.is_complex) throw new TypeError(`aminmax not implemented for ${self.dtype.scalarName}`);
    const dims = dim === null ? [] : reducedDims(self, [dim]);
    reducedDims(self, dims);
    const identity = 'cannot compute aminmax over an empty dimension as the operation has no identity.';
    if (dim === null && self.layout.numel === 0) throw new RuntimeError(`aminmax(): ${identity}`);
    requireElements(self, dims, 'aminmax');
    return [F.amin(self, dims, keepdim), F.amax(self, dims, keepdim)];
  },
  inplace: false,
});

// ---- others -------------------------------------------------------------------------------------------------------
op('hash_tensor(Tensor self, int[1] dim=[], *, bool keepdim=False, int mode=0) -> Tensor', {
  doc: 'The exclusive or of the bits of the elements, as float64 or int64.',
  meta: ({ self, dim, keepdim, mode }) => {
    const spec = reduction(self, dim, keepdim, uint64);
    requireElements(self, dim, 'hash_tensor');
    if (mode !== 0) throw new RuntimeError(`Unknown hash_tensor mode: ${mode}`);
    requireOrder(self, '"xor_sum_cpu"');
    return spec;
  },
  kernel: ({ self, dim }, out) => xorInto(out!, self, reducedDims(self, dim)),
  batch: (run, a) => run(perExample(a)),
  grad: 'none',
  inplace: false,
});
op('sum_to_size(Tensor self, int[] size) -> Tensor', {
  doc: 'The sum over the dimensions in which self is broadcast from `size`.',
  decompose: ({ self, size }) => {
    if (size.length === 0) return F.sum(self);
    const from = self.layout.shape;
    const lead = from.length - size.length;
    if (lead < 0 || size.some((s, i) => s !== from[lead + i] && s !== 1))
      throw new RuntimeError(`size {${showShape(size)}} is not expandable to size {${showShape(from)}}.`);
    const dims = from.flatMap((s, i) => (i < lead || (size[i - lead] === 1 && s !== 1) ? [i] : []));
    const summed = dims.length ? F.sum$dim_IntList(self, dims, true) : self;
    return lead > 0 ? summed.view(size) : summed;
  },
  surface: ['method'],
  inplace: false,
});
op('trace(Tensor self) -> Tensor', {
  doc: 'The sum of the diagonal of a matrix.',
  decompose: ({ self }) => {
    if (self.ndim !== 2) throw new RuntimeError(`trace: expected a matrix, but got tensor with dim ${self.ndim}`);
    if (self.dtype === bool) throw new NotImplementedError('"trace" not implemented for \'Bool\'');
    return self.diagonal().sum();
  },
  autocast: 'float32',
  inplace: false,
});
