// The cross entropy of a linear layer's outputs, at once or in chunks of the batch whose logits alone are ever in memory.
import { bfloat16, type DType, float16, float32, int64, pythonFloat } from '../core/dtype.ts';
import { RuntimeError } from '../core/errors.ts';
import { sameShape, type Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { is_grad_enabled } from '../autograd/modes.ts';
import { F } from '../dispatch/handles.gen.ts';
import { joint, op } from '../dispatch/operator.ts';
import { asClasses, crossEntropy } from './cross_entropy.ts';
import { converted } from './reduce.ts';
import { Reduction, reductionOf } from './reduction.ts';

/** What a call of linear_cross_entropy is about. */
export interface Extent {
  readonly batch: number;
  readonly features: number;
  readonly classes: number;
  readonly dtype: DType;
  readonly probabilities: boolean;
}
/** How the batch is cut, and in which dtype a chunk computes. */
export interface Chunking {
  chunkOf(extent: Extent): { readonly rows: number; readonly dtype: DType };
}
const tuple = (s: Shape): string => `(${s.join(', ')}${s.length === 1 ? ',' : ''})`;

// ---- in chunks ----------------------------------------------------------------------------------------------------
interface Part {
  readonly from: number;
  readonly to: number;
}
const parts = (n: number, rows: number): Part[] =>
  Array.from({ length: Math.ceil(n / rows) }, (_, i) => ({ from: i * rows, to: Math.min((i + 1) * rows, n) }));
const cut = (t: Tensor, { from, to }: Part): Tensor => t.narrow(0, from, to - from);
/** The weight of every example: that of its class, 0 if it is ignored. */
function weightsOf(target: Tensor, weight: Tensor | null, ignore: number, dtype: DType): Tensor {
  const kept = target.ne(ignore);
  return weight ? converted(weight, dtype).index_select(0, target.masked_fill(kept.logical_not(), 0)).mul(kept) : converted(kept, dtype);
}
interface Chunked {
  readonly input: Tensor;
  readonly linear_weight: Tensor;
  readonly linear_bias: Tensor | null;
}
/** The layer in the dtype of the chunks. */
const inDtype = ({ input, linear_weight, linear_bias }: Chunked, dtype: DType): readonly [Tensor, Tensor, Tensor | null] => [
  converted(input, dtype),
  converted(linear_weight, dtype),
  linear_bias && converted(linear_bias, dtype),
];
op(
  '_linear_cross_entropy(Tensor input, Tensor linear_weight, Tensor target, Tensor? linear_bias, Tensor? weight, int reduction, int ignore_index, int rows, ScalarType dtype) -> Tensor',
  {
    doc: 'linear_cross_entropy of a matrix of examples, `rows` of them at a time.',
    decompose: (a) => {
      const { input, target, weight, reduction, ignore_index, rows, dtype } = a;
      const [x, w, b] = inDtype(a, dtype);
      const n = input.layout.shape[0]!;
      const each = reduction === Reduction.none ? Reduction.none : Reduction.sum;
      const scale = weight && converted(weight, dtype);
      const t = target.dtype === int64 ? target : converted(target, dtype);
      const losses = parts(n, rows).map((part) => crossEntropy(F.linear(cut(x, part), w, b), cut(t, part), scale, each, ignore_index, 0));
      if (reduction === Reduction.none)
        return converted(losses.length > 0 ? F.cat(losses) : F.zeros([0], dtype, null, input.device), input.dtype);
      const sum = losses.length > 0 ? F.stack(losses).sum() : F.zeros([], dtype, null, input.device);
      if (reduction === Reduction.sum) return converted(sum, input.dtype);
      const total = target.dtype === int64 ? weightsOf(target, weight, ignore_index, dtype).sum() : n;
      return converted(sum.div(total), input.dtype);
    },
    grad: joint('input', 'linear_weight', 'target', 'linear_bias', 'weight', ([given], a, needs) => {
      const { target, reduction, ignore_index, rows, dtype } = a;
      // As in PyTorch the gradient is a constant of the graph, up to the factor given.
      const [x, w, b] = inDtype(a, dtype).map((t) => t?.detach() ?? null) as [Tensor, Tensor, Tensor | null];
      const n = a.input.shape[0]!;
      const classes = target.dtype === int64;
      const counts = classes ? weightsOf(target, a.weight, ignore_index, dtype) : null;
      let g = converted(given!, dtype);
      if (reduction === Reduction.mean) g = g.div(counts ? counts.sum() : n);
      const scale = (counts ? counts.mul(g) : g.expand([n])).unsqueeze(1);
      const slopes = parts(n, rows).map((part) => {
        const likely = F.softmax$int(F.linear(cut(x, part), w, b), 1);
        const t = cut(target, part);
        if (classes) {
          const index = t.masked_fill(t.eq(ignore_index), 0).unsqueeze(1);
          const slope = likely.mul(cut(scale, part));
          return { part, slope: slope.scatter_add(1, index, cut(scale, part).neg()) };
        }
        const wanted = a.weight ? converted(t, dtype).mul(converted(a.weight, dtype)) : converted(t, dtype);
        return {
          part,
          slope: likely
            .mul(wanted.sum([1], true))
            .sub(wanted)
            .mul(cut(scale, part)),
        };
      });
      const summed = (f: (s: { part: Part; slope: Tensor }) => Tensor, zero: () => Tensor): Tensor =>
        slopes.length > 0 ? slopes.map(f).reduce((u, v) => u.add(v)) : zero();
      return {
        input: needs.input
          ? converted(slopes.length > 0 ? F.cat(slopes.map(({ slope }) => slope.matmul(w))) : F.zeros_like(x), a.input.dtype)
          : null,
        linear_weight: needs.linear_weight
          ? converted(
              summed(
                ({ part, slope }) => slope.mT.matmul(cut(x, part)),
                () => F.zeros_like(w),
              ),
              a.linear_weight.dtype,
            )
          : null,
        linear_bias: needs.linear_bias
          ? converted(
              summed(
                ({ slope }) => slope.sum([0]),
                () => F.zeros_like(b!),
              ),
              a.linear_bias!.dtype,
            )
          : null,
      };
    }),
    surface: [],
  },
);

// ---- the public operator ------------------------------------------------------------------------------------------
interface LinearArgs extends Chunked {
  readonly reduction: string;
  readonly label_smoothing: number;
}
function checkLinear({ input, linear_weight, linear_bias }: Chunked): void {
  if (input.ndim < 1 || input.ndim > 2) throw new RuntimeError(`expected input with dimensionality 1 or 2, got ${input.ndim}`);
  if (linear_weight.ndim < 2) throw new RuntimeError(`expected linear_weight with dimensionality at least 2, got ${linear_weight.ndim}`);
  const [x, w] = [input.layout.shape, linear_weight.layout.shape];
  const features = x[x.length - 1]!;
  if (features !== w[w.length - 1]) {
    throw new RuntimeError(
      `expected equal input and linear_weight last dimensions (in_features), got ${features} and ${w[w.length - 1]}, respectively`,
    );
  }
  const outs = w.slice(0, -1);
  if (linear_bias && !sameShape(linear_bias.layout.shape, outs))
    throw new RuntimeError(`expected linear_bias shape ${tuple(outs)}, got ${tuple(linear_bias.layout.shape)}`);
  if (outs.length > 1 && x.length === 1) {
    throw new RuntimeError(
      `K-dimensional loss defined by linear_weight shape ${tuple(w)} requires batched input, (N, ${features}), got unbatched input with shape ${tuple(x)}`,
    );
  }
}
/** Whether the options can be honoured; says so where they cannot. */
function chunkable(
  { input, linear_weight, linear_bias, reduction, label_smoothing }: LinearArgs,
  target: Tensor,
  probabilities: boolean,
): boolean {
  const outs = linear_weight.layout.shape.slice(1, -1);
  const targetFits =
    target.dtype === int64 || (probabilities && target.dtype === input.dtype && !(target.requires_grad && is_grad_enabled()));
  if (['mean', 'sum', 'none'].includes(reduction) && label_smoothing === 0 && targetFits && outs.length === 0) return true;
  console.warn(
    "linear_cross_entropy: ``options`` ignored; chunked path needs reduction in {'mean','sum','none'}, label_smoothing == 0, target.dtype == int64 (or a probability target with dtype matching input and" +
      ` requires_grad == False), out_features == (). Got reduction='${reduction}', label_smoothing=${pythonFloat(label_smoothing)}, target.dtype=${target.dtype}, out_features=${tuple(outs)}` +
      `, tracing=False, target.requires_grad=${target.requires_grad ? 'True' : 'False'}, linear_bias.shape=${linear_bias ? tuple(linear_bias.layout.shape) : 'None'}.`,
  );
  return false;
}
op(
  'linear_cross_entropy(Tensor input, Tensor linear_weight, Tensor target, *, Tensor? linear_bias=None, Tensor? weight=None, str reduction="mean", int? ignore_index=None, float label_smoothing=0, Options? options=None) -> Tensor',
  {
    doc: 'cross_entropy of linear(input, linear_weight, linear_bias); with options in chunks, which takes less memory.',
    decompose: (a) => {
      checkLinear(a);
      const { input, linear_weight, linear_bias, weight, label_smoothing } = a;
      const [x, w] = [input.layout.shape, linear_weight.layout.shape];
      const features = x[x.length - 1]!;
      const shape = [...x.slice(0, -1), ...w.slice(0, -1)];
      const probabilities = sameShape(a.target.layout.shape, shape);
      const target = probabilities ? a.target : asClasses(a.target);
      if (probabilities && a.ignore_index !== null)
        throw new RuntimeError('ignore_index cannot be specified when target contains probabilities');
      const ignore = a.ignore_index ?? -100;
      const reduction = reductionOf({ reduction: a.reduction });
      if (a.options !== null && chunkable(a, target, probabilities)) {
        const batched = input.ndim === 2;
        const rows = batched ? input : input.unsqueeze(0);
        const extent = {
          batch: rows.layout.shape[0]!,
          features,
          classes: w[0]!,
          dtype: input.dtype,
          probabilities: target.dtype.is_floating_point,
        };
        const chunk = (a.options as Chunking).chunkOf(extent);
        const loss = F._linear_cross_entropy(
          rows,
          linear_weight,
          batched ? target : target.unsqueeze(0),
          linear_bias,
          weight,
          reduction,
          ignore,
          chunk.rows,
          chunk.dtype,
        );
        return batched || reduction !== Reduction.none ? loss : loss.squeeze(0);
      }
      const logits = F.linear(input, linear_weight.reshape([-1, features]), linear_bias?.reshape([-1]) ?? null).reshape(shape);
      return crossEntropy(logits, target, weight, reduction, ignore, label_smoothing);
    },
    surface: ['nn.functional'],
  },
);
/** The dtype that chunks of low precision are computed in by default. */
export const accumulation = (dtype: DType): DType => (dtype === float16 || dtype === bfloat16 ? float32 : dtype);
