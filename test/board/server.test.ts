// What the dashboard's server tells about a folder of event files.
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as torch from '../../src/index.ts';
import { nn } from '../../src/index.ts';
import type { Curves, GraphDrawing, Histograms, HParamsTable, Images, Index, Scalars, Texts } from '../../src/board/protocol.ts';
import { thinned } from '../../src/board/run.ts';
import { type Board, serve } from '../../src/board/server.ts';
import { SummaryWriter } from '../../src/utils/tensorboard/index.ts';
import { temporaryFolder } from '../tensorboard/folder.ts';

const folder = temporaryFolder();
let board: Board;
const get = (path: string): Promise<Response> => fetch(board.url + path);
const json = async <T>(path: string): Promise<T> => (await get(path)).json() as Promise<T>;

function write(): void {
  for (const run of ['one', 'two']) {
    const writer = new SummaryWriter(join(folder.path, run));
    for (let i = 0; i < 5; i++) writer.add_scalar('loss/train', i === 3 ? Number.NaN : i / 4, i, 1000 + i);
    writer.add_scalar('new', 1.5, 2, 1000, true);
    writer.add_histogram('weights', [0, 1, 1, 2], 7);
    writer.add_image('image', torch.ones([3, 2, 4]), 3);
    writer.add_text('note', '**bold** <script>x</script> [link](javascript:alert(1))', 1);
    writer.add_pr_curve('curve', [0, 1], [0.2, 0.8], 4, 3);
    writer.add_hparams({ lr: 0.1, opt: run }, { accuracy: 0.75 }, { run_name: 'trial' });
    writer.close();
  }
  const writer = new SummaryWriter(folder.path);
  const block = new nn.Sequential(new nn.Linear(3, 3), new nn.ReLU());
  writer.add_graph(new nn.Sequential(block, new nn.Linear(3, 1)), torch.ones([1, 3]));
  writer.close();
}
beforeAll(async () => {
  write();
  board = await serve({ logdir: folder.path, port: 0, reload_interval: 0.05 });
});
afterAll(async () => {
  await board.close();
  folder[Symbol.dispose]();
});

describe('the server', () => {
  it('lists runs and tags', async () => {
    const index = await json<Index>('data/index');
    expect(index.runs).toEqual(['.', 'one', 'one/trial', 'two', 'two/trial']);
    expect(index.scalars).toEqual({ accuracy: ['one/trial', 'two/trial'], 'loss/train': ['one', 'two'], new: ['one', 'two'] });
    expect([index.histograms, index.images, index.curves].map((tags) => Object.keys(tags))).toEqual([['weights'], ['image'], ['curve']]);
    expect(index.text).toEqual({ 'note/text_summary': ['one', 'two'] });
    expect([index.graphs, index.hasHParams, index.problems]).toEqual([['.'], true, []]);
  });
  it('gives scalars of both forms, null where there is no number', async () => {
    const { one } = await json<Scalars>('data/scalars?tag=loss/train');
    expect(one).toEqual([
      [0, 1000, 0],
      [1, 1001, 0.25],
      [2, 1002, 0.5],
      [3, 1003, null],
      [4, 1004, 1],
    ]);
    expect((await json<Scalars>('data/scalars?tag=new')).two).toEqual([[2, 1000, 1.5]]);
  });
  it('gives histograms whose counts lie between their edges', async () => {
    const [step] = (await json<Histograms>('data/histograms?tag=weights')).one!;
    const { edges, counts } = step!;
    expect([step!.step, edges.length - counts.length, counts.reduce((a, b) => a + b)]).toEqual([7, 1, 4]);
    const countOf = (v: number): number => counts.filter((_, i) => edges[i]! <= v && v < edges[i + 1]!).reduce((a, b) => a + b, 0);
    expect([countOf(0), countOf(1), countOf(2)]).toEqual([1, 2, 1]);
  });
  it('gives pictures', async () => {
    const [image] = (await json<Images>('data/images?tag=image')).one!;
    expect([image!.step, image!.width, image!.height]).toEqual([3, 4, 2]);
    const response = await get(image!.url);
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(
      Buffer.from(await response.arrayBuffer())
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    expect((await get('data/image?run=one&tag=image&step=9&time=0')).status).toBe(404);
  });
  it('gives texts without HTML of theirs', async () => {
    const [text] = (await json<Texts>('data/text?tag=note/text_summary')).one!;
    expect(text!.html).toBe('<p><strong>bold</strong> &lt;script&gt;x&lt;/script&gt; [link](javascript:alert(1))</p>\n');
  });
  it('gives curves and hyperparameters', async () => {
    const [curve] = (await json<Curves>('data/curves?tag=curve')).two!;
    expect([curve!.precision, curve!.recall]).toEqual([
      [0.5, 1, 0],
      [1, 1, 0],
    ]);
    const { hparams, metrics, rows } = await json<HParamsTable>('data/hparams');
    expect([hparams, metrics]).toEqual([['lr', 'opt'], ['accuracy']]);
    expect(rows).toEqual([
      { run: 'one/trial', hparams: { lr: 0.1, opt: 'one' }, metrics: { accuracy: 0.75 } },
      { run: 'two/trial', hparams: { lr: 0.1, opt: 'two' }, metrics: { accuracy: 0.75 } },
    ]);
  });
  it('lays out graphs whose groups open', async () => {
    const closed = await json<GraphDrawing>('data/graph?run=.');
    const names = (drawing: GraphDrawing): string[] => drawing.nodes.map(({ label, kind }) => `${kind} ${label}`).sort();
    const edges = (drawing: GraphDrawing): string[] => drawing.edges.map(({ from, to, label }) => `${from} > ${to}: ${label}`).sort();
    expect(names(closed)).toEqual(['group Linear[1]', 'group Sequential[0]', 'io input', 'io output']);
    expect(edges(closed)).toEqual([
      'Sequential/Linear[1] > output: 1×1',
      'Sequential/Sequential[0] > Sequential/Linear[1]: 1×3',
      'input > Sequential/Sequential[0]: 1×3',
    ]);
    const open = await json<GraphDrawing>('data/graph?run=.&open=Sequential/Sequential[0]&open=Sequential/Linear[1]&constants=true');
    expect(names(open)).toContain('constant weight');
    expect(open.groups.map(({ id }) => id)).toEqual(['Sequential', 'Sequential/Sequential[0]', 'Sequential/Linear[1]']);
    const [outer, inner] = open.groups;
    expect(inner!.y - inner!.height / 2).toBeGreaterThan(outer!.y - outer!.height / 2);
    expect((await get('data/graph?run=one')).status).toBe(404);
  });
  it('serves the page and nothing beside it', async () => {
    const page = await get('');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(await page.text()).toContain('main.js');
    expect((await get('main.js')).headers.get('content-type')).toContain('text/javascript');
    for (const path of ['..%2fserver.ts', '%2e%2e/server.ts', 'tsconfig.json', 'nothing.js'])
      expect((await get(path)).status, path).toBe(404);
    expect((await fetch(board.url, { method: 'POST' })).status).toBe(405);
  });
  it('tells when files grow, and shows new runs', async () => {
    const response = await get('data/changes');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const first = (await reader.read()).value!;
    const writer = new SummaryWriter(join(folder.path, 'three'));
    writer.add_scalar('loss/train', 1, 1);
    writer.flush();
    expect((await reader.read()).value).not.toBe(first);
    await reader.cancel();
    await vi.waitFor(async () => expect((await json<Index>('data/index')).runs).toContain('three'));
    writer.close();
  });
  it('refuses a port that is taken', async () => {
    await expect(serve({ logdir: folder.path, port: board.port })).rejects.toThrow('EADDRINUSE');
  });
});

describe('damage and restarts', () => {
  it('keeps what lies before a damaged record, and names the file', async () => {
    using other = temporaryFolder();
    const writer = new SummaryWriter(other.path);
    writer.add_scalar('x', 1, 1);
    writer.close();
    const file = join(other.path, readdirSync(other.path)[0]!);
    appendFileSync(file, Buffer.alloc(40, 7));
    const damaged = await serve({ logdir: other.path, port: 0 });
    const index = (await (await fetch(`${damaged.url}data/index`)).json()) as Index;
    expect(index.scalars).toEqual({ x: ['.'] });
    expect(index.problems).toEqual([expect.stringContaining(`${file}: the record at byte`)]);
    await damaged.close();
  });
  it('forgets steps that were trained again', async () => {
    using other = temporaryFolder();
    const first = new SummaryWriter(other.path);
    for (const i of [1, 2, 3]) first.add_scalar('x', i, i);
    first.close();
    const second = new SummaryWriter(other.path, { purge_step: 2 });
    second.add_scalar('x', 20, 2);
    second.close();
    const restarted = await serve({ logdir: other.path, port: 0 });
    const { '.': points } = (await (await fetch(`${restarted.url}data/scalars?tag=x`)).json()) as Scalars;
    expect(points!.map(([step, , value]) => [step, value])).toEqual([
      [1, 1],
      [2, 20],
    ]);
    await restarted.close();
  });
  it('waits for a folder that is not there', async () => {
    using other = temporaryFolder();
    const logdir = join(other.path, 'later');
    const early = await serve({ logdir, port: 0, reload_interval: 0.02 });
    mkdirSync(logdir);
    writeFileSync(
      join(logdir, 'events.out.tfevents.1'),
      readFileSync(join(folder.path, 'one', readdirSync(join(folder.path, 'one')).find((f) => f.includes('tfevents'))!)),
    );
    await vi.waitFor(async () => expect(((await (await fetch(`${early.url}data/index`)).json()) as Index).runs).toEqual(['.']));
    await early.close();
  });
});

describe('a long line', () => {
  it('is thinned without losing its ends and peaks', () => {
    const points = Array.from({ length: 10_000 }, (_, step) => ({ step, time: step, value: step === 5001 ? 100 : Math.sin(step / 100) }));
    const kept = thinned(points, 200);
    expect(kept.length).toBeLessThanOrEqual(202);
    expect([kept[0]![0], kept.at(-1)![0]]).toEqual([0, 9999]);
    expect(kept.some(([, , value]) => value === 100)).toBe(true);
    expect(thinned(points.slice(0, 50), 200)).toHaveLength(50);
  });
});
