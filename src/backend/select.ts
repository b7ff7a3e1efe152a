// Chooses the backend when the library is loaded: the addon where it exists, else the reference. FLAMBEAU_BACKEND overrides.
import { type Backend, backend } from './interface.ts';
import './native/kernels/index.ts';
import { installAccelerations, removeAccelerations } from './native/accelerate.ts';
import { type Addon, loadAddon } from './native/addon.ts';
import { makeNativeBackend } from './native/index.ts';
import { reference } from './reference/index.ts';

export type BackendName = 'native' | 'reference';
type Operators = Parameters<typeof installAccelerations>[0];

/** What was chosen, and why not something faster: `npx flambeau doctor` prints it. */
export const selection = { name: 'reference' as BackendName, reason: '', level: '' };

const loaded: { addon: Addon | null; backend: Backend | null } = { addon: null, backend: null };

/**
 * Chooses the backend.
 * @throws Error if the one that is asked for does not exist here.
 */
export function selectBackend(wanted: string, operators: Operators): void {
  if (wanted !== '' && wanted !== 'native' && wanted !== 'reference') throw new Error(`FLAMBEAU_BACKEND=${wanted}: the backends are native and reference`);
  removeAccelerations(operators);
  backend.current = reference;
  selection.name = 'reference';
  selection.reason = wanted === 'reference' ? 'it was asked for' : '';
  if (wanted === 'reference') return;
  if (!loaded.addon) {
    const addon = loadAddon();
    if ('reason' in addon) {
      if (wanted === 'native') throw new Error(`FLAMBEAU_BACKEND=native: ${addon.reason}`);
      selection.reason = addon.reason;
      return;
    }
    loaded.addon = addon;
    loaded.backend = makeNativeBackend(addon);
    const threads = Number(process.env.FLAMBEAU_THREADS ?? '');
    if (threads > 0) addon.setNumThreads(threads);
  }
  backend.current = loaded.backend!;
  selection.name = 'native';
  selection.level = loaded.addon.level();
  installAccelerations(operators);
}
/** Threads that kernels use. */
export const get_num_threads = (): number => loaded.addon?.getNumThreads() ?? 1;
export function set_num_threads(n: number): void {
  if (!Number.isInteger(n) || n < 1) throw new RangeError('set_num_threads expects a positive integer');
  loaded.addon?.setNumThreads(n);
}
