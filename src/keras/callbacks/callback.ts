// What may happen while a model is trained.
import type { Metrics } from '../log.ts';
import type { Model } from '../model.ts';

/** What a callback's method gives back: nothing, or a promise that training waits for. */
export type Done = void | Promise<void>;

/**
 * The base of callbacks: methods that `Model.fit` calls. Epochs and steps count from 1, as in the log. `logs` holds the running means
 * of the epoch under the names of the log (`loss`, `accuracy`, at the end of an epoch also `val_loss`, `val_accuracy`).
 * See https://keras.io/api/callbacks/base_callback/.
 */
export abstract class Callback {
  /** The model that is trained; set before any other method is called. */
  protected model!: Model;
  set_model(model: Model): void {
    this.model = model;
  }
  on_train_begin(): Done {}
  on_train_end(): Done {}
  on_epoch_begin(_epoch: number): Done {}
  on_epoch_end(_epoch: number, _logs: Metrics): Done {}
  on_train_batch_begin(_step: number): Done {}
  on_train_batch_end(_step: number, _logs: Metrics): Done {}
}
