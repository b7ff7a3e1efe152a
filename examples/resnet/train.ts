// Trains a residual network on small images, the digits of MNIST: npx tsx examples/resnet/train.ts --help
import { Option } from 'commander';
import { type CommonOptions, command, positive, start, wholeNumber } from '../command.ts';

/** What the command line decides. */
export interface Options extends CommonOptions {
  readonly model: 'resnet18' | 'resnet34' | 'resnet50';
  readonly steps: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly testImages: number;
}
const program = command('Trains a residual network on small images.')
  .addOption(new Option('--model <name>', 'which network').choices(['resnet18', 'resnet34', 'resnet50']).default('resnet18'))
  .option('--steps <n>', 'training steps', wholeNumber(1), 100)
  .option('--batch-size <n>', 'images per step', wholeNumber(2), 128)
  .option('--lr <x>', 'largest learning rate; it rises for a third of the steps and falls to 0', positive, 0.05)
  .option('--test-images <n>', 'images of the test (at most 10,000)', wholeNumber(1), 2000);
await start<Options>(program, 'resnet.safetensors', () => import('./run.ts'));
