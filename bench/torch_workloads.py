"""The PyTorch side of bench/workloads.ts. Reads one request a line (JSON: name, threads, seconds), writes one answer a line."""
import json
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

from torch_make import binary, data, unary
from torch_operators import OPERATORS
from torch_training import LARGER


def matmul(m, k, n, transposed=''):
    def make():
        a = data(k, m).t() if 'a' in transposed else data(m, k)
        b = data(n, k).t() if 'b' in transposed else data(k, n)
        return lambda: a.mm(b)
    return make


def convolution(part, x, w, stride=1, padding=0, dilation=1, groups=1):
    def make():
        i, k = data(*x), data(*w)
        if part == 'forward':
            return lambda: F.conv2d(i, k, None, stride, padding, dilation, groups)
        leaf = (i if part == 'input' else k).requires_grad_()
        y = F.conv2d(i, k, None, stride, padding, dilation, groups)
        g = torch.ones_like(y)
        return lambda: torch.autograd.grad(y, [leaf], g, retain_graph=True)[0]
    return make


CONVS = {
    'conv 32×64×56² 3×3': dict(x=(32, 64, 56, 56), w=(64, 64, 3, 3), padding=1),
    'conv 1×1 64→256 28²': dict(x=(32, 64, 28, 28), w=(256, 64, 1, 1)),
    'conv stride 2': dict(x=(32, 64, 56, 56), w=(64, 64, 3, 3), stride=2, padding=1),
    'conv depthwise': dict(x=(32, 64, 56, 56), w=(64, 1, 3, 3), padding=1, groups=64),
    'conv dilation 2': dict(x=(16, 64, 28, 28), w=(64, 64, 3, 3), padding=2, dilation=2),
    'conv 128×32×14²→64': dict(x=(128, 32, 14, 14), w=(64, 32, 3, 3), padding=1),
    'conv 256→256 14²': dict(x=(16, 256, 14, 14), w=(256, 256, 3, 3), padding=1),
    'conv 512→512 7²': dict(x=(16, 512, 7, 7), w=(512, 512, 3, 3), padding=1),
}


def step(model, optimizer, x, y, loss):
    def run():
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        return value.detach()
    return run


def classes(n, k):
    return torch.arange(n) % k


def train_dnn():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())
    return step(net, torch.optim.Adam(net.parameters(), lr=0.01), data(100, 2), data(100, 1).abs(), F.binary_cross_entropy)


def train_mlp():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    return step(net, torch.optim.Adam(net.parameters(), lr=1e-3), data(128, 784), classes(128, 10), F.cross_entropy)


class TextNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10_000, 3, padding_idx=1)
        self.conv_1 = nn.Conv1d(3, 16, kernel_size=5)
        self.conv_2 = nn.Conv1d(16, 128, kernel_size=2)
        self.pool = nn.MaxPool1d(2)
        self.dense = nn.Linear(6144, 1)

    def forward(self, x):
        y = self.embedding(x).transpose(1, 2)
        y = self.pool(self.conv_1(y).relu())
        y = self.pool(self.conv_2(y).relu())
        return self.dense(y.flatten(1)).sigmoid()


def train_text():
    torch.manual_seed(0)
    net = TextNet()
    x = (torch.arange(20 * 200) * 37 % 10_000).reshape(20, 200)
    return step(net, torch.optim.Adagrad(net.parameters(), lr=0.02), x, data(20, 1).abs(), F.binary_cross_entropy)


def train_cifar():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 32, kernel_size=3), nn.MaxPool2d(2, 2), nn.Conv2d(32, 64, kernel_size=5), nn.MaxPool2d(2, 2), nn.Dropout2d(0.1),
        nn.AdaptiveMaxPool2d((1, 1)), nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())
    return step(net, torch.optim.Adam(net.parameters(), lr=0.01), data(50, 3, 32, 32), data(50, 1).abs(), F.binary_cross_entropy)


def train_mnist():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, kernel_size=3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.25), nn.Linear(1568, 10))
    return step(net, torch.optim.Adam(net.parameters(), lr=1e-3), data(128, 1, 28, 28), classes(128, 10), F.cross_entropy)


WORKLOADS = {
    **OPERATORS,
    **{f'matmul {n}': matmul(n, n, n) for n in (64, 128, 256, 512, 1024, 2048)},
    'matmul 64 transposed B': matmul(64, 64, 64, 'b'),
    'matmul 512 transposed A': matmul(512, 512, 512, 'a'),
    'matmul 512 transposed B': matmul(512, 512, 512, 'b'),
    'matmul 1×512×784': matmul(1, 512, 784),
    'matmul 8×512×784': matmul(8, 512, 784),
    'matmul 32×512×784': matmul(32, 512, 784),
    'matmul 128×10×512': matmul(128, 512, 10),
    'bmm 64×32×64×32': binary(lambda a, b: a.bmm(b), (64, 32, 64), (64, 64, 32)),
    'add 10': binary(torch.add, (10,), (10,)),
    'add 10,000': binary(torch.add, (10_000,), (10_000,)),
    'add 100,000': binary(torch.add, (100_000,), (100_000,)),
    'add 1 M': binary(torch.add, (1_000_000,), (1_000_000,)),
    'exp 1 M': unary(torch.exp, 1_000_000),
    'log 1 M': unary(torch.log, 1_000_000),
    'gelu 1 M': unary(F.gelu, 1_000_000),
    'tanh 1 M': unary(torch.tanh, 1_000_000),
    'sigmoid 1 M': unary(torch.sigmoid, 1_000_000),
    'erf 1 M': unary(torch.erf, 1_000_000),
    'sum 1 M': unary(torch.sum, 1000, 1000),
    'sum dim 0': unary(lambda x: x.sum(0), 1000, 1000),
    'sum dim 1': unary(lambda x: x.sum(1), 1000, 1000),
    'mean dim 1': unary(lambda x: x.mean(1), 1000, 1000),
    'max dim 1 with indices': unary(lambda x: x.max(1).values, 1000, 1000),
    'softmax 1 M': unary(lambda x: F.softmax(x, 1), 1000, 1000),
    'layer_norm 1 M': unary(lambda x: F.layer_norm(x, [1000]), 1000, 1000),
    'add row': binary(torch.add, (1000, 1000), (1000,)),
    'add column': binary(torch.add, (1000, 1000), (1000, 1)),
    'transpose copy': unary(lambda x: x.t().contiguous(), 1000, 1000),
    'sort 1 M': unary(lambda x: x.sort().values, 1_000_000),
    **{f'{name} {part}': convolution(part, **c) for name, c in CONVS.items() for part in ('forward', 'input', 'weight')},
    'train DNN 2-4-8-1': train_dnn,
    'train MLP 784-512-512-10': train_mlp,
    'train text CNN': train_text,
    'train CIFAR2 CNN': train_cifar,
    'train MNIST CNN': train_mnist,
    **LARGER,
}


def measure(name, threads, seconds):
    torch.set_num_threads(threads)
    run = WORKLOADS[name]()
    first = run()
    checksum = first.double().abs().nan_to_num().sum().item()
    start = time.perf_counter()
    while time.perf_counter() - start < 0.2:
        kept = run()
    one = time.perf_counter()
    kept = run()
    one = max(time.perf_counter() - one, 1e-7)
    batch = max(1, int(2e-3 / one))
    times, faults = [], resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    end = time.perf_counter() + seconds
    calls = 0
    while time.perf_counter() < end:
        t = time.perf_counter()
        for _ in range(batch):
            kept = run()
        times.append((time.perf_counter() - t) / batch * 1e6)
        calls += batch
    faults = (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults) / max(calls, 1)
    times.sort()
    return {'us': statistics.median(times), 'p95': times[int(len(times) * 0.95)], 'faults': faults, 'checksum': checksum}


for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = measure(**request)
    except Exception as e:  # the other side prints it
        answer = {'error': f'{type(e).__name__}: {e}'}
    print(json.dumps(answer), flush=True)
