// The training run: epochs, test, weights saved and loaded again, some digits shown.
import { SingleBar } from 'cli-progress';
import * as torch from 'flambeau';
import { nn, optim, type Tensor } from 'flambeau';
import { load_file, save_file } from 'flambeau/serialization';
import { digits, normalized } from './digits.ts';
import { Net } from './network.ts';
import { drawDigits } from './terminal.ts';
import type { Options } from './train.ts';

const { DataLoader } = torch.utils.data;
type Batches = Iterable<Tensor[]> & { readonly length: number };

/** One pass over the training digits; the mean loss. `onStep` is told how many steps are done. */
function trainEpoch(
  net: Net,
  optimizer: optim.Optimizer,
  batches: Batches,
  rate: (step: number) => number,
  onStep: (step: number, loss: number) => void,
): number {
  const loss_fn = new nn.CrossEntropyLoss();
  net.train();
  let total = 0;
  let step = 0;
  for (const [images, labels] of batches) {
    for (const group of optimizer.param_groups) group.lr = rate(step);
    optimizer.zero_grad();
    const loss = loss_fn(net(normalized(images!)), labels!);
    loss.backward();
    optimizer.step();
    total += loss.item();
    onStep(++step, total / step);
  }
  return total / step;
}
/** The fraction of digits that the network names right. */
function accuracy(net: Net, batches: Batches): number {
  net.eval();
  return torch.no_grad(() => {
    let right = 0;
    let all = 0;
    for (const [images, labels] of batches) {
      right += net(normalized(images!)).argmax(1).eq(labels!).sum().item();
      all += labels!.size(0);
    }
    return right / all;
  });
}

export function run(options: Options): void {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  if (options.threads) torch.set_num_threads(options.threads);
  torch.manual_seed(options.seed);

  const train = digits('train');
  const test = digits('t10k');
  const trainBatches = new DataLoader(train, { batch_size: options.batchSize, shuffle: true }) as Batches;
  const testBatches = new DataLoader(test, { batch_size: 1000 }) as Batches;
  const net = new Net();
  const optimizer = new optim.Adam(net.parameters(), { lr: options.lr });
  console.log(String(net));

  const steps = options.epochs * trainBatches.length;
  console.log('\nepoch   loss     accuracy   images/s   seconds');
  let test_accuracy = 0;
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const bar = new SingleBar({
      format: `epoch ${epoch + 1} {bar} {percentage} % | loss {loss} | {speed} images/s | {eta_formatted} left`,
      clearOnComplete: true,
      hideCursor: true,
    });
    bar.start(trainBatches.length, 0, { loss: '-', speed: '-' });
    const began = performance.now();
    const rate = (step: number): number => options.lr * (1 - (epoch * trainBatches.length + step) / steps);
    const speed = (done: number): number => (1000 * done) / (performance.now() - began);
    const loss = trainEpoch(net, optimizer, trainBatches, rate, (step, mean) => {
      bar.update(step, { loss: mean.toFixed(4), speed: speed(step * options.batchSize).toFixed(0) });
    });
    const imagesPerSecond = speed(train.length);
    bar.stop();
    test_accuracy = accuracy(net, testBatches);
    console.log(
      `${String(epoch + 1).padStart(5)}   ${loss.toFixed(4)}   ${(100 * test_accuracy).toFixed(2).padStart(6)} %   ${imagesPerSecond.toFixed(0).padStart(8)}   ${seconds().toFixed(1).padStart(7)}`,
    );
  }

  save_file(net.state_dict(), options.out);
  const loaded = new Net();
  loaded.load_state_dict(load_file(options.out));
  if (accuracy(loaded, testBatches) !== test_accuracy) throw new Error('the loaded weights do not give the same accuracy');

  const [images, labels] = test.get(torch.slice(0, 10)) as [Tensor, Tensor];
  const probabilities = torch.no_grad(() => loaded(normalized(images)).softmax(1));
  console.log(`\n${drawDigits(images, labels, probabilities)}\n`);
  console.log(JSON.stringify({ test_accuracy, seconds: Number(seconds().toFixed(2)), weights: options.out }));
}
