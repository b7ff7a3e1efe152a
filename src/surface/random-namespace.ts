// torch.random.
import './install.ts';

export { fork_rng, get_rng_state, initial_seed, manual_seed, seed, set_rng_state } from './random.ts';
