// Resampling to other sizes. Every mode is separable: one primitive resamples one dimension, and an operator of n dimensions applies
// it to the last n. Its adjoint is the same primitive, so the backward operators are the forward ones read the other way.
import { bfloat16, float16, float32, isDifferentiable, uint8 } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError, ValueError } from '../core/errors.ts';
import { channels_last, channels_last_3d } from '../core/formats.ts';
import type { TensorMeta } from '../core/layout.ts';
import { FloatScalar, isScalar, type Scalar, toNumber } from '../core/scalar.ts';
import { showShape } from '../core/shape.ts';
import { sameShape, type Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { type Filter, resampleInto } from '../backend/reference/resample.ts';
import { F } from '../dispatch/handles.gen.ts';
import { lookup, op, uses } from '../dispatch/operator.ts';
import { stridesLike } from './create.ts';

type Ints = readonly number[];
type Factors = readonly (number | null)[];

op(
  '_resample(Tensor self, int from_end, int length, str filter, bool align_corners, float? scale, bool adjoint, ScalarType? weights=None) -> Tensor',
  {
    doc: 'self resampled to another length along one dimension, counted from the end, or the adjoint of resampling from that length; with weights of the precision of a dtype.',
    meta: ({ self, from_end, length }) => ({
      shape: self.layout.shape.map((s, d) => (d === self.ndim - from_end ? length : s)),
      dtype: self.dtype,
    }),
    kernel: (a, out) => resampleInto(out!, a),
    grad: {
      self: uses((g, { self, from_end, filter, align_corners, scale, adjoint }) =>
        F._resample(g, from_end, self.shape[self.shape.length - from_end]!, filter, align_corners, scale, !adjoint),
      ),
    },
    linear: true,
    batch: 'leading',
    surface: [],
    inplace: false,
  },
);

// ---- the family ---------------------------------------------------------------------------------------------------
interface Member {
  readonly name: string;
  /** PyTorch's name in backward nodes. */
  readonly node: string;
  readonly n: 1 | 2 | 3;
  readonly filter: Filter;
  /** Interpolating modes can align corners. */
  readonly aligns: boolean;
  /** The kernel that messages about dtypes name. */
  readonly kernel: string;
}
const member = (name: string, node: string, n: number, filter: Filter, kernel: string): Member => ({
  name,
  node,
  n: n as 1 | 2 | 3,
  filter,
  aligns: !filter.startsWith('nearest'),
  kernel,
});
const FAMILY: readonly Member[] = [
  ...[1, 2, 3].flatMap((n) => {
    const kernel = n === 2 ? 'upsample_nearest2d_channels_last' : 'compute_indices_weights_nearest';
    return [
      member(`upsample_nearest${n}d`, `UpsampleNearest${n}D`, n, 'nearest', kernel),
      member(`_upsample_nearest_exact${n}d`, `UpsampleNearestExact${n}D`, n, 'nearest-exact', kernel),
    ];
  }),
  member('upsample_linear1d', 'UpsampleLinear1D', 1, 'linear', 'compute_indices_weights_linear'),
  member('upsample_bilinear2d', 'UpsampleBilinear2D', 2, 'linear', 'upsample_bilinear2d_channels_last'),
  member('upsample_trilinear3d', 'UpsampleTrilinear3D', 3, 'linear', 'compute_indices_weights_linear'),
  member('upsample_bicubic2d', 'UpsampleBicubic2D', 2, 'cubic', 'compute_indices_weights_cubic'),
  ...(['linear', 'cubic', 'lanczos'] as const).map((mode) => {
    const name = mode === 'lanczos' ? mode : (`bi${mode}` as const);
    return member(
      `_upsample_${name}2d_aa`,
      `Upsample${name.charAt(0).toUpperCase()}${name.slice(1)}2DAa`,
      2,
      `${mode}-aa`,
      'compute_index_ranges_weights',
    );
  }),
];
const smooth = (m: Member): boolean => m.filter.endsWith('-aa');

const labelled = (sizes: Ints): string => sizes.map((s, d) => `${['D', 'H', 'W'][3 - sizes.length + d]}: ${s}`).join(', ');
function checkSizes(m: Member, input: Ints, output: Ints): void {
  if (output.length !== m.n) throw new RuntimeError(`It is expected output_size equals to ${m.n}, but got size ${output.length}`);
  if (input.length !== m.n + 2) throw new RuntimeError(`It is expected input_size equals to ${m.n + 2}, but got size ${input.length}`);
  const spatial = input.slice(2);
  if ([...spatial, ...output].some((s) => s <= 0)) {
    throw new RuntimeError(
      `Input and output sizes should be greater than 0, but got input (${labelled(spatial)})${m.n === 1 ? ' and' : ''} output (${labelled(output)})`,
    );
  }
}
/** Antialiased resampling leaves dimensions alone that keep their size. */
const kept = (m: Member, from: number, to: number): boolean => smooth(m) && from === to;
function checkDType(m: Member, t: TensorMeta, lengths: Ints): void {
  if (lengths.every((to, d) => kept(m, t.shape[d + 2]!, to))) return;
  const whole16 = t.dtype === float16 || t.dtype === bfloat16;
  const bytes = t.dtype === uint8 && m.kernel !== 'compute_indices_weights_linear';
  if (bytes || (isDifferentiable(t.dtype) && !t.dtype.is_complex && !(whole16 && smooth(m)))) return;
  throw new NotImplementedError(`"${m.kernel}" not implemented for '${t.dtype.scalarName}'`);
}
/** The result in the memory format of the input. */
export function likeInput(input: Tensor, result: Tensor): Tensor {
  const format = input.ndim === 4 ? channels_last : input.ndim === 5 ? channels_last_3d : null;
  return format && !input.layout.contiguous && sameShape(input.layout.stride, stridesLike(input.layout, format))
    ? F.clone(result, format)
    : result;
}
/**
 * One dimension after the other, the last first. Floating-point numbers of 16 bits are rounded once; PyTorch's general kernel also has
 * weights of 16 bits.
 */
function resampled(m: Member, self: Tensor, lengths: Ints, align: boolean, scales: Factors, adjoint: boolean): Tensor {
  const narrow = self.dtype === float16 || self.dtype === bfloat16;
  const weights = narrow && !adjoint && m.kernel.startsWith('compute_indices_weights') ? self.dtype : null;
  let r = narrow ? F._to_copy(self, float32) : self;
  for (let from_end = 1; from_end <= m.n; from_end++) {
    const d = m.n - from_end;
    const [now, length] = [r.shape[d + 2]!, lengths[d]!];
    if (kept(m, now, length)) continue;
    // Of the nearest pixel, the gradient and the kernel of two dimensions take factors of 1 and 2 from the sizes.
    const factor = adjoint ? now / length : length / now;
    const whole = m.filter === 'nearest' && (adjoint || m.n === 2) && (factor === 1 || factor === 2);
    r = F._resample(r, from_end, length, m.filter, align, whole ? null : scales[d]!, adjoint, weights);
  }
  if (narrow) r = F._to_copy(r, self.dtype);
  return likeInput(self, r === self ? F.clone(r) : r);
}

interface Spatial {
  readonly output_size: Ints;
  readonly align_corners?: boolean;
  readonly scales?: number | null;
  readonly scales_d?: number | null;
  readonly scales_h?: number | null;
  readonly scales_w?: number | null;
}
const scalesOf = (m: Member, a: Spatial): Factors =>
  m.n === 1 ? [a.scales!] : [a.scales_d, a.scales_h, a.scales_w].slice(3 - m.n).map((s) => s ?? null);
/** Calls an operator of the family. */
const calls = new Map(
  FAMILY.map((m) => [m.name, lookup(m.name) as unknown as (self: Tensor, size: Ints, ...rest: (boolean | number | null)[]) => Tensor]),
);
const call = (m: Member, self: Tensor, size: Ints, align: boolean, scales: Factors): Tensor =>
  calls.get(m.name)!(self, size, ...(m.aligns ? [align] : []), ...scales);

for (const m of FAMILY) {
  const align = m.aligns ? ' bool align_corners,' : '';
  const scales = (m.n === 1 ? ['scales'] : ['scales_d', 'scales_h', 'scales_w'].slice(3 - m.n)).map((s) => `float? ${s}=None`).join(', ');
  const backward = lookup(`${m.name}_backward`) as unknown as (
    grad: Tensor,
    output: Ints,
    input: Ints,
    ...rest: (boolean | number | null)[]
  ) => Tensor;
  const options = (a: Spatial): (boolean | number | null)[] => [...(m.aligns ? [a.align_corners!] : []), ...scalesOf(m, a)];
  op(`${m.name}(Tensor self, int[${m.n}] output_size,${align} ${scales}) -> Tensor` as string, {
    doc: `(N, C, …) resampled to other spatial sizes: ${m.filter}.`,
    decompose: ((a: Spatial & { self: Tensor }) => {
      const { shape } = a.self.layout;
      checkSizes(m, shape, a.output_size);
      if (shape.slice(1).some((s) => s === 0))
        throw new RuntimeError(`Non-empty ${m.n + 2}D data tensor expected but got a tensor with sizes ${showShape(shape)}`);
      checkDType(m, a.self, a.output_size);
      return resampled(m, a.self, a.output_size, a.align_corners ?? false, scalesOf(m, a), false);
    }) as never,
    grad: {
      self: uses((g: Tensor, a: Spatial & { self: TensorMeta }) => backward(g, a.output_size, a.self.shape, ...options(a))),
    } as never,
    gradName: `${m.node}Backward0`,
    surface: [],
    inplace: false,
  });
  op(`${m.name}_backward(Tensor grad_output, int[${m.n}] output_size, int[${m.n + 2}] input_size,${align} ${scales}) -> Tensor` as string, {
    doc: `The gradient of ${m.name}.`,
    decompose: ((a: Spatial & { grad_output: Tensor; input_size: Ints }) => {
      checkSizes(m, a.input_size, a.output_size);
      checkGradient(m, a.grad_output.layout.shape, [...a.input_size.slice(0, 2), ...a.output_size]);
      checkDType(m, a.grad_output, a.input_size.slice(2));
      return resampled(m, a.grad_output, a.input_size.slice(2), a.align_corners ?? false, scalesOf(m, a), true);
    }) as never,
    grad: { grad_output: uses((h: Tensor, a: Spatial) => call(m, h, a.output_size, a.align_corners ?? false, scalesOf(m, a))) } as never,
    gradName: `${m.node}BackwardBackward0`,
    surface: [],
    inplace: false,
  });
  op(`${m.name}.vec(Tensor input, int[]? output_size,${align} float[]? scale_factors) -> Tensor` as string, {
    doc: `As ${m.name}, of sizes or factors.`,
    decompose: ((a: { input: Tensor; output_size: Ints | null; align_corners?: boolean; scale_factors: Ints | null }) =>
      resize(m, a.input, a.output_size, a.align_corners ?? false, a.scale_factors)) as never,
    surface: [],
  });
}
function checkGradient(m: Member, given: Shape, expected: Shape): void {
  const n = expected.length;
  const at = expected.findIndex((s, d) => s !== given[d]);
  if (m.n === 1) {
    if (given.length === n && at < 0) return;
    const d = Math.max(at, 0);
    throw new RuntimeError(
      `Expected a tensor of dimension ${n} and tensor.size[${d}] == ${expected[d]} but got: dimension ${given.length} and tensor.size[${d}] = ${given[d]}`,
    );
  }
  if (given.length !== n)
    throw new RuntimeError(`Expected grad_output to be a tensor of dimension ${n} but got: dimension ${given.length}`);
  if (at >= 0)
    throw new RuntimeError(
      `Expected grad_output to have the same shape as output; output.size(${at}) = ${expected[at]} but got grad_output.size(${at}) = ${given[at]}`,
    );
}
/** An operator of the family by exactly one of sizes and factors. */
function resize(m: Member, input: Tensor, size: Ints | null, align: boolean, factors: Ints | null): Tensor {
  if ((size === null) === (factors === null)) throw new RuntimeError('Must specify exactly one of output_size and scale_factors');
  const spatial = input.layout.shape.slice(2);
  return call(m, input, size ?? spatial.map((s, d) => Math.trunc(s * factors![d]!)), align, factors ?? new Array<null>(m.n).fill(null));
}

// ---- interpolate --------------------------------------------------------------------------------------------------
type PerDimension<T> = T | readonly T[];
/** The operator of a mode for an input of n + 2 dimensions. */
const MODES: Readonly<Record<string, readonly (string | null)[]>> = {
  nearest: ['upsample_nearest1d', 'upsample_nearest2d', 'upsample_nearest3d'],
  'nearest-exact': ['_upsample_nearest_exact1d', '_upsample_nearest_exact2d', '_upsample_nearest_exact3d'],
  linear: ['upsample_linear1d', null, null],
  bilinear: [null, 'upsample_bilinear2d', null],
  bicubic: [null, 'upsample_bicubic2d', null],
  lanczos: [null, '_upsample_lanczos2d_aa', null],
  trilinear: [null, null, 'upsample_trilinear3d'],
};
const NEEDS: Readonly<Record<string, number>> = { linear: 3, bilinear: 4, trilinear: 5 };
const list = (v: readonly unknown[]): string =>
  `[${v.map((x) => (x instanceof FloatScalar || typeof x === 'number' ? String(toNumber(x)) : String(x))).join(', ')}]`;
interface Interpolation {
  readonly input: Tensor;
  readonly size: PerDimension<Scalar> | null;
  readonly scale_factor: PerDimension<Scalar> | null;
  readonly mode: string;
  readonly align_corners: boolean | null;
  readonly recompute_scale_factor: boolean | null;
  readonly antialias: boolean;
}
const isWhole = (x: unknown): boolean => typeof x === 'bigint' || Number.isInteger(x);
function interpolated(a: Interpolation): Tensor {
  const { input, mode, antialias } = a;
  const interpolating = mode !== 'nearest' && mode !== 'area' && mode !== 'nearest-exact';
  if (!interpolating && a.align_corners !== null) {
    throw new ValueError('align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear');
  }
  const align = a.align_corners ?? false;
  const n = input.ndim - 2;
  const spatial = input.layout.shape.slice(2);
  if (a.size !== null && a.scale_factor !== null) throw new ValueError('only one of size or scale_factor should be defined');
  let [size, factors]: [number[] | null, number[] | null] = [null, null];
  if (a.size !== null) {
    const words = `Input and output must have the same number of spatial dimensions, but got input with spatial dimensions of ${list(spatial)} and output size of `;
    const sizes = perDimension(
      a.size,
      n,
      (got) => `${words}${got}. Please provide input tensor in (N, C, d1, d2, ...,dK) format and output size in (o1, o2, ...,oK) format.`,
    );
    if (!sizes.every(isWhole)) {
      const types = sizes.map((s) => `<class '${isWhole(s) ? 'int' : isScalar(s) && typeof s !== 'boolean' ? 'float' : 'bool'}'>`);
      throw new TypeError(
        `expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], but got size with types [${types.join(', ')}]`,
      );
    }
    size = sizes.map((s) => toNumber(s));
  } else if (a.scale_factor !== null) {
    const words = `Input and scale_factor must have the same number of spatial dimensions, but got input with spatial dimensions of ${list(spatial)} and scale_factor of shape `;
    factors = perDimension(
      a.scale_factor,
      n,
      (got) => `${words}${got}. Please provide input tensor in (N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format.`,
    ).map((s) => toNumber(s));
  } else throw new ValueError('either size or scale_factor should be defined');
  if (a.recompute_scale_factor && size) throw new ValueError('recompute_scale_factor is not meaningful with an explicit size.');
  if (factors && (a.recompute_scale_factor || mode === 'area'))
    [size, factors] = [spatial.map((s, d) => Math.trunc(s * factors![d]!)), null];
  if (antialias && !(['bilinear', 'bicubic', 'lanczos'].includes(mode) && input.ndim === 4)) {
    throw new ValueError('Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input');
  }
  if (mode === 'area' && n >= 1 && n <= 3)
    return [F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d][n - 1]!(input, size!);
  const name = MODES[mode]?.[n - 1];
  if (name) {
    if (mode === 'lanczos') {
      if (align) throw new ValueError('Lanczos mode does not support align_corners=True');
      if (!antialias) throw new ValueError('Lanczos mode requires antialias=True');
    }
    const wanted = antialias && mode !== 'lanczos' ? `_${name}_aa` : name;
    return resize(FAMILY.find((m) => m.name === wanted)!, input, size, align, factors);
  }
  if (n >= 1 && n <= 3 && mode in NEEDS)
    throw new NotImplementedError(`Got ${input.ndim}D input, but ${mode} mode needs ${NEEDS[mode]}D input`);
  throw new NotImplementedError(
    `Input Error: Only 3D, 4D and 5D input Tensors supported (got ${input.ndim}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got ${mode})`,
  );
}
/** One number a dimension, of a number or a list. */
function perDimension(given: PerDimension<Scalar>, n: number, mismatch: (got: string) => string): readonly Scalar[] {
  if (!Array.isArray(given)) return new Array<Scalar>(Math.max(n, 0)).fill(given as Scalar);
  if (given.length !== n) throw new ValueError(mismatch(list(given)));
  return given as Scalar[];
}
op(
  'interpolate(Tensor input, Sizes? size=None, Sizes? scale_factor=None, str mode="nearest", bool? align_corners=None, bool? recompute_scale_factor=None, bool antialias=False) -> Tensor',
  {
    doc: 'input (N, C, …) resampled to a size or by a factor.',
    decompose: (a) => interpolated(a as Interpolation),
    surface: ['nn.functional'],
  },
);
const DEPRECATED = { recompute_scale_factor: null, antialias: false } as const;
type Old = Pick<Interpolation, 'input' | 'size' | 'scale_factor'>;
const warned = new Set<string>();
const old = (name: string, a: Old, mode: string, align_corners: boolean | null): Tensor => {
  if (!warned.has(name)) console.warn(`\`nn.functional.${name}\` is deprecated. Use \`nn.functional.interpolate\` instead.`);
  warned.add(name);
  return interpolated({ ...DEPRECATED, input: a.input, size: a.size, scale_factor: a.scale_factor, mode, align_corners });
};
op('upsample(Tensor input, Sizes? size=None, Sizes? scale_factor=None, str mode="nearest", bool? align_corners=None) -> Tensor', {
  doc: 'The old name of interpolate.',
  decompose: (a) => old('upsample', a as Old, a.mode, a.align_corners),
  surface: ['nn.functional'],
});
op('upsample_nearest(Tensor input, Sizes? size=None, Sizes? scale_factor=None) -> Tensor', {
  doc: 'interpolate with mode nearest.',
  decompose: (a) => old('upsample_nearest', a as Old, 'nearest', null),
  surface: ['nn.functional'],
});
op('upsample_bilinear(Tensor input, Sizes? size=None, Sizes? scale_factor=None) -> Tensor', {
  doc: 'interpolate with mode bilinear, corners aligned.',
  decompose: (a) => old('upsample_bilinear', a as Old, 'bilinear', true),
  surface: ['nn.functional'],
});
