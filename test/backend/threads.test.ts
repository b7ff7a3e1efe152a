// The same bits for any number of threads: work is cut by the problem, not by who does it.
import { afterAll, describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { BACKENDS, useBackend } from '../helpers/backends.ts';

type Tensor = torch.Tensor;
const F = torch.nn.functional;
const draw = (...shape: number[]): Tensor => torch.randn(shape);

const WORK: Readonly<Record<string, () => Tensor | readonly Tensor[]>> = {
  'a formula': () => draw(300, 1000).sigmoid().mul(draw(1000)),
  'sums over everything, rows and columns': () => {
    const x = draw(700, 900);
    return [x.sum(), x.sum(0), x.sum(1), x.mean(), x.var(0)];
  },
  'maxima with indices': () => [...draw(500, 700).max(1)],
  'matrix products': () => [draw(257, 300).mm(draw(300, 129)), draw(129, 300).mm(draw(257, 300).t()), draw(8, 60, 70).bmm(draw(8, 70, 50))],
  'convolution and its gradients': () => {
    const x = draw(6, 16, 28, 28).requires_grad_();
    const w = draw(32, 16, 3, 3).requires_grad_();
    const y = F.conv2d(x, w, null, 1, 1);
    return [y.detach(), ...torch.autograd.grad(y.pow(2).sum(), [x, w]).map((g) => g!)];
  },
  'norms, softmax and pools': () => {
    const x = draw(16, 8, 40, 40);
    return [
      F.batch_norm(x, null, null, null, null, true),
      F.layer_norm(x, [40]),
      torch.softmax(x, 1),
      F.max_pool2d(x, 2),
      F.avg_pool2d(x, 3),
    ];
  },
  'sort and scans': () => [...draw(40, 5000).sort(1), draw(300, 1000).cumsum(0), draw(300, 1000).cumsum(1)],
  'random numbers': () => [torch.randn([200_003]), torch.rand([200_003]), F.dropout(torch.ones([200_003]), 0.3), torch.randperm(100_003)],
  'an embedding and its gradient': () => {
    const w = draw(5000, 32).requires_grad_();
    return torch.autograd.grad(F.embedding(torch.arange(20_000).mul(7919).remainder(5000), w).pow(2).sum(), [w]).map((g) => g!);
  },
};

describe.each(BACKENDS.filter((b) => b !== 'reference'))('%s', (backend) => {
  const threads = torch.get_num_threads();
  afterAll(() => {
    torch.set_num_threads(threads);
    useBackend(BACKENDS.at(-1)!);
  });
  it.each(Object.entries(WORK))('%s', (_name, work) => {
    useBackend(backend);
    const results = [1, 2, 3, 8].map((n) => {
      torch.set_num_threads(n);
      torch.manual_seed(11);
      const r = work();
      return r instanceof torch.Tensor ? [r] : [...r];
    });
    for (const other of results.slice(1))
      for (const [i, x] of results[0]!.entries()) expect(torch.equal(x, other[i]!), `result ${i}`).toBe(true);
  });
});
