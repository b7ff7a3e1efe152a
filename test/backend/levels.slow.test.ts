// Every instruction set of this machine, in processes of their own: PyTorch's random numbers to the last bit for one and two threads, and
// the properties of every family of kernels.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BACKENDS, LEVELS } from '../helpers/backends.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
function run(command: readonly string[], environment: Record<string, string>): string {
  const { status, stdout, stderr } = spawnSync(command[0]!, command.slice(1), {
    cwd: root,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  });
  if (status !== 0) expect.fail(`${command.join(' ')} ended with ${status}:\n${stdout.slice(-6000)}\n${stderr.slice(-2000)}`);
  return stdout;
}

describe("PyTorch's random data, to the last bit", () => {
  const cases: Record<string, string>[] = [
    { FLAMBEAU_BACKEND: 'reference' },
    ...(BACKENDS.includes('wasm') ? [{ FLAMBEAU_BACKEND: 'wasm' }] : []),
    ...LEVELS.flatMap((level) =>
      ['1', '2'].map((threads) => ({ FLAMBEAU_BACKEND: 'native', FLAMBEAU_CPU: level, FLAMBEAU_THREADS: threads })),
    ),
  ];
  it.each(cases)('%o', (environment) => {
    const out = run(['npx', 'tsx', 'tools/conformance/main.ts', '--kind', 'random', '--strict'], environment);
    expect(out).toMatch(/^7\d\d passed, 0 failed, 0 skipped$/m);
  });
});

describe('properties and threads', () => {
  const files = ['families', 'properties', 'threads', 'accuracy'].map((name) => `test/backend/${name}.test.ts`);
  it.each(LEVELS)('%s', (level) => {
    const out = run(['npx', 'vitest', 'run', '--project', 'fast', '-t', '^(?!(gate on )?(reference|wasm))', ...files, 'test/gate'], {
      FLAMBEAU_CPU: level,
      FLAMBEAU_PROPERTY_RUNS: '80',
      NO_COLOR: '1',
    });
    expect(out).toMatch(/Tests +\d+ passed/);
  });
});
