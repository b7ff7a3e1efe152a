import { bool, type DType, float64, complex128, Category } from '../core/dtype.ts';
import { RegType } from './primitives.ts';

/** The registers in which a dtype's elements are computed: half types in float32, all integers in int64. */
export function registerType(d: DType): RegType {
  if (d.category >= Category.Floating) return d === float64 || d === complex128 ? RegType.Float64 : RegType.Float32;
  return d === bool ? RegType.Bool : RegType.Int64;
}
