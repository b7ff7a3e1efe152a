// What to do for an operator's gradient, for one set of inputs that need one: from its rules, its formula, or its view.
import { isDifferentiable } from '../core/dtype.ts';
import type { DType } from '../core/dtype.ts';
import { NotImplementedError } from '../core/errors.ts';
import type { TensorMeta } from '../core/layout.ts';
import { sameShape } from '../core/size.ts';
import { Tensor } from '../core/tensor.ts';
import { call } from '../dispatch/call.ts';
import { type Formula, type Joint, lookup, named, Op, type Rule, scatterParts } from '../dispatch/operator.ts';
import type { Param } from '../dispatch/schema.ts';
import { type Expr, inputsOf } from '../pointwise/expr.ts';
import { jvp as symbolicJvp, onlyDecides, vjp as symbolicVjp } from '../pointwise/derivative.ts';
import { nodeName } from './names.ts';
import { type Grads, Node, type Saved } from './node.ts';
import { zeros } from './views.ts';

const sum = lookup('sum.dim_IntList') as unknown as (t: Tensor, dim: readonly number[], keepdim: boolean) => Tensor;
const reshape = lookup('reshape') as unknown as (t: Tensor, shape: readonly number[]) => Tensor;
const toCopy = lookup('_to_copy') as unknown as (t: Tensor, dtype: DType) => Tensor;

type SavedSlot = Saved | (Saved | null)[] | null;
export interface Backward {
  /** By position: parameters, then results. */
  readonly saves: readonly boolean[];
  /** There is no derivative: backward is an error. */
  readonly missing?: boolean;
  readonly backward: (n: OpNode, gs: Grads, needs: readonly boolean[]) => Grads;
}

/** The node of an operator call. */
export class OpNode extends Node {
  saved: readonly SavedSlot[] = [];
  /** The arguments; tensors as metadata. */
  plain: readonly unknown[] = [];
  /** The name of the operator that this is the last part of; see Note [Names of composite operators]. */
  title: string | null = null;
  constructor(
    readonly op: Op,
    readonly rule: Backward,
  ) {
    super();
  }
  override name(): string {
    return this.title ?? (this.rule.missing ? 'NotImplemented' : nodeName(this.op, this.plain));
  }
  override apply(gs: Grads, needs: readonly boolean[]): Grads {
    return this.rule.backward(this, gs, needs);
  }
  override release(): void {
    for (const s of this.saved) {
      if (Array.isArray(s)) for (const x of s) x?.release();
      else (s as Saved | null)?.release();
    }
  }
  override held(): readonly unknown[] {
    return [this.saved, this.plain];
  }
  unpack(i: number): unknown {
    const s = this.saved[i];
    return Array.isArray(s) ? s.map((x) => x?.unpack(this) ?? null) : (s as Saved).unpack(this);
  }
  /** What a rule sees: saved tensors, metadata of the others, plain arguments. */
  arguments(): never {
    const r: Record<string, unknown> = {};
    const n = this.op.params.length;
    this.op.params.forEach((p, i) => {
      r[p.name] = this.saved[i] ? this.unpack(i) : this.plain[i];
    });
    this.op.results.forEach((name, i) => {
      r[name] = this.saved[n + i] ? this.unpack(n + i) : this.metas[i];
    });
    return r as never;
  }
}
/** Made once per operator and bit set (and, for formulas, per set of plain arguments). */
export function ruleOf(o: Op, bits: number, args: readonly unknown[]): Backward {
  const { grad } = o.decl;
  if (o.isPointwise && !(grad && grad !== 'none')) {
    const f = o.formula(args);
    const key = `rule${bits}`;
    let r = f.derived.get(key) as Backward | undefined;
    if (!r) {
      r = symbolic(o, f, bits);
      f.derived.set(key, r);
    }
    return r;
  }
  o.rules[bits] ??= grad && grad !== 'none' ? written(o, bits) : o.isView ? ofView(o) : missing(o);
  return o.rules[bits] as Backward;
}
const savesOf = (o: Op, names: ReadonlySet<string>): boolean[] => [
  ...o.params.map((p) => p.tensor && names.has(p.name)),
  ...o.results.map((r) => names.has(r)),
];
const missing = (o: Op): Backward => ({
  missing: true,
  saves: savesOf(o, new Set()),
  backward: () => {
    throw new NotImplementedError(`derivative for aten::${o.baseName} is not implemented`);
  },
});
const ofView = (o: Op): Backward => ({
  saves: savesOf(o, new Set()),
  backward: (n, [g]) => {
    if (!g) return [null];
    const self = n.plain[0] as TensorMeta;
    if (o.decl.inverse) return [o.decl.inverse(g, named(o, n.plain))];
    return [call(o.scatter!, [zeros({ shape: self.shape, dtype: g.dtype, device: self.device }), g, ...n.plain.slice(1)]) as Tensor];
  },
});
function written(o: Op, bits: number): Backward {
  const g = o.decl.grad as Record<string, Rule | undefined> & Partial<Joint>;
  const names = o.tensors.map((i) => o.params[i]!.name);
  const filled = (n: OpNode, gs: Grads): readonly Tensor[] => n.metas.slice(0, o.visible).map((m, i) => gs[i] ?? zeros(m));
  const matched = (x: unknown, m: unknown): Tensor | null => (x instanceof Tensor ? sameDtype(x, m as TensorMeta) : null);
  type Fn = (g: unknown, saved: unknown, needs: unknown, given?: readonly boolean[]) => unknown;
  const spread = (n: OpNode, p: number, r: unknown): (Tensor | null)[] => {
    const m = n.plain[p];
    if (!o.params[p]!.list) return [matched(r, m)];
    const metas = m as readonly unknown[];
    const list = (r as readonly (Tensor | null)[] | null | undefined) ?? [];
    return metas.map((x, i) => matched(list[i], x));
  };
  /** Which entries of each tensor parameter need a gradient: one of a tensor, several of a list. */
  const divided = (n: OpNode, needs: readonly boolean[]): (readonly boolean[])[] => {
    let end = 0;
    return o.tensors.map((p) => {
      const start = end;
      end += o.params[p]!.list ? (n.plain[p] as readonly unknown[]).length : 1;
      return needs.slice(start, end);
    });
  };
  const jointRule = g.joint;
  if (jointRule) {
    return {
      saves: savesOf(o, new Set(jointRule.names)),
      backward: (n, gs, needs) => {
        const want = Object.fromEntries(divided(n, needs).map((wanted, k) => [names[k], wanted.some(Boolean)]));
        const r = (jointRule.fn as Fn)(
          filled(n, gs),
          n.arguments(),
          want,
          gs.map((x) => x !== null),
        ) as Record<string, unknown>;
        return o.tensors.flatMap((p, k) => spread(n, p, want[names[k]!] ? r[names[k]!] : null));
      },
    };
  }
  return {
    saves: savesOf(o, new Set(names.flatMap((t, i) => (g[t] && bits & (1 << i) ? g[t]!.names : [])))),
    backward: (n, gs, needs) => {
      const all = filled(n, gs);
      const a = n.arguments();
      return divided(n, needs).flatMap((wanted, k): (Tensor | null)[] => {
        const p = o.tensors[k]!;
        const rule = wanted.some(Boolean) ? g[names[k]!] : undefined;
        return spread(n, p, rule ? (rule.fn as Fn)(all[0], a, wanted) : null);
      });
    },
  };
}
/** A complex gradient of a real input is its real part. */
function sameDtype(g: Tensor, m: TensorMeta): Tensor {
  return g.dtype === m.dtype || !isDifferentiable(m.dtype) ? g : toCopy(g, m.dtype);
}

// ---- formulas -----------------------------------------------------------------------------------------------------
const SEED = 1000;
const RESULT = 2000;
export interface Derived {
  readonly op: Op;
  /** Arguments of the derivative: positions of the operator's own, SEED + i for seeds, RESULT + i for results. */
  readonly reads: readonly number[];
  /** Which of the wanted results the derivative gives. */
  readonly outputs: readonly number[];
}
export { RESULT, SEED };

/** The derivative of a formula is a formula: an operator of its own, so every later order and transform follows. */
export function derive(o: Op, f: Formula, kind: 'vjp' | 'jvp', mask: readonly boolean[]): Derived | null {
  const key = kind + mask.map(Number).join('');
  const known = f.derived.get(key) as Derived | null | undefined;
  if (known !== undefined) return known;
  const d = makeDerived(o, f, kind, mask, key);
  f.derived.set(key, d);
  return d;
}
function makeDerived(o: Op, f: Formula, kind: 'vjp' | 'jvp', mask: readonly boolean[], key: string): Derived | null {
  const g = f.graph;
  const outs = f.exprs;
  const wrt = o.tensors.filter((_, k) => mask[k]);
  const es =
    kind === 'vjp'
      ? symbolicVjp(
          outs,
          outs.map((_, i) => g.input(SEED + i)),
          wrt.map((i) => g.input(i)),
        )
      : symbolicJvp(outs, new Map(wrt.map((i) => [g.input(i), g.input(SEED + i)])));
  const live = es.filter((e): e is Expr => e !== null);
  if (live.length === 0) return null;
  // Note [Result instead of inputs]: a derivative that can be said in terms of the result need not save what it replaces.
  const viaResult = outs.length === 1 ? substitute(live, outs, (i) => g.input(RESULT + i)) : live;
  const cost = (xs: readonly Expr[]): number => [...inputsOf(xs)].filter((i) => i < SEED && o.params[i]!.tensor).length;
  const chosen = cost(viaResult) < cost(live) ? viaResult : live;
  const reads = [...inputsOf(chosen)].sort((a, b) => Number(isSeed(b)) - Number(isSeed(a)) || a - b);
  const template = (i: number): Param => o.params[i < SEED ? i : o.tensors[0]!]!;
  const params = reads.map((i, k): Param => {
    const p = template(i);
    return {
      ...p,
      name: `x${k}`,
      optional: false,
      hasDefault: false,
      keywordOnly: false,
      mutated: false,
      role: 'none',
      ...(i >= SEED ? { base: 'Tensor', tensor: true } : {}),
    };
  });
  const own = reads.flatMap((i, k) => (i < SEED && o.ownTyped[i] ? [`x${k}`] : []));
  const op = new Op(
    {
      name: `${o.name}.${key}${f.key && `:${f.key}`}`,
      params,
      results: chosen.map((_, i) => (chosen.length > 1 ? `result${i}` : 'result')),
      listResult: false,
      visible: chosen.length,
    },
    {
      pointwise: ((...inputs: (Expr | null)[]) =>
        inputs.find((x) => x instanceof Object)!.graph.adopt(chosen, (i) => inputs[reads.indexOf(i)]!)) as never,
      own: own as never,
      ...(o.decl.decides && { decides: true }),
      surface: [],
    },
  );
  return { op, reads, outputs: es.flatMap((e, i) => (e ? [i] : [])) };
}
const isSeed = (i: number): boolean => i >= SEED && i < RESULT;
function substitute(es: readonly Expr[], outs: readonly Expr[], to: (i: number) => Expr): Expr[] {
  const known = new Map<Expr, Expr>(outs.flatMap((o, i) => (o.args.length ? [[o, to(i)] as const] : [])));
  const go = (e: Expr): Expr => {
    let r = known.get(e);
    if (!r) {
      r = e.args.length ? e.graph.node(e.op, e.args.map(go), e.value) : e;
      known.set(e, r);
    }
    return r;
  };
  return es.map(go);
}
function symbolic(o: Op, f: Formula, bits: number): Backward {
  const mask = o.tensors.map((_, k) => (bits & (1 << k)) !== 0);
  let d: Derived | null;
  try {
    d = derive(o, f, 'vjp', mask);
  } catch (e) {
    if (e instanceof NotImplementedError) return missing(o);
    throw e;
  }
  const n = o.params.length;
  const wrt = o.tensors.flatMap((_, k) => (mask[k] ? [k] : []));
  const reads = new Set(d?.reads);
  // Steps and what is overwritten have a gradient, and it is zero; what only decides may have none.
  const flat = wrt.filter((k, w) => !d?.outputs.includes(w) && !(o.decl.decides && onlyDecides(f.exprs, f.graph.input(o.tensors[k]!))));
  return {
    saves: [...o.params.map((p, i) => p.tensor && reads.has(i)), ...o.results.map((_, i) => reads.has(RESULT + i))],
    backward: (node, gs) => {
      const full: (Tensor | null)[] = mask.map(() => null);
      if (gs.every((g) => !g)) return full;
      for (const k of flat) full[k] = zeros(node.plain[o.tensors[k]!] as TensorMeta);
      if (!d) return full;
      const args = d.reads.map((i) => {
        if (i >= RESULT) return node.unpack(n + i - RESULT);
        if (i >= SEED) return gs[i - SEED] ?? zeros(node.metas[i - SEED]!);
        return node.saved[i] ? node.unpack(i) : node.plain[i];
      });
      const r = call(d.op, args);
      const outs = Array.isArray(r) ? (r as Tensor[]) : [r as Tensor];
      d.outputs.forEach((w, k) => {
        full[wrt[w]!] = like(outs[k]!, node.plain[o.tensors[wrt[w]!]!] as TensorMeta);
      });
      return full;
    },
  };
}
/** Sums over broadcast dimensions and converts: what every elementwise gradient needs. */
export function like(g: Tensor, m: TensorMeta): Tensor {
  let r = g;
  const [from, to] = [g.layout.shape, m.shape];
  if (!sameShape(from, to)) {
    const lead = from.length - to.length;
    const dims = from.flatMap((s, i) => (i < lead || (to[i - lead] === 1 && s !== 1) ? [i] : []));
    if (dims.length) r = sum(r, dims, true);
    if (lead) r = reshape(r, to);
  }
  return r.dtype === m.dtype ? r : toCopy(r, m.dtype);
}
scatterParts.zeros = zeros;
