// Tensors put together.
import { promote_types, type DType } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { channels_last, channels_last_3d, contiguous_format, type MemoryFormat } from '../core/formats.ts';
import type { TensorMeta } from '../core/layout.ts';
import { Layout } from '../core/layout.ts';
import { showShape, wrapDim } from '../core/shape.ts';
import { numel, sameShape, type Shape } from '../core/size.ts';
import { aliasOf, type Tensor } from '../core/tensor.ts';
import { copyInto } from '../dispatch/execute.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import { resultType } from '../dispatch/promotion.ts';
import { positions } from '../backend/reference/indexing.ts';
import { stridesLike } from './create.ts';

/** Tensors of shape [0] are left out, whatever the others' shape: what cat has always done. */
const skipped = (t: { readonly shape: Shape }): boolean => t.shape.length === 1 && t.shape[0] === 0;

function catSpec(tensors: readonly Tensor[], dim: number): { shape: Shape; dtype: DType; stride: Shape } {
  if (tensors.length === 0) throw new RuntimeError('torch.cat(): expected a non-empty list of Tensors');
  tensors.forEach((t, i) => {
    if (t.ndim === 0) throw new RuntimeError(`zero-dimensional tensor (at position ${i}) cannot be concatenated`);
  });
  const first = tensors.find((t) => !skipped(t)) ?? tensors[0]!;
  const d = wrapDim(dim, first.ndim);
  const shape = [...first.layout.shape];
  shape[d] = 0;
  tensors.forEach((t, i) => {
    if (skipped(t)) return;
    if (t.ndim !== first.ndim) throw new RuntimeError(`Tensors must have same number of dimensions: got ${first.ndim} and ${t.ndim}`);
    t.layout.shape.forEach((s, k) => {
      if (k === d) shape[d]! += s;
      else if (s !== shape[k])
        throw new RuntimeError(
          `Sizes of tensors must match except in dimension ${d}. Expected size ${shape[k]} but got size ${s} for tensor number ${i} in the list.`,
        );
    });
  });
  const dtype = resultType(...tensors);
  return { shape, dtype, stride: stridesLike(Layout.dense(shape, dtype, first.device), formatOf(tensors.filter((t) => !skipped(t)))) };
}
/** The memory format that all tensors suggest; row-major if they differ. */
function formatOf(tensors: readonly Tensor[]): MemoryFormat {
  const formats = new Set(tensors.map(suggestedFormat));
  return formats.size === 1 ? [...formats][0]! : contiguous_format;
}
function suggestedFormat(t: Tensor): MemoryFormat {
  const format = t.ndim === 4 ? channels_last : t.ndim === 5 ? channels_last_3d : null;
  if (!format || t.layout.contiguous) return contiguous_format;
  return sameShape(t.layout.stride, stridesLike(t.layout, format)) ? format : contiguous_format;
}
/** Where each tensor begins and how long it is along the dimension; null for those that give nothing. */
function ranges(tensors: readonly TensorMeta[], dim: number): ({ from: number; length: number } | null)[] {
  const first = tensors.find((t) => !skipped(t)) ?? tensors[0]!;
  const d = wrapDim(dim, first.shape.length);
  let from = 0;
  return tensors.map((t) => {
    if (skipped(t)) return null;
    const length = t.shape[d]!;
    from += length;
    return { from: from - length, length };
  });
}

op('cat(Tensor[] tensors, int dim=0) -> Tensor', {
  doc: 'Tensors joined along an existing dimension.',
  meta: ({ tensors, dim }) => catSpec(tensors, dim),
  kernel: ({ tensors, dim }, out) => {
    const { layout } = out!;
    ranges(tensors, dim).forEach((r, i) => {
      if (!r || tensors[i]!.layout.numel === 0) return;
      const d = wrapDim(dim, layout.shape.length);
      const shape = layout.shape.map((s, k) => (k === d ? r.length : s));
      copyInto(aliasOf(out!, layout.with({ shape, offset: layout.offset + r.from * layout.stride[d]! })), tensors[i]!);
    });
  },
  grad: {
    tensors: uses((g, { tensors, dim }) =>
      ranges(tensors, dim).map((r, i) => (r ? F.narrow(g, dim, r.from, r.length) : F.zeros(tensors[i]!.shape, g.dtype, null, g.device))),
    ),
  },
  linear: true,
  autocast: 'widest',
  aliases: ['concat', 'concatenate'],
  castsOut: true,
  disjointOut: true,
});
op('stack(Tensor[] tensors, int dim=0) -> Tensor', {
  doc: 'Tensors of one shape joined along a new dimension.',
  decompose: ({ tensors, dim }) => {
    if (tensors.length === 0) throw new RuntimeError('stack expects a non-empty TensorList');
    const shape = tensors[0]!.shape;
    tensors.forEach((t, i) => {
      if (!sameShape(t.shape, shape))
        throw new RuntimeError(
          `stack expects each tensor to be equal size, but got ${showShape(shape)} at entry 0 and ${showShape(t.shape)} at entry ${i}`,
        );
    });
    const d = wrapDim(dim, shape.length + 1);
    return F.cat(
      tensors.map((t) => t.unsqueeze(d)),
      d,
    );
  },
  autocast: 'widest',
  castsOut: true,
  roles: { dim: 'insert' },
});
const nonEmpty = (name: string, tensors: readonly Tensor[]): readonly Tensor[] => {
  if (tensors.length === 0) throw new RuntimeError(`${name} expects a non-empty TensorList`);
  return tensors;
};
op('hstack(Tensor[] tensors) -> Tensor', {
  doc: 'Tensors side by side: joined along the second dimension, vectors along their only one.',
  decompose: ({ tensors }) => {
    const list = F.atleast_1d$Sequence(nonEmpty('hstack', tensors));
    return F.cat(list, list[0]!.ndim === 1 ? 0 : 1);
  },
  castsOut: true,
});
op('vstack(Tensor[] tensors) -> Tensor', {
  doc: 'Tensors below each other: joined along the first dimension.',
  decompose: ({ tensors }) => F.cat(F.atleast_2d$Sequence(nonEmpty('vstack', tensors)), 0),
  aliases: ['row_stack'],
  castsOut: true,
});
op('dstack(Tensor[] tensors) -> Tensor', {
  doc: 'Tensors behind each other: joined along the third dimension.',
  decompose: ({ tensors }) => F.cat(F.atleast_3d$Sequence(nonEmpty('dstack', tensors)), 2),
  castsOut: true,
});
op('column_stack(Tensor[] tensors) -> Tensor', {
  doc: 'Vectors as columns, and matrices, side by side.',
  decompose: ({ tensors }) =>
    F.cat(
      nonEmpty('column_stack', tensors).map((t) => (t.ndim <= 1 ? t.reshape([t.layout.numel, 1]) : t)),
      1,
    ),
  castsOut: true,
});
op('block_diag(Tensor[] tensors) -> Tensor', {
  variadic: true,
  doc: 'The matrices on the diagonal of one matrix of zeros.',
  decompose: ({ tensors }) => {
    if (tensors.length === 0) return F.zeros([1, 0]);
    const list = tensors.map((t, i) => {
      if (t.ndim > 2)
        throw new RuntimeError(`torch.block_diag: Input tensors must have 2 or fewer dimensions. Input ${i} has ${t.ndim} dimensions`);
      return t.ndim === 2 ? t : t.reshape([1, t.layout.numel]);
    });
    const dtype = list.map((t) => t.dtype).reduce(promote_types);
    const width = list.reduce((n, t) => n + t.layout.shape[1]!, 0);
    const { device } = list[0]!;
    let left = 0;
    const rows = list.map((t) => {
      const [r, c] = t.layout.shape as readonly [number, number];
      left += c;
      const zeros = (n: number): Tensor => F.zeros([r, n], dtype, null, device);
      return F.cat([zeros(left - c), t, zeros(width - left)], 1);
    });
    return F.cat(rows, 0);
  },
});
op('cartesian_prod(Tensor[] tensors) -> Tensor', {
  variadic: true,
  doc: 'All tuples of elements of the vectors, one a row.',
  decompose: ({ tensors }) => {
    for (const t of tensors) if (t.ndim !== 1) throw new RuntimeError(`Expect a 1D vector, but got shape ${showShape(t.shape)}`);
    return tensors.length === 1
      ? tensors[0]
      : F.stack(
          F.meshgrid(tensors).map((t) => t.flatten()),
          1,
        );
  },
});
op('combinations(Tensor self, int r=2, bool with_replacement=False) -> Tensor', {
  doc: 'All ways of choosing r elements of a vector, one a row.',
  surface: ['function'],
  decompose: ({ self, r, with_replacement }) => {
    if (self.ndim !== 1) throw new RuntimeError(`Expect a 1D vector, but got shape ${showShape(self.shape)}`);
    if (r < 0) throw new RuntimeError(`Expect a non-negative number, but got ${r}`);
    if (r === 0) return F.empty([0], self.dtype, null, self.device);
    const chosen = choices(self.layout.numel, r, with_replacement);
    const columns = Array.from({ length: r }, (_, k) => self.index_select(0, positions(chosen.map((row) => row[k]!))));
    return F.stack(columns, 1);
  },
  inplace: false,
});
/** Ascending tuples of r numbers below n. */
function choices(n: number, r: number, repeats: boolean, from = 0): number[][] {
  if (r === 0) return [[]];
  const found: number[][] = [];
  for (let i = from; i < n; i++) for (const rest of choices(n, r - 1, repeats, repeats ? i : i + 1)) found.push([i, ...rest]);
  return found;
}
op('_chunk_cat(Tensor[] tensors, int dim, int num_chunks) -> Tensor', {
  doc: 'Each tensor padded with zeros and cut into chunks along a dimension, the chunks flattened and joined: row k holds every tensor’s chunk k.',
  decompose: ({ tensors, dim, num_chunks }) => {
    if (num_chunks < 1) throw new RuntimeError('_chunk_cat expects positive num_chunks');
    if (tensors.length === 0) throw new RuntimeError('_chunk_cat expects a non-empty input tensor list');
    const d = wrapDim(dim, tensors[0]!.ndim);
    const parts = tensors.map((t) => {
      if (t.layout.numel === 0) throw new RuntimeError('_chunk_cat expects non-empty tensor');
      if (d >= t.ndim) throw new RuntimeError('_chunk_cat expects dim < ndim for all input tensors');
      if (t.dtype !== tensors[0]!.dtype) throw new RuntimeError('_chunk_cat expects all input tensors with the same dtype');
      const { shape } = t.layout;
      if (!sameShape(shape.slice(0, d), tensors[0]!.shape.slice(0, d)))
        throw new RuntimeError('_chunk_cat expects same sizes of 0,...,dim-1 dimensions for all tensors');
      const n = shape[d]!;
      const size = Math.ceil(n / num_chunks);
      const padding = size * num_chunks - n;
      const filled =
        padding === 0
          ? t
          : F.cat(
              [
                t,
                F.zeros(
                  shape.map((s, i) => (i === d ? padding : s)),
                  t.dtype,
                  null,
                  t.device,
                ),
              ],
              d,
            );
      return filled.reshape([...shape.slice(0, d), num_chunks, size * numel(shape.slice(d + 1))]);
    });
    return F.cat(parts, d + 1);
  },
});
