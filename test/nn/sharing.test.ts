// Memory that threads share.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { nn } from '../../src/index.ts';
import * as torch from '../../src/index.ts';

describe('share_memory', () => {
  it('shows here what a worker thread writes', async () => {
    torch.manual_seed(0);
    const net = new nn.Sequential(new nn.Linear(3, 40), new nn.BatchNorm1d(40));
    const before = net.state_dict();
    const doubled = [...net.parameters()].map((p) => p.detach().mul(2));
    expect(net.share_memory()).toBe(net);
    expect([...net.parameters(), ...net.buffers()].every((t) => t.is_shared())).toBe(true);
    const file = new URL('sharing.worker.ts', import.meta.url).href;
    const worker = new Worker(`import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(file)})))`, {
      eval: true,
    });
    try {
      worker.postMessage([...net.parameters()].map((p) => p.detach().numpy()));
      expect(await once(worker, 'message')).toEqual([torch.get_backend()]);
    } finally {
      await worker.terminate();
    }
    for (const [i, p] of [...net.parameters()].entries()) expect(torch.equal(p, doubled[i]!)).toBe(true);
    // What looked at the memory before sees it too.
    expect(torch.equal(before['0.weight']!, doubled[0]!)).toBe(true);
    // And the shared weights train on.
    const x = torch.randn([5, 3]);
    const optimizer = new torch.optim.SGD(net.parameters(), { lr: 0.1 });
    const y = net(x);
    expect(torch.allclose(net.at(0)(x), x.mm(doubled[0]!.t()).add(doubled[1]!))).toBe(true);
    y.square().mean().backward();
    optimizer.step();
    expect([...net.parameters()].every((p) => p.is_shared())).toBe(true);
    expect(torch.equal(net.state_dict()['1.weight']!, doubled[2]!)).toBe(false);
  });
  it('moves a tensor with all its views', () => {
    const x = torch.arange(6, { dtype: torch.float32 });
    const row = x.view(2, 3).at(1);
    expect(x.is_shared()).toBe(false);
    x.share_memory_().mul_(2);
    expect(row.is_shared()).toBe(true);
    expect(row.tolist()).toEqual([6, 8, 10]);
    expect(x.clone().is_shared()).toBe(false);
  });
});
