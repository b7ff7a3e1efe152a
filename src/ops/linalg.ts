// Determinants, inverses, systems of equations and functions of matrices. See docs/decisions/003-one-linear-algebra.md.
import { Category, int32 } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import { numel, sameShape } from '../core/size.ts';
import { isKnown, type Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { joint, op, uses } from '../dispatch/operator.ts';
import {
  choleskySolve,
  determinant,
  identity,
  ldlSolve,
  luFactor,
  luSolve,
  signAndLogDeterminant,
  solveTriangular,
  solveTriangularRight,
} from '../backend/reference/linalg.ts';
import { integersOf, matricesOf, storeMatrices, storeParts } from '../backend/reference/matrices.ts';
import { permutation } from './decomposition.ts';
import { matrixExponentials } from './matrix_exp.ts';
import {
  batchOf,
  checkFloating,
  checkKernelDtype,
  checkMatrix,
  checkSquare,
  column,
  columnMajor,
  commonBatch,
  epsilonOf,
  identityLike,
  isVectorSide,
  onDiagonal,
  row,
  sizeOf,
} from './matrices.ts';

// ---- determinants -------------------------------------------------------------------------------------------------
/** The adjugate's conjugate transpose, from the singular value decomposition: it exists for singular matrices too. */
function cofactors(A: Tensor): Tensor {
  const [U, S, Vh] = F.linalg_svd(A, true, null);
  const n = S.shape[S.ndim - 1]!;
  const others = Array.from({ length: n }, (_, i) => {
    const rest = [...Array(n).keys()].filter((k) => k !== i);
    return rest.length
      ? F.stack(
          rest.map((k) => S.select(-1, k)),
          -1,
        ).prod(-1)
      : F.ones_like(S.select(-1, i));
  });
  const products = F.stack(others, -1).to(A.dtype);
  const sign = F.linalg_det(U).mul(F.linalg_det(Vh)).conj();
  return U.mul(row(products.mul(column(sign)))).matmul(Vh);
}
op('linalg_det(Tensor A) -> Tensor', {
  doc: 'The determinant.',
  meta: ({ A }) => {
    checkSquare(A, 'linalg.det');
    checkFloating(A, 'linalg.det', true);
    checkKernelDtype(A, 'lu_cpu');
    return { shape: batchOf(A), dtype: A.dtype };
  },
  kernel: ({ A }, out) => {
    const all = matricesOf(A).map((a) => determinant(luFactor(a)));
    storeParts(
      out!,
      all.map((d) => (A.dtype.is_complex ? [d.re, d.im] : [d.re])),
    );
  },
  grad: {
    A: uses('A', 'result', (g, { A, result }) => {
      const n = A.shape[A.ndim - 1]!;
      if (n <= 1) return column(column(g)).expand(A.shape);
      const regular = (): Tensor =>
        F.linalg_solve_ex(A.mH, onDiagonal(column(g.mul(result.conj())).expand([...batchOf(A), n])), true, false)[0];
      if (![A, result, g].every(isKnown)) return regular();
      const small = result
        .detach()
        .abs()
        .lt(100 * epsilonOf(A.dtype));
      if (!small.any().item()) return regular();
      if (small.all().item()) return cofactors(A).mul(column(column(g)));
      const safe = F.where$self(column(column(small)), identityLike(A, n), A);
      const ofRegular = F.linalg_solve_ex(safe.mH, onDiagonal(column(g.mul(result.conj())).expand([...batchOf(A), n])), true, false)[0];
      const places = small.reshape([-1]).nonzero().squeeze(1);
      const singular = cofactors(A.reshape([-1, n, n]).index_select(0, places)).mul(
        column(column(g.reshape([-1]).index_select(0, places))),
      );
      return ofRegular.reshape([-1, n, n]).index_copy(0, places, singular).reshape(A.shape);
    }),
  },
  batch: 'leading',
});
op('det(Tensor self) -> Tensor', { doc: 'The determinant.', decompose: ({ self }) => F.linalg_det(self), inplace: false });
op('linalg_slogdet(Tensor A) -> (Tensor sign, Tensor logabsdet)', {
  doc: 'The sign (of a complex determinant, the phase) and the logarithm of the magnitude of the determinant.',
  meta: ({ A }) => {
    checkSquare(A, 'linalg.slogdet');
    checkFloating(A, 'linalg.slogdet');
    return [
      { shape: batchOf(A), dtype: A.dtype },
      { shape: batchOf(A), dtype: A.dtype.to_real() },
    ];
  },
  kernel: ({ A }, sign, logabsdet) => {
    const all = matricesOf(A).map((a) => signAndLogDeterminant(luFactor(a)));
    storeParts(
      sign!,
      all.map((x) => (A.dtype.is_complex ? [x.sign.re, x.sign.im] : [x.sign.re])),
    );
    storeParts(logabsdet!, [all.map((x) => x.logAbs)]);
  },
  grad: joint('A', 'sign', ([gSign, gLog], { A, sign }, _needs, given) => {
    const n = A.shape[A.ndim - 1]!;
    let g: Tensor = gLog!;
    if (A.dtype.is_complex) g = F.complex(g, given[0] ? F.imag(gSign!.conj().mul(sign)).neg() : F.zeros_like(g));
    return { A: F.linalg_solve_ex(A.mH, onDiagonal(column(g).expand([...batchOf(A), n])), true, false)[0] };
  }),
  batch: 'leading',
});
op('slogdet(Tensor self) -> (Tensor sign, Tensor logabsdet)', {
  doc: 'The sign and the logarithm of the magnitude of the determinant.',
  decompose: ({ self }) => F.linalg_slogdet(self),
});
op('logdet(Tensor self) -> Tensor', {
  doc: 'The logarithm of the determinant; NaN if it is negative.',
  decompose: ({ self }) => {
    checkSquare(self, 'logdet');
    checkFloating(self, 'logdet');
    const [sign, logabsdet] = F.linalg_slogdet(self);
    if (self.dtype.is_complex) return sign.log().add(logabsdet);
    return F.where$self(sign.eq(-1), Number.NaN, logabsdet);
  },
  inplace: false,
});

// ---- systems of equations -----------------------------------------------------------------------------------------
function checkSystem(A: Tensor, B: Tensor, left: boolean, name: string): void {
  if (A.dtype !== B.dtype)
    throw new RuntimeError(
      `${name}: Expected A and B to have the same dtype, but found A of type ${A.dtype.scalarName} and B of type ${B.dtype.scalarName} instead`,
    );
  checkSquare(A, name);
  checkMatrix(B, name, 'B');
  checkSides(A, B, left, name);
}
function checkSides(A: Tensor, B: Tensor, left: boolean, name: string): void {
  const [m, n] = [sizeOf(A), sizeOf(B)];
  if (left ? m[1] !== n[0] : m[0] !== n[1]) {
    throw new RuntimeError(
      `${name}: Incompatible shapes of A and B for the equation ${left ? 'AX = B' : 'XA = B'} (${m.join('x')} and ${n.join('x')})`,
    );
  }
}
op('_linalg_solve_ex(Tensor A, Tensor B) -> (Tensor result, Tensor info)', {
  doc: 'Solves A·X = B for matrices in equal batches.',
  meta: ({ A, B }) => [columnMajor(B.shape, B.dtype), { shape: batchOf(A), dtype: int32 }],
  kernel: ({ A, B }, result, info) => {
    const sides = matricesOf(B);
    const factors = matricesOf(A).map((a) => luFactor(a));
    storeMatrices(
      result!,
      factors.map((lu, i) => luSolve(lu.factors, lu.pivots, sides[i]!)),
    );
    storeParts(info!, [factors.map((lu) => lu.info)]);
  },
  grad: joint('A', 'result', ([g], { A, result }, needs) => {
    const gB = F._linalg_solve_ex(A.mH, g!)[0];
    return { B: gB, A: needs.A ? gB.matmul(result.mH).neg() : null };
  }),
  gradName: 'LinalgSolveExBackward0',
  batch: 'leading',
  surface: [],
});
op('linalg_solve_ex(Tensor A, Tensor B, *, bool left=True, bool check_errors=False) -> (Tensor result, Tensor info)', {
  doc: 'The solution of A·X = B (with left=False of X·A = B), and which matrices are singular.',
  decompose: ({ A, B, left, check_errors }) => {
    const name = 'linalg.solve';
    checkFloating(A, name, true);
    const vector = isVectorSide(A, B);
    const b = vector ? column(B) : B;
    checkSystem(A, b, left || vector, name);
    if (vector && !left)
      throw new RuntimeError(
        'linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. In this case linalg.solve is equivalent to B / A.squeeze(-1)',
      );
    checkKernelDtype(A, 'lu_cpu');
    const [a, side] = commonBatch(A, b);
    let [result, info] = left ? F._linalg_solve_ex(a, side) : F._linalg_solve_ex(a.mT, side.mT);
    if (!left) result = result.mT;
    if (vector) result = result.squeeze(-1);
    if (check_errors) F._linalg_check_errors(info, 'torch.linalg.solve_ex', A.ndim === 2);
    return [result, info];
  },
});
op('linalg_solve(Tensor A, Tensor B, *, bool left=True) -> Tensor', {
  doc: 'The solution of A·X = B, or with left=False of X·A = B. @throws LinAlgError if A is singular.',
  decompose: ({ A, B, left }) => {
    const [result, info] = F.linalg_solve_ex(A, B, left, false);
    F._linalg_check_errors(info, 'torch.linalg.solve', A.ndim === 2);
    return result;
  },
});
op('_solve_triangular(Tensor self, Tensor B, bool upper, bool left, bool unitriangular) -> Tensor', {
  doc: 'Solves with triangular matrices in equal batches.',
  meta: ({ B }) => columnMajor(B.shape, B.dtype),
  kernel: ({ self, B, upper, left, unitriangular }, out) => {
    const sides = matricesOf(B);
    const solve = left ? solveTriangular : solveTriangularRight;
    storeMatrices(
      out!,
      matricesOf(self).map((a, i) => solve(a, sides[i]!, { upper, unit: unitriangular })),
    );
  },
  grad: joint('self', 'result', ([g], { self, result, upper, left, unitriangular }, needs) => {
    const gB = F._solve_triangular(self.mH, g!, !upper, left, unitriangular);
    const triangle = (g: Tensor): Tensor => (upper ? g.triu(unitriangular ? 1 : 0) : g.tril(unitriangular ? -1 : 0));
    const gA = needs.self ? triangle((left ? gB.matmul(result.mH) : result.mH.matmul(gB)).neg()) : null;
    return { B: gB, self: gA };
  }),
  gradName: 'LinalgSolveTriangularBackward0',
  batch: 'leading',
  surface: [],
});
op('linalg_solve_triangular(Tensor self, Tensor B, *, bool upper, bool left=True, bool unitriangular=False) -> Tensor', {
  doc: 'The solution of A·X = B (with left=False of X·A = B) for a triangular A; the other triangle is not looked at.',
  decompose: ({ self, B, upper, left, unitriangular }) => {
    const name = 'linalg.solve_triangular';
    checkSquare(self, name);
    checkMatrix(B, name, 'B');
    checkSides(self, B, left, name);
    checkKernelDtype(self, 'triangular_solve_cpu');
    const [a, b] = commonBatch(self, B);
    return F._solve_triangular(a, b, upper, left, unitriangular);
  },
});
/** Checks of the older solvers. */
function checkOldSystem(b: Tensor, A: Tensor, name: string): void {
  const [m, n] = sizeOf(A);
  if (m !== n) throw new RuntimeError(`A must be batches of square matrices, but they are ${m} by ${n} matrices`);
  const [rows, columns] = sizeOf(b);
  if (n !== rows)
    throw new RuntimeError(
      `Incompatible matrix sizes for ${name}: each A matrix is ${n} by ${n} but each b matrix is ${rows} by ${columns}`,
    );
}
op(
  'triangular_solve(Tensor self, Tensor A, bool upper=True, bool transpose=False, bool unitriangular=False) -> (Tensor solution, Tensor cloned_coefficient)',
  {
    doc: 'The old form of torch.linalg.solve_triangular: the solution of A·X = b, and a copy of A.',
    decompose: ({ self, A, upper, transpose, unitriangular }) => {
      for (const [what, t] of [
        ['b', self],
        ['A', A],
      ] as const) {
        if (t.ndim < 2)
          throw new RuntimeError(
            `torch.triangular_solve: Expected ${what} to have at least 2 dimensions, but it has ${t.ndim} dimensions instead`,
          );
      }
      checkOldSystem(self, A, 'triangular_solve');
      checkKernelDtype(A, 'triangular_solve_cpu');
      const [a, b] = commonBatch(A, self);
      return [F._solve_triangular(transpose ? a.mT : a, b, upper !== transpose, true, unitriangular), a.clone()];
    },
  },
);
op('linalg_lu_solve(Tensor LU, Tensor pivots, Tensor B, *, bool left=True, bool adjoint=False) -> Tensor', {
  doc: 'The solution of A·X = B (or X·A = B, or with Aᴴ) from the packed LU factors of A.',
  decompose: ({ LU, pivots, B, left, adjoint }) => {
    const name = 'linalg.lu_solve';
    checkFloating(LU, name, true);
    if (pivots.dtype !== int32) throw new RuntimeError(`${name}: pivots should be a Tensor of scalar type torch.int32`);
    checkSquare(LU, name, 'LU');
    checkMatrix(B, name, 'B');
    checkSides(LU, B, left, name);
    if (LU.shape[LU.ndim - 1] !== pivots.shape[pivots.ndim - 1])
      throw new RuntimeError(`${name}: Number of pivots per batch should be same as the dimension of the matrix`);
    if (!sameShape(LU.shape.slice(0, -1), pivots.shape))
      throw new RuntimeError(
        `${name}: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots with shape ${showShape(pivots.shape)} instead`,
      );
    const [lu, b] = commonBatch(LU, B);
    const p = pivots.expand([...batchOf(b), pivots.shape[pivots.ndim - 1]!]);
    // X·A = B is Aᴴ·Xᴴ = Bᴴ.
    return left ? F._lu_solve(lu, p, b, adjoint) : F._lu_solve(lu, p, b.mH, !adjoint).mH;
  },
});
op('_lu_solve(Tensor LU, Tensor pivots, Tensor B, bool adjoint) -> Tensor', {
  doc: 'Solves from packed LU factors in equal batches.',
  meta: ({ B }) => columnMajor(B.shape, B.dtype),
  kernel: ({ LU, pivots, B, adjoint }, out) => {
    const [exchanges, sides] = [integersOf(pivots), matricesOf(B)];
    storeMatrices(
      out!,
      matricesOf(LU).map((factors, i) => {
        if (exchanges[i]!.some((x) => x < 1))
          throw new RuntimeError(
            'Pivots given to lu_solve must all be greater or equal to 1. Did you properly pass the result of lu_factor?',
          );
        return luSolve(factors, exchanges[i]!, sides[i]!, adjoint ? 'H' : undefined);
      }),
    );
  },
  decompose: ({ LU, pivots, B, adjoint }) => {
    const P = permutation(LU, pivots);
    if (adjoint) return P.matmul(F._solve_triangular(LU.mH, F._solve_triangular(LU.mH, B, false, true, false), true, true, true));
    return F._solve_triangular(LU, F._solve_triangular(LU, P.mH.matmul(B), false, true, true), true, true, false);
  },
  batch: 'leading',
  surface: [],
});
op('lu_solve(Tensor self, Tensor LU_data, Tensor LU_pivots) -> Tensor', {
  doc: 'The old form of torch.linalg.lu_solve: the right-hand side first.',
  decompose: ({ self, LU_data, LU_pivots }) => F.linalg_lu_solve(LU_data, LU_pivots, self, true, false),
  inplace: false,
});
op('linalg_ldl_solve(Tensor LD, Tensor pivots, Tensor B, *, bool hermitian=False) -> Tensor', {
  doc: 'The solution of A·X = B from what torch.linalg.ldl_factor gives.',
  decompose: ({ LD, pivots, B, hermitian }) => {
    const name = 'torch.linalg.ldl_solve';
    checkSquare(LD, name);
    checkFloating(LD, name, true);
    if (LD.dtype !== B.dtype)
      throw new RuntimeError(
        `${name}: Expected LD and B to have the same dtype, but found LD of type ${LD.dtype.scalarName} and B of type ${B.dtype.scalarName} instead`,
      );
    if (B.ndim < 2) sizeError(B);
    checkOldSystem(B, LD, name);
    if (!sameShape(LD.shape.slice(0, -1), pivots.shape))
      throw new RuntimeError(
        `${name}: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape ${showShape(pivots.shape)} instead`,
      );
    if (pivots.dtype.category > Category.Integral)
      throw new RuntimeError(`${name}: Expected pivots to be integers. Got ${pivots.dtype.scalarName}`);
    const [a, b] = commonBatch(LD, B);
    return F._ldl_solve(a, pivots.expand([...batchOf(b), pivots.shape[pivots.ndim - 1]!]), b, hermitian);
  },
});
/** The error of looking at a dimension that is not there. */
function sizeError(t: Tensor): void {
  t.size(-2);
}
op('_ldl_solve(Tensor LD, Tensor pivots, Tensor B, bool hermitian) -> Tensor', {
  doc: 'Solves from packed LDL factors in equal batches.',
  meta: ({ B }) => columnMajor(B.shape, B.dtype),
  kernel: ({ LD, pivots, B, hermitian }, out) => {
    const [exchanges, sides] = [integersOf(pivots), matricesOf(B)];
    storeMatrices(
      out!,
      matricesOf(LD).map((factors, i) => ldlSolve(factors, exchanges[i]!, sides[i]!, hermitian)),
    );
  },
  gradName: 'LinalgLdlSolveBackward0',
  batch: 'leading',
  surface: [],
});
op('cholesky_solve(Tensor self, Tensor input2, bool upper=False) -> Tensor', {
  doc: 'The solution of A·X = B from the Cholesky factor of A.',
  decompose: ({ self, input2, upper }) => {
    if (self.ndim < 2) throw new RuntimeError(`b should have at least 2 dimensions, but has ${self.ndim} dimensions instead`);
    if (input2.ndim < 2) throw new RuntimeError(`u should have at least 2 dimensions, but has ${input2.ndim} dimensions instead`);
    checkOldSystem(self, input2, 'cholesky_solve');
    checkKernelDtype(self, 'cholesky_solve_cpu');
    const [factor, b] = commonBatch(input2, self);
    return F._cholesky_solve(b, factor, upper);
  },
  inplace: false,
});
op('_cholesky_solve(Tensor self, Tensor L, bool upper) -> Tensor', {
  doc: 'Solves from Cholesky factors in equal batches.',
  meta: ({ self }) => columnMajor(self.shape, self.dtype),
  kernel: ({ self, L, upper }, out) => {
    const sides = matricesOf(self);
    storeMatrices(
      out!,
      matricesOf(L).map((factor, i) => choleskySolve(factor, sides[i]!, upper)),
    );
  },
  grad: joint('L', 'result', ([g], { L, result, upper }, needs) => {
    const gB = F._cholesky_solve(g!, L, upper);
    const product = gB.matmul(result.mH);
    return { self: gB, L: needs.L ? factorGradient(product.add(product.mH), L, upper) : null };
  }),
  gradName: 'CholeskySolveBackward0',
  batch: 'leading',
  surface: [],
  inplace: false,
});
/** The gradient of a function of L·Lᴴ with respect to L, from a Hermitian one. */
const factorGradient = (g: Tensor, L: Tensor, upper: boolean): Tensor => (upper ? L.matmul(g) : g.matmul(L)).neg();
op('cholesky_inverse(Tensor self, bool upper=False) -> Tensor', {
  doc: 'The inverse of a matrix from its Cholesky factor.',
  meta: ({ self }) => {
    checkSquare(self, 'cholesky_inverse');
    checkKernelDtype(self, 'cholesky_inverse_out_cpu');
    return columnMajor(self.shape, self.dtype);
  },
  kernel: ({ self, upper }, out) =>
    storeMatrices(
      out!,
      matricesOf(self).map((factor) => choleskySolve(factor, identity(factor.rows, factor.rows, factor.complex), upper)),
    ),
  grad: {
    self: uses('self', 'result', (g, { self, result, upper }) => factorGradient(result.matmul(g.add(g.mH)).matmul(result), self, upper)),
  },
  batch: 'leading',
  inplace: false,
});

// ---- inverses -----------------------------------------------------------------------------------------------------
op('linalg_inv_ex(Tensor A, *, bool check_errors=False) -> (Tensor inverse, Tensor info)', {
  doc: 'The inverse, and which matrices are singular.',
  meta: ({ A }) => {
    checkSquare(A, 'linalg.inv');
    checkFloating(A, 'linalg.inv');
    return [columnMajor(A.shape, A.dtype), { shape: batchOf(A), dtype: int32 }];
  },
  kernel: ({ A, check_errors }, inverse, info) => {
    const factors = matricesOf(A).map((a) => luFactor(a));
    storeMatrices(
      inverse!,
      factors.map((lu) => luSolve(lu.factors, lu.pivots, identity(lu.factors.rows, lu.factors.rows, lu.factors.complex))),
    );
    const infos = factors.map((lu) => lu.info);
    storeParts(info!, [infos]);
    if (check_errors) F._linalg_check_errors(info!, 'linalg.inv_ex', A.ndim === 2);
  },
  grad: { A: uses('inverse', (g, { inverse }) => inverse.mH.matmul(g).matmul(inverse.mH).neg()) },
  batch: 'leading',
});
op('linalg_inv(Tensor A) -> Tensor', {
  doc: 'The inverse. @throws LinAlgError if A is singular.',
  decompose: ({ A }) => {
    const [inverse, info] = F.linalg_inv_ex(A, false);
    F._linalg_check_errors(info, 'linalg.inv', A.ndim === 2);
    return inverse;
  },
});
op('inverse(Tensor self) -> Tensor', {
  doc: 'The inverse. @throws LinAlgError if it does not exist.',
  decompose: ({ self }) => F.linalg_inv(self),
  inplace: false,
});

// ---- functions of matrices ----------------------------------------------------------------------------------------
op('linalg_matrix_exp(Tensor self) -> Tensor', {
  doc: 'The matrix exponential.',
  meta: ({ self }) => {
    checkSquare(self, 'linalg.matrix_exp');
    checkFloating(self, 'linalg.matrix_exp', true);
    return { shape: self.shape, dtype: self.dtype };
  },
  kernel: ({ self }, out) => {
    const a = self.detach();
    const n = sizeOf(a)[0];
    if (a.layout.numel > 0)
      F.copy_(out!, n === 1 ? a.exp() : matrixExponentials(a.reshape([-1, n, n])).reshape(a.layout.shape as number[]));
  },
  grad: {
    // The exponential of [[A, G], [0, A]] has the derivative at A in direction G in its corner.
    self: uses('self', (g, { self }) => {
      const n = self.shape[self.ndim - 1]!;
      const a = self.mH;
      const block = F.cat([F.cat([a, g], -1), F.cat([F.zeros_like(a), a], -1)], -2);
      return F.linalg_matrix_exp(block).narrow(-2, 0, n).narrow(-1, n, n);
    }),
  },
  batch: 'leading',
});
op('matrix_exp(Tensor self) -> Tensor', {
  doc: 'The matrix exponential.',
  decompose: ({ self }) => F.linalg_matrix_exp(self),
  inplace: false,
});
op('linalg_matrix_power(Tensor self, int n) -> Tensor', {
  doc: 'The n-th power of a matrix, of its inverse if n is negative.',
  decompose: ({ self, n }) => {
    checkSquare(self, 'linalg.matrix_power');
    if (n === 0) return self.clone().copy_(identityLike(self, self.shape[self.ndim - 1]!));
    let base = n > 0 ? self : F.linalg_inv(self);
    if (Math.abs(n) === 1) return n === 1 ? self.clone() : base;
    let result: Tensor | null = null;
    for (let rest = Math.abs(n); rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) result = result ? result.matmul(base) : base;
      if (rest > 1) base = base.matmul(base);
    }
    return result!;
  },
});
op('matrix_power(Tensor self, int n) -> Tensor', {
  doc: 'The n-th power of a matrix.',
  decompose: ({ self, n }) => F.linalg_matrix_power(self, n),
  inplace: false,
});
op('linalg_matrix_sqrth(Tensor self) -> Tensor', {
  doc: 'The square root of a Hermitian positive-semidefinite matrix that is positive-semidefinite itself; the lower triangle is read.',
  decompose: ({ self }) => {
    checkSquare(self, 'linalg.matrix_sqrth');
    checkFloating(self, 'linalg.matrix_sqrth');
    const [values, vectors] = F.linalg_eigh(self, 'L');
    return vectors.mul(row(values.clamp(0).sqrt())).matmul(vectors.mH);
  },
});
op('linalg_polar(Tensor A) -> (Tensor U, Tensor H)', {
  doc: 'A = U·H with orthonormal columns of U and Hermitian positive-semidefinite H.',
  decompose: ({ A }) => {
    checkMatrix(A, 'linalg.polar');
    const [m, n] = sizeOf(A);
    if (m < n) throw new RuntimeError(`linalg.polar: input must have at least as many rows as columns, but got ${m} by ${n} matrices`);
    checkFloating(A, 'linalg.polar', true);
    const [U, S, Vh] = F.linalg_svd(A, false, null);
    return [U.matmul(Vh), Vh.mH.mul(row(S)).matmul(Vh)];
  },
});

// ---- systems of tensors -------------------------------------------------------------------------------------------
op('linalg_tensorinv(Tensor self, int ind=2) -> Tensor', {
  doc: 'The inverse of self as a map from its last dimensions to its first `ind` ones.',
  decompose: ({ self, ind }) => {
    if (ind <= 0) throw new RuntimeError(`Expected a strictly positive integer for 'ind', but got ${ind}`);
    const [left, right] = [self.shape.slice(0, ind), self.shape.slice(ind)];
    if (numel(left) !== numel(right))
      throw new RuntimeError(
        `Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got ${numel(right)} != ${numel(left)}`,
      );
    const [inverse, info] = F.linalg_inv_ex(self.reshape([numel(left), numel(right)]), false);
    F._linalg_check_errors(info, 'inv', true);
    return inverse.reshape([...right, ...left]);
  },
});
op('linalg_tensorsolve(Tensor self, Tensor other, int[]? dims=None) -> Tensor', {
  doc: 'X with tensordot(self, X, X.ndim) = other; `dims` move to the end of self first.',
  decompose: ({ self, other, dims }) => {
    let a = self;
    if (dims) {
      const moved = dims.map((d) => (d < 0 ? d + self.ndim : d));
      a = self.permute([...self.shape.map((_, i) => i).filter((i) => !moved.includes(i)), ...moved]);
    }
    const rest = a.shape.slice(other.ndim);
    const [unknowns, equations] = [numel(rest), numel(a.shape.slice(0, other.ndim))];
    if (unknowns !== equations)
      throw new RuntimeError(
        `Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got ${unknowns} != ${equations}`,
      );
    return F.linalg_solve(a.reshape([unknowns, unknowns]), other.reshape([-1]), true).reshape(rest);
  },
});
