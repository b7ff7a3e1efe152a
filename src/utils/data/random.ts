// Which random numbers a sample sees.
// Note [Sample streams]: the place of a sample in the pass decides them, nothing else: sample number p of a pass draws from a stream of its
// own, seeded with a hash of (base_seed, pass, p), and collate_fn from one of the batch. So batches are the same for any number of
// workers, for `for` and `for await`, and whatever is loaded at the same time. base_seed is drawn as PyTorch draws it, and so are the
// sampler's numbers: the order is PyTorch's, and so is what is left in the default generator. Where `get` awaits, AsyncLocalStorage
// keeps the stream; a page has none, so a page loads samples that are promises one after the other.
import { drawingFrom, Stream, streams } from '../../core/default-generator.ts';
import { builtin } from '../../core/host.ts';

interface AsyncContext {
  run<T>(stream: Stream, body: () => T): T;
  getStore(): Stream | undefined;
}
interface AsyncHooks {
  AsyncLocalStorage: new () => AsyncContext;
}
let context: AsyncContext | null | undefined;
function asyncContext(): AsyncContext | null {
  if (context === undefined) {
    const hooks = builtin<AsyncHooks>('async_hooks');
    context = hooks ? new hooks.AsyncLocalStorage() : null;
    if (context) streams.across = context.getStore.bind(context);
  }
  return context;
}
/** Whether samples that are promises may be loaded together without mixing their draws. */
export const keepsStreams = (): boolean => asyncContext() !== null;

/** Runs work that may await; its draws come from a stream, now and after it awaited. */
export function drawingAcross<T>(stream: Stream, body: () => T): T | Promise<Awaited<T>> {
  const shared = asyncContext();
  const outer = streams.current;
  streams.current = shared ? null : stream;
  let work: T;
  try {
    work = shared ? shared.run(stream, body) : body();
  } catch (error) {
    streams.current = outer;
    throw error;
  }
  streams.current = outer;
  if (shared || !(work instanceof Promise)) return work;
  // A page: nothing else of the loader runs until the work is done.
  streams.current = stream;
  return work.finally(() => {
    streams.current = outer;
  }) as Promise<Awaited<T>>;
}
export { drawingFrom };

const SAMPLE = 1;
const BATCH = 2;
const START = 3;
/** The streams of one pass over a dataset; `worker` tells the copies of an iterable dataset apart. */
export class PassStreams {
  constructor(
    readonly base_seed: bigint,
    readonly pass: number,
    readonly worker = 0,
  ) {}
  /** The stream of a sample, by its number in the pass. */
  sample(position: number): Stream {
    return this.stream(SAMPLE, position);
  }
  /** The stream of collate_fn, by the number of the batch in the pass. */
  batch(number: number): Stream {
    return this.stream(BATCH, number);
  }
  /** The stream in which an iterable dataset makes its iterator. */
  start(): Stream {
    return this.stream(START, 0);
  }
  private stream(kind: number, n: number): Stream {
    const { base_seed, pass, worker } = this;
    return new Stream(
      hash([Number(base_seed & 0xffffffffn), Number(base_seed >> 32n), pass, worker, kind, n >>> 0, Math.floor(n / 2 ** 32)]),
    );
  }
}
/** MurmurHash3 of 32-bit words (Appleby, 2008), of which a seed's low 32 bits enter a stream. */
function hash(words: readonly number[]): number {
  let h = 0;
  for (const word of words) {
    let k = Math.imul(word, 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    h ^= k;
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
  h ^= words.length * 4;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
