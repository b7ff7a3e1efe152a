// Padding: with a constant, or with elements of the input by position.
import { fill } from '../backend/reference/fill.ts';
import { EDGES, padInto, sides, unpadInto } from '../backend/reference/pad.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import { aliasOf, type Tensor } from '../core/tensor.ts';
import { copyInto } from '../dispatch/execute.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';

type Ints = readonly number[];
function paddedShape(shape: Ints, pad: Ints): number[] {
  if (pad.length % 2 !== 0) throw new RuntimeError(`Length of pad must be even but instead it equals ${pad.length}`);
  if (pad.length > 2 * shape.length) {
    throw new RuntimeError(
      `Length of pad should be no more than twice the number of dimensions of the input. Pad length is ${pad.length} while the input has ${shape.length} dimensions.`,
    );
  }
  return shape.map((s, d) => {
    const [before, after] = sides(pad, shape.length, d);
    const size = s + before + after;
    if (size < 0)
      throw new RuntimeError(
        `The input size ${s}, plus negative padding ${before} and ${after} resulted in a negative output size, which is invalid. Check dimension ${d} of your input.`,
      );
    return size;
  });
}
/** The parts of the input and of the result that are the same. */
function shared(self: Tensor, out: Tensor, pad: Ints): readonly [Tensor, Tensor] {
  const [from, to] = [self.layout, out.layout];
  const shape: number[] = [];
  let [fromOffset, toOffset] = [from.offset, to.offset];
  from.shape.forEach((s, d) => {
    const [before, after] = sides(pad, from.shape.length, d);
    shape.push(Math.max(s + Math.min(before, 0) + Math.min(after, 0), 0));
    fromOffset += Math.max(-before, 0) * from.stride[d]!;
    toOffset += Math.max(before, 0) * to.stride[d]!;
  });
  return [aliasOf(self, from.with({ shape, offset: fromOffset })), aliasOf(out, to.with({ shape, offset: toOffset }))];
}
op('constant_pad_nd(Tensor self, int[] pad, Scalar value=0) -> Tensor', {
  doc: 'self with a number around it; negative padding cuts off.',
  meta: ({ self, pad }) => ({ shape: paddedShape(self.layout.shape, pad), dtype: self.dtype }),
  kernel: ({ self, pad, value }, out) => {
    if (pad.some((p) => p > 0)) fill(out!, value);
    const [from, to] = shared(self, out!, pad);
    if (from.layout.numel > 0) copyInto(to, from);
  },
  grad: {
    self: uses((g, { pad }) =>
      F.constant_pad_nd(
        g,
        pad.map((p) => -p),
        0,
      ),
    ),
  },
  batch: 'leading',
  surface: ['function'],
  inplace: false,
});

op('_pad_edges(Tensor self, int[] pad, int edges) -> Tensor', {
  doc: 'self continued by its own elements: reflected (1), those of its edge (2), or periodic (3).',
  meta: ({ self, pad }) => ({ shape: paddedShape(self.layout.shape, pad), dtype: self.dtype }),
  kernel: ({ self, pad, edges }, out) => padInto(out!, self, pad, edges),
  grad: { self: uses((g, { self, pad, edges }) => F._pad_edges_backward(g, self.shape, pad, edges)) },
  linear: true,
  batch: 'leading',
  surface: [],
  inplace: false,
});
op('_pad_edges_backward(Tensor grad_output, int[] size, int[] pad, int edges) -> Tensor', {
  doc: 'The sums of what shows each element of a tensor of that size.',
  meta: ({ grad_output, size }) => ({ shape: size, dtype: grad_output.dtype }),
  kernel: ({ grad_output, pad, edges }, out) => unpadInto(out!, grad_output, pad, edges),
  grad: { grad_output: uses((h, { pad, edges }) => F._pad_edges(h, pad, edges)) },
  linear: true,
  surface: [],
  inplace: false,
});
const sizesOf = (n: number): string => (n === 1 ? '2D or 3D' : n === 2 ? '3D or 4D' : '4D or 5D');
/** Sizes of batch and channels may be zero, those of the spatial dimensions not. */
function checkSpatial(self: Tensor, pad: Ints, name: string): void {
  const n = pad.length / 2;
  const { shape } = self.layout;
  const spatial = shape.slice(shape.length - n);
  const valid =
    (shape.length === n + 1 || (shape.length === n + 2 && shape[1] !== 0)) &&
    spatial.every((s) => s !== 0) &&
    (shape.length === n + 2 || shape[0] !== 0);
  if (!valid) {
    throw new RuntimeError(
      `${name}${n}d: Expected ${sizesOf(n)} (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: ${showShape(shape)}`.replace(
        `${name}${n}d: `,
        '',
      ),
    );
  }
}
function checkResult(self: Tensor, pad: Ints): void {
  const n = pad.length / 2;
  const sizes = self.layout.shape.slice(self.ndim - n);
  const out = sizes.map((s, i) => s + pad[2 * (n - 1 - i)]! + pad[2 * (n - 1 - i) + 1]!);
  if (out.every((s) => s >= 1)) return;
  const label = ['D', 'H', 'W'].slice(3 - n);
  const list = (values: Ints): string => values.map((v, i) => `${label[i]}: ${v}`).join(' ');
  throw new RuntimeError(`input (${list(sizes)}) is too small. Calculated output ${list(out)}`.replace(/\(W: (\d+)\)/, '(W: $1)'));
}
function reflected(self: Tensor, pad: Ints): Tensor {
  checkSpatial(self, pad, 'reflection_pad');
  pad.forEach((p, k) => {
    const dim = self.ndim - 1 - Math.floor(k / 2);
    if (p >= self.layout.shape[dim]!) {
      const at = k - (k % 2);
      throw new RuntimeError(
        `Padding size should be less than the corresponding input dimension, but got: padding (${pad[at]}, ${pad[at + 1]}) at dimension ${dim} of input ${showShape(self.layout.shape)}`,
      );
    }
  });
  checkResult(self, pad);
  return F._pad_edges(self, pad as number[], EDGES.reflect);
}
function replicated(self: Tensor, pad: Ints): Tensor {
  checkSpatial(self, pad, 'replication_pad');
  checkResult(self, pad);
  return F._pad_edges(self, pad as number[], EDGES.replicate);
}
function circular(self: Tensor, pad: Ints): Tensor {
  const n = pad.length / 2;
  for (let k = 0; k < n; k++) {
    const size = self.layout.shape[self.ndim - 1 - k]!;
    const [before, after] = [pad[2 * k]!, pad[2 * k + 1]!];
    if (before > size || after > size) throw new RuntimeError('Padding value causes wrapping around more than once.');
    if (size + before + after < 0) throw new RuntimeError('Negative padding value is resulting in an empty dimension');
  }
  return F._pad_edges(self, pad as number[], EDGES.circular);
}
op('_pad_circular(Tensor self, int[] pad) -> Tensor', {
  doc: 'self continued periodically.',
  decompose: ({ self, pad }) => circular(self, pad),
  surface: [],
  inplace: false,
});
op('pad(Tensor input, int[] pad, str mode="constant", float? value=None) -> Tensor', {
  doc: 'input with elements around it: a constant, or its own by reflection, repetition of the edge, or periodic continuation.',
  decompose: ({ input, pad, mode, value }) => {
    if (pad.length % 2 !== 0) throw new RuntimeError('Padding length must be divisible by 2');
    if (mode === 'constant') {
      if (pad.length > 2 * input.ndim)
        throw new RuntimeError(
          `Padding length should be less than or equal to two times the input dimension but got padding length ${pad.length} and input of dimension ${input.ndim}`,
        );
      return F.constant_pad_nd(input, pad as number[], value ?? 0);
    }
    if (value !== null && value !== 0) throw new RuntimeError(`Padding mode "${mode}" doesn't take in value argument`);
    const n = pad.length / 2;
    if (n >= 1 && n <= 3 && (input.ndim === n + 1 || input.ndim === n + 2)) {
      if (mode === 'reflect') return reflected(input, pad);
      if (mode === 'replicate') return replicated(input, pad);
      if (mode === 'circular') return F._pad_circular(input, pad as number[]);
      throw new NotImplementedError(`Unrecognised padding mode ${mode}`);
    }
    throw new NotImplementedError('Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now');
  },
  surface: ['nn.functional'],
});
