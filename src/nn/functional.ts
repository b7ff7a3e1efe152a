// torch.nn.functional.
export * from '../surface/generated/functional.ts';
