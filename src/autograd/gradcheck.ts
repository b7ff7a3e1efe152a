// Gradients against finite differences.
import { RuntimeError } from '../core/errors.ts';
import { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { withGrad } from '../dispatch/state.ts';
import { complexes, reals, store } from '../backend/reference/arrays.ts';
import { grad } from './grad.ts';
import { requiresGrad } from './views.ts';

export interface GradcheckOptions {
  eps?: number;
  atol?: number;
  rtol?: number;
  raise_exception?: boolean;
  nondet_tol?: number;
  check_batched_grad?: boolean;
}
type Fn = (...a: never[]) => unknown;
const outputsOf = (r: unknown): Tensor[] =>
  (Array.isArray(r) ? (r as unknown[]) : [r]).filter(
    (t): t is Tensor => t instanceof Tensor && (t.dtype.is_floating_point || t.dtype.is_complex),
  );
/** Real coordinates of a tensor: complex numbers are two. */
const coordinates = (t: Tensor): Float64Array => (t.dtype.is_complex ? complexes(t) : reals(t));

/**
 * Compares the gradients of a function of float64 (or complex128) tensors with central differences.
 * See https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html.
 * @throws RuntimeError naming the Jacobians that differ, unless `raise_exception` is false.
 */
export function gradcheck(f: Fn, inputs: Tensor | readonly unknown[], options: GradcheckOptions = {}): boolean {
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3, raise_exception = true } = options;
  const args = inputs instanceof Tensor ? [inputs] : [...inputs];
  const wrt = args.flatMap((a, i) => (a instanceof Tensor && requiresGrad(a) ? [i] : []));
  if (wrt.length === 0)
    throw new Error('gradcheck expects at least one input tensor to require gradient, but none of the them have requires_grad=True.');
  const outs = outputsOf(f(...(args as never[])));
  const fail = (message: string): false => {
    if (raise_exception) throw new RuntimeError(message);
    return false;
  };
  for (const [k, y] of outs.entries()) {
    for (const i of wrt) {
      const x = args[i] as Tensor;
      const numeric = numericJacobian(f, args, i, k, eps);
      const analytic = analyticJacobian(y, x);
      for (let r = 0; r < numeric.length; r++) {
        for (let c = 0; c < numeric[r]!.length; c++) {
          const [n, a] = [numeric[r]![c]!, analytic[r]![c]!];
          if (!(Math.abs(a - n) <= atol + rtol * Math.abs(n)) && !(Number.isNaN(a) && Number.isNaN(n))) {
            return fail(
              `Jacobian mismatch for output ${k} with respect to input ${i},\nnumerical:${n}\nanalytical:${a}\n(at entry ${r}, ${c})`,
            );
          }
        }
      }
    }
  }
  return true;
}
function numericJacobian(f: Fn, args: readonly unknown[], i: number, k: number, eps: number): number[][] {
  const x = args[i] as Tensor;
  const base = coordinates(x).slice();
  const at = (c: number, d: number): Float64Array => {
    const moved = base.slice();
    moved[c]! += d;
    const t = F.empty_like(x.detach());
    setCoordinates(t, moved);
    const y = withGrad(false, () => outputsOf(f(...(args.map((a, j) => (j === i ? t : a)) as never[])))[k]!);
    return coordinates(y).slice();
  };
  return Array.from(base, (_, c) => {
    const [plus, minus] = [at(c, eps), at(c, -eps)];
    return Array.from(plus, (p, r) => (p - minus[r]!) / (2 * eps));
  });
}
/** Rows by input coordinate, columns by output coordinate, as the numeric one. */
function analyticJacobian(y: Tensor, x: Tensor): number[][] {
  const n = coordinates(y).length;
  const m = coordinates(x).length;
  const rows = Array.from({ length: m }, () => new Array<number>(n).fill(0));
  if (!requiresGrad(y)) return rows;
  for (let c = 0; c < n; c++) {
    const seed = new Float64Array(n);
    seed[c] = 1;
    const v = F.zeros_like(y.detach());
    setCoordinates(v, seed);
    const [g] = grad([y], [x], { grad_outputs: [v], retain_graph: true, allow_unused: true });
    if (g)
      coordinates(g).forEach((value, r) => {
        rows[r]![c] = value;
      });
  }
  return rows;
}
function setCoordinates(t: Tensor, values: Float64Array): void {
  store(t, values);
}
/** gradcheck of the gradients themselves, with random output gradients. */
export function gradgradcheck(
  f: Fn,
  inputs: Tensor | readonly unknown[],
  grad_outputs: Tensor | readonly Tensor[] | null = null,
  options: GradcheckOptions = {},
): boolean {
  const args = inputs instanceof Tensor ? [inputs] : [...inputs];
  const outs = outputsOf(f(...(args as never[])));
  const seeds =
    grad_outputs === null ? outs.map((o, k) => spread(o, k)) : grad_outputs instanceof Tensor ? [grad_outputs] : [...grad_outputs];
  for (const s of seeds) s.requires_grad_(true);
  const wrt = args.flatMap((a, i) => (a instanceof Tensor && requiresGrad(a) ? [i] : []));
  const first = (...all: unknown[]): unknown => {
    const xs = all.slice(0, args.length);
    const gs = all.slice(args.length) as Tensor[];
    return withGrad(true, () => {
      const live = xs.map((x, i) => (wrt.includes(i) && !requiresGrad(x as Tensor) ? (x as Tensor).detach().requires_grad_(true) : x));
      const ys = outputsOf(f(...(live as never[])));
      return grad(
        ys,
        wrt.map((i) => live[i] as Tensor),
        { grad_outputs: gs, create_graph: true, allow_unused: true },
      ).filter((g) => g !== null);
    });
  };
  return gradcheck(first as Fn, [...args, ...seeds], options);
}
/** Fixed, asymmetric weights: checks need no random numbers. */
function spread(like: Tensor, k: number): Tensor {
  const n = coordinates(like).length;
  const t = F.zeros_like(like.detach());
  setCoordinates(
    t,
    Float64Array.from({ length: n }, (_, i) => Math.sin(1 + 0.7 * i + k)),
  );
  return t;
}
