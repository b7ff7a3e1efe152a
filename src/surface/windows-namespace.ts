// torch.signal.windows.
import './install.ts';

export * from './windows.ts';
