// The `torch` namespace: re-exports only.
import './surface/install.ts';

export * from './surface/generated/torch.ts';
export * from './surface/namespace.ts';
