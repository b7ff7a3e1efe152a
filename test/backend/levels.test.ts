// Every instruction set of this machine: random numbers have the same bits as the reference's, everything else agrees with it.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BACKENDS, LEVELS } from '../helpers/backends.ts';

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
/** Runs the probe in a process of its own, for a process has one instruction set. */
function probe(environment: Record<string, string>): Record<string, string> {
  const out = execFileSync(process.execPath, ['--import', 'tsx', path('./levels.probe.ts')], {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  });
  return JSON.parse(out) as Record<string, string>;
}
describe('random numbers and integers have the same bits', () => {
  const wanted = probe({ FLAMBEAU_BACKEND: 'reference' });
  const cases = [
    ...LEVELS.flatMap((level) =>
      [1, 2].map((threads) => ({ FLAMBEAU_BACKEND: 'native', FLAMBEAU_CPU: level, FLAMBEAU_THREADS: String(threads) })),
    ),
    ...(BACKENDS.includes('wasm') ? [{ FLAMBEAU_BACKEND: 'wasm' }] : []),
  ];
  it('there is a digest for every sampler', () => expect(Object.keys(wanted).length).toBeGreaterThan(25));
  it.each(cases)('%o', (environment) => expect(probe(environment)).toEqual(wanted));
});
