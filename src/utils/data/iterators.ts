// The iterators of a loader. They end with what they used: at the last batch, at an error, at `break` and when they are abandoned.
import { Tensor } from '../../core/tensor.ts';

/** Gives a batch, or `undefined` behind the last one. */
export interface Take<B> {
  take(): { readonly batch: B } | null;
  takeLater(): Promise<{ readonly batch: B } | null>;
  /** `failed`: after this error nothing can be taken any more. */
  close(failed: unknown): Promise<void> | void;
}

/** What `for … of` over a loader uses, and `iter(loader)` gives. */
export class LoaderIterator<B> implements IterableIterator<B>, Disposable {
  private open = true;
  constructor(private readonly source: Take<B>) {}
  next(): IteratorResult<B, undefined> {
    if (!this.open) return { done: true, value: undefined };
    let taken: { readonly batch: B } | null;
    try {
      taken = this.source.take();
    } catch (error) {
      this.end(error);
      throw error;
    }
    if (taken) return { done: false, value: taken.batch };
    return this.return();
  }
  return(): IteratorResult<B, undefined> {
    this.end(null);
    return { done: true, value: undefined };
  }
  private end(failed: unknown): void {
    if (!this.open) return;
    this.open = false;
    void this.source.close(failed);
  }
  [Symbol.iterator](): this {
    return this;
  }
  [Symbol.dispose](): void {
    this.end(null);
  }
}

/** `for await` lets timers and the collector of external memory run at least this often: promises alone run neither. */
const YIELD_MS = 50;
const YIELD_BYTES = 64 * 2 ** 20;
const macrotask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** What `for await` over a loader uses. */
export class LoaderAsyncIterator<B> implements AsyncIterableIterator<B>, AsyncDisposable {
  private open = true;
  /** Calls of next() are answered one after the other. */
  private last: Promise<unknown> = Promise.resolve();
  private breath = performance.now();
  private bytes = 0;
  constructor(private readonly source: Take<B>) {}
  next(): Promise<IteratorResult<B, undefined>> {
    const step = this.last.then(() => this.step());
    this.last = step.catch(() => {});
    return step;
  }
  private async step(): Promise<IteratorResult<B, undefined>> {
    if (!this.open) return { done: true, value: undefined };
    if (this.bytes >= YIELD_BYTES || performance.now() - this.breath >= YIELD_MS) {
      await macrotask();
      this.breath = performance.now();
      this.bytes = 0;
    }
    let taken: { readonly batch: B } | null;
    try {
      taken = await this.source.takeLater();
    } catch (error) {
      await this.end(error);
      throw error;
    }
    if (!taken) return this.return();
    this.bytes += bytesOf(taken.batch);
    return { done: false, value: taken.batch };
  }
  async return(): Promise<IteratorResult<B, undefined>> {
    await this.end(null);
    return { done: true, value: undefined };
  }
  private async end(failed: unknown): Promise<void> {
    if (!this.open) return;
    this.open = false;
    await this.source.close(failed);
  }
  [Symbol.asyncIterator](): this {
    return this;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.end(null);
  }
}
/** The memory of the tensors of a batch. */
function bytesOf(x: unknown): number {
  if (x instanceof Tensor) return x.storage?.nbytes ?? 0;
  if (Array.isArray(x)) return typeof x[0] === 'number' ? 0 : x.reduce((n: number, y) => n + bytesOf(y), 0);
  if (x instanceof Map) return bytesOf([...x.values()]);
  if (typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype) return bytesOf(Object.values(x));
  return 0;
}
