// Every family of operators that has kernels of its own: whatever the shape, layout, dtype and number of threads, results and gradients are
// the reference's.
import fc from 'fast-check';
import { afterAll, describe, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { BACKENDS, useBackend } from '../helpers/backends.ts';
import { agree, DTYPES, dims, FLOATS, finite, make, RUNS, type Recipe, recipe, withGradients } from '../helpers/recipes.ts';

type Tensor = torch.Tensor;
type Results = Tensor | readonly Tensor[];
const F = torch.nn.functional;
const { float32, float64, int64, int32, uint8, bool } = torch;

const size = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const sizes = (count: number, min: number, max: number): fc.Arbitrary<number[]> =>
  fc.array(size(min, max), { minLength: count, maxLength: count });
const optional = (r: Recipe | null): Tensor | null => r && make(r);
const positions = (shape: readonly number[], below: number, seed: number): Tensor => {
  const n = shape.reduce((a, b) => a * b, 1);
  return torch
    .arange(n)
    .mul(7919 + 2 * seed)
    .add(seed)
    .remainder(Math.max(1, below))
    .reshape(shape);
};

interface Family {
  readonly name: string;
  check(backend: (typeof BACKENDS)[number]): void;
}
function family<P>(name: string, parameters: fc.Arbitrary<P>, run: (p: P) => Results, numRuns = RUNS): Family {
  return {
    name,
    check: (backend) =>
      fc.assert(
        fc.property(parameters, size(1, 8), (p, threads) =>
          agree(backend, () => {
            torch.set_num_threads(threads);
            torch.manual_seed(5);
            return run(p);
          }),
        ),
        { numRuns, seed: 4 },
      ),
  };
}

// ---- convolutions and pools
type Window = Readonly<Record<'kernel' | 'stride' | 'padding' | 'dilation', number[]>>;
const window = (n: number): fc.Arbitrary<Window> =>
  fc.record({ kernel: sizes(n, 1, 4), stride: sizes(n, 1, 3), padding: sizes(n, 0, 3), dilation: sizes(n, 1, 2) });
/** Pools pad by at most half of their kernel. */
const poolWindow = (n: number): fc.Arbitrary<Window> =>
  window(n).map((v) => ({ ...v, padding: v.padding.map((p, i) => Math.min(p, Math.floor(v.kernel[i]! / 2))) }));
const convolution = size(1, 3).chain((n) =>
  fc
    .record({
      window: window(n),
      groups: size(1, 3),
      inside: size(1, 9),
      outside: size(1, 20),
      batch: size(1, 3),
      space: sizes(n, 1, n === 3 ? 7 : 19),
    })
    .chain(({ window, groups, inside, outside, batch, space }) =>
      fc.constantFrom(...FLOATS).chain((dtype) =>
        fc.record({
          n: fc.constant(n),
          window: fc.constant(window),
          groups: fc.constant(groups),
          x: finite([batch, groups * inside, ...space], dtype),
          w: finite([groups * outside, inside, ...window.kernel], dtype),
          transposed: finite([groups * inside, outside, ...window.kernel], dtype),
          b: fc.option(finite([groups * outside], dtype)),
        }),
      ),
    ),
);
const conv = [F.conv1d, F.conv2d, F.conv3d];
const conv_transpose = [F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d];
const max_pool = [F.max_pool1d, F.max_pool2d, F.max_pool3d];
const adaptive = [F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d];
const pooled = size(1, 3).chain((n) =>
  fc.record({ window: poolWindow(n), space: sizes(n, 1, n === 3 ? 8 : 21), lead: sizes(2, 1, 5) }).chain(({ window, space, lead }) =>
    fc.record({
      n: fc.constant(n),
      window: fc.constant(window),
      x: recipe(fc.constant([...lead, ...space]), FLOATS),
      to: sizes(n, 1, 9),
      flag: fc.boolean(),
      divisor: fc.option(size(1, 5)),
    }),
  ),
);

// ---- along rows and channels
const rows = (...dtypes: torch.DType[]): fc.Arbitrary<{ x: Recipe; weight: Recipe | null; bias: Recipe | null; columns: number }> =>
  fc
    .record({
      lead: fc.array(size(1, 9), { maxLength: 3 }),
      columns: fc.oneof(size(1, 40), fc.constantFrom(64, 257, 1030)),
      dtype: fc.constantFrom(...dtypes),
    })
    .chain(({ lead, columns, dtype }) =>
      fc.record({
        x: finite([...lead, columns], dtype),
        weight: fc.option(finite([columns], dtype)),
        bias: fc.option(finite([columns], dtype)),
        columns: fc.constant(columns),
      }),
    );
const channels = fc
  .record({
    batch: size(2, 6),
    groups: size(1, 4),
    each: size(1, 5),
    space: fc.array(size(1, 9), { maxLength: 3 }),
    dtype: fc.constantFrom(...FLOATS),
  })
  .chain(({ batch, groups, each, space, dtype }) => {
    const c = groups * each;
    return fc.record({
      x: finite([batch, c, ...space], dtype),
      groups: fc.constant(groups),
      weight: fc.option(finite([c], dtype)),
      bias: fc.option(finite([c], dtype)),
      mean: finite([c], dtype),
    });
  });
const along = (...dtypes: torch.DType[]): fc.Arbitrary<{ x: Recipe; dim: number }> =>
  fc.record({ x: recipe(dims, dtypes), dim: fc.integer({ min: -4, max: 3 }) });
const long = (...dtypes: torch.DType[]): fc.Arbitrary<{ x: Recipe; dim: number }> =>
  fc.record({
    x: recipe(fc.constantFrom<number[]>([70_001], [3, 5001], [5001, 3], [257, 129], [2, 300, 31]), dtypes),
    dim: fc.constantFrom(0, -1),
  });

// ---- products
const factors = fc
  .record({
    batch: fc.constantFrom<number[]>([], [1], [3]),
    m: size(0, 70),
    k: size(0, 90),
    n: size(0, 70),
    dtype: fc.constantFrom(...FLOATS),
  })
  .chain(({ batch, m, k, n, dtype }) =>
    fc.record({ x: finite([...batch, m, k], dtype), y: finite([...batch, k, n], dtype), beside: finite([n], dtype) }),
  );
const attended = fc
  .record({
    batch: size(1, 2),
    heads: size(1, 3),
    l: fc.oneof(size(1, 9), size(30, 70)),
    s: fc.oneof(size(1, 9), size(30, 140)),
    d: fc.oneof(size(1, 20), fc.constant(64)),
    dtype: fc.constantFrom(...FLOATS),
  })
  .chain(({ batch, heads, l, s, d, dtype }) =>
    fc.record({
      q: finite([batch, heads, l, d], dtype),
      k: finite([batch, heads, s, d], dtype),
      v: finite([batch, heads, s, d], dtype),
      mask: fc.option(fc.oneof(finite([l, s], dtype), recipe(fc.constant([batch, 1, l, s]), [torch.bool]))),
      causal: fc.boolean(),
    }),
  );
const sequences = fc
  .record({
    kind: fc.constantFrom('LSTM', 'GRU', 'RNN'),
    input: size(1, 9),
    hidden: size(1, 20),
    layers: size(1, 2),
    bidirectional: fc.boolean(),
    batch: size(1, 5),
    steps: size(1, 7),
    dtype: fc.constantFrom(...FLOATS),
  })
  .chain((p) => fc.record({ p: fc.constant(p), x: finite([p.steps, p.batch, p.input], p.dtype) }));

// ---- positions
const indexed = dims
  .filter((s) => s.length > 0)
  .chain((s) => fc.record({ x: recipe(fc.constant(s), DTYPES), dim: size(0, s.length - 1), count: size(0, 9), seed: fc.nat(1000) }));
const scattered = dims
  .filter((s) => s.length > 0)
  .chain((s) =>
    fc
      .record({
        dtype: fc.constantFrom(float32, float64, int64, int32, uint8),
        dim: size(0, s.length - 1),
        less: fc.array(size(0, 2), { minLength: 4, maxLength: 4 }),
        seed: fc.nat(1000),
      })
      .chain(({ dtype, dim, less, seed }) => {
        const shape = s.map((n, i) => (i === dim ? less[3]! + 3 : Math.max(0, n - less[i]!)));
        return fc.record({
          x: finite(s, dtype),
          source: finite(shape, dtype),
          shape: fc.constant(shape),
          dim: fc.constant(dim),
          seed: fc.constant(seed),
        });
      }),
  );
const at = (x: Tensor, dim: number, shape: readonly number[], seed: number): Tensor => positions(shape, x.size(dim), seed);

const FAMILIES: readonly Family[] = [
  family('convolutions and their gradients', convolution, ({ n, window: v, groups, x, w, b }) =>
    withGradients([make(x), make(w), optional(b)], (x, w, b) => conv[n - 1]!(x, w, b, v.stride, v.padding, v.dilation, groups)),
  ),
  family('transposed convolutions and their gradients', convolution, ({ n, window: v, groups, x, transposed, b }) =>
    withGradients([make(x), make(transposed), optional(b)], (x, w, b) =>
      conv_transpose[n - 1]!(x, w, b, v.stride, v.padding, 0, groups, v.dilation),
    ),
  ),
  family('max_pool', pooled, ({ n, window: v, x, flag }) =>
    withGradients([make(x)], (x) => max_pool[n - 1]!(x, v.kernel, v.stride, v.padding, v.dilation, flag) as Tensor),
  ),
  family('avg_pool', pooled, ({ n, window: v, x, flag, divisor }) =>
    withGradients([make(x)], (x) => {
      const options = { kernel_size: v.kernel, stride: v.stride, padding: v.padding, ceil_mode: flag, count_include_pad: !flag };
      return n === 1 ? F.avg_pool1d(x, options) : F[n === 2 ? 'avg_pool2d' : 'avg_pool3d'](x, { ...options, divisor_override: divisor });
    }),
  ),
  family('adaptive_avg_pool', pooled, ({ n, x, to }) => withGradients([make({ ...x, special: false })], (x) => adaptive[n - 1]!(x, to))),
  family('layer_norm', rows(...FLOATS), ({ x, weight, bias, columns }) =>
    withGradients([make(x), optional(weight), optional(bias)], (x, w, b) => F.layer_norm(x, [columns], w, b)),
  ),
  family('group_norm', channels, ({ x, groups, weight, bias }) =>
    withGradients([make(x), optional(weight), optional(bias)], (x, w, b) => F.group_norm(x, groups, w, b)),
  ),
  family('batch_norm, training', channels, ({ x, weight, bias, mean }) => {
    const [running_mean, running_var] = [make(mean).contiguous(), make(mean).abs().add(1).contiguous()];
    const results = withGradients([make(x), optional(weight), optional(bias)], (x, w, b) =>
      F.batch_norm(x, running_mean, running_var, w, b, true, 0.2),
    );
    return [...results, running_mean, running_var];
  }),
  family('batch_norm, evaluating', channels, ({ x, weight, bias, mean }) =>
    withGradients([make(x), optional(weight), optional(bias)], (x, w, b) => F.batch_norm(x, make(mean), make(mean).abs().add(1), w, b)),
  ),
  family('softmax and log_softmax', along(...FLOATS), ({ x, dim }) =>
    withGradients([make({ ...x, special: false })], (x) => [torch.softmax(x, dim), torch.log_softmax(x, dim)]),
  ),
  family(
    'cross entropy of classes',
    fc.record({ n: size(1, 9), c: size(1, 40), space: fc.array(size(1, 4), { maxLength: 2 }) }).chain(({ n, c, space }) =>
      fc.record({
        x: finite([n, c, ...space], float32, float64),
        seed: fc.nat(1000),
        reduction: fc.constantFrom('mean', 'sum', 'none'),
        ignore: size(-1, c),
        weighted: fc.boolean(),
      }),
    ),
    ({ x, seed, reduction, ignore, weighted }) => {
      const [n, c, ...space] = x.shape as [number, number, ...number[]];
      const weight = weighted ? torch.arange(c, { dtype: x.dtype }).add(0.5) : null;
      return withGradients([make(x)], (x) =>
        F.cross_entropy(x, positions([n, ...space], c, seed), { weight, ignore_index: ignore, reduction }),
      );
    },
  ),
  family('products of matrices', factors, ({ x, y, beside }) =>
    withGradients([make(x), make(y), make(beside)], (x, y, b) => [x.matmul(y), x.matmul(y).add(b).relu()]),
  ),
  family('products of a vector', factors, ({ x, y, beside }) => {
    const [a, b, v] = [make(x), make(y), make(beside)];
    return [torch.matmul(b, v), torch.matmul(v, b.mT), torch.dot(v, v), torch.nn.functional.linear(a, b.mT.reshape([-1, a.size(-1)]))];
  }),
  family('attention', attended, ({ q, k, v, mask, causal }) => {
    const attn_mask = mask && (mask.dtype === torch.bool ? make(mask) : make(mask).div(8));
    return withGradients(
      [q, k, v].map((r) => make(r).div(8)),
      (q, k, v) => F.scaled_dot_product_attention(q, k, v, { attn_mask: attn_mask, is_causal: causal && attn_mask === null }),
    );
  }),
  family('recurrent layers', sequences, ({ p, x }) => {
    const options = { num_layers: p.layers, bidirectional: p.bidirectional, dtype: p.dtype };
    const net = new torch.nn[p.kind as 'LSTM'](p.input, p.hidden, options);
    const weights = [...net.parameters()];
    const input = make(x).div(4).requires_grad_();
    const [output] = net.forward(input) as unknown as [Tensor];
    return [output.detach(), ...(torch.autograd.grad(output.square().sum(), [input, ...weights]) as Tensor[])];
  }),
  family(
    'embedding',
    fc
      .record({
        count: size(1, 40),
        width: size(1, 70),
        shape: fc.array(size(0, 9), { maxLength: 3 }),
        padding: fc.option(fc.constant(0)),
        scale: fc.boolean(),
        seed: fc.nat(1000),
      })
      .chain((p) => fc.record({ p: fc.constant(p), weight: finite([p.count, p.width], ...FLOATS) })),
    ({ p, weight }) =>
      withGradients([make(weight)], (w) =>
        F.embedding(positions(p.shape, p.count, p.seed), w, { padding_idx: p.padding, scale_grad_by_freq: p.scale }),
      ),
  ),
  ...(
    ['sum', 'mean', 'prod', 'amax', 'amin', 'argmax', 'argmin', 'any', 'all', 'var', 'logsumexp', 'nansum', 'norm', 'max', 'min'] as const
  ).map((name) => {
    const dtypes = ['mean', 'var', 'logsumexp', 'norm'].includes(name) ? FLOATS : [float32, float64, int64, int32, uint8];
    const reduce =
      name === 'norm'
        ? (x: Tensor, dim: number) => torch.linalg.vector_norm(x, 2, dim)
        : (torch[name] as unknown as (x: Tensor, dim: number) => Results);
    return family(`${name} over a dimension`, along(...dtypes), ({ x, dim }) => {
      const r = reduce(make(x), dim);
      return r instanceof torch.Tensor ? r : [...r];
    });
  }),
  family(
    'reductions of more',
    long(float32, float64, int64),
    ({ x, dim }) => {
      const t = make({ ...x, special: false });
      const m = t.max(dim);
      return [
        t.sum(dim),
        t.sum(),
        t.amax(dim),
        t.amin(),
        t.argmax(dim),
        t.argmin(),
        ...m,
        t.eq(0).any(dim),
        t.to(float64).mean(),
        t.to(float64).var(dim),
      ];
    },
    RUNS / 2,
  ),
  ...(['cumsum', 'cumprod', 'cummax', 'cummin'] as const).map((name) =>
    family(name, along(float32, float64, int64, int32), ({ x, dim }) => {
      const r = (torch[name] as (x: Tensor, dim: number) => Results)(make({ ...x, special: false }), dim);
      return r instanceof torch.Tensor ? r : [...r];
    }),
  ),
  ...(['cummax', 'cummin', 'cumsum', 'logcumsumexp'] as const).map((name) =>
    family(
      `${name} of more`,
      long(...FLOATS),
      ({ x, dim }) => {
        // A running sum past infinity is a matter of the order; float32 sums are of numbers that a double holds exactly.
        const r = (torch[name] as (x: Tensor, dim: number) => Results)(make(name === 'cumsum' ? { ...x, special: false } : x), dim);
        return r instanceof torch.Tensor ? r : [...r];
      },
      RUNS / 2,
    ),
  ),
  family('logcumsumexp', along(...FLOATS), ({ x, dim }) => torch.logcumsumexp(make(x), dim)),
  family(
    'distinct elements',
    fc.oneof(along(float32, float64, int64, int32, uint8, bool), long(float32, float64, int64, int32)),
    ({ x }) => {
      const t = make(x);
      const all = { return_inverse: true, return_counts: true };
      return [torch.unique(t), ...torch.unique(t, all), ...torch.unique(t.mul(1e9), all), ...torch.unique_consecutive(t, all)] as Tensor[];
    },
  ),
  family(
    'counts',
    fc.record({ x: recipe(dims, FLOATS), bins: size(1, 40), dtype: fc.constantFrom(int64, int32, uint8) }),
    ({ x, bins, dtype }) => {
      const t = make({ ...x, special: false });
      const places = t.abs().reshape([-1]).to(dtype);
      return [t.histc(bins), t.histc(bins, -2, 3), places.bincount(), places.bincount({ weights: t.reshape([-1]), minlength: 9 })];
    },
  ),
  family(
    'Fourier transforms along a dimension',
    fc.record({
      x: recipe(
        fc.oneof(
          dims.filter((s) => s.length > 0 && !s.includes(0)),
          fc.constantFrom<number[]>([257, 129], [2, 300, 31], [520, 3]),
        ),
        FLOATS,
      ),
      dim: fc.nat(3),
    }),
    ({ x, dim }) => {
      const t = make({ ...x, special: false }).div(64);
      const options = { dim: dim % t.ndim, norm: 'ortho' };
      const z = torch.fft.fft(t, options);
      return [
        z,
        torch.fft.ifft(z, options),
        torch.fft.rfft(t, options),
        torch.fft.fft2(torch.complex(t, t.flip([0])), { dim: [dim % t.ndim] }),
      ]
        .map((y) => torch.view_as_real(y.resolve_conj()))
        .concat([torch.fft.irfft(z, { ...options, n: t.size(options.dim) }), torch.fft.hfft(z, options)]);
    },
  ),
  family('sort', along(float32, float64, int64, int32, uint8), ({ x, dim }) => [
    ...torch.sort(make(x), { dim, stable: true }),
    ...torch.sort(make(x), { dim, stable: true, descending: true }),
  ]),
  family('sort of more', long(float32, float64, int64), ({ x, dim }) => [...torch.sort(make(x), { dim, stable: true })], RUNS / 2),
  family('topk', along(float32, float64, int64, uint8), ({ x, dim }) => {
    const t = make({ ...x, special: false });
    // Which of equal values comes first is not said.
    return torch.topk(t, Math.ceil((t.ndim ? t.size(dim) : 1) / 2), dim).values;
  }),
  family('index_select, gather and take_along_dim', indexed, ({ x, dim, count, seed }) => {
    const t = make(x);
    const shape = t.shape.map((n, i) => (i === dim ? count : n));
    const index = at(t, dim, shape, seed);
    return [t.index_select(dim, at(t, dim, [count], seed)), t.gather(dim, index), t.take_along_dim(index, dim)];
  }),
  family('scatter and scatter_add', scattered, ({ x, source, shape, dim, seed }) => {
    const t = make(x);
    const s = make(source);
    // Positions that differ along `dim`, for the last one of equals wins by chance.
    const distinct = torch
      .arange(shape[dim]!)
      .add(seed)
      .remainder(Math.max(1, t.size(dim)));
    const index = distinct.reshape(shape.map((n, i) => (i === dim ? n : 1))).expand(shape);
    const all = [t.scatter_add(dim, at(t, dim, shape, seed), s)];
    return shape[dim]! <= t.size(dim) ? [...all, t.scatter(dim, index, s), t.scatter(dim, index, 3)] : all;
  }),
  family('positions, read and written', indexed, ({ x, count, seed }) => {
    const t = make(x);
    const first = at(t, 0, [count], seed);
    const last = at(t, t.ndim - 1, [2, 1], seed + 1);
    const one = [t.at(first), t.at('...', last)];
    if (t.ndim < 2) return one;
    const written = t.contiguous().clone();
    written.index_put_([first], t.at(first).flip([0]), true);
    return t.dtype === torch.bool ? one : [...one, written, t.at(at(t, 0, [2, count], seed), at(t, 1, [count], seed + 3))];
  }),
  family('masks', indexed, ({ x, seed }) => {
    const t = make(x);
    const mask = positions(t.shape, 3, seed).eq(0);
    return [t.masked_fill(mask, 1), t.masked_select(mask), t.masked_select(mask.select(0, 0).logical_not())];
  }),
  family(
    'interpolation',
    fc
      .record({
        lead: sizes(2, 1, 4),
        space: sizes(2, 1, RUNS / 2),
        to: sizes(2, 1, 17),
        mode: fc.constantFrom('nearest', 'nearest-exact', 'bilinear', 'bicubic', 'area'),
        align: fc.boolean(),
        antialias: fc.boolean(),
      })
      .chain((p) => fc.record({ p: fc.constant(p), x: finite([...p.lead, ...p.space], ...FLOATS) })),
    ({ p, x }) => {
      const smooth = p.mode === 'bilinear' || p.mode === 'bicubic';
      return withGradients([make(x)], (x) =>
        F.interpolate(x, { size: p.to, mode: p.mode, align_corners: smooth ? p.align : null, antialias: smooth && p.antialias }),
      );
    },
  ),
  family(
    'grid_sample',
    fc
      .record({
        batch: size(1, 3),
        c: size(1, 4),
        space: fc.oneof(sizes(2, 1, 8), sizes(3, 1, 5)),
        align: fc.boolean(),
        mode: fc.constantFrom('bilinear', 'nearest'),
        padding: fc.constantFrom('zeros', 'border', 'reflection'),
      })
      .chain((p) =>
        fc.record({
          p: fc.constant(p),
          x: finite([p.batch, p.c, ...p.space], float64),
          grid: finite([p.batch, ...p.space.map((n) => n + 1), p.space.length], float64),
        }),
      ),
    ({ p, x, grid }) =>
      withGradients([make(x), make(grid).div(6.1)], (x, grid) =>
        F.grid_sample(x, grid, { mode: p.mode, padding_mode: p.padding, align_corners: p.align }),
      ),
  ),
  family(
    'padding',
    fc
      .record({
        lead: sizes(2, 1, 3),
        space: size(1, 3).chain((n) => sizes(n, 3, 9)),
        mode: fc.constantFrom('constant', 'reflect', 'replicate', 'circular'),
      })
      .chain((p) =>
        fc.record({
          p: fc.constant(p),
          pad: fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 2 * p.space.length, maxLength: 2 * p.space.length }),
          x: finite([...p.lead, ...p.space], ...FLOATS),
        }),
      ),
    ({ p, pad, x }) => [
      ...withGradients([make(x)], (x) => F.pad(x, pad, p.mode, p.mode === 'constant' ? 1.5 : null)),
      F.pad(make(x).to(torch.int16), pad, p.mode, null),
    ],
  ),
  family(
    'unfold and fold',
    fc
      .record({ lead: sizes(2, 1, 4), space: sizes(2, 3, 11), window: window(2) })
      .chain((p) => fc.record({ p: fc.constant(p), x: finite([...p.lead, ...p.space], ...FLOATS) })),
    ({ p: { window: v, space }, x }) =>
      withGradients([make(x)], (x) => {
        const columns = F.unfold(x, v.kernel, v.dilation, v.padding, v.stride);
        return [columns, F.fold(columns, space, v.kernel, v.dilation, v.padding, v.stride)];
      }),
  ),
  family('flip and roll', along(...DTYPES), ({ x, dim }) =>
    x.dtype.is_floating_point
      ? withGradients([make(x)], (x) => [x.flip([dim]), x.flip([...x.shape.keys()]), x.roll(2, dim)])
      : [make(x).flip([dim]), make(x).roll(-1)],
  ),
  family('fills and copies', along(...DTYPES), ({ x }) => {
    const t = make(x);
    const into = torch.zeros([...t.shape].reverse(), { dtype: t.dtype }).permute([...t.shape.keys()].reverse());
    return [into.copy_(t), torch.full_like(t, 1), t.clone(), torch.ones_like(t).masked_fill(t.ne(t), 0)];
  }),
  family(
    'steps of optimizers',
    fc.record({
      which: fc.constantFrom('SGD', 'Adam', 'AdamW', 'Adagrad', 'RMSprop', 'Adadelta', 'NAdam'),
      momentum: fc.boolean(),
      maximize: fc.boolean(),
      decay: fc.constantFrom(0, 0.1),
      parameters: fc.array(dims, { minLength: 1, maxLength: 4 }),
      dtype: fc.constantFrom(...FLOATS),
    }),
    ({ which, momentum, maximize, decay, parameters, dtype }) => {
      const xs = parameters.map((shape, seed) => make({ shape, dtype, layout: 'dense', seed, special: false }).requires_grad_());
      const options = {
        lr: 0.05,
        weight_decay: decay,
        maximize,
        ...(which === 'SGD' || which === 'RMSprop' ? { momentum: momentum ? 0.9 : 0 } : {}),
        ...(which === 'Adam' || which === 'AdamW' ? { amsgrad: momentum } : {}),
      };
      const optimizer = new torch.optim[which as 'SGD'](xs, options);
      for (let step = 0; step < 3; step++) {
        optimizer.zero_grad();
        xs.map((x) => x.square().sum().sqrt())
          .reduce((a, b) => a.add(b))
          .backward();
        optimizer.step();
      }
      return xs.map((x) => x.detach());
    },
  ),
  family('random numbers', fc.record({ x: recipe(dims, FLOATS), p: fc.double({ min: 0, max: 1, noNaN: true }) }), ({ x, p }) => {
    const t = make({ ...x, special: false });
    return [
      torch.rand(t.shape, { dtype: t.dtype }),
      torch.randn(t.shape, { dtype: t.dtype }),
      torch.empty_like(t).uniform_(-p, p),
      torch.full_like(t, p).bernoulli(),
      torch.randint(-5, 1000, t.shape),
      torch.randperm(t.numel()),
      F.dropout(t, p),
    ];
  }),
];

describe.each(BACKENDS.filter((b) => b !== 'reference'))('%s', (backend) => {
  const threads = torch.get_num_threads();
  afterAll(() => {
    useBackend(BACKENDS.at(-1)!);
    torch.set_num_threads(threads);
  });
  it.each(FAMILIES)('$name', ({ check }) => check(backend));
});
