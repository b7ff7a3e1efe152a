// torch.nn: modules, their base class, parameters, initialisation and helpers. Imports from surface/ and below.
import '../surface/install.ts';

export * from './activation.ts';
export { AdaptiveLogSoftmaxWithLoss } from './adaptive.ts';
export { MultiheadAttention } from './attention.ts';
export * from './batchnorm.ts';
export * from './container.ts';
export * from './conv.ts';
export * from './distance.ts';
export * from './dropout.ts';
export * from './embedding.ts';
export * as functional from './functional.ts';
export * as init from './init.ts';
export * from './linear.ts';
export * from './linear_cross_entropy.ts';
export * from './loss.ts';
export { type ForwardHook, type ForwardPreHook, type IncompatibleKeys, Module, type StateDict } from './module.ts';
export * as modules from './modules.ts';
export * from './normalization.ts';
export * from './padding.ts';
export { Buffer, Parameter, UninitializedBuffer, UninitializedParameter } from './parameter.ts';
export * as parameter from './parameter.ts';
export * from './pooling.ts';
export * from './rearrange.ts';
export { GRU, GRUCell, LSTM, LSTMCell, RNN, RNNBase, RNNCell, RNNCellBase } from './rnn.ts';
export {
  type Activation,
  Transformer,
  TransformerDecoder,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
} from './transformer.ts';
export * from './upsampling.ts';
export * as utils from './utils/index.ts';
