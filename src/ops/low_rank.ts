// Singular value decompositions of low rank, by random projections (Halko, Martinsson and Tropp 2009, algorithm 5.1).
import { Category, get_default_dtype } from '../core/dtype.ts';
import { ValueError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';
import { sizeOf } from './matrices.ts';

const basis = (t: Tensor): Tensor => F.linalg_qr(t, 'reduced')[0];
/** q orthonormal columns that nearly span the range of A. */
function approximateBasis(A: Tensor, q: number, niter: number): Tensor {
  const dtype = A.dtype.category < Category.Floating ? get_default_dtype() : A.dtype;
  let Q = basis(A.matmul(F.randn([sizeOf(A)[1], q], null, dtype, null, A.device)));
  for (let i = 0; i < niter; i++) Q = basis(A.matmul(basis(A.mH.matmul(Q))));
  return Q;
}
function lowRank(self: Tensor, q: number, niter: number): [Tensor, Tensor, Tensor] {
  const [m, n] = sizeOf(self);
  const A = m < n ? self.mH : self;
  const Q = approximateBasis(A, q, niter);
  const [inner, S, Vh] = F.linalg_svd(Q.mH.matmul(A), false, null);
  const U = Q.matmul(inner);
  return m < n ? [Vh.mH, S, U] : [U, S, Vh.mH];
}
op('svd_lowrank(Tensor A, int? q=6, int? niter=2, Tensor? M=None) -> (Tensor result0, Tensor result1, Tensor result2)', {
  doc: 'U, S and V of an approximate decomposition A − M ≈ U·diag(S)·Vᴴ with q singular values, by random projection.',
  decompose: ({ A, q, niter, M }) => lowRank(M ? A.sub(M.expand(A.shape)) : A, q ?? 6, niter ?? 2),
  random: true,
});
op('pca_lowrank(Tensor A, int? q=None, bool center=True, int niter=2) -> (Tensor result0, Tensor result1, Tensor result2)', {
  doc: 'The q principal components of the rows of A, as U, S and V of the (centred) matrix, by random projection.',
  decompose: ({ A, q, center, niter }) => {
    const [m, n] = sizeOf(A);
    const most = Math.min(m, n);
    const wanted = q ?? Math.min(6, most);
    if (wanted < 0 || wanted > most)
      throw new ValueError(`q(=${wanted}) must be non-negative integer and not greater than min(m, n)=${most}`);
    if (niter < 0) throw new ValueError(`niter(=${niter}) must be non-negative integer`);
    return lowRank(center ? A.sub(F.mean$dim(A, [-2], true)) : A, wanted, niter);
  },
  random: true,
});
