// The file behind a SummaryWriter.
import { create, toBinary } from '@bufbuild/protobuf';
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RuntimeError, ValueError } from '../../core/errors.ts';
import { type Event, EventSchema, type GraphDef, type Summary } from './generated/tensorboard_pb.ts';
import { encodeRecord } from './records.ts';

const MILLISECONDS = 1000;
/** Seconds since 1970, as events have them. */
export const now = (): number => Date.now() / MILLISECONDS;
/** A step: a whole number, or nothing. */
export type Step = number | bigint | null;

function stepOf(step: Step): bigint {
  if (step === null) return 0n;
  if (typeof step === 'number' && !Number.isFinite(step)) throw new ValueError(`cannot convert float ${step} to integer`);
  return typeof step === 'bigint' ? step : BigInt(Math.trunc(step));
}

/** Files that a process left open are written when it ends. */
const open = new Set<EventFile>();
let filesSoFar = 0;
function flushAll(): void {
  for (const file of open) file.flush();
}

/**
 * An event file that grows by whole records. Records wait in memory until `max_queue` of them are there or `flush_secs` are over; what
 * could not be written (a full disk) waits for the next try, and the file keeps ending with a whole record.
 */
class EventFile {
  readonly path: string;
  private file: number;
  private size = 0;
  private queue: Uint8Array[] = [];
  private timer: NodeJS.Timeout | null = null;
  /** What went wrong while nobody was calling. */
  private failure: Error | null = null;

  constructor(
    folder: string,
    private readonly max_queue: number,
    private readonly flush_secs: number,
    suffix: string,
  ) {
    mkdirSync(folder, { recursive: true });
    const seconds = String(Math.floor(now())).padStart(10, '0');
    this.path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${filesSoFar++}${suffix}`);
    this.file = openSync(this.path, 'a');
    if (open.size === 0) process.on('exit', flushAll);
    open.add(this);
  }
  append(data: Uint8Array): void {
    this.rethrow();
    this.queue.push(encodeRecord(data));
    if (this.queue.length > this.max_queue) this.flush();
    else this.timer ??= setTimeout(() => this.flushLater(), this.flush_secs * MILLISECONDS).unref();
  }
  /** @throws the system's error if the file cannot be written. */
  flush(): void {
    this.rethrow();
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (this.queue.length === 0) return;
    const bytes = this.queue.length === 1 ? this.queue[0]! : Buffer.concat(this.queue);
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.file, bytes, done);
    } catch (error) {
      ftruncateSync(this.file, this.size);
      throw error;
    }
    this.size += bytes.length;
    this.queue = [];
  }
  close(): void {
    if (!open.has(this)) return;
    try {
      this.flush();
    } finally {
      open.delete(this);
      if (open.size === 0) process.off('exit', flushAll);
      closeSync(this.file);
    }
  }
  private flushLater(): void {
    try {
      this.flush();
    } catch (error) {
      this.failure = error as Error;
    }
  }
  private rethrow(): void {
    const failure = this.failure;
    this.failure = null;
    if (failure) throw failure;
  }
}

/**
 * Writes protocol buffers to an event file of its own, in a folder that is made if it isn't there.
 *
 * See https://pytorch.org/docs/stable/tensorboard.html.
 */
export class FileWriter {
  private file: EventFile | null;
  /** Events that are still being made. */
  private readonly pending = new Set<Promise<void>>();

  constructor(
    private readonly log_dir: string,
    private readonly max_queue = 10,
    private readonly flush_secs = 120,
    private readonly filename_suffix = '',
  ) {
    this.file = this.newFile();
  }
  private newFile(): EventFile {
    const file = new EventFile(this.log_dir, this.max_queue, this.flush_secs, this.filename_suffix);
    const first = create(EventSchema, {
      wallTime: now(),
      what: { case: 'fileVersion', value: 'brain.Event:2' },
      sourceMetadata: { writer: 'tensorboard.summary.writer.event_file_writer' },
    });
    file.append(toBinary(EventSchema, first));
    file.flush();
    return file;
  }
  get_logdir(): string {
    return this.log_dir;
  }

  /** @throws RuntimeError after `close`. */
  add_event(event: Event, step: Step = null, walltime: number | null = null): void {
    if (!this.file) throw new RuntimeError('Writer is closed');
    event.wallTime = walltime ?? now();
    if (step !== null) event.step = stepOf(step);
    this.file.append(toBinary(EventSchema, event));
  }
  add_summary(summary: Summary, global_step: Step = null, walltime: number | null = null): void {
    this.add_event(create(EventSchema, { what: { case: 'summary', value: summary } }), global_step, walltime);
  }
  /** Adds a summary that is still being made, with the step and the time of now. The file stays open for it. */
  add_summary_later(summary: Promise<Summary>, global_step: Step, walltime: number | null): Promise<void> {
    const time = walltime ?? now();
    const added = summary.then((ready) => this.add_summary(ready, global_step, time)).finally(() => this.pending.delete(added));
    this.pending.add(added);
    return added;
  }
  add_graph(graph: GraphDef, run_metadata: Uint8Array, walltime: number | null = null): void {
    this.add_event(create(EventSchema, { what: { case: 'graphDef', value: graph } }), null, walltime);
    const value = { tag: 'step1', runMetadata: run_metadata };
    this.add_event(create(EventSchema, { what: { case: 'taggedRunMetadata', value } }), null, walltime);
  }
  /** Puts everything that was added on disk. */
  flush(): void {
    this.file?.flush();
  }
  /** Flushes and closes the file: at once, or when figures that are still being drawn are in it; the promise tells when. */
  close(): Promise<void> {
    if (this.pending.size > 0) return Promise.allSettled(this.pending).then(() => this.close());
    const file = this.file;
    this.file = null;
    file?.close();
    return Promise.resolve();
  }
  /** Goes on in a new file of the same folder after `close`. */
  reopen(): void {
    this.file ??= this.newFile();
  }
}
