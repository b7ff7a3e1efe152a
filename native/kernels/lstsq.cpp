// Least squares of real matrices of full column rank, by a QR factorisation with column pivoting (LAPACK's gelsy).
#include <limits>
#include "reflectors.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// a (m x n dense rows, m >= n, overwritten) P = Q R: R in the upper triangle, |R|'s diagonal descending; permutation[j] is the column that came to place j.
// Without `pivot` the columns stay.
template <class C> static void factor_pivoted(int64_t m, int64_t n, C* a, bool pivot, Reflectors<C>& reflectors, int64_t* permutation) {
  Buffer<C> sum(n);
  Buffer<double> norms(2 * n);
  if (!sum || !norms) out_of_memory();
  // Norms of what is left of the columns, brought down step by step, and as they were last computed.
  double *left = norms.get(), *computed = left + n;
  for (int64_t j = 0; j < n; j++) {
    permutation[j] = j;
    left[j] = computed[j] = pivot ? norm_of(m, a + j, n) : 0;
  }
  const double doubt = std::sqrt(double(std::numeric_limits<C>::epsilon()));
  for (int64_t k = 0; k < n; k++) {
    const int64_t p = pivot ? std::max_element(left + k, left + n) - left : k;
    if (p != k) {
      for (int64_t i = 0; i < m; i++) std::swap(a[i * n + k], a[i * n + p]);
      std::swap(permutation[k], permutation[p]);
      left[p] = left[k];
      computed[p] = computed[k];
    }
    C *v = reflectors.v(k) - k, *top = a + k * n;
    for (int64_t i = k; i < m; i++) v[i] = a[i * n + k];
    top[k] = C(reflectors.make());
    if (k == n - 1) return;
    reflectors.apply_one(k, true, a + k + 1, n - k - 1, n, sum.get());
    if (!pivot) continue;
    for (int64_t j = k + 1; j < n; j++) {
      if (left[j] == 0) continue;
      const double share = std::abs(double(top[j])) / left[j], rest = std::max(0., (1 + share) * (1 - share)), lost = left[j] / computed[j];
      if (rest * lost * lost <= doubt) left[j] = computed[j] = norm_of(m - k - 1, a + (k + 1) * n + j, n);
      else left[j] *= std::sqrt(rest);
    }
  }
}

// slots: A (m x n), B (m x k), X (n x k): any strides; pivot, the part of the largest diagonal entry of R below which another counts as zero, rank (int64) or absent, info (int32): dense.
// Declines wide matrices and those without full rank.
KERNEL(least_squares) {
  const Strided A = in.tensor(), B = in.tensor(), X = in.tensor();
  const bool pivot = in.flag();
  const double tolerance = in.real();
  const Strided rank = in.tensor(), info = in.tensor();
  if (!are_matrices(A) || !are_matrices(B) || !are_matrices(X) || A.dtype != B.dtype || A.dtype != X.dtype || (rank && !rank.contiguous()) || !info.contiguous()) return DECLINED;
  const Batch from(A), sides(B), to(X);
  const int64_t m = from.rows, n = from.columns, k = sides.columns;
  if (m < n) return DECLINED;
  return for_matrices(A.dtype, m, [&](auto element, auto compute) -> Status {
    using T = decltype(element);
    using C = decltype(compute);
    return for_each_matrix(from.count, [&](int64_t b) -> Status {
      Buffer<C> a(m * n), x(m * k), solution(n * k), scratch(triangular_scratch(n));
      Buffer<int64_t> permutation(n);
      if (!a || !x || !solution || !scratch || !permutation) out_of_memory();
      Reflectors<C> reflectors(n, m, 0);
      from.load<T>(b, a.get());
      sides.load<T>(b, x.get());
      factor_pivoted(m, n, a.get(), pivot, reflectors, permutation.get());
      for (int64_t i = 0; i < n; i++)
        if (pivot && !(std::abs(a[i * n + i]) > tolerance * std::abs(a[0]))) return DECLINED;
      reflectors.apply(x.get(), k, true);
      solve_triangular(Square<C>{a.get(), n, 1}, n, true, false, x.get(), k, k, scratch.get());
      for (int64_t i = 0; i < n; i++) std::copy_n(&x[i * k], k, &solution[permutation[i] * k]);
      to.store<T>(b, solution.get());
      info.as<int32_t>()[b] = 0;
      if (rank) rank.as<int64_t>()[b] = n;
      return DONE;
    });
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
