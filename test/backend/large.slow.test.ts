// Tensors beyond 2 GiB: positions that do not fit into 32 bits, and bytes that do not.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { BACKENDS } from '../helpers/backends.ts';

type Tensor = torch.Tensor;
const F = torch.nn.functional;
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
afterEach(collect); // a test needs up to 5 GiB
const at = (...positions: number[]): Tensor => torch.tensor(positions, { dtype: torch.int64 });

describe.runIf(BACKENDS.includes('native'))('positions beyond 2³¹', () => {
  const N = 2 ** 31 + 5;
  const zeros = (): Tensor => torch.zeros([N], { dtype: torch.uint8 });
  it('are found, changed and copied', () => {
    const x = zeros();
    x.set([N - 2], 7);
    expect([x.max().item(), x.argmax().item(), x.sum().item()]).toEqual([7, N - 2, 7]);
    expect(x.narrow(0, N - 5, 5).tolist()).toEqual([0, 0, 0, 7, 0]);
    expect(
      x
        .view([N, 1])
        .select(1, 0)
        .at([N - 2])
        .item(),
    ).toBe(7);
    x.add_(1);
    expect(x.narrow(0, N - 5, 5).tolist()).toEqual([1, 1, 1, 8, 1]);
    expect(x.index_select(0, at(N - 2, 0)).tolist()).toEqual([8, 1]);
    const y = x
      .view(torch.int8)
      .narrow(0, N - 7, 7)
      .mul(2);
    expect(y.tolist()).toEqual([2, 2, 2, 2, 2, 16, 2]);
  });
  it('are gathered, scattered and put', () => {
    const x = zeros();
    x.scatter_(0, at(N - 1, 3), torch.tensor([5, 6], { dtype: torch.uint8 }));
    x.index_put_([at(N - 3)], torch.tensor([9], { dtype: torch.uint8 }));
    x.index_put_([at(-3)], torch.tensor([1], { dtype: torch.uint8 }), true);
    expect(x.gather(0, at(3, N - 1, N - 2, N - 3)).tolist()).toEqual([6, 5, 0, 10]);
    expect(x.at(at(-1, -3)).tolist()).toEqual([5, 10]);
    expect(x.take(at(N - 3)).tolist()).toEqual([10]);
  });
  it('are masked', () => {
    const x = zeros();
    x.narrow(0, N - 4, 4).copy_(torch.tensor([1, 2, 3, 4], { dtype: torch.uint8 }));
    const mask = x.gt(2);
    expect(x.masked_select(mask).tolist()).toEqual([3, 4]);
    expect(mask.nonzero().tolist()).toEqual([[N - 2], [N - 1]]);
    x.masked_fill_(mask, 8);
    expect([x.narrow(0, N - 5, 5).tolist(), x.count_nonzero().item()]).toEqual([[0, 1, 2, 8, 8], 4]);
  });
  it('are joined, and walked with strides', () => {
    const x = zeros();
    x.set([N - 1], 3);
    const joined = torch.cat([torch.tensor([1, 2], { dtype: torch.uint8 }), x]);
    expect([joined.numel(), joined.narrow(0, N, 2).tolist(), joined.at([1]).item()]).toEqual([N + 2, [0, 3], 2]);
    // Every 4099th element, from the last on.
    expect([x.flip([0]).narrow(0, 0, 2).tolist(), x.as_strided([3], [(N - 1) / 2]).tolist()]).toEqual([
      [3, 0],
      [0, 0, 3],
    ]);
  });
  it('are filled with random bits', () => {
    const x = torch.empty([N], { dtype: torch.uint8 });
    torch.manual_seed(1);
    x.bernoulli_(0.5);
    const share = x.sum().item() / N;
    const end =
      x
        .narrow(0, N - 100_000, 100_000)
        .sum()
        .item() / 100_000;
    expect(Math.abs(share - 0.5)).toBeLessThan(1e-4);
    expect(Math.abs(end - 0.5)).toBeLessThan(0.01);
  });
});

describe.runIf(BACKENDS.includes('native'))('rows beyond 2 GiB', () => {
  const [ROWS, COLUMNS] = [65_600, 8200];
  /** Zeros, but for the first and the last row. */
  const rows = (): Tensor => {
    const x = torch.zeros([ROWS, COLUMNS]);
    x.at(0).copy_(torch.arange(COLUMNS).remainder(17).sub(8));
    x.at(-1).copy_(torch.arange(COLUMNS).remainder(13).sub(6));
    return x;
  };
  const ends = (x: Tensor): Tensor => torch.stack([x.at(0), x.at(1), x.at(-1)]);
  it.each<[string, (x: Tensor) => Tensor]>([
    ['softmax', (x) => torch.softmax(x, 1)],
    ['layer_norm', (x) => F.layer_norm(x, [COLUMNS])],
    ['cumsum', (x) => x.cumsum(1)],
    ['a formula', (x) => x.sigmoid().mul_(2)],
    ['sums', (x) => x.sum(1, true)],
    ['maxima', (x) => x.amax(1, true)],
    [
      'products',
      (x) =>
        x.mm(
          torch
            .arange(COLUMNS * 3, { dtype: torch.float32 })
            .reshape([COLUMNS, 3])
            .remainder(5),
        ),
    ],
  ])('%s are those of each row alone', (_, f) => {
    const x = rows();
    expect(torch.equal(ends(f(x)), f(ends(x)))).toBe(true);
  });
  it('are transposed', () => {
    const x = rows();
    const t = x.t().contiguous();
    expect(torch.equal(t.select(1, ROWS - 1), x.at(-1))).toBe(true);
    expect(torch.equal(t.select(1, 0), x.at(0))).toBe(true);
    expect(t.count_nonzero().item()).toBe(x.count_nonzero().item());
  });
  it('are looked up, and get gradients where they were', () => {
    const w = rows().requires_grad_();
    const found = F.embedding(at(ROWS - 1, 0, ROWS - 1), w);
    expect(torch.equal(found.at(0), w.at(-1)) && torch.equal(found.at(1), w.at(0))).toBe(true);
    const [grad] = torch.autograd.grad(found.sum(), [w]);
    expect([grad!.at(-1).sum().item(), grad!.at(0).sum().item(), grad!.sum().item()]).toEqual([2 * COLUMNS, COLUMNS, 3 * COLUMNS]);
  });
});
