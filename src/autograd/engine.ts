// The backward pass: a ready queue over nodes, youngest first.
import { complexes, reals } from '../backend/reference/arrays.ts';
import { Category } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import { numel, sameShape } from '../core/size.ts';
import { partsOf } from '../core/sparse.ts';
import { engineSection, recycle, userSection } from '../core/storage.ts';
import { Tensor } from '../core/tensor.ts';
import { call, withAutocast } from '../dispatch/call.ts';
import { lookup, registry } from '../dispatch/operator.ts';
import { at, type Level, quietly, state } from '../dispatch/state.ts';
import { forwardTrace } from './anomaly.ts';
import { type Edge, escape, type Node } from './node.ts';
import { outliveAll } from './scope.ts';
import { plainTape, type TapeLevel } from './tape.ts';
import { AccumulateGrad, edgeOf } from './views.ts';

const add = lookup('add.Tensor') as unknown as (a: Tensor, b: Tensor) => Tensor;
const detach = lookup('detach') as unknown as (t: Tensor) => Tensor;
/** A dense gradient takes a sparse one, not the other way round. */
const sum = (before: Tensor, g: Tensor): Tensor => (before.layout.sparse ? add(g, before) : add(before, g));
/** Nobody but the gradient shows its memory. */
const isPacked = (g: Tensor): boolean => (g.layout.sparse ? partsOf(g).values.layout.contiguous : g.layout.contiguous);
const onesLike = lookup('ones_like') as unknown as (t: Tensor) => Tensor;
const clone = lookup('clone') as unknown as (t: Tensor) => Tensor;
const copy_ = lookup('copy_') as unknown as (t: Tensor, src: Tensor) => Tensor;
const emptyLikeOf = lookup('empty_like') as unknown as (t: Tensor) => Tensor;

export interface Run {
  create_graph?: boolean;
  retain_graph?: boolean;
  /** Gradients of these are returned instead of accumulated. */
  inputs?: readonly Tensor[];
  /** With `inputs`: accumulate into their .grad (Tensor.backward(inputs=…)). */
  accumulate?: boolean;
}
const runs = { last: 0 };

/** Runs the graph of `roots` backwards. With `inputs` it returns their gradients, null where there is none. */
export function backward(
  roots: readonly Tensor[],
  grads: readonly (Tensor | null)[],
  level: Level | null,
  options: Run = {},
): (Tensor | null)[] {
  const { create_graph = false, inputs } = options;
  const keep = options.retain_graph ?? create_graph;
  const tape = level === null ? plainTape : (level as TapeLevel);
  const savedRecording = tape.recording;
  const savedGrad = state.grad;
  // The plain tape follows the grad mode, which user code inside (hooks, recomputation) may switch on again; under a transform only
  // this tape stops.
  if (level === null && state.top === null) state.grad = create_graph;
  else {
    tape.recording = create_graph;
    if (create_graph) state.grad = true;
  }
  // Interceptors and levels may keep what passes by: nothing is reused then. See Note [Ownership].
  const owning = !create_graph && state.fn.length + state.kernel.length === 0 && state.top === null && level === null;
  try {
    return at(state.top, () =>
      withAutocast(null, () =>
        quietly(() => engineSection(owning, () => new Pass(roots, grads, inputs, keep, create_graph, options.accumulate ?? false).run())),
      ),
    );
  } finally {
    tape.recording = savedRecording;
    state.grad = savedGrad;
  }
}

class Pass {
  private readonly id = ++runs.last;
  /** Sorted by seq: a consumer is always younger than what it consumes. */
  private readonly ready: Node[] = [];
  private readonly displaced: { node: Node; waiting: (Tensor | null)[]; run: number }[] = [];
  private readonly found: (Tensor | null)[];
  private readonly captures: Map<Node, { nr: number; index: number }[]> | null;
  private readonly wantedMemo = new Map<Node, boolean>();
  constructor(
    private readonly roots: readonly Tensor[],
    private readonly grads: readonly (Tensor | null)[],
    inputs: readonly Tensor[] | undefined,
    private readonly keep: boolean,
    private readonly createGraph: boolean,
    private readonly accumulateInputs: boolean,
  ) {
    this.found = inputs ? inputs.map(() => null) : [];
    this.captures = inputs ? new Map() : null;
    inputs?.forEach((t, index) => {
      const e = edgeOf(t);
      if (!e) throw new RuntimeError('One of the differentiated Tensors does not require grad');
      const list = this.captures!.get(e.node) ?? [];
      list.push({ nr: e.nr, index });
      this.captures!.set(e.node, list);
    });
  }

  run(): (Tensor | null)[] {
    try {
      for (const [i, t] of this.roots.entries()) this.start(t, this.grads[i] ?? null);
      for (let n = this.ready.pop(); n; n = this.ready.pop()) this.step(n);
    } finally {
      for (const n of this.ready) n.waiting = null;
      for (const { node, waiting, run } of this.displaced) {
        node.waiting = waiting;
        node.run = run;
      }
    }
    return this.found;
  }
  private start(t: Tensor, grad: Tensor | null): void {
    const e = edgeOf(t);
    if (!e) throw new RuntimeError('element 0 of tensors does not require grad and does not have a grad_fn');
    let g = grad;
    if (!g) {
      if (numel(t.layout.shape) !== 1) throw new RuntimeError('grad can be implicitly created only for scalar outputs');
      if (t.dtype.category === Category.Complex)
        throw new RuntimeError(`grad can be computed only for real scalar outputs but got torch.${t.dtype.name}`);
      g = onesLike(t);
    } else if (!sameShape(g.layout.shape, t.layout.shape)) {
      throw new RuntimeError(
        `Mismatch in shape: grad_output[0] has a shape of torch.Size(${showShape(g.layout.shape)}) and output[0] has a shape of torch.Size(${showShape(t.layout.shape)}).`,
      );
    } else escape(g);
    if (this.wanted(e.node)) this.send(e, g);
  }
  /** Whether the node leads to something that is asked for. */
  private wanted(n: Node): boolean {
    if (!this.captures) return true;
    const known = this.wantedMemo.get(n);
    if (known !== undefined) return known;
    // Iterative: graphs are deep.
    const stack: { node: Node; next: number }[] = [{ node: n, next: 0 }];
    this.wantedMemo.set(n, this.captures.has(n));
    while (stack.length) {
      const top = stack[stack.length - 1]!;
      const e = top.next < top.node.edges.length ? top.node.edges[top.next++]! : undefined;
      if (e === undefined) {
        stack.pop();
        const parent = stack[stack.length - 1];
        if (parent && this.wantedMemo.get(top.node)) this.wantedMemo.set(parent.node, true);
      } else if (e !== null) {
        const w = this.wantedMemo.get(e.node);
        if (w === true) this.wantedMemo.set(top.node, true);
        else if (w === undefined) {
          this.wantedMemo.set(e.node, this.captures.has(e.node));
          stack.push({ node: e.node, next: 0 });
        }
      }
    }
    return this.wantedMemo.get(n)!;
  }

  private send(e: Edge, g: Tensor): void {
    const n = e.node;
    if (n.run !== this.id || n.waiting === null) {
      if (n.waiting !== null) this.displaced.push({ node: n, waiting: n.waiting, run: n.run });
      n.waiting = n.metas.length === 1 ? [null] : new Array<Tensor | null>(n.metas.length).fill(null);
      n.run = this.id;
      this.enqueue(n);
    }
    const before = n.waiting[e.nr]!;
    if (g.storage) g.storage.slots++;
    if (before === null) {
      n.waiting[e.nr] = g;
      return;
    }
    if (this.reusable(before, g)) {
      call(registry.get('add_.Tensor')!, [before, g, 1]);
      this.drop(g);
    } else {
      n.waiting[e.nr] = sum(before, g);
      if (n.waiting[e.nr]!.storage) n.waiting[e.nr]!.storage!.slots++;
      this.drop(before);
      this.drop(g);
    }
  }
  /** Only this slot holds the memory, and the engine made it: the sum may go there. */
  private reusable(t: Tensor, other: Tensor): boolean {
    const s = t.storage;
    return (
      s?.owned === true &&
      s.slots === 1 &&
      s !== other.storage &&
      t.layout.contiguous &&
      t._view === null &&
      t.dtype === other.dtype &&
      sameShape(t.layout.shape, other.layout.shape)
    );
  }
  private drop(t: Tensor): void {
    const s = t.storage;
    if (s === null) return;
    s.slots--;
    if (s.slots === 0 && s.owned) recycle(s);
  }
  private enqueue(n: Node): void {
    const { ready } = this;
    let lo = 0;
    let hi = ready.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (ready[mid]!.seq < n.seq) lo = mid + 1;
      else hi = mid;
    }
    ready.splice(lo, 0, n);
  }

  private step(n: Node): void {
    const received = n.waiting!;
    n.waiting = null;
    let gs: readonly (Tensor | null)[] = this.hooksBefore(n, received);
    const captured = this.captures?.get(n);
    if (captured) {
      for (const { nr, index } of captured) {
        const g = gs[nr] ?? null;
        if (g) escape(g);
        if (this.accumulateInputs && n instanceof AccumulateGrad) this.accumulate(n, g);
        this.found[index] = g;
      }
    }
    if (n instanceof AccumulateGrad) {
      if (!this.captures) this.accumulate(n, gs[0] ?? null);
      for (const g of received) if (g) this.drop(g);
      return;
    }
    const needs: boolean[] = [];
    let any = n.edges.length === 0;
    for (const e of n.edges) {
      const w = e !== null && this.wanted(e.node);
      needs.push(w);
      any ||= w;
    }
    if (any) {
      let out = this.apply(n, gs, needs);
      if (n.postHooks) {
        for (const g of [...out, ...gs]) if (g) escape(g);
        for (const hook of [...n.postHooks]) {
          const replaced = userSection(() => hook(out, gs));
          if (replaced) out = replaced instanceof Tensor ? [replaced] : replaced;
        }
      }
      for (let i = 0; i < out.length; i++) {
        const g = out[i];
        if (g && needs[i]) this.send(n.edges[i]!, this.validated(n, g, n.edges[i]!));
      }
    }
    if (!this.keep) n.release();
    gs = [];
    for (const g of received) if (g) this.drop(g);
  }
  private apply(n: Node, gs: readonly (Tensor | null)[], needs: readonly boolean[]): readonly (Tensor | null)[] {
    if (!forwardTrace.on) return n.apply(gs, needs);
    const where = n.trace ? `\nTraceback of forward call that caused the error:\n${n.trace}` : '';
    try {
      const out = n.apply(gs, needs);
      if (forwardTrace.checkNan) {
        out.forEach((g, i) => {
          if (g && hasNan(g)) throw new RuntimeError(`Function '${n.name()}' returned nan values in its ${i}th output.`);
        });
      }
      return out;
    } catch (e) {
      console.warn(`Error detected in ${n.name()}.${where}`);
      throw e;
    }
  }
  private hooksBefore(n: Node, received: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
    if (!n.preHooks && !n.tensorHooks && !n.retained) return received;
    let gs = received.slice();
    for (const g of gs) if (g) escape(g);
    n.tensorHooks?.forEach((hooks, nr) => {
      for (const hook of hooks) {
        const g = gs[nr];
        if (g) gs[nr] = userSection(() => hook(g)) ?? g;
      }
    });
    for (const hook of [...(n.preHooks ?? [])]) {
      const r = userSection(() => hook(gs));
      if (r) gs = r instanceof Tensor ? [r] : [...r];
    }
    n.retained?.forEach((hook, nr) => {
      const g = gs[nr];
      if (g) hook(g);
    });
    return gs;
  }
  private validated(n: Node, g: Tensor, e: Edge): Tensor {
    const meta = e.node.metas[e.nr]!;
    if (sameShape(g.layout.shape, meta.shape)) return g;
    const i = n.edges.indexOf(e);
    throw new RuntimeError(
      `Function ${n.name()} returned an invalid gradient at index ${i} - got ${showShape(g.layout.shape)} but expected shape compatible with ${showShape(meta.shape)}`,
    );
  }
  /** Adds to a leaf's .grad. The first gradient is kept as it is if nobody else holds it, with the leaf's strides. */
  private accumulate(n: AccumulateGrad, g: Tensor | null): void {
    if (!g) return;
    const leaf = n.variable;
    const before = leaf._grad;
    if (g.layout.sparse || leaf.layout.sparse || before?.layout.sparse) this.accumulateSparse(leaf, g);
    else if (before === null) {
      const s = g.storage;
      const mine = s?.owned && s.slots === 1 && !this.createGraph && sameShape(g.layout.stride, leaf.layout.stride) && g.layout.plain;
      if (mine) {
        leaf._grad = g;
        s!.slots++; // until the next zero_grad
      } else if (this.createGraph || !g.layout.plain) leaf._grad = sameShape(g.layout.stride, leaf.layout.stride) ? g : clone(g);
      else leaf._grad = copy_(emptyLikeOf(leaf), g);
    } else if (this.createGraph || before.level !== null) leaf._grad = add(before, g);
    else if (before.layout.dtype === g.layout.dtype || g.layout.dtype.category <= before.layout.dtype.category)
      call(registry.get('add_.Tensor')!, [before, g, 1]);
    else leaf._grad = add(before, g);
    outliveAll(leaf._grad);
    if (n.postAccumulate) {
      escape(leaf._grad!);
      for (const hook of [...n.postAccumulate]) userSection(() => hook(leaf));
    }
  }
  /** A sparse gradient is kept as it is, or joins the one before in place; a dense one after it takes its place. */
  private accumulateSparse(leaf: Tensor, g: Tensor): void {
    const before = leaf._grad;
    if (before === null) leaf._grad = this.createGraph ? g : escape(isPacked(g) ? detach(g) : clone(g));
    else if (this.createGraph || (before.layout.sparse && !g.layout.sparse)) leaf._grad = escape(sum(before, g));
    else call(registry.get('add_.Tensor')!, [before, g, 1]);
  }
}
function hasNan(t: Tensor): boolean {
  if (t.level !== null) return false;
  if (t.layout.sparse) return hasNan(partsOf(t).values);
  return (t.dtype.is_complex ? complexes(t) : reals(t)).some(Number.isNaN);
}
