// The log, and the weights, as TensorBoard shows them.
import type { Tensor } from '../../core/tensor.ts';
import { bindArguments } from '../../nn/arguments.ts';
import type { Arguments } from '../../nn/simple.ts';
import type { Metrics } from '../log.ts';
import { Callback } from './callback.ts';

export interface TensorBoardSettings {
  /** The folder of the event files. */
  log_dir: string;
  /** After how many epochs the parameters are written as histograms; never for 0. */
  histogram_freq: number;
  /** Whether to write the running means after every batch as well (`batch`), or after so many batches. */
  update_freq: 'epoch' | 'batch' | number;
}
/** What is used of torch.utils.tensorboard.SummaryWriter. */
interface Writer {
  add_scalar(tag: string, value: number, step: number): void;
  add_histogram(tag: string, values: Tensor, step: number): void;
  close(): void | Promise<void>;
}
const VALIDATION = 'val_';

/**
 * Writes event files as Keras does: two runs, `train` and `validation`, with one curve a value of the log, `epoch_loss`, so that both are
 * drawn over each other. Needs what `flambeau/utils/tensorboard` needs. See https://keras.io/api/callbacks/tensorboard/.
 */
export class TensorBoard extends Callback {
  readonly settings: Readonly<TensorBoardSettings>;
  private readonly writers = new Map<string, Writer>();
  private open!: (run: string) => Writer;
  private batches = 0;

  constructor(...args: Arguments<[log_dir?: string, histogram_freq?: number], TensorBoardSettings>) {
    super();
    this.settings = bindArguments<TensorBoardSettings>('TensorBoard', args, ['log_dir', 'histogram_freq', 'update_freq'], {
      log_dir: 'logs',
      histogram_freq: 0,
      update_freq: 'epoch',
    });
  }
  /** The writer of a run, which begins with its first value. */
  private writer(run: string): Writer {
    const found = this.writers.get(run) ?? this.open(run);
    this.writers.set(run, found);
    return found;
  }

  override async on_train_begin(): Promise<void> {
    // Loaded when it is needed: it brings protobuf and the file system.
    const { SummaryWriter } = await import('../../utils/tensorboard/index.ts');
    this.open = (run) => new SummaryWriter(`${this.settings.log_dir}/${run}`);
    this.batches = 0;
  }
  override on_train_batch_end(_step: number, logs: Metrics): void {
    const { update_freq } = this.settings;
    this.batches++;
    if (update_freq === 'epoch' || this.batches % (update_freq === 'batch' ? 1 : update_freq) !== 0) return;
    for (const [name, value] of Object.entries(logs)) this.writer('train').add_scalar(`batch_${name}`, value, this.batches);
  }
  override on_epoch_end(epoch: number, logs: Metrics): void {
    for (const [name, value] of Object.entries(logs)) {
      const validation = name.startsWith(VALIDATION);
      const run = validation ? 'validation' : 'train';
      this.writer(run).add_scalar(`epoch_${validation ? name.slice(VALIDATION.length) : name}`, value, epoch);
    }
    const { histogram_freq } = this.settings;
    if (histogram_freq === 0 || epoch % histogram_freq !== 0) return;
    for (const [name, parameter] of this.model.named_parameters()) this.writer('train').add_histogram(name, parameter.detach(), epoch);
  }
  override async on_train_end(): Promise<void> {
    for (const writer of this.writers.values()) await writer.close();
    this.writers.clear();
  }
}
