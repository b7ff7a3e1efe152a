// Rows of a table by number.
import { int32, int64 } from '../core/dtype.ts';
import { IndexError, RuntimeError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import { integers, raw, reals, store } from '../backend/reference/arrays.ts';

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
    if (indices.dtype !== int64 && indices.dtype !== int32) {
      throw new RuntimeError(`Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got torch.${indices.dtype.scalarName}Tensor instead (while checking arguments for embedding)`);
    }
    return { shape: [...indices.layout.shape, weight.layout.shape[1]!], dtype: weight.dtype };
  },
  kernel: ({ weight, indices }, out) => {
    const [rows, width] = weight.layout.shape as unknown as [number, number];
    const at = rowNumbers(indices, rows);
    const { data, unit } = raw(weight);
    const to = out!.storage!.view(out!.dtype);
    const n = width * unit;
    at.forEach((row, i) => (to as Float64Array).set((data as Float64Array).subarray(row * n, (row + 1) * n), i * n));
  },
  grad: {
    weight: uses('indices', (g, { indices, weight, padding_idx, scale_grad_by_freq }) => F.embedding_dense_backward(g, indices, weight.shape[0]!, padding_idx, scale_grad_by_freq)),
  },
  batch: (run, { weight, indices }, batched, n) => {
    if (!batched.weight) return run({});
    // A batch of tables is one long table: indices move by its number.
    const [rows, width] = weight.shape.slice(1) as unknown as [number, number];
    const own = batched.indices ? indices : indices.expand([n, ...indices.shape]);
    const offsets = F.arange(n, int64).mul(rows).view([n, ...own.shape.slice(1).map(() => 1)]);
    return run({ weight: weight.reshape([n * rows, width]), indices: own.add(offsets), padding_idx: -1 });
  },
  surface: ['function'],
  inplace: false,
});
op('embedding_dense_backward(Tensor grad_output, Tensor indices, int num_weights, int padding_idx, bool scale_grad_by_freq) -> Tensor', {
  doc: 'The gradient of embedding: each row of the table gets the sum of the gradients of its uses.',
  meta: ({ grad_output, num_weights }) => ({ shape: [num_weights, grad_output.layout.shape[grad_output.ndim - 1]!], dtype: grad_output.dtype }),
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
op('embedding.functional(Tensor input, Tensor weight, int? padding_idx=None, float? max_norm=None, float norm_type=2., bool scale_grad_by_freq=False, bool sparse=False) -> Tensor', {
  doc: 'The rows of weight that input names.',
  decompose: ({ input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq }) => {
    const rows = weight.layout.shape[0]!;
    let pad = -1;
    if (padding_idx !== null) {
      if (padding_idx >= rows || padding_idx < -rows) throw new AssertionFailure('Padding_idx must be within num_embeddings');
      pad = padding_idx < 0 ? padding_idx + rows : padding_idx;
    }
    if (max_norm !== null) renormalise(weight, input, max_norm, norm_type);
    return F.embedding(weight, input, pad, scale_grad_by_freq);
  },
  integers: ['input'],
  surface: ['nn.functional'],
});
class AssertionFailure extends Error {
  override name = 'AssertionError';
}
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
