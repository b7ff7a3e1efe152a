// Hooks, names, schedulers' warnings and weight averages: what the conformance data does not replay.
import { describe, expect, it, vi } from 'vitest';
import * as torch from '../../src/index.ts';

const { nn, optim } = torch;
const param = (): torch.Tensor => torch.ones(2).requires_grad_();

describe('an optimizer', () => {
  it('runs hooks around steps and states', () => {
    const p = param();
    const o = new optim.SGD([p], { lr: 0.1 });
    const log: string[] = [];
    const handle = o.register_step_pre_hook(() => void log.push('before'));
    o.register_step_post_hook(() => void log.push('after'));
    o.register_state_dict_post_hook((_, state) => ({ ...state, extra: 1 }) as never);
    o.register_load_state_dict_post_hook(() => void log.push('loaded'));
    o.step();
    handle.remove();
    o.step();
    expect(o.state_dict()).toHaveProperty('extra', 1);
    o.load_state_dict(o.state_dict());
    expect(log).toEqual(['before', 'after', 'after', 'loaded']);
  });
  it('keeps names, in all groups or none', () => {
    const layer = new nn.Linear(2, 1);
    const o = new optim.Adam(layer.named_parameters());
    expect(o.state_dict().param_groups[0]!.param_names).toEqual(['weight', 'bias']);
    expect(() => o.add_param_group({ params: [param()] })).toThrow('cannot add param group without names to the optimizer');
  });
  it('takes its parameters by name, with settings beside them', () => {
    const o = new optim.SGD({ params: [param()], lr: 0.5 });
    expect(o.param_groups[0]!.lr).toBe(0.5);
  });
  it('is differentiable where asked', () => {
    const lr = 0.1;
    const w = torch.tensor([2.0]).requires_grad_();
    const p = w.clone();
    p.grad = w.mul(3);
    new optim.SGD([p], { lr, differentiable: true }).step();
    expect(torch.autograd.grad(p, [w])[0]!.item()).toBeCloseTo(1 - 3 * lr);
  });
  it.each(['Adadelta', 'Adamax', 'NAdam', 'RAdam', 'ASGD', 'Rprop'] as const)('steps one by one as all at once: %s', (name) => {
    const run = (intercepted: boolean): unknown => {
      torch.manual_seed(1);
      const params = [torch.randn([3, 5]), torch.randn([7])].map((t) => t.requires_grad_());
      const o = new optim[name](params);
      const steps = (): void => {
        for (let i = 0; i < 8; i++) {
          for (const p of params)
            p.grad = p
              .detach()
              .mul(0.3)
              .add(i / 10)
              .sin();
          o.step();
        }
      };
      if (intercepted) torch.intercept({ at: 'kernel', call: (_, __, next) => next() }, steps);
      else steps();
      return torch.cat(params.map((p) => p.detach().reshape(-1)));
    };
    expect(torch.allclose(run(true) as torch.Tensor, run(false) as torch.Tensor, 1e-5, 1e-6)).toBe(true);
  });
});

describe('a scheduler', () => {
  it('warns when it steps before the optimizer', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const o = new optim.SGD([param()], { lr: 0.1 });
    const s = new optim.lr_scheduler.StepLR(o, { step_size: 1 });
    s.step();
    expect(warn.mock.calls[0]![0]).toContain('Detected call of `lr_scheduler.step()` before `optimizer.step()`');
    warn.mockRestore();
  });
  it('drives a learning rate that is a tensor', () => {
    const lr = torch.tensor(0.5);
    const o = new optim.SGD([param()], { lr });
    const s = new optim.lr_scheduler.ExponentialLR(o, 0.5);
    o.step();
    s.step();
    expect(lr.item()).toBe(0.25);
    expect(o.param_groups[0]!.lr).toBe(lr);
  });
});

describe('averaged weights', () => {
  it('are the mean of the models', () => {
    const model = new nn.Linear(1, 1);
    const averaged = new optim.swa_utils.AveragedModel(model);
    const values = [1, 2, 6];
    for (const v of values) {
      torch.no_grad(() => model.weight.fill_(v));
      averaged.update_parameters(model);
    }
    expect((averaged.module as typeof model).weight.item()).toBeCloseTo(3);
    expect(averaged.n_averaged.item()).toBe(3);
  });
  it('get the statistics of the data', () => {
    const model = new nn.Sequential(new nn.BatchNorm1d(1));
    optim.swa_utils.update_bn([torch.tensor([[1.0], [3.0]]), torch.tensor([[5.0], [7.0]])], model);
    expect((model.at(0) as InstanceType<typeof nn.BatchNorm1d>).running_mean!.item()).toBe(4);
  });
});
