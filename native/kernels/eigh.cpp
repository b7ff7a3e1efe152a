// Eigenvalues and eigenvectors of Hermitian matrices: reduction to tridiagonal form, then implicit QL and QR steps (LAPACK's sytd2 and steqr, whose vectors' signs these are).
// Computed in float64 whatever the dtype.
#include "reflectors.hpp"
#include "rotations.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// ---- reduction

// A = Q T Q^H for the Hermitian a (n x n dense rows, overwritten), Q the product of the reflectors.
template <class S> static void tridiagonalize(int64_t n, S* a, double* diagonal, double* off_diagonal, Reflectors<S>& reflectors) {
  // What a step does to the rest, a - v w^H - w v^H, is done when the next one reads it.
  Buffer<S> memory(3 * n);
  if (!memory) out_of_memory();
  S *w = memory.get(), *v_bar = w + n, *w_bar = v_bar + n;
  const S* v = nullptr;
  for (int64_t k = 0; k < n; k++) {
    S* top = a + k * n;
    const auto update = [&](S* row, int64_t i) INLINE_LAMBDA {             // elements [k, n)
      if (!v) return;
      const S f = -v[i], g = -w[i];
      for_numbers<S>(n - k, [&](auto step, int64_t j) INLINE_LAMBDA {
        step.store(row + k + j, times_plus(step.load(w_bar + k + j), f, times_plus(step.load(v_bar + k + j), g, step.load(row + k + j))));
      });
    };
    update(top, k);
    diagonal[k] = real_part(top[k]);
    if (k == n - 1) return;
    S* next = reflectors.v(k);
    for (int64_t j = k + 1; j < n; j++) next[j - k - 1] = conjugate(top[j]);
    off_diagonal[k] = reflectors.make();
    const S tau = reflectors.tau(k);
    // w = tau a v of the updated a, row by row.
    S inner = S(0);
    for (int64_t i = k + 1; i < n; i++) {
      S* row = a + i * n;
      update(row, i);
      const S product = tau * dot_of(n - k - 1, row + k + 1, next);
      w[i] = product;                                                     // row i was the last to need the old one
      inner += conjugate(product) * next[i - k - 1];
    }
    const S half = -0.5 * (tau * inner);
    v = next - (k + 1);
    add_scaled(n - k - 1, half, v + k + 1, w + k + 1);
    for (int64_t i = k + 1; i < n; i++) {
      v_bar[i] = conjugate(v[i]);
      w_bar[i] = conjugate(w[i]);
    }
  }
}

// ---- the tridiagonal problem

// The eigenvalues of a symmetric tridiagonal matrix in place of its diagonal d, ascending; row i of `vectors` (n x n, or null) is the eigenvector of value i.
class TridiagonalIteration {
  static constexpr int64_t STEPS_PER_VALUE = 30;
  const int64_t n;
  double *const d, *const e, *const vectors;
  Chain chain;
  int64_t steps;

 public:
  TridiagonalIteration(int64_t n, double* d, double* e, double* vectors) : n(n), d(d), e(e), vectors(vectors), chain(n), steps(STEPS_PER_VALUE * n) {}
  // False where it does not converge.
  bool run() {
    if (vectors) {
      std::fill_n(vectors, n * n, 0.);
      for (int64_t i = 0; i < n; i++) vectors[i * n + i] = 1;
    }
    for (int64_t start = 0; start < n;) {
      int64_t end = start;
      while (end < n - 1 && !(std::abs(e[end]) <= std::sqrt(std::abs(d[end])) * std::sqrt(std::abs(d[end + 1])) * EPSILON)) end++;
      if (end < n - 1) e[end] = 0;
      // Starting from the smaller end keeps graded matrices accurate.
      const bool down = std::abs(d[end]) < std::abs(d[start]);
      if (!(down ? sweep(end, start, -1) : sweep(start, end, 1))) return false;
      start = end + 1;
    }
    sort();
    return true;
  }

 private:
  // What couples i and i + dir.
  double& link(int64_t i, int64_t dir) const { return e[dir > 0 ? i : i - 1]; }
  // The eigenvalues of the unreduced block from `first` to `last`, one end at a time: QL steps if it ascends, QR if it descends.
  bool sweep(int64_t first, int64_t last, int64_t dir) {
    for (int64_t l = first; dir * (last - l) >= 0;) {
      int64_t m = l;
      for (; m != last; m += dir) {
        const double coupling = link(m, dir);
        if (coupling * coupling <= EPSILON * EPSILON * std::abs(d[m]) * std::abs(d[m + dir]) + SAFE_MIN) break;
      }
      if (m != last) link(m, dir) = 0;
      if (m == l) {
        l += dir;
      } else if (m == l + dir) {
        const int64_t low = std::min(l, m);
        const Symmetric2 pair = symmetric_2x2(d[low], e[low], d[low + 1]);
        if (vectors) rotate_rows(n, vectors + low * n, vectors + (low + 1) * n, pair.cosine, pair.sine);
        d[low] = pair.first;
        d[low + 1] = pair.second;
        e[low] = 0;
        l += 2 * dir;
      } else {
        if (steps-- == 0) return false;
        implicit_step(l, m, dir);
      }
    }
    return true;
  }
  // One implicitly shifted step on the block from l to m, chasing the bulge from m to l.
  void implicit_step(int64_t l, int64_t m, int64_t dir) {
    const double shift = d[l], first = link(l, dir);
    double g = (d[l + dir] - shift) / (2 * first);
    g = d[m] - shift + first / (g + with_sign(hypotenuse(g, 1), g));
    double s = 1, c = 1, p = 0;
    for (int64_t i = m - dir;; i -= dir) {
      const double f = s * link(i, dir), b = c * link(i, dir);
      const Rotation turn = make_rotation(g, f);
      c = turn.c;
      s = turn.s;
      if (i != m - dir) link(i + dir, dir) = turn.r;
      g = d[i + dir] - p;
      const double r = (d[i] - g) * s + 2 * c * b;
      p = s * r;
      d[i + dir] = g + p;
      g = c * r - b;
      if (vectors) chain.push(c, s);
      if (i == l) break;
    }
    d[l] -= p;
    link(l, dir) = g;
    if (vectors) turn_rows(chain, n, vectors + m * n, -dir * n);
  }
  // By selection: the fewest exchanges of vectors.
  void sort() {
    for (int64_t i = 0; i < n - 1; i++) {
      const int64_t k = std::min_element(d + i, d + n) - d;
      if (k == i) continue;
      std::swap(d[i], d[k]);
      if (vectors) std::swap_ranges(vectors + i * n, vectors + i * n + n, vectors + k * n);
    }
  }
};

// ---- the whole

// Eigenvalues of a (n x n dense rows, Hermitian, overwritten) and, unless null, vectors in the columns of `x`. With `reversed` a came with rows and columns in reverse order,
// as LAPACK reduces an upper triangle from its far corner: x is of that order too. False where the iteration does not converge.
template <class S> static bool hermitian_eigen(int64_t n, S* a, bool reversed, double* values, S* x) {
  const int exponent = scale_exponent(n * n, a);
  if (exponent) scale_by(n * n, std::ldexp(1., -exponent), a);
  Buffer<double> off_diagonal(n), rows(x ? n * n : 1);
  Reflectors<S> reflectors(n, n, 1);
  if (!off_diagonal || !rows) out_of_memory();
  tridiagonalize(n, a, values, off_diagonal.get(), reflectors);
  if (reversed) {
    std::reverse(values, values + n);
    std::reverse(off_diagonal.get(), off_diagonal.get() + n - 1);
  }
  if (!TridiagonalIteration(n, values, off_diagonal.get(), x ? rows.get() : nullptr).run()) return false;
  if (exponent) scale_by(n, std::ldexp(1., exponent), values);
  if (!x) return true;
  for (int64_t i = 0; i < n; i++) {
    S* row = x + (reversed ? n - 1 - i : i) * n;
    for (int64_t j = 0; j < n; j++) row[j] = S(rows[j * n + i]);
  }
  reflectors.apply(x, n);
  return true;
}

// slots: A (Hermitian, one triangle is read), upper, values, vectors (or absent): any strides. Declines what is not finite or does not converge.
KERNEL(eigh) {
  const Strided A = in.tensor();
  const bool upper = in.flag();
  const Strided values = in.tensor(), vectors = in.tensor();
  if (!are_matrices(A) || !values.contiguous()) return DECLINED;
  const Batch from(A), to(vectors ? vectors : A);
  const int64_t n = from.rows;
  return for_numbers_of(A.dtype, [&](auto element, auto compute) -> Status {
    using T = decltype(element);
    using S = decltype(compute);
    using R = std::conditional_t<sizeof(T) == sizeof(S), double, float>;
    return for_each_matrix(from.count, [&](int64_t b) -> Status {
      Buffer<S> a(n * n), x(vectors ? n * n : 1);
      Buffer<double> w(n);
      if (!a || !x || !w) out_of_memory();
      from.load<T>(b, a.get());
      // An upper triangle becomes a lower one in the reverse order of rows and columns.
      if (upper) std::reverse(a.get(), a.get() + n * n);
      for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < i; j++) a[j * n + i] = conjugate(a[i * n + j]);
        a[i * n + i] = S(real_part(a[i * n + i]));
      }
      if (!all_finite(n * n, a.get())) return DECLINED;
      if (!hermitian_eigen(n, a.get(), upper, w.get(), vectors ? x.get() : nullptr)) return DECLINED;
      for (int64_t i = 0; i < n; i++) values.as<R>()[b * n + i] = R(w[i]);
      if (!vectors) return DONE;
      if (upper)
        for (int64_t i = 0; i < n - 1 - i; i++) std::swap_ranges(&x[i * n], &x[i * n] + n, &x[(n - 1 - i) * n]);
      to.store<T>(b, x.get());
      return DONE;
    });
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
