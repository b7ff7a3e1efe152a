// NAdam; see https://pytorch.org/docs/stable/generated/torch.optim.NAdam.html.
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
  numberIn,
  numberOf,
  Optimizer,
  type ParamGroup,
  type Params,
  power,
  rejectSparse,
  stateNumber,
} from './optimizer.ts';
import { addcdiv, addcmul, gradient, lerp, Rule } from './rule.ts';

export interface NAdamSettings extends CommonSettings {
  betas: readonly [number, number];
  eps: number;
  weight_decay: number;
  momentum_decay: number;
  decoupled_weight_decay: boolean;
  capturable: boolean;
}
type Tensors = { param: Expr; grad: Expr; exp_avg: Expr; exp_avg_sq: Expr };
type Numbers = Record<'weight_decay' | 'shrink' | 'fresh1' | 'beta2' | 'fresh2' | 'eps' | 'correction' | 'rate' | 'momentum', Expr>;
type Options = { maximize: boolean; decays: boolean; decoupled: boolean; near: boolean };

const rule = new Rule((t: Tensors, n: Numbers, o: Options) => {
  const g = gradient(t, n, { ...o, decays: o.decays && !o.decoupled });
  const param = o.decays && o.decoupled ? t.param.mul(n.shrink) : t.param;
  const exp_avg = lerp(t.exp_avg, g, n.fresh1, o.near);
  const exp_avg_sq = addcmul(t.exp_avg_sq.mul(n.beta2), g, g, n.fresh2);
  const spread = exp_avg_sq.div(n.correction).sqrt().add(n.eps);
  return { exp_avg, exp_avg_sq, param: addcdiv(addcdiv(param, g, spread, n.rate), exp_avg, spread, n.momentum) };
});

/** Adam with Nesterov momentum; Dozat 2016. */
export class NAdam extends Optimizer<NAdamSettings> {
  static override readonly __name__: string = 'NAdam';
  constructor(
    params: Params,
    ...args: Arguments<
      [
        lr?: number | Tensor,
        betas?: readonly [number, number],
        eps?: number,
        weight_decay?: number,
        momentum_decay?: number,
        decoupled_weight_decay?: boolean,
      ],
      NAdamSettings
    >
  ) {
    const s = bindSettings<NAdamSettings>(
      'NAdam',
      params,
      args,
      ['lr', 'betas', 'eps', 'weight_decay', 'momentum_decay', 'decoupled_weight_decay'],
      {
        lr: 2e-3,
        betas: [0.9, 0.999],
        eps: 1e-8,
        weight_decay: 0,
        momentum_decay: 4e-3,
        decoupled_weight_decay: false,
        maximize: false,
        foreach: null,
        capturable: false,
        differentiable: false,
      },
    );
    checkSettings(s, { lr: 'learning rate', eps: 'epsilon value' });
    checkBetas(s.betas);
    checkSettings(s, { weight_decay: 'weight_decay value', momentum_decay: 'momentum_decay value' });
    super(params, s);
  }
  protected override update(group: ParamGroup<NAdamSettings>, params: readonly Tensor[]): void {
    const { eps, weight_decay, momentum_decay, decoupled_weight_decay: decoupled, maximize, differentiable } = group;
    const [beta1, beta2] = group.betas;
    const lr = numberOf(group.lr);
    const momentumAt = (step: number): number => beta1 * (1 - 0.5 * power(0.96, step * momentum_decay));
    rejectSparse('NAdam', params);
    const entries = params.map((param) => {
      const state = this.stateOf(param, () => ({
        step: newStep(),
        mu_product: stateNumber(1),
        exp_avg: torch.zeros_like(param),
        exp_avg_sq: torch.zeros_like(param),
      }));
      const step = countStep(state);
      const [mu, next] = [momentumAt(step), momentumAt(step + 1)];
      const product = numberIn(state, 'mu_product').mul_(mu).item();
      return {
        tensors: { param, grad: param._grad!, exp_avg: state.exp_avg as Tensor, exp_avg_sq: state.exp_avg_sq as Tensor },
        numbers: {
          weight_decay,
          shrink: 1 - lr * weight_decay,
          fresh1: 1 - beta1,
          beta2,
          fresh2: 1 - beta2,
          eps,
          correction: 1 - power(beta2, step),
          rate: (-lr * (1 - mu)) / (1 - product),
          momentum: (-lr * next) / (1 - product * next),
        },
      };
    });
    rule.step({ maximize, decays: weight_decay !== 0, decoupled, near: 1 - beta1 < 0.5, differentiable }, entries);
  }
}
