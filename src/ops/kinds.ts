// Dtypes in which formulas do not compute, for their `rejects`.
import { bool, Category, type DType } from '../core/dtype.ts';

export const COMPLEX: readonly Category[] = [Category.Complex];
export const BOOL: readonly DType[] = [bool];
export const BOOL_AND_COMPLEX: readonly (Category | DType)[] = [Category.Bool, Category.Complex];
export const WHOLE: readonly Category[] = [Category.Bool, Category.Integral];
/** Everything but real floating-point numbers. */
export const NOT_FLOATING: readonly Category[] = [Category.Bool, Category.Integral, Category.Complex];
/** Everything but integers and bools. */
export const NOT_WHOLE: readonly Category[] = [Category.Floating, Category.Complex];
/** Everything but integers. */
export const NOT_INTEGRAL: readonly Category[] = [Category.Bool, Category.Floating, Category.Complex];
