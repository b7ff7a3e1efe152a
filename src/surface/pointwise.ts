// User formulas: torch.pointwise(fn) is an operator like the built-in ones.
import type { Scalar } from '../core/scalar.ts';
import type { Tensor } from '../core/tensor.ts';
import { call } from '../dispatch/call.ts';
import { Op } from '../dispatch/operator.ts';
import { parseSchema } from '../dispatch/schema.ts';
import type { Expr } from '../pointwise/expr.ts';

type Formula<N extends readonly Expr[]> = (...args: N) => Expr;
type Operands<N extends readonly Expr[]> = { [K in keyof N]: Tensor | Scalar };

/**
 * Compiles a scalar formula to an elementwise operator with gradients of every order: one pass over memory, broadcasting and
 * promoting as the built-in operators do. The formula is called once, with expressions.
 */
export function pointwise<const N extends readonly Expr[] = Expr[]>(
  formula: Formula<N>,
  options: { name?: string; int_to_float?: boolean } = {},
): (...operands: Operands<N>) => Tensor {
  const name = options.name ?? (formula.name || 'pointwise');
  const params = Array.from({ length: formula.length }, (_, i) => `Tensor x${i}`).join(', ');
  const o = new Op(parseSchema(`${name.replace(/\W/g, '_')}(${params}) -> Tensor`), {
    pointwise: formula as never,
    promote: (options.int_to_float ?? true) ? 'int_to_float' : 'default',
  });
  return (...operands) => {
    if (operands.length !== formula.length)
      throw new TypeError(`${name}() takes ${formula.length} operands but ${operands.length} were given`);
    return call(o, [...operands]) as Tensor;
  };
}
