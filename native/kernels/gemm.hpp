// Matrix product for any strides: one micro-kernel, four ways to feed it (and convolution feeds it too).
//
//   packed  A and B are copied into panels that fit the caches: large problems, any strides
//   direct  B's rows are read in place: small problems and few rows
//   dot     both operands contiguous along K: transposed B with few rows
//   one row a vector times a matrix: rows of B are streamed whole
//
// Every element of C is a sum over K in one order (per block of K), whatever tile it falls into; the path and the blocks of K follow from the whole problem's shape.
// So the bits do not depend on how the problem is split among threads, as long as columns are split at multiples of a vector.
#pragma once
#include <algorithm>
#include "parallel.hpp"
#include "scratch.hpp"
#include "simd.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// ROWS x NR accumulators fill the registers; KC x NR of B stay in L1, MC x KC of A in L2, KC x NC of B in L3.
#if defined(__AVX512F__)
constexpr int MR = 12, NR_VECTORS = 2, KC = 512, MC_FLOATS = 192, NC_FLOATS = 2048;
constexpr int DOT_ROWS = 6, DOT_COLUMNS = 4, DOT_MAX_ROWS = 48, DIRECT_MAX_ROWS = 48;
#elif defined(__AVX2__)
constexpr int MR = 6, NR_VECTORS = 2, KC = 256, MC_FLOATS = 192, NC_FLOATS = 2048;
constexpr int DOT_ROWS = 3, DOT_COLUMNS = 4, DOT_MAX_ROWS = 32, DIRECT_MAX_ROWS = 48;
#else
constexpr int MR = 4, NR_VECTORS = 2, KC = 256, MC_FLOATS = 128, NC_FLOATS = 1024;
constexpr int DOT_ROWS = 2, DOT_COLUMNS = 4, DOT_MAX_ROWS = 4, DIRECT_MAX_ROWS = 12;
#endif
template <class T> constexpr int NR = NR_VECTORS * LANES<T>;
template <class T> constexpr int MC = MC_FLOATS * 4 / int(sizeof(T));
template <class T> constexpr int NC = NC_FLOATS * 4 / int(sizeof(T));
constexpr int MAX_COLUMNS_OF_TILE = 8;                                    // vectors in the widest tile

// n in equal parts of at most `most`: the size of a part.
INLINE int64_t even_part(int64_t n, int64_t most) {
  const int64_t parts = (n + most - 1) / most;
  return parts ? (n + parts - 1) / parts : 1;
}
INLINE int64_t round_up(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

// Four floats, at every level.
typedef float Quad __attribute__((vector_size(16)));
typedef float QuadUnaligned __attribute__((vector_size(16), aligned(4), may_alias));
INLINE Quad load_quad(const float* p) { return (Quad) * (const QuadUnaligned*)p; }
INLINE void store_quad(float* p, Quad v) { *(QuadUnaligned*)p = v; }

// Where a tile of the product goes, and what it is added to: null for nothing; `base_row` 0 for one row (a bias).
template <class T> struct Target {
  T* c;
  int64_t row;
  const T* base;
  int64_t base_row;
  Target at(int64_t i, int64_t j) const { return {c + i * row + j, row, base ? base + i * base_row + j : nullptr, base_row}; }
  // For the later blocks of K: add to what the first one wrote.
  Target again() const { return {c, row, c, row}; }
};

// ---- a problem and its plan

template <class T> struct Product {
  int64_t m, n, k;
  const T* a;
  int64_t a_row, a_column;
  const T* b;
  int64_t b_row, b_column;
  Target<T> to;
  Product columns(int64_t first, int64_t count) const {
    Product part = *this;
    part.n = count;
    part.b += first * b_column;
    part.to = to.at(0, first);
    return part;
  }
  Product rows(int64_t first, int64_t count) const {
    Product part = *this;
    part.m = count;
    part.a += first * a_row;
    part.to = to.at(first, 0);
    return part;
  }
};
enum class Path { PACKED, DIRECT, DOT, ONE_ROW };
struct Plan {
  Path path;
  int64_t k_block;
  bool by_columns;                                                        // what threads split
};
// The path of a problem, and one thread's part of it: gemm_paths.cpp, for float and double.
template <class T> Plan make_plan(const Product<T>& g);
template <class T> void run_plan(const Plan& plan, const Product<T>& g);

// `count` products of one shape; problem(b) gives the b-th. Threads take ranges of (product, strip of columns or rows).
template <class T, class F> static void run_products(int64_t count, F problem) {
  if (count <= 0) return;
  const Product<T> first = problem(0);
  const Plan plan = make_plan(first);
  const int64_t strip = plan.by_columns ? NR<T> : even_part(first.m, MR);
  const int64_t length = plan.by_columns ? first.n : first.m, other = plan.by_columns ? first.m : first.n;
  const int64_t strips = (length + strip - 1) / strip, total = count * strips;
  constexpr double WORTH_A_THREAD = 1 << 19;                              // multiplications
  const double strip_work = double(strip) * double(std::max<int64_t>(other, 1)) * double(std::max<int64_t>(first.k, 1));
  const int64_t grain = int64_t(WORTH_A_THREAD / strip_work) + 1;
  // Two ranges a thread: each range packs A anew.
  const int64_t range = std::max(grain, (total + 2 * num_threads() - 1) / (2 * num_threads()));
  parallel_chunks(total, num_threads() == 1 ? std::max<int64_t>(total, 1) : range, [&](int64_t, int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t b = begin / strips, s = begin % strips, e = std::min(strips, s + end - begin);
      const Product<T> g = b ? problem(b) : first;
      const int64_t from = s * strip, size = std::min(length, e * strip) - from;
      run_plan(plan, plan.by_columns ? g.columns(from, size) : g.rows(from, size));
      begin += e - s;
    }
  });
}
template <class T> static void run_product(const Product<T>& g) {
  run_products<T>(1, [&](int64_t) { return g; });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
