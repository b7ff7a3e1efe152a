// What is larger than memory, or taken away, is a clear error, and the next call works.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { BACKENDS, useBackend } from '../helpers/backends.ts';

const positions = (...at: number[]): torch.Tensor => torch.tensor(at, { dtype: torch.int64 });

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
    const view = x.view([10, 100]).t();
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    for (const use of [
      () => x.add(1),
      () => x.sum(),
      () => x.tolist(),
      () => x.mul_(2),
      () => torch.cat([x, x]),
      () => view.mm(view.t()),
      () => torch.sort(x),
      () => torch.ones([1000]).copy_(x),
      () => torch.add(torch.ones([1000]), 1, { out: x }),
      () => x.uniform_(),
      () => torch.save(x),
      () => String(x),
    ])
      expect(use).toThrow(/detached/);
    expect(torch.ones([3]).add(1).tolist()).toEqual([2, 2, 2]);
  });
  it('memory that was transferred after it was saved for backward', () => {
    const array = new Float32Array([1, 2, 3]);
    const x = torch.from_numpy(array);
    const w = torch.ones([3]).requires_grad_();
    const y = w.mul(x).sum();
    structuredClone(array.buffer, { transfer: [array.buffer] });
    expect(() => y.backward()).toThrow(/detached/);
    expect(w.grad).toBeNull();
    w.mul(2).sum().backward();
    expect(w.grad!.tolist()).toEqual([2, 2, 2]);
  });
  it('a parameter whose memory was transferred stops the step of an optimizer', () => {
    const array = new Float32Array([1, 2, 3]);
    const parameters = [torch.ones([3]).requires_grad_(), torch.from_numpy(array).requires_grad_()];
    const optimizer = new torch.optim.Adam(parameters, { lr: 0.1 });
    for (const p of parameters) p.grad = torch.ones([3]);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    expect(() => optimizer.step()).toThrow(/detached/);
    // Kernels find all parameters before they change the first.
    if (backend !== 'reference') expect(parameters[0]!.tolist()).toEqual([1, 1, 1]);
  });
  it('more dimensions than kernels have room for', () => {
    const shape = [...new Array<number>(68).fill(1), 2, 3];
    const x = torch.arange(6, { dtype: torch.float32 }).reshape(shape);
    const flat = (t: torch.Tensor): unknown => t.reshape([-1]).tolist();
    expect(flat(x.add(x.transpose(0, -1).transpose(0, -1)))).toEqual([0, 2, 4, 6, 8, 10]);
    expect(flat(x.transpose(-1, -2).contiguous())).toEqual([0, 3, 1, 4, 2, 5]);
    expect(flat(x.transpose(-1, -2).to(torch.int32))).toEqual([0, 3, 1, 4, 2, 5]);
    expect(flat(x.index_select(-1, positions(2, 0)))).toEqual([2, 0, 5, 3]);
    expect(flat(x.at('...', positions(2, 0)))).toEqual([2, 0, 5, 3]);
    expect(flat(torch.softmax(x.mul(0), -1).mul(3))).toEqual([1, 1, 1, 1, 1, 1].map((v) => expect.closeTo(v, 5)));
    expect(flat(torch.cat([x, x], -2).cumsum(-1))).toEqual([0, 1, 3, 3, 7, 12, 0, 1, 3, 3, 7, 12]);
    expect(() => x.sum(0)).toThrow('only tensors with up to 64 dims are supported');
    // Positions of many dimensions make a result of more than both.
    const wide = torch.arange(3).reshape([...new Array<number>(59).fill(1), 3]);
    const where = positions(0).reshape(new Array<number>(20).fill(1));
    expect(wide.at(where).shape.length).toBe(79);
    expect(flat(wide.at(where))).toEqual([0, 1, 2]);
  });
});

describe.runIf(process.platform === 'linux' && BACKENDS.includes('native'))('a process without memory', () => {
  it('says so, loses nothing and works on', () => {
    const probe = fileURLToPath(new URL('./starved.probe.ts', import.meta.url));
    const out = execFileSync(process.execPath, ['--expose-gc', '--import', 'tsx', probe], {
      encoding: 'utf8',
      env: { ...process.env, FLAMBEAU_BACKEND: 'native' },
    });
    const refused = "can't allocate memory";
    expect(out.trim().split('\n')).toEqual([
      'few: true',
      expect.stringMatching(`^a tensor: RuntimeError: .*${refused}.*${400 * 2 ** 20} bytes`),
      expect.stringMatching(`^a sort: RuntimeError: .*${refused}`),
      expect.stringMatching(`^a sort of rows: RuntimeError: .*${refused}`),
      'a product: 12000',
      'few: true',
      'unchanged: true',
      'sorted: true',
    ]);
  });
});
