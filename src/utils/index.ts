// torch.utils.
export * as checkpoint from './checkpoint/index.ts';
export * as data from './data/index.ts';
