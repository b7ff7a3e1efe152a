// Distances between vectors: pairwise, all pairs, cosine similarity.
import { ownDistancesInto, pairDistancesBackwardInto, pairDistancesInto } from '../backend/reference/distance.ts';
import { bfloat16, float16, int64, promote_types } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError, ValueError } from '../core/errors.ts';
import { FloatScalar } from '../core/scalar.ts';
import { broadcastShapes } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { joint, op, uses } from '../dispatch/operator.ts';
import { converted } from './reduce.ts';

op('pairwise_distance(Tensor x1, Tensor x2, float p=2, float eps=1e-6, bool keepdim=False) -> Tensor', {
  doc: 'The p-norm of x1 − x2 + eps along the last dimension.',
  decompose: ({ x1, x2, p, eps, keepdim }) => {
    const shape = x1.ndim > x2.ndim ? x1 : x2;
    return F.norm(x1.sub(x2).add(new FloatScalar(eps)), p, [shape.ndim - 1], keepdim);
  },
  surface: ['function', 'nn.functional'],
});
op('normalize(Tensor input, float p=2., int[1] dim=1, float eps=1e-12) -> Tensor', {
  doc: 'Vectors along a dimension divided by their p-norms, which count at least eps.',
  decompose: ({ input, p, dim, eps }) =>
    input.div(
      F.norm(input, p, dim, true)
        .clamp_min(eps)
        .expand(input.layout.shape as number[]),
    ),
  surface: ['nn.functional'],
});
op('cosine_similarity(Tensor x1, Tensor x2, int dim=1, float eps=1e-8) -> Tensor', {
  doc: 'The cosine of the angle between vectors along a dimension; norms count at least eps.',
  decompose: ({ x1, x2, dim, eps }) => {
    const dtype = promote_types(x1.dtype, x2.dtype);
    if (!dtype.is_floating_point)
      throw new RuntimeError(`expected common dtype to be floating point, yet common dtype is ${dtype.scalarName}`);
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

// ---- all pairs ----------------------------------------------------------------------------------------------------
const INFINITE = Number.POSITIVE_INFINITY;
op('_distance_slope(Tensor grad, Tensor diff, Tensor dist, float p) -> Tensor', {
  doc: 'The derivative of a p-norm with respect to one element; 0 where the norm is 0.',
  pointwise: (grad, diff, dist, p) => {
    if (p === 0) return grad.mul(0);
    if (p === 1) return grad.mul(diff.sgn());
    if (p === INFINITE) return diff.abs().lt(dist).where(0, grad.mul(diff.sgn()));
    const flat = p < 1 ? dist.eq(0).or(diff.eq(0)) : dist.eq(0);
    if (p === 2) return flat.where(0, grad.mul(diff).div(dist));
    const power = p < 2 ? diff.sgn().mul(diff.abs().pow(p - 1)) : diff.mul(diff.abs().pow(p - 2));
    return flat.where(0, power.mul(grad).div(dist.pow(p - 1)));
  },
  surface: [],
});
function checkPairs(x1: Tensor, x2: Tensor, p: number): void {
  const columns = (t: Tensor): number => t.layout.shape[t.ndim - 1]!;
  [x1, x2].forEach((x, i) => {
    if (!x.dtype.is_floating_point)
      throw new RuntimeError(`cdist only supports floating-point dtypes, X${i + 1} got: ${x.dtype.scalarName}`);
  });
  [x1, x2].forEach((x, i) => {
    if (x.ndim < 2) throw new RuntimeError(`cdist only supports at least 2D tensors, X${i + 1} got: ${x.ndim}D`);
  });
  if (columns(x1) !== columns(x2))
    throw new RuntimeError(`X1 and X2 must have the same number of columns. X1: ${columns(x1)} X2: ${columns(x2)}`);
  if (p < 0) throw new RuntimeError('cdist only supports non-negative p values');
}
function requirePrecision(name: string, x: Tensor): void {
  if (x.dtype === float16 || x.dtype === bfloat16) throw new NotImplementedError(`"${name}" not implemented for '${x.dtype.scalarName}'`);
}
const batched = (x1: Tensor, x2: Tensor): [Tensor, Tensor] => {
  const lead = broadcastShapes(x1.layout.shape.slice(0, -2), x2.layout.shape.slice(0, -2)) as number[];
  const expanded = (x: Tensor): Tensor => x.expand([...lead, ...x.layout.shape.slice(-2)]);
  return [expanded(x1), expanded(x2)];
};
op('_cdist_forward(Tensor x1, Tensor x2, float p, int? compute_mode) -> Tensor', {
  doc: 'The p-norm distances of all pairs of rows, by their differences.',
  meta: ({ x1, x2, p }) => {
    checkPairs(x1, x2, p);
    requirePrecision('cdist', x1);
    if (x1.dtype !== x2.dtype) throw new RuntimeError(`expected scalar type ${x1.dtype.scalarName} but found ${x2.dtype.scalarName}`);
    return { shape: [...x1.layout.shape.slice(0, -1), x2.layout.shape[x2.ndim - 2]!], dtype: x1.dtype };
  },
  kernel: ({ x1, x2, p }, out) => pairDistancesInto(out!, x1, x2, p),
  grad: joint('x1', 'x2', 'result', ([g], { x1, x2, p, result }, needs) => ({
    x1: needs.x1 ? F._cdist_backward(g!, x1, x2, p, result) : null,
    x2: needs.x2 ? F._cdist_backward(g!.mT, x2, x1, p, result.mT) : null,
  })),
  gradName: 'CdistBackward0',
  surface: [],
});
op('_cdist_backward(Tensor grad_output, Tensor x1, Tensor x2, float p, Tensor cdist) -> Tensor', {
  doc: 'The gradient of distances with respect to x1.',
  decompose: ({ grad_output, x1, x2, p, cdist }) =>
    F._distance_slope(grad_output.unsqueeze(-1), x1.unsqueeze(-2).sub(x2.unsqueeze(-3)), cdist.unsqueeze(-1), p).sum([-2]),
  meta: ({ x1 }) => ({ shape: x1.layout.shape, dtype: x1.dtype }),
  kernel: ({ grad_output, x1, x2, p, cdist }, out) => pairDistancesBackwardInto(out!, grad_output, x1, x2, p, cdist),
  surface: [],
});
function distancesByProduct(x1: Tensor, x2: Tensor): Tensor {
  const square = (x: Tensor): Tensor => x.square().sum([-1], true);
  const [a, b] = [square(x1), square(x2)];
  const left = F.cat([x1.mul(-2), a, F.ones_like(a)], -1);
  const right = F.cat([x2, F.ones_like(b), b], -1);
  return left.matmul(right.mT).clamp_min(0).sqrt();
}
op('_euclidean_dist(Tensor x1, Tensor x2) -> Tensor', {
  doc: 'The Euclidean distances of all pairs of rows, by one matrix product.',
  decompose: ({ x1, x2 }) => distancesByProduct(x1, x2),
  meta: ({ x1, x2 }) => ({ shape: [...x1.layout.shape.slice(0, -1), x2.layout.shape[x2.ndim - 2]!], dtype: x1.dtype }),
  kernel: ({ x1, x2 }, out) => F.copy_(out!, distancesByProduct(x1.detach(), x2.detach())),
  grad: joint('x1', 'x2', 'result', ([g], { x1, x2, result }, needs) => {
    // Where the distance is 0 its subgradient 0 is taken.
    const ratio = g!.div(result).masked_fill(result.eq(0), 0);
    return {
      x1: needs.x1 ? x1.mul(ratio.sum([-1], true)).sub(ratio.matmul(x2)) : null,
      x2: needs.x2 ? x2.mul(ratio.sum([-2]).unsqueeze(-1)).sub(ratio.mT.matmul(x1)) : null,
    };
  }),
  surface: [],
});
const COMPUTE_MODES = ['use_mm_for_euclid_dist_if_necessary', 'use_mm_for_euclid_dist', 'donot_use_mm_for_euclid_dist'];
op('cdist(Tensor x1, Tensor x2, float p=2., str compute_mode="use_mm_for_euclid_dist_if_necessary") -> Tensor', {
  doc: 'The p-norm distances of all pairs of rows of two (batches of) matrices (…, P, M) and (…, R, M): (…, P, R).',
  decompose: ({ x1, x2, p, compute_mode }) => {
    const mode = COMPUTE_MODES.indexOf(compute_mode);
    if (mode < 0) throw new ValueError(`${compute_mode} is not a valid value for compute_mode`);
    checkPairs(x1, x2, p);
    const [a, b] = batched(x1, x2);
    const [rows, columns] = [a.layout.shape[a.ndim - 2]!, b.layout.shape[b.ndim - 2]!];
    const product = p === 2 && (mode === 1 || (mode === 0 && (rows > 25 || columns > 25)));
    return product && a.layout.numel > 0 && b.layout.numel > 0 ? F._euclidean_dist(a, b) : F._cdist_forward(a, b, p, mode);
  },
  autocast: 'float32',
});

// ---- pairs of one matrix ------------------------------------------------------------------------------------------
op('_pdist_forward(Tensor self, float p=2.) -> Tensor', {
  doc: 'The p-norm distances of rows i < j.',
  meta: ({ self, p }) => {
    if (self.ndim !== 2) throw new RuntimeError(`pdist only supports 2D tensors, got: ${self.ndim}D`);
    if (!self.dtype.is_floating_point) throw new RuntimeError('pdist only supports floating-point dtypes');
    if (p < 0) throw new RuntimeError('pdist only supports non-negative p values');
    requirePrecision('pdist', self);
    const n = self.layout.shape[0]!;
    return { shape: [n < 2 ? 0 : (n * (n - 1)) / 2], dtype: self.dtype };
  },
  kernel: ({ self, p }, out) => ownDistancesInto(out!, self, p),
  grad: { self: uses('self', 'result', (g, { self, p, result }) => F._pdist_backward(g, self, p, result)) },
  gradName: 'PdistBackward0',
  inplace: false,
  surface: [],
});
op('_pdist_backward(Tensor grad, Tensor self, float p, Tensor pdist) -> Tensor', {
  doc: 'The gradient of pdist.',
  decompose: ({ grad, self, p, pdist }) => {
    const n = self.layout.shape[0]!;
    const [i, j] = F.triu_indices(n, n, 1, int64).unbind(0) as [Tensor, Tensor];
    const each = F._distance_slope(grad.unsqueeze(1), self.index_select(0, i).sub(self.index_select(0, j)), pdist.unsqueeze(1), p);
    return F.zeros_like(self).index_add(0, i, each).index_add(0, j, each.neg());
  },
  surface: [],
});
op('pdist(Tensor self, float p=2) -> Tensor', {
  doc: 'The p-norm distances of all pairs of different rows of a matrix (N, M): N · (N − 1) / 2 of them.',
  decompose: ({ self, p }) => F._pdist_forward(self.contiguous(), p),
  autocast: 'float32',
  inplace: false,
  surface: ['function', 'nn.functional'],
});
