"""The PyTorch side of bench/operators.ts."""
import math

import torch
import torch.nn.functional as F
from torch import fft, linalg

from torch_make import binary, data, unary


def square(f):
    return unary(f, 1000, 1000)


def images(f):
    return unary(f, 32, 64, 56, 56)


def integers(below, *shape):
    return (torch.arange(math.prod(shape)) * 7919 % below).reshape(shape)


def indexed(f, shape, below, *index):
    def make():
        x, i = data(*shape), integers(below, *index)
        return lambda: f(x, i)
    return make


def definite(f, n):
    def make():
        a = data(n, n)
        x = a.mm(a.t()) / n + torch.eye(n)
        return lambda: f(x)
    return make


def prepared(prepare, f, *shape):
    def make():
        x = prepare(data(*shape))
        return lambda: f(x)
    return make


def backward(f, *shape):
    def make():
        x = data(*shape).requires_grad_()
        y = f(x)
        g = torch.ones_like(y.detach())
        return lambda: torch.autograd.grad(y, [x], g, retain_graph=True)[0]
    return make


def embedding_backward():
    i = integers(1000, 10_000)
    return backward(lambda x: F.embedding(i, x), 1000, 64)()


FAMILIES = {
    'reduction': {
        'var dim 1': square(lambda x: x.var(1)),
        'std dim 0': square(lambda x: x.std(0)),
        'prod dim 1': square(lambda x: x.prod(1)),
        'argmax dim 0': square(lambda x: x.argmax(0)),
        'argmax dim 1': square(lambda x: x.argmax(1)),
        'amin dim 1': square(lambda x: x.amin(1)),
        'min dim 0 with indices': square(lambda x: x.min(0).indices),
        'logsumexp dim 1': square(lambda x: x.logsumexp(1)),
        'vector norm': square(linalg.vector_norm),
        'norm dim 0': square(lambda x: linalg.vector_norm(x, 2, 0)),
        'median dim 1': square(lambda x: x.median(1).values),
        'count_nonzero dim 0': square(lambda x: x.count_nonzero(0)),
        'any dim 1': prepared(lambda x: x > 0.4999, lambda x: x.any(1), 1000, 1000),
        'sum int64 dim 0': prepared(lambda x: (x * 100).long(), lambda x: x.sum(0), 1000, 1000),
        'mean dims 0, 2, 3': images(lambda x: x.mean((0, 2, 3))),
        'nansum dim 1': square(lambda x: x.nansum(1)),
    },
    'convolution': {
        'max_pool2d 2': images(lambda x: F.max_pool2d(x, 2)),
        'max_pool2d 3 stride 2': images(lambda x: F.max_pool2d(x, 3, 2, 1)),
        'max_pool2d backward': backward(lambda x: F.max_pool2d(x, 2), 32, 64, 56, 56),
        'avg_pool2d 2': images(lambda x: F.avg_pool2d(x, 2)),
        'avg_pool2d backward': backward(lambda x: F.avg_pool2d(x, 2), 32, 64, 56, 56),
        'adaptive_avg_pool2d 7': images(lambda x: F.adaptive_avg_pool2d(x, 7)),
        'max_pool1d 2': unary(lambda x: F.max_pool1d(x, 2), 32, 64, 1024),
        'conv1d': binary(F.conv1d, (16, 64, 1024), (128, 64, 5)),
        'conv_transpose2d': binary(lambda x, w: F.conv_transpose2d(x, w, None, 2, 1), (16, 64, 28, 28), (64, 32, 4, 4)),
        'conv3d': binary(lambda x, w: F.conv3d(x, w, None, 1, 1), (4, 16, 16, 16, 16), (32, 16, 3, 3, 3)),
        'interpolate bilinear': unary(lambda x: F.interpolate(x, scale_factor=2, mode='bilinear'), 8, 16, 64, 64),
        'interpolate nearest': unary(lambda x: F.interpolate(x, scale_factor=2), 8, 16, 64, 64),
        'unfold': unary(lambda x: F.unfold(x, 3, 1, 1), 8, 16, 32, 32),
        'fold': unary(lambda x: F.fold(x, (32, 32), 3, 1, 1), 8, 144, 1024),
        'batch_norm train': images(lambda x: F.batch_norm(x, None, None, None, None, True)),
        'group_norm': images(lambda x: F.group_norm(x, 8)),
        'grid_sample': binary(lambda x, g: F.grid_sample(x, g, align_corners=False), (8, 8, 64, 64), (8, 64, 64, 2)),
    },
    'linear algebra': {
        'solve 256': definite(lambda x: linalg.solve(x, x), 256),
        'inv 256': definite(linalg.inv, 256),
        'cholesky 512': definite(linalg.cholesky, 512),
        'lu_factor 512': definite(lambda x: linalg.lu_factor(x)[0], 512),
        'det 256': definite(linalg.det, 256),
        'qr 256': definite(lambda x: linalg.qr(x)[1], 256),
        'svd 128': definite(lambda x: linalg.svd(x)[1], 128),
        'eigh 128': definite(lambda x: linalg.eigh(x)[0], 128),
        'eigvals 64': definite(lambda x: linalg.eigvals(x).abs(), 64),
        'solve_triangular 512': definite(lambda x: linalg.solve_triangular(x, x, upper=True), 512),
        'matrix_exp 64': definite(linalg.matrix_exp, 64),
        'pinv 64': definite(linalg.pinv, 64),
        'lstsq 256': definite(lambda x: linalg.lstsq(x, x).solution, 256),
        'cdist 500': binary(torch.cdist, (500, 64), (500, 64)),
        'einsum bij,bjk': binary(lambda x, y: torch.einsum('bij,bjk->bik', x, y), (64, 64, 64), (64, 64, 64)),
        'einsum bhqd,bhkd': binary(lambda x, y: torch.einsum('bhqd,bhkd->bhqk', x, y), (4, 8, 64, 32), (4, 8, 64, 32)),
        'tensordot 2': binary(lambda x, y: torch.tensordot(x, y, 2), (64, 32, 32), (32, 32, 64)),
        'kron 32': binary(torch.kron, (32, 32), (32, 32)),
        'attention': unary(lambda x: F.scaled_dot_product_attention(x, x, x), 4, 8, 256, 64),
    },
    'indexing': {
        'index_select rows': indexed(lambda x, i: x.index_select(0, i), (10_000, 64), 10_000, 10_000),
        'index_select columns': indexed(lambda x, i: x.index_select(1, i), (1000, 1000), 1000, 500),
        'gather dim 1': indexed(lambda x, i: x.gather(1, i), (1000, 1000), 1000, 1000, 1000),
        'gather dim 0': indexed(lambda x, i: x.gather(0, i), (1000, 1000), 1000, 1000, 1000),
        'scatter_add dim 0': indexed(lambda x, i: torch.zeros(1000, 1000).scatter_add(0, i, x), (1000, 1000), 1000, 1000, 1000),
        'scatter dim 1': indexed(lambda x, i: torch.zeros(1000, 1000).scatter(1, i, x), (1000, 1000), 1000, 1000, 1000),
        'index_add rows': indexed(lambda x, i: torch.zeros(1000, 64).index_add(0, i, x), (10_000, 64), 1000, 10_000),
        'advanced index': indexed(lambda x, i: x[i], (10_000, 64), 10_000, 10_000),
        'advanced pairs': indexed(lambda x, i: x[i, i], (1000, 1000), 1000, 100_000),
        'index_put accumulate': indexed(lambda x, i: torch.zeros(1000, 64).index_put((i,), x, accumulate=True), (10_000, 64), 1000, 10_000),
        'take': indexed(lambda x, i: x.take(i), (1000, 1000), 1_000_000, 100_000),
        'masked_fill': square(lambda x: x.masked_fill(x > 0, 0)),
        'masked_select': square(lambda x: x.masked_select(x > 0)),
        'nonzero': square(lambda x: (x > 0.4).nonzero()),
        'where': square(lambda x: torch.where(x > 0, x, 0)),
        'embedding': indexed(lambda x, i: F.embedding(i, x), (50_000, 64), 50_000, 10_000),
        'embedding backward': embedding_backward,
        'one_hot': indexed(lambda _, i: F.one_hot(i, 100), (1,), 100, 10_000),
        'tril': square(lambda x: x.tril()),
        'searchsorted': binary(lambda x, y: torch.searchsorted(x.sort().values, y), (1000,), (100_000,)),
    },
    'shape and copy': {
        'cat rows': square(lambda x: torch.cat([x, x], 0)),
        'cat columns': square(lambda x: torch.cat([x, x], 1)),
        'stack': square(lambda x: torch.stack([x, x], 2)),
        'NCHW to NHWC': images(lambda x: x.permute(0, 2, 3, 1).contiguous()),
        'NHWC to NCHW': unary(lambda x: x.permute(0, 3, 1, 2).contiguous(), 32, 56, 56, 64),
        'transpose inner copy': unary(lambda x: x.transpose(1, 2).contiguous(), 64, 128, 128),
        'flip rows': square(lambda x: x.flip([0])),
        'flip columns': square(lambda x: x.flip([1])),
        'roll': square(lambda x: x.roll(100, 1)),
        'repeat': unary(lambda x: x.repeat(10, 10), 100, 100),
        'repeat_interleave': unary(lambda x: x.repeat_interleave(10, 0), 1000, 100),
        'expand copy': unary(lambda x: x.expand(1000, 1000).contiguous(), 1000, 1),
        'narrow copy': square(lambda x: x.narrow(1, 100, 800).contiguous()),
        'strided slice copy': square(lambda x: x[::2, ::2].contiguous()),
        'clone': square(lambda x: x.clone()),
        'float32 to float64': square(lambda x: x.double()),
        'float32 to int64': square(lambda x: x.long()),
        'float32 to bfloat16': square(lambda x: x.bfloat16()),
        'pad constant': images(lambda x: F.pad(x, [1, 1, 1, 1])),
        'pad reflect': images(lambda x: F.pad(x, [1, 1, 1, 1], 'reflect')),
        'pixel_shuffle': images(lambda x: F.pixel_shuffle(x, 2)),
    },
    'fft, scan and sort': {
        'fft 1024': unary(lambda x: fft.fft(x).abs(), 64, 1024),
        'rfft 65536': unary(lambda x: torch.view_as_real(fft.rfft(x)), 65_536),
        'irfft 1024': unary(lambda x: fft.irfft(torch.view_as_complex(x)), 64, 513, 2),
        'fft2 256': unary(lambda x: torch.view_as_real(fft.fft2(x)), 256, 256),
        'fft 1000': unary(lambda x: torch.view_as_real(fft.fft(x)), 64, 1000),
        'fft 1009': unary(lambda x: torch.view_as_real(fft.fft(x)), 16, 1009),
        'stft': unary(lambda x: torch.view_as_real(torch.stft(x, 512, window=torch.hann_window(512), return_complex=True)), 16_000),
        'cumsum dim 1': square(lambda x: x.cumsum(1)),
        'cumsum dim 0': square(lambda x: x.cumsum(0)),
        'cumprod dim 1': square(lambda x: x.cumprod(1)),
        'cummax dim 1': square(lambda x: x.cummax(1).values),
        'logcumsumexp dim 1': square(lambda x: x.logcumsumexp(1)),
        'sort dim 1': square(lambda x: x.sort(1).values),
        'sort dim 0': square(lambda x: x.sort(0).values),
        'argsort': square(lambda x: x.argsort(1)),
        'sort int64': prepared(lambda x: (x * 1e6).long(), lambda x: x.sort().values, 100_000),
        'topk 10': square(lambda x: x.topk(10, 1).values),
        'kthvalue': square(lambda x: x.kthvalue(500, 1).values),
        'unique int64': prepared(lambda x: (x * 1e4).long(), lambda x: x.unique(), 100_000),
        'bincount': indexed(lambda _, i: i.bincount(), (1,), 1000, 100_000),
        'histc': square(lambda x: x.histc(100)),
    },
}
OPERATORS = {f'{family}: {name}': make for family, works in FAMILIES.items() for name, make in works.items()}
