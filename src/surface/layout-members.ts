// Members of Tensor that show its memory in another arrangement: the transposes as properties, and the methods that change a tensor's
// own shape and strides in place.
import { checkInplace } from '../autograd/tape.ts';
import { requiresGrad, type ViewRecord, viewRecord } from '../autograd/views.ts';
import { outliveAll } from '../autograd/scope.ts';
import { RuntimeError } from '../core/errors.ts';
import type { MemoryFormat } from '../core/formats.ts';
import { preserve_format } from '../core/formats.ts';
import { Layout } from '../core/layout.ts';
import { showShape } from '../core/shape.ts';
import { numel, sameShape, type Shape } from '../core/size.ts';
import { allocate } from '../core/storage.ts';
import { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { state } from '../dispatch/state.ts';
import { stridesLike } from '../ops/create.ts';
import { matrixTranspose } from '../ops/shape.ts';
import { isKwargs, tensorMethod } from './bind.ts';

declare module '../core/tensor.js' {
  interface Tensor {
    /** The dimensions in reverse order. */
    readonly T: Tensor;
    /** The transpose of the last two dimensions. */
    readonly mT: Tensor;
    /** The conjugate transpose of a matrix. */
    readonly H: Tensor;
    /** The conjugate transpose of the last two dimensions. */
    readonly mH: Tensor;
    /** The real part of a complex tensor, as a view; a real tensor itself. */
    real: Tensor;
    /** The imaginary part of a complex tensor, as a view. */
    imag: Tensor;
    transpose_(dim0: number, dim1: number): this;
    swapaxes_(axis0: number, axis1: number): this;
    swapdims_(dim0: number, dim1: number): this;
    t_(): this;
    squeeze_(dim?: number | readonly number[]): this;
    unsqueeze_(dim: number): this;
    as_strided_(size: readonly number[], stride: readonly number[], storage_offset?: number | null): this;
    /** Another shape; memory grows if it does not suffice, and new elements are undefined. */
    resize_(...size: number[]): this;
    resize_(size: readonly number[], options?: { memory_format?: MemoryFormat }): this;
    resize_as_(template: Tensor, options?: { memory_format?: MemoryFormat }): this;
    /** Makes the tensor show the memory of another. */
    set_(source?: Tensor, storage_offset?: number, size?: readonly number[], stride?: readonly number[]): this;
  }
}

const P = Tensor.prototype;
const property = (name: string, get: (t: Tensor) => Tensor): void => {
  Object.defineProperty(P, name, {
    get(this: Tensor) {
      return get(this);
    },
    configurable: true,
  });
};
property('T', (t) => t.permute(t.layout.shape.map((_, i) => i).reverse()));
property('mT', (t) => matrixTranspose(t, 'mT'));
property('mH', (t) => matrixTranspose(t, 'mH').conj());
property('H', (t) => {
  if (t.ndim === 0) return t.conj();
  if (t.ndim !== 2)
    throw new RuntimeError(
      `tensor.H is only supported on matrices (2-D tensors). Got ${t.ndim}-D tensor.${t.ndim > 2 ? ' For batches of matrices, consider using tensor.mH' : ''}`,
    );
  return t.t().conj();
});
for (const [part, of] of [
  ['real', (t: Tensor) => F.real(t)],
  ['imag', (t: Tensor) => F.imag(t)],
] as const) {
  Object.defineProperty(P, part, {
    get(this: Tensor): Tensor {
      return of(this);
    },
    set(this: Tensor, value: Tensor) {
      of(this).copy_(value);
    },
    configurable: true,
  });
}

/** Note [Views in place]: the tensor becomes the view that the method without underscore gives of what it was, history included. */
function becomes(t: Tensor, view: (old: Tensor) => Tensor): Tensor {
  if (state.grad && requiresGrad(t)) checkInplace(t);
  const old = new Tensor(t.layout, t.storage, t.cell);
  Object.assign(old, {
    level: t.level,
    value: t.value,
    bdim: t.bdim,
    tangent: t.tangent,
    _node: t._node,
    _output_nr: t._output_nr,
    _requires_grad: t._requires_grad,
  });
  const record = viewRecord(t);
  old._view = record;
  const shown = view(old);
  t.layout = shown.layout;
  t.value = shown.value;
  t.bdim = shown.bdim;
  t.tangent = shown.tangent;
  t._node = shown._node;
  t._output_nr = shown._output_nr;
  t.cell.version++;
  t._view = record && shown._view ? ({ ...(shown._view as ViewRecord), version: t.cell.version } satisfies ViewRecord) : null;
  return t;
}
for (const name of ['transpose', 'swapaxes', 'swapdims', 't', 'squeeze', 'unsqueeze', 'as_strided']) {
  const view = tensorMethod(name);
  Object.defineProperty(P, `${name}_`, {
    value(this: Tensor, ...args: unknown[]) {
      return becomes(this, (old) => view.call(old, ...args) as Tensor);
    },
    configurable: true,
    writable: true,
  });
}

function checkResizable(t: Tensor, what: string): void {
  if (requiresGrad(t)) throw new RuntimeError(`cannot ${what} variables that require grad`);
  if (t.storage === null) throw new RuntimeError(`${what}: a tensor of a transform has no memory of its own`);
}
/** Makes the memory hold what the layout reaches; what it held stays. */
function ensure(t: Tensor, layout: Layout): void {
  const bytes = numel(layout.shape) === 0 ? 0 : layout.extent * layout.dtype.itemsize;
  const s = t.storage!;
  if (s.nbytes >= bytes) return;
  const fresh = allocate(bytes);
  if (s.buffer && fresh.buffer)
    new Uint8Array(fresh.buffer, fresh.byteOffset, s.nbytes).set(new Uint8Array(s.buffer, s.byteOffset, s.nbytes));
  s.adopt(fresh);
}
function resize(t: Tensor, shape: Shape, format: MemoryFormat | null): Tensor {
  checkResizable(t, 'resize');
  for (const s of shape) if (s < 0) throw new RuntimeError(`Trying to create tensor with negative dimension ${s}: ${showShape(shape)}`);
  if (format === preserve_format) throw new RuntimeError('Unsupported memory format Preserve');
  const { dtype, device, offset } = t.layout;
  if (sameShape(shape, t.layout.shape) && !format) return t;
  const dense = Layout.dense(shape, dtype, device);
  const layout = new Layout(shape, format ? stridesLike(dense, format) : dense.stride, offset, dtype, device);
  ensure(t, layout);
  t.layout = layout;
  return t;
}
const formatIn = (args: readonly unknown[]): MemoryFormat | null => {
  const last = args[args.length - 1];
  return isKwargs(last) ? ((last.memory_format as MemoryFormat | undefined) ?? null) : null;
};
const define = (name: string, value: (this: Tensor, ...args: never[]) => unknown): void =>
  void Object.defineProperty(P, name, { value, configurable: true, writable: true });
define('resize_', function (this: Tensor, ...args: unknown[]) {
  const sizes = args.filter((a) => !isKwargs(a));
  return resize(this, (Array.isArray(sizes[0]) ? sizes[0] : sizes) as Shape, formatIn(args));
});
define('resize_as_', function (this: Tensor, template: Tensor, ...rest: unknown[]) {
  const format = formatIn(rest);
  if (format === preserve_format) {
    resize(this, template.layout.shape, null);
    this.layout = this.layout.with({ stride: stridesLike(template.layout, null) });
    return this;
  }
  return resize(this, template.layout.shape, format);
});
/** template's shape for the tensor itself (torch.resize_as_). */
export const resize_as_ = (input: Tensor, template: Tensor, options: { memory_format?: MemoryFormat } = {}): Tensor =>
  input.resize_as_(template, options);
define('set_', function (this: Tensor, source?: Tensor, storageOffset?: number, size?: readonly number[], stride?: readonly number[]) {
  checkResizable(this, 'set_');
  const from = source ?? F.empty([0], this.dtype);
  if (from.dtype !== this.dtype)
    throw new RuntimeError(`Could not set tensor of type ${from.dtype.cName} to a tensor of type ${this.dtype.cName}`);
  this.storage = from.storage;
  outliveAll(from);
  this.cell = from.cell;
  this.layout = from.layout;
  if (size) {
    const shown = Layout.dense(size, from.dtype, from.device);
    const layout = shown.with({ offset: storageOffset ?? 0, ...(stride?.length && { stride }) });
    ensure(this, layout);
    this.layout = layout;
  }
  return this;
});
