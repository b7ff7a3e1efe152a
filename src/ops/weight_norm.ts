// Weight normalisation: a weight as its length times its direction; see Salimans and Kingma 2016.
import { RuntimeError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { op } from '../dispatch/operator.ts';

/** The norm of v over all dimensions but `dim`, which keep size 1; −1: over all. */
function normExcept(v: Tensor, pow: number, dim: number): Tensor {
  if (dim === -1) return v.norm(pow);
  return v.norm(
    pow,
    v.layout.shape.flatMap((_, i) => (i === dim ? [] : [i])),
    true,
  );
}
op('norm_except_dim(Tensor v, int pow=2, int dim=0) -> Tensor', {
  doc: 'The norm over all dimensions but one, which keep size 1; dim −1: over all.',
  decompose: ({ v, pow, dim }) => normExcept(v, pow, dim),
  surface: ['function'],
  inplace: false,
});
op('_weight_norm_interface(Tensor v, Tensor g, int dim=0) -> (Tensor result0, Tensor result1)', {
  doc: 'v scaled to norm g along the first or the last dimension, and the norms of v.',
  decompose: ({ v, g, dim }) => {
    if (dim !== 0 && dim !== v.ndim - 1) throw new RuntimeError(`_weight_norm_interface: dim must be 0 or ${v.ndim - 1}, got ${dim}`);
    const norm = normExcept(v, 2, dim);
    return [v.mul(g.div(norm)), norm];
  },
  surface: ['function'],
});
op('_weight_norm(Tensor v, Tensor g, int dim=0) -> Tensor', {
  doc: 'v scaled to norm g; the norm is over all dimensions but `dim`.',
  decompose: ({ v, g, dim }) => v.mul(g.div(normExcept(v, 2, dim))),
  surface: ['function'],
  inplace: false,
});
