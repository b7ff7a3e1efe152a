// The dashboard in a real Chromium: every tab shows what was written, and follows the files as they grow.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Board, serve } from '../../src/board/server.ts';
import * as torch from '../../src/index.ts';
import { nn } from '../../src/index.ts';
import { SummaryWriter } from '../../src/utils/tensorboard/index.ts';
import { temporaryFolder } from '../tensorboard/folder.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const there = existsSync(CHROMIUM);
if (!there && process.env.CI === 'true') throw new Error(`CI needs ${CHROMIUM}`);

const folder = temporaryFolder();
const complaints: string[] = [];
let browser: Browser;
let board: Board;
let page: Page;
const writers = new Map<string, SummaryWriter>();

function write(): void {
  for (const [n, run] of ['first', 'second'].entries()) {
    const writer = new SummaryWriter(join(folder.path, run), { max_queue: 0 });
    writers.set(run, writer);
    for (let i = 0; i < 20; i++) writer.add_scalar('loss/train', 1 / (1 + i + n), i);
    for (const i of [0, 5, 10]) {
      writer.add_histogram('weights', torch.linspace(-1, 1 + i, 50), i);
      writer.add_image('picture', torch.ones([3, 8, 16]).mul(i / 10), i);
      writer.add_pr_curve('curve', [0, 1, 1], [0.2, 0.8, 0.4], i, 5);
    }
    writer.add_text('note', '**bold** <b>plain</b>', 1);
    writer.add_hparams({ lr: 0.1 * (n + 1), opt: run }, { accuracy: 0.5 + n / 4 }, { run_name: 'trial' });
  }
  const net = new nn.Sequential(new nn.Sequential(new nn.Linear(3, 3), new nn.ReLU()), new nn.Linear(3, 1));
  writers.get('first')!.add_graph(net, torch.ones([1, 3]));
}
beforeAll(async () => {
  if (!there) return;
  write();
  board = await serve({ logdir: folder.path, port: 0, reload_interval: 0.1 });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(20_000);
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(board.url);
});
afterAll(async () => {
  await browser?.close();
  await board?.close();
  folder[Symbol.dispose]();
});
const tab = (name: string): Promise<void> => page.getByRole('tab', { name, exact: true }).click();
const card = (tag: string) => page.locator(`.card[data-tag="${tag}"]`);

describe.runIf(there)('the dashboard', () => {
  it('has a tab for every kind of data', async () => {
    await page.getByRole('tab').first().waitFor();
    expect(await page.getByRole('tab').allTextContents()).toEqual([
      'Scalars',
      'Histograms',
      'Images',
      'Graph',
      'Text',
      'HParams',
      'PR curves',
    ]);
  });
  it('draws a line a run, smoothed over the values', async () => {
    const lines = card('loss/train').locator('path.line');
    await expect.poll(() => lines.count()).toBe(2);
    expect(await card('loss/train').locator('path.raw').count()).toBe(2);
    const smooth = await lines.first().getAttribute('d');
    await page.getByLabel('Smoothing').fill('0');
    await expect.poll(() => card('loss/train').locator('path.raw').count()).toBe(0);
    expect(await lines.first().getAttribute('d')).not.toBe(smooth);
  });
  it('shows the values under the pointer', async () => {
    const chart = card('loss/train').locator('svg[role=img]');
    const box = (await chart.boundingBox())!;
    await chart.hover({ position: { x: box.width - 9, y: 60 } });
    const rows = await page.locator('.tip tr').allTextContents();
    expect(rows[0]).toBe('RunSmoothedValueStepRelativeTime');
    expect(rows[1]).toMatch(/^first0\.050\.0519/);
    expect(rows[2]).toMatch(/^second0\.047620\.0476219/);
    await page.mouse.move(0, 0);
    await expect.poll(() => page.locator('.tip').count()).toBe(0);
  });
  it('leaves out runs that are not chosen, and tags that do not match', async () => {
    await page.getByLabel('first', { exact: true }).uncheck();
    await expect.poll(() => card('loss/train').locator('path.line').count()).toBe(1);
    await page.getByLabel('first', { exact: true }).check();
    await page.getByLabel('Filter tags').fill('acc');
    await expect.poll(() => card('loss/train').isVisible()).toBe(false);
    expect(await card('accuracy').isVisible()).toBe(true);
    await page.getByLabel('Filter tags').fill('');
  });
  it('follows the files', async () => {
    const path = (): Promise<string | null> => card('loss/train').locator('path.line').first().getAttribute('d');
    const before = await path();
    writers.get('first')!.add_scalar('loss/train', 2, 40);
    writers.get('first')!.add_scalar('late', 1, 1);
    await expect.poll(path, { timeout: 10_000 }).not.toBe(before);
    await card('late').waitFor();
  });
  it('draws a ridge a step', async () => {
    await tab('Histograms');
    await expect.poll(() => card('weights').locator('path.ridge').count()).toBe(6);
    await card('weights').locator('path.ridge').nth(2).hover();
    expect(await page.locator('.tip').textContent()).toContain('step 10, 50 values');
  });
  it('shows pictures of every step', async () => {
    await tab('Images');
    const image = card('picture').locator('img').first();
    await expect.poll(() => image.evaluate((element) => (element as unknown as { naturalWidth: number }).naturalWidth)).toBe(16);
    expect(await card('picture').locator('.caption').first().textContent()).toContain('step 10 · 16 × 8');
    await card('picture').getByLabel('step').first().fill('0');
    expect(await card('picture').locator('.caption').first().textContent()).toContain('step 0');
  });
  it('opens groups of the graph, and tells about a node', async () => {
    await tab('Graph');
    const labels = (): Promise<string[]> => page.locator('.graph .box:not(.cluster) text').allTextContents();
    await expect.poll(labels).toEqual(['input', 'output', 'Sequential[0] +', 'Linear[1] +']);
    await page.locator('.box.group', { hasText: 'Sequential[0]' }).dblclick();
    await expect.poll(labels).toEqual(['input', 'output', 'Linear[0] +', 'ReLU[1] +', 'Linear[1] +']);
    await page.locator('.box.group', { hasText: 'ReLU[1]' }).dblclick();
    await page.locator('.box.operator', { hasText: 'relu' }).click();
    expect(await page.locator('.details').textContent()).toContain('aten::relu');
    await page.getByLabel('Parameters and constants').check();
    await page.locator('.box.group', { hasText: 'Linear[1]' }).dblclick();
    await expect.poll(() => page.locator('.box.constant text').allTextContents()).toEqual(['weight', 'bias']);
  });
  it('shows Markdown, and HTML as text', async () => {
    await tab('Text');
    await card('note/text_summary').locator('article').first().waitFor();
    expect(await card('note/text_summary').locator('article p').first().innerHTML()).toBe('<strong>bold</strong> &lt;b&gt;plain&lt;/b&gt;');
  });
  it('compares trials, and sorts them', async () => {
    await tab('HParams');
    const rows = page.locator('.table tbody tr');
    await expect.poll(() => rows.allTextContents()).toEqual(['first/trial0.1first0.5', 'second/trial0.2second0.75']);
    await page.getByRole('button', { name: 'accuracy' }).click();
    expect(await rows.allTextContents()).toEqual(['second/trial0.2second0.75', 'first/trial0.1first0.5']);
    expect(await page.locator('path.line').count()).toBe(2);
  });
  it('draws precision over recall', async () => {
    await tab('PR curves');
    await expect.poll(() => card('curve').locator('path.line').count()).toBe(2);
    expect(await card('curve').locator('.caption').textContent()).toBe('first: step 10 · second: step 10');
  });
  it('remembers the tab and the settings', async () => {
    await page.reload();
    await expect.poll(() => page.getByRole('tab', { selected: true }).textContent()).toBe('PR curves');
    expect(await page.getByLabel('Smoothing').inputValue()).toBe('0');
  });
  it('breaks no rule of the page', () => {
    expect(complaints).toEqual([]);
  });
});
