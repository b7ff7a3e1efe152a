// Chooses the backend when the library is loaded: the addon where it exists, else WebAssembly, else the reference. FLAMBEAU_BACKEND overrides.
import { environment } from '../core/host.ts';
import { allocateIn } from '../core/storage.ts';
import { installAccelerations, removeAccelerations } from './compiled/accelerate.ts';
import { makeBackend } from './compiled/backend.ts';
import type { Engine } from './compiled/engine.ts';
import './compiled/kernels/index.ts';
import { backend } from './interface.ts';
import { loadAddon } from './native/addon.ts';
import { nativeEngine } from './native/engine.ts';
import { reference } from './reference/index.ts';
import { wasmEngine } from './wasm/engine.ts';
import { type Compiled, fetchModule, readModule } from './wasm/module.ts';

const NAMES = ['native', 'wasm', 'reference'] as const;
export type BackendName = (typeof NAMES)[number];
type Operators = Parameters<typeof installAccelerations>[0];

/** What was chosen, and why not something faster: `npx flambeau doctor` prints it. */
export const selection = { name: 'reference' as BackendName, reason: '', level: '' };

/** An engine that is ready, with what only its kind knows. */
interface Opened {
  readonly engine: Engine;
  readonly level: string;
  setNumThreads(n: number): void;
  getNumThreads(): number;
}
interface Missing {
  readonly reason: string;
}
const opened: { native: Opened | null; wasm: Opened | null; current: Opened | null } = { native: null, wasm: null, current: null };

function openNative(): Opened | Missing {
  const addon = loadAddon();
  if ('reason' in addon) return addon;
  const threads = Number(environment('FLAMBEAU_THREADS'));
  if (threads > 0) addon.setNumThreads(threads);
  return {
    engine: nativeEngine(addon),
    level: addon.level(),
    setNumThreads: (n) => addon.setNumThreads(n),
    getNumThreads: () => addon.getNumThreads(),
  };
}
function openWasm(module: Compiled | Missing): Opened | Missing {
  if ('reason' in module) return module;
  const engine = wasmEngine(module);
  return {
    engine,
    level: engine.threaded ? 'simd128, threads' : 'simd128',
    setNumThreads: (n) => engine.setNumThreads(n),
    getNumThreads: () => engine.getNumThreads(),
  };
}
const open = { native: openNative, wasm: () => openWasm(readModule()) };

/**
 * Chooses the backend; '' is the fastest there is.
 * @throws Error if the one that is asked for does not exist here.
 */
export function selectBackend(wanted: string, operators: Operators): void {
  if (wanted !== '' && !NAMES.includes(wanted as BackendName))
    throw new Error(`no backend is called ${wanted}: there are native, wasm and reference`);
  const reasons: string[] = [];
  for (const name of ['native', 'wasm'] as const) {
    if (wanted !== '' && wanted !== name) continue;
    const found = opened[name] ?? open[name]();
    if (!('reason' in found)) {
      opened[name] = found;
      use(found, operators);
      selection.reason = reasons.join('; ');
      return;
    }
    if (wanted === name) throw new Error(`FLAMBEAU_BACKEND=${name}: ${found.reason}`);
    reasons.push(found.reason);
  }
  removeAccelerations(operators);
  allocateIn(null, null);
  backend.current = reference;
  opened.current = null;
  Object.assign(selection, { name: 'reference', level: '', reason: wanted === 'reference' ? 'it was asked for' : reasons.join('; ') });
}
function use(found: Opened, operators: Operators): void {
  removeAccelerations(operators);
  backend.current = makeBackend(found.engine);
  installAccelerations(operators);
  opened.current = found;
  Object.assign(selection, { name: found.engine.name, level: found.level });
}
/** Fetches the WebAssembly module and uses it, for pages. Where that fails the reference backend stays, with the reason in `selection`. */
export async function fetchBackend(operators: Operators): Promise<void> {
  const found = openWasm(await fetchModule());
  if ('reason' in found) {
    selection.reason = found.reason;
    return;
  }
  opened.wasm = found;
  use(found, operators);
}
/** Threads that kernels use. */
export const get_num_threads = (): number => opened.current?.getNumThreads() ?? 1;
export function set_num_threads(n: number): void {
  if (!Number.isInteger(n) || n < 1) throw new RangeError('set_num_threads expects a positive integer');
  opened.current?.setNumThreads(n);
}
