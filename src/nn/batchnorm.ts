// Batch normalisation.
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
import { Module, type StateDict } from './module.ts';
import { Parameter } from './parameter.ts';

export interface BatchNormOptions extends FactoryOptions {
  num_features: number;
  eps?: number;
  momentum?: number | null;
  affine?: boolean;
  track_running_stats?: boolean;
}
export type BatchNormArguments =
  | [options: BatchNormOptions]
  | [num_features: number, options?: Omit<BatchNormOptions, 'num_features'>]
  | [num_features: number, eps?: number, momentum?: number | null, affine?: boolean, track_running_stats?: boolean];

abstract class BatchNorm extends Module {
  static readonly _version = 2;
  readonly num_features: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly affine: boolean;
  readonly track_running_stats: boolean;
  weight: Parameter | null = null;
  bias: Parameter | null = null;
  declare running_mean: Tensor | null;
  declare running_var: Tensor | null;
  declare num_batches_tracked: Tensor | null;
  constructor(owner: string, args: readonly unknown[]) {
    super();
    const a = bindArguments<Required<BatchNormOptions>>(owner, args, ['num_features', 'eps', 'momentum', 'affine', 'track_running_stats', 'device', 'dtype'], {
      eps: 1e-5,
      momentum: 0.1,
      affine: true,
      track_running_stats: true,
      device: null,
      dtype: null,
    });
    this.num_features = a.num_features;
    this.eps = a.eps;
    this.momentum = a.momentum;
    this.affine = a.affine;
    this.track_running_stats = a.track_running_stats;
    const factory = { device: a.device, dtype: a.dtype };
    if (a.affine) {
      this.weight = new Parameter(torch.empty([a.num_features], factory));
      this.bias = new Parameter(torch.empty([a.num_features], factory));
    } else {
      this.register_parameter('weight', null);
      this.register_parameter('bias', null);
    }
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
    if (this.affine) {
      init.ones_(this.weight!);
      init.zeros_(this.bias!);
    }
  }
  protected abstract check(input: Tensor): void;
  forward(input: Tensor): Tensor {
    this.check(input);
    let factor = this.momentum ?? 0;
    if (this.training && this.track_running_stats && this.num_batches_tracked !== null) {
      this.num_batches_tracked.add_(1);
      if (this.momentum === null) factor = 1 / this.num_batches_tracked.item();
    }
    const batchStatistics = this.training || (this.running_mean === null && this.running_var === null);
    const running = !this.training || this.track_running_stats;
    return F.batch_norm(input, running ? this.running_mean : null, running ? this.running_var : null, this.weight, this.bias, batchStatistics, factor, this.eps);
  }
  override extra_repr(): string {
    const momentum = this.momentum === null ? 'None' : pythonFloat(this.momentum);
    return `${this.num_features}, eps=${pythonFloat(this.eps)}, momentum=${momentum}, affine=${pythonBool(this.affine)}, bias=${pythonBool(this.bias !== null)}, track_running_stats=${pythonBool(this.track_running_stats)}`;
  }
  override _load_from_state_dict(state_dict: StateDict, prefix: string, metadata: { version?: number; assign?: boolean }, strict: boolean, missing: string[], unexpected: string[], errors: string[]): void {
    // Files of before version 2 do not have the count.
    const key = `${prefix}num_batches_tracked`;
    if ((metadata.version ?? 0) < 2 && this.track_running_stats && !(key in state_dict)) state_dict[key] = this.num_batches_tracked ?? tensor(0, { dtype: int64 });
    super._load_from_state_dict(state_dict, prefix, metadata, strict, missing, unexpected, errors);
  }
}
function checkDimensions(input: Tensor, allowed: readonly number[]): void {
  if (allowed.includes(input.ndim)) return;
  throw new ValueError(`expected ${allowed.map((n) => `${n}D`).join(' or ')} input (got ${input.ndim}D input)`);
}
/** Normalises each channel over (N, L): input (N, C) or (N, C, L). */
export class BatchNorm1d extends BatchNorm {
  static override readonly __name__: string = 'BatchNorm1d';
  constructor(...args: BatchNormArguments) {
    super('BatchNorm1d', args);
  }
  protected override check(input: Tensor): void {
    checkDimensions(input, [2, 3]);
  }
}
/** Normalises each channel over (N, H, W). */
export class BatchNorm2d extends BatchNorm {
  static override readonly __name__: string = 'BatchNorm2d';
  constructor(...args: BatchNormArguments) {
    super('BatchNorm2d', args);
  }
  protected override check(input: Tensor): void {
    checkDimensions(input, [4]);
  }
}
/** Normalises each channel over (N, D, H, W). */
export class BatchNorm3d extends BatchNorm {
  static override readonly __name__: string = 'BatchNorm3d';
  constructor(...args: BatchNormArguments) {
    super('BatchNorm3d', args);
  }
  protected override check(input: Tensor): void {
    checkDimensions(input, [5]);
  }
}
