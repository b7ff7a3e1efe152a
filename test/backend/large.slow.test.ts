// Tensors beyond 2 GiB: positions that do not fit into 32 bits.
import { expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { BACKENDS } from '../helpers/backends.ts';

const N = 2 ** 31 + 5;
it.skipIf(!BACKENDS.includes('native'))('positions beyond 2³¹', () => {
  const x = torch.zeros([N], { dtype: torch.uint8 });
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
  expect(x.index_select(0, torch.tensor([N - 2, 0], { dtype: torch.int64 })).tolist()).toEqual([8, 1]);
  const y = x
    .view(torch.int8)
    .narrow(0, N - 7, 7)
    .mul(2);
  expect(y.tolist()).toEqual([2, 2, 2, 2, 2, 16, 2]);
});
