// torch.utils.
export * as checkpoint from './checkpoint-namespace.ts';
