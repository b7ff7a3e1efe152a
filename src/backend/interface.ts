// What a backend is. Operators carry their reference kernels; a backend runs formulas and may accelerate kernels by name.
import type { DType } from '../core/dtype.ts';
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
  /**
   * The same for contiguous operands of one floating dtype and as many elements: `args` at `positions` are tensors or numbers. False, or absent:
   * nothing was computed.
   */
  pointwiseFlat?(program: Program, args: readonly unknown[], positions: readonly number[], output: Tensor): boolean;
  /**
   * Runs a program over many lists of tensors of `dtype`, each list of one dense layout: inputs are the tensors of a list, then `numbers`;
   * output j overwrites tensor `outputs[j]`. False, or absent: nothing was computed.
   */
  pointwiseEach?(
    program: Program,
    dtype: DType,
    numbers: readonly number[],
    outputs: readonly number[],
    lists: readonly (readonly Tensor[])[],
  ): boolean;
  /** The same by a kernel of this name, which knows its formula: its settings, then the lists. */
  stepEach?(kernel: string, dtype: DType, settings: readonly number[], lists: readonly (readonly Tensor[])[]): boolean;
  /** Copies with conversion; `src` broadcasts to `dst`. */
  copy(dst: Tensor, src: Tensor): void;
}
/** The backend in use, chosen at load. */
export const backend: { current: Backend } = { current: null as unknown as Backend };
