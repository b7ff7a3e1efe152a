// A network that trains itself: torchkeras's Model.
import { no_grad } from '../autograd/modes.ts';
import type { Device } from '../core/device.ts';
import { NotImplementedError, RuntimeError, ValueError } from '../core/errors.ts';
import { Tensor } from '../core/tensor.ts';
import { mapTensors } from '../core/tree.ts';
import { bindCall } from '../nn/arguments.ts';
import { className, Module } from '../nn/module.ts';
import type { Arguments } from '../nn/simple.ts';
import { Adam } from '../optim/adam.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import { isKwargs } from '../surface/bind.ts';
import * as torch from '../surface/generated/torch.ts';
import { Table } from '../utils/table.ts';
import type { Callback, Done } from './callbacks/callback.ts';
import { bar, epochTable, type Metrics, stepLine } from './log.ts';
import { Progress } from './progress.ts';
import { type InputType, type Shape, type SummarySettings, summary } from './summary.ts';

/** What a network takes: one tensor, or several. */
export type Features = Tensor | readonly Tensor[];
/** A batch: features, then labels. */
export type Batch = readonly unknown[];
/** A DataLoader, an array of batches, or anything else that gives them. */
export type Batches<B = Batch> = (Iterable<B> | AsyncIterable<B>) & { readonly length?: number };
// Methods' parameters may be narrower, so that losses and metrics can name what their network gives.
type Loss<Y> = { call(y_pred: Y, y_true: Tensor): Tensor }['call'];
type Metric<Y> = { call(y_pred: Y, y_true: Tensor): Tensor | number }['call'];

export interface CompileSettings<Y> {
  /** The loss of predictions and labels: a module such as `nn.BCELoss`, or a function. */
  loss_func: Loss<Y>;
  /** What changes the parameters; Adam with a learning rate of 0.001 if it is left out. */
  optimizer: Optimizer | null;
  /** What to report besides the loss, by name. */
  metrics_dict: Readonly<Record<string, Metric<Y>>> | null;
  /** Where to compute: the model, features and labels are moved there. */
  device: Device | string | null;
}
export interface FitSettings {
  epochs: number;
  dl_train: Batches;
  dl_val: Batches | null;
  /** After how many steps the log gets a line. */
  log_step_freq: number;
  callbacks: readonly Callback[];
  /** Whether to print the log, and to show a progress bar where the error stream is a terminal. */
  verbose: boolean;
}
const FIT = ['epochs', 'dl_train', 'dl_val', 'log_step_freq', 'callbacks', 'verbose'] as const;

/**
 * A network with `compile`, `fit`, `evaluate` and `predict`: extend it as you would `nn.Module`, or wrap a network, `new Model(net)`.
 * Losses and metrics are means over the batches of an epoch. See the notes, https://github.com/lyhue1991/torchkeras (version 1).
 */
export class Model<N extends Module = Module> extends Module {
  static override readonly __name__: string = 'Model';
  /** Callbacks set it to end training after the epoch. */
  declare stop_training: boolean;
  /** What the last `fit` gave. */
  declare history: Table | null;
  declare private compiled: CompileSettings<unknown> | null;

  constructor(net?: N) {
    super();
    if (net !== undefined && !(net instanceof Module)) throw new TypeError(`Model's net must be an nn.Module, not ${typeof net}`);
    const own = { stop_training: false, history: null, compiled: null };
    for (const [name, value] of Object.entries(own)) Object.defineProperty(this, name, { value, writable: true });
    if (net) this.add_module('net', net);
  }
  /** What the network computes: that of the wrapped one, unless a subclass says otherwise. */
  forward(...inputs: Parameters<N['forward']>): ReturnType<N['forward']> {
    const net = this._internals.children.get('net') as ((...inputs: unknown[]) => unknown) | undefined;
    if (!net) throw new NotImplementedError(`Module [${className(this)}] is missing the required "forward" function`);
    return net(...inputs) as ReturnType<N['forward']>;
  }
  /** Prints the table of layers; see {@link summary}. */
  summary(...args: Arguments<[input_shape: Shape | readonly Shape[], input_dtype?: InputType], SummarySettings>): void {
    summary(this, ...args);
  }

  // ---- what it is trained with ------------------------------------------------------------------------------------
  /** Says what `fit` minimizes, by which optimizer, and which metrics it reports. */
  compile(
    ...args: Arguments<
      [loss_func: Loss<ReturnType<this['forward']>>, optimizer?: Optimizer | null],
      CompileSettings<ReturnType<this['forward']>>
    >
  ): void {
    const settings = bindCall<CompileSettings<unknown>>(
      'Model.compile',
      args,
      ['loss_func', 'optimizer', 'metrics_dict', 'device'],
      { optimizer: null, metrics_dict: null, device: null },
      1,
    );
    if (typeof settings.loss_func !== 'function')
      throw new TypeError(`loss_func must be a function or a module, not ${typeof settings.loss_func}`);
    for (const [name, metric] of Object.entries(settings.metrics_dict ?? {}))
      if (typeof metric !== 'function') throw new TypeError(`the metric '${name}' must be a function, not ${typeof metric}`);
    if (settings.device !== null) this.to(settings.device);
    this.compiled = { ...settings, optimizer: settings.optimizer ?? new Adam(this.parameters(), { lr: 0.001 }) };
  }
  private get settings(): CompileSettings<unknown> {
    if (!this.compiled)
      throw new RuntimeError(`You must call compile() before fit() and evaluate(): ${className(this)} has no loss function`);
    return this.compiled;
  }
  get loss_func(): Loss<ReturnType<this['forward']>> {
    return this.settings.loss_func;
  }
  get optimizer(): Optimizer {
    return this.settings.optimizer!;
  }
  get metrics_dict(): Readonly<Record<string, Metric<ReturnType<this['forward']>>>> {
    return this.settings.metrics_dict ?? {};
  }

  // ---- steps ------------------------------------------------------------------------------------------------------
  /** One step of the optimizer; the loss and the metrics of its batch. */
  train_step(features: Features, labels: Tensor): Metrics {
    if (!this.training) this.train();
    this.optimizer.zero_grad();
    const { loss, metrics } = this.measured(features, labels);
    loss.backward();
    this.optimizer.step();
    return metrics;
  }
  /** The loss and the metrics of a batch, without learning from it. */
  evaluate_step(features: Features, labels: Tensor): Metrics {
    if (this.training) this.eval();
    return no_grad(() => this.measured(features, labels).metrics);
  }
  private measured(features: Features, labels: Tensor): { loss: Tensor; metrics: Metrics } {
    const { loss_func, metrics_dict } = this.settings;
    const y_true = this.placed(labels) as Tensor;
    const y_pred = this.predicted(features);
    const loss = loss_func(y_pred, y_true);
    const metrics: Record<string, number> = { loss: loss.item() };
    no_grad(() => {
      for (const [name, metric] of Object.entries(metrics_dict ?? {})) {
        const value = metric(y_pred, y_true);
        metrics[name] = value instanceof Tensor ? value.item() : value;
      }
    });
    return { loss, metrics };
  }
  private predicted(features: Features): unknown {
    const inputs = this.placed(Array.isArray(features) ? features : [features]) as unknown[];
    return (this as unknown as (...inputs: unknown[]) => unknown)(...inputs);
  }
  /** Tensors moved to the device that compile named. */
  private placed(x: unknown): unknown {
    const device = this.compiled?.device ?? null;
    return device === null ? x : mapTensors(x, (t) => t.to({ device }));
  }

  // ---- runs -------------------------------------------------------------------------------------------------------
  /**
   * Trains for some epochs and prints the notes' log. The table has a row an epoch with its number, the loss and metrics of training and,
   * with `dl_val`, those of validation (`val_loss`, …).
   * @throws RuntimeError before `compile`; ValueError if `dl_train` has no batches, or a setting makes no sense.
   */
  async fit(
    ...args: Arguments<[epochs: number, dl_train: Batches, dl_val?: Batches | null, log_step_freq?: number], FitSettings>
  ): Promise<Table> {
    const settings = bindCall<FitSettings>('Model.fit', args, FIT, { dl_val: null, log_step_freq: 1, callbacks: [], verbose: true }, 1);
    const { epochs, dl_val, log_step_freq, callbacks, verbose } = settings;
    for (const [name, value] of Object.entries({ epochs, log_step_freq }))
      if (!Number.isInteger(value) || value < 1) throw new ValueError(`${name} must be a whole number of at least 1, but got ${value}`);
    void this.settings;
    const log = new Log(verbose, verbose ? await Progress.open() : null);
    const rows: Metrics[] = [];
    this.stop_training = false;
    for (const callback of callbacks) callback.set_model(this as unknown as Model);
    await each(callbacks, (callback) => callback.on_train_begin());
    log.print('Start Training ...');
    log.print(bar());
    try {
      for (let epoch = 1; epoch <= epochs && !this.stop_training; epoch++) {
        await each(callbacks, (callback) => callback.on_epoch_begin(epoch));
        const means = { ...(await this.train_epoch(epoch, settings, log)), ...(dl_val === null ? {} : await this.evaluate(dl_val)) };
        rows.push({ epoch, ...means });
        log.print(`\n ${epochTable(epoch, means)}`);
        await each(callbacks, (callback) => callback.on_epoch_end(epoch, means));
        log.print(bar());
      }
    } finally {
      log.close();
    }
    log.print('Finished Training...');
    await each(callbacks, (callback) => callback.on_train_end());
    this.history = Table.from_records(rows);
    return this.history;
  }
  /** One pass over the training data; the means of loss and metrics. */
  private async train_epoch(epoch: number, { epochs, dl_train, log_step_freq, callbacks }: FitSettings, log: Log): Promise<Metrics> {
    const means = new Means();
    log.begin(`epoch ${epoch}/${epochs}`, dl_train.length ?? 0);
    for await (const batch of dl_train) {
      const step = means.count + 1;
      await each(callbacks, (callback) => callback.on_train_batch_begin(step));
      const [features, labels] = pair(batch);
      means.add(this.train_step(features, labels));
      const now = means.values();
      log.step(step, now, step % log_step_freq === 0);
      await each(callbacks, (callback) => callback.on_train_batch_end(step, now));
    }
    log.end();
    if (means.count === 0) throw new ValueError('dl_train has no batches');
    return means.values();
  }
  /** The means of loss and metrics over batches, under the names of the log: `val_loss`, …; see `evaluate_step`. */
  async evaluate(dl_val: Batches): Promise<Metrics> {
    const means = new Means();
    for await (const batch of dl_val) means.add(this.evaluate_step(...pair(batch)));
    return Object.fromEntries(Object.entries(means.values()).map(([name, mean]) => [`val_${name}`, mean]));
  }
  /** What the network gives for all batches, one after the other along the first dimension. Labels in the batches are left alone. */
  async predict(dl: Batches<Batch | Tensor>): Promise<ReturnType<this['forward']>> {
    const outputs: unknown[] = [];
    for await (const batch of dl) {
      if (this.training) this.eval();
      outputs.push(no_grad(() => this.predicted(batch instanceof Tensor ? batch : (batch[0] as Features))));
    }
    if (outputs.length === 0) throw new ValueError('predict got no batches');
    return concatenated(outputs) as ReturnType<this['forward']>;
  }
}

/** Means of values that come batch by batch. */
class Means {
  count = 0;
  private readonly sums = new Map<string, number>();
  add(values: Metrics): void {
    this.count++;
    for (const [name, value] of Object.entries(values)) this.sums.set(name, (this.sums.get(name) ?? 0) + value);
  }
  values(): Metrics {
    return Object.fromEntries([...this.sums].map(([name, sum]) => [name, sum / this.count]));
  }
}
/** The printed log, and the bar below it. */
class Log {
  constructor(
    private readonly verbose: boolean,
    private readonly progress: Progress | null,
  ) {}
  print(text: string): void {
    this.progress?.clear();
    if (this.verbose) console.log(text);
  }
  begin(epoch: string, steps: number): void {
    this.progress?.begin(epoch, steps);
  }
  step(step: number, means: Metrics, print: boolean): void {
    if (print) this.print(stepLine(step, means));
    this.progress?.update(step, means);
  }
  end(): void {
    this.progress?.clear();
  }
  close(): void {
    this.progress?.clear();
  }
}

async function each(callbacks: readonly Callback[], call: (callback: Callback) => Done): Promise<void> {
  for (const callback of callbacks) await call(callback);
}
function pair(batch: Batch): [features: Features, labels: Tensor] {
  if (!Array.isArray(batch) || batch.length !== 2)
    throw new ValueError(
      `a batch must be a pair of features and labels, but got ${Array.isArray(batch) ? `${batch.length} items` : typeof batch}`,
    );
  return batch as [Features, Tensor];
}
/** Outputs of batches joined along the first dimension, part by part. */
function concatenated(outputs: readonly unknown[]): unknown {
  const [first] = outputs;
  if (first instanceof Tensor) return torch.cat(outputs as Tensor[]);
  if (Array.isArray(first)) return first.map((_, i) => concatenated(outputs.map((output) => (output as unknown[])[i])));
  if (isKwargs(first))
    return Object.fromEntries(
      Object.keys(first).map((name) => [name, concatenated(outputs.map((output) => (output as Record<string, unknown>)[name]))]),
    );
  throw new TypeError(`predict cannot join outputs that are ${typeof first}`);
}
