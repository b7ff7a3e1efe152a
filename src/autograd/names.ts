// PyTorch's names of backward nodes. Note [Names of composite operators]: an operator that PyTorch differentiates as a whole may be
// recorded as its parts here; the last part then has the name that PyTorch's node has.
import { Layout } from '../core/layout.ts';
import { Tensor } from '../core/tensor.ts';
import { type Op, registry } from '../dispatch/operator.ts';

/** The arguments as a node keeps them: tensors as layouts. */
type Plain = readonly unknown[];
const isTensor = (x: unknown): x is Layout => x instanceof Layout;
/** Which overload was called, where PyTorch tells numbers from tensors: the number of the node for each. */
const byNumber =
  (base: string, position: number, number: number, tensor: number) =>
  (plain: Plain): string =>
    `${base}Backward${isTensor(plain[position]) ? tensor : number}`;
/** Families of one operator for all dimensions. */
const byWindow =
  (base: string) =>
  (plain: Plain): string =>
    `${base.replace('#', `${(plain[1] as readonly number[]).length}D`)}Backward0`;

const OVERLOADS: Readonly<Record<string, string | ((plain: Plain) => string)>> = {
  'pow.Tensor_Tensor': (p) => `PowBackward${isTensor(p[0]) ? (isTensor(p[1]) ? 1 : 0) : 2}`,
  square: 'PowBackward0',
  'sub.Tensor': (p) => (isTensor(p[0]) ? 'SubBackward0' : 'RsubBackward1'),
  'div.Tensor': (p) => (isTensor(p[0]) ? 'DivBackward0' : 'MulBackward0'),
  copy: 'torch::autograd::CopyBackwards',
  // Nearly always in place.
  'fill.Tensor': byNumber('Fill', 1, 2, 3),
  clamp: 'ClampBackward1',
  'clamp_max.Tensor': 'ClampMaxBackward1',
  'clamp_min.Tensor': 'ClampMinBackward1',
  'copysign.Tensor': byNumber('Copysign', 1, 1, 0),
  'fmod.Tensor': byNumber('Fmod', 1, 0, 1),
  'remainder.Tensor': byNumber('Remainder', 1, 0, 1),
  'masked_fill.Tensor': byNumber('MaskedFill', 2, 0, 1),
  'lerp.Tensor': 'LerpBackward1',
  'round.decimals': 'RoundBackward1',
  'sort.stable': 'SortBackward1',
  'index_fill.int_Tensor': 'IndexFillBackward1',
  'normal.Tensor_float': 'NormalBackward1',
  'normal.float_Tensor': 'NormalBackward2',
  'normal.Tensor_Tensor': 'NormalBackward3',
  'div.Tensor_mode': (p) => (p[2] === null ? 'DivBackward0' : 'DivBackward2'),
  _max_pool: byWindow('MaxPool#WithIndices'),
  _avg_pool: byWindow('AvgPool#'),
  _adaptive_avg_pool: byWindow('AdaptiveAvgPool#'),
  _adaptive_max_pool: byWindow('AdaptiveMaxPool#'),
  max_pool1d: 'SqueezeBackward1',
  avg_pool1d: 'SqueezeBackward1',
  adaptive_max_pool1d: 'SqueezeBackward1',
  rrelu: 'RreluWithNoiseBackward0',
  chunk: 'SplitBackward0',
  'split.sizes': 'SplitWithSizesBackward0',
  unsafe_chunk: 'UnsafeSplitBackward0',
  fftshift: 'RollBackward0',
  tensordot: 'ViewBackward0',
  norm_except_dim: 'ViewBackward0',
  pairwise_distance: 'NormBackward1',
  kron: 'UnsafeViewBackward0',
  quantile: 'SqueezeBackward4',
  nanquantile: 'SqueezeBackward4',
  'repeat_interleave.self_int': 'ViewBackward0',
  stft: 'SqueezeBackward4',
  special_ndtr: 'MulBackward1',
  _fft_r2c: 'FftR2CBackward0',
  _weight_norm: 'WeightNormInterfaceBackward0',
};

/** Operators of parts here that PyTorch differentiates as a whole. */
const WHOLE = new Set(
  `where nan_to_num conj_physical polygamma_ celu glu nansum aminmax trace var_mean std_mean renorm dist _weight_norm_interface
  segment_reduce masked_softmax mv dot vdot addmm addmv addbmm baddbmm addr narrow_copy flip roll rot90 repeat split split_with_sizes
  unbind unsafe_split unsafe_split_with_sizes stack block_diag diag_embed take put masked_select masked_scatter _unsafe_masked_index
  _unsafe_masked_index_put_accumulate index_add index_reduce index_copy index_fill convolution conv_tbc _softmax_backward_data
  _log_softmax_backward_data native_dropout native_dropout_backward soft_margin_loss multi_margin_loss multilabel_margin_loss
  _cdist_backward _pdist_backward linalg_cross linalg_lu lu_unpack linalg_householder_product ormqr linalg_solve_ex triangular_solve
  linalg_lu_solve cholesky_solve linalg_matrix_sqrth linalg_polar native_group_norm native_batch_norm _native_batch_norm_legit
  _batch_norm_with_update _embedding_bag_backward _pack_padded_sequence`.split(/\s+/),
);

/** log1p_ → Log1P: words and what follows a digit begin with capitals. */
const camelCase = (name: string): string =>
  name
    .replace(/_$/, '')
    .split('_')
    .map((w) => w.charAt(0).toUpperCase() + w.slice(1))
    .join('')
    .replaceAll(/\d[a-z]/g, (s) => s.toUpperCase());

/** MulBackward0: the name of the node of a call; an overload's number is stated where it is not 0. */
export function nodeName(o: Op, plain: Plain): string {
  const given = OVERLOADS[o.name.replace(/_(?=$|\.)/, '')] ?? OVERLOADS[o.name] ?? o.decl.gradName;
  if (typeof given === 'function') return given(plain);
  return given ?? `${camelCase(o.baseName)}Backward0`;
}

/** Matrix products of more than matrices are products of matrices, looked at in another way. */
const product = (a: Tensor, b: Tensor, result: Tensor): string | null => {
  if (result.ndim > 2) return 'UnsafeViewBackward0';
  return a.ndim === 1 && b.ndim === 2 ? 'SqueezeBackward4' : null;
};
/** Whether an index of an einsum's operands is missing in its result. */
const contracts = (equation: string): boolean => {
  const [inputs, result = ''] = equation.split('->');
  return [...inputs!].some((c) => /[a-zA-Z]/.test(c) && !result.includes(c));
};
/** A transposed convolution of inputs with so many dimensions besides channels, of one example or a batch. */
const transposed =
  (dimensions: number) =>
  ([input]: readonly unknown[], result: Tensor): string | null => {
    if (result.dtype.is_complex) return null;
    return (input as Tensor).ndim === dimensions + 2 ? 'ConvolutionBackward0' : 'SqueezeBackward1';
  };
const NAMED: Readonly<Record<string, (args: readonly unknown[], result: Tensor) => string | null>> = {
  matmul: ([a, b], r) => product(a as Tensor, b as Tensor, r),
  linear: ([x, w, bias], r) => {
    const [a, b] = [x as Tensor, w as Tensor];
    if (b.ndim === 1) return a.ndim > 2 ? 'UnsafeViewBackward0' : null;
    if (bias && a.ndim < 3) return a.ndim === 2 ? 'AddmmBackward0' : 'UnsafeViewBackward0';
    return product(a, b, r);
  },
  reshape: ([x], r) => (r.storage === (x as Tensor).storage ? null : 'UnsafeViewBackward0'),
  conv_transpose1d: transposed(1),
  conv_transpose2d: transposed(2),
  conv_transpose3d: transposed(3),
  pad: ([, sides, mode], r) => {
    const title = { reflect: 'ReflectionPad', replicate: 'ReplicationPad' }[mode as string];
    if (mode === 'circular') return 'torch::autograd::CopySlices';
    return title && r.ndim > 0 ? `${title}${(sides as readonly number[]).length / 2}DBackward0` : null;
  },
  einsum: ([equation, operands]) => ((operands as readonly unknown[]).length > 1 && contracts(equation as string) ? 'ViewBackward0' : null),
};
const plainOf = (args: readonly unknown[]): Plain => args.map((a) => (a instanceof Tensor ? a.layout : a));
/** How the last parts of a composite operator are called; null: as they are. */
export function compositeName(o: Op): ((args: readonly unknown[], result: Tensor) => string | null) | null {
  const named = NAMED[o.baseName];
  if (named) return named;
  const view = registry.get(o.name.replace('_copy', ''));
  if (view?.isView && view !== o) return (args) => `${nodeName(view, plainOf(args))}_copy`;
  if (WHOLE.has(o.baseName) || OVERLOADS[o.name] !== undefined || o.decl.gradName !== undefined)
    return (args) => nodeName(o, plainOf(args));
  return null;
}
