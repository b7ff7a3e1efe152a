// softmax, log_softmax and softmin, with their fused gradients.
import { lines, logSoftmaxBackwardInto, logSoftmaxInto, softmaxBackwardInto, softmaxInto } from '../backend/reference/softmax.ts';
import { Category, type DType, float32, float16 } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { wrapDim } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op, type Spec, uses } from '../dispatch/operator.ts';
import { converted } from './reduce.ts';

interface Softmax {
  readonly self: Tensor;
  readonly dim: number;
  readonly half_to_float: boolean;
}
function softmaxSpec(name: string, { self, dim, half_to_float }: Softmax): Spec {
  const at = wrapDim(dim, self.ndim);
  if (half_to_float && self.dtype !== float16) throw new RuntimeError('conversion is supported for Half type only');
  if (self.dtype.category !== Category.Floating && self.layout.numel > 0) {
    const kernel = at === Math.max(self.ndim - 1, 0) ? `${name}_lastdim_kernel_impl` : 'softmax_kernel_impl';
    throw new NotImplementedError(`"${kernel}" not implemented for '${self.dtype.scalarName}'`);
  }
  return { shape: self.layout.shape, dtype: half_to_float ? float32 : self.dtype };
}
op('_softmax(Tensor self, int dim, bool half_to_float) -> Tensor', {
  doc: 'exp(self) divided by its sum along a dimension.',
  meta: (a) => softmaxSpec('softmax', a),
  kernel: ({ self, dim }, out) => softmaxInto(out!, self, lines(self, dim)),
  grad: { self: uses('result', (g, { result, dim, self }) => F._softmax_backward_data(g, result, dim, self.dtype)) },
  autocast: 'float32',
  surface: ['function'],
  gradName: 'SoftmaxBackward0',
  inplace: false,
});
op('_log_softmax(Tensor self, int dim, bool half_to_float) -> Tensor', {
  doc: 'The logarithm of softmax.',
  meta: (a) => softmaxSpec('log_softmax', a),
  kernel: ({ self, dim }, out) => logSoftmaxInto(out!, self, lines(self, dim)),
  grad: { self: uses('result', (g, { result, dim, self }) => F._log_softmax_backward_data(g, result, dim, self.dtype)) },
  autocast: 'float32',
  surface: ['function'],
  gradName: 'LogSoftmaxBackward0',
  inplace: false,
});

interface Backward {
  readonly grad_output: Tensor;
  readonly output: Tensor;
  readonly input_dtype: DType;
}
/** A gradient of float32 results may belong to a float16 input. */
function backwardSpec(name: string, { grad_output, output, input_dtype }: Backward): Spec {
  if (grad_output.dtype !== input_dtype && !(grad_output.dtype === float32 && input_dtype === float16)) {
    throw new RuntimeError(`expected input and grad types to match, or input to be at::Half and grad to be at::Float`);
  }
  if (grad_output.dtype.category !== Category.Floating)
    throw new NotImplementedError(`"${name}" not implemented for '${grad_output.dtype.scalarName}'`);
  return { shape: output.layout.shape, dtype: input_dtype };
}
op('_softmax_backward_data(Tensor grad_output, Tensor output, int dim, ScalarType input_dtype) -> Tensor', {
  doc: 'The gradient of softmax from its result.',
  decompose: ({ grad_output, output, dim, input_dtype }) => {
    const g = grad_output.mul(output);
    return converted(g.sub(output.mul(g.sum([dim], true))), input_dtype);
  },
  meta: (a) => backwardSpec('softmax_backward', a),
  kernel: ({ grad_output, output, dim }, out) => softmaxBackwardInto(out!, grad_output, output, lines(output, dim)),
  surface: ['function'],
});
op('_log_softmax_backward_data(Tensor grad_output, Tensor output, int dim, ScalarType input_dtype) -> Tensor', {
  doc: 'The gradient of log_softmax from its result.',
  decompose: ({ grad_output, output, dim, input_dtype }) =>
    converted(grad_output.sub(output.exp().mul(grad_output.sum([dim], true))), input_dtype),
  meta: (a) => backwardSpec('log_softmax_backward', a),
  kernel: ({ grad_output, output, dim }, out) => logSoftmaxBackwardInto(out!, grad_output, output, lines(output, dim)),
  surface: ['function'],
});

/** nn.functional's dimension when none is given. */
const implicitDim = (input: Tensor, dim: number | null): number =>
  dim ?? (input.ndim === 0 || input.ndim === 1 || input.ndim === 3 ? 0 : 1);

op('softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor', {
  doc: 'exp(self) divided by its sum along a dimension.',
  decompose: ({ self, dim, dtype }) => F._softmax(converted(self, dtype), dim, false),
  autocast: 'float32',
  aliases: ['special_softmax'],
  inplace: false,
});
op('log_softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor', {
  doc: 'The logarithm of softmax.',
  decompose: ({ self, dim, dtype }) => F._log_softmax(converted(self, dtype), dim, false),
  autocast: 'float32',
  aliases: ['special_log_softmax'],
  inplace: false,
});
op('softmax.functional(Tensor input, int? dim=None, int _stacklevel=3, ScalarType? dtype=None) -> Tensor', {
  doc: 'exp(input) divided by its sum along a dimension.',
  decompose: ({ input, dim, dtype }) => F.softmax$int(input, implicitDim(input, dim), dtype),
  surface: ['nn.functional'],
});
op('log_softmax.functional(Tensor input, int? dim=None, int _stacklevel=3, ScalarType? dtype=None) -> Tensor', {
  doc: 'The logarithm of softmax.',
  decompose: ({ input, dim, dtype }) => F.log_softmax$int(input, implicitDim(input, dim), dtype),
  surface: ['nn.functional'],
});
op('softmin(Tensor input, int? dim=None, int _stacklevel=3, ScalarType? dtype=None) -> Tensor', {
  doc: 'softmax of −input.',
  decompose: ({ input, dim, dtype }) => F.softmax$int(input.neg(), implicitDim(input, dim), dtype),
  surface: ['nn.functional'],
});
op('_safe_softmax(Tensor self, int dim, ScalarType? dtype=None) -> Tensor', {
  doc: 'softmax in which a line of −∞ gives zeros.',
  decompose: ({ self, dim, dtype }) => {
    const x = converted(self, dtype);
    const masked = x.eq(Number.NEGATIVE_INFINITY).all(dim, true);
    return F.softmax$int(x, dim).masked_fill(masked, 0);
  },
  grad: { self: uses('result', (g, { result, dim, self }) => F._softmax_backward_data(g, result, dim, self.dtype)) },
  batch: (run, { self, dim }) => run({ dim: wrapDim(dim, self.ndim - 1) + 1 }),
  surface: ['function'],
  inplace: false,
});
op('gumbel_softmax(Tensor logits, float tau=1, bool hard=False, float eps=1e-10, int dim=-1) -> Tensor', {
  doc: 'A sample of the Gumbel-softmax distribution; with hard a one-hot one whose gradient is that of the soft sample.',
  decompose: ({ logits, tau, hard, dim }) => {
    const gumbels = F.exponential_(F.empty_like(logits)).log().neg();
    const soft = F.softmax$int(logits.add(gumbels).div(tau), dim);
    if (!hard) return soft;
    const [, index] = soft.max(dim, true) as unknown as readonly [Tensor, Tensor];
    const sample = F.scatter$value(F.zeros_like(logits), dim, index, 1);
    return sample.sub(soft.detach()).add(soft);
  },
  random: true,
  surface: ['nn.functional'],
});
