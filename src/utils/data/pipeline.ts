// Batches made by the calling thread with several samples in flight: what a loader does whose dataset no worker can have.
import { END, type Fetcher, type Task } from './fetch.ts';

interface Batch {
  readonly task: Task;
  readonly samples: unknown[];
  missing: number;
  /** The first error of a sample. */
  failed: { readonly error: unknown } | null;
}

/**
 * At most `width` samples load at the same time, ahead of the batch that is asked for by `ahead` batches. Samples that are not promises
 * are loaded when their batch is asked for: loading them early would only make it late.
 */
export class Pipeline<T, B> {
  private readonly batches: Batch[] = [];
  private filling: Batch | null = null;
  private inFlight = 0;
  private awaits = false;
  private exhausted = false;
  private wake: (() => void) | null = null;
  constructor(
    private readonly fetcher: Fetcher<T, B>,
    private readonly tasks: Iterator<Task>,
    private readonly width: number,
    private readonly ahead: number,
  ) {}

  async next(): Promise<B | typeof END> {
    if (this.fetcher.recipe.iterable || this.fetcher.makesMany) return this.whole();
    this.pump();
    while (this.batches.length === 0 || (this.batches[0]!.missing > 0 && this.batches[0]!.failed === null)) {
      if (this.batches.length === 0 && this.exhausted) return END;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.pump();
    }
    const { task, samples, failed } = this.batches.shift()!;
    if (failed) throw failed.error;
    this.pump();
    return this.fetcher.collateLater(task.batch, (this.fetcher.recipe.batched ? samples : samples[0]) as T[]);
  }
  private async whole(): Promise<B | typeof END> {
    const step = this.tasks.next();
    return step.done ? END : this.fetcher.fetchLater(step.value);
  }
  /** Starts samples for as long as there is room. */
  private pump(): void {
    while (this.inFlight < this.width) {
      if (this.batches.length > 0 && this.batches[0]!.missing === 0 && !this.awaits) return;
      const batch = this.unfilled();
      if (batch === null) return;
      this.load(batch);
    }
  }
  private unfilled(): Batch | null {
    if (this.filling !== null && this.filling.samples.length < this.sizeOf(this.filling.task)) return this.filling;
    if (this.exhausted || this.batches.length > this.ahead) return null;
    const step = this.tasks.next();
    if (step.done) {
      this.exhausted = true;
      return null;
    }
    this.filling = { task: step.value, samples: [], missing: this.sizeOf(step.value), failed: null };
    this.batches.push(this.filling);
    return this.sizeOf(step.value) === 0 ? this.unfilled() : this.filling;
  }
  private load(batch: Batch): void {
    const k = batch.samples.length;
    const { index, position } = batch.task;
    const place = (this.fetcher.recipe.batched ? (index as unknown[])[k] : index) as number;
    batch.samples.push(undefined);
    const sample = this.fetcher.startSample(place, position + k);
    if ('value' in sample) {
      batch.samples[k] = sample.value;
      batch.missing--;
      return;
    }
    this.awaits = true;
    this.inFlight++;
    const landed = (): void => {
      this.inFlight--;
      this.wake?.();
    };
    sample.promise.then(
      (value) => {
        batch.samples[k] = value;
        batch.missing--;
        landed();
      },
      (error: unknown) => {
        batch.failed ??= { error };
        landed();
      },
    );
  }
  private sizeOf({ index }: Task): number {
    return this.fetcher.recipe.batched ? (index as unknown[]).length : 1;
  }
}
