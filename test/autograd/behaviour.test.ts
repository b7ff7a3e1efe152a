// What autograd promises beyond derivatives: in-place writes, views, hooks, modes, functions.
import { describe, expect, it, vi } from 'vitest';
import type { Tensor } from '../../src/core/tensor.ts';
import * as torch from '../../src/index.ts';

const d = (v: unknown): Tensor => torch.tensor(v as never, { dtype: torch.float64 });
const leaf = (v: unknown): Tensor => d(v).requires_grad_();
const list = (t: Tensor | null): unknown => t!.tolist();

describe('in-place writes', () => {
  it('through a view of a view: base and sibling views get new histories', () => {
    const a = leaf([
      [1, 2],
      [3, 4],
    ]);
    const b = a.mul(1);
    const row = b.at(1);
    const sibling = b.transpose(0, 1);
    row.at('0:1').mul_(10);
    sibling.mul(sibling).sum().backward();
    expect(list(a.grad)).toEqual([
      [2, 4],
      [600, 8],
    ]);
    expect(row.grad_fn!.name()).toBe('SelectBackward0');
  });
  it('to a base after a view was taken', () => {
    const a = leaf([1, 2, 3]);
    const b = a.mul(2);
    const v = b.at('1:3');
    b.mul_(b.clone());
    v.sum().backward();
    expect(list(a.grad)).toEqual([0, 16, 24]);
  });
  it('to a saved tensor is an error at backward', () => {
    const b = leaf([1, 2]).mul(1);
    const c = b.mul(b);
    b.add_(1);
    expect(() => c.sum().backward()).toThrow(
      /one of the variables needed for gradient computation has been modified by an inplace operation: \[torch.DoubleTensor \[2\]\], which is output 0 of AddBackward0, is at version 1; expected version 0 instead/,
    );
  });
  it('keeps operators right that save their result', () => {
    const a = leaf([1, 2]);
    const b = a.mul(1);
    b.exp_();
    b.sum().backward();
    expect(list(a.grad)).toEqual(list(d([1, 2]).exp()));
  });
  it('to a leaf or a view of one is an error, except without grad', () => {
    const a = leaf([1, 2]);
    expect(() => a.mul_(2)).toThrow('a leaf Variable that requires grad is being used in an in-place operation.');
    expect(() => a.at(0).mul_(2)).toThrow('a view of a leaf Variable that requires grad is being used in an in-place operation.');
    torch.no_grad(() => a.mul_(2));
    expect(list(a)).toEqual([2, 4]);
  });
  it('to a view made under no_grad is an error', () => {
    const a = leaf([1, 2]);
    const b = a.mul(1);
    const v = torch.no_grad(() => b.at(0));
    expect(v.requires_grad).toBe(false);
    expect(() => v.mul_(a.at(0))).toThrow(/A view was created in no_grad mode and is being modified inplace with grad mode enabled/);
  });
  it('to a view taken before its base needed a gradient', () => {
    const w = leaf([5]);
    const y = d([1, 2]);
    const v = y.at('0:1');
    y.mul_(w);
    v.sum().backward();
    expect(list(w.grad)).toEqual([1]);
  });
  it('detach shares the version, data has its own', () => {
    const b = leaf([1, 2]).mul(1);
    const c = b.mul(b);
    b.data.add_(1);
    expect(b._version).toBe(0);
    c.sum().backward();
    const e = leaf([1, 2]).mul(1);
    const f = e.mul(e);
    e.detach().add_(1);
    expect(() => f.sum().backward()).toThrow(/modified by an inplace operation/);
  });
});

describe('backward', () => {
  it('with a vector argument, accumulating', () => {
    const x = leaf([1, 2, 3]);
    const y = x.mul(x);
    y.backward(d([1, 10, 100]), { retain_graph: true });
    y.backward(d([1, 0, 0]));
    expect(list(x.grad)).toEqual([4, 40, 600]);
  });
  it('a second time through a freed graph is an error', () => {
    const y = leaf([1, 2]).exp().sum();
    y.backward();
    expect(() => y.backward()).toThrow(/Trying to backward through the graph a second time/);
  });
  it('of a non-scalar without a gradient, or without a graph, is an error', () => {
    expect(() => leaf([1, 2]).mul(2).backward()).toThrow('grad can be implicitly created only for scalar outputs');
    expect(() => d([1]).sum().backward()).toThrow('element 0 of tensors does not require grad and does not have a grad_fn');
  });
  it('gives gradients of unused inputs as null, or an error', () => {
    const [a, b] = [leaf([1]), leaf([2])];
    const y = a.mul(2).sum();
    expect(torch.autograd.grad(y, [a, b], { allow_unused: true, retain_graph: true })[1]).toBeNull();
    expect(() => torch.autograd.grad(y, [a, b])).toThrow(/appears to not have been used in the graph/);
  });
  it('keeps the engine sound when one gradient serves two leaves', () => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    a.add(b).sum().backward();
    a.grad!.mul_(10);
    expect(list(b.grad)).toEqual([1, 1]);
  });
  it('second order through create_graph', () => {
    const x = leaf([2, 3]);
    const [g] = torch.autograd.grad(x.pow(3).sum(), [x], { create_graph: true });
    g!.sum().backward();
    expect(list(x.grad)).toEqual([12, 18]);
  });
});

describe('hooks', () => {
  it('on a tensor may replace its gradient', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const handle = y.register_hook((g) => g.mul(10));
    y.sum().backward({ retain_graph: true });
    handle.remove();
    y.sum().backward();
    expect(list(x.grad)).toEqual([22, 22]);
  });
  it('retain_grad, post-accumulate and node hooks', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    y.retain_grad();
    const seen: string[] = [];
    y.grad_fn!.register_hook((gi, go) => void seen.push(`${list(gi[0]!)} ${list(go[0]!)}`));
    x.register_post_accumulate_grad_hook((t) => void seen.push(`leaf ${list(t.grad)}`));
    y.sum().backward();
    expect(list(y.grad)).toEqual([1, 1]);
    expect(seen).toEqual(['3,3 1,1', 'leaf 3,3']);
  });
  it('pack and unpack saved tensors', () => {
    const x = leaf([1, 2]);
    const packed: number[] = [];
    const y = torch.autograd.graph.saved_tensors_hooks(
      (t) => {
        packed.push(t.numel());
        return t.tolist();
      },
      (v) => d(v),
      () => x.mul(x),
    );
    y.sum().backward();
    expect(packed).toEqual([2, 2]);
    expect(list(x.grad)).toEqual([2, 4]);
  });
});

describe('Function', () => {
  class Cube extends torch.autograd.Function {
    static forward(ctx: torch.autograd.FunctionCtx, x: Tensor): Tensor {
      ctx.save_for_backward(x);
      return x.mul(x).mul(x);
    }
    static backward(ctx: torch.autograd.FunctionCtx, g: Tensor): Tensor {
      const [x] = ctx.saved_tensors;
      return g.mul(x!).mul(x!).mul(3);
    }
  }
  it('differentiates to any order', () => {
    const x = leaf([2]);
    const [g] = torch.autograd.grad(Cube.apply(x).sum(), [x], { create_graph: true });
    const [h] = torch.autograd.grad(g!.sum(), [x]);
    expect([list(g!), list(h!)]).toEqual([[12], [12]]);
    expect(torch.autograd.gradcheck(((t: Tensor) => Cube.apply(t)) as never, [leaf([1.5, -2])])).toBe(true);
  });
  it('mark_non_differentiable and mark_dirty', () => {
    class Split extends torch.autograd.Function {
      static forward(ctx: torch.autograd.FunctionCtx, x: Tensor): [Tensor, Tensor] {
        const sign = x.sign();
        ctx.mark_non_differentiable(sign);
        return [x.abs(), sign];
      }
      static backward(_ctx: torch.autograd.FunctionCtx, g: Tensor): Tensor {
        return g.mul(7);
      }
    }
    const x = leaf([-1, 2]);
    const [y, s] = Split.apply(x);
    expect(s.requires_grad).toBe(false);
    y.sum().backward();
    expect(list(x.grad)).toEqual([7, 7]);
    class Double extends torch.autograd.Function {
      static forward(ctx: torch.autograd.FunctionCtx, t: Tensor): Tensor {
        ctx.mark_dirty(t);
        return t.mul_(2);
      }
      static backward(_ctx: torch.autograd.FunctionCtx, g: Tensor): Tensor {
        return g.mul(2);
      }
    }
    const z = leaf([1, 2]);
    const w = z.mul(1);
    expect(Double.apply(w)).toBe(w);
    w.sum().backward();
    expect(list(z.grad)).toEqual([2, 2]);
  });
});

describe('modes', () => {
  it('no_grad, enable_grad and set_grad_enabled', () => {
    const x = leaf([1]);
    expect(torch.no_grad(() => x.mul(2)).requires_grad).toBe(false);
    expect(torch.no_grad(() => torch.enable_grad(() => x.mul(2))).requires_grad).toBe(true);
    expect(torch.set_grad_enabled(false, () => torch.is_grad_enabled())).toBe(false);
  });
  it('refuse asynchronous callbacks and disposal out of order', () => {
    expect(() => torch.no_grad(async () => 1)).toThrow(/modes are synchronous/);
    const a = torch.no_grad();
    const b = torch.enable_grad();
    expect(() => a[Symbol.dispose]()).toThrow(/reverse order/);
    b[Symbol.dispose]();
    a[Symbol.dispose]();
    expect(torch.is_grad_enabled()).toBe(true);
  });
  it('anomaly detection names the forward call and NaN', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const x = leaf([0]);
    expect(() => torch.autograd.detect_anomaly(() => x.sqrt().mul(0).sum().backward())).toThrow(
      /Function 'SqrtBackward0' returned nan values in its 0th output/,
    );
    expect(String(warn.mock.calls[0]![0])).toContain('Traceback of forward call');
    warn.mockRestore();
  });
});

describe('checkpoint', () => {
  it('gives the same gradients with the same random draws, and forgets what was saved', () => {
    const x = leaf([1, 2, 3, 4]);
    const f = (t: Tensor): Tensor => torch.nn.functional.dropout(t.mul(t), 0.5).exp().mul(0.01);
    torch.manual_seed(3);
    f(x).sum().backward();
    const plain = list(x.grad);
    x.grad = null;
    torch.manual_seed(3);
    torch.utils.checkpoint.checkpoint(f, x, { use_reentrant: false }).sum().backward();
    expect(list(x.grad)).toEqual(plain);
  });
  it('runs segments of a sequence', () => {
    const x = leaf([1, 2]);
    const functions = Array.from({ length: 5 }, (_, i) => (t: Tensor) => t.mul(i + 1));
    torch.utils.checkpoint.checkpoint_sequential(functions, 2, x).sum().backward();
    expect(list(x.grad)).toEqual([120, 120]);
  });
});
