// Running sums, products and extrema along a dimension; differences and the trapezoidal rule.
import { cumprodInto, cumsumInto, cumulativeExtremumInto, logcumsumexpInto, recurrenceInto } from '../backend/reference/scan.ts';
import { bool, Category, type DType, int64 } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { wrapDim } from '../core/shape.ts';
import type { Scalar } from '../core/scalar.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';

const runningDtype = (self: { dtype: DType }, dtype: DType | null): DType =>
  dtype ?? (self.dtype.category <= Category.Integral ? int64 : self.dtype);
const converted = (t: Tensor, dtype: DType | null): Tensor => (dtype === null || dtype === t.dtype ? t : F._to_copy(t, dtype));
const otherScalarType = (expected: DType, given: DType): string =>
  `expected scalar_type ${expected.scalarName} but found ${given.scalarName}`;
const first = (t: Tensor, dim: number, n: number): Tensor => F.slice$Tensor(t, dim, 0, n);
const rest = (t: Tensor, dim: number, from: number): Tensor => F.slice$Tensor(t, dim, from);

/** The product of the elements before each one. */
export function exclusiveProduct(x: Tensor, dim: number): Tensor {
  const n = x.layout.shape[dim]!;
  if (n === 0) return x;
  return F.cat([F.ones_like(first(x, dim, 1)), F.cumprod(first(x, dim, n - 1), dim)], dim);
}
/** r with rᵢ = xᵢ + cᵢ · rᵢ₋₁, or backwards rᵢ = xᵢ + cᵢ · rᵢ₊₁. */
function recurrence(x: Tensor, c: Tensor, dim: number, backwards: boolean): Tensor {
  return backwards ? F._linear_recurrence(x.flip([dim]), c.flip([dim]), dim).flip([dim]) : F._linear_recurrence(x, c, dim);
}
/** The elements moved one place towards the end (or the start), zero where nothing comes. */
function shifted(x: Tensor, dim: number, back: boolean): Tensor {
  const n = x.layout.shape[dim]!;
  if (n === 0) return x;
  const zero = F.zeros_like(first(x, dim, 1));
  return back ? F.cat([rest(x, dim, 1), zero], dim) : F.cat([zero, first(x, dim, n - 1)], dim);
}
op('_linear_recurrence(Tensor input, Tensor coefficient, int dim) -> Tensor', {
  doc: 'rᵢ = inputᵢ + coefficientᵢ · rᵢ₋₁ along a dimension: what the gradients of running products are made of.',
  meta: ({ input }) => ({ shape: input.layout.shape, dtype: input.dtype }),
  kernel: ({ input, coefficient, dim }, out) => recurrenceInto(out!, input, coefficient, wrapDim(dim, input.ndim)),
  grad: {
    input: uses('coefficient', (g, { coefficient, dim }) =>
      recurrence(g, shifted(coefficient.conj(), wrapDim(dim, g.ndim), true), wrapDim(dim, g.ndim), true),
    ),
    coefficient: uses('coefficient', 'result', (g, { coefficient, result, dim }) => {
      const d = wrapDim(dim, g.ndim);
      return recurrence(g, shifted(coefficient.conj(), d, true), d, true).mul(shifted(result.conj(), d, false));
    }),
  },
  surface: [],
  inplace: false,
});

function requireSameDtype(name: string): (self: Tensor) => void {
  return (self) => {
    if (self.dtype.is_complex) throw new NotImplementedError(`"${name}_cpu" not implemented for '${self.dtype.scalarName}'`);
  };
}
op('cumsum(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor', {
  doc: 'The running sum along a dimension.',
  meta: ({ self, dim, dtype }) => {
    wrapDim(dim, self.ndim);
    return { shape: self.layout.shape, dtype: runningDtype(self, dtype) };
  },
  kernel: ({ self, dim }, out) => cumsumInto(out!, self, wrapDim(dim, self.ndim)),
  grad: { self: uses((g, { dim }) => (g.ndim === 0 ? g : F.cumsum(g.flip([dim]), dim).flip([dim]))) },
  linear: true,
});
op('cumprod(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor', {
  doc: 'The running product along a dimension.',
  meta: ({ self, dim, dtype }) => {
    wrapDim(dim, self.ndim);
    return { shape: self.layout.shape, dtype: runningDtype(self, dtype) };
  },
  kernel: ({ self, dim }, out) => cumprodInto(out!, self, wrapDim(dim, self.ndim)),
  grad: {
    self: uses('self', (g, { self, dim, dtype }) => {
      if (g.ndim === 0) return g;
      const d = wrapDim(dim, g.ndim);
      const x = converted(self, dtype).conj();
      // Every element sees the product before it times the gradients after it, which a recurrence gathers without dividing.
      return exclusiveProduct(x, d).mul(recurrence(g, shifted(x, d, true), d, true));
    }),
  },
});
for (const name of ['cummax', 'cummin'] as const) {
  const largest = name === 'cummax';
  op(`${name}(Tensor self, int dim) -> (Tensor values, Tensor indices)`, {
    outMismatch: otherScalarType,
    doc: `The running ${largest ? 'maximum' : 'minimum'} along a dimension and where it is.`,
    meta: ({ self, dim }) => {
      wrapDim(dim, self.ndim);
      requireSameDtype(name)(self);
      return [
        { shape: self.layout.shape, dtype: self.dtype },
        { shape: self.layout.shape, dtype: int64 },
      ];
    },
    kernel: ({ self, dim }, values, indices) => cumulativeExtremumInto(values!, indices!, self, wrapDim(dim, self.ndim), largest),
    grad: {
      self: uses('indices', (g, { self, indices, dim }) =>
        g.ndim === 0 ? g : F.zeros(self.shape, g.dtype, null, g.device).scatter_add(dim, indices, g),
      ),
    },
    inplace: false,
  });
}
op('logcumsumexp(Tensor self, int dim) -> Tensor', {
  outMismatch: otherScalarType,
  doc: 'The logarithm of the running sum of exponentials along a dimension.',
  meta: ({ self, dim }) => {
    wrapDim(dim, self.ndim);
    if (self.dtype.category < Category.Floating)
      throw new NotImplementedError(`"logcumsumexp_out_cpu" not implemented for '${self.dtype.scalarName}'`);
    return { shape: self.layout.shape, dtype: self.dtype };
  },
  kernel: ({ self, dim }, out) => logcumsumexpInto(out!, self, wrapDim(dim, self.ndim)),
  grad: {
    self: uses('self', 'result', (g, { self, result, dim }) => {
      if (g.ndim === 0) return g;
      const d = wrapDim(dim, g.ndim);
      const n = self.layout.shape[d]!;
      if (n === 0) return g;
      // Σ gᵢ exp(x − yᵢ) over i from each place on: yᵢ never decreases, so every factor of the recurrence is at most 1.
      const steps = first(result, d, n - 1)
        .sub(rest(result, d, 1))
        .exp();
      const factors = F.cat([steps, F.zeros_like(first(result, d, 1))], d).conj();
      return recurrence(g, factors.masked_fill(factors.isnan(), 0), d, true).mul(self.sub(result).exp().conj());
    }),
  },
  inplace: false,
});

// ---- differences --------------------------------------------------------------------------------------------------
op('diff(Tensor self, int n=1, int dim=-1, Tensor? prepend=None, Tensor? append=None) -> Tensor', {
  doc: 'The n-th differences of neighbours along a dimension.',
  decompose: ({ self, n, dim, prepend, append }) => {
    if (self.ndim === 0) throw new RuntimeError('diff expects input to be at least one-dimensional');
    const d = wrapDim(dim, self.ndim);
    for (const t of [prepend, append]) {
      if (!t) continue;
      if (t.ndim !== self.ndim) throw new RuntimeError('diff expects prepend or append to be the same dimension as input');
      for (let i = 0; i < self.ndim; i++) {
        if (i !== d && t.layout.shape[i] !== self.layout.shape[i]) {
          throw new RuntimeError(
            `diff expects the shape of tensor to prepend or append to match that of input except along the differencing dimension; input.size(${i}) = ${self.layout.shape[i]}, but got tensor.size(${i}) = ${t.layout.shape[i]}`,
          );
        }
      }
    }
    if (n < 0) throw new RuntimeError(`order must be non-negative but got ${n}`);
    if (n === 0) return self.clone();
    const joined = [prepend, self, append].filter((t): t is Tensor => t !== null);
    let x = joined.length > 1 ? F.cat(joined, d) : self;
    for (let i = Math.min(n, x.layout.shape[d]!); i > 0; i--) {
      const size = x.layout.shape[d]!;
      const [upper, lower] = [rest(x, d, 1), first(x, d, Math.max(size - 1, 0))];
      x = x.dtype === bool ? upper.logical_xor(lower) : upper.sub(lower);
    }
    return x;
  },
  castsOut: true,
  inplace: false,
});

/** Neighbouring pairs of samples, and what each pair weighs. */
function panels(name: string, y: Tensor, x: Tensor | null, dx: Scalar, dim: number): { heights: Tensor; widths: Tensor | Scalar } {
  const d = wrapDim(dim, y.ndim, false);
  if (y.dtype === bool) throw new NotImplementedError(`${name}: received a bool input for \`y\`, but bool is not supported`);
  if (x?.dtype === bool) throw new NotImplementedError(`${name}: received a bool input for \`x\`, but bool is not supported`);
  const heights = rest(y, d, 1).add(first(y, d, Math.max(y.layout.shape[d]! - 1, 0)));
  return { heights, widths: x ? widthsOf(name, y, x, d) : dx };
}
function widthsOf(name: string, y: Tensor, x: Tensor, d: number): Tensor {
  if (x.ndim === 0) {
    const empty = y.layout.shape.map((s, i) => (i === d ? 0 : s));
    return F.zeros(empty, x.dtype, null, x.device);
  }
  if (x.ndim === 1) {
    if (x.layout.shape[0] !== y.layout.shape[d]) throw new RuntimeError(`${name}: There must be one \`x\` value for each sample point`);
    const shape = y.layout.shape.map((s, i) => (i === d ? s : 1));
    return differences(x.reshape(shape), d);
  }
  if (x.ndim < y.ndim) return differences(x.reshape([...new Array<number>(y.ndim - x.ndim).fill(1), ...x.layout.shape]), d);
  return differences(x, d + x.ndim - y.ndim);
}
const differences = (x: Tensor, d: number): Tensor => rest(x, d, 1).sub(first(x, d, Math.max(x.layout.shape[d]! - 1, 0)));

function trapezoid(y: Tensor, x: Tensor | null, dx: Scalar, dim: number): Tensor {
  if (y.layout.shape[wrapDim(dim, y.ndim, false)] === 0)
    return F.zeros(
      y.layout.shape.filter((_, i) => i !== wrapDim(dim, y.ndim)),
      y.dtype,
      null,
      y.device,
    );
  const { heights, widths } = panels('trapezoid', y, x, dx, dim);
  const sum = F.sum$dim_IntList(x ? heights.mul(widths) : heights, [dim]).div(2);
  return x ? sum : sum.mul(widths);
}
for (const name of ['trapezoid', 'trapz'] as const) {
  op(`${name}.x(Tensor y, Tensor x, *, int dim=-1) -> Tensor`, {
    doc: 'The integral by the trapezoidal rule.',
    decompose: ({ y, x, dim }) => trapezoid(y, x, 1, dim),
    surface: ['function'],
  });
  op(`${name}.dx(Tensor y, *, Scalar dx=1, int dim=-1) -> Tensor`, {
    doc: 'The integral by the trapezoidal rule.',
    decompose: ({ y, dx, dim }) => trapezoid(y, null, dx, dim),
    surface: ['function'],
  });
}
function cumulativeTrapezoid(y: Tensor, x: Tensor | null, dx: Scalar, dim: number): Tensor {
  const { heights, widths } = panels('cumulative_trapezoid', y, x, dx, dim);
  return x ? F.cumsum(heights.mul(widths), dim).div(2) : F.cumsum(heights, dim).mul(widths).div(2);
}
op('cumulative_trapezoid.x(Tensor y, Tensor x, *, int dim=-1) -> Tensor', {
  doc: 'The running integral by the trapezoidal rule.',
  decompose: ({ y, x, dim }) => cumulativeTrapezoid(y, x, 1, dim),
  surface: ['function'],
});
op('cumulative_trapezoid.dx(Tensor y, *, Scalar dx=1, int dim=-1) -> Tensor', {
  doc: 'The running integral by the trapezoidal rule.',
  decompose: ({ y, dx, dim }) => cumulativeTrapezoid(y, null, dx, dim),
  surface: ['function'],
});
