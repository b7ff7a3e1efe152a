// Sparse tensors in checkpoints: held as their parts, and made dense on demand.
import { RuntimeError } from '../core/errors.ts';
import { sparse_coo } from '../core/formats.ts';
import type { DType } from '../core/dtype.ts';
import { numel, type Size } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import * as torch from '../surface/generated/torch.ts';

/** A sparse tensor in coordinate format: indices [sparse dims, n], values [n, …dense dims]. */
export class SparseCooTensor {
  readonly layout = sparse_coo;
  readonly is_sparse = true;
  /** @throws RuntimeError if the parts do not fit each other or the shape. */
  constructor(
    private readonly _indices: Tensor,
    private readonly _values: Tensor,
    readonly shape: Size,
    private readonly coalesced = false,
  ) {
    const [dims, n] = _indices.layout.shape;
    if (_indices.dtype.name !== 'int64' || _indices.ndim !== 2)
      throw new RuntimeError('indices must be an int64 tensor of shape [sparse dims, nnz]');
    if (_values.ndim < 1 || _values.layout.shape[0] !== n || dims! + _values.ndim - 1 !== shape.length)
      throw new RuntimeError(
        `number of dimensions must be sparse_dim (${dims}) + dense_dim (${_values.ndim - 1}), but got ${shape.length}`,
      );
    if (_values.layout.shape.slice(1).some((s, i) => s !== shape[dims! + i]))
      throw new RuntimeError(
        `values has incorrect size, expected [${[n, ...shape.slice(dims)].join(', ')}], got [${_values.layout.shape.join(', ')}]`,
      );
    if (_indices.device.type === 'meta') return;
    for (let d = 0; d < dims! && n! > 0; d++) {
      const [low, high] = [_indices.select(0, d).min().item(), _indices.select(0, d).max().item()];
      if (low < 0) throw new RuntimeError('found negative index in a sparse tensor');
      if (high >= shape[d]!)
        throw new RuntimeError(`size is inconsistent with indices: for dim ${d}, size is ${shape[d]} but found index ${high}`);
    }
  }
  get dtype(): DType {
    return this._values.dtype;
  }
  get requires_grad(): boolean {
    return this._values.requires_grad;
  }
  indices(): Tensor {
    return this._indices;
  }
  values(): Tensor {
    return this._values;
  }
  is_coalesced(): boolean {
    return this.coalesced;
  }
  /** The dense tensor; values at equal indices add up. */
  to_dense(): Tensor {
    const { shape } = this;
    const dims = this._indices.layout.shape[0]!;
    const dense = shape.slice(dims);
    const rows = numel(shape.slice(0, dims));
    let flat = torch.zeros([this._indices.layout.shape[1]!], { dtype: this._indices.dtype });
    for (let d = 0; d < dims; d++) flat = flat.mul(shape[d]!).add(this._indices.select(0, d));
    return torch
      .zeros([rows, ...dense], { dtype: this.dtype })
      .index_add(0, flat, this._values)
      .reshape([...shape]);
  }
  toString(): string {
    const part = (t: Tensor): string => String(t).replaceAll('\n', `\n${' '.repeat(15)}`);
    return `tensor(indices=${part(this._indices)},\n       values=${part(this._values)},\n       size=(${this.shape.join(', ')}${this.shape.length === 1 ? ',' : ''}), nnz=${this._indices.layout.shape[1]}, layout=torch.sparse_coo)`;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
