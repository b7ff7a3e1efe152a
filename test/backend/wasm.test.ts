// The WebAssembly kernels against the reference: over dtypes, layouts, and memory in and outside the heap.
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import * as d from '../../src/backend/compiled/descriptor.ts';
import type { DType } from '../../src/core/dtype.ts';
import * as torch from '../../src/index.ts';
import { BACKENDS, useBackend } from '../helpers/backends.ts';

type Tensor = torch.Tensor;
const { float32, float64, float16, bfloat16, int64, int32, int16, uint8, bool } = torch;
const FLOATING = [float32, float64];
const REAL = [float32, float64, int64, int32, int16, uint8];

/** The same numbers in several layouts. */
const LAYOUTS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  dense: (x) => x,
  transposed: (x) => x.transpose(-1, -2).contiguous().transpose(-1, -2),
  sliced: (x) => torch.cat([x, x], -1).narrow(-1, 0, x.size(-1)),
  stepped: (x) => torch.stack([x, x], -1).select(-1, 1),
  outside: (x) => torch.from_numpy(x.clone().numpy()),
};
/** Numbers of a dtype that tests agree on, whatever the backend. */
function numbers(shape: readonly number[], dtype: DType, seed = 1): Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  const values = Array.from({ length: n }, (_, i) => ((i * 37 + seed * 11) % 23) - (dtype === uint8 ? 0 : 9));
  const x = torch.tensor(values, { dtype: float64 }).reshape(shape);
  return dtype.is_floating_point ? x.div(7).to(dtype) : x.to(dtype);
}
const show = (t: Tensor): string => `${t.dtype} [${t.shape}] ${t.to(float64).flatten().tolist()}`;

interface Case {
  readonly name: string;
  readonly dtypes: readonly DType[];
  readonly shapes: readonly (readonly number[])[];
  readonly run: (...x: Tensor[]) => Tensor | readonly Tensor[];
}
const positions = (shape: readonly number[], limit: number): Tensor => numbers(shape, int64).abs().remainder(limit);
const CASES: readonly Case[] = [
  {
    name: 'add, broadcast',
    dtypes: [...REAL, float16, bfloat16],
    shapes: [
      [5, 7],
      [1, 7],
    ],
    run: (a, b) => a!.add(b!),
  },
  { name: 'a formula', dtypes: [...FLOATING, float16], shapes: [[33, 65]], run: (a) => a!.sigmoid().mul(a!.tanh()).add(a!.exp()) },
  {
    name: 'comparison',
    dtypes: REAL,
    shapes: [
      [9, 17],
      [9, 17],
    ],
    run: (a, b) => a!.gt(b!),
  },
  {
    name: 'conversion',
    dtypes: [...REAL, float16, bfloat16, bool],
    shapes: [[9, 31]],
    run: (a) => [a!.to(float32), a!.to(int32), a!.to(bool)],
  },
  {
    name: 'mm',
    dtypes: [float32, float64, int64],
    shapes: [
      [13, 29],
      [29, 21],
    ],
    run: (a, b) => a!.mm(b!),
  },
  {
    name: 'bmm',
    dtypes: FLOATING,
    shapes: [
      [3, 5, 9],
      [3, 9, 4],
    ],
    run: (a, b) => a!.bmm(b!),
  },
  { name: 'sum and mean', dtypes: FLOATING, shapes: [[17, 33]], run: (a) => [a!.sum(), a!.sum(0), a!.sum(1), a!.mean(0), a!.var(1)] },
  { name: 'max and min', dtypes: REAL, shapes: [[17, 33]], run: (a) => [...torch.max(a!, 1), ...torch.min(a!, 0), a!.argmax()] },
  { name: 'cumsum', dtypes: REAL, shapes: [[7, 19]], run: (a) => [a!.cumsum(0), a!.cumsum(1)] },
  { name: 'sort', dtypes: REAL, shapes: [[7, 61]], run: (a) => [...a!.sort(1, false), ...a!.sort(0, true)] },
  { name: 'topk', dtypes: REAL, shapes: [[7, 61]], run: (a) => [a!.topk(4, 1)[0]] },
  { name: 'softmax', dtypes: FLOATING, shapes: [[7, 19]], run: (a) => [a!.softmax(0), a!.log_softmax(1)] },
  { name: 'layer_norm', dtypes: FLOATING, shapes: [[7, 19]], run: (a) => torch.nn.functional.layer_norm(a!, [19]) },
  {
    name: 'conv2d',
    dtypes: FLOATING,
    shapes: [
      [2, 3, 9, 8],
      [5, 3, 3, 3],
    ],
    run: (x, w) => torch.nn.functional.conv2d(x!, w!, { padding: [1, 1], stride: [2, 2] }),
  },
  { name: 'max_pool2d', dtypes: FLOATING, shapes: [[2, 3, 8, 8]], run: (x) => torch.nn.functional.max_pool2d(x!, 2) },
  { name: 'index_select', dtypes: [...REAL, bool], shapes: [[9, 11]], run: (a) => a!.index_select(0, positions([5], 9)) },
  { name: 'gather', dtypes: REAL, shapes: [[9, 11]], run: (a) => a!.gather(1, positions([9, 4], 11)) },
  {
    name: 'scatter_add',
    dtypes: REAL,
    shapes: [
      [9, 11],
      [9, 4],
    ],
    run: (a, b) => a!.scatter_add(1, positions([9, 4], 11), b!),
  },
  {
    name: 'index and index_put',
    dtypes: REAL,
    shapes: [
      [9, 11],
      [4, 11],
    ],
    run: (a, b) => [a!.at(positions([4], 9)), a!.index_put([positions([4], 9)], b!, true)],
  },
  {
    name: 'in place',
    dtypes: REAL,
    shapes: [
      [9, 11],
      [9, 11],
    ],
    run: (a, b) => a!.add_(b!).mul_(a!),
  },
];

const both = BACKENDS.includes('wasm');
afterAll(() => useBackend(BACKENDS.at(-1)!));

describe.runIf(both)('WASM kernels agree with the reference', () => {
  for (const { name, dtypes, shapes, run } of CASES) {
    it(name, () => {
      for (const dtype of dtypes) {
        for (const [layout, lay] of Object.entries(LAYOUTS)) {
          if (layout === 'outside' && dtype === bfloat16) continue; // no array of JavaScript shows it
          const on = (backend: 'reference' | 'wasm'): Tensor[] => {
            useBackend(backend);
            const r = run(...shapes.map((s, i) => lay(numbers(s, dtype, i + 1))));
            return Array.isArray(r) ? [...r] : [r as Tensor];
          };
          const wanted = on('reference');
          const got = on('wasm');
          useBackend('reference');
          const tolerance = dtype.itemsize === 2 ? 1e-2 : dtype === float64 ? 1e-12 : 1e-5;
          got.forEach((g, i) => {
            const w = wanted[i]!;
            const near =
              g.dtype === w.dtype && torch.allclose(g.to(float64), w.to(float64), { rtol: tolerance, atol: tolerance, equal_nan: true });
            expect(near ? '' : `${dtype} ${layout} result ${i}: ${show(g)}\nwanted ${show(w)}`).toBe('');
          });
        }
      }
    });
  }
  it('random numbers have the same bits', () => {
    const draw = (backend: 'reference' | 'wasm'): number[] => {
      useBackend(backend);
      torch.manual_seed(3);
      return [torch.randn([100]), torch.rand([7]), torch.randperm(20).to(float32)].flatMap((t) => t.tolist() as number[]);
    };
    expect(draw('wasm')).toEqual(draw('reference'));
  });
});

describe.runIf(both)('a kernel', () => {
  beforeEach(() => useBackend('wasm'));
  it('that runs out of memory is an error, and the next one runs', () => {
    const x = torch.ones([64, 64]);
    d.begin();
    d.number(2);
    d.number(float32.code);
    d.number(2 ** 32 - 64); // beyond the memory: the module traps, as it does for want of memory
    d.list([1 << 20, 1 << 10, 1 << 10, 1]);
    d.tensor(x);
    d.list([1 << 20, 1 << 10, 1]);
    expect(() => d.run(d.kernelId('softmax'))).toThrow("can't allocate memory");
    expect(x.mm(x).sum().item()).toBe(64 ** 3);
  });
  it('gives the same bits for any number of threads', () => {
    const x = torch.rand([300, 1000]);
    const on = (n: number): number[] => {
      torch.set_num_threads(n);
      return [x.sum(), x.var(), x.mm(x.t()).sum(), x.softmax(0).square().sum()].map((t) => t.item());
    };
    const before = torch.get_num_threads();
    const one = on(1);
    expect([on(2), on(4)]).toEqual([one, one]);
    torch.set_num_threads(before);
  });
});

describe.runIf(both)('the heap', () => {
  beforeEach(() => useBackend('wasm'));
  it('grows without harm to tensors and their views', () => {
    const small = torch.arange(1000).to(float32);
    const before = small.storage!.view(float32);
    const large = Array.from({ length: 6 }, (_, i) => torch.full([5_000_000], i));
    if (before.buffer instanceof ArrayBuffer && small.storage!.buffer !== before.buffer) expect(before.length).toBe(0);
    expect(small.sum().item()).toBe(499_500);
    expect(large.map((t) => t.at(4_999_999).item())).toEqual([0, 1, 2, 3, 4, 5]);
  });
  it('is left for memory that JavaScript sees: the array stays valid, and both see changes', () => {
    const x = torch.ones([10]);
    const { data } = x.numpy();
    x.add_(1);
    expect([...(data as Float32Array)]).toEqual(new Array(10).fill(2));
    (data as Float32Array)[3] = 7;
    expect(x.sum().item()).toBe(25);
    expect(x.storage!.block).toBe(null);
  });
  it('full, storages are ArrayBuffers and give the same results', () => {
    const kept: Tensor[] = [];
    let x = torch.ones([500_000]);
    while (x.storage!.block !== null && kept.length < 1000) {
      x = x.add(1);
      kept.push(x);
    }
    expect(x.storage!.block).toBe(null);
    const last = kept.length + 1;
    expect([x.sum().item(), x.add(x).at(17).item()]).toEqual([500_000 * last, 2 * last]);
    x.mul_(2);
    expect(x.at(499_999).item()).toBe(2 * last);
  });
  it('takes a part of a tensor outside it where a view shows only a part', () => {
    const data = Float32Array.from({ length: 1000 }, (_, i) => i);
    const x = torch.from_numpy(data);
    x.at('100:200').mul_(0);
    expect([data[99], data[100], data[199], data[200]]).toEqual([99, 0, 0, 200]);
    expect(x.at('::250').add(x.at('1::250')).tolist()).toEqual([1, 501, 1001, 1501]);
  });
  it('says so when a buffer has gone', () => {
    const data = new Float32Array(10_000);
    const x = torch.from_numpy(data);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    expect(() => x.add(1)).toThrow('detached');
  });
});
