// npx flambeau board: the dashboard of a folder of event files.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from './command.ts';

export const usage = `Usage: flambeau board --logdir DIR [options]

Shows what SummaryWriter wrote to DIR in the browser: scalars, histograms, images, graphs, text, hyperparameters, precision and recall.
The page follows the files as they grow. Needs the packages @bufbuild/protobuf and @dagrejs/dagre; markdown-it renders texts.

  --logdir DIR            a folder of event files, or of folders of them, one a run
  --port N                6006 by default; 0 takes a free one
  --host H                the address to listen at; localhost by default
  --reload-interval S     seconds between looks at the folder; 2 by default`;

export async function run(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      logdir: { type: 'string' },
      port: { type: 'string', default: '6006' },
      host: { type: 'string', default: 'localhost' },
      'reload-interval': { type: 'string', default: '2' },
    },
  });
  const logdir = values.logdir ?? positionals[0];
  if (!logdir) throw new UsageError('--logdir is missing: the folder of the event files');
  const port = number('--port', values.port, 0, 65535);
  const reload_interval = number('--reload-interval', values['reload-interval'], 0.01, 86400);
  const board = await start({ logdir, port, host: values.host, reload_interval });
  console.log(`Flambeau board at ${board.url} (Ctrl+C to quit)`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0));
}
function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text === '' || !(value >= least && value <= most))
    throw new UsageError(`${name} must be a number from ${least} to ${most}, not '${text}'`);
  return value;
}
type Server = typeof import('../board/server.ts');
async function start(options: Parameters<Server['serve']>[0]): ReturnType<Server['serve']> {
  const { serve } = await load();
  const { announce } = await import('../board/instances.ts');
  const board = await serve(options).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new Error(`port ${options.port} is in use by another program: name another one with --port, or 0 for a free one`);
  });
  announce({ pid: process.pid, port: board.port, url: board.url, logdir: resolve(options.logdir), start_time: Date.now() / 1000 });
  return board;
}
/** The dashboard's packages are optional. */
async function load(): Promise<Server> {
  try {
    return await import('../board/server.ts');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error(
      `${(error as Error).message}\nInstall what the dashboard needs: npm install @bufbuild/protobuf @dagrejs/dagre markdown-it`,
    );
  }
}
