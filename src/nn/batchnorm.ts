// Batch and instance normalisation: each channel by the statistics of a batch or of an example, or by running ones.
import { int64 } from '../core/dtype.ts';
import { ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { tensor } from '../surface/construct.ts';
import * as torch from '../surface/generated/torch.ts';
import { pythonFloat } from '../core/dtype.ts';
import { bindArguments } from './arguments.ts';
import * as F from './functional.ts';
import * as init from './init.ts';
import { type FactoryOptions, pythonBool } from './linear.ts';
import { type Constructor, type LazyModule, LazyModuleMixin } from './lazy.ts';
import { className, Module, type StateDict } from './module.ts';
import { Parameter, UninitializedBuffer, UninitializedParameter } from './parameter.ts';
import type { Arguments } from './simple.ts';

export interface BatchNormOptions extends FactoryOptions {
  num_features: number;
  eps?: number;
  momentum?: number | null;
  affine?: boolean;
  track_running_stats?: boolean;
  /** Without: an affine module has a scale and no shift. */
  bias?: boolean;
}
export type BatchNormArguments =
  | [options: BatchNormOptions]
  | [num_features: number, options?: Omit<BatchNormOptions, 'num_features'>]
  | [num_features: number, eps?: number, momentum?: number | null, affine?: boolean, track_running_stats?: boolean];

const NAMES = ['num_features', 'eps', 'momentum', 'affine', 'track_running_stats', 'device', 'dtype', 'bias'] as const;
const DEFAULTS = { eps: 1e-5, momentum: 0.1, affine: true, track_running_stats: true, device: null, dtype: null, bias: true } as const;
/** What batch and instance normalisation have in common. */
abstract class NormBase extends Module {
  static readonly _version = 2;
  num_features: number;
  readonly eps: number;
  readonly momentum: number | null;
  affine: boolean;
  track_running_stats: boolean;
  weight: Parameter | null = null;
  bias: Parameter | null = null;
  declare running_mean: Tensor | null;
  declare running_var: Tensor | null;
  declare num_batches_tracked: Tensor | null;
  constructor(a: Required<BatchNormOptions>) {
    super();
    this.num_features = a.num_features;
    this.eps = a.eps;
    this.momentum = a.momentum;
    this.affine = a.affine;
    this.track_running_stats = a.track_running_stats;
    const factory = { device: a.device, dtype: a.dtype };
    if (a.affine) this.weight = new Parameter(torch.empty([a.num_features], factory));
    else this.register_parameter('weight', null);
    if (a.affine && a.bias) this.bias = new Parameter(torch.empty([a.num_features], factory));
    else this.register_parameter('bias', null);
    if (a.track_running_stats) {
      this.register_buffer('running_mean', torch.zeros([a.num_features], factory));
      this.register_buffer('running_var', torch.ones([a.num_features], factory));
      this.register_buffer('num_batches_tracked', tensor(0, { dtype: int64, device: a.device }));
    } else for (const name of ['running_mean', 'running_var', 'num_batches_tracked']) this.register_buffer(name, null);
    this.reset_parameters();
  }
  reset_running_stats(): void {
    if (!this.track_running_stats) return;
    this.running_mean!.zero_();
    this.running_var!.fill_(1);
    this.num_batches_tracked!.zero_();
  }
  reset_parameters(): void {
    this.reset_running_stats();
    if (!this.affine) return;
    init.ones_(this.weight!);
    if (this.bias) init.zeros_(this.bias);
  }
  /** @internal The dimensions that an input may have. */
  abstract readonly dimensions: readonly number[];
  protected check(input: Tensor): void {
    if (this.dimensions.includes(input.ndim)) return;
    throw new ValueError(`expected ${this.dimensions.map((n) => `${n}D`).join(' or ')} input (got ${input.ndim}D input)`);
  }
  override extra_repr(): string {
    const momentum = this.momentum === null ? 'None' : pythonFloat(this.momentum);
    return `${this.num_features}, eps=${pythonFloat(this.eps)}, momentum=${momentum}, affine=${pythonBool(this.affine)}, bias=${pythonBool(this.bias !== null)}, track_running_stats=${pythonBool(this.track_running_stats)}`;
  }
  override _load_from_state_dict(
    state_dict: StateDict,
    prefix: string,
    metadata: { version?: number; assign?: boolean },
    strict: boolean,
    missing: string[],
    unexpected: string[],
    errors: string[],
  ): void {
    // Files of before version 2 do not have the count.
    const key = `${prefix}num_batches_tracked`;
    if ((metadata.version ?? 0) < 2 && this.track_running_stats && !(key in state_dict))
      state_dict[key] = this.num_batches_tracked ?? tensor(0, { dtype: int64 });
    super._load_from_state_dict(state_dict, prefix, metadata, strict, missing, unexpected, errors);
  }
}
abstract class BatchNorm extends NormBase {
  constructor(owner: string, args: readonly unknown[]) {
    super(bindArguments<Required<BatchNormOptions>>(owner, args, NAMES, DEFAULTS));
  }
  forward(input: Tensor): Tensor {
    this.check(input);
    let factor = this.momentum ?? 0;
    if (this.training && this.track_running_stats && this.num_batches_tracked !== null) {
      this.num_batches_tracked.add_(1);
      if (this.momentum === null) factor = 1 / this.num_batches_tracked.item();
    }
    const batchStatistics = this.training || (this.running_mean === null && this.running_var === null);
    const running = !this.training || this.track_running_stats;
    return F.batch_norm(
      input,
      running ? this.running_mean : null,
      running ? this.running_var : null,
      this.weight,
      this.bias,
      batchStatistics,
      factor,
      this.eps,
    );
  }
}
/** Normalises each channel over (N, L): input (N, C) or (N, C, L); see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html. */
export class BatchNorm1d extends BatchNorm {
  static override readonly __name__: string = 'BatchNorm1d';
  constructor(...args: BatchNormArguments) {
    super('BatchNorm1d', args);
  }
  override get dimensions(): readonly number[] {
    return [2, 3];
  }
}
/** Normalises each channel over (N, H, W); see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html. */
export class BatchNorm2d extends BatchNorm {
  static override readonly __name__: string = 'BatchNorm2d';
  constructor(...args: BatchNormArguments) {
    super('BatchNorm2d', args);
  }
  override get dimensions(): readonly number[] {
    return [4];
  }
}
/** Normalises each channel over (N, D, H, W); see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html. */
export class BatchNorm3d extends BatchNorm {
  static override readonly __name__: string = 'BatchNorm3d';
  constructor(...args: BatchNormArguments) {
    super('BatchNorm3d', args);
  }
  override get dimensions(): readonly number[] {
    return [5];
  }
}

export interface SyncBatchNormOptions extends BatchNormOptions {
  process_group?: unknown;
}
/**
 * Batch normalisation whose statistics are those of all processes. Here is one process, so it is batch normalisation of inputs (N, C, …).
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.SyncBatchNorm.html.
 */
export class SyncBatchNorm extends BatchNorm {
  static override readonly __name__: string = 'SyncBatchNorm';
  readonly process_group: unknown;
  constructor(
    ...args: Arguments<
      [
        num_features: number,
        eps?: number,
        momentum?: number | null,
        affine?: boolean,
        track_running_stats?: boolean,
        process_group?: unknown,
      ],
      SyncBatchNormOptions
    >
  ) {
    const names = [...NAMES.slice(0, 5), 'process_group', ...NAMES.slice(5)] as (keyof SyncBatchNormOptions)[];
    const { process_group, ...a } = bindArguments<Required<SyncBatchNormOptions>>('SyncBatchNorm', args, names, {
      ...DEFAULTS,
      process_group: null,
    });
    super('SyncBatchNorm', [a]);
    this.process_group = process_group;
  }
  override get dimensions(): readonly number[] {
    return [2];
  }
  protected override check(input: Tensor): void {
    if (input.ndim < 2) throw new ValueError(`expected at least 2D input (got ${input.ndim}D input)`);
    if (input.shape[1] === 0) throw new ValueError('SyncBatchNorm number of input channels should be non-zero');
  }
  /** The module with every batch normalisation in it replaced by one that keeps its parameters and buffers. */
  static convert_sync_batchnorm(module: Module, process_group: unknown = null): Module {
    let result = module;
    if (module instanceof BatchNorm) {
      const { num_features, eps, momentum, affine, track_running_stats } = module;
      const sync = new SyncBatchNorm({
        num_features,
        eps,
        momentum,
        affine,
        track_running_stats,
        process_group,
        bias: module.bias !== null,
      });
      sync.weight = module.weight;
      sync.bias = module.bias;
      sync.running_mean = module.running_mean;
      sync.running_var = module.running_var;
      sync.num_batches_tracked = module.num_batches_tracked;
      sync.training = module.training;
      result = sync;
    }
    for (const [name, child] of module.named_children())
      result.add_module(name, SyncBatchNorm.convert_sync_batchnorm(child, process_group));
    return result;
  }
}

export interface InstanceNormOptions extends Omit<BatchNormOptions, 'momentum'> {
  momentum?: number;
}
export type InstanceNormArguments =
  | [options: InstanceNormOptions]
  | [num_features: number, options?: Omit<InstanceNormOptions, 'num_features'>]
  | [num_features: number, eps?: number, momentum?: number, affine?: boolean, track_running_stats?: boolean];
abstract class InstanceNorm extends NormBase {
  constructor(owner: string, args: readonly unknown[]) {
    super(bindArguments<Required<BatchNormOptions>>(owner, args, NAMES, { ...DEFAULTS, affine: false, track_running_stats: false }));
  }
  forward(input: Tensor): Tensor {
    this.check(input);
    const single = this.dimensions[0]!;
    const dim = input.ndim - single;
    const channels = input.shape[dim]!;
    if (channels !== this.num_features) {
      if (this.affine)
        throw new ValueError(`expected input's size at dim=${dim} to match num_features (${this.num_features}), but got: ${channels}.`);
      console.warn(
        `input's size at dim=${dim} does not match num_features. You can silence this warning by not passing in num_features, which is not used because affine=False`,
      );
    }
    return dim === 0 ? this.normalised(input.unsqueeze(0)).squeeze(0) : this.normalised(input);
  }
  private normalised(input: Tensor): Tensor {
    return F.instance_norm(
      input,
      this.running_mean,
      this.running_var,
      this.weight,
      this.bias,
      this.training || !this.track_running_stats,
      this.momentum ?? 0,
      this.eps,
    );
  }
  override _load_from_state_dict(
    state_dict: StateDict,
    prefix: string,
    metadata: { version?: number; assign?: boolean },
    strict: boolean,
    missing: string[],
    unexpected: string[],
    errors: string[],
  ): void {
    const stale =
      metadata.version === undefined && !this.track_running_stats
        ? ['running_mean', 'running_var'].map((name) => prefix + name).filter((key) => key in state_dict)
        : [];
    if (stale.length) {
      const klass = className(this);
      errors.push(
        `Unexpected running stats buffer(s) ${stale.map((k) => `"${k}"`).join(' and ')} for ${klass} with track_running_stats=False. If state_dict is a checkpoint saved before 0.4.0, this may be expected because ${klass} does not track running stats by default since 0.4.0. Please remove these keys from state_dict. If the running stats are actually needed, instead set track_running_stats=True in ${klass} to enable them. See the documentation of ${klass} for details.`,
      );
      for (const key of stale) delete state_dict[key];
    }
    super._load_from_state_dict(state_dict, prefix, metadata, strict, missing, unexpected, errors);
  }
}
/** Normalises each channel of each example: (N, C, L) or (C, L); see https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html. */
export class InstanceNorm1d extends InstanceNorm {
  static override readonly __name__: string = 'InstanceNorm1d';
  constructor(...args: InstanceNormArguments) {
    super('InstanceNorm1d', args);
  }
  override get dimensions(): readonly number[] {
    return [2, 3];
  }
}
/** Normalises each channel of each example: (N, C, H, W) or (C, H, W); see https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html. */
export class InstanceNorm2d extends InstanceNorm {
  static override readonly __name__: string = 'InstanceNorm2d';
  constructor(...args: InstanceNormArguments) {
    super('InstanceNorm2d', args);
  }
  override get dimensions(): readonly number[] {
    return [3, 4];
  }
}
/** Normalises each channel of each example: (N, C, D, H, W) or (C, D, H, W); see https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm3d.html. */
export class InstanceNorm3d extends InstanceNorm {
  static override readonly __name__: string = 'InstanceNorm3d';
  constructor(...args: InstanceNormArguments) {
    super('InstanceNorm3d', args);
  }
  override get dimensions(): readonly number[] {
    return [4, 5];
  }
}

export type LazyNormArguments = Arguments<
  [eps?: number, momentum?: number | null, affine?: boolean, track_running_stats?: boolean],
  Omit<BatchNormOptions, 'num_features'>
>;
/** What a lazy normalisation is built on: any normalisation, made without state. */
type LazyBase = Constructor<BatchNorm> & { readonly __name__: string };
/** The base of a normalisation whose `num_features` are the channels of its first input. */
function lazily<M extends NormBase>(Base: Constructor<M>): new (...args: LazyNormArguments) => M & LazyModule {
  abstract class LazyNorm extends LazyModuleMixin(Base as unknown as LazyBase) {
    static readonly cls_to_become = Base;
    constructor(...args: LazyNormArguments) {
      const a = bindArguments<Required<BatchNormOptions>>(new.target.__name__, args, NAMES.slice(1), DEFAULTS);
      super({ ...a, num_features: 0, affine: false, track_running_stats: false, bias: false });
      this.affine = a.affine;
      this.track_running_stats = a.track_running_stats;
      const factory = { device: a.device, dtype: a.dtype };
      if (a.affine) this.weight = new UninitializedParameter(factory);
      if (a.affine && a.bias) this.bias = new UninitializedParameter(factory);
      if (a.track_running_stats) {
        this.running_mean = new UninitializedBuffer(factory);
        this.running_var = new UninitializedBuffer(factory);
        this.num_batches_tracked = tensor(0, { dtype: int64, device: a.device });
      }
    }
    override reset_parameters(): void {
      if (!this.has_uninitialized_params() && this.num_features !== 0) super.reset_parameters();
    }
    override initialize_parameters(input: Tensor): void {
      if (!this.has_uninitialized_params()) return;
      this.num_features = input.shape[1]!;
      for (const t of [this.weight, this.bias, this.running_mean, this.running_var]) {
        (t as UninitializedParameter | UninitializedBuffer | null)?.materialize([this.num_features]);
      }
      this.reset_parameters();
    }
  }
  return LazyNorm as unknown as new (
    ...args: LazyNormArguments
  ) => M & LazyModule;
}
/** A BatchNorm1d whose `num_features` are the channels of its first input; see https://pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm1d.html. */
export class LazyBatchNorm1d extends lazily(BatchNorm1d) {
  static readonly __name__: string = 'LazyBatchNorm1d';
}
/** A BatchNorm2d whose `num_features` are the channels of its first input; see https://pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm2d.html. */
export class LazyBatchNorm2d extends lazily(BatchNorm2d) {
  static readonly __name__: string = 'LazyBatchNorm2d';
}
/** A BatchNorm3d whose `num_features` are the channels of its first input; see https://pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm3d.html. */
export class LazyBatchNorm3d extends lazily(BatchNorm3d) {
  static readonly __name__: string = 'LazyBatchNorm3d';
}
/** A InstanceNorm1d whose `num_features` are the channels of its first input; see https://pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm1d.html. */
export class LazyInstanceNorm1d extends lazily(InstanceNorm1d) {
  static readonly __name__: string = 'LazyInstanceNorm1d';
}
/** A InstanceNorm2d whose `num_features` are the channels of its first input; see https://pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm2d.html. */
export class LazyInstanceNorm2d extends lazily(InstanceNorm2d) {
  static readonly __name__: string = 'LazyInstanceNorm2d';
}
/** A InstanceNorm3d whose `num_features` are the channels of its first input; see https://pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm3d.html. */
export class LazyInstanceNorm3d extends lazily(InstanceNorm3d) {
  static readonly __name__: string = 'LazyInstanceNorm3d';
}
