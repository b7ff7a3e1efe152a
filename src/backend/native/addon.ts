// Finding and loading the addon, where there is Node.js.
import { builtin, environment, permitted } from '../../core/host.ts';

/** What native/addon.cpp exports. */
export interface Addon {
  init(descriptor: ArrayBuffer): void;
  /** The address of the first byte. */
  address(memory: ArrayBufferLike | ArrayBufferView): number;
  /** Runs a kernel on what the descriptor says; returns a Status. */
  run(kernel: number): number;
  names(): string[];
  level(): string;
  levels(): string[];
  setNumThreads(n: number): void;
  getNumThreads(): number;
  /** Tells the collector that memory outside its heap grew by so many bytes, or shrank. */
  adjustMemory(bytes: number): void;
  /** Bytes that the process has allocated and not freed; null where the C library can't say. */
  memoryInUse(): number | null;
  /** A file as memory that is read when it is touched and written privately; null where that cannot be. */
  mapFile(path: string): ArrayBuffer | null;
}

/** Why there is no addon, for `flambeau doctor`. */
export interface Missing {
  readonly reason: string;
}

/** Where the addon of this platform lies, if there is one, or the one that FLAMBEAU_ADDON names; '' where files have no meaning. */
export function addonFile(): string {
  const named = environment('FLAMBEAU_ADDON');
  if (named) return named;
  const urls = builtin<typeof import('node:url')>('url');
  return urls?.fileURLToPath(new URL(`../../../native/build/flambeau-${process.platform}-${process.arch}.node`, import.meta.url)) ?? '';
}
/**
 * Loads the addon of this platform. One that the system refuses (made for another C library, say) is as good as none.
 * @throws Error if FLAMBEAU_CPU names a level that was not built or that this CPU lacks.
 */
export function loadAddon(): Addon | Missing {
  const fs = builtin<typeof import('node:fs')>('fs');
  const modules = builtin<typeof import('node:module')>('module');
  const file = addonFile();
  if (!fs || !modules || file === '') return { reason: 'this is not Node.js' };
  if (!permitted(() => fs.existsSync(file), false))
    return { reason: `${file} does not exist (no C++ compiler when the package was built, or another platform), or may not be read` };
  try {
    return modules.createRequire(import.meta.url)(file) as Addon;
  } catch (error) {
    const { message } = error as Error;
    if (message.startsWith('FLAMBEAU_')) throw error;
    return { reason: `${file} could not be loaded: ${message}` };
  }
}
