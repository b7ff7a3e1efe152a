// Datasets, samplers and loaders.
import { describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';

const {
  DataLoader,
  Dataset,
  IterableDataset,
  TensorDataset,
  ConcatDataset,
  StackDataset,
  BatchSampler,
  SequentialSampler,
  default_collate,
} = torch.utils.data;

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
});
