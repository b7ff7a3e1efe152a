// Views and their histories. Note [In-place on a view]: after a write through a view, the base's history is "everything before, with
// the viewed part replaced", and every other view of it gets the history of a fresh view when it is asked.
import type { Device } from '../core/device.ts';
import type { DType } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import type { TensorMeta } from '../core/layout.ts';
import type { Tensor } from '../core/tensor.ts';
import { call } from '../dispatch/call.ts';
import { lookup, named, type Op } from '../dispatch/operator.ts';
import { at, type Level, quietly, withGrad } from '../dispatch/state.ts';
import { type Edge, type Grads, Node, type RemovableHandle, type TensorHook } from './node.ts';

const zerosOf = lookup('zeros') as unknown as (size: readonly number[], dtype: DType, layout: null, device: Device) => Tensor;
/** Zeros of a shape, dtype and device. */
export const zeros = (m: TensorMeta): Tensor => zerosOf(m.shape, m.dtype, null, m.device);

/** How a view came about: data, not closures. `version` is the base's when the view's node was last right. */
export interface ViewRecord {
  readonly base: Tensor;
  readonly source: Tensor;
  readonly op: Op;
  readonly args: readonly unknown[];
  readonly creation: 'default' | 'no_grad' | 'multi_output' | 'custom';
  version: number;
}
export const viewRecord = (t: Tensor): ViewRecord | null => t._view as ViewRecord | null;
/** From the base to the view. */
export function chainOf(v: ViewRecord): ViewRecord[] {
  const up = viewRecord(v.source);
  return up && up.base === v.base ? [...chainOf(up), v] : [v];
}
const step = (v: ViewRecord, t: Tensor): Tensor => call(v.op, [t, ...v.args.slice(1)]) as Tensor;
export const replay = (chain: readonly ViewRecord[], base: Tensor): Tensor => chain.reduce((t, v) => step(v, t), base);
/** `base` with what the chain shows of it replaced by `src`. */
export function scatterInto(chain: readonly ViewRecord[], i: number, base: Tensor, src: Tensor): Tensor {
  const v = chain[i]!;
  const inner = i === chain.length - 1 ? src : scatterInto(chain, i + 1, step(v, base), src);
  if (v.op.decl.inverse) return v.op.decl.inverse(inner, named(v.op, [base, ...v.args.slice(1)]));
  return call(v.op.scatter!, [base, inner, ...v.args.slice(1)]) as Tensor;
}

/** The node that made a tensor; a view whose base changed since gets the one of a fresh view. */
export function gradFn(t: Tensor): Node | null {
  const v = viewRecord(t);
  if (v && v.version !== t.cell.version && requiresGrad(v.base)) {
    const fresh = withGrad(true, () => at(t.level as Level | null, () => quietly(() => replay(chainOf(v), v.base))));
    t._node = fresh._node;
    t._output_nr = 0;
    v.version = t.cell.version;
  }
  return t._node as Node | null;
}
export const requiresGrad = (t: Tensor): boolean => t._requires_grad || t._node !== null || (t._view !== null && gradFn(t) !== null);

/** Collects a leaf's gradient. A leaf keeps one for life. */
export class AccumulateGrad extends Node {
  postAccumulate: ((leaf: Tensor) => void)[] | null = null;
  constructor(readonly variable: Tensor) {
    super();
    this.metas = [variable.layout];
  }
  override name(): string {
    return 'torch::autograd::AccumulateGrad';
  }
  /** The engine stores the gradient itself (engine.ts: accumulate). */
  override apply(): Grads {
    return [];
  }
}
export function accumulatorOf(t: Tensor): AccumulateGrad {
  t._accumulate ??= new AccumulateGrad(t);
  return t._accumulate as AccumulateGrad;
}
/** Where a tensor's gradient goes; null if it needs none. */
export function edgeOf(t: Tensor): Edge | null {
  if (!requiresGrad(t)) return null;
  const node = gradFn(t);
  return node ? node.edgeTo(t._output_nr) : accumulatorOf(t).edgeTo(0);
}

/** A hook on a tensor's gradient (Tensor.register_hook). */
export function registerHook(t: Tensor, hook: TensorHook): RemovableHandle {
  if (!requiresGrad(t)) throw new RuntimeError("cannot register a hook on a tensor that doesn't require gradient");
  const { node, nr } = edgeOf(t)!;
  node.tensorHooks ??= new Map();
  const list = node.tensorHooks.get(nr) ?? [];
  node.tensorHooks.set(nr, [...list, hook]);
  return {
    remove: () => {
      const now = node.tensorHooks?.get(nr) ?? [];
      node.tensorHooks?.set(
        nr,
        now.filter((h) => h !== hook),
      );
    },
  };
}

/** The base's node after a write through a view: the viewed part's gradient goes through the write, the rest straight on. */
export class CopySlices extends Node {
  constructor(
    readonly chain: readonly ViewRecord[],
    readonly fn: Node,
    base: Tensor,
  ) {
    super();
    this.metas = [base.layout];
  }
  override name(): string {
    return 'torch::autograd::CopySlices';
  }
  override apply([g]: Grads, needs: readonly boolean[]): Grads {
    if (!g) return needs.map(() => null);
    const part = replay(this.chain, g);
    const inner = this.fn.apply([part], [true, ...needs.slice(1)]);
    const through = inner[0];
    const rest = through ?? zeros(part);
    return [needs[0] ? scatterInto(this.chain, 0, g, rest) : null, ...inner.slice(1)];
  }
  override release(): void {
    this.fn.release();
  }
  override held(): readonly unknown[] {
    return [this.fn];
  }
}
