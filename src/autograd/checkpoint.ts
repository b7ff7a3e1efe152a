// Checkpointing: activations are recomputed in the backward pass instead of kept (the non-reentrant form: saved-tensor hooks).
import { RuntimeError } from '../core/errors.ts';
import { engineSection } from '../core/storage.ts';
import type { Tensor } from '../core/tensor.ts';
import { withAutocast } from '../dispatch/call.ts';
import { state, withGrad } from '../dispatch/state.ts';
import { currentGenerator } from '../core/default-generator.ts';
import { savedHooks } from './node.ts';

export interface CheckpointOptions {
  use_reentrant?: boolean;
  preserve_rng_state?: boolean;
}
/** Runs `body` with functions that replace what is saved (torch.autograd.graph.saved_tensors_hooks). */
export function saved_tensors_hooks<T>(pack: (t: Tensor) => unknown, unpack: (x: never) => Tensor, body: () => T): T {
  if (savedHooks.disabled !== null) throw new RuntimeError(savedHooks.disabled);
  const saved = savedHooks.current;
  savedHooks.current = { pack, unpack: unpack as (x: unknown) => Tensor };
  try {
    return body();
  } finally {
    savedHooks.current = saved;
  }
}

/**
 * Calls `f` without keeping what it saves; the backward pass calls it again, with the random state of the first call.
 * See https://pytorch.org/docs/stable/checkpoint.html.
 */
export function checkpoint<A extends unknown[], R>(f: (...a: A) => R, ...rest: [...A] | [...A, CheckpointOptions]): R {
  const last = rest[rest.length - 1];
  const options = isOptions(last) ? (last as CheckpointOptions) : {};
  const args = (isOptions(last) ? rest.slice(0, -1) : rest) as unknown as A;
  const rng = (options.preserve_rng_state ?? true) ? currentGenerator().get_state_bytes() : null;
  const { autocast } = state;
  let recomputed: Tensor[] | null = null;
  let count = 0;
  const recompute = (): Tensor[] => {
    const again: Tensor[] = [];
    const now = rng ? currentGenerator().get_state_bytes() : null;
    if (rng) currentGenerator().set_state_bytes(rng);
    try {
      saved_tensors_hooks(
        (t) => {
          again.push(t);
          return again.length - 1;
        },
        (i: number) => again[i]!,
        () => engineSection(false, () => withGrad(true, () => withAutocast(autocast, () => f(...args)))),
      );
    } finally {
      if (now) currentGenerator().set_state_bytes(now);
    }
    if (again.length !== count) {
      throw new RuntimeError(
        `torch.utils.checkpoint: A different number of tensors was saved during the original forward and recomputation.\nNumber of tensors saved during forward: ${count}\nNumber of tensors saved during recomputation: ${again.length}.`,
      );
    }
    return again;
  };
  return saved_tensors_hooks(
    () => count++,
    (i: number) => {
      recomputed ??= recompute();
      return recomputed[i]!;
    },
    () => f(...args),
  );
}
const isOptions = (x: unknown): boolean =>
  typeof x === 'object' &&
  x !== null &&
  Object.getPrototypeOf(x) === Object.prototype &&
  ('use_reentrant' in x || 'preserve_rng_state' in x);

/** Checkpoints a list of functions in segments; the last segment is kept. */
export function checkpoint_sequential<T>(
  functions: readonly ((x: T) => T)[] | { children(): Iterable<unknown> },
  segments: number,
  input: T,
  options: CheckpointOptions = {},
): T {
  const list = Array.isArray(functions)
    ? (functions as readonly ((x: T) => T)[])
    : ([...(functions as { children(): Iterable<unknown> }).children()] as ((x: T) => T)[]);
  const size = Math.floor(list.length / segments);
  const run =
    (from: number, to: number) =>
    (x: T): T =>
      list.slice(from, to).reduce((y, g) => g(y), x);
  let x = input;
  let end = 0;
  for (let start = 0; start < size * (segments - 1); start += size) {
    end = start + size;
    x = checkpoint(run(start, end) as (a: T) => T, x as never, options as never);
  }
  return run(end, list.length)(x);
}
