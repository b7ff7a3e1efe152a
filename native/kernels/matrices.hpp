// Matrices of a batch, wherever they lie, and the block operations that factorisations consist of.
#pragma once
#include <atomic>
#include <cmath>
#include <utility>
#include "gemm.hpp"
#include "scalars.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

constexpr int64_t BLOCK = 48;

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
  template <class T, class C> void load(int64_t b, C* to) const {
    const T* from = x.as<T>() + start(b);
    if (column == 1 || row != 1) {
      for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) to[i * columns + j] = C(from[i * row + j * column]);
    } else {
      for (int64_t j = 0; j < columns; j++)
        for (int64_t i = 0; i < rows; i++) to[i * columns + j] = C(from[i + j * column]);
    }
  }
  template <class T, class C> void store(int64_t b, const C* from) const {
    T* to = x.as<T>() + start(b);
    if (column == 1 || row != 1) {
      for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) to[i * row + j * column] = T(from[i * columns + j]);
    } else {
      for (int64_t j = 0; j < columns; j++)
        for (int64_t i = 0; i < rows; i++) to[i + j * column] = T(from[i * columns + j]);
    }
  }
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

// x (n x k dense rows) becomes the solution of A x = x. Scratch: BLOCK n.
template <class C> static void solve_triangular(Square<C> a, int64_t n, bool upper, bool unit, C* x, int64_t k, int64_t step, C* scratch) {
  const int64_t blocks = (n + BLOCK - 1) / BLOCK;
  for (int64_t t = 0; t < blocks; t++) {
    const int64_t begin = (upper ? blocks - 1 - t : t) * BLOCK, end = std::min(n, begin + BLOCK);
    const int64_t known = upper ? end : 0, count = upper ? n - end : begin;
    subtract_product(end - begin, k, count, a.at(begin, known), x + known * step, step, x + begin * step, step, scratch);
    for (int64_t r = 0; r < end - begin; r++) {
      const int64_t i = upper ? end - 1 - r : begin + r;
      for (int64_t p = upper ? i + 1 : begin; p < (upper ? end : i); p++) subtract_times(k, a(i, p), x + p * step, x + i * step);
      if (unit) continue;
      const C diagonal = a(i, i);
      for (int64_t j = 0; j < k; j++) x[i * step + j] /= diagonal;
    }
  }
}

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
