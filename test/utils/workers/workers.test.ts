// DataLoader with worker threads: the same batches, clear errors, and nothing left behind.
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import * as torch from '../../../src/index.ts';
import { living } from '../../../src/utils/data/workers/pool.ts';
import { Count, double, Later, Noisy, Trouble } from './datasets.ts';

const { DataLoader } = torch.utils.data;
type Batch = torch.Tensor[];
// Starting a thread takes a second or two where others test at the same time.
vi.setConfig({ testTimeout: 180_000 });

let warn: MockInstance<typeof console.warn>;
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
});
/** Ports and threads that the event loop knows. */
const handles = (): string[] => process.getActiveResourcesInfo().filter((name) => /MessagePort|Worker/.test(name));
const before = handles();
afterEach(async () => {
  warn.mockRestore();
  await vi.waitFor(() => expect([living.size, handles()]).toEqual([0, before]), { timeout: 20_000 });
});
const notices = (): string[] => warn.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('calling thread'));
const rows = (batch: unknown): unknown => (batch as Batch).map((t) => t.tolist());

describe('workers', () => {
  it('load what the calling thread loads: batches, order and draws', async () => {
    const seen = new Map<number, unknown>();
    const workers = new Set<number>();
    for (const num_workers of [0, 1, 2]) {
      torch.manual_seed(1);
      const loader = new DataLoader(new Noisy(11, double), { batch_size: 2, shuffle: true, num_workers });
      const batches: unknown[] = [];
      for await (const [x, noise, id] of loader) {
        batches.push([x!.tolist(), noise!.tolist()]);
        workers.add(id!.at(0).item());
        expect([x, noise].map((t) => t!.is_shared())).toEqual(num_workers === 0 ? [false, false] : [true, true]);
        torch.rand([3]);
      }
      seen.set(num_workers, [batches, torch.rand([2]).tolist()]);
    }
    for (const batches of seen.values()) expect(batches).toEqual(seen.get(0));
    expect(workers).toEqual(new Set([-1, 0, 1]));
    expect(notices()).toEqual([]);
  });
  it('may be waited for, by for and by for await, over samples that are promises', async () => {
    const read = { num_workers: 2, batch_size: 3, persistent_workers: true };
    torch.manual_seed(5);
    const loader = new DataLoader(new Later(8), read);
    const synchronous = [...loader].map(rows);
    const later: unknown[] = [];
    for await (const batch of loader) later.push(rows(batch));
    torch.manual_seed(5);
    const alone: unknown[] = [];
    for await (const batch of new DataLoader(new Later(8), 3)) alone.push(rows(batch));
    expect(synchronous).toEqual(alone);
    // A second pass of the same threads: other draws, the same samples.
    expect(later.map((b) => (b as unknown[])[0])).toEqual(alone.map((b) => (b as unknown[])[0]));
    expect(later).not.toEqual(alone);
    // An iterator that is left in the middle leaves nothing to the next.
    for (const _ of loader) break;
    expect([...loader].map((b) => (b as unknown as Batch)[0]!.tolist())).toEqual(alone.map((b) => (b as unknown[])[0]));
    expect(living.size).toBe(2);
    await loader[Symbol.asyncDispose]();
  });
  it('each have a copy of an iterable dataset', () => {
    const read = (set: torch.utils.data.IterableDataset<number>): unknown =>
      [...new DataLoader(set, { num_workers: 2, batch_size: 2 })].map((t) => t.tolist());
    expect(read(new Count(7))).toEqual([[0.5, 2.5], [1.5, 3.5], [4.5, 6.5], [5.5]]);
  });
  it('hand over samples to a collate_fn that cannot travel', () => {
    const collate_fn = (samples: Batch[]): number => samples.reduce((sum, [x]) => sum + (x!.sum().item() as number), 0);
    const loader = new DataLoader(new Noisy(4), { batch_size: 2, num_workers: 1, collate_fn });
    expect([...loader]).toEqual([15, 51]);
    expect(notices()).toEqual([expect.stringMatching(/collate_fn is the function collate_fn.*the calling thread collates.*Export it/)]);
  });
});

describe('a worker that fails', () => {
  type Loader = torch.utils.data.DataLoader<number | Promise<number>>;
  const loader = (what: Trouble['what'], options: object = {}): Loader =>
    new DataLoader(new Trouble(what), { batch_size: 2, num_workers: 1, ...options });
  const read = async (l: Loader): Promise<unknown> => {
    const seen: unknown[] = [];
    for await (const b of l) seen.push((b as torch.Tensor).tolist());
    return seen;
  };
  const failure = async (work: () => unknown): Promise<Error> => {
    try {
      await work();
    } catch (e) {
      return e as Error;
    }
    throw new Error('it did not fail');
  };
  it('throws what the sample threw, with worker and index, and works on', async () => {
    const persistent = loader('throw', { persistent_workers: true });
    const error = await failure(() => [...persistent]);
    expect(error).toBeInstanceOf(torch.ValueError);
    expect(error.message).toMatch(
      /^Caught ValueError in DataLoader worker process 0\.\nLoading index 5 of batch 2 \(indices \[4, 5\]\)\.\nOriginal ValueError: no sample here\n.*datasets/s,
    );
    const own = await failure(() => read(persistent));
    expect(own).toBeInstanceOf(torch.RuntimeError);
    expect(own.message).toMatch(/^Caught Strange in DataLoader worker process 0\.\nLoading index 5/);
    expect((own.cause as Error).message).toBe('of its own');
    await persistent[Symbol.asyncDispose]();
  });
  it('and dies is named, to those who block too', async () => {
    const message =
      /^DataLoader worker \(pid\(s\) \d+, thread \d+\) exited unexpectedly\. Worker 0 was loading batch 2 \(indices \[4, 5\]\)/;
    expect((await failure(() => [...loader('exit')])).message).toMatch(message);
    const stray = await failure(() => read(loader('stray')));
    expect(stray.message).toMatch(message);
    expect(stray.message).toContain('Error: nobody waits for this');
  });
  it('and hangs is ended after the timeout', async () => {
    const message = /^DataLoader timed out after 0\.5 seconds\. Worker 0 was loading batch 2 \(indices \[4, 5\]\)/;
    expect((await failure(() => [...loader('hang', { timeout: 0.5 })])).message).toMatch(message);
    expect((await failure(() => read(loader('hang', { timeout: 0.5 })))).message).toMatch(message);
  });
});
