// torch.autograd.Function: operators with a hand-written backward.
import { isDifferentiable } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { userSection } from '../core/storage.ts';
import { Tensor } from '../core/tensor.ts';
import { aliasOf } from '../core/tensor.ts';
import { state, withGrad } from '../dispatch/state.ts';
import { type Edge, escape, type Grads, Node, Saved } from './node.ts';
import { checkInplace } from './tape.ts';
import { CopySlices, chainOf, edgeOf, requiresGrad, viewRecord, zeros } from './views.ts';

/** What forward and backward share. */
export class FunctionCtx {
  needs_input_grad: boolean[] = [];
  /** Anything else that backward needs may be put on the context. */
  [key: string]: unknown;
  private toSave: readonly (Tensor | null)[] = [];
  private readonly nonDifferentiable = new Set<Tensor>();
  private readonly dirty = new Set<Tensor>();
  private materialize = true;
  private restore: (() => readonly (Tensor | null)[]) | null = null;
  /** Keeps tensors for backward, with the checks of saved tensors. */
  save_for_backward(...tensors: (Tensor | null)[]): void {
    this.toSave = tensors;
  }
  save_for_forward(..._tensors: (Tensor | null)[]): void {}
  get saved_tensors(): readonly (Tensor | null)[] {
    return this.restore ? this.restore() : this.toSave;
  }
  mark_non_differentiable(...tensors: Tensor[]): void {
    for (const t of tensors) this.nonDifferentiable.add(t);
  }
  /** Inputs that forward changed in place; they must be returned. */
  mark_dirty(...tensors: Tensor[]): void {
    for (const t of tensors) this.dirty.add(t);
  }
  /** Whether missing output gradients arrive as zeros (the default) or null. */
  set_materialize_grads(value: boolean): void {
    this.materialize = value;
  }
  /** @internal */
  _state(): { toSave: readonly (Tensor | null)[]; nonDifferentiable: Set<Tensor>; dirty: Set<Tensor>; materialize: boolean } {
    return { toSave: this.toSave, nonDifferentiable: this.nonDifferentiable, dirty: this.dirty, materialize: this.materialize };
  }
  /** @internal */
  _restoreWith(f: () => readonly (Tensor | null)[]): void {
    this.restore = f;
    this.toSave = [];
  }
}

type Result = Tensor | readonly (Tensor | null)[] | null;
/** The static side of a user's function. */
export interface FunctionClass<A extends unknown[], R> {
  readonly name: string;
  forward(ctx: FunctionCtx, ...args: A): R;
  backward(ctx: FunctionCtx, ...grads: Tensor[]): Result;
}
interface Once {
  readonly onceDifferentiable?: boolean;
}

class FunctionNode extends Node {
  saved: (Saved | null)[] = [];
  constructor(
    private readonly title: string,
    readonly ctx: FunctionCtx,
    private readonly body: (ctx: FunctionCtx, ...grads: Tensor[]) => Result,
    private readonly materialize: boolean,
    private readonly tensorArguments: readonly number[],
    private readonly argumentCount: number,
  ) {
    super();
  }
  override name(): string {
    return `${this.title}Backward`;
  }
  override held(): readonly unknown[] {
    return [this.saved, this.ctx];
  }
  override apply(gs: Grads, needs: readonly boolean[]): Grads {
    const filled = gs.map((g, i) => g ?? (this.materialize ? zeros(this.metas[i]!) : null));
    for (const g of filled) if (g) escape(g);
    const once = (this.body as Once).onceDifferentiable === true;
    const r = userSection(() =>
      once ? withGrad(false, () => this.body(this.ctx, ...(filled as Tensor[]))) : this.body(this.ctx, ...(filled as Tensor[])),
    );
    const list = r === null || r instanceof Tensor || r === undefined ? [r ?? null] : r;
    if (
      list.length !== this.argumentCount &&
      !(list.length > this.argumentCount && list.slice(this.argumentCount).every((x) => x == null))
    ) {
      throw new RuntimeError(
        `function ${this.name()} returned an incorrect number of gradients (expected ${this.argumentCount}, got ${list.length})`,
      );
    }
    if (once && state.grad && gs.some((g) => g && requiresGrad(g)))
      throw new RuntimeError('trying to differentiate twice a function that was marked with @once_differentiable');
    return this.tensorArguments.map((i, k) => (needs[k] ? (list[i] ?? null) : null));
  }
  override release(): void {
    for (const s of this.saved) s?.release();
  }
}

/**
 * Base class of functions with their own gradient: static `forward(ctx, …)` and `backward(ctx, …grads)`, called by `apply`.
 * See https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function.
 */
// biome-ignore lint/complexity/noStaticOnlyClass: PyTorch's interface is a class whose static methods users override
export class Function {
  static apply<A extends unknown[], R>(this: FunctionClass<A, R>, ...args: A): R {
    const ctx = new FunctionCtx();
    const tensorArguments = args.flatMap((a, i) => (a instanceof Tensor ? [i] : []));
    const needs = args.map((a) => a instanceof Tensor && state.grad && isDifferentiable(a.dtype) && requiresGrad(a));
    ctx.needs_input_grad = needs;
    const result = withGrad(false, () => this.forward(ctx, ...args));
    if (!needs.some(Boolean)) return result;
    const { toSave, nonDifferentiable, dirty, materialize } = ctx._state();
    const edges: (Edge | null)[] = tensorArguments.map((i) => (needs[i] ? edgeOf(args[i] as Tensor) : null));
    const dirtyEdges = new Map<Tensor, Edge | null>();
    for (const t of dirty) {
      checkInplace(t);
      const v = viewRecord(t);
      if (v) dirtyEdges.set(t, edgeOf(v.base));
    }
    const node = new FunctionNode(this.name, ctx, (c, ...g) => this.backward(c, ...g), materialize, tensorArguments, args.length);
    Object.defineProperty((node as unknown as { body: object }).body, 'onceDifferentiable', {
      value: (this.backward as Once).onceDifferentiable === true,
    });
    node.edges = edges;
    const single = !Array.isArray(result);
    const outputs = (single ? [result] : result) as unknown[];
    const shown = outputs.map((x, nr) => {
      if (!(x instanceof Tensor) || nonDifferentiable.has(x) || !isDifferentiable(x.dtype)) return x;
      if (dirty.has(x)) {
        const v = viewRecord(x);
        if (v) {
          const c = new CopySlices(chainOf(v), node, v.base);
          c.edges = [dirtyEdges.get(x)!, ...edges.slice(1)];
          v.base._node = c;
          v.base._output_nr = 0;
          v.version = -1;
          return x;
        }
        x._node = node;
        x._output_nr = nr;
        x._requires_grad = false;
        return x;
      }
      const isInput = args.includes(x) || x._node !== null;
      const t = isInput ? aliasOf(x, x.layout) : x;
      t._node = node;
      t._output_nr = nr;
      return t;
    });
    node.metas = outputs.map((x) => (x instanceof Tensor ? x.layout : EMPTY_META)) as typeof node.metas;
    node.saved = toSave.map((t) => {
      if (t === null) return null;
      const k = outputs.indexOf(t);
      return new Saved(k >= 0 ? (shown[k] as Tensor) : t, k >= 0 && !args.includes(t) ? k : -1, 'saved tensor');
    });
    ctx._restoreWith(() => node.saved.map((s) => s?.unpack(node) ?? null));
    return (single ? shown[0] : shown) as R;
  }
}
const EMPTY_META = { shape: [], dtype: undefined, device: undefined };

/** Marks a backward whose own derivative is not defined. */
export function once_differentiable<F extends (...a: never[]) => unknown>(f: F): F {
  Object.defineProperty(f, 'onceDifferentiable', { value: true });
  return f;
}
