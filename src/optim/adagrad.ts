// Adagrad; see https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html.
import { Complex } from '../core/scalar.ts';
import type { Tensor } from '../core/tensor.ts';
import { bindArguments } from '../nn/arguments.ts';
import type { Arguments } from '../nn/simple.ts';
import * as torch from '../surface/generated/torch.ts';
import { mayFuse, stepFused } from './fused.ts';
import {
  asReal,
  type CommonSettings,
  checkLearningRate,
  checkSetting,
  countStep,
  learningRate,
  newStep,
  Optimizer,
  type ParamGroup,
  type Params,
  type ParamState,
} from './optimizer.ts';
import { checkImplementation } from './sgd.ts';

export interface AdagradSettings extends CommonSettings {
  lr_decay: number;
  weight_decay: number;
  initial_accumulator_value: number;
  eps: number;
  fused: boolean | null;
}
interface Entry {
  readonly param: Tensor;
  readonly grad: Tensor;
  readonly sum: Tensor;
  readonly step: number;
}
/** Steps divided by the root of the sum of all squared gradients; Duchi et al. 2011. */
export class Adagrad extends Optimizer<AdagradSettings> {
  static override readonly __name__: string = 'Adagrad';
  constructor(
    params: Params,
    ...args: Arguments<[lr?: number | Tensor, lr_decay?: number, weight_decay?: number, initial_accumulator_value?: number, eps?: number], AdagradSettings>
  ) {
    const names = ['lr', 'lr_decay', 'weight_decay', 'initial_accumulator_value', 'eps', 'foreach', 'maximize', 'differentiable', 'fused'] as const;
    const s = bindArguments<AdagradSettings>('Adagrad', args, names, {
      lr: 1e-2,
      lr_decay: 0,
      weight_decay: 0,
      initial_accumulator_value: 0,
      eps: 1e-10,
      foreach: null,
      maximize: false,
      differentiable: false,
      fused: null,
    });
    checkLearningRate(s.lr);
    checkSetting('lr_decay value', s.lr_decay);
    checkSetting('weight_decay value', s.weight_decay);
    checkSetting('initial_accumulator_value value', s.initial_accumulator_value);
    checkSetting('epsilon value', s.eps);
    checkImplementation(s);
    super(params, s);
    for (const group of this.param_groups) for (const p of group.params) this.stateAt(p);
  }
  private stateAt(param: Tensor): ParamState {
    return this.stateOf(param, () => {
      const v = this.defaults.initial_accumulator_value;
      return { step: newStep(), sum: torch.full_like(param, param.is_complex() ? new Complex(v, v) : v) };
    });
  }
  protected override update(group: ParamGroup<AdagradSettings>, params: readonly Tensor[]): void {
    const settings = { ...group, lr: learningRate(group.lr) };
    let entries: readonly Entry[] = params.map((param) => {
      const state = this.stateAt(param);
      return { param, grad: param._grad!, sum: state.sum as Tensor, step: countStep(state) };
    });
    if (mayFuse(group)) entries = stepFused('adagrad', settings, entries);
    for (const e of entries) step(settings, e);
  }
}
function step(s: AdagradSettings & { lr: number }, e: Entry): void {
  let grad = s.maximize ? e.grad.neg() : e.grad;
  if (s.weight_decay !== 0) grad = grad.add(e.param, { alpha: s.weight_decay });
  const rate = s.lr / (1 + (e.step - 1) * s.lr_decay);
  grad = asReal(grad);
  const sum = asReal(e.sum);
  sum.addcmul_(grad, grad, { value: 1 });
  asReal(e.param).addcdiv_(grad, sum.sqrt().add_(s.eps), { value: -rate });
}
