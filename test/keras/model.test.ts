// Training by Model: the log, the means, the table, and what callbacks can do.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as torch from '../../src/index.ts';
import { nn, type Tensor } from '../../src/index.ts';
import { callbacks, type Features, type Metrics, Model, printbar } from '../../src/keras/index.ts';
import { read_events } from '../../src/utils/tensorboard/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'flambeau-keras-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let printed: string[] = [];
beforeEach(() => {
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((text: string) => {
    printed.push(text);
  });
  vi.spyOn(Date, 'now').mockReturnValue(new Date(2020, 6, 11, 23, 21, 53).getTime());
});
afterEach(() => vi.restoreAllMocks());

/** A model whose batches give the numbers that they hold: [loss of training, loss of validation]. */
class Scripted extends Model {
  weight = new nn.Parameter(torch.zeros(1));
  override forward(x: Tensor): Tensor {
    return x.mul(this.weight);
  }
  override train_step(features: Features): Metrics {
    torch.no_grad(() => this.weight.add_(1));
    const value = (features as Tensor).item();
    return { loss: value, accuracy: value / 2 };
  }
  override evaluate_step(features: Features): Metrics {
    return { loss: (features as Tensor).item() };
  }
}
function scripted(): Scripted {
  const model = new Scripted();
  model.compile(new nn.MSELoss());
  return model;
}
const batches = (...values: number[]): [Tensor, Tensor][] => values.map((x) => [torch.tensor(x), torch.tensor(0)]);
/** The tags, steps and scalars of the only event file in a folder. */
function eventsIn(path: string): [tag: string, step: number, value: number | undefined][] {
  const [file] = readdirSync(path);
  return read_events(join(path, file!)).flatMap(({ event }) =>
    (event.summary?.value ?? []).map((value): [string, number, number | undefined] => [
      String(value.tag),
      Number(event.step),
      value.simple_value as number | undefined,
    ]),
  );
}
/** One epoch's validation loss after the other. */
function validation(losses: number[]): { [Symbol.iterator](): Iterator<[Tensor, Tensor]> } {
  let epoch = 0;
  return { [Symbol.iterator]: () => batches(losses[epoch++]!)[Symbol.iterator]() };
}

describe('fit', () => {
  it('prints the log of the notes', async () => {
    await scripted().fit(1, batches(0.5, 0.625, 1, 0.0625), { dl_val: batches(1, 2), log_step_freq: 2 });
    expect(printed.join('\n')).toBe(`Start Training ...

================================================================================2020-07-11 23:21:53
{'step': 2, 'loss': 0.562, 'accuracy': 0.281}
{'step': 4, 'loss': 0.547, 'accuracy': 0.273}

 +-------+-------+----------+----------+
| epoch |  loss | accuracy | val_loss |
+-------+-------+----------+----------+
|   1   | 0.547 |  0.273   |   1.5    |
+-------+-------+----------+----------+

================================================================================2020-07-11 23:21:53
Finished Training...`);
  });
  it('gives the unrounded means as a table', async () => {
    const model = scripted();
    const history = await model.fit(2, batches(0.5, 0.625), { dl_val: batches(1), verbose: false });
    expect(printed).toEqual([]);
    expect(String(history)).toBe(
      '   epoch    loss  accuracy  val_loss\n0      1  0.5625   0.28125         1\n1      2  0.5625   0.28125         1',
    );
    expect(history.column('loss')).toEqual([0.5625, 0.5625]);
    expect(model.history).toBe(history);
  });
  it('says what is wrong', async () => {
    const model = new Model(new nn.Linear(2, 1));
    const [x, y] = [torch.zeros(4, 2), torch.zeros(4, 1)];
    await expect(model.fit(1, [[x, y]])).rejects.toThrow('You must call compile() before fit() and evaluate(): Model has no loss function');
    model.compile(new nn.MSELoss());
    await expect(model.fit(0, [[x, y]])).rejects.toThrow('epochs must be a whole number of at least 1, but got 0');
    await expect(model.fit(1, [])).rejects.toThrow('dl_train has no batches');
    await expect(model.fit(1, [[x]])).rejects.toThrow('a batch must be a pair of features and labels, but got 1 items');
    await expect(model.predict([])).rejects.toThrow('predict got no batches');
    expect(() => new Model()(x as never)).toThrow('Module [Model] is missing the required "forward" function');
  });
});

describe('a wrapped network', () => {
  const x = torch.linspace(-1, 1, 40).view(20, 2);
  const y = x.at(':', [0]).mul(3).add(1);
  const loader = new torch.utils.data.DataLoader(new torch.utils.data.TensorDataset(x, y), { batch_size: 8 });
  it('learns, is evaluated and predicts', async () => {
    torch.manual_seed(0);
    const net = new nn.Linear(2, 1);
    const model = new Model(net);
    model.compile({
      loss_func: new nn.MSELoss(),
      optimizer: new torch.optim.SGD(net.parameters(), { lr: 0.2 }),
      metrics_dict: { mae: (p, t) => p.sub(t).abs().mean() },
    });
    await model.fit(60, loader, { verbose: false });
    const { val_loss, val_mae } = await model.evaluate(loader);
    expect(val_loss).toBeLessThan(1e-3);
    expect(val_mae).toBeLessThan(0.1);
    const predictions = await model.predict(loader);
    expect([...predictions.shape, predictions.requires_grad, model.training]).toEqual([20, 1, false, false]);
    expect(torch.equal(predictions, net(x))).toBe(true);
    expect(Object.keys(model.state_dict())).toEqual(['net.weight', 'net.bias']);
  });
  it('takes steps like the loop that the notes write by hand', async () => {
    const make = (): nn.Linear => {
      torch.manual_seed(3);
      return new nn.Linear(2, 1);
    };
    const [net, other] = [make(), make()];
    const model = new Model(net);
    model.compile(new nn.MSELoss());
    await model.fit(2, loader, { verbose: false });
    const optimizer = new torch.optim.Adam(other.parameters(), { lr: 0.001 });
    for (let epoch = 0; epoch < 2; epoch++)
      for (const [features, labels] of loader) {
        optimizer.zero_grad();
        new nn.MSELoss()(other(features!), labels!).backward();
        optimizer.step();
      }
    expect(torch.equal(net.weight, other.weight)).toBe(true);
  });
  it('takes several inputs, and joins several outputs', async () => {
    class Pair extends Model {
      override forward(a: Tensor, b: Tensor): [Tensor, Tensor] {
        return [a.add(b), a.sub(b)];
      }
    }
    const [sum, difference] = await new Pair().predict([
      [[torch.ones(2), torch.ones(2)], torch.zeros(2)],
      [[torch.ones(1), torch.zeros(1)], torch.zeros(1)],
    ]);
    expect([sum.tolist(), difference.tolist()]).toEqual([
      [2, 2, 1],
      [0, 0, 1],
    ]);
  });
});

describe('callbacks', () => {
  it('early stopping ends training and puts the best weights back', async () => {
    const model = scripted();
    const stop = new callbacks.EarlyStopping({ patience: 2, min_delta: 0.01, restore_best_weights: true, verbose: 1 });
    const history = await model.fit(9, batches(1), { dl_val: validation([3, 2, 1.995, 2.5, 1]), callbacks: [stop], verbose: false });
    expect([history.length, stop.stopped_epoch, stop.best_epoch, stop.best]).toEqual([4, 4, 2, 2]);
    expect(model.weight.item()).toBe(2);
    expect(printed).toEqual(['Epoch 4: early stopping', 'Restoring model weights from the end of the best epoch: 2 (val_loss 2).']);
  });
  it('a value that is not there is said once', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await scripted().fit(3, batches(1), { callbacks: [new callbacks.EarlyStopping()], verbose: false });
    expect(warn.mock.calls).toEqual([["EarlyStopping: there is no 'val_loss' to monitor, only loss, accuracy"]]);
    expect(() => new callbacks.EarlyStopping({ mode: 'up' as 'max' })).toThrow("mode must be 'auto', 'min' or 'max', but got 'up'");
  });
  it('checkpoints hold the weights of the epochs that were better', async () => {
    const filepath = join(folder, 'weights-{epoch:02d}-{val_loss:.2f}.pt');
    const checkpoint = new callbacks.ModelCheckpoint(filepath, { save_best_only: true });
    await scripted().fit(4, batches(1), { dl_val: validation([3, 4, 1, 2]), callbacks: [checkpoint], verbose: false });
    expect(readdirSync(folder).filter((name) => name.endsWith('.pt'))).toEqual(['weights-01-3.00.pt', 'weights-03-1.00.pt']);
    const state = torch.load<{ weight: Tensor }>(join(folder, 'weights-03-1.00.pt'));
    expect(state.weight.item()).toBe(3);
  });
  it('the CSV file has a line an epoch and goes on when told to', async () => {
    const filename = join(folder, 'log.csv');
    await scripted().fit(2, batches(1, 2), { callbacks: [new callbacks.CSVLogger(filename)], verbose: false });
    expect(readFileSync(filename, 'utf8')).toBe('epoch,loss,accuracy\n1,1.5,0.75\n2,1.5,0.75\n');
    await scripted().fit(1, batches(4), { callbacks: [new callbacks.CSVLogger(filename, { append: true })], verbose: false });
    expect(readFileSync(filename, 'utf8')).toBe('epoch,loss,accuracy\n1,1.5,0.75\n2,1.5,0.75\n1,4,2\n');
  });
  it('TensorBoard gets a run each for training and validation', async () => {
    const log_dir = join(folder, 'board');
    const board = new callbacks.TensorBoard(log_dir, { update_freq: 'batch', histogram_freq: 2 });
    await scripted().fit(2, batches(1, 2), { dl_val: batches(7), callbacks: [board], verbose: false });
    expect(eventsIn(join(log_dir, 'validation'))).toEqual([
      ['epoch_loss', 1, 7],
      ['epoch_loss', 2, 7],
    ]);
    const train = eventsIn(join(log_dir, 'train'));
    expect(train.filter(([tag]) => tag === 'batch_loss')).toEqual([
      ['batch_loss', 1, 1],
      ['batch_loss', 2, 1.5],
      ['batch_loss', 3, 1],
      ['batch_loss', 4, 1.5],
    ]);
    expect(train.filter(([tag]) => tag === 'weight').map(([, step]) => step)).toEqual([2]);
  });
  it('are called in order, and waited for', async () => {
    const calls: string[] = [];
    class Note extends callbacks.Callback {
      override async on_epoch_begin(epoch: number): Promise<void> {
        await Promise.resolve();
        calls.push(`begin ${epoch}`);
      }
      override on_train_batch_end(step: number, logs: Metrics): void {
        calls.push(`${step} ${logs.loss}`);
      }
      override on_epoch_end(epoch: number): void {
        calls.push(`end ${epoch}`);
        this.model.stop_training = true;
      }
    }
    await scripted().fit(5, batches(1, 3), { callbacks: [new Note()], verbose: false });
    expect(calls).toEqual(['begin 1', '1 1', '2 2', 'end 1']);
  });
});

it('printbar prints an empty line and the time', () => {
  printbar();
  expect(printed).toEqual([`\n${'='.repeat(80)}2020-07-11 23:21:53`]);
});
