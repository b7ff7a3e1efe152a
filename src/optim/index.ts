// torch.optim: optimizers and learning-rate schedulers. Imports from nn/ and below.
import '../surface/install.ts';

export { Adadelta, type AdadeltaSettings } from './adadelta.ts';
export { Adafactor, type AdafactorSettings } from './adafactor.ts';
export { Adagrad, type AdagradSettings } from './adagrad.ts';
export { Adam, type AdamSettings, AdamW } from './adam.ts';
export { Adamax, type AdamaxSettings } from './adamax.ts';
export { ASGD, type ASGDSettings } from './asgd.ts';
export { LBFGS, type LBFGSSettings } from './lbfgs.ts';
export * as lr_scheduler from './lr-scheduler.ts';
export { Muon, type MuonSettings } from './muon.ts';
export { NAdam, type NAdamSettings } from './nadam.ts';
export { Optimizer, type OptimizerStateDict, type ParamGroup, type Params } from './optimizer.ts';
export { RAdam, type RAdamSettings } from './radam.ts';
export { RMSprop, type RMSpropSettings } from './rmsprop.ts';
export { Rprop, type RpropSettings } from './rprop.ts';
export { SGD, type SGDSettings } from './sgd.ts';
export { SparseAdam, type SparseAdamSettings } from './sparse-adam.ts';
export * as swa_utils from './swa-utils.ts';
