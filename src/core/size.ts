/** A tensor's shape: an array of numbers that prints as torch.Size([2, 3]). */
export class Size extends Array<number> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
  constructor(shape: readonly number[] | number = []) {
    super();
    if (typeof shape === 'number') this.length = shape;
    else for (let i = 0; i < shape.length; i++) this.push(shape[i]!);
  }
  static of_(shape: readonly number[]): Size {
    return new Size(shape);
  }
  /** The number of elements of a tensor of this shape. */
  numel(): number {
    return numel(this);
  }
  override toString(): string {
    return `torch.Size([${this.join(', ')}])`;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

export type Shape = readonly number[];

export function numel(shape: Shape): number {
  let n = 1;
  for (let i = 0; i < shape.length; i++) n *= shape[i]!;
  return n;
}
/** Row-major strides. A dimension of size 0 counts as 1, as in PyTorch. */
export function contiguousStrides(shape: Shape): number[] {
  const stride = new Array<number>(shape.length);
  let n = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    stride[i] = n;
    n *= shape[i]! > 1 ? shape[i]! : 1;
  }
  return stride;
}
export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
