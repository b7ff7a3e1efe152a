// torch.linalg: the functions, and the error that they throw.
export * from './generated/linalg.ts';
export { LinAlgError } from '../core/errors.ts';
