// Adagrad; see https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html.
import { RuntimeError } from '../core/errors.ts';
import { Complex } from '../core/scalar.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Arguments } from '../nn/simple.ts';
import type { Expr } from '../pointwise/expr.ts';
import * as torch from '../surface/generated/torch.ts';
import { sparse_coo_tensor } from '../surface/sparse.ts';
import {
  bindSettings,
  type CommonSettings,
  checkImplementation,
  checkSettings,
  countStep,
  newStep,
  numberOf,
  Optimizer,
  type ParamGroup,
  type Params,
  type ParamState,
} from './optimizer.ts';
import { addcdiv, fma, gradient, perStep, Rule } from './rule.ts';

export interface AdagradSettings extends CommonSettings {
  lr_decay: number;
  weight_decay: number;
  initial_accumulator_value: number;
  eps: number;
  fused: boolean | null;
}
type Tensors = { param: Expr; grad: Expr; sum: Expr };
type Numbers = { weight_decay: Expr; eps: Expr; rate: Expr };

const rule = new Rule((t: Tensors, n: Numbers, o: { maximize: boolean; decays: boolean }) => {
  const g = gradient(t, n, o);
  const sum = fma(g, g, t.sum);
  return { sum, param: addcdiv(t.param, g, sum.sqrt().add(n.eps), n.rate) };
}, 'optim_adagrad');

/** Only the rows with a gradient change. */
function sparseStep(param: Tensor, state: ParamState, rate: number, { maximize, eps }: ParamGroup<AdagradSettings>): void {
  const grad = (maximize ? param._grad!.neg() : param._grad!).coalesce();
  const values = grad._values();
  if (values.numel() === 0) return;
  const made = (v: Tensor): Tensor => sparse_coo_tensor(grad._indices(), v, grad.shape, { is_coalesced: true });
  const sum = (state.sum as Tensor).add_(made(values.pow(2)));
  const root = sum.sparse_mask(grad)._values().sqrt().add(eps);
  param.add_(made(values.div(root)), { alpha: rate });
}

/** Steps divided by the root of the sum of all squared gradients; Duchi et al. 2011. */
export class Adagrad extends Optimizer<AdagradSettings> {
  static override readonly __name__: string = 'Adagrad';
  constructor(
    params: Params,
    ...args: Arguments<
      [lr?: number | Tensor, lr_decay?: number, weight_decay?: number, initial_accumulator_value?: number, eps?: number],
      AdagradSettings
    >
  ) {
    const s = bindSettings<AdagradSettings>(
      'Adagrad',
      params,
      args,
      ['lr', 'lr_decay', 'weight_decay', 'initial_accumulator_value', 'eps', 'foreach'],
      {
        lr: 1e-2,
        lr_decay: 0,
        eps: 1e-10,
        weight_decay: 0,
        initial_accumulator_value: 0,
        foreach: null,
        maximize: false,
        differentiable: false,
        fused: null,
      },
    );
    checkSettings(s, {
      lr: 'learning rate',
      lr_decay: 'lr_decay value',
      weight_decay: 'weight_decay value',
      initial_accumulator_value: 'initial_accumulator_value value',
      eps: 'epsilon value',
    });
    super(params, s);
    checkImplementation(s);
    for (const group of this.param_groups) for (const p of group.params) this.stateAt(p);
  }
  private stateAt(param: Tensor): ParamState {
    return this.stateOf(param, () => {
      const v = this.defaults.initial_accumulator_value;
      return { step: newStep(), sum: torch.full_like(param, param.is_complex() ? new Complex(v, v) : v) };
    });
  }
  protected override update(group: ParamGroup<AdagradSettings>, params: readonly Tensor[]): void {
    const { lr_decay, weight_decay, eps, maximize, differentiable } = group;
    const lr = numberOf(group.lr);
    const numbersAt = perStep((step) => ({ weight_decay, eps, rate: -(lr / (1 + (step - 1) * lr_decay)) }));
    const entries = params.flatMap((param) => {
      const state = this.stateAt(param);
      if (param._grad!.layout.sparse) {
        if (weight_decay !== 0) throw new RuntimeError('weight_decay option is not compatible with sparse gradients');
        sparseStep(param, state, numbersAt(countStep(state)).rate, group);
        return [];
      }
      return { tensors: { param, grad: param._grad!, sum: state.sum as Tensor }, numbers: numbersAt(countStep(state)) };
    });
    rule.step({ maximize, decays: weight_decay !== 0, differentiable }, entries);
  }
}
