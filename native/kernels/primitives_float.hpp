// The primitives that float32 and float64 share. PyTorch's semantics: remainder has the divisor's sign, floor_divide floors, maximum and minimum propagate NaN.
#pragma once
#include <cmath>
#include "primitives_table.hpp"
#include "special.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

template <class T> static inline T float_floor_divide(T a, T b) {
  if (b == 0) return a / b;
  const T mod = std::fmod(a, b);
  T quotient = (a - mod) / b;
  if (mod != 0 && (b < 0) != (mod < 0)) quotient -= 1;
  if (quotient == 0) return std::copysign(T(0), a / b);
  const T floored = std::floor(quotient);
  return quotient - floored > T(0.5) ? floored + 1 : floored;
}
template <class T> static inline T float_remainder(T a, T b) {
  const T mod = std::fmod(a, b);
  return mod != 0 && (b < 0) != (mod < 0) ? mod + b : mod;
}

template <class T> Loop common_float_loop(Primitive primitive) {
  using V = Vec<T>;
  using B = uint8_t;
  switch (primitive) {
    case Primitive::neg: return vector_unary<T>([](V x) INLINE_LAMBDA { return -x; });
    case Primitive::abs: return vector_unary<T>([](V x) INLINE_LAMBDA { return vabs(x); });
    case Primitive::sign: return scalar_unary<T>([](T x) { return T((x > 0) - (x < 0)); });
    case Primitive::ceil: return scalar_unary<T>([](T x) { return std::ceil(x); });
    case Primitive::floor: return scalar_unary<T>([](T x) { return std::floor(x); });
    case Primitive::trunc: return scalar_unary<T>([](T x) { return std::trunc(x); });
    case Primitive::round: return scalar_unary<T>([](T x) { return std::rint(x); });
    case Primitive::sqrt: return vector_unary<T>([](V x) INLINE_LAMBDA { return vsqrt(x); });
    case Primitive::rsqrt: return vector_unary<T>([](V x) INLINE_LAMBDA { return splat(T(1)) / vsqrt(x); });
    case Primitive::reciprocal: return vector_unary<T>([](V x) INLINE_LAMBDA { return splat(T(1)) / x; });
    case Primitive::tan: return scalar_unary<T>([](T x) { return std::tan(x); });
    case Primitive::asin: return scalar_unary<T>([](T x) { return std::asin(x); });
    case Primitive::acos: return scalar_unary<T>([](T x) { return std::acos(x); });
    case Primitive::atan: return scalar_unary<T>([](T x) { return std::atan(x); });
    case Primitive::sinh: return scalar_unary<T>([](T x) { return std::sinh(x); });
    case Primitive::cosh: return scalar_unary<T>([](T x) { return std::cosh(x); });
    case Primitive::asinh: return scalar_unary<T>([](T x) { return std::asinh(x); });
    case Primitive::acosh: return scalar_unary<T>([](T x) { return std::acosh(x); });
    case Primitive::atanh: return scalar_unary<T>([](T x) { return std::atanh(x); });
    case Primitive::relu: return vector_unary<T>([](V x) INLINE_LAMBDA { return raw_max(splat(T(0)), x); });
    case Primitive::erfc: return scalar_unary<T>([](T x) { return std::erfc(x); });
    case Primitive::erfinv: return scalar_unary<T>([](T x) { return special::erfinv(x); });
    case Primitive::lgamma: return scalar_unary<T>([](T x) { return special::lgamma(x); });
    case Primitive::digamma: return scalar_unary<T>([](T x) { return special::digamma(x); });
    case Primitive::i0: return scalar_unary<T>([](T x) { return special::i0(x); });
    case Primitive::i0e: return scalar_unary<T>([](T x) { return special::i0e(x); });
    case Primitive::i1: return scalar_unary<T>([](T x) { return special::i1(x); });
    case Primitive::i1e: return scalar_unary<T>([](T x) { return special::i1e(x); });
    case Primitive::ndtri: return scalar_unary<T>([](T x) { return special::ndtri(x); });
    case Primitive::log_ndtr: return scalar_unary<T>([](T x) { return special::log_ndtr(x); });
    case Primitive::erfcx: return scalar_unary<T>([](T x) { return special::erfcx(x); });
    case Primitive::logical_not: return scalar_unary<T, B>([](T x) { return x == 0; });
    case Primitive::signbit: return scalar_unary<T, B>([](T x) { return std::signbit(x); });
    case Primitive::isnan: return scalar_unary<T, B>([](T x) { return x != x; });
    case Primitive::add: return vector_binary<T>([](V x, V y) INLINE_LAMBDA { return x + y; });
    case Primitive::sub: return vector_binary<T>([](V x, V y) INLINE_LAMBDA { return x - y; });
    case Primitive::mul: return vector_binary<T>([](V x, V y) INLINE_LAMBDA { return x * y; });
    case Primitive::div: return vector_binary<T>([](V x, V y) INLINE_LAMBDA { return x / y; });
    case Primitive::floor_divide: return scalar_binary<T>([](T x, T y) { return float_floor_divide(x, y); });
    case Primitive::remainder: return scalar_binary<T>([](T x, T y) { return float_remainder(x, y); });
    case Primitive::fmod: return scalar_binary<T>([](T x, T y) { return std::fmod(x, y); });
    case Primitive::pow: return scalar_binary<T>([](T x, T y) { return std::pow(x, y); });
    case Primitive::atan2: return scalar_binary<T>([](T x, T y) { return std::atan2(x, y); });
    case Primitive::hypot: return scalar_binary<T>([](T x, T y) { return std::hypot(x, y); });
    case Primitive::copysign: return vector_binary<T>([](V x, V y) INLINE_LAMBDA { return with_sign_of(y, vabs(x)); });
    case Primitive::nextafter: return scalar_binary<T>([](T x, T y) { return std::nextafter(x, y); });
    case Primitive::maximum: return vector_binary<T>([](V x, V y) INLINE_LAMBDA { return maximum(x, y); });
    case Primitive::minimum: return vector_binary<T>([](V x, V y) INLINE_LAMBDA { return minimum(x, y); });
    case Primitive::fmax: return vector_binary<T>([](V x, V y) INLINE_LAMBDA { return select<V>(y != y, x, raw_max(x, y)); });
    case Primitive::fmin: return vector_binary<T>([](V x, V y) INLINE_LAMBDA { return select<V>(y != y, x, raw_min(x, y)); });
    case Primitive::eq: return scalar_binary<T, B>([](T x, T y) { return x == y; });
    case Primitive::ne: return scalar_binary<T, B>([](T x, T y) { return x != y; });
    case Primitive::lt: return scalar_binary<T, B>([](T x, T y) { return x < y; });
    case Primitive::le: return scalar_binary<T, B>([](T x, T y) { return x <= y; });
    case Primitive::gt: return scalar_binary<T, B>([](T x, T y) { return x > y; });
    case Primitive::ge: return scalar_binary<T, B>([](T x, T y) { return x >= y; });
    case Primitive::xlogy: return scalar_binary<T>([](T x, T y) { return y != y ? y : x == 0 ? T(0) : x * std::log(y); });
    case Primitive::where: return where_loop<T>;
#if FLAMBEAU_FMA
    case Primitive::fma: return vector_ternary<T>([](V x, V y, V z) INLINE_LAMBDA { return fused_once(x, y, z); });
#else
    case Primitive::fma: return scalar_ternary<T>([](T x, T y, T z) { return fused_once(x, y, z); });
#endif
    case Primitive::clamp:
      return vector_ternary<T>([](V x, V low, V high) INLINE_LAMBDA { return minimum(maximum(x, low), high); });
    default: return nullptr;
  }
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
