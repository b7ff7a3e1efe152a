// flambeau/utils/tensorboard/notebook: the role of tensorboard.notebook.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { RuntimeError } from '../core/errors.ts';
import { type Instance, instances } from './instances.ts';

export type { Instance } from './instances.ts';

/** The dashboards that are running on this machine, which are printed too. */
export function list(): Instance[] {
  const running = instances();
  if (running.length === 0) console.log('No known dashboards running.');
  else {
    console.log('Known dashboards:');
    for (const { port, logdir, start_time, pid } of running)
      console.log(`  - port ${port}: logdir ${logdir} (started ${duration(Date.now() / 1000 - start_time)} ago; pid ${pid})`);
  }
  return running;
}
function duration(seconds: number): string {
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  return parts.map((n, i) => (i === 0 ? String(n) : String(n).padStart(2, '0'))).join(':');
}

const SECONDS = 60;
/**
 * Starts a dashboard in a process of its own, which goes on when this one ends: `await start('--logdir ./data/tensorboard')`. One that
 * shows the folder already is used again.
 * @throws RuntimeError if it does not start.
 */
export async function start(args: string): Promise<Instance> {
  const argv = [...args.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3]!);
  const options = { logdir: { type: 'string' }, port: { type: 'string' }, host: { type: 'string' } } as const;
  const { values } = parseArgs({ args: argv, options, strict: false });
  const logdir = resolve(String(values.logdir ?? '.'));
  const same = instances().find((known) => known.logdir === logdir && (values.port === undefined || known.port === Number(values.port)));
  if (same) {
    console.log(`Reusing the dashboard at ${same.url} (pid ${same.pid}), started ${duration(Date.now() / 1000 - same.start_time)} ago.`);
    return same;
  }
  const instance = await launch(argv);
  console.log(`The dashboard is at ${instance.url} (pid ${instance.pid}).`);
  return instance;
}
/** The command line's file, compiled or, in the repository, as it is. */
function program(): string {
  const compiled = fileURLToPath(new URL('../cli/main.js', import.meta.url));
  return existsSync(compiled) ? compiled : fileURLToPath(new URL('../cli/main.ts', import.meta.url));
}
async function launch(argv: readonly string[]): Promise<Instance> {
  const child = spawn(process.execPath, [...process.execArgv, program(), 'board', ...argv], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (part: Buffer) => {
    said += String(part);
  });
  let isOver = false;
  child.on('exit', () => {
    isOver = true;
  });
  try {
    for (const end = Date.now() + SECONDS * 1000; Date.now() < end; ) {
      const found = instances().find(({ pid }) => pid === child.pid);
      if (found) return found;
      if (isOver) throw new RuntimeError(`the dashboard did not start: ${said.trim()}`);
      await new Promise((done) => setTimeout(done, 50));
    }
    child.kill();
    throw new RuntimeError(`the dashboard did not start within ${SECONDS} s: ${said.trim()}`);
  } finally {
    child.stderr.destroy();
    child.unref();
  }
}
