// Optimizers: the fused step equals the arithmetic in operators, state is saved and loaded, settings are checked.
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/core/tensor.ts';
import * as torch from '../../src/index.ts';

const { optim } = torch;
const run = (make: (p: Tensor[]) => torch.optim.Optimizer, intercepted: boolean, dtype: torch.DType): unknown[] => {
  torch.manual_seed(0);
  const params = [torch.randn([5, 7], { dtype }), torch.randn([33], { dtype }), torch.randn([4, 6], { dtype }).t()].map((t) =>
    t.requires_grad_(),
  );
  const optimizer = make(params);
  const steps = (): void => {
    for (let i = 0; i < 4; i++) {
      for (const p of params)
        p.grad = p
          .detach()
          .mul(0.3)
          .add(i / 10)
          .sin();
      optimizer.step();
    }
  };
  // An interceptor has to see the operators: nothing is fused.
  if (intercepted) torch.intercept({ at: 'kernel', call: (_, __, next) => next() }, steps);
  else steps();
  return params.map((p) => p.tolist());
};

describe('a step of all parameters at once', () => {
  const cases: [string, (p: Tensor[]) => torch.optim.Optimizer][] = [
    ['SGD', (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, weight_decay: 0.01, nesterov: true })],
    ['SGD with dampening', (p) => new optim.SGD(p, 0.1, { momentum: 0.9, dampening: 0.5, maximize: true })],
    ['Adam', (p) => new optim.Adam(p, { amsgrad: true, weight_decay: 0.1 })],
    ['AdamW', (p) => new optim.AdamW(p)],
    ['Adagrad', (p) => new optim.Adagrad(p, { lr_decay: 0.1, initial_accumulator_value: 0.1 })],
    ['RMSprop', (p) => new optim.RMSprop(p, { centered: true, momentum: 0.9 })],
  ];
  for (const [name, make] of cases) {
    it.each([torch.float32, torch.float64])(`gives what operators give: ${name}, %s`, (dtype) => {
      const [fused, operators] = [run(make, false, dtype), run(make, true, dtype)];
      const digits = dtype === torch.float64 ? 14 : 6;
      (fused.flat(3) as number[]).forEach((v, i) => {
        expect(v).toBeCloseTo((operators.flat(3) as number[])[i]!, digits);
      });
    });
  }
  it('bumps the versions of what it changes', () => {
    const p = torch.ones(3).requires_grad_();
    const y = p.mul(p);
    p.grad = torch.ones(3);
    new optim.SGD([p], { lr: 0.1 }).step();
    expect(() => y.sum().backward()).toThrow(/modified by an inplace operation/);
  });
});

describe('an optimizer', () => {
  const param = (): Tensor => torch.ones(2).requires_grad_();
  it('goes on from a saved state', () => {
    const step = (p: Tensor, o: torch.optim.Optimizer): void => {
      p.grad = torch.ones(2);
      o.step();
    };
    const [p, q] = [param(), param()];
    const first = new optim.Adam([p], { lr: 0.1 });
    step(p, first);
    const second = new optim.Adam([q]);
    torch.no_grad(() => q.copy_(p));
    second.load_state_dict(first.state_dict());
    step(p, first);
    step(q, second);
    expect(q.tolist()).toEqual(p.tolist());
    expect(second.state_dict().param_groups[0]!.lr).toBe(0.1);
  });
  it('takes groups with settings of their own, and a closure', () => {
    const [p, q] = [param(), param()];
    const o = new optim.SGD([{ params: [p] }, { params: [q], lr: 0.5 }], { lr: 0.1 });
    const loss = o.step(() => {
      o.zero_grad();
      const l = p.sum().add(q.sum());
      l.backward();
      return l;
    });
    expect(loss.item()).toBe(4);
    expect([p.at(0).item(), q.at(0).item()].map((v) => v.toFixed(2))).toEqual(['0.90', '0.50']);
  });
  it('refuses settings in PyTorch’s words', () => {
    expect(() => new optim.SGD([])).toThrow('optimizer got an empty parameter list');
    expect(() => new optim.SGD([param()], { lr: -1 })).toThrow('Invalid learning rate: -1');
    expect(() => new optim.SGD([param()], { nesterov: true })).toThrow('Nesterov momentum requires a momentum and zero dampening');
    expect(() => new optim.Adam([param()], { betas: [1, 0.9] })).toThrow('Invalid beta parameter at index 0: 1.0');
    expect(() => new optim.SGD([param().mul(1)])).toThrow("can't optimize a non-leaf Tensor");
  });
});
