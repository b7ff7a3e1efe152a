// Singular values and vectors: reduction to bidiagonal form (after a QR factorisation where a matrix is long or wide), then implicit zero-shift QR
// (LAPACK's gebrd and bdsqr), which finds small singular values of bidiagonals to full relative accuracy. Computed in float64 whatever the dtype.
#include "reflectors.hpp"
#include "rotations.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// ---- reductions

// a (m x n dense rows, m >= n, overwritten) = Q B P^H with real upper bidiagonal B, Q and P the products of `left` and `right`.
template <class S> static void bidiagonalize(int64_t m, int64_t n, S* a, double* diagonal, double* off_diagonal, Reflectors<S>& left, Reflectors<S>& right) {
  // What a step does to the rest, a - u z - x y with columns u, x and rows z, y, is done when the next one reads it.
  Buffer<S> memory(m + 2 * n);
  if (!memory) out_of_memory();
  S *x = memory.get(), *y = x + m, *z = y + n;
  std::fill_n(x, m + 2 * n, S(0));
  for (int64_t i = 0; i < n; i++) {
    const S* u = i ? left.v(i - 1) - (i - 1) : x;                          // before the first step everything is zero
    S* v = left.v(i) - i;
    for (int64_t r = i; r < m; r++) v[r] = a[r * n + i] - u[r] * z[i] - x[r] * y[i];
    diagonal[i] = left.make();
    if (i == n - 1) return;
    const int64_t rest = n - i - 1;
    const S* top = a + i * n + i + 1;
    S* next = right.v(i);                                                  // collects v^H a, row by row
    std::fill_n(next, rest, S(0));
    for (int64_t r = i; r < m; r++) {
      S* row = a + r * n + i + 1;
      const S f = -u[r], g = -x[r], h = conjugate(v[r]);
      for_numbers<S>(rest, [&](auto step, int64_t j) INLINE_LAMBDA {
        const auto updated = times_plus(step.load(z + i + 1 + j), f, times_plus(step.load(y + i + 1 + j), g, step.load(row + j)));
        step.store(row + j, updated);
        step.store(next + j, times_plus(updated, h, step.load(next + j)));
      });
    }
    const S tau = conjugate(left.tau(i));
    for (int64_t j = 0; j < rest; j++) {
      z[i + 1 + j] = tau * next[j];
      next[j] = conjugate(top[j] - z[i + 1 + j]);
    }
    off_diagonal[i] = right.make();
    const S inner = dot_of(rest, z + i + 1, next);
    for (int64_t r = i + 1; r < m; r++) x[r] = right.tau(i) * (dot_of(rest, a + r * n + i + 1, next) - v[r] * inner);
    for (int64_t j = 0; j < rest; j++) y[i + 1 + j] = conjugate(next[j]);
  }
}
// a (m x n dense rows, m >= n, overwritten) = Q R, R in the upper triangle of its first n rows.
template <class S> static void factor_qr(int64_t m, int64_t n, S* a, Reflectors<S>& reflectors) {
  Buffer<S> sum(n);
  if (!sum) out_of_memory();
  for (int64_t k = 0; k < n; k++) {
    S* v = reflectors.v(k) - k;
    for (int64_t r = k; r < m; r++) v[r] = a[r * n + k];
    a[k * n + k] = S(reflectors.make());
    if (k < n - 1) reflectors.apply_one(k, true, a + k + 1, n - k - 1, n, sum.get());
  }
}

// ---- the bidiagonal problem

// The singular value decomposition of a real bidiagonal matrix in place. Row i of `left` (`right`; n x n, or both null) is the i-th left (right) singular vector.
class BidiagonalIteration {
  static constexpr int64_t MAX_SWEEPS = 6;
  static constexpr double TOLERANCE = 0x1.8ace5422aa0dbp+6 * EPSILON;     // EPSILON^(-1/8), at most 100
  const int64_t n;
  double *const d, *const e, *const left, *const right;
  Chain inner, outer;

 public:
  BidiagonalIteration(int64_t n, double* d, double* e, double* left, double* right) : n(n), d(d), e(e), left(left), right(right), inner(n), outer(n) {}
  // `lower`: e is below the diagonal. False where it does not converge.
  bool run(bool lower) {
    if (left)
      for (double* vectors : {left, right}) {
        std::fill_n(vectors, n * n, 0.);
        for (int64_t i = 0; i < n; i++) vectors[i * n + i] = 1;
      }
    if (n == 1) {
      if (left) left[0] = with_sign(1, d[0]);
      d[0] = std::abs(d[0]);
      return true;
    }
    Chain to_upper(n);
    if (lower) make_upper(to_upper);
    if (!iterate()) return false;
    for (int64_t i = 0; i < n; i++) {
      if (!std::signbit(d[i])) continue;
      d[i] = -d[i];
      if (left) scale_by(n, -1., right + i * n);
    }
    sort();
    if (left && lower) undo_upper(to_upper);
    return true;
  }

 private:
  // Rotates a lower bidiagonal into an upper one from the left.
  void make_upper(Chain& rotations) {
    for (int64_t i = 0; i < n - 1; i++) {
      const Rotation turn = make_signed_rotation(d[i], e[i]);
      d[i] = turn.r;
      e[i] = turn.s * d[i + 1];
      d[i + 1] = turn.c * d[i + 1];
      rotations.push(turn.c, turn.s);
    }
  }
  void undo_upper(const Chain& rotations) {
    for (int64_t r = 0; r < n; r++)
      for (int64_t i = n - 2; i >= 0; i--) {
        double *x = left + r * n + i, *y = x + 1;
        const double a = *x, b = *y;
        *x = rotations.c[i] * a - rotations.s[i] * b;
        *y = rotations.c[i] * b + rotations.s[i] * a;
      }
  }
  // The size below which an off-diagonal entry counts as zero: relative to an estimate of the smallest singular value.
  double deflation_threshold() const {
    double smallest = std::abs(d[0]), mu = smallest;
    for (int64_t i = 1; i < n && smallest != 0; i++) {
      mu = std::abs(d[i]) * (mu / (mu + std::abs(e[i - 1])));
      smallest = std::min(smallest, mu);
    }
    return std::max(TOLERANCE * smallest / std::sqrt(double(n)), double(MAX_SWEEPS * n * n) * SAFE_MIN);
  }
  bool iterate() {
    const double threshold = deflation_threshold();
    int64_t budget = MAX_SWEEPS * n * n, old_first = -1, old_last = -1;
    bool down = true;
    for (int64_t last = n - 1; last > 0;) {
      if (budget < 0) return false;
      // The unreduced block that ends at `last`.
      int64_t first = last - 1;
      double largest = std::abs(d[last]);
      for (; first >= 0; first--) {
        if (std::abs(e[first]) <= threshold) break;
        largest = std::max({largest, std::abs(d[first]), std::abs(e[first])});
      }
      if (first >= 0) e[first] = 0;
      first++;
      if (first == last) {
        last--;
        continue;
      }
      if (first == last - 1) {
        solve_2x2(first);
        last -= 2;
        continue;
      }
      // A new block is chased from its larger end to its smaller one.
      if (first > old_last || last < old_first) down = std::abs(d[first]) >= std::abs(d[last]);
      double smallest;
      if (deflates(first, last, down, smallest)) continue;
      old_first = first;
      old_last = last;
      budget -= last - first;
      const double shift = shift_for(first, last, down, smallest, largest);
      if (shift == 0) zero_shift_sweep(first, last, down);
      else shifted_sweep(first, last, down, shift);
      double& end = e[down ? last - 1 : first];
      if (std::abs(end) <= threshold) end = 0;
    }
    return true;
  }
  void solve_2x2(int64_t i) {
    const Singular2 pair = svd_2x2(d[i], e[i], d[i + 1]);
    d[i] = pair.largest;
    d[i + 1] = pair.smallest;
    e[i] = 0;
    if (!left) return;
    rotate_rows(n, right + i * n, right + (i + 1) * n, pair.right_c, pair.right_s);
    rotate_rows(n, left + i * n, left + (i + 1) * n, pair.left_c, pair.left_s);
  }
  // Whether an off-diagonal entry was negligible and is zero now; else the smallest singular value of the block is bounded from below.
  bool deflates(int64_t first, int64_t last, bool down, double& smallest) {
    double& end = e[down ? last - 1 : first];
    if (std::abs(end) <= TOLERANCE * std::abs(d[down ? last : first])) {
      end = 0;
      return true;
    }
    double mu = std::abs(d[down ? first : last]);
    smallest = mu;
    for (int64_t step = 0; step < last - first; step++) {
      const int64_t link = down ? first + step : last - 1 - step;
      if (std::abs(e[link]) <= TOLERANCE * mu) {
        e[link] = 0;
        return true;
      }
      mu = std::abs(d[down ? link + 1 : link]) * (mu / (mu + std::abs(e[link])));
      smallest = std::min(smallest, mu);
    }
    return false;
  }
  // The shift, or 0 if it would cost relative accuracy.
  double shift_for(int64_t first, int64_t last, bool down, double smallest, double largest) const {
    if (double(n) * TOLERANCE * (smallest / largest) <= std::max(EPSILON, 0.01 * TOLERANCE)) return 0;
    const double start = std::abs(d[down ? first : last]);
    const int64_t corner = down ? last - 1 : first;
    const double shift = singular_values_2x2(d[corner], e[corner], d[corner + 1]).smallest;
    return start > 0 && shift / start * (shift / start) < EPSILON ? 0 : shift;
  }
  // Rotates the vectors, `inner` being those of the side that the chase comes from.
  void turn(int64_t from, bool down) {
    if (!left) return;
    const int64_t step = down ? n : -n;
    turn_rows(inner, n, (down ? right : left) + from * n, step);
    turn_rows(outer, n, (down ? left : right) + from * n, step);
  }
  void push(Rotation a, Rotation b) {
    if (!left) return;
    inner.push(a.c, a.s);
    outer.push(b.c, b.s);
  }
  void zero_shift_sweep(int64_t first, int64_t last, bool down) {
    const int64_t dir = down ? 1 : -1, from = down ? first : last, to = down ? last : first;
    const auto link = [&](int64_t i) -> double& { return e[down ? i : i - 1]; };
    double c = 1, old_c = 1, old_s = 0;
    for (int64_t i = from; i != to; i += dir) {
      const Rotation a = make_signed_rotation(d[i] * c, link(i));
      if (i != from) link(i - dir) = old_s * a.r;
      const Rotation b = make_signed_rotation(old_c * a.r, d[i + dir] * a.s);
      d[i] = b.r;
      c = a.c;
      old_c = b.c;
      old_s = b.s;
      push(a, b);
    }
    const double h = d[to] * c;
    d[to] = h * old_c;
    link(to - dir) = h * old_s;
    turn(from, down);
  }
  void shifted_sweep(int64_t first, int64_t last, bool down, double shift) {
    const int64_t dir = down ? 1 : -1, from = down ? first : last, to = down ? last : first;
    const auto link = [&](int64_t i) -> double& { return e[down ? i : i - 1]; };
    double f = (std::abs(d[from]) - shift) * (with_sign(1, d[from]) + shift / d[from]), g = link(from);
    for (int64_t i = from; i != to; i += dir) {
      const Rotation a = make_signed_rotation(f, g);
      double& here = link(i);
      if (i != from) link(i - dir) = a.r;
      f = a.c * d[i] + a.s * here;
      here = a.c * here - a.s * d[i];
      g = a.s * d[i + dir];
      d[i + dir] = a.c * d[i + dir];
      const Rotation b = make_signed_rotation(f, g);
      d[i] = b.r;
      f = b.c * here + b.s * d[i + dir];
      d[i + dir] = b.c * d[i + dir] - b.s * here;
      if (i + dir != to) {
        double& next = link(i + dir);
        g = b.s * next;
        next = b.c * next;
      }
      push(a, b);
    }
    link(to - dir) = f;
    turn(from, down);
  }
  // The smallest goes to the end first, as bdsqr sorts.
  void sort() {
    for (int64_t end = n - 1; end > 0; end--) {
      int64_t k = 0;
      for (int64_t j = 1; j <= end; j++)
        if (d[j] <= d[k]) k = j;
      if (k == end) continue;
      std::swap(d[k], d[end]);
      if (left)
        for (double* vectors : {left, right}) std::swap_ranges(vectors + k * n, vectors + k * n + n, vectors + end * n);
    }
  }
};

// ---- the whole

// x (rows x columns dense rows) = diag(the transpose of the k x k `vectors`, I)
template <class S> static void place(const double* vectors, int64_t k, int64_t rows, int64_t columns, S* x) {
  std::fill_n(x, rows * columns, S(0));
  for (int64_t i = k; i < std::min(rows, columns); i++) x[i * columns + i] = S(1);
  for (int64_t i = 0; i < k; i++)
    for (int64_t j = 0; j < k; j++) x[i * columns + j] = S(vectors[j * k + i]);
}
// to (n x n dense rows) = the upper triangle of a (rows of n), or its adjoint.
template <class S> static void take_triangle(int64_t n, const S* a, bool adjoint, S* to) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) to[i * n + j] = adjoint ? (j <= i ? conjugate(a[j * n + i]) : S(0)) : (i <= j ? a[i * n + j] : S(0));
}

// One decomposition of the tall a (m x n dense rows, m >= n, overwritten). `wide`: a is the adjoint of the matrix that is asked for, and u and v are exchanged.
// u: m x m_columns, v: n x n, or both null. False where the iteration does not converge.
template <class S> static bool decompose(int64_t m, int64_t n, S* a, bool wide, double* values, int64_t m_columns, S* u, S* v) {
  const int exponent = scale_exponent(m * n, a);
  if (exponent) scale_by(m * n, std::ldexp(1., -exponent), a);
  const int64_t vectors = u ? n * n : 1;
  Buffer<double> off_diagonal(n), left(vectors), right(vectors);
  if (!off_diagonal || !left || !right) out_of_memory();
  BidiagonalIteration iteration(n, values, off_diagonal.get(), u ? left.get() : nullptr, u ? right.get() : nullptr);
  const bool is_long = m > n && m >= (std::is_same_v<S, double> ? n * 11 / 6 : n * 17 / 9);
  Reflectors<S> rights(n, n, 1);
  if (!is_long) {
    Reflectors<S> lefts(n, m, 0);
    bidiagonalize(m, n, a, values, off_diagonal.get(), lefts, rights);
    if (!iteration.run(wide)) return false;
    if (u) {
      place(wide ? right.get() : left.get(), n, m, m_columns, u);
      lefts.apply(u, m_columns);
      place(wide ? left.get() : right.get(), n, n, n, v);
      rights.apply(v, n);
    }
  } else {
    Reflectors<S> outer(n, m, 0), lefts(n, n, 0);
    Buffer<S> triangle(n * n), inner(vectors);
    if (!triangle || !inner) out_of_memory();
    factor_qr(m, n, a, outer);
    take_triangle(n, a, wide, triangle.get());
    bidiagonalize(n, n, triangle.get(), values, off_diagonal.get(), lefts, rights);
    if (!iteration.run(false)) return false;
    if (u) {
      // The vectors of the triangle on the side of a's rows are those that Q takes to a's.
      const Reflectors<S>&along = wide ? rights : lefts, &across = wide ? lefts : rights;
      place(wide ? right.get() : left.get(), n, n, n, inner.get());
      along.apply(inner.get(), n);
      std::fill_n(u, m * m_columns, S(0));
      for (int64_t i = 0; i < n; i++) std::copy_n(&inner[i * n], n, u + i * m_columns);
      for (int64_t i = n; i < m_columns; i++) u[i * m_columns + i] = S(1);
      outer.apply(u, m_columns);
      place(wide ? left.get() : right.get(), n, n, n, v);
      across.apply(v, n);
    }
  }
  if (exponent) scale_by(n, std::ldexp(1., exponent), values);
  return true;
}

// slots: A (m x n), U (m x k or m x m; absent: values alone), values (dense), Vh: any strides. Declines what is not finite or does not converge.
KERNEL(svd) {
  const Strided A = in.tensor(), U = in.tensor(), values = in.tensor(), Vh = in.tensor();
  if (!are_matrices(A) || !values.contiguous()) return DECLINED;
  const bool wide = A.size[A.ndim - 2] < A.size[A.ndim - 1];
  const Strided tall = wide ? transposed(A) : A;
  const Strided V = Vh ? transposed(Vh) : Vh, first = wide ? V : U, second = wide ? U : V;
  const Batch from(tall), to_first(U ? first : A), to_second(U ? second : A);
  const int64_t m = from.rows, n = from.columns;
  return for_numbers_of(A.dtype, [&](auto element, auto compute) -> Status {
    using T = decltype(element);
    using S = decltype(compute);
    using R = std::conditional_t<sizeof(T) == sizeof(S), double, float>;
    const auto conjugate_all = [](int64_t count, S* x) {
      if constexpr (!std::is_same_v<S, double>)
        for (int64_t i = 0; i < count; i++) x[i] = conjugate(x[i]);
    };
    return for_each_matrix(from.count, [&](int64_t b) -> Status {
      const int64_t m_columns = U ? to_first.columns : 0;
      Buffer<S> a(m * n), u(m * m_columns + 1), v(n * n);
      Buffer<double> s(n);
      if (!a || !u || !v || !s) out_of_memory();
      from.load<T>(b, a.get());
      if (!all_finite(m * n, a.get())) return DECLINED;
      if (wide) conjugate_all(m * n, a.get());
      if (!decompose(m, n, a.get(), wide, s.get(), m_columns, U ? u.get() : nullptr, v.get())) return DECLINED;
      for (int64_t i = 0; i < n; i++) values.as<R>()[b * n + i] = R(s[i]);
      if (!U) return DONE;
      conjugate_all(wide ? m * m_columns : n * n, wide ? u.get() : v.get());
      to_first.store<T>(b, u.get());
      to_second.store<T>(b, v.get());
      return DONE;
    });
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
