// The training run: steps under one cycle of the learning rate, the test, weights saved.
import { SingleBar } from 'cli-progress';
import * as torch from 'flambeau';
import { nn, optim, type Tensor } from 'flambeau';
import * as models from 'flambeau/models';
import { save_file } from 'flambeau/serialization';
import { digits, normalized } from '../mnist/digits.ts';
import type { Options } from './train.ts';

const { DataLoader, RandomSampler, Subset } = torch.utils.data;
type Batches = Iterable<Tensor[]>;

/** Grey images as the network wants them: three equal channels. */
const coloured = (images: Tensor): Tensor => normalized(images).expand([-1, 3, -1, -1]);

/** The fraction of images that the network names right. */
function accuracy(net: models.ResNet, batches: Batches): number {
  net.eval();
  return torch.no_grad(() => {
    let right = 0;
    let all = 0;
    for (const [images, labels] of batches) {
      right += net(coloured(images!)).argmax(1).eq(labels!).sum().item();
      all += labels!.size(0);
    }
    return right / all;
  });
}

export function run(options: Options): void {
  const started = performance.now();
  if (options.threads) torch.set_num_threads(options.threads);
  torch.manual_seed(options.seed);

  const { batchSize: batch_size, steps, lr: max_lr } = options;
  const train = digits('train');
  const test = digits('t10k');
  const sampler = new RandomSampler(train, { replacement: true, num_samples: steps * batch_size });
  const trainBatches = new DataLoader(train, { batch_size, sampler }) as Batches;
  const some = Array.from({ length: Math.min(options.testImages, test.length) }, (_, i) => i);
  const testBatches = new DataLoader(new Subset(test, some), { batch_size: 250 }) as Batches;

  const net = models[options.model]({ num_classes: 10, zero_init_residual: true });
  const optimizer = new optim.SGD(net.parameters(), { lr: max_lr, momentum: 0.9, nesterov: true, weight_decay: 5e-4 });
  const scheduler = new optim.lr_scheduler.OneCycleLR(optimizer, { max_lr, total_steps: steps + 1 });
  const loss_fn = new nn.CrossEntropyLoss({ label_smoothing: 0.1 });

  const bar = new SingleBar({
    format: `${options.model} {bar} {percentage} % | loss {loss} | {speed} images/s | {eta_formatted} left`,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(steps, 0, { loss: '-', speed: '-' });
  const began = performance.now();
  let step = 0;
  let loss = 0;
  for (const [images, labels] of trainBatches) {
    optimizer.zero_grad();
    const l = loss_fn(net(coloured(images!)), labels!);
    l.backward();
    optimizer.step();
    scheduler.step();
    loss = l.item();
    step++;
    bar.update(step, { loss: loss.toFixed(3), speed: ((1000 * step * batch_size) / (performance.now() - began)).toFixed(0) });
  }
  bar.stop();
  const test_accuracy = accuracy(net, testBatches);
  save_file(net.state_dict(), options.out);
  const seconds = (performance.now() - started) / 1000;
  console.log(JSON.stringify({ loss, test_accuracy, seconds: Number(seconds.toFixed(2)), weights: options.out }));
}
