// A whole program with workers, run as users run theirs.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it("the notes' code runs as it is: once, with a notice, and ends", async () => {
  const script = fileURLToPath(new URL('notes.ts', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script], { timeout: 55_000 });
  const lines = stdout.trimEnd().split('\n');
  expect(lines.filter((line) => line === 'the script begins')).toHaveLength(1);
  const [, first, second, third, ...shared] = lines;
  for (const line of [first, second]) {
    const [x, y] = JSON.parse(line!) as [number[][], number[]];
    expect(y).toEqual(x.map(([i]) => i! + 0.5));
    expect(y.toSorted()).toEqual([0.5, 1.5, 2.5, 3.5, 4.5]);
  }
  expect(JSON.parse(third!)).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(shared).toEqual(new Array(4).fill('10 true'));
  const notices = stderr.split('\n').filter((line) => line.startsWith('DataLoader('));
  expect(notices).toEqual([
    expect.stringMatching(
      /^DataLoader\(num_workers=3\): dataset is an instance of the class Mine, which is of the main script notes\.ts, which a worker must not run again\. So the calling thread loads.*3 items at a time\. Export it from a module of its own/,
    ),
    expect.stringMatching(/^DataLoader\(num_workers=2\): dataset\.transform is a function without a name, which is of the main script/),
  ]);
});
