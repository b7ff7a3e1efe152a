// Writing by position along a dimension: scatter and its reductions, index_add, index_copy, index_fill, index_reduce.
import { bool, Category, int32, int64 } from '../core/dtype.ts';
import { IndexError, RuntimeError } from '../core/errors.ts';
import { type Scalar, scalarCategory } from '../core/scalar.ts';
import { showShape, wrapDim } from '../core/shape.ts';
import { sameShape, type Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { combine, placesAlong, placesWithin, type Reduction } from '../backend/reference/indexing.ts';
import { F } from '../dispatch/handles.gen.ts';
import { joint, op, type Spec, uses } from '../dispatch/operator.ts';
import { atLeast1d } from './indexing.ts';

// ---- scatter ------------------------------------------------------------------------------------------------------
/** The checks that every scatter makes; `src` is null where a number is scattered. */
function scatterSpec(self: Tensor, dim: number, index: Tensor, src: Tensor | null): Spec {
  const d = wrapDim(dim, self.ndim);
  if (index.layout.numel > 0 && index.dtype !== int64 && index.dtype !== int32)
    throw new RuntimeError('scatter(): Expected dtype int32/int64 for index');
  if (src && src.dtype !== self.dtype) throw new RuntimeError('scatter(): Expected self.dtype to be equal to src.dtype');
  if (index.layout.numel > 0) {
    const [to, at] = [atLeast1d(self.shape), atLeast1d(index.shape)];
    const from = src && atLeast1d(src.shape);
    if (at.length !== to.length) throw new RuntimeError('Index tensor must have the same number of dimensions as self tensor');
    if (from && at.length !== from.length) throw new RuntimeError('Index tensor must have the same number of dimensions as src tensor');
    if (at.some((s, i) => (i !== d && s > to[i]!) || (from !== null && s > from[i]!))) {
      const also = src ? ` and to be no larger size than src ${showShape(src.shape)}` : '';
      throw new RuntimeError(
        `Expected index ${showShape(index.shape)} to be no larger than self ${showShape(self.shape)} apart from dimension ${d}${also}`,
      );
    }
  }
  return { shape: self.layout.shape, dtype: self.dtype };
}
function scatterInto(
  out: Tensor,
  self: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor | Scalar,
  how: Reduction,
  includeSelf = true,
): void {
  const values = isTensor(src) ? src : F.expand(F.full([], src, self.dtype), index.layout.shape);
  const to = atLeast1d(self.layout.shape);
  const same = sameShape(values.layout.shape, index.layout.shape);
  const from = same ? undefined : placesWithin(atLeast1d(values.layout.shape), atLeast1d(index.layout.shape));
  combine(out, self, placesAlong(to, wrapDim(dim, self.ndim), index), values, how, includeSelf, from);
}
const isTensor = (x: Tensor | Scalar): x is Tensor => typeof x === 'object' && 'layout' in x;
/** A gradient for the part of src that the index reads; the rest gets zero. */
function gathered(g: Tensor, dim: number, index: Tensor, src: { readonly shape: Shape }): Tensor {
  return padded(F.gather(g, dim, index), src.shape);
}
/** The tensor with zeros after it along every dimension, up to a shape. */
function padded(t: Tensor, shape: Shape): Tensor {
  return shape.reduce((part, s, d) => {
    const missing = s - part.layout.shape[d]!;
    if (missing === 0) return part;
    const zeros = F.zeros(
      part.layout.shape.map((n, i) => (i === d ? missing : n)),
      t.dtype,
      null,
      t.device,
    );
    return F.cat([part, zeros], d);
  }, t);
}

op('scatter.src(Tensor self, int dim, Tensor index, Tensor src) -> Tensor', {
  doc: 'self with every element of src written at its own place, but at the position along `dim` that index says.',
  meta: ({ self, dim, index, src }) => scatterSpec(self, dim, index, src),
  kernel: ({ self, dim, index, src }, out) => scatterInto(out!, self, dim, index, src, 'set'),
  grad: {
    self: uses('index', (g, { dim, index }) => F.scatter$value(g, dim, index, 0)),
    src: uses('index', (g, { dim, index, src }) => gathered(g, dim, index, src)),
  },
  linear: true,
  integers: ['index'],
  castsOut: false,
});
op('scatter.value(Tensor self, int dim, Tensor index, Scalar value) -> Tensor', {
  meta: ({ self, dim, index }) => scatterSpec(self, dim, index, null),
  kernel: ({ self, dim, index, value }, out) => scatterInto(out!, self, dim, index, value, 'set'),
  grad: { self: uses('index', (g, { dim, index }) => F.scatter$value(g, dim, index, 0)) },
  integers: ['index'],
  castsOut: false,
});
const OPERATION: Readonly<Record<string, Reduction>> = { add: 'sum', multiply: 'prod' };
function operation(reduce: string): Reduction {
  const how = OPERATION[reduce];
  if (!how) throw new RuntimeError('reduce argument must be either add or multiply.');
  return how;
}
op('scatter.reduce(Tensor self, int dim, Tensor index, Tensor src, *, str reduce) -> Tensor', {
  meta: ({ self, dim, index, src, reduce }) => {
    operation(reduce);
    return scatterSpec(self, dim, index, src);
  },
  kernel: ({ self, dim, index, src, reduce }, out) => scatterInto(out!, self, dim, index, src, operation(reduce)),
  integers: ['index'],
  castsOut: false,
});
op('scatter.value_reduce(Tensor self, int dim, Tensor index, Scalar value, *, str reduce) -> Tensor', {
  meta: ({ self, dim, index, reduce }) => {
    operation(reduce);
    return scatterSpec(self, dim, index, null);
  },
  kernel: ({ self, dim, index, value, reduce }, out) => scatterInto(out!, self, dim, index, value, operation(reduce)),
  integers: ['index'],
  castsOut: false,
});
op('scatter_add(Tensor self, int dim, Tensor index, Tensor src) -> Tensor', {
  doc: 'As scatter, but added; positions may repeat.',
  meta: ({ self, dim, index, src }) => scatterSpec(self, dim, index, src),
  kernel: ({ self, dim, index, src }, out) => scatterInto(out!, self, dim, index, src, 'sum'),
  grad: { self: uses((g) => g), src: uses('index', (g, { dim, index, src }) => gathered(g, dim, index, src)) },
  linear: true,
  integers: ['index'],
  castsOut: false,
});

// ---- scatter_reduce -----------------------------------------------------------------------------------------------
const REDUCTIONS: readonly string[] = ['sum', 'prod', 'mean', 'amax', 'amin'] satisfies readonly Reduction[];
op('scatter_reduce.two(Tensor self, int dim, Tensor index, Tensor src, str reduce, *, bool include_self=True) -> Tensor', {
  doc: 'As scatter, but elements that come to the same position are reduced: sum, prod, mean, amax or amin.',
  meta: ({ self, dim, index, src, reduce }) => {
    if (!REDUCTIONS.includes(reduce)) throw new RuntimeError(`reduce argument must be either sum, prod, mean, amax or amin, got ${reduce}`);
    return scatterSpec(self, dim, index, src);
  },
  kernel: ({ self, dim, index, src, reduce, include_self }, out) =>
    scatterInto(out!, self, dim, index, src, reduce as Reduction, include_self),
  grad: joint('self', 'index', 'src', 'result', ([g], { self, dim, index, src, reduce, include_self, result }) => {
    const grads = reductionGradients(g!, { self, dim, index, src, result }, reduce, include_self);
    return { self: include_self ? grads.self : F.scatter$value(grads.self, dim, index, 0), src: grads.src };
  }),
  integers: ['index'],
  castsOut: false,
});
interface Reduced {
  readonly self: Tensor;
  readonly dim: number;
  readonly index: Tensor;
  readonly src: Tensor;
  readonly result: Tensor;
}
function reductionGradients(
  g: Tensor,
  { self, dim, index, src, result }: Reduced,
  reduce: string,
  includeSelf: boolean,
): { self: Tensor; src: Tensor } {
  const part = sameShape(src.shape, index.shape) ? src : index.layout.shape.reduce((t, s, d) => t.narrow(d, 0, s), src);
  const at = (t: Tensor): Tensor => F.gather(t, dim, index);
  const whole = (t: Tensor): Tensor => (part === src ? t : padded(t, src.shape));
  const added = (to: Tensor, values: Tensor): Tensor => F.scatter_add(to, dim, index, values);
  switch (reduce) {
    case 'sum':
      return { self: g, src: whole(at(g)) };
    case 'mean': {
      const start = includeSelf ? F.ones_like(self) : F.zeros_like(self);
      const counted = added(start, F.ones_like(part));
      const n = F.masked_fill$Tensor(counted, F.eq$Tensor(counted, 0), 1);
      return { self: F.div$Tensor(g, n), src: whole(F.div$Tensor(at(g), at(n))) };
    }
    case 'prod': {
      const isZero = F.eq$Tensor(part, 0);
      const safeSelf = F.masked_fill$Tensor(self, F.eq$Tensor(self, 0), 1);
      const others = F.scatter_reduce$two(safeSelf, dim, index, part, 'prod', includeSelf);
      const zeros = at(added(F.zeros_like(self), F._to_copy(isZero, self.dtype)));
      // A single zero gets the product of the others, which dividing cannot give.
      const single = F.logical_and(isZero, F.eq$Tensor(zeros, 1));
      const withoutSingle = F.scatter_reduce$two(self, dim, index, F.masked_fill$Tensor(part, single, 1), 'prod', includeSelf);
      const divided = F.div$Tensor(at(F.mul$Tensor(g, result)), F.masked_fill$Tensor(part, isZero, 1));
      return {
        self: F.div$Tensor(F.mul$Tensor(g, others), safeSelf),
        src: whole(F.where$self(single, at(F.mul$Tensor(g, withoutSingle)), divided)),
      };
    }
    default: {
      const selfChosen = F._to_copy(F.eq$Tensor(self, result), self.dtype);
      const srcChosen = F._to_copy(F.eq$Tensor(part, at(result)), self.dtype);
      const shared = F.div$Tensor(g, added(selfChosen, srcChosen));
      return { self: F.mul$Tensor(selfChosen, shared), src: whole(F.mul$Tensor(srcChosen, at(shared))) };
    }
  }
}

// ---- index_*: scatter with one index vector -----------------------------------------------------------------------
/** The index vector as scatter's index: repeated over the other dimensions of source. */
function widened(index: Tensor, dim: number, shape: Shape): Tensor {
  return index.reshape(shape.map((_, i) => (i === dim ? -1 : 1))).expand(shape);
}
/** self and source of index_add and index_reduce. */
function checkSource(name: string, self: Tensor, dim: number, index: Tensor, source: Tensor): void {
  const d = wrapDim(dim, self.ndim);
  if (index.ndim > 1)
    throw new IndexError(
      `${name}(): Index is supposed to be a vector, but got dim: ${index.ndim} with type: ${index.dtype.scalarName} and size: ${showShape(index.shape)}`,
    );
  if (index.dtype !== int64 && index.dtype !== int32)
    throw new RuntimeError(`${name}(): Expected dtype int32/int64 for index but got: ${index.dtype.scalarName}`);
  if (self.dtype !== source.dtype)
    throw new RuntimeError(
      `${name}(): self (${self.dtype.scalarName}) and source (${source.dtype.scalarName}) must have the same scalar type`,
    );
  const n = source.ndim === 0 ? 1 : (source.layout.shape[d] ?? 1);
  if (source.ndim > 0 && self.ndim > 0) {
    const rest = (t: Tensor): string => t.layout.shape.filter((_, i) => i !== d).join();
    if (source.ndim !== self.ndim || rest(self) !== rest(source)) {
      throw new RuntimeError(
        `source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = ${showShape(self.shape)} source.shape = ${showShape(source.shape)}`,
      );
    }
  }
  if (index.layout.numel !== n)
    throw new RuntimeError(
      `${name}(): Number of indices (${index.layout.numel}) should be equal to source.size(dim): (${n}), for dim: ${d}`,
    );
}
/** Calls a scatter on tensors of at least one dimension. */
function alongDim(
  self: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  scatter: (self: Tensor, d: number, index: Tensor, source: Tensor) => Tensor,
): Tensor {
  const d = wrapDim(dim, self.ndim);
  if (self.ndim === 0) return scatter(self.reshape([1]), 0, index.reshape([-1]), source.reshape([-1])).reshape([]);
  const from = source.ndim === 0 ? source.reshape(self.layout.shape.map(() => 1)) : source;
  return scatter(self, d, widened(index, d, from.layout.shape), from);
}
op('index_add(Tensor self, int dim, Tensor index, Tensor source, *, Scalar alpha=1) -> Tensor', {
  doc: 'alpha · source added to self at the given positions of a dimension.',
  decompose: ({ self, dim, index, source, alpha }) => {
    checkSource('index_add_', self, dim, index, source);
    const scaled = alpha === 1 ? source : F.mul$Tensor(source, alpha);
    return alongDim(self, dim, index, scaled.dtype === self.dtype ? scaled : F._to_copy(scaled, self.dtype), (s, d, i, v) =>
      F.scatter_add(s, d, i, v),
    );
  },
  integers: ['index'],
  castsOut: false,
});
op('index_reduce(Tensor self, int dim, Tensor index, Tensor source, str reduce, *, bool include_self=True) -> Tensor', {
  doc: 'source reduced into self at the given positions of a dimension: prod, mean, amax or amin.',
  decompose: ({ self, dim, index, source, reduce, include_self }) => {
    if (!['prod', 'mean', 'amax', 'amin'].includes(reduce))
      throw new RuntimeError(`index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got ${reduce}.`);
    checkSource('index_reduce_', self, dim, index, source);
    return alongDim(self, dim, index, source, (s, d, i, v) => F.scatter_reduce$two(s, d, i, v, reduce, include_self));
  },
  integers: ['index'],
  castsOut: false,
});
op('index_copy(Tensor self, int dim, Tensor index, Tensor source) -> Tensor', {
  doc: 'self with the slices of source at the given positions of a dimension.',
  decompose: ({ self, dim, index, source }) => {
    const d = wrapDim(dim, self.ndim);
    if (index.ndim > 1) throw new IndexError(`index_copy_(): Index should have dimension 1 or 0 (got ${index.ndim})`);
    if (source.ndim > 0 && self.ndim > 0 && source.ndim !== self.ndim) {
      throw new IndexError(
        `index_copy_(): When source and destination are not scalars, their dimensionality must match. Source dimensionality (${source.ndim}), destination dimensionality (${self.ndim})`,
      );
    }
    if (index.dtype !== int64) throw new RuntimeError(`index_copy_(): Expected a long tensor for index, but got ${index.dtype.scalarName}`);
    if (self.dtype !== source.dtype) {
      throw new RuntimeError(
        `index_copy_(): self and source expected to have the same dtype, but got (self) ${self.dtype.scalarName} and (source) ${source.dtype.scalarName}`,
      );
    }
    const rest = (t: Tensor): number[] => t.layout.shape.filter((_, i) => i !== d);
    if (!sameShape(rest(self), rest(source))) {
      throw new RuntimeError(
        `index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: ${rest(self).join(' ')} at dimension ${d} and source slice shape: ${rest(source).join(' ')} at dimension 0.`,
      );
    }
    const n = source.ndim === 0 ? 1 : source.layout.shape[d]!;
    if (index.layout.numel !== n)
      throw new IndexError(`index_copy_(): Number of indices (${index.layout.numel}) should be equal to source.size(dim) (${n})`);
    return inWords('index_copy_(): ', () => alongDim(self, dim, index, source, (s, k, i, v) => F.scatter$src(s, k, i, v)));
  },
  integers: ['index'],
  castsOut: false,
});
/** An index out of bounds, as an IndexError with the operator's name. */
function inWords<T>(prefix: string, body: () => T): T {
  try {
    return body();
  } catch (e) {
    if (e instanceof RuntimeError && /^index -?\d+ is out of bounds/.test(e.message)) throw new IndexError(prefix + e.message);
    throw e;
  }
}
function fillAt(self: Tensor, dim: number, index: Tensor, value: Tensor): Tensor {
  if (index.dtype !== int64) throw new IndexError('index_fill_(): Expected dtype int64 for index.');
  if (index.ndim > 1) throw new RuntimeError('Index has to be a vector/scalar');
  if (self.ndim === 0) return fillAt(self.reshape([1]), 0, index, value).reshape([]);
  const d = wrapDim(dim, self.ndim);
  const n = self.layout.shape[d]!;
  const filled = atDimension(d, () =>
    F._index_put(F.zeros([n], bool, null, self.device), [index.reshape([-1])], F.ones([], bool, null, self.device), false),
  );
  return F.where$self(filled.view(self.layout.shape.map((_, i) => (i === d ? n : 1))), value, self);
}
/** The number of the dimension in an error about an index. */
function atDimension<T>(d: number, body: () => T): T {
  try {
    return body();
  } catch (e) {
    if (e instanceof IndexError) throw new IndexError(e.message.replace('dimension 0', `dimension ${d}`));
    throw e;
  }
}
op('index_fill.int_Tensor(Tensor self, int dim, Tensor index, Tensor value) -> Tensor', {
  doc: 'self with one value at the given positions of a dimension.',
  decompose: ({ self, dim, index, value }) => {
    if (value.ndim > 0)
      throw new RuntimeError(`index_fill_ only supports a 0-dimensional value tensor, but got tensor with ${value.ndim} dimension(s).`);
    return fillAt(self, dim, index, value.dtype === self.dtype ? value : F._to_copy(value, self.dtype));
  },
  integers: ['index'],
  castsOut: false,
});
op('index_fill.int_Scalar(Tensor self, int dim, Tensor index, Scalar value) -> Tensor', {
  decompose: ({ self, dim, index, value }) => {
    if (scalarCategory(value) === Category.Complex && !self.dtype.is_complex)
      throw new RuntimeError('index_fill_(): Converting complex Scalar to non-complex type is not supported');
    return fillAt(self, dim, index, F.full([], value, self.dtype, null, self.device));
  },
  integers: ['index'],
  castsOut: false,
});
