// Adadelta; see https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html.
import type { Tensor } from '../core/tensor.ts';
import type { Arguments } from '../nn/simple.ts';
import type { Expr } from '../pointwise/expr.ts';
import * as torch from '../surface/generated/torch.ts';
import {
  bindSettings,
  type CommonSettings,
  checkSetting,
  checkSettings,
  countStep,
  newStep,
  numberOf,
  Optimizer,
  type ParamGroup,
  type Params,
  rejectSparse,
} from './optimizer.ts';
import { addcmul, fma, gradient, Rule } from './rule.ts';

export interface AdadeltaSettings extends CommonSettings {
  rho: number;
  eps: number;
  weight_decay: number;
  capturable: boolean;
}
type Tensors = { param: Expr; grad: Expr; square_avg: Expr; acc_delta: Expr };
type Numbers = Record<'weight_decay' | 'rho' | 'fresh' | 'eps' | 'rate', Expr>;

const rule = new Rule((t: Tensors, n: Numbers, o: { maximize: boolean; decays: boolean }) => {
  const g = gradient(t, n, o);
  const square_avg = addcmul(t.square_avg.mul(n.rho), g, g, n.fresh);
  const delta = t.acc_delta.add(n.eps).sqrt().div(square_avg.add(n.eps).sqrt()).mul(g);
  return { square_avg, acc_delta: addcmul(t.acc_delta.mul(n.rho), delta, delta, n.fresh), param: fma(delta, n.rate, t.param) };
});

/** Steps in the parameters' own units, from running means of squared gradients and of squared steps; Zeiler 2012. */
export class Adadelta extends Optimizer<AdadeltaSettings> {
  static override readonly __name__: string = 'Adadelta';
  static override readonly __floats__ = { lr: true } as const;
  constructor(
    params: Params,
    ...args: Arguments<[lr?: number | Tensor, rho?: number, eps?: number, weight_decay?: number], AdadeltaSettings>
  ) {
    const s = bindSettings<AdadeltaSettings>('Adadelta', params, args, ['lr', 'rho', 'eps', 'weight_decay', 'foreach'], {
      lr: 1,
      rho: 0.9,
      eps: 1e-6,
      weight_decay: 0,
      maximize: false,
      capturable: false,
      foreach: null,
      differentiable: false,
    });
    checkSettings(s, { lr: 'learning rate' });
    checkSetting('rho value', s.rho, s.rho >= 0 && s.rho <= 1);
    checkSettings(s, { eps: 'epsilon value', weight_decay: 'weight_decay value' });
    super(params, s);
  }
  protected override update(group: ParamGroup<AdadeltaSettings>, params: readonly Tensor[]): void {
    const { rho, eps, weight_decay, maximize, differentiable } = group;
    const numbers = { weight_decay, rho, fresh: 1 - rho, eps, rate: -numberOf(group.lr) };
    rejectSparse('Adadelta', params);
    const entries = params.map((param) => {
      const state = this.stateOf(param, () => ({
        step: newStep(),
        square_avg: torch.zeros_like(param),
        acc_delta: torch.zeros_like(param),
      }));
      countStep(state);
      return {
        tensors: { param, grad: param._grad!, square_avg: state.square_avg as Tensor, acc_delta: state.acc_delta as Tensor },
        numbers,
      };
    });
    rule.step({ maximize, decays: weight_decay !== 0, differentiable }, entries);
  }
}
