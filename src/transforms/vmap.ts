// vmap: a batch dimension that the function does not see.
import { RuntimeError, ValueError } from '../core/errors.ts';
import { channels_last, channels_last_3d, preserve_format } from '../core/formats.ts';
import { Layout } from '../core/layout.ts';
import { wrapDim } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import { mapTensors, tensorsIn } from '../core/tree.ts';
import { toLevel } from '../dispatch/call.ts';
import { F } from '../dispatch/handles.gen.ts';
import { type BatchRule, named, Op } from '../dispatch/operator.ts';
import { type Level, quietly, state } from '../dispatch/state.ts';
import { below, enter } from './level.ts';

export type Randomness = 'error' | 'different' | 'same';
/** Operators that ran row by row for want of a batching rule; a test watches it. */
export const counters = { slowLoops: 0, slow: new Map<string, number>() };

class VmapLevel implements Level {
  readonly kind = 'vmap';
  alive = true;
  constructor(
    readonly below: Level | null,
    readonly size: number,
    readonly randomness: Randomness,
  ) {}
  wrap(value: Tensor, bdim: number): Tensor {
    const l = value.layout;
    const drop = (s: readonly number[]): number[] => s.filter((_, i) => i !== bdim);
    const r = new Tensor(new Layout(drop(l.shape), drop(l.stride), 0, l.dtype, l.device), null, value.cell);
    r.level = this;
    r.value = value;
    r.bdim = bdim;
    return r;
  }
  mine(t: Tensor): boolean {
    return t.level === this;
  }
  /** The value with the batch first, and ones after it up to `rank` dimensions; unbatched tensors as they are, or expanded. */
  front(t: Tensor, rank = t.ndim, force = false): Tensor {
    const ones = new Array<number>(Math.max(rank - t.ndim, 0)).fill(1);
    if (!this.mine(t)) {
      return force ? F.expand(F.view(t, [1, ...ones, ...t.layout.shape]), [this.size, ...ones, ...t.layout.shape]) : t;
    }
    const v = t.bdim === 0 ? t.value! : toFront(t.value!, t.bdim);
    return ones.length ? F.reshape(v, [this.size, ...ones, ...t.layout.shape]) : v;
  }
  handle(o: Op, args: unknown[]): unknown {
    const f = o.functional ?? o;
    const d = f.decl;
    if (d.random) return d.decompose ? quietly(() => d.decompose!(named(f, args))) : this.random(o, args); // even when nothing is batched
    if (!tensorsIn(args).some((t) => this.mine(t))) return below(this, () => toLevel(o, args));
    if (o.functional && !this.mine(args[0] as Tensor)) {
      throw new RuntimeError(
        `vmap: inplace arithmetic(self, *extra_args) is not possible because there exists a Tensor \`other\` in extra_args that has more elements than \`self\`. This happened due to \`other\` being vmapped over but \`self\` not being vmapped over in a vmap. Please try to use out-of-place operators instead of ${o.name}.`,
      );
    }
    if (!o.functional && this.pointsAtNothing(f, args)) return this.widened(f, args);
    if (!d.batch && !f.isPointwise && !f.isView && d.decompose) {
      const r = quietly(() => d.decompose!(named(f, args)));
      return o.functional ? F.copy_(args[0] as Tensor, r as Tensor) : r;
    }
    const r = below(this, () => this.batched(o, f, args));
    return o.functional ? args[0] : mapTensors(r, (t) => this.wrap(t, 0));
  }
  /** A dimension of a tensor that has none: it counts as a vector of one element. */
  private pointsAtNothing(f: Op, args: readonly unknown[]): boolean {
    const self = args[0];
    if (!(self instanceof Tensor) || self.ndim !== 0 || f.params[0]!.name !== 'self') return false;
    return f.params.some((p, i) => (p.role === 'dim' && args[i] !== null) || (p.role === 'dims' && (args[i] as number[] | null)?.length));
  }
  private widened(f: Op, args: readonly unknown[]): unknown {
    const r = toLevel(
      f,
      // A `value` is a number, not a vector.
      args.map((a, i) => (f.params[i]!.name === 'value' ? a : mapTensors(a, (t) => (t.ndim === 0 ? F.unsqueeze(t, 0) : t)))),
    );
    return mapTensors(r, (t) => (t.layout.shape[0] === 1 ? F.squeeze$dim(t, 0) : t));
  }
  private batched(o: Op, f: Op, given: unknown[]): unknown {
    const d = f.decl;
    // A batch has a dimension more than a format that names an order of them.
    const args = given.map((a) => (a === channels_last || a === channels_last_3d ? preserve_format : a));
    const tensors = tensorsIn(args);
    if (typeof d.batch === 'function') {
      const fronted = args.map((a) => mapTensors(a, (t) => this.front(t)));
      const run = (changes: Record<string, unknown>): unknown =>
        toLevel(
          o,
          f.params.map((p, i) => (p.name in changes ? changes[p.name] : fronted[i])),
        );
      const flags = args.map((a) => tensorsIn([a]).some((t) => this.mine(t)));
      return (d.batch as unknown as BatchRule<string>)(run as never, named(f, fronted), named(f, flags), this.size);
    }
    if (d.produce && !d.batch) return this.loop(o, f, args);
    if (f.isPointwise || d.batch === 'leading') {
      const rank = Math.max(...tensors.map((t) => t.ndim));
      const force = !f.isPointwise && tensors.length > 1 && d.batch === 'leading';
      d.check?.(named(f, args));
      return toLevel(
        unchecked(o),
        args.map((a) => mapTensors(a, (t) => this.front(t, f.isPointwise ? rank : t.ndim, force && !this.mine(t)))),
      );
    }
    if (f.isView || f.params.some((p) => p.role !== 'none')) return toLevel(o, this.shifted(f, args, tensors[0]!.ndim));
    return this.loop(o, f, args);
  }
  /** Dimension arguments count one more. */
  private shifted(f: Op, args: readonly unknown[], n: number): unknown[] {
    return f.params.map((p, i) => {
      const a = args[i];
      if (p.tensor) return mapTensors(a, (t) => this.front(t, t.ndim, true));
      switch (p.role) {
        case 'dim':
          return a === null ? a : wrapDim(a as number, n) + 1;
        case 'insert':
          return wrapDim(a as number, n + 1) + 1;
        case 'dims':
          return a === null ? Array.from({ length: n }, (_, k) => k + 1) : (a as number[]).map((x) => wrapDim(x, n) + 1);
        case 'size':
          return [this.size, ...(a as number[])];
        default:
          return a;
      }
    });
  }
  private loop(o: Op, f: Op, args: unknown[]): unknown {
    counters.slowLoops++;
    counters.slow.set(f.name, (counters.slow.get(f.name) ?? 0) + 1);
    const rows = Array.from({ length: this.size }, (_, b) =>
      toLevel(
        f,
        args.map((a) => mapTensors(a, (t) => (this.mine(t) ? F.clone(F.select$int(t.value!, t.bdim, b)) : t))),
      ),
    );
    const r = stacked(rows);
    return o.functional ? F.copy_(this.front(args[0] as Tensor), r as Tensor) : r;
  }
  private random(o: Op, args: unknown[]): unknown {
    if (this.randomness === 'error') {
      throw new RuntimeError(
        "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' randomness flags on vmap or perform the randomness operation out of vmap",
      );
    }
    return below(this, () => {
      if (this.randomness === 'same' && o.functional) {
        // One row is drawn and written to all of them.
        const row = toLevel(
          o.functional,
          args.map((a) => mapTensors(a, (t) => (this.mine(t) ? F.select$int(t.value!, t.bdim, 0) : t))),
        ) as Tensor;
        F.copy_(this.front(args[0] as Tensor), row);
        return args[0];
      }
      if (this.randomness === 'same') {
        return toLevel(
          o,
          args.map((a) => mapTensors(a, (t) => (this.mine(t) ? F.select$int(t.value!, t.bdim, 0) : t))),
        );
      }
      const wide = o.params.map((p, i) =>
        p.role === 'size' ? [this.size, ...(args[i] as number[])] : mapTensors(args[i], (t) => this.front(t, t.ndim, true)),
      );
      const r = toLevel(o, wide);
      return o.functional ? args[0] : mapTensors(r, (t) => this.wrap(t, 0));
    });
  }
}
const stacked = (rows: readonly unknown[]): unknown =>
  Array.isArray(rows[0]) ? rows[0].map((_, k) => stacked(rows.map((x) => (x as unknown[])[k]))) : F.stack(rows as Tensor[], 0);
/** The operator without the checks that are about what the caller sees, not about whole batches. */
const withoutChecks = new WeakMap<Op, Op>();
function unchecked(o: Op): Op {
  if (!o.decl.check) return o;
  let r = withoutChecks.get(o);
  if (!r) {
    r = new Op(o.schema, { ...o.decl, check: undefined });
    if (o.functional) r.functional = unchecked(o.functional);
    else if (o.inplace) r.inplace = o.inplace;
    withoutChecks.set(o, r);
  }
  return r;
}
const toFront = (t: Tensor, dim: number): Tensor => F.permute(t, [dim, ...t.layout.shape.map((_, i) => i).filter((i) => i !== dim)]);

export type Dims = number | null | readonly Dims[];
export interface VmapOptions {
  in_dims?: Dims;
  out_dims?: Dims;
  randomness?: Randomness;
  chunk_size?: number | null;
}
/**
 * The function over a batch: `vmap(f)(xs)` is `stack(xs.map(f))`; see https://pytorch.org/docs/stable/generated/torch.vmap.html.
 * @throws ValueError if no input has a batch dimension, or sizes differ.
 */
export function vmap<A extends readonly unknown[], R>(f: (...a: A) => R, options: VmapOptions = {}): (...a: A) => R {
  const { in_dims = 0, out_dims = 0, randomness = 'error', chunk_size = null } = options;
  return (...a) => {
    let size = -1;
    const note = (t: Tensor, d: number): void => {
      const n = t.layout.shape[wrapDim(d, t.ndim)]!;
      if (size >= 0 && n !== size) {
        throw new ValueError(
          `vmap: Expected all tensors to have the same size in the mapped dimension, got sizes [${size}, ${n}] for the mapped dimension`,
        );
      }
      size = n;
    };
    const dimsOf = (i: number): Dims => (Array.isArray(in_dims) ? ((in_dims as readonly Dims[])[i] ?? null) : in_dims);
    const visit = (x: unknown, d: Dims, act: (t: Tensor, d: number) => unknown): unknown => {
      if (x instanceof Tensor) return d === null ? x : act(x, d as number);
      if (Array.isArray(x)) return x.map((y, i) => visit(y, Array.isArray(d) ? d[i] : d, act));
      if (isRecord(x)) return Object.fromEntries(Object.entries(x).map(([k, y]) => [k, visit(y, d, act)]));
      return x;
    };
    a.forEach((x, i) => void visit(x, dimsOf(i), note as (t: Tensor, d: number) => unknown));
    if (size < 0) throw new ValueError('vmap: at least one tensor must be being vmapped over (in_dims must not all be None)');
    const run = (from: number, count: number): R =>
      enter(new VmapLevel(state.top, count, randomness), (l) => {
        const whole = from === 0 && count === size;
        const inputs = a.map((x, i) =>
          visit(x, dimsOf(i), (t, d) => below(l, () => l.wrap(whole ? t : F.slice$Tensor(t, d, from, from + count), wrapDim(d, t.ndim)))),
        );
        const r = f(...(inputs as unknown as A));
        return below(l, () => outputs(l, r, out_dims)) as R;
      });
    if (chunk_size === null || chunk_size >= size) return run(0, size);
    const parts: unknown[] = [];
    for (let i = 0; i < size; i += chunk_size) parts.push(run(i, Math.min(chunk_size, size - i)));
    return joined(parts, out_dims) as R;
  };
}
const isRecord = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype;
function outputs(l: VmapLevel, x: unknown, d: Dims): unknown {
  if (x instanceof Tensor) {
    const v = l.front(x, x.ndim, true);
    return d === 0 || d === null ? v : F.movedim$int(v, 0, d as number);
  }
  if (Array.isArray(x)) return x.map((y, i) => outputs(l, y, Array.isArray(d) ? d[i] : d));
  if (isRecord(x)) return Object.fromEntries(Object.entries(x).map(([k, y]) => [k, outputs(l, y, d)]));
  throw new ValueError(`vmap: the function must return Tensors, got ${typeof x}`);
}
function joined(parts: readonly unknown[], d: Dims): unknown {
  const first = parts[0];
  if (first instanceof Tensor) return F.cat(parts as Tensor[], (d as number | null) ?? 0);
  return (first as unknown[]).map((_, i) =>
    joined(
      parts.map((p) => (p as unknown[])[i]),
      Array.isArray(d) ? d[i] : d,
    ),
  );
}
