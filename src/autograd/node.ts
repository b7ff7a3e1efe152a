// Nodes of the backward graph, the edges between them, and the tensors that they save.
import { RuntimeError } from '../core/errors.ts';
import type { TensorMeta } from '../core/layout.ts';
import { escapeStorage, userSection } from '../core/storage.ts';
import { Tensor } from '../core/tensor.ts';
import type { Level } from '../dispatch/state.ts';

export interface Edge {
  readonly node: Node;
  /** Which output of the node's forward operator this is. */
  readonly nr: number;
}
export type Grads = readonly (Tensor | null)[];
export type PreHook = (grads: readonly (Tensor | null)[]) => readonly (Tensor | null)[] | Tensor | null | undefined | void;
export type PostHook = (
  gradInputs: readonly (Tensor | null)[],
  gradOutputs: readonly (Tensor | null)[],
) => readonly (Tensor | null)[] | Tensor | null | undefined | void;
export type TensorHook = (grad: Tensor) => Tensor | null | undefined | void;
/** Undoes a registration. */
export interface RemovableHandle {
  remove(): void;
}

/** The number of the next node. */
export const sequence = { next: 0 };

/** A step of the backward pass. `seq` is taken when the edges exist, so descending numbers are a topological order. */
export abstract class Node {
  readonly seq = sequence.next++;
  edges: readonly (Edge | null)[] = [];
  /** Of the outputs: shapes the engine's zeros. */
  metas: readonly TensorMeta[] = [];
  preHooks: PreHook[] | null = null;
  postHooks: PostHook[] | null = null;
  /** By output: hooks of the tensors that this node made; a retained gradient is seen last. */
  tensorHooks: Map<number, TensorHook[]> | null = null;
  retained: Map<number, TensorHook> | null = null;
  /** Where the forward call was, under anomaly detection. */
  trace: string | null = null;
  readonly metadata: Record<string, unknown> = {};
  // The engine's waiting gradients, and the run they belong to.
  waiting: (Tensor | null)[] | null = null;
  run = 0;
  private firstEdge: Edge | null = null;
  edgeTo(nr: number): Edge {
    if (nr !== 0) return { node: this, nr };
    this.firstEdge ??= { node: this, nr: 0 };
    return this.firstEdge;
  }
  abstract name(): string;
  /** One gradient per edge; `needs` says which are wanted. */
  abstract apply(gs: Grads, needs: readonly boolean[]): Grads;
  /** Frees what was saved, after a backward pass that does not keep the graph. */
  release(): void {}
  /** What the node needs for the backward pass: tensors, Saved, nodes, lists and objects of them. */
  held(): readonly unknown[] {
    return [];
  }
  get next_functions(): readonly (readonly [Node | null, number])[] {
    return this.edges.map((e) => [e?.node ?? null, e?.nr ?? 0] as const);
  }
  /** Runs after the node; may replace the gradients of its inputs. */
  register_hook(hook: PostHook): RemovableHandle {
    this.postHooks ??= [];
    return listed(this.postHooks, hook);
  }
  /** Runs before the node; may replace the gradients of its outputs. */
  register_prehook(hook: PreHook): RemovableHandle {
    this.preHooks ??= [];
    return listed(this.preHooks, hook);
  }
  toString(): string {
    return `<${this.name().replace(/^.*::/, '')} object>`;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
export function listed<T>(list: T[], item: T): RemovableHandle {
  list.push(item);
  return {
    remove: () => {
      const i = list.indexOf(item);
      if (i >= 0) list.splice(i, 1);
    },
  };
}

const FREED =
  'Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors after calling backward.';

/** Functions that see every tensor when it is saved and when it is read back (torch.autograd.graph.saved_tensors_hooks). */
export interface SavedTensorHooks {
  pack(t: Tensor): unknown;
  unpack(packed: unknown): Tensor;
}
export const savedHooks: { current: SavedTensorHooks | null; disabled: string | null } = { current: null, disabled: null };

/** A tensor kept for the backward pass. It must not have been changed since. */
export class Saved {
  private readonly version: number;
  private t: Tensor | null;
  private packed: { value: unknown; hooks: SavedTensorHooks } | null = null;
  constructor(
    t: Tensor,
    /** Which output of its own node the tensor is; −1 for an input. An output is kept without its node, or it would hold itself. */
    private readonly outputNr: number,
    private readonly name: string,
  ) {
    this.version = t.cell.version;
    this.t = outputNr >= 0 ? detached(t, null, 0) : t;
    const hooks = savedHooks.current;
    if (hooks) {
      const value = userSection(() => hooks.pack(outputNr >= 0 ? this.t! : detached(t, null, 0)));
      this.packed = { value, hooks };
    }
  }
  unpack(node: Node | null): Tensor {
    if (this.packed) {
      const { value, hooks } = this.packed;
      const r = userSection(() => hooks.unpack(value));
      if (!(r instanceof Tensor)) throw new TypeError('Output of saved tensor unpack_hook expected to be a Tensor');
      if (this.t === null) throw new RuntimeError(FREED);
      if (this.outputNr >= 0) return unwrapDead(detached(r, node, this.outputNr));
      const own = detached(r, this.t._node as Node | null, this.t._output_nr);
      own._requires_grad = this.t._requires_grad;
      own._accumulate = this.t._accumulate;
      return unwrapDead(own);
    }
    const t = this.t;
    if (t === null) throw new RuntimeError(FREED);
    if (t.cell.version !== this.version) {
      const type = `torch.${t.dtype.scalarName}Tensor`;
      throw new RuntimeError(
        `one of the variables needed for gradient computation has been modified by an inplace operation: [${type} [${t.layout.shape.join(', ')}]], which is output ${t._output_nr} of ${(t._node as Node | null)?.name() ?? `'${this.name}'`}, is at version ${t.cell.version}; expected version ${this.version} instead. Hint: enable anomaly detection to find the operation that failed to compute its gradient, with torch.autograd.set_detect_anomaly(True).`,
      );
    }
    return unwrapDead(this.outputNr >= 0 ? detached(t, node, this.outputNr) : t);
  }
  release(): void {
    this.t = null;
    this.packed = null;
  }
  held(): readonly unknown[] {
    return [this.t, this.packed?.value];
  }
}
/** A saved wrapper of a finished grad level stands for its value: a pullback outlives its level. */
export function unwrapDead(t: Tensor): Tensor {
  let r = t;
  while (r.level !== null && !(r.level as Level).alive && (r.level as Level).kind === 'grad') r = r.value!;
  return r;
}
/** The same tensor with another place in the graph. */
export function detached(t: Tensor, node: Node | null, nr: number): Tensor {
  const r = new Tensor(t.layout, t.storage, t.cell);
  r.level = t.level;
  r.value = t.value;
  r.bdim = t.bdim;
  r.tangent = t.tangent;
  r._node = node;
  r._output_nr = nr;
  return r;
}
/** User code may see this tensor's memory: the engine must not reuse it. See Note [Ownership]. */
export function escape(t: Tensor): Tensor {
  for (let x: Tensor | null = t; x !== null; x = x.value) escapeStorage(x.storage);
  return t;
}
