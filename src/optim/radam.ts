// RAdam; see https://pytorch.org/docs/stable/generated/torch.optim.RAdam.html.
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
import { addcmul, gradient, lerp, perStep, Rule } from './rule.ts';

export interface RAdamSettings extends CommonSettings {
  betas: readonly [number, number];
  eps: number;
  weight_decay: number;
  decoupled_weight_decay: boolean;
  capturable: boolean;
}
type Tensors = { param: Expr; grad: Expr; exp_avg: Expr; exp_avg_sq: Expr };
type Numbers = Record<
  'weight_decay' | 'shrink' | 'fresh1' | 'beta2' | 'fresh2' | 'eps' | 'correction1' | 'root' | 'rectifier' | 'lr',
  Expr
>;
type Options = { maximize: boolean; decays: boolean; decoupled: boolean; near: boolean; adaptive: boolean };

const rule = new Rule((t: Tensors, n: Numbers, o: Options) => {
  const g = gradient(t, n, { ...o, decays: o.decays && !o.decoupled });
  const param = o.decays && o.decoupled ? t.param.mul(n.shrink) : t.param;
  const exp_avg = lerp(t.exp_avg, g, n.fresh1, o.near);
  const exp_avg_sq = addcmul(t.exp_avg_sq.mul(n.beta2), g, g, n.fresh2);
  const step = exp_avg.div(n.correction1).mul(n.lr);
  return {
    exp_avg,
    exp_avg_sq,
    param: param.sub(o.adaptive ? step.mul(exp_avg_sq.sqrt().add(n.eps).reciprocal().mul(n.root)).mul(n.rectifier) : step),
  };
});
/** Steps are adaptive once the mean of squares has an approximate length beyond this. */
const TRUSTED = 5;

/** Adam whose first steps, where the mean of squares says little, are those of momentum; Liu et al. 2020. */
export class RAdam extends Optimizer<RAdamSettings> {
  static override readonly __name__: string = 'RAdam';
  constructor(
    params: Params,
    ...args: Arguments<
      [lr?: number | Tensor, betas?: readonly [number, number], eps?: number, weight_decay?: number, decoupled_weight_decay?: boolean],
      RAdamSettings
    >
  ) {
    const s = bindSettings<RAdamSettings>('RAdam', params, args, ['lr', 'betas', 'eps', 'weight_decay', 'decoupled_weight_decay'], {
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weight_decay: 0,
      maximize: false,
      foreach: null,
      capturable: false,
      decoupled_weight_decay: false,
      differentiable: false,
    });
    checkSettings(s, { lr: 'learning rate', eps: 'epsilon value' });
    checkBetas(s.betas);
    checkSettings(s, { weight_decay: 'weight_decay value' });
    super(params, s);
  }
  protected override update(group: ParamGroup<RAdamSettings>, params: readonly Tensor[]): void {
    const { eps, weight_decay, decoupled_weight_decay: decoupled, maximize, differentiable } = group;
    const [beta1, beta2] = group.betas;
    const lr = numberOf(group.lr);
    const longest = 2 / (1 - beta2) - 1;
    rejectSparse('RAdam', params);
    const numbersAt = perStep((step) => {
      const decayed = power(beta2, step);
      const length = longest - (2 * step * decayed) / (1 - decayed);
      return {
        adaptive: length > TRUSTED,
        numbers: {
          weight_decay,
          shrink: 1 - lr * weight_decay,
          fresh1: 1 - beta1,
          beta2,
          fresh2: 1 - beta2,
          eps,
          correction1: 1 - power(beta1, step),
          root: Math.sqrt(1 - decayed),
          rectifier: length > TRUSTED ? Math.sqrt(((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length)) : 1,
          lr,
        },
      };
    });
    const entries = params.map((param) => {
      const state = this.stateOf(param, () => ({ step: newStep(), exp_avg: torch.zeros_like(param), exp_avg_sq: torch.zeros_like(param) }));
      const tensors = { param, grad: param._grad!, exp_avg: state.exp_avg as Tensor, exp_avg_sq: state.exp_avg_sq as Tensor };
      return { ...numbersAt(countStep(state)), tensors };
    });
    const options = { maximize, decays: weight_decay !== 0, decoupled, near: 1 - beta1 < 0.5, differentiable };
    for (const adaptive of [false, true])
      rule.step(
        { ...options, adaptive },
        entries.filter((e) => e.adaptive === adaptive),
      );
  }
}
