// Dropout: every mask is drawn by bernoulli_ as PyTorch draws it, so that the zeros stand at the same places.
import { bool, type DType } from '../core/dtype.ts';
import { RuntimeError, ValueError } from '../core/errors.ts';
import { FloatScalar } from '../core/scalar.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';

interface Kind {
  /** Whole channels are dropped. */
  readonly feature: boolean;
  /** Mean and variance are kept, as selu needs. */
  readonly alpha: boolean;
}
op('_masked_scale(Tensor self, Tensor mask, float keep) -> Tensor', {
  doc: 'self · mask / keep.',
  pointwise: (self, mask, keep) => self.mul(mask.div(keep)),
  surface: [],
  gradName: 'MulBackward0',
  inplace: false,
});
function maskFor(input: Tensor, keep: number, feature: boolean): Tensor {
  if (!feature) return F.bernoulli_$float(F.empty_like(input), keep);
  if (input.ndim < 2) throw new RuntimeError('Feature dropout requires at least 2 dimensions in the input');
  const size = input.layout.shape.map((s, i) => (i < 2 ? s : 1));
  return F.bernoulli_$float(F.empty(size, input.dtype, null, input.device), keep);
}
const ALPHA = 1.7580993408473766;
function dropped(input: Tensor, p: number, train: boolean, { feature, alpha }: Kind): Tensor {
  if (!(p >= 0 && p <= 1)) throw new RuntimeError(`dropout probability has to be between 0 and 1, but got ${p}`);
  if (p === 0 || !train || input.layout.numel === 0) return input;
  if (p === 1) return input.mul(F.zeros([], input.dtype, null, input.device));
  const mask = maskFor(input, 1 - p, feature);
  if (alpha) {
    const a = 1 / Math.sqrt((ALPHA * ALPHA * p + 1) * (1 - p));
    const offset = mask
      .add(-1)
      .mul_(ALPHA * a)
      .add_(ALPHA * a * p);
    return input.mul(mask.mul_(a)).add_(offset);
  }
  // PyTorch rounds the scaled mask: in half precision a fused product would differ.
  return input.dtype.itemsize === 2 ? input.mul(mask.div_(1 - p)) : F._masked_scale(input, mask, 1 - p);
}

const KINDS = {
  dropout: { feature: false, alpha: false, doc: 'Zeroes elements with probability p and scales the others by 1 / (1 − p).' },
  feature_dropout: { feature: true, alpha: false, doc: 'Zeroes channels with probability p and scales the others by 1 / (1 − p).' },
  alpha_dropout: { feature: false, alpha: true, doc: 'Drops elements and keeps mean and variance.' },
  feature_alpha_dropout: { feature: true, alpha: true, doc: 'Drops channels and keeps mean and variance.' },
} as const;
type Name = keyof typeof KINDS;
const inPlaceOf = {
  dropout: (x: Tensor, p: number, train: boolean): Tensor => F.dropout_(x, p, train),
  feature_dropout: (x: Tensor, p: number, train: boolean): Tensor => F.feature_dropout_(x, p, train),
  alpha_dropout: (x: Tensor, p: number, train: boolean): Tensor => F.alpha_dropout_(x, p, train),
  feature_alpha_dropout: (x: Tensor, p: number, train: boolean): Tensor => F.feature_alpha_dropout_(x, p, train),
} as const;
const newOf = {
  dropout: (x: Tensor, p: number, train: boolean): Tensor => F.dropout(x, p, train),
  feature_dropout: (x: Tensor, p: number, train: boolean): Tensor => F.feature_dropout(x, p, train),
  alpha_dropout: (x: Tensor, p: number, train: boolean): Tensor => F.alpha_dropout(x, p, train),
  feature_alpha_dropout: (x: Tensor, p: number, train: boolean): Tensor => F.feature_alpha_dropout(x, p, train),
} as const;
const checked = (p: number): void => {
  if (p < 0 || p > 1) throw new ValueError(`dropout probability has to be between 0 and 1, but got ${p}`);
};
type Schema = 'dropout(Tensor self, float p, bool train) -> Tensor';
type FunctionalSchema = 'dropout.functional(Tensor input, float p=0.5, bool training=True, bool inplace=False) -> Tensor';
for (const name of Object.keys(KINDS) as Name[]) {
  const kind = KINDS[name];
  op(`${name}(Tensor self, float p, bool train) -> Tensor` as Schema, {
    doc: kind.doc,
    decompose: ({ self, p, train }) => dropped(self, p, train, kind),
    random: true,
    surface: ['function'],
  });
  if (name === 'feature_dropout') continue;
  const training = name === 'dropout' ? 'True' : 'False';
  op(`${name}.functional(Tensor input, float p=0.5, bool training=${training}, bool inplace=False) -> Tensor` as FunctionalSchema, {
    doc: kind.doc,
    decompose: ({ input, p, training: train, inplace }) => {
      checked(p);
      return (inplace ? inPlaceOf : newOf)[name](input, p, train);
    },
    random: true,
    surface: ['nn.functional'],
  });
}

/** dropout1d, 2d, 3d: channels of examples with n spatial dimensions. */
for (const n of [1, 2, 3] as const) {
  op(`dropout${n}d(Tensor input, float p=0.5, bool training=True, bool inplace=False) -> Tensor` as FunctionalSchema, {
    doc: `Zeroes channels of inputs with ${n} spatial dimensions.`,
    decompose: ({ input, p, training, inplace }) => {
      checked(p);
      const drop = inplace ? F.feature_dropout_ : F.feature_dropout;
      if (n === 1 && input.ndim !== 2 && input.ndim !== 3) {
        throw new RuntimeError(
          `dropout1d: Expected 2D or 3D input, but received a ${input.ndim}D input. Note that dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs).`,
        );
      }
      // A 3-D input of dropout2d is a batch of 1-D ones, for compatibility.
      const single = n === 1 ? input.ndim === 2 : n === 3 && input.ndim === 4;
      if (!single) return drop(input, p, training);
      const r = drop(input.unsqueeze(0), p, training).squeeze(0);
      return inplace ? input : r;
    },
    random: true,
    surface: ['nn.functional'],
  });
}

op('native_dropout(Tensor input, float p, bool? train) -> (Tensor result0, Tensor result1)', {
  doc: 'Dropout, and the mask of what was kept.',
  decompose: ({ input, p, train }) => {
    if (input.layout.numel === 0) return [input.clone(), F.empty_like(input, bool)];
    if (train === false) return [input.clone(), F.ones_like(input, bool)];
    const keep = 1 - p;
    const mask = F.bernoulli_$float(F.empty_like(input, bool), keep);
    return [input.mul(mask).mul(keep === 0 ? 0 : 1 / keep), mask];
  },
  random: true,
});
op('native_dropout_backward(Tensor grad_output, Tensor mask, float scale) -> Tensor', {
  doc: 'The gradient of native_dropout.',
  decompose: ({ grad_output, mask, scale }) => {
    if ((mask.dtype as DType) !== bool) throw new RuntimeError(`Mask should be Bool Scalar Type${mask.dtype.scalarName}`);
    return grad_output.mul(mask).mul(new FloatScalar(scale));
  },
});
