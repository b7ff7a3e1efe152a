// The primitives of pointwise programs, numbered in this order after load, constant, store and cast.
#pragma once
#include <cstdint>

#define FLAMBEAU_PRIMITIVES(UNARY, BINARY, TERNARY)                                                                                    \
  UNARY(neg) UNARY(abs) UNARY(sign) UNARY(ceil) UNARY(floor) UNARY(trunc) UNARY(round) UNARY(exp) UNARY(exp2) UNARY(expm1) UNARY(log)    \
  UNARY(log2) UNARY(log10) UNARY(log1p) UNARY(sqrt) UNARY(rsqrt) UNARY(reciprocal) UNARY(sin) UNARY(cos) UNARY(tan) UNARY(asin)          \
  UNARY(acos) UNARY(atan) UNARY(sinh) UNARY(cosh) UNARY(tanh) UNARY(asinh) UNARY(acosh) UNARY(atanh) UNARY(sigmoid) UNARY(relu)          \
  UNARY(erf) UNARY(erfc) UNARY(erfinv) UNARY(lgamma) UNARY(digamma) UNARY(logical_not) UNARY(bitwise_not) UNARY(signbit) UNARY(isnan)    \
  UNARY(gelu) UNARY(gelu_tanh) UNARY(silu) UNARY(softplus_unit) UNARY(log_sigmoid) UNARY(mish) UNARY(i0) UNARY(i0e) UNARY(i1)            \
  UNARY(i1e) UNARY(ndtri) UNARY(log_ndtr) UNARY(erfcx)                                                                                  \
  BINARY(add) BINARY(sub) BINARY(mul) BINARY(div) BINARY(floor_divide) BINARY(remainder) BINARY(fmod) BINARY(pow) BINARY(atan2)          \
  BINARY(hypot) BINARY(copysign) BINARY(nextafter) BINARY(maximum) BINARY(minimum) BINARY(fmax) BINARY(fmin) BINARY(eq) BINARY(ne)       \
  BINARY(lt) BINARY(le) BINARY(gt) BINARY(ge) BINARY(bitwise_and) BINARY(bitwise_or) BINARY(bitwise_xor) BINARY(shift_left)              \
  BINARY(shift_right) BINARY(gcd) BINARY(lcm) BINARY(xlogy)                                                                             \
  TERNARY(where) TERNARY(fma) TERNARY(clamp)

namespace flambeau {

enum class Primitive : int32_t {
  load,
  constant,
  store,
  cast,
#define NUMBER(name) name,
  FLAMBEAU_PRIMITIVES(NUMBER, NUMBER, NUMBER)
#undef NUMBER
};
#define COUNT(name) +1
constexpr int PRIMITIVE_COUNT = 4 FLAMBEAU_PRIMITIVES(COUNT, COUNT, COUNT);
#undef COUNT

// How many operands a primitive reads (0 for the four that are not loops).
constexpr int PRIMITIVE_ARITY[PRIMITIVE_COUNT] = {0, 0, 0, 0,
#define ONE(name) 1,
#define TWO(name) 2,
#define THREE(name) 3,
                                                  FLAMBEAU_PRIMITIVES(ONE, TWO, THREE)
#undef ONE
#undef TWO
#undef THREE
};

}  // namespace flambeau
