// Modules: registration, walking, state, hooks and printing, as PyTorch prints and words them.
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/core/tensor.ts';
import * as torch from '../../src/index.ts';

const { nn } = torch;
class Net extends nn.Module {
  static override readonly __constants__ = ['width'];
  first = new nn.Linear(3, 4);
  rest = new nn.Sequential(new nn.ReLU(), new nn.Linear(4, 2, { bias: false }));
  items = new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 2), new nn.Tanh()]);
  byname = new nn.ModuleDict({ a: new nn.Identity(), b: new nn.Dropout(0.2) });
  declare scale: Tensor;
  constructor() {
    super();
    this.register_buffer('scale', torch.ones(2));
    this.register_parameter('none', null);
  }
  forward(x: Tensor): Tensor {
    return this.rest(this.first(x)).mul(this.scale);
  }
}
const names = (pairs: Iterable<readonly [string, unknown]>): string[] => [...pairs].map(([name]) => name);
const message = (f: () => unknown): string => {
  try {
    f();
  } catch (e) {
    return `${(e as Error).name}: ${(e as Error).message}`;
  }
  return 'no error';
};

describe('a module', () => {
  it('prints as in PyTorch', () => {
    expect(String(new Net())).toBe(`Net(
  (first): Linear(in_features=3, out_features=4, bias=True)
  (rest): Sequential(
    (0): ReLU()
    (1): Linear(in_features=4, out_features=2, bias=False)
  )
  (items): ModuleList(
    (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)
    (2): Tanh()
  )
  (byname): ModuleDict(
    (a): Identity()
    (b): Dropout(p=0.2, inplace=False)
  )
)`);
    class WithSettings extends nn.Module {
      l = new nn.Linear(1, 1);
      forward(): void {}
      override extra_repr(): string {
        return 'k=1';
      }
    }
    expect(String(new WithSettings())).toBe('WithSettings(\n  k=1\n  (l): Linear(in_features=1, out_features=1, bias=True)\n)');
    expect(String(new nn.Sequential())).toBe('Sequential()');
    expect(String(new nn.ParameterList([new nn.Parameter(torch.ones(2, 3)), new nn.Parameter(torch.ones(1))]))).toBe(
      'ParameterList(\n    (0): Parameter containing: [torch.float32 of size 2x3]\n    (1): Parameter containing: [torch.float32 of size 1]\n)',
    );
  });
  it('walks parameters, buffers and children in the order of registration', () => {
    const net = new Net();
    expect(names(net.named_parameters())).toEqual([
      'first.weight',
      'first.bias',
      'rest.1.weight',
      'items.0.weight',
      'items.0.bias',
      'items.1.weight',
      'items.1.bias',
    ]);
    expect(names(net.named_buffers())).toEqual(['scale']);
    expect(names(net.named_children())).toEqual(['first', 'rest', 'items', 'byname']);
    expect(names(net.named_modules())).toEqual([
      '',
      'first',
      'rest',
      'rest.0',
      'rest.1',
      'items',
      'items.0',
      'items.1',
      'items.2',
      'byname',
      'byname.a',
      'byname.b',
    ]);
    expect(net.get_submodule('items.1')).toBe(net.items.at(1));
    expect(net.get_parameter('first.bias')).toBe(net.first.bias);
    expect(net.__constants__).toEqual(['width']);
    const seen: string[] = [];
    net.apply((m) => void seen.push(m._get_name()));
    expect([seen[0], seen[seen.length - 1]]).toEqual(['Linear', 'Net']);
  });
  it('has settings called name and length', () => {
    class Named extends nn.Module {
      constructor() {
        super();
        (this as unknown as { name: string }).name = 'x';
        this.register_buffer('length', torch.ones(1));
      }
      forward(): void {}
    }
    const m = new Named();
    expect((m as unknown as { name: string }).name).toBe('x');
    expect(names(m.named_buffers())).toEqual(['length']);
  });
  it('refuses names and values in PyTorch’s words', () => {
    const net = new Net();
    expect(message(() => net.add_module('a.b', new nn.ReLU()))).toBe('KeyError: module name can\'t contain ".", got: a.b');
    expect(message(() => net.add_module('', new nn.ReLU()))).toBe('KeyError: module name can\'t be empty string ""');
    expect(message(() => net.add_module('forward', new nn.ReLU()))).toBe("KeyError: attribute 'forward' already exists");
    expect(message(() => net.register_buffer('first', torch.ones(1)))).toBe("KeyError: attribute 'first' already exists");
    expect(message(() => net.register_parameter('q', torch.ones(1) as never))).toBe(
      "TypeError: cannot assign 'torch.FloatTensor' object to parameter 'q' (torch.nn.Parameter or None required)",
    );
    expect(message(() => net.get_submodule('rest.9'))).toBe('AttributeError: Sequential has no attribute `9`');
    expect(message(() => net.train(3 as never))).toBe('ValueError: training mode is expected to be boolean');
    expect(message(() => net.to(torch.int64))).toBe(
      'TypeError: nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=torch.int64',
    );
    expect(message(() => new (nn.Linear as never as new (n: number) => unknown)(2))).toBe(
      "TypeError: Linear.__init__() missing 1 required positional argument: 'out_features'",
    );
    expect(message(() => new nn.ELU({ beta: 1 } as never))).toBe("TypeError: ELU.__init__() got an unexpected keyword argument 'beta'");
    expect(message(() => new nn.Dropout(2))).toBe('ValueError: dropout probability has to be between 0 and 1, but got 2.0');
  });
  it('saves and loads its state', () => {
    const [a, b] = [new Net(), new Net()];
    expect(Object.keys(a.state_dict())).toEqual([
      'scale',
      'first.weight',
      'first.bias',
      'rest.1.weight',
      'items.0.weight',
      'items.0.bias',
      'items.1.weight',
      'items.1.bias',
    ]);
    expect(String(b.load_state_dict(a.state_dict()))).toBe('<All keys matched successfully>');
    expect(b.first.weight.equal(a.first.weight)).toBe(true);
    expect(b.load_state_dict({} as never, { strict: false }).missing_keys.length).toBe(8);
    expect(message(() => a.load_state_dict({ 'first.weight': torch.zeros(2, 2), extra: torch.zeros(1) } as never))).toBe(
      'RuntimeError: Error(s) in loading state_dict for Net:\n\tMissing key(s) in state_dict: "scale", "first.bias", "rest.1.weight", "items.0.weight", "items.0.bias", "items.1.weight", "items.1.bias". \n\tUnexpected key(s) in state_dict: "extra". \n\tsize mismatch for first.weight: copying a param with shape torch.Size([2, 2]) from checkpoint, the shape in current model is torch.Size([4, 3]).',
    );
  });
  it('converts, freezes and forgets', () => {
    const net = new Net().to(torch.float64).eval();
    expect(net.scale.dtype).toBe(torch.float64);
    expect([...net.modules()].some((m) => m.training)).toBe(false);
    net(torch.ones([1, 3], { dtype: torch.float64 }))
      .sum()
      .backward();
    expect(net.first.weight.grad).not.toBeNull();
    net.zero_grad();
    expect(net.first.weight.grad).toBeNull();
    expect([...net.requires_grad_(false).parameters()].every((p) => !p.requires_grad)).toBe(true);
  });
});

describe('hooks', () => {
  it('run in order and may replace what they see', () => {
    const log: string[] = [];
    const m = new nn.Linear(2, 2);
    const pre = m.register_forward_pre_hook((_, [x]) => {
      log.push('pre');
      return (x as Tensor).mul(2);
    });
    m.register_forward_hook((_, __, y) => {
      log.push('forward');
      return (y as Tensor).mul(0);
    });
    m.register_full_backward_pre_hook(() => void log.push('backward pre'));
    m.register_full_backward_hook((_, [gx], [gy]) => {
      log.push('backward');
      expect([gx!.shape.length, gy!.shape.length]).toEqual([2, 2]);
      return [gx!.add(1)];
    });
    const x = torch.ones([1, 2], { requires_grad: true });
    const y = m(x);
    expect(y.eq(0).all().item<boolean>()).toBe(true);
    y.sum().backward();
    expect(log).toEqual(['pre', 'forward', 'backward pre', 'backward']);
    // The hook sees the gradient of forward's argument; its change reaches x through the doubling.
    expect(x.grad!.tolist()).toEqual([[2, 2]]);
    pre.remove();
    m(x);
    expect(log.filter((e) => e === 'pre').length).toBe(1);
  });
});

describe('clipping', () => {
  it('scales gradients to a total norm and returns the norm before', () => {
    const p = new nn.Parameter(torch.ones(2));
    p.grad = torch.tensor([3, 4]);
    expect(nn.utils.clip_grad_norm_([p], 1).item()).toBe(5);
    expect(p.grad.norm().item()).toBeCloseTo(1, 5);
    nn.utils.clip_grad_value_(p, 0.5);
    expect(p.grad.tolist()).toEqual([0.5, 0.5]);
  });
  it('turns parameters into a vector and back', () => {
    const m = new nn.Linear(2, 1);
    const v = nn.utils.parameters_to_vector(m.parameters());
    nn.utils.vector_to_parameters(torch.zeros_like(v), m.parameters());
    expect([v.shape[0], m.bias!.item()]).toEqual([3, 0]);
  });
});
