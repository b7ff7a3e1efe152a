// Finding and loading the addon, where there is Node.js.
import { builtin } from '../../core/host.ts';

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
  /** A file as memory that is read when it is touched and written privately; null where that cannot be. */
  mapFile(path: string): ArrayBuffer | null;
}

/** Why there is no addon, for `flambeau doctor`. */
export interface Missing {
  readonly reason: string;
}

/** Loads the addon of this platform. A broken build or an unknown FLAMBEAU_CPU throws. */
export function loadAddon(): Addon | Missing {
  const fs = builtin<typeof import('node:fs')>('fs');
  const modules = builtin<typeof import('node:module')>('module');
  const urls = builtin<typeof import('node:url')>('url');
  if (!fs || !modules || !urls) return { reason: 'this is not Node.js' };
  const file = urls.fileURLToPath(new URL(`../../../native/build/flambeau-${process.platform}-${process.arch}.node`, import.meta.url));
  if (!fs.existsSync(file)) return { reason: `${file} does not exist (no C++ compiler when the package was built, or another platform)` };
  return modules.createRequire(import.meta.url)(file) as Addon;
}
