// Lives with little more address space than it has, then with plenty again; prints what every attempt came to.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as torch from '../../src/index.ts';

const MiB = 2 ** 20;
const limit = (bytes: number | 'unlimited'): void =>
  void execFileSync('prlimit', ['--pid', String(process.pid), `--as=${bytes}:unlimited`], { stdio: 'ignore' });
const size = (): number => Number(/VmSize:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024;
const report: string[] = [];
const attempt = (name: string, f: () => unknown): void => {
  (globalThis as { gc?: () => void }).gc?.();
  try {
    report.push(`${name}: ${String(f())}`);
  } catch (e) {
    report.push(`${name}: ${(e as Error).constructor.name}: ${(e as Error).message}`);
  }
};

torch.set_num_threads(2);
torch.manual_seed(3);
const N = 8_000_000;
const x = torch.rand([N], { dtype: torch.float64 });
const rows = x.view([2, -1]);
const before = x.sum().item();
const few = (): boolean => torch.equal(torch.sort(torch.tensor([3, 1, 2])).values, torch.tensor([1, 2, 3]));
attempt('few', few);

limit(size() + 350 * MiB);
attempt('a tensor', () => torch.empty([400 * MiB], { dtype: torch.uint8 }));
// Results fit, what the kernel itself needs does not: on this thread, and on threads of the pool.
attempt('a sort', () => torch.sort(x));
attempt('a sort of rows', () => torch.sort(rows, 1));
attempt('a product', () =>
  torch
    .ones([20, 30])
    .mm(torch.ones([30, 20]))
    .sum()
    .item(),
);
attempt('few', few);
attempt('unchanged', () => x.sum().item() === before);

limit('unlimited');
attempt('sorted', () => {
  const { values, indices } = torch.sort(x);
  return (
    torch.equal(values, x.take(indices)) &&
    values
      .narrow(0, 1, 2_999_999)
      .ge(values.narrow(0, 0, 2_999_999))
      .all()
      .item()
  );
});
console.log(report.join('\n'));
