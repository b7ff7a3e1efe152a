// Orders, splits, streams and errors of torch.utils.data as PyTorch has them (tools/oracle/generate_data_loading.py).
import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import * as torch from '../../src/index.ts';

const data = torch.utils.data;
interface Seeded {
  readonly value: unknown;
  readonly after: number[];
}
interface Rank {
  readonly length: number;
  readonly orders: number[][];
}
const expected = JSON.parse(readFileSync(new URL('data.json', import.meta.url), 'utf8')) as Record<
  string,
  Seeded | Rank[] | number[][][]
> & {
  readonly errors: Readonly<Record<string, readonly [name: string, message: string]>>;
};
class Squares extends data.Dataset<number> {
  override readonly length = 10;
  override get(i: number): number {
    return i * i;
  }
}
class Stream extends data.IterableDataset<number> {
  *[Symbol.iterator](): Generator<number> {
    yield* [0, 1, 2];
  }
}
const sized = (length: number): { length: number } => ({ length });
const generator = (seed: number): torch.Generator => new torch.Generator().manual_seed(seed);
const epochs = (options: object): number[][][] => {
  const loader = new data.DataLoader(new Squares(), options);
  return [0, 1, 2].map(() => [...loader].map((b) => (b as torch.Tensor).tolist() as number[]));
};
const ds = new Squares();

describe('torch.utils.data draws what PyTorch draws', () => {
  const cases: Record<string, () => unknown> = {
    random: () => [0, 1].map(() => [...new data.RandomSampler(sized(9))]),
    random_more: () => [...new data.RandomSampler(sized(4), { num_samples: 11 })],
    replacement: () => [...new data.RandomSampler(sized(5), true, 40)],
    generator: () => [...new data.RandomSampler(sized(9), { generator: generator(3) })],
    subset_random: () => [...new data.SubsetRandomSampler([3, 1, 4, 1, 5])],
    weighted: () => [...new data.WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 5)],
    weighted_once: () => [...new data.WeightedRandomSampler([0.9, 0.4, 0.05, 0.2, 0.3, 0.1], 5, { replacement: false })],
    split: () => data.random_split(Array.from({ length: 10 }), [3, 7]).map((s) => s.indices),
    fractions: () => data.random_split(Array.from({ length: 11 }), [0.5, 0.3, 0.2]).map((s) => s.indices),
    shuffled: () => epochs({ batch_size: 4, shuffle: true }),
    shuffled_workers: () => epochs({ batch_size: 4, shuffle: true, num_workers: 1 }),
    persistent: () => epochs({ batch_size: 4, shuffle: true, num_workers: 1, persistent_workers: true }),
    seeded_loader: () => epochs({ batch_size: 4, shuffle: true, generator: generator(5) }),
  };
  for (const [name, make] of Object.entries(cases)) {
    it(name, () => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
      torch.manual_seed(7);
      const { value, after } = expected[name] as Seeded;
      expect(make()).toEqual(value);
      expect((torch.rand([2]).tolist() as number[]).map(Math.fround)).toEqual(after.map(Math.fround));
      warn.mockRestore();
    });
  }
  it('batches and parts for processes', () => {
    const batches = [false, true].map((drop) => [
      ...new data.BatchSampler(
        Array.from({ length: 10 }, (_, i) => i),
        3,
        drop,
      ),
    ]);
    expect(batches).toEqual(expected.batches);
    const parts = (n: number, replicas: number, options: object): Rank[] =>
      Array.from({ length: replicas }, (_, rank) => {
        const sampler = new data.distributed.DistributedSampler(sized(n), replicas, rank, options);
        const first = [...sampler];
        sampler.set_epoch(3);
        return { length: sampler.length, orders: [first, [...sampler]] };
      });
    expect(parts(10, 3, {})).toEqual(expected.distributed);
    expect(parts(10, 3, { drop_last: true, seed: 2 })).toEqual(expected.distributed_drop);
    expect(parts(3, 8, { shuffle: false })).toEqual(expected.distributed_in_order);
  });
});

describe('torch.utils.data refuses what PyTorch refuses', () => {
  const D = data.DataLoader;
  const first = (loader: Iterable<unknown>): unknown => data.next(data.iter(loader));
  const cases: Record<string, () => unknown> = {
    workers: () => new D(ds, { num_workers: -1 }),
    timeout: () => new D(ds, { timeout: -1 }),
    prefetch: () => new D(ds, { prefetch_factor: 2 }),
    negative_prefetch: () => new D(ds, { num_workers: 1, prefetch_factor: -2 }),
    persistent: () => new D(ds, { persistent_workers: true }),
    stream_shuffle: () => new D(new Stream(), { shuffle: true }),
    sampler_shuffle: () => new D(ds, { sampler: [0], shuffle: true }),
    batch_sampler: () => new D(ds, { batch_sampler: [[0]], batch_size: 2 }),
    no_batches: () => new D(ds, { batch_size: null, drop_last: true }),
    batch_size: () => new D(ds, { batch_size: 0 }),
    context: () => new D(ds, { multiprocessing_context: 'spawn' }),
    unknown_context: () => new D(ds, { num_workers: 1, multiprocessing_context: 'thread' }),
    timeout_alone: () => first(new D(ds, { timeout: 1 })),
    zero_prefetch: () => first(new D(ds, { num_workers: 1, prefetch_factor: 0 })),
    stack_sizes: () => new data.StackDataset([1], [1, 2]),
    stack_none: () => new data.StackDataset(),
    concat_none: () => new data.ConcatDataset([]),
    concat_stream: () => new data.ConcatDataset([new Stream() as never]),
    concat_index: () => new data.ConcatDataset([[1, 2]]).get(-3),
    tensors: () => new data.TensorDataset(torch.zeros([2]), torch.zeros([3])),
    split_sum: () => data.random_split(ds, [3, 3]),
    rank: () => new data.DistributedSampler(ds, 2, 2),
    num_samples: () => new data.RandomSampler(ds, { num_samples: 0 }),
    weights: () => new data.WeightedRandomSampler([[1]] as never, 1),
    set_attribute: () => {
      (new D(ds) as { batch_size: number | null }).batch_size = 3;
    },
    collate_sizes: () => data.default_collate([[1], [1, 2]]),
  };
  it.each(Object.keys(expected.errors))('%s', (name) => {
    const [type, message] = expected.errors[name]!;
    let thrown: unknown = null;
    try {
      cases[name]!();
    } catch (e) {
      thrown = e;
    }
    expect(thrown).toBeInstanceOf(Error);
    expect([(thrown as Error).name, (thrown as Error).message]).toEqual([type, message]);
  });
});
