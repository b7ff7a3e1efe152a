// A page in a real Chromium trains two networks on the built package, under a policy without unsafe-eval, and gets what Node.js gets.
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rings, stripes } from './page/networks.js';
import { serve } from './serve.ts';
import { useBackend } from '../helpers/backends.ts';
import * as torch from '../../src/index.ts';

interface Run {
  readonly losses: readonly number[];
  readonly accuracy: number;
}
interface Result {
  readonly error?: string;
  readonly backend: string;
  readonly threads: number;
  readonly isolated: boolean;
  readonly evalIsBlocked: boolean;
  readonly product: number;
  readonly rings: Run;
  readonly stripes: Run;
}
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const there = existsSync(CHROMIUM);
if (!there && process.env.CI === 'true') throw new Error(`CI needs ${CHROMIUM}`);

let browser: Browser;
beforeAll(async () => {
  if (there) browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
});
afterAll(() => browser?.close());

async function visit(isolated: boolean): Promise<{ result: Result; log: string[] }> {
  const site = await serve(isolated);
  const page = await browser.newPage();
  const log: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('favicon')) log.push(message.text());
  });
  page.on('pageerror', (error) => log.push(String(error)));
  try {
    await page.goto(`${site.url}/test/browser/page/index.html`);
    const timeout = new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error(`the page said nothing; its console: ${log.join('\n')}`)), 240_000).unref(),
    );
    return { result: (await Promise.race([site.result, timeout])) as Result, log };
  } finally {
    await page.close();
    site.close();
  }
}

describe.runIf(there).each([
  ['without cross-origin isolation', false],
  ['with cross-origin isolation', true],
])('a page %s', (_, isolated) => {
  let result: Result;
  beforeAll(async () => {
    result = (await visit(isolated)).result;
    if (result.error) throw new Error(result.error);
  }, 300_000);
  it('picks WebAssembly by itself, with threads where memory may be shared', () => {
    expect([result.backend, result.isolated, result.threads > 1]).toEqual(['wasm', isolated, isolated]);
    expect(result.product).toBe(700 ** 3);
  });
  it('needs no eval', () => {
    expect(result.evalIsBlocked).toBe(true);
  });
  it('trains the ring network', () => {
    expect(result.rings.accuracy).toBeGreaterThan(0.9);
  });
  it('trains a small convolutional network', () => {
    expect(result.stripes.accuracy).toBeGreaterThan(0.95);
  });
  it('computes what Node.js computes', () => {
    useBackend('wasm');
    const same = (page: Run, node: Run): void => {
      for (const [i, loss] of node.losses.entries()) expect(Math.abs(page.losses[i]! - loss)).toBeLessThan(1e-3 * (1 + loss));
    };
    same(result.rings, rings(torch));
    same(result.stripes, stripes(torch));
  });
});
