// L-BFGS; see https://pytorch.org/docs/stable/generated/torch.optim.LBFGS.html.
import { enable_grad, no_grad } from '../autograd/modes.ts';
import { RuntimeError, ValueError } from '../core/errors.ts';
import { Tensor } from '../core/tensor.ts';
import type { Arguments } from '../nn/simple.ts';
import * as torch from '../surface/generated/torch.ts';
import { Real, strongWolfe } from './line-search.ts';
import { asReal, bindSettings, checkSettings, Optimizer, type Params, type ParamState } from './optimizer.ts';

export interface LBFGSSettings {
  lr: number | Tensor;
  max_iter: number;
  max_eval: number;
  tolerance_grad: number;
  tolerance_change: number;
  history_size: number;
  line_search_fn: 'strong_wolfe' | null;
  maximize: boolean;
}
/** Pairs of steps and changes of the gradient, from which the inverse Hessian is approximated. */
interface History {
  old_dirs: Tensor[];
  old_stps: Tensor[];
  ro: Tensor[];
  H_diag: Tensor | number;
}

/** Quasi-Newton steps from the last gradients, with an optional line search; needs a closure that recomputes the loss and its gradients. */
export class LBFGS extends Optimizer<LBFGSSettings> {
  static override readonly __name__: string = 'LBFGS';
  /** @throws ValueError for more than one parameter group. */
  constructor(
    params: Params,
    ...args: Arguments<
      [
        lr?: number | Tensor,
        max_iter?: number,
        max_eval?: number | null,
        tolerance_grad?: number,
        tolerance_change?: number,
        history_size?: number,
        line_search_fn?: 'strong_wolfe' | null,
      ],
      LBFGSSettings
    >
  ) {
    const positional = ['lr', 'max_iter', 'max_eval', 'tolerance_grad', 'tolerance_change', 'history_size', 'line_search_fn'] as const;
    const given = bindSettings<Omit<LBFGSSettings, 'max_eval'> & { max_eval: number | null }>('LBFGS', params, args, positional, {
      lr: 1,
      max_iter: 20,
      max_eval: null,
      tolerance_grad: 1e-7,
      tolerance_change: 1e-9,
      history_size: 100,
      line_search_fn: null,
      maximize: false,
    });
    const s = { ...given, max_eval: given.max_eval ?? Math.floor((given.max_iter * 5) / 4) };
    checkSettings(s, { lr: 'learning rate' });
    super(params, s);
    if (this.param_groups.length !== 1) throw new ValueError("LBFGS doesn't support per-parameter options (parameter groups)");
  }
  /** At most `max_iter` iterations and `max_eval` evaluations of `closure`; returns the first loss. */
  override step(closure?: null): null;
  override step<L>(closure: () => L): L;
  override step<L>(closure?: (() => L) | null): L | null {
    if (!closure) throw new TypeError("LBFGS.step() missing 1 required positional argument: 'closure'");
    return no_grad(() => this.iterate(() => enable_grad(closure)));
  }
  private iterate<L>(closure: () => L): L {
    const group = this.param_groups[0]!;
    const { params, max_iter, max_eval, tolerance_grad, tolerance_change, line_search_fn, history_size, maximize } = group;
    const lr = Real.of(group.lr);
    const value = (loss: unknown): number => (maximize ? -1 : 1) * (loss instanceof Tensor ? loss.item() : Number(loss));
    const gradient = (): Tensor => flatGradient(params, maximize);
    const state = this.stateOf(params[0]!, () => ({ func_evals: 0, n_iter: 0 })) as ParamState & { func_evals: number; n_iter: number };
    const first = closure();
    let loss = value(first);
    let evaluations = 1;
    state.func_evals++;
    let grad = gradient();
    const flat = (): boolean => greatest(grad) <= tolerance_grad;
    if (flat()) return first;

    let { d, prev_flat_grad: previous } = state as { d?: Tensor; prev_flat_grad?: Tensor };
    let t = Real.of((state.t as number | Tensor | undefined) ?? 0);
    let previousLoss = state.prev_loss as number;
    const history: History = state.old_dirs ? (state as unknown as History) : { old_dirs: [], old_stps: [], ro: [], H_diag: 1 };
    let { H_diag } = history;
    for (let n = 1; n <= max_iter; n++) {
      state.n_iter++;
      if (state.n_iter === 1) d = grad.neg();
      else {
        const y = grad.sub(previous!);
        const s = d!.mul(t.value);
        const ys = y.dot(s);
        if (ys.item() > 1e-10) {
          if (history.old_dirs.length === history_size) for (const list of [history.old_dirs, history.old_stps, history.ro]) list.shift();
          history.old_dirs.push(y);
          history.old_stps.push(s);
          history.ro.push(ys.reciprocal());
          H_diag = ys.div(y.dot(y));
        }
        state.al ??= Array(history_size).fill(null);
        d = direction(grad, { ...history, H_diag }, state.al as Tensor[]);
      }
      previous = previous ? previous.copy_(grad) : grad.clone();
      previousLoss = loss;
      t = state.n_iter === 1 ? Real.of(1).least(Real.of(grad.abs().sum().reciprocal())).times(lr) : lr;
      const slope = grad.dot(d);
      if (slope.item() > -tolerance_change) break;

      let optimal = false;
      let evaluated = 0;
      if (line_search_fn !== null) {
        if (line_search_fn !== 'strong_wolfe') throw new RuntimeError("only 'strong_wolfe' is supported");
        const start = params.map((p) => p.clone());
        const at = (step: number): readonly [number, Tensor] => {
          move(params, step, d!);
          const found = [value(closure()), gradient()] as const;
          params.forEach((p, i) => {
            p.copy_(start[i]!);
          });
          return found;
        };
        ({ loss, grad, step: t, evaluated } = strongWolfe(at, t, d, { loss, grad, slope }, tolerance_change, max_eval - evaluations));
        move(params, t.value, d);
        optimal = flat();
      } else {
        move(params, t.value, d);
        if (n !== max_iter) {
          loss = value(closure());
          grad = gradient();
          optimal = flat();
          evaluated = 1;
        }
      }
      evaluations += evaluated;
      state.func_evals += evaluated;
      if (
        evaluations >= max_eval ||
        optimal ||
        greatest(d.mul(t.value)) <= tolerance_change ||
        Math.abs(loss - previousLoss) < tolerance_change
      )
        break;
    }
    Object.assign(state, {
      d,
      t: t.unwrap(),
      old_dirs: history.old_dirs,
      old_stps: history.old_stps,
      ro: history.ro,
      H_diag,
      prev_flat_grad: previous,
      prev_loss: previousLoss,
    });
    return first;
  }
}
const greatest = (x: Tensor): number => x.abs().max().item();

/** All gradients in one vector, complex ones as pairs of reals; zeros where there is none. */
function flatGradient(params: readonly Tensor[], maximize: boolean): Tensor {
  const parts = params.map((p) => {
    const grad = p._grad ?? torch.zeros_like(p);
    return asReal(grad.layout.sparse ? grad.to_dense() : grad).reshape(-1);
  });
  const all = torch.cat(parts, 0);
  return maximize ? all.neg() : all;
}
/** Moves the parameters by `step` along a flat direction. */
function move(params: readonly Tensor[], step: number, along: Tensor): void {
  let offset = 0;
  for (const p of params) {
    const real = asReal(p);
    real.add_(along.narrow(0, offset, real.numel()).view(real.shape), { alpha: step });
    offset += real.numel();
  }
}
/** The two-loop recursion: the approximate inverse Hessian times −g. `al` keeps the first loop's factors. */
function direction(grad: Tensor, { old_dirs, old_stps, ro, H_diag }: History, al: Tensor[]): Tensor {
  const q = grad.neg();
  for (let i = old_dirs.length - 1; i >= 0; i--) {
    al[i] = old_stps[i]!.dot(q).mul(ro[i]!);
    q.add_(old_dirs[i]!, { alpha: -al[i]!.item() });
  }
  const r = q.mul(H_diag);
  for (let i = 0; i < old_dirs.length; i++) {
    const be = old_dirs[i]!.dot(r).mul(ro[i]!);
    r.add_(old_stps[i]!, { alpha: al[i]!.sub(be).item() });
  }
  return r;
}
