// One loop per primitive and register type.
#pragma once
#include "descriptor.hpp"
#include "primitives.hpp"
#include "simd.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

enum class Register : int32_t { boolean, i64, f32, f64 };
constexpr int REGISTER_SIZE[] = {1, 8, 4, 8};
constexpr DType REGISTER_DTYPE[] = {DType::boolean, DType::i64, DType::f32, DType::f64};

// n elements from the operands' registers; `out` may be an operand. A loop that meets an integer division by zero sets *status.
using Loop = void (*)(char* out, const char* a, const char* b, const char* c, int64_t n, Status* status);

// Null where the primitive does not exist for the type.
Loop primitive_loop(Primitive primitive, Register type);
Loop float32_loop(Primitive primitive);
Loop float64_loop(Primitive primitive);
Loop int64_loop(Primitive primitive);
Loop bool_loop(Primitive primitive);

// Whether the result is a bool register whatever the operands' type is.
constexpr bool gives_bool(Primitive p) {
  switch (p) {
    case Primitive::eq:
    case Primitive::ne:
    case Primitive::lt:
    case Primitive::le:
    case Primitive::gt:
    case Primitive::ge:
    case Primitive::logical_not:
    case Primitive::signbit:
    case Primitive::isnan: return true;
    default: return false;
  }
}

// ---- Loop makers. Each takes a captureless lambda, so that the lambda's type alone makes the loop.

// Element by element; R is the result's element type. What is simple enough, the compiler vectorises.
template <class R, class T, class Fn> struct ScalarLoop {
  static void one(char* out, const char* a, const char*, const char*, int64_t n, Status*) {
    R* o = reinterpret_cast<R*>(out);
    const T* x = reinterpret_cast<const T*>(a);
#pragma GCC ivdep
    for (int64_t i = 0; i < n; i++) o[i] = static_cast<R>(Fn{}(x[i]));
  }
  static void two(char* out, const char* a, const char* b, const char*, int64_t n, Status*) {
    R* o = reinterpret_cast<R*>(out);
    const T *x = reinterpret_cast<const T*>(a), *y = reinterpret_cast<const T*>(b);
#pragma GCC ivdep
    for (int64_t i = 0; i < n; i++) o[i] = static_cast<R>(Fn{}(x[i], y[i]));
  }
  static void three(char* out, const char* a, const char* b, const char* c, int64_t n, Status*) {
    R* o = reinterpret_cast<R*>(out);
    const T *x = reinterpret_cast<const T*>(a), *y = reinterpret_cast<const T*>(b), *z = reinterpret_cast<const T*>(c);
#pragma GCC ivdep
    for (int64_t i = 0; i < n; i++) o[i] = static_cast<R>(Fn{}(x[i], y[i], z[i]));
  }
};
template <class T, class R = T, class Fn> Loop scalar_unary(Fn) { return ScalarLoop<R, T, Fn>::one; }
template <class T, class R = T, class Fn> Loop scalar_binary(Fn) { return ScalarLoop<R, T, Fn>::two; }
template <class T, class R = T, class Fn> Loop scalar_ternary(Fn) { return ScalarLoop<R, T, Fn>::three; }

// Native vector by native vector, two at a time (one at AVX-512).
template <class T, class Fn> struct VectorLoop {
  static constexpr int L = LANES<T>, UNROLL = N < 2 ? N : 2;
  template <class Body> static inline __attribute__((always_inline)) void blocks(int64_t n, Body body) {
    int64_t i = 0;
    for (; i + UNROLL * L <= n; i += UNROLL * L) unroll<UNROLL>([&](auto k) INLINE_LAMBDA { body(i + k * L, std::false_type()); });
    for (; i < n; i += L) body(i, std::true_type());
  }
  template <class Tail> static inline __attribute__((always_inline)) Vec<T> get(const T* p, int64_t i, int64_t n, Tail tail) {
    if constexpr (!tail) return load(p + i);
    return n - i >= L ? load(p + i) : load_part(p + i, n - i);
  }
  template <class Tail> static inline __attribute__((always_inline)) void put(T* p, Vec<T> v, int64_t i, int64_t n, Tail tail) {
    if (!tail || n - i >= L)
      store(p + i, v);
    else
      store_part(p + i, v, n - i);
  }
  static void one(char* out, const char* a, const char*, const char*, int64_t n, Status*) {
    T* o = reinterpret_cast<T*>(out);
    const T* x = reinterpret_cast<const T*>(a);
    blocks(n, [&](int64_t i, auto tail) INLINE_LAMBDA { put(o, Fn{}(get(x, i, n, tail)), i, n, tail); });
  }
  static void two(char* out, const char* a, const char* b, const char*, int64_t n, Status*) {
    T* o = reinterpret_cast<T*>(out);
    const T *x = reinterpret_cast<const T*>(a), *y = reinterpret_cast<const T*>(b);
    blocks(n, [&](int64_t i, auto tail) INLINE_LAMBDA { put(o, Fn{}(get(x, i, n, tail), get(y, i, n, tail)), i, n, tail); });
  }
  static void three(char* out, const char* a, const char* b, const char* c, int64_t n, Status*) {
    T* o = reinterpret_cast<T*>(out);
    const T *x = reinterpret_cast<const T*>(a), *y = reinterpret_cast<const T*>(b), *z = reinterpret_cast<const T*>(c);
    blocks(n, [&](int64_t i, auto tail) INLINE_LAMBDA { put(o, Fn{}(get(x, i, n, tail), get(y, i, n, tail), get(z, i, n, tail)), i, n, tail); });
  }
};
template <class T, class Fn> Loop vector_unary(Fn) { return VectorLoop<T, Fn>::one; }
template <class T, class Fn> Loop vector_binary(Fn) { return VectorLoop<T, Fn>::two; }
template <class T, class Fn> Loop vector_ternary(Fn) { return VectorLoop<T, Fn>::three; }

// where: a bool register chooses between two of type T.
template <class T> static void where_loop(char* out, const char* a, const char* b, const char* c, int64_t n, Status*) {
  T* o = reinterpret_cast<T*>(out);
  const uint8_t* mask = reinterpret_cast<const uint8_t*>(a);
  const T *x = reinterpret_cast<const T*>(b), *y = reinterpret_cast<const T*>(c);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) {
    const T yes = x[i], no = y[i];
    o[i] = mask[i] ? yes : no;
  }
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
