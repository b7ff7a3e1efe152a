// The stream that random operators draw from when no generator is given.
import { DEFAULT_SEED, Generator } from './generator.ts';

/** torch.default_generator. */
export const default_generator = new Generator(DEFAULT_SEED);
