// One tensor as several: views of consecutive parts of a dimension.
import { RuntimeError } from '../core/errors.ts';
import { int64 } from '../core/dtype.ts';
import { contiguous_format } from '../core/formats.ts';
import { showShape, wrapDim } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';
import { integers } from '../backend/reference/arrays.ts';

/** Parts of the given sizes. */
function partsOf(self: Tensor, sizes: readonly number[], dim: number): Tensor[] {
  let from = 0;
  return sizes.map((s) => {
    from += s;
    return self.slice(dim, from - s, from, 1);
  });
}
/** Parts that end before the given positions. */
function partsAt(self: Tensor, ends: readonly number[], dim: number): Tensor[] {
  return [...ends, null].map((end, i) => self.slice(dim, i === 0 ? 0 : ends[i - 1]!, end, 1));
}
function splitEvenly(self: Tensor, size: number, dim: number): Tensor[] {
  if (self.ndim === 0) throw new RuntimeError('split expects at least a 1-dimensional tensor');
  if (size < 0) throw new RuntimeError(`split expects split_size be non-negative, but got split_size=${size}`);
  const d = wrapDim(dim, self.ndim);
  const n = self.layout.shape[d]!;
  if (size === 0) {
    if (n !== 0) throw new RuntimeError(`split_size can only be 0 if dimension size is 0, but got dimension size of ${n}`);
    return [self.slice(d, 0, 0, 1)];
  }
  const count = Math.max(Math.ceil(n / size), 1);
  return partsOf(
    self,
    Array.from({ length: count }, (_, i) => Math.min(size, n - i * size)),
    d,
  );
}
function splitWithSizes(self: Tensor, sizes: readonly number[], dim: number): Tensor[] {
  if (self.ndim === 0) throw new RuntimeError('split expects at least a 1-dimensional tensor');
  const d = wrapDim(dim, self.ndim);
  const n = self.layout.shape[d]!;
  for (const s of sizes)
    if (s < 0)
      throw new RuntimeError(
        `split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes=${showShape(sizes)}`,
      );
  if (sizes.reduce((a, b) => a + b, 0) !== n) {
    throw new RuntimeError(
      `split_with_sizes expects split_sizes to sum exactly to ${n} (input tensor's size at dimension ${d}), but got split_sizes=${showShape(sizes)}`,
    );
  }
  return partsOf(self, sizes, d);
}
function chunk(self: Tensor, chunks: number, dim: number): Tensor[] {
  if (self.ndim === 0) throw new RuntimeError('chunk expects at least a 1-dimensional tensor');
  if (chunks <= 0) throw new RuntimeError(`chunk expects \`chunks\` to be greater than 0, got: ${chunks}`);
  const d = wrapDim(dim, self.ndim);
  const n = self.layout.shape[d]!;
  const size = Math.ceil(n / chunks);
  return size === 0 ? partsOf(self, new Array<number>(chunks).fill(0), d) : splitEvenly(self, size, d);
}
/** In so many parts; the first n mod sections of them are one longer. */
function sections(self: Tensor, count: number, dim: number): Tensor[] {
  if (count <= 0) throw new RuntimeError(`number of sections must be larger than 0, got ${count}`);
  const n = self.layout.shape[dim]!;
  const [small, rest] = [Math.floor(n / count), n % count];
  return partsOf(
    self,
    Array.from({ length: count }, (_, i) => small + (i < rest ? 1 : 0)),
    dim,
  );
}

op('split.Tensor(Tensor(a) self, int split_size, int dim=0) -> Tensor[]', {
  doc: 'Parts of split_size places; the last may be smaller.',
  decompose: ({ self, split_size, dim }) => splitEvenly(self, split_size, dim),
});
op('split.sizes(Tensor(a) self, int[] split_size, int dim=0) -> Tensor[]', {
  decompose: ({ self, split_size, dim }) => splitWithSizes(self, split_size, dim),
});
op('split_with_sizes(Tensor(a) self, int[] split_sizes, int dim=0) -> Tensor[]', {
  doc: 'Views of consecutive parts of the given sizes.',
  decompose: ({ self, split_sizes, dim }) => splitWithSizes(self, split_sizes, dim),
});
op('chunk(Tensor(a) self, int chunks, int dim=0) -> Tensor[]', {
  doc: 'At most `chunks` parts of equal size.',
  decompose: ({ self, chunks, dim }) => chunk(self, chunks, dim),
});
op('unbind.int(Tensor(a) self, int dim=0) -> Tensor[]', {
  doc: 'The slices of a dimension.',
  decompose: ({ self, dim }) => {
    const d = wrapDim(dim, self.ndim, false);
    return Array.from({ length: self.layout.shape[d]! }, (_, i) => self.select(d, i));
  },
});
op('unsafe_chunk(Tensor self, int chunks, int dim=0) -> Tensor[]', {
  doc: 'As chunk; the parts may be written to in place.',
  decompose: ({ self, chunks, dim }) => chunk(self, chunks, dim),
});
op('unsafe_split.Tensor(Tensor self, int split_size, int dim=0) -> Tensor[]', {
  doc: 'As split; the parts may be written to in place.',
  decompose: ({ self, split_size, dim }) => splitEvenly(self, split_size, dim),
});
op('unsafe_split_with_sizes(Tensor self, int[] split_sizes, int dim=0) -> Tensor[]', {
  doc: 'As split_with_sizes; the parts may be written to in place.',
  decompose: ({ self, split_sizes, dim }) => splitWithSizes(self, split_sizes, dim),
});

const copied = (parts: readonly Tensor[]): Tensor[] => parts.map((t) => t.clone({ memory_format: contiguous_format }));
op('unbind_copy.int(Tensor self, int dim=0) -> Tensor[]', {
  doc: 'As unbind, but copies instead of views.',
  surface: ['function'],
  decompose: ({ self, dim }) => copied(F.unbind$int(self, dim)),
});
op('split_copy.Tensor(Tensor self, int split_size, int dim=0) -> Tensor[]', {
  doc: 'As split, but copies instead of views.',
  surface: ['function'],
  decompose: ({ self, split_size, dim }) => copied(splitEvenly(self, split_size, dim)),
});
op('split_with_sizes_copy(Tensor self, int[] split_sizes, int dim=0) -> Tensor[]', {
  doc: 'As split_with_sizes, but copies instead of views.',
  surface: ['function'],
  decompose: ({ self, split_sizes, dim }) => copied(splitWithSizes(self, split_sizes, dim)),
});

// ---- tensor_split and its relatives: uneven parts are fine --------------------------------------------------------
const TENSOR_SPLIT_0D = (n: number): string => `tensor_split expected at least a 1-dimensional tensor, but got a tensor with ${n} dims`;
function tensorSplit(self: Tensor, at: number | readonly number[], dim: number): Tensor[] {
  if (self.ndim === 0) throw new RuntimeError(TENSOR_SPLIT_0D(self.ndim));
  const d = wrapDim(dim, self.ndim);
  return typeof at === 'number' ? sections(self, at, d) : partsAt(self, at, d);
}
op('tensor_split.sections(Tensor(a) self, int sections, int dim=0) -> Tensor[]', {
  decompose: ({ self, sections: n, dim }) => tensorSplit(self, n, dim),
});
op('tensor_split.indices(Tensor(a) self, int[] indices, int dim=0) -> Tensor[]', {
  doc: 'Parts between the given positions.',
  decompose: ({ self, indices, dim }) => tensorSplit(self, indices, dim),
});
op('tensor_split.tensor_indices_or_sections(Tensor(a) self, Tensor tensor_indices_or_sections, int dim=0) -> Tensor[]', {
  decompose: ({ self, tensor_indices_or_sections: at, dim }) => {
    if (self.ndim === 0) throw new RuntimeError(TENSOR_SPLIT_0D(self.ndim));
    if (at.dtype !== int64)
      throw new RuntimeError(`tensor_split expected tensor_indices_or_sections to have dtype of long, but got ${at.dtype.scalarName}`);
    if (at.ndim > 1)
      throw new RuntimeError(
        `tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional tensor, but got a tensor with ${at.ndim} dims`,
      );
    const list = Array.from(integers(at), Number);
    return tensorSplit(self, at.ndim === 0 ? list[0]! : list, dim);
  },
});

/** hsplit, vsplit, dsplit: along dimension 1 (0 for vectors), 0 and 2. */
function directional(name: string, self: Tensor, least: number, dim: number, at: number | readonly number[]): Tensor[] {
  if (self.ndim < least)
    throw new RuntimeError(
      `torch.${name} requires a tensor with at least ${least} dimension, but got a tensor with ${self.ndim} dimensions!`,
    );
  if (typeof at === 'number') {
    const n = self.layout.shape[dim]!;
    if (at === 0 || n % at !== 0)
      throw new RuntimeError(
        `torch.${name} attempted to split along dimension ${dim}, but the size of the dimension ${n} is not divisible by the split_size ${at}!`,
      );
  }
  return tensorSplit(self, at, dim);
}
const horizontal = (self: Tensor, at: number | readonly number[]): Tensor[] => directional('hsplit', self, 1, self.ndim === 1 ? 0 : 1, at);
op('hsplit.int(Tensor(a) self, int sections) -> Tensor[]', {
  doc: 'Parts along the second dimension, of a vector along its only one.',
  decompose: ({ self, sections: n }) => horizontal(self, n),
});
op('hsplit.array(Tensor(a) self, int[] indices) -> Tensor[]', { decompose: ({ self, indices }) => horizontal(self, indices) });
op('vsplit.int(Tensor(a) self, int sections) -> Tensor[]', { decompose: ({ self, sections: n }) => directional('vsplit', self, 2, 0, n) });
op('vsplit.array(Tensor(a) self, int[] indices) -> Tensor[]', {
  doc: 'Parts along the first dimension.',
  decompose: ({ self, indices }) => directional('vsplit', self, 2, 0, indices),
});
op('dsplit.int(Tensor(a) self, int sections) -> Tensor[]', { decompose: ({ self, sections: n }) => directional('dsplit', self, 3, 2, n) });
op('dsplit.array(Tensor(a) self, int[] indices) -> Tensor[]', {
  doc: 'Parts along the third dimension.',
  decompose: ({ self, indices }) => directional('dsplit', self, 3, 2, indices),
});
