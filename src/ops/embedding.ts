// Rows of a table by number.
import { int32, int64 } from '../core/dtype.ts';
import { AssertionError, IndexError, NotImplementedError, RuntimeError, ValueError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import { sameShape } from '../core/size.ts';
import { isKnown, type Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { joint, op, uses } from '../dispatch/operator.ts';
import { type Bags, bagsInto, MAX, MEAN, SUM } from '../backend/reference/embedding.ts';
import { integers, raw, reals, store } from '../backend/reference/arrays.ts';

const NUMBERS = [int64, int32];
const wrongType = (what: string, t: Tensor, types: string, name: string): RuntimeError =>
  new RuntimeError(
    `Expected tensor for argument #1 '${what}' to have one of the following scalar types: ${types}; but got torch.${t.dtype.scalarName}Tensor instead (while checking arguments for ${name})`,
  );

function rowNumbers(indices: Tensor, rows: number): Float64Array {
  return Float64Array.from(integers(indices), (v) => {
    const i = Number(v);
    if (i < 0 || i >= rows) throw new IndexError('index out of range in self');
    return i;
  });
}
op('embedding(Tensor weight, Tensor indices, int padding_idx=-1, bool scale_grad_by_freq=False, bool sparse=False) -> Tensor', {
  doc: 'The rows of weight that indices name.',
  meta: ({ weight, indices }) => {
    if (weight.ndim !== 2) throw new RuntimeError("'weight' must be 2-D");
    if (!NUMBERS.includes(indices.dtype)) throw wrongType('indices', indices, 'Long, Int', 'embedding');
    return { shape: [...indices.layout.shape, weight.layout.shape[1]!], dtype: weight.dtype };
  },
  kernel: ({ weight, indices }, out) => {
    const [rows, width] = weight.layout.shape as unknown as [number, number];
    const at = rowNumbers(indices, rows);
    const { data, unit } = raw(weight);
    const to = out!.storage!.view(out!.dtype);
    const n = width * unit;
    for (const [i, row] of at.entries()) (to as Float64Array).set((data as Float64Array).subarray(row * n, (row + 1) * n), i * n);
  },
  grad: {
    weight: uses('indices', (g, { indices, weight, padding_idx, scale_grad_by_freq, sparse }) =>
      sparse
        ? F.embedding_sparse_backward(g, indices, weight.shape[0]!, padding_idx, scale_grad_by_freq)
        : F.embedding_dense_backward(g, indices, weight.shape[0]!, padding_idx, scale_grad_by_freq),
    ),
  },
  batch: (run, { weight, indices }, batched, n) => {
    if (!batched.weight) return run({});
    // A batch of tables is one long table: indices move by its number.
    const [rows, width] = weight.shape.slice(1) as unknown as [number, number];
    const own = batched.indices ? indices : indices.expand([n, ...indices.shape]);
    const offsets = F.arange(n, int64)
      .mul(rows)
      .view([n, ...own.shape.slice(1).map(() => 1)]);
    return run({ weight: weight.reshape([n * rows, width]), indices: own.add(offsets), padding_idx: -1 });
  },
  surface: ['function'],
  inplace: false,
});
op('embedding_dense_backward(Tensor grad_output, Tensor indices, int num_weights, int padding_idx, bool scale_grad_by_freq) -> Tensor', {
  doc: 'The gradient of embedding: each row of the table gets the sum of the gradients of its uses.',
  meta: ({ grad_output, num_weights }) => ({
    shape: [num_weights, grad_output.layout.shape[grad_output.ndim - 1]!],
    dtype: grad_output.dtype,
  }),
  kernel: ({ grad_output, indices, num_weights, padding_idx, scale_grad_by_freq }, out) => {
    const at = rowNumbers(indices, num_weights);
    const width = out!.layout.shape[1]!;
    const g = reals(grad_output);
    const r = new Float64Array(num_weights * width);
    const uses_ = new Float64Array(num_weights);
    for (const row of at) uses_[row]!++;
    at.forEach((row, i) => {
      if (row === padding_idx) return;
      const scale = scale_grad_by_freq ? 1 / uses_[row]! : 1;
      for (let j = 0; j < width; j++) r[row * width + j]! += g[i * width + j]! * scale;
    });
    store(out!, r);
  },
  grad: {
    grad_output: uses('indices', (h, { indices, padding_idx }) => {
      const rows = F.embedding(h, indices);
      return padding_idx < 0 ? rows : rows.masked_fill(indices.eq(padding_idx).unsqueeze(-1), 0);
    }),
  },
  surface: ['function'],
});
op('embedding_sparse_backward(Tensor grad, Tensor indices, int num_weights, int padding_idx, bool scale_grad_by_freq) -> Tensor', {
  doc: 'The gradient of embedding as a sparse tensor: one entry for each use of a row.',
  decompose: ({ grad, indices, num_weights, padding_idx, scale_grad_by_freq }) => {
    if (scale_grad_by_freq) throw new RuntimeError('embedding_backward: scale_grad_by_freq not supported with sparse gradients');
    const width = grad.layout.shape[grad.ndim - 1]!;
    let at = F._to_copy(indices.reshape([1, -1]), int64);
    let rows = grad.reshape([indices.layout.numel, width]);
    if (padding_idx >= 0) {
      const kept = at.select(0, 0).ne(padding_idx).nonzero().select(1, 0);
      at = at.index_select(1, kept);
      rows = rows.index_select(0, kept);
    }
    return F._sparse_coo_tensor_with_dims_and_tensors(1, 1, [num_weights, width], at, rows);
  },
  surface: [],
  inplace: false,
});
op(
  'embedding.functional(Tensor input, Tensor weight, int? padding_idx=None, float? max_norm=None, float norm_type=2., bool scale_grad_by_freq=False, bool sparse=False) -> Tensor',
  {
    doc: 'The rows of weight that input names.',
    decompose: ({ input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse }) => {
      const rows = weight.layout.shape[0]!;
      let pad = -1;
      if (padding_idx !== null) {
        if (padding_idx >= rows || padding_idx < -rows) throw new AssertionError('Padding_idx must be within num_embeddings');
        pad = padding_idx < 0 ? padding_idx + rows : padding_idx;
      }
      if (max_norm !== null) renormalise(weight, input, max_norm, norm_type);
      return F.embedding(weight, input, pad, scale_grad_by_freq, sparse);
    },
    integers: ['input'],
    surface: ['nn.functional'],
  },
);
/** Rows that are looked up and longer than max_norm are shortened, in place and without gradient. */
function renormalise(weight: Tensor, input: Tensor, maxNorm: number, type: number): void {
  const used = [...new Set(integers(input))].map(Number);
  const table = weight.detach();
  for (const row of used) {
    const r = table.select(0, row);
    const norm = Number(r.norm(type).item());
    if (norm > maxNorm) r.mul_(maxNorm / (norm + 1e-7));
  }
}

// ---- bags of rows -------------------------------------------------------------------------------------------------
function checkBags(weight: Tensor, indices: Tensor, offsets: Tensor, each: Tensor | null, lastIncluded: boolean): void {
  for (const t of [indices, offsets]) if (!NUMBERS.includes(t.dtype)) throw wrongType('indices', t, 'Long, Int', 'embedding_bag');
  if (!weight.dtype.is_floating_point) throw wrongType('weight', weight, 'Half, BFloat16, Float, Double', 'embedding_bag');
  if (lastIncluded && offsets.layout.numel < 1) throw new RuntimeError('include_last_offset: number of offset should be at least 1');
  if (each && each.dtype !== weight.dtype) {
    const type = (t: Tensor): string => `torch.${t.dtype.scalarName}Tensor`;
    throw new RuntimeError(
      `Expected tensor for argument #1 'weight' to have the same type as tensor for argument #1 'per_sample_weights'; but type ${type(weight)} does not equal ${type(each)} (while checking arguments for embedding_bag)`,
    );
  }
}
function readBags(indices: Tensor, offsets: Tensor, rows: number, lastIncluded: boolean): Bags {
  const starts = Float64Array.from(integers(offsets), Number);
  const at = Float64Array.from(integers(indices), Number);
  if (starts.length > 0) {
    const last = starts[starts.length - 1]!;
    if (starts[0] !== 0)
      throw new RuntimeError(
        `offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, got ${starts[0]}`,
      );
    if (last > at.length)
      throw new RuntimeError(`offsets[-1] can not be greater than input's length ${at.length} but got offsets[-1] of ${last}`);
  }
  at.forEach((row, i) => {
    if (row < 0 || row >= rows)
      throw new RuntimeError(`Index ${i} of input takes value ${row} which is not in the valid range [0, ${rows})`);
  });
  return { rows: at, starts: lastIncluded ? starts.subarray(0, -1) : starts, end: lastIncluded ? starts[starts.length - 1]! : at.length };
}
op(
  '_embedding_bag(Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq=False, int mode=0, bool sparse=False, Tensor? per_sample_weights=None, bool include_last_offset=False, int padding_idx=-1) -> (Tensor output, Tensor offset2bag, Tensor bag_size, Tensor maximum_indices)',
  {
    doc: 'The sums, means or maxima of bags of rows; the bag of each index, how many indices a bag has, and the rows of the maxima.',
    meta: ({ weight, indices, offsets, mode, per_sample_weights, include_last_offset }) => {
      checkBags(weight, indices, offsets, per_sample_weights, include_last_offset);
      const bags = offsets.layout.numel - (include_last_offset ? 1 : 0);
      const shape = [bags, weight.layout.shape[1]!];
      return [
        { shape, dtype: weight.dtype },
        { shape: indices.layout.shape, dtype: indices.dtype },
        { shape: [bags], dtype: indices.dtype },
        { shape: mode === MAX ? shape : [bags], dtype: indices.dtype },
      ];
    },
    kernel: (
      { weight, indices, offsets, mode, per_sample_weights, include_last_offset, padding_idx },
      output,
      offset2bag,
      bagSize,
      maxima,
    ) => {
      const bags = readBags(indices, offsets, weight.layout.shape[0]!, include_last_offset);
      bagsInto(
        { output: output!, offset2bag: offset2bag!, bagSize: bagSize!, maxima: maxima! },
        weight,
        bags,
        mode,
        per_sample_weights,
        padding_idx,
      );
    },
    grad: joint('weight', 'indices', 'offset2bag', 'bag_size', 'maximum_indices', 'per_sample_weights', ([g], a, needs) => ({
      weight: needs.weight
        ? F._embedding_bag_backward(
            g!,
            a.indices,
            a.offset2bag,
            a.bag_size,
            a.maximum_indices,
            a.weight.shape[0]!,
            a.scale_grad_by_freq,
            a.mode,
            a.per_sample_weights,
            a.padding_idx,
            a.sparse,
          )
        : null,
      per_sample_weights: needs.per_sample_weights
        ? F._embedding_bag_per_sample_weights_backward(g!, a.weight, a.indices, a.offset2bag, a.padding_idx)
        : null,
    })),
    gradName: 'EmbeddingBagBackward0',
    surface: [],
    inplace: false,
  },
);
/** The row of each index's bag. */
const ofBags = (g: Tensor, bag: Tensor): Tensor =>
  g.layout.shape[0] === 0 ? F.zeros([bag.layout.numel, g.layout.shape[1]!], g.dtype, null, g.device) : g.index_select(0, bag);
op(
  '_embedding_bag_backward(Tensor grad, Tensor indices, Tensor offset2bag, Tensor bag_size, Tensor maximum_indices, int num_weights, bool scale_grad_by_freq, int mode, Tensor? per_sample_weights, int padding_idx=-1, bool sparse=False) -> Tensor',
  {
    doc: 'The gradient of embedding_bag with respect to the table.',
    decompose: ({
      grad,
      indices,
      offset2bag,
      bag_size,
      maximum_indices,
      num_weights,
      scale_grad_by_freq,
      mode,
      per_sample_weights,
      padding_idx,
      sparse,
    }) => {
      if (mode === MAX) {
        const given = grad.masked_fill(bag_size.eq(0).unsqueeze(1), 0);
        return F.zeros([num_weights, grad.layout.shape[1]!], grad.dtype, null, grad.device).scatter_add(
          0,
          F._to_copy(maximum_indices, int64),
          given,
        );
      }
      const each = ofBags(mode === MEAN ? grad.div(bag_size.clamp_min(1).unsqueeze(1)) : grad, offset2bag);
      const backward = sparse ? F.embedding_sparse_backward : F.embedding_dense_backward;
      return backward(
        per_sample_weights ? each.mul(per_sample_weights.unsqueeze(1)) : each,
        indices,
        num_weights,
        padding_idx,
        scale_grad_by_freq,
      );
    },
    surface: [],
  },
);
op(
  '_embedding_bag_per_sample_weights_backward(Tensor grad, Tensor weight, Tensor indices, Tensor offset2bag, int padding_idx=-1) -> Tensor',
  {
    doc: 'The gradient of embedding_bag with respect to the weights of the indices.',
    decompose: ({ grad, weight, indices, offset2bag, padding_idx }) =>
      ofBags(grad, offset2bag).mul(F.embedding(weight, indices)).sum([1]).masked_fill(indices.eq(padding_idx), 0),
    surface: [],
  },
);
op(
  'embedding_bag(Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq=False, int mode=0, bool sparse=False, Tensor? per_sample_weights=None, bool include_last_offset=False, int? padding_idx=None) -> (Tensor output, Tensor offset2bag, Tensor bag_size, Tensor maximum_indices)',
  {
    doc: 'The sums (mode 0), means (1) or maxima (2) of bags of rows, which begin at offsets.',
    decompose: ({ weight, indices, offsets, scale_grad_by_freq, mode, sparse, per_sample_weights, include_last_offset, padding_idx }) => {
      const rows = weight.layout.shape[0]!;
      if (padding_idx !== null && (padding_idx >= rows || padding_idx < -rows)) {
        throw new RuntimeError(`padding_idx must be within the number of embeddings, -${rows} through ${rows - 1}, but got ${padding_idx}`);
      }
      const pad = padding_idx === null ? -1 : padding_idx < 0 ? padding_idx + rows : padding_idx;
      return F._embedding_bag(weight, indices, offsets, scale_grad_by_freq, mode, sparse, per_sample_weights, include_last_offset, pad);
    },
    integers: ['indices', 'offsets'],
    surface: ['function'],
    inplace: false,
  },
);
const MODES = ['sum', 'mean', 'max'];
op(
  'embedding_bag.functional(Tensor input, Tensor weight, Tensor? offsets=None, float? max_norm=None, float norm_type=2., bool scale_grad_by_freq=False, str mode="mean", bool sparse=False, Tensor? per_sample_weights=None, bool include_last_offset=False, int? padding_idx=None) -> Tensor',
  {
    doc: 'The sums, means or maxima of bags of rows of weight: of the rows of a matrix input, or of the parts of a vector that begin at offsets.',
    decompose: ({
      input,
      weight,
      offsets,
      max_norm,
      norm_type,
      scale_grad_by_freq,
      mode,
      sparse,
      per_sample_weights,
      include_last_offset,
      padding_idx,
    }) => {
      if (per_sample_weights && !sameShape(per_sample_weights.layout.shape, input.layout.shape)) {
        const size = (t: Tensor): string => `torch.Size(${showShape(t.layout.shape)})`;
        throw new ValueError(
          `embedding_bag: If per_sample_weights (${size(per_sample_weights)}) is not None, then it must have the same shape as the input (${size(input)})`,
        );
      }
      if (weight.ndim !== 2) throw new ValueError(`weight has to be a 2D Tensor, but got Tensor of dimension ${weight.ndim}`);
      if (input.ndim === 2 && offsets) {
        throw new ValueError(
          "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences. However, found offsets of type <class 'torch.Tensor'>",
        );
      }
      if (input.ndim === 1 && !offsets) throw new ValueError('offsets has to be a 1D Tensor but got None');
      if (input.ndim === 1 && offsets!.ndim !== 1) throw new ValueError('offsets has to be a 1D Tensor');
      if (input.ndim !== 1 && input.ndim !== 2)
        throw new ValueError(`input has to be 1D or 2D Tensor, but got Tensor of dimension ${input.ndim}`);
      const kind = MODES.indexOf(mode);
      if (kind < 0) throw new ValueError('mode has to be one of sum, mean or max');
      if (kind === MAX && scale_grad_by_freq) throw new ValueError('max mode does not support scaling the gradient by the frequency');
      if (kind === MAX && sparse) throw new ValueError('max mode does not support sparse weights');
      if (max_norm !== null) renormalise(weight, input, max_norm, norm_type);
      if (per_sample_weights && kind !== SUM) {
        throw new NotImplementedError(
          `embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got mode='${mode}'). Please open a feature request on GitHub.`,
        );
      }
      const width = input.layout.shape[1]!;
      const starts = offsets ?? F.arange$start_step(0, input.layout.numel, width, input.dtype);
      const each = per_sample_weights?.reshape([-1]) ?? null;
      const bags = F.embedding_bag(
        weight,
        input.reshape([-1]),
        starts,
        scale_grad_by_freq,
        kind,
        sparse,
        each,
        input.ndim === 1 && include_last_offset,
        padding_idx,
      );
      return (bags as unknown as readonly Tensor[])[0]!;
    },
    integers: ['input', 'offsets'],
    surface: ['nn.functional'],
  },
);

op('_one_hot(Tensor self, int num_classes) -> Tensor', {
  doc: 'one_hot of classes that are known to be below num_classes.',
  meta: ({ self, num_classes }) => ({ shape: [...self.layout.shape, num_classes], dtype: int64 }),
  kernel: ({ self, num_classes }, out) => {
    const rows = new BigInt64Array(out!.layout.numel);
    integers(self).forEach((c, i) => {
      rows[i * num_classes + Number(c)] = 1n;
    });
    store(out!, rows);
  },
  grad: 'none',
  batch: 'leading',
  surface: [],
  inplace: false,
});
op('one_hot(Tensor input, int num_classes=-1) -> Tensor', {
  doc: 'Each class index as a row with a single 1: a new last dimension of num_classes, or of the largest index plus 1.',
  decompose: ({ input, num_classes }) => {
    if (input.dtype !== int64) throw new RuntimeError('one_hot is only applicable to index tensor of type LongTensor.');
    const empty = input.layout.numel === 0;
    if (empty && num_classes <= 0) throw new RuntimeError('Can not infer total number of classes from empty tensor.');
    const known = num_classes === -1 || isKnown(input);
    if (known && !empty && Number(input.min().item()) < 0) throw new RuntimeError('Class values must be non-negative.');
    const seen = empty || !known ? 0 : Number(input.max().item()) + 1;
    if (num_classes !== -1 && seen > num_classes) throw new RuntimeError('Class values must be smaller than num_classes.');
    return F._one_hot(input, num_classes === -1 ? seen : num_classes);
  },
  integers: ['input'],
  surface: ['nn.functional'],
});
