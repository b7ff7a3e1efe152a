// Saves a model while it is trained.
import { fixed } from '../../core/decimal.ts';
import { KeyError } from '../../core/errors.ts';
import { bindArguments } from '../../nn/arguments.ts';
import type { Arguments } from '../../nn/simple.ts';
import { save } from '../../serialization/checkpoint.ts';
import type { Metrics } from '../log.ts';
import { Callback } from './callback.ts';
import { type Mode, Monitor } from './monitor.ts';

export interface ModelCheckpointSettings {
  /** Where the weights go. Names in braces are filled in: `weights-{epoch:02d}-{val_loss:.3f}.pt`. */
  filepath: string;
  /** The value of the log that decides which epoch is best. */
  monitor: string;
  /** Whether to say what was saved. */
  verbose: boolean | number;
  /** Whether to save only epochs that are better than all before. */
  save_best_only: boolean;
  /** Whether less (`min`) or more (`max`) is better; `auto` tells by the name. */
  mode: Mode;
  /** A value that has to be beaten by the first epoch. */
  initial_value_threshold: number | null;
}

/**
 * Saves the model's state dict with `torch.save` after every epoch, or after the best ones; PyTorch reads the files.
 * See https://keras.io/api/callbacks/model_checkpoint/.
 */
export class ModelCheckpoint extends Callback {
  readonly settings: Readonly<ModelCheckpointSettings>;
  private readonly monitor: Monitor;

  constructor(...args: Arguments<[filepath: string, monitor?: string], ModelCheckpointSettings>) {
    super();
    this.settings = bindArguments<ModelCheckpointSettings>(
      'ModelCheckpoint',
      args,
      ['filepath', 'monitor', 'verbose', 'save_best_only', 'mode', 'initial_value_threshold'],
      { monitor: 'val_loss', verbose: 0, save_best_only: false, mode: 'auto', initial_value_threshold: null },
    );
    this.monitor = new Monitor('ModelCheckpoint', this.settings.monitor, this.settings.mode);
    this.monitor.reset(this.settings.initial_value_threshold);
  }
  /** The best value so far. */
  get best(): number {
    return this.monitor.best;
  }

  override on_epoch_end(epoch: number, logs: Metrics): void {
    const { save_best_only, verbose, filepath, monitor } = this.settings;
    if (save_best_only) {
      const before = this.best;
      const value = this.monitor.read(logs);
      if (value === null || !this.monitor.improves(value)) return;
      if (verbose) console.log(`Epoch ${epoch}: ${monitor} improved from ${fixed(before, 5)} to ${fixed(value, 5)}`);
    }
    const path = filled(filepath, { epoch, ...logs });
    save(this.model.state_dict(), path);
    if (verbose) console.log(`Epoch ${epoch}: saved the model to ${path}`);
  }
}
/** A name with values in place of `{name}`, `{name:02d}` and `{name:.3f}`. */
function filled(template: string, values: Metrics): string {
  return template.replace(/\{(\w+)(?::(?:0?(\d+)d|\.(\d+)f))?\}/g, (_, name: string, width?: string, digits?: string) => {
    const value = values[name];
    if (value === undefined) throw new KeyError(`'${name}' in ModelCheckpoint's filepath is none of ${Object.keys(values).join(', ')}`);
    if (digits !== undefined) return fixed(value, Number(digits));
    return width === undefined ? String(value) : String(value).padStart(Number(width), '0');
  });
}
