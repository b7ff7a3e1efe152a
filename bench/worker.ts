// Measures Flambeau's workloads: one request a line (JSON: name, threads, seconds), one answer a line.
import { createInterface } from 'node:readline';
import * as torch from 'flambeau';
import { workloads } from './workloads.ts';

interface Request {
  readonly name: string;
  readonly threads: number;
  readonly seconds: number;
}
const seconds = (): number => performance.now() / 1e3;
let kept: unknown;

function measure({ name, threads, seconds: duration }: Request): object {
  torch.set_num_threads(threads);
  const run = workloads[name]!();
  const checksum = Number(run().to(torch.float64).abs().nan_to_num().sum().item());
  for (const start = seconds(); seconds() - start < 0.2; ) kept = run();
  let one = seconds();
  kept = run();
  one = Math.max(seconds() - one, 1e-7);
  const batch = Math.max(1, Math.floor(2e-3 / one));
  const times: number[] = [];
  const faults = process.resourceUsage().minorPageFault;
  let calls = 0;
  for (const end = seconds() + duration; seconds() < end; ) {
    const t = seconds();
    for (let i = 0; i < batch; i++) kept = run();
    times.push(((seconds() - t) / batch) * 1e6);
    calls += batch;
  }
  times.sort((a, b) => a - b);
  return {
    us: times[Math.floor(times.length / 2)],
    p95: times[Math.floor(times.length * 0.95)],
    faults: (process.resourceUsage().minorPageFault - faults) / Math.max(calls, 1),
    checksum,
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer: object;
  try {
    answer = measure(JSON.parse(line) as Request);
  } catch (e) {
    answer = { error: String(e) };
  }
  console.log(JSON.stringify(answer));
}
void kept;
