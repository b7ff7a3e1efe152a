// Adafactor; see https://pytorch.org/docs/stable/generated/torch.optim.Adafactor.html.
import { finfo } from '../core/dtype.ts';
import { RuntimeError, ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { type Arguments, python } from '../nn/simple.ts';
import * as linalg from '../surface/generated/linalg.ts';
import * as torch from '../surface/generated/torch.ts';
import {
  bindSettings,
  type CommonSettings,
  countStep,
  newStep,
  numberOf,
  Optimizer,
  type ParamGroup,
  type Params,
  power,
  rejectSparse,
} from './optimizer.ts';

export interface AdafactorSettings extends Omit<CommonSettings, 'differentiable'> {
  beta2_decay: number;
  eps: readonly [number | null, number];
  d: number;
  weight_decay: number;
}
/** Adam whose squared gradients of a matrix are kept as the outer product of their row and column means; Shazeer and Stern 2018. */
export class Adafactor extends Optimizer<AdafactorSettings> {
  static override readonly __name__: string = 'Adafactor';
  static override readonly __floats__ = { beta2_decay: true, d: true, weight_decay: true } as const;
  constructor(
    params: Params,
    ...args: Arguments<
      [lr?: number | Tensor, beta2_decay?: number, eps?: readonly [number | null, number], d?: number, weight_decay?: number],
      AdafactorSettings
    >
  ) {
    const s = bindSettings<AdafactorSettings>('Adafactor', params, args, ['lr', 'beta2_decay', 'eps', 'd', 'weight_decay'], {
      lr: 1e-2,
      beta2_decay: -0.8,
      eps: [null, 1e-3],
      d: 1,
      weight_decay: 0,
      foreach: null,
      maximize: false,
    });
    const check = (valid: boolean, rule: string, v: number): void => {
      if (!valid) throw new ValueError(`${rule} but is: ${python(v)}`);
    };
    const lr = numberOf(s.lr);
    check(lr >= 0, 'Learning rate should be >= 0', lr);
    check(s.beta2_decay <= 0, 'beta2_decay should be <= 0', s.beta2_decay);
    if (s.eps[0] !== null) check(s.eps[0] >= 0, 'epsilon1 should be >= 0', s.eps[0]);
    check(s.eps[1] >= 0, 'epsilon2 should be >= 0', s.eps[1]);
    check(s.d >= 1, 'Clipping threshold d should be >= 1', s.d);
    check(s.weight_decay >= 0, 'weight_decay should be >= 0', s.weight_decay);
    super(params, s);
  }
  protected override update(group: ParamGroup<AdafactorSettings>, params: readonly Tensor[]): void {
    if (params.some((p) => p.is_complex())) throw new RuntimeError('Adafactor does not support complex parameters');
    rejectSparse('Adafactor', params);
    const lr = numberOf(group.lr);
    for (const param of params) {
      const grad = group.maximize ? param._grad!.neg() : param._grad!;
      const state = this.stateOf(param, () => ({
        step: newStep(),
        ...(grad.ndim > 1 ? factors(grad) : { variance: torch.zeros_like(grad) }),
      }));
      const step = countStep(state);
      const fresh = power(step, group.beta2_decay);
      const scale = Math.max(group.eps[1], rms(param)) * Math.min(lr, 1 / Math.sqrt(step));
      const eps = group.eps[0] ?? new finfo(param.dtype).eps;
      if (group.weight_decay !== 0) param.mul_(1 - lr * group.weight_decay);
      let variance: Tensor;
      if (grad.ndim > 1) {
        const [row, column] = [state.row_var as Tensor, state.col_var as Tensor];
        row.lerp_(meanSquare(grad, -1), fresh);
        column.lerp_(meanSquare(grad, -2), fresh);
        variance = row.matmul(column).div(row.mean(-2, true).clamp({ min: eps }));
      } else variance = (state.variance as Tensor).lerp_(grad.mul(grad), fresh);
      const update = variance
        .clamp({ min: eps * eps })
        .rsqrt()
        .mul(grad);
      param.add_(update, { alpha: -scale / Math.max(1, rms(update) / group.d) });
    }
  }
}
function factors(grad: Tensor): Record<string, Tensor> {
  const along = (dim: number): Tensor => grad.new_zeros(grad.shape.map((n, i) => (i === grad.ndim + dim ? 1 : n)));
  return { row_var: along(-1), col_var: along(-2) };
}
const meanSquare = (x: Tensor, dim: number): Tensor => linalg.vector_norm(x, { dim, keepdim: true }).square_().div_(x.size(dim));
const rms = (x: Tensor): number => x.norm(2).item() / Math.sqrt(x.numel());
