// torch.scope: memory that is given back at the end of a block instead of when the collector finds it. See Note [Scopes] in core/storage.ts.
import { SparseStorage } from '../core/sparse.ts';
import { giveBack, outlive, type Storage, scopes } from '../core/storage.ts';
import { Tensor } from '../core/tensor.ts';
import { checkCallback } from './modes.ts';
import { Node, Saved } from './node.ts';

/**
 * Runs `body` and gives its result; at its end the memory of the tensors that were made inside and are not part of the result is free at once,
 * on every backend. Part of the result are tensors in lists, maps and objects, with their gradients and with what their graphs need for the
 * backward pass. Parameters and buffers of modules, the gradients of leaves, and the state of optimizers stay as well. Any other tensor
 * that was made inside throws when it is used later. Scopes nest: what an inner one returns belongs to the outer one.
 *
 * @param body A synchronous function.
 * @throws RuntimeError if it returns a promise. After an error nothing is given back early.
 * @example
 * for (const [x, y] of loader) total += torch.scope(() => train_step(x, y).item());
 */
export function scope<T>(body: () => T): T {
  const outer = scopes.made;
  const made: Storage[] = [];
  scopes.made = made;
  let kept: Set<Storage>;
  let result: T;
  try {
    result = checkCallback(body(), 'scope');
    kept = storagesIn(result);
  } finally {
    scopes.made = outer;
  }
  for (const storage of made) {
    if (kept.has(storage)) outer?.push(storage);
    else if (!scopes.outliving.has(storage)) giveBack(storage);
  }
  return result;
}

/** What the library keeps of a value (a tensor, lists and objects of tensors) no open scope gives back. */
export function outliveAll(value: unknown): void {
  if (scopes.made !== null) for (const storage of storagesIn(value)) outlive(storage);
}

/** The storages of all tensors that a value leads to, gradients and graphs included. */
function storagesIn(value: unknown): Set<Storage> {
  const found = new Set<Storage>();
  const seen = new Set<unknown>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const x = open.pop();
    if (typeof x !== 'object' || x === null || seen.has(x)) continue;
    seen.add(x);
    open.push(...partsOf(x));
    if (x instanceof Tensor && x.storage !== null) found.add(x.storage);
  }
  return found;
}
function partsOf(x: object): Iterable<unknown> {
  if (x instanceof Tensor) {
    const { storage } = x;
    const sparse = storage instanceof SparseStorage ? [...storage.indices, storage.values] : [];
    return [x.value, x.tangent, x._grad, x._node, ...sparse];
  }
  if (x instanceof Node) return [...x.held(), ...x.edges.map((e) => e?.node)];
  if (x instanceof Saved) return x.held();
  if (ArrayBuffer.isView(x)) return [];
  return x instanceof Map ? [...x.keys(), ...x.values()] : x instanceof Set ? x : Object.values(x);
}
