import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type BackendName, selectBackend } from '../../src/backend/select.ts';
import { registry } from '../../src/dispatch/operator.ts';
import '../../src/index.ts';

/** The backends that this machine has, slowest first. In CI a missing one fails, elsewhere it is left out. */
export const BACKENDS: readonly BackendName[] = [
  'reference',
  ...have('wasm', 'flambeau.wasm', false),
  ...have('native', `flambeau-${process.platform}-${process.arch}.node`, process.env.FLAMBEAU_WITHOUT_ADDON === '1'),
];
function have(name: BackendName, file: string, mayMiss: boolean): BackendName[] {
  const path = new URL(`../../native/build/${file}`, import.meta.url);
  if (existsSync(path)) return [name];
  if (process.env.CI === 'true' && !mayMiss) throw new Error(`CI needs the ${name} backend: ${path.pathname}`);
  return [];
}
export function useBackend(name: BackendName): void {
  selectBackend(name, registry);
}

/** The instruction sets for which this machine has kernels, least first. */
export const LEVELS: readonly string[] = BACKENDS.includes('native')
  ? (
      createRequire(import.meta.url)(
        fileURLToPath(new URL(`../../native/build/flambeau-${process.platform}-${process.arch}.node`, import.meta.url)),
      ) as { levels(): string[] }
    ).levels()
  : [];
