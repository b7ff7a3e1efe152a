// What a loader gives its workers, or why it cannot.
import { get_default_dtype } from '../../../core/dtype.ts';
import { selection } from '../../../backend/select.ts';
import type { Recipe } from '../fetch.ts';
import { loading } from './boot.ts';
import type { Luggage, Seeds, Start } from './messages.ts';
import { CannotTravel, pickle } from './pickle.ts';
import { hasThreads } from './pool.ts';
import { Inspector, mainScript, type Reference } from './references.ts';

const told = new Set<string>();
/** Says something once. */
export function notice(text: string): void {
  if (told.has(text)) return;
  told.add(text);
  console.warn(text);
}

export interface Packed {
  readonly start: Omit<Start, 'port' | 'alive' | 'control' | 'thread' | 'id' | 'num_workers'>;
  /** collate_fn stays on the calling thread. */
  readonly collatesHere: boolean;
}
type Initialise = ((worker_id: number) => unknown) | null;

/** Describes the dataset and its functions for worker threads; null, after a notice, where they cannot have them. */
export function pack(recipe: Recipe<unknown, unknown>, worker_init_fn: Initialise, num_workers: number, seeds: Seeds): Packed | null {
  if (!hasThreads() || !Inspector.available) {
    stays(num_workers, 'this runtime has no worker threads that it can give objects to', null);
    return null;
  }
  const inspector = new Inspector();
  try {
    const collate_fn = traveller(recipe.collate_fn, inspector);
    const things: Luggage = { dataset: recipe.dataset, collate_fn, worker_init_fn };
    const luggage = pickle(things, '', inspector);
    const references = luggage.nodes.flatMap((n): Reference[] => (n.kind === 'reference' ? [n.reference] : []));
    const urls = [...new Set(references.map((r) => r.url))].filter((url) => url !== '');
    const { iterable, batched, batch_size, drop_last } = recipe;
    const start = {
      ...{ seeds, luggage, references, iterable, batched, batch_size, drop_last },
      backend: selection.name,
      default_dtype: get_default_dtype().name,
      loading: loading([...urls, import.meta.url], mainScript()),
    };
    return { start, collatesHere: collate_fn === null };
  } catch (error) {
    if (!(error instanceof CannotTravel)) throw error;
    stays(num_workers, `${error.path.slice(1)} ${error.what}`, error.remedy);
    return null;
  } finally {
    inspector.close();
  }
}
/** collate_fn, if a worker can have it. */
function traveller<F>(collate_fn: F, inspector: Inspector): F | null {
  try {
    pickle(collate_fn, 'collate_fn', inspector);
    return collate_fn;
  } catch (error) {
    if (!(error instanceof CannotTravel)) throw error;
    notice(
      `DataLoader: ${error.message}, so the calling thread collates what the workers load. ${error.remedy} and the workers collate too.`,
    );
    return null;
  }
}
/** Says that the calling thread loads, why, and what would change it. */
export function stays(num_workers: number, why: string, remedy: string | null): void {
  const items = `${num_workers} ${num_workers === 1 ? 'item' : 'items'}`;
  const text = `DataLoader(num_workers=${num_workers}): ${why}. So the calling thread loads; with for await and samples that are promises, ${items} at a time.`;
  notice(remedy === null ? text : `${text} ${remedy} to have worker threads load.`);
}
