// The reference backend: TypeScript loops, the oracle of every other backend and the last resort.
import { expandStrides } from '../../core/shape.ts';
import { Category } from '../../core/dtype.ts';
import { imaginary, scalarCategory, toBigInt, toNumber } from '../../core/scalar.ts';
import type { Shape } from '../../core/size.ts';
import { Tensor } from '../../core/tensor.ts';
import { compile, type Program } from '../../pointwise/compile.ts';
import { Graph } from '../../pointwise/expr.ts';
import { interpret, type MemoryOperand, type Operand } from '../../pointwise/interpret.ts';
import { registerType } from '../../pointwise/types.ts';
import type { Backend, FormulaOperand } from '../interface.ts';

function memoryOperand(t: Tensor, shape: Shape): MemoryOperand {
  const l = t.layout;
  return { data: storageOf(t).view(l.dtype), dtype: l.dtype, offset: l.offset, stride: expandStrides(l.shape, l.stride, shape) };
}
/** The storage of a tensor that has one. */
export function storageOf(t: Tensor): NonNullable<Tensor['storage']> {
  if (t.storage === null) throw new Error(`a tensor of a finished transform was used outside it`);
  return t.storage;
}
export function operandOf(x: FormulaOperand | null, shape: Shape): Operand {
  if (x instanceof Tensor) return memoryOperand(x, shape);
  const s = x ?? 0;
  const whole = scalarCategory(s) <= Category.Integral;
  return { data: null, value: toNumber(s), bits: whole ? toBigInt(s) : null, imag: imaginary(s) };
}

const copies = new Map<number, Program>();
export function copyProgram(src: Tensor, complexOutput: boolean): Program {
  const d = src.layout.dtype;
  const type = registerType(d);
  const key = type * 16 + (d.is_complex ? 8 : 0) + (src.layout.conj ? 4 : 0) + (src.layout.neg ? 2 : 0) + (complexOutput ? 1 : 0);
  let p = copies.get(key);
  if (!p) {
    let x = new Graph().input(0);
    if (src.layout.conj) x = x.conj();
    if (src.layout.neg) x = x.neg();
    p = compile([x], [{ type, complex: d.is_complex }], [complexOutput]);
    copies.set(key, p);
  }
  return p;
}

export const reference: Backend = {
  name: 'reference',
  pointwise(program, shape, inputs, outputs) {
    interpret(
      program,
      shape,
      inputs.map((x) => operandOf(x, shape)),
      outputs.map((t) => memoryOperand(t, shape)),
    );
  },
  copy(dst, src) {
    const shape = dst.layout.shape;
    interpret(copyProgram(src, dst.layout.dtype.is_complex), shape, [memoryOperand(src, shape)], [memoryOperand(dst, shape)]);
  },
};
