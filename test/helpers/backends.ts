import { existsSync } from 'node:fs';
import { type BackendName, selectBackend } from '../../src/backend/select.ts';
import { registry } from '../../src/dispatch/operator.ts';
import '../../src/index.ts';

/** The backends that this machine has. A missing addon fails in CI and is named elsewhere. */
export const BACKENDS: readonly BackendName[] = addonExists() ? ['reference', 'native'] : ['reference'];
function addonExists(): boolean {
  const file = new URL(`../../native/build/flambeau-${process.platform}-${process.arch}.node`, import.meta.url);
  const there = existsSync(file);
  if (!there && process.env.CI === 'true' && process.env.FLAMBEAU_WITHOUT_ADDON !== '1') throw new Error(`CI needs the addon: ${file.pathname}`);
  return there;
}
export function useBackend(name: BackendName): void {
  selectBackend(name, registry);
}
