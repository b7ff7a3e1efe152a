// QR iterations on Hessenberg matrices (LAPACK's lahqr): Francis' implicit double shift for real, a single shift for complex ones.
#pragma once
#include "reflectors.hpp"
#include "rotations.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

constexpr double ULP = 2 * EPSILON;
constexpr int64_t STEPS_PER_VALUE = 30, EXCEPTIONAL_PERIOD = 10;

// The start of the unreduced block of h that ends at `end`: there the subdiagonal entry is negligible (Ahues and Tisseur's criterion).
template <class S> static int64_t last_negligible(int64_t n, const S* h, int64_t end, int64_t low, int64_t high) {
  const double tiny = SAFE_MIN * (double(high - low + 1) / ULP);
  const auto size = [&](int64_t i, int64_t j) { return taxicab(h[i * n + j]); };
  for (int64_t k = end; k > low; k--) {
    const double sub = size(k, k - 1);
    if (sub <= tiny) return k;
    double near = size(k - 1, k - 1) + size(k, k);
    if (near == 0) {
      if (k - 2 >= low) near += size(k - 1, k - 2);
      if (k + 1 <= high) near += size(k + 1, k);
    }
    if (sub > ULP * near) continue;
    const double difference = taxicab(h[(k - 1) * n + k - 1] - h[k * n + k]), other = size(k - 1, k), own = size(k, k);
    const double ab = std::max(sub, other), ba = std::min(sub, other), aa = std::max(own, difference), bb = std::min(own, difference), s = aa + ab;
    if (ba * (ab / s) <= std::max(tiny, ULP * (bb * (aa / s)))) return k;
  }
  return low;
}
// Drives an iteration: deflated(start, end) takes a block of at most `block` rows, step(start, end, failures) is one sweep. False where it does not converge.
template <class S, class Deflated, class Step> static bool iterate(int64_t n, S* h, int64_t low, int64_t high, int64_t block, Deflated deflated, Step step) {
  const int64_t most = STEPS_PER_VALUE * std::max<int64_t>(10, high - low + 1);
  for (int64_t end = high, failures = 0; end >= low;) {
    const int64_t start = last_negligible(n, h, end, low, high);
    if (start > low) h[start * n + start - 1] = S(0);
    if (start > end - block) {
      deflated(start, end);
      end = start - 1;
      failures = 0;
      continue;
    }
    if (++failures > most + 1) return false;
    step(start, end, failures);
  }
  return true;
}

// ---- real matrices

// LAPACK's lanv2: a 2 x 2 block in standard form, upper triangular, or with equal diagonal entries and off-diagonal ones of opposite sign.
struct Standard2 {
  double a, b, c, d, cosine, sine;
};
static inline Standard2 standardize_2x2(double a, double b, double c, double d) {
  if (c == 0) return {a, b, c, d, 1, 0};
  if (b == 0) return {d, -c, 0, a, 0, 1};
  if (a - d == 0 && (b < 0) != (c < 0)) return {a, b, c, d, 1, 0};
  const double difference = a - d, p = 0.5 * difference, larger = std::max(std::abs(b), std::abs(c));
  const double smaller = std::min(std::abs(b), std::abs(c)) * with_sign(1, b) * with_sign(1, c);
  const double size = std::max(std::abs(p), larger), discriminant = p / size * p + larger / size * smaller;
  if (discriminant >= 4 * ULP) {
    const double z = p + with_sign(std::sqrt(size) * std::sqrt(discriminant), p), tau = hypotenuse(c, z);
    return {d + z, b - c, 0, d - larger / z * smaller, z / tau, c / tau};
  }
  // Complex, or real and almost equal: make the diagonal entries equal.
  const double sigma = b + c, tau = hypotenuse(sigma, difference), cosine = std::sqrt(0.5 * (1 + std::abs(sigma) / tau));
  const double sine = -(p / (tau * cosine)) * with_sign(1, sigma);
  const double aa = a * cosine + b * sine, bb = -a * sine + b * cosine, cc = c * cosine + d * sine, dd = -c * sine + d * cosine;
  const double mean = 0.5 * (aa * cosine + cc * sine + (-bb * sine + dd * cosine)), upper = bb * cosine + dd * sine, lower = -aa * sine + cc * cosine;
  if (lower == 0) return {mean, upper, 0, mean, cosine, sine};
  if (upper == 0) return {mean, -lower, 0, mean, -sine, cosine};
  if ((upper < 0) != (lower < 0)) return {mean, upper, lower, mean, cosine, sine};
  const double root_upper = std::sqrt(std::abs(upper)), root_lower = std::sqrt(std::abs(lower)), half = with_sign(root_upper * root_lower, lower);
  const double scale = 1 / std::sqrt(std::abs(upper + lower));
  return {mean + half, upper - lower, 0, mean - half, cosine * root_upper * scale - sine * root_lower * scale, cosine * root_lower * scale + sine * root_upper * scale};
}

class RealSchur {
  const int64_t n, low, high;
  double *const h, *const q;
  Complex* const values;

 public:
  RealSchur(int64_t n, double* h, double* q, int64_t low, int64_t high, Complex* values) : n(n), low(low), high(high), h(h), q(q), values(values) {}
  bool run() {
    return iterate(n, h, low, high, 2, [&](int64_t start, int64_t end) { start == end ? void(values[end] = at(end, end)) : split_pair(end); },
                   [&](int64_t start, int64_t end, int64_t failures) { double_shift_step(start, end, failures); });
  }

 private:
  double& at(int64_t i, int64_t j) const { return h[i * n + j]; }
  // Standardises the 2 x 2 block that ends at `end` and notes its eigenvalues, the one with positive imaginary part first.
  void split_pair(int64_t end) {
    const int64_t i = end - 1;
    const Standard2 block = standardize_2x2(at(i, i), at(i, end), at(end, i), at(end, end));
    at(i, i) = block.a;
    at(i, end) = block.b;
    at(end, i) = block.c;
    at(end, end) = block.d;
    const double im = block.c == 0 ? 0 : std::sqrt(std::abs(block.b)) * std::sqrt(std::abs(block.c));
    values[i] = {block.a, im};
    values[end] = {block.d, im == 0 ? 0 : -im};
    if (!q) return;
    rotate_rows(n - end - 1, &at(i, end) + 1, &at(end, end) + 1, block.cosine, block.sine);
    for (int64_t r = 0; r < i; r++) {
      const double x = at(r, i), y = at(r, end);
      at(r, i) = block.cosine * x + block.sine * y;
      at(r, end) = block.cosine * y - block.sine * x;
    }
    rotate_rows(n, q + i * n, q + end * n, block.cosine, block.sine);
  }
  struct Shifts {
    double re, im;
  };
  // Both eigenvalues of the trailing 2 x 2 block (re ± i im; real ones are the closer one twice), or exceptional ones every tenth time.
  Shifts choose_shifts(int64_t start, int64_t end, int64_t failures) const {
    double h11 = at(end - 1, end - 1), h21 = at(end, end - 1), h12 = at(end - 1, end), h22 = at(end, end);
    if (failures % EXCEPTIONAL_PERIOD == 0) {
      const bool at_end = failures % (2 * EXCEPTIONAL_PERIOD) == 0;
      const double s = at_end ? std::abs(at(end, end - 1)) + std::abs(at(end - 1, end - 2)) : std::abs(at(start + 1, start)) + std::abs(at(start + 2, start + 1));
      h11 = 0.75 * s + (at_end ? at(end, end) : at(start, start));
      h12 = -0.4375 * s;
      h21 = s;
      h22 = h11;
    }
    const double s = std::abs(h11) + std::abs(h12) + std::abs(h21) + std::abs(h22);
    if (s == 0) return {0, 0};
    h11 /= s;
    h21 /= s;
    h12 /= s;
    h22 /= s;
    const double mean = (h11 + h22) / 2, determinant = (h11 - mean) * (h22 - mean) - h12 * h21, root = std::sqrt(std::abs(determinant));
    if (determinant >= 0) return {mean * s, root * s};
    const double plus = mean + root, minus = mean - root;
    return {(std::abs(plus - h22) <= std::abs(minus - h22) ? plus : minus) * s, 0};
  }
  void double_shift_step(int64_t start, int64_t end, int64_t failures) {
    const auto [re, im] = choose_shifts(start, end, failures);
    // Look for two consecutive small subdiagonals, above which the step may begin.
    double v1, v2, v3;
    int64_t m = end - 2;
    for (;; m--) {
      const double h11 = at(m, m), h22 = at(m + 1, m + 1), below = at(m + 1, m), s = std::abs(h11 - re) + im + std::abs(below), h21 = below / s;
      v1 = h21 * at(m, m + 1) + (h11 - re) * ((h11 - re) / s) + im * (im / s);
      v2 = h21 * (h11 + h22 - re - re);
      v3 = h21 * at(m + 2, m + 1);
      const double size = std::abs(v1) + std::abs(v2) + std::abs(v3);
      v1 /= size;
      v2 /= size;
      v3 /= size;
      if (m <= start) break;
      if (std::abs(at(m, m - 1)) * (std::abs(v2) + std::abs(v3)) <= ULP * std::abs(v1) * (std::abs(at(m - 1, m - 1)) + std::abs(h11) + std::abs(h22))) break;
    }
    // Without vectors only the block itself matters.
    const int64_t first = q ? 0 : start, last = q ? n - 1 : end;
    for (int64_t k = m; k < end; k++) {
      const bool three = k < end - 1;
      if (k > m) {
        v1 = at(k, k - 1);
        v2 = at(k + 1, k - 1);
        v3 = three ? at(k + 2, k - 1) : 0;
      }
      double beta = v1, t1 = 0;
      if (v2 != 0 || v3 != 0) {
        beta = -with_sign(hypotenuse(hypotenuse(v1, v2), v3), v1);
        t1 = (beta - v1) / beta;
        v2 /= v1 - beta;
        v3 /= v1 - beta;
      }
      if (k > m) {
        at(k, k - 1) = beta;
        at(k + 1, k - 1) = 0;
        if (three) at(k + 2, k - 1) = 0;
      } else if (m > start) at(k, k - 1) *= 1 - t1;
      reflect_rows(&at(k, k), last + 1 - k, t1, v2, v3, three);
      reflect_columns(&at(first, k), std::min(k + 3, end) + 1 - first, t1, v2, v3, three);
      if (q) reflect_rows(q + k * n, n, t1, v2, v3, three);
    }
  }
  // The reflector t1 (1, v2, v3) on two or three rows of `count` numbers.
  void reflect_rows(double* x, int64_t count, double t1, double v2, double v3, bool three) const {
    double *y = x + n, *z = y + n;
    const double t2 = t1 * v2, t3 = t1 * v3;
    if (three)
      for_row<double>(count, [&](auto step, int64_t i) INLINE_LAMBDA {
        const auto a = step.load(x + i), b = step.load(y + i), c = step.load(z + i), sum = a + v2 * b + v3 * c;
        step.store(x + i, a - t1 * sum);
        step.store(y + i, b - t2 * sum);
        step.store(z + i, c - t3 * sum);
      });
    else
      for_row<double>(count, [&](auto step, int64_t i) INLINE_LAMBDA {
        const auto a = step.load(x + i), b = step.load(y + i), sum = a + v2 * b;
        step.store(x + i, a - t1 * sum);
        step.store(y + i, b - t2 * sum);
      });
  }
  // The same on neighbouring columns.
  void reflect_columns(double* x, int64_t count, double t1, double v2, double v3, bool three) const {
    const double t2 = t1 * v2, t3 = t1 * v3;
    for (int64_t i = 0; i < count; i++, x += n) {
      const double sum = three ? x[0] + v2 * x[1] + v3 * x[2] : x[0] + v2 * x[1];
      x[0] -= t1 * sum;
      x[1] -= t2 * sum;
      if (three) x[2] -= t3 * sum;
    }
  }
};

// ---- complex matrices, whose subdiagonals are kept real

class ComplexSchur {
  const int64_t n, low, high;
  Complex *const h, *const q;

 public:
  ComplexSchur(int64_t n, Complex* h, Complex* q, int64_t low, int64_t high) : n(n), low(low), high(high), h(h), q(q) {}
  bool run() {
    for (int64_t i = low + 1; i <= high; i++) make_subdiagonal_real(i);
    return iterate(n, h, low, high, 1, [](int64_t, int64_t) {}, [&](int64_t start, int64_t end, int64_t failures) {
      single_shift_step(start, end, failures);
      make_subdiagonal_real(end);
    });
  }

 private:
  Complex& at(int64_t i, int64_t j) const { return h[i * n + j]; }
  // Multiplies row i from column i on by the conjugate of a phase, and column i by the phase, so that h[i][i - 1] becomes real and positive.
  void make_subdiagonal_real(int64_t i) {
    const Complex z = at(i, i - 1);
    if (z.im == 0) return;
    const double size = magnitude(z);
    const Complex phase(z.re / size, z.im / size);
    at(i, i - 1) = size;
    scale_by(n - i, conjugate(phase), &at(i, i));
    scale_by(std::min(n, i + 2), phase, h + i, n);
    if (q) scale_by(n, phase, q + i * n);
  }
  // Wilkinson's shift, or an exceptional one every tenth time.
  Complex choose_shift(int64_t start, int64_t end, int64_t failures) const {
    if (failures % EXCEPTIONAL_PERIOD == 0) {
      const bool at_end = failures % (2 * EXCEPTIONAL_PERIOD) == 0;
      const Complex t = at_end ? at(end, end) : at(start, start);
      return {0.75 * std::abs(at_end ? at(end, end - 1).re : at(start + 1, start).re) + t.re, t.im};
    }
    const Complex t = at(end, end), u = square_root(at(end - 1, end)) * square_root(at(end, end - 1));
    if (taxicab(u) == 0) return t;
    const Complex x = 0.5 * (at(end - 1, end - 1) - t);
    const double size = std::max(taxicab(u), taxicab(x));
    const Complex xs(x.re / size, x.im / size), us(u.re / size, u.im / size), root = square_root(xs * xs + us * us);
    return t - u * (u / (x + (x.re * root.re + x.im * root.im < 0 ? -size : size) * root));
  }
  void single_shift_step(int64_t start, int64_t end, int64_t failures) {
    const Complex shift = choose_shift(start, end, failures);
    // Look for two consecutive small subdiagonals, above which the step may begin.
    Complex pair[2];
    int64_t m = end - 1;
    for (;; m--) {
      const Complex h11 = at(m, m), shifted = h11 - shift;
      const double below = at(m + 1, m).re, s = taxicab(shifted) + std::abs(below), second = below / s;
      pair[0] = {shifted.re / s, shifted.im / s};
      pair[1] = second;
      if (m <= start) break;
      if (std::abs(at(m, m - 1).re) * std::abs(second) <= ULP * (taxicab(pair[0]) * (taxicab(h11) + taxicab(at(m + 1, m + 1))))) break;
    }
    for (int64_t k = m; k < end; k++) {
      if (k > m) {
        pair[0] = at(k, k - 1);
        pair[1] = at(k + 1, k - 1);
      }
      Complex tau;
      const double beta = make_reflector(2, pair, tau);
      if (k > m) {
        at(k, k - 1) = beta;
        at(k + 1, k - 1) = 0;
      }
      // tau v2 is real, for the subdiagonal entries are.
      const Complex v2 = pair[1];
      const double t2 = tau.re * v2.re - tau.im * v2.im;
      reflect_pair(&at(k, k), &at(k + 1, k), 1, n - k, conjugate(tau), t2, v2);
      reflect_pair(h + k, h + k + 1, n, std::min(k + 2, end) + 1, tau, t2, conjugate(v2));
      if (q) reflect_pair(q + k * n, q + (k + 1) * n, 1, n, tau, t2, conjugate(v2));
      if (k == m && m > start) restore_real_subdiagonal(m, end, Complex(1) - tau);
    }
  }
  // x <- x - s, y <- y - v2 s with s = tau x + t2 y.
  static void reflect_pair(Complex* x, Complex* y, int64_t stride, int64_t count, Complex tau, double t2, Complex v2) {
    for (int64_t i = 0; i < count; i++, x += stride, y += stride) {
      const Complex sum = tau * *x + t2 * *y;
      *x -= sum;
      *y -= sum * v2;
    }
  }
  // When the step began below `start`, the entry above its beginning lost its realness: rows and columns m ... end are rescaled by phases.
  void restore_real_subdiagonal(int64_t m, int64_t end, Complex factor) {
    const double size = magnitude(factor);
    const Complex phase(factor.re / size, factor.im / size), back = conjugate(phase);
    at(m + 1, m) *= back;
    if (m + 2 <= end) at(m + 2, m + 1) *= phase;
    for (int64_t j = m; j <= end; j++) {
      if (j == m + 1) continue;
      if (j + 1 < n) scale_by(n - j - 1, phase, &at(j, j) + 1);
      scale_by(j, back, h + j, n);
      if (q) scale_by(n, back, q + j * n);
    }
  }
};

// The Hessenberg h (n x n dense rows) becomes its Schur form; row j of q (or null: then only eigenvalues are right) is column j of the basis, updated along.
static inline bool schur_form(int64_t n, double* h, double* q, int64_t low, int64_t high, Complex* values) {
  for (int64_t i = 0; i < n; i++) values[i] = h[i * n + i];
  return RealSchur(n, h, q, low, high, values).run();
}
static inline bool schur_form(int64_t n, Complex* h, Complex* q, int64_t low, int64_t high, Complex* values) {
  if (!ComplexSchur(n, h, q, low, high).run()) return false;
  for (int64_t i = 0; i < n; i++) values[i] = h[i * n + i];
  return true;
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
