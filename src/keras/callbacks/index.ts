// What can watch and steer a training run; the names are those of keras.callbacks.
export { Callback, type Done } from './callback.ts';
export { CSVLogger, type CSVLoggerSettings } from './csv-logger.ts';
export { EarlyStopping, type EarlyStoppingSettings } from './early-stopping.ts';
export { ModelCheckpoint, type ModelCheckpointSettings } from './model-checkpoint.ts';
export type { Mode } from './monitor.ts';
export { TensorBoard, type TensorBoardSettings } from './tensorboard.ts';
