// Matrices of a batch, wherever they lie, and the block operations that factorisations consist of.
#pragma once
#include <atomic>
#include <cmath>
#include <utility>
#include "gemm.hpp"
#include "scalars.hpp"
#include "transpose.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

constexpr int64_t BLOCK = 48;

// Copies a matrix between places and types; the strides of rows and columns may be any.
template <class From, class To>
static void move_matrix(int64_t rows, int64_t columns, const From* from, int64_t from_row, int64_t from_column, To* to, int64_t to_row, int64_t to_column) {
  if constexpr (std::is_same_v<From, To> && sizeof(From) <= 8) {
    constexpr int64_t TILE = 32;                                           // rows of a tile that is transposed stay in L1
    using Raw = std::conditional_t<sizeof(From) == 4, uint32_t, uint64_t>;
    for (int64_t i = 0; i < rows; i += TILE)
      for (int64_t j = 0; j < columns; j += TILE)
        move_tile(reinterpret_cast<const Raw*>(from + i * from_row + j * from_column), from_row, from_column, reinterpret_cast<Raw*>(to + i * to_row + j * to_column),
                  to_row, to_column, std::min(TILE, rows - i), std::min(TILE, columns - j));
  } else if (from_row == 1 || to_row == 1) {
    for (int64_t j = 0; j < columns; j++)
      for (int64_t i = 0; i < rows; i++) to[i * to_row + j * to_column] = To(from[i * from_row + j * from_column]);
  } else {
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < columns; j++) to[i * to_row + j * to_column] = To(from[i * from_row + j * from_column]);
  }
}

// A batch of matrices, wherever they lie.
struct Batch {
  const Strided& x;
  int64_t rows, columns, row, column, count = 1;
  explicit Batch(const Strided& x) : x(x), rows(x.size[x.ndim - 2]), columns(x.size[x.ndim - 1]), row(x.stride[x.ndim - 2]), column(x.stride[x.ndim - 1]) {
    for (int d = 0; d < x.ndim - 2; d++) count *= x.size[d];
  }
  int64_t start(int64_t b) const {
    int64_t at = 0;
    for (int d = x.ndim - 3; d >= 0; d--) {
      at += b % x.size[d] * x.stride[d];
      b /= x.size[d];
    }
    return at;
  }
  // To and from dense rows of another type.
  template <class T, class C> void load(int64_t b, C* to) const { move_matrix(rows, columns, x.as<T>() + start(b), row, column, to, columns, 1); }
  template <class T, class C> void store(int64_t b, const C* from) const { move_matrix(rows, columns, from, columns, 1, x.as<T>() + start(b), row, column); }
};
// A matrix of a system: its rows, or its columns, one after another.
template <class C> struct Square {
  const C* a;
  int64_t row, column;
  C operator()(int64_t i, int64_t j) const { return a[i * row + j * column]; }
  Square at(int64_t i, int64_t j) const { return {a + i * row + j * column, row, column}; }
};

template <class C> INLINE void subtract_times(int64_t n, C factor, const C* __restrict x, C* __restrict y) {
#pragma GCC ivdep
  for (int64_t j = 0; j < n; j++) y[j] -= factor * x[j];
}
// c (m x n, rows `step` apart) -= a (m x k) b (k x n, rows `step_b` apart), with a copied into `scratch` of m k.
template <class C> static void subtract_product(int64_t m, int64_t n, int64_t k, Square<C> a, const C* b, int64_t step_b, C* c, int64_t step, C* scratch) {
  if (m <= 0 || n <= 0 || k <= 0) return;
  for (int64_t i = 0; i < m; i++)
    for (int64_t p = 0; p < k; p++) scratch[i * k + p] = -a(i, p);
  run_product<C>({m, n, k, scratch, k, 1, b, step_b, 1, Target<C>{c, step, c, step}});
}

// ---- triangular systems

constexpr int TRIANGLE = 8;
// VECTORS vectors of TRIANGLE rows of x (`step` apart) become the solution of A x = x with the lower triangle of A.
template <class C, int VECTORS> static void solve_rows(Square<C> a, bool unit, C* x, int64_t step) {
  constexpr int W = LANES<C>;
  Vec<C> known[TRIANGLE][VECTORS];
  unroll<TRIANGLE>([&](auto i) INLINE_LAMBDA {
    Vec<C> row[VECTORS];
    unroll<VECTORS>([&](auto v) INLINE_LAMBDA { row[v] = load(x + i * step + v * W); });
    unroll<TRIANGLE>([&](auto p) INLINE_LAMBDA {
      if constexpr (p.value < i.value) {
        const C factor = -a(i, p);
        unroll<VECTORS>([&](auto v) INLINE_LAMBDA { row[v] = times_plus(known[p][v], factor, row[v]); });
      }
    });
    const C diagonal = unit ? C(1) : a(i, i);
    unroll<VECTORS>([&](auto v) INLINE_LAMBDA {
      known[i][v] = unit ? row[v] : row[v] / splat(diagonal);
      store(x + i * step + v * W, known[i][v]);
    });
  });
}
template <class C> static void solve_lower(Square<C> a, int64_t n, bool unit, C* x, int64_t k, int64_t step, C* scratch) {
  if (n > TRIANGLE) {
    const int64_t half = round_up(n / 2, TRIANGLE);
    solve_lower(a, half, unit, x, k, step, scratch);
    subtract_product(n - half, k, half, a.at(half, 0), x, step, x + half * step, step, scratch);
    solve_lower(a.at(half, half), n - half, unit, x + half * step, k, step, scratch);
    return;
  }
  int64_t j = 0;
  if (n == TRIANGLE) {
    for (; j + 2 * LANES<C> <= k; j += 2 * LANES<C>) solve_rows<C, 2>(a, unit, x + j, step);
    for (; j + LANES<C> <= k; j += LANES<C>) solve_rows<C, 1>(a, unit, x + j, step);
  }
  for (int64_t i = 0; i < n; i++) {
    C* row = x + i * step + j;
    for (int64_t p = 0; p < i; p++) subtract_times(k - j, a(i, p), x + p * step + j, row);
    if (unit) continue;
    const C diagonal = a(i, i);
    for (int64_t q = 0; q < k - j; q++) row[q] /= diagonal;
  }
}
// x (n x k, rows `step` apart) becomes the solution of A x = x with a triangle of A. Scratch: triangular_scratch(n).
template <class C> static void solve_triangular(Square<C> a, int64_t n, bool upper, bool unit, C* x, int64_t k, int64_t step, C* scratch) {
  if (n == 0) return;
  // Last row first, an upper triangle is a lower one.
  if (upper) solve_lower(Square<C>{a.a + (n - 1) * (a.row + a.column), -a.row, -a.column}, n, unit, x + (n - 1) * step, k, -step, scratch);
  else solve_lower(a, n, unit, x, k, step, scratch);
}
INLINE int64_t triangular_scratch(int64_t n) { return n * n / 4 + n * TRIANGLE + 64; }

// ---- tensors

constexpr int64_t SMALL = 64;
// f(float or double of the matrices, float or double to compute in)
template <class F> static inline Status for_matrices(DType dtype, int64_t size, F f) {
  return for_floating(dtype, [&](auto zero) -> Status {
    if (size <= SMALL) return f(zero, double());
    return f(zero, zero);
  });
}
static inline bool are_matrices(const Strided& x) { return x.ndim >= 2 && x.numel() > 0; }
// The same matrices with rows and columns exchanged.
static inline Strided transposed(Strided x) {
  std::swap(x.stride[x.ndim - 2], x.stride[x.ndim - 1]);
  std::swap(x.size[x.ndim - 2], x.size[x.ndim - 1]);
  return x;
}
// f(b) for every matrix of a batch, by several threads; DECLINED if it says so for one of them.
template <class F> static Status for_each_matrix(int64_t count, F f) {
  std::atomic<bool> declined = false;
  parallel_for(count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end && !declined; b++)
      if (f(b) != DONE) declined = true;
  });
  return declined ? DECLINED : DONE;
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
