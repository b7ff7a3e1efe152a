// Least squares, pseudoinverses and ranks.
import { Category, int32, int64 } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { broadcastShapes, showShape } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { joint, op, uses } from '../dispatch/operator.ts';
import { type LeastSquaresDriver, leastSquares } from '../backend/reference/linalg.ts';
import { integers } from '../backend/reference/arrays.ts';
import { matricesOf, storeMatrices, storeParts } from '../backend/reference/matrices.ts';
import { batchOf, checkInfos, checkMatrix, column, columnMajor, epsilonOf, isVectorSide, plus, row, sizeOf } from './matrices.ts';

/** The tolerance below which a singular value counts as zero: float and double only, as in PyTorch. */
function defaultTolerance(A: Tensor): number {
  const real = A.dtype.to_real();
  if (A.dtype.category < Category.Floating || real.itemsize < 4)
    throw new RuntimeError("This function doesn't handle types other than float and double");
  return epsilonOf(real) * Math.max(...sizeOf(A));
}

// ---- least squares ------------------------------------------------------------------------------------------------
const DRIVERS: readonly string[] = ['gels', 'gelsy', 'gelsd', 'gelss'];
function checkLeastSquares(self: Tensor, b: Tensor, driver: string): void {
  const name = 'torch.linalg.lstsq';
  if (self.ndim < 2) throw new RuntimeError(`${name}: input must have at least 2 dimensions.`);
  if (b.ndim < 1) throw new RuntimeError(`${name}: other must have at least 1 dimension.`);
  if (self.dtype !== b.dtype)
    throw new RuntimeError(
      `${name}: Expected input and other to have the same dtype, but got input's dtype ${self.dtype.scalarName} and other's dtype ${b.dtype.scalarName}`,
    );
  if (self.ndim < b.ndim || self.ndim - b.ndim > 1)
    throw new RuntimeError(`${name}: input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) <= 1`);
  const rows = sizeOf(self)[0];
  if (rows !== (isVectorSide(self, b) ? b.shape[b.ndim - 1] : sizeOf(b)[0]))
    throw new RuntimeError(`${name}: input.size(-2) should match other.size(-${isVectorSide(self, b) ? 1 : 2})`);
  if (!DRIVERS.includes(driver)) throw new RuntimeError(`${name}: parameter \`driver\` should be one of (gels, gelsy, gelsd, gelss)`);
}
op('_least_squares(Tensor A, Tensor B, str driver, float rcond) -> (Tensor solution, Tensor rank, Tensor singular_values, Tensor info)', {
  doc: 'The solutions of least squares problems of equal batches; ranks and singular values are empty where the driver finds none.',
  meta: ({ A, B, driver }) => {
    const [[m, n], k, batch] = [sizeOf(A), sizeOf(B)[1], batchOf(A)];
    const byValues = driver === 'gelsd' || driver === 'gelss';
    // The first rows of what LAPACK overwrites, which has as many rows as A and X need.
    const { stride } = columnMajor([...batch, Math.max(m, n), k], A.dtype);
    return [
      { shape: [...batch, n, k], dtype: A.dtype, stride: stride! },
      { shape: driver === 'gels' ? [0] : batch, dtype: int64 },
      { shape: byValues ? [...batch, Math.min(m, n)] : [0], dtype: A.dtype.to_real() },
      { shape: batch, dtype: int32 },
    ];
  },
  kernel: ({ A, B, driver, rcond }, solution, rank, values, info) => {
    const sides = matricesOf(B);
    const all = matricesOf(A).map((a, i) => leastSquares(a, sides[i]!, driver as LeastSquaresDriver, rcond));
    storeMatrices(
      solution!,
      all.map((x) => x.solution),
    );
    if (rank!.layout.numel > 0) storeParts(rank!, [all.map((x) => x.rank)]);
    storeParts(
      values!,
      all.map((x) => x.singularValues),
    );
    storeParts(info!, [all.map((x) => x.info)]);
  },
  grad: 'none',
  surface: [],
});
op(
  'linalg_lstsq(Tensor self, Tensor b, float? rcond=None, *, str? driver=None) -> (Tensor solution, Tensor residuals, Tensor rank, Tensor singular_values)',
  {
    doc: 'X that minimises ‖A·X − B‖, the squared distances where A has full column rank, and ranks and singular values where the driver finds them.',
    produce: ({ self, b, rcond, driver }) => {
      const method = (driver ?? 'gelsy') as LeastSquaresDriver;
      checkLeastSquares(self, b, method);
      const tolerance = rcond ?? defaultTolerance(self);
      if (rcond !== null) defaultTolerance(self);
      const vector = isVectorSide(self, b);
      const side = vector ? column(b) : b;
      const batch = broadcastShapes(batchOf(side), batchOf(self));
      const [m, n] = sizeOf(self);
      const k = sizeOf(side)[1];
      const [A, B] = [self.detach().expand([...batch, m, n]), side.detach().expand([...batch, m, k])];
      const [solution, rank, values, info] = F._least_squares(A, B, method, tolerance) as unknown as [Tensor, Tensor, Tensor, Tensor];
      const numbers = (t: Tensor): number[] => Array.from(integers(t), Number);
      checkInfos(numbers(info), 'torch.linalg.lstsq', batch.length === 0);
      // Only then what is left over is a by-product of LAPACK's solution.
      const known = m > n && method !== 'gelsy' && (method === 'gels' || numbers(rank).every((x) => x === n));
      const residuals = known ? B.sub(A.matmul(solution)).abs().square().sum([-2]) : F.empty([0], self.dtype.to_real(), null, self.device);
      return [vector ? solution.squeeze(-1) : solution, residuals, rank, values];
    },
    grad: joint('self', 'b', 'solution', ([gX, gR], { self: A, b, solution }, needs, given) => {
      const vector = isVectorSide(A, b);
      const [B, X] = vector ? [column(b), column(solution)] : [b, solution];
      let [gA, gB]: (Tensor | null)[] = [null, null];
      if (given[0]) {
        const g = vector ? column(gX!) : gX!;
        const inverse = F.linalg_pinv$atol_rtol_float(A, null, null, false);
        if (needs.self) gA = pinvGradient(g.matmul(B.mH), inverse, A);
        gB = inverse.mH.matmul(g);
      }
      if (given[1] && gR!.layout.numel > 0) {
        const distance = A.matmul(X).sub(B).mul(row(gR!).mul(2));
        gA = plus(gA, distance.matmul(X.mH));
        gB = plus(gB, distance.neg());
      }
      return { self: gA, b: gB && vector ? gB.squeeze(-1) : gB };
    }),
    constants: ['singular_values'],
  },
);

// ---- pseudoinverses -----------------------------------------------------------------------------------------------
/** Golub and Pereyra's derivative, in its adjoint form. */
function pinvGradient(g: Tensor, inverse: Tensor, A: Tensor): Tensor {
  const [m, n] = sizeOf(A);
  const [adjoint, gh] = [inverse.mH, g.mH];
  if (m <= n) {
    const K = gh.matmul(inverse);
    const Ka = K.matmul(adjoint);
    return inverse
      .matmul(K)
      .mH.neg()
      .add(Ka)
      .sub(A.matmul(inverse).matmul(Ka))
      .add(adjoint.matmul(inverse).matmul(gh.sub(K.matmul(A))));
  }
  const K = inverse.matmul(gh);
  const aK = adjoint.matmul(K);
  return K.matmul(inverse)
    .mH.neg()
    .add(gh.sub(A.matmul(K)).matmul(inverse).matmul(adjoint))
    .add(aK)
    .sub(aK.matmul(inverse).matmul(A));
}
/** max(atol, rtol · largest), one for each matrix. */
const thresholds = (atol: Tensor, rtol: Tensor, largest: Tensor): Tensor => column(atol).maximum(column(rtol).mul(largest));
/** Absolute and relative tolerance as tensors; the relative one defaults to ε·max(m, n), or 0 beside an absolute one. */
function tolerances(A: Tensor, atol: Tensor | number | null, rtol: Tensor | number | null): [Tensor, Tensor] {
  const dtype = A.dtype.to_real();
  const tensor = (x: Tensor | number): Tensor => (typeof x === 'number' ? F.full([], x, dtype, null, A.device) : x);
  const positive = atol === null ? null : typeof atol === 'number' ? F.full([], atol, dtype, null, A.device).gt(0) : atol.gt(0);
  const known = rtol ?? defaultTolerance(A);
  if (rtol !== null || positive === null) return [tensor(atol ?? 0), tensor(known)];
  return [tensor(atol!), F.where$self(positive, 0, tensor(known))];
}
op('linalg_pinv.atol_rtol_tensor(Tensor self, *, Tensor? atol=None, Tensor? rtol=None, bool hermitian=False) -> Tensor', {
  doc: 'The Moore–Penrose inverse; singular values up to max(atol, rtol · the largest) count as zero.',
  decompose: ({ self, atol, rtol, hermitian }) => {
    checkPinv(self);
    const [m, n] = sizeOf(self);
    if (self.layout.numel === 0) return F.empty([...batchOf(self), n, m], self.dtype, null, self.device);
    const [absolute, relative] = tolerances(self, atol, rtol);
    if (hermitian) {
      const [values, vectors] = F.linalg_eigh(self, 'L');
      const size = values.abs();
      const kept = F.where$self(size.gt(thresholds(absolute, relative, F.amax(size, [-1], true))), values.reciprocal(), 0).to(self.dtype);
      return vectors.mul(row(kept)).matmul(vectors.mH);
    }
    const [U, S, Vh] = F.linalg_svd(self, false, null);
    const kept = F.where$self(S.gt(thresholds(absolute, relative, S.narrow(-1, 0, 1))), S.reciprocal(), 0).to(self.dtype);
    return Vh.mH.mul(row(kept)).matmul(U.mH);
  },
  grad: { self: uses('self', 'result', (g, { self, result }) => pinvGradient(g, result, self)) },
  gradName: 'LinalgPinvBackward0',
});
function checkPinv(t: Tensor): void {
  const fits = t.ndim >= 2 && t.dtype.category >= Category.Floating && t.dtype.to_real().itemsize >= 4;
  if (!fits)
    throw new RuntimeError(
      `linalg.pinv(${t.dtype.scalarName}{${showShape(t.shape)}}): expected a tensor with 2 or more dimensions of float, double, cfloat or cdouble types`,
    );
}
const asTensor = (x: number | null, A: Tensor): Tensor | null => (x === null ? null : F.full([], x, A.dtype.to_real(), null, A.device));
op('linalg_pinv.atol_rtol_float(Tensor self, *, float? atol=None, float? rtol=None, bool hermitian=False) -> Tensor', {
  doc: 'The Moore–Penrose inverse; singular values up to max(atol, rtol · the largest) count as zero.',
  decompose: ({ self, atol, rtol, hermitian }) => {
    checkPinv(self);
    return F.linalg_pinv$atol_rtol_tensor(self, asTensor(atol, self), asTensor(rtol, self), hermitian);
  },
});
op('linalg_pinv(Tensor self, float rcond, bool hermitian=False) -> Tensor', {
  decompose: ({ self, rcond, hermitian }) => F.linalg_pinv$atol_rtol_float(self, 0, rcond, hermitian),
});
op('linalg_pinv.rcond_tensor(Tensor self, Tensor rcond, bool hermitian=False) -> Tensor', {
  decompose: ({ self, rcond, hermitian }) => F.linalg_pinv$atol_rtol_tensor(self, F.zeros_like(rcond), rcond, hermitian),
});
op('pinverse(Tensor self, float rcond=1e-15) -> Tensor', {
  doc: 'The Moore–Penrose inverse.',
  decompose: ({ self, rcond }) => F.linalg_pinv(self, rcond, false),
  inplace: false,
});

// ---- ranks --------------------------------------------------------------------------------------------------------
function checkTolerance(t: Tensor | null, name: string): void {
  if (t?.dtype.is_complex)
    throw new RuntimeError(`torch.linalg.matrix_rank: ${name} tensor of complex type is not supported. Got ${t.dtype.scalarName}`);
}
function matrixRank(A: Tensor, atol: Tensor | null, rtol: Tensor | null, hermitian: boolean): Tensor {
  checkMatrix(A, 'torch.linalg.matrix_rank', 'input');
  checkTolerance(atol, 'atol');
  checkTolerance(rtol, 'rtol');
  const [absolute, relative] = tolerances(A, atol, rtol);
  if (A.layout.numel === 0) return F.zeros(batchOf(A), int64, null, A.device);
  const S = hermitian ? F.linalg_eigvalsh(A, 'L').abs() : F.linalg_svdvals(A, null);
  const largest = hermitian ? F.amax(S, [-1], true) : S.narrow(-1, 0, 1);
  return F.sum$dim_IntList(S.gt(thresholds(absolute, relative, largest)), [-1]);
}
const RANK_DOC = 'The number of singular values above max(atol, rtol · the largest).';
op('linalg_matrix_rank.atol_rtol_tensor(Tensor input, *, Tensor? atol=None, Tensor? rtol=None, bool hermitian=False) -> Tensor', {
  doc: RANK_DOC,
  decompose: ({ input, atol, rtol, hermitian }) => matrixRank(input, atol, rtol, hermitian),
});
op('linalg_matrix_rank.atol_rtol_float(Tensor self, *, float? atol=None, float? rtol=None, bool hermitian=False) -> Tensor', {
  doc: RANK_DOC,
  decompose: ({ self, atol, rtol, hermitian }) => matrixRank(self, asTensor(atol, self), asTensor(rtol, self), hermitian),
});
op('linalg_matrix_rank(Tensor self, float tol, bool hermitian=False) -> Tensor', {
  doc: RANK_DOC,
  decompose: ({ self, tol, hermitian }) => matrixRank(self, asTensor(tol, self), asTensor(0, self), hermitian),
});
op('linalg_matrix_rank.tol_tensor(Tensor input, Tensor tol, bool hermitian=False) -> Tensor', {
  doc: RANK_DOC,
  decompose: ({ input, tol, hermitian }) => matrixRank(input, tol, F.zeros_like(tol), hermitian),
});
