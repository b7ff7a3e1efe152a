// Interceptors are written here, outside src: they see every operator, backward included.
import { describe, expect, it } from 'vitest';
import { type Op, op } from '../../src/dispatch/operator.ts';
import { state } from '../../src/dispatch/state.ts';
import * as torch from '../../src/index.ts';

describe('interception', () => {
  it('counts what the user called, and every kernel with backward', () => {
    const calls: string[] = [];
    const kernels: string[] = [];
    const a = torch
      .tensor([
        [1, 2],
        [3, 4],
      ])
      .requires_grad_();
    const count =
      (into: string[]) =>
      (o: Op, _: readonly unknown[], next: () => unknown): unknown => {
        into.push(o.baseName);
        return next();
      };
    torch.intercept({ at: 'function', call: count(calls) }, () =>
      torch.intercept({ at: 'kernel', call: count(kernels) }, () => {
        torch.nn.functional.layer_norm(torch.nn.functional.linear(a, a), [2]).mul(a).sum().backward();
      }),
    );
    expect(calls).toEqual(['linear', 'layer_norm', 'mul', 'sum']);
    for (const name of ['mm', 'mul', 'sum', 'expand']) expect(kernels).toContain(name);
    expect(kernels.filter((n) => n === 'mm').length).toBe(3); // forward and both gradients
    expect(kernels.some((n) => n.startsWith('mul'))).toBe(true);
  });
  it('lets interceptors call operators and replace results', () => {
    let n = 0;
    const r = torch.intercept(
      {
        at: 'function',
        call: (_o, args, next) => {
          n++;
          (args[0] as torch.Tensor).sum();
          return (next() as torch.Tensor).mul(2);
        },
      },
      () => torch.tensor([1, 2]).neg(),
    );
    expect(r.tolist()).toEqual([-2, -4]);
    expect(n).toBe(1); // neg, and nothing that the interceptor itself called
  });
  it('costs nothing when nothing is installed, and leaves a clean state after errors', () => {
    expect(() =>
      torch.intercept(
        {
          at: 'kernel',
          call: () => {
            throw new Error('stop');
          },
        },
        () => torch.tensor([1]).neg(),
      ),
    ).toThrow('stop');
    expect([state.busy, state.fn.length, state.kernel.length, state.top]).toEqual([0, 0, 0, null]);
  });
});

describe('declaring an operator', () => {
  it('one declaration gives function, method, in-place form, gradients and transforms', () => {
    op('user_softsign(Tensor self) -> Tensor', { pointwise: (x) => x.div(x.abs().add(1)) });
    const f = torch.ops.aten.user_softsign as unknown as (t: torch.Tensor) => torch.Tensor;
    const x = torch.tensor([-1, 3], { dtype: torch.float64 }).requires_grad_();
    f(x).sum().backward();
    expect(x.grad!.tolist()).toEqual([0.25, 1 / 16]);
    const h = torch.func.hessian(((t: torch.Tensor) => f(t).sum()) as never)(torch.tensor([1], { dtype: torch.float64 })) as torch.Tensor;
    expect(h.tolist()).toEqual([[-0.25]]);
  });
  it('torch.pointwise compiles a formula with its gradient', () => {
    const softplus = torch.pointwise((x, beta) => x.mul(beta).exp().log1p().div(beta));
    const x = torch.tensor([0], { dtype: torch.float64 }).requires_grad_();
    const y = softplus(x, 2);
    y.sum().backward();
    expect(y.item()).toBeCloseTo(Math.log(2) / 2, 12);
    expect(x.grad!.item()).toBeCloseTo(0.5, 12);
  });
});
