// A mistake for each checker to see: a kernel that writes behind the end of its memory, and two threads that write the same memory at once.
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import type { Addon } from '../../src/backend/native/addon.ts';
import { float32 } from '../../src/core/dtype.ts';

const addon = createRequire(import.meta.url)(process.env.FLAMBEAU_ADDON!) as Addon;
const slots = new Float64Array(64);
addon.init(slots.buffer);
/** Fills so many float32 with zeros, whatever there is. */
function fill(memory: Float32Array, count: number): void {
  slots.set([1, float32.code, addon.address(memory), count, 1, 0, 0]);
  addon.run(addon.names().indexOf('fill'));
}

if (!isMainThread) for (let i = 0; i < 1000; i++) fill(workerData as Float32Array, 1000);
else if (process.argv[2] === 'overrun') fill(new Float32Array(Buffer.allocUnsafeSlow(400).buffer), 101);
else {
  const memory = new Float32Array(new SharedArrayBuffer(4000));
  const other = new Worker(`import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(import.meta.url)})))`, {
    eval: true,
    workerData: memory,
  });
  let ended = false;
  void once(other, 'exit').then(() => {
    ended = true;
  });
  while (!ended) {
    fill(memory, 1000);
    await new Promise(setImmediate);
  }
}
