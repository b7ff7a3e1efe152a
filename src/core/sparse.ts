// Sparse tensors: a layout that says so, and a storage that holds parts instead of memory. See docs/decisions/006-sparse-tensors.md.
import { RuntimeError } from './errors.ts';
import { sparse_coo, sparse_csc, sparse_csr, type TensorLayout } from './formats.ts';
import { Layout } from './layout.ts';
import { numel, type Shape } from './size.ts';
import { escapeStorage, outlive, Storage, type TypedArray } from './storage.ts';
import { Tensor } from './tensor.ts';

/** What is made once before the first sparse tensor: the routing of operators (src/dispatch/sparse.ts). */
export const firstSparse: { prepare: (() => void) | null } = { prepare: null };

/** The layout of a sparse tensor: its first `sparseDim` dimensions are stored by index. */
export class SparseLayout extends Layout {
  constructor(
    readonly kind: TensorLayout,
    shape: Shape,
    readonly sparseDim: number,
    values: Tensor,
  ) {
    super(shape, new Array<number>(shape.length).fill(0), 0, values.layout.dtype, values.layout.device);
  }
  override get sparse(): boolean {
    return true;
  }
  override toString(): string {
    return String(this.kind);
  }
}

/** The parts of a sparse tensor. They are never recycled: see Note [Ownership] in storage.ts. */
export class SparseStorage extends Storage {
  /** COO: one matrix [sparse dims, n]; CSR and CSC: the compressed indices and the plain ones. */
  indices: readonly Tensor[] = [];
  values!: Tensor;
  /** Of COO: the indices are sorted and distinct. */
  coalesced = false;
  constructor(indices: readonly Tensor[], values: Tensor, coalesced: boolean) {
    super(null, 0, 0);
    this.hold(indices, values, coalesced);
  }
  /** Other parts: what writing in place comes to. */
  hold(indices: readonly Tensor[], values: Tensor, coalesced: boolean): void {
    for (const { storage } of [...indices, values]) {
      escapeStorage(storage);
      outlive(storage);
    }
    this.indices = indices;
    this.values = values;
    this.coalesced = coalesced;
  }
  override view(): TypedArray {
    throw new RuntimeError("Cannot access data pointer of Tensor that doesn't have storage");
  }
}

/** A sparse tensor over its parts, without history. */
export function sparseTensor(kind: TensorLayout, shape: Shape, indices: readonly Tensor[], values: Tensor, coalesced = false): Tensor {
  firstSparse.prepare?.();
  firstSparse.prepare = null;
  const plain = (t: Tensor): Tensor => new Tensor(t.layout, t.storage, t.cell);
  const sparseDim = kind === sparse_coo ? indices[0]!.layout.shape[0]! : 2;
  const storage = new SparseStorage(indices.map(plain), plain(values), coalesced);
  return new Tensor(new SparseLayout(kind, shape, sparseDim, values), storage, storage);
}
export const layoutOf = (t: Tensor): SparseLayout => t.layout as SparseLayout;
export const partsOf = (t: Tensor): SparseStorage => t.storage as SparseStorage;
export const isCoo = (t: Tensor): boolean => t.layout instanceof SparseLayout && t.layout.kind === sparse_coo;
export const isCompressed = (t: Tensor): boolean => t.layout instanceof SparseLayout && t.layout.kind !== sparse_coo;
/** PyTorch's names of layouts in messages. */
export const layoutName = (t: Tensor): string => {
  if (!t.layout.sparse) return 'Strided';
  const { kind } = layoutOf(t);
  return kind === sparse_coo ? 'Sparse' : kind === sparse_csr ? 'SparseCsr' : 'SparseCsc';
};
/** The names of the parts, and where in a compressed layout the rows are. */
export const partNames = (kind: TensorLayout): readonly string[] =>
  kind === sparse_coo ? ['indices'] : kind === sparse_csc ? ['ccol_indices', 'row_indices'] : ['crow_indices', 'col_indices'];
/** The number of stored entries. */
export function entries(t: Tensor): number {
  const { indices } = partsOf(t);
  const { shape } = indices[indices.length - 1]!.layout;
  return shape[shape.length - 1]!;
}
/** The elements that the stored dimensions have: rows of the values of a dense tensor of this shape. */
export const places = (t: Tensor): number => numel(t.layout.shape.slice(0, layoutOf(t).sparseDim));
