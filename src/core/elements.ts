// Single elements of a tensor as JavaScript values, read where they lie: for text, without running an operator.
import { Category, type DType } from './dtype.ts';
import { float8Codecs, type Float8Name } from './float8.ts';
import { fromBfloat16, fromHalf } from './half.ts';
import { Complex } from './scalar.ts';
import type { Tensor } from './tensor.ts';

export type Element = number | bigint | boolean | Complex;

/** How to read the element at a position of a tensor's storage, counted in elements. Pending conjugation and negation are applied. */
export function elementReader(t: Tensor): (position: number) => Element {
  const { dtype, conj, neg } = t.layout;
  const part = realReader(t);
  if (dtype.category === Category.Bool) return (at) => part(at) !== 0;
  const signed = neg ? (at: number) => negated(part(at)) : part;
  if (!dtype.is_complex) return signed;
  const real = signed as (at: number) => number;
  return (at) => new Complex(real(2 * at), conj ? -real(2 * at + 1) : real(2 * at + 1));
}

const negated = (x: number | bigint): number | bigint => -x;

/** Reads entries of the storage's array; complex numbers take two. */
function realReader(t: Tensor): (index: number) => number | bigint {
  const data = t.storage!.view(t.dtype);
  const decode = halfDecoder(t.dtype);
  return decode ? (at) => decode(Number(data[at])) : (at) => data[at]!;
}
function halfDecoder({ name }: DType): ((bits: number) => number) | null {
  if (name === 'bfloat16') return fromBfloat16;
  if (name in float8Codecs) return float8Codecs[name as Float8Name].decode;
  return name === 'float16' || name === 'complex32' ? fromHalf : null;
}
