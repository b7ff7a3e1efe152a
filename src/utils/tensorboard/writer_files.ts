// What a SummaryWriter has on disk: an event file in its log directory, and one in each folder of `add_scalars`.
import { create } from '@bufbuild/protobuf';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { bindArguments } from '../../nn/arguments.ts';
import type { Arguments } from '../../nn/simple.ts';
import { FileWriter } from './file_writer.ts';
import { EventSchema, SessionLog_SessionStatus, type Summary } from './generated/tensorboard_pb.ts';
import type { SummaryWriterOptions, When } from './writer_arguments.ts';

/** The files of a writer, which open with the first thing that is added. */
export abstract class WriterFiles implements Disposable, AsyncDisposable {
  readonly log_dir: string;
  readonly max_queue: number;
  readonly flush_secs: number;
  readonly filename_suffix: string;
  purge_step: number | bigint | null;
  /** By folder; null while closed. */
  private writers: Map<string, FileWriter> | null = null;

  constructor(
    ...args: Arguments<
      [
        log_dir?: string | null,
        comment?: string,
        purge_step?: number | bigint | null,
        max_queue?: number,
        flush_secs?: number,
        filename_suffix?: string,
      ],
      SummaryWriterOptions
    >
  ) {
    const a = bindArguments<SummaryWriterOptions>(
      'SummaryWriter',
      args,
      ['log_dir', 'comment', 'purge_step', 'max_queue', 'flush_secs', 'filename_suffix'],
      { log_dir: null, comment: '', purge_step: null, max_queue: 10, flush_secs: 120, filename_suffix: '' },
    );
    this.log_dir = a.log_dir || join('runs', `${timestamp(new Date())}_${hostname()}${a.comment}`);
    this.purge_step = a.purge_step;
    this.max_queue = a.max_queue;
    this.flush_secs = a.flush_secs;
    this.filename_suffix = a.filename_suffix;
    this.file_writer();
  }
  /** @internal The writer of the log directory; after `close` it begins a new file. */
  protected file_writer(): FileWriter {
    const writer = this.writer(this.log_dir);
    if (this.purge_step === null) return writer;
    const step = this.purge_step;
    this.purge_step = null;
    writer.add_event(create(EventSchema, { what: { case: 'fileVersion', value: 'brain.Event:2' } }), step);
    writer.add_event(create(EventSchema, { what: { case: 'sessionLog', value: { status: SessionLog_SessionStatus.START } } }), step);
    return writer;
  }
  /** @internal */
  protected writer(folder: string): FileWriter {
    this.writers ??= new Map();
    const known = this.writers.get(folder) ?? new FileWriter(folder, this.max_queue, this.flush_secs, this.filename_suffix);
    this.writers.set(folder, known);
    return known;
  }
  /** @internal */
  protected add(value: Summary, { global_step, walltime }: When): void {
    this.file_writer().add_summary(value, global_step, walltime);
  }

  /** The folder of the event files. */
  get_logdir(): string {
    return this.log_dir;
  }

  /** Puts everything that was added on disk; figures that are being drawn follow when they are ready. */
  flush(): void {
    for (const writer of this.writers?.values() ?? []) writer.flush();
  }
  /** Flushes and closes the files; adding more begins new ones. The promise is kept when figures that are being drawn are in their file too. */
  close(): Promise<void> {
    const writers = [...(this.writers?.values() ?? [])];
    this.writers = null;
    return Promise.all(writers.map((writer) => writer.close())).then(() => {});
  }
  [Symbol.dispose](): void {
    void this.close();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Month, day and time, as in the names of runs: Nov05_14-03-59. */
function timestamp(date: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join('-');
  return `${MONTHS[date.getMonth()]}${two(date.getDate())}_${time}`;
}
