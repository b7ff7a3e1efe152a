// The `torch` namespace: re-exports only.
import './surface/install.ts';

export * as func from './nn/func.ts';
export * as nn from './nn/index.ts';
export * as optim from './optim/index.ts';
export { ops } from './surface/aten.ts';
export * as fft from './surface/fft-namespace.ts';
export * as linalg from './surface/linalg-namespace.ts';
export * as masked from './surface/masked-namespace.ts';
export * as special from './surface/special-namespace.ts';
export * from './surface/generated/torch.ts';
export * from './surface/namespace.ts';
export * as utils from './utils/index.ts';
export * as serialization from './serialization/index.ts';
export { load, save } from './serialization/checkpoint.ts';
