#!/usr/bin/env node
// npx flambeau COMMAND …: finds the command, prints help, and turns errors into one line and an exit status (1: it failed, 2: wrong use).
import { type Command, UsageError } from './command.ts';

interface Entry {
  readonly summary: string;
  load(): Promise<Command>;
}
const COMMANDS: Readonly<Record<string, Entry>> = {
  board: { summary: 'shows event files (TensorBoard) in the browser', load: () => import('./board.ts') },
  convert: { summary: 'packs an image folder into LMDB, TFRecord, HDF5 or mapped arrays', load: () => import('./convert.ts') },
  doctor: { summary: 'says which backend computes here, and why', load: () => import('./doctor.ts') },
  resize: { summary: 'writes an image folder again with smaller images', load: () => import('./resize.ts') },
};

function help(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: flambeau COMMAND [options]\n\nCommands:\n${lines.join('\n')}\n\n"flambeau COMMAND --help" describes one.`;
}
/** Whether an error is about how the command was called: ours, or one of `parseArgs`. */
const isWrongUse = (error: unknown): boolean =>
  error instanceof UsageError || String((error as { code?: unknown } | null)?.code).startsWith('ERR_PARSE_ARGS');

async function main([name = '', ...args]: readonly string[]): Promise<void> {
  if (name === '--help' || name === '-h' || name === 'help') return console.log(help());
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!entry) {
    console.error(`${name === '' ? 'a command is missing' : `there is no command ${name}`}\n\n${help()}`);
    process.exitCode = 2;
    return;
  }
  const command = await entry.load();
  if (args.includes('--help') || args.includes('-h')) return console.log(command.usage);
  try {
    await command.run(args);
  } catch (error) {
    console.error(`flambeau ${name}: ${error instanceof Error ? error.message : String(error)}`);
    if (isWrongUse(error)) console.error(`\n${command.usage}`);
    process.exitCode = isWrongUse(error) ? 2 : 1;
  }
}
await main(process.argv.slice(2));
