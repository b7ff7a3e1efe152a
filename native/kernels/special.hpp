// Scalar special functions in float64; float32 callers round the result.
#pragma once
#include <math.h>
#include <limits>
#include "level.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {
namespace special {

constexpr double INF = std::numeric_limits<double>::infinity();
constexpr double NOT_A_NUMBER = std::numeric_limits<double>::quiet_NaN();
constexpr double PI = 3.14159265358979323846;
constexpr double SQRT_HALF = 0.70710678118654752440;
constexpr double INV_SQRT_PI = 0.56418958354775628695;

static inline double lgamma(double x) {
  int sign;
  return ::lgamma_r(x, &sign);
}

// Recurrence up to 10, then the asymptotic series; reflection below 0. The pole at 0 has the sign of -x, the negative integers are NaN.
static inline double digamma(double x) {
  if (x == 0) return ::copysign(INF, -x);
  if (x < 0) {
    if (x == ::trunc(x)) return NOT_A_NUMBER;
    double whole;
    const double r = ::modf(x, &whole);
    return digamma(1 - x) - PI / ::tan(PI * r);
  }
  double sum = 0;
  for (; x < 10; x += 1) sum -= 1 / x;
  if (x == 10) return sum + 2.25175258906672110764;
  const double z = 1 / (x * x);
  double series = 0;
  if (x < 1e17)
    for (const double c : {8.33333333333333333333e-2, -2.10927960927960927961e-2, 7.57575757575757575758e-3, -4.16666666666666666667e-3, 3.96825396825396825397e-3,
                           -8.33333333333333333333e-3, 8.33333333333333333333e-2})
      series = series * z + c;
  return sum + ::log(x) - 0.5 / x - series * z;
}

// A rational start and two Newton steps.
static inline double erfinv(double y) {
  const double magnitude = ::fabs(y);
  if (!(magnitude <= 1)) return NOT_A_NUMBER;
  if (magnitude == 1) return ::copysign(INF, y);
  double x;
  if (magnitude <= 0.7) {
    const double z = y * y;
    x = y * (((-0.140543331 * z + 0.914624893) * z - 1.645349621) * z + 0.886226899) / ((((0.012229801 * z - 0.329097515) * z + 1.442710462) * z - 2.118377725) * z + 1);
  } else {
    const double z = ::sqrt(-::log((1 - magnitude) / 2));
    x = ::copysign(((1.641345311 * z + 3.429567803) * z - 1.624906493) * z - 1.970840454, y) / ((1.637067800 * z + 3.543889200) * z + 1);
  }
  for (int i = 0; i < 2; i++) x -= (::erf(x) - y) / (2 * INV_SQRT_PI * ::exp(-x * x));
  return x;
}

// exp(x^2) erfc(x). The rounding error of x^2 is put back; beyond 25 the asymptotic series.
static inline double erfcx(double x) {
  if (x != x) return x;
  const double square = x * x, lost = ::fma(x, x, -square);
  if (x < -26.7) return INF;
  if (x < 0) return 2 * ::exp(square) * (1 + lost) - erfcx(-x);
  if (x < 25) return ::exp(square) * (1 + lost) * ::erfc(x);
  const double z = 1 / (2 * square);
  return INV_SQRT_PI / x * (1 - z * (1 - 3 * z * (1 - 5 * z * (1 - 7 * z))));
}

static inline double log_ndtr(double x) {
  const double t = x * SQRT_HALF;
  return x < -1 ? ::log(erfcx(-t) / 2) - t * t : ::log1p(-::erfc(t) / 2);
}

// The quantile of the normal distribution: erfinv in the middle, Newton on the logarithm of the tail outside.
static inline double ndtri(double p) {
  if (p == 0) return -INF;
  if (p == 1) return INF;
  if (!(p > 0 && p < 1)) return NOT_A_NUMBER;
  if (p >= 0.25 && p <= 0.75) return erfinv(2 * p - 1) / SQRT_HALF;
  if (p > 0.75) return -ndtri(1 - p);
  const double target = ::log(p), z = ::sqrt(-target);
  double x = -(((1.641345311 * z + 3.429567803) * z - 1.624906493) * z - 1.970840454) / ((1.637067800 * z + 3.543889200) * z + 1) / SQRT_HALF;
  for (int i = 0; i < 4; i++) {
    const double value = log_ndtr(x);
    x -= (value - target) / (::exp(-0.5 * x * x - value) * INV_SQRT_PI * SQRT_HALF);
  }
  return x;
}

// exp(-|x|) I_order(x) for order 0 or 1: the power series below 20, Hankel's expansion beyond.
static inline double scaled_bessel_i(int order, double x) {
  const double a = ::fabs(x), sign = order == 1 && x < 0 ? -1 : 1;
  if (a < 20) {
    const double q = a * a / 4;
    double term = order ? a / 2 : 1, sum = term;
    for (int k = 1; term > sum * 1e-18; k++) {
      term *= q / (double(k) * (k + order));
      sum += term;
    }
    return sign * sum * ::exp(-a);
  }
  if (a == INF) return 0 * sign;
  const double mu = 4.0 * order * order;
  double term = 1, sum = 1;
  for (int k = 1; k <= 40 && ::fabs(term) > 1e-18; k++) {
    const double odd = 2 * k - 1;
    term *= -(mu - odd * odd) / (k * 8 * a);
    sum += term;
  }
  return sign * sum / ::sqrt(2 * PI * a);
}
static inline double i0e(double x) { return x != x ? x : scaled_bessel_i(0, x); }
static inline double i1e(double x) { return x != x ? x : scaled_bessel_i(1, x); }
static inline double i0(double x) {
  const double half = ::exp(::fabs(x) / 2);
  return x - x != 0 ? NAN : half == INF ? INF : i0e(x) * half * half;
}
static inline double i1(double x) {
  const double half = ::exp(::fabs(x) / 2);
  return x - x != 0 ? NAN : half == INF ? ::copysign(INF, x) : i1e(x) * half * half;
}

}  // namespace special
}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
