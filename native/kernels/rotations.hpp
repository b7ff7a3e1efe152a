// The 2 x 2 problems inside QR iterations, by LAPACK's formulas, whose signs decide those of eigen- and singular vectors; and chains of plane rotations.
#pragma once
#include "scalars.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

INLINE double hypotenuse(double a, double b) {
  const double sum = a * a + b * b;
  return sum > 1e-280 && sum < 1e280 ? std::sqrt(sum) : std::hypot(a, b);
}
// c f + s g = r and c g - s f = 0.
struct Rotation {
  double c, s, r;
};
// With r > 0, but of f's sign where |f| > |g| (lartg before LAPACK 3.10).
INLINE Rotation make_rotation(double f, double g) {
  if (g == 0) return {1, 0, f};
  if (f == 0) return {0, 1, g};
  const double length = hypotenuse(f, g), r = std::abs(f) > std::abs(g) ? with_sign(length, f) : length;
  return {f / r, g / r, r};
}
// The same with r of f's sign and c >= 0 (lartg since LAPACK 3.10).
INLINE Rotation make_signed_rotation(double f, double g) {
  if (g == 0) return {1, 0, f};
  if (f == 0) return {0, with_sign(1, g), std::abs(g)};
  const double r = with_sign(hypotenuse(f, g), f);
  return {std::abs(f / r), g / r, r};
}
// Eigenvalues of [[a, b], [b, c]], the one of larger magnitude first, and its unit eigenvector (cosine, sine) (laev2).
struct Symmetric2 {
  double first, second, cosine, sine;
};
static inline Symmetric2 symmetric_2x2(double a, double b, double c) {
  const double sum = a + c, difference = a - c, twice = b + b, root = hypotenuse(difference, twice);
  const double large = std::abs(a) > std::abs(c) ? a : c, small = std::abs(a) > std::abs(c) ? c : a;
  Symmetric2 result;
  result.first = sum == 0 ? 0.5 * root : 0.5 * (sum + with_sign(root, sum));
  result.second = sum == 0 ? -0.5 * root : large / result.first * small - b / result.first * b;
  const double cs = difference >= 0 ? difference + root : difference - root;
  double cosine = 1, sine = 0;
  if (std::abs(cs) > std::abs(twice)) {
    const double cotangent = -twice / cs;
    sine = 1 / std::sqrt(1 + cotangent * cotangent);
    cosine = cotangent * sine;
  } else if (twice != 0) {
    const double tangent = -cs / twice;
    cosine = 1 / std::sqrt(1 + tangent * tangent);
    sine = tangent * cosine;
  }
  const bool turned = (sum < 0) == (difference < 0);
  result.cosine = turned ? -sine : cosine;
  result.sine = turned ? cosine : sine;
  return result;
}
// Singular values of [[f, g], [0, h]] (las2).
struct Extremes {
  double smallest, largest;
};
static inline Extremes singular_values_2x2(double f, double g, double h) {
  const double fa = std::abs(f), ga = std::abs(g), ha = std::abs(h), low = std::min(fa, ha), high = std::max(fa, ha);
  if (low == 0) return {0, hypotenuse(high, ga)};
  const double a = 1 + low / high, b = (high - low) / high;
  if (ga < high) {
    const double u = ga / high * (ga / high), c = 2 / (std::sqrt(a * a + u) + std::sqrt(b * b + u));
    return {low * c, high / c};
  }
  const double u = high / ga;
  if (u == 0) return {low * high / ga, ga};
  const double c = 1 / (std::sqrt(1 + a * u * (a * u)) + std::sqrt(1 + b * u * (b * u)));
  return {low * c * u * 2, ga / (c + c)};
}
// The singular value decomposition of [[f, g], [0, h]]: values with signs, and the left and right rotations (lasv2).
struct Singular2 {
  double smallest, largest, right_c, right_s, left_c, left_s;
};
static inline Singular2 svd_2x2(double f, double g, double h) {
  const bool swapped = std::abs(h) > std::abs(f);
  const double ft = swapped ? h : f, ht = swapped ? f : h, fa = std::abs(ft), ha = std::abs(ht), ga = std::abs(g);
  enum { F, G, H } largest_entry = swapped ? H : F;
  double smallest = ha, largest = fa, left_c = 1, left_s = 0, right_c = 1, right_s = 0;
  if (ga != 0) {
    if (ga > fa) largest_entry = G;
    if (ga > fa && fa / ga < EPSILON) {
      largest = ga;
      smallest = ha > 1 ? fa / (ga / ha) : fa / ga * ha;
      left_s = ht / g;
      right_s = 1;
      right_c = ft / g;
    } else {
      const double d = fa - ha, m = g / ft, mm = m * m;
      double l = d == fa ? 1 : d / fa, t = 2 - l;
      const double s = std::sqrt(t * t + mm), r = l == 0 ? std::abs(m) : std::sqrt(l * l + mm), a = 0.5 * (s + r);
      smallest = ha / a;
      largest = fa * a;
      if (mm == 0) t = l == 0 ? with_sign(2, ft) * with_sign(1, g) : g / with_sign(d, ft) + m / t;
      else t = (m / (s + t) + m / (r + l)) * (1 + a);
      l = std::sqrt(t * t + 4);
      right_c = 2 / l;
      right_s = t / l;
      left_c = (right_c + right_s * m) / a;
      left_s = ht / ft * right_s / a;
    }
  }
  if (swapped) {
    const double c = left_c, s = left_s;
    left_c = right_s;
    left_s = right_c;
    right_c = s;
    right_s = c;
  }
  const double sign = largest_entry == F   ? with_sign(1, right_c) * with_sign(1, left_c) * with_sign(1, f)
                      : largest_entry == G ? with_sign(1, right_s) * with_sign(1, left_c) * with_sign(1, g)
                                           : with_sign(1, right_s) * with_sign(1, left_s) * with_sign(1, h);
  return {with_sign(smallest, sign * with_sign(1, f) * with_sign(1, h)), with_sign(largest, sign), right_c, right_s, left_c, left_s};
}

// ---- rotations of rows

// Rotations of neighbouring rows, one after the other: the second row of one is the first row of the next.
struct Chain {
  Buffer<double> c, s;
  int64_t count = 0;
  explicit Chain(int64_t most) : c(most), s(most) {
    if (!c || !s) out_of_memory();
  }
  void push(double cosine, double sine) {
    c[count] = cosine;
    s[count++] = sine;
  }
};
template <int VECTORS> static void turn_columns(const Chain& chain, double* row, int64_t step) {
  Doubles x[VECTORS];
  unroll<VECTORS>([&](auto v) INLINE_LAMBDA { x[v] = load(row + v * LANES<double>); });
  for (int64_t k = 0; k < chain.count; k++, row += step) {
    const Doubles c = splat(chain.c[k]), s = splat(chain.s[k]);
    unroll<VECTORS>([&](auto v) INLINE_LAMBDA {
      const Doubles y = load(row + step + v * LANES<double>);
      store(row + v * LANES<double>, fused(c, x[v], s * y));
      x[v] = fused(c, y, -(s * x[v]));
    });
  }
  unroll<VECTORS>([&](auto v) INLINE_LAMBDA { store(row + v * LANES<double>, x[v]); });
}
// The chain's rotations (x, y) <- (c x + s y, c y - s x) on rows of n numbers that lie `step` apart, the first at `row`; the chain is empty then.
static inline void turn_rows(Chain& chain, int64_t n, double* row, int64_t step) {
  constexpr int W = LANES<double>;
  int64_t j = 0;
  for (; j + 4 * W <= n; j += 4 * W) turn_columns<4>(chain, row + j, step);
  for (; j + W <= n; j += W) turn_columns<1>(chain, row + j, step);
  for (; j < n; j++) {
    double *at = row + j, x = *at;
    for (int64_t k = 0; k < chain.count; k++, at += step) {
      const double y = at[step];
      *at = chain.c[k] * x + chain.s[k] * y;
      x = chain.c[k] * y - chain.s[k] * x;
    }
    *at = x;
  }
  chain.count = 0;
}
// One such rotation of two rows of n numbers.
static inline void rotate_rows(int64_t n, double* x, double* y, double c, double s) {
  for_row<double>(n, [&](auto step, int64_t i) INLINE_LAMBDA {
    const auto a = step.load(x + i), b = step.load(y + i);
    step.store(x + i, c * a + s * b);
    step.store(y + i, c * b - s * a);
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
