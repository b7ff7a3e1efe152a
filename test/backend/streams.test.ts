// Results beyond the second-level cache are written another way (native/kernels/stream.hpp): whatever their source's layout, they are the reference's.
import { afterAll, describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { BACKENDS } from '../helpers/backends.ts';

type Tensor = torch.Tensor;
const before = torch.get_backend();
afterAll(() => {
  torch.set_backend(before);
  torch.set_num_threads(1);
});

/** 801 × 1003 numbers with a NaN; rows begin at any place of a cache line. */
const matrix = (): Tensor => {
  const x = torch
    .arange(801 * 1003)
    .mul(7919)
    .remainder(1000)
    .sub(500)
    .div(64)
    .reshape(801, 1003);
  x.select(0, 3).narrow(0, 7, 1).fill_(Number.NaN);
  return x;
};
const CASES: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  clone: (x) => x.clone(),
  'a copy of columns': (x) => x.narrow(1, 1, 1001).clone(),
  'a copy into columns': (x) => torch.cat([x, x.narrow(1, 0, 5), x], 1),
  'the columns backwards': (x) => x.flip([1]),
  'the rows backwards': (x) => x.flip([0]),
  'every second column': (x) => torch.cat([x, x], 1).at(':', '::2').contiguous(),
  'every third column': (x) => torch.cat([x, x, x], 1).at(':', '::3').contiguous(),
  'a column for all': (x) => x.narrow(1, 2, 1).expand(801, 1003).contiguous(),
  'a row for all': (x) => x.narrow(0, 2, 1).expand(801, 1003).contiguous(),
  'a number for all': (x) => x.at(4, 5).expand(801, 1003).contiguous(),
  transposed: (x) => x.t().contiguous(),
  'another dtype': (x) => x.double(),
  'another dtype of columns': (x) => x.nan_to_num().narrow(1, 1, 1001).to(torch.int64),
  'a formula': (x) => x.add(x),
  'a formula of columns': (x) => x.narrow(1, 1, 1001).mul(2),
  'a formula of a row': (x) => x.add(x.narrow(0, 1, 1)),
  'a formula of a column': (x) => x.add(x.narrow(1, 1, 1)),
  'a formula of both layouts': (x) => x.add(x.t().contiguous().t()),
  'a formula in place': (x) => x.mul_(x.add(1)),
  'a formula into columns': (x) => torch.add(x, 1, { out: torch.zeros(801, 1010).narrow(1, 3, 1003) }),
  'rows by index': (x) => x.narrow(1, 0, 512).contiguous().index_select(0, torch.arange(1601).mul(7919).remainder(801)),
  'uneven rows by index': (x) => x.at(torch.arange(801).mul(7919).remainder(801)),
  'rows of a table': (x) => torch.nn.functional.embedding(torch.arange(1601).mul(7919).remainder(801), x.narrow(1, 0, 512)),
};

describe.each(BACKENDS.filter((b) => b !== 'reference'))('%s', (backend) => {
  it.each(Object.entries(CASES))('%s', (_, f) => {
    torch.set_backend('reference');
    const expected = f(matrix());
    torch.set_backend(backend);
    for (const threads of [1, 3]) {
      torch.set_num_threads(threads);
      const result = f(matrix());
      expect(result.numel() * result.element_size()).toBeGreaterThan(2 ** 21);
      expect(result.nan_to_num(1e9).equal(expected.nan_to_num(1e9))).toBe(true);
    }
  });
});
