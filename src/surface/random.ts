// torch.manual_seed and its relatives, torch.random, and the parts of torch.Generator that speak in tensors.
import { currentGenerator, default_generator } from '../core/default-generator.ts';
import { uint8 } from '../core/dtype.ts';
import { Generator as CoreGenerator } from '../core/generator.ts';
import { type Device, device, placement } from '../core/device.ts';
import type { Tensor } from '../core/tensor.ts';
import { checkCallback } from '../autograd/modes.ts';
import { dense, elements, tensorOf } from '../backend/reference/arrays.ts';

declare module '../core/generator.js' {
  interface Generator {
    readonly device: Device;
    /** The state as a uint8 tensor, in PyTorch's format. */
    get_state(): Tensor;
    /**
     * Restores a state that `get_state` gave, here or in PyTorch.
     * @throws RuntimeError if it is not the state of a CPU generator.
     */
    set_state(new_state: Tensor): this;
  }
}
const stateOf = (g: CoreGenerator): Tensor => {
  const bytes = g.get_state_bytes();
  return tensorOf(bytes, [bytes.length], uint8);
};
function restore(g: CoreGenerator, state: Tensor): void {
  if (state.dtype !== uint8) throw new TypeError('RNG state must be a torch.ByteTensor');
  g.set_state_bytes(elements(dense(state)) as Uint8Array);
}
Object.defineProperties(CoreGenerator.prototype, {
  device: { get: () => device('cpu'), configurable: true },
  get_state: {
    value(this: CoreGenerator) {
      return stateOf(this);
    },
    configurable: true,
    writable: true,
  },
  set_state: {
    value(this: CoreGenerator, state: Tensor) {
      restore(this, state);
      return this;
    },
    configurable: true,
    writable: true,
  },
});

/** A stream of random numbers (torch.Generator), on the CPU. */
export class Generator extends CoreGenerator {
  constructor(where: string | Device | { device?: string | Device } = 'cpu') {
    super();
    const named = typeof where === 'object' && !('type' in where) ? where.device : where;
    placement(device((named ?? 'cpu') as string | Device));
  }
  override clone_state(): Generator {
    const copy = new Generator();
    copy.memory.set(this.memory);
    return copy;
  }
}

export { default_generator };
/** Restarts the default stream at a seed. */
export const manual_seed = (seed: number | bigint): CoreGenerator => currentGenerator().manual_seed(seed);
/** Restarts the default stream at a seed that nobody can foresee, and returns the seed. */
export const seed = (): number => currentGenerator().seed();
/** The seed at which the default stream was started. */
export const initial_seed = (): number | bigint => currentGenerator().initial_seed();
/** The state of the default stream as a uint8 tensor. */
export const get_rng_state = (): Tensor => stateOf(currentGenerator());
/** Restores a state of the default stream. */
export const set_rng_state = (new_state: Tensor): void => restore(currentGenerator(), new_state);

/** The default stream as it was; disposing puts it back. */
class Fork implements Disposable {
  private saved: Uint8Array | null;
  constructor(enabled: boolean) {
    this.saved = enabled ? currentGenerator().get_state_bytes() : null;
  }
  [Symbol.dispose](): void {
    if (this.saved) currentGenerator().set_state_bytes(this.saved);
    this.saved = null;
  }
}
interface ForkOptions {
  devices?: readonly unknown[] | null;
  enabled?: boolean;
}
/** Leaves the default stream where it was: with a callback, or until disposed (`using _ = torch.random.fork_rng()`). */
export function fork_rng(options?: ForkOptions): Fork;
export function fork_rng<T>(body: () => T): T;
export function fork_rng<T>(options: ForkOptions, body: () => T): T;
export function fork_rng<T>(first: ForkOptions | (() => T) = {}, second?: () => T): T | Fork {
  const { enabled = true } = typeof first === 'function' ? {} : first;
  const body = typeof first === 'function' ? first : second;
  const fork = new Fork(enabled);
  if (!body) return fork;
  try {
    return checkCallback(body(), 'fork_rng');
  } finally {
    fork[Symbol.dispose]();
  }
}
