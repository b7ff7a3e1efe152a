// The notes' chapters print what the notes print: the stored outputs of PyTorch are looked for in what each example writes.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { read_events } from '../../src/utils/tensorboard/index.ts';
import { openFolder } from '../../tools/conformance/data.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'flambeau-notes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What an example prints. */
function run(example: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', `examples/notes/${example}.ts`, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, FLAMBEAU_NOTES_OUT: folder },
  });
  expect(status, stderr).toBe(0);
  return stdout;
}
interface Block {
  readonly id: string;
  readonly expected: string;
}
const seed = openFolder('seed')!;
const blocks = seed.json('blocks.json').blocks as unknown as Block[];
const tables = seed.json('tables.json').tables as unknown as { id: string; text: string }[];
const table = (id: string): string => tables.find((t) => t.id === id)!.text.trimEnd();
/** Looks for the outputs of blocks in what an example printed. `parts` are beginnings of their names. */
function expectBlocks(
  printed: string,
  parts: readonly string[],
  changed: Readonly<Record<string, (expected: string) => string>> = {},
): void {
  for (const part of parts) {
    const chosen = blocks.filter(({ id }) => id.startsWith(part));
    expect(chosen.length, part).toBeGreaterThan(0);
    for (const { id, expected } of chosen) expect(printed, id).toContain(changed[id]?.(expected) ?? expected);
  }
}
const isPicture = (name: string): boolean => existsSync(join(folder, name)) && readFileSync(join(folder, name)).length > 5000;

describe("the notes' examples", () => {
  it('are numbered in the order of the chapters, and the index names each', () => {
    const files = readdirSync(join(root, 'examples/notes')).filter((name) => /^\d\d-.*\.ts$/.test(name));
    const index = readFileSync(join(root, 'examples/notes/README.md'), 'utf8');
    const chinese = readFileSync(join(root, 'README.zh-CN.md'), 'utf8');
    for (const file of files) {
      expect(index).toContain(file);
      expect(chinese).toContain(file);
    }
  });
  it('01: tensor structure', () => {
    // The block also compares two ways of calling index_fill.
    expectBlocks(run('01-tensor-structure'), ['create/', 'index/', 'shape/', 'cat/'], {
      'index/index_fill': (text) => text.replace(/True\n$/, ''),
    });
  });
  it('02: tensor maths, with KNN and PCA', () => {
    const printed = run('02-tensor-math');
    expectBlocks(printed, ['math/', 'matrix/', 'broadcast/']);
    expect(printed).toContain('iris, k = 5: 30 of 30 flowers right');
    // The first two components of the iris data: 92.46 % and 5.31 %, as everywhere in the literature.
    expect(printed).toContain('tensor([0.9246, 0.0531])');
  });
  it('03: functional and Module', () => {
    const printed = run('03-functional-and-module');
    expectBlocks(printed, ['nn/']);
    expect(printed).toContain(table('summary/imdb frozen'));
  });
  it('04: datasets and loaders', () => {
    const printed = run('04-dataset-and-dataloader');
    expectBlocks(printed, ['data/loader']);
    expect(printed).toContain('torch.Size([50, 3, 32, 32])\ntorch.Size([50, 1])\n');
    expect(printed).toContain("<class 'torch.utils.data.dataset.Subset'>");
    expect(printed).toContain("{'0_zero': 0, '1_one': 1}");
    expect(isPicture('augmentation.png')).toBe(true);
  });
  it('06: model layers', () => {
    const printed = run('06-model-layers');
    expectBlocks(printed, ['layers/']);
    expect(printed).toContain('Unfold, Linear and Fold are a convolution: True');
  });
  it('07: losses; the rings are learnt as PyTorch learns them', () => {
    const printed = run('07-losses');
    expectBlocks(printed, ['loss/cross entropy', 'loss/focal']);
    expect(printed).toContain(table('summary/dnn'));
    const rows = [...printed.matchAll(/^\| +(\d+) +\| +([\d.]+) +\| +([\d.]+) +\| +([\d.]+) +\| +([\d.]+) +\|$/gm)].map((m) =>
      m.slice(1).map(Number),
    );
    const curve = openFolder('trajectories')!.json('ring.json').metrics as unknown as Record<string, number>[];
    expect(rows.length).toBe(curve.length);
    rows.forEach((row, i) => {
      const wanted = ['epoch', 'loss', 'accuracy', 'val_loss', 'val_accuracy'].map((name) => curve[i]![name]!);
      // The log rounds to three digits.
      row.forEach((v, k) => {
        expect(Math.abs(v - wanted[k]!), `epoch ${row[0]}`).toBeLessThan(0.00055);
      });
    });
    // PyTorch's seeded run finds 134 of the 200 positive samples.
    expect(Number(/recall of the positive class: ([\d.]+)/.exec(printed)![1])).toBeCloseTo(0.67, 2);
    for (const name of ['rings.png', 'rings-predicted.png', 'rings-loss.png']) expect(isPicture(name), name).toBe(true);
  });
  it('08: options for groups of parameters', () => {
    const printed = run('08-optimizer-options');
    expectBlocks(printed, ['loss/weight decay']);
    expect(printed).toContain('--- weight_decay 与 L2 正则化等价 ---\nTrue\n');
    expect(printed).toContain('epoch 3: [1e-05, 0.0001, 0.001]');
  });
  it('09: TensorBoard', async () => {
    const printed = run('09-tensorboard');
    expectBlocks(printed, ['tensorboard/']);
    expect(printed).toContain(table('summary/cnn'));
    expect(isPicture('figure.png')).toBe(true);
    const logs = readdirSync(join(folder, 'tensorboard')).map((name) => join(folder, 'tensorboard', name));
    const tags = new Set<string>();
    for (const log of logs) for (const { event } of read_events(log)) for (const { tag } of event.summary?.value ?? []) tags.add(tag!);
    expect([...tags].sort()).toEqual(['figure', 'image_grid', 'images', 'images[0]', 'w', 'x', 'y']);
  });
  it('10: conversions', () => {
    const printed = run('10-conversions');
    expect(printed).toContain('[3, 2] [1, 3] float32\n6\n');
    expect(printed).toContain('tensor([1., 2.], requires_grad=True) True\ntensor([1., 2.])\n');
    expect(printed).toContain('[32, 32, 3] float32\ntorch.Size([3, 32, 32])\nTrue\n');
  });
  it('11: backward with a vector', () => {
    const printed = run('11-backward');
    expect(printed).toContain('RuntimeError: grad can be implicitly created only for scalar outputs\ntensor([ 4., 27.])\n');
    expect(printed).toContain('tensor([[4., 3.],\n        [2., 6.]])\ntensor([ 0.0000, -4.5000])\ntensor([ 0.0000, -4.5000])\n');
  });
  it('12: hooks', () => {
    const printed = run('12-hooks', '30');
    expect(printed).toContain('dz/dy = tensor([ 4.,  8., 12.])\ndz/dx = tensor([ 8., 16., 24.])\ndz/dx = tensor([ 4.,  8., 12.])\n');
    expect(printed).toContain('grad_output: torch.Size([1, 10]) grad_input: torch.Size([1, 64, 7, 7])');
    expect(printed.match(/heat torch.Size\(\[28, 28\]\)/g)).toHaveLength(5);
    for (const name of ['features.png', 'grad-cam.png']) expect(isPicture(name), name).toBe(true);
  });
});
