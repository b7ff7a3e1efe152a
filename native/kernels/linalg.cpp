// LU, QR and Cholesky factors and triangular systems of real matrices, block by block: what is outside a block is a matrix product.
// Matrices are copied into dense rows. Those of up to SMALL are computed in float64 whatever their dtype.
#include "reflectors.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// ---- LU

// The place of the first largest magnitude of n > 0 numbers; NaNs do not count, but at the first place.
template <class C> static int64_t largest_of(int64_t n, const C* x) {
  constexpr int W = LANES<C>;
  Vec<C> lanes = splat(std::abs(x[0]));
  if (x[0] != x[0]) return 0;
  int64_t i = 0;
  for (; i + W <= n; i += W) lanes = raw_max(vabs(load(x + i)), lanes);
  C most = 0;
  for (int l = 0; l < W; l++) most = std::max(most, C(lanes[l]));
  for (; i < n; i++) most = std::max(most, std::abs(x[i]));
  for (i = 0; std::abs(x[i]) != most;) i++;
  return i;
}
constexpr int64_t LEAF = 16;
// Columns [begin, begin + width) of a (m x n dense rows) from row `begin` on become their factors; whole rows are exchanged. Scratch: width m.
template <class C> static void factor_leaf(C* a, int64_t m, int64_t n, int64_t begin, int64_t width, int32_t* pivots, int64_t& info, C* scratch) {
  // Column by column the search for pivots and the updates are along contiguous numbers.
  const int64_t rows = m - begin, steps = std::min(rows, width);
  C* leaf = a + begin * n + begin;
  move_matrix(rows, width, leaf, n, 1, scratch, 1, rows);
  for (int64_t k = 0; k < steps; k++) {
    C* column = scratch + k * rows;
    const int64_t pivot = k + largest_of(rows - k, column + k);
    pivots[begin + k] = static_cast<int32_t>(begin + pivot + 1);
    if (pivot != k) {
      std::swap_ranges(a + (begin + k) * n, a + (begin + k) * n + n, a + (begin + pivot) * n);
      for (int64_t j = 0; j < width; j++) std::swap(scratch[j * rows + k], scratch[j * rows + pivot]);
    }
    const C head = column[k];
    if (head == 0) {
      if (!info) info = begin + k + 1;
      continue;
    }
    for (int64_t i = k + 1; i < rows; i++) column[i] /= head;
    for (int64_t j = k + 1; j < width; j++) subtract_times(rows - k - 1, scratch[j * rows + k], column + k + 1, scratch + j * rows + k + 1);
  }
  move_matrix(rows, width, scratch, 1, rows, leaf, n, 1);
}
// The same for any width: the left half, its consequences for the right one, the right half.
template <class C> static void factor_columns(C* a, int64_t m, int64_t n, int64_t begin, int64_t width, int32_t* pivots, int64_t& info, C* scratch) {
  if (begin >= m || width <= 0) return;
  if (width <= LEAF) return factor_leaf(a, m, n, begin, width, pivots, info, scratch);
  const int64_t half = round_up(width / 2, LEAF), middle = begin + half, rest = width - half;
  factor_columns(a, m, n, begin, half, pivots, info, scratch);
  const int64_t known = std::min(half, m - begin);
  solve_triangular(Square<C>{a + begin * n + begin, n, 1}, known, false, true, a + begin * n + middle, rest, n, scratch);
  subtract_product(m - middle, rest, half, Square<C>{a + middle * n + begin, n, 1}, a + begin * n + middle, n, a + middle * n + middle, n, scratch);
  factor_columns(a, m, n, middle, rest, pivots, info, scratch);
}
// The factors of a (m x n dense rows) in its place, LAPACK's packing; pivots count from 1. Gives the first zero on U's diagonal, or 0. Scratch: lu_scratch(m, n).
template <class C> static int64_t factor_lu(C* a, int64_t m, int64_t n, int32_t* pivots, C* scratch) {
  int64_t info = 0;
  factor_columns(a, m, n, 0, n, pivots, info, scratch);
  return info;
}
INLINE int64_t lu_scratch(int64_t m, int64_t n) { return m * (n / 2 + LEAF) + triangular_scratch(n); }

// ---- Cholesky

// U with A = U^T U in the upper triangle of a (n x n dense rows), zeros below; false if a minor is not positive. Scratch: BLOCK n.
template <class C> static bool factor_cholesky(C* a, int64_t n, C* scratch) {
  for (int64_t begin = 0; begin < n; begin += BLOCK) {
    const int64_t end = std::min(n, begin + BLOCK), width = end - begin;
    for (int64_t k = begin; k < end; k++) {
      if (!(a[k * n + k] > 0)) return false;
      const C root = std::sqrt(a[k * n + k]);
      a[k * n + k] = root;
      for (int64_t j = k + 1; j < n; j++) a[k * n + j] /= root;
      for (int64_t i = k + 1; i < end; i++) subtract_times(n - i, a[k * n + i], a + k * n + i, a + i * n + i);
    }
    // The rest loses U12^T U12, strip by strip from its diagonal on.
    for (int64_t i = end; i < n; i += BLOCK) {
      const int64_t rows = std::min(BLOCK, n - i);
      subtract_product(rows, n - i, width, Square<C>{a + begin * n + i, 1, n}, a + begin * n + i, n, a + i * n + i, n, scratch);
    }
  }
  for (int64_t i = 1; i < n; i++) std::memset(a + i * n, 0, i * sizeof(C));
  return true;
}

// slots: A, LU (A's shape), pivots (int32, dense), info (int32, dense)
KERNEL(lu_factor) {
  const Strided A = in.tensor(), LU = in.tensor(), pivots = in.tensor(), info = in.tensor();
  if (!are_matrices(A) || A.dtype != LU.dtype || !pivots.contiguous() || !info.contiguous()) return DECLINED;
  const Batch from(A), to(LU);
  const int64_t m = from.rows, n = from.columns;
  return for_matrices(A.dtype, std::max(m, n), [&](auto element, auto compute) -> Status {
    using T = decltype(element);
    using C = decltype(compute);
    Buffer<C> a(m * n), scratch(lu_scratch(m, n));
    if (!a || !scratch) return OUT_OF_MEMORY;
    for (int64_t b = 0; b < from.count; b++) {
      from.load<T>(b, a.get());
      info.as<int32_t>()[b] = static_cast<int32_t>(factor_lu(a.get(), m, n, pivots.as<int32_t>() + b * std::min(m, n), scratch.get()));
      to.store<T>(b, a.get());
    }
    return DONE;
  });
}

// slots: A (square), factor, info (int32, dense), upper. Declines what is not positive-definite.
KERNEL(cholesky) {
  const Strided A = in.tensor(), factor = in.tensor(), info = in.tensor();
  const bool upper = in.flag();
  if (!are_matrices(A) || A.dtype != factor.dtype || !info.contiguous()) return DECLINED;
  // The lower triangle by rows is the upper one by columns.
  Strided source = A, target = factor;
  if (!upper) {
    std::swap(source.stride[A.ndim - 2], source.stride[A.ndim - 1]);
    std::swap(target.stride[A.ndim - 2], target.stride[A.ndim - 1]);
  }
  const Batch from(source), to(target);
  const int64_t n = from.rows;
  return for_matrices(A.dtype, n, [&](auto element, auto compute) -> Status {
    using T = decltype(element);
    using C = decltype(compute);
    Buffer<C> a(n * n), scratch(BLOCK * n);
    if (!a || !scratch) return OUT_OF_MEMORY;
    for (int64_t b = 0; b < from.count; b++) {
      from.load<T>(b, a.get());
      if (!factor_cholesky(a.get(), n, scratch.get())) return DECLINED;
      to.store<T>(b, a.get());
      info.as<int32_t>()[b] = 0;
    }
    return DONE;
  });
}

// slots: A (square), B (or absent: the identity), result, info (int32, dense): A X = B. Declines singular matrices.
KERNEL(solve) {
  const Strided A = in.tensor(), B = in.tensor(), result = in.tensor(), info = in.tensor();
  if (!are_matrices(A) || !are_matrices(result) || A.dtype != result.dtype || (B && B.dtype != A.dtype) || !info.contiguous()) return DECLINED;
  const Batch from(A), sides(B ? B : A), to(result);
  const int64_t n = from.rows, k = to.columns;
  return for_matrices(A.dtype, n, [&](auto element, auto compute) -> Status {
    using T = decltype(element);
    using C = decltype(compute);
    Buffer<C> a(n * n), x(n * k), scratch(lu_scratch(n, n));
    Buffer<int32_t> pivots(n);
    if (!a || !x || !scratch || !pivots) return OUT_OF_MEMORY;
    for (int64_t b = 0; b < from.count; b++) {
      from.load<T>(b, a.get());
      if (factor_lu(a.get(), n, n, pivots.get(), scratch.get())) return DECLINED;
      if (B) sides.load<T>(b, x.get());
      else {
        std::memset(x.get(), 0, n * k * sizeof(C));
        for (int64_t i = 0; i < n; i++) x[i * k + i] = 1;
      }
      for (int64_t i = 0; i < n; i++)
        if (const int64_t p = pivots[i] - 1; p != i) std::swap_ranges(x.get() + i * k, x.get() + i * k + k, x.get() + p * k);
      const Square<C> factors{a.get(), n, 1};
      solve_triangular(factors, n, false, true, x.get(), k, k, scratch.get());
      solve_triangular(factors, n, true, false, x.get(), k, k, scratch.get());
      to.store<T>(b, x.get());
      info.as<int32_t>()[b] = 0;
    }
    return DONE;
  });
}

// slots: A (square), B, result, upper, left, unit: A X = B, or X A = B, with a triangle of A
KERNEL(solve_triangular) {
  Strided A = in.tensor(), B = in.tensor(), result = in.tensor();
  bool upper = in.flag();
  const bool left = in.flag(), unit = in.flag();
  if (!are_matrices(A) || !are_matrices(result) || A.dtype != B.dtype || A.dtype != result.dtype) return DECLINED;
  if (!left) {                                                            // A^T X^T = B^T
    for (Strided* x : {&A, &B, &result}) {
      std::swap(x->stride[x->ndim - 2], x->stride[x->ndim - 1]);
      std::swap(x->size[x->ndim - 2], x->size[x->ndim - 1]);
    }
    upper = !upper;
  }
  const Batch from(A), sides(B), to(result);
  const int64_t n = from.rows, k = to.columns;
  return for_matrices(A.dtype, n, [&](auto element, auto compute) -> Status {
    using T = decltype(element);
    using C = decltype(compute);
    Buffer<C> a(n * n), x(n * k), scratch(triangular_scratch(n));
    if (!a || !x || !scratch) return OUT_OF_MEMORY;
    for (int64_t b = 0; b < from.count; b++) {
      from.load<T>(b, a.get());
      sides.load<T>(b, x.get());
      solve_triangular(Square<C>{a.get(), n, 1}, n, upper, unit, x.get(), k, k, scratch.get());
      to.store<T>(b, x.get());
    }
    return DONE;
  });
}

// slots: A (square), sign or determinant, logarithm of its magnitude or absent (both dense)
KERNEL(determinant) {
  const Strided A = in.tensor(), sign = in.tensor(), logarithm = in.tensor();
  if (!are_matrices(A) || A.dtype != sign.dtype || !sign.contiguous() || (logarithm && (!logarithm.contiguous() || logarithm.dtype != A.dtype))) return DECLINED;
  const Batch from(A);
  const int64_t n = from.rows;
  return for_matrices(A.dtype, n, [&](auto element, auto compute) -> Status {
    using T = decltype(element);
    using C = decltype(compute);
    Buffer<C> a(n * n), scratch(lu_scratch(n, n));
    Buffer<int32_t> pivots(n);
    if (!a || !scratch || !pivots) return OUT_OF_MEMORY;
    for (int64_t b = 0; b < from.count; b++) {
      from.load<T>(b, a.get());
      factor_lu(a.get(), n, n, pivots.get(), scratch.get());
      double product = 1, magnitude = 0;
      for (int64_t i = 0; i < n; i++) {
        const double u = pivots[i] == i + 1 ? double(a[i * n + i]) : -double(a[i * n + i]);
        product *= logarithm ? double((u > 0) - (u < 0)) : u;
        if (u != u) product = u;
        if (logarithm) magnitude += std::log(std::abs(u));
      }
      sign.as<T>()[b] = T(product);
      if (logarithm) logarithm.as<T>()[b] = T(magnitude);
    }
    return DONE;
  });
}

// ---- QR

// The reflectors of columns [begin, begin + width) of a (m x n dense rows), as in LAPACK: v below the diagonal, tau; then v as a dense (m - begin) x width matrix with its ones,
// and the triangle t with H_1 H_2 ... = I - v t v^T.
template <class C> static void factor_panel(C* a, int64_t m, int64_t n, int64_t begin, int64_t width, C* v, C* t) {
  const int64_t rows = m - begin;
  C sum[PANEL], tau[PANEL];
  for (int64_t k = 0; k < width; k++) {
    C* top = a + (begin + k) * n + begin;
    double tail = 0;
    for (int64_t i = k + 1; i < rows; i++) tail += double(a[(begin + i) * n + begin + k]) * double(a[(begin + i) * n + begin + k]);
    const double alpha = top[k], beta = tail == 0 ? alpha : alpha < 0 ? std::sqrt(alpha * alpha + tail) : -std::sqrt(alpha * alpha + tail);
    tau[k] = tail == 0 ? C(0) : C((beta - alpha) / beta);
    const C scale = tail == 0 ? C(0) : C(1 / (alpha - beta));
    for (int64_t j = k + 1; j < width; j++) sum[j] = top[j];
    for (int64_t i = k + 1; i < rows; i++) {
      C* row = a + (begin + i) * n + begin;
      row[k] *= scale;
      for (int64_t j = k + 1; j < width; j++) sum[j] += row[k] * row[j];
    }
    top[k] = C(beta);
    for (int64_t j = k + 1; j < width; j++) top[j] -= sum[j] *= tau[k];
    for (int64_t i = k + 1; i < rows; i++) {
      C* row = a + (begin + i) * n + begin;
      subtract_times(width - k - 1, row[k], sum + k + 1, row + k + 1);
    }
  }
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < width; j++) v[i * width + j] = i > j ? a[(begin + i) * n + begin + j] : C(i == j);
  form_triangle(rows, width, Square<C>{v, width, 1}, tau, t);
}

// slots: A (m x n), Q (m x k), R (k x n): k is min(m, n), or m
KERNEL(qr) {
  const Strided A = in.tensor(), Q = in.tensor(), R = in.tensor();
  if (!are_matrices(A) || !are_matrices(Q) || !are_matrices(R) || A.dtype != Q.dtype || A.dtype != R.dtype) return DECLINED;
  const Batch from(A), to_q(Q), to_r(R);
  const int64_t m = from.rows, n = from.columns, k = to_q.columns, steps = std::min(m, n), panels = (steps + PANEL - 1) / PANEL;
  return for_floating(A.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    Buffer<T> a(m * n), q(m * k), r(k * n), v(panels * m * PANEL), t(panels * PANEL * PANEL), scratch(2 * PANEL * std::max(n, k) + m * PANEL);
    if (!a || !q || !r || !v || !t || !scratch) return OUT_OF_MEMORY;
    for (int64_t b = 0; b < from.count; b++) {
      from.load<T>(b, a.get());
      for (int64_t p = 0; p < panels; p++) {
        const int64_t begin = p * PANEL, width = std::min(PANEL, steps - begin), next = begin + width;
        T *vp = v.get() + p * m * PANEL, *tp = t.get() + p * PANEL * PANEL;
        factor_panel(a.get(), m, n, begin, width, vp, tp);
        reflect(m - begin, n - next, width, Square<T>{vp, width, 1}, tp, true, a.get() + begin * n + next, n, scratch.get());
      }
      for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j < n; j++) r[i * n + j] = i <= j && i < m ? a[i * n + j] : T(0);
      std::memset(q.get(), 0, m * k * sizeof(T));
      for (int64_t i = 0; i < std::min(m, k); i++) q[i * k + i] = 1;
      for (int64_t p = panels - 1; p >= 0; p--) {
        const int64_t begin = p * PANEL, width = std::min(PANEL, steps - begin);
        // What lies above or left of the panel is still the identity.
        reflect(m - begin, k - begin, width, Square<T>{v.get() + p * m * PANEL, width, 1}, t.get() + p * PANEL * PANEL, false, q.get() + begin * k + begin, k, scratch.get());
      }
      to_q.store<T>(b, q.get());
      to_r.store<T>(b, r.get());
    }
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
