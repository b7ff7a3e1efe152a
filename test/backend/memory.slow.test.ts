// Memory of a long run: it stays level, and the collector is not called in again and again for what training allocates, however many objects
// of the user's it would have to look through each time.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BACKENDS } from '../helpers/backends.ts';
import { run } from '../helpers/package.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
interface Reading {
  readonly step: number;
  /** MiB. */
  readonly rss: number;
  readonly held: number;
}
/** Trains the MLP of bench/memory_worker.ts in a process of its own. */
function train(backend: string, steps: number, hold: number): { readings: Reading[]; markings: number } {
  const args = ['--trace-gc', '--import', 'tsx', 'bench/memory_worker.ts', String(steps), String(hold)];
  const lines = run(root, process.execPath, args, { FLAMBEAU_BACKEND: backend }).split('\n');
  return {
    readings: lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Reading),
    markings: lines.filter((line) => line.includes('Mark-Compact')).length,
  };
}

describe.each(BACKENDS.filter((name) => name !== 'reference'))('a long run on %s', (backend) => {
  it('marks the heap a few times only while a million objects are alive', () => {
    const { readings, markings } = train(backend, 1000, 1_000_000);
    const [first, last] = [readings[0]!, readings.at(-1)!];
    expect(last).toMatchObject({ step: 1000, held: 1_000_000 });
    expect(last.rss / first.rss).toBeLessThan(1.1);
    // A marking for every 64 MB of new buffers, as V8 has it by itself, would be one in twenty steps.
    expect(markings).toBeLessThan(15);
  });
});
