// Adamax; see https://pytorch.org/docs/stable/generated/torch.optim.Adamax.html.
import type { Tensor } from '../core/tensor.ts';
import type { Arguments } from '../nn/simple.ts';
import type { Expr } from '../pointwise/expr.ts';
import * as torch from '../surface/generated/torch.ts';
import {
  bindSettings,
  type CommonSettings,
  checkBetas,
  checkSettings,
  countStep,
  newStep,
  numberOf,
  Optimizer,
  type ParamGroup,
  type Params,
  power,
  rejectSparse,
} from './optimizer.ts';
import { addcdiv, gradient, lerp, perStep, Rule } from './rule.ts';

export interface AdamaxSettings extends CommonSettings {
  betas: readonly [number, number];
  eps: number;
  weight_decay: number;
  capturable: boolean;
}
type Tensors = { param: Expr; grad: Expr; exp_avg: Expr; exp_inf: Expr };
type Numbers = Record<'weight_decay' | 'fresh1' | 'beta2' | 'eps' | 'rate', Expr>;

const rule = new Rule((t: Tensors, n: Numbers, o: { maximize: boolean; decays: boolean; near: boolean }) => {
  const g = gradient(t, n, o);
  const exp_avg = lerp(t.exp_avg, g, n.fresh1, o.near);
  const exp_inf = t.exp_inf.mul(n.beta2).maximum(g.abs().add(n.eps));
  return { exp_avg, exp_inf, param: addcdiv(t.param, exp_avg, exp_inf, n.rate) };
});

/** Adam with a running maximum instead of the mean of squares; Kingma and Ba 2015. */
export class Adamax extends Optimizer<AdamaxSettings> {
  static override readonly __name__: string = 'Adamax';
  constructor(
    params: Params,
    ...args: Arguments<[lr?: number | Tensor, betas?: readonly [number, number], eps?: number, weight_decay?: number], AdamaxSettings>
  ) {
    const s = bindSettings<AdamaxSettings>('Adamax', params, args, ['lr', 'betas', 'eps', 'weight_decay', 'foreach'], {
      lr: 2e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weight_decay: 0,
      foreach: null,
      maximize: false,
      differentiable: false,
      capturable: false,
    });
    checkSettings(s, { lr: 'learning rate', eps: 'epsilon value' });
    checkBetas(s.betas);
    checkSettings(s, { weight_decay: 'weight_decay value' });
    super(params, s);
  }
  protected override update(group: ParamGroup<AdamaxSettings>, params: readonly Tensor[]): void {
    const { eps, weight_decay, maximize, differentiable } = group;
    const [beta1, beta2] = group.betas;
    const lr = numberOf(group.lr);
    rejectSparse('Adamax', params);
    const numbersAt = perStep((step) => ({ weight_decay, fresh1: 1 - beta1, beta2, eps, rate: -(lr / (1 - power(beta1, step))) }));
    const entries = params.map((param) => {
      const state = this.stateOf(param, () => ({ step: newStep(), exp_avg: torch.zeros_like(param), exp_inf: torch.zeros_like(param) }));
      return {
        tensors: { param, grad: param._grad!, exp_avg: state.exp_avg as Tensor, exp_inf: state.exp_inf as Tensor },
        numbers: numbersAt(countStep(state)),
      };
    });
    rule.step({ maximize, decays: weight_decay !== 0, near: 1 - beta1 < 0.5, differentiable }, entries);
  }
}
