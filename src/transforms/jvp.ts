// jvp: forward-mode differentiation. A null tangent is a structural zero.
import { isDifferentiable } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { contiguous_format } from '../core/formats.ts';
import { numel, sameShape } from '../core/size.ts';
import { Tensor } from '../core/tensor.ts';
import { mapTensors, tensorsIn } from '../core/tree.ts';
import { backward } from '../autograd/engine.ts';
import { derive, RESULT, SEED } from '../autograd/rules.ts';
import { pullback, wrap } from '../autograd/tape.ts';
import { zeros } from '../autograd/views.ts';
import { call, toLevel } from '../dispatch/call.ts';
import { F } from '../dispatch/handles.gen.ts';
import { named, type Op } from '../dispatch/operator.ts';
import { type Level, quietly, state } from '../dispatch/state.ts';
import { GradLevel, lowered, mapTree } from './grad.ts';
import { below, enter } from './level.ts';

class JvpLevel implements Level {
  readonly kind = 'jvp';
  alive = true;
  constructor(readonly below: Level | null) {}
  wrap(value: Tensor, tangent: Tensor | null): Tensor {
    const r = wrap(this, value);
    r.tangent = isDifferentiable(value.dtype) ? tangent : null;
    return r;
  }
  readonly primal = (t: Tensor): Tensor => (t.level === this ? t.value! : t);
  readonly tangent = (t: Tensor): Tensor | null => (t.level === this ? t.tangent : null);
  /** Views and writes need a tangent with memory of its own, so that both alias alike. */
  private solid(t: Tensor): Tensor {
    t.tangent ??= below(this, () => zeros(t.value!.layout));
    return t.tangent;
  }
  handle(o: Op, args: unknown[]): unknown {
    const f = o.functional ?? o;
    const d = f.decl;
    const down = (): unknown =>
      below(this, () =>
        toLevel(
          o,
          args.map((a) => mapTensors(a, this.primal)),
        ),
      );
    if (o.functional) return this.inplace(o, f, args, down);
    const any = tensorsIn(args).some((t) => this.tangent(t));
    if (f.isView) {
      const self = args[0] as Tensor;
      const p = down() as Tensor;
      if (self.level !== this || !isDifferentiable(p.dtype) || d.grad === 'none') return this.wrap(p, null);
      return this.wrap(p, below(this, () => toLevel(o, [this.solid(self), ...args.slice(1)])) as Tensor);
    }
    if (!any || d.grad === 'none') {
      if (any && d.decompose && !d.kernel) return quietly(() => d.decompose!(named(o, args)));
      return mapTensors(down(), (t) => this.wrap(t, null));
    }
    if (!f.isPointwise && !d.linear && d.decompose) return quietly(() => d.decompose!(named(o, args)));
    const r = down();
    const t = below(this, () => this.push(f, args, Array.isArray(r) ? r : [r as Tensor]));
    return Array.isArray(r) ? r.map((x, i) => this.wrap(x, t[i] ?? null)) : this.wrap(r as Tensor, t[0] ?? null);
  }
  /** Tangents of the results, in operators of the level below. */
  private push(f: Op, args: unknown[], results: readonly Tensor[]): (Tensor | null)[] {
    const zeroed = (t: Tensor): Tensor => this.tangent(t) ?? (isDifferentiable(t.dtype) ? zeros(this.primal(t).layout) : this.primal(t));
    if (f.decl.linear) {
      const r = toLevel(
        f,
        args.map((a) => mapTensors(a, zeroed)),
      );
      return Array.isArray(r) ? r : [r as Tensor];
    }
    const primals = args.map((a) => mapTensors(a, this.primal));
    if (f.isPointwise) return this.pushFormula(f, args, primals, results);
    // Note [Double vjp]: u ↦ vjp(u) is linear, and its transpose applied to the tangents is the jvp.
    const ts = f.tensors.flatMap((i) => (f.params[i]!.list ? (args[i] as unknown[]) : [args[i]]));
    return enter(new GradLevel(state.top, state.grad), (l) => {
      state.grad = true;
      const us = results.map((r) => {
        const w = wrap(
          l,
          below(l, () => zeros(r.layout)),
        );
        w._requires_grad = isDifferentiable(r.dtype);
        return w;
      });
      const gs = pullback(f, primals, results)(us);
      const s = gs.flatMap((g, i) => {
        const x = ts[i];
        const t = x instanceof Tensor ? this.tangent(x) : null;
        return g && t ? [realInner(g, t)] : [];
      });
      const wanted = us.filter((u) => u._requires_grad);
      if (s.length === 0 || wanted.length === 0) return results.map(() => null);
      const total = s.reduce((a, b) => F.add$Tensor(a, b));
      if (!total._requires_grad && total._node === null) return results.map(() => null);
      const found = lowered(l, backward([total], [null], l, { inputs: wanted, create_graph: true })) as (Tensor | null)[];
      return us.map((u) => (u._requires_grad ? found[wanted.indexOf(u)]! : null));
    });
  }
  private pushFormula(f: Op, args: readonly unknown[], primals: readonly unknown[], results: readonly Tensor[]): (Tensor | null)[] {
    const mask = f.tensors.map((i) => args[i] instanceof Tensor && this.tangent(args[i] as Tensor) !== null);
    const d = derive(f, f.formula(primals), 'jvp', mask);
    if (!d) return results.map(() => null);
    // A complex result of real inputs: its tangent is complex, and so is what it is computed from.
    const complex = results.find((x) => x.dtype.is_complex)?.dtype;
    const seed = (t: Tensor): Tensor => (complex && !t.dtype.is_complex ? F._to_copy(t, complex) : t);
    const r = call(
      d.op,
      d.reads.map((i) => (i >= RESULT ? results[i - RESULT] : i >= SEED ? seed(this.tangent(args[i - SEED] as Tensor)!) : primals[i])),
    );
    const rs = Array.isArray(r) ? (r as Tensor[]) : [r as Tensor];
    const out: (Tensor | null)[] = results.map(() => null);
    d.outputs.forEach((k, j) => {
      out[k] = matched(rs[j]!, results[k]!);
    });
    return out;
  }
  private inplace(o: Op, f: Op, args: unknown[], down: () => unknown): unknown {
    const self = args[0] as Tensor;
    const still = tensorsIn(args).every((t) => !this.tangent(t));
    if (self.level !== this && still) return (down(), self);
    if (self.level !== this)
      throw new RuntimeError(`${o.name}: a tensor captured from outside the transform cannot be changed in place inside it`);
    if (!f.isPointwise && !f.decl.linear && f.decl.decompose)
      return F.copy_(self, quietly(() => f.decl.decompose!(named(f, args))) as Tensor);
    if (still) return (down(), self);
    const t = below(this, () =>
      this.push(f, args, [
        toLevel(
          f,
          args.map((a) => mapTensors(a, this.primal)),
        ) as Tensor,
      ]),
    )[0];
    down();
    below(this, () => F.copy_(this.solid(self), t ?? zeros(self.value!.layout)));
    return self;
  }
}
/** Re⟨g, t⟩, the pairing in which PyTorch's complex gradients are gradients. */
function realInner(g: Tensor, t: Tensor): Tensor {
  const s = F.sum(F.mul$Tensor(g, t.dtype.is_complex ? F.conj(t) : t));
  return s.dtype.is_complex ? F._to_copy(s, s.dtype.to_real()) : s;
}
function matched(t: Tensor, like: Tensor): Tensor {
  const cast = t.dtype === like.dtype ? t : F._to_copy(t, like.dtype);
  return sameShape(cast.layout.shape, like.layout.shape) ||
    (cast.ndim === like.ndim && numel(cast.layout.shape) === numel(like.layout.shape))
    ? cast
    : F.expand(cast, like.layout.shape as number[]);
}

/** A tangent with its dimensions in memory in the order of the primal's: what depends on strides finds the same ones. */
function ordered(t: Tensor, primal: Tensor): Tensor {
  const { stride } = primal.layout;
  if (t.ndim !== primal.ndim || sameShape(stride, t.layout.stride)) return t;
  const order = stride.map((_, i) => i).sort((a, b) => stride[b]! - stride[a]! || a - b);
  const dense = F.clone(F.permute(t, order), contiguous_format);
  return F.permute(
    dense,
    order.map((_, i) => order.indexOf(i)),
  );
}

/** (f(primals), its derivative along the tangents); see https://pytorch.org/docs/stable/generated/torch.func.jvp.html. */
export function jvp<R>(f: (...a: never[]) => R, primals: readonly unknown[], tangents: readonly unknown[]): [R, R] {
  if (primals.length !== tangents.length) throw new RuntimeError('jvp: Expected primals and tangents to have the same python structure');
  return enter(new JvpLevel(state.top), (l) => {
    const flat: Tensor[] = [];
    mapTree(tangents, (t) => flat.push(t));
    let k = 0;
    const r = f(
      ...(mapTree(primals, (p) =>
        l.wrap(
          p,
          below(l, () => ordered(flat[k++]!, p)),
        ),
      ) as never[]),
    );
    const value = mapTree(r, l.primal) as R;
    const tangent = mapTree(r, (t) => l.tangent(t) ?? below(l, () => zeros(l.primal(t).layout))) as R;
    return [value, tangent];
  });
}
