// What a dataset may ask about the worker that loads it.

/** The worker thread that the code runs in. */
export interface WorkerInfo {
  /** 0 … num_workers − 1. */
  readonly id: number;
  readonly num_workers: number;
  /** The seed of the worker's default generator: base_seed + id. Samples draw from streams of their own. */
  readonly seed: number | bigint;
  /** This worker's copy of the dataset. */
  readonly dataset: unknown;
  readonly worker_method: 'thread';
}
/** @internal Set once, in a worker. */
export const running: { worker: WorkerInfo | null } = { worker: null };

/**
 * The worker that calls: its id, how many there are, its seed and its copy of the dataset. Null on the thread that iterates the loader.
 *
 * See https://pytorch.org/docs/stable/data.html#torch.utils.data.get_worker_info.
 */
export const get_worker_info = (): WorkerInfo | null => running.worker;
