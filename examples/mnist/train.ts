// Trains a small convolutional network on the 70,000 handwritten digits of MNIST: npm start -- --help
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';

/** What the command line decides. */
export interface Options {
  readonly epochs: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly seed: number;
  readonly threads: number | undefined;
  readonly backend: string | undefined;
  readonly out: string;
}
const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const n = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(n) || n < least)
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
    return n;
  };
function positive(text: string): number {
  const x = Number(text);
  if (!(x > 0 && Number.isFinite(x))) throw new InvalidArgumentError('It must be a number above 0.');
  return x;
}
function writable(text: string): string {
  const path = resolve(text);
  if (!existsSync(dirname(path))) throw new InvalidArgumentError(`The folder ${dirname(path)} does not exist.`);
  if (existsSync(path) && statSync(path).isDirectory()) throw new InvalidArgumentError('It is a folder.');
  return path;
}
const BAD_USAGE = 2;

const program = new Command('train')
  .description('Trains a small convolutional network on MNIST.')
  .option('--epochs <n>', 'passes over the 60,000 training digits', wholeNumber(1), 1)
  .option('--batch-size <n>', 'digits per step', wholeNumber(2), 128)
  .option('--lr <x>', 'learning rate at the start; it falls to 0 in a straight line', positive, 0.003)
  .option('--seed <n>', 'seed of initial weights, order of the digits and dropout', wholeNumber(0), 0)
  .option('--threads <n>', 'threads of the kernels (default: all cores)', wholeNumber(1))
  .addOption(new Option('--backend <name>', 'what computes (default: the fastest there is)').choices(['native', 'wasm', 'reference']))
  .option('--out <file>', 'where the weights go', writable, resolve('mnist.safetensors'))
  .allowExcessArguments(false)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : BAD_USAGE));
const options = program.parse().opts<Options>();

// The backend is chosen when the library is loaded.
if (options.backend) process.env.FLAMBEAU_BACKEND = options.backend;
const { run } = await import('./run.ts').catch((e: Error) => {
  if (!e.message.startsWith('FLAMBEAU_BACKEND')) throw e;
  console.error(`error: ${e.message}`);
  process.exit(BAD_USAGE);
});
run(options);
