// What all optimizers share: parameter groups, state, hooks. A step is one call over all parameters of a group.
import { no_grad, enable_grad } from '../autograd/modes.ts';
import { escape } from '../autograd/node.ts';
import { requiresGrad } from '../autograd/views.ts';
import { float32, float64, get_default_dtype } from '../core/dtype.ts';
import { ValueError } from '../core/errors.ts';
import { recycle } from '../core/storage.ts';
import { Tensor } from '../core/tensor.ts';
import { python } from '../nn/simple.ts';
import * as torch from '../surface/generated/torch.ts';
import { listed, type RemovableHandle } from '../autograd/node.ts';

export type Params = Iterable<Tensor> | Iterable<readonly [string, Tensor]> | Iterable<{ params: Iterable<Tensor> | Tensor } & Record<string, unknown>>;
/** Parameters and the settings that they share. */
export type ParamGroup<S> = S & { params: Tensor[]; lr: number | Tensor } & Record<string, unknown>;
export type ParamState = Record<string, unknown>;
/** What state_dict gives: state by parameter number, groups with numbers instead of parameters. */
export interface OptimizerStateDict {
  state: Record<number, ParamState>;
  param_groups: ({ params: number[] } & Record<string, unknown>)[];
}
type StepHook = (optimizer: unknown, args: readonly unknown[], kwargs: Record<string, unknown>) => void;

const isGroup = (x: unknown): x is { params: Iterable<Tensor> | Tensor } => typeof x === 'object' && x !== null && !(x instanceof Tensor) && !Array.isArray(x) && 'params' in x;
const typeName = (x: unknown): string => (x === null ? 'NoneType' : x instanceof Tensor ? 'torch.FloatTensor' : typeof x === 'object' ? x.constructor.name : typeof x);

/** Base class of optimizers; see https://pytorch.org/docs/stable/optim.html. */
export abstract class Optimizer<S extends object = Record<string, unknown>> {
  static readonly __name__: string = 'Optimizer';
  readonly param_groups: ParamGroup<S>[] = [];
  readonly state = new Map<Tensor, ParamState>();
  private readonly preHooks: StepHook[] = [];
  private readonly postHooks: StepHook[] = [];
  constructor(
    params: Params,
    readonly defaults: S,
  ) {
    if (params instanceof Tensor) {
      throw new TypeError(`params argument given to the optimizer should be an iterable of Tensors or dicts, but got ${typeName(params)}`);
    }
    const list = [...(params as Iterable<unknown>)];
    if (list.length === 0) throw new ValueError('optimizer got an empty parameter list');
    if (isGroup(list[0])) for (const g of list) this.add_param_group(g as never);
    else this.add_param_group({ params: list as Tensor[] } as never);
  }
  /** Adds parameters with settings of their own. */
  add_param_group(group: { params: Iterable<Tensor | readonly [string, Tensor]> | Tensor } & Partial<S>): void {
    if (typeof group !== 'object' || group === null) throw new TypeError(`param_group must be a dict, but got ${typeName(group)}`);
    const given = group.params instanceof Tensor ? [group.params] : [...group.params];
    const params = given.map((p) => (Array.isArray(p) ? (p[1] as Tensor) : (p as Tensor)));
    for (const p of params) {
      if (!(p instanceof Tensor)) throw new TypeError(`optimizer can only optimize Tensors, but one of the params is ${typeName(p)}`);
      if (p._node !== null) throw new ValueError("can't optimize a non-leaf Tensor");
    }
    const known = new Set(this.param_groups.flatMap((g) => g.params));
    if (params.some((p) => known.has(p))) throw new ValueError('some parameters appear in more than one parameter group');
    if (new Set(params).size !== params.length) {
      console.warn('optimizer contains a parameter group with duplicate parameters; in future, this will cause an error');
    }
    this.param_groups.push({ ...this.defaults, ...group, params } as unknown as ParamGroup<S>);
  }
  /** Forgets the gradients, or makes them zero. */
  zero_grad(set_to_none = true): void {
    for (const { params } of this.param_groups) {
      for (const p of params) {
        const g = p._grad;
        if (g === null) continue;
        if (!set_to_none) {
          p._grad = (requiresGrad(g) ? g.detach() : g).zero_();
          continue;
        }
        p._grad = null;
        // Only the engine and this slot held it: see Note [Ownership].
        const s = g.storage;
        if (s?.owned && --s.slots === 0) recycle(s);
      }
    }
  }
  /** One step of every parameter that has a gradient. `closure` recomputes the loss. */
  step(): null;
  step<L>(closure: () => L): L;
  step<L>(closure?: () => L): L | null {
    for (const hook of this.preHooks) hook(this, closure ? [closure] : [], {});
    const loss = closure ? enable_grad(closure) : null;
    const mode = (this.defaults as { differentiable?: boolean }).differentiable ? enable_grad : no_grad;
    mode(() => {
      for (const group of this.param_groups) this.update(group, group.params.filter((p) => p._grad !== null));
    });
    for (const hook of this.postHooks) hook(this, closure ? [closure] : [], {});
    return loss;
  }
  /** Updates the parameters of one group that have gradients. */
  protected abstract update(group: ParamGroup<S>, params: readonly Tensor[]): void;
  /** The state of a parameter, made at its first step. */
  protected stateOf(p: Tensor, make: () => ParamState): ParamState {
    let s = this.state.get(p);
    if (!s) {
      s = make();
      this.state.set(p, s);
    }
    return s;
  }
  register_step_pre_hook(hook: StepHook): RemovableHandle {
    return listed(this.preHooks, hook);
  }
  register_step_post_hook(hook: StepHook): RemovableHandle {
    return listed(this.postHooks, hook);
  }

  /** State and settings, with parameters numbered in the order of the groups. */
  state_dict(): OptimizerStateDict {
    const numbers = new Map<Tensor, number>();
    for (const { params } of this.param_groups) for (const p of params) if (!numbers.has(p)) numbers.set(p, numbers.size);
    const state: Record<number, ParamState> = {};
    for (const [p, s] of this.state) {
      for (const v of Object.values(s)) if (v instanceof Tensor) escape(v);
      const n = numbers.get(p);
      if (n !== undefined) state[n] = s;
    }
    return { state, param_groups: this.param_groups.map((g) => ({ ...g, params: g.params.map((p) => numbers.get(p)!) })) };
  }
  /**
   * Takes over state and settings; tensors get their parameter's dtype.
   * @throws ValueError if the groups do not fit.
   */
  load_state_dict(state_dict: OptimizerStateDict): void {
    const groups = state_dict.param_groups;
    if (groups.length !== this.param_groups.length) throw new ValueError('loaded state dict has a different number of parameter groups');
    if (groups.some((g, i) => g.params.length !== this.param_groups[i]!.params.length)) {
      throw new ValueError("loaded state dict contains a parameter group that doesn't match the size of optimizer's group");
    }
    const byNumber = new Map<number, Tensor>();
    groups.forEach((g, i) => {
      g.params.forEach((n, k) => byNumber.set(n, this.param_groups[i]!.params[k]!));
    });
    this.state.clear();
    for (const [key, s] of Object.entries(state_dict.state)) {
      const p = byNumber.get(Number(key));
      if (!p) continue;
      this.state.set(p, Object.fromEntries(Object.entries(s).map(([name, v]) => [name, this.loaded(name, v, p)])));
    }
    groups.forEach((g, i) => {
      const { params } = this.param_groups[i]!;
      this.param_groups[i] = { ...g, params } as unknown as ParamGroup<S>;
    });
  }
  private loaded(name: string, v: unknown, p: Tensor): unknown {
    if (!(v instanceof Tensor)) return v;
    return name === 'step' || !p.dtype.is_floating_point ? v.clone() : v.to(p.dtype).clone();
  }
  /** PyTorch's repr. */
  toString(): string {
    const name = (this.constructor as unknown as { __name__: string }).__name__;
    const lines = this.param_groups.map((g, i) => {
      const settings = Object.keys(g)
        .filter((k) => k !== 'params')
        .sort()
        .map((k) => `    ${k}: ${python(g[k] instanceof Tensor && g[k].ndim === 0 ? g[k].item() : g[k])}\n`);
      return `Parameter Group ${i}\n${settings.join('')}`;
    });
    return `${name} (\n${lines.join('\n')})`;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
export const learningRate = (lr: number | Tensor): number => (lr instanceof Tensor ? lr.item() : lr);
/** Settings that all optimizers here know. */
export interface CommonSettings {
  lr: number | Tensor;
  maximize: boolean;
  /** PyTorch's choices of implementation, kept in the state; here the backend decides. */
  foreach: boolean | null;
  differentiable: boolean;
}
/** @throws ValueError for a learning rate that is negative or no single number. */
export function checkLearningRate(lr: number | Tensor): void {
  if (lr instanceof Tensor && lr.numel() !== 1) throw new ValueError('Tensor lr must be 1-element');
  checkSetting('learning rate', learningRate(lr));
}
/** @throws ValueError in PyTorch's words unless `value` ≥ 0. */
export function checkSetting(name: string, value: number): void {
  if (!(value >= 0)) throw new ValueError(`Invalid ${name}: ${python(value, !Number.isInteger(value))}`);
}
/** A fresh count of steps, as PyTorch keeps it. */
export const newStep = (): Tensor => torch.zeros([], { dtype: get_default_dtype() === float64 ? float64 : float32 });
/** Counts a step and returns the count. */
export function countStep(s: ParamState): number {
  const step = s.step as Tensor;
  return step.add_(1).item();
}
/** Complex tensors as pairs of reals, for rules that work on either part. */
export const asReal = (t: Tensor): Tensor => (t.is_complex() ? torch.view_as_real(t) : t);
