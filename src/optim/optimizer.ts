// What all optimizers share: parameter groups, state, hooks. A step is one call over all parameters of a group (rule.ts).
import { enable_grad, no_grad } from '../autograd/modes.ts';
import { outliveAll } from '../autograd/scope.ts';
import { escape as keep, listed, type RemovableHandle } from '../autograd/node.ts';
import { requiresGrad } from '../autograd/views.ts';
import { cpu } from '../core/device.ts';
import { float32, float64, get_default_dtype } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError, ValueError } from '../core/errors.ts';
import { pow } from '../core/libm.ts';
import { recycle } from '../core/storage.ts';
import { Tensor } from '../core/tensor.ts';
import { state } from '../dispatch/state.ts';
import { bindArguments } from '../nn/arguments.ts';
import { python } from '../nn/simple.ts';
import * as torch from '../surface/generated/torch.ts';

/** One group as it is given: parameters, named or not, and settings of their own. */
export type GivenGroup<S extends object = Record<string, unknown>> = {
  params: Iterable<Tensor | readonly [string, Tensor]> | Tensor;
} & Partial<S>;
/** Parameters, pairs of name and parameter, or groups. */
export type Params =
  | Iterable<Tensor>
  | Iterable<readonly [string, Tensor]>
  | Iterable<GivenGroup>
  | ({ params: Iterable<unknown> } & Record<string, unknown>);
/** Parameters and the settings that they share. */
export type ParamGroup<S> = S & { params: Tensor[]; lr: number | Tensor; param_names?: string[] } & Record<string, unknown>;
export type ParamState = Record<string, unknown>;
/** What state_dict gives: state by parameter number, groups with numbers instead of parameters. */
export interface OptimizerStateDict {
  state: Record<number, ParamState>;
  param_groups: ({ params: number[] } & Record<string, unknown>)[];
}
/** Runs before a step, and may replace its arguments, or after it. */
export type StepHook = (optimizer: never, args: readonly unknown[], kwargs: Record<string, unknown>) => unknown;
/** Runs before state_dict, or after load_state_dict. */
export type OptimizerHook = (optimizer: never) => void;
/** Sees a state dict, and may replace it. */
export type OptimizerStateDictHook = (optimizer: never, state_dict: OptimizerStateDict) => OptimizerStateDict | undefined;
type Prepend = boolean | { readonly prepend?: boolean };

const isGroup = (x: unknown): x is { params: Iterable<unknown> } =>
  typeof x === 'object' && x !== null && !(x instanceof Tensor) && !(Symbol.iterator in x) && 'params' in x;
function typeName(x: unknown): string {
  if (x instanceof Tensor) return x.type();
  if (x === null || x === undefined) return 'NoneType';
  if (Array.isArray(x)) return 'list';
  if (typeof x === 'object') return Object.getPrototypeOf(x) === Object.prototype ? 'dict' : x.constructor.name;
  return typeof x === 'number'
    ? Number.isInteger(x)
      ? 'int'
      : 'float'
    : ({ string: 'str', boolean: 'bool' }[typeof x as string] ?? typeof x);
}
/** Settings that came to PyTorch after the first checkpoints were written, with the values that those meant. */
const LATER: Readonly<Record<string, unknown>> = {
  ...{ foreach: null, fused: null, maximize: false, differentiable: false, capturable: false, amsgrad: false, nesterov: false },
  ...{ decoupled_weight_decay: false, momentum: 0, centered: false },
};

/** Base class of optimizers; see https://pytorch.org/docs/stable/optim.html. A subclass states `step`. */
// biome-ignore lint/suspicious/noExplicitAny: an optimizer of any settings
export abstract class Optimizer<S extends object = any> {
  static readonly __name__: string = 'Optimizer';
  /** Settings that Python prints as floats even when they are whole; with a number, only when they are this one. */
  static readonly __floats__: Readonly<Record<string, true | number>> = {};
  readonly param_groups: ParamGroup<S>[] = [];
  readonly state = new Map<Tensor, ParamState>();
  private readonly hooks = {
    preStep: [] as StepHook[],
    postStep: [] as StepHook[],
    preState: [] as OptimizerHook[],
    postState: [] as OptimizerStateDictHook[],
    preLoad: [] as OptimizerStateDictHook[],
    postLoad: [] as OptimizerHook[],
  };
  /**
   * @throws TypeError for a tensor instead of a list.
   * @throws ValueError for an empty list.
   */
  constructor(
    params: Params,
    readonly defaults: S,
  ) {
    if (params instanceof Tensor || typeof params !== 'object' || params === null) {
      throw new TypeError(`params argument given to the optimizer should be an iterable of Tensors or dicts, but got ${typeName(params)}`);
    }
    for (const name of ['hooks', 'defaults']) Object.defineProperty(this, name, { enumerable: false });
    this.hookOwnStep();
    const list = [...((isGroup(params) ? params.params : params) as Iterable<unknown>)];
    if (list.length === 0) throw new ValueError('optimizer got an empty parameter list');
    for (const group of isGroup(list[0]) ? list : [{ params: list }]) this.add_param_group(group as GivenGroup<S>);
  }
  /** A subclass's own `step` runs the hooks, too. */
  private hookOwnStep(): void {
    if (this.step === Optimizer.prototype.step) return;
    const { step } = this as unknown as { step: (...args: unknown[]) => unknown };
    Object.defineProperty(this, 'step', {
      value: (...args: unknown[]) => this.hooked(args, (given) => step.apply(this, [...given])),
      configurable: true,
      writable: true,
    });
  }
  /**
   * Adds parameters with settings of their own.
   * @throws TypeError for what is no group or no tensor.
   * @throws ValueError for tensors that are no leaves, that are there already, or where only some have names.
   */
  add_param_group(group: GivenGroup<S>): void {
    if (typeof group !== 'object' || group === null || !('params' in group))
      throw new TypeError(`param_group must be a dict, but got <class '${typeName(group)}'>`);
    if (group.params instanceof Set) {
      throw new TypeError(
        'optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets will change between runs. Please use a list instead.',
      );
    }
    const given = group.params instanceof Tensor ? [group.params] : [...group.params];
    const named = given.filter((p): p is readonly [string, Tensor] => Array.isArray(p) && typeof p[0] === 'string');
    if (named.length > 0 && named.length < given.length)
      throw new ValueError('all optimizer params should be with/without names. Some param names are missing');
    const params = named.length > 0 ? named.map((p) => p[1]) : (given as Tensor[]);
    const differentiable = (this.defaults as { differentiable?: boolean }).differentiable;
    for (const p of params) {
      if (!(p instanceof Tensor)) throw new TypeError(`optimizer can only optimize Tensors, but one of the params is ${typeName(p)}`);
      if (!differentiable && !p.is_leaf && !p.retains_grad) throw new ValueError("can't optimize a non-leaf Tensor");
    }
    if (new Set(params).size !== params.length) {
      console.warn(
        'optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; see github.com/pytorch/pytorch/issues/40967 for more information',
      );
    }
    const { params: _, ...own } = group as Record<string, unknown>;
    if (named.length > 0) own.param_names = named.map((p) => p[0]);
    for (const g of this.param_groups) {
      if ('param_names' in g === 'param_names' in own) continue;
      const current = 'param_names' in own ? 'with names' : 'without names';
      throw new ValueError(`all optimizer param groups should be with/without names. cannot add param group ${current} to the optimizer`);
    }
    const known = new Set(this.param_groups.flatMap((g) => g.params));
    if (params.some((p) => known.has(p))) throw new ValueError('some parameters appear in more than one parameter group');
    const rest = Object.entries(this.defaults).filter(([name]) => !(name in own));
    this.param_groups.push({ params, ...own, ...Object.fromEntries(rest) } as unknown as ParamGroup<S>);
  }
  /** Forgets the gradients, or makes them zero. */
  zero_grad(set_to_none: boolean | { readonly set_to_none?: boolean } = true): void {
    const forget = typeof set_to_none === 'boolean' ? set_to_none : (set_to_none.set_to_none ?? true);
    for (const { params } of this.param_groups) {
      for (const p of params) {
        const g = p._grad;
        if (g === null) continue;
        if (!forget) {
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
  /** One step of every parameter that has a gradient. `closure` recomputes the loss, which is returned. */
  step(closure?: null): null;
  step<L>(closure: () => L): L;
  step<L>(closure?: (() => L) | null): L | null {
    return this.hooked(closure ? [closure] : [], ([f]) => {
      const loss = f ? enable_grad(f as () => L) : null;
      const mode = (this.defaults as { differentiable?: boolean }).differentiable ? enable_grad : no_grad;
      mode(() => {
        for (const group of this.param_groups)
          this.update(
            group,
            group.params.filter((p) => p._grad !== null),
          );
      });
      return loss;
    });
  }
  private hooked<R>(args: readonly unknown[], body: (args: readonly unknown[]) => R): R {
    let given = args;
    let kwargs: Record<string, unknown> = {};
    for (const hook of this.hooks.preStep) {
      const replaced = hook(this as never, given, kwargs);
      if (replaced === undefined || replaced === null) continue;
      if (!Array.isArray(replaced) || replaced.length !== 2)
        throw new RuntimeError(`step must return None or a tuple of (new_args, new_kwargs), but got ${python(replaced)}.`);
      [given, kwargs] = replaced as [readonly unknown[], Record<string, unknown>];
    }
    const result = body(given);
    outliveAll(this.state);
    for (const hook of this.hooks.postStep) hook(this as never, given, kwargs);
    return result;
  }
  /** Updates the parameters of one group that have gradients. */
  protected update(_group: ParamGroup<S>, _params: readonly Tensor[]): void {
    throw new NotImplementedError('');
  }
  /** The state of a parameter, made at its first step. */
  protected stateOf(p: Tensor, make: () => ParamState): ParamState {
    let s = this.state.get(p);
    if (!s) {
      s = make();
      this.state.set(p, s);
    }
    return s;
  }
  /** Calls `hook(optimizer, args, kwargs)` before every step; it may return new arguments and keyword arguments. */
  register_step_pre_hook(hook: StepHook): RemovableHandle {
    return listed(this.hooks.preStep, hook);
  }
  /** Calls `hook(optimizer, args, kwargs)` after every step. */
  register_step_post_hook(hook: StepHook): RemovableHandle {
    return listed(this.hooks.postStep, hook);
  }
  /** Calls `hook(optimizer)` before state_dict. */
  register_state_dict_pre_hook(hook: OptimizerHook, prepend: Prepend = false): RemovableHandle {
    return placed(this.hooks.preState, hook, prepend);
  }
  /** Calls `hook(optimizer, state_dict)` after state_dict; it may return another one. */
  register_state_dict_post_hook(hook: OptimizerStateDictHook, prepend: Prepend = false): RemovableHandle {
    return placed(this.hooks.postState, hook, prepend);
  }
  /** Calls `hook(optimizer, state_dict)` before load_state_dict; it may return another one. */
  register_load_state_dict_pre_hook(hook: OptimizerStateDictHook, prepend: Prepend = false): RemovableHandle {
    return placed(this.hooks.preLoad, hook, prepend);
  }
  /** Calls `hook(optimizer)` after load_state_dict. */
  register_load_state_dict_post_hook(hook: OptimizerHook, prepend: Prepend = false): RemovableHandle {
    return placed(this.hooks.postLoad, hook, prepend);
  }

  /** State and settings, with parameters numbered in the order of the groups. */
  state_dict(): OptimizerStateDict {
    for (const hook of this.hooks.preState) hook(this as never);
    const numbers = new Map<Tensor, number>();
    let start = 0;
    const param_groups = this.param_groups.map(({ params, ...settings }) => {
      params.forEach((p, i) => {
        if (!numbers.has(p)) numbers.set(p, start + i);
      });
      start += params.length;
      return { ...settings, params: params.map((p) => numbers.get(p)!) };
    });
    const state: Record<number, ParamState> = {};
    for (const [p, s] of this.state) {
      for (const v of Object.values(s).flat()) if (v instanceof Tensor) keep(v);
      const n = numbers.get(p);
      if (n !== undefined) state[n] = s;
    }
    return after(this.hooks.postState, this, { state, param_groups });
  }
  /**
   * Takes over state and settings; tensors get their parameter's dtype.
   * @throws ValueError if the groups do not fit.
   */
  load_state_dict(state_dict: OptimizerStateDict): void {
    const given = after(this.hooks.preLoad, this, { ...state_dict });
    const groups = given.param_groups;
    if (groups.length !== this.param_groups.length) throw new ValueError('loaded state dict has a different number of parameter groups');
    if (groups.some((g, i) => g.params.length !== this.param_groups[i]!.params.length)) {
      throw new ValueError("loaded state dict contains a parameter group that doesn't match the size of optimizer's group");
    }
    const byNumber = new Map<number, { p: Tensor; settings: Record<string, unknown> }>();
    groups.forEach((g, i) => {
      for (const [k, n] of g.params.entries()) byNumber.set(n, { p: this.param_groups[i]!.params[k]!, settings: g });
    });
    this.state.clear();
    const entries: Iterable<readonly [unknown, ParamState]> = given.state instanceof Map ? given.state : Object.entries(given.state);
    for (const [key, s] of entries) {
      const known = byNumber.get(Number(key));
      if (known) this.state.set(known.p, loaded(s, known.p, known.settings, null) as ParamState);
    }
    groups.forEach((g, i) => {
      const { params, param_names } = this.param_groups[i]!;
      const later = Object.entries(LATER).filter(([name]) => name in this.defaults && !(name in g));
      const names = param_names && !('param_names' in g) ? { param_names } : {};
      this.param_groups[i] = { ...g, ...Object.fromEntries(later), ...names, params } as unknown as ParamGroup<S>;
    });
    for (const hook of this.hooks.postLoad) hook(this as never);
  }
  /** PyTorch's repr. */
  toString(): string {
    const kind = this.constructor as unknown as { name: string; __name__: string; __floats__: Record<string, true | number> };
    const text = (name: string, v: unknown): string => {
      if (v instanceof Tensor && v.ndim === 0) return python(v.item());
      if (typeof v === 'string') return v;
      return name === 'param_names'
        ? `[${(v as string[]).map((n) => python(n)).join(', ')}]`
        : python(v, kind.__floats__[name] === true || (v === kind.__floats__[name] && v !== undefined));
    };
    const groups = this.param_groups.map((g, i) => {
      const names = Object.keys(g).filter((k) => k !== 'params');
      return `Parameter Group ${i}\n${names
        .sort()
        .map((k) => `    ${k}: ${text(k, g[k])}\n`)
        .join('')}`;
    });
    return `${Object.hasOwn(kind, '__name__') ? kind.__name__ : kind.name} (\n${groups.join('\n')})`;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
function placed<T>(list: T[], hook: T, prepend: Prepend): RemovableHandle {
  const handle = listed(list, hook);
  if (prepend === true || (typeof prepend === 'object' && prepend.prepend)) list.unshift(list.pop()!);
  return handle;
}
function after(hooks: readonly OptimizerStateDictHook[], optimizer: unknown, state_dict: OptimizerStateDict): OptimizerStateDict {
  let result = state_dict;
  for (const hook of hooks) result = hook(optimizer as never, result) ?? result;
  return result;
}
/** A saved value as the optimizer keeps it. */
function loaded(v: unknown, p: Tensor, settings: Record<string, unknown>, name: string | null): unknown {
  if (v instanceof Tensor) {
    if (name === 'step') return settings.capturable || settings.fused ? v.to(float32).clone() : v.clone();
    return p.dtype.is_floating_point ? v.to(p.dtype).clone() : v.clone();
  }
  if (Array.isArray(v)) return v.map((x) => loaded(x, p, settings, null));
  const entries =
    v instanceof Map
      ? [...(v as Map<string, unknown>)]
      : typeof v === 'object' && v !== null && Object.getPrototypeOf(v) === Object.prototype
        ? Object.entries(v)
        : null;
  return entries ? Object.fromEntries(entries.map(([key, x]) => [key, loaded(x, p, settings, key)])) : v;
}

// ---------------------------------------------------------------- settings

/** Settings that nearly all optimizers know. */
export interface CommonSettings {
  lr: number | Tensor;
  maximize: boolean;
  /** PyTorch's choices of implementation, kept in the state; here the backend decides. */
  foreach: boolean | null;
  differentiable: boolean;
}
/** The settings of a new optimizer. `positional` are those that may stand without a name; `defaults` lists all in the order of the groups. */
export function bindSettings<S extends object>(
  name: string,
  params: Params,
  args: readonly unknown[],
  positional: readonly (keyof S & string)[],
  defaults: S,
): S {
  const { params: _, ...byName } = isGroup(params) ? params : { params };
  const names = [...positional, ...(Object.keys(defaults) as (keyof S & string)[]).filter((k) => !positional.includes(k))];
  const s = bindArguments<S>(name, isGroup(params) && args.length === 0 ? [byName] : args, names, defaults) as S & { lr?: number | Tensor };
  if (s.lr instanceof Tensor && s.lr.numel() !== 1) throw new ValueError('Tensor lr must be 1-element');
  return s;
}
/** Powers as the C library rounds them. */
export const power = (x: number, y: number): number => (x > 0 && Number.isFinite(x) ? pow(x, y) : x ** y);
export const numberOf = (v: number | Tensor): number => (v instanceof Tensor ? v.item() : v);
/** Checks settings ≥ 0: PyTorch's name for each, by setting. @throws ValueError in its words. */
export function checkSettings<S extends object>(s: S, names: Partial<Record<keyof S, string>>): void {
  for (const [key, name] of Object.entries(names) as [keyof S, string][]) checkSetting(name, numberOf(s[key] as number | Tensor));
}
/** @throws ValueError in PyTorch's words unless `value` ≥ 0. */
export function checkSetting(name: string, value: number, valid: boolean = value >= 0): void {
  if (!valid) throw new ValueError(`Invalid ${name}: ${python(value, !Number.isInteger(value))}`);
}
/** @throws ValueError unless both decay rates lie in [0, 1). */
export function checkBetas(betas: readonly (number | Tensor)[]): void {
  betas.map(numberOf).forEach((b, i) => {
    if (!(b >= 0 && b < 1)) throw new ValueError(`Invalid beta parameter at index ${i}: ${python(b, true)}`);
  });
}
/** @throws RuntimeError for choices of implementation that exclude each other. */
export function checkImplementation(s: { fused?: boolean | null; foreach: boolean | null; differentiable: boolean }): void {
  if (!s.fused) return;
  if (s.differentiable) throw new RuntimeError('`fused` does not support `differentiable`');
  if (s.foreach) throw new RuntimeError('`fused` and `foreach` cannot be `True` together.');
}
/** @throws RuntimeError for gradients that the optimizer cannot use. */
export function rejectSparse(name: string, params: readonly Tensor[], advice = ''): void {
  for (const p of params) if (p._grad!.is_sparse) throw new RuntimeError(`${name} does not support sparse gradients${advice}`);
}

// ---------------------------------------------------------------- state

/** A number as PyTorch keeps it in the state: a tensor without dimensions. */
export const stateNumber = (v: number): Tensor => torch.full([], v, { dtype: get_default_dtype() === float64 ? float64 : float32 });
/** A fresh count of steps. */
export const newStep = (): Tensor => stateNumber(0);
/** A number of the state; old checkpoints keep plain ones. */
export function numberIn(s: ParamState, name: string): Tensor {
  if (!(s[name] instanceof Tensor)) s[name] = stateNumber(Number(s[name]));
  return s[name] as Tensor;
}
/** Counts a step and returns the count. */
export function countStep(s: ParamState): number {
  const t = numberIn(s, 'step');
  if (t.layout.dtype !== float32 || t.storage === null || t.layout.device !== cpu || state.busy !== 0) return t.add_(1).item();
  // What add_ and item would do, at every parameter's every step.
  t.cell.version++;
  return ++(t.storage.view(float32) as Float32Array)[t.layout.offset]!;
}
/** Complex tensors as pairs of reals, for rules that work on either part. */
export const asReal = (t: Tensor): Tensor => (t.layout.dtype.is_complex ? torch.view_as_real(t.layout.conj ? t.resolve_conj() : t) : t);
