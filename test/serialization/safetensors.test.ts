// Safetensors files: all dtypes, parts of files, several files, and files that are none.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { load_file, load_metadata, load_safetensors, safe_open, save_file, save_safetensors } from '../../src/serialization/index.ts';

const tensors = {
  matrix: torch
    .tensor([
      [1, 2],
      [3, 4],
    ])
    .t(),
  ids: torch.tensor([1n, -2n]),
  mask: torch.tensor([true, false, true]),
  half: torch.tensor([1.5, 2]).to(torch.bfloat16),
  quarter: torch.tensor([1.5, -448]).to(torch.float8_e4m3fn),
  waves: torch.tensor([new torch.Complex(1, 2)]),
  empty: torch.zeros([0, 3]),
  scalar: torch.tensor(3, { dtype: torch.float64 }),
};
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flambeau-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('safetensors', () => {
  it('come back as they were', async () => {
    const path = join(folder, 'x.safetensors');
    save_file(tensors, path, { format: 'pt' });
    for (const loaded of [load_file(path), load_file(pathToFileURL(path)), await load_safetensors(new Blob([readFileSync(path)]))])
      for (const [name, t] of Object.entries(tensors)) expect(String(loaded[name])).toBe(String(t));
    expect(load_metadata(path)).toEqual({ format: 'pt' });
    expect(readdirSync(folder)).toEqual(['x.safetensors']);
    expect(() => save_file({ bad: torch.zeros([1], { dtype: torch.complex128 }) }, path)).toThrow('safetensors cannot store bad');
    expect(Object.keys(load_file(path)).length).toBe(8);
  });
  it('are read tensor by tensor, and rows without the others', () => {
    const path = join(folder, 'x.safetensors');
    save_file({ x: torch.arange(12).reshape(4, 3), y: torch.ones([]) }, path);
    using file = safe_open(path);
    expect(file.keys().sort()).toEqual(['x', 'y']);
    expect(file.get_tensor('x').tolist()).toEqual(torch.arange(12).reshape(4, 3).tolist());
    expect(file.get_slice('x', 1, 3).tolist()).toEqual([
      [3, 4, 5],
      [6, 7, 8],
    ]);
    expect(file.get_slice('x', -1).tolist()).toEqual([[9, 10, 11]]);
    expect(file.get_slice('x', 3, 1).tolist()).toEqual([]);
    expect(() => file.get_slice('y')).toThrow('no dimensions');
    expect(() => file.get_tensor('z')).toThrow('File does not contain tensor z');
  });
  it('are spread over files with a table', () => {
    const path = join(folder, 'model.safetensors');
    save_safetensors({ a: torch.ones([4]), b: torch.zeros([4]), c: torch.full([9], 2) }, path, { max_shard_size: 32 });
    expect(readdirSync(folder).sort()).toEqual([
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json',
    ]);
    const index = JSON.parse(readFileSync(`${path}.index.json`, 'utf8'));
    expect(index).toEqual({
      metadata: { total_size: 68 },
      weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00001-of-00002.safetensors', c: 'model-00002-of-00002.safetensors' },
    });
    const loaded = load_safetensors(`${path}.index.json`);
    expect(Object.keys(loaded)).toEqual(['a', 'b', 'c']);
    expect(load_safetensors(pathToFileURL(`${path}.index.json`)).c!.tolist()).toEqual(loaded.c!.tolist());
    for (const file of ['../x.safetensors', '..', '/etc/passwd', 3]) {
      writeFileSync(`${path}.index.json`, JSON.stringify({ weight_map: { a: file } }));
      expect(() => load_safetensors(`${path}.index.json`)).toThrow('the table puts a into');
    }
    writeFileSync(`${path}.index.json`, JSON.stringify({ weight_map: { z: 'model-00001-of-00002.safetensors' } }));
    expect(() => load_safetensors(`${path}.index.json`)).toThrow('File does not contain tensor z');
  });
  it('are refused when cut off or extended', () => {
    const bytes = save_safetensors(tensors);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (n) => {
        expect(() => load_safetensors(bytes.subarray(0, n))).toThrow('invalid safetensors file');
      }),
    );
    expect(() => load_safetensors(new Uint8Array([...bytes, 0]))).toThrow('something appended');
  });
});
