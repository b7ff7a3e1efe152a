// The tape of one level (null: the plain one): what is recorded when an operator is called.
import { isDifferentiable } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { Tensor } from '../core/tensor.ts';
import { execute } from '../dispatch/execute.ts';
import { lookup, named, type Op, registry } from '../dispatch/operator.ts';
import { call } from '../dispatch/call.ts';
import { at, type Level, quietly, stage, state, withGrad } from '../dispatch/state.ts';
import { compositeName, nodeName } from './names.ts';
import { type Edge, type Node, Saved, sequence } from './node.ts';
import { OpNode, ruleOf } from './rules.ts';
import { chainOf, CopySlices, edgeOf, gradFn, requiresGrad, type ViewRecord, viewRecord } from './views.ts';
import { forwardTrace } from './anomaly.ts';

export interface TapeLevel extends Level {
  recording: boolean;
  readonly outerGrad: boolean;
}
/** The plain tape's switch; a grad level has its own, so that a backward pass stops only its own tape. */
export const plainTape = { recording: true };
const recording = (l: Level | null): boolean => (l === null ? plainTape.recording : (l as TapeLevel).recording);

const clone = lookup('clone') as unknown as (t: Tensor) => Tensor;
const copy_ = lookup('copy_') as unknown as (self: Tensor, src: Tensor) => Tensor;

const tracked = (t: Tensor, level: Level | null): boolean => t.level === level && isDifferentiable(t.layout.dtype) && requiresGrad(t);
function needsGrad(o: Op, args: readonly unknown[], level: Level | null): boolean {
  if (!state.grad || !recording(level)) return false;
  for (const i of o.tensors) {
    const a = args[i];
    if (a instanceof Tensor) {
      if (tracked(a, level)) return true;
    } else if (Array.isArray(a)) for (const t of a) if (t instanceof Tensor && tracked(t, level)) return true;
  }
  return false;
}
const lower = (x: unknown, level: Level): unknown =>
  x instanceof Tensor ? (x.level === level ? x.value : x) : Array.isArray(x) ? x.map((y) => lower(y, level)) : x;
/** A tensor of `level` that stands for `value`, one level down. */
export function wrap(level: Level, value: Tensor): Tensor {
  if (value.level === level) throw new Error('internal: wrapped twice at one level');
  const r = new Tensor(value.layout, null, value.cell);
  r.level = level;
  r.value = value;
  return r;
}
const levelCall = (o: Op, args: unknown[]): unknown => (state.top ? state.top.handle(o, args) : stage.tape(o, args, null));
/** The same call without this tape: execution for the plain one, one level down otherwise. */
function under(o: Op, args: unknown[], level: Level | null): unknown {
  if (level === null) return execute(o, args);
  const saved = state.grad;
  state.grad = saved && (level as TapeLevel).outerGrad;
  try {
    const r = at(level.below, () =>
      levelCall(
        o,
        args.map((a) => lower(a, level)),
      ),
    );
    if (o.functional) return args[0];
    return Array.isArray(r) ? r.map((t) => (t instanceof Tensor ? wrap(level, t) : t)) : r instanceof Tensor ? wrap(level, r) : r;
  } finally {
    state.grad = saved;
  }
}

/** Whether the call is carried out, and recorded, as its parts. */
const byParts = (o: Op): boolean => o.decl.decompose !== undefined && !o.decl.grad;

export function tape(o: Op, args: unknown[], level: Level | null): unknown {
  if (o.functional !== null) return inplace(o, args, level);
  const d = o.decl;
  const record = needsGrad(o, args, level);
  if (byParts(o) && (record || !d.kernel)) {
    const first = sequence.next;
    const r = quietly(() => at(level, () => d.decompose!(named(o, args))));
    if (record) entitle(o, args, r, first);
    return r;
  }
  const r = under(o, args, level);
  if (o.isView) {
    const self = args[0] as Tensor;
    if (d.grad === 'none') return r;
    const out = r as Tensor;
    out._view = {
      base: viewRecord(self)?.base ?? self,
      source: self,
      op: o,
      args,
      creation: state.grad ? 'default' : 'no_grad',
      version: self.cell.version,
    } satisfies ViewRecord;
  }
  if (record) recordResult(o, args, r, level);
  return r;
}
stage.tape = tape;

/** The node of a call that was carried out. */
function recordResult(o: Op, args: readonly unknown[], r: unknown, level: Level | null): void {
  if (o.decl.grad === 'none') return;
  const outs = Array.isArray(r) ? (r as Tensor[]) : [r as Tensor];
  const differentiable = outs.some((t) => isDifferentiable(t.layout.dtype));
  if (!differentiable) return;
  const node = makeNode(o, args, outs, level, null);
  for (let i = 0; i < outs.length; i++) {
    const t = outs[i]!;
    if (isDifferentiable(t.layout.dtype) && !o.decl.constants?.includes(o.results[i]!)) {
      t._node = node;
      t._output_nr = i;
    }
  }
}
/** A call that something other than execution carries out, recorded with the operator's own rule. */
export function recorded<R>(o: Op, args: readonly unknown[], body: () => R): R {
  const record = needsGrad(o, args, null);
  const r = withGrad(false, body);
  if (record) recordResult(o, args, r, null);
  return r;
}
/** A call carried out as other calls; what was recorded last has the operator's name. */
export function asParts<R>(o: Op, args: readonly unknown[], body: () => R): R {
  const first = sequence.next;
  const r = quietly(body);
  for (const t of Array.isArray(r) ? r : [r]) {
    const node = t instanceof Tensor ? (t._node as Node | null) : null;
    if (node instanceof OpNode && node.seq >= first)
      node.title = nodeName(
        o,
        args.map((a) => (a instanceof Tensor ? a.layout : a)),
      );
  }
  return r;
}

const compositeNames = new WeakMap<Op, ReturnType<typeof compositeName>>();
/** Gives the last parts of a composite operator, recorded since `first`, the name of its node. */
function entitle(o: Op, args: readonly unknown[], r: unknown, first: number): void {
  let name = compositeNames.get(o);
  if (name === undefined) {
    name = compositeName(o);
    compositeNames.set(o, name);
  }
  if (name === null) return;
  for (const t of Array.isArray(r) ? r : [r]) {
    const node = t instanceof Tensor ? (t._node as Node | null) : null;
    if (node instanceof OpNode && node.seq >= first) node.title = name(args, t as Tensor) ?? node.title;
  }
}

/** The edges come first: making them may make leaves' accumulators and regenerated views, which are older than the node. */
function makeNode(o: Op, args: readonly unknown[], outs: readonly Tensor[], level: Level | null, clonedSelf: Tensor | null): OpNode {
  const edges: (Edge | null)[] = [];
  const plain = args.slice();
  let bits = 0;
  for (let k = 0; k < o.tensors.length; k++) {
    const i = o.tensors[k]!;
    const a = args[i];
    if (a instanceof Tensor) {
      const e = tracked(a, level) ? edgeOf(a) : null;
      if (e) bits |= 1 << k;
      edges.push(e);
      plain[i] = a.layout;
    } else if (Array.isArray(a)) {
      for (const t of a as (Tensor | null)[]) {
        const e = t && tracked(t, level) ? edgeOf(t) : null;
        if (e) bits |= 1 << k;
        edges.push(e);
      }
      plain[i] = (a as (Tensor | null)[]).map((t) => t?.layout ?? null);
    } else edges.push(null);
  }
  return save(o, bits, edges, args, outs, plain, clonedSelf, true);
}
export function save(
  o: Op,
  bits: number,
  edges: readonly (Edge | null)[],
  args: readonly unknown[],
  outs: readonly Tensor[],
  plain: unknown[],
  clonedSelf: Tensor | null,
  ownResults: boolean,
): OpNode {
  const n = o.params.length;
  const rule = ruleOf(o, bits, args);
  const node = new OpNode(o, rule);
  const saved: (Saved | (Saved | null)[] | null)[] = [];
  for (let i = 0; i < n; i++) {
    const x = rule.saves[i] ? (i === 0 && clonedSelf ? clonedSelf : args[i]) : null;
    const { name } = o.params[i]!;
    if (x instanceof Tensor) saved.push(new Saved(x, -1, name));
    else saved.push(Array.isArray(x) ? x.map((t) => (t instanceof Tensor ? new Saved(t, -1, name) : null)) : null);
  }
  for (let i = 0; i < outs.length; i++) saved.push(rule.saves[n + i] ? new Saved(outs[i]!, ownResults ? i : -1, o.results[i]!) : null);
  node.edges = edges;
  node.saved = saved;
  node.plain = plain;
  node.metas = outs.length === 1 ? [outs[0]!.layout] : outs.map((t) => t.layout);
  if (forwardTrace.on) node.trace = new Error('forward').stack ?? null;
  return node;
}

/** An operator's vjp at given arguments and results, without a tape: forward mode differentiates it. */
export function pullback(
  o: Op,
  args: readonly unknown[],
  outs: readonly Tensor[],
): (gs: readonly (Tensor | null)[]) => readonly (Tensor | null)[] {
  const differentiable = (t: unknown): boolean => t instanceof Tensor && isDifferentiable(t.dtype);
  const slots = o.tensors.flatMap((i) => (o.params[i]!.list ? (args[i] as unknown[]) : [args[i]]));
  const bits = o.tensors.reduce((b, i, k) => ([args[i]].flat().some(differentiable) ? b | (1 << k) : b), 0);
  const layouts = args.map((a, i) =>
    o.params[i]!.tensor ? (Array.isArray(a) ? a.map((t: Tensor | null) => t?.layout ?? null) : a instanceof Tensor ? a.layout : a) : a,
  );
  const node = save(o, bits, [], args, outs, layouts, null, false);
  return (gs) => node.apply(gs, slots.map(differentiable));
}

// ---- in place -----------------------------------------------------------------------------------------------------
const NO_GRAD_VIEW =
  "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace either both inside the no_grad block (if you don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked).";

export function checkInplace(self: Tensor): void {
  const view = viewRecord(self);
  const base = view ? view.base : self;
  if (base._requires_grad && base._node === null) {
    throw new RuntimeError(
      view
        ? 'a view of a leaf Variable that requires grad is being used in an in-place operation.'
        : 'a leaf Variable that requires grad is being used in an in-place operation.',
    );
  }
  if (view?.creation === 'no_grad') throw new RuntimeError(NO_GRAD_VIEW);
  if (view?.creation === 'custom' || view?.creation === 'multi_output') {
    throw new RuntimeError(
      `Output ${self._output_nr} of ${(self._node as Node | null)?.name() ?? 'a function'} is a view and is being modified inplace. This view ${
        view.creation === 'custom'
          ? 'was created inside a custom Function (or because an input was returned as-is) and the autograd logic to handle view+inplace would override the custom backward associated with the custom Function, leading to incorrect gradients. This behavior is forbidden. You can fix this by cloning the output of the custom Function.'
          : 'is the output of a function that returns multiple views. Such functions do not allow the output views to be modified inplace. You should replace the inplace operation by an out-of-place one.'
      }`,
    );
  }
}

function inplace(o: Op, args: unknown[], level: Level | null): unknown {
  const f = o.functional!;
  const self = args[0] as Tensor;
  if (self.level !== level)
    throw new RuntimeError(`${o.name}: a tensor captured from outside the transform cannot be changed in place inside it`);
  const record = needsGrad(o, args, level);
  if (!record) {
    if (state.grad && recording(level) && self._view !== null && viewRecord(self)!.creation !== 'default' && requiresGrad(self))
      checkInplace(self);
    if (byParts(f) && !f.decl.kernel) return copy_(self, call(f, [self, ...args.slice(1)]) as Tensor);
    return under(o, args, level);
  }
  checkInplace(self);
  if (byParts(f)) {
    const first = sequence.next;
    const r = at(level, () => quietly(() => copy_(self, call(f, [clone(self), ...args.slice(1)]) as Tensor)));
    entitle(f, args, r, first);
    return r;
  }
  const view = viewRecord(self);
  const base = view ? view.base : self;
  const bits = o.tensors.reduce(
    (b, i, k) => ([args[i]].flat().some((t) => t instanceof Tensor && tracked(t, level)) ? b | (1 << k) : b),
    0,
  );
  const oldBase = edgeOf(base);
  const saved = ruleOf(f, bits, args).saves[0] ? (under(registry.get('clone')!, [self, null], level) as Tensor) : null;
  if (saved) {
    saved._node = gradFn(self); // the old value with the old history
    saved._output_nr = self._output_nr;
  }
  const node = makeNode(f, args, [self], level, saved);
  under(o, args, level);
  const n = f.params.length;
  node.saved = node.saved.map((s, i) => (i >= n && s ? new Saved(self, 0, f.results[0]!) : s)); // the result at its new version
  if (view) {
    const c = new CopySlices(chainOf(view), node, base);
    c.edges = [oldBase, ...node.edges.slice(1)];
    base._node = c;
    base._output_nr = 0;
    view.version = -1;
  } else {
    self._node = node;
    self._output_nr = 0;
  }
  return self;
}
