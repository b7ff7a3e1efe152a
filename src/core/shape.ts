// Rules about dimensions and shapes that many operators share, with PyTorch's messages.
import { IndexError, RuntimeError } from './errors.ts';
import { type Shape, sameShape } from './size.ts';

/** Resolves a possibly negative dimension. 0-d tensors accept −1 and 0. */
export function wrapDim(dim: number, ndim: number, wrapScalar = true): number {
  const n = ndim === 0 && wrapScalar ? 1 : ndim;
  if (n === 0) throw new IndexError(`Dimension specified as ${dim} but tensor has no dimensions`);
  if (dim < -n || dim >= n) {
    throw new IndexError(`Dimension out of range (expected to be in range of [${-n}, ${n - 1}], but got ${dim})`);
  }
  return dim < 0 ? dim + n : dim;
}
/** Resolves a list of dimensions, each at most once. An empty or absent list means all of them. */
export function wrapDims(dims: readonly number[] | number | null | undefined, ndim: number, emptyMeansAll = true): number[] {
  if (dims === null || dims === undefined || (emptyMeansAll && Array.isArray(dims) && dims.length === 0)) {
    return Array.from({ length: ndim }, (_, i) => i);
  }
  const seen = new Set<number>();
  const list = typeof dims === 'number' ? [dims] : dims;
  return list.map((d) => {
    const w = wrapDim(d, ndim);
    if (seen.has(w)) throw new RuntimeError(`dim ${w} appears multiple times in the list of dims`);
    seen.add(w);
    return w;
  });
}

const show = (s: Shape): string => `[${s.join(', ')}]`;
export { show as showShape };

/** The common shape of operands. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const n = Math.max(a.length, b.length);
  const out = new Array<number>(n);
  for (let i = 1; i <= n; i++) {
    const x = i <= a.length ? a[a.length - i]! : 1;
    const y = i <= b.length ? b[b.length - i]! : 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new RuntimeError(`The size of tensor a (${x}) must match the size of tensor b (${y}) at non-singleton dimension ${n - i}`);
    }
    out[n - i] = x === 1 ? y : x;
  }
  return out;
}

/** Strides for reading a tensor as if it had the (broadcast) shape `to`. */
export function expandStrides(shape: Shape, stride: Shape, to: Shape): number[] {
  const skip = to.length - shape.length;
  const out = new Array<number>(to.length);
  for (let i = 0; i < to.length; i++) out[i] = i < skip || (shape[i - skip] === 1 && to[i] !== 1) ? 0 : stride[i - skip]!;
  return out;
}

/** Replaces a −1 in a requested shape by what makes `numel` elements. */
export function inferSize(size: Shape, numel: number): number[] {
  let known = 1;
  let unknown = -1;
  for (let i = 0; i < size.length; i++) {
    const s = size[i]!;
    if (s === -1) {
      if (unknown >= 0) throw new RuntimeError('only one dimension can be inferred');
      unknown = i;
    } else if (s < 0) throw new RuntimeError(`invalid shape dimension ${s}`);
    else known *= s;
  }
  if (known === numel ? unknown < 0 || known > 0 : unknown >= 0 && known > 0 && numel % known === 0) {
    const out = size.slice();
    if (unknown >= 0) out[unknown] = numel / known;
    return out;
  }
  if (unknown >= 0 && known === 0 && numel === 0) {
    throw new RuntimeError(
      `cannot reshape tensor of 0 elements into shape ${show(size)} because the unspecified dimension size -1 can be any value and is ambiguous`,
    );
  }
  throw new RuntimeError(`shape '${show(size)}' is invalid for input of size ${numel}`);
}

/** Strides that show the same elements in another shape, or null where that needs a copy. */
export function viewStrides(shape: Shape, stride: Shape, to: Shape): number[] | null {
  const numel = shape.reduce((a, b) => a * b, 1);
  const out = new Array<number>(to.length);
  if (numel === 0) {
    if (sameShape(shape, to)) return stride.slice();
    let n = 1;
    for (let i = to.length - 1; i >= 0; i--) {
      out[i] = n;
      n *= Math.max(to[i]!, 1);
    }
    return out;
  }
  let d = to.length - 1;
  let base = shape.length ? stride[shape.length - 1]! : 1;
  let tensorNumel = 1;
  let viewNumel = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    tensorNumel *= shape[i]!;
    if (i === 0 || (shape[i - 1] !== 1 && stride[i - 1] !== tensorNumel * base)) {
      while (d >= 0 && (viewNumel < tensorNumel || to[d] === 1)) {
        out[d] = viewNumel * base;
        viewNumel *= to[d]!;
        d--;
      }
      if (viewNumel !== tensorNumel) return null;
      if (i > 0) {
        base = stride[i - 1]!;
        tensorNumel = 1;
        viewNumel = 1;
      }
    }
  }
  if (shape.length === 0) for (; d >= 0; d--) out[d] = 1;
  return d >= 0 ? null : out;
}
