// Datasets, samplers and loaders.
import { describe, expect, it, vi } from 'vitest';
import * as torch from '../../src/index.ts';

const {
  DataLoader,
  Dataset,
  IterableDataset,
  TensorDataset,
  ConcatDataset,
  StackDataset,
  Subset,
  BatchSampler,
  SequentialSampler,
  default_collate,
  default_collate_fn_map,
} = torch.utils.data;

type Dataset<T> = torch.utils.data.Dataset<T>;

class Squares extends Dataset<[number, { root: number }]> {
  constructor(readonly length: number) {
    super();
  }
  override get(i: number): [number, { root: number }] {
    return [i * i, { root: i }];
  }
}
describe('datasets', () => {
  it('are joined, stacked and split', () => {
    const both = new Squares(3).concat(new Squares(2));
    expect(both).toBeInstanceOf(ConcatDataset);
    expect([both.length, both.get(3)[0], both.get(-1)[0]]).toEqual([5, 0, 1]);
    expect(new StackDataset([1, 2], ['a', 'b']).get(1)).toEqual([2, 'b']);
    expect(new StackDataset({ x: [1, 2] }).get(0)).toEqual({ x: 1 });
    const parts = torch.utils.data.random_split(new Squares(10), [0.5, 0.25, 0.25]);
    expect(parts.map((p) => p.length)).toEqual([6, 2, 2]);
    expect(parts.flatMap((p) => p.indices).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(() => torch.utils.data.random_split(new Squares(10), [3, 3])).toThrow(
      'Sum of input lengths does not equal the length of the input dataset!',
    );
  });
});
describe('a loader', () => {
  it('collates lists and objects', () => {
    const [[values, { root }]] = new DataLoader(new Squares(3), { batch_size: 3 }) as never as [[torch.Tensor, { root: torch.Tensor }]];
    expect([values.tolist(), root.tolist()]).toEqual([
      [0, 1, 4],
      [0, 1, 2],
    ]);
    // Plain numbers may be class targets.
    expect(torch.nn.functional.cross_entropy(torch.zeros([3, 3]), root).item()).toBeCloseTo(Math.log(3), 5);
    expect(default_collate(['a', 'b'])).toEqual(['a', 'b']);
    expect(() => default_collate([[1], [1, 2]])).toThrow('each element in list of batch should be of equal size');
  });
  it('gives the same rows at once as one by one', () => {
    const set = new TensorDataset(torch.arange(20).view([10, 2]), torch.arange(10));
    const subset = torch.utils.data.random_split(set, [7, 3])[0]!;
    const rows = (collate_fn: ((s: torch.Tensor[][]) => unknown) | null): unknown[] => {
      torch.manual_seed(1);
      return [...new DataLoader(subset, { batch_size: 3, shuffle: true, collate_fn: collate_fn as never })].map((b) =>
        (b as unknown as torch.Tensor[]).map((t) => t.tolist()),
      );
    };
    expect(rows(null)).toEqual(rows((samples) => default_collate(samples)));
  });
  it('knows its length, drops the last batch, takes batch samplers', () => {
    const set = new TensorDataset(torch.arange(7));
    expect(new DataLoader(set, { batch_size: 3 }).length).toBe(3);
    expect(new DataLoader(set, { batch_size: 3, drop_last: true }).length).toBe(2);
    const batches = new BatchSampler(new SequentialSampler(set), 4, false);
    expect([...new DataLoader(set, { batch_sampler: batches })].map(([x]) => x!.tolist())).toEqual([
      [0n, 1n, 2n, 3n].map(Number),
      [4, 5, 6],
    ]);
    expect(() => new DataLoader(set, { batch_sampler: batches, shuffle: true })).toThrow('mutually exclusive');
  });
  it('reads streams, and awaits samples', async () => {
    class Count extends IterableDataset<number> {
      *[Symbol.iterator](): Generator<number> {
        yield* [1, 2, 3];
      }
    }
    const streamed = [...new DataLoader(new Count(), { batch_size: 2 })].map((t) => (t as unknown as torch.Tensor).tolist());
    expect(streamed).toEqual([[1, 2], [3]]);
    class Later extends Dataset<Promise<number>> {
      override readonly length = 3;
      override get(i: number): Promise<number> {
        return Promise.resolve(i + 0.5);
      }
    }
    const awaited: unknown[] = [];
    for await (const t of new DataLoader(new Later(), { batch_size: 2 })) awaited.push((t as unknown as torch.Tensor).tolist());
    expect(awaited).toEqual([[0.5, 1.5], [2.5]]);
    expect(() => [...new DataLoader(new Later())]).toThrow('for await');
  });
  it('asks for many samples at once where the dataset gives them', () => {
    const asked: number[][] = [];
    class Many extends Dataset<number> {
      override readonly length = 5;
      override get(i: number): number {
        return i;
      }
      override __getitems__(indices: readonly number[]): number[] {
        asked.push([...indices]);
        return indices.map((i) => i * 10);
      }
    }
    const read = (d: torch.utils.data.MapStyle<unknown>): unknown => torch.utils.data.next(torch.utils.data.iter(new DataLoader(d, 2)));
    const many = new Many();
    expect((read(many) as torch.Tensor).tolist()).toEqual([0, 10]);
    expect((read(new Subset(many, [4, 3])) as torch.Tensor).tolist()).toEqual([40, 30]);
    const [x, y] = read(new StackDataset(many, [5, 6, 7, 8, 9])) as torch.Tensor[];
    expect([x!.tolist(), y!.tolist()]).toEqual([
      [0, 10],
      [5, 6],
    ]);
    expect(asked).toEqual([
      [0, 1],
      [4, 3],
      [0, 1],
    ]);
    // A subset that gives something else is asked one by one.
    class Negated extends Subset<number> {
      override get(i: number): number {
        return -super.get(i) - 1;
      }
    }
    expect((read(new Negated(many, [4, 3])) as torch.Tensor).tolist()).toEqual([-5, -4]);
  });
  it('gives samples of a class that has a collate function of its own', () => {
    class Point {
      constructor(readonly x: number) {}
    }
    default_collate_fn_map.set(Point, (batch) => new Point((batch as Point[]).reduce((sum, p) => sum + p.x, 0)));
    expect(default_collate([new Point(1), new Point(2)])).toEqual(new Point(3));
    default_collate_fn_map.delete(Point);
    expect(() => default_collate([new Point(1)])).toThrow(
      'default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found Point',
    );
    expect((default_collate([1n, 2n]) as torch.Tensor).dtype).toBe(torch.int64);
  });
  it('says when an iterable dataset is longer than it said', () => {
    class Long extends IterableDataset<number> {
      readonly length = 1;
      *[Symbol.iterator](): Generator<number> {
        yield* [1, 2];
      }
    }
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const loader = new DataLoader(new Long());
    expect(loader.length).toBe(1);
    expect([...loader]).toHaveLength(2);
    expect(warn.mock.calls[0]![0]).toContain('Length of IterableDataset Long was reported to be 1(when accessing len(dataloader)), but 2');
    warn.mockRestore();
  });
});
describe('draws of samples', () => {
  class Drawing extends Dataset<torch.Tensor> {
    override readonly length = 6;
    override get(i: number): torch.Tensor {
      return torch.cat([torch.tensor([i + 0.5]), torch.rand([2])]);
    }
  }
  class DrawingLater extends Dataset<Promise<torch.Tensor>> {
    override readonly length = 6;
    override async get(i: number): Promise<torch.Tensor> {
      await new Promise((resolve) => setTimeout(resolve, 6 - i));
      return torch.cat([torch.tensor([i + 0.5]), torch.rand([2])]);
    }
  }
  it('depend on the seed and the place of the sample, and leave the default stream alone', async () => {
    const run = async (batch_size: number, set: Dataset<unknown>): Promise<[unknown[], unknown]> => {
      torch.manual_seed(3);
      const rows: unknown[] = [];
      for await (const b of new DataLoader(set, { batch_size })) {
        rows.push(...((b as torch.Tensor).tolist() as unknown[]));
        torch.rand([batch_size]);
      }
      torch.manual_seed(4);
      return [rows, torch.rand([1]).item()];
    };
    const first = await run(2, new Drawing());
    expect(await run(3, new Drawing())).toEqual(first);
    expect(await run(2, new DrawingLater())).toEqual(first);
    expect(new Set(first[0]!.map((r) => (r as number[])[1])).size).toBe(6);
    torch.manual_seed(3);
    const synchronous = [...new DataLoader(new Drawing(), { batch_size: 4 })].flatMap((b) => (b as torch.Tensor).tolist());
    expect(synchronous).toEqual(first[0]);
    // The third draw of this stream is one of the few seeds that a number holds.
    torch.manual_seed(1);
    torch.empty([2], { dtype: torch.int64 }).random_();
    expect([...new DataLoader(new Drawing(), { batch_size: 6 })]).toHaveLength(1);
    // The next pass draws others.
    expect([...new DataLoader(new Drawing(), { batch_size: 6 })][0]!.tolist()).not.toEqual(synchronous);
  });
});
describe('prefetching', () => {
  const { BackgroundGenerator, background, DataPrefetcher, iter, next, StopIteration } = torch.utils.data;
  it('iterates as Python does', () => {
    const it = iter([1, 2]);
    expect([next(it), next(it), next(it, null)]).toEqual([1, 2, null]);
    expect(() => next(it)).toThrow(StopIteration);
  });
  it('hands on, and asks ahead with for await', async () => {
    class DataLoaderX extends DataLoader<number> {
      override [Symbol.iterator](): InstanceType<typeof BackgroundGenerator<torch.Tensor>> {
        return new BackgroundGenerator(super[Symbol.iterator]());
      }
    }
    expect([...new DataLoaderX([1, 2, 3])].map((x) => x.item())).toEqual([1, 2, 3]);
    const asked: number[] = [];
    const numbers = background(2)(async function* (n: number) {
      for (let i = 0; i < n; i++) {
        asked.push(i);
        yield i;
      }
    });
    const seen: [number, number][] = [];
    for await (const i of numbers(4)) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      seen.push([i, asked.length]);
    }
    expect(seen).toEqual([
      [0, 3],
      [1, 4],
      [2, 4],
      [3, 4],
    ]);
    expect(() => iter(numbers(1)).next()).toThrow('for await');
    const failing = new BackgroundGenerator(
      (async function* () {
        yield 1;
        throw new Error('broken');
      })(),
    );
    await expect(
      (async () => {
        for await (const _ of failing);
      })(),
    ).rejects.toThrow('broken');
  });
  it('moves the next batch while one is used', async () => {
    const loader = new DataLoader([
      { x: 1, meta: 'a' },
      { x: 2, meta: 'b' },
    ] as unknown[]);
    for (const how of ['next', 'next_async'] as const) {
      const prefetcher = new DataPrefetcher<unknown>(loader, { device: 'meta' });
      const seen: unknown[] = [];
      for (let batch = await prefetcher[how](); batch !== null; batch = await prefetcher[how]()) {
        const { x, meta } = batch as { x: torch.Tensor; meta: string[] };
        seen.push([String(x.device), meta]);
      }
      expect(seen).toEqual([
        ['meta', ['a']],
        ['meta', ['b']],
      ]);
    }
  });
});
