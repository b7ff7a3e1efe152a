// The options of a DataLoader: their names and defaults, and what PyTorch says of those that do not fit together.
import { PyTypeError as TypeError, ValueError } from '../../core/errors.ts';
import type { Generator as RandomGenerator } from '../../core/generator.ts';
import { builtin } from '../../core/host.ts';
import { python } from '../../nn/simple.ts';
import { notice } from './workers/pack.ts';

export interface DataLoaderOptions<T, B> {
  batch_size: number | null;
  shuffle: boolean | null;
  sampler: Iterable<number> | null;
  batch_sampler: Iterable<number[]> | null;
  /** How many worker threads load; 0: the calling thread does. */
  num_workers: number;
  collate_fn: ((samples: Awaited<T>[]) => B) | null;
  pin_memory: boolean;
  drop_last: boolean;
  timeout: number;
  worker_init_fn: ((worker_id: number) => unknown) | null;
  multiprocessing_context: unknown;
  generator: RandomGenerator | null;
  prefetch_factor: number | null;
  persistent_workers: boolean;
  pin_memory_device: string;
  in_order: boolean;
}

export const NAMES = [
  'batch_size',
  'shuffle',
  'sampler',
  'batch_sampler',
  'num_workers',
  'collate_fn',
  'pin_memory',
  'drop_last',
  'timeout',
  'worker_init_fn',
  'multiprocessing_context',
  'generator',
  'prefetch_factor',
  'persistent_workers',
  'pin_memory_device',
  'in_order',
] as const;
export const DEFAULTS = {
  batch_size: 1,
  shuffle: null,
  sampler: null,
  batch_sampler: null,
  num_workers: 0,
  collate_fn: null,
  pin_memory: false,
  drop_last: false,
  timeout: 0,
  worker_init_fn: null,
  multiprocessing_context: null,
  generator: null,
  prefetch_factor: null,
  persistent_workers: false,
  pin_memory_device: '',
  in_order: true,
} as const;

/** @throws ValueError and TypeError for options that contradict each other or the kind of the dataset. */
export function checkOptions<T, B>(o: DataLoaderOptions<T, B>, iterable: boolean): void {
  if (o.num_workers < 0) throw new ValueError('num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.');
  if (o.timeout < 0) throw new ValueError('timeout option should be non-negative');
  if (o.num_workers === 0 && o.prefetch_factor !== null) {
    throw new ValueError(
      'prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None.',
    );
  }
  if (o.prefetch_factor !== null && o.prefetch_factor < 0) throw new ValueError('prefetch_factor option should be non-negative');
  checkContext(o.multiprocessing_context, o.num_workers);
  if (o.persistent_workers && o.num_workers === 0) throw new ValueError('persistent_workers option needs num_workers > 0');
  if (iterable) {
    if (o.shuffle)
      throw new ValueError(`DataLoader with IterableDataset: expected unspecified shuffle option, but got shuffle=${python(o.shuffle)}`);
    if (o.sampler !== null)
      throw new ValueError(`DataLoader with IterableDataset: expected unspecified sampler option, but got sampler=${o.sampler}`);
    if (o.batch_sampler !== null)
      throw new ValueError(
        `DataLoader with IterableDataset: expected unspecified batch_sampler option, but got batch_sampler=${o.batch_sampler}`,
      );
  }
  if (o.sampler !== null && o.shuffle) throw new ValueError('sampler option is mutually exclusive with shuffle');
  if (o.batch_sampler !== null) {
    if (o.batch_size !== 1 || o.shuffle || o.sampler !== null || o.drop_last) {
      throw new ValueError('batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last');
    }
  } else if (o.batch_size === null && o.drop_last) {
    throw new ValueError('batch_size=None option disables auto-batching and is mutually exclusive with drop_last');
  }
}
/** Workers are threads whatever the context; a name that PyTorch would refuse is refused. */
function checkContext(context: unknown, num_workers: number): void {
  if (context === null) return;
  if (num_workers === 0) {
    throw new ValueError(
      `multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got num_workers=${num_workers}`,
    );
  }
  if (typeof context !== 'string') {
    throw new TypeError(
      `multiprocessing_context option should be a valid context object or a string specifying the start method, but got multiprocessing_context=${String(context)}`,
    );
  }
  if (!['fork', 'spawn', 'forkserver'].includes(context)) {
    throw new ValueError(
      `multiprocessing_context option should specify a valid start method in ['fork', 'spawn', 'forkserver'], but got multiprocessing_context='${context}'`,
    );
  }
}
/** Memory is not pinned here. */
export function noticePinning(pin_memory_device: string): void {
  if (pin_memory_device !== '') {
    notice(
      `pin_memory_device is deprecated, the current accelerator will be used as the device,ignore pin_memory_device='${pin_memory_device}'.`,
    );
  }
  notice("'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used.");
}
export function noticeNumber(num_workers: number): void {
  const cpus = builtin<{ availableParallelism(): number }>('os')?.availableParallelism() ?? num_workers;
  if (num_workers <= cpus) return;
  notice(
    `This DataLoader will create ${num_workers} worker processes in total. Our suggested max number of worker in current system is ${cpus}, which is smaller than what this DataLoader is going to create. Please be aware that excessive worker creation might get DataLoader running slow or even freeze, lower the worker number to avoid potential slowness/freeze if necessary.`,
  );
}
