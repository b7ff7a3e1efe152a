// Pooling in one to three dimensions: three primitives for any number of them (maximum, average, adaptive average), each with its
// gradient, and PyTorch's names over them.
import { adaptiveWindows, maxPoolBackwardInto, maxPoolInto, slidingWindows, sumPoolInto } from '../backend/reference/pool.ts';
import { Category, int64 } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError, ValueError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import type { Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, type Spec, uses } from '../dispatch/operator.ts';

type Ints = readonly number[];
/** What is sized by the last n dimensions. */
const spatial = (shape: Shape, n: number): Ints => shape.slice(shape.length - n);
const lead = (shape: Shape, n: number): Ints => shape.slice(0, shape.length - n);
const product = (s: Ints): number => s.reduce((a, b) => a * b, 1);

/** A window that begins in the padding behind the input does not count. */
function pooledSize(size: number, kernel: number, stride: number, padding: number, dilation: number, ceil: boolean): number {
  const room = size + 2 * padding - dilation * (kernel - 1) - 1;
  let out = Math.floor((room + (ceil ? stride - 1 : 0)) / stride) + 1;
  if (ceil && (out - 1) * stride >= size + padding) out--;
  return out;
}
interface Pool {
  readonly kernel_size: Ints;
  readonly stride: Ints;
  readonly padding: Ints;
  readonly ceil_mode: boolean;
  readonly dilation?: Ints;
}
const pooledSizes = (size: Ints, p: Pool): number[] => size.map((s, d) => pooledSize(s, p.kernel_size[d]!, p.stride[d]!, p.padding[d]!, p.dilation?.[d] ?? 1, p.ceil_mode));

// ---- maximum ------------------------------------------------------------------------------------------------------
function rejectUnordered(self: Tensor, name: string): void {
  if (self.dtype.category === Category.Complex || self.dtype.category === Category.Bool) throw new NotImplementedError(`"${name}" not implemented for '${self.dtype.scalarName}'`);
}
const maxSpec = (self: Tensor, size: Ints): Spec[] => {
  const shape = [...lead(self.layout.shape, size.length), ...size];
  return [
    { shape, dtype: self.dtype },
    { shape, dtype: int64 },
  ];
};
op('_max_pool(Tensor self, int[] kernel_size, int[] stride, int[] padding, int[] dilation, bool ceil_mode) -> (Tensor values, Tensor indices)', {
  doc: 'The largest element of every window of the last dimensions, and its place in the plane.',
  meta: (a) => {
    rejectUnordered(a.self, 'max_pool2d');
    return maxSpec(a.self, pooledSizes(spatial(a.self.layout.shape, a.kernel_size.length), a));
  },
  kernel: (a, out, indices) => {
    const n = a.kernel_size.length;
    maxPoolInto(out!, indices!, a.self, slidingWindows(spatial(a.self.layout.shape, n), spatial(out!.layout.shape, n), a.kernel_size, a.stride, a.padding, a.dilation));
  },
  grad: { self: uses('indices', (g, { self, indices, kernel_size }) => F._max_pool_backward(g, indices, spatial(self.shape, kernel_size.length) as number[])) },
  batch: 'leading',
  surface: [],
  gradName: 'MaxPool2DWithIndicesBackward0',
  inplace: false,
});
op('_max_pool_backward(Tensor grad, Tensor indices, int[] size) -> Tensor', {
  doc: 'The gradients of maxima at their places in planes of the given size.',
  meta: ({ grad, size }) => ({ shape: [...lead(grad.layout.shape, size.length), ...size], dtype: grad.dtype }),
  kernel: ({ grad, indices, size }, out) => maxPoolBackwardInto(out!, grad, indices, size.length),
  grad: { grad: uses('indices', (h, { indices, size }) => atPlaces(h, indices, size.length)) },
  batch: 'leading',
  surface: [],
});
/** The elements of planes at the places of maxima. */
function atPlaces(planes: Tensor, indices: Tensor, n: number): Tensor {
  const flat = (t: Tensor): Tensor => t.reshape([...lead(t.layout.shape, n), product(spatial(t.layout.shape, n))]);
  return F.gather(flat(planes), planes.ndim - n, flat(indices)).reshape(indices.layout.shape as number[]);
}
op('_adaptive_max_pool(Tensor self, int[] output_size) -> (Tensor values, Tensor indices)', {
  doc: 'The largest element of every window that divides the last dimensions evenly.',
  meta: ({ self, output_size }) => {
    rejectUnordered(self, `adaptive_max_pool${output_size.length}d_cpu`);
    return maxSpec(self, output_size);
  },
  kernel: ({ self, output_size }, out, indices) => maxPoolInto(out!, indices!, self, adaptiveWindows(spatial(self.layout.shape, output_size.length), output_size)),
  grad: { self: uses('indices', (g, { self, indices, output_size }) => F._max_pool_backward(g, indices, spatial(self.shape, output_size.length) as number[])) },
  batch: 'leading',
  surface: [],
  gradName: 'AdaptiveMaxPool2DBackward0',
  inplace: false,
});

// ---- average ------------------------------------------------------------------------------------------------------
/** What a window's sum is divided by. */
function divisors(size: Ints, out: Ints, p: Pool & { readonly count_include_pad: boolean; readonly divisor_override: number | null }): (o: number, count: number) => number {
  if (p.divisor_override !== null) return () => p.divisor_override!;
  if (!p.count_include_pad) return (_, count) => count;
  // Padding counts, what lies beyond it does not.
  const lengths = size.map((s, d) =>
    Array.from({ length: out[d]! }, (_, o) => {
      const start = o * p.stride[d]! - p.padding[d]!;
      return Math.min(start + p.kernel_size[d]!, s + p.padding[d]!) - start;
    }),
  );
  return (o) => {
    let [rest, n] = [o, 1];
    for (let d = size.length - 1; d >= 0; d--) {
      n *= lengths[d]![rest % out[d]!]!;
      rest = Math.floor(rest / out[d]!);
    }
    return n;
  };
}
const AVERAGE = 'int[] kernel_size, int[] stride, int[] padding, bool ceil_mode, bool count_include_pad, int? divisor_override' as const;
op(`_avg_pool(Tensor self, ${AVERAGE}) -> Tensor`, {
  doc: 'The mean of every window of the last dimensions.',
  meta: (a) => {
    const n = a.kernel_size.length;
    if (a.self.dtype.category === Category.Bool || a.self.dtype.is_complex || (a.self.dtype.category === Category.Integral && a.self.dtype !== int64)) {
      throw new NotImplementedError(`"avg_pool${n === 3 ? 3 : 2}d_out_frame" not implemented for '${a.self.dtype.scalarName}'`.replace('avg_pool2d_out_frame', 'avg_pool2d'));
    }
    return { shape: [...lead(a.self.layout.shape, n), ...pooledSizes(spatial(a.self.layout.shape, n), a)], dtype: a.self.dtype };
  },
  kernel: (a, out) => averageInto(out!, a.self, a.self.layout.shape, out!.layout.shape, a, false),
  grad: { self: uses((g, a) => F._avg_pool_backward(g, spatial(a.self.shape, a.kernel_size.length) as number[], ...average(a))) },
  linear: true,
  batch: 'leading',
  surface: [],
  gradName: 'AvgPool2DBackward0',
  inplace: false,
});
op(`_avg_pool_backward(Tensor grad, int[] size, ${AVERAGE}) -> Tensor`, {
  doc: 'The gradients of means spread over their windows.',
  meta: ({ grad, size }) => ({ shape: [...lead(grad.layout.shape, size.length), ...size], dtype: grad.dtype }),
  kernel: (a, out) => averageInto(out!, a.grad, out!.layout.shape, a.grad.layout.shape, a, true),
  grad: { grad: uses((h, a) => F._avg_pool(h, ...average(a))) },
  linear: true,
  batch: 'leading',
  surface: [],
});
interface Average extends Pool {
  readonly count_include_pad: boolean;
  readonly divisor_override: number | null;
}
const average = (a: Average): [number[], number[], number[], boolean, boolean, number | null] => [
  a.kernel_size as number[],
  a.stride as number[],
  a.padding as number[],
  a.ceil_mode,
  a.count_include_pad,
  a.divisor_override,
];
function averageInto(out: Tensor, self: Tensor, large: Shape, small: Shape, a: Average, transposed: boolean): void {
  const n = a.kernel_size.length;
  const [size, sizes] = [spatial(large, n), spatial(small, n)];
  sumPoolInto(out, self, large, slidingWindows(size, sizes, a.kernel_size, a.stride, a.padding), divisors(size, sizes, a), transposed);
}
op('_adaptive_avg_pool(Tensor self, int[] output_size) -> Tensor', {
  doc: 'The mean of every window that divides the last dimensions evenly.',
  meta: ({ self, output_size }) => {
    if (self.dtype.category !== Category.Floating) throw new NotImplementedError(`"adaptive_avg_pool${output_size.length === 3 ? '3d_cpu' : '2d'}" not implemented for '${self.dtype.scalarName}'`);
    return { shape: [...lead(self.layout.shape, output_size.length), ...output_size], dtype: self.dtype };
  },
  kernel: ({ self, output_size }, out) =>
    sumPoolInto(out!, self, self.layout.shape, adaptiveWindows(spatial(self.layout.shape, output_size.length), output_size), (_, count) => count, false),
  grad: { self: uses((g, { self, output_size }) => F._adaptive_avg_pool_backward(g, spatial(self.shape, output_size.length) as number[])) },
  linear: true,
  batch: 'leading',
  surface: [],
  gradName: 'AdaptiveAvgPool2DBackward0',
  inplace: false,
});
op('_adaptive_avg_pool_backward(Tensor grad, int[] size) -> Tensor', {
  doc: 'The gradients of adaptive means spread over their windows.',
  meta: ({ grad, size }) => ({ shape: [...lead(grad.layout.shape, size.length), ...size], dtype: grad.dtype }),
  kernel: ({ grad, size }, out) =>
    sumPoolInto(out!, grad, out!.layout.shape, adaptiveWindows(size, spatial(grad.layout.shape, size.length)), (_, count) => count, true),
  grad: { grad: uses((h, { grad, size }) => F._adaptive_avg_pool(h, spatial(grad.shape, size.length) as number[])) },
  linear: true,
  batch: 'leading',
  surface: [],
});

// ---- checks -------------------------------------------------------------------------------------------------------
const full = (values: Ints | null, n: number, otherwise: Ints): number[] => {
  if (!values || values.length === 0) return otherwise as number[];
  return values.length === 1 ? new Array<number>(n).fill(values[0]!) : (values as number[]);
};
const AXES = ['T', 'H', 'W'] as const;
const listed = (prefix: string, values: Ints): string => AXES.slice(3 - values.length).map((a, i) => `${prefix}${a}: ${values[i]}`).join(' ');
function checkWindows(name: string, n: number, p: Pool): void {
  const dilation = p.dilation ?? p.kernel_size.map(() => 1);
  if (n === 1) {
    if (p.kernel_size.some((k) => k <= 0)) throw new RuntimeError(`${name}() kernel_size must be greater than zero, but got ${p.kernel_size[0]}`);
    if (p.stride.some((s) => s <= 0)) throw new RuntimeError(`${name}() stride must be greater than zero, but got ${p.stride[0]}`);
  }
  if (p.kernel_size.some((k) => k <= 0)) throw new RuntimeError(`kernel size should be greater than zero, but got ${listed('k', p.kernel_size)}`);
  if (p.stride.some((s) => s <= 0)) throw new RuntimeError(`stride should be greater than zero, but got ${listed('d', p.stride)}`);
  if (dilation.some((d) => d <= 0)) throw new RuntimeError(`dilation should be greater than zero, but got ${listed('dilation', dilation)}`);
  for (let i = 0; i < n; i++) {
    if (p.padding[i]! < 0) throw new RuntimeError(`pad must be non-negative, but got pad: ${p.padding[i]}`);
    const reach = (p.kernel_size[i]! - 1) * dilation[i]! + 1;
    if (reach > Number.MAX_SAFE_INTEGER) throw new RuntimeError('effective kernel size overflows');
    if (p.padding[i]! > Math.floor(reach / 2)) {
      throw new RuntimeError(`pad should be at most half of effective kernel size, but got pad=${p.padding[i]}, kernel_size=${p.kernel_size[i]} and dilation=${dilation[i]}`);
    }
  }
}
function checkSizes(self: Tensor, n: number, p: Pool): void {
  const { shape } = self.layout;
  if (shape.length !== n + 1 && shape.length !== n + 2) throw new RuntimeError(`Expected ${n + 1}D or ${n + 2}D (batch mode) tensor with optional 0 dim batch size for input, but got: ${showShape(shape)}`);
  const inner = shape.slice(shape.length === n + 2 ? 1 : 0);
  if (inner.includes(0)) {
    if (n === 3) throw new RuntimeError(`Expected input to have non-zero size for non-batch dimensions, but got ${showShape(shape)} (non-empty 4D or 5D (batch mode) tensor expected for input)`);
    throw new RuntimeError(`Expected ${n + 1}D or ${n + 2}D (batch mode) tensor with optional 0 dim batch size for input, but got: ${showShape(shape)}`);
  }
  const size = pooledSizes(spatial(shape, n), p);
  if (size.every((s) => s >= 1)) return;
  if (n === 1) throw new RuntimeError(`max_pool1d() Invalid computed output size: ${size[0]}`);
  const channels = shape[shape.length - n - 1];
  throw new RuntimeError(`Given input size: (${[channels, ...spatial(shape, n)].join('x')}). Calculated output size: (${[channels, ...size].join('x')}). Output size is too small`);
}

// ---- PyTorch's names ----------------------------------------------------------------------------------------------
type Pair = readonly [Tensor, Tensor];
interface MaxArgs {
  readonly kernel_size: Ints;
  readonly stride: Ints | null;
  readonly padding: Ints;
  readonly dilation: Ints;
  readonly ceil_mode: boolean;
}
function maxPool(self: Tensor, n: number, a: MaxArgs): Pair {
  const kernel_size = full(a.kernel_size, n, []);
  const p = { kernel_size, stride: full(a.stride, n, kernel_size), padding: full(a.padding, n, []), dilation: full(a.dilation, n, []), ceil_mode: a.ceil_mode };
  checkWindows(`max_pool${n}d`, n, p);
  checkSizes(self, n, p);
  return F._max_pool(self, kernel_size, p.stride, p.padding, p.dilation, p.ceil_mode) as unknown as Pair;
}
/** The values, or both with return_indices. */
const chosen = ([values, indices]: Pair, both: boolean): Tensor | Pair => (both ? [values, indices] : values);
const RETURNS = 'Tensor & readonly [Tensor, Tensor]';

for (const n of [1, 2, 3] as const) {
  op(`max_pool${n}d(Tensor self, int[${n}] kernel_size, int[${n}]? stride=None, int[${n}] padding=0, int[${n}] dilation=1, bool ceil_mode=False) -> Tensor` as MaxSchema, {
    doc: 'The largest element of every window.',
    decompose: (a) => maxPool(a.self, n, a)[0],
    surface: ['function'],
    inplace: false,
  });
  op(`max_pool${n}d_with_indices(Tensor self, int[${n}] kernel_size, int[${n}]? stride=None, int[${n}] padding=0, int[${n}] dilation=1, bool ceil_mode=False) -> (Tensor values, Tensor indices)` as MaxIndexSchema, {
    doc: 'The largest element of every window, and its place.',
    decompose: (a) => maxPool(a.self, n, a),
    surface: n === 1 ? [] : [],
    inplace: false,
  });
  op(
    `max_pool${n}d.functional(Tensor input, int[${n}] kernel_size, int[${n}]? stride=None, int[${n}] padding=0, int[${n}] dilation=1, bool ceil_mode=False, bool return_indices=False) -> Tensor` as FunctionalMaxSchema,
    {
      doc: 'The largest element of every window, and with return_indices its place.',
      decompose: (a) => chosen(maxPool(a.input, n, a), a.return_indices),
      returns: RETURNS,
      surface: ['nn.functional'],
    },
  );
  op(`max_pool${n}d_with_indices.functional(Tensor input, int[${n}] kernel_size, int[${n}]? stride=None, int[${n}] padding=0, int[${n}] dilation=1, bool ceil_mode=False, bool return_indices=False) -> (Tensor values, Tensor indices)` as FunctionalMaxIndexSchema, {
    doc: 'The largest element of every window, and its place.',
    decompose: (a) => maxPool(a.input, n, a),
    surface: ['nn.functional'],
  });
}
type MaxSchema = 'max_pool2d(Tensor self, int[2] kernel_size, int[2]? stride=None, int[2] padding=0, int[2] dilation=1, bool ceil_mode=False) -> Tensor';
type MaxIndexSchema = 'max_pool2d_with_indices(Tensor self, int[2] kernel_size, int[2]? stride=None, int[2] padding=0, int[2] dilation=1, bool ceil_mode=False) -> (Tensor values, Tensor indices)';
type FunctionalMaxSchema =
  'max_pool2d.functional(Tensor input, int[2] kernel_size, int[2]? stride=None, int[2] padding=0, int[2] dilation=1, bool ceil_mode=False, bool return_indices=False) -> Tensor';
type FunctionalMaxIndexSchema =
  'max_pool2d_with_indices.functional(Tensor input, int[2] kernel_size, int[2]? stride=None, int[2] padding=0, int[2] dilation=1, bool ceil_mode=False, bool return_indices=False) -> (Tensor values, Tensor indices)';

op('max_pool2d_with_indices_backward(Tensor grad_output, Tensor self, int[2] kernel_size, int[2] stride, int[2] padding, int[2] dilation, bool ceil_mode, Tensor indices) -> Tensor', {
  doc: 'The gradient of max_pool2d from the places of the maxima.',
  decompose: ({ grad_output, self, indices }) => F._max_pool_backward(grad_output, indices, spatial(self.layout.shape, 2) as number[]),
  surface: [],
});

interface AverageArgs {
  readonly kernel_size: Ints;
  readonly stride: Ints | null;
  readonly padding: Ints;
  readonly ceil_mode: boolean;
  readonly count_include_pad: boolean;
  readonly divisor_override?: number | null;
}
function avgPool(input: Tensor, n: number, a: AverageArgs): Tensor {
  const kernel_size = full(a.kernel_size, n, []);
  const p = { kernel_size, stride: full(a.stride, n, kernel_size), padding: full(a.padding, n, []), ceil_mode: a.ceil_mode };
  if (a.divisor_override === 0) throw new RuntimeError('divisor must be not zero');
  checkWindows(`avg_pool${n}d`, n, p);
  checkSizes(input, n, p);
  return F._avg_pool(input, kernel_size, p.stride, p.padding, p.ceil_mode, a.count_include_pad, a.divisor_override ?? null);
}
op('avg_pool1d(Tensor input, int[1] kernel_size, int[1]? stride=None, int[1] padding=0, bool ceil_mode=False, bool count_include_pad=True) -> Tensor', {
  doc: 'The mean of every window.',
  decompose: (a) => avgPool(a.input, 1, a),
  surface: ['function', 'nn.functional'],
});
for (const n of [2, 3] as const) {
  op(`avg_pool${n}d(Tensor input, int[${n}] kernel_size, int[${n}]? stride=None, int[${n}] padding=0, bool ceil_mode=False, bool count_include_pad=True, int? divisor_override=None) -> Tensor` as AvgSchema, {
    doc: 'The mean of every window.',
    decompose: (a) => avgPool(a.input, n, a),
    surface: ['nn.functional'],
  });
}
type AvgSchema = 'avg_pool2d(Tensor input, int[2] kernel_size, int[2]? stride=None, int[2] padding=0, bool ceil_mode=False, bool count_include_pad=True, int? divisor_override=None) -> Tensor';

/** The output size with the input's where null stands. */
function adaptiveSize(input: Tensor, n: number, given: unknown, name: string): number[] {
  const list = Array.isArray(given) ? (given as (number | null)[]) : new Array<number | null>(n).fill(given as number | null);
  if (list.length !== n) throw new RuntimeError(n === 1 ? `${name}(): argument 'output_size' should contain one int` : `${name}: output_size must be ${n}`);
  const { shape } = input.layout;
  if (shape.length < n + 1 || shape.length > n + 2) {
    if (shape.length < n + 1) throw new RuntimeError(`Input dimension should be at least ${n + 1}`);
    throw new RuntimeError(`${name}(): Expected ${n + 1}D or ${n + 2}D tensor, but got ${showShape(shape)}`);
  }
  const size = spatial(shape, n);
  return list.map((s, d) => s ?? size[d]!);
}
for (const n of [1, 2, 3] as const) {
  op(`adaptive_avg_pool${n}d(Tensor input, Size output_size) -> Tensor` as AdaptiveAvgSchema, {
    doc: 'Means of windows that divide the input evenly.',
    decompose: ({ input, output_size }) => {
      const size = adaptiveSize(input, n, output_size, `adaptive_avg_pool${n}d`);
      if (size.some((s) => s < 0)) throw new RuntimeError('elements of output_size must be greater than or equal to 0');
      return F._adaptive_avg_pool(input, size);
    },
    surface: n === 1 ? ['function', 'nn.functional'] : ['nn.functional'],
  });
  op(`adaptive_max_pool${n}d(Tensor input, Size output_size, bool return_indices=False) -> Tensor` as AdaptiveMaxSchema, {
    doc: 'Largest elements of windows that divide the input evenly, and with return_indices their places.',
    decompose: ({ input, output_size, return_indices }) => {
      const size = adaptiveSize(input, n, output_size, `adaptive_max_pool${n}d`);
      if (size.some((s) => s < 0)) throw new RuntimeError(`Trying to create tensor with negative dimension ${size.find((s) => s < 0)}: ${showShape([...lead(input.layout.shape, n), ...size])}`);
      return chosen(F._adaptive_max_pool(input, size) as unknown as Pair, return_indices);
    },
    returns: RETURNS,
    surface: ['nn.functional'],
  });
}
type AdaptiveAvgSchema = 'adaptive_avg_pool2d(Tensor input, Size output_size) -> Tensor';
type AdaptiveMaxSchema = 'adaptive_max_pool2d(Tensor input, Size output_size, bool return_indices=False) -> Tensor';

for (const n of [1, 2, 3] as const) {
  op(`lp_pool${n}d(Tensor input, float norm_type, int[${n}] kernel_size, int[${n}]? stride=None, bool ceil_mode=False) -> Tensor` as LpSchema, {
    doc: 'The p-norm of every window.',
    decompose: ({ input, norm_type: p, kernel_size, stride, ceil_mode }) => {
      const max = (x: Tensor): Tensor => maxPool(x, n, { kernel_size, stride, padding: [0], dilation: [1], ceil_mode })[0];
      if (p === 0) throw new ValueError(`norm_type must be a non-zero value, but got ${p}`);
      if (p === Number.POSITIVE_INFINITY) return max(input.abs());
      if (p === Number.NEGATIVE_INFINITY) return max(input.abs().neg()).neg();
      const mean = avgPool(input.pow(p), n, { kernel_size, stride, padding: [0], ceil_mode, count_include_pad: true });
      return mean
        .sign()
        .mul(mean.abs().relu())
        .mul(product(full(kernel_size, n, [])))
        .pow(1 / p);
    },
    surface: ['nn.functional'],
  });
}
type LpSchema = 'lp_pool2d(Tensor input, float norm_type, int[2] kernel_size, int[2]? stride=None, bool ceil_mode=False) -> Tensor';
