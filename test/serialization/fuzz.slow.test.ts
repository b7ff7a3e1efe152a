// More damaged files, and writers that are killed.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { fuzz, READERS, type ReaderName } from '../../tools/fuzz/fuzz.ts';

describe('damaged files', () => {
  it.each(Object.keys(READERS) as ReaderName[])('%s: are read or refused', (reader) => {
    const { findings } = fuzz(reader, 100_000, 11);
    expect(findings.map(({ what, bytes }) => `${what}\n${Buffer.from(bytes).toString('base64')}`)).toEqual([]);
  });
});

/** Writes one of two checkpoints, again and again, as torch.save does. */
const WRITER = `
import { readFileSync } from 'node:fs';
import { writeAtomically } from ${JSON.stringify(fileURLToPath(new URL('../../src/serialization/source.ts', import.meta.url)))};
const [target, ...sources] = process.argv.slice(1);
const contents = sources.map((path) => readFileSync(path));
function* parts(content) {
  for (let at = 0; at < content.length; at += 65536) yield content.subarray(at, at + 65536);
}
for (let round = 0; ; round++) {
  writeAtomically(target, parts(contents[round % 2]));
  process.stdout.write('.');
}`;
describe('a file that is written', () => {
  it('is the old one or the new one, whenever the writer is killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flambeau-'));
    try {
      const sources = [1, 2].map((value) => join(folder, `source${value}`));
      sources.forEach((path, i) => {
        torch.save({ value: i, weight: torch.full([(i + 1) << 20], i) }, path);
      });
      const path = join(folder, 'x.pt');
      const seen = new Set<number>();
      for (let trial = 0; trial < 40; trial++) {
        const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', WRITER, path, ...sources], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        await new Promise((saved) => child.stdout.once('data', saved));
        await new Promise((later) => setTimeout(later, trial % 20));
        child.kill('SIGKILL');
        await new Promise((gone) => child.once('close', gone));
        const { value, weight } = torch.load<{ value: number; weight: torch.Tensor }>(path);
        expect([weight.numel(), weight.min().item(), weight.max().item()]).toEqual([(value + 1) << 20, value, value]);
        seen.add(value);
      }
      expect(seen.size).toBe(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
