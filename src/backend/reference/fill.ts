import { Category } from '../../core/dtype.ts';
import type { Scalar } from '../../core/scalar.ts';
import type { Tensor } from '../../core/tensor.ts';
import { compile, type Program } from '../../pointwise/compile.ts';
import { Graph } from '../../pointwise/expr.ts';
import { registerType } from '../../pointwise/types.ts';
import { backend } from '../interface.ts';

const programs = new Map<number, Program>();
/** Writes one number everywhere. */
export function fill(out: Tensor, value: Scalar): void {
  const { dtype, numel, contiguous } = out.layout;
  if (numel === 0) return;
  if (contiguous && dtype.category < Category.Complex && dtype.itemsize !== 2 && typeof value === 'number') {
    const data = out.storage!.view(dtype);
    const { offset } = out.layout;
    if (data instanceof Float32Array || data instanceof Float64Array) {
      data.fill(value, offset, offset + numel);
      return;
    }
    if (value === 0) {
      (data as Uint8Array).fill(
        (data instanceof BigInt64Array || data instanceof BigUint64Array ? 0n : 0) as number,
        offset,
        offset + numel,
      );
      return;
    }
  }
  const type = registerType(dtype);
  const key = type * 2 + (dtype.is_complex ? 1 : 0);
  let p = programs.get(key);
  if (!p) {
    p = compile([new Graph().input(0)], [{ type, complex: dtype.is_complex }], [dtype.is_complex]);
    programs.set(key, p);
  }
  backend.current.pointwise(p, out.layout.shape, [value], [out]);
}
