// The stream that random operators draw from when no generator is given.
// Note [Streams]: a piece of work can be given a stream of its own, so that its draws do not depend on what else draws meanwhile: a data
// loader loads every sample in one. `drawingFrom` holds for a synchronous body; for work that awaits, `streams.across` finds the stream
// of whatever is running (the loader installs it with AsyncLocalStorage).
import { DEFAULT_SEED, Generator } from './generator.ts';

/** torch.default_generator. */
export const default_generator = new Generator(DEFAULT_SEED);

/** A stream of random numbers that is made when something draws from it. */
export class Stream {
  private made: Generator | null = null;
  constructor(readonly seed: number) {}
  get generator(): Generator {
    this.made ??= new Generator(this.seed);
    return this.made;
  }
}
/** See Note [Streams]. */
export const streams: { current: Stream | null; across: (() => Stream | undefined) | null } = { current: null, across: null };

/** What is drawn from without a generator: the running work's stream, else the default generator. */
export function currentGenerator(): Generator {
  const stream = streams.current ?? streams.across?.() ?? null;
  return stream === null ? default_generator : stream.generator;
}
/** Runs a synchronous body whose draws without a generator come from a stream. */
export function drawingFrom<T>(stream: Stream, body: () => T): T {
  const outer = streams.current;
  streams.current = stream;
  try {
    return body();
  } finally {
    streams.current = outer;
  }
}
