// Rprop; see https://pytorch.org/docs/stable/generated/torch.optim.Rprop.html.
import { ValueError } from '../core/errors.ts';
import { Complex } from '../core/scalar.ts';
import type { Tensor } from '../core/tensor.ts';
import { type Arguments, python } from '../nn/simple.ts';
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
import { Rule } from './rule.ts';

export interface RpropSettings extends CommonSettings {
  etas: readonly [number, number];
  step_sizes: readonly [number, number];
  capturable: boolean;
}
type Tensors = { param: Expr; grad: Expr; prev: Expr; step_size: Expr };
type Numbers = Record<'shrink' | 'grow' | 'least' | 'most', Expr>;

const rule = new Rule((t: Tensors, n: Numbers, { maximize }: { maximize: boolean }) => {
  const g = maximize ? t.grad.neg() : t.grad;
  const agreement = g.mul(t.prev).sgn();
  const turned = agreement.lt(0);
  const factor = agreement.gt(0).where(n.grow, turned.where(n.shrink, agreement.eq(0).where(1, agreement)));
  const step_size = t.step_size.mul(factor).clamp(n.least, n.most);
  const prev = turned.where(0, g);
  return { step_size, prev, param: t.param.sub(prev.sgn().mul(step_size)) };
});

/** Steps of a size of their own for every element, which grows while the gradient keeps its sign; Riedmiller and Braun 1993. */
export class Rprop extends Optimizer<RpropSettings> {
  static override readonly __name__: string = 'Rprop';
  constructor(
    params: Params,
    ...args: Arguments<[lr?: number | Tensor, etas?: readonly [number, number], step_sizes?: readonly [number, number]], RpropSettings>
  ) {
    const s = bindSettings<RpropSettings>('Rprop', params, args, ['lr', 'etas', 'step_sizes'], {
      lr: 1e-2,
      etas: [0.5, 1.2],
      step_sizes: [1e-6, 50],
      foreach: null,
      maximize: false,
      differentiable: false,
      capturable: false,
    });
    checkSettings(s, { lr: 'learning rate' });
    const [less, more] = s.etas;
    if (!(less > 0 && less < 1 && more > 1)) throw new ValueError(`Invalid eta values: ${python(less, true)}, ${python(more, true)}`);
    super(params, s);
  }
  protected override update(group: ParamGroup<RpropSettings>, params: readonly Tensor[]): void {
    const { maximize, differentiable } = group;
    const [shrink, grow] = group.etas;
    const [least, most] = group.step_sizes;
    const lr = numberOf(group.lr);
    rejectSparse('Rprop', params);
    const entries = params.map((param) => {
      const grad = param._grad!;
      const state = this.stateOf(param, () => ({
        step: newStep(),
        prev: torch.zeros_like(param),
        step_size: torch.full_like(grad, param.is_complex() ? new Complex(lr, lr) : lr),
      }));
      countStep(state);
      return {
        tensors: { param, grad, prev: state.prev as Tensor, step_size: state.step_size as Tensor },
        numbers: { shrink, grow, least, most },
      };
    });
    rule.step({ maximize, differentiable }, entries);
  }
}
