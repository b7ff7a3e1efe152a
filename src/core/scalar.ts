// Python scalars that a plain JavaScript number cannot state.
import { bool, complex128, complex64, type DType, float64, get_default_dtype, int64, Category, pythonFloat } from './dtype.ts';

/** A complex number. Python's `1+2j` is `new torch.Complex(1, 2)`. */
export class Complex {
  constructor(
    readonly re: number,
    readonly im: number = 0,
  ) {}
  toString(): string {
    const part = (v: number): string => pythonFloat(v).replace(/\.0$/, '');
    const sign = this.im < 0 || Object.is(this.im, -0) ? '-' : '+';
    return this.re === 0 && !Object.is(this.re, -0) ? `${part(this.im)}j` : `(${part(this.re)}${sign}${part(Math.abs(this.im))}j)`;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** A number that counts as a float even when it is whole: Python's `1.0`. Made by `torch.scalar(1, { float: true })`. */
export class FloatScalar {
  constructor(readonly value: number) {}
  valueOf(): number {
    return this.value;
  }
  toString(): string {
    return pythonFloat(this.value);
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** What an operator takes where Python takes a number. */
export type Scalar = number | bigint | boolean | Complex | FloatScalar;

export const isScalar = (x: unknown): x is Scalar =>
  typeof x === 'number' || typeof x === 'bigint' || typeof x === 'boolean' || x instanceof FloatScalar || x instanceof Complex;

/** States what kind of number is meant, where the value alone does not say it. */
export function scalar(value: number, options: { float?: boolean } = {}): number | FloatScalar {
  return options.float ? new FloatScalar(value) : value;
}

/** A scalar's promotion category: whole numbers are ints, as Python's literals are. */
export function scalarCategory(s: Scalar): Category {
  if (typeof s === 'number') return Number.isInteger(s) && !Object.is(s, -0) ? Category.Integral : Category.Floating;
  if (typeof s === 'boolean') return Category.Bool;
  if (typeof s === 'bigint') return Category.Integral;
  return s instanceof Complex ? Category.Complex : Category.Floating;
}
/** The dtype that a 0-d tensor of this scalar has as an operand. */
export function scalarDtype(s: Scalar): DType {
  switch (scalarCategory(s)) {
    case Category.Bool:
      return bool;
    case Category.Integral:
      return int64;
    case Category.Floating:
      return get_default_dtype();
    default:
      return get_default_dtype() === float64 ? complex128 : complex64;
  }
}
/** The real number of a scalar. */
export function toNumber(s: Scalar): number {
  if (typeof s === 'number') return s;
  if (s instanceof Complex) return s.re;
  if (s instanceof FloatScalar) return s.value;
  return Number(s);
}
export const imaginary = (s: Scalar): number => (s instanceof Complex ? s.im : 0);
/** A scalar as an int64, wrapped like a C cast. */
export function toBigInt(s: Scalar): bigint {
  if (typeof s === 'bigint') return BigInt.asIntN(64, s);
  const v = toNumber(s);
  if (!Number.isFinite(v)) return -9223372036854775808n;
  return BigInt.asIntN(64, BigInt(Math.trunc(v)));
}
