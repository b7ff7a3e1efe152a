// Distances between batches of vectors.
import type { Tensor } from '../core/tensor.ts';
import * as F from './functional.ts';
import { configured } from './simple.ts';

/** The p-norm of x₁ − x₂ + ε over the last dimension. */
export class PairwiseDistance extends configured((p = 2, eps = 1e-6, keepdim = false) => ({ p, eps, keepdim })) {
  static override readonly __name__: string = 'PairwiseDistance';
  /** PyTorch's name of `p`. */
  get norm(): number {
    return this.p;
  }
  forward(x1: Tensor, x2: Tensor): Tensor {
    return F.pairwise_distance(x1, x2, this.p, this.eps, this.keepdim);
  }
}
/** The cosine of the angle between x₁ and x₂ along a dimension. */
export class CosineSimilarity extends configured((dim = 1, eps = 1e-8) => ({ dim, eps })) {
  static override readonly __name__: string = 'CosineSimilarity';
  forward(x1: Tensor, x2: Tensor): Tensor {
    return F.cosine_similarity(x1, x2, this.dim, this.eps);
  }
}
