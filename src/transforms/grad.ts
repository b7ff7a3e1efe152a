// grad and vjp: a tape of its own for one call.
import { isDifferentiable } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { Tensor as TensorClass } from '../core/tensor.ts';
import { backward } from '../autograd/engine.ts';
import { tape, type TapeLevel, wrap } from '../autograd/tape.ts';
import { zeros } from '../autograd/views.ts';
import { F } from '../dispatch/handles.gen.ts';
import type { Op } from '../dispatch/operator.ts';
import { type Level, state } from '../dispatch/state.ts';
import { enter } from './level.ts';

export class GradLevel implements TapeLevel {
  readonly kind = 'grad';
  alive = true;
  recording = true;
  constructor(
    readonly below: Level | null,
    readonly outerGrad: boolean,
  ) {}
  handle(o: Op, args: unknown[]): unknown {
    return tape(o, args, this);
  }
}
export const lowered = (l: Level, x: unknown): unknown => mapTree(x, (t) => (t.level === l ? t.value! : t));

/** Tensors in arrays and plain objects, as PyTorch's pytrees. */
export function mapTree(x: unknown, f: (t: Tensor) => unknown): unknown {
  if (x instanceof TensorClass) return f(x);
  if (Array.isArray(x)) return x.map((y) => mapTree(y, f));
  if (typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype) {
    return Object.fromEntries(Object.entries(x).map(([k, y]) => [k, mapTree(y, f)]));
  }
  return x;
}
export function leaves(x: unknown): Tensor[] {
  const found: Tensor[] = [];
  mapTree(x, (t) => {
    found.push(t);
    return t;
  });
  return found;
}
/** The same structure with other leaves. */
export function rebuilt(x: unknown, values: readonly unknown[]): unknown {
  let k = 0;
  return mapTree(x, () => values[k++]);
}

export interface Pullback<R> {
  readonly output: R;
  readonly aux: unknown;
  /** Gradients of the inputs, in their structure. */
  readonly pull: (cotangents: unknown) => unknown[];
}
/** f at the inputs and its pullback, which stays valid after the level has ended. */
export function pullbackOf<R>(f: (...a: never[]) => R, inputs: readonly unknown[], hasAux = false): Pullback<R> {
  return enter(new GradLevel(state.top, state.grad), (l) => {
    state.grad = true;
    const flat: Tensor[] = [];
    const xs = inputs.map((x) =>
      mapTree(x, (t) => {
        const w = wrap(l, t);
        w._requires_grad = isDifferentiable(t.dtype);
        flat.push(w);
        return w;
      }),
    );
    const raw = f(...(xs as never[]));
    const [r, aux] = hasAux ? (raw as unknown as [R, unknown]) : [raw, undefined];
    const outs = leaves(r);
    const pull = (cotangents: unknown): unknown[] => {
      const gs = leaves(cotangents);
      if (gs.length !== outs.length)
        throw new RuntimeError(`Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function.`);
      const reachable = outs.map((o, i) => [o, gs[i]!] as const).filter(([o]) => o.level === l && (o._requires_grad || o._node !== null));
      const wanted = flat.filter((w) => w._requires_grad);
      const found = reachable.length
        ? backward(
            reachable.map(([o]) => o),
            reachable.map(([, g]) => g),
            l,
            { inputs: wanted, retain_graph: true, create_graph: true },
          )
        : wanted.map(() => null);
      const values = flat.map((w) => {
        const g = w._requires_grad ? found[wanted.indexOf(w)] : null;
        return lowered(l, g ?? zeros(w.layout));
      });
      let k = 0;
      return inputs.map((x) => mapTree(x, () => values[k++]));
    };
    return { output: lowered(l, r) as R, aux: lowered(l, aux), pull };
  });
}

/** (outputs, pullback); see https://pytorch.org/docs/stable/generated/torch.func.vjp.html. */
export function vjp<R>(f: (...a: never[]) => R, ...primals: unknown[]): [R, (cotangents: unknown) => unknown] {
  const { output, pull } = pullbackOf(f, primals);
  return [output, (g) => (primals.length === 1 ? pull(g)[0] : pull(g))];
}

export interface GradOptions {
  argnums?: number | readonly number[];
  has_aux?: boolean;
}
/** The function that gives gradient and value. */
export function grad_and_value(f: (...a: never[]) => unknown, options: GradOptions | number = {}): (...a: unknown[]) => unknown {
  const { argnums = 0, has_aux = false } = typeof options === 'number' ? { argnums: options } : options;
  return (...a) => {
    const which = typeof argnums === 'number' ? [argnums] : argnums;
    const at = which.map((i) => (i < 0 ? i + a.length : i));
    for (const i of at) if (i < 0 || i >= a.length) throw new RuntimeError(`Got argnum=${i}, but only ${a.length} positional inputs`);
    const { output, aux, pull } = pullbackOf(
      (...xs: never[]) => {
        const full = a.slice();
        at.forEach((i, k) => {
          full[i] = xs[k];
        });
        return f(...(full as never[]));
      },
      at.map((i) => a[i]),
      has_aux,
    );
    const y = output as Tensor;
    if (!(y instanceof TensorClass) || y.ndim !== 0) {
      throw new RuntimeError(
        `grad(f)(*args): Expected f(*args) to return a scalar tensor, got tensor with ${y instanceof TensorClass ? y.ndim : 'no'} dims. Maybe you wanted to use the vjp or jacrev APIs instead?`,
      );
    }
    const gs = pull(F.ones_like(y));
    const g = typeof argnums === 'number' ? gs[0] : gs;
    return has_aux ? [g, [y, aux]] : [g, y];
  };
}
/** The gradient of a scalar function; see https://pytorch.org/docs/stable/generated/torch.func.grad.html. */
export function grad(f: (...a: never[]) => unknown, options: GradOptions | number = {}): (...a: unknown[]) => unknown {
  const both = grad_and_value(f, options);
  const aux = typeof options === 'object' && options.has_aux;
  return (...a) => {
    const [g, v] = both(...a) as [unknown, unknown];
    return aux ? [g, (v as unknown[])[1]] : g;
  };
}
