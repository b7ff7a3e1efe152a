// Parameters and buffers: tensors that modules register when they are assigned, and those whose shape is not known yet.
import '../surface/install.ts';
import { type DType, isDifferentiable } from '../core/dtype.ts';
import type { Device } from '../core/device.ts';
import { RuntimeError, ValueError } from '../core/errors.ts';
import type { Size } from '../core/size.ts';
import { outlive } from '../core/storage.ts';
import { Tensor } from '../core/tensor.ts';
import * as torch from '../surface/generated/torch.ts';

/**
 * A tensor that belongs to a module; it requires a gradient unless told otherwise. It shares memory with `data`.
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html.
 */
export class Parameter extends Tensor {
  static readonly __name__: string = 'Parameter';
  constructor(data: Tensor = torch.empty([0]), requires_grad: boolean | { requires_grad?: boolean } = true) {
    super(data.layout, data.storage, data.cell);
    this.level = data.level;
    this.value = data.value;
    outlive(data.storage);
    const wanted = typeof requires_grad === 'boolean' ? requires_grad : (requires_grad.requires_grad ?? true);
    this._requires_grad = wanted && isDifferentiable(data.dtype);
  }
  override toString(): string {
    return `Parameter containing:\n${Tensor.prototype.toString.call(this)}`;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
/**
 * A tensor that is part of a module's state but not trained. It shares memory with `data`.
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.parameter.Buffer.html.
 */
export class Buffer extends Tensor {
  static readonly __name__: string = 'Buffer';
  readonly persistent: boolean;
  constructor(data: Tensor = torch.empty([0]), persistent: boolean | { persistent?: boolean } = true) {
    super(data.layout, data.storage, data.cell);
    this.level = data.level;
    this.value = data.value;
    outlive(data.storage);
    this._requires_grad = data.requires_grad;
    this.persistent = typeof persistent === 'boolean' ? persistent : (persistent.persistent ?? true);
  }
}

export interface UninitializedOptions {
  requires_grad?: boolean;
  device?: Device | string | null;
  dtype?: DType | null;
}
/**
 * A parameter whose shape is not known yet. It can be converted and moved, and becomes a Parameter when its shape is given.
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedParameter.html.
 */
export class UninitializedParameter extends Parameter {
  static override readonly __name__: string = 'UninitializedParameter';
  constructor({ requires_grad = true, device, dtype }: UninitializedOptions = {}) {
    super(torch.empty([0], { device, dtype }), requires_grad);
    refuseMethods(UninitializedParameter);
  }
  /** Becomes a Parameter of this shape, with undefined values. */
  materialize(shape: readonly number[], device?: Device | string | null, dtype?: DType | null): void {
    become(this, Parameter, shape, device, dtype);
  }
  override get shape(): Size {
    return noShape();
  }
  override share_memory_(): never {
    return notShared();
  }
  override toString(): string {
    return '<UninitializedParameter>';
  }
}
/**
 * A buffer whose shape is not known yet; it becomes a Buffer when its shape is given.
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedBuffer.html.
 */
export class UninitializedBuffer extends Buffer {
  static override readonly __name__: string = 'UninitializedBuffer';
  constructor({ requires_grad = false, device, dtype, persistent = true }: UninitializedOptions & { persistent?: boolean } = {}) {
    super(torch.empty([0], { device, dtype }), persistent);
    this._requires_grad = requires_grad;
    refuseMethods(UninitializedBuffer);
  }
  /** Becomes a Buffer of this shape, with undefined values. */
  materialize(shape: readonly number[], device?: Device | string | null, dtype?: DType | null): void {
    become(this, Buffer, shape, device, dtype);
  }
  override get shape(): Size {
    return noShape();
  }
  override share_memory_(): never {
    return notShared();
  }
  override toString(): string {
    return '<UninitializedBuffer>';
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
/** Whether the shape is not known yet. */
export const is_lazy = (x: unknown): x is UninitializedParameter | UninitializedBuffer =>
  x instanceof UninitializedParameter || x instanceof UninitializedBuffer;

function become(
  t: Tensor,
  type: { prototype: Tensor },
  shape: readonly number[],
  device?: Device | string | null,
  dtype?: DType | null,
): void {
  t.data = torch.empty(shape, { device: device ?? t.device, dtype: dtype ?? t.dtype });
  Object.setPrototypeOf(t, type.prototype);
}
function noShape(): never {
  throw new RuntimeError(
    "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in `load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` to initialize the parameters before accessing their attributes.",
  );
}
function notShared(): never {
  throw new RuntimeError(
    "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the parameters before calling `module.share_memory()`.",
  );
}
const ALLOWED = new Set('size copy_ is_complex is_floating_point half float double char short int long cuda cpu to get_device'.split(' '));
/** All methods of tensors except conversions are errors. Done when the first one is made: by then all methods exist. */
function refuseMethods(type: { readonly __name__: string; prototype: Tensor }): void {
  if (Object.hasOwn(type.prototype, 'add')) return;
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(Tensor.prototype))) {
    if (typeof value !== 'function' || name === 'constructor' || ALLOWED.has(name) || Object.hasOwn(type.prototype, name)) continue;
    Object.defineProperty(type.prototype, name, {
      value: () => {
        throw new ValueError(
          `Attempted to use an uninitialized parameter in <method '${name}' of 'torch._C.TensorBase' objects>. This error happens when you are using a \`LazyModule\` or explicitly manipulating \`torch.nn.parameter.${type.__name__}\` objects. When using LazyModules Call \`forward\` with a dummy batch to initialize the parameters before calling torch functions`,
        );
      },
      configurable: true,
    });
  }
}
