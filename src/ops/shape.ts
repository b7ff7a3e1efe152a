// Rearrangements said in terms of the views: other names, several dimensions at once, tensors against each other.
import { IndexError, RuntimeError } from '../core/errors.ts';
import { contiguous_format, preserve_format } from '../core/formats.ts';
import { broadcastShapes, inferSize, showShape, wrapDim, wrapDims } from '../core/shape.ts';
import { numel, sameShape, Size, type Shape } from '../core/size.ts';
import { aliasOf, type Tensor } from '../core/tensor.ts';
import { copyInto } from '../dispatch/execute.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import { integers, store } from '../backend/reference/arrays.ts';

// ---- dimensions exchanged and moved -------------------------------------------------------------------------------
op('swapaxes(Tensor(a) self, int axis0, int axis1) -> Tensor(a)', {
  doc: 'transpose.',
  decompose: ({ self, axis0, axis1 }) => self.transpose(axis0, axis1),
  inplace: false,
});
op('swapdims(Tensor(a) self, int dim0, int dim1) -> Tensor(a)', {
  doc: 'transpose.',
  decompose: ({ self, dim0, dim1 }) => self.transpose(dim0, dim1),
  inplace: false,
});
op('adjoint(Tensor(a) self) -> Tensor(a)', {
  doc: 'The conjugate transpose of the last two dimensions.',
  decompose: ({ self }) => matrixTranspose(self, 'adjoint()').conj(),
  inplace: false,
});
/** The transpose of the last two dimensions; `name` is for the message. */
export function matrixTranspose(t: Tensor, name: string): Tensor {
  if (t.ndim === 0) return t.alias();
  if (t.ndim === 1) throw new RuntimeError(`tensor.${name} is only supported on matrices or batches of matrices. Got 1-D tensor.`);
  return t.transpose(-2, -1);
}
function movedim(self: Tensor, source: readonly number[], destination: readonly number[]): Tensor {
  if (source.length !== destination.length) {
    throw new RuntimeError(
      `movedim: Invalid source or destination dims: source (${showShape(source)} dims) should contain the same number of dims as destination (${showShape(destination)} dims)`,
    );
  }
  const n = self.ndim;
  const wrapped = (dims: readonly number[], what: string): number[] => {
    const w = dims.map((d) => wrapDim(d, n));
    if (new Set(w).size !== w.length) throw new RuntimeError(`movedim: repeated dim in \`${what}\` (${showShape(dims)})`);
    return w;
  };
  const [from, to] = [wrapped(source, 'source'), wrapped(destination, 'destination')];
  if (n === 0) return self.alias();
  const rest = self.layout.shape.map((_, i) => i).filter((i) => !from.includes(i));
  return self.permute(self.layout.shape.map((_, i) => (to.includes(i) ? from[to.indexOf(i)]! : rest.shift()!)));
}
op('movedim.int(Tensor(a) self, int source, int destination) -> Tensor(a)', {
  decompose: ({ self, source, destination }) => movedim(self, [source], [destination]),
  aliases: ['moveaxis'],
  inplace: false,
});
op('movedim.intlist(Tensor(a) self, int[] source, int[] destination) -> Tensor(a)', {
  doc: 'The dimensions at `source` moved to `destination`; the others keep their order.',
  decompose: ({ self, source, destination }) => movedim(self, source, destination),
  aliases: ['moveaxis'],
  inplace: false,
});

// ---- parts of one dimension ---------------------------------------------------------------------------------------
/** Checks the range of narrow and gives its start, from the end if negative. */
function narrowStart(self: Tensor, dim: number, start: number, length: number): number {
  if (self.ndim === 0) throw new RuntimeError('narrow() cannot be applied to a 0-dim tensor.');
  if (length < 0) throw new RuntimeError('narrow(): length must be non-negative.');
  const n = self.layout.shape[wrapDim(dim, self.ndim)]!;
  if (start < -n || start > n) throw new IndexError(`start out of range (expected to be in range of [${-n}, ${n}], but got ${start})`);
  const from = start < 0 ? start + n : start;
  if (from > n - length) throw new RuntimeError(`start (${from}) + length (${length}) exceeds dimension size (${n}).`);
  return from;
}
op('narrow(Tensor(a) self, int dim, int start, int length) -> Tensor(a)', {
  doc: '`length` places of a dimension from `start` on.',
  decompose: ({ self, dim, start, length }) => {
    const from = narrowStart(self, dim, start, length);
    return self.slice(dim, from, from + length, 1);
  },
  inplace: false,
});
op('narrow.Tensor(Tensor(a) self, int dim, Tensor start, int length) -> Tensor(a)', {
  decompose: ({ self, dim, start, length }) => {
    if (start.ndim !== 0 || start.dtype.is_floating_point || start.dtype.is_complex || start.dtype.name === 'bool')
      throw new RuntimeError('start must be an 0-dim integral Tensor.');
    return F.narrow(self, dim, start.item(), length);
  },
  inplace: false,
});
op('narrow_copy(Tensor self, int dim, int start, int length) -> Tensor', {
  doc: 'As narrow, but a copy instead of a view.',
  decompose: ({ self, dim, start, length }) => {
    if (self.ndim > 0 && dim >= self.ndim)
      throw new RuntimeError('Expected dim < static_cast<int64_t>(self_sizes.size()) to be true, but got false.');
    const from = narrowStart(self, dim, start, Math.max(length, 0));
    if (length < 0)
      throw new RuntimeError(
        `start (${from}) + length (${length}) exceeds dimension size (${self.layout.shape[wrapDim(dim, self.ndim)]}).`,
      );
    return F.slice_copy$Tensor(self, dim, from, from + length, 1);
  },
  inplace: false,
});

// ---- dimensions joined and divided --------------------------------------------------------------------------------
op('flatten.using_ints(Tensor(a) self, int start_dim=0, int end_dim=-1) -> Tensor(a)', {
  doc: 'The dimensions from start_dim to end_dim as one.',
  decompose: ({ self, start_dim, end_dim }) => {
    const [from, to] = [wrapDim(start_dim, self.ndim), wrapDim(end_dim, self.ndim)];
    if (from > to) throw new RuntimeError('flatten() has invalid args: start_dim cannot come after end_dim');
    const { shape } = self.layout;
    if (self.ndim === 0) return self.reshape([1]);
    if (from === to) return self;
    return self.reshape([...shape.slice(0, from), numel(shape.slice(from, to + 1)), ...shape.slice(to + 1)]);
  },
  inplace: false,
});
op('ravel(Tensor(a) self) -> Tensor(a)', {
  doc: 'All elements in one dimension.',
  decompose: ({ self }) => self.contiguous().view([-1]),
  inplace: false,
});
op('unflatten.int(Tensor(a) self, int dim, int[] sizes) -> Tensor(a)', {
  doc: 'One dimension as several.',
  decompose: ({ self, dim, sizes }) => {
    const d = wrapDim(dim, self.ndim);
    if (sizes.length === 0) throw new RuntimeError('unflatten: sizes must be non-empty');
    const { shape } = self.layout;
    const n = shape[d]!;
    const hint = (): string =>
      `unflatten: Provided sizes ${showShape(sizes)} don't multiply up to the size of dim ${d} (${n}) in the input tensor`;
    const known = sizes.filter((s) => s !== -1);
    if (known.length === sizes.length && numel(sizes) !== n) throw new RuntimeError(hint());
    let parts: Shape;
    try {
      parts = inferSize(sizes, n);
    } catch (e) {
      if (e instanceof RuntimeError && /is invalid for input/.test(e.message)) throw new RuntimeError(hint());
      throw e;
    }
    return self.view([...shape.slice(0, d), ...parts, ...shape.slice(d + 1)]);
  },
  inplace: false,
});
op('view_as(Tensor(a) self, Tensor other) -> Tensor(a)', {
  doc: 'A view in the shape of another tensor.',
  surface: ['method'],
  decompose: ({ self, other }) => self.view(other.shape),
  inplace: false,
});
op('reshape_as(Tensor(a) self, Tensor other) -> Tensor(a)', {
  doc: 'reshape to the shape of another tensor.',
  surface: ['method'],
  decompose: ({ self, other }) => self.reshape(other.shape),
  inplace: false,
});

// ---- broadcasting -------------------------------------------------------------------------------------------------
op('expand_as(Tensor(a) self, Tensor other) -> Tensor(a)', {
  doc: 'expand to the shape of another tensor.',
  surface: ['method'],
  decompose: ({ self, other }) => self.expand(other.shape),
  inplace: false,
});
op('broadcast_to(Tensor(a) self, int[] size) -> Tensor(a)', {
  doc: 'A view expanded to a shape.',
  decompose: ({ self, size }) => self.expand(size),
  roles: { size: 'none' },
  inplace: false,
});
op('broadcast_tensors(Tensor[] tensors) -> Tensor[]', {
  variadic: true,
  doc: 'The tensors expanded to their common shape.',
  decompose: ({ tensors }) => {
    const shape = tensors.map((t) => t.shape as Shape).reduce((a, b) => broadcastShapes(a, b), []);
    return tensors.map((t) => (sameShape(t.shape, shape) ? t : t.expand(shape)));
  },
});
/** The common shape of shapes or numbers (torch.broadcast_shapes). */
export function broadcast_shapes(...shapes: readonly (number | readonly number[])[]): Size {
  const all = shapes.map((s) => (typeof s === 'number' ? [s] : s));
  const n = Math.max(0, ...all.map((s) => s.length));
  const out = new Array<number>(n).fill(1);
  for (const s of all) {
    for (let i = 1; i <= s.length; i++) {
      const size = s[s.length - i]!;
      if (size < 0) throw new RuntimeError(`Trying to create tensor with negative dimension (${size}): (${size})`);
      if (size === 1 || out[n - i] === size) continue;
      if (out[n - i] !== 1) throw new RuntimeError('Shape mismatch: objects cannot be broadcast to a single shape');
      out[n - i] = size;
    }
  }
  return Size.of_(out);
}
op('meshgrid(Tensor[] tensors, *, str? indexing=None) -> Tensor[]', {
  variadic: true,
  doc: 'Each vector expanded over the grid that all of them span.',
  decompose: ({ tensors, indexing }) => {
    if (tensors.length === 0) throw new RuntimeError('meshgrid expects a non-empty TensorList');
    for (const t of tensors) {
      if (t.ndim > 1) throw new RuntimeError(`Expected 0D or 1D tensor in the tensor list but got: ${String(t)}`);
      if (t.dtype !== tensors[0]!.dtype) throw new RuntimeError('torch.meshgrid expects all tensors to have the same dtype');
    }
    const mode = indexing ?? 'ij';
    if (mode !== 'ij' && mode !== 'xy')
      throw new RuntimeError(`torch.meshgrid: indexing must be one of "xy" or "ij", but received: ${mode}`);
    const swap = mode === 'xy' && tensors.length >= 2;
    const list = swap ? [tensors[1]!, tensors[0]!, ...tensors.slice(2)] : tensors;
    const shape = list.map((t) => t.layout.numel);
    const grids = list.map((t, i) => t.view(shape.map((_, k) => (k === i ? -1 : 1))).expand(shape));
    return swap ? [grids[1]!, grids[0]!, ...grids.slice(2)] : grids;
  },
});

// ---- at least so many dimensions ----------------------------------------------------------------------------------
const atLeast: Readonly<Record<1 | 2 | 3, (t: Tensor) => Tensor>> = {
  1: (t) => (t.ndim === 0 ? t.reshape([1]) : t),
  2: (t) => (t.ndim === 0 ? t.reshape([1, 1]) : t.ndim === 1 ? t.unsqueeze(0) : t),
  3: (t) => (t.ndim === 0 ? t.reshape([1, 1, 1]) : t.ndim === 1 ? t.unsqueeze(0).unsqueeze(-1) : t.ndim === 2 ? t.unsqueeze(-1) : t),
};
op('atleast_1d(Tensor self) -> Tensor', {
  doc: 'The tensor with at least one dimension.',
  surface: ['function'],
  decompose: ({ self }) => atLeast[1](self),
  inplace: false,
});
op('atleast_1d.Sequence(Tensor[] tensors) -> Tensor[]', { variadic: true, decompose: ({ tensors }) => tensors.map(atLeast[1]) });
op('atleast_2d(Tensor self) -> Tensor', {
  doc: 'The tensor with at least two dimensions.',
  surface: ['function'],
  decompose: ({ self }) => atLeast[2](self),
  inplace: false,
});
op('atleast_2d.Sequence(Tensor[] tensors) -> Tensor[]', { variadic: true, decompose: ({ tensors }) => tensors.map(atLeast[2]) });
op('atleast_3d(Tensor self) -> Tensor', {
  doc: 'The tensor with at least three dimensions.',
  surface: ['function'],
  decompose: ({ self }) => atLeast[3](self),
  inplace: false,
});
op('atleast_3d.Sequence(Tensor[] tensors) -> Tensor[]', { variadic: true, decompose: ({ tensors }) => tensors.map(atLeast[3]) });

// ---- order of elements --------------------------------------------------------------------------------------------
op('flip(Tensor self, int[] dims) -> Tensor', {
  doc: 'The order of elements reversed along the given dimensions.',
  meta: ({ self, dims }) => {
    wrapDims(dims, self.ndim, false);
    return { shape: self.layout.shape, dtype: self.dtype };
  },
  kernel: ({ self, dims }, out) => {
    const { layout } = self;
    const turned = wrapDims(dims, self.ndim, false).filter((d) => layout.shape[d]! > 1);
    const offset = turned.reduce((at, d) => at + (layout.shape[d]! - 1) * layout.stride[d]!, layout.offset);
    const stride = layout.stride.map((s, d) => (turned.includes(d) ? -s : s));
    copyInto(out!, aliasOf(self, layout.with({ offset, stride })));
  },
  grad: { self: uses((g, { dims }) => g.flip(dims)) },
  linear: true,
  batch: (run, { self, dims }) => run({ dims: self.ndim === 1 ? [] : wrapDims(dims, self.ndim - 1, false).map((d) => d + 1) }),
  inplace: false,
});
op('fliplr(Tensor self) -> Tensor', {
  doc: 'A copy with the columns in reverse order.',
  decompose: ({ self }) => {
    if (self.ndim < 2) throw new RuntimeError('Input must be >= 2-d.');
    return self.flip([1]);
  },
  inplace: false,
});
op('flipud(Tensor self) -> Tensor', {
  doc: 'A copy with the rows in reverse order.',
  decompose: ({ self }) => {
    if (self.ndim < 1) throw new RuntimeError('Input must be >= 1-d.');
    return self.flip([0]);
  },
  inplace: false,
});
op('roll(Tensor self, int[1] shifts, int[1] dims=[]) -> Tensor', {
  doc: 'Elements shifted along dimensions; those pushed out enter at the other end.',
  decompose: ({ self, shifts, dims }) => {
    if (shifts.length === 0) throw new RuntimeError('`shifts` required');
    if (dims.length === 0 && shifts.length === 1) return rolled(self.contiguous().view([-1]), shifts[0]!, 0).view(self.shape);
    if (shifts.length !== dims.length)
      throw new RuntimeError(`shifts and dimensions must align. shifts: ${shifts.length}, dims:${dims.length}`);
    return shifts.reduce((t, s, i) => rolled(t, s, dims[i]!), self);
  },
  inplace: false,
});
function rolled(t: Tensor, shift: number, dim: number): Tensor {
  if (t.layout.numel === 0) return t.clone({ memory_format: preserve_format });
  if (t.ndim === 0) throw new IndexError(`Dimension specified as ${dim} but tensor has no dimensions`);
  const d = wrapDim(dim, t.ndim);
  const n = t.layout.shape[d]!;
  const start = (((n - shift) % n) + n) % n;
  return start === 0 ? t.clone() : F.cat([t.narrow(d, start, n - start), t.narrow(d, 0, start)], d);
}
op('rot90(Tensor self, int k=1, int[] dims=[0, 1]) -> Tensor', {
  doc: 'The plane of two dimensions turned by k quarter turns.',
  decompose: ({ self, k, dims }) => {
    const n = self.ndim;
    if (dims.length !== 2) throw new RuntimeError(`expected total rotation dims == 2, but got dims = ${dims.length}`);
    if (n < 2) throw new RuntimeError(`expected total dims >= 2, but got total dims = ${n}`);
    if (dims[0] === dims[1] || Math.abs(dims[0]! - dims[1]!) === n)
      throw new RuntimeError(`expected rotation dims to be different, but got dim0 = ${dims[0]} and dim1 = ${dims[1]}`);
    for (const [i, d] of dims.entries()) {
      if (d >= n || d < -n) throw new RuntimeError(`Rotation dim${i} out of range, dim${i} = ${d}`);
    }
    const [a, b] = [dims[0]!, dims[1]!];
    switch (((k % 4) + 4) % 4) {
      case 1:
        return self.flip([b]).transpose(a, b);
      case 2:
        return self.flip([a, b]);
      case 3:
        return self.flip([a]).transpose(a, b);
      default:
        return self.clone({ memory_format: contiguous_format });
    }
  },
  inplace: false,
});

// ---- repetition ---------------------------------------------------------------------------------------------------
op('repeat(Tensor self, int[] repeats) -> Tensor', {
  doc: 'The tensor laid out side by side, so many times along each dimension.',
  surface: ['method'],
  decompose: ({ self, repeats }) => {
    const extra = repeats.length - self.ndim;
    if (extra < 0) throw new RuntimeError('Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor');
    for (const r of repeats)
      if (r < 0) throw new RuntimeError(`Trying to create tensor with negative dimension ${r}: ${showShape(repeats)}`);
    const shape = [...new Array<number>(extra).fill(1), ...self.layout.shape];
    const wide = self.reshape(shape.flatMap((s) => [1, s])).expand(shape.flatMap((s, i) => [repeats[i]!, s]));
    return wide.clone({ memory_format: contiguous_format }).view(shape.map((s, i) => s * repeats[i]!));
  },
  inplace: false,
});
op('tile(Tensor self, int[] dims) -> Tensor', {
  doc: 'As repeat; missing leading repetitions count as 1.',
  decompose: ({ self, dims }) => self.repeat([...new Array<number>(Math.max(self.ndim - dims.length, 0)).fill(1), ...dims]),
  inplace: false,
});
op('repeat_interleave.Tensor(Tensor repeats, *, int? output_size=None) -> Tensor', {
  doc: 'Each position as often as `repeats` says.',
  produce: ({ repeats, output_size }) => {
    if (repeats.ndim !== 1) throw new RuntimeError('repeat_interleave only accept 1D vector as repeat');
    if (!['int32', 'int64'].includes(repeats.dtype.name)) throw new RuntimeError('repeats has to be Long or Int tensor');
    const counts = Array.from(integers(repeats), Number);
    if (counts.some((c) => c < 0)) throw new RuntimeError('repeats can not be negative');
    const places = counts.flatMap((c, i) => new Array<bigint>(c).fill(BigInt(i)));
    if (output_size !== null && output_size !== places.length) throw new RuntimeError('allocated size does not match required size');
    const out = F.empty([places.length], repeats.dtype);
    store(out, BigInt64Array.from(places));
    return out;
  },
  grad: 'none',
});
function repeatInterleave(self: Tensor, repeats: Tensor, dim: number | null, outputSize: number | null): Tensor {
  const input = dim === null ? self.flatten() : self.ndim === 0 ? self.reshape([1]) : self;
  const d = wrapDim(dim ?? 0, Math.max(self.ndim, 1));
  const n = input.layout.shape[d]!;
  let counts = repeats;
  if (repeats.ndim === 0 || (repeats.ndim === 1 && repeats.layout.shape[0] === 1)) counts = repeats.reshape([1]).expand([n]);
  else if (repeats.ndim === 1) {
    if (repeats.layout.shape[0] !== n)
      throw new RuntimeError(
        `repeats must have the same size as input along dim, but got repeats.size(0) = ${repeats.layout.shape[0]} and input.size(${d}) = ${n}`,
      );
  } else throw new RuntimeError('repeats must be 0-dim or 1-dim tensor');
  return input.index_select(d, F.repeat_interleave$Tensor(counts, outputSize));
}
op('repeat_interleave.self_Tensor(Tensor self, Tensor repeats, int? dim=None, *, int? output_size=None) -> Tensor', {
  doc: 'Each slice of a dimension repeated on the spot.',
  decompose: ({ self, repeats, dim, output_size }) => repeatInterleave(self, repeats, dim, output_size),
  integers: ['repeats'],
  inplace: false,
});
op('repeat_interleave.self_int(Tensor self, int repeats, int? dim=None, *, int? output_size=None) -> Tensor', {
  decompose: ({ self, repeats, dim, output_size }) => {
    const input = dim === null ? self.flatten() : self.ndim === 0 ? self.reshape([1]) : self;
    const d = wrapDim(dim ?? 0, Math.max(self.ndim, 1));
    const { shape } = input.layout;
    if (repeats < 0) throw new RuntimeError('repeats can not be negative');
    if (output_size !== null && output_size !== repeats * shape[d]!) throw new RuntimeError('allocated size does not match required size');
    const wide = F.expand(F.unsqueeze(input, d + 1), [...shape.slice(0, d + 1), repeats, ...shape.slice(d + 1)]);
    return F.clone(wide, contiguous_format).reshape(shape.map((s, i) => (i === d ? s * repeats : s)));
  },
  inplace: false,
});
