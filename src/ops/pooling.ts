// Pooling. One primitive a kind serves one to three dimensions; the public names state the number.
import { int64 } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import type { TensorMeta } from '../core/layout.ts';
import type { Tensor } from '../core/tensor.ts';
import * as ref from '../backend/reference/pooling.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import { likeInput } from './resample.ts';
import { adaptiveSize, checkAdaptive, checkMaxPool1d, type Kind, outputSize, perDimension, pooledShape } from './pooling_checks.ts';

type Sizes = readonly number[];
const spatial = (t: { shape: Sizes }, n: number): number[] => [...t.shape.slice(-n)];

/** The gradient of a pooled tensor in its own gradient, which is linear: zeros, not nothing. */
const none = (self: TensorMeta): Tensor => F.zeros(self.shape as number[], self.dtype, null, self.device);
interface PoolArgs {
  readonly kernel_size: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly dilation?: Sizes;
}
const poolOf = (a: PoolArgs): ref.Pool => ({
  kernel: a.kernel_size,
  stride: a.stride,
  padding: a.padding,
  dilation: a.dilation ?? a.kernel_size.map(() => 1),
});
/** A leading batch dimension of vmap joins the planes. */
const planes = (t: Tensor, n: number): Tensor => t.reshape([-1, ...t.shape.slice(-n)]);

op(
  '_max_pool(Tensor self, int[] kernel_size, int[] stride, int[] padding, int[] dilation, bool ceil_mode) -> (Tensor values, Tensor indices)',
  {
    doc: 'The largest element of each window, and its place in the plane.',
    meta: (a) => {
      const shape = pooledShape('max', a.self, poolOf(a), a.ceil_mode);
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
    grad: {
      self: uses('self', 'indices', (g, { self, indices, kernel_size }) => F._max_pool_backward(g, self, indices, kernel_size.length)),
    },
    batch: (run, { self, kernel_size }) => {
      const n = kernel_size.length;
      const r = run({ self: planes(self, n) }) as Tensor[];
      return r.map((t) => t.reshape([...self.shape.slice(0, -n), ...t.shape.slice(-n)]));
    },
    surface: [],
  },
);
op('_max_pool_backward(Tensor grad, Tensor self, Tensor indices, int dimensions) -> Tensor', {
  doc: 'The gradients at the places of the largest elements.',
  decompose: ({ grad, self, indices, dimensions }) => {
    const input_size = self.layout.shape;
    const lead = input_size.slice(0, -dimensions);
    const plane = ref.sizeOf(input_size.slice(-dimensions));
    const flat = (t: Tensor): Tensor => t.reshape([...lead, -1]);
    return F.zeros([...lead, plane], grad.dtype, null, grad.device)
      .scatter_add(-1, flat(indices), flat(grad))
      .view([...input_size]);
  },
  meta: ({ grad, self }) => ({ shape: self.layout.shape, dtype: grad.dtype }),
  kernel: ({ grad, self, indices, dimensions }, out) => ref.scatterPlanesInto(out!, grad, indices, ref.sizeOf(spatial(self, dimensions))),
  grad: {
    grad: uses('indices', (h, { indices, grad, dimensions }) => {
      const lead = grad.shape.slice(0, -dimensions);
      return h
        .reshape([...lead, -1])
        .gather(-1, indices.reshape([...lead, -1]))
        .view([...grad.shape]);
    }),
    self: uses((_, { self }) => none(self)),
  },
  surface: [],
});

op(
  '_avg_pool(Tensor self, int[] kernel_size, int[] stride, int[] padding, bool ceil_mode, bool count_include_pad, int? divisor_override) -> Tensor',
  {
    doc: 'The mean of each window.',
    meta: (a) => ({ shape: pooledShape('avg', a.self, poolOf(a), a.ceil_mode), dtype: a.self.dtype }),
    kernel: (a, out) => {
      const n = a.kernel_size.length;
      const input = spatial(a.self, n);
      ref.avgPoolInto(
        out!,
        a.self,
        ref.sizeOf(input),
        (f) => ref.eachWindow(input, spatial(out!, n), poolOf(a), f),
        divisors(a, input, spatial(out!, n)),
      );
    },
    grad: {
      self: uses('self', (g, a) =>
        F._avg_pool_backward(g, a.self, a.kernel_size, a.stride, a.padding, a.count_include_pad, a.divisor_override),
      ),
    },
    linear: true,
    batch: (run, { self, kernel_size }) => {
      const r = run({ self: planes(self, kernel_size.length) }) as Tensor;
      return r.reshape([...self.shape.slice(0, -kernel_size.length), ...r.shape.slice(-kernel_size.length)]);
    },
    surface: [],
  },
);
function divisors(
  a: PoolArgs & { count_include_pad: boolean; divisor_override: number | null },
  input: Sizes,
  output: Sizes,
): (o: number, count: number) => number {
  if (a.divisor_override !== null) return () => a.divisor_override!;
  if (!a.count_include_pad) return (_, count) => count;
  const counts = ref.paddedCounts(input, output, poolOf(a));
  return (o) => counts[o]!;
}
op(
  '_avg_pool_backward(Tensor grad, Tensor self, int[] kernel_size, int[] stride, int[] padding, bool count_include_pad, int? divisor_override) -> Tensor',
  {
    doc: 'The gradient of avg_pool.',
    meta: ({ grad, self }) => ({ shape: self.layout.shape, dtype: grad.dtype }),
    kernel: (a, out) => {
      const n = a.kernel_size.length;
      const input = spatial(a.self, n);
      const output = spatial(a.grad, n);
      ref.avgPoolBackwardInto(
        out!,
        a.grad,
        ref.sizeOf(input),
        (f) => ref.eachWindow(input, output, poolOf(a), f),
        divisors(a, input, output),
      );
    },
    grad: {
      grad: uses((h, a) => {
        const n = a.kernel_size.length;
        const floored = (s: number, d: number): number => outputSize(s, a.kernel_size[d]!, a.stride[d]!, a.padding[d]!, 1, false);
        const ceil = spatial(a.self, n).some((s, d) => floored(s, d) !== a.grad.shape[a.grad.shape.length - n + d]);
        return F._avg_pool(h, a.kernel_size, a.stride, a.padding, ceil, a.count_include_pad, a.divisor_override);
      }),
      self: uses((_, { self }) => none(self)),
    },
    surface: [],
  },
);

op('_adaptive_avg_pool(Tensor self, int[] output_size) -> Tensor', {
  doc: 'The mean of windows that divide the input into output_size.',
  meta: ({ self, output_size }) => {
    checkAdaptive('avg', self, output_size);
    return { shape: [...self.shape.slice(0, -output_size.length), ...output_size], dtype: self.dtype };
  },
  kernel: ({ self, output_size }, out) => {
    const input = spatial(self, output_size.length);
    const walk: ref.Walk = (f) => ref.eachAdaptiveWindow(input, output_size, f);
    // PyTorch sums three dimensions in the dtype itself.
    if (input.length === 3 && self.dtype.itemsize === 2)
      ref.avgPoolRoundedInto(out!, self, ref.sizeOf(input), walk, adaptiveExtents(input, output_size));
    else ref.avgPoolInto(out!, self, ref.sizeOf(input), walk, (_, count) => count);
  },
  grad: { self: uses('self', (g, { self, output_size }) => F._adaptive_avg_pool_backward(g, self, output_size.length)) },
  linear: true,
  batch: (run, { self, output_size }) => {
    const r = run({ self: planes(self, output_size.length) }) as Tensor;
    return r.reshape([...self.shape.slice(0, -output_size.length), ...output_size]);
  },
  surface: [],
});
/** How many places each adaptive window has along each dimension. */
function adaptiveExtents(input: Sizes, output: Sizes): Sizes[] {
  let all: Sizes[] = [[]];
  output.forEach((m, d) => {
    const along = Array.from({ length: m }, (_, o) => Math.ceil(((o + 1) * input[d]!) / m) - Math.floor((o * input[d]!) / m));
    all = all.flatMap((before) => along.map((extent) => [...before, extent]));
  });
  return all;
}
op('_adaptive_avg_pool_backward(Tensor grad, Tensor self, int dimensions) -> Tensor', {
  doc: 'The gradient of adaptive_avg_pool.',
  meta: ({ grad, self }) => ({ shape: self.layout.shape, dtype: grad.dtype }),
  kernel: ({ grad, self, dimensions }, out) => {
    const input = spatial(self, dimensions);
    ref.avgPoolBackwardInto(
      out!,
      grad,
      ref.sizeOf(input),
      (f) => ref.eachAdaptiveWindow(input, spatial(grad, dimensions), f),
      (_, count) => count,
    );
  },
  grad: {
    grad: uses((h, { grad, dimensions }) => F._adaptive_avg_pool(h, grad.shape.slice(-dimensions))),
    self: uses((_, { self }) => none(self)),
  },
  surface: [],
});
op('_adaptive_max_pool(Tensor self, int[] output_size) -> (Tensor values, Tensor indices)', {
  doc: 'The largest element of windows that divide the input into output_size.',
  meta: ({ self, output_size }) => {
    checkAdaptive('max', self, output_size);
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
  grad: {
    self: uses('self', 'indices', (g, { self, indices, output_size }) => F._max_pool_backward(g, self, indices, output_size.length)),
  },
  batch: (run, { self, output_size }) =>
    (run({ self: planes(self, output_size.length) }) as Tensor[]).map((t) =>
      t.reshape([...self.shape.slice(0, -output_size.length), ...output_size]),
    ),
  surface: [],
});

// ---- public names -------------------------------------------------------------------------------------------------
const BOTH = ['function', 'nn.functional'] as const;
interface PublicArgs {
  readonly input: Tensor;
  readonly kernel_size: Sizes;
  readonly stride: Sizes | null;
  readonly padding: Sizes;
  readonly dilation?: Sizes;
  readonly ceil_mode: boolean;
}
interface AdaptiveArgs {
  readonly input: Tensor;
  readonly output_size: number | readonly (number | null)[] | null;
}
for (const n of [1, 2, 3] as const) {
  const size = (name: string, def = ''): string => `int[${n}] ${name}${def}`;
  const maxParams = `Tensor input, ${size('kernel_size')}, int[${n}]? stride=None, ${size('padding', '=0')}, ${size('dilation', '=1')}, bool ceil_mode=False, bool return_indices=False`;
  const pool = (kind: Kind, a: PublicArgs): ref.Pool => {
    const each = (parameter: string, values: Sizes): number[] => perDimension(`${kind}_pool${n}d`, parameter, values, n);
    const kernel = each('kernel_size', a.kernel_size);
    const stride = a.stride?.length ? each('stride', a.stride) : kernel;
    return { kernel, stride, padding: each('padding', a.padding), dilation: each('dilation', a.dilation ?? [1]) };
  };
  const max = (a: PublicArgs, indices: boolean): readonly Tensor[] => {
    const p = pool('max', a);
    if (n === 1 && !indices) checkMaxPool1d(a.input, p, a.ceil_mode);
    const results = F._max_pool(a.input, p.kernel, p.stride, p.padding, p.dilation, a.ceil_mode) as unknown as readonly Tensor[];
    return n === 1 ? results : results.map((t) => likeInput(a.input, t));
  };
  op(`max_pool${n}d(${maxParams}) -> Tensor` as string, {
    doc: 'The largest element of each window, and with return_indices its place in the plane.',
    decompose: ((a: PublicArgs & { return_indices: boolean }) => (a.return_indices ? max(a, true) : max(a, false)[0])) as never,
    surface: BOTH,
  });
  op(`max_pool${n}d_with_indices(${maxParams}) -> (Tensor values, Tensor indices)` as string, {
    doc: 'The largest element of each window, and its place in the plane.',
    decompose: ((a: PublicArgs) => max(a, true)) as never,
    surface: BOTH,
  });
  op(
    `avg_pool${n}d(Tensor input, ${size('kernel_size')}, int[${n}]? stride=None, ${size('padding', '=0')}, bool ceil_mode=False, bool count_include_pad=True${n > 1 ? ', int? divisor_override=None' : ''}) -> Tensor` as string,
    {
      doc: 'The mean of each window.',
      decompose: ((a: PublicArgs & { count_include_pad: boolean; divisor_override?: number | null }) => {
        const p = pool('avg', a);
        if (a.divisor_override === 0) throw new RuntimeError('divisor must be not zero');
        return F._avg_pool(a.input, p.kernel, p.stride, p.padding, a.ceil_mode, a.count_include_pad, a.divisor_override ?? null);
      }) as never,
      surface: BOTH,
    },
  );
  op(`adaptive_avg_pool${n}d(Tensor input, SizeOrNone output_size) -> Tensor` as string, {
    doc: 'The mean of windows that divide the input into output_size.',
    decompose: ((a: AdaptiveArgs) => {
      const target = adaptiveSize('avg', a.input, a.output_size, n);
      // A single window is a mean over the last dimensions, whatever stands before them.
      return n > 1 && target.every((s) => s === 1)
        ? a.input.mean(
            target.map((_, d) => -1 - d),
            true,
          )
        : F._adaptive_avg_pool(a.input, target);
    }) as never,
    surface: BOTH,
  });
  const adaptiveMax = (a: AdaptiveArgs): readonly Tensor[] => {
    const results = F._adaptive_max_pool(a.input, adaptiveSize('max', a.input, a.output_size, n)) as unknown as readonly Tensor[];
    return n === 2 ? results.map((t) => likeInput(a.input, t)) : results;
  };
  op(`adaptive_max_pool${n}d(Tensor input, SizeOrNone output_size, bool return_indices=False) -> Tensor` as string, {
    doc: 'The largest element of windows that divide the input into output_size.',
    decompose: ((a: AdaptiveArgs & { return_indices: boolean }) => (a.return_indices ? adaptiveMax(a) : adaptiveMax(a)[0])) as never,
    surface: BOTH,
  });
}

op(
  'max_pool2d_with_indices_backward(Tensor grad_output, Tensor self, int[2] kernel_size, int[2] stride, int[2] padding, int[2] dilation, bool ceil_mode, Tensor indices) -> Tensor',
  {
    doc: 'The gradient of max_pool2d.',
    decompose: ({ grad_output, self, indices }) => likeInput(self, F._max_pool_backward(grad_output, self, indices, 2)),
    grad: {
      grad_output: uses('indices', (h, { indices, grad_output }) =>
        F.gather(h.flatten(-2), -1, indices.flatten(-2)).view([...grad_output.shape]),
      ),
      self: uses((_, { self }) => none(self)),
    },
    surface: [],
    inplace: false,
  },
);
