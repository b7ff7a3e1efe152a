// What is larger than memory, or taken away, is a clear error, and the next call works.
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { BACKENDS, useBackend } from '../helpers/backends.ts';

describe.each(BACKENDS)('%s', (backend) => {
  beforeEach(() => useBackend(backend));
  afterAll(() => useBackend(BACKENDS.at(-1)!));

  it('more than there is', () => {
    const message =
      "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 1125899906842624 bytes. Error code 12 (Cannot allocate memory)";
    expect(() => torch.empty([2 ** 50], { dtype: torch.uint8 })).toThrow(new torch.RuntimeError(message));
    expect(() =>
      torch
        .ones([2])
        .expand([2 ** 49, 2])
        .contiguous(),
    ).toThrow(torch.RuntimeError);
    expect(torch.ones([3]).add(1).tolist()).toEqual([2, 2, 2]);
  });
  it('memory that was transferred', () => {
    const x = torch.arange(1000, { dtype: torch.float32 });
    const { buffer } = x.numpy().data;
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    for (const use of [() => x.add(1), () => x.sum(), () => x.tolist(), () => x.mul_(2), () => torch.cat([x, x])])
      expect(use).toThrow(/detached/);
    expect(torch.ones([3]).add(1).tolist()).toEqual([2, 2, 2]);
  });
});
