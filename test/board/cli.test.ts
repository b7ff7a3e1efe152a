// npx flambeau board, and dashboards that are started from programs.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import * as notebook from '../../src/board/notebook.ts';
import { SummaryWriter } from '../../src/utils/tensorboard/index.ts';
import { temporaryFolder } from '../tensorboard/folder.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Runs `flambeau board` until it ends or says `until`. */
function run(args: readonly string[], until?: string): Promise<{ status: number | null; said: string; stop(): void }> {
  const child = spawn(process.execPath, ['--import', 'tsx', main, 'board', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((done) => {
    let said = '';
    const listen = (part: Buffer): void => {
      said += String(part);
      if (until && said.includes(until)) done({ status: null, said, stop: () => child.kill() });
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('exit', (status) => done({ status, said, stop: () => {} }));
  });
}

describe('flambeau board', () => {
  it('says where the dashboard is', async () => {
    new SummaryWriter(folder.path).close();
    const { said, stop } = await run(['--logdir', folder.path, '--port', '0'], 'quit');
    const url = /http:\/\/localhost:\d+\//.exec(said)![0];
    expect((await fetch(`${url}data/index`)).status).toBe(200);
    const taken = await run(['--logdir', folder.path, '--port', new URL(url).port]);
    expect([taken.status, taken.said]).toEqual([1, expect.stringContaining(`port ${new URL(url).port} is in use`)]);
    stop();
  });
  it.each([
    [[], '--logdir is missing'],
    [['--logdir', '.', '--port', 'x'], "--port must be a number from 0 to 65535, not 'x'"],
    [['--nothing'], "Unknown option '--nothing'"],
  ])('refuses %j', async (args, message) => {
    const { status, said } = await run(args);
    expect([status, said]).toEqual([2, expect.stringContaining(message)]);
    expect(said).toContain('Usage: flambeau board');
  });
});

describe('notebook', () => {
  it('starts a dashboard once, and lists it', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    // This runner's own options are not for the child.
    const saved = process.execArgv;
    process.execArgv = ['--import', 'tsx'];
    const started = await notebook.start(`--logdir "${folder.path}" --port 0`);
    process.execArgv = saved;
    try {
      expect(started).toMatchObject({ logdir: resolve(folder.path), url: `http://localhost:${started.port}/` });
      expect((await fetch(`${started.url}data/index`)).status).toBe(200);
      expect(await notebook.start(`--logdir '${folder.path}'`)).toEqual(started);
      expect(notebook.list()).toContainEqual(started);
      expect(log.mock.calls.flat().join('\n')).toContain(`port ${started.port}: logdir ${folder.path} (started 0:00:0`);
    } finally {
      process.kill(started.pid);
    }
    await vi.waitFor(() => expect(notebook.list()).not.toContainEqual(started));
    log.mockRestore();
  });
  it('tells why one did not start', async () => {
    const saved = process.execArgv;
    process.execArgv = ['--import', 'tsx'];
    await expect(notebook.start('--logdir . --port x')).rejects.toThrow(
      'the dashboard did not start: flambeau board: --port must be a number',
    );
    process.execArgv = saved;
  });
});
