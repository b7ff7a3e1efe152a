// The primitives of formulas. Their numbers are their places here; native/kernels/primitives.hpp states a prefix of this list, and a test
// holds the two together.
// A native backend may know fewer; a program that uses an unknown one runs in the TypeScript interpreter.

/** Moving data between memory, constants and registers. */
const MOVES = ['load', 'const', 'store', 'cast'] as const;

const UNARY = [
  ...['neg', 'abs', 'sign', 'ceil', 'floor', 'trunc', 'round', 'exp', 'exp2', 'expm1', 'log', 'log2', 'log10', 'log1p', 'sqrt', 'rsqrt'],
  ...['reciprocal', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'sigmoid', 'relu'],
  ...['erf', 'erfc', 'erfinv', 'lgamma', 'digamma', 'logical_not', 'bitwise_not', 'signbit', 'isnan', 'gelu', 'gelu_tanh', 'silu'],
  ...['softplus_unit', 'log_sigmoid', 'mish', 'i0', 'i0e', 'i1', 'i1e', 'ndtri', 'log_ndtr', 'erfcx'],
];
const BINARY = [
  ...['add', 'sub', 'mul', 'div', 'floor_divide', 'remainder', 'fmod', 'pow', 'atan2', 'hypot', 'copysign', 'nextafter', 'maximum'],
  ...['minimum', 'fmax', 'fmin', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'bitwise_and', 'bitwise_or', 'bitwise_xor', 'shift_left'],
  ...['shift_right', 'gcd', 'lcm', 'xlogy'],
];
const TERNARY = ['where', 'fma', 'clamp'];
/** Special functions, appended so that the numbers above stay. */
const SPECIAL_UNARY = [
  ...['airy_ai', 'bessel_j0', 'bessel_j1', 'bessel_y0', 'bessel_y1', 'modified_bessel_i0', 'modified_bessel_i1', 'modified_bessel_k0'],
  ...['modified_bessel_k1', 'scaled_modified_bessel_k0', 'scaled_modified_bessel_k1', 'spherical_bessel_j0', 'trigamma'],
];
const SPECIAL_BINARY = [
  ...['zeta', 'polygamma', 'igamma', 'igammac', 'chebyshev_polynomial_t', 'chebyshev_polynomial_u', 'chebyshev_polynomial_v'],
  ...['chebyshev_polynomial_w', 'hermite_polynomial_h', 'hermite_polynomial_he', 'laguerre_polynomial_l', 'legendre_polynomial_p'],
  ...[
    'shifted_chebyshev_polynomial_t',
    'shifted_chebyshev_polynomial_u',
    'shifted_chebyshev_polynomial_v',
    'shifted_chebyshev_polynomial_w',
  ],
  'trunc_divide',
];

export const PRIMITIVES: readonly string[] = [...MOVES, ...UNARY, ...BINARY, ...TERNARY, ...SPECIAL_UNARY, ...SPECIAL_BINARY];
export const LOAD = 0;
export const CONST = 1;
export const STORE = 2;
export const CAST = 3;
/** An instruction is this many int32: primitive, type, destination, and three operands. */
export const WORDS = 6;

const numbers = new Map(PRIMITIVES.map((name, i) => [name, i]));
export function primitiveNumber(name: string): number {
  const n = numbers.get(name);
  if (n === undefined) throw new Error(`unknown primitive ${name}`);
  return n;
}

/** What a register holds. Complex values are two registers. */
export enum RegType {
  Bool = 0,
  Int64 = 1,
  Float32 = 2,
  Float64 = 3,
}

const COMPARISONS = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'logical_not', 'signbit', 'isnan']);
/** Primitives whose result is a bool, whatever they read. */
export const isPredicate = (name: string): boolean => COMPARISONS.has(name);
const INTEGER_UNARY = ['neg', 'abs', 'sign', 'ceil', 'floor', 'trunc', 'round', 'bitwise_not', 'relu'];
const INTEGER_BINARY = [
  ...[
    'add',
    'sub',
    'mul',
    'floor_divide',
    'trunc_divide',
    'remainder',
    'fmod',
    'pow',
    'maximum',
    'minimum',
    'fmax',
    'fmin',
    'bitwise_and',
    'bitwise_or',
  ],
  ...['bitwise_xor', 'shift_left', 'shift_right', 'gcd', 'lcm', 'where', 'clamp', 'fma'],
];
const INTEGER = new Set([...INTEGER_UNARY, ...INTEGER_BINARY]);
/** Whether the primitive exists on int64 registers; others convert their operands to the default float. */
export const worksOnIntegers = (name: string): boolean => INTEGER.has(name) || COMPARISONS.has(name);
