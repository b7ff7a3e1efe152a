// torch.signal.
import './install.ts';

export * as windows from './windows-namespace.ts';
