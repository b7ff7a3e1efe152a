// Batches made by the calling thread.
import { END, type Fetcher, type Task } from './fetch.ts';
import type { Take } from './iterators.ts';
import { Pipeline } from './pipeline.ts';

interface Ahead {
  readonly width: number;
  readonly ahead: number;
}
/** Makes batches when they are asked for; `ahead`: with so many samples in flight, if they are promises. */
export class Here<B> implements Take<B> {
  private pipeline: Pipeline<unknown, B> | null = null;
  constructor(
    private readonly fetcher: Fetcher<unknown, B>,
    private readonly tasks: Iterator<Task>,
    private readonly ahead: Ahead | null,
  ) {}
  take(): { readonly batch: B } | null {
    const step = this.tasks.next();
    return step.done ? null : unless(this.fetcher.fetch(step.value));
  }
  async takeLater(): Promise<{ readonly batch: B } | null> {
    if (this.ahead) {
      this.pipeline ??= new Pipeline(this.fetcher, this.tasks, this.ahead.width, this.ahead.ahead);
      return unless(await this.pipeline.next());
    }
    const step = this.tasks.next();
    return step.done ? null : unless(await this.fetcher.fetchLater(step.value));
  }
  close(): void {
    this.fetcher.close();
  }
}
const unless = <B>(batch: B | typeof END): { readonly batch: B } | null => (batch === END ? null : { batch });
