// ASGD; see https://pytorch.org/docs/stable/generated/torch.optim.ASGD.html.
import type { Tensor } from '../core/tensor.ts';
import type { Arguments } from '../nn/simple.ts';
import type { Expr } from '../pointwise/expr.ts';
import * as torch from '../surface/generated/torch.ts';
import {
  bindSettings,
  type CommonSettings,
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
import { fma, gradient, Rule } from './rule.ts';

export interface ASGDSettings extends CommonSettings {
  lambd: number;
  alpha: number;
  t0: number;
  weight_decay: number;
  capturable: boolean;
}
type Tensors = { param: Expr; grad: Expr; ax: Expr };
type Numbers = Record<'weight_decay' | 'shrink' | 'rate' | 'mu', Expr>;

const rule = new Rule((t: Tensors, n: Numbers, o: { maximize: boolean; decays: boolean; averages: boolean }) => {
  const param = fma(gradient(t, n, o), n.rate, t.param.mul(n.shrink));
  return { param, ax: o.averages ? t.ax.add(param.sub(t.ax).mul(n.mu)) : param };
});

/** Gradient descent that also keeps the average of the parameters, from step t0 on; Polyak and Juditsky 1992. */
export class ASGD extends Optimizer<ASGDSettings> {
  static override readonly __name__: string = 'ASGD';
  static override readonly __floats__ = { t0: 1e6 } as const;
  constructor(
    params: Params,
    ...args: Arguments<[lr?: number | Tensor, lambd?: number, alpha?: number, t0?: number, weight_decay?: number], ASGDSettings>
  ) {
    const positional = ['lr', 'lambd', 'alpha', 't0', 'weight_decay', 'foreach', 'maximize', 'differentiable', 'capturable'] as const;
    const s = bindSettings<ASGDSettings>('ASGD', params, args, positional, {
      lr: 1e-2,
      lambd: 1e-4,
      alpha: 0.75,
      t0: 1e6,
      weight_decay: 0,
      foreach: null,
      maximize: false,
      differentiable: false,
      capturable: false,
    });
    checkSettings(s, { lr: 'learning rate', lambd: 'lambd value', alpha: 'alpha value', weight_decay: 'weight_decay value' });
    super(params, s);
  }
  protected override update(group: ParamGroup<ASGDSettings>, params: readonly Tensor[]): void {
    const { lambd, alpha, t0, weight_decay, maximize, differentiable } = group;
    const lr = numberOf(group.lr);
    rejectSparse('ASGD', params);
    const entries = params.map((param) => {
      const state = this.stateOf(param, () => ({ step: newStep(), eta: stateNumber(lr), mu: stateNumber(1), ax: torch.zeros_like(param) }));
      const step = countStep(state);
      const [etaState, muState] = [numberIn(state, 'eta'), numberIn(state, 'mu')];
      const [eta, mu] = [etaState.item(), muState.item()];
      etaState.fill_(lr / power(1 + lambd * lr * step, alpha));
      muState.fill_(1 / Math.max(1, step - t0));
      return {
        tensors: { param, grad: param._grad!, ax: state.ax as Tensor },
        numbers: { weight_decay, shrink: 1 - lambd * eta, rate: -eta, mu },
      };
    });
    const options = { maximize, decays: weight_decay !== 0, differentiable };
    for (const averages of [false, true])
      rule.step(
        { ...options, averages },
        entries.filter((e) => (e.numbers.mu !== 1) === averages),
      );
  }
}
