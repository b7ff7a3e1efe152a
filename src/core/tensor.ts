// The class Tensor: fields and plain accessors only. Operators are put on its prototype by src/surface/install.ts.
import { cpu, type Device } from './device.ts';
import type { DType } from './dtype.ts';
import { RuntimeError } from './errors.ts';
import { Layout } from './layout.ts';
import type { Shape, Size } from './size.ts';
import { allocate, Storage, type VersionCell } from './storage.ts';

/** A multi-dimensional array of one dtype; see https://pytorch.org/docs/stable/tensors.html. */
export class Tensor {
  // Transform part: `value` is the tensor one level below; null for a plain tensor.
  level: object | null = null;
  value: Tensor | null = null;
  bdim = 0;
  tangent: Tensor | null = null;
  // Autograd part, of this tensor's own level.
  _requires_grad = false;
  _node: object | null = null;
  _output_nr = 0;
  _grad: Tensor | null = null;
  _accumulate: object | null = null;
  _view: object | null = null;
  _hooks: object | null = null;
  /** A literal of whole numbers without a dtype: operators that need integers convert it exactly. */
  _whole = false;

  constructor(
    public layout: Layout,
    public storage: Storage | null,
    public cell: VersionCell,
  ) {}

  get shape(): Size {
    return this.layout.size;
  }
  get dtype(): DType {
    return this.layout.dtype;
  }
  get device(): Device {
    return this.layout.device;
  }
  get ndim(): number {
    return this.layout.shape.length;
  }
  /** Bumped by every in-place write; saved tensors check it. */
  get _version(): number {
    return this.cell.version;
  }
}

/** The plain tensor with the numbers of a transform's; null for a batch, which has others in every row. */
export function plainOf(t: Tensor): Tensor | null {
  let r = t;
  while (r.level !== null) {
    if ((r.level as { readonly kind: string }).kind === 'vmap') return null;
    r = r.value!;
  }
  return r;
}
/** Whether a check may look at the numbers. */
export const isKnown = (t: Tensor): boolean => t.device.type !== 'meta' && plainOf(t) !== null;
/**
 * The plain tensor whose numbers are read.
 * @throws RuntimeError for a batch of vmap.
 */
export function readable(t: Tensor): Tensor {
  const r = plainOf(t);
  if (r === null) {
    throw new RuntimeError(
      "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a Tensor, please try to rewrite what you're doing with other operations. If error is occurring somewhere inside PyTorch internals, please file a bug report.",
    );
  }
  return r;
}

/** A new tensor with a layout's shape, strides and dtype, in memory of its own. */
export function emptyLike(layout: Layout): Tensor {
  const bytes = layout.extent * layout.dtype.itemsize;
  const storage = layout.device === cpu ? allocate(bytes) : new Storage(null, 0, bytes, true);
  return new Tensor(layout, storage, storage);
}
export function emptyTensor(shape: Shape, dtype: DType, device: Device = cpu): Tensor {
  return emptyLike(Layout.dense(shape, dtype, device));
}
/** Another tensor on the same storage, sharing its version. */
export function aliasOf(t: Tensor, layout: Layout): Tensor {
  return new Tensor(layout, t.storage, t.cell);
}
