// Products of sparse matrices. Two primitives are each other's derivatives: sums of rows that entries name, and inner products of rows at
// the places of entries.
import { recorded } from '../autograd/tape.ts';
import { sparseRule, unsupported } from '../autograd/sparse.ts';
import { complexes, raw, reals, store } from '../backend/reference/arrays.ts';
import { bfloat16, float16, float32, type DType, int64 } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import type { Scalar } from '../core/scalar.ts';
import { wrapDim } from '../core/shape.ts';
import { isCompressed, isCoo, layoutOf, partsOf } from '../core/sparse.ts';
import { sparse_csr } from '../core/formats.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { joint, op, uses } from '../dispatch/operator.ts';
import { coo, coordinates, flatPlaces, groups, like, longs, requireCoo, valuesOf } from './sparse.ts';

// ---- the primitives -----------------------------------------------------------------------------------------------
const numbersOf = (t: Tensor): Float64Array | Float32Array =>
  t.dtype === float32 ? (raw(t).data as Float32Array) : t.dtype.is_complex ? complexes(t) : reals(t);
/** Rows and columns of entries as plain numbers. */
function pairsOf(indices: Tensor): [Int32Array, Int32Array] {
  const flat = Int32Array.from(reals(indices));
  const n = indices.layout.shape[1]!;
  return [flat.subarray(0, n), flat.subarray(n)];
}
function checkPlaces(at: Int32Array, n: number): void {
  for (const i of at) if (i < 0 || i >= n) throw new RuntimeError(`index ${i} is out of bounds for a dimension of size ${n}`);
}
op('_sparse_dense_mm(Tensor indices, Tensor values, Tensor mat2, int rows) -> Tensor', {
  doc: 'The matrix of entries [2, n] with values, times a dense matrix.',
  meta: ({ values, mat2, rows }) => ({ shape: [rows, mat2.layout.shape[1]!], dtype: values.dtype }),
  kernel: ({ indices, values, mat2, rows }, out) => {
    const [to, from] = pairsOf(indices);
    checkPlaces(to, rows);
    checkPlaces(from, mat2.layout.shape[0]!);
    const width = mat2.layout.shape[1]!;
    const [v, m] = [numbersOf(values), numbersOf(mat2)];
    const unit = values.dtype.is_complex ? 2 : 1;
    const r = new Float64Array(rows * width * unit);
    for (let e = 0; e < to.length; e++) {
      const [i, j] = [to[e]! * width * unit, from[e]! * width * unit];
      if (unit === 1) {
        const x = v[e]!;
        for (let k = 0; k < width; k++) r[i + k]! += x * m[j + k]!;
      } else {
        const [x, y] = [v[2 * e]!, v[2 * e + 1]!];
        for (let k = 0; k < 2 * width; k += 2) {
          r[i + k]! += x * m[j + k]! - y * m[j + k + 1]!;
          r[i + k + 1]! += x * m[j + k + 1]! + y * m[j + k]!;
        }
      }
    }
    store(out!, r);
  },
  grad: {
    values: uses('indices', 'mat2', (g, { indices, mat2 }) => F._sparse_rows_dot(indices, g, mat2.conj())),
    mat2: uses('indices', 'values', (g, { indices, values, mat2 }) =>
      F._sparse_dense_mm(indices.flip([0]), values.conj(), g, mat2.shape[0]!),
    ),
  },
  surface: [],
});
op('_sparse_rows_dot(Tensor indices, Tensor a, Tensor b) -> Tensor', {
  doc: 'For every entry [row, column] the sum of the products of that row of a and that row of b.',
  meta: ({ indices, a }) => ({ shape: [indices.layout.shape[1]!], dtype: a.dtype }),
  kernel: ({ indices, a, b }, out) => {
    const [left, right] = pairsOf(indices);
    checkPlaces(left, a.layout.shape[0]!);
    checkPlaces(right, b.layout.shape[0]!);
    const width = a.layout.shape[1]!;
    const [x, y] = [numbersOf(a), numbersOf(b)];
    const unit = a.dtype.is_complex ? 2 : 1;
    const r = new Float64Array(left.length * unit);
    for (let e = 0; e < left.length; e++) {
      const [i, j] = [left[e]! * width * unit, right[e]! * width * unit];
      let [re, im] = [0, 0];
      if (unit === 1) for (let k = 0; k < width; k++) re += x[i + k]! * y[j + k]!;
      else
        for (let k = 0; k < 2 * width; k += 2) {
          re += x[i + k]! * y[j + k]! - x[i + k + 1]! * y[j + k + 1]!;
          im += x[i + k]! * y[j + k + 1]! + x[i + k + 1]! * y[j + k]!;
        }
      r[e * unit] = re;
      if (unit === 2) r[2 * e + 1] = im;
    }
    store(out!, r);
  },
  grad: {
    a: uses('indices', 'b', (g, { indices, a, b }) => F._sparse_dense_mm(indices, g, b.conj(), a.shape[0]!)),
    b: uses('indices', 'a', (g, { indices, a, b }) => F._sparse_dense_mm(indices.flip([0]), g, a.conj(), b.shape[0]!)),
  },
  surface: [],
});

// ---- products -----------------------------------------------------------------------------------------------------
function checkProduct(self: Tensor, mat2: Tensor): void {
  for (const t of [self, mat2]) {
    const dims = t.layout.sparse ? layoutOf(t).sparseDim : t.ndim;
    if (t.ndim !== 2 || dims !== 2) throw new RuntimeError(`addmm: matrices expected, got ${dims}D tensor`);
  }
  const [a, b] = [self.layout.shape, mat2.layout.shape];
  if (a[1] !== b[0]) throw new RuntimeError(`addmm: Argument #3 (dense): Expected dim 0 size ${a[1]}, got ${b[0]}`);
  if (self.dtype !== mat2.dtype) throw new RuntimeError(`expected scalar type ${self.dtype.scalarName} but found ${mat2.dtype.scalarName}`);
}
/** A sparse and a dense matrix; the gradient of the sparse one has its pattern. */
function product(self: Tensor, mat2: Tensor): Tensor {
  checkProduct(self, mat2);
  if (mat2.layout.sparse) return product(mat2.t(), self.t()).t();
  return F._sparse_dense_mm(coordinates(self), valuesOf(self), mat2, self.layout.shape[0]!);
}
/** The product of two sparse matrices, in coordinate format. */
function sparseProduct(self: Tensor, mat2: Tensor): Tensor {
  checkProduct(self, mat2);
  const [[rows, inner], [keys, columns]] = [pairsOf(coordinates(self)), pairsOf(coordinates(mat2))];
  const found = new Map<number, number[]>();
  for (const [e, k] of keys.entries()) {
    const list = found.get(k);
    if (list) list.push(e);
    else found.set(k, [e]);
  }
  const [left, right]: [number[], number[]] = [[], []];
  for (const [e, k] of inner.entries())
    for (const f of found.get(k) ?? []) {
      left.push(e);
      right.push(f);
    }
  const at = F.stack([longs(left.map((e) => rows[e]!)), longs(right.map((f) => columns[f]!))], 0);
  const values = valuesOf(self)
    .index_select(0, longs(left))
    .mul(valuesOf(mat2).index_select(0, longs(right)));
  return F.coalesce(coo(at, values, [self.layout.shape[0]!, mat2.layout.shape[1]!], false));
}
sparseRule<{ readonly self: Tensor; readonly mat2: Tensor }>('mm', ({ self, mat2 }, o, args) => {
  if (!self.layout.sparse || !mat2.layout.sparse) return recorded(o, args, () => product(self, mat2));
  const r = sparseProduct(self, mat2);
  return isCompressed(self) && isCompressed(mat2) ? F.to_sparse(r, layoutOf(self).kind) : r;
});
sparseRule<{ readonly self: Tensor; readonly mat2: Tensor }>('bmm', ({ self, mat2 }) => {
  if (!isCoo(self) || layoutOf(self).sparseDim !== 3 || mat2.layout.sparse)
    throw new RuntimeError(`bmm_sparse: Tensor 'self' must have 3 sparse dims, but has ${layoutOf(self).sparseDim}`);
  return F.stack(
    Array.from({ length: self.layout.shape[0]! }, (_, b) => F.mm(self.select(0, b), mat2.select(0, b))),
    0,
  );
});
interface Addmm {
  readonly self: Tensor;
  readonly mat1: Tensor;
  readonly mat2: Tensor;
  readonly beta: Scalar;
  readonly alpha: Scalar;
}
function plusProduct({ self, beta, alpha }: Addmm, r: Tensor): Tensor {
  const scaled = alpha === 1 ? r : r.mul(alpha);
  if (beta === 0) return scaled;
  const base = beta === 1 ? self : self.mul(beta);
  return base.layout.sparse || !scaled.layout.sparse ? base.add(scaled) : base.expand([...scaled.layout.shape]).add(scaled);
}
sparseRule<Addmm>('addmm', (a) => plusProduct(a, F.mm(a.mat1, a.mat2)));

op('_sparse_mm(Tensor sparse, Tensor dense) -> Tensor', {
  doc: 'The product of two matrices; a sparse one has a gradient of its own pattern.',
  decompose: ({ sparse, dense }) => {
    if (sparse.layout.sparse === dense.layout.sparse) return F.mm(sparse, dense);
    return product(sparse, dense);
  },
  gradName: 'SparseAddmmBackward0',
  surface: [],
});
op('_sparse_addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) -> Tensor', {
  doc: 'beta·self + alpha·(mat1·mat2); a sparse mat1 has a gradient of its own pattern.',
  decompose: (a) => plusProduct(a as Addmm, F._sparse_mm(a.mat1, a.mat2)),
  surface: [],
});
op('sparse_sampled_addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) -> Tensor', {
  doc: 'beta·self + alpha·(mat1·mat2) at the places that self has entries.',
  decompose: ({ self, mat1, mat2, beta, alpha }) => {
    if (!self.layout.sparse || layoutOf(self).kind !== sparse_csr) throw unsupported('sparse_sampled_addmm', [self]);
    const name = 'sampled_addmm';
    for (const [t, which] of [
      [mat1, 'mat1'],
      [mat2, 'mat2'],
    ] as const)
      if (t.layout.sparse) throw new RuntimeError(`${name}: Expected ${which} to have strided layout, but got ${String(t.layout)}`);
    const [s, a, b] = [self.layout.shape, mat1.layout.shape, mat2.layout.shape];
    const cross = (x: readonly number[]): string => x.slice(-2).join('x');
    if (a[a.length - 1] !== b[b.length - 2])
      throw new RuntimeError(`${name}: mat1 and mat2 shapes cannot be multiplied (${cross(a)} and ${cross(b)})`);
    if (s[0] !== a[0]) throw new RuntimeError(`${name}: self.shape[-2] must match mat1.shape[-2]`);
    if (s[1] !== b[1]) throw new RuntimeError(`${name}: self.shape[-1] must match mat2.shape[-1]`);
    for (const [t, which] of [
      [mat1, 'mat1'],
      [mat2, 'mat2'],
    ] as const)
      if (t.dtype !== self.dtype)
        throw new RuntimeError(
          `${name}: Expected ${which} and self to have the same dtype, but got ${t.dtype.scalarName} and ${self.dtype.scalarName}`,
        );
    const sampled = F._sparse_rows_dot(coordinates(self), mat1, mat2.t()).mul(alpha);
    return like(self, sampled.add(valuesOf(self).mul(beta)));
  },
  gradName: 'SparseSampledAddmmBackward0',
  surface: [],
});

// ---- reductions over the entries of rows --------------------------------------------------------------------------
op('_sparse_mm_extreme(Tensor indices, Tensor values, Tensor mat2, int rows, bool largest) -> (Tensor output, Tensor arg)', {
  doc: 'The largest or smallest products of each row, 0 for rows without entries, and the entries that gave them.',
  meta: ({ values, mat2, rows }) => [
    { shape: [rows, mat2.layout.shape[1]!], dtype: values.dtype },
    { shape: [rows, mat2.layout.shape[1]!], dtype: int64 },
  ],
  kernel: ({ indices, values, mat2, rows, largest }, output, arg) => {
    const [to, from] = pairsOf(indices);
    const width = mat2.layout.shape[1]!;
    const [v, m] = [reals(values), reals(mat2)];
    const best = new Float64Array(rows * width);
    const at = new BigInt64Array(rows * width).fill(BigInt(to.length));
    const none = BigInt(to.length);
    for (let e = 0; e < to.length; e++)
      for (let k = 0; k < width; k++) {
        const i = to[e]! * width + k;
        const x = v[e]! * m[from[e]! * width + k]!;
        if (at[i] !== none && !(Number.isNaN(x) || (largest ? x > best[i]! : x < best[i]!))) continue;
        best[i] = x;
        at[i] = BigInt(e);
      }
    store(output!, best);
    store(arg!, at);
  },
  grad: joint('indices', 'values', 'mat2', 'arg', ([g], { indices, values, mat2, arg }, needs) => {
    const n = values.layout.shape[0]!;
    const flat = arg.reshape([-1]);
    const there = arg.ne(n);
    const padded = (t: Tensor): Tensor => F.cat([t, F.zeros([1], t.dtype)], 0);
    const columns = padded(indices.select(0, 1)).index_select(0, flat).view_as(arg);
    const given = g!.mul(there);
    return {
      values: needs.values
        ? F.zeros([n + 1], values.dtype)
            .index_add(0, flat, given.mul(mat2.gather(0, columns)).reshape([-1]))
            .narrow(0, 0, n)
        : null,
      mat2: needs.mat2
        ? F.zeros([...mat2.layout.shape], mat2.dtype).scatter_add(0, columns, given.mul(padded(values).index_select(0, flat).view_as(arg)))
        : null,
    };
  }),
  gradName: 'SparseMmReduceImplBackward0',
  surface: [],
});
op('_sparse_mm.reduce(Tensor sparse, Tensor dense, str reduce) -> Tensor', {
  doc: 'The product of a sparse and a dense matrix, with another reduction of the products of a row: sum, mean, amax or amin.',
  decompose: ({ sparse, dense, reduce }) => {
    if (!isCompressed(sparse)) throw unsupported('_sparse_mm_reduce_impl', [sparse]);
    if (!['sum', 'mean', 'amax', 'amin'].includes(reduce))
      throw new RuntimeError(`sparse_mm_reduce: reduce type of ${reduce} has not been enabled.`);
    if (sparse.dtype !== dense.dtype)
      throw new RuntimeError(`expected scalar type ${sparse.dtype.scalarName} but found ${dense.dtype.scalarName}`);
    if (sparse.layout.shape[1] !== dense.layout.shape[0])
      throw new RuntimeError(
        `sparse_mm_reduce: Expected self.size(1) to match other.size(0), got ${sparse.layout.shape[1]} and ${dense.layout.shape[0]}`,
      );
    const rows = sparse.layout.shape[0]!;
    const at = coordinates(sparse);
    if (reduce === 'amax' || reduce === 'amin')
      return (F._sparse_mm_extreme(at, valuesOf(sparse), dense, rows, reduce === 'amax') as unknown as readonly Tensor[])[0]!;
    const low = [float16, bfloat16].includes(dense.dtype);
    const wide = (t: Tensor): Tensor => (low ? t.to(float32) : t);
    const sum = F._sparse_dense_mm(at, wide(valuesOf(sparse)), wide(dense), rows);
    if (reduce === 'sum') return sum.to(dense.dtype);
    const starts = partsOf(sparse).indices[0]!;
    const counts = starts
      .slice(0, 1)
      .sub(starts.slice(0, 0, -1))
      .clamp_min(1);
    return sum.div(counts.unsqueeze(1)).to(dense.dtype);
  },
  gradName: 'SparseMmReduceImplBackward0',
  surface: [],
});

// ---- softmax ------------------------------------------------------------------------------------------------------
/** Over the entries along a dimension: elements without an entry count as −∞. */
function softmaxOver(input: Tensor, d: number, dtype: DType | null, log: boolean): Tensor {
  const name = log ? '_sparse_log_softmax' : '_sparse_softmax';
  if (!isCoo(input)) throw unsupported(name, [input]);
  requireCoo(input, name);
  const self = F.coalesce(dtype ? input.to(dtype) : input);
  const { shape, sparseDim } = layoutOf(self);
  const dim = wrapDim(d, shape.length, false);
  const values = valuesOf(self);
  if (dim >= sparseDim) return like(self, log ? values.log_softmax(dim - sparseDim + 1) : values.softmax(dim - sparseDim + 1));
  const at = coordinates(self);
  const rest = shape.map((s, k) => (k === dim ? 1 : s));
  const kept = longs(Array.from({ length: sparseDim }, (_, k) => (k === dim ? 0 : 1))).unsqueeze(1);
  const { of, first } = groups(flatPlaces(at.mul(kept), rest));
  const groupShape = [first.layout.numel, ...values.layout.shape.slice(1)];
  const largest = F.zeros(groupShape, values.dtype)
    .index_reduce(0, of, values.detach(), 'amax', { include_self: false })
    .index_select(0, of);
  const shifted = values.sub(largest);
  const sums = F.zeros(groupShape, values.dtype).index_add(0, of, shifted.exp()).index_select(0, of);
  return like(self, log ? shifted.sub(sums.log()) : shifted.exp().div(sums));
}
op('_sparse_softmax(Tensor self, int dim, ScalarType? dtype=None) -> Tensor', {
  doc: 'The softmax over the entries along a dimension; what is not stored counts as −∞.',
  decompose: ({ self, dim, dtype }) => softmaxOver(self, dim, dtype, false),
  gradName: 'SparseSoftmaxBackward0',
  surface: [],
});
op('_sparse_log_softmax(Tensor self, int dim, ScalarType? dtype=None) -> Tensor', {
  doc: 'The logarithm of the softmax over the entries along a dimension.',
  decompose: ({ self, dim, dtype }) => softmaxOver(self, dim, dtype, true),
  gradName: 'SparseLogSoftmaxBackward0',
  surface: [],
});
