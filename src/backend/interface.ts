// What a backend is. Operators carry their reference kernels; a backend runs formulas and may accelerate kernels by name.
import type { Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Scalar } from '../core/scalar.ts';
import type { Program } from '../pointwise/compile.ts';

/** An operand of a formula: a tensor that broadcasts to the iteration's shape, or a number. */
export type FormulaOperand = Tensor | Scalar;

export interface Backend {
  readonly name: string;
  /** Runs a program for every element of `shape`; the outputs have that shape (with any strides). */
  pointwise(program: Program, shape: Shape, inputs: readonly (FormulaOperand | null)[], outputs: readonly Tensor[]): void;
  /** Copies with conversion; `src` broadcasts to `dst`. */
  copy(dst: Tensor, src: Tensor): void;
}
/** The backend in use, chosen at load. */
export const backend: { current: Backend } = { current: null as unknown as Backend };
