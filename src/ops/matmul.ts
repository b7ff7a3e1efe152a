// Matrix products. mm and bmm are the primitives; the rest is said in them.
import { bfloat16, bool, Category, type DType, float16, float32, float64 } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { Layout, type TensorMeta } from '../core/layout.ts';
import { Complex, type Scalar, scalarCategory, toNumber } from '../core/scalar.ts';
import { broadcastShapes, showShape } from '../core/shape.ts';
import { numel, type Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { elements, reals } from '../backend/reference/arrays.ts';
import { dotInto, productInto } from '../backend/reference/matmul.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import { resultType } from '../dispatch/promotion.ts';

function sameDtype(a: TensorMeta, b: TensorMeta): DType {
  if (a.dtype !== b.dtype)
    throw new RuntimeError(`expected m1 and m2 to have the same dtype, but got: ${a.dtype.cName} != ${b.dtype.cName}`);
  return a.dtype;
}
const cross = (s: readonly number[]): string => s.join('x');
function requireMatrix(t: TensorMeta, name: string, what: string): void {
  if (t.shape.length !== 2) throw new RuntimeError(`${name}: ${what} must be a matrix, got ${t.shape.length}-D tensor`);
}
function requireNumbers(t: TensorMeta, kernel: string): void {
  if (t.dtype === bool) throw new NotImplementedError(`"${kernel}" not implemented for 'Bool'`);
}

/** A dense matrix column by column: its gradient is so too, and the weight that it is the transpose of gets a dense one. */
const isTransposed = (m: TensorMeta): boolean => m instanceof Layout && m.stride[0] === 1 && m.stride[1] === m.shape[0] && m.shape[0] !== 1;
const leftGradient = (g: Tensor, left: TensorMeta, right: Tensor): Tensor =>
  isTransposed(left) ? right.conj().mm(g.t()).t() : g.mm(right.mH);
const rightGradient = (g: Tensor, left: Tensor, right: TensorMeta): Tensor =>
  isTransposed(right) ? g.t().mm(left.conj()).t() : left.mH.mm(g);
op('mm(Tensor self, Tensor mat2) -> Tensor', {
  doc: 'The matrix product of two matrices, (n×m)·(m×p) → (n×p).',
  meta: ({ self, mat2 }) => {
    requireMatrix(self, 'mm', 'self');
    requireMatrix(mat2, 'mm', 'mat2');
    const [a, b] = [self.layout.shape, mat2.layout.shape];
    if (a[1] !== b[0]) throw new RuntimeError(`mm: mat1 and mat2 shapes cannot be multiplied (${cross(a)} and ${cross(b)})`);
    requireNumbers(self, 'addmm_impl_cpu_');
    return { shape: [a[0]!, b[1]!], dtype: sameDtype(self, mat2) };
  },
  kernel: ({ self, mat2 }, out) => productInto(out!, self, mat2, 1, self.layout.shape[0]!, self.layout.shape[1]!, mat2.layout.shape[1]!),
  grad: {
    self: uses('mat2', (g, { self, mat2 }) => leftGradient(g, self, mat2)),
    mat2: uses('self', (g, { self, mat2 }) => rightGradient(g, self, mat2)),
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
      throw new RuntimeError(
        `Expected size for first two dimensions of batch2 tensor to be: [${a[0]}, ${a[2]}] but got: [${b[0]}, ${b[1]}].`,
      );
    }
    requireNumbers(self, 'bmm');
    if (self.dtype !== mat2.dtype)
      throw new RuntimeError(`expected scalar type ${self.dtype.scalarName} but found ${mat2.dtype.scalarName}`);
    return { shape: [a[0]!, a[1]!, b[2]!], dtype: self.dtype };
  },
  kernel: ({ self, mat2 }, out) =>
    productInto(out!, self, mat2, self.layout.shape[0]!, self.layout.shape[1]!, self.layout.shape[2]!, mat2.layout.shape[2]!),
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
  const batch = broadcastShapes(sa.slice(0, -2), sb.slice(0, -2)) as number[];
  let r: Tensor;
  // Matrices without a batch of their own fold the other's batch into rows: one large product.
  if (b.ndim === 2)
    r = a
      .reshape([-1, m].map((x, i) => (i === 0 ? numel(sa.slice(0, -1)) : x)))
      .mm(b)
      .view([...sa.slice(0, -1), p]);
  else {
    const flat = (t: Tensor, rows: number, columns: number): Tensor =>
      t.expand([...batch, rows, columns]).reshape([numel(batch), rows, columns]);
    r = flat(a, n, m)
      .bmm(flat(b, k, p))
      .view([...batch, n, p]);
  }
  if (self.ndim === 1) r = r.squeeze(-2);
  return other.ndim === 1 ? r.squeeze(-1) : r;
}
function checkVectorProduct(ndim: number, mat: Tensor, vec: Tensor): void {
  if (mat.ndim !== 2 || vec.ndim !== 1 || ndim > 1)
    throw new RuntimeError(`vector + matrix @ vector expected, got ${ndim}, ${mat.ndim}, ${vec.ndim}`);
}
op('mv(Tensor self, Tensor vec) -> Tensor', {
  doc: 'The product of a matrix and a vector.',
  decompose: ({ self, vec }) => {
    checkVectorProduct(1, self, vec);
    if (self.shape[1] !== vec.shape[0])
      throw new RuntimeError(`size mismatch, got input (${self.shape[0]}), mat (${cross(self.shape)}), vec (${vec.shape[0]})`);
    if (self.dtype !== vec.dtype) {
      throw new RuntimeError(
        `addmv input tensors must have the same dtype, but got ${vec.dtype.scalarName}, ${self.dtype.scalarName}, and ${vec.dtype.scalarName}`,
      );
    }
    return self.mm(vec.unsqueeze(1)).squeeze(1);
  },
  inplace: false,
});
function checkVectors(name: string, self: Tensor, other: Tensor): void {
  if (self.ndim !== 1 || other.ndim !== 1) throw new RuntimeError(`1D tensors expected, but got ${self.ndim}D and ${other.ndim}D tensors`);
  if (self.dtype !== other.dtype) {
    throw new RuntimeError(
      `${name} : expected both vectors to have same dtype, but found ${self.dtype.scalarName} and ${other.dtype.scalarName}`,
    );
  }
  const [n, m] = [self.layout.shape[0]!, other.layout.shape[0]!];
  if (n !== m)
    throw new RuntimeError(
      `inconsistent tensor size, expected tensor [${n}] and src [${m}] to have the same number of elements, but got ${n} and ${m} elements respectively`,
    );
}
op('_dot(Tensor self, Tensor tensor) -> Tensor', {
  doc: "The inner product of two float32 vectors, summed in the order of PyTorch's BLAS.",
  meta: ({ self }) => ({ shape: [], dtype: self.dtype }),
  kernel: ({ self, tensor }, out) => dotInto(out!, self, tensor),
  grad: {
    self: uses('tensor', (g, { tensor }) => tensor.mul(g)),
    tensor: uses('self', (g, { self }) => self.mul(g)),
  },
  batch: (_run, { self, tensor }) => self.mul(tensor).sum(-1),
  inplace: false,
});
op('dot(Tensor self, Tensor tensor) -> Tensor', {
  doc: 'The inner product of two vectors.',
  decompose: ({ self, tensor }) => {
    checkVectors('dot', self, tensor);
    requireNumbers(self, 'dot');
    if (self.dtype === float32) return F._dot(self, tensor);
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
const isNumber = (s: Scalar, n: number): boolean => !(s instanceof Complex) && toNumber(s) === n;
/** A factor of an integer tensor loses its fraction, as in C. */
const factorFor = (t: Tensor, s: Scalar): Scalar =>
  t.dtype.category <= Category.Integral && typeof s !== 'bigint' ? Math.trunc(toNumber(s)) : s;
/** Half types accumulate in float32 and are rounded once. */
const accumulator = (d: DType): DType => (d === float16 || d === bfloat16 ? float32 : d);
const inAccumulator = (t: Tensor): Tensor => (accumulator(t.dtype) === t.dtype ? t : t.to(float32));
/** Fails where a tensor does not expand to a shape. */
function checkExpands(self: Tensor, shape: Shape): void {
  const skip = shape.length - self.ndim;
  if (skip < 0)
    throw new RuntimeError(
      `expand(${self.dtype.scalarName}{${showShape(self.shape)}}, size=${showShape(shape)}): the number of sizes provided (${shape.length}) must be greater or equal to the number of dimensions in the tensor (${self.ndim})`,
    );
  for (let d = shape.length - 1; d >= skip; d--) {
    const s = self.shape[d - skip]!;
    if (s !== 1 && s !== shape[d]) {
      throw new RuntimeError(
        `The expanded size of the tensor (${shape[d]}) must match the existing size (${s}) at non-singleton dimension ${d}.  Target sizes: ${showShape(shape)}.  Tensor sizes: ${showShape(self.shape)}`,
      );
    }
  }
}
/** self in the shape of what is added to it. */
function expanded(self: Tensor, shape: Shape): Tensor {
  checkExpands(self, shape);
  return self.expand(shape);
}
/** beta·self + alpha·product in self's dtype; with beta 0 self is not looked at, NaN included. */
function accumulated(self: Tensor, product: Tensor, beta: Scalar, alpha: Scalar): Tensor {
  const { dtype } = self;
  const base = expanded(self, product.shape);
  const [a, b] = [factorFor(self, alpha), factorFor(self, beta)];
  const p = isNumber(a, 1) ? product : product.mul(a);
  let r = p;
  if (!isNumber(b, 0)) {
    const s = inAccumulator(base);
    r = (isNumber(b, 1) ? s : s.mul(b)).add(p);
  }
  return r.dtype === dtype ? r : r.to(dtype);
}
op('addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) -> Tensor', {
  doc: 'beta · self + alpha · (mat1 @ mat2).',
  decompose: ({ self, mat1, mat2, beta, alpha }) => {
    requireMatrix(mat1, 'addmm', 'self');
    requireMatrix(mat2, 'addmm', 'mat2');
    if (mat1.shape[1] !== mat2.shape[0])
      throw new RuntimeError(`addmm: mat1 and mat2 shapes cannot be multiplied (${cross(mat1.shape)} and ${cross(mat2.shape)})`);
    if (mat1.dtype !== mat2.dtype) sameDtype(mat1, mat2);
    if (self.dtype !== mat1.dtype)
      throw new RuntimeError(`self and mat2 must have the same dtype, but got ${self.dtype.scalarName} and ${mat2.dtype.scalarName}`);
    return accumulated(self, inAccumulator(mat1).mm(inAccumulator(mat2)), beta, alpha);
  },
  autocast: 'lower',
});
op('addmv(Tensor self, Tensor mat, Tensor vec, *, Scalar beta=1, Scalar alpha=1) -> Tensor', {
  doc: 'beta · self + alpha · (mat @ vec).',
  decompose: ({ self, mat, vec, beta, alpha }) => {
    checkVectorProduct(self.ndim, mat, vec);
    const [n, m] = [mat.shape[0]!, mat.shape[1]!];
    if (m !== vec.shape[0] || (self.ndim === 1 && self.shape[0] !== n && self.shape[0] !== 1)) {
      throw new RuntimeError(`size mismatch, got input (${self.shape[0] ?? 1}), mat (${cross(mat.shape)}), vec (${vec.shape[0]})`);
    }
    if (self.dtype !== mat.dtype || mat.dtype !== vec.dtype) {
      throw new RuntimeError(
        `addmv input tensors must have the same dtype, but got ${self.dtype.scalarName}, ${mat.dtype.scalarName}, and ${vec.dtype.scalarName}`,
      );
    }
    return accumulated(self, inAccumulator(mat).mv(inAccumulator(vec)), beta, alpha);
  },
});
function checkBatches(batch1: Tensor, batch2: Tensor): void {
  if (batch1.ndim !== 3) throw new RuntimeError('batch1 must be a 3D tensor');
  if (batch2.ndim !== 3) throw new RuntimeError('batch2 must be a 3D tensor');
}
op('addbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) -> Tensor', {
  doc: 'beta · self + alpha · Σ batch1ᵢ @ batch2ᵢ.',
  decompose: ({ self, batch1, batch2, beta, alpha }) => {
    checkBatches(batch1, batch2);
    const [b1, b2] = [batch1.shape, batch2.shape];
    if (b1[0] !== b2[0]) throw new RuntimeError(`batch1 and batch2 must have same number of batches, got ${b1[0]} and ${b2[0]}`);
    if (b1[2] !== b2[1]) throw new RuntimeError(`Incompatible matrix sizes for bmm (${b1[1]}x${b1[2]} and ${b2[1]}x${b2[2]})`);
    const product = inAccumulator(batch1).bmm(inAccumulator(batch2));
    return accumulated(self, F.sum$dim_IntList(product, [0], false, product.dtype), beta, alpha);
  },
  autocast: 'lower',
});
op('baddbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) -> Tensor', {
  doc: 'beta · self + alpha · (batch1ᵢ @ batch2ᵢ).',
  decompose: ({ self, batch1, batch2, beta, alpha }) => {
    checkBatches(batch1, batch2);
    if (self.dtype !== batch1.dtype || batch1.dtype !== batch2.dtype) {
      throw new RuntimeError(
        `Input dtypes must be the same, got: input ${self.dtype.cName}, batch1: ${batch1.dtype.cName}, batch2: ${batch2.dtype.cName}`,
      );
    }
    return accumulated(self, inAccumulator(batch1).bmm(inAccumulator(batch2)), beta, alpha);
  },
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
/** A factor in the tensor's own dtype. */
const rounded = (s: Scalar, like: Tensor): Tensor => F.full([], s, like.dtype, null, like.device);
op('addr(Tensor self, Tensor vec1, Tensor vec2, *, Scalar beta=1, Scalar alpha=1) -> Tensor', {
  doc: 'beta · self + alpha · (vec1 ⊗ vec2).',
  decompose: ({ self, vec1, vec2, beta, alpha }) => {
    if (vec1.ndim !== 1) throw new RuntimeError(`addr: Expected 1-D argument vec1, but got ${vec1.ndim}-D`);
    if (vec2.ndim !== 1) throw new RuntimeError(`addr: Expected 1-D argument vec2, but got ${vec2.ndim}-D`);
    const dtype = resultType(self, vec1, vec2);
    for (const [name, s] of [
      ['beta', beta],
      ['alpha', alpha],
    ] as const) {
      const kind = scalarCategory(s);
      if (kind === Category.Bool && dtype !== bool) throw new RuntimeError(`Boolean ${name} only supported for Boolean results.`);
      if (dtype.category <= Category.Integral && kind > Category.Integral)
        throw new RuntimeError(`For integral input tensors, argument ${name} must not be a floating point number.`);
      if (dtype.category <= Category.Floating && kind === Category.Complex)
        throw new RuntimeError(`For non-complex input tensors, argument ${name} must not be a complex number.`);
    }
    const base = expanded(self, [vec1.shape[0]!, vec2.shape[0]!]);
    const scaled = isNumber(alpha, 1) ? vec1 : vec1.mul(rounded(alpha, vec1));
    const product = scaled.unsqueeze(1).mul(vec2);
    if (isNumber(beta, 0)) return product.dtype === dtype ? product : product.to(dtype);
    return (isNumber(beta, 1) ? base : base.mul(rounded(beta, base))).add(product);
  },
});
op('inner(Tensor self, Tensor other) -> Tensor', {
  doc: 'The sum of products over the last dimension of both.',
  decompose: ({ self, other }) => {
    if (self.ndim === 0 || other.ndim === 0) return self.mul(other);
    const [a, b] = [self.layout.shape, other.layout.shape];
    if (a[a.length - 1] !== b[b.length - 1]) {
      throw new RuntimeError(
        `inner() the last dimension must match on both input tensors but got shapes ${showShape(a)} and ${showShape(b)}`,
      );
    }
    return F.tensordot(self, other, [-1], [-1]);
  },
  inplace: false,
});
/** Whether a linear layer is a product of matrices with a vector added, all of one dtype that needs no other to accumulate in. */
const fuses = (input: Tensor, weight: Tensor, bias: Tensor): boolean =>
  input.ndim === 2 &&
  weight.ndim === 2 &&
  bias.ndim === 1 &&
  (input.dtype === float32 || input.dtype === float64) &&
  weight.dtype === input.dtype &&
  bias.dtype === input.dtype &&
  input.shape[1] === weight.shape[1] &&
  bias.shape[0] === weight.shape[0];
op('_linear(Tensor bias, Tensor input, Tensor mat2) -> Tensor', {
  doc: 'input @ mat2 + bias of two matrices and a vector of one floating dtype, in one pass.',
  decompose: ({ bias, input, mat2 }) => input.mm(mat2).add(bias),
  meta: ({ input, mat2 }) => ({ shape: [input.layout.shape[0]!, mat2.layout.shape[1]!], dtype: input.dtype }),
  kernel: ({ bias, input, mat2 }, out) => {
    const [[m, k], n] = [input.layout.shape as [number, number], mat2.layout.shape[1]!];
    productInto(out!, input, mat2, 1, m, k, n);
    const [to, add] = [elements(out!) as Float32Array, reals(bias)];
    for (let i = 0; i < m * n; i++) to[i]! += add[i % n]!;
  },
  grad: {
    bias: uses((g) => g.sum([0])),
    input: uses('mat2', (g, { input, mat2 }) => leftGradient(g, input, mat2)),
    mat2: uses('input', (g, { input, mat2 }) => rightGradient(g, input, mat2)),
  },
  gradName: 'AddmmBackward0',
  surface: [],
});
op('linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor', {
  doc: 'input @ weightᵀ + bias.',
  decompose: ({ input, weight, bias }) => {
    const w = weight.ndim === 1 ? weight : weight.t();
    if (!bias) return input.matmul(w);
    if (weight.ndim === 1) throw new RuntimeError('addmm: mat2 must be a matrix, got 1-D tensor');
    if (fuses(input, weight, bias)) return F._linear(bias, input, w);
    const y = inAccumulator(input).matmul(inAccumulator(w));
    if (y.ndim === 2) checkExpands(bias, y.shape);
    const r = y.add(inAccumulator(bias));
    return r.dtype === input.dtype ? r : r.to(input.dtype);
  },
  surface: ['nn.functional'],
  autocast: 'lower',
});
op('bilinear(Tensor input1, Tensor input2, Tensor weight, Tensor? bias=None) -> Tensor', {
  doc: 'Σ input1ᵢ · weightₖᵢⱼ · input2ⱼ + biasₖ over the last dimensions.',
  decompose: ({ input1, input2, weight, bias }) => {
    const [a, b] = [input1.shape, input2.shape];
    if (a.length !== b.length) throw new RuntimeError(`bilinear(): input dimensions do not match: got ${a.length} and ${b.length}`);
    a.slice(0, -1).forEach((n, d) => {
      if (n !== b[d]) throw new RuntimeError(`bilinear(): input batch dimensions do not match at dim ${d}: got ${n} and ${b[d]}`);
    });
    const [out, left, right] = [weight.shape[0]!, weight.shape[1]!, weight.shape[2]!];
    if (a[a.length - 1] !== left)
      throw new RuntimeError(`bilinear(): input1 size does not match weight size: got ${a[a.length - 1]} but expected ${left}`);
    if (b[b.length - 1] !== right)
      throw new RuntimeError(`bilinear(): input2 size does not match weight size: got ${b[b.length - 1]} but expected ${right}`);
    if (bias && bias.shape[0] !== out)
      throw new RuntimeError(`bilinear(): bias size does not match weight size: got ${bias.shape[0]} but expected ${out}`);
    const [x, y] = [input1.reshape([-1, left]), input2.reshape([-1, right])];
    const rows = x.mm(weight.permute([1, 0, 2]).reshape([left, out * right])).view([x.shape[0]!, out, right]);
    const r = rows.bmm(y.unsqueeze(2)).view([...a.slice(0, -1), out]);
    return bias ? r.add(bias) : r;
  },
  surface: ['nn.functional', 'function'],
});
