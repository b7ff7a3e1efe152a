// Result dtypes: PyTorch's three categories, tensors with dimensions before 0-d tensors before scalars.
import { bool, Category, type DType, get_default_dtype, promote_types } from '../core/dtype.ts';
import { isScalar, type Scalar, scalarCategory, scalarDtype } from '../core/scalar.ts';
import { Tensor } from '../core/tensor.ts';
import { named, type Op } from './operator.ts';

/** Accumulates operands and gives the dtype in which they meet. */
class Promotion {
  private dim: DType | null = null;
  private zero: DType | null = null;
  private wrapped: DType | null = null;
  add(x: unknown): void {
    if (x instanceof Tensor) {
      const d = x.layout.dtype;
      if (x.layout.shape.length) this.dim = this.dim === null || this.dim === d ? d : promote_types(this.dim, d);
      else this.zero = this.zero === null ? d : promote_types(this.zero, d);
    } else if (isScalar(x)) {
      const d = scalarDtype(x);
      this.wrapped = this.wrapped === null ? d : promote_types(this.wrapped, d);
    } else if (Array.isArray(x)) for (const y of x) this.add(y);
  }
  result(): DType {
    return combine(combine(this.dim, this.zero), this.wrapped) ?? get_default_dtype();
  }
}
/** The lower-priority operand counts only with its category. */
function combine(high: DType | null, low: DType | null): DType | null {
  if (high === null || low === null) return high ?? low;
  if (low.category <= high.category) return high;
  if (low.category === Category.Complex && high.category === Category.Floating) return high.to_complex();
  return low;
}

/** torch.result_type of any number of tensors and scalars. */
export function resultType(...operands: readonly (Tensor | Scalar)[]): DType {
  const p = new Promotion();
  for (const x of operands) p.add(x);
  return p.result();
}

/** The dtype in which a formula computes. */
export function computeDtype(o: Op, args: readonly unknown[]): DType {
  const d = operandDtype(o, args);
  const rule = o.decl.promote;
  return (rule === 'int_to_float' || rule === 'float_real') && d.category < Category.Floating ? get_default_dtype() : d;
}
function operandDtype(o: Op, args: readonly unknown[]): DType {
  const inputs = o.formulaInputs;
  // Most calls: one tensor, or two of the same dtype.
  const first = args[inputs[0]!];
  if (first instanceof Tensor && !o.ownTyped[inputs[0]!]) {
    if (inputs.length === 1) return first.layout.dtype;
    if (inputs.length === 2) {
      const second = args[inputs[1]!];
      if (second instanceof Tensor) {
        if (second.layout.dtype === first.layout.dtype && !o.ownTyped[inputs[1]!]) return first.layout.dtype;
      } else if (typeof second === 'number' && scalarCategory(second) <= first.layout.dtype.category) return first.layout.dtype;
    }
  }
  const p = new Promotion();
  for (const i of inputs) if (!o.ownTyped[i]) p.add(args[i]);
  return p.result();
}
/** The dtype of a formula's results, given the one in which it computes. */
export function formulaResultDtype(o: Op, args: readonly unknown[], compute: DType): DType {
  const rule = o.decl.promote;
  if (rule === undefined || rule === 'default' || rule === 'int_to_float') return compute;
  if (typeof rule === 'function') return rule(named(o, args));
  switch (rule) {
    case 'bool':
      return bool;
    case 'self':
      return (args[0] as Tensor).layout.dtype;
    case 'real':
    case 'float_real':
      return compute.to_real();
    default:
      return compute;
  }
}
