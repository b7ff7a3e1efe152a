// Muon; see https://pytorch.org/docs/stable/generated/torch.optim.Muon.html.
import { bfloat16 } from '../core/dtype.ts';
import { RuntimeError, ValueError } from '../core/errors.ts';
import type { Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { type Arguments, python } from '../nn/simple.ts';
import * as torch from '../surface/generated/torch.ts';
import { bindSettings, numberOf, Optimizer, type ParamGroup, type Params, rejectSparse } from './optimizer.ts';

export interface MuonSettings {
  lr: number | Tensor;
  weight_decay: number;
  momentum: number;
  nesterov: boolean;
  ns_coefficients: readonly [number, number, number];
  eps: number;
  ns_steps: number;
  adjust_lr_fn: 'original' | 'match_rms_adamw' | 'spectral_unclamped' | null;
}
/** How the learning rate follows the shape of a matrix. */
const ADJUSTMENTS: Readonly<Record<string, (rows: number, columns: number) => number>> = {
  original: (rows, columns) => Math.sqrt(Math.max(1, rows / columns)),
  match_rms_adamw: (rows, columns) => 0.2 * Math.sqrt(Math.max(rows, columns)),
  spectral_unclamped: (rows, columns) => Math.sqrt(rows / columns),
};

/** Momentum whose updates of matrices are made orthogonal by Newton–Schulz iterations in bfloat16; Jordan 2024. */
export class Muon extends Optimizer<MuonSettings> {
  static override readonly __name__: string = 'Muon';
  static override readonly __floats__ = { weight_decay: true, momentum: true, ns_coefficients: true } as const;
  /** @throws ValueError for parameters that are no matrices. */
  constructor(
    params: Params,
    ...args: Arguments<
      [
        lr?: number | Tensor,
        weight_decay?: number,
        momentum?: number,
        nesterov?: boolean,
        ns_coefficients?: readonly [number, number, number],
        eps?: number,
        ns_steps?: number,
        adjust_lr_fn?: MuonSettings['adjust_lr_fn'],
      ],
      MuonSettings
    >
  ) {
    const defaults: MuonSettings = {
      lr: 1e-3,
      weight_decay: 0.1,
      momentum: 0.95,
      nesterov: true,
      ns_coefficients: [3.4445, -4.775, 2.0315],
      eps: 1e-7,
      ns_steps: 5,
      adjust_lr_fn: null,
    };
    const s = bindSettings<MuonSettings>('Muon', params, args, Object.keys(defaults) as (keyof MuonSettings)[], defaults);
    const checks: [string, number][] = [
      ['Learning rate', numberOf(s.lr)],
      ['momentum', s.momentum],
      ['weight decay', s.weight_decay],
    ];
    for (const [name, v] of checks) if (!(v >= 0)) throw new ValueError(`${name} should be >= 0 but is: ${python(v)}`);
    if (s.adjust_lr_fn !== null && !(s.adjust_lr_fn in ADJUSTMENTS))
      throw new ValueError(`Adjust learning rate function ${s.adjust_lr_fn} is not supported`);
    super(params, s);
    for (const p of this.param_groups.flatMap((g) => g.params)) {
      if (p.ndim !== 2) throw new ValueError(`Muon only supports 2D parameters whereas we found a parameter with size: ${p.size()}`);
    }
  }
  protected override update(group: ParamGroup<MuonSettings>, params: readonly Tensor[]): void {
    if (params.some((p) => p.is_complex())) throw new RuntimeError('Muon does not support complex parameters');
    rejectSparse('Muon', params);
    const lr = numberOf(group.lr);
    for (const param of params) {
      const grad = param._grad!;
      const buffer = this.stateOf(param, () => ({ momentum_buffer: torch.zeros_like(grad) })).momentum_buffer as Tensor;
      buffer.lerp_(grad, 1 - group.momentum);
      const update = orthogonal(group.nesterov ? grad.lerp(buffer, group.momentum) : buffer, group);
      param.mul_(1 - lr * group.weight_decay).add_(update, { alpha: -lr * adjustment(group.adjust_lr_fn, param.shape) });
    }
  }
}
const adjustment = (name: string | null, [rows, columns]: Shape): number => ADJUSTMENTS[name ?? 'original']!(rows!, columns!);

/** The nearest semi-orthogonal matrix, roughly: singular values are driven towards 1 by an odd polynomial. */
function orthogonal(grad: Tensor, { ns_coefficients, ns_steps, eps }: MuonSettings): Tensor {
  if (ns_steps >= 100) throw new ValueError('Number of steps must be less than 100 for computational efficiency');
  if (ns_coefficients.length !== 3) throw new ValueError('Coefficients must be a tuple of exactly 3 values');
  const [a, b, c] = ns_coefficients;
  const tall = grad.size(0) > grad.size(1);
  let x = grad.to(bfloat16);
  if (tall) x = x.t();
  x = x.div(x.norm().clamp({ min: eps }));
  for (let i = 0; i < ns_steps; i++) {
    const gram = x.mm(x.t());
    const polynomial = torch.addmm(gram, gram, gram, { beta: b, alpha: c });
    x = torch.addmm(x, polynomial, x, { beta: a });
  }
  return tall ? x.t() : x;
}
