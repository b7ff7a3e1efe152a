// Matrix products, indexing, gathering and scattering.
import { int64 } from '../../../core/dtype.ts';
import type { Scalar } from '../../../core/scalar.ts';
import { expandStrides, wrapDim } from '../../../core/shape.ts';
import { emptyTensor, type Tensor } from '../../../core/tensor.ts';
import { backend } from '../../interface.ts';
import { fill } from '../../reference/fill.ts';
import { addressing } from '../../reference/indexing.ts';
import { dense } from '../../reference/arrays.ts';
import { accelerate } from '../accelerate.ts';
import * as d from '../descriptor.ts';

for (const name of ['mm', 'bmm']) {
  accelerate<{ self: Tensor; mat2: Tensor }>(name, 'gemm', ({ self, mat2 }, out) => {
    d.tensor(self);
    d.tensor(mat2);
    d.result(out!);
    d.tensor(null);
  });
}
accelerate<{ bias: Tensor; input: Tensor; mat2: Tensor }>('_linear', 'gemm', ({ bias, input, mat2 }, out) => {
  d.tensor(input);
  d.tensor(mat2);
  d.result(out!);
  d.tensor(bias);
});
accelerate<{ self: Tensor; tensor: Tensor }>('_dot', 'dot', ({ self, tensor }, out) => {
  const [x, y] = [dense(self), dense(tensor)];
  d.begin();
  d.tensor(x);
  d.tensor(y);
  d.result(out!);
  return true;
});

interface Indexed {
  readonly self: Tensor;
  readonly dim: number;
  readonly index: Tensor;
}
/** 0-d tensors count as one element along dimension 0, which kernels do not know. */
const hasDimensions = ({ self, index }: Indexed): boolean => self.ndim > 0 && index.ndim > 0;
accelerate<Indexed>('index_select', 'index_select', (a, out) => {
  if (!hasDimensions(a)) return false;
  const index = dense(a.index, int64);
  d.begin();
  d.tensor(a.self);
  d.number(wrapDim(a.dim, a.self.ndim));
  d.tensor(index);
  d.result(out!);
  return true;
});
accelerate<Indexed>('gather', 'gather', (a, out) => {
  if (!hasDimensions(a) || a.index.dtype !== int64) return false;
  d.tensor(a.self);
  d.number(wrapDim(a.dim, a.self.ndim));
  d.tensor(a.index);
  d.result(out!);
  return true;
});
/** out = self with `source` scattered into it; `spread` repeats a 0-d source. */
function scatter(a: Indexed, source: Tensor, spread: boolean, add: boolean, out: Tensor): boolean {
  if (!hasDimensions(a) || a.index.dtype !== int64 || source.dtype !== out.dtype || !source.layout.plain) return false;
  backend.current.copy(out, a.self);
  d.begin();
  d.tensor(out);
  d.number(wrapDim(a.dim, a.self.ndim));
  d.tensor(a.index);
  if (spread)
    d.tensor(
      source,
      a.index.layout.shape,
      a.index.layout.shape.map(() => 0),
    );
  else d.tensor(source);
  d.flag(add);
  return true;
}
accelerate<Indexed & { src: Tensor }>('scatter.src', 'scatter', (a, out) => scatter(a, a.src, false, false, out!));
accelerate<Indexed & { src: Tensor }>('scatter_add', 'scatter', (a, out) => scatter(a, a.src, false, true, out!));
accelerate<Indexed & { value: Scalar }>('scatter.value', 'scatter', (a, out) => {
  const value = emptyTensor([], out!.dtype);
  fill(value, a.value);
  return scatter(a, value, true, false, out!);
});

interface Positions {
  readonly self: Tensor;
  readonly indices: readonly (Tensor | null)[];
}
/** How positions address `x`: the slots from the result's dimensions on. */
function positions(x: Tensor, { indices }: Positions): void {
  const { shape: size, stride } = x.layout;
  const how = addressing(size, indices);
  const others = stride.filter((_, i) => !how.dims.includes(i));
  d.dimensions(how.shape.length);
  d.list(how.shape);
  for (let i = 0; i < how.shape.length; i++) {
    const inside = i >= how.at && i < how.at + how.common.length;
    d.number(inside ? 0 : others[i < how.at ? i : i - how.common.length]!);
  }
  d.number(how.at);
  d.number(how.common.length);
  d.number(how.dims.length);
  for (const dim of how.dims) {
    const t = indices[dim]!;
    d.tensor(t, how.common, expandStrides(t.layout.shape, t.layout.stride, how.common));
    d.number(size[dim]!);
    d.number(stride[dim]!);
  }
}
const allInt64 = ({ indices }: Positions): boolean =>
  indices.some((t) => t !== null) && indices.every((t) => t === null || t.dtype === int64);
accelerate<Positions>('_index', 'index', (a, out) => {
  if (!allInt64(a) || out!.layout.numel === 0) return false;
  d.tensor(a.self);
  d.result(out!);
  positions(a.self, a);
  return true;
});
accelerate<Positions & { values: Tensor; accumulate: boolean }>('_index_put', 'index_put', (a, out) => {
  if (!allInt64(a) || a.values.dtype !== out!.dtype || a.values.layout.numel === 0 || out!.layout.numel === 0) return false;
  backend.current.copy(out!, a.self);
  const { shape } = addressing(a.self.layout.shape, a.indices);
  d.begin();
  d.tensor(out!);
  d.tensor(a.values, shape, expandStrides(a.values.layout.shape, a.values.layout.stride, shape));
  d.flag(a.accumulate);
  positions(out!, a);
  return true;
});

// ---- places -------------------------------------------------------------------------------------------------------
accelerate<{ self: Tensor; count: number }>('_nonzero', 'nonzero', ({ self, count }, out) => {
  if (!self.layout.plain) return false;
  d.tensor(self);
  d.result(out!);
  d.number(count);
  return true;
});
for (const operator of ['tril', 'triu']) {
  accelerate<{ self: Tensor; diagonal: number }>(operator, 'triangle', ({ self, diagonal }, out) => {
    if (!self.layout.plain) return false;
    d.tensor(self);
    d.result(out!);
    d.number(diagonal);
    d.flag(operator === 'triu');
    return true;
  });
}
accelerate<{ sorted: Tensor; values: Tensor; right: boolean }>('_searchsorted', 'searchsorted', ({ sorted, values, right }, out) => {
  const [s, v] = [dense(sorted), dense(values)];
  d.begin();
  d.tensor(s);
  d.tensor(v);
  d.result(out!);
  d.flag(right);
  return true;
});
