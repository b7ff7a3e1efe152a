// What programs ask of the place where they run: versions, threads, other libraries' switches, and seeding all of it.
import { RuntimeError } from '../core/errors.ts';
import { type BackendName, get_num_threads, selectBackend, selection, set_num_threads as setNumThreads } from '../backend/select.ts';
import { registry } from '../dispatch/operator.ts';
import { describe } from './describe.ts';
import { manual_seed } from './random.ts';

/** The version of this package. */
const OWN = '0.1.0';
/** The PyTorch whose semantics these are, and the version of this package. */
export const __version__ = `2.15.0+flambeau.${OWN}`;
/** torch.version: the same, and what PyTorch was built with. */
export const version = { __version__, flambeau: OWN, cuda: null, hip: null, debug: false } as const;

export { get_num_threads };
/**
 * Sets how many threads kernels use. Backends without threads ignore it.
 * @throws RuntimeError if `n` is no positive integer.
 */
export function set_num_threads(n: number): void {
  if (!Number.isInteger(n)) throw new RuntimeError(`set_num_threads expects an int, but got ${describe(n)}`);
  if (n < 1) throw new RuntimeError('set_num_threads expects a positive integer');
  setNumThreads(n);
}

/**
 * Chooses what computes from now on: `'native'` (the addon), `'wasm'` or `'reference'` (TypeScript). Tensors stay usable. Without it the
 * fastest that exists is chosen, or what the environment variable FLAMBEAU_BACKEND names.
 * @throws Error if it does not exist here (in a page, a WebAssembly module that has not been fetched).
 */
export function set_backend(name: BackendName): void {
  selectBackend(name, registry);
}
/** The name of the backend that computes. */
export const get_backend = (): BackendName => selection.name;

/** torch.backends: switches of libraries that are not used here, so that programs which set them run. */
export const backends = {
  cudnn: { enabled: false, benchmark: false, deterministic: false, is_available: (): boolean => false },
  cuda: { is_built: (): boolean => false },
  mps: { is_available: (): boolean => false, is_built: (): boolean => false },
};

/** Makes a program repeatable: seeds the random numbers and asks cuDNN for deterministic algorithms. */
export function seed_torch(seed: number | bigint = 1029): void {
  manual_seed(seed);
  backends.cudnn.benchmark = false;
  backends.cudnn.deterministic = true;
}
