// Adam and AdamW; see https://pytorch.org/docs/stable/generated/torch.optim.Adam.html.
import { ValueError } from '../core/errors.ts';
import { Tensor } from '../core/tensor.ts';
import type { Arguments } from '../nn/simple.ts';
import type { Expr } from '../pointwise/expr.ts';
import * as torch from '../surface/generated/torch.ts';
import {
  bindSettings,
  type CommonSettings,
  checkBetas,
  checkImplementation,
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
import { addcdiv, addcmul, gradient, lerp, perStep, Rule } from './rule.ts';

export interface AdamSettings extends CommonSettings {
  betas: readonly [number | Tensor, number | Tensor];
  eps: number;
  weight_decay: number;
  amsgrad: boolean;
  capturable: boolean;
  fused: boolean | null;
  decoupled_weight_decay: boolean;
}
type AdamArguments = Arguments<
  [lr?: number | Tensor, betas?: readonly [number | Tensor, number | Tensor], eps?: number, weight_decay?: number, amsgrad?: boolean],
  AdamSettings
>;
type Tensors = { param: Expr; grad: Expr; exp_avg: Expr; exp_avg_sq: Expr; max_exp_avg_sq: Expr | null };
type Numbers = Record<'weight_decay' | 'shrink' | 'fresh1' | 'beta2' | 'fresh2' | 'eps' | 'correction' | 'rate', Expr>;
type Options = { maximize: boolean; decays: boolean; decoupled: boolean; near: boolean };

const rule = new Rule((t: Tensors, n: Numbers, o: Options) => {
  const g = gradient(t, n, { ...o, decays: o.decays && !o.decoupled });
  const param = o.decays && o.decoupled ? t.param.mul(n.shrink) : t.param;
  const exp_avg = lerp(t.exp_avg, g, n.fresh1, o.near);
  const exp_avg_sq = addcmul(t.exp_avg_sq.mul(n.beta2), g, g, n.fresh2);
  const max_exp_avg_sq = t.max_exp_avg_sq?.maximum(exp_avg_sq) ?? null;
  const spread = (max_exp_avg_sq ?? exp_avg_sq).sqrt().div(n.correction).add(n.eps);
  return { exp_avg, exp_avg_sq, max_exp_avg_sq, param: addcdiv(param, exp_avg, spread, n.rate) };
}, 'optim_adam');

function bindAdam(name: string, params: Params, args: AdamArguments, weight_decay: number): AdamSettings {
  const s = bindSettings<AdamSettings>(name, params, args, ['lr', 'betas', 'eps', 'weight_decay', 'amsgrad'], {
    lr: 1e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weight_decay,
    amsgrad: false,
    maximize: false,
    foreach: null,
    capturable: false,
    differentiable: false,
    fused: null,
    decoupled_weight_decay: name === 'AdamW',
  });
  const onlyCapturable = (what: string, v: unknown): void => {
    if (v instanceof Tensor && s.foreach && !s.capturable)
      throw new ValueError(`${what} as a Tensor is not supported for capturable=False and foreach=True`);
  };
  onlyCapturable('lr', s.lr);
  checkSettings(s, { lr: 'learning rate', eps: 'epsilon value' });
  checkBetas(s.betas);
  checkSettings(s, { weight_decay: 'weight_decay value' });
  if (s.betas[0] instanceof Tensor !== s.betas[1] instanceof Tensor)
    throw new ValueError('betas must be either both floats or both Tensors');
  s.betas.forEach((b, i) => {
    onlyCapturable(`betas[${i}]`, b);
    if (b instanceof Tensor && b.numel() !== 1) throw new ValueError(`Tensor betas[${i}] must be 1-element`);
  });
  return { ...s, betas: [numberOf(s.betas[0]), numberOf(s.betas[1])] };
}

/** Steps by running means of the gradient and of its square; Kingma and Ba 2015. */
export class Adam extends Optimizer<AdamSettings> {
  static override readonly __name__: string = 'Adam';
  constructor(params: Params, ...args: AdamArguments) {
    const s = bindAdam(new.target.__name__, params, args, new.target.weightDecay);
    super(params, s);
    checkImplementation(s);
  }
  /** The default of the weight decay. */
  protected static readonly weightDecay: number = 0;
  protected override update(group: ParamGroup<AdamSettings>, params: readonly Tensor[]): void {
    const { eps, weight_decay, amsgrad, maximize, differentiable, decoupled_weight_decay: decoupled } = group;
    const [lr, beta1, beta2] = [numberOf(group.lr), ...group.betas.map(numberOf)] as [number, number, number];
    rejectSparse('Adam', params, ', please consider SparseAdam instead');
    const numbersAt = perStep((step) => ({
      weight_decay,
      shrink: 1 - lr * weight_decay,
      fresh1: 1 - beta1,
      beta2,
      fresh2: 1 - beta2,
      eps,
      correction: Math.sqrt(1 - power(beta2, step)),
      rate: -(lr / (1 - power(beta1, step))),
    }));
    const entries = params.map((param) => {
      const state = this.stateOf(param, () => ({
        step: newStep(),
        exp_avg: torch.zeros_like(param),
        exp_avg_sq: torch.zeros_like(param),
        ...(amsgrad && { max_exp_avg_sq: torch.zeros_like(param) }),
      }));
      const step = countStep(state);
      const { exp_avg, exp_avg_sq, max_exp_avg_sq } = state as Record<string, Tensor>;
      return {
        tensors: {
          param,
          grad: param._grad!,
          exp_avg: exp_avg!,
          exp_avg_sq: exp_avg_sq!,
          max_exp_avg_sq: amsgrad ? max_exp_avg_sq! : null,
        },
        numbers: numbersAt(step),
      };
    });
    rule.step({ maximize, decays: weight_decay !== 0, decoupled, near: 1 - beta1 < 0.5, differentiable }, entries);
  }
}

/** Adam whose weight decay shrinks the parameters directly; Loshchilov and Hutter 2019. */
export class AdamW extends Adam {
  static override readonly __name__: string = 'AdamW';
  protected static override readonly weightDecay: number = 0.01;
}
