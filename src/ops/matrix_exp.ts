// The matrix exponential by optimised Taylor polynomials (Bader, Blanes and Casas, "Computing the Matrix Exponential with an Optimized Taylor
// Polynomial Approximation", 2019), with PyTorch's degrees, thresholds and order of operations.
import { storeParts } from '../backend/reference/matrices.ts';
import { bfloat16, type DType, float64, int64 } from '../core/dtype.ts';
import { fromBfloat16, fromHalf } from '../core/half.ts';
import { Layout } from '../core/layout.ts';
import type { Shape } from '../core/size.ts';
import { emptyLike, type Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { identityLike } from './matrices.ts';

type Polynomial = (a: Tensor) => Tensor;
/** The 1-norms up to which degrees 1, 2, 4, 8 and 12 suffice, and the one that degree 18 is scaled to. */
const NORMS = {
  single: [1.192092800768788e-7, 5.978858893805233e-4, 5.116619363445086e-2, 5.800524627688768e-1, 1.461661507209034, 3.010066362817634],
  double: [2.220446049250313e-16, 2.580956802971767e-8, 3.397168839976962e-4, 4.991228871115323e-2, 2.99615891381158e-1, 1.090863719290036],
};

/** PyTorch gives its kernels for 16 bits the table of float64 coefficients and a dtype of two bytes: they see the table's first bytes. */
function seenBy(dtype: DType, coefficients: readonly number[]): readonly number[] {
  if (dtype.is_complex || dtype.itemsize > 2) return coefficients;
  const decode = dtype === bfloat16 ? fromBfloat16 : fromHalf;
  return Array.from(new Uint16Array(Float64Array.from(coefficients).buffer, 0, coefficients.length), decode);
}
function tensorOf(numbers: readonly number[], shape: Shape, dtype: DType, beside: Tensor): Tensor {
  const result = emptyLike(Layout.dense(shape, dtype, beside.device));
  storeParts(result, [numbers]);
  return result;
}
/** Linear combinations of matrices, one for each row of coefficients. */
function combinations(matrices: readonly Tensor[], rows: readonly (readonly number[])[]): Tensor[] {
  const first = matrices[0]!;
  const stacked = F.stack(matrices as Tensor[], 0);
  const parts = first.dtype.is_complex ? F.view_as_real(stacked) : stacked;
  const table = tensorOf(seenBy(first.dtype, rows.flat()), [rows.length, matrices.length], parts.dtype, first);
  const result = table.mm(parts.reshape([matrices.length, -1])).reshape([rows.length, ...parts.shape.slice(1)]);
  return (first.dtype.is_complex ? F.view_as_complex(result) : result).unbind(0) as Tensor[];
}
const combination = (matrices: readonly Tensor[], coefficients: readonly number[]): Tensor => combinations(matrices, [coefficients])[0]!;

const ROOT = 13.30413469565007; // √177
const X3 = 2 / 3;
const X1 = X3 * ((1 + ROOT) / 88);
const X2 = X3 * ((1 + ROOT) / 352);
const X4 = (-271 + 29 * ROOT) / (315 * X3);
const X5 = (-11 + 11 * ROOT) / (1260 * X3);
const X6 = (-99 + 11 * ROOT) / (5040 * X3);
const X7 = (89 - ROOT) / (5040 * X3);
const Y2 = (857 - 58 * ROOT) / 630;
const B12 = [
  [9.0198e-16, 0.4693211759541824, -0.20099424927047285, -0.04623946134063072],
  [5.315978957598713, 1.1992679041713223, 0.01179296240992997, 0.01108844528519168],
  [0.18188869982170436, 0.05502798439925399, 0.09351590770535415, 0.006107005288980582],
  [-2.086132e-13, -0.13181061013830184, -0.02027855540589259, -0.006759518468630863],
];
const B18 = [
  [0, -0.10036558103014462, -0.00802924648241157, -0.00089213849804573, 0],
  [0, 0.3978497494996451, 1.3678377846041172, 0.49828962252538267, -0.0006378981945947233],
  [-10.967639605296206, 1.680158138789062, 0.05717798464788655, -0.0069821012248805206, 3.349750170860705e-5],
  [-0.09043168323908106, -0.06764045190713819, 0.06759613017704597, 0.029555257042931552, -1.391802575160607e-5],
  [0, 0, -0.09233646193671186, -0.016936493900208172, -1.400867981820361e-5],
];
const identityOf = (a: Tensor): Tensor => identityLike(a, a.shape[a.ndim - 1]!).expand(a.layout.shape as number[]);

const POLYNOMIALS: readonly Polynomial[] = [
  (a) => identityOf(a).add(a),
  (a) => identityOf(a).add(a).add(a.matmul(a).div(2)),
  (a) => {
    const [one, a2] = [identityOf(a), a.matmul(a)];
    return combination([one, a, a2, a2.matmul(combination([one, a, a2], [1 / 2, 1 / 6, 1 / 24]))], [1, 1, 0, 1]);
  },
  (a) => {
    const [one, a2] = [identityOf(a), a.matmul(a)];
    const a4 = a2.matmul(combination([a, a2], [X1, X2]));
    const a8 = combination([a2, a4], [X3, 1]).matmul(combination([one, a, a2, a4], [X4, X5, X6, X7]));
    return combination([one, a, a2, a4, a8], [1, 1, Y2, 0, 1]);
  },
  (a) => {
    const a2 = a.matmul(a);
    const [b0, b1, b2, b3] = combinations([identityOf(a), a, a2, a.matmul(a2)], B12) as [Tensor, Tensor, Tensor, Tensor];
    const a6 = b2.add(b3.matmul(b3));
    return b0.add(b1.add(a6).matmul(a6));
  },
];
function degree18(a: Tensor): Tensor {
  const a2 = a.matmul(a);
  const a3 = a.matmul(a2);
  const [b0, b1, b2, b3, b4] = combinations([identityOf(a), a, a2, a3, a3.matmul(a3)], B18) as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const a9 = b3.add(b0.matmul(b4));
  return b1.add(b2.add(a9).matmul(a9));
}
/** Degree 18 of a / 2ˢ, squared s times. */
function squared(a: Tensor, squarings: number): Tensor {
  let result = degree18(a.div(2 ** squarings));
  for (let i = 0; i < squarings; i++) result = result.matmul(result);
  return result;
}
/** How to compute the exponential of matrices of a norm: which degree, or how many squarings after the highest. */
function methodFor(norm: number, norms: readonly number[]): number {
  const degree = POLYNOMIALS.findIndex((_, i) => norm <= norms[i]!);
  if (degree >= 0) return degree;
  const squarings = Math.ceil(Math.log2(norm / norms[POLYNOMIALS.length]!));
  return POLYNOMIALS.length + (squarings > 0 && Number.isFinite(squarings) ? squarings : 0);
}

/** The exponentials of a batch (B, n, n) of matrices; those of one method are computed together. */
export function matrixExponentials(a: Tensor): Tensor {
  const norms = a.dtype.is_complex
    ? a.dtype.itemsize > 8
      ? NORMS.double
      : NORMS.single
    : a.dtype.itemsize === 4
      ? NORMS.single
      : NORMS.double;
  const groups = new Map<number, number[]>();
  const ofBatch = a.abs().sum([-2]).amax([-1]).to(float64).tolist() as number[];
  ofBatch.forEach((norm, i) => {
    const method = methodFor(norm, norms);
    groups.set(method, [...(groups.get(method) ?? []), i]);
  });
  const compute = (x: Tensor, method: number): Tensor => POLYNOMIALS[method]?.(x) ?? squared(x, method - POLYNOMIALS.length);
  if (groups.size === 1) return compute(a, [...groups.keys()][0]!);
  const result = F.empty_like(a);
  for (const [method, members] of groups) {
    const index = tensorOf(members, [members.length], int64, a);
    F.index_copy_(result, 0, index, compute(a.index_select(0, index), method));
  }
  return result;
}
