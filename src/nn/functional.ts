// torch.nn.functional.
import '../surface/install.ts';

export * from '../surface/generated/functional.ts';
