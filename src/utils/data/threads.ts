// Batches made by worker threads.
import { type Fetcher, Fetcher as FetcherClass, type Recipe, type Task } from './fetch.ts';
import { Here } from './here.ts';
import type { Take } from './iterators.ts';
import { PassStreams } from './random.ts';
import type { Seeds } from './workers/messages.ts';
import { type Packed, stays } from './workers/pack.ts';
import { Pool } from './workers/pool.ts';
import { DONE, type PassSettings, Refused, Session } from './workers/session.ts';

/** Worker threads with the dataset of a loader; persistent ones serve one pass after the other. */
export class Crew {
  readonly pool: Pool;
  readonly collatesHere: boolean;
  /** Workers that have yet to get the dataset. */
  readonly loading: Set<number>;
  /** The pass that is served: an iterator of an earlier one is over. */
  pass = -1;
  broken = false;
  constructor(num_workers: number, packed: Packed) {
    this.pool = new Pool(num_workers, packed.start);
    this.collatesHere = packed.collatesHere;
    this.loading = new Set(Array.from({ length: num_workers }, (_, i) => i));
  }
  serve(seeds: Seeds): void {
    this.pass = seeds.pass;
    if (seeds.pass === 0) return;
    this.pool.beginPass(seeds.pass);
    for (let worker = 0; worker < this.pool.size; worker++) this.pool.send(worker, { kind: 'pass', seeds });
  }
  close(stuck: boolean): Promise<void> {
    this.broken = true;
    return this.pool.close(stuck);
  }
}

/** An iterator that nobody has any more cannot be asked for a batch: its workers end. */
const abandoned = new FinalizationRegistry<Crew>((crew) => void crew.close(false));
/** Ends the workers when the object that uses them is collected. */
export const endWith = (owner: object, crew: Crew): void => abandoned.register(owner, crew);

export interface ThreadedSettings extends Omit<PassSettings, 'collator'> {
  readonly persistent: boolean;
  readonly num_workers: number;
  /** The loader, with which persistent workers end: it lives as long as its iterators. */
  readonly owner: object;
}
export class Threaded<B> implements Take<B> {
  private readonly session: Session<B>;
  private readonly pass: number;
  /** After a worker refused. */
  private instead: Here<B> | null = null;
  private readonly fetcher: Fetcher<unknown, B>;
  constructor(
    private readonly crew: Crew,
    recipe: Recipe<unknown, B>,
    private readonly settings: ThreadedSettings,
  ) {
    const { seeds } = settings;
    this.pass = seeds.pass;
    this.fetcher = new FetcherClass(recipe, new PassStreams(seeds.base_seed, seeds.pass));
    crew.serve(seeds);
    try {
      this.session = new Session(crew.pool, { ...settings, collator: crew.collatesHere ? this.fetcher : null }, crew.loading);
    } catch (error) {
      // The sampler threw.
      void crew.close(false);
      throw error;
    }
  }
  take(): { readonly batch: B } | null {
    if (this.crew.pass !== this.pass) return null;
    if (!this.instead) {
      try {
        const batch = this.session.take();
        return batch === DONE ? null : { batch };
      } catch (error) {
        this.replace(error);
      }
    }
    return this.instead!.take();
  }
  async takeLater(): Promise<{ readonly batch: B } | null> {
    if (this.crew.pass !== this.pass) return null;
    if (!this.instead) {
      try {
        const batch = await this.session.takeLater();
        return batch === DONE ? null : { batch };
      } catch (error) {
        this.replace(error);
      }
    }
    return this.instead!.takeLater();
  }
  /** Goes on without workers if they cannot have the dataset. */
  private replace(error: unknown): void {
    if (!(error instanceof Refused)) throw error;
    const { num_workers, prefetch_factor, tasks } = this.settings;
    stays(num_workers, error.why, error.remedy);
    void this.crew.close(false);
    this.instead = new Here(this.fetcher, chain(this.session.left, tasks), { width: num_workers, ahead: prefetch_factor * num_workers });
  }
  close(failed: unknown): Promise<void> | void {
    this.instead?.close();
    // A sample that cannot be loaded says nothing against the workers; one that never comes does.
    const workersFailed = failed !== null && !(failed instanceof Error && 'cause' in failed);
    if (this.crew.broken || (this.settings.persistent && !workersFailed)) return this.crew.broken ? this.crew.pool.close() : undefined;
    return this.crew.close(workersFailed);
  }
}
function* chain(first: readonly Task[], rest: Iterator<Task>): Generator<Task> {
  yield* first;
  for (let step = rest.next(); !step.done; step = rest.next()) yield step.value;
}
