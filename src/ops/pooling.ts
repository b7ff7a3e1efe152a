// Pooling. One primitive a kind serves one to three dimensions; the public names state the number.
import { int64 } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import * as ref from '../backend/reference/pooling.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';

type Sizes = readonly number[];
const spread = (v: Sizes, n: number): number[] => (v.length === 1 ? new Array<number>(n).fill(v[0]!) : [...v]);
const spatial = (t: { shape: Sizes }, n: number): number[] => [...t.shape.slice(-n)];

/** The output size along one dimension; with ceil_mode the last window must begin inside the input or its left padding. */
function outputSize(size: number, kernel: number, stride: number, padding: number, dilation: number, ceil: boolean): number {
  const room = size + 2 * padding - dilation * (kernel - 1) - 1;
  let n = Math.floor((room + (ceil ? stride - 1 : 0)) / stride) + 1;
  if (ceil && (n - 1) * stride >= size + padding) n--;
  return n;
}
function pooledShape(name: string, self: Tensor, p: ref.Pool, ceil: boolean): number[] {
  const n = p.kernel.length;
  if (self.ndim !== n + 1 && self.ndim !== n + 2) throw new RuntimeError(`${name}: Expected ${n + 1}D or ${n + 2}D tensor as input, but got ${self.ndim}D`);
  p.stride.forEach((s) => {
    if (s <= 0) throw new RuntimeError('stride should not be zero');
  });
  p.kernel.forEach((k, d) => {
    if (k <= 0) throw new RuntimeError('kernel size should be greater than zero, but got ' + `kernel_size: ${k}`);
    const effective = (k - 1) * p.dilation[d]! + 1;
    if (p.padding[d]! < 0) throw new RuntimeError(`pad must be non-negative, but got pad: ${p.padding[d]}`);
    if (p.padding[d]! > Math.floor(effective / 2)) {
      throw new RuntimeError(`pad should be at most half of effective kernel size, but got pad=${p.padding[d]}, kernel_size=${k} and dilation=${p.dilation[d]}`);
    }
  });
  const lead = self.shape.slice(0, -n);
  const out = spatial(self, n).map((s, d) => outputSize(s, p.kernel[d]!, p.stride[d]!, p.padding[d]!, p.dilation[d]!, ceil));
  if (out.some((s) => s < 1)) {
    const text = (s: Sizes): string => `(${[self.shape[self.ndim - n - 1], ...s].join('x')})`;
    throw new RuntimeError(`Given input size: ${text(spatial(self, n))}. Calculated output size: ${text(out)}. Output size is too small`);
  }
  return [...lead, ...out];
}
interface PoolArgs {
  readonly kernel_size: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly dilation?: Sizes;
}
const poolOf = (a: PoolArgs): ref.Pool => ({ kernel: a.kernel_size, stride: a.stride, padding: a.padding, dilation: a.dilation ?? a.kernel_size.map(() => 1) });
/** A leading batch dimension of vmap joins the planes. */
const planes = (t: Tensor, n: number): Tensor => t.reshape([-1, ...t.shape.slice(-n)]);

op('_max_pool(Tensor self, int[] kernel_size, int[] stride, int[] padding, int[] dilation, bool ceil_mode) -> (Tensor values, Tensor indices)', {
  doc: 'The largest element of each window, and its place in the plane.',
  meta: (a) => {
    const shape = pooledShape(`max_pool${a.kernel_size.length}d`, a.self, poolOf(a), a.ceil_mode);
    return [
      { shape, dtype: a.self.dtype },
      { shape, dtype: int64 },
    ];
  },
  kernel: (a, values, indices) => {
    const n = a.kernel_size.length;
    const input = spatial(a.self, n);
    ref.maxPoolInto(values!, indices!, a.self, ref.sizeOf(input), (f) => ref.eachWindow(input, spatial(values!, n), poolOf(a), f));
  },
  grad: { self: uses('indices', (g, { self, indices, kernel_size }) => F._max_pool_backward(g, indices, self.shape, kernel_size.length)) },
  batch: (run, { self, kernel_size }) => {
    const n = kernel_size.length;
    const r = run({ self: planes(self, n) }) as Tensor[];
    return r.map((t) => t.reshape([...self.shape.slice(0, -n), ...t.shape.slice(-n)]));
  },
  surface: [],
});
op('_max_pool_backward(Tensor grad, Tensor indices, int[] input_size, int dimensions) -> Tensor', {
  doc: 'The gradients at the places of the largest elements.',
  decompose: ({ grad, indices, input_size, dimensions }) => {
    const lead = input_size.slice(0, -dimensions);
    const plane = ref.sizeOf(input_size.slice(-dimensions));
    const flat = (t: Tensor): Tensor => t.reshape([...lead, -1]);
    return F.zeros([...lead, plane], grad.dtype, null, grad.device).scatter_add(-1, flat(indices), flat(grad)).view([...input_size]);
  },
  meta: ({ grad, input_size }) => ({ shape: input_size, dtype: grad.dtype }),
  kernel: ({ grad, indices, input_size, dimensions }, out) => ref.scatterPlanesInto(out!, grad, indices, ref.sizeOf(input_size.slice(-dimensions))),
  grad: {
    grad: uses('indices', (h, { indices, grad, dimensions }) => {
      const lead = grad.shape.slice(0, -dimensions);
      return h.reshape([...lead, -1]).gather(-1, indices.reshape([...lead, -1])).view([...grad.shape]);
    }),
  },
  surface: [],
});

op('_avg_pool(Tensor self, int[] kernel_size, int[] stride, int[] padding, bool ceil_mode, bool count_include_pad, int? divisor_override) -> Tensor', {
  doc: 'The mean of each window.',
  meta: (a) => ({ shape: pooledShape(`avg_pool${a.kernel_size.length}d`, a.self, poolOf(a), a.ceil_mode), dtype: a.self.dtype }),
  kernel: (a, out) => {
    const n = a.kernel_size.length;
    const input = spatial(a.self, n);
    ref.avgPoolInto(out!, a.self, ref.sizeOf(input), (f) => ref.eachWindow(input, spatial(out!, n), poolOf(a), f), divisors(a, input, spatial(out!, n)));
  },
  grad: { self: uses((g, a) => F._avg_pool_backward(g, a.self.shape, a.kernel_size, a.stride, a.padding, a.count_include_pad, a.divisor_override)) },
  linear: true,
  batch: (run, { self, kernel_size }) => {
    const r = run({ self: planes(self, kernel_size.length) }) as Tensor;
    return r.reshape([...self.shape.slice(0, -kernel_size.length), ...r.shape.slice(-kernel_size.length)]);
  },
  surface: [],
});
function divisors(a: PoolArgs & { count_include_pad: boolean; divisor_override: number | null }, input: Sizes, output: Sizes): (o: number, count: number) => number {
  if (a.divisor_override !== null) return () => a.divisor_override!;
  if (!a.count_include_pad) return (_, count) => count;
  const counts = ref.paddedCounts(input, output, poolOf(a));
  return (o) => counts[o]!;
}
op('_avg_pool_backward(Tensor grad, int[] input_size, int[] kernel_size, int[] stride, int[] padding, bool count_include_pad, int? divisor_override) -> Tensor', {
  doc: 'The gradient of avg_pool.',
  meta: ({ grad, input_size }) => ({ shape: input_size, dtype: grad.dtype }),
  kernel: (a, out) => {
    const n = a.kernel_size.length;
    const input = [...a.input_size.slice(-n)];
    const output = spatial(a.grad, n);
    ref.avgPoolBackwardInto(out!, a.grad, ref.sizeOf(input), (f) => ref.eachWindow(input, output, poolOf(a), f), divisors(a, input, output));
  },
  grad: {
    grad: uses((h, a) => {
      const n = a.kernel_size.length;
      const ceil = outputSize(a.input_size[a.input_size.length - n]!, a.kernel_size[0]!, a.stride[0]!, a.padding[0]!, 1, false) !== a.grad.shape[a.grad.shape.length - n];
      return F._avg_pool(h, a.kernel_size, a.stride, a.padding, ceil, a.count_include_pad, a.divisor_override);
    }),
  },
  surface: [],
});

op('_adaptive_avg_pool(Tensor self, int[] output_size) -> Tensor', {
  doc: 'The mean of windows that divide the input into output_size.',
  meta: ({ self, output_size }) => ({ shape: [...self.shape.slice(0, -output_size.length), ...output_size], dtype: self.dtype }),
  kernel: ({ self, output_size }, out) => {
    const input = spatial(self, output_size.length);
    ref.avgPoolInto(out!, self, ref.sizeOf(input), (f) => ref.eachAdaptiveWindow(input, output_size, f), (_, count) => count);
  },
  grad: { self: uses((g, { self, output_size }) => F._adaptive_avg_pool_backward(g, self.shape, output_size.length)) },
  linear: true,
  batch: (run, { self, output_size }) => {
    const r = run({ self: planes(self, output_size.length) }) as Tensor;
    return r.reshape([...self.shape.slice(0, -output_size.length), ...output_size]);
  },
  surface: [],
});
op('_adaptive_avg_pool_backward(Tensor grad, int[] input_size, int dimensions) -> Tensor', {
  doc: 'The gradient of adaptive_avg_pool.',
  meta: ({ grad, input_size }) => ({ shape: input_size, dtype: grad.dtype }),
  kernel: ({ grad, input_size, dimensions }, out) => {
    const input = [...input_size.slice(-dimensions)];
    ref.avgPoolBackwardInto(out!, grad, ref.sizeOf(input), (f) => ref.eachAdaptiveWindow(input, spatial(grad, dimensions), f), (_, count) => count);
  },
  grad: { grad: uses((h, { grad, dimensions }) => F._adaptive_avg_pool(h, grad.shape.slice(-dimensions))) },
  surface: [],
});
op('_adaptive_max_pool(Tensor self, int[] output_size) -> (Tensor values, Tensor indices)', {
  doc: 'The largest element of windows that divide the input into output_size.',
  meta: ({ self, output_size }) => {
    const shape = [...self.shape.slice(0, -output_size.length), ...output_size];
    return [
      { shape, dtype: self.dtype },
      { shape, dtype: int64 },
    ];
  },
  kernel: ({ self, output_size }, values, indices) => {
    const input = spatial(self, output_size.length);
    ref.maxPoolInto(values!, indices!, self, ref.sizeOf(input), (f) => ref.eachAdaptiveWindow(input, output_size, f));
  },
  grad: { self: uses('indices', (g, { self, indices, output_size }) => F._max_pool_backward(g, indices, self.shape, output_size.length)) },
  batch: (run, { self, output_size }) => (run({ self: planes(self, output_size.length) }) as Tensor[]).map((t) => t.reshape([...self.shape.slice(0, -output_size.length), ...output_size])),
  surface: [],
});

// ---- public names -------------------------------------------------------------------------------------------------
const BOTH = ['function', 'nn.functional'] as const;
for (const n of [1, 2, 3] as const) {
  const size = (name: string, def = ''): string => `int[${n}] ${name}${def}`;
  const maxParams = `Tensor input, ${size('kernel_size')}, int[${n}]? stride=None, ${size('padding', '=0')}, ${size('dilation', '=1')}, bool ceil_mode=False`;
  const max = (a: { input: Tensor; kernel_size: Sizes; stride: Sizes | null; padding: Sizes; dilation: Sizes; ceil_mode: boolean }): readonly Tensor[] => {
    const kernel = spread(a.kernel_size, n);
    return F._max_pool(a.input, kernel, a.stride?.length ? spread(a.stride, n) : kernel, spread(a.padding, n), spread(a.dilation, n), a.ceil_mode) as readonly Tensor[];
  };
  op(`max_pool${n}d(${maxParams}, bool return_indices=False) -> Tensor` as string, {
    doc: 'The largest element of each window.',
    decompose: ((a: Parameters<typeof max>[0] & { return_indices: boolean }) => (a.return_indices ? max(a) : max(a)[0])) as never,
    surface: BOTH,
  });
  op(`max_pool${n}d_with_indices(${maxParams}) -> (Tensor values, Tensor indices)` as string, {
    doc: 'The largest element of each window, and its place in the plane.',
    decompose: max as never,
    surface: BOTH,
  });
  op(`avg_pool${n}d(Tensor input, ${size('kernel_size')}, int[${n}]? stride=None, ${size('padding', '=0')}, bool ceil_mode=False, bool count_include_pad=True${n > 1 ? ', int? divisor_override=None' : ''}) -> Tensor` as string, {
    doc: 'The mean of each window.',
    decompose: ((a: { input: Tensor; kernel_size: Sizes; stride: Sizes | null; padding: Sizes; ceil_mode: boolean; count_include_pad: boolean; divisor_override?: number | null }) => {
      const kernel = spread(a.kernel_size, n);
      if (a.divisor_override === 0) throw new RuntimeError('divisor must be not zero');
      return F._avg_pool(a.input, kernel, a.stride?.length ? spread(a.stride, n) : kernel, spread(a.padding, n), a.ceil_mode, a.count_include_pad, a.divisor_override ?? null);
    }) as never,
    surface: BOTH,
  });
  // A null keeps the input's size.
  const target = (input: Tensor, output: readonly (number | null)[]): number[] => spatial(input, n).map((s, d) => (output.length === 1 ? output[0] : output[d]) ?? s);
  op(`adaptive_avg_pool${n}d(Tensor input, SizeOrNone output_size) -> Tensor` as string, {
    doc: 'The mean of windows that divide the input into output_size.',
    decompose: ((a: { input: Tensor; output_size: number | readonly (number | null)[] | null }) => F._adaptive_avg_pool(a.input, target(a.input, asList(a.output_size)))) as never,
    surface: BOTH,
  });
  const adaptiveMax = (a: { input: Tensor; output_size: number | readonly (number | null)[] | null }): readonly Tensor[] => F._adaptive_max_pool(a.input, target(a.input, asList(a.output_size))) as readonly Tensor[];
  op(`adaptive_max_pool${n}d(Tensor input, SizeOrNone output_size, bool return_indices=False) -> Tensor` as string, {
    doc: 'The largest element of windows that divide the input into output_size.',
    decompose: ((a: Parameters<typeof adaptiveMax>[0] & { return_indices: boolean }) => (a.return_indices ? adaptiveMax(a) : adaptiveMax(a)[0])) as never,
    surface: BOTH,
  });
}
const asList = (v: number | readonly (number | null)[] | null): readonly (number | null)[] => (Array.isArray(v) ? (v as readonly (number | null)[]) : [v as number | null]);
