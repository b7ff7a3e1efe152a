// Adam and AdamW; see https://pytorch.org/docs/stable/generated/torch.optim.Adam.html.
import { ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { bindArguments } from '../nn/arguments.ts';
import { type Arguments, python } from '../nn/simple.ts';
import * as torch from '../surface/generated/torch.ts';
import { mayFuse, stepFused } from './fused.ts';
import { asReal, type CommonSettings, checkLearningRate, checkSetting, countStep, learningRate, newStep, Optimizer, type ParamGroup, type Params } from './optimizer.ts';
import { checkImplementation } from './sgd.ts';

export interface AdamSettings extends CommonSettings {
  betas: readonly [number, number];
  eps: number;
  weight_decay: number;
  amsgrad: boolean;
  capturable: boolean;
  fused: boolean | null;
  decoupled_weight_decay: boolean;
}
type AdamArguments = Arguments<[lr?: number | Tensor, betas?: readonly [number, number], eps?: number, weight_decay?: number, amsgrad?: boolean], AdamSettings>;
interface Entry {
  readonly param: Tensor;
  readonly grad: Tensor;
  readonly exp_avg: Tensor;
  readonly exp_avg_sq: Tensor;
  readonly max_exp_avg_sq: Tensor | null;
  readonly step: number;
}

/** @throws ValueError unless both decay rates lie in [0, 1). */
export function checkBetas(betas: readonly number[]): void {
  betas.forEach((b, i) => {
    if (!(b >= 0 && b < 1)) throw new ValueError(`Invalid beta parameter at index ${i}: ${python(b, true)}`);
  });
}
function bindAdam(name: string, args: AdamArguments, weight_decay: number): AdamSettings {
  const names = ['lr', 'betas', 'eps', 'weight_decay', 'amsgrad', 'maximize', 'foreach', 'capturable', 'differentiable', 'fused', 'decoupled_weight_decay'] as const;
  const s = bindArguments<AdamSettings>(name, args, names, {
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
    decoupled_weight_decay: false,
  });
  checkLearningRate(s.lr);
  checkSetting('epsilon value', s.eps);
  checkBetas(s.betas);
  checkSetting('weight_decay value', s.weight_decay);
  checkImplementation(s);
  return s;
}

/** Steps by running means of the gradient and of its square; Kingma and Ba 2015. */
export class Adam extends Optimizer<AdamSettings> {
  static override readonly __name__: string = 'Adam';
  constructor(params: Params, ...args: AdamArguments) {
    super(params, bindAdam('Adam', args, 0));
  }
  protected override update(group: ParamGroup<AdamSettings>, params: readonly Tensor[]): void {
    const settings = { ...group, lr: learningRate(group.lr) };
    let entries: readonly Entry[] = params.map((param) => {
      const state = this.stateOf(param, () => ({
        step: newStep(),
        exp_avg: torch.zeros_like(param),
        exp_avg_sq: torch.zeros_like(param),
        ...(group.amsgrad && { max_exp_avg_sq: torch.zeros_like(param) }),
      }));
      const { exp_avg, exp_avg_sq, max_exp_avg_sq } = state as Record<string, Tensor>;
      return { param, grad: param._grad!, exp_avg: exp_avg!, exp_avg_sq: exp_avg_sq!, max_exp_avg_sq: group.amsgrad ? max_exp_avg_sq! : null, step: countStep(state) };
    });
    if (mayFuse(group)) entries = stepFused('adam', settings, entries);
    for (const e of entries) step(settings, e);
  }
}
function step(s: AdamSettings & { lr: number }, e: Entry): void {
  const [beta1, beta2] = s.betas;
  let grad = s.maximize ? e.grad.neg() : e.grad;
  if (s.weight_decay !== 0) {
    if (s.decoupled_weight_decay) e.param.mul_(1 - s.lr * s.weight_decay);
    else grad = grad.add(e.param, { alpha: s.weight_decay });
  }
  grad = asReal(grad);
  const average = asReal(e.exp_avg);
  const square = asReal(e.exp_avg_sq);
  average.lerp_(grad, 1 - beta1);
  square.mul_(beta2).addcmul_(grad, grad, { value: 1 - beta2 });
  let spread = square;
  if (e.max_exp_avg_sq) {
    spread = asReal(e.max_exp_avg_sq);
    spread.copy_(torch.maximum(spread, square));
  }
  const step_size = s.lr / (1 - beta1 ** e.step);
  const correction = Math.sqrt(1 - beta2 ** e.step);
  asReal(e.param).addcdiv_(s.differentiable ? average.clone() : average, spread.sqrt().div(correction).add_(s.eps), { value: -step_size });
}

/** Adam whose weight decay shrinks the parameters directly; Loshchilov and Hutter 2019. */
export class AdamW extends Adam {
  static override readonly __name__: string = 'AdamW';
  constructor(params: Params, ...args: AdamArguments) {
    super(params, { ...bindAdam('AdamW', args, 0.01), decoupled_weight_decay: true });
  }
}
