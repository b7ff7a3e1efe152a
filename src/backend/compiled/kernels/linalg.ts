// LU, Cholesky, QR, determinants, linear and triangular systems of real matrices; eigenvalues and singular values of all. What is singular, not
// positive-definite, not finite or does not converge is the reference's.
import type { Tensor } from '../../../core/tensor.ts';
import { accelerate } from '../accelerate.ts';
import * as d from '../descriptor.ts';

const usable = (t: Tensor): boolean => t.layout.numel > 0 && !t.dtype.is_complex;

accelerate<{ A: Tensor; check_errors: boolean }>('linalg_lu_factor_ex', 'lu_factor', ({ A, check_errors }, ...outs) => {
  if (!usable(A) || check_errors) return false;
  d.tensor(A);
  for (const t of outs) d.result(t);
  return true;
});
accelerate<{ self: Tensor; upper: boolean }>('linalg_cholesky_ex', 'cholesky', ({ self, upper }, ...outs) => {
  if (!usable(self)) return false;
  d.tensor(self);
  for (const t of outs) d.result(t);
  d.flag(upper);
  return true;
});
accelerate<{ A: Tensor; B: Tensor }>('_linalg_solve_ex', 'solve', ({ A, B }, ...outs) => {
  if (!usable(A) || !usable(B)) return false;
  d.tensor(A);
  d.tensor(B);
  for (const t of outs) d.result(t);
  return true;
});
accelerate<{ A: Tensor }>('linalg_inv_ex', 'solve', ({ A }, ...outs) => {
  if (!usable(A)) return false;
  d.tensor(A);
  d.tensor(null);
  for (const t of outs) d.result(t);
  return true;
});
accelerate<{ self: Tensor; B: Tensor; upper: boolean; left: boolean; unitriangular: boolean }>(
  '_solve_triangular',
  'solve_triangular',
  ({ self, B, upper, left, unitriangular }, out) => {
    if (!usable(self) || !usable(B)) return false;
    d.tensor(self);
    d.tensor(B);
    d.result(out!);
    for (const setting of [upper, left, unitriangular]) d.flag(setting);
    return true;
  },
);
accelerate<{ A: Tensor }>('linalg_det', 'determinant', ({ A }, out) => {
  if (!usable(A)) return false;
  d.tensor(A);
  d.result(out!);
  d.tensor(null);
  return true;
});
accelerate<{ A: Tensor }>('linalg_slogdet', 'determinant', ({ A }, sign, logabsdet) => {
  if (!usable(A)) return false;
  d.tensor(A);
  d.result(sign!);
  d.result(logabsdet!);
  return true;
});
/** Up to here the reference, which works in float64, is quick enough. */
const SMALL = 64;
accelerate<{ A: Tensor; mode: string }>('linalg_qr', 'qr', ({ A, mode }, Q, R) => {
  const [m, n] = A.layout.shape.slice(-2) as [number, number];
  if (!usable(A) || mode === 'r' || Math.max(m, n) <= SMALL) return false;
  d.tensor(A);
  d.result(Q!);
  d.result(R!);
  return true;
});

accelerate<{ self: Tensor; UPLO: string }>('linalg_eigh', 'eigh', ({ self, UPLO }, values, vectors) => {
  if (self.layout.numel === 0) return false;
  d.tensor(self);
  d.flag(UPLO.toUpperCase() === 'U');
  d.result(values!);
  d.result(vectors!);
  return true;
});
accelerate<{ A: Tensor }>('linalg_svd', 'svd', ({ A }, U, S, Vh) => {
  if (A.layout.numel === 0) return false;
  d.tensor(A);
  for (const t of [U, S, Vh]) d.result(t!);
  return true;
});
accelerate<{ self: Tensor }>('_linalg_eig', 'eig', ({ self }, values, vectors) => {
  if (self.layout.numel === 0) return false;
  d.tensor(self);
  d.result(values!);
  d.result(vectors!);
  return true;
});

accelerate<{ A: Tensor; B: Tensor; driver: string; rcond: number }>(
  '_least_squares',
  'least_squares',
  ({ A, B, driver, rcond }, solution, rank, values, info) => {
    if (!usable(A) || !usable(B) || values!.layout.numel > 0) return false;
    for (const t of [A, B]) d.tensor(t);
    d.result(solution!);
    d.flag(driver === 'gelsy');
    d.number(rcond);
    d.result(driver === 'gelsy' ? rank! : null);
    d.result(info!);
    return true;
  },
);
const pairs = (a: Tensor, b: Tensor, out: Tensor): boolean => {
  if (a.layout.numel === 0 || b.layout.numel === 0) return false;
  d.tensor(a);
  d.tensor(b);
  d.result(out);
  return true;
};
accelerate<{ x1: Tensor; x2: Tensor }>('_euclidean_dist', 'euclidean_distances', ({ x1, x2 }, out) => pairs(x1, x2, out!));
accelerate<{ self: Tensor; other: Tensor }>('_kron', 'kron', ({ self, other }, out) => pairs(self, other, out!));
