// Trains a small convolutional network on the 70,000 handwritten digits of MNIST: npm start -- --help
import { type CommonOptions, command, positive, start, wholeNumber } from '../command.ts';

/** What the command line decides. */
export interface Options extends CommonOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly lr: number;
}
const program = command('Trains a small convolutional network on MNIST.')
  .option('--epochs <n>', 'passes over the 60,000 training digits', wholeNumber(1), 2)
  .option('--batch-size <n>', 'digits per step', wholeNumber(2), 128)
  .option('--lr <x>', 'learning rate at the start; it falls to 0 in a straight line', positive, 0.003);
await start<Options>(program, 'mnist.safetensors', () => import('./run.ts'));
