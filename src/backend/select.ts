// Chooses the backend when the library is loaded: the addon where it exists, else the reference. FLAMBEAU_BACKEND overrides.
import { backend } from './interface.ts';
import { loadAddon } from './native/addon.ts';
import { installAccelerations, makeNativeBackend } from './native/index.ts';
import { reference } from './reference/index.ts';

/** What was chosen, and why not something faster. */
export const selection = { name: '', reason: '', level: '' };

export function selectBackend(wanted = process.env.FLAMBEAU_BACKEND ?? ''): void {
  if (wanted !== '' && wanted !== 'native' && wanted !== 'reference') {
    throw new Error(`FLAMBEAU_BACKEND=${wanted}: the backends are native and reference`);
  }
  backend.current = reference;
  selection.name = 'reference';
  if (wanted === 'reference') {
    selection.reason = 'FLAMBEAU_BACKEND=reference';
    return;
  }
  const addon = loadAddon();
  if ('reason' in addon) {
    if (wanted === 'native') throw new Error(`FLAMBEAU_BACKEND=native: ${addon.reason}`);
    selection.reason = addon.reason;
    return;
  }
  backend.current = makeNativeBackend(addon);
  selection.name = 'native';
  selection.level = addon.level();
  const threads = Number(process.env.FLAMBEAU_THREADS ?? '');
  if (threads > 0) addon.setNumThreads(threads);
}
/** Connects native kernels with operators; called once all are declared. */
export function connectKernels(registry: Parameters<typeof installAccelerations>[0]): void {
  if (selection.name === 'native') installAccelerations(registry);
}
