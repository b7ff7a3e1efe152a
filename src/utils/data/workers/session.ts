// One pass over a dataset with workers: which tasks go to whom, and in which order their batches are given out.
import { RuntimeError } from '../../../core/errors.ts';
import type { Fetcher, Task } from '../fetch.ts';
import { caught, died, timedOut } from './failure.ts';
import type { FromWorker, Seeds } from './messages.ts';
import type { Pool } from './pool.ts';
import { refuse, resolve } from './references.ts';
import { unpickle } from './unpickle.ts';

type Result = Extract<FromWorker, { kind: 'batch' | 'error' | 'ended' }>;
interface Order {
  readonly worker: number;
  readonly task: Task;
  result: Result | null;
}
/** The pass is over. */
export const DONE: unique symbol = Symbol('done');
/** A worker cannot have the dataset: the tasks are to be done without workers. */
export class Refused {
  constructor(
    readonly why: string,
    readonly remedy: string | null,
  ) {}
}
export interface PassSettings {
  readonly tasks: Iterator<Task>;
  readonly seeds: Seeds;
  readonly prefetch_factor: number;
  readonly in_order: boolean;
  /** In seconds; 0: for ever. */
  readonly timeout: number;
  /** Collates what workers load, where they cannot; null where they do. */
  readonly collator: Fetcher<unknown, unknown> | null;
}
/** Starting takes no part of the timeout, but this many ms at most where there is one. */
const START_MS = 60_000;

let ids = 0;
export class Session<B> {
  /** Orders that were not given out, by number. */
  private readonly orders = new Map<number, Order>();
  private readonly active: boolean[];
  private next: number;
  private sent: number;
  private turn = 0;
  private exhausted = false;
  constructor(
    private readonly pool: Pool,
    private readonly settings: PassSettings,
    /** Workers that have yet to say that they have the dataset. */
    private readonly loading: Set<number>,
  ) {
    this.active = new Array<boolean>(pool.size).fill(true);
    this.next = ids;
    this.sent = ids;
    for (let i = 0; i < settings.prefetch_factor * pool.size; i++) this.order();
  }
  /** Sends the next task to the next worker that has room. */
  private order(): void {
    if (this.exhausted) return;
    const worker = this.nextWorker();
    if (worker === null) return;
    const step = this.settings.tasks.next();
    if (step.done) {
      this.exhausted = true;
      return;
    }
    const id = ids++;
    this.sent = ids;
    this.orders.set(id, { worker, task: step.value, result: null });
    this.pool.send(worker, { kind: 'task', pass: this.settings.seeds.pass, id, task: step.value });
  }
  private nextWorker(): number | null {
    const room = Math.floor((this.settings.prefetch_factor * this.pool.size) / Math.max(1, this.active.filter(Boolean).length));
    for (let i = 0; i < this.pool.size; i++) {
      const worker = this.turn++ % this.pool.size;
      if (this.active[worker] && (this.settings.in_order || this.waitingFor(worker) < room)) return worker;
    }
    return null;
  }
  private waitingFor(worker: number): number {
    let n = 0;
    for (const o of this.orders.values()) if (o.worker === worker && o.result === null) n++;
    return n;
  }

  /** Looks at what arrived: the next order that is done, DONE at the end, null if it has to be waited for. */
  private poll(): Order | typeof DONE | null {
    if (this.pool.isClosed) return DONE;
    for (const { worker, message } of this.pool.received()) this.hear(worker, message);
    if (this.loading.size > 0) return null;
    while (this.next < this.sent) {
      const first = this.orders.get(this.next);
      if (first?.result && first.result.kind !== 'ended') return this.give(this.next, first);
      // A worker whose copy of the dataset ended does no more.
      if (first === undefined || first.result !== null || !this.active[first.worker]) {
        this.orders.delete(this.next++);
        continue;
      }
      if (!this.settings.in_order) {
        for (const [id, o] of this.orders) if (o.result && o.result.kind !== 'ended') return this.give(id, o);
      }
      return null;
    }
    return DONE;
  }
  private give(id: number, order: Order): Order {
    this.orders.delete(id);
    this.order();
    return order;
  }
  private hear(worker: number, message: FromWorker): void {
    if (message.kind === 'loaded') this.loading.delete(worker);
    else if (message.kind === 'refused') {
      const { reference, why } = message;
      if (reference === null) throw new Refused(`workers could not start (${why})`, null);
      refuse(reference, why);
      throw new Refused(`the dataset needs ${reference.name}, which is ${why}`, 'Export it from a module of its own');
    } else if (message.kind !== 'dying') {
      const order = this.orders.get(message.id);
      if (!order) return;
      order.result = message;
      if (message.kind === 'ended' && this.active[worker]) {
        this.active[worker] = false;
        this.order();
      }
    }
  }
  /** @throws RuntimeError if a worker is gone that is needed. */
  private checkAlive(): void {
    const deaths = this.pool.deaths().filter(({ worker }) => this.loading.has(worker) || this.waitingFor(worker) > 0);
    if (deaths.length > 0) throw died(deaths, (worker) => this.taskOf(worker));
  }
  private taskOf(worker: number): Task | null {
    for (const o of this.orders.values()) if (o.worker === worker && o.result === null) return o.task;
    return null;
  }
  private get deadline(): number {
    const { timeout } = this.settings;
    if (timeout === 0) return Number.POSITIVE_INFINITY;
    return performance.now() + timeout * 1000 + (this.loading.size > 0 ? START_MS : 0);
  }
  private lateError(): Error {
    const starting = this.loading.values().next().value;
    if (starting !== undefined) return timedOut(this.settings.timeout + START_MS / 1000, starting, null);
    const first = this.orders.get(this.next)!;
    return timedOut(this.settings.timeout, first.worker, this.taskOf(first.worker) ?? first.task);
  }

  /** The next batch, or DONE. */
  take(): B | typeof DONE {
    const started = this.loading.size === 0;
    for (let until = this.deadline, ready = started; ; ) {
      const order = this.poll();
      if (order === DONE) return DONE;
      if (order !== null) return this.open(order, (samples, batch) => this.settings.collator!.collate(batch, samples) as B);
      this.checkAlive();
      if (!ready && this.loading.size === 0) {
        ready = true;
        until = this.deadline;
      }
      if (!this.pool.wait(until)) throw this.lateError();
    }
  }
  /** The next batch, or DONE. */
  async takeLater(): Promise<B | typeof DONE> {
    const started = this.loading.size === 0;
    for (let until = this.deadline, ready = started; ; ) {
      const order = this.poll();
      if (order === DONE) return DONE;
      if (order !== null) return this.open(order, (samples, batch) => this.settings.collator!.collateLater(batch, samples) as Promise<B>);
      this.checkAlive();
      if (!ready && this.loading.size === 0) {
        ready = true;
        until = this.deadline;
      }
      if (!(await this.pool.waitLater(until))) throw this.lateError();
    }
  }
  private open<R>({ worker, task, result }: Order, collate: (samples: unknown[], batch: number) => R): R {
    if (result!.kind === 'error') throw caught(worker, task, result!.error);
    const { batch } = result as Extract<Result, { kind: 'batch' }>;
    const value = unpickle(batch, (reference) => {
      const found = resolve(reference);
      if (found) return found;
      throw new RuntimeError(`a worker's batch holds ${reference.name} of ${reference.url}, a module that this thread has not loaded`);
    });
    return this.settings.collator ? collate(value as unknown[], task.batch) : (value as R);
  }
  /** Tasks that were sent and whose batches were not given out, for whoever does them instead. */
  get left(): Task[] {
    return [...this.orders.values()].map((o) => o.task);
  }
}
