// Finding the compiled module: read at once in Node.js, fetched in a page.
import { builtin, environment, permitted } from '../../core/host.ts';

/** What of the WebAssembly API is used (TypeScript has its types only together with those of pages). */
export interface WasmMemory {
  readonly buffer: ArrayBufferLike;
}
export interface WasmModule {
  readonly kind?: 'module';
}
interface WasmApi {
  Module: new (bytes: Uint8Array) => WasmModule;
  Memory: new (limits: { initial: number; maximum: number; shared: boolean }) => WasmMemory;
  Instance: new (module: WasmModule, imports: object) => { readonly exports: unknown };
  compileStreaming(response: unknown): Promise<WasmModule>;
  RuntimeError: new () => Error;
}
export const wasm = (globalThis as unknown as { WebAssembly?: WasmApi }).WebAssembly;

/** A compiled module, and how many threads it may use (1: the build without threads). */
export interface Compiled {
  readonly module: WasmModule;
  readonly threads: number;
}
/** Why there is none, for `flambeau doctor`. */
export interface Missing {
  readonly reason: string;
}

export const PLAIN = new URL('../../../native/build/flambeau.wasm', import.meta.url);
export const THREADED = new URL('../../../native/build/flambeau-threads.wasm', import.meta.url);

/** Threads to use: FLAMBEAU_THREADS, else the machine's; 1 where memory cannot be shared (a page without cross-origin isolation). */
function threads(): number {
  const scope = globalThis as { SharedArrayBuffer?: unknown; crossOriginIsolated?: boolean; navigator?: { hardwareConcurrency?: number } };
  if (!scope.SharedArrayBuffer || scope.crossOriginIsolated === false) return 1;
  const asked = Math.max(Number(environment('FLAMBEAU_THREADS')), 0);
  const available = permitted(() => builtin<typeof import('node:os')>('os')?.availableParallelism(), 0);
  return asked || available || (scope.navigator?.hardwareConcurrency ?? 1);
}
const urlFor = (count: number): URL => (count > 1 ? THREADED : PLAIN);

/** The module from the file system: the one for this machine's threads, or a certain one. */
export function readModule(which?: URL): Compiled | Missing {
  if (!wasm) return { reason: 'there is no WebAssembly here' };
  const fs = builtin<typeof import('node:fs')>('fs');
  if (!fs) return { reason: 'the WebAssembly module has not been fetched' };
  const count = threads();
  const url = which ?? urlFor(count);
  if (!permitted(() => fs.existsSync(url), false))
    return { reason: `${url.pathname} does not exist (the package was not built), or may not be read` };
  try {
    return { module: new wasm.Module(fs.readFileSync(url)), threads: count };
  } catch (error) {
    return { reason: `${url.pathname} could not be loaded: ${(error as Error).message}` };
  }
}
/** The module from where the page has it. */
export async function fetchModule(): Promise<Compiled | Missing> {
  if (!wasm) return { reason: 'there is no WebAssembly here' };
  const count = threads();
  const url = urlFor(count);
  try {
    return { module: await wasm.compileStreaming(fetch(url)), threads: count };
  } catch (error) {
    return { reason: `${url.href} could not be loaded: ${(error as Error).message}` };
  }
}
