// What a backend is. Operators carry their reference kernels; a backend runs formulas and may accelerate kernels by name.
import type { DType } from '../core/dtype.ts';
import type { Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Scalar } from '../core/scalar.ts';
import type { Program } from '../pointwise/compile.ts';

/** An operand of a formula: a tensor that broadcasts to the iteration's shape, or a number. */
export type FormulaOperand = Tensor | Scalar;

/** A step of an optimizer over many tensors in one call; false: nothing was computed. The tensors of one entry have one dense layout. */
export interface OptimizerSteps {
  sgd(settings: SgdStep, dtype: DType, tensors: readonly SgdTensors[]): boolean;
  adam(settings: AdamStep, dtype: DType, tensors: readonly AdamTensors[]): boolean;
  adagrad(settings: AdagradStep, dtype: DType, tensors: readonly AdagradTensors[]): boolean;
  rmsprop(settings: RmspropStep, dtype: DType, tensors: readonly RmspropTensors[]): boolean;
}
interface Stepped {
  readonly param: Tensor;
  readonly grad: Tensor;
}
interface Step {
  readonly lr: number;
  readonly weight_decay: number;
  readonly maximize: boolean;
}
export interface SgdStep extends Step {
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
}
export interface SgdTensors extends Stepped {
  /** Null without momentum; it becomes the gradient when `first`. */
  readonly buffer: Tensor | null;
  readonly first: boolean;
}
export interface AdamStep extends Step {
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly decoupled_weight_decay: boolean;
}
export interface AdamTensors extends Stepped {
  readonly exp_avg: Tensor;
  readonly exp_avg_sq: Tensor;
  readonly max_exp_avg_sq: Tensor | null;
  /** Counts this step. */
  readonly step: number;
}
export interface AdagradStep extends Step {
  readonly lr_decay: number;
  readonly eps: number;
}
export interface AdagradTensors extends Stepped {
  readonly sum: Tensor;
  readonly step: number;
}
export interface RmspropStep extends Step {
  readonly alpha: number;
  readonly eps: number;
  readonly momentum: number;
}
export interface RmspropTensors extends Stepped {
  readonly square_avg: Tensor;
  readonly grad_avg: Tensor | null;
  readonly momentum_buffer: Tensor | null;
}

export interface Backend {
  readonly name: string;
  /** Absent: optimizers compute with operators. */
  readonly optimizers?: OptimizerSteps;
  /** Runs a program for every element of `shape`; the outputs have that shape (with any strides). */
  pointwise(program: Program, shape: Shape, inputs: readonly (FormulaOperand | null)[], outputs: readonly Tensor[]): void;
  /** Copies with conversion; `src` broadcasts to `dst`. */
  copy(dst: Tensor, src: Tensor): void;
}
/** The backend in use, chosen at load. */
export const backend: { current: Backend } = { current: null as unknown as Backend };
