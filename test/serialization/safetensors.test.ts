// Safetensors files: all dtypes, and files that are none.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { load, load_file, load_metadata, save, save_file } from '../../src/serialization/index.ts';

const tensors = {
  matrix: torch.tensor([
    [1, 2],
    [3, 4],
  ]).t(),
  ids: torch.tensor([1n, -2n]),
  mask: torch.tensor([true, false, true]),
  half: torch.tensor([1.5, 2]).to(torch.bfloat16),
  waves: torch.tensor([new torch.Complex(1, 2)]),
  empty: torch.zeros([0, 3]),
  scalar: torch.tensor(3, { dtype: torch.float64 }),
};
describe('safetensors', () => {
  it('come back as they were', () => {
    const folder = mkdtempSync(join(tmpdir(), 'flambeau-'));
    try {
      const path = join(folder, 'x.safetensors');
      save_file(tensors, path, { format: 'pt' });
      const loaded = load_file(path);
      for (const [name, t] of Object.entries(tensors)) expect(String(loaded[name])).toBe(String(t));
      expect(load_metadata(path)).toEqual({ format: 'pt' });
      expect(readdirSync(folder)).toEqual(['x.safetensors']);
      expect(() => save_file({ bad: torch.zeros(1, { dtype: torch.complex128 }) }, path)).toThrow('safetensors cannot store bad');
      expect(Object.keys(load_file(path)).length).toBe(7);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  it('are refused when cut off or extended', () => {
    const bytes = save(tensors);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (n) => {
        expect(() => load(bytes.subarray(0, n))).toThrow('invalid safetensors file');
      }),
    );
    expect(() => load(new Uint8Array([...bytes, 0]))).toThrow('something appended');
  });
  it('never fail otherwise on damaged bytes', () => {
    const bytes = save(tensors);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, v) => {
        const damaged = bytes.slice();
        damaged[at] = v;
        try {
          load(damaged);
        } catch (e) {
          expect((e as Error).name).toBe('ValueError');
        }
      }),
    );
  });
});
