// What the examples' command lines have in common.
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';

/** What every example lets one decide. */
export interface CommonOptions {
  readonly seed: number;
  readonly threads: number | undefined;
  readonly backend: string | undefined;
  readonly out: string;
}
export const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const n = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(n) || n < least)
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
    return n;
  };
export function positive(text: string): number {
  const x = Number(text);
  if (!(x > 0 && Number.isFinite(x))) throw new InvalidArgumentError('It must be a number above 0.');
  return x;
}
export function readable(text: string): string {
  const path = resolve(text);
  if (!existsSync(path) || statSync(path).isDirectory()) throw new InvalidArgumentError('There is no such file.');
  return path;
}
function writable(text: string): string {
  const path = resolve(text);
  if (!existsSync(dirname(path))) throw new InvalidArgumentError(`The folder ${dirname(path)} does not exist.`);
  if (existsSync(path) && statSync(path).isDirectory()) throw new InvalidArgumentError('It is a folder.');
  return path;
}
const BAD_USAGE = 2;

/** A command line without options of its own yet. */
export const command = (description: string): Command =>
  new Command('train')
    .description(description)
    .allowExcessArguments(false)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : BAD_USAGE));

/** Reads the command line, chooses the backend, and only then loads the library. */
export async function start<T extends CommonOptions>(
  program: Command,
  weights: string,
  load: () => Promise<{ run: (options: T) => void }>,
): Promise<void> {
  program
    .option('--seed <n>', 'seed of everything that is drawn', wholeNumber(0), 0)
    .option('--threads <n>', 'threads of the kernels (default: all cores)', wholeNumber(1))
    .addOption(new Option('--backend <name>', 'what computes (default: the fastest there is)').choices(['native', 'wasm', 'reference']))
    .option('--out <file>', 'where the weights go', writable, resolve(weights));
  const options = program.parse().opts<T>();
  if (options.backend) process.env.FLAMBEAU_BACKEND = options.backend;
  const { run } = await load().catch((e: Error) => {
    if (!e.message.startsWith('FLAMBEAU_BACKEND')) throw e;
    console.error(`error: ${e.message}`);
    process.exit(BAD_USAGE);
  });
  run(options);
}
