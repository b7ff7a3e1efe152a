// Threads of JavaScript that train at once share the pool of native threads and nothing else: each gets the bits that it gets alone.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { train } from './isolates.train.ts';

const file = new URL('isolates.worker.ts', import.meta.url).href;
const start = async (): Promise<Worker> => {
  const worker = new Worker(`import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(file)})))`, { eval: true });
  await once(worker, 'message');
  return worker;
};
const threads = torch.get_num_threads();
const workers: Worker[] = [];
afterAll(async () => {
  torch.set_num_threads(threads);
  await Promise.all(workers.map((w) => w.terminate()));
});

it('several isolates train at once', async () => {
  const seeds = [1, 2, 3, 4];
  torch.set_num_threads(1);
  const alone = seeds.map(train);
  expect(new Set(alone).size).toBe(seeds.length);
  workers.push(...(await Promise.all([start(), start(), start()])));
  for (const n of [2, 8]) {
    torch.set_num_threads(n);
    const answers = workers.map((w) => once(w, 'message'));
    for (const w of workers) w.postMessage(seeds);
    expect(seeds.map(train)).toEqual(alone); // this isolate trains with them
    for (const [answer] of await Promise.all(answers)) expect(answer).toEqual(alone);
  }
}, 300_000);

it('an isolate that ends while it trains leaves the others at work', async () => {
  const alone = train(5);
  for (let delay = 0; delay < 4; delay++) {
    const victim = await start();
    victim.postMessage([1, 2, 3, 4, 5, 6, 7, 8]);
    await new Promise((later) => setTimeout(later, 15 * delay));
    const gone = once(victim, 'exit');
    void victim.terminate();
    expect(train(5)).toBe(alone);
    await gone;
  }
});
