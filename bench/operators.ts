// Workloads by family: the same names, inputs and work as bench/torch_operators.py. "family: work" puts a name in a group.
import * as torch from 'flambeau';
import { binary, data, type Make, type Tensor, unary } from './make.ts';

const { nn, linalg, fft } = torch;
const F = nn.functional;

/** Work on one 1000 × 1000 matrix. */
const square = (f: (x: Tensor) => Tensor): Make => unary(f, 1000, 1000);
const images = (f: (x: Tensor) => Tensor): Make => unary(f, 32, 64, 56, 56);
/** Whole numbers below `below`, spread out. */
const integers = (below: number, ...shape: number[]): Tensor =>
  torch
    .arange(
      shape.reduce((a, b) => a * b, 1),
      { dtype: torch.int64 },
    )
    .mul(7919)
    .remainder(below)
    .reshape(shape);
const indexed =
  (f: (x: Tensor, i: Tensor) => Tensor, shape: number[], below: number, ...index: number[]): Make =>
  () => {
    const x = data(...shape);
    const i = integers(below, ...index);
    return () => f(x, i);
  };
/** A symmetric positive definite matrix. */
const definite =
  (f: (x: Tensor) => Tensor, n: number): Make =>
  () => {
    const a = data(n, n);
    const x = a.mm(a.t()).div(n).add(torch.eye(n));
    return () => f(x);
  };
const prepared =
  (prepare: (x: Tensor) => Tensor, f: (x: Tensor) => Tensor, ...shape: number[]): Make =>
  () => {
    const x = prepare(data(...shape));
    return () => f(x);
  };
/** The gradient of one input. */
const backward =
  (f: (x: Tensor) => Tensor, ...shape: number[]): Make =>
  () => {
    const x = data(...shape).requires_grad_();
    const y = f(x);
    const g = torch.ones_like(y.detach());
    return () => torch.autograd.grad(y, [x], { grad_outputs: [g], retain_graph: true })[0]!;
  };

const families: Record<string, Record<string, Make>> = {
  reduction: {
    'var dim 1': square((x) => x.var(1)),
    'std dim 0': square((x) => x.std(0)),
    'prod dim 1': square((x) => x.prod(1)),
    'argmax dim 0': square((x) => x.argmax(0)),
    'argmax dim 1': square((x) => x.argmax(1)),
    'amin dim 1': square((x) => x.amin(1)),
    'min dim 0 with indices': square((x) => x.min(0).indices),
    'logsumexp dim 1': square((x) => x.logsumexp(1)),
    'vector norm': square((x) => linalg.vector_norm(x)),
    'norm dim 0': square((x) => linalg.vector_norm(x, 2, 0)),
    'median dim 1': square((x) => x.median(1).values),
    'count_nonzero dim 0': square((x) => x.count_nonzero(0)),
    'any dim 1': prepared(
      (x) => x.gt(0.4999),
      (x) => x.any(1),
      1000,
      1000,
    ),
    'sum int64 dim 0': prepared(
      (x) => x.mul(100).to(torch.int64),
      (x) => x.sum(0),
      1000,
      1000,
    ),
    'mean dims 0, 2, 3': images((x) => x.mean([0, 2, 3])),
    'nansum dim 1': square((x) => x.nansum(1)),
  },
  convolution: {
    'max_pool2d 2': images((x) => F.max_pool2d(x, 2)),
    'max_pool2d 3 stride 2': images((x) => F.max_pool2d(x, 3, 2, 1)),
    'max_pool2d backward': backward((x) => F.max_pool2d(x, 2), 32, 64, 56, 56),
    'avg_pool2d 2': images((x) => F.avg_pool2d(x, 2)),
    'avg_pool2d backward': backward((x) => F.avg_pool2d(x, 2), 32, 64, 56, 56),
    'adaptive_avg_pool2d 7': images((x) => F.adaptive_avg_pool2d(x, 7)),
    'max_pool1d 2': unary((x) => F.max_pool1d(x, 2), 32, 64, 1024),
    conv1d: binary((x, w) => F.conv1d(x, w), [16, 64, 1024], [128, 64, 5]),
    conv_transpose2d: binary((x, w) => F.conv_transpose2d(x, w, null, 2, 1), [16, 64, 28, 28], [64, 32, 4, 4]),
    conv3d: binary((x, w) => F.conv3d(x, w, null, 1, 1), [4, 16, 16, 16, 16], [32, 16, 3, 3, 3]),
    'interpolate bilinear': unary((x) => F.interpolate(x, { scale_factor: 2, mode: 'bilinear' }), 8, 16, 64, 64),
    'interpolate nearest': unary((x) => F.interpolate(x, { scale_factor: 2 }), 8, 16, 64, 64),
    unfold: unary((x) => F.unfold(x, 3, 1, 1), 8, 16, 32, 32),
    fold: unary((x) => F.fold(x, [32, 32], 3, 1, 1), 8, 144, 1024),
    'batch_norm train': images((x) => F.batch_norm(x, null, null, null, null, true)),
    group_norm: images((x) => F.group_norm(x, 8)),
    grid_sample: binary((x, g) => F.grid_sample(x, g, { align_corners: false }), [8, 8, 64, 64], [8, 64, 64, 2]),
  },
  'linear algebra': {
    'solve 256': definite((x) => linalg.solve(x, x), 256),
    'inv 256': definite((x) => linalg.inv(x), 256),
    'cholesky 512': definite((x) => linalg.cholesky(x), 512),
    'lu_factor 512': definite((x) => linalg.lu_factor(x)[0], 512),
    'det 256': definite((x) => linalg.det(x), 256),
    'qr 256': definite((x) => linalg.qr(x)[1], 256),
    'svd 128': definite((x) => linalg.svd(x)[1], 128),
    'eigh 128': definite((x) => linalg.eigh(x)[0], 128),
    'eigvals 64': definite((x) => linalg.eigvals(x).abs(), 64),
    'solve_triangular 512': definite((x) => linalg.solve_triangular(x, x, { upper: true }), 512),
    'matrix_exp 64': definite((x) => linalg.matrix_exp(x), 64),
    'pinv 64': definite((x) => linalg.pinv(x), 64),
    'lstsq 256': definite((x) => linalg.lstsq(x, x).solution, 256),
    'cdist 500': binary((x, y) => torch.cdist(x, y), [500, 64], [500, 64]),
    'einsum bij,bjk': binary((x, y) => torch.einsum('bij,bjk->bik', [x, y]), [64, 64, 64], [64, 64, 64]),
    'einsum bhqd,bhkd': binary((x, y) => torch.einsum('bhqd,bhkd->bhqk', [x, y]), [4, 8, 64, 32], [4, 8, 64, 32]),
    'tensordot 2': binary((x, y) => torch.tensordot(x, y, 2), [64, 32, 32], [32, 32, 64]),
    'kron 32': binary((x, y) => torch.kron(x, y), [32, 32], [32, 32]),
    attention: unary((x) => F.scaled_dot_product_attention(x, x, x), 4, 8, 256, 64),
  },
  indexing: {
    'index_select rows': indexed((x, i) => x.index_select(0, i), [10_000, 64], 10_000, 10_000),
    'index_select columns': indexed((x, i) => x.index_select(1, i), [1000, 1000], 1000, 500),
    'gather dim 1': indexed((x, i) => x.gather(1, i), [1000, 1000], 1000, 1000, 1000),
    'gather dim 0': indexed((x, i) => x.gather(0, i), [1000, 1000], 1000, 1000, 1000),
    'scatter_add dim 0': indexed((x, i) => torch.zeros(1000, 1000).scatter_add(0, i, x), [1000, 1000], 1000, 1000, 1000),
    'scatter dim 1': indexed((x, i) => torch.zeros(1000, 1000).scatter(1, i, x), [1000, 1000], 1000, 1000, 1000),
    'index_add rows': indexed((x, i) => torch.zeros(1000, 64).index_add(0, i, x), [10_000, 64], 1000, 10_000),
    'advanced index': indexed((x, i) => x.at(i), [10_000, 64], 10_000, 10_000),
    'advanced pairs': indexed((x, i) => x.at(i, i), [1000, 1000], 1000, 100_000),
    'index_put accumulate': indexed((x, i) => torch.zeros(1000, 64).index_put([i], x, { accumulate: true }), [10_000, 64], 1000, 10_000),
    take: indexed((x, i) => x.take(i), [1000, 1000], 1_000_000, 100_000),
    masked_fill: square((x) => x.masked_fill(x.gt(0), 0)),
    masked_select: square((x) => x.masked_select(x.gt(0))),
    nonzero: square((x) => x.gt(0.4).nonzero()),
    where: square((x) => torch.where(x.gt(0), x, 0)),
    embedding: indexed((x, i) => F.embedding(i, x), [50_000, 64], 50_000, 10_000),
    'embedding backward': () => {
      const i = integers(1000, 10_000);
      return backward((x) => F.embedding(i, x), 1000, 64)();
    },
    one_hot: indexed((_, i) => F.one_hot(i, 100), [1], 100, 10_000),
    tril: square((x) => x.tril()),
    searchsorted: binary((x, y) => torch.searchsorted(x.sort().values, y), [1000], [100_000]),
  },
  'shape and copy': {
    'cat rows': square((x) => torch.cat([x, x], 0)),
    'cat columns': square((x) => torch.cat([x, x], 1)),
    stack: square((x) => torch.stack([x, x], 2)),
    'NCHW to NHWC': images((x) => x.permute(0, 2, 3, 1).contiguous()),
    'NHWC to NCHW': unary((x) => x.permute(0, 3, 1, 2).contiguous(), 32, 56, 56, 64),
    'transpose inner copy': unary((x) => x.transpose(1, 2).contiguous(), 64, 128, 128),
    'flip rows': square((x) => x.flip([0])),
    'flip columns': square((x) => x.flip([1])),
    roll: square((x) => x.roll(100, 1)),
    repeat: unary((x) => x.repeat(10, 10), 100, 100),
    repeat_interleave: unary((x) => x.repeat_interleave(10, 0), 1000, 100),
    'expand copy': unary((x) => x.expand(1000, 1000).contiguous(), 1000, 1),
    'narrow copy': square((x) => x.narrow(1, 100, 800).contiguous()),
    'strided slice copy': square((x) => x.at('::2', '::2').contiguous()),
    clone: square((x) => x.clone()),
    'float32 to float64': square((x) => x.to(torch.float64)),
    'float32 to int64': square((x) => x.to(torch.int64)),
    'float32 to bfloat16': square((x) => x.to(torch.bfloat16)),
    'pad constant': images((x) => F.pad(x, [1, 1, 1, 1])),
    'pad reflect': images((x) => F.pad(x, [1, 1, 1, 1], 'reflect')),
    pixel_shuffle: images((x) => F.pixel_shuffle(x, 2)),
  },
  'fft, scan and sort': {
    'fft 1024': unary((x) => fft.fft(x).abs(), 64, 1024),
    'rfft 65536': unary((x) => torch.view_as_real(fft.rfft(x)), 65_536),
    'irfft 1024': unary((x) => fft.irfft(torch.view_as_complex(x)), 64, 513, 2),
    'fft2 256': unary((x) => torch.view_as_real(fft.fft2(x)), 256, 256),
    'fft 1000': unary((x) => torch.view_as_real(fft.fft(x)), 64, 1000),
    'fft 1009': unary((x) => torch.view_as_real(fft.fft(x)), 16, 1009),
    stft: unary((x) => torch.view_as_real(torch.stft(x, { n_fft: 512, window: torch.hann_window(512), return_complex: true })), 16_000),
    'cumsum dim 1': square((x) => x.cumsum(1)),
    'cumsum dim 0': square((x) => x.cumsum(0)),
    'cumprod dim 1': square((x) => x.cumprod(1)),
    'cummax dim 1': square((x) => x.cummax(1).values),
    'logcumsumexp dim 1': square((x) => x.logcumsumexp(1)),
    'sort dim 1': square((x) => x.sort(1).values),
    'sort dim 0': square((x) => x.sort(0).values),
    argsort: square((x) => x.argsort(1)),
    'sort int64': prepared(
      (x) => x.mul(1e6).to(torch.int64),
      (x) => x.sort().values,
      100_000,
    ),
    'topk 10': square((x) => x.topk(10, 1).values),
    kthvalue: square((x) => x.kthvalue(500, 1).values),
    'unique int64': prepared(
      (x) => x.mul(1e4).to(torch.int64),
      (x) => x.unique() as Tensor,
      100_000,
    ),
    bincount: indexed((_, i) => i.bincount(), [1], 1000, 100_000),
    histc: square((x) => x.histc(100)),
  },
};
export const operators: Record<string, Make> = Object.fromEntries(
  Object.entries(families).flatMap(([family, works]) => Object.entries(works).map(([name, make]) => [`${family}: ${name}`, make])),
);
