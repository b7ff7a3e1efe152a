// Elements of images moved: between channels and pixels, among channels, and between images and columns of sliding blocks.
import { Category, type DType } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { contiguous_format } from '../core/formats.ts';
import { showShape, wrapDim } from '../core/shape.ts';
import type { Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { type Blocks, blockCounts, columnsInto, imagesInto } from '../backend/reference/columns.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, uses } from '../dispatch/operator.ts';
import { likeInput } from './resample.ts';

type Ints = readonly number[];

// ---- channels and pixels ------------------------------------------------------------------------------------------
const PUBLIC = ['function', 'nn.functional'] as const;
function checkPixels(name: string, self: Tensor, factor: number, direction: string): void {
  if (self.ndim < 3)
    throw new RuntimeError(`${name} expects input to have at least 3 dimensions, but got input with ${self.ndim} dimension(s)`);
  if (factor <= 0) throw new RuntimeError(`${name} expects a positive ${direction}scale_factor, but got ${factor}`);
}
op('pixel_shuffle(Tensor self, int upscale_factor) -> Tensor', {
  doc: 'Channels to pixels: (*, C r², H, W) → (*, C, H r, W r).',
  decompose: ({ self, upscale_factor: r }) => {
    checkPixels('pixel_shuffle', self, r, 'up');
    const lead = self.shape.slice(0, -3);
    const [c, h, w] = self.shape.slice(-3) as unknown as [number, number, number];
    if (c % (r * r) !== 0) {
      throw new RuntimeError(
        `pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but input.size(-3)=${c} is not divisible by ${r * r}`,
      );
    }
    const k = lead.length;
    const order = [...lead.keys(), k, k + 3, k + 1, k + 4, k + 2];
    const blocks = self.reshape([...lead, c / (r * r), r, r, h, w]).permute(order);
    return likeInput(self, F.clone(blocks, contiguous_format).reshape([...lead, c / (r * r), h * r, w * r]));
  },
  grad: { self: uses((g, { upscale_factor }) => F.pixel_unshuffle(g, upscale_factor)) },
  surface: PUBLIC,
  inplace: false,
});
op('pixel_unshuffle(Tensor self, int downscale_factor) -> Tensor', {
  doc: 'Pixels to channels: the inverse of pixel_shuffle.',
  decompose: ({ self, downscale_factor: r }) => {
    checkPixels('pixel_unshuffle', self, r, 'down');
    const lead = self.shape.slice(0, -3);
    const [c, h, w] = self.shape.slice(-3) as unknown as [number, number, number];
    if (h % r !== 0)
      throw new RuntimeError(
        `pixel_unshuffle expects height to be divisible by downscale_factor, but input.size(-2)=${h} is not divisible by ${r}`,
      );
    if (w % r !== 0)
      throw new RuntimeError(
        `pixel_unshuffle expects width to be divisible by downscale_factor, but input.size(-1)=${w} is not divisible by ${r}`,
      );
    const k = lead.length;
    const order = [...lead.keys(), k, k + 2, k + 4, k + 1, k + 3];
    const blocks = self.reshape([...lead, c, h / r, r, w / r, r]).permute(order);
    return likeInput(self, F.clone(blocks, contiguous_format).reshape([...lead, c * r * r, h / r, w / r]));
  },
  grad: { self: uses((g, { downscale_factor }) => F.pixel_shuffle(g, downscale_factor)) },
  surface: PUBLIC,
  inplace: false,
});
op('channel_shuffle(Tensor self, int groups) -> Tensor', {
  doc: 'Channels of groups interleaved: the k-th of every group, for each k.',
  decompose: ({ self, groups }) => {
    if (self.ndim <= 2)
      throw new RuntimeError(`channel_shuffle expects input with > 2 dims, but got input with sizes ${showShape(self.shape)}`);
    if (groups <= 0) throw new RuntimeError(`Number of groups to divide channels in must be positive. Value of groups:${groups}`);
    const [n, c, ...rest] = self.shape as readonly number[] as [number, number, ...number[]];
    if (c % groups !== 0) throw new RuntimeError(`Number of channels must be divisible by groups. Got ${c} channels and ${groups} groups.`);
    const shuffled = self.reshape([n, groups, c / groups, ...rest]).transpose(1, 2);
    return likeInput(self, F.clone(shuffled, contiguous_format).reshape([n, c, ...rest]));
  },
  grad: { self: uses((g, { self, groups }) => (g.layout.numel === 0 ? g : F.channel_shuffle(g, self.shape[1]! / groups))) },
  surface: PUBLIC,
  inplace: false,
});
op('native_channel_shuffle(Tensor self, int groups) -> Tensor', {
  doc: 'channel_shuffle.',
  decompose: ({ self, groups }) => F.channel_shuffle(self, groups),
  surface: PUBLIC,
  inplace: false,
});

// ---- images and columns -------------------------------------------------------------------------------------------
interface Sliding {
  readonly kernel_size: Ints;
  readonly dilation: Ints;
  readonly padding: Ints;
  readonly stride: Ints;
}
const blocksOf = (size: Ints, a: Sliding): Blocks => ({
  size,
  kernel: a.kernel_size,
  dilation: a.dilation,
  padding: a.padding,
  stride: a.stride,
});
const pair = (v: Ints): string => `(${v.join(', ')})`;
const stated = (b: Blocks): string => `kernel_size=${pair(b.kernel)}, dilation=${pair(b.dilation)}, padding=${pair(b.padding)}`;
function checkSliding(a: Sliding): void {
  for (const key of ['kernel_size', 'dilation', 'padding', 'stride'] as const) {
    if (a[key].length !== 2) throw new RuntimeError(`It is expected ${key} equals to 2, but got size ${a[key].length}`);
  }
  const positive = (what: string, name: string, v: Ints, least = 1): void => {
    if (v.some((x) => x < least))
      throw new RuntimeError(
        `${what} should be ${least ? 'greater than zero' : 'non-negative'}, but got ${name}_height: ${v[0]} ${name}_width: ${v[1]}`,
      );
  };
  positive('kernel size', 'kernel', a.kernel_size);
  positive('dilation', 'dilation', a.dilation);
  positive('padding', 'pad', a.padding, 0);
  positive('stride', 'stride', a.stride);
}
const checkFloating = (name: string, dtype: DType): void => {
  if (dtype.category === Category.Integral) throw new NotImplementedError(`"${name}" not implemented for '${dtype.scalarName}'`);
};
const numel = (s: Shape): number => s.reduce((a, b) => a * b, 1);

op('im2col(Tensor self, int[2] kernel_size, int[2] dilation, int[2] padding, int[2] stride) -> Tensor', {
  doc: 'The sliding blocks of (N, C, H, W), or one image (C, H, W), as columns (N, C · block, blocks).',
  meta: (a) => {
    checkSliding(a);
    const { shape } = a.self.layout;
    wrapDim(2, shape.length);
    if ((shape.length !== 3 && shape.length !== 4) || shape.some((s, d) => s === 0 && (shape.length === 3 || d > 0))) {
      throw new RuntimeError(
        `Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: ${showShape(shape)}`,
      );
    }
    const b = blocksOf(shape.slice(-2), a);
    const counts = blockCounts(b);
    if (counts.some((c) => c < 1)) {
      throw new RuntimeError(
        `Given input with spatial size ${pair(b.size)}, ${stated(b)}, calculated shape of the array of sliding blocks as ${pair(counts)}, but its components must be at least one.`,
      );
    }
    checkFloating('im2col_out_cpu', a.self.dtype);
    return { shape: [...shape.slice(0, -3), shape[shape.length - 3]! * numel(b.kernel), numel(counts)], dtype: a.self.dtype };
  },
  kernel: (a, out) => {
    const { shape } = a.self.layout;
    columnsInto(out!, a.self, numel(shape.slice(0, -2)), blocksOf(shape.slice(-2), a));
  },
  grad: { self: uses((g, a) => F.col2im(g, a.self.shape.slice(-2), a.kernel_size, a.dilation, a.padding, a.stride)) },
  gradName: 'Im2ColBackward0',
  linear: true,
  batch: (run, { self }) => flatBatch(run, self, 4),
  surface: [],
  inplace: false,
});
op('col2im(Tensor self, int[2] output_size, int[2] kernel_size, int[2] dilation, int[2] padding, int[2] stride) -> Tensor', {
  doc: 'Columns (N, C · block, blocks), or one example, added up to images (N, C, H, W).',
  meta: (a) => {
    const { shape } = a.self.layout;
    const n = shape.length;
    if (a.output_size.length !== 2) throw new RuntimeError(`It is expected output_size equals to 2, but got size ${a.output_size.length}`);
    checkSliding(a);
    if ((n !== 2 && n !== 3) || shape.some((s, d) => s === 0 && (n === 2 || d > 0))) {
      throw new RuntimeError(
        `Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, but got: ${showShape(shape)}`,
      );
    }
    const [channels, length] = shape.slice(-2) as [number, number];
    const b = blocksOf(a.output_size, a);
    const counts = blockCounts(b);
    const block = numel(b.kernel);
    if (channels % block !== 0) {
      throw new RuntimeError(
        `Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)=${channels} and kernel_size=${pair(b.kernel)}.`,
      );
    }
    const given = `Given output_size=${pair(b.size)}, ${stated(b)}, stride=${pair(b.stride)}, `;
    if (length !== numel(counts)) {
      throw new RuntimeError(
        `${given}expected size of input's dimension 2 to match the calculated number of sliding blocks ${counts.join(' * ')} = ${numel(counts)}, but got input.size(2)=${length}.`,
      );
    }
    if (counts.some((c) => c < 1))
      throw new RuntimeError(
        `${given}calculated shape of the array of sliding blocks as ${pair(counts)}, which is too small (non-positive)`,
      );
    checkFloating('col2im_out_cpu', a.self.dtype);
    return { shape: [...shape.slice(0, -2), channels / block, ...a.output_size], dtype: a.self.dtype };
  },
  kernel: (a, out) => imagesInto(out!, a.self, numel(out!.layout.shape.slice(0, -2)), blocksOf(a.output_size, a)),
  grad: { self: uses((g, a) => F.im2col(g, a.kernel_size, a.dilation, a.padding, a.stride)) },
  gradName: 'Col2ImBackward0',
  linear: true,
  batch: (run, { self }) => flatBatch(run, self, 3),
  surface: [],
  inplace: false,
});
/** A batch dimension of vmap joins the images' own where there is one. */
function flatBatch(run: (changes: { self: Tensor }) => unknown, self: Tensor, rank: number): Tensor {
  if (self.ndim <= rank) return run({ self }) as Tensor;
  const r = run({ self: self.flatten(0, 1) }) as Tensor;
  return r.unflatten(0, [self.shape[0]!, self.shape[1]!]);
}
op('unfold.im2col(Tensor input, int[2] kernel_size, int[2] dilation=1, int[2] padding=0, int[2] stride=1) -> Tensor', {
  doc: 'The sliding blocks of (N, C, H, W), or one image (C, H, W), as columns (N, C · block, blocks).',
  decompose: (a) => F.im2col(a.input, a.kernel_size, a.dilation, a.padding, a.stride),
  surface: ['nn.functional'],
});
op('fold(Tensor input, int[2] output_size, int[2] kernel_size, int[2] dilation=1, int[2] padding=0, int[2] stride=1) -> Tensor', {
  doc: 'Columns (N, C · block, blocks), or one example, added up to images (N, C, H, W).',
  decompose: (a) => F.col2im(a.input, a.output_size, a.kernel_size, a.dilation, a.padding, a.stride),
  surface: ['nn.functional'],
});
