// Stochastic gradient descent; see https://pytorch.org/docs/stable/generated/torch.optim.SGD.html.
import { ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Arguments } from '../nn/simple.ts';
import type { Expr } from '../pointwise/expr.ts';
import * as torch from '../surface/generated/torch.ts';
import {
  bindSettings,
  type CommonSettings,
  checkImplementation,
  checkSettings,
  numberOf,
  Optimizer,
  type ParamGroup,
  type Params,
  rejectSparse,
} from './optimizer.ts';
import { fma, gradient, Rule } from './rule.ts';

export interface SGDSettings extends CommonSettings {
  momentum: number;
  dampening: number;
  weight_decay: number | Tensor;
  nesterov: boolean;
  fused: boolean | null;
}
type Tensors = { param: Expr; grad: Expr; buffer: Expr | null };
type Numbers = { weight_decay: Expr; momentum: Expr; fresh: Expr; rate: Expr };
type Options = { maximize: boolean; decays: boolean; nesterov: boolean };

const rule = new Rule((t: Tensors, n: Numbers, o: Options) => {
  const g = gradient(t, n, o);
  if (!t.buffer) return { param: fma(g, n.rate, t.param) };
  const buffer = fma(g, n.fresh, t.buffer.mul(n.momentum));
  return { buffer, param: fma(o.nesterov ? fma(buffer, n.momentum, g) : buffer, n.rate, t.param) };
}, 'optim_sgd');

/** p ← p − lr (g + λp), with momentum a running sum of it. */
export class SGD extends Optimizer<SGDSettings> {
  static override readonly __name__: string = 'SGD';
  constructor(
    params: Params,
    ...args: Arguments<
      [lr?: number | Tensor, momentum?: number, dampening?: number, weight_decay?: number | Tensor, nesterov?: boolean],
      SGDSettings
    >
  ) {
    const s = bindSettings<SGDSettings>('SGD', params, args, ['lr', 'momentum', 'dampening', 'weight_decay', 'nesterov'], {
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
    checkSettings(s, { lr: 'learning rate', momentum: 'momentum value', weight_decay: 'weight_decay value' });
    if (s.nesterov && (s.momentum <= 0 || s.dampening !== 0))
      throw new ValueError('Nesterov momentum requires a momentum and zero dampening');
    super(params, s);
    checkImplementation(s);
  }
  protected override update(group: ParamGroup<SGDSettings>, params: readonly Tensor[]): void {
    const { momentum, dampening, nesterov, maximize, differentiable } = group;
    const [rate, weight_decay] = [-numberOf(group.lr), numberOf(group.weight_decay)];
    const isSparse = (p: Tensor): boolean => p._grad!.layout.sparse;
    if (group.fused) rejectSparse('`_fused_sgd`', params);
    for (const param of params) if (isSparse(param)) this.sparseStep(group, param, rate, weight_decay);
    const entries = (params.some(isSparse) ? params.filter((p) => !isSparse(p)) : params).map((param) => {
      const tensors = { param, grad: param._grad!, buffer: null };
      if (momentum === 0) return { tensors, numbers: { weight_decay, momentum, fresh: 1, rate } };
      const state = this.stateOf(param, () => ({}));
      // The first time the buffer becomes the gradient, undamped.
      const first = !state.momentum_buffer;
      if (first) state.momentum_buffer = torch.zeros_like(param).detach();
      return {
        tensors: { ...tensors, buffer: state.momentum_buffer as Tensor },
        numbers: { weight_decay, momentum, fresh: first ? 1 : 1 - dampening, rate },
      };
    });
    rule.step({ maximize, decays: weight_decay !== 0, nesterov, differentiable }, entries);
  }
  /** A gradient of rows changes those rows only; its momentum is sparse as well. */
  private sparseStep(group: ParamGroup<SGDSettings>, param: Tensor, rate: number, weight_decay: number): void {
    const { momentum, dampening, nesterov, maximize } = group;
    let grad = maximize ? param._grad!.neg() : param._grad!;
    if (weight_decay !== 0) grad = grad.add(param, { alpha: weight_decay });
    if (momentum !== 0) {
      const state = this.stateOf(param, () => ({}));
      const buffer = state.momentum_buffer as Tensor | undefined;
      const now = buffer ? buffer.mul_(momentum).add_(grad, { alpha: 1 - dampening }) : grad.detach().clone();
      state.momentum_buffer = now;
      grad = nesterov ? grad.add(now, { alpha: momentum }) : now;
    }
    param.add_(grad, { alpha: rate });
  }
}
