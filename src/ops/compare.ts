// Elementwise comparisons, predicates, logical and bitwise operators, selection and filling.
import { bool, Category, type DType, finfo, uint8 } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { Complex, type Scalar, scalarCategory, toNumber } from '../core/scalar.ts';
import { sameShape } from '../core/size.ts';
import { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { lookup, op } from '../dispatch/operator.ts';
import type { Expr } from '../pointwise/expr.ts';
import { COMPLEX, NOT_INTEGRAL, NOT_WHOLE } from './kinds.ts';

// ---- comparisons --------------------------------------------------------------------------------------------------
const comparison = (name: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge', doc: string, aliases: readonly string[] = []): void => {
  op(`${name}.Tensor(Tensor self, Tensor other) -> Tensor` as 'eq.Tensor(Tensor self, Tensor other) -> Tensor', {
    doc,
    pointwise: (self, other) => self.apply(name, other),
    numbers: ['other'],
    promote: 'bool',
    rejects: name === 'eq' || name === 'ne' ? [] : COMPLEX,
    kernelName: `${name}_cpu`,
    aliases,
  });
};
comparison('eq', 'Whether self = other.');
comparison('ne', 'Whether self ≠ other.', ['not_equal']);
comparison('lt', 'Whether self < other.', ['less']);
comparison('le', 'Whether self ≤ other.', ['less_equal']);
comparison('gt', 'Whether self > other.', ['greater']);
comparison('ge', 'Whether self ≥ other.', ['greater_equal']);

function checkTolerances({ self, other, rtol, atol }: { self: Tensor; other: Tensor; rtol: number; atol: number }): void {
  if (self.dtype !== other.dtype) throw new RuntimeError(`${self.dtype.scalarName} did not match ${other.dtype.scalarName}`);
  if (rtol < 0) throw new RuntimeError(`rtol must be greater than or equal to zero, but got ${rtol}`);
  if (atol < 0) throw new RuntimeError(`atol must be greater than or equal to zero, but got ${atol}`);
}
op('isclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08, bool equal_nan=False) -> Tensor', {
  doc: 'Whether |self − other| ≤ atol + rtol · |other|.',
  pointwise: (self, other, rtol, atol, equal_nan) => {
    const same = equal_nan ? self.eq(other).or(self.isnan().and(other.isnan())) : self.eq(other);
    if (rtol === 0 && atol === 0) return same;
    const distance = self.sub(other).abs();
    return same.or(finite(distance).and(distance.le(other.mul(rtol).abs().add(atol))));
  },
  numbers: [],
  check: checkTolerances,
  promote: 'bool',
  inplace: false,
});
op('allclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08, bool equal_nan=False) -> bool', {
  doc: 'Whether all elements are close; see isclose.',
  decompose: ({ self, other, rtol, atol, equal_nan }) => F.isclose(self, other, rtol, atol, equal_nan).all().item<boolean>(),
  returns: 'boolean',
  inplace: false,
});
op('equal(Tensor self, Tensor other) -> bool', {
  doc: 'Whether shapes and all elements are equal.',
  decompose: ({ self, other }) => sameShape(self.layout.shape, other.layout.shape) && self.eq(other).all().item<boolean>(),
  returns: 'boolean',
  inplace: false,
});
op('is_nonzero(Tensor self) -> bool', {
  doc: 'Whether the single element is not 0.',
  decompose: ({ self }) => {
    const n = self.layout.numel;
    if (n === 0) throw new RuntimeError('Boolean value of Tensor with no values is ambiguous');
    if (n > 1) throw new RuntimeError('Boolean value of Tensor with more than one value is ambiguous');
    return self.ne(0).item<boolean>();
  },
  returns: 'boolean',
  inplace: false,
});
op('is_same_size(Tensor self, Tensor other) -> bool', {
  doc: 'Whether the shapes are equal.',
  decompose: ({ self, other }) => sameShape(self.layout.shape, other.layout.shape),
  returns: 'boolean',
  inplace: false,
});

// ---- predicates ---------------------------------------------------------------------------------------------------
/** ∞ − ∞ and NaN − NaN are NaN. */
const finite = (x: Expr): Expr => x.sub(x).eq(0);
const infinite = (x: Expr): Expr => x.abs().eq(Number.POSITIVE_INFINITY);
const predicate = (name: string, doc: string, f: (x: Expr) => Expr, check?: (args: { self: Tensor }) => void): void => {
  op(`${name}(Tensor self) -> Tensor` as 'isnan(Tensor self) -> Tensor', {
    doc,
    pointwise: f,
    promote: 'bool',
    inplace: false,
    ...(check && { check }),
  });
};
const ordered =
  (name: string) =>
  ({ self }: { self: Tensor }): void => {
    if (self.dtype.is_complex) throw new TypeError(`${name} does not support complex inputs.`);
  };
predicate('isnan', 'Whether each element is NaN.', (x) => x.isnan());
predicate('isfinite', 'Whether each element is neither infinite nor NaN.', (x) => finite(x.real()).and(finite(x.imag())));
predicate('isinf', 'Whether each element is infinite.', (x) => infinite(x.real()).or(infinite(x.imag())));
predicate('isposinf', 'Whether each element is +∞.', (x) => x.eq(Number.POSITIVE_INFINITY), ordered('isposinf'));
predicate('isneginf', 'Whether each element is −∞.', (x) => x.eq(Number.NEGATIVE_INFINITY), ordered('isneginf'));
predicate('isreal', 'Whether the imaginary part is 0.', (x) => x.imag().eq(0));
predicate(
  'signbit',
  'Whether the sign bit is set: negative numbers and −0.',
  (x) => x.signbit(),
  ({ self }) => {
    if (self.dtype.is_complex) throw new NotImplementedError('signbit is not implemented for complex tensors.');
  },
);

// ---- logic --------------------------------------------------------------------------------------------------------
const logical = (name: string, doc: string, f: (a: Expr, b: Expr) => Expr): void => {
  op(`${name}(Tensor self, Tensor other) -> Tensor` as 'logical_and(Tensor self, Tensor other) -> Tensor', {
    doc,
    pointwise: (self, other) => f(self.bool(), other.bool()),
    numbers: [],
    own: ['self', 'other'],
    promote: 'bool',
  });
};
logical('logical_and', 'Whether both are true; numbers other than 0 count as true.', (a, b) => a.and(b));
logical('logical_or', 'Whether one is true; numbers other than 0 count as true.', (a, b) => a.or(b));
logical('logical_xor', 'Whether exactly one is true; numbers other than 0 count as true.', (a, b) => a.ne(b));
op('logical_not(Tensor self) -> Tensor', { doc: 'Whether self is 0.', pointwise: (self) => self.not(), promote: 'bool' });

// ---- bits ---------------------------------------------------------------------------------------------------------
const bits = (name: 'and' | 'or' | 'xor', doc: string): void => {
  op(`bitwise_${name}.Tensor(Tensor self, Tensor other) -> Tensor` as 'bitwise_and.Tensor(Tensor self, Tensor other) -> Tensor', {
    doc,
    pointwise: (self, other) => self.apply(`bitwise_${name}`, other),
    rejects: NOT_WHOLE,
    kernelName: `bitwise_${name}_cpu`,
    aliases: [`__${name}__`, `__r${name}__`],
  });
};
bits('and', 'Bitwise and; of bools the logical one.');
bits('or', 'Bitwise or; of bools the logical one.');
bits('xor', 'Bitwise exclusive or; of bools the logical one.');
op('bitwise_not(Tensor self) -> Tensor', {
  doc: 'All bits inverted; of bools the logical not.',
  pointwise: (self) => self.apply('bitwise_not'),
  rejects: NOT_WHOLE,
  kernelName: 'bitwise_not_cpu',
  aliases: ['__invert__'],
});
op('bitwise_left_shift.Tensor(Tensor self, Tensor other) -> Tensor', {
  doc: 'self · 2ᵒᵗʰᵉʳ by shifting bits.',
  pointwise: (self, other) => self.apply('shift_left', other),
  rejects: NOT_INTEGRAL,
  kernelName: 'lshift_cpu',
  aliases: ['__lshift__'],
});
op('bitwise_right_shift.Tensor(Tensor self, Tensor other) -> Tensor', {
  doc: 'self / 2ᵒᵗʰᵉʳ rounded down, by shifting bits.',
  pointwise: (self, other) => self.apply('shift_right', other),
  rejects: NOT_INTEGRAL,
  kernelName: 'rshift_cpu',
  aliases: ['__rshift__'],
});

// ---- selection ----------------------------------------------------------------------------------------------------
op('where.self(Tensor condition, Tensor self, Tensor other) -> Tensor', {
  doc: 'self where the condition holds, other elsewhere.',
  pointwise: (condition, self, other) => condition.where(self, other),
  numbers: ['self', 'other'],
  own: ['condition'],
  check: ({ condition }) => {
    if (condition.dtype !== bool && condition.dtype !== uint8) {
      throw new RuntimeError(`where expected condition to be a boolean tensor, but got a tensor with dtype ${condition.dtype.scalarName}`);
    }
  },
  inplace: false,
});
const nonzero = lookup('nonzero') as unknown as (t: Tensor) => Tensor;
op('where(Tensor condition) -> Tensor[]', {
  doc: 'The positions of true elements, one index tensor a dimension.',
  decompose: ({ condition }) => {
    const t = condition.ndim === 0 ? condition.unsqueeze(0) : condition;
    return nonzero(t).unbind(1);
  },
});

/** Fails where a number has no counterpart in `dtype`. */
export function checkConvertible(value: Scalar, dtype: DType): void {
  const fits = (): boolean => {
    if (dtype.is_complex || dtype === bool) return true;
    if (value instanceof Complex && value.im !== 0) return false;
    const v = toNumber(value);
    if (dtype.category === Category.Floating) return !Number.isFinite(v) || Math.abs(v) <= new finfo(dtype).max;
    if (!Number.isFinite(v)) return false;
    const bits = dtype.itemsize * 8;
    const exact = scalarCategory(value) === Category.Integral && typeof value === 'bigint' ? value : BigInt(Math.trunc(v));
    // A negative number wraps into an unsigned dtype, as in C.
    return dtype.is_signed
      ? exact === BigInt.asIntN(bits, exact)
      : exact === BigInt.asUintN(bits, exact) || (exact < 0n && -exact < 1n << BigInt(bits));
  };
  if (!fits()) throw new RuntimeError(`value cannot be converted to type ${C_TYPES[dtype.name] ?? dtype.cName} without overflow`);
}
const C_TYPES: Partial<Record<string, string>> = { uint8: 'uint8_t', int8: 'int8_t', int16: 'int16_t', int32: 'int', int64: 'int64_t' };

op('masked_fill.Tensor(Tensor self, Tensor mask, Tensor value) -> Tensor', {
  doc: 'self with value where the mask holds.',
  pointwise: (self, mask, value) => mask.where(value, self),
  numbers: ['value'],
  own: ['mask', 'value'],
  promote: 'self',
  check: ({ self, mask, value }: { self: Tensor; mask: Tensor; value: Tensor | Scalar }) => {
    if (mask.dtype !== bool)
      throw new RuntimeError(`masked_fill_ only supports boolean masks, but got mask with dtype ${mask.dtype.cName}`);
    if (!(value instanceof Tensor)) checkConvertible(value, self.dtype);
    else if (value.ndim === 0 && value.dtype.is_complex && !self.dtype.is_complex) checkConvertible(new Complex(0, 1), self.dtype);
    else if (value.ndim > 0)
      throw new RuntimeError(`masked_fill_ only supports a 0-dimensional value tensor, but got tensor with ${value.ndim} dimension(s).`);
  },
});
op('fill.Tensor(Tensor self, Tensor value) -> Tensor', {
  doc: 'A tensor like self that holds value everywhere.',
  pointwise: (_self, value) => value,
  numbers: ['value'],
  own: ['self', 'value'],
  promote: 'self',
  check: ({ self, value }: { self: Tensor; value: Tensor | Scalar }) => {
    if (!(value instanceof Tensor)) checkConvertible(value, self.dtype);
    else if (value.ndim > 0)
      throw new RuntimeError(`fill_ only supports 0-dimension value tensor but got tensor with ${value.ndim} dimensions.`);
  },
});
op('zero(Tensor self) -> Tensor', {
  doc: 'A tensor like self that holds 0 everywhere.',
  pointwise: (self) => self.constant(0),
  promote: 'self',
});
op('copy(Tensor self, Tensor src, bool non_blocking=False) -> Tensor', {
  doc: 'src, broadcast to the shape of self and converted to its dtype.',
  pointwise: (_self, src) => src,
  own: ['self', 'src'],
  promote: 'self',
});

/** NaN and infinities replaced; the derivative is 0 there. */
const replaced = (x: Expr, nan: number, posinf: number, neginf: number): Expr =>
  x.isnan().where(nan, x.eq(Number.POSITIVE_INFINITY).where(posinf, x.eq(Number.NEGATIVE_INFINITY).where(neginf, x)));
op('nan_to_num(Tensor self, float? nan=None, float? posinf=None, float? neginf=None) -> Tensor', {
  doc: 'self with NaN and infinities replaced: by 0 and the largest numbers, unless others are given.',
  decompose: ({ self, nan, posinf, neginf }) => {
    if (self.dtype.category < Category.Floating) return self.clone();
    const { max } = new finfo(self.dtype);
    return F._nan_to_num(self, nan ?? 0, posinf ?? max, neginf ?? -max);
  },
});
op('_nan_to_num(Tensor self, float nan, float posinf, float neginf) -> Tensor', {
  pointwise: (self, nan, posinf, neginf) => replaced(self.real(), nan, posinf, neginf).complex(replaced(self.imag(), nan, posinf, neginf)),
  decides: true,
  surface: [],
});
