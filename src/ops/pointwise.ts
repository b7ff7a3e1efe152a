// Elementwise operators. Each declaration is the whole operator: forward, every derivative, batching, meta, in place.
import { op } from '../dispatch/operator.ts';

// ---- arithmetic ---------------------------------------------------------------------------------------------------
op('add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor', {
  doc: 'self + alpha · other.',
  pointwise: (self, other, alpha) => self.add(other.mul(alpha)),
});
op('sub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor', {
  doc: 'self − alpha · other.',
  pointwise: (self, other, alpha) => self.sub(other.mul(alpha)),
  aliases: ['subtract'],
});
op('mul.Tensor(Tensor self, Tensor other) -> Tensor', {
  doc: 'self · other.',
  pointwise: (self, other) => self.mul(other),
  aliases: ['multiply'],
});
op('neg(Tensor self) -> Tensor', { doc: '−self.', pointwise: (self) => self.neg(), aliases: ['negative'] });
op('exp(Tensor self) -> Tensor', { doc: 'eˢᵉˡᶠ.', pointwise: (self) => self.exp(), promote: 'int_to_float', autocast: 'float32' });
op('copy(Tensor self, Tensor src, bool non_blocking=False) -> Tensor', {
  doc: 'src, broadcast to the shape of self and converted to its dtype.',
  pointwise: (_self, src) => src,
  own: ['self', 'src'],
  promote: 'self',
});
op('_to_copy(Tensor self, *, ScalarType dtype) -> Tensor', {
  doc: 'self converted to a dtype.',
  pointwise: (self) => self,
  own: ['self'],
  promote: ({ dtype }) => dtype,
  inplace: false,
});
op('isnan(Tensor self) -> Tensor', { doc: 'Whether each element is NaN.', pointwise: (self) => self.isnan(), promote: 'bool', inplace: false });
op('lerp.Scalar(Tensor self, Tensor end, Scalar weight) -> Tensor', {
  doc: 'Linear interpolation self + weight · (end − self).',
  pointwise: (self, end, weight) => self.add(end.sub(self).mul(weight)),
});
