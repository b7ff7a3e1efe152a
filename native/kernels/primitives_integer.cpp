// int64 and bool registers. Arithmetic wraps. Narrower integers compute here in int64 and wrap when they are stored.
#include <limits>
#include "primitives_table.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

using I = int64_t;
using U = uint64_t;
constexpr I LOWEST = std::numeric_limits<I>::min();

// Fn(a, b) for b != 0; the smallest integer divided by -1 must not trap, so -1 is its own case inside.
template <class Fn> static void division_loop(char* out, const char* a, const char* b, const char*, int64_t n, Status* status) {
  I* o = reinterpret_cast<I*>(out);
  const I *x = reinterpret_cast<const I*>(a), *y = reinterpret_cast<const I*>(b);
  for (int64_t i = 0; i < n; i++) {
    if (y[i] == 0) {
      *status = OUT_OF_RANGE;
      return;
    }
    o[i] = Fn{}(x[i], y[i]);
  }
}
template <class Fn> static Loop division(Fn) { return division_loop<Fn>; }

static inline I wrapping_neg(I x) { return I(-U(x)); }
static inline I divide(I a, I b) { return b == -1 ? wrapping_neg(a) : a / b; }
static inline I modulo(I a, I b) { return b == -1 ? 0 : a % b; }
static inline I floor_divide(I a, I b) {
  const I q = divide(a, b);
  return modulo(a, b) != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}
static inline I remainder(I a, I b) {
  const I m = modulo(a, b);
  return m != 0 && (m < 0) != (b < 0) ? m + b : m;
}
static inline I power(I base, I exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent & 1 ? -1 : 1) : 0;
  U result = 1, b = U(base);
  for (; exponent; exponent >>= 1, b *= b)
    if (exponent & 1) result *= b;
  return I(result);
}
static inline U magnitude(I x) { return x < 0 ? -U(x) : U(x); }
static inline I gcd(I x, I y) {
  U a = magnitude(x), b = magnitude(y);
  while (a) {
    const U rest = b % a;
    b = a;
    a = rest;
  }
  return I(b);
}
static inline I lcm(I x, I y) {
  const I g = gcd(x, y);
  return g == 0 ? 0 : I(magnitude(I(U(divide(x, g)) * U(y))));
}

Loop int64_loop(Primitive primitive) {
  using B = uint8_t;
  switch (primitive) {
    case Primitive::neg: return scalar_unary<I>([](I x) { return wrapping_neg(x); });
    case Primitive::abs: return scalar_unary<I>([](I x) { return x < 0 ? wrapping_neg(x) : x; });
    case Primitive::sign: return scalar_unary<I>([](I x) { return I((x > 0) - (x < 0)); });
    case Primitive::ceil:
    case Primitive::floor:
    case Primitive::trunc:
    case Primitive::round: return scalar_unary<I>([](I x) { return x; });
    case Primitive::relu: return scalar_unary<I>([](I x) { return x > 0 ? x : 0; });
    case Primitive::bitwise_not: return scalar_unary<I>([](I x) { return ~x; });
    case Primitive::logical_not: return scalar_unary<I, B>([](I x) { return x == 0; });
    case Primitive::signbit: return scalar_unary<I, B>([](I x) { return x < 0; });
    case Primitive::isnan: return scalar_unary<I, B>([](I) { return false; });
    case Primitive::add: return scalar_binary<I>([](I x, I y) { return I(U(x) + U(y)); });
    case Primitive::sub: return scalar_binary<I>([](I x, I y) { return I(U(x) - U(y)); });
    case Primitive::mul: return scalar_binary<I>([](I x, I y) { return I(U(x) * U(y)); });
    case Primitive::div: return division([](I x, I y) { return divide(x, y); });
    case Primitive::floor_divide: return division([](I x, I y) { return floor_divide(x, y); });
    case Primitive::remainder: return division([](I x, I y) { return remainder(x, y); });
    case Primitive::fmod: return division([](I x, I y) { return modulo(x, y); });
    case Primitive::pow: return scalar_binary<I>([](I x, I y) { return power(x, y); });
    case Primitive::maximum:
    case Primitive::fmax: return scalar_binary<I>([](I x, I y) { return x > y ? x : y; });
    case Primitive::minimum:
    case Primitive::fmin: return scalar_binary<I>([](I x, I y) { return x < y ? x : y; });
    case Primitive::eq: return scalar_binary<I, B>([](I x, I y) { return x == y; });
    case Primitive::ne: return scalar_binary<I, B>([](I x, I y) { return x != y; });
    case Primitive::lt: return scalar_binary<I, B>([](I x, I y) { return x < y; });
    case Primitive::le: return scalar_binary<I, B>([](I x, I y) { return x <= y; });
    case Primitive::gt: return scalar_binary<I, B>([](I x, I y) { return x > y; });
    case Primitive::ge: return scalar_binary<I, B>([](I x, I y) { return x >= y; });
    case Primitive::bitwise_and: return scalar_binary<I>([](I x, I y) { return x & y; });
    case Primitive::bitwise_or: return scalar_binary<I>([](I x, I y) { return x | y; });
    case Primitive::bitwise_xor: return scalar_binary<I>([](I x, I y) { return x ^ y; });
    case Primitive::shift_left: return scalar_binary<I>([](I x, I y) { return y < 0 || y > 63 ? 0 : I(U(x) << y); });
    case Primitive::shift_right: return scalar_binary<I>([](I x, I y) { return x >> (y < 0 || y > 63 ? 63 : y); });
    case Primitive::gcd: return scalar_binary<I>([](I x, I y) { return gcd(x, y); });
    case Primitive::lcm: return scalar_binary<I>([](I x, I y) { return lcm(x, y); });
    case Primitive::where: return where_loop<I>;
    case Primitive::fma: return scalar_ternary<I>([](I x, I y, I z) { return I(U(x) * U(y) + U(z)); });
    case Primitive::clamp:
      return scalar_ternary<I>([](I x, I low, I high) {
        const I raised = x > low ? x : low;
        return raised < high ? raised : high;
      });
    default: return nullptr;
  }
}

Loop bool_loop(Primitive primitive) {
  using B = uint8_t;
  switch (primitive) {
    case Primitive::logical_not:
    case Primitive::bitwise_not: return scalar_unary<B>([](B x) { return x ^ 1; });
    case Primitive::add:
    case Primitive::maximum:
    case Primitive::fmax:
    case Primitive::bitwise_or: return scalar_binary<B>([](B x, B y) { return x | y; });
    case Primitive::mul:
    case Primitive::minimum:
    case Primitive::fmin:
    case Primitive::bitwise_and: return scalar_binary<B>([](B x, B y) { return x & y; });
    case Primitive::bitwise_xor:
    case Primitive::ne: return scalar_binary<B>([](B x, B y) { return x ^ y; });
    case Primitive::eq: return scalar_binary<B>([](B x, B y) { return x == y; });
    case Primitive::lt: return scalar_binary<B>([](B x, B y) { return x < y; });
    case Primitive::le: return scalar_binary<B>([](B x, B y) { return x <= y; });
    case Primitive::gt: return scalar_binary<B>([](B x, B y) { return x > y; });
    case Primitive::ge: return scalar_binary<B>([](B x, B y) { return x >= y; });
    case Primitive::isnan:
    case Primitive::signbit: return scalar_unary<B>([](B) { return 0; });
    case Primitive::abs:
    case Primitive::sign:
    case Primitive::ceil:
    case Primitive::floor:
    case Primitive::trunc:
    case Primitive::round: return scalar_unary<B>([](B x) { return x; });
    case Primitive::where: return where_loop<B>;
    default: return nullptr;
  }
}

// Looked up once: the interpreter asks for a loop per instruction and call.
struct Table {
  Loop loops[PRIMITIVE_COUNT][4];
  Table() {
    for (int p = 0; p < PRIMITIVE_COUNT; p++) {
      const Primitive primitive = static_cast<Primitive>(p);
      loops[p][0] = bool_loop(primitive);
      loops[p][1] = int64_loop(primitive);
      loops[p][2] = float32_loop(primitive);
      loops[p][3] = float64_loop(primitive);
    }
  }
};

Loop primitive_loop(Primitive primitive, Register type) {
  static const Table table;
  const int p = static_cast<int>(primitive), t = static_cast<int>(type);
  return p < 0 || p >= PRIMITIVE_COUNT || t < 0 || t > 3 ? nullptr : table.loops[p][t];
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
