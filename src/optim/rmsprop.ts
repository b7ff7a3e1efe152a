// RMSprop; see https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html.
import type { Tensor } from '../core/tensor.ts';
import { bindArguments } from '../nn/arguments.ts';
import type { Arguments } from '../nn/simple.ts';
import * as torch from '../surface/generated/torch.ts';
import { mayFuse, stepFused } from './fused.ts';
import { asReal, type CommonSettings, checkLearningRate, checkSetting, countStep, learningRate, newStep, Optimizer, type ParamGroup, type Params } from './optimizer.ts';

export interface RMSpropSettings extends CommonSettings {
  alpha: number;
  eps: number;
  weight_decay: number;
  momentum: number;
  centered: boolean;
  capturable: boolean;
}
interface Entry {
  readonly param: Tensor;
  readonly grad: Tensor;
  readonly square_avg: Tensor;
  readonly grad_avg: Tensor | null;
  readonly momentum_buffer: Tensor | null;
}
/** Steps divided by the root of a running mean of squared gradients; Hinton's lecture 6. */
export class RMSprop extends Optimizer<RMSpropSettings> {
  static override readonly __name__: string = 'RMSprop';
  constructor(
    params: Params,
    ...args: Arguments<[lr?: number | Tensor, alpha?: number, eps?: number, weight_decay?: number, momentum?: number, centered?: boolean], RMSpropSettings>
  ) {
    const names = ['lr', 'alpha', 'eps', 'weight_decay', 'momentum', 'centered', 'capturable', 'foreach', 'maximize', 'differentiable'] as const;
    const s = bindArguments<RMSpropSettings>('RMSprop', args, names, {
      lr: 1e-2,
      alpha: 0.99,
      eps: 1e-8,
      weight_decay: 0,
      momentum: 0,
      centered: false,
      capturable: false,
      foreach: null,
      maximize: false,
      differentiable: false,
    });
    checkLearningRate(s.lr);
    checkSetting('epsilon value', s.eps);
    checkSetting('momentum value', s.momentum);
    checkSetting('weight_decay value', s.weight_decay);
    checkSetting('alpha value', s.alpha);
    super(params, s);
  }
  protected override update(group: ParamGroup<RMSpropSettings>, params: readonly Tensor[]): void {
    const settings = { ...group, lr: learningRate(group.lr) };
    let entries: readonly Entry[] = params.map((param) => {
      const state = this.stateOf(param, () => ({
        step: newStep(),
        square_avg: torch.zeros_like(param),
        ...(group.momentum > 0 && { momentum_buffer: torch.zeros_like(param) }),
        ...(group.centered && { grad_avg: torch.zeros_like(param) }),
      }));
      countStep(state);
      return {
        param,
        grad: param._grad!,
        square_avg: state.square_avg as Tensor,
        grad_avg: group.centered ? (state.grad_avg as Tensor) : null,
        momentum_buffer: group.momentum > 0 ? (state.momentum_buffer as Tensor) : null,
      };
    });
    if (mayFuse(group)) entries = stepFused('rmsprop', settings, entries);
    for (const e of entries) step(settings, e);
  }
}
function step(s: RMSpropSettings & { lr: number }, e: Entry): void {
  let grad = s.maximize ? e.grad.neg() : e.grad;
  if (s.weight_decay !== 0) grad = grad.add(e.param, { alpha: s.weight_decay });
  grad = asReal(grad);
  const param = asReal(e.param);
  const square = asReal(e.square_avg);
  square.mul_(s.alpha).addcmul_(grad, grad, { value: 1 - s.alpha });
  let spread = square;
  if (e.grad_avg) {
    const mean = asReal(e.grad_avg);
    mean.lerp_(grad, 1 - s.alpha);
    spread = square.addcmul(mean, mean, { value: -1 });
  }
  const denominator = spread.sqrt().add_(s.eps);
  if (e.momentum_buffer) {
    const buffer = asReal(e.momentum_buffer);
    buffer.mul_(s.momentum).addcdiv_(grad, denominator);
    param.add_(buffer, { alpha: -s.lr });
  } else param.addcdiv_(grad, denominator, { value: -s.lr });
}
