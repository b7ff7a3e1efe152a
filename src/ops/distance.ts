// Distances between vectors: pairwise, all pairs, cosine similarity.
import { promote_types } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { broadcastShapes } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';
import { converted } from './reduce.ts';

op('pairwise_distance(Tensor x1, Tensor x2, float p=2, float eps=1e-6, bool keepdim=False) -> Tensor', {
  doc: 'The p-norm of x1 − x2 + eps along the last dimension.',
  decompose: ({ x1, x2, p, eps, keepdim }) => {
    const shape = x1.ndim > x2.ndim ? x1 : x2;
    return F.norm(x1.sub(x2).add(eps), p, [shape.ndim - 1], keepdim);
  },
  surface: ['function', 'nn.functional'],
});
op('cosine_similarity(Tensor x1, Tensor x2, int dim=1, float eps=1e-8) -> Tensor', {
  doc: 'The cosine of the angle between vectors along a dimension; norms count at least eps.',
  decompose: ({ x1, x2, dim, eps }) => {
    const dtype = promote_types(x1.dtype, x2.dtype);
    if (!dtype.is_floating_point) throw new RuntimeError(`expected common dtype to be floating point, yet common dtype is ${dtype.scalarName}`);
    const shape = broadcastShapes(x1.layout.shape, x2.layout.shape) as number[];
    const unit = (t: Tensor): Tensor => {
      const x = converted(t, dtype).expand(shape);
      const norm = F.linalg_vector_norm(x, 2, [dim], true);
      // The bound does not take part in the gradient.
      return x.div(norm.add(norm.clamp_min(eps).sub(norm).detach()));
    };
    return unit(x1).mul(unit(x2)).sum([dim]);
  },
  autocast: 'float32',
  surface: ['function', 'nn.functional'],
});
