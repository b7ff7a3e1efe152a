// SparseAdam; see https://pytorch.org/docs/stable/generated/torch.optim.SparseAdam.html.
import { RuntimeError, ValueError } from '../core/errors.ts';
import { places } from '../core/sparse.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Arguments } from '../nn/simple.ts';
import { addRows, flatOf } from '../ops/sparse.ts';
import * as torch from '../surface/generated/torch.ts';
import { bindSettings, checkBetas, checkSetting, numberOf, Optimizer, type ParamGroup, type Params, power } from './optimizer.ts';

export interface SparseAdamSettings {
  lr: number | Tensor;
  betas: readonly [number, number];
  eps: number;
  maximize: boolean;
}
/** Adam for sparse gradients of dense parameters: only the moments and parameters with a gradient change. */
export class SparseAdam extends Optimizer<SparseAdamSettings> {
  static override readonly __name__: string = 'SparseAdam';
  /** @throws ValueError for sparse or complex parameters. */
  constructor(
    params: Params,
    ...args: Arguments<[lr?: number | Tensor, betas?: readonly [number, number], eps?: number, maximize?: boolean], SparseAdamSettings>
  ) {
    const s = bindSettings<SparseAdamSettings>('SparseAdam', params, args, ['lr', 'betas', 'eps', 'maximize'], {
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      maximize: false,
    });
    checkSetting('learning rate', numberOf(s.lr), numberOf(s.lr) > 0);
    checkSetting('epsilon value', s.eps, s.eps > 0);
    checkBetas(s.betas);
    super(params, s);
    const places = (is: (p: Tensor) => boolean): string =>
      `[${this.param_groups.flatMap((g, i) => g.params.flatMap((p, k) => (is(p) ? [`[${i}, ${k}]`] : []))).join(', ')}]`;
    const sparse = places((p) => p.is_sparse);
    if (sparse !== '[]') throw new ValueError(`Sparse params at indices ${sparse}: SparseAdam requires dense parameter tensors`);
    const complex = places((p) => p.is_complex());
    if (complex !== '[]') throw new ValueError(`Complex params at indices ${complex}: SparseAdam does not support complex parameters`);
  }
  protected override update(group: ParamGroup<SparseAdamSettings>, params: readonly Tensor[]): void {
    const [beta1, beta2] = group.betas;
    if (params.some((p) => !p._grad!.is_sparse))
      throw new RuntimeError('SparseAdam does not support dense gradients, please consider Adam instead');
    for (const param of params) {
      const state = this.stateOf(param, () => ({ step: 0, exp_avg: torch.zeros_like(param), exp_avg_sq: torch.zeros_like(param) }));
      const step = Number(state.step) + 1;
      state.step = step;
      const sparse = param._grad!;
      const grad = (group.maximize ? sparse.neg() : sparse).coalesce();
      const values = grad._values();
      if (values.numel() === 0) continue;
      const at = flatOf(grad);
      const rowsOf = (dense: Tensor): Tensor => dense.detach().view([places(grad), ...values.shape.slice(1)]);
      const moment = (dense: Tensor, now: Tensor, weight: number): Tensor => {
        const rows = rowsOf(dense);
        const old = rows.index_select(0, at);
        const change = now.sub(old).mul(weight);
        addRows(rows, at, change, 1);
        return change.add(old);
      };
      const average = moment(state.exp_avg as Tensor, values, 1 - beta1);
      const square = moment(state.exp_avg_sq as Tensor, values.pow(2), 1 - beta2);
      const rate = (numberOf(group.lr) * Math.sqrt(1 - power(beta2, step))) / (1 - power(beta1, step));
      addRows(rowsOf(param), at, average.div(square.sqrt().add(group.eps)), -rate);
    }
  }
}
