// Event files as files: names, framing, damage, growth, what is on disk when.
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { nn } from '../../src/index.ts';
import * as plt from '../../src/plot/index.ts';
import { crc32c, masked_crc32c } from '../../src/utils/tensorboard/crc32c.ts';
import { histogram, TENSORFLOW_BINS } from '../../src/utils/tensorboard/histogram.ts';
import { EventFileReader, FileWriter, read_events, SummaryWriter } from '../../src/utils/tensorboard/index.ts';
import { temporaryFolder } from './folder.ts';

const only = (folder: string): string => {
  const found = readdirSync(folder).filter((f) => f.includes('tfevents'));
  expect(found).toHaveLength(1);
  return join(folder, found[0]!);
};
/** A file of `n` scalars 0, 1, 2, … */
function scalars(folder: string, n: number): string {
  const writer = new SummaryWriter(folder);
  for (let i = 0; i < n; i++) writer.add_scalar('x', i, i);
  writer.close();
  return only(folder);
}
const steps = (file: string | Uint8Array, strict = true): number[] =>
  read_events(file, { strict })
    .filter(({ event }) => event.summary)
    .map(({ event }) => Number(event.step));

describe('the checksum', () => {
  it('is CRC-32C', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(0))).toBe(0);
    expect(masked_crc32c(Buffer.from('123456789'))).toBe(0xc78ab0e5);
  });
});

describe('an event file', () => {
  it('is named as TensorBoard looks for it', () => {
    using folder = temporaryFolder();
    const writer = new SummaryWriter(folder.path, { filename_suffix: '.suffix' });
    expect(writer.get_logdir()).toBe(folder.path);
    writer.close();
    const name = basename(only(folder.path));
    expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\./);
    expect(name).toContain(`.${hostname()}.${process.pid}.`);
    expect(name.endsWith('.suffix')).toBe(true);
  });
  it('lies in runs/DATE_HOST by default', () => {
    using folder = temporaryFolder();
    const before = process.cwd();
    process.chdir(folder.path);
    try {
      const writer = new SummaryWriter({ comment: '_LR_0.1' });
      writer.close();
      expect(writer.log_dir).toMatch(/^runs[/\\][A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d_/);
      expect(writer.log_dir.endsWith(`${hostname()}_LR_0.1`)).toBe(true);
      only(join(folder.path, writer.log_dir));
    } finally {
      process.chdir(before);
    }
  });
  it('says where a step begins anew', () => {
    using folder = temporaryFolder();
    new SummaryWriter(folder.path, { purge_step: 5 }).close();
    const events = read_events(only(folder.path)).map(({ event }) => event);
    expect(events.slice(1).map(({ step, file_version, session_log }) => [step, file_version, session_log?.status])).toEqual([
      [5n, 'brain.Event:2', undefined],
      [5n, undefined, 'START'],
    ]);
  });
  it('is written when the queue is full, on flush and on close', () => {
    using folder = temporaryFolder();
    const writer = new SummaryWriter(folder.path, { max_queue: 3 });
    const file = only(folder.path);
    writer.add_scalar('x', 1, 1);
    expect(steps(file)).toEqual([]);
    for (const i of [2, 3, 4]) writer.add_scalar('x', i, i);
    expect(steps(file)).toEqual([1, 2, 3, 4]);
    writer.add_scalar('x', 5, 5);
    writer.flush();
    expect(steps(file)).toEqual([1, 2, 3, 4, 5]);
    writer.add_scalar('x', 6, 6);
    writer.close();
    expect(steps(file)).toEqual([1, 2, 3, 4, 5, 6]);
  });
  it('is written when the time is over', async () => {
    using folder = temporaryFolder();
    const writer = new SummaryWriter(folder.path, { flush_secs: 0.02 });
    writer.add_scalar('x', 1, 1);
    await expect.poll(() => steps(only(folder.path))).toEqual([1]);
    writer.close();
  });
  it('is whole when a process ends without closing it', () => {
    using folder = temporaryFolder();
    const program = `
      import { SummaryWriter } from '${new URL('../../src/utils/tensorboard/index.ts', import.meta.url).href}';
      const writer = new SummaryWriter(${JSON.stringify(folder.path)});
      writer.add_scalar('x', 1, 7);`;
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    expect(steps(only(folder.path))).toEqual([7]);
  });
  it('is followed by another one after close', () => {
    using folder = temporaryFolder();
    const writer = new SummaryWriter(folder.path);
    writer.close();
    writer.close();
    writer.add_scalar('x', 1, 1);
    writer.close();
    expect(readdirSync(folder.path)).toHaveLength(2);
  });
  it('takes what using leaves', () => {
    using folder = temporaryFolder();
    {
      using writer = new SummaryWriter(folder.path);
      writer.add_scalar('x', 1, 1);
    }
    expect(steps(only(folder.path))).toEqual([1]);
  });
  it('is closed to its FileWriter after close, and reopens', () => {
    using folder = temporaryFolder();
    const writer = new FileWriter(folder.path);
    writer.close();
    expect(() => writer.add_event({} as never)).toThrow('Writer is closed');
    writer.reopen();
    writer.close();
    expect(readdirSync(folder.path)).toHaveLength(2);
  });
});

describe('a histogram of many values', () => {
  it('is that of its parts', () => {
    torch.manual_seed(3);
    const many = torch.cat([torch.randn([70_000]), torch.randn([10_000]).mul(1e-9), torch.tensor([0, -0, 1e-12, -1e-12, 1e19, -1e19])]);
    const values = many.to(torch.float64).tolist() as number[];
    const edges = TENSORFLOW_BINS;
    const whole = histogram(Float64Array.from(values), edges).counts;
    const sum = new Float64Array(whole.length);
    for (let i = 0; i < values.length; i += 5000)
      histogram(Float64Array.from(values.slice(i, i + 5000)), edges).counts.forEach((n, bin) => {
        sum[bin]! += n;
      });
    expect(whole).toEqual(sum);
    expect(whole.reduce((a, b) => a + b)).toBe(values.length);
  });
});

describe('a damaged file', () => {
  it('is refused, or read up to the last whole record', () => {
    using folder = temporaryFolder();
    const bytes = readFileSync(scalars(folder.path, 3));
    const cut = bytes.subarray(0, bytes.length - 7);
    expect(() => steps(cut)).toThrow(/the record at byte \d+ is cut short: it claims \d+ bytes/);
    expect(steps(cut, false)).toEqual([0, 1]);
    expect(() => steps(bytes.subarray(0, bytes.length - 40 + 5))).toThrow(/cut short/);
  });
  it.each([
    ['length', 0, 'its length does not match the checksum'],
    ['data', 14, 'its data does not match the checksum'],
  ])('is refused with a wrong %s', (_, at, message) => {
    using folder = temporaryFolder();
    const bytes = readFileSync(scalars(folder.path, 3));
    const last = read_events(bytes).at(-1)!.offset;
    bytes[last + at]! ^= 4;
    expect(() => steps(bytes)).toThrow(message);
    expect(steps(bytes, false)).toEqual([0, 1]);
  });
  it('is named in the message', () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'events.out.tfevents.1');
    writeFileSync(file, 'nonsense, and a bit more of it');
    expect(() => read_events(file)).toThrow(new RegExp(`^${file}: the record at byte 0 is corrupt`));
  });
  it('may be empty', () => {
    expect(read_events(new Uint8Array(0))).toEqual([]);
  });
});

describe('a growing file', () => {
  it('is read as far as its records are whole', () => {
    using folder = temporaryFolder();
    const bytes = readFileSync(scalars(folder.path, 4));
    const offsets = read_events(bytes).map(({ offset }) => offset);
    const copy = join(folder.path, 'copy');
    writeFileSync(copy, bytes.subarray(0, offsets[2]! + 3));
    const reader = new EventFileReader(copy);
    const read = (): number[] => reader.read().map(({ step }) => Number(step));
    expect(read()).toEqual([0, 0]);
    expect(read()).toEqual([]);
    appendFileSync(copy, bytes.subarray(offsets[2]! + 3, offsets[4]!));
    expect(read()).toEqual([1, 2]);
    appendFileSync(copy, bytes.subarray(offsets[4]!));
    expect(read()).toEqual([3]);
    expect(reader.error).toBe(null);
    appendFileSync(copy, Buffer.alloc(20, 1));
    expect(read()).toEqual([]);
    expect(reader.error?.message).toContain('corrupt');
  });
});

describe('arguments', () => {
  it('go by position or by name', () => {
    using folder = temporaryFolder();
    const writer = new SummaryWriter({ log_dir: folder.path });
    writer.add_scalar('x', 1, { global_step: 2, walltime: 5 });
    writer.add_scalar({ tag: 'x', scalar_value: 2n, global_step: 3n });
    writer.add_scalars('x', { a: 1, global_step: 2 }, 4);
    writer.add_scalars('x', { tag_scalar_dict: { b: 1 }, global_step: 4 });
    writer.close();
    expect(steps(only(folder.path))).toEqual([2, 3]);
    const folders = readdirSync(folder.path, { withFileTypes: true }).filter((e) => e.isDirectory());
    expect(folders.map((e) => e.name).sort()).toEqual(['x_a', 'x_b', 'x_global_step']);
  });
  it('tell dicts from names', () => {
    using folder = temporaryFolder();
    const writer = new SummaryWriter(folder.path);
    writer.add_hparams({ lr: 1 }, { acc: 2 }, { run_name: 'a' });
    writer.add_hparams({ lr: 1 }, { acc: 2 }, { lr: [1, 2] }, 'b');
    writer.add_hparams({ hparam_dict: { lr: 1 }, metric_dict: { acc: 2 }, run_name: 'c' });
    writer.close();
    expect(['a', 'b', 'c'].map((run) => existsSync(join(folder.path, run)))).toEqual([true, true, true]);
  });
  it.each<[string, (w: SummaryWriter) => void, string]>([
    ['scalars of several numbers', (w) => w.add_scalar('x', torch.ones([2])), 'Tensor should contain one element (0 dimensions)'],
    ['scalars of none', (w) => w.add_scalar('x', 'a' as never), 'Got string, but numpy array or torch tensor are expected.'],
    ['histograms of nothing', (w) => w.add_histogram('x', torch.ones([0])), 'The input has no element.'],
    ['equal bins of NaN', (w) => w.add_histogram('x', [Number.NaN, 1], 0, 'auto'), 'autodetected range of [nan, nan] is not finite'],
    ['unknown rules', (w) => w.add_histogram('x', [1], 0, 'no' as never), "'no' is not a valid estimator for `bins`"],
    ['edges that fall', (w) => w.add_histogram('x', [1], 0, [1, 0]), '`bins` must increase monotonically, when an array'],
    [
      'raw counts of another length',
      (w) => w.add_histogram_raw('x', 0, 1, 1, 1, 1, [1], [1, 2]),
      'len(bucket_limits) != len(bucket_counts)',
    ],
    ['formats of another length', (w) => w.add_image('x', torch.ones([3, 3])), 'size of input tensor and input format are different'],
    [
      'axes named twice',
      (w) => w.add_image('x', torch.ones([3, 3]), { dataformats: 'HH' }),
      'You can not use the same dimension shorthand twice',
    ],
    ['five channels', (w) => w.add_image('x', torch.ones([5, 3, 3])), 'Cannot handle this data type: (1, 1, 5), |u1'],
    ['no dicts', (w) => w.add_hparams([] as never, {}), 'hparam_dict and metric_dict should be dictionary.'],
    [
      'other hyperparameters',
      (w) => w.add_hparams({ a: [] as never }, {}),
      'value should be one of int, float, str, bool, or torch.Tensor',
    ],
    [
      'domains of another type',
      (w) => w.add_hparams({ a: 1 }, {}, { a: ['b'] }),
      'parameter: hparam_domain_discrete[a] should be a list of same type as hparam_dict[a].',
    ],
    ['margins of two', (w) => w.add_custom_scalars_marginchart(['a', 'b']), 'Expected 3 tags, got 2.'],
    ['flat meshes', (w) => w.add_mesh('m', torch.ones([2, 3])), 'Tensor shape should be of shape BxNx3, but got torch.Size([2, 3]).'],
    [
      'tensors that files don’t have',
      (w) => w.add_tensor('t', torch.ones([1]).to(torch.float8_e4m3fn)),
      't has unsupported tensor dtype torch.float8_e4m3fn',
    ],
    ['unknown names', (w) => w.add_text('t', 'x', { steps: 1 } as never), "add_text() got an unexpected keyword argument 'steps'"],
    ['missing arguments', (w) => (w.add_text as (tag: string) => void)('t'), "missing 1 required positional argument: 'text_string'"],
    [
      'graphs that give a dict',
      (w) =>
        w.add_graph(
          new (class extends nn.Module {
            forward(x: torch.Tensor) {
              return { x };
            }
          })(),
          torch.ones([1]),
        ),
      'Encountering a dict at the output of the tracer',
    ],
  ])('%s are refused', (_, call, message) => {
    using folder = temporaryFolder();
    const writer = new SummaryWriter(folder.path);
    expect(() => call(writer)).toThrow(message);
    writer.close();
    expect(statSync(only(folder.path)).size).toBe(88);
  });
  it('takes numbers in any form', () => {
    using folder = temporaryFolder();
    const writer = new SummaryWriter(folder.path);
    for (const x of [
      0.5,
      torch.tensor(0.5),
      [0.5],
      Float64Array.of(0.5),
      torch.tensor([0.5]).numpy(),
      torch.tensor(0.5, { requires_grad: true }),
    ])
      writer.add_scalar('x', x);
    writer.add_histogram('h', [0.1, 0.2]);
    writer.add_scalar('nan', Number.NaN);
    writer.close();
    const values = read_events(only(folder.path)).flatMap(({ event }) => event.summary?.value ?? []);
    expect(values.slice(0, 6).map((v) => v.simple_value)).toEqual(new Array(6).fill(0.5));
    expect(values[6]!.histo!.max).toBe(0.2);
    expect(values[7]!.simple_value).toBeNaN();
  });
});

describe('a figure', () => {
  const figure = (ms: number) => ({
    canvas: {
      draw: async () => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        return { width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255) };
      },
    },
  });
  it('is in the file when its promise or close is kept, with the step and time of the call', async () => {
    using folder = temporaryFolder();
    const writer = new SummaryWriter(folder.path);
    const before = Date.now() / 1000;
    const added = writer.add_figure('f', figure(30), 3);
    const after = Date.now() / 1000;
    writer.add_scalar('x', 1, 1);
    await writer.close();
    await added;
    const found = read_events(only(folder.path)).filter(({ event }) => event.summary?.value?.[0]?.image);
    expect(found.map(({ event }) => [event.step, event.summary!.value![0]!.image!.width])).toEqual([[3n, 2]]);
    expect(found[0]!.event.wall_time).toBeGreaterThanOrEqual(before);
    expect(found[0]!.event.wall_time).toBeLessThanOrEqual(after);
  });
  it('of pyplot has the pixels that it draws, and is forgotten', async () => {
    using folder = temporaryFolder();
    const fig = plt.figure({ figsize: [2, 1], dpi: 50 });
    plt.plot([0, 1, 2], [1, 3, 2]);
    const { width, height, data } = await fig.canvas.draw();
    const writer = new SummaryWriter(folder.path);
    await writer.add_figure('f', fig, 1);
    writer.close();
    const { image } = read_events(only(folder.path)).at(-1)!.event.summary!.value![0]!;
    const picture = decode(image!.encoded_image_string!);
    expect([picture.width, picture.height, picture.channels]).toEqual([width, height, 3]);
    expect(Buffer.from(picture.data)).toEqual(Buffer.from(data.filter((_: number, i: number) => i % 4 !== 3)));
    expect(plt.gcf()).not.toBe(fig);
    plt.close('all');
  });
  it('may be several', async () => {
    using folder = temporaryFolder();
    const writer = new SummaryWriter(folder.path);
    await writer.add_figure('f', [figure(1), figure(2)]);
    writer.close();
    const { image } = read_events(only(folder.path)).at(-1)!.event.summary!.value![0]!;
    expect([image!.width, image!.height, image!.colorspace]).toEqual([4, 1, 3]);
  });
});
