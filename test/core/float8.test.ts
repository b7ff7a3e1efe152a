// 8-bit floats: PyTorch's codes for values at and between the formats' limits, and that data movement keeps them.
import { describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';

const values = [
  1,
  300,
  1e6,
  -1e6,
  Number.POSITIVE_INFINITY,
  Number.NaN,
  1e-9,
  -0,
  464,
  465,
  57344,
  61440,
  2 ** -10,
  3 * 2 ** -11,
  248,
  -249,
];
// torch.tensor(values).to(dtype).view(torch.uint8).tolist() in PyTorch 2.15.
const codes = {
  float8_e4m3fn: [56, 121, 126, 254, 126, 127, 0, 128, 126, 126, 126, 126, 0, 1, 120, 248],
  float8_e5m2: [60, 93, 124, 252, 124, 127, 0, 128, 95, 95, 123, 124, 20, 22, 92, 220],
  float8_e4m3fnuz: [64, 128, 128, 128, 128, 128, 0, 0, 128, 128, 128, 128, 1, 2, 128, 128],
  float8_e5m2fnuz: [64, 97, 128, 128, 128, 128, 0, 0, 99, 99, 127, 128, 24, 26, 96, 224],
};
describe.each([
  ['float8_e4m3fn', torch.float8_e4m3fn],
  ['float8_e5m2', torch.float8_e5m2],
  ['float8_e4m3fnuz', torch.float8_e4m3fnuz],
  ['float8_e5m2fnuz', torch.float8_e5m2fnuz],
] as const)('%s', (name, dtype) => {
  it('rounds as PyTorch does, and gives every code back', () => {
    expect(torch.tensor(values).to(dtype).view(torch.uint8).tolist()).toEqual(codes[name]);
    const every = torch.arange(256, { dtype: torch.uint8 }).view(dtype);
    const back = every.to(torch.float32).to(dtype).view(torch.uint8).tolist() as number[];
    const isNaN_ = every.to(torch.float32).isnan().tolist() as boolean[];
    expect(back.filter((code, i) => code !== i && !isNaN_[i])).toEqual([]);
  });
  it('moves', () => {
    const x = torch.arange(6, { dtype: torch.float32 }).to(dtype).reshape(2, 3);
    expect(x.t().contiguous().to(torch.float32).tolist()).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(torch.cat([x, x.clone()]).to(torch.float64).sum().item()).toBe(30);
    expect(String(x.at(1))).toBe(`tensor([3., 4., 5.], dtype=torch.${name})`);
    expect(() => torch.promote_types(dtype, torch.float32)).toThrow('Promotion for Float8 Types is not supported');
  });
});
