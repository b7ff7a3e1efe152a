// Trains a character-level GPT on a text and lets it write: npx tsx examples/char_gpt/train.ts --help
import { type CommonOptions, command, positive, readable, start, wholeNumber } from '../command.ts';

/** What the command line decides. */
export interface Options extends CommonOptions {
  readonly text: string | undefined;
  readonly steps: number;
  readonly batchSize: number;
  readonly length: number;
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  readonly lr: number;
  readonly prompt: string;
  readonly sample: number;
}
const program = command('Trains a character-level GPT on a text, and lets it write.')
  .option('--text <file>', 'the text (default: the documentation that @types/node ships)', readable)
  .option('--steps <n>', 'training steps', wholeNumber(1), 500)
  .option('--batch-size <n>', 'stretches of text per step', wholeNumber(1), 16)
  .option('--length <n>', 'characters of a stretch', wholeNumber(2), 64)
  .option('--layers <n>', 'transformer blocks', wholeNumber(1), 4)
  .option('--heads <n>', 'attention heads', wholeNumber(1), 4)
  .option('--width <n>', 'numbers that stand for a character; a multiple of the heads', wholeNumber(1), 128)
  .option('--lr <x>', 'largest learning rate; it rises for a tenth of the steps and falls to 0', positive, 0.003)
  .option('--prompt <text>', 'what the model goes on from', 'The ')
  .option('--sample <n>', 'characters that it writes', wholeNumber(0), 300);
await start<Options>(program, 'char_gpt.safetensors', () => import('./run.ts'));
