// Memory formats and layouts: names with PyTorch's text.
class Named {
  constructor(readonly name: string) {}
  toString(): string {
    return `torch.${this.name}`;
  }
  toJSON(): string {
    return this.toString();
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
/** How strides are chosen: torch.contiguous_format, torch.channels_last, … */
export class MemoryFormat extends Named {}
export const contiguous_format = new MemoryFormat('contiguous_format');
export const preserve_format = new MemoryFormat('preserve_format');
export const channels_last = new MemoryFormat('channels_last');
export const channels_last_3d = new MemoryFormat('channels_last_3d');
/** How a tensor's elements are stored: torch.strided, torch.sparse_coo, … */
export class TensorLayout extends Named {}
export const strided = new TensorLayout('strided');
export const sparse_coo = new TensorLayout('sparse_coo');
export const sparse_csr = new TensorLayout('sparse_csr');
export const sparse_csc = new TensorLayout('sparse_csc');
export const sparse_bsr = new TensorLayout('sparse_bsr');
export const sparse_bsc = new TensorLayout('sparse_bsc');
