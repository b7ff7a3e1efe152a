// Note [Ownership] in src/core/storage.ts: the backward pass reuses memory, but never what somebody may have seen.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memory } from '../../src/core/storage.ts';
import * as torch from '../../src/index.ts';

type Tensor = torch.Tensor;
const { nn } = torch;
const poison = memory.poison;
beforeAll(() => {
  memory.poison = true;
});
afterAll(() => {
  memory.poison = poison;
});

/** Tensors that a program kept, with what they showed when it got them. */
class Kept {
  private readonly pairs: [Tensor, unknown][] = [];
  readonly keep = (t: Tensor | null | undefined): void => {
    if (t) this.pairs.push([t, t.detach().clone().tolist()]);
  };
  check(): void {
    expect(this.pairs.length).toBeGreaterThan(3);
    for (const [t, seen] of this.pairs) expect(t.tolist()).toEqual(seen);
  }
}
class Doubled extends torch.autograd.Function {
  static seen: (t: Tensor) => void = () => {};
  static forward(ctx: torch.autograd.FunctionCtx, x: Tensor): Tensor {
    ctx.save_for_backward(x);
    return x.mul(2);
  }
  static backward(ctx: torch.autograd.FunctionCtx, g: Tensor): Tensor {
    Doubled.seen(g);
    Doubled.seen(ctx.saved_tensors[0]!);
    const out = g.mul(2);
    Doubled.seen(out);
    return out;
  }
}

/** Trains a few steps of a network whose tensors are larger than a slab's; `watch` gets what it may look at. */
function train(
  watch: (at: { net: torch.nn.Sequential; hidden: Tensor; loss: Tensor; x: Tensor }) => void,
  after: (net: torch.nn.Sequential) => void = () => {},
): void {
  torch.manual_seed(3);
  const net = new nn.Sequential(new nn.Linear(64, 96), new nn.Tanh(), new nn.Linear(96, 64));
  for (let step = 0; step < 4; step++) {
    const x = torch.randn([48, 64]).requires_grad_();
    for (const p of net.parameters()) p.grad = null;
    const hidden = net.at(1)!(net.at(0)!(x) as Tensor) as Tensor;
    const loss = (net.at(2)!(Doubled.apply(hidden.sigmoid().mul(hidden))) as Tensor).pow(2).mean();
    watch({ net, hidden, loss, x });
    if (loss.requires_grad) loss.backward();
    after(net);
  }
}

describe('what was seen keeps its numbers', () => {
  it('while memory is reused', () => {
    const before = { ...memory };
    train(() => {});
    expect(memory.recycled).toBeGreaterThan(before.recycled);
    expect(memory.reused).toBeGreaterThan(before.reused);
  });
  it('gradients of parameters', () => {
    const kept = new Kept();
    train(
      () => {},
      (net) => {
        for (const p of net.parameters()) kept.keep(p.grad);
      },
    );
    kept.check();
  });
  it('gradients that tensor hooks, node hooks and post-accumulate hooks are given', () => {
    const kept = new Kept();
    train(({ net, hidden, loss }) => {
      hidden.register_hook((g: Tensor) => kept.keep(g));
      hidden.grad_fn!.register_hook((inputs, outputs) => [...inputs, ...outputs].forEach(kept.keep));
      loss.grad_fn!.register_prehook((outputs) => outputs.forEach(kept.keep));
      for (const p of net.parameters()) p.register_post_accumulate_grad_hook((q) => kept.keep(q.grad));
    });
    kept.check();
  });
  it('what backward hooks of modules are given', () => {
    const kept = new Kept();
    train(({ net }) => {
      net.at(2)!.register_full_backward_hook((_module, inputs, outputs) => {
        [...inputs, ...outputs].forEach(kept.keep);
      });
    });
    kept.check();
  });
  it('results of torch.autograd.grad, with and without a graph', () => {
    const kept = new Kept();
    train(({ loss, hidden, x }) => {
      torch.autograd.grad(loss, [hidden, x], { retain_graph: true }).forEach(kept.keep);
      torch.autograd.grad(loss, [hidden, x], { create_graph: true }).forEach(kept.keep);
    });
    kept.check();
  });
  it('what a custom function sees and returns', () => {
    const kept = new Kept();
    Doubled.seen = kept.keep;
    train(() => {});
    Doubled.seen = () => {};
    kept.check();
  });
  it('what hooks on saved tensors pack and unpack', () => {
    const kept = new Kept();
    torch.autograd.graph.saved_tensors_hooks(
      (t: Tensor) => {
        kept.keep(t);
        return t;
      },
      (t: unknown) => {
        kept.keep(t as Tensor);
        return t as Tensor;
      },
      () => train(() => {}),
    );
    kept.check();
  });
  it('what an interceptor sees', () => {
    const kept = new Kept();
    // Results only, and not of what is filled or changed later.
    const see = (op: { readonly name: string }, _args: readonly unknown[], next: () => unknown): unknown => {
      const result = next();
      if (result instanceof torch.Tensor && !/^empty|_(\.|$)/.test(op.name)) kept.keep(result);
      return result;
    };
    torch.intercept({ at: 'kernel', call: see }, () => train(() => {}));
    kept.check();
  });
  it('retained gradients of inner tensors', () => {
    const kept = new Kept();
    const inner: Tensor[] = [];
    train(
      ({ hidden }) => {
        hidden.retain_grad();
        inner.push(hidden);
      },
      () => kept.keep(inner.at(-1)!.grad),
    );
    kept.check();
  });
});
