// Initialisation beyond what the conformance data replays: fans, gains and the older names.
import { expect, it, vi } from 'vitest';
import { nn } from '../../src/index.ts';
import * as torch from '../../src/index.ts';

const { init } = nn;

it('keeps the identity through a Dirac convolution, in groups too', () => {
  const conv = new nn.Conv2d(4, 4, 3, { padding: 1, groups: 2, bias: false });
  init.dirac_(conv.weight, 2);
  const x = torch.randn(1, 4, 5, 5);
  expect(torch.equal(conv(x), x)).toBe(true);
});
it('makes orthogonal rows with a gain', () => {
  const w = init.orthogonal_(torch.empty([3, 5]), { gain: 2 });
  expect(torch.allclose(w.mm(w.t()), torch.eye(3).mul(4), 1e-5, 1e-5)).toBe(true);
});
it('leaves a fraction of zeros in every column', () => {
  const w = init.sparse_(torch.empty([10, 4]), { sparsity: 0.25 });
  expect(w.eq(0).sum(0).tolist()).toEqual([3, 3, 3, 3]);
});
it('has the older names, which say so', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  for (const name of ['uniform', 'normal', 'xavier_uniform', 'xavier_normal', 'kaiming_uniform', 'kaiming_normal', 'orthogonal'] as const) {
    torch.manual_seed(0);
    const old = init[name](torch.empty([4, 3]));
    torch.manual_seed(0);
    expect(torch.equal(old, init[`${name}_`](torch.empty([4, 3])))).toBe(true);
    expect(warn.mock.lastCall).toEqual([`\`nn.init.${name}\` is now deprecated in favor of \`nn.init.${name}_\`.`]);
  }
  expect(init.constant(torch.empty([2]), 3).tolist()).toEqual([3, 3]);
  expect(init.eye(torch.empty([2, 2])).tolist()).toEqual([
    [1, 0],
    [0, 1],
  ]);
  warn.mockRestore();
});
