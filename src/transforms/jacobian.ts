// Jacobians and Hessians: vmap over the columns of an identity.
import { numel } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { at } from '../dispatch/state.ts';
import { leaves, pullbackOf, rebuilt } from './grad.ts';
import { jvp } from './jvp.ts';
import { type Randomness, vmap } from './vmap.ts';

export interface JacobianOptions {
  argnums?: number;
  has_aux?: boolean;
  /** What random operators do, in forward mode: see vmap. */
  randomness?: Randomness;
}
function basis(t: Tensor): Tensor {
  const n = numel(t.layout.shape);
  return at(null, () => F.reshape(F.eye(n, t.dtype), [n, ...t.layout.shape]));
}
const withArgument = (f: (...a: never[]) => unknown, a: readonly unknown[], i: number): ((x: never) => unknown) => {
  return (x) => f(...(a.map((y, k) => (k === i ? x : y)) as never[]));
};

/** The Jacobian by forward mode: output shape, then input shape. */
export function jacfwd(f: (...a: never[]) => unknown, options: JacobianOptions | number = {}): (...a: unknown[]) => unknown {
  const { argnums = 0, randomness = 'error' } = typeof options === 'number' ? { argnums: options } : options;
  return (...a) => {
    const x = a[argnums] as Tensor;
    const g = withArgument(f, a, argnums);
    const columns = vmap((v: Tensor) => jvp(g, [x], [v])[1], { out_dims: -1, randomness })(basis(x));
    return rebuilt(
      columns,
      leaves(columns).map((c) => F.reshape(c, [...c.layout.shape.slice(0, -1), ...x.layout.shape])),
    );
  };
}
/** The Jacobian by reverse mode. */
export function jacrev(f: (...a: never[]) => unknown, options: JacobianOptions | number = {}): (...a: unknown[]) => unknown {
  const argnums = typeof options === 'number' ? options : (options.argnums ?? 0);
  return (...a) => {
    const x = a[argnums] as Tensor;
    const { output, pull } = pullbackOf(withArgument(f, a, argnums), [x]);
    const outs = leaves(output);
    const parts = outs.map((y, i) => {
      const row = (v: Tensor): Tensor => pull(outs.map((o, k) => (k === i ? v : F.zeros_like(o))))[0] as Tensor;
      return F.reshape(vmap(row)(basis(y)), [...y.layout.shape, ...x.layout.shape]);
    });
    return rebuilt(output, parts);
  };
}
/** Second derivatives of a function: forward over reverse. */
export const hessian = (f: (...a: never[]) => unknown, options: JacobianOptions | number = {}): ((...a: unknown[]) => unknown) =>
  jacfwd(jacrev(f, options) as never, options);
