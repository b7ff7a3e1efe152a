// One value of the log that a callback watches for an improvement.
import { ValueError } from '../../core/errors.ts';
import type { Metrics } from '../log.ts';

export type Mode = 'auto' | 'min' | 'max';
/** Values of which more is better, when the mode is `auto`. */
const GROWING = /acc|auc|f1|precision|recall|r2|iou|dice|bleu/i;

/** The best value so far of what a callback monitors. */
export class Monitor {
  readonly growing: boolean;
  best: number;
  private warned = false;

  /** @throws ValueError for another mode than `auto`, `min` and `max`. */
  constructor(
    private readonly owner: string,
    readonly name: string,
    mode: Mode,
    private readonly min_delta = 0,
  ) {
    if (!['auto', 'min', 'max'].includes(mode)) throw new ValueError(`${owner}: mode must be 'auto', 'min' or 'max', but got '${mode}'`);
    this.growing = mode === 'auto' ? GROWING.test(name) : mode === 'max';
    this.best = this.worst;
  }
  private get worst(): number {
    return this.growing ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  /** Forgets what was seen; a baseline is what has to be beaten. */
  reset(baseline: number | null = null): void {
    this.best = baseline ?? this.worst;
  }
  /** The value in the log; null, with one warning, if there is none. */
  read(logs: Metrics): number | null {
    const value = logs[this.name];
    if (value !== undefined) return value;
    if (!this.warned) console.warn(`${this.owner}: there is no '${this.name}' to monitor, only ${Object.keys(logs).join(', ')}`);
    this.warned = true;
    return null;
  }
  /** Takes a value; whether it is better than the best one by more than min_delta. */
  improves(value: number): boolean {
    const better = this.growing ? value - this.min_delta > this.best : value + this.min_delta < this.best;
    if (better) this.best = value;
    return better;
  }
}
