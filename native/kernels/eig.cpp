// Eigenvalues and eigenvectors of general matrices: balancing, Hessenberg form, QR iteration, back substitution (LAPACK's geev).
// Eigenvalues come in the order of the Schur form. Computed in float64 whatever the dtype.
#include "reflectors.hpp"
#include "schur.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// ---- balancing

// How a matrix was balanced: only rows and columns low ... high (inclusive) are left to reduce.
struct Balance {
  int64_t low, high;
  // What each row within low ... high was divided by; outside, the index it was exchanged with.
  Buffer<double> scale;
};
template <class S> static void swap_columns(int64_t rows, int64_t n, S* a, int64_t j, int64_t k) {
  for (int64_t i = 0; i < rows; i++) std::swap(a[i * n + j], a[i * n + k]);
}
// Divides and multiplies rows and columns by powers of two until their norms are alike.
template <class S> static void equilibrate(int64_t n, S* a, const Balance& b) {
  constexpr double RADIX = 2, LARGEST = 0x1p970, SMALLEST = 0x1p-970;
  const int64_t low = b.low, high = b.high;
  for (bool changed = true; changed;) {
    changed = false;
    for (int64_t i = low; i <= high; i++) {
      double column = norm_of(high - low + 1, a + low * n + i, n), row = norm_of(high - low + 1, a + i * n + low);
      if (!(column > 0) || !(row > 0)) continue;
      double largest_column = 0, largest_row = 0, f = 1;
      for (int64_t k = 0; k <= high; k++) largest_column = std::max(largest_column, magnitude(a[k * n + i]));
      for (int64_t k = low; k < n; k++) largest_row = std::max(largest_row, magnitude(a[i * n + k]));
      const double before = column + row;
      for (; column < row / RADIX && std::max({f, column, largest_column}) < LARGEST && std::min(row, largest_row) > SMALLEST; f *= RADIX) {
        column *= RADIX;
        largest_column *= RADIX;
        row /= RADIX;
        largest_row /= RADIX;
      }
      for (; column / RADIX >= row && std::max(row, largest_row) < LARGEST && std::min({f, column, largest_column}) > SMALLEST; f /= RADIX) {
        column /= RADIX;
        largest_column /= RADIX;
        row *= RADIX;
        largest_row *= RADIX;
      }
      if (column + row >= 0.95 * before) continue;
      b.scale[i] *= f;
      changed = true;
      scale_by(n - low, 1 / f, a + i * n + low);
      scale_by(high + 1, f, a + i, n);
    }
  }
}
// Permutes isolated eigenvalues to the ends and equilibrates the rest.
template <class S> static void balance(int64_t n, S* a, Balance& b) {
  std::fill_n(b.scale.get(), n, 1.);
  b.low = 0;
  b.high = n - 1;
  const auto is_zero = [&](int64_t i, int64_t j) { return a[i * n + j] == S(0); };
  const auto exchange = [&](int64_t j, int64_t m) {
    b.scale[m] = double(j);
    if (j == m) return;
    swap_columns(b.high + 1, n, a, j, m);
    std::swap_ranges(a + j * n + b.low, a + j * n + n, a + m * n + b.low);
  };
  const auto isolated_row = [&]() -> int64_t {
    for (int64_t j = b.high; j >= 0; j--) {
      int64_t i = 0;
      while (i <= b.high && (i == j || is_zero(j, i))) i++;
      if (i > b.high) return j;
    }
    return -1;
  };
  const auto isolated_column = [&]() -> int64_t {
    for (int64_t j = b.low; j <= b.high; j++) {
      int64_t i = b.low;
      while (i <= b.high && (i == j || is_zero(i, j))) i++;
      if (i > b.high) return j;
    }
    return -1;
  };
  for (int64_t j = isolated_row(); j >= 0; j = isolated_row()) {
    exchange(j, b.high);
    if (b.high == 0) return;
    b.high--;
  }
  for (int64_t j = isolated_column(); j >= 0; j = isolated_column()) {
    exchange(j, b.low);
    b.low++;
  }
  equilibrate(n, a, b);
}
// An eigenvector of the balanced matrix becomes one of the original.
static inline void undo_balance(int64_t n, Complex* x, const Balance& b) {
  if (b.low < b.high)
    for (int64_t i = b.low; i <= b.high; i++) x[i] = x[i] * b.scale[i];
  for (int64_t i = b.low - 1; i >= 0; i--) std::swap(x[i], x[int64_t(b.scale[i])]);
  for (int64_t i = b.high + 1; i < n; i++) std::swap(x[i], x[int64_t(b.scale[i])]);
}

// ---- Hessenberg form

// a (n x n dense rows) becomes Q^H a Q, Q the product of the reflectors.
template <class S> static void reduce_to_hessenberg(int64_t n, S* a, const Balance& b, Reflectors<S>& reflectors) {
  Buffer<S> sum(n);
  if (!sum) out_of_memory();
  for (int64_t k = b.low; k < b.high - 1; k++) {
    S* v = reflectors.v(k - b.low);
    const int64_t count = b.high - k, start = k + 1;
    std::fill_n(v, n - start, S(0));                                      // rows beyond `high` take no part
    for (int64_t i = 0; i < count; i++) v[i] = a[(start + i) * n + k];
    const double beta = reflectors.make();
    const S tau = reflectors.tau(k - b.low);
    for (int64_t i = 0; i < count; i++) a[(start + i) * n + k] = S(i ? 0 : beta);
    // From the right: a (I - tau v v^H).
    for (int64_t i = 0; i <= b.high; i++) {
      S* row = a + i * n + start;
      const S factor = -(tau * dot_of(count, row, v));
      if constexpr (std::is_same_v<S, double>) add_scaled(count, factor, v, row);
      else
        for (int64_t j = 0; j < count; j++) row[j] += factor * conjugate(v[j]);
    }
    reflectors.apply_one(k - b.low, true, a + start, n - start, n, sum.get());
  }
}

// ---- eigenvectors of the Schur form

constexpr double BIG = 1e150;
// An eigenvector's scale is free: numbers that threaten to overflow are brought down together.
static inline void limit_growth(int64_t n, Complex* x, int64_t j) {
  const double size = std::max(std::abs(x[j].re), std::abs(x[j].im));
  if (size > BIG) scale_by(n, 1 / size, x);
}
INLINE Complex at_least(Complex z, double smallest) { return taxicab(z) < smallest ? Complex(smallest, 0) : z; }

// Solves [[a, b], [c, d]] x = (f, g) with real b and c, by elimination with row exchanges; a pivot that is too small is replaced.
static inline void solve_2x2(Complex a, double b, double c, Complex d, Complex f, Complex g, double smallest, Complex* x) {
  Complex p = a, q = b, r = c, s = d;
  if (taxicab(a) < std::abs(c)) {
    p = c;
    q = d;
    r = a;
    s = b;
    std::swap(f, g);
  }
  const Complex pivot = at_least(p, smallest), factor = r / pivot;
  x[1] = (g - factor * f) / at_least(s - factor * q, smallest);
  x[0] = (f - q * x[1]) / pivot;
}
// The eigenvector x (zeros beyond) of the real quasi-triangular t for the eigenvalue w of its block at k; of a pair, the one with positive imaginary part.
static inline void schur_vector(int64_t n, const double* t, int64_t k, Complex w, Complex* x) {
  const bool pair = w.im != 0;
  const int64_t last = pair ? k + 1 : k;
  std::fill_n(x, n, Complex(0));
  if (pair) {
    const double above = t[k * n + k + 1], below = t[(k + 1) * n + k];
    const bool by_above = std::abs(above) >= std::abs(below);
    x[k] = by_above ? 1 : -w.im / below;
    x[last] = Complex(0, by_above ? w.im / above : 1);
  } else x[k] = 1;
  const double smallest = std::max(2 * EPSILON * taxicab(w), SAFE_MIN * (double(n) / EPSILON));
  const auto right_side = [&](int64_t i, int64_t from) {
    double re = 0, im = 0;
    for (int64_t j = from; j <= last; j++) {
      re -= t[i * n + j] * x[j].re;
      im -= t[i * n + j] * x[j].im;
    }
    return Complex(re, im);
  };
  const auto shifted = [&](int64_t i) { return Complex(t[i * n + i] - w.re, -w.im); };
  for (int64_t j = k - 1; j >= 0; j--) {
    if (j > 0 && t[j * n + j - 1] != 0) {
      const Complex f = right_side(j - 1, j + 1), g = right_side(j, j + 1);
      solve_2x2(shifted(j - 1), t[(j - 1) * n + j], t[j * n + j - 1], shifted(j), f, g, smallest, x + j - 1);
      j--;
    } else x[j] = right_side(j, j + 1) / at_least(shifted(j), smallest);
    limit_growth(n, x, j);
  }
}
// The same for a complex triangular t.
static inline void schur_vector(int64_t n, const Complex* t, int64_t k, Complex w, Complex* x) {
  std::fill_n(x, n, Complex(0));
  x[k] = 1;
  const double smallest = std::max(2 * EPSILON * taxicab(w), SAFE_MIN * (double(n) / EPSILON));
  for (int64_t j = k - 1; j >= 0; j--) {
    x[j] = -dot_of(k - j, t + j * n + j + 1, x + j + 1) / at_least(t[j * n + j] - w, smallest);
    limit_growth(n, x, j);
  }
}

// ---- the whole

// To norm 1 and, unless the vector is real, by a phase to a real largest entry: of either sign for a pair of a real matrix, else positive.
static inline void normalise(int64_t n, Complex* x, bool real_matrix, bool pair) {
  scale_by(n, 1 / norm_of(n, x), x);
  if (real_matrix && !pair) return;
  const int64_t k = std::max_element(x, x + n, [](Complex a, Complex b) { return squared_magnitude(a) < squared_magnitude(b); }) - x;
  const Rotation turn = make_rotation(x[k].re, x[k].im);
  const double size = magnitude(x[k]);
  scale_by(n, real_matrix ? Complex(turn.c, -turn.s) : Complex(x[k].re / size, -x[k].im / size), x);
  x[k].im = 0;
}
// Eigenvectors of the balanced matrix, one a row of x, from those of the Schur form and Q, whose columns are the rows of q.
template <class S> static void multiply_rows(int64_t n, Complex* x, const S* q) {
  if constexpr (std::is_same_v<S, double>) {
    // Real and imaginary parts are rows of their own.
    Buffer<double> in(2 * n * n), out(2 * n * n);
    if (!in || !out) out_of_memory();
    for (int64_t i = 0; i < n * n; i++) {
      in[i] = x[i].re;
      in[n * n + i] = x[i].im;
    }
    run_product<double>({2 * n, n, n, in.get(), n, 1, q, n, 1, Target<double>{out.get(), n, nullptr, 0}});
    for (int64_t i = 0; i < n * n; i++) x[i] = {out[i], out[n * n + i]};
  } else {
    Buffer<Complex> row(n);
    if (!row) out_of_memory();
    for (int64_t k = 0; k < n; k++) {
      std::copy_n(x + k * n, n, row.get());
      std::fill_n(x + k * n, n, Complex(0));
      for (int64_t j = 0; j <= k; j++) add_scaled(n, row[j], q + j * n, x + k * n);
    }
  }
}

// Eigenvalues of a (n x n dense rows, overwritten) and, unless null, unit eigenvectors in the rows of x. False where the iteration does not converge.
template <class S> static bool general_eigen(int64_t n, S* a, Complex* values, Complex* x) {
  const int exponent = scale_exponent(n * n, a);
  if (exponent) scale_by(n * n, std::ldexp(1., -exponent), a);
  Balance balanced{0, 0, Buffer<double>(n)};
  Buffer<S> q(x ? n * n : 1);
  if (!balanced.scale || !q) out_of_memory();
  balance(n, a, balanced);
  const int64_t low = balanced.low, high = balanced.high;
  Reflectors<S> reflectors(n, n, low + 1);
  reduce_to_hessenberg(n, a, balanced, reflectors);
  if (x) {
    Buffer<S> columns(n * n);
    if (!columns) out_of_memory();
    std::fill_n(columns.get(), n * n, S(0));
    for (int64_t i = 0; i < n; i++) columns[i * n + i] = S(1);
    reflectors.apply(columns.get(), n);
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) q[j * n + i] = columns[i * n + j];
  }
  if (!schur_form(n, a, x ? q.get() : nullptr, low, high, values)) return false;
  if (x) {
    constexpr bool real_matrix = std::is_same_v<S, double>;
    for (int64_t k = 0; k < n; k++) {
      schur_vector(n, a, k, values[k], x + k * n);
      if (real_matrix && values[k].im != 0) k++;
    }
    if (real_matrix)
      for (int64_t k = 0; k < n; k++)
        if (values[k].im < 0) std::fill_n(x + k * n, n, Complex(0));
    multiply_rows(n, x, q.get());
    for (int64_t k = 0; k < n; k++) {
      Complex* row = x + k * n;
      if (real_matrix && values[k].im < 0) {
        for (int64_t i = 0; i < n; i++) row[i] = conjugate(row[i - n]);
        continue;
      }
      undo_balance(n, row, balanced);
      normalise(n, row, real_matrix, values[k].im != 0);
    }
  }
  if (exponent) scale_by(n, std::ldexp(1., exponent), values);
  return true;
}

// slots: A (square), values (complex, dense), vectors (complex, or absent): any strides. Declines what is not finite or does not converge.
KERNEL(eig) {
  const Strided A = in.tensor(), values = in.tensor(), vectors = in.tensor();
  if (!are_matrices(A) || !values.contiguous()) return DECLINED;
  const Strided columns = vectors ? transposed(vectors) : A;
  const Batch from(A), to(columns);
  const int64_t n = from.rows;
  return for_numbers_of(A.dtype, [&](auto element, auto compute) -> Status {
    using T = decltype(element);
    using S = decltype(compute);
    using R = ComplexOf<std::conditional_t<sizeof(T) == sizeof(S), double, float>>;
    return for_each_matrix(from.count, [&](int64_t b) -> Status {
      Buffer<S> a(n * n);
      Buffer<Complex> w(n), x(vectors ? n * n : 1);
      if (!a || !w || !x) out_of_memory();
      from.load<T>(b, a.get());
      if (!all_finite(n * n, a.get()) || !general_eigen(n, a.get(), w.get(), vectors ? x.get() : nullptr)) return DECLINED;
      for (int64_t i = 0; i < n; i++) values.as<R>()[b * n + i] = R(w[i]);
      if (vectors) to.store<R>(b, x.get());
      return DONE;
    });
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
