// A worker thread of a DataLoader: gets the dataset, then makes one batch after the other in memory that threads share.
import * as torch from '../../../index.ts';
import type { DTypeName } from '../../../core/dtype.ts';
import { dtypes } from '../../../core/dtype.ts';
import { END, Fetcher, indexOfFailure, type Recipe } from '../fetch.ts';
import { PassStreams } from '../random.ts';
import { running } from '../worker-info.ts';
import { BELL, type FromWorker, type Luggage, PASS, type Start, type Thrown, type ToWorker } from './messages.ts';
import { CannotTravel, pickle } from './pickle.ts';
import { Inspector, type Reference, remember, resolve } from './references.ts';
import { unpickle } from './unpickle.ts';

/** Called by the thread's first lines (boot.ts). */
export async function start(given: Start): Promise<void> {
  const { port, control, id, num_workers, seeds } = given;
  const say = (message: FromWorker): void => {
    port.postMessage(message);
    Atomics.add(control, BELL, 1);
    Atomics.notify(control, BELL);
  };
  process.on('uncaughtException', (error) => {
    say({ kind: 'dying', error: thrown(error) });
    process.exit(1);
  });
  if (torch.get_backend() !== given.backend) torch.set_backend(given.backend as 'reference');
  torch.set_default_dtype(dtypes[given.default_dtype as DTypeName]);

  const luggage = await unpack(given, (reference, why) => say({ kind: 'refused', reference, why }));
  if (luggage === null) return port.close();
  say({ kind: 'loaded' });

  const { dataset, worker_init_fn } = luggage;
  const seed = BigInt.asUintN(64, seeds.base_seed + BigInt(id));
  torch.manual_seed(seed);
  running.worker = Object.freeze({
    id,
    num_workers,
    seed: seed < 2n ** 53n ? Number(seed) : seed,
    dataset,
    worker_method: 'thread' as const,
  });
  const recipe: Recipe<unknown, unknown> = {
    dataset: dataset as never,
    iterable: given.iterable,
    batched: given.batched,
    batch_size: given.batch_size,
    drop_last: given.drop_last,
    collate_fn: luggage.collate_fn,
  };
  const begin = ({ base_seed, pass }: typeof seeds): Fetcher<unknown, unknown> =>
    new Fetcher(recipe, new PassStreams(base_seed, pass, given.iterable ? id : 0));
  let fetcher = begin(seeds);
  let initError: Thrown | null = null;
  try {
    await worker_init_fn?.(id);
  } catch (error) {
    initError = thrown(error);
  }

  const answer = async (message: ToWorker): Promise<void> => {
    if (message.kind === 'pass') {
      fetcher.close();
      fetcher = begin(message.seeds);
    } else if (message.kind === 'task' && Atomics.load(control, PASS) === message.pass) {
      say(initError ? { kind: 'error', id: message.id, error: initError } : await make(fetcher, message));
      initError = null;
    }
  };
  let work = Promise.resolve();
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'end') {
      fetcher.close();
      port.close();
      // Whatever the dataset left open must not keep the thread.
      setTimeout(() => process.exit(0), 200).unref();
      return;
    }
    work = work.then(() => answer(message));
  });
}
async function make(fetcher: Fetcher<unknown, unknown>, { id, task }: Extract<ToWorker, { kind: 'task' }>): Promise<FromWorker> {
  const inspector = new Inspector();
  try {
    const batch = await fetcher.fetchLater(task);
    return batch === END ? { kind: 'ended', id } : { kind: 'batch', id, batch: pickle(batch, 'the batch', inspector) };
  } catch (error) {
    if (!(error instanceof CannotTravel)) return { kind: 'error', id, error: thrown(error) };
    const message = `a worker cannot hand over its batch: ${error.message}. ${error.remedy}, or load without workers.`;
    return { kind: 'error', id, error: thrown(new TypeError(message)) };
  } finally {
    inspector.close();
  }
}
function thrown(error: unknown): Thrown {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: String(error), index: indexOfFailure(error) };
  const { name, message } = error;
  return { name, message, stack: error.stack ?? `${name}: ${message}`, index: indexOfFailure(error) };
}
/** The dataset and functions that the worker was given; null if it cannot have one of them. */
async function unpack(given: Start, refuse: (reference: Reference, why: string) => void): Promise<Luggage | null> {
  for (const reference of given.references) {
    if (reference.url === '') continue;
    try {
      const module = (await import(reference.url)) as Record<string, unknown>;
      const found = exported(module, reference.name);
      if (found === null) {
        refuse(reference, `not exported by ${reference.url.replace(/^.*\//, '')}`);
        return null;
      }
      remember(found, reference);
    } catch (error) {
      refuse(reference, `of a module that a worker cannot load (${(error as Error).message})`);
      return null;
    }
  }
  return unpickle(given.luggage, (reference) => resolve(reference)!) as Luggage;
}
/** The export of a module that is its variable `name`. */
function exported(module: Record<string, unknown>, name: string): Function | null {
  const common = module.default as Record<string, unknown> | undefined;
  const named = module[name] ?? (common !== undefined && Object.hasOwn(Object(common) as object, name) ? common[name] : undefined);
  if (typeof named === 'function') return named;
  const renamed = Object.values(module).find((v) => typeof v === 'function' && v.name === name);
  // A default export without a name of its own: compilers call its variable …default….
  return (renamed ?? (/(^|_)default(_|$)/.test(name) ? module.default : null) ?? null) as Function | null;
}
