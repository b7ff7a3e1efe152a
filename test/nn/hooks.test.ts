// Hooks of modules: every kind, in PyTorch's order.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RemovableHandle } from '../../src/autograd/node.ts';
import { nn, type Tensor } from '../../src/index.ts';
import * as torch from '../../src/index.ts';

const { module } = nn.modules;
const x = (): Tensor => torch.ones([1, 1]).requires_grad_();
const one = (): nn.Linear => {
  const m = new nn.Linear(1, 1);
  torch.no_grad(() => {
    m.weight.fill_(2);
    m.bias!.fill_(1);
  });
  return m;
};
class Scale extends nn.Module {
  forward(input: Tensor, { by = 1 }: { by?: number } = {}): Tensor {
    return input.mul(by);
  }
}
class Failing extends nn.Module {
  forward(): Tensor {
    throw new Error('no');
  }
}
const handles: RemovableHandle[] = [];
afterEach(() => {
  for (const h of handles.splice(0)) h.remove();
});

describe('hooks of a module', () => {
  it('run around forward and backward, those of all modules first', () => {
    const order: string[] = [];
    const mark = (name: string) => () => void order.push(name);
    handles.push(
      module.register_module_forward_pre_hook(mark('all pre')),
      module.register_module_forward_hook(mark('all post')),
      module.register_module_full_backward_hook(mark('all backward')),
      module.register_module_full_backward_pre_hook(mark('all backward pre')),
    );
    const m = one();
    m.register_forward_pre_hook(mark('pre'));
    m.register_forward_pre_hook(mark('first pre'), { prepend: true });
    m.register_forward_hook(mark('post'));
    m.register_full_backward_hook(mark('backward'));
    m.register_full_backward_pre_hook(mark('backward pre'));
    m(x()).sum().backward();
    expect(order).toEqual([
      'all pre',
      'first pre',
      'pre',
      'all post',
      'post',
      'all backward pre',
      'backward pre',
      'all backward',
      'backward',
    ]);
  });
  it('replace arguments, output and gradients until they are removed', () => {
    const m = one();
    const value = (): number => m(torch.ones([1, 1])).item();
    const pre = m.register_forward_pre_hook((_, [t]) => (t as Tensor).add(1));
    expect(value()).toBe(5);
    const post = m.register_forward_hook((_, __, y) => (y as Tensor).neg());
    expect(value()).toBe(-5);
    pre.remove();
    expect(value()).toBe(-3);
    post.remove();
    expect(value()).toBe(3);
    m.register_full_backward_pre_hook((_, [g]) => [g!.mul(10)]);
    m.register_full_backward_hook((_, [g]) => [g!.add(1)]);
    const input = x();
    m(input).sum().backward();
    expect(input.grad!.item()).toBe(21);
    expect(m.weight.grad!.item()).toBe(10);
  });
  it('see keyword arguments if they ask for them', () => {
    const m = new Scale();
    const seen: unknown[] = [];
    m.register_forward_pre_hook((_, args) => void seen.push(args.length));
    m.register_forward_pre_hook((_, args, kwargs) => [args, { by: Number(kwargs.by) + 1 }], { with_kwargs: true });
    m.register_forward_hook((_, __, kwargs, y) => (y as Tensor).mul(Number(kwargs.by)), { with_kwargs: true });
    expect(m(torch.ones([1]), { by: 2 }).item()).toBe(9);
    expect(seen).toEqual([1]);
    m.register_forward_pre_hook(() => 3 as never, { with_kwargs: true });
    expect(() => m(torch.ones([1]))).toThrow('forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got 3.');
  });
  it('are called after an error if they ask for it', () => {
    const m = new Failing();
    const seen: unknown[] = [];
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    m.register_forward_hook(() => void seen.push('never'));
    m.register_forward_hook((_, __, y) => void seen.push(y), { always_call: true });
    m.register_forward_hook(
      () => {
        throw new Error('mine');
      },
      { always_call: true },
    );
    expect(() => m()).toThrow('no');
    expect(seen).toEqual([null]);
    expect(warn.mock.calls.flat()).toEqual([
      'module forward hook with ``always_call=True`` raised an exception that was silenced as another error was raised in forward: mine',
    ]);
    warn.mockRestore();
  });
  it('see what is registered and may replace it', () => {
    const seen: string[] = [];
    handles.push(
      module.register_module_parameter_registration_hook((_, name) => void seen.push(name)),
      module.register_module_module_registration_hook((_, name) => void seen.push(name)),
      module.register_module_buffer_registration_hook((_, __, b) => b!.add(1)),
    );
    const m = new nn.Sequential(new nn.ReLU());
    m.register_parameter('p', new nn.Parameter(torch.ones([1])));
    m.register_buffer('b', torch.ones([1]));
    expect(seen).toEqual(['0', 'p']);
    expect(m.get_buffer('b').item()).toBe(2);
  });
  it('see states that are saved and loaded', () => {
    const m = one();
    const seen: string[] = [];
    m.register_state_dict_pre_hook((self, prefix, keep_vars) => void seen.push(`save ${String(self === m)} ${prefix} ${keep_vars}`));
    m.register_state_dict_post_hook((_, state) => {
      delete state.bias;
    });
    m.register_load_state_dict_pre_hook((self, state, prefix) => {
      seen.push(`load ${String(self === m)}`);
      state[`${prefix}bias`] = torch.zeros([1]);
    });
    m.register_load_state_dict_post_hook((_, found) => void seen.push(`loaded ${found.missing_keys.length}`));
    const state = new nn.Sequential(m).state_dict();
    expect(Object.keys(state)).toEqual(['0.weight', '0.bias']);
    m.load_state_dict(m.state_dict());
    expect(seen).toEqual(['save true 0. false', 'save true  false', 'load true', 'loaded 0']);
    expect(m.bias!.item()).toBe(0);
  });
});

describe('extra state', () => {
  class Counter extends nn.Module {
    count = 1;
    forward(): void {}
    override get_extra_state(): unknown {
      return { count: this.count };
    }
    override set_extra_state(state: unknown): void {
      this.count = (state as { count: number }).count;
    }
  }
  it('is saved and loaded beside the tensors', () => {
    const [a, b] = [new Counter(), new Counter()];
    a.count = 5;
    const state = new nn.Sequential(a).state_dict();
    expect(Object.entries(state)).toEqual([['0._extra_state', { count: 5 }]]);
    new nn.Sequential(b).load_state_dict(state);
    expect(b.count).toBe(5);
    expect(() => new nn.Sequential(b).load_state_dict({} as never)).toThrow('Missing key(s) in state_dict: "0._extra_state". ');
    expect(() => new nn.Sequential(new nn.ReLU()).load_state_dict(state)).toThrow('Unexpected key(s) in state_dict: "0._extra_state". ');
  });
});

describe('set_submodule', () => {
  it('replaces or adds a module at a dotted name', () => {
    const m = new nn.Sequential(new nn.Sequential(new nn.Linear(1, 1)));
    m.set_submodule('0.0', new nn.ReLU());
    m.set_submodule('a', new nn.Tanh());
    expect(String(m)).toBe('Sequential(\n  (0): Sequential(\n    (0): ReLU()\n  )\n  (a): Tanh()\n)');
    expect(() => m.set_submodule('c', new nn.Tanh(), true)).toThrow('Sequential has no attribute `c`');
    expect(() => m.set_submodule('q.r', new nn.Tanh())).toThrow('Sequential has no attribute `q`');
    expect(() => m.set_submodule('', new nn.Tanh())).toThrow('Cannot set the submodule without a target name!');
  });
});

describe('Unfold and Fold', () => {
  it('make a convolution of a linear layer', () => {
    torch.manual_seed(0);
    const images = torch.randn(2, 3, 9, 8);
    const conv = new nn.Conv2d(3, 5, [3, 2], { stride: 2, padding: 1, dilation: [1, 2] });
    const linear = new nn.Linear(3 * 3 * 2, 5);
    torch.no_grad(() => {
      linear.weight.copy_(conv.weight.flatten(1));
      linear.bias!.copy_(conv.bias!);
    });
    const expected = conv(images);
    const columns = new nn.Unfold([3, 2], { stride: 2, padding: 1, dilation: [1, 2] })(images);
    const rows = linear(columns.transpose(1, 2)).transpose(1, 2);
    const actual = new nn.Fold([expected.size(2), expected.size(3)], [1, 1])(rows);
    expect(torch.allclose(actual, expected, 1e-5, 1e-6)).toBe(true);
  });
  it('give the image back through an identity', () => {
    const images = torch.randn(2, 3, 6, 4);
    const [unfold, fold] = [new nn.Unfold(2, { stride: 2 }), new nn.Fold([6, 4], 2, { stride: 2 })];
    const identity = new nn.Linear(12, 12, { bias: false });
    nn.init.eye_(identity.weight);
    expect(torch.equal(fold(identity(unfold(images).transpose(1, 2)).transpose(1, 2)), images)).toBe(true);
  });
});
