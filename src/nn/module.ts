// The base of all modules: a function that calls `forward`, whose own properties are its parameters, buffers and children.
import type { RemovableHandle } from '../autograd/node.ts';
import { listed } from '../autograd/node.ts';
import { no_grad } from '../autograd/modes.ts';
import { bfloat16, type DType, DType as DTypeClass, float16, float32, float64 } from '../core/dtype.ts';
import { type Device, Device as DeviceClass } from '../core/device.ts';
import { AttributeError, KeyError, RuntimeError, ValueError } from '../core/errors.ts';
import { outlive } from '../core/storage.ts';
import { Tensor } from '../core/tensor.ts';
import { showShape } from '../core/shape.ts';
import { sameShape } from '../core/size.ts';
import * as torch from '../surface/generated/torch.ts';
import { isKwargs, type Kwargs } from '../surface/bind.ts';
import { BackwardHook } from './backward-hook.ts';
import { Buffer, is_lazy, Parameter } from './parameter.ts';

// A module is callable: the call's type comes from forward.
export interface Module {
  (...args: Parameters<this['forward']>): ReturnType<this['forward']>;
}

export type ForwardPreHook = (module: Module, args: unknown[]) => unknown;
/** Sees keyword arguments too; what it returns replaces both. */
export type ForwardPreHookWithKwargs = (
  module: Module,
  args: unknown[],
  kwargs: Kwargs,
) => readonly [args: unknown[], kwargs: Kwargs] | null | undefined | void;
export type ForwardHook = (module: Module, args: unknown[], output: unknown) => unknown;
export type ForwardHookWithKwargs = (module: Module, args: unknown[], kwargs: Kwargs, output: unknown) => unknown;
interface HookOptions {
  /** Before the hooks that are there. */
  prepend?: boolean;
  /** The hook is called with the keyword arguments as well. */
  with_kwargs?: boolean;
}
interface ForwardHookOptions extends HookOptions {
  /** The hook is called even if forward throws; its output is null then. */
  always_call?: boolean;
}
/** A forward hook and how it wants to be called. */
interface Hooked {
  readonly call: (...args: never[]) => unknown;
  readonly with_kwargs: boolean;
  readonly always_call: boolean;
}
const hooked = (call: Hooked['call'], { with_kwargs = false, always_call = false }: ForwardHookOptions = {}): Hooked => ({
  call,
  with_kwargs,
  always_call,
});
export type BackwardHookFunction = (
  module: Module,
  grad_input: readonly (Tensor | null)[],
  grad_output: readonly (Tensor | null)[],
) => readonly (Tensor | null)[] | Tensor | null | undefined | void;
export type BackwardPreHook = (
  module: Module,
  grad_output: readonly (Tensor | null)[],
) => readonly (Tensor | null)[] | Tensor | null | undefined | void;
export type StateDict = Record<string, Tensor> & { _metadata?: Record<string, { version: number }> };
type StateDictHook = (
  module: Module,
  state_dict: StateDict,
  prefix: string,
  local_metadata: { version: number },
) => StateDict | undefined | void;
type StateDictPreHook = (module: Module, prefix: string, keep_vars: boolean) => void;
type LoadPreHook = (
  module: Module,
  state_dict: StateDict,
  prefix: string,
  local_metadata: unknown,
  strict: boolean,
  missing_keys: string[],
  unexpected_keys: string[],
  error_msgs: string[],
) => void;
type LoadPostHook = (module: Module, incompatible: IncompatibleKeys) => void;
/** What load_state_dict found. */
export interface IncompatibleKeys {
  readonly missing_keys: string[];
  readonly unexpected_keys: string[];
}

/** What a module keeps besides its own properties. */
export interface Internals {
  /** Buffers by name, and whether they are saved. */
  readonly buffers: Map<string, boolean>;
  /** Parameters, buffers and children that were registered as null keep their place. */
  readonly absent: Map<string, 'parameter' | 'buffer' | 'child'>;
  /** Children of containers and of add_module, in order. */
  readonly children: Map<string, Module | null>;
  readonly forwardPre: Hooked[];
  readonly forward: Hooked[];
  readonly backwardPre: BackwardPreHook[];
  readonly backward: BackwardHookFunction[];
  readonly statePre: StateDictPreHook[];
  readonly state: StateDictHook[];
  readonly loadPre: LoadPreHook[];
  readonly loadPost: LoadPostHook[];
  hooked: boolean;
}

/** Hooks of all modules (torch.nn.modules.module.register_module_forward_hook and relatives). */
const everywhere = {
  forwardPre: [] as Hooked[],
  forward: [] as Hooked[],
  backward: [] as BackwardHookFunction[],
  backwardPre: [] as BackwardPreHook[],
  parameter: [] as RegistrationHook<Parameter>[],
  buffer: [] as RegistrationHook<Tensor>[],
  module: [] as RegistrationHook<Module>[],
};
/** Called by register_parameter and its like; what it returns is registered instead. */
export type RegistrationHook<T> = (module: Module, name: string, value: T | null) => T | null | undefined | void;
export const register_module_forward_pre_hook = (hook: ForwardPreHook): RemovableHandle => listed(everywhere.forwardPre, hooked(hook));
export function register_module_forward_hook(
  hook: ForwardHookWithKwargs,
  options: { with_kwargs: true; always_call?: boolean },
): RemovableHandle;
export function register_module_forward_hook(hook: ForwardHook, options?: { with_kwargs?: false; always_call?: boolean }): RemovableHandle;
export function register_module_forward_hook(hook: ForwardHook | ForwardHookWithKwargs, options?: ForwardHookOptions): RemovableHandle {
  return listed(everywhere.forward, hooked(hook, options));
}
export const register_module_full_backward_hook = (hook: BackwardHookFunction): RemovableHandle => listed(everywhere.backward, hook);
export const register_module_full_backward_pre_hook = (hook: BackwardPreHook): RemovableHandle => listed(everywhere.backwardPre, hook);
/** The older name of register_module_full_backward_hook. */
export const register_module_backward_hook = register_module_full_backward_hook;
export const register_module_parameter_registration_hook = (hook: RegistrationHook<Parameter>): RemovableHandle =>
  listed(everywhere.parameter, hook);
export const register_module_buffer_registration_hook = (hook: RegistrationHook<Tensor>): RemovableHandle =>
  listed(everywhere.buffer, hook);
export const register_module_module_registration_hook = (hook: RegistrationHook<Module>): RemovableHandle =>
  listed(everywhere.module, hook);
function registered<T>(hooks: readonly RegistrationHook<T>[], module: Module, name: string, given: T | null): T | null {
  return hooks.reduce<T | null>((value, hook) => hook(module, name, value) ?? value, given);
}
const anyGlobalHook = (): boolean =>
  everywhere.forwardPre.length + everywhere.forward.length + everywhere.backward.length + everywhere.backwardPre.length > 0;

/** Runs a hook after an error in forward, which hides its own. */
function silenced(hook: () => unknown): void {
  try {
    hook();
  } catch (e) {
    console.warn(
      `module forward hook with \`\`always_call=True\`\` raised an exception that was silenced as another error was raised in forward: ${(e as Error).message}`,
    );
  }
}

/** Modules whose forward runs, to find children that were never registered. */
const running: Module[] = [];
const checked = new WeakMap<Module, WeakSet<Module>>();

/** Base class of all neural network modules; see https://pytorch.org/docs/stable/generated/torch.nn.Module.html. */
export abstract class Module {
  /** The class name for repr and messages, which minified code keeps. */
  static readonly __name__: string = 'Module';
  /** Names of settings that do not change; for TorchScript in PyTorch, kept so that ported classes read the same. */
  static readonly __constants__: readonly string[] = [];
  declare training: boolean;
  /** @internal */
  declare readonly _internals: Internals;

  constructor() {
    // An arrow function: a `function` would keep an undeletable `prototype`.
    const self = ((...args: unknown[]) => self._call(args)) as unknown as Module & { name?: string; length?: number };
    delete self.name;
    delete self.length;
    Object.setPrototypeOf(self, new.target.prototype as object);
    const internals: Internals = {
      buffers: new Map(),
      absent: new Map(),
      children: new Map(),
      forwardPre: [],
      forward: [],
      backwardPre: [],
      backward: [],
      statePre: [],
      state: [],
      loadPre: [],
      loadPost: [],
      hooked: false,
    };
    Object.defineProperty(self, '_internals', { value: internals });
    Object.defineProperty(self, 'training', { value: true, writable: true, configurable: true });
    // biome-ignore lint/correctness/noConstructorReturn: the instance is the function
    return self;
  }
  get __constants__(): readonly string[] {
    return (this.constructor as typeof Module).__constants__;
  }
  /** What the module computes. */
  abstract forward(...args: never[]): unknown;

  // ---- calling ----------------------------------------------------------------------------------------------------
  /** @internal */
  _call(args: unknown[]): unknown {
    this.warnIfUnregistered();
    running.push(this);
    try {
      return this._internals.hooked || anyGlobalHook() ? this.callWithHooks(args) : (this.forward as (...a: unknown[]) => unknown)(...args);
    } finally {
      running.pop();
    }
  }
  /** @internal */
  callWithHooks(given: unknown[]): unknown {
    const { forwardPre, forward, backward, backwardPre } = this._internals;
    const last = given.at(-1);
    let [args, kwargs] = given.length > 0 && isKwargs(last) ? [given.slice(0, -1), last as Kwargs] : [given, {}];
    const pending = new Set([...everywhere.forward, ...forward]);
    let output: unknown = null;
    const seen = (h: Hooked): unknown => {
      pending.delete(h);
      return (h.call as (...all: unknown[]) => unknown)(this, args, ...(h.with_kwargs ? [kwargs] : []), output);
    };
    try {
      for (const h of [...everywhere.forwardPre, ...forwardPre]) {
        const r = (h.call as (...all: unknown[]) => unknown)(this, args, ...(h.with_kwargs ? [kwargs] : []));
        if (r === undefined || r === null) continue;
        if (!h.with_kwargs) args = Array.isArray(r) ? r : [r];
        else if (Array.isArray(r) && r.length === 2) [args, kwargs] = r as [unknown[], Kwargs];
        else throw new RuntimeError(`forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got ${String(r)}.`);
      }
      const full = [...everywhere.backward, ...backward];
      const pre = [...everywhere.backwardPre, ...backwardPre];
      const watch = full.length || pre.length ? new BackwardHook(this, full, pre) : null;
      if (watch) args = watch.inputs(args);
      output = (this.forward as (...a: unknown[]) => unknown)(...args, ...(Object.keys(kwargs).length > 0 ? [kwargs] : []));
      for (const h of [...pending]) output = seen(h) ?? output;
      return watch ? watch.outputs(output) : output;
    } catch (error) {
      for (const h of pending) if (h.always_call) silenced(() => seen(h));
      throw error;
    }
  }
  /** A child in a private field is never trained or saved: say so. */
  /** @internal */
  warnIfUnregistered(): void {
    const parent = running[running.length - 1];
    if (!parent || parent === this) return;
    let seen = checked.get(parent);
    if (!seen) {
      seen = new WeakSet();
      checked.set(parent, seen);
    }
    if (seen.has(this)) return;
    seen.add(this);
    if (this.parameters().next().done) return;
    for (const outer of running) for (const m of outer.modules()) if (m === this) return;
    console.warn(
      `${className(this)} has parameters and runs inside ${className(parent)}.forward, but is not one of its modules: parameters() and state_dict() will not see it. Assign it to a public property or use add_module.`,
    );
  }

  // ---- registration -----------------------------------------------------------------------------------------------
  /** Adds a parameter, or a null that keeps its place. */
  register_parameter(name: string, param: Parameter | null): void {
    checkName(this, name, 'parameter', (v) => v instanceof Parameter);
    if (param !== null && !(param instanceof Parameter))
      throw new TypeError(`cannot assign '${typeName(param)}' object to parameter '${name}' (torch.nn.Parameter or None required)`);
    const value = registered(everywhere.parameter, this, name, param);
    if (value === null) this._internals.absent.set(name, 'parameter');
    define(this, name, value);
  }
  /** Adds a tensor that is state but no parameter, such as a running mean. */
  register_buffer(name: string, tensor: Tensor | null, persistent = true): void {
    checkName(this, name, 'buffer', (v) => v instanceof Tensor && (v === tensor || this._internals.buffers.has(name)));
    if (tensor !== null && !(tensor instanceof Tensor))
      throw new TypeError(`cannot assign '${typeName(tensor)}' object to buffer '${name}' (torch Tensor or None required)`);
    const value = registered(everywhere.buffer, this, name, tensor);
    if (value !== null) outlive(value.storage);
    this._internals.buffers.set(name, persistent);
    if (value === null) this._internals.absent.set(name, 'buffer');
    define(this, name, value);
  }
  /** Adds a child under a name. */
  add_module(name: string, module: Module | null): void {
    if (module !== null && !(module instanceof Module)) throw new TypeError(`${typeName(module)} is not a Module subclass`);
    checkName(this, name, 'module', (v) => v instanceof Module);
    const value = registered(everywhere.module, this, name, module);
    this._internals.children.set(name, value);
    define(this, name, value);
  }
  register_module(name: string, module: Module | null): void {
    this.add_module(name, module);
  }
  /** @internal Removes a child of a container. */
  _remove_child(name: string): void {
    this._internals.children.delete(name);
    delete (this as unknown as Record<string, unknown>)[name];
  }

  // ---- walking ----------------------------------------------------------------------------------------------------
  /** Own members by kind, in the order of registration. */
  /** @internal */
  *own(kind: 'parameter' | 'buffer' | 'child'): Generator<[string, unknown]> {
    const { buffers, absent, children } = this._internals;
    if (kind === 'child' && children.size > 0) {
      yield* children;
      for (const key of Object.keys(this)) if (!children.has(key) && valueOf(this, key) instanceof Module) yield [key, valueOf(this, key)];
      return;
    }
    for (const key of Object.keys(this)) {
      const v = valueOf(this, key);
      if (v === null) {
        if (absent.get(key) === kind) yield [key, null];
      } else if (
        kind === 'child'
          ? v instanceof Module
          : kind === 'buffer'
            ? v instanceof Buffer || (v instanceof Tensor && buffers.has(key))
            : v instanceof Parameter && !buffers.has(key)
      ) {
        yield [key, v];
      }
    }
  }
  *named_children(): Generator<[string, Module]> {
    const seen = new Set<unknown>();
    for (const [name, m] of this.own('child')) {
      if (m && !seen.has(m)) {
        seen.add(m);
        yield [name, m as Module];
      }
    }
  }
  *children(): Generator<Module> {
    for (const [, m] of this.named_children()) yield m;
  }
  *named_modules(memo: Set<Module> = new Set(), prefix = '', remove_duplicate = true): Generator<[string, Module]> {
    if (memo.has(this)) return;
    if (remove_duplicate) memo.add(this);
    yield [prefix, this];
    for (const [name, m] of this.own('child')) {
      if (m) yield* (m as Module).named_modules(memo, prefix ? `${prefix}.${name}` : name, remove_duplicate);
    }
  }
  *modules(): Generator<Module> {
    for (const [, m] of this.named_modules()) yield m;
  }
  /** @internal */
  *members<T>(kind: 'parameter' | 'buffer', prefix: string, recurse: boolean, remove_duplicate: boolean): Generator<[string, T]> {
    const seen = new Set<unknown>();
    const from: Iterable<[string, Module]> = recurse ? this.named_modules(new Set(), prefix, remove_duplicate) : [[prefix, this]];
    for (const [path, m] of from) {
      for (const [name, v] of m.own(kind)) {
        if (v === null || seen.has(v)) continue;
        if (remove_duplicate) seen.add(v);
        yield [path ? `${path}.${name}` : name, v as T];
      }
    }
  }
  named_parameters(prefix = '', recurse = true, remove_duplicate = true): Generator<[string, Parameter]> {
    return this.members<Parameter>('parameter', prefix, recurse, remove_duplicate);
  }
  *parameters(recurse = true): Generator<Parameter> {
    for (const [, p] of this.named_parameters('', recurse)) yield p;
  }
  named_buffers(prefix = '', recurse = true, remove_duplicate = true): Generator<[string, Tensor]> {
    return this.members<Tensor>('buffer', prefix, recurse, remove_duplicate);
  }
  *buffers(recurse = true): Generator<Tensor> {
    for (const [, b] of this.named_buffers('', recurse)) yield b;
  }
  /** The module at a dotted path. */
  get_submodule(target: string): Module {
    if (target === '') return this;
    let m: Module = this;
    for (const part of target.split('.')) {
      const next = m._internals.children.get(part) ?? valueOf(m, part);
      if (next === undefined) throw new AttributeError(`${className(m)} has no attribute \`${part}\``);
      if (!(next instanceof Module)) throw new AttributeError(`\`${part}\` is not an nn.Module`);
      m = next;
    }
    return m;
  }
  /** Puts a module at a dotted name. With `strict` only where there is one already. */
  set_submodule(target: string, module: Module, strict = false): void {
    if (target === '') throw new ValueError('Cannot set the submodule without a target name!');
    if (!(module instanceof Module)) throw new ValueError(`\`module\` is not an nn.Module, found ${typeName(module)}`);
    const dot = target.lastIndexOf('.');
    const parent = this.get_submodule(dot < 0 ? '' : target.slice(0, dot));
    const name = target.slice(dot + 1);
    if (strict && valueOf(parent, name) === undefined) throw new AttributeError(`${className(parent)} has no attribute \`${name}\``);
    parent.add_module(name, module);
  }
  get_parameter(target: string): Parameter {
    return this.memberAt(target, (v): v is Parameter => v instanceof Parameter, 'an nn.Parameter');
  }
  get_buffer(target: string): Tensor {
    return this.memberAt(target, (v): v is Tensor => v instanceof Tensor, 'a buffer');
  }
  /** @internal */
  memberAt<T>(target: string, is: (v: unknown) => v is T, what: string): T {
    const dot = target.lastIndexOf('.');
    const m = this.get_submodule(dot < 0 ? '' : target.slice(0, dot));
    const name = target.slice(dot + 1);
    const v = valueOf(m, name);
    if (v === undefined) throw new AttributeError(`${className(m)} has no attribute \`${name}\``);
    if (!is(v)) throw new AttributeError(`\`${name}\` is not ${what}`);
    return v;
  }

  // ---- changing all of it -----------------------------------------------------------------------------------------
  /** Calls `fn` with every module, children first. */
  apply(fn: (module: Module) => void): this {
    for (const m of this.children()) m.apply(fn);
    fn(this);
    return this;
  }
  /** @internal Replaces every parameter and buffer by `fn` of it, keeping the objects. */
  _apply(fn: (t: Tensor) => Tensor): this {
    for (const m of this.children()) m._apply(fn);
    no_grad(() => {
      for (const kind of ['parameter', 'buffer'] as const) {
        for (const [name, v] of this.own(kind)) {
          if (!v) continue;
          const t = v as Tensor;
          const changed = fn(t);
          if (kind === 'parameter') {
            t.data = changed;
            if (t._grad) t._grad = fn(t._grad);
            outlive(t._grad?.storage ?? null);
          } else if (t instanceof Buffer) t.data = changed;
          else define(this, name, changed);
        }
      }
    });
    return this;
  }
  train(mode = true): this {
    if (typeof mode !== 'boolean') throw new ValueError('training mode is expected to be boolean');
    this.training = mode;
    for (const m of this.children()) m.train(mode);
    return this;
  }
  eval(): this {
    return this.train(false);
  }
  requires_grad_(requires_grad = true): this {
    for (const p of this.parameters()) p.requires_grad_(requires_grad);
    return this;
  }
  /** Forgets the gradients. */
  zero_grad(set_to_none = true): void {
    for (const p of this.parameters()) {
      if (p._grad === null) continue;
      if (set_to_none) p._grad = null;
      else p._grad = p._grad.detach().zero_();
    }
  }
  /** Converts floating-point parameters and buffers, or moves everything to a device. */
  to(...args: readonly unknown[]): this {
    let dtype: DType | null = null;
    let device: Device | string | null = null;
    const take = (a: unknown): void => {
      if (a instanceof DTypeClass) dtype = a;
      else if (a instanceof Tensor) {
        dtype = a.dtype;
        device = a.device;
      } else if (typeof a === 'string' || a instanceof DeviceClass) device = a;
      else if (a && typeof a === 'object') {
        const o = a as { dtype?: DType; device?: Device | string };
        dtype = o.dtype ?? dtype;
        device = o.device ?? device;
      }
    };
    args.forEach(take);
    const target = dtype as DType | null;
    if (target && !target.is_floating_point && !target.is_complex) {
      throw new TypeError(`nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=${target}`);
    }
    return this._apply((t) => {
      const convert = target && (t.dtype.is_floating_point || t.dtype.is_complex) ? target : t.dtype;
      return t.to({ dtype: convert, ...(device === null ? {} : { device }) } as never);
    });
  }
  /** @internal */
  cast(dtype: DType): this {
    return this._apply((t) => (t.dtype.is_floating_point ? t.to(dtype) : t));
  }
  float(): this {
    return this.cast(float32);
  }
  double(): this {
    return this.cast(float64);
  }
  half(): this {
    return this.cast(float16);
  }
  bfloat16(): this {
    return this.cast(bfloat16);
  }
  type(dst_type: DType): this {
    return this._apply((t) => t.to(dst_type));
  }
  cpu(): this {
    return this._apply((t) => t.to('cpu' as never));
  }
  cuda(): this {
    return this._apply((t) => t.to('cuda' as never));
  }
  /** Moves parameters and buffers to a device without their values. */
  to_empty({ device }: { device: Device | string | null }): this {
    return this._apply((t) => torch.empty_like(t, { device }));
  }
  /** Puts parameters and buffers where other threads can reach them: `Tensor.share_memory_` says how. */
  share_memory(): this {
    return this._apply((t) => t.share_memory_());
  }

  // ---- state ------------------------------------------------------------------------------------------------------
  /** Override together with set_extra_state to save more than tensors: anything that torch.save takes. */
  get_extra_state(): unknown {
    throw new RuntimeError('Reached a code path in Module.get_extra_state() that should never be called.');
  }
  /** Takes what get_extra_state gave. */
  set_extra_state(_state: unknown): void {
    throw new RuntimeError('Reached a code path in Module.set_extra_state() that should never be called.');
  }
  /** Parameters and persistent buffers by dotted name. Tensors share memory with the module's. */
  state_dict(options: { destination?: StateDict; prefix?: string; keep_vars?: boolean } = {}): StateDict {
    const { destination = {} as StateDict, prefix = '', keep_vars = false } = options;
    if (!destination._metadata)
      Object.defineProperty(destination, '_metadata', { value: {}, writable: true, enumerable: false, configurable: true });
    for (const hook of this._internals.statePre) hook(this, prefix, keep_vars);
    const version = (this.constructor as { _version?: number })._version ?? 1;
    destination._metadata![prefix.slice(0, -1)] = { version };
    this._save_to_state_dict(destination, prefix, keep_vars);
    for (const [name, m] of this.own('child')) if (m) (m as Module).state_dict({ destination, prefix: `${prefix}${name}.`, keep_vars });
    let result = destination;
    for (const hook of this._internals.state) result = hook(this, result, prefix, { version }) ?? result;
    return result;
  }
  /** @internal */
  _save_to_state_dict(destination: StateDict, prefix: string, keep_vars: boolean): void {
    const keep = (t: Tensor): Tensor => (keep_vars || is_lazy(t) ? t : t.detach());
    for (const [name, p] of this.own('parameter')) if (p) destination[prefix + name] = keep(p as Tensor);
    const { buffers } = this._internals;
    for (const [name, b] of this.own('buffer')) {
      const persistent = b instanceof Buffer ? b.persistent : (buffers.get(name) ?? true);
      if (b && persistent) destination[prefix + name] = keep(b as Tensor);
    }
    if (this.get_extra_state !== Module.prototype.get_extra_state)
      (destination as Record<string, unknown>)[prefix + EXTRA_STATE] = this.get_extra_state();
  }
  /**
   * Copies parameters and buffers from a state dict.
   * @throws RuntimeError listing all keys and shapes that do not fit; with `strict` missing and unexpected keys count too.
   */
  load_state_dict(
    state_dict: StateDict | Map<string, Tensor>,
    options: { strict?: boolean; assign?: boolean } | boolean = {},
  ): IncompatibleKeys {
    const { strict = true, assign = false } = typeof options === 'boolean' ? { strict: options } : options;
    if (typeof state_dict !== 'object' || state_dict === null)
      throw new TypeError(`Expected state_dict to be dict-like, got ${typeName(state_dict)}.`);
    const source: StateDict = state_dict instanceof Map ? (Object.fromEntries(state_dict) as StateDict) : { ...state_dict };
    const errors: string[] = [];
    const missing_keys: string[] = [];
    const unexpected_keys: string[] = [];
    const metadata = (state_dict as StateDict)._metadata ?? {};
    const load = (m: Module, prefix: string): void => {
      m._load_from_state_dict(source, prefix, { ...metadata[prefix.slice(0, -1)], assign }, true, missing_keys, unexpected_keys, errors);
      for (const [name, child] of m.own('child')) if (child) load(child as Module, `${prefix}${name}.`);
      const found = { missing_keys, unexpected_keys };
      for (const hook of m._internals.loadPost) hook(m, found);
    };
    load(this, '');
    if (strict) {
      const quoted = (keys: readonly string[]): string => keys.map((k) => `"${k}"`).join(', ');
      if (unexpected_keys.length) errors.unshift(`Unexpected key(s) in state_dict: ${quoted(unexpected_keys)}. `);
      if (missing_keys.length) errors.unshift(`Missing key(s) in state_dict: ${quoted(missing_keys)}. `);
    }
    if (errors.length) throw new RuntimeError(`Error(s) in loading state_dict for ${className(this)}:\n\t${errors.join('\n\t')}`);
    return incompatibleKeys(missing_keys, unexpected_keys);
  }
  /** @internal */
  _load_from_state_dict(
    state_dict: StateDict,
    prefix: string,
    local_metadata: { version?: number; assign?: boolean },
    strict: boolean,
    missing_keys: string[],
    unexpected_keys: string[],
    error_msgs: string[],
  ): void {
    for (const hook of this._internals.loadPre)
      hook(this, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs);
    const { buffers } = this._internals;
    const local: [string, Tensor | null][] = [];
    for (const [name, p] of this.own('parameter')) local.push([name, p as Tensor | null]);
    for (const [name, b] of this.own('buffer'))
      if (b instanceof Buffer ? b.persistent : (buffers.get(name) ?? true)) local.push([name, b as Tensor | null]);
    for (const [name, t] of local) {
      if (t === null) continue;
      const key = prefix + name;
      const input = state_dict[key];
      if (input === undefined) {
        if (strict) missing_keys.push(key);
        continue;
      }
      if (!(input instanceof Tensor)) {
        error_msgs.push(
          `While copying the parameter named "${key}", expected torch.Tensor or Tensor-like object from checkpoint but received ${typeName(input)}`,
        );
        continue;
      }
      if (!is_lazy(t) && !sameShape(input.shape, t.layout.shape)) {
        error_msgs.push(
          `size mismatch for ${key}: copying a param with shape torch.Size(${showShape(input.layout.shape)}) from checkpoint, the shape in current model is torch.Size(${showShape(t.layout.shape)}).`,
        );
        continue;
      }
      no_grad(() => {
        if (local_metadata.assign)
          define(this, name, t instanceof Parameter && !(input instanceof Parameter) ? new Parameter(input, t.requires_grad) : input);
        else t.copy_(input);
      });
    }
    const hasExtra = this.set_extra_state !== Module.prototype.set_extra_state;
    const extra = prefix + EXTRA_STATE;
    if (hasExtra && extra in state_dict) this.set_extra_state(state_dict[extra]);
    else if (hasExtra && strict) missing_keys.push(extra);
    if (!strict) return;
    const children = new Set([...this.own('child')].map(([n]) => n));
    const names = new Set([...local.map(([n]) => n), ...(hasExtra ? [EXTRA_STATE] : [])]);
    for (const key of Object.keys(state_dict)) {
      if (!key.startsWith(prefix)) continue;
      const [head, ...rest] = key.slice(prefix.length).split('.');
      if (rest.length > 0 ? !children.has(head!) : !names.has(head!) && !children.has(head!)) unexpected_keys.push(key);
    }
  }
  /** Called before state_dict collects this module's own. */
  register_state_dict_pre_hook(hook: StateDictPreHook): RemovableHandle {
    return listed(this._internals.statePre, hook);
  }
  register_state_dict_post_hook(hook: StateDictHook): RemovableHandle {
    return listed(this._internals.state, hook);
  }
  register_load_state_dict_pre_hook(hook: LoadPreHook): RemovableHandle {
    return listed(this._internals.loadPre, hook);
  }
  register_load_state_dict_post_hook(hook: LoadPostHook): RemovableHandle {
    return listed(this._internals.loadPost, hook);
  }

  // ---- hooks ------------------------------------------------------------------------------------------------------
  /** Called before forward with its arguments; what it returns replaces them. */
  register_forward_pre_hook(hook: ForwardPreHookWithKwargs, options: { with_kwargs: true; prepend?: boolean }): RemovableHandle;
  register_forward_pre_hook(hook: ForwardPreHook, options?: { with_kwargs?: false; prepend?: boolean }): RemovableHandle;
  register_forward_pre_hook(hook: ForwardPreHook | ForwardPreHookWithKwargs, options: HookOptions = {}): RemovableHandle {
    return this.hook('forwardPre', hooked(hook, options), options.prepend);
  }
  /** Called after forward with arguments and output; what it returns replaces the output. */
  register_forward_hook(
    hook: ForwardHookWithKwargs,
    options: { with_kwargs: true; prepend?: boolean; always_call?: boolean },
  ): RemovableHandle;
  register_forward_hook(hook: ForwardHook, options?: { with_kwargs?: false; prepend?: boolean; always_call?: boolean }): RemovableHandle;
  register_forward_hook(hook: ForwardHook | ForwardHookWithKwargs, options: ForwardHookOptions = {}): RemovableHandle {
    return this.hook('forward', hooked(hook, options), options.prepend);
  }
  /** Called when the gradients of the inputs are known; what it returns replaces them. */
  register_full_backward_hook(hook: BackwardHookFunction, options: { prepend?: boolean } = {}): RemovableHandle {
    return this.hook('backward', hook, options.prepend);
  }
  register_full_backward_pre_hook(hook: BackwardPreHook, options: { prepend?: boolean } = {}): RemovableHandle {
    return this.hook('backwardPre', hook, options.prepend);
  }
  /** The older name of register_full_backward_hook. */
  register_backward_hook(hook: BackwardHookFunction): RemovableHandle {
    return this.register_full_backward_hook(hook);
  }
  /** @internal */
  hook<K extends 'forwardPre' | 'forward' | 'backward' | 'backwardPre'>(
    kind: K,
    hook: Internals[K][number],
    prepend = false,
  ): RemovableHandle {
    const internals = this._internals;
    const list = internals[kind] as unknown[];
    if (prepend) list.unshift(hook);
    else list.push(hook);
    internals.hooked = true;
    return {
      remove: () => {
        const i = list.indexOf(hook);
        if (i >= 0) list.splice(i, 1);
        internals.hooked =
          internals.forwardPre.length + internals.forward.length + internals.backward.length + internals.backwardPre.length > 0;
      },
    };
  }

  // ---- printing ---------------------------------------------------------------------------------------------------
  /** What stands between the parentheses of the repr. */
  extra_repr(): string {
    return '';
  }
  /** @internal */
  _get_name(): string {
    return className(this);
  }
  /** PyTorch's repr. */
  toString(): string {
    const extra = this.extra_repr();
    const lines: string[] = extra ? extra.split('\n') : [];
    const own: string[] = [];
    for (const [name, m] of this.own('child')) own.push(`(${name}): ${indented(m === null ? 'None' : String(m))}`);
    const all = [...lines, ...own];
    if (all.length === 0) return `${this._get_name()}()`;
    if (lines.length === 1 && own.length === 0) return `${this._get_name()}(${lines[0]})`;
    return `${this._get_name()}(\n  ${all.join('\n  ')}\n)`;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
Object.setPrototypeOf(Module.prototype, Function.prototype);
// A module is a function, but its users may call a setting `name` or `length`: what functions have under these names is hidden.
for (const name of ['name', 'length', 'arguments', 'caller']) {
  Object.defineProperty(Module.prototype, name, {
    get: () => undefined,
    set(this: Module, v: unknown) {
      define(this, name, v);
    },
    configurable: true,
  });
}

/** The class name of a module. A class without its own `__name__` has JavaScript's. */
export function className(m: Module): string {
  const c = m.constructor as unknown as { __name__?: string; name: string };
  return Object.hasOwn(c, '__name__') ? c.__name__! : c.name;
}
export const indented = (text: string, spaces = 2): string => text.split('\n').join(`\n${' '.repeat(spaces)}`);
const EXTRA_STATE = '_extra_state';
const valueOf = (m: Module, key: string): unknown => (m as unknown as Record<string, unknown>)[key];
function define(m: Module, name: string, value: unknown): void {
  Object.defineProperty(m, name, { value, writable: true, enumerable: true, configurable: true });
}
const typeName = (x: unknown): string =>
  x === null || x === undefined
    ? 'NoneType'
    : x instanceof Tensor
      ? 'torch.FloatTensor'
      : typeof x === 'object'
        ? x.constructor.name
        : typeof x;
function checkName(m: Module, name: string, what: string, isSame: (v: unknown) => boolean): void {
  if (typeof name !== 'string') throw new TypeError(`${what} name should be a string. Got ${typeof name}`);
  if (name.includes('.')) throw new KeyError(`${what} name can't contain "."${what === 'module' ? `, got: ${name}` : ''}`);
  if (name === '') throw new KeyError(`${what} name can't be empty string ""`);
  const v = valueOf(m, name);
  const taken = Object.hasOwn(m, name) ? v !== null && v !== undefined && !isSame(v) : v !== undefined;
  if (taken) throw new KeyError(`attribute '${name}' already exists`);
}
function incompatibleKeys(missing_keys: string[], unexpected_keys: string[]): IncompatibleKeys {
  const r = { missing_keys, unexpected_keys };
  const text = (keys: string[]): string => `[${keys.map((k) => `'${k}'`).join(', ')}]`;
  Object.defineProperty(r, 'toString', {
    value: () =>
      missing_keys.length + unexpected_keys.length === 0
        ? '<All keys matched successfully>'
        : `_IncompatibleKeys(missing_keys=${text(missing_keys)}, unexpected_keys=${text(unexpected_keys)})`,
  });
  return r;
}
