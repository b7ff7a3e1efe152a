// Note [Collector]: V8 marks its whole heap after every 64 MB of new ArrayBuffers, though most of them were dead young objects that a
// scavenge has freed: up to a third of a training step. So new buffers are taken off V8's account, and V8 is pressed to mark only when the
// memory that the process has really not freed has grown by a spare amount over what it was at its lowest.
import { builtin } from '../../core/host.ts';
import type { Addon } from './addon.ts';

const MB = 2 ** 20;
const BATCH = 4 * MB;
/** What V8 takes as reason enough to mark. */
const PRESS = 96 * MB;
/** Garbage that may wait, of a machine with so much memory. */
const allowance = (machine: number): number => Math.max(64 * MB, Math.min(256 * MB, machine / 16));

/** What to call with the size of every new ArrayBuffer. */
export function collectorPressure(addon: Addon): (nbytes: number) => void {
  const spare = allowance(builtin<typeof import('node:os')>('os')?.totalmem() ?? 0);
  /** Where the C library can't say what is in use: all that was allocated since V8 last marked. */
  let assumed = 0;
  const inUse = (): number => addon.memoryInUse() ?? assumed;
  let limit = inUse() + spare;
  let fresh = 0;
  let pressing = false;
  let sincePressed = 0;
  return (nbytes) => {
    fresh += nbytes;
    if (fresh < BATCH) return;
    assumed += fresh;
    addon.adjustMemory(-fresh);
    if (pressing) sincePressed += fresh;
    fresh = 0;
    const used = inUse();
    // Pressed for as long as that, V8 has marked: what is still in use is alive.
    if (sincePressed > spare) limit = used + spare;
    limit = Math.min(limit, used + spare);
    if (pressing !== used >= limit) {
      pressing = !pressing;
      addon.adjustMemory(pressing ? PRESS : -PRESS);
      sincePressed = 0;
      assumed = 0;
    }
  };
}
