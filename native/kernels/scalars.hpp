// Real and complex numbers under the same names, so that an algorithm on matrices is written once for both.
#pragma once
#include <algorithm>
#include <cmath>
#include "rows.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

template <class T> struct ComplexOf {
  T re, im;
  ComplexOf() = default;
  constexpr ComplexOf(T re, T im = 0) : re(re), im(im) {}
  template <class U> explicit constexpr ComplexOf(ComplexOf<U> x) : re(T(x.re)), im(T(x.im)) {}
};
using Complex = ComplexOf<double>;

INLINE Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
INLINE Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
INLINE Complex operator-(Complex a) { return {-a.re, -a.im}; }
INLINE Complex operator*(Complex a, Complex b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
INLINE Complex operator*(Complex a, double b) { return {a.re * b, a.im * b}; }
INLINE Complex operator*(double b, Complex a) { return {a.re * b, a.im * b}; }
INLINE Complex& operator+=(Complex& a, Complex b) { return a = a + b; }
INLINE Complex& operator-=(Complex& a, Complex b) { return a = a - b; }
INLINE Complex& operator*=(Complex& a, Complex b) { return a = a * b; }
INLINE bool operator==(Complex a, Complex b) { return a.re == b.re && a.im == b.im; }

INLINE double real_part(double x) { return x; }
INLINE double real_part(Complex x) { return x.re; }
INLINE double imaginary_part(double) { return 0; }
INLINE double imaginary_part(Complex x) { return x.im; }
template <class T> requires std::is_floating_point_v<T> INLINE T conjugate(T x) { return x; }
INLINE Complex conjugate(Complex x) { return {x.re, -x.im}; }
// |re| + |im|: LAPACK's cheap magnitude.
INLINE double taxicab(double x) { return std::abs(x); }
INLINE double taxicab(Complex x) { return std::abs(x.re) + std::abs(x.im); }
INLINE double magnitude(double x) { return std::abs(x); }
INLINE double magnitude(Complex x) { return std::hypot(x.re, x.im); }
INLINE double squared_magnitude(double x) { return x * x; }
INLINE double squared_magnitude(Complex x) { return x.re * x.re + x.im * x.im; }
// a with b's sign; a zero counts with its sign.
INLINE double with_sign(double a, double b) { return std::copysign(a, b); }
// By Smith's method, which neither overflows nor underflows early.
static inline Complex operator/(Complex a, Complex b) {
  if (b.im == 0) return {a.re / b.re, a.im / b.re};
  if (std::abs(b.re) >= std::abs(b.im)) {
    const double r = b.im / b.re, d = b.re + b.im * r;
    return {(a.re + a.im * r) / d, (a.im - a.re * r) / d};
  }
  const double r = b.re / b.im, d = b.re * r + b.im;
  return {(a.re * r + a.im) / d, (a.im * r - a.re) / d};
}
// The principal square root.
static inline Complex square_root(Complex z) {
  if (z.re == 0 && z.im == 0) return {0, 0};
  const double t = std::sqrt((std::abs(z.re) + std::hypot(z.re, z.im)) / 2), u = z.im / (2 * t);
  return z.re >= 0 ? Complex(t, u) : Complex(std::abs(u), z.im < 0 ? -t : t);
}

// Half a unit in the last place of 1; the smallest number whose reciprocal does not overflow.
constexpr double EPSILON = 0x1p-53, SAFE_MIN = 0x1p-1022;

// ---- vectors of n contiguous numbers

template <class T> requires std::is_floating_point_v<T> INLINE T times_plus(T a, T b, T c) { return a * b + c; }
INLINE Floats times_plus(Floats a, float b, Floats c) { return fused(a, b, c); }
INLINE Doubles times_plus(Doubles a, double b, Doubles c) { return fused(a, b, c); }
INLINE Complex times_plus(Complex a, Complex b, Complex c) { return a * b + c; }

// f(step, i) at every element or vector, as for_row.
template <class S, class F> INLINE void for_numbers(int64_t n, F f) {
  if constexpr (std::is_floating_point_v<S>) for_row<S>(n, f);
  else
    for (int64_t i = 0; i < n; i++) f(ScalarStep(), i);
}
template <class S, class F> INLINE S sum_numbers(int64_t n, F f) {
  if constexpr (std::is_floating_point_v<S>) return S(sum_row<S>(n, f));
  else {
    S sum = 0;
    for (int64_t i = 0; i < n; i++) sum += f(ScalarStep(), i);
    return sum;
  }
}
// The sum of x y; nothing is conjugated.
template <class S> static S dot_of(int64_t n, const S* x, const S* y) {
  return sum_numbers<S>(n, [&](auto step, int64_t i) INLINE_LAMBDA { return step.load(x + i) * step.load(y + i); });
}
template <class S> static void add_scaled(int64_t n, S factor, const S* x, S* y) {
  for_numbers<S>(n, [&](auto step, int64_t i) INLINE_LAMBDA { step.store(y + i, times_plus(step.load(x + i), factor, step.load(y + i))); });
}
template <class S, class R> static void scale_by(int64_t n, R factor, S* x, int64_t stride = 1) {
  for (int64_t i = 0; i < n; i++) x[i * stride] = S(x[i * stride] * factor);
}
template <class S> static double largest_part(int64_t n, const S* x) {
  double largest = 0;
  for (int64_t i = 0; i < n; i++) {
    largest = std::max(largest, std::abs(real_part(x[i])));
    largest = std::max(largest, std::abs(imaginary_part(x[i])));
  }
  return largest;
}
template <class S> static bool all_finite(int64_t n, const S* x) {
  double zero = 0;                                                        // 0 times what is not finite is NaN
  for (int64_t i = 0; i < n; i++) zero += 0 * real_part(x[i]) + 0 * imaginary_part(x[i]);
  return zero == 0;
}
// The Euclidean norm, safe from overflow and underflow.
template <class S> static double norm_of(int64_t n, const S* x, int64_t stride = 1) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += squared_magnitude(x[i * stride]);
  if (sum > 1e-280 && sum < 1e280) return std::sqrt(sum);
  double largest = 0;
  for (int64_t i = 0; i < n; i++) largest = std::max({largest, std::abs(real_part(x[i * stride])), std::abs(imaginary_part(x[i * stride]))});
  if (largest == 0) return 0;
  sum = 0;
  for (int64_t i = 0; i < n; i++) {
    const double re = real_part(x[i * stride]) / largest, im = imaginary_part(x[i * stride]) / largest;
    sum += re * re + im * im;
  }
  return largest * std::sqrt(sum);
}
// The exponent of the power of two to divide by, so that squares neither over- nor underflow: 0 for all but extreme numbers.
template <class S> static int scale_exponent(int64_t n, const S* x) {
  const double largest = largest_part(n, x);
  if (largest == 0 || (largest > 1e-100 && largest < 1e100)) return 0;
  return std::max(-1000, int(std::round(std::log2(largest))));
}

// f(element of the tensors, number to compute with): float64 and its complex numbers, whatever the dtype.
template <class F> static inline Status for_numbers_of(DType dtype, F f) {
  switch (dtype) {
    case DType::f32: return f(float(), double());
    case DType::f64: return f(double(), double());
    case DType::c64: return f(ComplexOf<float>(), Complex());
    case DType::c128: return f(Complex(), Complex());
    default: return DECLINED;
  }
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
