// Note [Collector]: V8 marks the whole heap after every 64 MB of new ArrayBuffers, which a training step makes several times over: up to a
// third of its time. So new buffers are taken off V8's account until they come to ALLOWANCE, and then put back at once: if they were not
// collected as young objects meanwhile, V8 marks then.
import { builtin, permitted } from '../../core/host.ts';
import type { Addon } from './addon.ts';

const MB = 2 ** 20;
const BATCH = 4 * MB;
/** Garbage that may wait, of a machine with so much memory. */
const allowance = (machine: number): number => Math.max(64 * MB, Math.min(512 * MB, machine / 16));

/** What to call with the size of every new ArrayBuffer. */
export function collectorPressure(addon: Addon): (nbytes: number) => void {
  const limit = allowance(permitted(() => builtin<typeof import('node:os')>('os')?.totalmem(), 0));
  let fresh = 0;
  let hidden = 0;
  return (nbytes) => {
    fresh += nbytes;
    if (fresh < BATCH) return;
    hidden += fresh;
    addon.adjustMemory(-fresh);
    fresh = 0;
    if (hidden < limit) return;
    addon.adjustMemory(hidden);
    hidden = 0;
  };
}
