// torch.utils.data.distributed: each of several processes takes its part of a dataset.
import { RuntimeError, ValueError } from '../../core/errors.ts';
import { Generator as RandomGenerator } from '../../core/generator.ts';
import { bindArguments } from '../../nn/arguments.ts';
import type { Arguments } from '../../nn/simple.ts';
import * as torch from '../../surface/generated/torch.ts';
import { numbers, Sampler, type Sized } from './sampler.ts';

interface Settings {
  num_replicas: number | null;
  rank: number | null;
  shuffle: boolean;
  seed: number;
  drop_last: boolean;
}
/**
 * The places of one process among `num_replicas`: every process takes as many. The tail that does not divide evenly is dropped with
 * `drop_last`, else the first places are taken again. Call `set_epoch` before each pass for another order.
 *
 * See https://pytorch.org/docs/stable/data.html#torch.utils.data.distributed.DistributedSampler.
 * @throws RuntimeError without num_replicas and rank: there is no process group to ask; ValueError if rank is not in [0, num_replicas).
 */
export class DistributedSampler extends Sampler {
  static readonly __module__ = 'torch.utils.data.distributed';
  readonly num_replicas: number;
  readonly rank: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly drop_last: boolean;
  readonly num_samples: number;
  readonly total_size: number;
  epoch = 0;
  constructor(
    readonly dataset: Sized,
    ...args: Arguments<
      [num_replicas?: number | null, rank?: number | null, shuffle?: boolean, seed?: number, drop_last?: boolean],
      Settings
    >
  ) {
    super();
    const names = ['num_replicas', 'rank', 'shuffle', 'seed', 'drop_last'] as const;
    const defaults = { num_replicas: null, rank: null, shuffle: true, seed: 0, drop_last: false };
    const s = bindArguments<Settings>('DistributedSampler', args, names, defaults);
    if (s.num_replicas === null || s.rank === null) throw new RuntimeError('Requires distributed package to be available');
    if (s.rank >= s.num_replicas || s.rank < 0)
      throw new ValueError(`Invalid rank ${s.rank}, rank should be in the interval [0, ${s.num_replicas - 1}]`);
    this.num_replicas = s.num_replicas;
    this.rank = s.rank;
    this.shuffle = s.shuffle;
    this.seed = s.seed;
    this.drop_last = s.drop_last;
    const n = dataset.length;
    this.num_samples = Math.ceil((s.drop_last && n % s.num_replicas !== 0 ? n - s.num_replicas : n) / s.num_replicas);
    this.total_size = this.num_samples * s.num_replicas;
  }
  *[Symbol.iterator](): Generator<number> {
    const n = this.dataset.length;
    const generator = new RandomGenerator().manual_seed(this.seed + this.epoch);
    const order = this.shuffle ? numbers(torch.randperm(n, { generator })) : Array.from({ length: n }, (_, i) => i);
    // Beyond the end the order begins again.
    for (let i = this.rank; i < this.total_size; i += this.num_replicas) yield order[i % n]!;
  }
  get length(): number {
    return this.num_samples;
  }
  /** Sets the epoch, which with the seed decides the order. */
  set_epoch(epoch: number): void {
    this.epoch = epoch;
  }
}
