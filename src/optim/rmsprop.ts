// RMSprop; see https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html.
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
  numberOf,
  Optimizer,
  type ParamGroup,
  type Params,
  rejectSparse,
} from './optimizer.ts';
import { addcdiv, addcmul, fma, gradient, lerp, Rule } from './rule.ts';

export interface RMSpropSettings extends CommonSettings {
  alpha: number;
  eps: number;
  weight_decay: number;
  momentum: number;
  centered: boolean;
  capturable: boolean;
}
type Tensors = { param: Expr; grad: Expr; square_avg: Expr; grad_avg: Expr | null; momentum_buffer: Expr | null };
type Numbers = Record<'weight_decay' | 'alpha' | 'fresh' | 'eps' | 'momentum' | 'rate', Expr>;

const rule = new Rule((t: Tensors, n: Numbers, o: { maximize: boolean; decays: boolean; near: boolean }) => {
  const g = gradient(t, n, o);
  const square_avg = addcmul(t.square_avg.mul(n.alpha), g, g, n.fresh);
  const grad_avg = t.grad_avg && lerp(t.grad_avg, g, n.fresh, o.near);
  const spread = (grad_avg ? fma(grad_avg.neg(), grad_avg, square_avg) : square_avg).sqrt().add(n.eps);
  if (!t.momentum_buffer) return { square_avg, grad_avg, param: addcdiv(t.param, g, spread, n.rate) };
  const momentum_buffer = t.momentum_buffer.mul(n.momentum).add(g.div(spread));
  return { square_avg, grad_avg, momentum_buffer, param: fma(momentum_buffer, n.rate, t.param) };
}, 'optim_rmsprop');

/** Steps divided by the root of a running mean of squared gradients; Hinton's lecture 6. */
export class RMSprop extends Optimizer<RMSpropSettings> {
  static override readonly __name__: string = 'RMSprop';
  constructor(
    params: Params,
    ...args: Arguments<
      [lr?: number | Tensor, alpha?: number, eps?: number, weight_decay?: number, momentum?: number, centered?: boolean],
      RMSpropSettings
    >
  ) {
    const positional = [
      'lr',
      'alpha',
      'eps',
      'weight_decay',
      'momentum',
      'centered',
      'capturable',
      'foreach',
      'maximize',
      'differentiable',
    ] as const;
    const s = bindSettings<RMSpropSettings>('RMSprop', params, args, positional, {
      lr: 1e-2,
      momentum: 0,
      alpha: 0.99,
      eps: 1e-8,
      centered: false,
      weight_decay: 0,
      capturable: false,
      foreach: null,
      maximize: false,
      differentiable: false,
    });
    checkSettings(s, {
      lr: 'learning rate',
      eps: 'epsilon value',
      momentum: 'momentum value',
      weight_decay: 'weight_decay value',
      alpha: 'alpha value',
    });
    super(params, s);
  }
  protected override update(group: ParamGroup<RMSpropSettings>, params: readonly Tensor[]): void {
    const { alpha, eps, weight_decay, momentum, centered, maximize, differentiable } = group;
    const numbers = { weight_decay, alpha, fresh: 1 - alpha, eps, momentum, rate: -numberOf(group.lr) };
    rejectSparse('RMSprop', params);
    const entries = params.map((param) => {
      const state = this.stateOf(param, () => ({
        step: newStep(),
        square_avg: torch.zeros_like(param),
        ...(momentum > 0 && { momentum_buffer: torch.zeros_like(param) }),
        ...(centered && { grad_avg: torch.zeros_like(param) }),
      }));
      countStep(state);
      const { square_avg, grad_avg, momentum_buffer } = state as Record<string, Tensor>;
      return {
        tensors: {
          param,
          grad: param._grad!,
          square_avg: square_avg!,
          grad_avg: centered ? grad_avg! : null,
          momentum_buffer: momentum > 0 ? momentum_buffer! : null,
        },
        numbers,
      };
    });
    rule.step({ maximize, decays: weight_decay !== 0, near: 1 - alpha < 0.5, differentiable }, entries);
  }
}
