// torch.special.
import './install.ts';

export * from './generated/special.ts';
