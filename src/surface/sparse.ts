// Sparse tensors as users make them and look at them.
import { integers } from '../backend/reference/arrays.ts';
import type { Device } from '../core/device.ts';
import { type DType, int64 } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { sparse_coo, sparse_csc, sparse_csr, type TensorLayout } from '../core/formats.ts';
import { entries, isCompressed, isCoo, layoutName, layoutOf, partNames, partsOf } from '../core/sparse.ts';
import { aliasOf, Tensor } from '../core/tensor.ts';
import { unsupported } from '../autograd/sparse.ts';
import { F } from '../dispatch/handles.gen.ts';
import { coo, flatOf, requireCoo } from '../ops/sparse.ts';
import { emptySparse } from '../ops/sparse_arithmetic.ts';
import { type NestedArray, tensor } from './construct.ts';
import { isKwargs } from './bind.ts';

declare module '../core/tensor.js' {
  interface Tensor {
    /** Whether the tensor is stored with compressed rows. */
    readonly is_sparse_csr: boolean;
    /** The indices [sparse dims, n] of a tensor in coordinate format as they are stored. */
    _indices(): Tensor;
    /** The values as they are stored, without history. */
    _values(): Tensor;
    /** The number of stored entries. */
    _nnz(): number;
    /** How many dimensions are stored by index; 0 for a dense tensor. */
    sparse_dim(): number;
    /** How many dimensions the values have besides that of the entries. */
    dense_dim(): number;
    _dimI(): number;
    _dimV(): number;
    /** Whether the indices are known to be sorted and distinct. */
    is_coalesced(): boolean;
    /** States that the indices are, or are not, sorted and distinct. */
    _coalesced_(coalesced: boolean): this;
    /** Where the columns and values of each row begin; one more than there are rows. */
    crow_indices(): Tensor;
    /** The columns of the entries, row by row. */
    col_indices(): Tensor;
    /** Where the rows and values of each column begin. */
    ccol_indices(): Tensor;
    /** The rows of the entries, column by column. */
    row_indices(): Tensor;
  }
}

export interface SparseOptions {
  dtype?: DType | null;
  device?: Device | string | null;
  requires_grad?: boolean;
  /** Checks that indices lie within the size and, where it matters, are sorted. */
  check_invariants?: boolean | null;
  /** Of coordinates: states that the indices are sorted and distinct. */
  is_coalesced?: boolean | null;
  pin_memory?: boolean;
}
type Data = NestedArray | readonly unknown[];

/** Checks for all tensors that are made from now on (torch.sparse.check_sparse_tensor_invariants). */
export const invariants = { checked: false };

const indicesOf = (data: Data): Tensor => {
  const t = data instanceof Tensor ? data : tensor(data, { dtype: int64 });
  return t.dtype === int64 ? t : t.to(int64);
};
function valuesFrom(data: Data, { dtype }: SparseOptions): Tensor {
  const t = data instanceof Tensor ? data : tensor(data, dtype ? { dtype } : {});
  return dtype ? t.to(dtype) : t;
}
function finished(t: Tensor, { requires_grad }: SparseOptions): Tensor {
  return requires_grad ? t.detach().requires_grad_() : t;
}
const isSize = (x: unknown): x is readonly number[] => Array.isArray(x) && x.every((n) => typeof n === 'number' && Number.isInteger(n));
const largest = (t: Tensor): number => integers(t).reduce((m, i) => (Number(i) > m ? Number(i) : m), -1);

/**
 * A tensor in coordinate format: values [n, …dense dims] at indices [sparse dims, n]; values at equal indices add up. Without a size, the
 * smallest that holds all entries; a size alone makes a tensor without entries.
 *
 * See https://pytorch.org/docs/stable/generated/torch.sparse_coo_tensor.html.
 * @throws RuntimeError where the parts do not fit each other or the size.
 */
export function sparse_coo_tensor(indices: Data, values: Data, size?: readonly number[] | null, options?: SparseOptions): Tensor;
export function sparse_coo_tensor(indices: Data, values: Data, options: SparseOptions): Tensor;
export function sparse_coo_tensor(size: readonly number[], options?: SparseOptions): Tensor;
export function sparse_coo_tensor(options: SparseOptions & { size: readonly number[]; indices?: Data; values?: Data }): Tensor;
export function sparse_coo_tensor(...given: readonly unknown[]): Tensor {
  const last = given[given.length - 1];
  const o = (isKwargs(last) ? last : {}) as SparseOptions & { size?: readonly number[]; indices?: Data; values?: Data };
  const positional = isKwargs(last) ? given.slice(0, -1) : given;
  const values = (positional[1] ?? o.values) as Data | undefined;
  const size = ((values === undefined ? positional[0] : positional[2]) ?? o.size ?? null) as readonly number[] | null;
  if (values === undefined) {
    if (!isSize(size)) throw new TypeError('sparse_coo_tensor(): expected indices and values, or a size');
    return finished(emptySparse(sparse_coo, size, size.length, o.dtype ?? null), o);
  }
  const i = indicesOf((positional[0] ?? o.indices) as Data);
  const v = valuesFrom(values, o);
  const at = i.ndim === 1 ? i.unsqueeze(1) : i;
  const rows = v.ndim === 0 ? v.unsqueeze(0) : v;
  return finished(checkedCoo(at, rows, size, o), o);
}
function checkedCoo(at: Tensor, values: Tensor, size: readonly number[] | null, o: SparseOptions): Tensor {
  if (at.ndim !== 2) throw new RuntimeError(`indices must be sparse_dim x nnz, but got: ${at.layout.shape.join(', ')}`);
  const [dims, n] = at.layout.shape as unknown as [number, number];
  const dense = values.layout.shape.slice(1);
  const check = o.check_invariants ?? invariants.checked;
  if (size === null) {
    for (let d = 0; d < dims; d++)
      if (integers(at.select(0, d)).some((x) => x < 0n))
        throw new RuntimeError(`found negative index ${Number(integers(at.select(0, d)).find((x) => x < 0n))} for dim ${d}`);
  }
  const shape = size ?? [...Array.from({ length: dims }, (_, d) => largest(at.select(0, d)) + 1), ...dense];
  if (shape.length !== dims + dense.length)
    throw new RuntimeError(
      `'len(size) == sparse_dim + dense_dim' is not satisfied: len(size) = ${shape.length}, sparse_dim = ${dims}, dense_dim = ${dense.length}`,
    );
  if (n !== values.layout.shape[0])
    throw new RuntimeError(
      `indices and values must have same nnz, but got nnz from indices: ${n}, nnz from values: ${values.layout.shape[0]}`,
    );
  const expected = shape.slice(dims);
  if (dense.some((s, d) => s !== expected[d]))
    throw new RuntimeError(`values has incorrect size, expected [${[n, ...expected].join(', ')}], got [${values.layout.shape.join(', ')}]`);
  if (check) checkIndices(at, shape);
  const t = coo(at, values, shape, o.is_coalesced ?? null);
  if (check && o.is_coalesced) {
    const flat = integers(flatOf(t));
    if (flat.some((x, k) => k > 0 && x <= flat[k - 1]!))
      throw new RuntimeError('cannot set is_coalesced to true if indices correspond to uncoalesced COO tensor');
  }
  return t;
}
function checkIndices(at: Tensor, shape: readonly number[]): void {
  for (let d = 0; d < at.layout.shape[0]!; d++)
    for (const x of integers(at.select(0, d))) {
      if (x < 0n) throw new RuntimeError(`found negative index ${x} for dim ${d}`);
      if (x >= BigInt(shape[d]!))
        throw new RuntimeError(`size is inconsistent with indices: for dim ${d}, size is ${shape[d]} but found index ${x}`);
    }
}

type CompressedArguments = [size?: readonly number[] | null | SparseOptions, options?: SparseOptions];
/**
 * A matrix with compressed rows: entries `crow_indices[i]` to `crow_indices[i + 1]` of `col_indices` and `values` are row i.
 *
 * See https://pytorch.org/docs/stable/generated/torch.sparse_csr_tensor.html.
 */
export const sparse_csr_tensor = (crow_indices: Data, col_indices: Data, values: Data, ...rest: CompressedArguments): Tensor =>
  compressedFrom('sparse_csr_tensor', sparse_csr, crow_indices, col_indices, values, rest);
/** A matrix with compressed columns. See https://pytorch.org/docs/stable/generated/torch.sparse_csc_tensor.html. */
export const sparse_csc_tensor = (ccol_indices: Data, row_indices: Data, values: Data, ...rest: CompressedArguments): Tensor =>
  compressedFrom('sparse_csc_tensor', sparse_csc, ccol_indices, row_indices, values, rest);
/**
 * A matrix with compressed rows or columns, as `layout` says.
 *
 * See https://pytorch.org/docs/stable/generated/torch.sparse_compressed_tensor.html.
 */
export function sparse_compressed_tensor(
  compressed_indices: Data,
  plain_indices: Data,
  values: Data,
  ...rest: [
    size?: readonly number[] | null | (SparseOptions & { layout?: TensorLayout }),
    options?: SparseOptions & { layout?: TensorLayout },
  ]
): Tensor {
  const last = rest[rest.length - 1];
  const layout = isKwargs(last) ? (last.layout as TensorLayout | undefined) : undefined;
  if (layout !== sparse_csr && layout !== sparse_csc) {
    const got = layout === undefined ? 'none' : layout === sparse_coo ? 'Sparse' : String(layout);
    throw new RuntimeError(`sparse_compressed_tensor expected sparse compressed tensor layout but got ${got}`);
  }
  return compressedFrom('sparse_compressed_tensor', layout, compressed_indices, plain_indices, values, rest as CompressedArguments);
}
function compressedFrom(name: string, kind: TensorLayout, outer: Data, inner: Data, data: Data, rest: CompressedArguments): Tensor {
  const last = rest[rest.length - 1];
  const o = (isKwargs(last) ? last : {}) as SparseOptions & { size?: readonly number[] };
  const integral = (x: Data): Tensor => (x instanceof Tensor ? x : tensor(x, { dtype: int64 }));
  const [starts, plain, values] = [integral(outer), integral(inner), valuesFrom(data, o)];
  const given = (Array.isArray(rest[0]) ? rest[0] : (o.size ?? null)) as readonly number[] | null;
  if (starts.ndim < 1) throw new RuntimeError(`${name}: compressed_indices must have at least one dimension`);
  const pair = [starts.layout.shape[starts.ndim - 1]! - 1, largest(plain) + 1];
  const size = given ?? [...starts.layout.shape.slice(0, -1), ...(kind === sparse_csr ? pair : pair.reverse())];
  if (o.check_invariants ?? invariants.checked) checkCompressed(kind, starts, plain, values, size);
  return finished(F._sparse_compressed_tensor_with_dims(starts, plain, values, [...size], kind), o);
}
function checkCompressed(kind: TensorLayout, starts: Tensor, plain: Tensor, values: Tensor, size: readonly number[]): void {
  const [outer, inner] = partNames(kind) as [string, string];
  const [rows, columns] = kind === sparse_csr ? ['rows', 'cols'] : ['columns', 'rows'];
  const [n, m] = kind === sparse_csr ? [size[0]!, size[1]!] : [size[1]!, size[0]!];
  const nnz = values.layout.shape[0]!;
  if (starts.layout.numel !== n + 1)
    throw new RuntimeError(`${outer}.shape[-1] must be equal to the number of ${rows} + 1 (=${n + 1}), but got ${starts.layout.numel}`);
  if (plain.layout.numel !== nnz)
    throw new RuntimeError(
      `${inner}.shape[-1] must be equal to nnz (=${nnz}) as defined by values.shape[0], but got ${plain.layout.numel}`,
    );
  const [s, p] = [integers(starts), integers(plain)];
  const require = (holds: boolean, text: string): void => {
    if (!holds) throw new RuntimeError(`\`${text}\` is not satisfied.`);
  };
  require(s[0] === 0n, `${outer}[..., 0] == 0`);
  require(Number(s[n]) === nnz, `${outer}[..., -1] == nnz`);
  const short = columns === 'cols' ? 'ncols' : 'nrows';
  for (let i = 1; i <= n; i++) {
    const count = s[i]! - s[i - 1]!;
    require(count >= 0n && count <= BigInt(m), `0 <= ${outer}[..., 1:] - ${outer}[..., :-1] <= ${short}`);
  }
  require(p.every((x) => x >= 0n && x < BigInt(m)), `0 <= ${inner} < ${short}`);
  for (let i = 1; i <= n; i++)
    for (let e = Number(s[i - 1]) + 1; e < Number(s[i]); e++)
      require(p[e]! >
        p[
          e - 1
        ]!, `${inner}[..., ${outer}[..., i - 1]:${outer}[..., i]] for all i = 1, ..., n${rows} are sorted and distinct along the last dimension values`);
}

// ---- members ------------------------------------------------------------------------------------------------------
const P = Tensor.prototype;
const define = (name: string, value: (this: Tensor, ...args: never[]) => unknown): void =>
  void Object.defineProperty(P, name, { value, writable: true, configurable: true });
const shown = (t: Tensor): Tensor => aliasOf(t, t.layout);
Object.defineProperty(P, 'is_sparse_csr', {
  get(this: Tensor) {
    return this.layout.sparse && layoutOf(this).kind === sparse_csr;
  },
  configurable: true,
});
define('_indices', function (this: Tensor) {
  if (!isCoo(this)) throw unsupported('_indices', [this]);
  return shown(partsOf(this).indices[0]!);
});
define('_values', function (this: Tensor) {
  if (!isCoo(this)) throw unsupported('_values', [this]);
  return shown(partsOf(this).values);
});
define('_nnz', function (this: Tensor) {
  if (!this.layout.sparse) throw unsupported('_nnz', [this]);
  return entries(this);
});
for (const name of ['sparse_dim', '_dimI'])
  define(name, function (this: Tensor) {
    return this.layout.sparse ? layoutOf(this).sparseDim : 0;
  });
for (const name of ['dense_dim', '_dimV'])
  define(name, function (this: Tensor) {
    return this.layout.sparse && isCompressed(this) ? 0 : this.ndim - (this.layout.sparse ? layoutOf(this).sparseDim : 0);
  });
define('is_coalesced', function (this: Tensor) {
  requireCoo(this, 'is_coalesced');
  return partsOf(this).coalesced;
});
define('_coalesced_', function (this: Tensor, coalesced: boolean) {
  requireCoo(this, '_coalesced_');
  partsOf(this).coalesced = coalesced;
  return this;
});
for (const kind of [sparse_csr, sparse_csc])
  for (const [i, name] of partNames(kind).entries())
    define(name, function (this: Tensor) {
      if (!this.layout.sparse || layoutOf(this).kind !== kind) {
        const dimension = kind === sparse_csr ? 'row' : 'column';
        throw new RuntimeError(`${name} expected sparse ${dimension} compressed tensor layout but got ${layoutName(this)}`);
      }
      return shown(partsOf(this).indices[i]!);
    });
