// torch.masked.
import './install.ts';

export * from './generated/masked.ts';
