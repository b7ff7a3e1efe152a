// Matrix decompositions. See docs/decisions/003-one-linear-algebra.md.
import { Category, int32 } from '../core/dtype.ts';
import { RuntimeError, ValueError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import { sameShape } from '../core/size.ts';
import { isKnown, type Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { joint, op, uses } from '../dispatch/operator.ts';
import {
  choleskyFactor,
  eigen,
  hermitianEigen,
  ldlFactor,
  luFactor,
  permutationOf,
  qr,
  qrFactor,
  svd,
  upperFactor,
} from '../backend/reference/linalg.ts';
import { integersOf, matricesOf, storeMatrices, storeParts } from '../backend/reference/matrices.ts';
import {
  batchOf,
  checkFloating,
  checkInfos,
  checkKernelDtype,
  checkMatrix,
  checkSquare,
  column,
  columnMajor,
  diagonalOf,
  onDiagonal,
  plus,
  real,
  row,
  sizeOf,
} from './matrices.ts';

const lowerSolve = (a: Tensor, b: Tensor, left = true, unit = false): Tensor => F.linalg_solve_triangular(a, b, false, left, unit);
const upperSolve = (a: Tensor, b: Tensor, left = true, unit = false): Tensor => F.linalg_solve_triangular(a, b, true, left, unit);
const infosOf = (list: readonly { readonly info: number }[]): number[] => list.map((x) => x.info);
/** X − Xᴴ. */
const skew = (x: Tensor): Tensor => x.sub(x.mH);
/** x with something else on the diagonal. */
function withDiagonal(x: Tensor, diagonal: Tensor | null): Tensor {
  const cleared = x.sub(onDiagonal(diagonalOf(x)));
  return diagonal ? cleared.add(onDiagonal(diagonal)) : cleared;
}
/** Ones on the diagonal, so that quotients by differences of equal numbers do not arise there. */
const offDiagonal = (differences: Tensor): Tensor => differences.add(onDiagonal(F.ones_like(diagonalOf(differences))));

// ---- Cholesky -----------------------------------------------------------------------------------------------------
op('linalg_cholesky_ex(Tensor self, *, bool upper=False, bool check_errors=False) -> (Tensor L, Tensor info)', {
  doc: 'The Cholesky factor of a Hermitian positive-definite matrix, and the order of the first minor that is not positive.',
  meta: ({ self }) => {
    checkSquare(self, 'linalg.cholesky');
    checkFloating(self, 'linalg.cholesky', true);
    checkKernelDtype(self, 'cholesky_cpu');
    return [columnMajor(self.shape, self.dtype), { shape: batchOf(self), dtype: int32 }];
  },
  kernel: ({ self, upper, check_errors }, L, info) => {
    const all = matricesOf(self).map((a) => choleskyFactor(a, upper));
    if (check_errors) checkInfos(infosOf(all), 'linalg.cholesky_ex', self.ndim === 2);
    storeMatrices(
      L!,
      all.map((x) => x.factor),
    );
    storeParts(info!, [infosOf(all)]);
  },
  grad: {
    self: uses('L', (g, { L, upper }) => {
      const [l, gl] = upper ? [L.mH, g.mH] : [L, g];
      const lower = l.mH.matmul(gl).tril();
      const symmetric = lower.add(lower.tril(-1).mH).mul(0.5);
      return lowerSolve(l, upperSolve(l.mH, symmetric), false);
    }),
  },
  batch: 'leading',
});
op('linalg_cholesky(Tensor self, *, bool upper=False) -> Tensor', {
  doc: 'The Cholesky factor L of a Hermitian positive-definite matrix A = L·Lᴴ, or U with A = Uᴴ·U. @throws LinAlgError if A is not positive-definite.',
  decompose: ({ self, upper }) => {
    const [L, info] = F.linalg_cholesky_ex(self, upper, false);
    F._linalg_check_errors(info, 'linalg.cholesky', self.ndim === 2);
    return L;
  },
});
op('cholesky(Tensor self, bool upper=False) -> Tensor', {
  doc: 'The old name of torch.linalg.cholesky, which PyTorch has removed.',
  decompose: ({ self, upper }) => F.linalg_cholesky(self, upper),
  inplace: false,
});

// ---- LU -----------------------------------------------------------------------------------------------------------
function checkPivoting(pivot: boolean): void {
  if (!pivot) throw new RuntimeError('linalg.lu_factor: LU without pivoting is not implemented on the CPU');
}
/** The gradient of P·L·U, from those of L and U. */
function luGradient(gL: Tensor, gU: Tensor, P: Tensor, L: Tensor, U: Tensor): Tensor {
  const [m, n] = [sizeOf(L)[0], sizeOf(U)[1]];
  const k = Math.min(m, n);
  const [L1, U1] = [L.narrow(-2, 0, k), U.narrow(-1, 0, k)];
  let lower = L1.mH.matmul(gL.narrow(-2, 0, k));
  let upper = gU.narrow(-1, 0, k).matmul(U1.mH);
  if (n > k) lower = lower.sub(gU.narrow(-1, k, n - k).matmul(U.narrow(-1, k, n - k).mH));
  if (m > k) upper = upper.sub(L.narrow(-2, k, m - k).mH.matmul(gL.narrow(-2, k, m - k)));
  const inner = lower.tril(-1).add(upper.triu());
  const square = upperSolve(L1.mH, lowerSolve(U1.mH, inner, false), true, true);
  const parts = [square];
  if (n > k) return P.matmul(F.cat([square, upperSolve(L1.mH, gU.narrow(-1, k, n - k).triu(-k), true, true)], -1));
  if (m > k) parts.push(lowerSolve(U1.mH, gL.narrow(-2, k, m - k), false));
  return P.matmul(parts.length > 1 ? F.cat(parts, -2) : square);
}
/** L (unit lower) and U of packed factors. */
function triangles(LU: Tensor): [Tensor, Tensor] {
  const [m, n] = sizeOf(LU);
  const k = Math.min(m, n);
  const lower = LU.narrow(-1, 0, k).tril(-1);
  return [lower.add(F.eye$m(m, k, LU.dtype, null, LU.device)), LU.narrow(-2, 0, k).triu()];
}
op('linalg_lu_factor_ex(Tensor A, *, bool pivot=True, bool check_errors=False) -> (Tensor LU, Tensor pivots, Tensor info)', {
  doc: 'L and U of P·A = L·U packed into one matrix, the row exchanges, and the first zero on the diagonal of U.',
  meta: ({ A, pivot }) => {
    if (A.ndim < 2)
      throw new RuntimeError(`torch.lu_factor: Expected tensor with 2 or more dimensions. Got size: ${showShape(A.shape)} instead`);
    checkPivoting(pivot);
    checkKernelDtype(A, 'lu_cpu');
    return [
      columnMajor(A.shape, A.dtype),
      { shape: [...batchOf(A), Math.min(...sizeOf(A))], dtype: int32 },
      { shape: batchOf(A), dtype: int32 },
    ];
  },
  kernel: ({ A, check_errors }, LU, pivots, info) => {
    const all = matricesOf(A).map((a) => luFactor(a));
    if (check_errors) checkInfos(infosOf(all), 'torch.linalg.lu_factor_ex', A.ndim === 2);
    storeMatrices(
      LU!,
      all.map((x) => x.factors),
    );
    storeParts(
      pivots!,
      all.map((x) => x.pivots),
    );
    storeParts(info!, [infosOf(all)]);
  },
  grad: {
    A: uses('LU', 'pivots', (g, { LU, pivots }) => {
      const [L, U] = triangles(LU);
      const k = sizeOf(L)[1];
      return luGradient(g.narrow(-1, 0, k).tril(-1), g.narrow(-2, 0, k).triu(), permutation(LU, pivots), L, U);
    }),
  },
  batch: 'leading',
});
op('linalg_lu_factor(Tensor A, *, bool pivot=True) -> (Tensor LU, Tensor pivots)', {
  doc: 'L and U of P·A = L·U packed into one matrix, and the row exchanges. @throws RuntimeError if U is singular.',
  decompose: ({ A, pivot }) => {
    const [LU, pivots, info] = F.linalg_lu_factor_ex(A, pivot, false);
    F._linalg_check_errors(info, 'torch.linalg.lu_factor', A.ndim === 2);
    return [LU, pivots];
  },
});
op('linalg_lu(Tensor A, *, bool pivot=True) -> (Tensor P, Tensor L, Tensor U)', {
  doc: 'P, L and U with A = P·L·U.',
  decompose: ({ A, pivot }) => {
    if (A.ndim < 2) throw new RuntimeError(`linalg.lu: Expected tensor with 2 or more dimensions. Got size: ${showShape(A.shape)} instead`);
    const [LU, pivots] = F.linalg_lu_factor_ex(A, pivot, false);
    return F.lu_unpack(LU, pivots, true, true);
  },
});
op('lu(Tensor self, bool pivot=True, bool get_infos=False) -> (Tensor LU, Tensor pivots, Tensor info)', {
  doc: 'The old form of torch.linalg.lu_factor: LU and pivots, and with get_infos the infos.',
  decompose: ({ self, pivot, get_infos }) => F.linalg_lu_factor_ex(self, pivot, false).slice(0, get_infos ? 3 : 2),
});
op('_permutation_matrix(Tensor pivots, int rows, ScalarType dtype) -> Tensor', {
  doc: 'P of A = P·L·U, from the row exchanges.',
  meta: ({ pivots, rows, dtype }) => ({ shape: [...pivots.shape.slice(0, -1), rows, rows], dtype }),
  kernel: ({ pivots, rows }, out) => {
    const unit = out!.dtype.is_complex ? 2 : 1;
    storeParts(
      out!,
      integersOf(pivots).map((p) => {
        if (p.some((x) => x < 1 || x > rows))
          throw new RuntimeError(
            'pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive.Did you properly pass the result of lu_factor?',
          );
        const matrix = new Float64Array(unit * rows * rows);
        permutationOf(p, rows).forEach((from, to) => {
          matrix[unit * (from * rows + to)] = 1;
        });
        return matrix;
      }),
    );
  },
  grad: 'none',
  batch: 'leading',
  surface: [],
});
export const permutation = (LU: Tensor, pivots: Tensor): Tensor => F._permutation_matrix(pivots, sizeOf(LU)[0], LU.dtype);
op('lu_unpack(Tensor LU_data, Tensor LU_pivots, bool unpack_data=True, bool unpack_pivots=True) -> (Tensor P, Tensor L, Tensor U)', {
  doc: 'P, L and U from packed factors and row exchanges; empty tensors for what is not wanted.',
  decompose: ({ LU_data, LU_pivots, unpack_data, unpack_pivots }) => {
    checkMatrix(LU_data, 'torch.lu_unpack');
    if (unpack_pivots) {
      if (LU_pivots.dtype !== int32) {
        throw new RuntimeError(
          'torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\nNote: this function is intended to be used with the output produced by torch.linalg.lu_factor',
        );
      }
      const expected = [...batchOf(LU_data), Math.min(...sizeOf(LU_data))];
      if (!sameShape(LU_pivots.shape, expected))
        throw new ValueError(`Expected LU_pivots to have shape ${showShape(expected)} but got ${showShape(LU_pivots.shape)} instead.`);
    }
    const nothing = (): Tensor => F.empty([0], LU_data.dtype, null, LU_data.device);
    const [L, U] = unpack_data ? triangles(LU_data) : [nothing(), nothing()];
    return [unpack_pivots ? permutation(LU_data, LU_pivots) : nothing(), L, U];
  },
  surface: ['function'],
});

// ---- LDL ----------------------------------------------------------------------------------------------------------
op('linalg_ldl_factor_ex(Tensor self, *, bool hermitian=False, bool check_errors=False) -> (Tensor LD, Tensor pivots, Tensor info)', {
  doc: 'The factors of A = L·D·Lᵀ (with `hermitian` L·D·Lᴴ) packed as LAPACK does, the exchanges, and the first zero block of D.',
  meta: ({ self }) => {
    checkSquare(self, 'torch.linalg.ldl_factor_ex');
    checkFloating(self, 'torch.linalg.ldl_factor_ex', true);
    checkKernelDtype(self, 'ldl_factor_kernel_cpu');
    return [columnMajor(self.shape, self.dtype), { shape: self.shape.slice(0, -1), dtype: int32 }, { shape: batchOf(self), dtype: int32 }];
  },
  kernel: ({ self, hermitian, check_errors }, LD, pivots, info) => {
    const all = matricesOf(self).map((a) => ldlFactor(a, hermitian));
    if (check_errors) checkInfos(infosOf(all), 'torch.linalg.ldl_factor_ex', self.ndim === 2);
    storeMatrices(
      LD!,
      all.map((x) => x.factors),
    );
    storeParts(
      pivots!,
      all.map((x) => x.pivots),
    );
    storeParts(info!, [infosOf(all)]);
  },
  batch: 'leading',
});
op('linalg_ldl_factor(Tensor self, *, bool hermitian=False) -> (Tensor LD, Tensor pivots)', {
  doc: 'The factors of A = L·D·Lᵀ (with `hermitian` L·D·Lᴴ) packed as LAPACK does, and the exchanges.',
  decompose: ({ self, hermitian }) => {
    const [LD, pivots, info] = F.linalg_ldl_factor_ex(self, hermitian, false);
    F._linalg_check_errors(info, 'torch.linalg.ldl_factor', self.ndim === 2);
    return [LD, pivots];
  },
});

// ---- QR -----------------------------------------------------------------------------------------------------------
const QR_MODES = new Set(['reduced', 'complete', 'r']);
/** The gradient of Q·R for a matrix that is square or tall. */
function tallGradient(gQ: Tensor | null, gR: Tensor | null, Q: Tensor, R: Tensor): Tensor {
  const m = plus(gR?.matmul(R.mH) ?? null, gQ && Q.mH.matmul(gQ).neg())!.triu();
  const hermitian = m.add(m.mH);
  const halved = hermitian.sub(onDiagonal(real(diagonalOf(hermitian)).mul(0.5).to(m.dtype)));
  const g = Q.matmul(halved);
  return lowerSolve(R.mH, gQ ? g.add(gQ) : g, false);
}
op('linalg_qr(Tensor A, str mode="reduced") -> (Tensor Q, Tensor R)', {
  doc: 'Q with orthonormal columns and upper triangular R with A = Q·R; `mode` is reduced, complete, or r for R alone.',
  meta: ({ A, mode }) => {
    checkMatrix(A, 'linalg.qr');
    checkFloating(A, 'linalg.qr', true);
    if (!QR_MODES.has(mode))
      throw new RuntimeError(`qr received unrecognized mode '${mode}' but expected one of 'reduced' (default), 'r', or 'complete'`);
    checkKernelDtype(A, 'geqrf_cpu');
    const [m, n] = sizeOf(A);
    const k = mode === 'complete' ? m : Math.min(m, n);
    return [
      mode === 'r' ? { shape: [0], dtype: A.dtype } : columnMajor([...batchOf(A), m, k], A.dtype),
      columnMajor([...batchOf(A), k, n], A.dtype),
    ];
  },
  kernel: ({ A, mode }, Q, R) => {
    if (mode === 'r') {
      storeMatrices(
        R!,
        matricesOf(A).map((a) => upperFactor(qrFactor(a))),
      );
      return;
    }
    const all = matricesOf(A).map((a) => qr(a, mode as 'reduced' | 'complete'));
    storeMatrices(
      Q!,
      all.map((x) => x.q),
    );
    storeMatrices(
      R!,
      all.map((x) => x.r),
    );
  },
  grad: joint('Q', 'R', ([gradQ, gradR], { A, Q, R, mode }, _needs, given) => {
    if (mode === 'r') {
      throw new RuntimeError(
        "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A, mode='reduced') if you are going to require gradients.",
      );
    }
    const [m, n] = sizeOf(A);
    if (mode === 'complete' && m > n)
      throw new RuntimeError(`The QR decomposition is not differentiable when mode='complete' and nrows > ncols.`);
    const gQ = given[0] ? gradQ! : null;
    const gR = given[1] ? gradR! : null;
    if (m >= n) return { A: tallGradient(gQ, gR, Q, R) };
    // The columns beyond the square part are Qᴴ times those of A: their gradient passes through Q.
    const rest = gR?.narrow(-1, m, n - m) ?? null;
    const inner = rest && Q.matmul(R.narrow(-1, m, n - m)).matmul(rest.mH);
    const square = tallGradient(plus(gQ, inner), gR?.narrow(-1, 0, m) ?? null, Q, R.narrow(-1, 0, m));
    return { A: F.cat([square, rest ? Q.matmul(rest) : square.new_zeros([...batchOf(A), m, n - m])], -1) };
  }),
  batch: 'leading',
});
op('qr(Tensor self, bool some=True) -> (Tensor Q, Tensor R)', {
  doc: 'The old name of torch.linalg.qr, which PyTorch has removed: reduced unless `some` is false.',
  decompose: ({ self, some }) => F.linalg_qr(self, some ? 'reduced' : 'complete'),
});
op('geqrf(Tensor self) -> (Tensor a, Tensor tau)', {
  doc: 'The QR decomposition as LAPACK packs it: R above, the reflectors below the diagonal, and their factors.',
  meta: ({ self }) => {
    if (self.ndim < 2) throw new RuntimeError('torch.geqrf: input must have at least 2 dimensions.');
    checkKernelDtype(self, 'geqrf_cpu');
    return [columnMajor(self.shape, self.dtype), { shape: [...batchOf(self), Math.min(...sizeOf(self))], dtype: self.dtype }];
  },
  kernel: ({ self }, a, tau) => {
    const all = matricesOf(self).map(qrFactor);
    storeMatrices(
      a!,
      all.map((x) => x.packed),
    );
    storeMatrices(
      tau!,
      all.map((x) => x.tau),
    );
  },
  batch: 'leading',
});

// ---- eigenvalues --------------------------------------------------------------------------------------------------
/** Eigenvectors are unique up to a phase each: a loss that sees the phase has no gradient. */
function checkPhase(imaginary: Tensor, message: string): void {
  if (isKnown(imaginary) && imaginary.numel() > 0 && Number(imaginary.abs().max().item()) > 1e-2) throw new RuntimeError(message);
}
const phaseMessage = (name: string): string =>
  `${name}: The eigenvectors in the complex case are specified up to multiplication by e^{i phi}. The specified loss function depends on this quantity, so it is ill-defined.`;
op('linalg_eigh(Tensor self, str UPLO="L") -> (Tensor eigenvalues, Tensor eigenvectors)', {
  doc: 'The eigenvalues of a Hermitian matrix in ascending order, and orthonormal eigenvectors; one triangle is read.',
  meta: ({ self, UPLO }) => {
    checkSquare(self, 'linalg.eigh');
    if (!/^[UL]$/i.test(UPLO)) throw new RuntimeError(`Expected UPLO argument to be 'L' or 'U', but got ${UPLO}`);
    checkKernelDtype(self, 'linalg_eigh_cpu');
    return [{ shape: self.shape.slice(0, -1), dtype: self.dtype.to_real() }, columnMajor(self.shape, self.dtype)];
  },
  kernel: ({ self, UPLO }, values, vectors) => {
    const all = matricesOf(self).map((a) => hermitianEigen(a, UPLO.toUpperCase() === 'U'));
    checkInfos(infosOf(all), 'linalg.eigh', self.ndim === 2);
    storeParts(
      values!,
      all.map((x) => x.values),
    );
    storeMatrices(
      vectors!,
      all.map((x) => x.vectors),
    );
  },
  grad: joint('eigenvalues', 'eigenvectors', ([gL, gV], { eigenvalues: L, eigenvectors: V }, _needs, given) => {
    if (!given[1]) return { self: V.mul(row(gL!)).matmul(V.mH) };
    const overlap = V.mH.matmul(gV!);
    if (V.dtype.is_complex) checkPhase(F.imag(diagonalOf(overlap)), phaseMessage('linalg_eigh_backward'));
    const inner = withDiagonal(overlap.div(offDiagonal(row(L).sub(column(L)))), gL!.to(V.dtype));
    const g = V.matmul(inner).matmul(V.mH);
    return { self: g.add(g.mH).mul(0.5) };
  }),
  batch: 'leading',
});
op('linalg_eigvalsh(Tensor self, str UPLO="L") -> Tensor', {
  doc: 'The eigenvalues of a Hermitian matrix in ascending order.',
  decompose: ({ self, UPLO }) => F.linalg_eigh(self, UPLO)[0],
});
function eigenvalues(self: Tensor, name: string): [Tensor, Tensor] {
  checkSquare(self, `linalg.${name}`);
  if (self.dtype.category < Category.Floating) throw new RuntimeError(`Unknown Complex ScalarType for ${self.dtype.scalarName}`);
  return F._linalg_eig(self, name) as unknown as [Tensor, Tensor];
}
op('_linalg_eig(Tensor self, str name) -> (Tensor eigenvalues, Tensor eigenvectors)', {
  meta: ({ self }) => {
    checkKernelDtype(self, 'linalg_eig_out_cpu');
    const dtype = self.dtype.to_complex();
    return [{ shape: self.shape.slice(0, -1), dtype }, columnMajor(self.shape, dtype)];
  },
  kernel: ({ self, name }, values, vectors) => {
    const matrices = matricesOf(self);
    if (matrices.some((a) => a.data.some((x) => !Number.isFinite(x))))
      throw new RuntimeError(`torch.linalg.${name}: input tensor should not contain infs or NaNs.`);
    const all = matrices.map(eigen);
    checkInfos(infosOf(all), `linalg.${name}`, self.ndim === 2);
    storeParts(
      values!,
      all.map((x) => x.values),
    );
    storeMatrices(
      vectors!,
      all.map((x) => x.vectors),
    );
  },
  grad: joint('eigenvalues', 'eigenvectors', ([gL, gV], { self, eigenvalues: L, eigenvectors: V }, _needs, given) => {
    let inner: Tensor;
    if (!given[1]) inner = column(gL!).mul(V.mH);
    else {
      const overlap = V.mH.matmul(gV!);
      const own = diagonalOf(overlap);
      checkPhase(F.imag(own), phaseMessage('linalg_eig_backward'));
      const projected = overlap.sub(V.mH.matmul(V.mul(row(F.real(own)))));
      const differences = row(L).sub(column(L)).conj();
      inner = withDiagonal(projected.div(offDiagonal(differences)), gL!).matmul(V.mH);
    }
    const g = F.linalg_solve(V.mH, inner);
    return { self: self.dtype.is_complex ? g : F.real(g) };
  }),
  gradName: 'LinalgEigBackward0',
  batch: 'leading',
  surface: [],
});
op('linalg_eig(Tensor self) -> (Tensor eigenvalues, Tensor eigenvectors)', {
  doc: 'The eigenvalues of a square matrix, in no particular order, and eigenvectors of norm 1; both complex.',
  decompose: ({ self }) => eigenvalues(self, 'eig'),
});
op('linalg_eigvals(Tensor self) -> Tensor', {
  doc: 'The eigenvalues of a square matrix, complex, in no particular order.',
  decompose: ({ self }) => eigenvalues(self, 'eigvals')[0],
});
op('eig(Tensor self, bool eigenvectors=False) -> (Tensor eigenvalues, Tensor eigenvectors)', {
  doc: 'What torch.linalg.eig replaced: eigenvalues of a real matrix as pairs of real numbers; of a conjugate pair of vectors, the real and the imaginary part.',
  decompose: ({ self, eigenvectors }) => {
    const [values, vectors] = F.linalg_eig(self);
    if (self.dtype.is_complex) return [values, vectors];
    const second = row(F.imag(values)).lt(0);
    return [
      F.view_as_real(values),
      eigenvectors ? F.where$self(second, F.imag(vectors).neg(), F.real(vectors)) : F.zeros([0], self.dtype, null, self.device),
    ];
  },
});

// ---- singular values ----------------------------------------------------------------------------------------------
/** The gradient of U·diag(S)·Vᴴ with k = min(m, n) singular vectors. */
function svdGradient(gU: Tensor | null, gS: Tensor | null, gVh: Tensor | null, U: Tensor, S: Tensor, Vh: Tensor): Tensor {
  const [m, n] = [sizeOf(U)[0], sizeOf(Vh)[1]];
  const k = S.shape[S.ndim - 1]!;
  if (!gU && !gVh) return m >= n ? U.matmul(column(gS!).mul(Vh)) : U.mul(row(gS!)).matmul(Vh);
  const left = gU && skew(U.mH.matmul(gU));
  const right = gVh && skew(Vh.matmul(gVh.mH));
  if (U.dtype.is_complex) {
    const phase = plus(left && F.imag(diagonalOf(left)), right && F.imag(diagonalOf(right)))!;
    checkPhase(
      phase,
      'svd_backward: The singular vectors in the complex case are specified up to multiplication by e^{i phi}. The specified loss function depends on this phase term, making it ill-defined.',
    );
  }
  const E = offDiagonal(
    row(S)
      .sub(column(S))
      .mul(row(S).add(column(S))),
  );
  let inner = plus(left?.mul(row(S)) ?? null, right && column(S).mul(right))!.div(E);
  let diagonal = gS ? gS.to(U.dtype) : null;
  if (U.dtype.is_complex && left) diagonal = plus(diagonal, diagonalOf(left).div(S.mul(2)));
  inner = withDiagonal(inner, diagonal);
  let g = inner;
  if (m > k && gU) {
    const scaled = gU.div(row(S));
    g = U.matmul(g)
      .add(scaled)
      .sub(U.matmul(U.mH.matmul(scaled)))
      .matmul(Vh);
  } else if (n > k && gVh) {
    const scaled = gVh.div(column(S));
    g = U.matmul(g.matmul(Vh).add(scaled).sub(scaled.matmul(Vh.mH).matmul(Vh)));
  } else g = U.matmul(g).matmul(Vh);
  return g;
}
op('linalg_svd(Tensor A, bool full_matrices=True, *, str? driver=None) -> (Tensor U, Tensor S, Tensor Vh)', {
  doc: 'The singular value decomposition A = U·diag(S)·Vᴴ with S descending; U and Vh are square with full_matrices.',
  meta: ({ A, full_matrices, driver }) => {
    checkMatrix(A, 'linalg.svd');
    checkFloating(A, 'linalg.svd', true);
    if (driver !== null)
      throw new RuntimeError('torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend.');
    checkKernelDtype(A, 'linalg_svd_cpu');
    const [m, n] = sizeOf(A);
    const k = Math.min(m, n);
    const batch = batchOf(A);
    return [
      columnMajor([...batch, m, full_matrices ? m : k], A.dtype),
      { shape: [...batch, k], dtype: A.dtype.to_real() },
      columnMajor([...batch, full_matrices ? n : k, n], A.dtype),
    ];
  },
  kernel: ({ A, full_matrices }, U, S, Vh) => {
    const all = matricesOf(A).map((a) => svd(a, full_matrices));
    checkInfos(infosOf(all), 'linalg.svd', A.ndim === 2);
    storeMatrices(
      U!,
      all.map((x) => x.u),
    );
    storeParts(
      S!,
      all.map((x) => x.values),
    );
    storeMatrices(
      Vh!,
      all.map((x) => x.vh),
    );
  },
  grad: joint('U', 'S', 'Vh', ([gU, gS, gVh], { U, S, Vh }, _needs, given) => {
    const k = S.shape[S.ndim - 1]!;
    const columns = (t: Tensor): Tensor => t.narrow(-1, 0, k);
    const rows = (t: Tensor): Tensor => t.narrow(-2, 0, k);
    return { A: svdGradient(given[0] ? columns(gU!) : null, given[1] ? gS! : null, given[2] ? rows(gVh!) : null, columns(U), S, rows(Vh)) };
  }),
  batch: 'leading',
});
op('linalg_svdvals(Tensor A, *, str? driver=None) -> Tensor', {
  doc: 'The singular values, descending.',
  decompose: ({ A, driver }) => F.linalg_svd(A, false, driver)[1],
});
op('svd(Tensor self, bool some=True, bool compute_uv=True) -> (Tensor U, Tensor S, Tensor V)', {
  doc: 'The singular value decomposition A = U·diag(S)·Vᴴ; `some` keeps min(m, n) vectors; without compute_uv U and V are zeros.',
  decompose: ({ self, some, compute_uv }) => {
    checkMatrix(self, 'linalg.svd');
    if (compute_uv) {
      const [U, S, Vh] = F.linalg_svd(self, !some, null);
      return [U, S, Vh.mH];
    }
    const S = F.linalg_svdvals(self, null);
    const zeros = (n: number): Tensor => self.new_zeros([...batchOf(self), n, n]);
    const [m, n] = sizeOf(self);
    return [zeros(m), S, zeros(n)];
  },
});
