// The real TensorBoard reads what the writer wrote: its server is started, and each plugin asked. FLAMBEAU_TENSORBOARD_PYTHON names a
// Python that has the package tensorboard.
import { type ChildProcess, spawn } from 'node:child_process';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as torch from '../../src/index.ts';
import { nn } from '../../src/index.ts';
import { SummaryWriter } from '../../src/utils/tensorboard/index.ts';
import { temporaryFolder } from './folder.ts';

const PYTHON = process.env.FLAMBEAU_TENSORBOARD_PYTHON;
if (!PYTHON && process.env.CI === 'true') throw new Error('CI needs FLAMBEAU_TENSORBOARD_PYTHON');

/** Starts `tensorboard` and gives its address. */
function start(logdir: string): Promise<{ server: ChildProcess; url: string }> {
  const server = spawn(PYTHON!, ['-m', 'tensorboard.main', '--logdir', logdir, '--port', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  return new Promise((resolve, reject) => {
    let said = '';
    server.stderr!.on('data', (part: Buffer) => {
      said += String(part);
      const url = /http:\/\/[^\s]+/.exec(said.slice(said.lastIndexOf('TensorBoard ')))?.[0];
      if (url && said.includes('CTRL+C')) resolve({ server, url });
    });
    server.on('exit', (code) => reject(new Error(`tensorboard ended with ${code}: ${said}`)));
  });
}

const folder = temporaryFolder();
const image = torch
  .arange(4 * 5 * 3, { dtype: torch.uint8 })
  .reshape([4, 5, 3])
  .mul(4);
const values = torch.tensor([-2, -1, -1, 0.5, 3]);
const labels = [0, 1, 1, 0, 1];
const predictions = [0.1, 0.9, 0.4, 0.6, 0.8];

async function write(): Promise<void> {
  const writer = new SummaryWriter(folder.path);
  for (let step = 0; step < 20; step++) writer.add_scalar('loss/train', 1 / (1 + step), step, 1700000000 + step);
  writer.add_scalars('both', { a: 1, b: 2 }, 1);
  writer.add_histogram('weights', values, 3);
  writer.add_image('image', image, 4, { dataformats: 'HWC' });
  writer.add_images('grid', torch.ones([3, 1, 2, 2]), 5);
  writer.add_text('note', '**bold** ü', 6);
  writer.add_hparams({ lr: 0.1, opt: 'adam', nesterov: true }, { accuracy: 0.75 }, { run_name: 'trial' });
  writer.add_pr_curve('curve', labels, predictions, 7, 5);
  writer.add_custom_scalars({ both: { chart: ['Multiline', ['both/a', 'both/b']] } });
  writer.add_mesh('mesh', torch.rand([1, 4, 3]));
  writer.add_audio('sound', torch.sin(torch.arange(100)).reshape([1, 100]), 8, 8000);
  writer.add_embedding(
    torch.tensor([
      [1.5, 2],
      [3, 4],
    ]),
    ['one', 'two'],
    torch.rand([2, 3, 4, 4]),
  );
  const net = new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Linear(4, 1));
  writer.add_graph(net, torch.ones([1, 3]));
  await writer.close();
}

describe.runIf(PYTHON)('the real TensorBoard', () => {
  let server: ChildProcess | undefined;
  let url = '';
  const get = async (path: string): Promise<Response> => {
    const response = await fetch(url + path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  const json = async <T>(path: string): Promise<T> => (await get(path)).json() as Promise<T>;
  const plugin = <T>(name: string, route: string, query: Record<string, string> = {}): Promise<T> =>
    json<T>(`data/plugin/${name}/${route}?${new URLSearchParams(query)}`);

  beforeAll(async () => {
    await write();
    ({ server, url } = await start(folder.path));
    const loaded = async (): Promise<void> => {
      expect(await json<string[]>('data/runs')).toContain('trial');
      expect(await plugin<object>('graphs', 'info')).toHaveProperty('.');
    };
    await vi.waitFor(loaded, { timeout: 60_000, interval: 200 });
  }, 180_000);
  afterAll(() => {
    server?.removeAllListeners('exit');
    server?.kill();
    folder[Symbol.dispose]();
  });

  it('lists the runs', async () => {
    expect((await json<string[]>('data/runs')).sort()).toEqual(['.', 'both_a', 'both_b', 'trial']);
  });
  it('shows scalars', async () => {
    const rows = await plugin<[time: number, step: number, value: number][]>('scalars', 'scalars', { run: '.', tag: 'loss/train' });
    expect(rows).toEqual(Array.from({ length: 20 }, (_, step) => [1700000000 + step, step, Math.fround(1 / (1 + step))]));
    const [b] = await plugin<[number, number, number][]>('scalars', 'scalars', { run: 'both_b', tag: 'both' });
    expect(b!.slice(1)).toEqual([1, 2]);
  });
  it('shows histograms', async () => {
    const [[, step, buckets]] = await plugin<[[time: number, step: number, buckets: [left: number, right: number, count: number][]]]>(
      'histograms',
      'histograms',
      { run: '.', tag: 'weights' },
    );
    expect(step).toBe(3);
    expect(buckets.reduce((sum, [, , count]) => sum + count, 0)).toBeCloseTo(5, 9);
    const countOf = (v: number): number =>
      buckets.filter(([left, right]) => left <= v && v < right).reduce((n, [, , count]) => n + count, 0);
    expect([countOf(-1.05), countOf(0.5)]).toEqual([expect.any(Number), expect.any(Number)]);
  });
  it('shows images with the pixels that were written', async () => {
    const list = await plugin<{ query: string; step: number }[]>('images', 'images', {
      run: '.',
      tag: 'image',
      sample: '0',
    });
    expect(list.map(({ step }) => step)).toEqual([4]);
    const png = await get(`data/plugin/images/individualImage?${list[0]!.query}`);
    expect(png.headers.get('content-type')).toBe('image/png');
    const { data, info } = await sharp(Buffer.from(await png.arrayBuffer()))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.height, info.width, info.channels]).toEqual([4, 5, 3]);
    expect([...data]).toEqual(image.flatten().tolist());
  });
  it('shows text', async () => {
    const [{ step, text }] = await plugin<[{ step: number; text: string }]>('text', 'text', { run: '.', tag: 'note/text_summary' });
    expect([step, text]).toEqual([6, expect.stringContaining('<p><strong>bold</strong> ü</p>')]);
  });
  it('shows nodes and edges of the graph', async () => {
    const text = await (await get('data/plugin/graphs/graph?run=.&conceptual=false')).text();
    const nodes = text.split(/^node \{/m).slice(1);
    const field = (node: string, name: string): string[] => [...node.matchAll(new RegExp(`^ {2}${name}: "(.*)"`, 'gm'))].map((m) => m[1]!);
    const graph = new Map(nodes.map((node) => [field(node, 'name')[0]!, { op: field(node, 'op')[0]!, inputs: field(node, 'input') }]));
    const opOf = (name: string): string => graph.get(name)!.op;
    const operators = [...graph.values()].filter(({ op }) => op.startsWith('aten'));
    expect(operators.map(({ op, inputs }) => [op, inputs.map(opOf)])).toEqual([
      ['aten::linear', ['IO Node', 'prim::GetAttr', 'prim::GetAttr']],
      ['aten::relu', ['aten::linear']],
      ['aten::linear', ['aten::relu', 'prim::GetAttr', 'prim::GetAttr']],
    ]);
    expect([...graph.keys()].filter((name) => name.startsWith('Sequential/Linear[0]/')).length).toBe(3);
  });
  it('shows hyperparameters and what was reached with them', async () => {
    const post = async <T>(route: string, body: object): Promise<T> => {
      const response = await fetch(`${url}data/plugin/hparams/${route}`, { method: 'POST', body: JSON.stringify(body) });
      return response.json() as Promise<T>;
    };
    interface Experiment {
      hparamInfos: { name: string; type: string }[];
      metricInfos: { name: { tag: string } }[];
    }
    const experiment = await post<Experiment>('experiment', { experimentName: '' });
    expect(Object.fromEntries(experiment.hparamInfos.map(({ name, type }) => [name, type]))).toEqual({
      lr: 'DATA_TYPE_FLOAT64',
      opt: 'DATA_TYPE_STRING',
      nesterov: 'DATA_TYPE_FLOAT64',
    });
    interface Groups {
      sessionGroups: { hparams: object; metricValues: { name: { tag: string }; value: number }[] }[];
    }
    const { sessionGroups } = await post<Groups>('session_groups', {
      experimentName: '',
      startIndex: 0,
      sliceSize: 10,
      colParams: [],
      allowedStatuses: ['STATUS_SUCCESS'],
    });
    expect(sessionGroups).toHaveLength(1);
    expect(sessionGroups[0]!.hparams).toEqual({ lr: 0.1, opt: 'adam', nesterov: 1 });
    expect(sessionGroups[0]!.metricValues[0]).toMatchObject({ name: { tag: 'accuracy' }, value: 0.75 });
  });
  it('shows precision over recall', async () => {
    interface Curve {
      step: number;
      thresholds: number[];
      precision: number[];
      recall: number[];
      true_positives: number[];
    }
    const found = await plugin<Record<string, Curve[]>>('pr_curves', 'pr_curves', { tag: 'curve', run: '.' });
    const [curve] = found['.']!;
    expect(curve!.step).toBe(7);
    // No prediction reaches the last threshold, so that it is not drawn.
    expect(curve!.thresholds).toEqual([0, 0.25, 0.5, 0.75]);
    const at = (threshold: number): number[] => {
      const hits = predictions.map((p, i) => [p >= threshold, labels[i] === 1]);
      const tp = hits.filter(([hit, positive]) => hit && positive).length;
      return [tp, tp / Math.max(1e-7, hits.filter(([hit]) => hit).length), tp / 3];
    };
    curve!.thresholds.forEach((threshold, i) => {
      const [tp, precision, recall] = at(threshold);
      expect(curve!.true_positives[i]).toBe(tp);
      expect(curve!.precision[i]).toBeCloseTo(precision!, 6);
      expect(curve!.recall[i]).toBeCloseTo(recall!, 6);
    });
  });
  it('shows the embedding', async () => {
    const runs = await plugin<string[]>('projector', 'runs');
    expect(runs).toEqual(['.']);
    interface Info {
      embeddings: { tensorName: string; tensorShape: number[]; metadataPath: string; sprite: { singleImageDim: number[] } }[];
    }
    const { embeddings } = await plugin<Info>('projector', 'info', { run: '.' });
    const [embedding] = embeddings;
    expect([embedding!.tensorName, embedding!.tensorShape, embedding!.sprite.singleImageDim]).toEqual(['default:00000', [2, 2], [4, 4]]);
    const tensor = await get(`data/plugin/projector/tensor?run=.&name=${embedding!.tensorName}`);
    expect([...new Float32Array(await tensor.arrayBuffer())]).toEqual([1.5, 2, 3, 4]);
    expect(await (await get(`data/plugin/projector/metadata?run=.&name=${embedding!.tensorName}`)).text()).toBe('one\ntwo\n');
    const sprite = await get(`data/plugin/projector/sprite_image?run=.&name=${embedding!.tensorName}`);
    expect((await sharp(Buffer.from(await sprite.arrayBuffer())).metadata()).width).toBe(8);
  });
  it('shows custom charts, meshes and sound', async () => {
    const layout = await plugin<{ category: { title: string; chart: { multiline: { tag: string[] } }[] }[] }>('custom_scalars', 'layout');
    expect(layout.category[0]!.chart[0]!.multiline.tag).toEqual(['both/a', 'both/b']);
    expect(await plugin('mesh', 'tags')).toEqual({ '.': { mesh: { samples: 1 } } });
    const [sound] = await plugin<[{ query: string }]>('audio', 'audio', { run: '.', tag: 'sound', sample: '0' });
    const wav = Buffer.from(await (await get(`data/plugin/audio/individualAudio?${sound.query}`)).arrayBuffer());
    expect([wav.subarray(0, 4).toString(), wav.readUInt32LE(24), wav.length]).toEqual(['RIFF', 8000, 244]);
  });
});
