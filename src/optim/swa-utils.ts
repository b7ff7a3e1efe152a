// torch.optim.swa_utils: averages of weights over a run; see https://pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema.
import '../surface/install.ts';
import { no_grad } from '../autograd/modes.ts';
import type { Device } from '../core/device.ts';
import { int64 } from '../core/dtype.ts';
import { AssertionError, ValueError } from '../core/errors.ts';
import { angle, sincos } from '../core/libm.ts';
import { Tensor } from '../core/tensor.ts';
import { bindArguments } from '../nn/arguments.ts';
import { BatchNorm1d, BatchNorm2d, BatchNorm3d, SyncBatchNorm } from '../nn/batchnorm.ts';
import { Module } from '../nn/module.ts';
import { type Arguments, python } from '../nn/simple.ts';
import { deepcopy } from '../nn/utils/deepcopy.ts';
import * as torch from '../surface/generated/torch.ts';
import { type AnyOptimizer, LRScheduler, perGroup } from './lr-scheduler.ts';
import { numberOf } from './optimizer.ts';

/** The new average from the old one, the current value and how many were averaged. */
export type AvgFn = (averaged: Tensor, current: Tensor, num_averaged: Tensor | number) => Tensor;
/** Updates a list of averages of one dtype in place. */
export type MultiAvgFn = (averaged: readonly Tensor[], current: readonly Tensor[], num_averaged: Tensor | number) => void;
type Decay = number | { readonly decay?: number };

function checkedDecay(given: Decay): number {
  const decay = typeof given === 'number' ? given : (given.decay ?? 0.999);
  if (decay < 0 || decay > 1)
    throw new ValueError(`Invalid decay value ${python(decay, !Number.isInteger(decay))} provided. Please provide a value in [0,1] range.`);
  return decay;
}
const isInexact = (t: Tensor): boolean => t.is_floating_point() || t.is_complex();
const each = (averaged: readonly Tensor[], current: readonly Tensor[], f: (a: Tensor, c: Tensor) => void): void =>
  no_grad(() => {
    averaged.forEach((a, i) => {
      f(a, current[i]!);
    });
  });

/** An exponential moving average of all tensors of a list. @throws ValueError unless 0 ≤ decay ≤ 1. */
export function get_ema_multi_avg_fn(decay: Decay = 0.999): MultiAvgFn {
  const d = checkedDecay(decay);
  return (averaged, current) =>
    each(averaged, current, (a, c) => (isInexact(averaged[0]!) ? a.lerp_(c, 1 - d) : a.copy_(a.mul(d).add(c.mul(1 - d)))));
}
/** The mean of all tensors of a list so far. */
export function get_swa_multi_avg_fn(): MultiAvgFn {
  return (averaged, current, num_averaged) => {
    const n = numberOf(num_averaged) + 1;
    each(averaged, current, (a, c) => (isInexact(averaged[0]!) ? a.lerp_(c, 1 / n) : a.add_(c.sub(a).div(n).to(a.dtype))));
  };
}
/** An exponential moving average. @throws ValueError unless 0 ≤ decay ≤ 1. */
export function get_ema_avg_fn(decay: Decay = 0.999): AvgFn {
  const d = checkedDecay(decay);
  return (averaged, current) => no_grad(() => averaged.mul(d).add(current.mul(1 - d)));
}
/** The mean so far. */
export function get_swa_avg_fn(): AvgFn {
  return (averaged, current, num_averaged) => no_grad(() => averaged.add(current.sub(averaged).div(numberOf(num_averaged) + 1)));
}

interface AveragedModelSettings {
  device: Device | string | null;
  avg_fn: AvgFn | null;
  multi_avg_fn: MultiAvgFn | null;
  use_buffers: boolean;
}
/** A copy of a model whose parameters are averages over the run; see https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html. */
export class AveragedModel<M extends Module = Module> extends Module {
  static override readonly __name__: string = 'AveragedModel';
  module: M;
  declare n_averaged: Tensor;
  avg_fn: AvgFn | null;
  multi_avg_fn: MultiAvgFn | null;
  use_buffers: boolean;
  /** @throws AssertionError for two functions. */
  constructor(
    model: M,
    ...args: Arguments<
      [device?: Device | string | null, avg_fn?: AvgFn | null, multi_avg_fn?: MultiAvgFn | null, use_buffers?: boolean],
      AveragedModelSettings
    >
  ) {
    super();
    const s = bindArguments<AveragedModelSettings>('AveragedModel', args, ['device', 'avg_fn', 'multi_avg_fn', 'use_buffers'], {
      device: null,
      avg_fn: null,
      multi_avg_fn: null,
      use_buffers: false,
    });
    if (s.avg_fn && s.multi_avg_fn) throw new AssertionError('Only one of avg_fn and multi_avg_fn should be provided');
    this.module = deepcopy(model);
    if (s.device !== null) this.module.to(s.device);
    this.register_buffer('n_averaged', torch.zeros([], { dtype: int64, device: s.device }));
    this.avg_fn = s.avg_fn;
    this.multi_avg_fn = s.multi_avg_fn;
    this.use_buffers = s.use_buffers;
  }
  override forward(...args: unknown[]): unknown {
    return (this.module as unknown as (...args: unknown[]) => unknown)(...args);
  }
  /** Takes the model's current parameters into the averages. */
  update_parameters(model: Module): void {
    const values = (m: Module, own: Iterable<Tensor>): Tensor[] =>
      [...(this.use_buffers ? [...m.parameters(), ...m.buffers()] : own)].map((t) => t.detach());
    const averaged = values(this.module, this.parameters());
    const current = values(model, model.parameters()).map((t, i) => t.to(averaged[i]!.device));
    const n = this.n_averaged.item();
    const copy = (to: readonly Tensor[], from: readonly Tensor[]): void => each(to, from, (a, c) => a.copy_(c));
    if (n === 0) copy(averaged, current);
    else if (this.avg_fn && !this.multi_avg_fn) each(averaged, current, (a, c) => a.copy_(this.avg_fn!(a, c, this.n_averaged)));
    else {
      const update = this.multi_avg_fn ?? get_swa_multi_avg_fn();
      for (const dtype of new Set(averaged.map((t) => t.dtype))) {
        const of = averaged.map((t, i) => (t.dtype === dtype ? i : -1)).filter((i) => i >= 0);
        update(
          of.map((i) => averaged[i]!),
          of.map((i) => current[i]!),
          this.n_averaged,
        );
      }
    }
    if (!this.use_buffers)
      copy(
        [...this.module.buffers()].map((t) => t.detach()),
        [...model.buffers()].map((t) => t.detach()),
      );
    this.n_averaged.add_(1);
  }
}

const BATCH_NORMS = [BatchNorm1d, BatchNorm2d, BatchNorm3d, SyncBatchNorm];
/**
 * Runs the batches of `loader` through the model to set the running statistics of its batch norms, which averaging leaves wrong.
 * A batch that is a list stands for its first item.
 */
export function update_bn(
  loader: Iterable<unknown>,
  model: Module,
  device: Device | string | { device?: Device | string | null } | null = null,
): void {
  const to =
    typeof device === 'object' && device !== null && Object.getPrototypeOf(device) === Object.prototype
      ? ((device as { device?: Device | string }).device ?? null)
      : (device as Device | string | null);
  const norms = [...model.modules()].filter((m) => BATCH_NORMS.some((kind) => m instanceof kind)) as (Module & {
    momentum: number | null;
    reset_running_stats(): void;
  })[];
  if (norms.length === 0) return;
  const momenta = norms.map((m) => m.momentum);
  const training = model.training;
  no_grad(() => {
    model.train();
    for (const m of norms) {
      m.reset_running_stats();
      m.momentum = null;
    }
    for (const batch of loader) {
      const input = Array.isArray(batch) ? batch[0] : batch;
      (model as unknown as (x: unknown) => unknown)(to !== null && input instanceof Tensor ? input.to(to) : input);
    }
    norms.forEach((m, i) => {
      m.momentum = momenta[i]!;
    });
    model.train(training);
  });
}

interface SWALRSettings {
  swa_lr: number | readonly number[];
  anneal_epochs: number;
  anneal_strategy: 'cos' | 'linear';
  last_epoch: number;
}
/** Goes to a constant rate in some epochs and stays there; see https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.SWALR.html. */
export class SWALR extends LRScheduler {
  static override readonly __name__: string = 'SWALR';
  declare _anneal_strategy: 'cos' | 'linear';
  declare anneal_epochs: number;
  constructor(
    optimizer: AnyOptimizer,
    ...args: Arguments<
      [swa_lr: number | readonly number[], anneal_epochs?: number, anneal_strategy?: 'cos' | 'linear', last_epoch?: number],
      SWALRSettings
    >
  ) {
    const s = bindArguments<SWALRSettings>('SWALR', args, ['swa_lr', 'anneal_epochs', 'anneal_strategy', 'last_epoch'], {
      anneal_epochs: 10,
      anneal_strategy: 'cos',
      last_epoch: -1,
    });
    const swa_lrs = perGroup('swa_lr', optimizer, s.swa_lr);
    optimizer.param_groups.forEach((group, i) => {
      group.swa_lr = swa_lrs[i];
    });
    if (s.anneal_strategy !== 'cos' && s.anneal_strategy !== 'linear')
      throw new ValueError(`anneal_strategy must be one of 'cos' or 'linear', instead got ${s.anneal_strategy}`);
    if (!Number.isInteger(s.anneal_epochs) || s.anneal_epochs < 0)
      throw new ValueError(`anneal_epochs must be equal or greater than 0, got ${python(s.anneal_epochs)}`);
    super(optimizer, s.last_epoch, { _anneal_strategy: s.anneal_strategy, anneal_epochs: s.anneal_epochs });
  }
  private annealed(step: number): number {
    const t = Math.max(0, Math.min(1, step / Math.max(1, this.anneal_epochs)));
    if (this._anneal_strategy === 'linear') return t;
    sincos(Math.PI * t);
    return (1 - angle.cos) / 2;
  }
  override get_lr(): number[] {
    this.warnOutsideStep();
    const step = this.anneal_epochs === 0 ? Math.max(1, this._step_count - 1) : this._step_count - 1;
    const [before, now] = [this.annealed(step - 1), this.annealed(step)];
    return this.optimizer.param_groups.map((group) => {
      const [lr, swa_lr] = [numberOf(group.lr), group.swa_lr as number];
      const initial = before === 1 ? swa_lr : (lr - before * swa_lr) / (1 - before);
      return swa_lr * now + initial * (1 - now);
    });
  }
}
