import type { Device } from './device.ts';
import type { DType } from './dtype.ts';
import { contiguousStrides, numel, sameShape, type Shape, Size } from './size.ts';

/** What a rule may know of a tensor whose data it did not save. */
export interface TensorMeta {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly device: Device;
}

/**
 * Where the elements of a tensor lie in its storage, and of what kind they are. Immutable and shared: an elementwise result
 * holds its input's object, and saving a tensor's metadata is saving this reference. Strides and offset count elements.
 */
export class Layout implements TensorMeta {
  readonly numel: number;
  readonly contiguous: boolean;
  private publicSize: Size | null = null;
  constructor(
    readonly shape: Shape,
    readonly stride: Shape,
    readonly offset: number,
    readonly dtype: DType,
    readonly device: Device,
    /** A lazily conjugated complex tensor: readers conjugate. */
    readonly conj: boolean = false,
    /** A lazily negated tensor: readers negate. */
    readonly neg: boolean = false,
  ) {
    let n = 1;
    let dense = true;
    for (let i = shape.length - 1; i >= 0; i--) {
      const s = shape[i]!;
      if (s !== 1) {
        if (stride[i] !== n) dense = false;
        n *= s;
      }
    }
    this.numel = n;
    this.contiguous = dense || n === 0;
  }
  static dense(shape: Shape, dtype: DType, device: Device): Layout {
    return new Layout(shape, contiguousStrides(shape), 0, dtype, device);
  }
  get size(): Size {
    this.publicSize ??= Size.of_(this.shape);
    return this.publicSize;
  }
  private canonicalLayout: Layout | null = null;
  /** The row-major layout at offset 0 of the same shape and dtype: what a new result gets. */
  get canonical(): Layout {
    if (this.canonicalLayout === null) {
      const stride = contiguousStrides(this.shape);
      const same = this.offset === 0 && this.plain && sameShape(this.stride, stride);
      this.canonicalLayout = same ? this : new Layout(this.shape, stride, 0, this.dtype, this.device);
    }
    return this.canonicalLayout;
  }
  /** Whether reading memory gives the values, without a pending conjugation or negation. */
  get plain(): boolean {
    return !this.conj && !this.neg;
  }
  with(changes: { shape?: Shape; stride?: Shape; offset?: number; dtype?: DType; conj?: boolean; neg?: boolean }): Layout {
    return new Layout(
      changes.shape ?? this.shape,
      changes.stride ?? this.stride,
      changes.offset ?? this.offset,
      changes.dtype ?? this.dtype,
      this.device,
      changes.conj ?? this.conj,
      changes.neg ?? this.neg,
    );
  }
  /** Whether the elements are not in memory but in the parts of a sparse tensor (sparse.ts). */
  get sparse(): boolean {
    return false;
  }
  /** The text of `x.layout` in PyTorch, where it is the way of storing elements. */
  toString(): string {
    return 'torch.strided';
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
  /** Every element has its own place and there are no gaps (a permutation of a contiguous tensor). */
  get nonOverlappingAndDense(): boolean {
    if (this.contiguous) return true;
    const order = this.shape.map((_, i) => i).filter((i) => this.shape[i] !== 1);
    order.sort((a, b) => this.stride[a]! - this.stride[b]!);
    let n = 1;
    for (const i of order) {
      if (this.stride[i] !== n) return false;
      n *= this.shape[i]!;
    }
    return true;
  }
  /** Elements of storage that are reached, from the storage's start. */
  get extent(): number {
    if (numel(this.shape) === 0) return this.offset;
    let last = this.offset;
    for (let i = 0; i < this.shape.length; i++) last += Math.max(0, (this.shape[i]! - 1) * this.stride[i]!);
    return last + 1;
  }
  /** The first element of storage that is reached: the offset, unless a kernel walks backwards. */
  get start(): number {
    if (this.numel === 0) return this.offset;
    let first = this.offset;
    for (let i = 0; i < this.shape.length; i++) first += Math.min(0, (this.shape[i]! - 1) * this.stride[i]!);
    return first;
  }
}
