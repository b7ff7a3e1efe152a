// The progress bar of an epoch, where a terminal shows one.
import { fixed } from '../core/decimal.ts';
import type { Metrics } from './log.ts';

/** What is used of cli-progress. */
interface Bar {
  start(total: number, value: number, payload: object): void;
  update(value: number, payload: object): void;
  stop(): void;
}
const FORMAT = '{epoch} [{bar}] {value}/{total} | {means} | {rate} ms/step | {eta_formatted} left';

/** A bar on the terminal's last line, which makes room for lines of the log. */
export class Progress {
  private shown = false;
  private began = 0;
  private epoch = '';
  private total = 0;

  private constructor(private readonly bar: Bar) {}
  /** A bar on the error stream if that is a terminal and cli-progress is installed; else null. */
  static async open(): Promise<Progress | null> {
    if (typeof process === 'undefined' || !process.stderr?.isTTY) return null;
    try {
      const { SingleBar } = await import('cli-progress');
      const options = { format: FORMAT, barCompleteChar: '=', barIncompleteChar: ' ', clearOnComplete: true, hideCursor: true };
      return new Progress(new SingleBar(options));
    } catch {
      return null;
    }
  }
  /** Begins an epoch of so many steps. */
  begin(epoch: string, total: number): void {
    this.began = performance.now();
    this.epoch = epoch;
    this.total = total;
  }
  /** Shows how far the epoch is. */
  update(step: number, means: Metrics): void {
    const payload = {
      epoch: this.epoch,
      means: Object.entries(means)
        .map(([name, value]) => `${name} ${fixed(value, 3)}`)
        .join(' '),
      rate: fixed((performance.now() - this.began) / step, 1),
    };
    if (this.shown) this.bar.update(step, payload);
    else this.bar.start(this.total, step, payload);
    this.shown = true;
  }
  /** Takes the bar away until the next update. */
  clear(): void {
    if (this.shown) this.bar.stop();
    this.shown = false;
  }
}
