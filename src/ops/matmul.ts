// Matrix products. mm and bmm are the primitives; the rest is said in them.
import type { DType } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import type { TensorMeta } from '../core/layout.ts';
import { type Scalar, scalarCategory, toNumber } from '../core/scalar.ts';
import { broadcastShapes, showShape } from '../core/shape.ts';
import { numel } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { productInto } from '../backend/reference/matmul.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';

function sameDtype(a: TensorMeta, b: TensorMeta): DType {
  if (a.dtype !== b.dtype) throw new RuntimeError(`expected m1 and m2 to have the same dtype, but got: ${a.dtype.cName} != ${b.dtype.cName}`);
  return a.dtype;
}
const cross = (s: readonly number[]): string => s.join('x');

op('mm(Tensor self, Tensor mat2) -> Tensor', {
  doc: 'The matrix product of two matrices, (n×m)·(m×p) → (n×p).',
  meta: ({ self, mat2 }) => {
    if (self.ndim !== 2) throw new RuntimeError('self must be a matrix');
    if (mat2.ndim !== 2) throw new RuntimeError('mat2 must be a matrix');
    const [a, b] = [self.layout.shape, mat2.layout.shape];
    if (a[1] !== b[0]) throw new RuntimeError(`mat1 and mat2 shapes cannot be multiplied (${cross(a)} and ${cross(b)})`);
    return { shape: [a[0]!, b[1]!], dtype: sameDtype(self, mat2) };
  },
  kernel: ({ self, mat2 }, out) => productInto(out!, self, mat2, 1, self.layout.shape[0]!, self.layout.shape[1]!, mat2.layout.shape[1]!),
  grad: {
    self: uses('mat2', (g, { mat2 }) => g.mm(mat2.mH)),
    mat2: uses('self', (g, { self }) => self.mH.mm(g)),
  },
  batch: (_run, { self, mat2 }) => F.matmul(self, mat2),
  autocast: 'lower',
  inplace: false,
});
op('bmm(Tensor self, Tensor mat2) -> Tensor', {
  doc: 'Matrix products of two batches of matrices, (b×n×m)·(b×m×p) → (b×n×p).',
  meta: ({ self, mat2 }) => {
    if (self.ndim !== 3) throw new RuntimeError('batch1 must be a 3D tensor');
    if (mat2.ndim !== 3) throw new RuntimeError('batch2 must be a 3D tensor');
    const [a, b] = [self.layout.shape, mat2.layout.shape];
    if (a[0] !== b[0] || a[2] !== b[1]) {
      throw new RuntimeError(`Expected size for first two dimensions of batch2 tensor to be: [${a[0]}, ${a[2]}] but got: [${b[0]}, ${b[1]}].`);
    }
    return { shape: [a[0]!, a[1]!, b[2]!], dtype: sameDtype(self, mat2) };
  },
  kernel: ({ self, mat2 }, out) => productInto(out!, self, mat2, self.layout.shape[0]!, self.layout.shape[1]!, self.layout.shape[2]!, mat2.layout.shape[2]!),
  grad: {
    self: uses('mat2', (g, { mat2 }) => g.bmm(mat2.mH)),
    mat2: uses('self', (g, { self }) => self.mH.bmm(g)),
  },
  batch: (_run, { self, mat2 }) => F.matmul(self, mat2),
  autocast: 'lower',
  inplace: false,
});
op('matmul(Tensor self, Tensor other) -> Tensor', {
  doc: 'The product of vectors, matrices or batches of matrices, as the @ operator.',
  decompose: ({ self, other }) => {
    if (self.ndim === 0 || other.ndim === 0) {
      throw new RuntimeError(`both arguments to matmul need to be at least 1D, but they are ${self.ndim}D and ${other.ndim}D`);
    }
    if (self.ndim === 1 && other.ndim === 1) return self.dot(other);
    if (self.ndim === 2 && other.ndim === 1) return self.mv(other);
    if (self.ndim === 1 && other.ndim === 2) return self.unsqueeze(0).mm(other).squeeze(0);
    if (self.ndim === 2 && other.ndim === 2) return self.mm(other);
    return batchedProduct(self, other);
  },
  aliases: ['__matmul__'],
  autocast: 'lower',
  inplace: false,
});
/** At least one operand has three or more dimensions: vectors become matrices, the leading dimensions broadcast. */
function batchedProduct(self: Tensor, other: Tensor): Tensor {
  const a = self.ndim === 1 ? self.unsqueeze(0) : self;
  const b = other.ndim === 1 ? other.unsqueeze(1) : other;
  const [sa, sb] = [a.layout.shape, b.layout.shape];
  const [n, m] = [sa[a.ndim - 2]!, sa[a.ndim - 1]!];
  const [k, p] = [sb[b.ndim - 2]!, sb[b.ndim - 1]!];
  if (m !== k) throw new RuntimeError(`mat1 and mat2 shapes cannot be multiplied (${cross([numel(sa) / m, m])} and ${cross([k, p])})`);
  const batch = broadcastShapes(sa.slice(0, -2), sb.slice(0, -2)) as number[];
  let r: Tensor;
  // Matrices without a batch of their own fold the other's batch into rows: one large product.
  if (b.ndim === 2) r = a.reshape([-1, m].map((x, i) => (i === 0 ? numel(sa.slice(0, -1)) : x))).mm(b).view([...sa.slice(0, -1), p]);
  else {
    const flat = (t: Tensor, rows: number, columns: number): Tensor => t.expand([...batch, rows, columns]).reshape([numel(batch), rows, columns]);
    r = flat(a, n, m).bmm(flat(b, k, p)).view([...batch, n, p]);
  }
  if (self.ndim === 1) r = r.squeeze(-2);
  return other.ndim === 1 ? r.squeeze(-1) : r;
}
op('mv(Tensor self, Tensor vec) -> Tensor', {
  doc: 'The product of a matrix and a vector.',
  decompose: ({ self, vec }) => {
    if (self.ndim !== 2 || vec.ndim !== 1) {
      throw new RuntimeError(`vector + matrix @ vector expected, got 1, ${self.ndim}, ${vec.ndim}`);
    }
    if (self.layout.shape[1] !== vec.layout.shape[0]) {
      throw new RuntimeError(`size mismatch, got input (${self.layout.shape[0]}), mat (${cross(self.layout.shape)}), vec (${vec.layout.shape[0]})`);
    }
    return self.mm(vec.unsqueeze(1)).squeeze(1);
  },
  inplace: false,
});
function checkVectors(name: string, self: Tensor, other: Tensor): void {
  if (self.ndim !== 1 || other.ndim !== 1) throw new RuntimeError(`1D tensors expected, but got ${self.ndim}D and ${other.ndim}D tensors`);
  if (self.dtype !== other.dtype) {
    throw new RuntimeError(`${name} : expected both vectors to have same dtype, but found ${self.dtype.scalarName} and ${other.dtype.scalarName}`);
  }
  const [n, m] = [self.layout.shape[0]!, other.layout.shape[0]!];
  if (n !== m) throw new RuntimeError(`inconsistent tensor size, expected tensor [${n}] and src [${m}] to have the same number of elements, but got ${n} and ${m} elements respectively`);
}
op('dot(Tensor self, Tensor tensor) -> Tensor', {
  doc: 'The inner product of two vectors.',
  decompose: ({ self, tensor }) => {
    checkVectors('dot', self, tensor);
    return self.unsqueeze(0).mm(tensor.unsqueeze(1)).reshape([]);
  },
  inplace: false,
});
op('vdot(Tensor self, Tensor other) -> Tensor', {
  doc: 'The inner product of two vectors, the first conjugated.',
  decompose: ({ self, other }) => {
    checkVectors('vdot', self, other);
    return self.conj().dot(other);
  },
  inplace: false,
});

// ---- products that are added ---------------------------------------------------------------------------------------
const isOne = (s: Scalar): boolean => toNumber(s) === 1;
const isZero = (s: Scalar): boolean => toNumber(s) === 0;
function checkScalars(self: Tensor, beta: Scalar, alpha: Scalar): void {
  for (const [name, s] of [
    ['beta', beta],
    ['alpha', alpha],
  ] as const) {
    if (!self.dtype.is_floating_point && !self.dtype.is_complex && scalarCategory(s) > scalarCategory(1)) {
      throw new RuntimeError(`For integral input tensors, argument ${name} must not be a floating point number.`);
    }
  }
}
/** beta·self + alpha·product; with beta 0 self is not looked at, NaN included. */
function accumulated(self: Tensor, product: Tensor, beta: Scalar, alpha: Scalar): Tensor {
  checkScalars(self, beta, alpha);
  const p = isOne(alpha) ? product : product.mul(alpha);
  if (isZero(beta)) return p.expand(broadcastShapes(self.layout.shape, p.layout.shape) as number[]);
  const shape = p.layout.shape;
  try {
    const s = self.expand(shape as number[]);
    return (isOne(beta) ? s : s.mul(beta)).add(p);
  } catch (e) {
    if (e instanceof RuntimeError) throw new RuntimeError(`The expanded size of the tensor (${shape[shape.length - 1]}) must match the existing size (${self.layout.shape[self.ndim - 1]}) at non-singleton dimension ${shape.length - 1}.  Target sizes: ${showShape(shape)}.  Tensor sizes: ${showShape(self.layout.shape)}`);
    throw e;
  }
}
op('addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) -> Tensor', {
  doc: 'beta · self + alpha · (mat1 @ mat2).',
  decompose: ({ self, mat1, mat2, beta, alpha }) => {
    if (mat1.ndim !== 2 || mat2.ndim !== 2) throw new RuntimeError(`mat1 and mat2 must be matrices, got ${mat1.ndim}-D and ${mat2.ndim}-D tensors`.replace(/^.*$/, mat1.ndim !== 2 ? `mat1 must be a matrix, got ${mat1.ndim}-D tensor` : `mat2 must be a matrix, got ${mat2.ndim}-D tensor`));
    return accumulated(self, mat1.mm(mat2), beta, alpha);
  },
  autocast: 'lower',
});
op('addmv(Tensor self, Tensor mat, Tensor vec, *, Scalar beta=1, Scalar alpha=1) -> Tensor', {
  doc: 'beta · self + alpha · (mat @ vec).',
  decompose: ({ self, mat, vec, beta, alpha }) => accumulated(self, mat.mv(vec), beta, alpha),
});
op('addbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) -> Tensor', {
  doc: 'beta · self + alpha · Σ batch1ᵢ @ batch2ᵢ.',
  decompose: ({ self, batch1, batch2, beta, alpha }) => accumulated(self, batch1.bmm(batch2).sum([0]), beta, alpha),
  autocast: 'lower',
});
op('baddbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) -> Tensor', {
  doc: 'beta · self + alpha · (batch1ᵢ @ batch2ᵢ).',
  decompose: ({ self, batch1, batch2, beta, alpha }) => accumulated(self, batch1.bmm(batch2), beta, alpha),
  autocast: 'lower',
});
op('outer(Tensor self, Tensor vec2) -> Tensor', {
  doc: 'The outer product of two vectors.',
  decompose: ({ self, vec2 }) => {
    if (self.ndim !== 1) throw new RuntimeError(`outer: Expected 1-D argument self, but got ${self.ndim}-D`);
    if (vec2.ndim !== 1) throw new RuntimeError(`outer: Expected 1-D argument vec2, but got ${vec2.ndim}-D`);
    return self.unsqueeze(1).mul(vec2);
  },
  aliases: ['ger'],
  inplace: false,
});
op('addr(Tensor self, Tensor vec1, Tensor vec2, *, Scalar beta=1, Scalar alpha=1) -> Tensor', {
  doc: 'beta · self + alpha · (vec1 ⊗ vec2).',
  decompose: ({ self, vec1, vec2, beta, alpha }) => {
    if (vec1.ndim !== 1) throw new RuntimeError(`addr: Expected 1-D argument vec1, but got ${vec1.ndim}-D`);
    if (vec2.ndim !== 1) throw new RuntimeError(`addr: Expected 1-D argument vec2, but got ${vec2.ndim}-D`);
    const product = vec1.unsqueeze(1).mul(vec2);
    return isZero(beta) ? product.mul(alpha) : accumulated(self, product, beta, alpha);
  },
});
op('inner(Tensor self, Tensor other) -> Tensor', {
  doc: 'The sum of products over the last dimension of both.',
  decompose: ({ self, other }) => {
    if (self.ndim === 0 || other.ndim === 0) return self.mul(other);
    const [a, b] = [self.layout.shape, other.layout.shape];
    if (a[a.length - 1] !== b[b.length - 1]) {
      throw new RuntimeError(`inner() the last dimension must match on both input tensors but got shapes ${showShape(a)} and ${showShape(b)}`);
    }
    return F.tensordot(self, other, [-1], [-1]);
  },
  inplace: false,
});
op('linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor', {
  doc: 'input @ weightᵀ + bias.',
  decompose: ({ input, weight, bias }) => {
    const y = input.matmul(weight.ndim === 1 ? weight : weight.t());
    return bias ? y.add(bias) : y;
  },
  surface: ['nn.functional'],
  autocast: 'lower',
});
