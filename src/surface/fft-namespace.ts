// torch.fft.
import './install.ts';

export * from './generated/fft.ts';
