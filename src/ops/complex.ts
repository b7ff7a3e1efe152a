// Complex numbers: their parts, conjugates and views.
import { Category, type DType, float16, float32, float64 } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';

const HAVE_COMPLEX: readonly DType[] = [float16, float32, float64];
function checkParts(real: Tensor, imag: Tensor): void {
  if (!HAVE_COMPLEX.includes(real.dtype) || !HAVE_COMPLEX.includes(imag.dtype)) {
    throw new NotImplementedError(
      `Expected both inputs to be Half, Float or Double tensors but got ${real.dtype.scalarName} and ${imag.dtype.scalarName}`,
    );
  }
  if (real.dtype !== imag.dtype) {
    throw new RuntimeError(
      `Expected object of scalar type ${real.dtype.scalarName} but got scalar type ${imag.dtype.scalarName} for second argument`,
    );
  }
}
op('complex(Tensor real, Tensor imag) -> Tensor', {
  doc: 'real + i · imag.',
  pointwise: (real, imag) => real.complex(imag),
  numbers: [],
  check: ({ real, imag }) => checkParts(real, imag),
  promote: ({ real }) => real.dtype.to_complex(),
  castsOut: false,
});
op('polar(Tensor abs, Tensor angle) -> Tensor', {
  doc: 'abs · eⁱᵃⁿᵍˡᵉ.',
  pointwise: (abs, angle) => abs.mul(angle.cos()).complex(abs.mul(angle.sin())),
  numbers: [],
  check: ({ abs, angle }) => checkParts(abs, angle),
  promote: ({ abs }) => abs.dtype.to_complex(),
  castsOut: false,
  autocast: 'float32',
});
op('angle(Tensor self) -> Tensor', {
  doc: 'The argument of a complex number; π for negative reals.',
  pointwise: (self) => self.angle(),
  promote: 'float_real',
  inplace: false,
});
op('conj_physical(Tensor self) -> Tensor', {
  doc: 'The complex conjugate, computed.',
  decompose: ({ self }) => (self.dtype.is_complex ? F._conj_physical(self) : self),
});
op('_conj_physical(Tensor self) -> Tensor', { pointwise: (self) => self.conj(), surface: [], inplace: false });
op('resolve_conj(Tensor(a) self) -> Tensor(a)', {
  doc: 'self with a pending conjugation carried out.',
  decompose: ({ self }) => (self.layout.conj ? self.clone() : self),
  inplace: false,
});
op('resolve_neg(Tensor(a) self) -> Tensor(a)', {
  doc: 'self with a pending negation carried out.',
  decompose: ({ self }) => (self.layout.neg ? self.clone() : self),
  inplace: false,
});

// ---- views --------------------------------------------------------------------------------------------------------
op('view_as_real(Tensor(a) self) -> Tensor(a)', {
  doc: 'A complex tensor as a real one with a last dimension of real and imaginary part.',
  view: ({ self }) => {
    if (!self.dtype.is_complex) throw new TypeError('view_as_real is only supported for complex tensors');
    const { shape, stride, offset, conj } = self.layout;
    if (conj) {
      throw new RuntimeError(
        "view_as_real doesn't work on unresolved conjugated tensors.  To resolve the conjugate tensor so you can view it as real, use self.resolve_conj(); however, be warned that the resulting tensor will NOT alias the original.",
      );
    }
    return { shape: [...shape, 2], stride: [...stride.map((s) => 2 * s), 1], offset: 2 * offset, dtype: self.dtype.to_real() };
  },
  inverse: (src) => F.view_as_complex(src.contiguous().resolve_neg()),
  batch: (run) => run({}),
  surface: ['function'],
});
op('view_as_complex(Tensor(a) self) -> Tensor(a)', {
  doc: 'A real tensor whose last dimension holds real and imaginary parts as a complex one.',
  view: ({ self }) => {
    const { dtype } = self;
    if (!HAVE_COMPLEX.includes(dtype))
      throw new NotImplementedError(
        `view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: ${dtype.scalarName}`,
      );
    const { shape, stride, offset } = self.layout;
    const last = shape.length - 1;
    if (last < 0) throw new RuntimeError('Input tensor must have one or more dimensions');
    if (shape[last] !== 2) throw new RuntimeError('Tensor must have a last dimension of size 2');
    if (stride[last] !== 1) throw new RuntimeError('Tensor must have a last dimension with stride 1');
    const outer = stride.slice(0, last);
    if (outer.some((s) => s % 2 !== 0)) throw new RuntimeError('Tensor must have a stride divisible by 2 for all but last dimension');
    if (offset % 2 !== 0) throw new RuntimeError('Tensor must have a storage_offset divisible by 2');
    return { shape: shape.slice(0, last), stride: outer.map((s) => s / 2), offset: offset / 2, dtype: dtype.to_complex() };
  },
  inverse: (src) => F.view_as_real(src.contiguous().resolve_conj()),
  batch: (run) => run({}),
  surface: ['function'],
  autocast: 'float32',
});
op('real(Tensor(a) self) -> Tensor(a)', {
  doc: 'The real part, as a view.',
  decompose: ({ self }) => {
    if (self.dtype.category !== Category.Complex) return self;
    return F.select$int(F.view_as_real(self.layout.conj ? self._conj() : self), -1, 0);
  },
  surface: ['function'],
  inplace: false,
});
op('imag(Tensor(a) self) -> Tensor(a)', {
  doc: 'The imaginary part, as a view.',
  decompose: ({ self }) => {
    if (self.dtype.category !== Category.Complex) throw new TypeError('imag is not implemented for tensors with non-complex dtypes.');
    if (self.layout.conj) return F._neg_view(F.select$int(F.view_as_real(self._conj()), -1, 1));
    return F.select$int(F.view_as_real(self), -1, 1);
  },
  surface: ['function'],
  inplace: false,
});
