// The threads of a loader: starting them, hearing of what they did and of their end, and ending them so that nothing is left.
import { builtin } from '../../../core/host.ts';
import { BOOT } from './boot.ts';
import { BELL, type FromWorker, type MessagePortLike, OVER, PASS, type Start, type Thrown, type ToWorker } from './messages.ts';
import { extension } from './references.ts';

interface Thread {
  readonly threadId: number;
  ref(): void;
  unref(): void;
  terminate(): Promise<number>;
  on(event: 'exit', listener: (code: number) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
}
interface Threads {
  Worker: new (code: string, options: object) => Thread;
  MessageChannel: new () => { port1: MessagePortLike; port2: MessagePortLike };
  receiveMessageOnPort(port: MessagePortLike): { message: unknown } | undefined;
}
const threads = (): Threads => builtin<Threads>('worker_threads')!;

/** Whether this runtime has threads that a program can wait for. */
export const hasThreads = (): boolean => builtin('worker_threads') !== undefined && typeof SharedArrayBuffer !== 'undefined';

/** How a worker ended. */
export interface Death {
  readonly worker: number;
  readonly threadId: number;
  /** What it said last, if anything. */
  readonly error: Thrown | null;
}
interface Member {
  readonly thread: Thread;
  readonly threadId: number;
  readonly port: MessagePortLike;
  alive: MessagePortLike;
  dead: boolean;
  error: Thrown | null;
  readonly exit: Promise<void>;
}
/** Threads that have not ended, of all loaders. */
export const living = new Set<number>();
/** How often a thread that waits looks whether its workers live, in ms. */
const CHECK_MS = 200;
/** How long workers may take to end by themselves, in ms. */
const GRACE_MS = 1000;

/** Worker threads and what they sent. It knows nothing of the loader, so that an abandoned loader can be collected and end them. */
export class Pool {
  private readonly control = new Int32Array(new SharedArrayBuffer(8));
  private readonly members: Member[];
  private readonly inbox: { worker: number; message: FromWorker }[] = [];
  private wake: (() => void) | null = null;
  private closed: Promise<void> | null = null;

  constructor(count: number, start: Omit<Start, 'port' | 'alive' | 'control' | 'thread' | 'id' | 'num_workers'>) {
    Atomics.store(this.control, PASS, start.seeds.pass);
    this.members = Array.from({ length: count }, (_, id) => this.begin(id, count, start));
  }
  private begin(id: number, count: number, start: object): Member {
    const { Worker, MessageChannel } = threads();
    const talk = new MessageChannel();
    const life = new MessageChannel();
    const thread = new URL(`./thread${extension}`, import.meta.url).href;
    const workerData = { ...start, port: talk.port2, alive: life.port2, control: this.control, thread, id, num_workers: count };
    const worker = new Worker(BOOT, { eval: true, workerData, transferList: [talk.port2, life.port2], name: `DataLoader worker ${id}` });
    let ended = (): void => {};
    const exit = new Promise<void>((done) => {
      ended = done;
    });
    const member: Member = {
      thread: worker,
      threadId: worker.threadId,
      port: talk.port1,
      alive: life.port1,
      dead: false,
      error: null,
      exit,
    };
    living.add(member.threadId);
    talk.port1.on('message', (message: FromWorker) => {
      this.take(id, message);
      this.wake?.();
    });
    worker.on('error', (error) => {
      member.error ??= { name: error.name, message: error.message, stack: error.stack ?? error.message, index: null };
    });
    worker.on('exit', () => {
      this.drain();
      member.dead = true;
      living.delete(member.threadId);
      for (const port of [member.port, member.alive]) port.close();
      ended();
      this.wake?.();
    });
    // Only waiting keeps the process.
    for (const handle of [worker, talk.port1, life.port1]) handle.unref();
    return member;
  }
  get size(): number {
    return this.members.length;
  }
  send(worker: number, message: ToWorker): void {
    this.members[worker]!.port.postMessage(message);
  }
  /** Tasks of other passes are not wanted any more. */
  beginPass(pass: number): void {
    Atomics.store(this.control, PASS, pass);
  }
  /** What arrived since the last call. */
  received(): { worker: number; message: FromWorker }[] {
    this.drain();
    return this.inbox.splice(0);
  }
  private drain(): void {
    const { receiveMessageOnPort } = threads();
    for (const [worker, { port, dead }] of this.members.entries()) {
      for (let got = dead ? undefined : receiveMessageOnPort(port); got; got = receiveMessageOnPort(port)) {
        this.take(worker, got.message as FromWorker);
      }
    }
  }
  private take(worker: number, message: FromWorker): void {
    if (message.kind === 'dying') this.members[worker]!.error = message.error;
    else this.inbox.push({ worker, message });
  }
  get isClosed(): boolean {
    return this.closed !== null;
  }
  /** Workers that are gone although nobody asked them to end. */
  deaths(): Death[] {
    if (this.closed) return [];
    const dead = this.members.map((m, worker) => ({ ...m, worker })).filter((m) => m.dead);
    return dead.map(({ worker, threadId, error }) => ({ worker, threadId, error }));
  }

  /** Blocks until something arrives or a worker dies; false when the time (in ms of performance.now()) is over. */
  wait(until: number): boolean {
    for (;;) {
      const seen = Atomics.load(this.control, BELL);
      this.drain();
      if (this.inbox.length > 0) return true;
      const left = until - performance.now();
      if (left <= 0) return false;
      if (Atomics.wait(this.control, BELL, seen, Math.min(left, CHECK_MS)) !== 'timed-out') continue;
      this.drain();
      for (const m of this.members) if (!m.dead && isGone(m)) m.dead = true;
      if (this.inbox.length > 0 || this.deaths().length > 0) return true;
    }
  }
  /** Waits like `wait`, without blocking. */
  async waitLater(until: number): Promise<boolean> {
    this.drain();
    if (this.inbox.length > 0) return true;
    const living = this.members.filter((m) => !m.dead);
    for (const m of living) m.thread.ref();
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise<boolean>((resolve) => {
        this.wake = () => resolve(true);
        // Longer than a timer can be set: for ever.
        if (until - performance.now() < 2 ** 31) timer = setTimeout(() => resolve(false), Math.max(0, until - performance.now()));
      });
    } finally {
      clearTimeout(timer);
      this.wake = null;
      for (const m of living) m.thread.unref();
    }
  }
  /** Ends the threads: those that are `stuck` at once. Resolves when all are gone. */
  close(stuck = false): Promise<void> {
    this.closed ??= this.end(stuck);
    this.wake?.();
    return this.closed;
  }
  private async end(stuck: boolean): Promise<void> {
    Atomics.store(this.control, PASS, OVER);
    for (const m of this.members) m.port.postMessage({ kind: 'end' });
    const stop = (): void => {
      for (const m of this.members) void m.thread.terminate();
    };
    // The process stays until they are gone.
    for (const m of this.members) m.thread.ref();
    if (stuck) stop();
    const timer = setTimeout(stop, GRACE_MS);
    await Promise.all(this.members.map((m) => m.exit));
    clearTimeout(timer);
  }
}
/**
 * Whether a thread has ended, asked without its event, which a thread that blocks does not get: the port whose other end it had is
 * closed then, and a closed port cannot be transferred.
 */
function isGone(member: Member): boolean {
  const { MessageChannel, receiveMessageOnPort } = threads();
  receiveMessageOnPort(member.alive);
  const { port1, port2 } = new MessageChannel();
  try {
    port1.postMessage(member.alive, [member.alive as object]);
    member.alive = receiveMessageOnPort(port2)!.message as MessagePortLike;
    return false;
  } catch {
    return true;
  } finally {
    port1.close();
  }
}
