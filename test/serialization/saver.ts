// A process of its own that saves checkpoints, for tests that take things away from it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import * as torch from '../../src/index.ts';

/** Saves value 0 with 1 MiB of zeros, value 1 with 2 MiB of ones, value 0 again …: all or as many times as asked. */
const SAVER = `
import * as torch from ${JSON.stringify(fileURLToPath(new URL('../../src/index.ts', import.meta.url)))};
const [path, times] = process.argv.slice(2);
for (let round = 0; round < Number(times); round++) {
  const value = round % 2;
  torch.save({ value, weight: torch.full([(value + 1) << 18], value) }, path);
  process.stdout.write('.');
}`;

export interface Folder {
  readonly path: string;
  /** Starts a saver of `path`; `limits` are ulimit's. */
  save(path: string, times: number, limits?: string): ChildProcess;
}
/** Runs `body` with a folder and savers; both are gone afterwards. */
export async function withSavers<T>(body: (folder: Folder) => Promise<T>): Promise<T> {
  const path = mkdtempSync(join(tmpdir(), 'flambeau-save-'));
  const program = join(path, 'saver.mjs');
  const children: ChildProcess[] = [];
  try {
    await build({
      stdin: { contents: SAVER, resolveDir: path },
      outfile: program,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      // The package names its side effects by their place in dist.
      ignoreAnnotations: true,
      logLevel: 'error',
    });
    return await body({
      path,
      save(target, times, limits = '') {
        const command = `${limits ? `ulimit ${limits}; ` : ''}exec "$0" "$@"`;
        const child = spawn('sh', ['-c', command, process.execPath, program, target, String(times)], {
          stdio: ['ignore', 'pipe', 'pipe'],
          env: { ...process.env, FLAMBEAU_BACKEND: 'reference' },
        });
        children.push(child);
        return child;
      },
    });
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(path, { recursive: true });
  }
}

/** The value in a checkpoint of a saver's, every element looked at. */
export function valueIn(path: string): number {
  const { value, weight } = torch.load<{ value: number; weight: torch.Tensor }>(path);
  const found = [weight.numel(), weight.min().item(), weight.max().item()];
  if (found.join() !== [(value + 1) << 18, value, value].join()) throw new Error(`a mixture: value ${value} with ${found}`);
  return value;
}

/** Kills savers at so many moments of their work; what was in the file after each. */
export async function killSavers(trials: number): Promise<{ values: number[]; leftovers: number }> {
  return withSavers(async ({ path: folder, save }) => {
    const values: number[] = [];
    const each = async (trial: number): Promise<void> => {
      const path = join(folder, `${trial}.pt`);
      const child = save(path, Number.POSITIVE_INFINITY);
      const first = await Promise.race([once(child.stdout!, 'data'), once(child, 'close').then(() => null)]);
      if (first === null) throw new Error(`the saver failed: ${await text(child.stderr!)}`);
      // Moments spread over several saves, to a fraction of a millisecond.
      const end = performance.now() + ((trial * 0.618_034) % 1) * 40;
      await new Promise((later) => setTimeout(later, Math.max(0, end - performance.now() - 2)));
      while (performance.now() < end);
      child.kill('SIGKILL');
      await once(child, 'close');
      values.push(valueIn(path));
    };
    for (let trial = 0; trial < trials; trial += 2) await Promise.all([each(trial), each(trial + 1)]);
    return { values, leftovers: readdirSync(folder).filter((file) => file.endsWith('.tmp')).length };
  });
}
