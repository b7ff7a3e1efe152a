// Stochastic gradient descent; see https://pytorch.org/docs/stable/generated/torch.optim.SGD.html.
import { RuntimeError, ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { bindArguments } from '../nn/arguments.ts';
import type { Arguments } from '../nn/simple.ts';
import * as torch from '../surface/generated/torch.ts';
import { mayFuse, stepFused } from './fused.ts';
import { type CommonSettings, checkLearningRate, checkSetting, learningRate, Optimizer, type ParamGroup, type Params } from './optimizer.ts';

export interface SGDSettings extends CommonSettings {
  momentum: number;
  dampening: number;
  weight_decay: number;
  nesterov: boolean;
  fused: boolean | null;
}
interface Entry {
  readonly param: Tensor;
  readonly grad: Tensor;
  readonly buffer: Tensor | null;
  readonly first: boolean;
}

/** p ← p − lr (g + λp), with momentum a running sum of it. */
export class SGD extends Optimizer<SGDSettings> {
  static override readonly __name__: string = 'SGD';
  constructor(
    params: Params,
    ...args: Arguments<[lr?: number | Tensor, momentum?: number, dampening?: number, weight_decay?: number, nesterov?: boolean], SGDSettings>
  ) {
    const names = ['lr', 'momentum', 'dampening', 'weight_decay', 'nesterov', 'maximize', 'foreach', 'differentiable', 'fused'] as const;
    const s = bindArguments<SGDSettings>('SGD', args, names, {
      lr: 1e-3,
      momentum: 0,
      dampening: 0,
      weight_decay: 0,
      nesterov: false,
      maximize: false,
      foreach: null,
      differentiable: false,
      fused: null,
    });
    checkLearningRate(s.lr);
    checkSetting('momentum value', s.momentum);
    checkSetting('weight_decay value', s.weight_decay);
    if (s.nesterov && (s.momentum <= 0 || s.dampening !== 0)) throw new ValueError('Nesterov momentum requires a momentum and zero dampening');
    checkImplementation(s);
    super(params, s);
  }
  protected override update(group: ParamGroup<SGDSettings>, params: readonly Tensor[]): void {
    const settings = { ...group, lr: learningRate(group.lr) };
    let entries: readonly Entry[] = params.map((param) => {
      const grad = param._grad!;
      if (group.momentum === 0) return { param, grad, buffer: null, first: false };
      const state = this.stateOf(param, () => ({}));
      const first = !state.momentum_buffer;
      if (first) state.momentum_buffer = torch.empty_like(param).detach();
      return { param, grad, buffer: state.momentum_buffer as Tensor, first };
    });
    if (mayFuse(group)) entries = stepFused('sgd', settings, entries);
    for (const e of entries) step(settings, e);
  }
}
function step(s: SGDSettings & { lr: number }, { param, grad, buffer, first }: Entry): void {
  let g = s.maximize ? grad.neg() : grad;
  if (s.weight_decay !== 0) g = g.add(param, { alpha: s.weight_decay });
  if (buffer) {
    if (first) buffer.copy_(g.detach());
    else buffer.mul_(s.momentum).add_(g, { alpha: 1 - s.dampening });
    g = s.nesterov ? g.add(buffer, { alpha: s.momentum }) : buffer;
  }
  param.add_(g, { alpha: -s.lr });
}
/** @throws RuntimeError for choices of implementation that exclude each other. */
export function checkImplementation(s: { fused?: boolean | null; foreach: boolean | null; differentiable: boolean }): void {
  if (!s.fused) return;
  if (s.differentiable) throw new RuntimeError('`fused` does not support `differentiable`');
  if (s.foreach) throw new RuntimeError('`fused` and `foreach` cannot be `True` together.');
}
