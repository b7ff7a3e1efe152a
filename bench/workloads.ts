// The workloads: the same names, inputs and work as bench/torch_workloads.py.
import type * as Torch from 'flambeau';
import * as torch from 'flambeau';
import { binary, data, type Make, type Tensor, unary } from './make.ts';
import { operators } from './operators.ts';
import { larger } from './training.ts';

const { nn } = torch;
const F = nn.functional;

const matmul =
  (m: number, k: number, n: number, transposed = ''): Make =>
  () => {
    const a = transposed.includes('a') ? data(k, m).t() : data(m, k);
    const b = transposed.includes('b') ? data(n, k).t() : data(k, n);
    return () => a.mm(b);
  };

interface Conv {
  x: number[];
  w: number[];
  stride?: number;
  padding?: number;
  dilation?: number;
  groups?: number;
}
function convolution({ x, w, stride = 1, padding = 0, dilation = 1, groups = 1 }: Conv, part: 'forward' | 'input' | 'weight'): Make {
  return () => {
    const input = data(...x);
    const weight = data(...w);
    if (part === 'forward') return () => F.conv2d(input, weight, null, stride, padding, dilation, groups);
    const leaf = (part === 'input' ? input : weight).requires_grad_();
    const y = F.conv2d(input, weight, null, stride, padding, dilation, groups);
    const g = torch.ones_like(y.detach());
    return () => torch.autograd.grad(y, [leaf], { grad_outputs: [g], retain_graph: true })[0]!;
  };
}
const CONVS: Record<string, Conv> = {
  'conv 32×64×56² 3×3': { x: [32, 64, 56, 56], w: [64, 64, 3, 3], padding: 1 },
  'conv 1×1 64→256 28²': { x: [32, 64, 28, 28], w: [256, 64, 1, 1] },
  'conv stride 2': { x: [32, 64, 56, 56], w: [64, 64, 3, 3], stride: 2, padding: 1 },
  'conv depthwise': { x: [32, 64, 56, 56], w: [64, 1, 3, 3], padding: 1, groups: 64 },
  'conv dilation 2': { x: [16, 64, 28, 28], w: [64, 64, 3, 3], padding: 2, dilation: 2 },
  'conv 128×32×14²→64': { x: [128, 32, 14, 14], w: [64, 32, 3, 3], padding: 1 },
  'conv 256→256 14²': { x: [16, 256, 14, 14], w: [256, 256, 3, 3], padding: 1 },
  'conv 512→512 7²': { x: [16, 512, 7, 7], w: [512, 512, 3, 3], padding: 1 },
};

/** A training step; the result is the loss. */
function step(
  model: Torch.nn.Module,
  optimizer: Torch.optim.Optimizer,
  x: Tensor,
  y: Tensor,
  loss: (a: Tensor, b: Tensor) => Tensor,
): () => Tensor {
  return () => {
    optimizer.zero_grad();
    const l = loss((model as unknown as (x: Tensor) => Tensor)(x), y);
    l.backward();
    optimizer.step();
    return l.detach();
  };
}
const classes = (n: number, k: number): Tensor => torch.arange(n, { dtype: torch.int64 }).remainder(k);

export const workloads: Record<string, Make> = {
  ...operators,
  ...Object.fromEntries([64, 128, 256, 512, 1024, 2048].map((n) => [`matmul ${n}`, matmul(n, n, n)])),
  'matmul 64 transposed B': matmul(64, 64, 64, 'b'),
  'matmul 512 transposed A': matmul(512, 512, 512, 'a'),
  'matmul 512 transposed B': matmul(512, 512, 512, 'b'),
  'matmul 1×512×784': matmul(1, 512, 784),
  'matmul 8×512×784': matmul(8, 512, 784),
  'matmul 32×512×784': matmul(32, 512, 784),
  'matmul 128×10×512': matmul(128, 512, 10),
  'bmm 64×32×64×32': binary((a, b) => a.bmm(b), [64, 32, 64], [64, 64, 32]),
  'add 10': binary((a, b) => a.add(b), [10], [10]),
  'add 10,000': binary((a, b) => a.add(b), [10_000], [10_000]),
  'add 100,000': binary((a, b) => a.add(b), [100_000], [100_000]),
  'add 1 M': binary((a, b) => a.add(b), [1_000_000], [1_000_000]),
  'exp 1 M': unary((x) => x.exp(), 1_000_000),
  'log 1 M': unary((x) => x.log(), 1_000_000),
  'gelu 1 M': unary((x) => F.gelu(x), 1_000_000),
  'tanh 1 M': unary((x) => x.tanh(), 1_000_000),
  'sigmoid 1 M': unary((x) => x.sigmoid(), 1_000_000),
  'erf 1 M': unary((x) => x.erf(), 1_000_000),
  'sum 1 M': unary((x) => x.sum(), 1000, 1000),
  'sum dim 0': unary((x) => x.sum(0), 1000, 1000),
  'sum dim 1': unary((x) => x.sum(1), 1000, 1000),
  'mean dim 1': unary((x) => x.mean(1), 1000, 1000),
  'max dim 1 with indices': unary((x) => x.max(1).values, 1000, 1000),
  'softmax 1 M': unary((x) => F.softmax(x, 1), 1000, 1000),
  'layer_norm 1 M': unary((x) => F.layer_norm(x, [1000]), 1000, 1000),
  'add row': binary((a, b) => a.add(b), [1000, 1000], [1000]),
  'add column': binary((a, b) => a.add(b), [1000, 1000], [1000, 1]),
  'transpose copy': unary((x) => x.t().contiguous(), 1000, 1000),
  'sort 1 M': unary((x) => x.sort().values, 1_000_000),
  ...Object.fromEntries(
    Object.entries(CONVS).flatMap(([name, c]) =>
      (['forward', 'input', 'weight'] as const).map((part) => [`${name} ${part}`, convolution(c, part)]),
    ),
  ),
  'train DNN 2-4-8-1': () => {
    torch.manual_seed(0);
    const net = new nn.Sequential(
      new nn.Linear(2, 4),
      new nn.ReLU(),
      new nn.Linear(4, 8),
      new nn.ReLU(),
      new nn.Linear(8, 1),
      new nn.Sigmoid(),
    );
    return step(net, new torch.optim.Adam(net.parameters(), { lr: 0.01 }), data(100, 2), data(100, 1).abs(), (a, b) =>
      F.binary_cross_entropy(a, b),
    );
  },
  'train MLP 784-512-512-10': () => {
    torch.manual_seed(0);
    const net = new nn.Sequential(new nn.Linear(784, 512), new nn.ReLU(), new nn.Linear(512, 512), new nn.ReLU(), new nn.Linear(512, 10));
    return step(net, new torch.optim.Adam(net.parameters(), { lr: 1e-3 }), data(128, 784), classes(128, 10), (a, b) =>
      F.cross_entropy(a, b),
    );
  },
  'train text CNN': () => {
    torch.manual_seed(0);
    class Net extends nn.Module {
      embedding = new nn.Embedding(10_000, 3, { padding_idx: 1 });
      conv_1 = new nn.Conv1d(3, 16, { kernel_size: 5 });
      conv_2 = new nn.Conv1d(16, 128, { kernel_size: 2 });
      pool = new nn.MaxPool1d(2);
      dense = new nn.Linear(6144, 1);
      forward(x: Tensor): Tensor {
        let y: Tensor = this.embedding(x).transpose(1, 2);
        y = this.pool(this.conv_1(y).relu());
        y = this.pool(this.conv_2(y).relu());
        return this.dense(y.flatten(1)).sigmoid();
      }
    }
    const net = new Net();
    const x = torch
      .arange(20 * 200, { dtype: torch.int64 })
      .mul(37)
      .remainder(10_000)
      .reshape([20, 200]);
    return step(net, new torch.optim.Adagrad(net.parameters(), { lr: 0.02 }), x, data(20, 1).abs(), (a, b) => F.binary_cross_entropy(a, b));
  },
  'train CIFAR2 CNN': () => {
    torch.manual_seed(0);
    const net = new nn.Sequential(
      new nn.Conv2d(3, 32, { kernel_size: 3 }),
      new nn.MaxPool2d(2, 2),
      new nn.Conv2d(32, 64, { kernel_size: 5 }),
      new nn.MaxPool2d(2, 2),
      new nn.Dropout2d(0.1),
      new nn.AdaptiveMaxPool2d([1, 1]),
      new nn.Flatten(),
      new nn.Linear(64, 32),
      new nn.ReLU(),
      new nn.Linear(32, 1),
      new nn.Sigmoid(),
    );
    return step(net, new torch.optim.Adam(net.parameters(), { lr: 0.01 }), data(50, 3, 32, 32), data(50, 1).abs(), (a, b) =>
      F.binary_cross_entropy(a, b),
    );
  },
  'train MNIST CNN': () => {
    torch.manual_seed(0);
    const net = new nn.Sequential(
      new nn.Conv2d(1, 16, { kernel_size: 3, padding: 1 }),
      new nn.BatchNorm2d(16),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Conv2d(16, 32, { kernel_size: 3, padding: 1 }),
      new nn.BatchNorm2d(32),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Dropout(0.25),
      new nn.Linear(1568, 10),
    );
    return step(net, new torch.optim.Adam(net.parameters(), { lr: 1e-3 }), data(128, 1, 28, 28), classes(128, 10), (a, b) =>
      F.cross_entropy(a, b),
    );
  },
  ...larger,
};
