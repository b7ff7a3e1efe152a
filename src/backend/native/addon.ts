// Finding and loading the addon. Node only: pages never import this folder.
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What native/addon.cpp exports. */
export interface Addon {
  init(descriptor: ArrayBuffer): void;
  /** The address of a buffer's first byte. */
  address(buffer: ArrayBufferLike): number;
  /** Runs a kernel on what the descriptor says; returns a Status. */
  run(kernel: number): number;
  names(): string[];
  level(): string;
  levels(): string[];
  setNumThreads(n: number): void;
  getNumThreads(): number;
}

/** Why there is no addon, for `flambeau doctor`. */
export interface Missing {
  readonly reason: string;
}

/** Loads the addon of this platform. A broken build or an unknown FLAMBEAU_CPU throws. */
export function loadAddon(): Addon | Missing {
  const file = fileURLToPath(new URL(`../../../native/build/flambeau-${process.platform}-${process.arch}.node`, import.meta.url));
  if (!existsSync(file)) return { reason: `${file} does not exist (no C++ compiler when the package was built, or another platform)` };
  return createRequire(import.meta.url)(file) as Addon;
}
