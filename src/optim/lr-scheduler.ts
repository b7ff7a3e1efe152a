// torch.optim.lr_scheduler: learning rates that follow a schedule; see https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate.
// Powers and cosines are those of the C library, so that rates have PyTorch's bits.
import '../surface/install.ts';
import { KeyError, NotImplementedError, RuntimeError, ValueError } from '../core/errors.ts';
import { angle, log, sincos } from '../core/libm.ts';
import { Tensor } from '../core/tensor.ts';
import { bindArguments } from '../nn/arguments.ts';
import { type Arguments, python } from '../nn/simple.ts';
import { numberOf, Optimizer, power } from './optimizer.ts';

type Rate = number | Tensor;
type Group = Record<string, unknown> & { lr: Rate };
export type SchedulerState = Record<string, unknown>;
/** Optimizers of any settings. */
export type AnyOptimizer = Optimizer;

const cos = (x: number): number => {
  sincos(x);
  return angle.cos;
};
/** Python's remainder: the sign of the divisor. */
const modulo = (a: number, b: number): number => a - b * Math.floor(a / b);
const copied = (v: unknown): unknown => (v instanceof Tensor ? v.clone() : v);
const rateOf = (group: Group): number => numberOf(group.lr);
/** The groups' values of a setting; tensors are copied. */
const valuesOf = (optimizer: AnyOptimizer, key: string): Rate[] => optimizer.param_groups.map((g: Group) => copied(g[key]) as Rate);
function setValue(group: Group, key: string, v: Rate): void {
  const old = group[key];
  if (old instanceof Tensor) old.detach().fill_(numberOf(v));
  else group[key] = v;
}
const pythonName = (x: unknown): string =>
  typeof x === 'number'
    ? Number.isInteger(x)
      ? 'int'
      : 'float'
    : typeof x === 'string'
      ? 'str'
      : x === null || x === undefined
        ? 'NoneType'
        : ((x as object).constructor?.name ?? typeof x);
function checkOptimizer(optimizer: unknown): void {
  if (!(optimizer instanceof Optimizer)) throw new TypeError(`${pythonName(optimizer)} is not an Optimizer`);
}
/** One value for each group. @throws ValueError for a list of another length. */
export function perGroup<T extends Rate>(name: string, optimizer: AnyOptimizer, v: T | readonly T[]): T[] {
  const n = optimizer.param_groups.length;
  if (!Array.isArray(v)) return Array.from({ length: n }, () => copied(v) as T);
  if (v.length !== n)
    throw new ValueError(
      `${name} must have the same length as optimizer.param_groups. ${name} has ${v.length} values, param_groups has ${n}.`,
    );
  return v.map((x) => copied(x) as T);
}
/** The number of the interval between sorted points in which x lies. */
const bisectRight = (points: readonly number[], x: number): number => points.filter((p) => p <= x).length;

const HOW_TO = 'See more details at https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate';
const OVERRIDDEN = `Seems like \`optimizer.step()\` has been overridden after learning rate scheduler initialization. Please, make sure to call \`optimizer.step()\` before \`lr_scheduler.step()\`. ${HOW_TO}`;
const TOO_EARLY = `Detected call of \`lr_scheduler.step()\` before \`optimizer.step()\`. In PyTorch 1.1.0 and later, you should call them in the opposite order: \`optimizer.step()\` before \`lr_scheduler.step()\`.  Failure to do this will result in PyTorch skipping the first value of the learning rate schedule. ${HOW_TO}`;
const EPOCH =
  'The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please use `scheduler.step()` to step the scheduler. During the deprecation, if epoch is different from None, the closed form is used instead of the new chainable form, where available. Please open an issue if you are unable to replicate your use case: https://github.com/pytorch/pytorch/issues/new/choose.';
const NOT_GET_LR = 'To get the last learning rate computed by the scheduler, please use `get_last_lr()`.';

/** Optimizers' steps that a scheduler watches, and whether they were called. */
const watched = new WeakMap<object, { step: unknown; called: boolean }>();
function watch(optimizer: AnyOptimizer): void {
  if (watched.get(optimizer)?.step === optimizer.step) return;
  const inner = optimizer.step as (...args: unknown[]) => unknown;
  const record = { step: null as unknown, called: false };
  const step = (...args: unknown[]): unknown => {
    record.called = true;
    return inner.apply(optimizer, args);
  };
  record.step = step;
  Object.defineProperty(optimizer, 'step', { value: step, configurable: true, writable: true });
  watched.set(optimizer, record);
}

/**
 * Base class of schedulers. A subclass states `get_lr`, the rates at `last_epoch`, and may state `_get_closed_form_lr`. `settings` become
 * properties before the first step and are part of the state.
 */
export class LRScheduler {
  static readonly __name__: string = 'LRScheduler';
  declare readonly optimizer: AnyOptimizer;
  declare base_lrs: Rate[];
  declare last_epoch: number;
  declare _step_count: number;
  declare _is_initial: boolean;
  declare _get_lr_called_within_step: boolean;
  declare _last_lr: Rate[];
  /**
   * @param last_epoch The epoch that was last; −1 starts anew, null leaves starting to the subclass.
   * @throws KeyError when going on from an epoch with groups that were never scheduled.
   */
  constructor(optimizer: AnyOptimizer, last_epoch: number | null = -1, settings: object = {}) {
    Object.defineProperty(this, 'optimizer', { value: optimizer, writable: true, configurable: true });
    Object.assign(this, settings);
    if (last_epoch !== null) this.start(optimizer, last_epoch);
  }
  private start(optimizer: AnyOptimizer, last_epoch: number): void {
    checkOptimizer(optimizer);
    optimizer.param_groups.forEach((group: Group, i) => {
      if (last_epoch === -1) group.initial_lr ??= copied(group.lr);
      else if (!('initial_lr' in group)) {
        throw new KeyError(
          `"param 'initial_lr' is not specified in param_groups[${i}] when resuming scheduler with last_epoch >= 0.\\nThis typically happens when:\\n1. You're trying to resume training from a checkpoint but haven't properly loaded the optimizer state\\n2. You're using last_epoch >= 0 for a fresh training run (not recommended)"`,
        );
      }
    });
    this.base_lrs = valuesOf(optimizer, 'initial_lr');
    this.last_epoch = last_epoch;
    watch(optimizer);
    this._initial_step();
  }
  /** The first step, which sets the rates of epoch 0. */
  _initial_step(): void {
    this._step_count = 0;
    this._is_initial = true;
    this._get_lr_called_within_step = false;
    try {
      this.step();
    } finally {
      this._is_initial = false;
    }
  }
  /** All properties but the optimizer, and functions. */
  state_dict(): SchedulerState {
    return Object.fromEntries(Object.entries(this).filter(([, v]) => typeof v !== 'function'));
  }
  load_state_dict(state_dict: SchedulerState): void {
    Object.assign(this, state_dict);
  }
  /** The rates that the last step set. */
  get_last_lr(): Rate[] {
    return this._last_lr;
  }
  /** The rates of the groups at `last_epoch`; called by `step`. */
  get_lr(): Rate[] {
    throw new NotImplementedError('');
  }
  /** The rates at `last_epoch` from the initial ones alone, where there is such a formula. */
  _get_closed_form_lr?(): Rate[];
  /** Sets the rates of the next epoch; call it after the optimizer's step. An `epoch` is deprecated. */
  step(epoch?: number | null): void {
    if (this._step_count === 1) {
      const seen = watched.get(this.optimizer);
      if (seen?.step !== this.optimizer.step) console.warn(OVERRIDDEN);
      else if (!seen.called) console.warn(TOO_EARLY);
    }
    this._step_count++;
    if (epoch !== undefined && epoch !== null) console.warn(EPOCH);
    this._update_lr(epoch);
  }
  _update_lr(epoch?: number | null): void {
    const given = epoch !== undefined && epoch !== null;
    this.last_epoch = given ? epoch : this.last_epoch + 1;
    this.apply(() => (given && this._get_closed_form_lr ? this._get_closed_form_lr() : this.get_lr()));
  }
  protected apply(rates: () => Rate[]): void {
    this._get_lr_called_within_step = true;
    try {
      const values = rates();
      this.optimizer.param_groups.forEach((group: Group, i) => {
        setValue(group, 'lr', values[i]!);
      });
    } finally {
      this._get_lr_called_within_step = false;
    }
    this._last_lr = valuesOf(this.optimizer, 'lr');
  }
  /** The groups' rates, times a factor. */
  protected scaled(factor: number): Rate[] {
    this.warnOutsideStep();
    return factor === 1 ? valuesOf(this.optimizer, 'lr') : this.optimizer.param_groups.map((g: Group) => rateOf(g) * factor);
  }
  protected warnOutsideStep(): void {
    if (!this._get_lr_called_within_step) console.warn(NOT_GET_LR);
  }
  /** What `f` makes of the initial rates. */
  protected fromBase(f: (base: number, i: number) => number): number[] {
    return this.base_lrs.map((b, i) => f(numberOf(b), i));
  }
}
/** Positional arguments or a last object with named ones, by name; the optimizer comes before them. */
function bind<S extends object>(
  name: string,
  args: readonly unknown[],
  defaults: Partial<S>,
  required: readonly (keyof S & string)[] = [],
): S & { last_epoch: number } {
  const names = [...required, ...Object.keys(defaults), 'last_epoch'] as (keyof S & string)[];
  return bindArguments(name, args, names, { ...defaults, last_epoch: -1 } as Partial<S & { last_epoch: number }>) as S & {
    last_epoch: number;
  };
}
function split<S extends { last_epoch: number }>({ last_epoch, ...settings }: S): [number, Omit<S, 'last_epoch'>] {
  return [last_epoch, settings];
}
type Last = { last_epoch?: number };

export type LRLambda = (epoch: number) => number;
/** What LambdaLR and MultiplicativeLR share: one function a group, none of which is saved. */
class FunctionLR extends LRScheduler {
  declare lr_lambdas: LRLambda[];
  constructor(optimizer: AnyOptimizer, args: readonly unknown[]) {
    const { lr_lambda, last_epoch } = bind<{ lr_lambda: LRLambda | readonly LRLambda[] }>(new.target.__name__, args, {}, ['lr_lambda']);
    const n = optimizer.param_groups.length;
    const lr_lambdas: LRLambda[] = Array.isArray(lr_lambda) ? [...lr_lambda] : Array(n).fill(lr_lambda);
    if (lr_lambdas.length !== n) throw new ValueError(`Expected ${n} lr_lambdas, but got ${lr_lambdas.length}`);
    for (const f of lr_lambdas)
      if (typeof f !== 'function') throw new TypeError(`lr_lambda should be a function, but got ${pythonName(f)}`);
    super(optimizer, last_epoch, { lr_lambdas });
  }
  override state_dict(): SchedulerState {
    const { lr_lambdas, ...state } = super.state_dict();
    return { ...state, lr_lambdas: (lr_lambdas as unknown[]).map(() => null) };
  }
  override load_state_dict({ lr_lambdas: _, ...state }: SchedulerState): void {
    super.load_state_dict(state);
  }
}
type FunctionArguments = Arguments<
  [lr_lambda: LRLambda | readonly LRLambda[], last_epoch?: number],
  { lr_lambda: LRLambda | readonly LRLambda[] } & Last
>;
/** The initial rate times a function of the epoch. See https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html. */
export class LambdaLR extends FunctionLR {
  static override readonly __name__: string = 'LambdaLR';
  constructor(optimizer: AnyOptimizer, ...args: FunctionArguments) {
    super(optimizer, args);
  }
  override get_lr(): Rate[] {
    this.warnOutsideStep();
    return this.fromBase((base, i) => base * this.lr_lambdas[i]!(this.last_epoch));
  }
}
/** The last rate times a function of the epoch. See https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html. */
export class MultiplicativeLR extends FunctionLR {
  static override readonly __name__: string = 'MultiplicativeLR';
  constructor(optimizer: AnyOptimizer, ...args: FunctionArguments) {
    super(optimizer, args);
  }
  override get_lr(): Rate[] {
    if (this._is_initial) return this.scaled(1);
    this.warnOutsideStep();
    return this.optimizer.param_groups.map((g: Group, i) => rateOf(g) * this.lr_lambdas[i]!(this.last_epoch));
  }
}

interface StepSettings {
  step_size: number;
  gamma: number;
}
/** × gamma every `step_size` epochs. See https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html. */
export class StepLR extends LRScheduler implements StepSettings {
  static override readonly __name__: string = 'StepLR';
  declare step_size: number;
  declare gamma: number;
  constructor(optimizer: AnyOptimizer, ...args: Arguments<[step_size: number, gamma?: number, last_epoch?: number], StepSettings & Last>) {
    super(optimizer, ...split(bind<StepSettings>('StepLR', args, { gamma: 0.1 }, ['step_size'])));
  }
  override get_lr(): Rate[] {
    return this.scaled(this.last_epoch === 0 || this.last_epoch % this.step_size !== 0 ? 1 : this.gamma);
  }
  override _get_closed_form_lr(): Rate[] {
    return this.fromBase((base) => base * power(this.gamma, Math.floor(this.last_epoch / this.step_size)));
  }
}
/** × gamma at each milestone. See https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html. */
export class MultiStepLR extends LRScheduler {
  static override readonly __name__: string = 'MultiStepLR';
  /** How often each epoch was named. */
  declare milestones: Record<number, number>;
  declare gamma: number;
  constructor(
    optimizer: AnyOptimizer,
    ...args: Arguments<
      [milestones: Iterable<number>, gamma?: number, last_epoch?: number],
      { milestones: Iterable<number>; gamma: number } & Last
    >
  ) {
    const s = bind<{ milestones: Iterable<number>; gamma: number }>('MultiStepLR', args, { gamma: 0.1 }, ['milestones']);
    const milestones: Record<number, number> = {};
    for (const m of s.milestones) milestones[m] = (milestones[m] ?? 0) + 1;
    super(optimizer, s.last_epoch, { milestones, gamma: s.gamma });
  }
  override get_lr(): Rate[] {
    const times = this.milestones[this.last_epoch];
    return this.scaled(times ? power(this.gamma, times) : 1);
  }
  override _get_closed_form_lr(): Rate[] {
    const passed = Object.entries(this.milestones).reduce((n, [at, times]) => n + (Number(at) <= this.last_epoch ? times : 0), 0);
    return this.fromBase((base) => base * power(this.gamma, passed));
  }
}
interface ConstantSettings {
  factor: number;
  total_iters: number;
}
/** × factor until epoch `total_iters`. See https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html. */
export class ConstantLR extends LRScheduler implements ConstantSettings {
  static override readonly __name__: string = 'ConstantLR';
  declare factor: number;
  declare total_iters: number;
  constructor(
    optimizer: AnyOptimizer,
    ...args: Arguments<[factor?: number, total_iters?: number, last_epoch?: number], ConstantSettings & Last>
  ) {
    const s = bind<ConstantSettings>('ConstantLR', args, { factor: 1 / 3, total_iters: 5 });
    if (s.factor > 1 || s.factor < 0) throw new ValueError('Constant multiplicative factor expected to be between 0 and 1.');
    super(optimizer, ...split(s));
  }
  override get_lr(): Rate[] {
    return this.scaled(this.last_epoch === 0 ? this.factor : this.last_epoch === this.total_iters ? 1 / this.factor : 1);
  }
  override _get_closed_form_lr(): Rate[] {
    return this.fromBase((base) => base * (this.factor + (this.last_epoch >= this.total_iters ? 1 - this.factor : 0)));
  }
}
interface LinearSettings {
  start_factor: number;
  end_factor: number;
  total_iters: number;
}
/** A factor that goes linearly from one to another. See https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html. */
export class LinearLR extends LRScheduler implements LinearSettings {
  static override readonly __name__: string = 'LinearLR';
  declare start_factor: number;
  declare end_factor: number;
  declare total_iters: number;
  constructor(
    optimizer: AnyOptimizer,
    ...args: Arguments<[start_factor?: number, end_factor?: number, total_iters?: number, last_epoch?: number], LinearSettings & Last>
  ) {
    const s = bind<LinearSettings>('LinearLR', args, { start_factor: 1 / 3, end_factor: 1, total_iters: 5 });
    if (s.start_factor > 1 || s.start_factor <= 0)
      throw new ValueError('Starting multiplicative factor expected to be greater than 0 and less or equal to 1.');
    if (s.end_factor > 1 || s.end_factor < 0) throw new ValueError('Ending multiplicative factor expected to be between 0 and 1.');
    super(optimizer, ...split(s));
  }
  override get_lr(): Rate[] {
    const { start_factor, total_iters, last_epoch } = this;
    if (last_epoch === 0) return this.scaled(start_factor);
    if (this._is_initial || last_epoch > total_iters) return this.scaled(1);
    const difference = this.end_factor - start_factor;
    return this.scaled(1 + difference / (total_iters * start_factor + (last_epoch - 1) * difference));
  }
  override _get_closed_form_lr(): Rate[] {
    const { start_factor, end_factor, total_iters, last_epoch } = this;
    return this.fromBase((base) => base * (start_factor + ((end_factor - start_factor) * Math.min(total_iters, last_epoch)) / total_iters));
  }
}
/** × gamma every epoch. See https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html. */
export class ExponentialLR extends LRScheduler {
  static override readonly __name__: string = 'ExponentialLR';
  declare gamma: number;
  constructor(optimizer: AnyOptimizer, ...args: Arguments<[gamma: number, last_epoch?: number], { gamma: number } & Last>) {
    super(optimizer, ...split(bind<{ gamma: number }>('ExponentialLR', args, {}, ['gamma'])));
  }
  override get_lr(): Rate[] {
    return this.scaled(this._is_initial ? 1 : this.gamma);
  }
  override _get_closed_form_lr(): Rate[] {
    return this.fromBase((base) => base * power(this.gamma, this.last_epoch));
  }
}
interface PolynomialSettings {
  total_iters: number;
  power: number;
}
/** A polynomial of the epoch down to 0. See https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html. */
export class PolynomialLR extends LRScheduler implements PolynomialSettings {
  static override readonly __name__: string = 'PolynomialLR';
  declare total_iters: number;
  declare power: number;
  constructor(
    optimizer: AnyOptimizer,
    ...args: Arguments<[total_iters?: number, power?: number, last_epoch?: number], PolynomialSettings & Last>
  ) {
    super(optimizer, ...split(bind<PolynomialSettings>('PolynomialLR', args, { total_iters: 5, power: 1 })));
  }
  override get_lr(): Rate[] {
    const { last_epoch, total_iters } = this;
    if (this._is_initial || last_epoch > total_iters) return this.scaled(1);
    return this.scaled(power((1 - last_epoch / total_iters) / (1 - (last_epoch - 1) / total_iters), this.power));
  }
  override _get_closed_form_lr(): Rate[] {
    return this.fromBase((base) => base * power(1 - Math.min(this.total_iters, this.last_epoch) / this.total_iters, this.power));
  }
}
interface CosineSettings {
  T_max: number;
  eta_min: number;
}
/** Half a cosine from the initial rate to `eta_min`, and back. See https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html. */
export class CosineAnnealingLR extends LRScheduler implements CosineSettings {
  static override readonly __name__: string = 'CosineAnnealingLR';
  declare T_max: number;
  declare eta_min: number;
  constructor(optimizer: AnyOptimizer, ...args: Arguments<[T_max: number, eta_min?: number, last_epoch?: number], CosineSettings & Last>) {
    super(optimizer, ...split(bind<CosineSettings>('CosineAnnealingLR', args, { eta_min: 0 }, ['T_max'])));
  }
  override get_lr(): Rate[] {
    const { last_epoch, T_max, eta_min } = this;
    if (this._is_initial) return this.scaled(1);
    this.warnOutsideStep();
    if (this._step_count === 1 && last_epoch > 0)
      return this.fromBase((base) => eta_min + ((base - eta_min) * (1 + cos((last_epoch * Math.PI) / T_max))) / 2);
    const rates = this.optimizer.param_groups.map(rateOf);
    if (modulo(last_epoch - 1 - T_max, 2 * T_max) === 0)
      return this.fromBase((base, i) => rates[i]! + ((base - eta_min) * (1 - cos(Math.PI / T_max))) / 2);
    const factor = (1 + cos((Math.PI * last_epoch) / T_max)) / (1 + cos((Math.PI * (last_epoch - 1)) / T_max));
    return rates.map((rate) => factor * (rate - eta_min) + eta_min);
  }
  override _get_closed_form_lr(): Rate[] {
    return this.fromBase((base) => this.eta_min + ((base - this.eta_min) * (1 + cos((Math.PI * this.last_epoch) / this.T_max))) / 2);
  }
}
interface RestartSettings {
  T_0: number;
  T_mult: number;
  eta_min: number;
}
/** Half cosines, each `T_mult` times as long as the last. See https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html. */
export class CosineAnnealingWarmRestarts extends LRScheduler implements RestartSettings {
  static override readonly __name__: string = 'CosineAnnealingWarmRestarts';
  declare T_0: number;
  declare T_i: number;
  declare T_mult: number;
  declare eta_min: number;
  declare T_cur: number;
  constructor(
    optimizer: AnyOptimizer,
    ...args: Arguments<[T_0: number, T_mult?: number, eta_min?: number, last_epoch?: number], RestartSettings & Last>
  ) {
    const { T_0, T_mult, eta_min, last_epoch } = bind<RestartSettings>('CosineAnnealingWarmRestarts', args, { T_mult: 1, eta_min: 0 }, [
      'T_0',
    ]);
    if (!(T_0 > 0) || !Number.isInteger(T_0)) throw new ValueError(`Expected positive integer T_0, but got ${python(T_0)}`);
    if (!(T_mult >= 1) || !Number.isInteger(T_mult)) throw new ValueError(`Expected integer T_mult >= 1, but got ${python(T_mult)}`);
    if (typeof eta_min !== 'number')
      throw new ValueError(`Expected float or int eta_min, but got ${python(eta_min)} of type <class '${pythonName(eta_min)}'>`);
    super(optimizer, last_epoch, { T_0, T_i: T_0, T_mult, eta_min, T_cur: last_epoch });
  }
  override get_lr(): Rate[] {
    this.warnOutsideStep();
    return this.fromBase((base) => this.eta_min + ((base - this.eta_min) * (1 + cos((Math.PI * this.T_cur) / this.T_i))) / 2);
  }
  /** The next epoch, or any, which may lie between two. @throws ValueError for a negative epoch. */
  override step(epoch?: number | null): void {
    const { T_0, T_mult } = this;
    let now = epoch ?? (this.last_epoch < 0 ? 0 : null);
    if (now === null) {
      now = this.last_epoch + 1;
      if (++this.T_cur >= this.T_i) {
        this.T_cur %= this.T_i;
        this.T_i *= T_mult;
      }
    } else {
      if (now < 0) throw new ValueError(`Expected non-negative epoch, but got ${python(now)}`);
      const cycle = now < T_0 || T_mult === 1 ? 0 : Math.trunc(log((now / T_0) * (T_mult - 1) + 1) / log(T_mult));
      this.T_cur = now < T_0 ? now : T_mult === 1 ? now % T_0 : now - (T_0 * (T_mult ** cycle - 1)) / (T_mult - 1);
      if (now < T_0 || T_mult !== 1) this.T_i = T_0 * T_mult ** cycle;
    }
    this.last_epoch = Math.floor(now);
    this.apply(() => this.get_lr());
  }
}

// ---------------------------------------------------------------- rates and momenta together

/** Checks that momenta can follow the rates, and sets their bounds in new runs; gives what the state has. */
function startMomenta(
  optimizer: AnyOptimizer,
  fresh: boolean,
  base: number | readonly number[],
  max: number | readonly number[],
): { use_beta1: boolean; bases: number[]; maxima: number[] } {
  const defaults = optimizer.defaults as object;
  if (!('momentum' in defaults) && !('betas' in defaults))
    throw new ValueError('optimizer must support momentum or beta1 with `cycle_momentum` option enabled');
  const use_beta1 = 'betas' in defaults;
  const [bases, maxima] = [perGroup('base_momentum', optimizer, base), perGroup('max_momentum', optimizer, max)];
  if (fresh) {
    optimizer.param_groups.forEach((group: Group, i) => {
      setMomentum(group, use_beta1, maxima[i]!);
      group.max_momentum = maxima[i];
      group.base_momentum = bases[i];
    });
  }
  return { use_beta1, bases, maxima };
}
function setMomentum(group: Group, use_beta1: boolean, v: number): void {
  if (use_beta1) group.betas = [v, ...(group.betas as number[]).slice(1)];
  else group.momentum = v;
}
type CyclicMode = 'triangular' | 'triangular2' | 'exp_range';
type Scale = (x: number) => number;
export interface CyclicLRSettings {
  base_lr: number | readonly number[];
  max_lr: number | readonly number[];
  step_size_up: number;
  step_size_down: number | null;
  mode: CyclicMode;
  gamma: number;
  scale_fn: Scale | null;
  scale_mode: 'cycle' | 'iterations';
  cycle_momentum: boolean;
  base_momentum: number | readonly number[];
  max_momentum: number | readonly number[];
}
/** Up and down between two rates, while the momentum goes down and up. See https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html. */
export class CyclicLR extends LRScheduler {
  static override readonly __name__: string = 'CyclicLR';
  declare max_lrs: number[];
  declare total_size: number;
  declare step_ratio: number;
  declare mode: CyclicMode;
  declare gamma: number;
  declare _scale_fn_custom: Scale | null;
  declare scale_mode: 'cycle' | 'iterations';
  declare cycle_momentum: boolean;
  declare use_beta1: boolean;
  declare base_momentums: number[];
  declare max_momentums: number[];
  constructor(
    optimizer: AnyOptimizer,
    ...args: Arguments<
      [
        base_lr: number | readonly number[],
        max_lr: number | readonly number[],
        step_size_up?: number,
        step_size_down?: number | null,
        mode?: CyclicMode,
        gamma?: number,
      ],
      CyclicLRSettings & Last
    >
  ) {
    const s = bind<CyclicLRSettings>(
      'CyclicLR',
      args,
      {
        ...{ step_size_up: 2000, step_size_down: null, mode: 'triangular', gamma: 1, scale_fn: null, scale_mode: 'cycle' },
        ...{ cycle_momentum: true, base_momentum: 0.8, max_momentum: 0.9 },
      },
      ['base_lr', 'max_lr'],
    );
    checkOptimizer(optimizer);
    const fresh = s.last_epoch === -1;
    const base_lrs = perGroup('base_lr', optimizer, s.base_lr);
    if (fresh) {
      optimizer.param_groups.forEach((group: Group, i) => {
        setValue(group, 'lr', base_lrs[i]!);
      });
    }
    const max_lrs = perGroup('max_lr', optimizer, s.max_lr);
    const total_size = s.step_size_up + (s.step_size_down ?? s.step_size_up);
    if (!['triangular', 'triangular2', 'exp_range'].includes(s.mode) && s.scale_fn === null)
      throw new ValueError('mode is invalid and scale_fn is None');
    const scale_mode = s.scale_fn ? s.scale_mode : s.mode === 'exp_range' ? 'iterations' : 'cycle';
    const momenta = s.cycle_momentum ? startMomenta(optimizer, fresh, s.base_momentum, s.max_momentum) : null;
    super(optimizer, s.last_epoch, {
      max_lrs,
      total_size,
      step_ratio: s.step_size_up / total_size,
      mode: s.mode,
      gamma: s.gamma,
      _scale_fn_custom: s.scale_fn,
      scale_mode,
      cycle_momentum: s.cycle_momentum,
      ...(momenta && { use_beta1: momenta.use_beta1, base_momentums: momenta.bases, max_momentums: momenta.maxima }),
    });
    this.base_lrs = base_lrs;
  }
  /** How high a cycle or an iteration reaches. */
  scale_fn(x: number): number {
    if (this._scale_fn_custom) return this._scale_fn_custom(x);
    return this.mode === 'triangular' ? 1 : this.mode === 'triangular2' ? 1 / power(2, x - 1) : power(this.gamma, x);
  }
  override get_lr(): Rate[] {
    this.warnOutsideStep();
    const position = this.last_epoch / this.total_size;
    const cycle = Math.floor(1 + position);
    const x = 1 + position - cycle;
    const height = x <= this.step_ratio ? x / this.step_ratio : (x - 1) / (this.step_ratio - 1);
    const scale = this.scale_fn(this.scale_mode === 'cycle' ? cycle : this.last_epoch);
    if (this.cycle_momentum) {
      this.optimizer.param_groups.forEach((group: Group, i) => {
        const [base, max] = [this.base_momentums[i]!, this.max_momentums[i]!];
        setMomentum(group, this.use_beta1, max - (max - base) * height * scale);
      });
    }
    return this.fromBase((base, i) => base + (this.max_lrs[i]! - base) * height * scale);
  }
  override state_dict(): SchedulerState {
    const { _scale_fn_custom: _, ...state } = super.state_dict();
    return { ...state, _scale_fn_custom: null };
  }
  override load_state_dict({ _scale_fn_custom: _, ...state }: SchedulerState): void {
    super.load_state_dict(state);
  }
}
interface Phase {
  end_step: number;
  start_lr: string;
  end_lr: string;
  start_momentum: string;
  end_momentum: string;
}
export interface OneCycleLRSettings {
  max_lr: number | readonly number[];
  total_steps: number | null;
  epochs: number | null;
  steps_per_epoch: number | null;
  pct_start: number;
  anneal_strategy: 'cos' | 'linear';
  cycle_momentum: boolean;
  base_momentum: number | readonly number[];
  max_momentum: number | readonly number[];
  div_factor: number;
  final_div_factor: number;
  three_phase: boolean;
}
/** One way up to `max_lr` and down to almost nothing over the whole run. See https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html. */
export class OneCycleLR extends LRScheduler {
  static override readonly __name__: string = 'OneCycleLR';
  declare total_steps: number;
  declare _schedule_phases: Phase[];
  declare _anneal_func_type: 'cos' | 'linear';
  declare cycle_momentum: boolean;
  declare use_beta1: boolean;
  constructor(
    optimizer: AnyOptimizer,
    ...args: Arguments<
      [
        max_lr: number | readonly number[],
        total_steps?: number | null,
        epochs?: number | null,
        steps_per_epoch?: number | null,
        pct_start?: number,
      ],
      OneCycleLRSettings & Last
    >
  ) {
    const s = bind<OneCycleLRSettings>(
      'OneCycleLR',
      args,
      {
        ...{ total_steps: null, epochs: null, steps_per_epoch: null, pct_start: 0.3, anneal_strategy: 'cos', cycle_momentum: true },
        ...{ base_momentum: 0.85, max_momentum: 0.95, div_factor: 25, final_div_factor: 1e4, three_phase: false },
      },
      ['max_lr'],
    );
    checkOptimizer(optimizer);
    const counted = (name: string, v: number): number => {
      if (!(v > 0) || !Number.isInteger(v)) throw new ValueError(`Expected positive integer ${name}, but got ${python(v)}`);
      return v;
    };
    if (s.total_steps === null && (s.epochs === null || s.steps_per_epoch === null))
      throw new ValueError('You must define either total_steps OR (epochs AND steps_per_epoch)');
    const total_steps =
      s.total_steps !== null
        ? counted('total_steps', s.total_steps)
        : counted('epochs', s.epochs!) * counted('steps_per_epoch', s.steps_per_epoch!);
    if (!(s.pct_start >= 0 && s.pct_start <= 1))
      throw new ValueError(`Expected float between 0 and 1 pct_start, but got ${python(s.pct_start)}`);
    if (s.anneal_strategy !== 'cos' && s.anneal_strategy !== 'linear')
      throw new ValueError(`anneal_strategy must be one of 'cos' or 'linear', instead got ${s.anneal_strategy}`);
    const phase = (end_step: number, lr: [string, string], momentum: [string, string]): Phase => ({
      end_step,
      start_lr: `${lr[0]}_lr`,
      end_lr: `${lr[1]}_lr`,
      start_momentum: `${momentum[0]}_momentum`,
      end_momentum: `${momentum[1]}_momentum`,
    });
    const rise = phase(s.pct_start * total_steps - 1, ['initial', 'max'], ['max', 'base']);
    const _schedule_phases = s.three_phase
      ? [
          rise,
          phase(2 * s.pct_start * total_steps - 2, ['max', 'initial'], ['base', 'max']),
          phase(total_steps - 1, ['initial', 'min'], ['max', 'max']),
        ]
      : [rise, phase(total_steps - 1, ['max', 'min'], ['base', 'max'])];
    const max_lrs = perGroup('max_lr', optimizer, s.max_lr);
    const fresh = s.last_epoch === -1;
    if (fresh) {
      optimizer.param_groups.forEach((group: Group, i) => {
        const max_lr = max_lrs[i]!;
        Object.assign(group, { initial_lr: max_lr / s.div_factor, max_lr, min_lr: max_lr / s.div_factor / s.final_div_factor });
      });
    }
    const momenta = s.cycle_momentum ? startMomenta(optimizer, fresh, s.base_momentum, s.max_momentum) : null;
    super(optimizer, s.last_epoch, {
      total_steps,
      _schedule_phases,
      _anneal_func_type: s.anneal_strategy,
      cycle_momentum: s.cycle_momentum,
      ...(momenta && { use_beta1: momenta.use_beta1 }),
    });
  }
  /** @throws ValueError beyond `total_steps`. */
  override get_lr(): Rate[] {
    this.warnOutsideStep();
    const { last_epoch: now, total_steps, _schedule_phases: phases } = this;
    if (now > total_steps) throw new ValueError(`Tried to step ${now} times. The specified number of total steps is ${total_steps}`);
    const k = phases.findIndex((p, i) => now <= p.end_step || i === phases.length - 1);
    const phase = phases[k]!;
    const start = k === 0 ? 0 : phases[k - 1]!.end_step;
    const part = (now - start) / (phase.end_step - start);
    const between = (from: number, to: number): number =>
      this._anneal_func_type === 'cos' ? to + ((from - to) / 2) * (cos(Math.PI * part) + 1) : (to - from) * part + from;
    return this.optimizer.param_groups.map((group: Group) => {
      const at = (name: string): number => numberOf(group[name] as Rate);
      if (this.cycle_momentum) setMomentum(group, this.use_beta1, between(at(phase.start_momentum), at(phase.end_momentum)));
      return between(at(phase.start_lr), at(phase.end_lr));
    });
  }
}

// ---------------------------------------------------------------- schedulers of schedulers, and of metrics

/** What composite schedulers share: the parts, whose states are part of theirs. */
class Composite extends LRScheduler {
  declare _schedulers: LRScheduler[];
  override state_dict(): SchedulerState {
    const { _schedulers, ...state } = super.state_dict();
    return { ...state, _schedulers: (_schedulers as LRScheduler[]).map((s) => s.state_dict()) };
  }
  override load_state_dict({ _schedulers, ...state }: SchedulerState): void {
    super.load_state_dict(state);
    (_schedulers as SchedulerState[]).forEach((s, i) => {
      this._schedulers[i]!.load_state_dict(s);
    });
  }
  /** @throws TypeError or ValueError for parts that do not fit. */
  protected static checkParts(name: string, schedulers: readonly LRScheduler[], optimizer: AnyOptimizer): void {
    schedulers.forEach((s, i) => {
      if (s?.optimizer === undefined) throw new TypeError(`${name} at index ${i} should have \`optimizer\` as its attribute.`);
      if (s instanceof ReduceLROnPlateau) {
        throw new ValueError(
          `${name} does not support \`ReduceLROnPlateau\` scheduler as it requires additional kwargs to be specified when calling \`step\`, but got one at index ${i} in the given schedulers sequence.`,
        );
      }
      if (s.optimizer === optimizer) return;
      const kind = (x: object): string => (x.constructor as unknown as { __name__: string }).__name__;
      throw new ValueError(
        `${name} expects all schedulers to belong to the same optimizer, but got scheduler ${kind(s)} at index ${i} has ${s.optimizer}, which is different from ${kind(optimizer)}.`,
      );
    });
  }
}
interface SequentialSettings {
  schedulers: LRScheduler[];
  milestones: number[];
}
/** One scheduler after the other; the next begins at its milestone. See https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html. */
export class SequentialLR extends Composite {
  static override readonly __name__: string = 'SequentialLR';
  declare _milestones: number[];
  constructor(
    optimizer: AnyOptimizer,
    ...args: Arguments<[schedulers: LRScheduler[], milestones: number[], last_epoch?: number], SequentialSettings & Last>
  ) {
    const { schedulers, milestones, last_epoch } = bind<SequentialSettings>('SequentialLR', args, {}, ['schedulers', 'milestones']);
    if (schedulers.length < 1) throw new ValueError('SequentialLR expects at least one scheduler, but got no scheduler.');
    SequentialLR.checkParts('SequentialLR', schedulers, optimizer);
    if (milestones.length !== schedulers.length - 1) {
      throw new ValueError(
        `Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone points, but got number of schedulers ${schedulers.length} and the number of milestones to be equal to ${milestones.length}`,
      );
    }
    super(optimizer, null, { _schedulers: schedulers, _milestones: milestones, last_epoch: last_epoch + 1 });
    // The parts made their first steps when they were built: undo them and begin with the first.
    for (const group of optimizer.param_groups) setValue(group, 'lr', group.initial_lr as Rate);
    this.recursive_undo();
    const first = schedulers[bisectRight(milestones, 0)]!;
    first._initial_step();
    this._last_lr = first.get_last_lr();
  }
  /** Takes back one step of all parts. */
  recursive_undo(scheduler: LRScheduler = this): void {
    const parts = (scheduler as Composite)._schedulers;
    if (parts) for (const s of parts) this.recursive_undo(s);
    else scheduler.last_epoch--;
  }
  override step(): void {
    this.last_epoch++;
    const i = bisectRight(this._milestones, this.last_epoch);
    const scheduler = this._schedulers[i]!;
    if (i > 0 && this._milestones[i - 1] === this.last_epoch) scheduler._update_lr(0);
    else scheduler.step();
    this._last_lr = scheduler.get_last_lr();
  }
}
/** Steps of several schedulers at once. See https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html. */
export class ChainedScheduler extends Composite {
  static override readonly __name__: string = 'ChainedScheduler';
  constructor(schedulers: readonly LRScheduler[], optimizer: AnyOptimizer | { optimizer?: AnyOptimizer | null } | null = null) {
    if (schedulers.length < 1) throw new ValueError('ChainedScheduler expects at least one scheduler to be chained, but got no scheduler.');
    const given = optimizer === null || optimizer instanceof Optimizer ? optimizer : (optimizer.optimizer ?? null);
    const common = given ?? schedulers[0]!.optimizer;
    ChainedScheduler.checkParts('ChainedScheduler', schedulers, common);
    super(common, null, { _schedulers: schedulers, _last_lr: valuesOf(common, 'lr') });
  }
  override step(): void {
    for (const s of this._schedulers) s.step();
    this._last_lr = valuesOf(this.optimizer, 'lr');
  }
}

export interface PlateauSettings {
  mode: 'min' | 'max';
  factor: number;
  patience: number;
  threshold: number;
  threshold_mode: 'rel' | 'abs';
  cooldown: number;
  min_lr: number | readonly number[];
  eps: number;
}
/** × factor whenever a metric has not improved for a while. See https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html. */
export class ReduceLROnPlateau extends LRScheduler {
  static override readonly __name__: string = 'ReduceLROnPlateau';
  declare factor: number;
  declare default_min_lr: number | null;
  declare min_lrs: number[];
  declare patience: number;
  declare cooldown: number;
  declare eps: number;
  declare mode_worse: number;
  declare mode: 'min' | 'max';
  declare threshold: number;
  declare threshold_mode: 'rel' | 'abs';
  declare best: number;
  declare cooldown_counter: number;
  declare num_bad_epochs: number;
  constructor(
    optimizer: AnyOptimizer,
    ...args: Arguments<
      [mode?: 'min' | 'max', factor?: number, patience?: number, threshold?: number, threshold_mode?: 'rel' | 'abs', cooldown?: number],
      PlateauSettings
    >
  ) {
    const names = ['mode', 'factor', 'patience', 'threshold', 'threshold_mode', 'cooldown', 'min_lr', 'eps'] as const;
    const s = bindArguments<PlateauSettings>('ReduceLROnPlateau', args, names, {
      ...{ mode: 'min', factor: 0.1, patience: 10, threshold: 1e-4, threshold_mode: 'rel', cooldown: 0, min_lr: 0, eps: 1e-8 },
    });
    if (s.factor >= 1) throw new ValueError('Factor should be < 1.0.');
    checkOptimizer(optimizer);
    const groups = optimizer.param_groups.length;
    const { min_lr } = s;
    if (Array.isArray(min_lr) && min_lr.length !== groups) throw new ValueError(`expected ${groups} min_lrs, got ${min_lr.length}`);
    if (s.mode !== 'min' && s.mode !== 'max') throw new ValueError(`mode ${s.mode} is unknown!`);
    if (s.threshold_mode !== 'rel' && s.threshold_mode !== 'abs') throw new ValueError(`threshold mode ${s.threshold_mode} is unknown!`);
    super(optimizer, null, {
      factor: s.factor,
      default_min_lr: Array.isArray(min_lr) ? null : min_lr,
      min_lrs: perGroup('min_lr', optimizer, min_lr),
      patience: s.patience,
      cooldown: s.cooldown,
      eps: s.eps,
      last_epoch: 0,
      _last_lr: valuesOf(optimizer, 'lr'),
      mode_worse: s.mode === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY,
      mode: s.mode,
      threshold: s.threshold,
      threshold_mode: s.threshold_mode,
    });
    this._reset();
  }
  /** Forgets the metrics so far. */
  _reset(): void {
    this.best = this.mode_worse;
    this.cooldown_counter = 0;
    this.num_bad_epochs = 0;
  }
  get in_cooldown(): boolean {
    return this.cooldown_counter > 0;
  }
  /** Takes the metric of an epoch and lowers the rates if it has stalled. */
  override step(metrics?: number | Tensor | null, epoch?: number | null): void {
    if (metrics === undefined || metrics === null)
      throw new TypeError("ReduceLROnPlateau.step() missing 1 required positional argument: 'metrics'");
    const current = numberOf(metrics);
    if (epoch !== undefined && epoch !== null) console.warn(EPOCH);
    this.last_epoch = epoch ?? this.last_epoch + 1;
    if (this._is_better(current, this.best)) {
      this.best = current;
      this.num_bad_epochs = 0;
    } else this.num_bad_epochs++;
    if (this.in_cooldown) {
      this.cooldown_counter--;
      this.num_bad_epochs = 0;
    }
    if (this.num_bad_epochs > this.patience) {
      this._reduce_lr();
      this.cooldown_counter = this.cooldown;
      this.num_bad_epochs = 0;
    }
    this._last_lr = valuesOf(this.optimizer, 'lr');
  }
  _reduce_lr(): void {
    const groups: Group[] = this.optimizer.param_groups;
    if (groups.length !== this.min_lrs.length) {
      if (this.default_min_lr === null) {
        throw new RuntimeError(
          `The number of param groups in the \`optimizer\` (${groups.length}) differs from when \`ReduceLROnPlateau\` was initialized (${this.min_lrs.length}), usually due to a new param group being added to the optimizer. Please modify the \`min_lrs\` field to match the length of the \`optimizer\` param groups.`,
        );
      }
      this.min_lrs = Array(groups.length).fill(this.default_min_lr);
    }
    groups.forEach((group, i) => {
      const old = rateOf(group);
      const lower = Math.max(old * this.factor, this.min_lrs[i]!);
      if (old - lower > this.eps) setValue(group, 'lr', lower);
    });
  }
  _is_better(a: number, best: number): boolean {
    const { mode, threshold, threshold_mode } = this;
    if (mode === 'min') return a < (threshold_mode === 'rel' ? best * (1 - threshold) : best - threshold);
    return a > (threshold_mode === 'rel' ? best * (threshold + 1) : best + threshold);
  }
}
