// Names of backward nodes: PyTorch's, whichever way an operator is recorded.
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/core/tensor.ts';
import * as torch from '../../src/index.ts';

const x = torch.arange(6, { dtype: torch.float32 }).reshape([2, 3]).requires_grad_();
const cases: readonly (readonly [string, (x: Tensor) => Tensor])[] = [
  ['MulBackward0', (t) => t.mul(2)],
  ['RsubBackward1', (t) => torch.sub(1 as never, t)],
  ['PowBackward0', (t) => t.pow(2)],
  ['PowBackward1', (t) => t.pow(t)],
  ['Log1PBackward0', (t) => t.log1p()],
  ['StackBackward0', (t) => torch.stack([t, t])],
  ['DotBackward0', (t) => t.select(0, 0).dot(t.select(0, 1))],
  ['AddmmBackward0', (t) => torch.nn.functional.linear(t, torch.ones(4, 3), torch.ones(4))],
  ['UnsafeViewBackward0', (t) => t.unsqueeze(0).matmul(t.T)],
  ['UnsafeViewBackward0', (t) => t.T.reshape([6])],
  ['SplitBackward0', (t) => t.chunk(2)[0]!],
  ['RepeatBackward0', (t) => t.repeat([2, 1])],
  ['MaxPool2DWithIndicesBackward0', (t) => torch.nn.functional.max_pool2d(t.unsqueeze(0), 2) as Tensor],
  ['FftR2CBackward0', (t) => torch.fft.rfft(t)],
  ['torch::autograd::CopyBackwards', (t) => t.mul(1).copy_(t)],
];
describe('grad_fn', () => {
  it.each(cases)('%s', (name, f) => expect(f(x).grad_fn!.name()).toBe(name));
  it('is printed without its namespace', () => {
    expect(String(x.mul(0).copy_(x).sum(0, true))).toBe('tensor([[3., 5., 7.]], grad_fn=<SumBackward1>)');
    expect(String(x.select(0, 0).mul(1).copy_(x.select(0, 1)))).toBe('tensor([3., 4., 5.], grad_fn=<CopyBackwards>)');
  });
});
