// Products of Householder reflectors, as geqrf leaves them.
import { RuntimeError } from '../core/errors.ts';
import { sameShape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';
import { householderProduct, multiplyByQ } from '../backend/reference/linalg.ts';
import { matricesOf, storeMatrices, vectorsOf } from '../backend/reference/matrices.ts';
import { batchOf, checkKernelDtype, column, columnMajor, sizeOf } from './matrices.ts';

/** c ← H·c for the reflector H = 1 − τ·v·vᴴ. */
const reflect = (c: Tensor, v: Tensor, tau: Tensor): Tensor => c.sub(column(column(tau)).mul(v.matmul(v.mH.matmul(c))));
/** The vector of reflector i: zeros, a one at place i, and what is packed below the diagonal. */
function reflector(packed: Tensor, i: number): Tensor {
  const unit = F.eye(sizeOf(packed)[0], packed.dtype, null, packed.device).narrow(-1, i, 1);
  return packed
    .narrow(-1, i, 1)
    .tril(-1 - i)
    .add(unit);
}
/** H₁·…·H_k·c, or its adjoint times c. */
function applyReflectors(packed: Tensor, tau: Tensor, c: Tensor, adjoint: boolean): Tensor {
  const k = tau.shape[tau.ndim - 1]!;
  let r = c;
  for (let step = 0; step < k; step++) {
    const i = adjoint ? step : k - 1 - step;
    const t = tau.select(-1, i);
    r = reflect(r, reflector(packed, i), adjoint ? t.conj() : t);
  }
  return r.mT.contiguous().mT;
}

function checkReflectors(name: string, input: Tensor, tau: Tensor): void {
  if (input.ndim < 2) throw new RuntimeError(`${name}: input must have at least 2 dimensions.`);
  if (input.ndim - tau.ndim !== 1) {
    throw new RuntimeError(
      `${name}: Expected tau to have one dimension less than input, but got tau.ndim equal to ${tau.ndim} and input.ndim is equal to ${input.ndim}`,
    );
  }
}
function checkBatch(name: string, what: string, of: readonly number[], like: readonly number[]): void {
  if (!sameShape(of, like))
    throw new RuntimeError(`${name}: Expected batch dimensions of ${what} to be equal to input.shape[:-2], but got [${of.join(', ')}]`);
}
op('linalg_householder_product(Tensor input, Tensor tau) -> Tensor', {
  doc: 'The first columns of H₁·H₂·…·H_k, of reflectors packed below the diagonal and their factors.',
  meta: ({ input, tau }) => {
    const name = 'torch.linalg.householder_product';
    checkReflectors(name, input, tau);
    const [m, n] = sizeOf(input);
    if (m < n) throw new RuntimeError(`${name}: input.shape[-2] must be greater than or equal to input.shape[-1]`);
    if (n < tau.shape[tau.ndim - 1]!) throw new RuntimeError(`${name}: input.shape[-1] must be greater than or equal to tau.shape[-1]`);
    checkBatch(name, 'tau', tau.shape.slice(0, -1), batchOf(input));
    if (tau.dtype !== input.dtype)
      throw new RuntimeError(`${name}: tau dtype ${tau.dtype.scalarName} does not match input dtype ${input.dtype.scalarName}`);
    checkKernelDtype(input, 'orgqr_cpu');
    return columnMajor(input.shape, input.dtype);
  },
  kernel: ({ input, tau }, out) => {
    const factors = vectorsOf(tau);
    storeMatrices(
      out!,
      matricesOf(input).map((a, i) => householderProduct(a, factors[i]!)),
    );
  },
  decompose: ({ input, tau }) => {
    const [m, n] = sizeOf(input);
    return applyReflectors(input, tau, F.eye$m(m, n, input.dtype, null, input.device).expand(input.shape), false);
  },
  batch: 'leading',
});
op('orgqr(Tensor self, Tensor input2) -> Tensor', {
  doc: 'The old name of torch.linalg.householder_product.',
  decompose: ({ self, input2 }) => F.linalg_householder_product(self, input2),
  inplace: false,
});
op('ormqr(Tensor self, Tensor input2, Tensor input3, bool left=True, bool transpose=False) -> Tensor', {
  doc: 'The product of Q = H₁·…·H_k (or its adjoint) and a matrix, from the left or from the right.',
  meta: ({ self, input2: tau, input3: other, left }) => {
    const name = 'torch.ormqr';
    if (self.ndim < 2) throw new RuntimeError(`${name}: input must have at least 2 dimensions.`);
    if (other.ndim < 2) throw new RuntimeError(`${name}: other must have at least 2 dimensions.`);
    const side = other.shape[other.ndim - (left ? 2 : 1)]!;
    const shown = left ? -2 : -1;
    const [m, n] = sizeOf(self);
    if (side < tau.shape[tau.ndim - 1]!)
      throw new RuntimeError(`${name}: other.shape[${shown}] must be greater than or equal to tau.shape[-1]`);
    if (tau.shape[tau.ndim - 1] !== Math.min(side, n))
      throw new RuntimeError(`${name}: tau.shape[-1] must be equal to min(other.shape[${shown}], input.shape[-1])`);
    if (side !== m) throw new RuntimeError(`${name}: other.shape[${shown}] must be equal to input.shape[-2]`);
    checkReflectors(name, self, tau);
    if (self.ndim !== other.ndim) {
      throw new RuntimeError(
        `${name}: Expected other to have the same number of dimensions as input, but got other.ndim equal to ${other.ndim} and input.ndim is equal to ${self.ndim}`,
      );
    }
    checkBatch(name, 'tau', tau.shape.slice(0, -1), batchOf(self));
    checkBatch(name, 'other', batchOf(other), batchOf(self));
    if (tau.dtype !== self.dtype)
      throw new RuntimeError(
        `${name}: Expected input and tau to have the same dtype, but input has dtype${self.dtype.scalarName} and tau has dtype ${tau.dtype.scalarName}`,
      );
    if (other.dtype !== self.dtype)
      throw new RuntimeError(
        `${name}: Expected input and other to have the same dtype, but input has dtype${self.dtype.scalarName} and other has dtype ${other.dtype.scalarName}`,
      );
    checkKernelDtype(self, 'ormqr_cpu');
    return columnMajor(other.shape, other.dtype);
  },
  kernel: ({ self, input2, input3, left, transpose }, out) => {
    const [factors, others] = [vectorsOf(input2), matricesOf(input3)];
    storeMatrices(
      out!,
      matricesOf(self).map((a, i) => multiplyByQ(a, factors[i]!, others[i]!, left, transpose)),
    );
  },
  decompose: ({ self, input2, input3, left, transpose }) =>
    left ? applyReflectors(self, input2, input3, transpose) : applyReflectors(self, input2, input3.mH, !transpose).mH,
  batch: 'leading',
  inplace: false,
});
