// Parameters: tensors that modules register when they are assigned.
import { isDifferentiable } from '../core/dtype.ts';
import { Tensor } from '../core/tensor.ts';

/** A tensor that belongs to a module; it requires a gradient unless told otherwise. */
export class Parameter extends Tensor {
  static readonly __name__ = 'Parameter';
  constructor(data: Tensor, requires_grad = true) {
    super(data.layout, data.storage, data.cell);
    this.level = data.level;
    this.value = data.value;
    this._requires_grad = requires_grad && isDifferentiable(data.dtype);
  }
  override toString(): string {
    return `Parameter containing:\n${Tensor.prototype.toString.call(this)}`;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
/** A tensor that is part of a module's state but not trained. */
export class Buffer extends Tensor {
  static readonly __name__ = 'Buffer';
  constructor(
    data: Tensor,
    readonly persistent = true,
  ) {
    super(data.layout, data.storage, data.cell);
  }
}
