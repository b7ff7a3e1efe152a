// What the calling thread and its workers say to each other.
import type { PassStreams } from '../random.ts';
import type { Task } from '../fetch.ts';
import type { Loading } from './boot.ts';
import type { Pickle } from './pickle.ts';
import type { Reference } from './references.ts';

/** Words of the memory that the threads share. BELL counts messages of workers; PASS is the pass whose tasks are still wanted. */
export const BELL = 0;
export const PASS = 1;
/** No task is wanted any more. */
export const OVER = -1;

/** What is pickled for a worker. */
export interface Luggage {
  readonly dataset: unknown;
  /** Null where the calling thread collates. */
  readonly collate_fn: ((samples: unknown[]) => unknown) | null;
  readonly worker_init_fn: ((worker_id: number) => unknown) | null;
}
/** The numbers by which the streams of a pass are seeded. */
export type Seeds = Pick<PassStreams, 'base_seed' | 'pass'>;
/** What a worker is started with. */
export interface Start {
  readonly port: MessagePortLike;
  /** The other end tells the calling thread that the worker is gone. */
  readonly alive: MessagePortLike;
  readonly control: Int32Array;
  readonly loading: Loading;
  /** The module that the worker runs: thread.ts. */
  readonly thread: string;
  readonly id: number;
  readonly num_workers: number;
  readonly seeds: Seeds;
  readonly luggage: Pickle;
  readonly references: readonly Reference[];
  readonly iterable: boolean;
  readonly batched: boolean;
  readonly batch_size: number | null;
  readonly drop_last: boolean;
  readonly backend: string;
  readonly default_dtype: string;
}
export type ToWorker =
  | { kind: 'task'; pass: number; id: number; task: Task }
  /** Begin another pass. */
  | { kind: 'pass'; seeds: Seeds }
  | { kind: 'end' };

/** An error, as text. */
export interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** The place in the dataset whose sample threw. */
  readonly index: number | null;
}
export type FromWorker =
  /** Its modules are loaded and it has the dataset. */
  | { kind: 'loaded' }
  /** It cannot get something; null: it could not start at all. */
  | { kind: 'refused'; reference: Reference | null; why: string }
  | { kind: 'batch'; id: number; batch: Pickle }
  | { kind: 'error'; id: number; error: Thrown }
  /** Its copy of an iterable dataset has no more batches. */
  | { kind: 'ended'; id: number }
  /** An error that nobody waits for ends it. */
  | { kind: 'dying'; error: Thrown };

/** A MessagePort of node:worker_threads. */
export interface MessagePortLike {
  postMessage(message: unknown, transfer?: readonly object[]): void;
  on(event: 'message', listener: (message: never) => void): void;
  ref(): void;
  unref(): void;
  close(): void;
}
