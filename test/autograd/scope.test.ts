// torch.scope gives memory back at its end, and never what somebody may still use; torch.memory_stats counts.
import { describe, expect, it } from 'vitest';
import { memory } from '../../src/core/storage.ts';
import * as torch from '../../src/index.ts';
import { BACKENDS, useBackend } from '../helpers/backends.ts';

type Tensor = torch.Tensor;
const { nn, optim } = torch;
const GONE = /was given back: it was made inside torch\.scope and not returned from it/;

describe.each(BACKENDS)('torch.scope on %s', (name) => {
  const within = (body: () => void) => () => {
    const before = torch.get_backend();
    useBackend(name);
    try {
      body();
    } finally {
      useBackend(before);
    }
  };
  it(
    'keeps what it returns, in lists, maps and objects, and views of it',
    within(() => {
      const x = torch.arange(3000, { dtype: torch.float32 });
      const r = torch.scope(() => {
        const y = x.add(1);
        return { y: y.slice(0, 0, 2), list: [x.mul(2)], map: new Map([['a', x.mul(3)]]), n: 3 };
      });
      expect(r.y.tolist()).toEqual([1, 2]);
      expect(r.list[0]!.at(-1).item()).toBe(5998);
      expect(r.map.get('a')!.at(1).item()).toBe(3);
      expect(r.n).toBe(3);
    }),
  );
  it.each([10, 10_000])('gives the rest back at once: a tensor of %d', (n) =>
    within(() => {
      let kept: Tensor | null = null;
      const x = torch.ones([n]);
      torch.scope(() => {
        kept = x.add(1);
      });
      expect(() => kept!.add(1)).toThrow(GONE);
      expect(() => kept!.tolist()).toThrow(GONE);
      expect(x.add(1).at(0).item()).toBe(2);
    })(),
  );
  it(
    'uses the memory again',
    within(() => {
      const x = torch.ones([10_000]);
      const before = { ...memory };
      for (let i = 0; i < 10; i++) torch.scope(() => x.add(i).mul(2).sum().item());
      expect(memory.recycled - before.recycled).toBeGreaterThanOrEqual(20);
      expect(memory.reused - before.reused).toBeGreaterThanOrEqual(18);
    }),
  );
  it(
    'trains as without it',
    within(() => {
      const train = (step: <T>(body: () => T) => T): number[] => {
        torch.manual_seed(1);
        const net = new nn.Sequential(new nn.Linear(40, 60), new nn.BatchNorm1d(60), new nn.ReLU(), new nn.Linear(60, 1));
        const optimizer = new optim.Adam(net.parameters(), { lr: 0.01 });
        const x = torch.randn([80, 40]);
        return Array.from({ length: 5 }, () =>
          step(() => {
            optimizer.zero_grad();
            const loss = net(x).square().mean();
            loss.backward();
            optimizer.step();
            return loss.item();
          }),
        );
      };
      expect(train(torch.scope)).toEqual(train((body) => body()));
    }),
  );
});

describe('torch.scope', () => {
  it('keeps what the graph of its result needs', () => {
    const w = torch.ones([2000]).requires_grad_();
    const loss = torch.scope(() => w.mul(3).exp().mul(w).sum());
    loss.backward();
    expect(w.grad!.at(0).item()).toBeCloseTo(4 * Math.exp(3), 3);
  });
  it('keeps gradients of leaves, parameters and buffers that it makes, and assigned data', () => {
    const w = torch.ones([2000]).requires_grad_();
    const holder = new nn.Sequential();
    torch.scope(() => {
      w.mul(2).sum().backward();
      holder.register_buffer('seen', torch.full([2000], 7));
      holder.register_parameter('weight', new nn.Parameter(torch.full([2000], 8)));
    });
    const target = torch.zeros([2000]);
    torch.scope(() => {
      target.data = torch.full([2000], 9);
    });
    expect(w.grad!.at(5).item()).toBe(2);
    expect(holder.get_buffer('seen').at(5).item()).toBe(7);
    expect(holder.get_parameter('weight').at(5).item()).toBe(8);
    expect(target.at(5).item()).toBe(9);
  });
  it('keeps what resize_ gave to a tensor from outside', () => {
    const out = torch.empty([0]);
    torch.scope(() => torch.add(torch.ones([3000]), 1, { out: out.resize_([3000]) }) && null);
    torch.scope(() => torch.full([3000], 5) && null);
    expect(out.sum().item()).toBe(6000);
  });
  it('leaves memory to whom it was handed', () => {
    let array: ArrayLike<number | bigint> = [];
    torch.scope(() => {
      array = torch.full([3000], 4).numpy().data;
    });
    torch.scope(() => torch.full([3000], 5) && null);
    expect(array[2999]).toBe(4);
  });
  it('keeps sparse results', () => {
    const s = torch.scope(() => torch.eye(3000).to_sparse());
    torch.scope(() => torch.full([3000], 5) && null);
    expect(s.sum().item()).toBe(3000);
  });
  it('nests: what the inner one returns belongs to the outer one', () => {
    let inner: Tensor | null = null;
    const outer = torch.scope(() => {
      inner = torch.scope(() => torch.ones([3000]).add(1));
      return inner.add(1);
    });
    expect(outer.at(0).item()).toBe(3);
    expect(() => inner!.add(1)).toThrow(GONE);
  });
  it('refuses a promise, and gives nothing back after an error', () => {
    let kept: Tensor | null = null;
    expect(() => torch.scope(async () => torch.ones([3]))).toThrow(/scope: the callback returned a promise/);
    expect(() =>
      torch.scope(() => {
        kept = torch.ones([3000]);
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(kept!.sum().item()).toBe(3000);
  });
});

describe('torch.memory_stats', () => {
  it('counts allocations and, on request, by operator', () => {
    const x = torch.ones([1000]);
    torch.reset_memory_stats({ per_operator: true });
    x.add(1);
    x.add(2);
    torch.softmax(x, 0);
    const { allocations, allocated_bytes, operators } = torch.memory_stats();
    torch.reset_memory_stats();
    expect(operators['add.Tensor']).toEqual({ calls: 2, allocations: 2, bytes: 8000 });
    expect(Object.values(operators).reduce((sum, o) => sum + o.bytes, 0)).toBe(allocated_bytes);
    expect(allocations).toBe(3);
    x.add(1);
    expect(torch.memory_stats()).toMatchObject({ allocations: 1, allocated_bytes: 4000, operators: {} });
  });
});
