// torch.linalg: the functions, and the error that they throw.
import './install.ts';

export * from './generated/linalg.ts';
export { LinAlgError } from '../core/errors.ts';
