// torch.optim: optimizers and learning-rate schedulers. Imports from nn/ and below.
export { Adagrad, type AdagradSettings } from './adagrad.ts';
export { Adam, type AdamSettings, AdamW } from './adam.ts';
export { Optimizer, type OptimizerStateDict, type ParamGroup, type Params } from './optimizer.ts';
export { RMSprop, type RMSpropSettings } from './rmsprop.ts';
export { SGD, type SGDSettings } from './sgd.ts';
