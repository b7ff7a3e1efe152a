// Ends training when it no longer helps.
import { Tensor } from '../../core/tensor.ts';
import { bindArguments } from '../../nn/arguments.ts';
import type { StateDict } from '../../nn/module.ts';
import type { Arguments } from '../../nn/simple.ts';
import type { Metrics } from '../log.ts';
import { Callback } from './callback.ts';
import { type Mode, Monitor } from './monitor.ts';

export interface EarlyStoppingSettings {
  /** The value of the log that should get better. */
  monitor: string;
  /** A change that is not larger than this is none. */
  min_delta: number;
  /** After how many epochs without improvement training ends. */
  patience: number;
  /** Whether to say which epoch it was. */
  verbose: boolean | number;
  /** Whether less (`min`) or more (`max`) is better; `auto` tells by the name. */
  mode: Mode;
  /** A value that counts as the best one before training. */
  baseline: number | null;
  /** Whether the model gets the weights of its best epoch back. */
  restore_best_weights: boolean;
  /** Epochs at the start that do not count. */
  start_from_epoch: number;
}

/** Ends training when a value has not improved for some epochs; see https://keras.io/api/callbacks/early_stopping/. */
export class EarlyStopping extends Callback {
  readonly settings: Readonly<EarlyStoppingSettings>;
  /** The epoch after which training ended; 0 if it ran to its end. */
  stopped_epoch = 0;
  /** The epoch with the best value. */
  best_epoch = 0;
  private readonly monitor: Monitor;
  private waited = 0;
  private best_weights: StateDict | null = null;

  constructor(...args: Arguments<[monitor?: string, min_delta?: number, patience?: number], EarlyStoppingSettings>) {
    super();
    this.settings = bindArguments<EarlyStoppingSettings>(
      'EarlyStopping',
      args,
      ['monitor', 'min_delta', 'patience', 'verbose', 'mode', 'baseline', 'restore_best_weights', 'start_from_epoch'],
      {
        monitor: 'val_loss',
        min_delta: 0,
        patience: 0,
        verbose: 0,
        mode: 'auto',
        baseline: null,
        restore_best_weights: false,
        start_from_epoch: 0,
      },
    );
    this.monitor = new Monitor('EarlyStopping', this.settings.monitor, this.settings.mode, Math.abs(this.settings.min_delta));
  }
  /** The best value so far. */
  get best(): number {
    return this.monitor.best;
  }

  override on_train_begin(): void {
    this.monitor.reset(this.settings.baseline);
    this.waited = 0;
    this.stopped_epoch = 0;
    this.best_epoch = 0;
    this.best_weights = null;
  }
  override on_epoch_end(epoch: number, logs: Metrics): void {
    const { patience, restore_best_weights, start_from_epoch } = this.settings;
    const value = this.monitor.read(logs);
    if (value === null || epoch <= start_from_epoch) return;
    if (this.monitor.improves(value)) {
      this.waited = 0;
      this.best_epoch = epoch;
      if (restore_best_weights) this.best_weights = copied(this.model.state_dict());
      return;
    }
    this.waited++;
    if (this.waited < patience) return;
    this.stopped_epoch = epoch;
    this.model.stop_training = true;
  }
  override on_train_end(): void {
    const { verbose, monitor } = this.settings;
    if (verbose && this.stopped_epoch > 0) console.log(`Epoch ${this.stopped_epoch}: early stopping`);
    if (this.best_weights === null) return;
    this.model.load_state_dict(this.best_weights);
    if (verbose) console.log(`Restoring model weights from the end of the best epoch: ${this.best_epoch} (${monitor} ${this.best}).`);
  }
}
/** The tensors as they are now; those of a state dict change with the model. */
function copied(state: StateDict): StateDict {
  const values: readonly [string, unknown][] = Object.entries(state);
  return Object.fromEntries(values.map(([name, value]) => [name, value instanceof Tensor ? value.clone() : value])) as StateDict;
}
