// The chapter on texts trains as PyTorch does. The expected figures are those that 05-text.py printed with PyTorch 2.15 and scikit-learn.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const out = mkdtempSync(join(tmpdir(), 'flambeau-text-'));
// There are thousands of samples to remove.
afterAll(() => rmSync(out, { recursive: true, force: true }), 120_000);

const PYTORCH = { Net: { accuracy: 0.9571, f1: 0.9258 }, KimCNN: { accuracy: 0.982, f1: 0.9687 } } as const;
/** Logistic regression on TF-IDF of the 200 words that the networks see. */
const BASELINE = { accuracy: 0.9751, f1: 0.9563 };

it('the networks of 05-text.ts reach accuracy and F1 of PyTorch, and the second one beats a linear model', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'examples/notes/05-text.ts'], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    env: { ...process.env, FLAMBEAU_NOTES_OUT: out },
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  });
  expect(status, stderr).toBe(0);
  const reached = Object.fromEntries(
    [...stdout.matchAll(/^(\w+): accuracy (\S+), F1 (\S+),/gm)].map(([, name, accuracy, f1]) => [
      name!,
      { accuracy: Number(accuracy), f1: Number(f1) },
    ]),
  );
  for (const [name, wanted] of Object.entries(PYTORCH)) {
    expect(Math.abs(reached[name]!.accuracy - wanted.accuracy), name).toBeLessThanOrEqual(0.01);
    expect(Math.abs(reached[name]!.f1 - wanted.f1), name).toBeLessThanOrEqual(0.01);
  }
  expect(reached.KimCNN!.accuracy).toBeGreaterThan(BASELINE.accuracy);
  expect(reached.KimCNN!.f1).toBeGreaterThan(BASELINE.f1);
});
