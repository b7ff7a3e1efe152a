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

// ---- the micro-kernel

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
// The operands of a tile: A(i, p) = a[i a_row + p a_step]; row p of B starts at b + p b_step, or at b + taps[p].
template <class T> struct Operands {
  int64_t k;
  const T* a;
  int64_t a_row, a_step;
  const T* b;
  int64_t b_step;
  const int64_t* taps;
};
// How the operands lie: PACKED and CHAINED both in panels, TAPS A in a panel and B through offsets, IN_PLACE neither.
enum class Lie { PACKED, CHAINED, TAPS, IN_PLACE };
// Whether a sum starts from its base, as convolutions do, rather than being added to it.
constexpr bool starts_from_base(Lie lie) { return lie == Lie::CHAINED || lie == Lie::TAPS; }

template <class T, int NV> INLINE void store_partial(Vec<T> (&sum)[NV], Target<T> to, int columns) {
  T t[NV * LANES<T>];
  unroll<NV>([&](auto j) INLINE_LAMBDA { store(t + j * LANES<T>, sum[j]); });
  for (int j = 0; j < columns; j++) to.c[j] = to.base ? to.base[j] + t[j] : t[j];
}

template <class T, int ROWS, int NV, Lie LIE> INLINE void micro_kernel(Operands<T> in, Target<T> to, int columns) {
  constexpr int W = LANES<T>;
  Vec<T> sum[ROWS][NV];
  unroll<ROWS>([&](auto i) INLINE_LAMBDA {
    const T* base = starts_from_base(LIE) ? to.at(i, 0).base : nullptr;
    unroll<NV>([&](auto j) INLINE_LAMBDA { sum[i][j] = base ? load(base + j * W) : Vec<T>{}; });
  });
  if constexpr (LIE == Lie::PACKED)                                       // C comes from far away
    unroll<ROWS>([&](auto i) INLINE_LAMBDA {
      unroll<(NV * VECTOR_BYTES + 63) / 64>([&](auto line) INLINE_LAMBDA { __builtin_prefetch(to.c + i * to.row + line * (64 / sizeof(T)), 1); });
    });
  const int64_t a_row = LIE == Lie::IN_PLACE ? in.a_row : 1, a_step = LIE == Lie::IN_PLACE ? in.a_step : ROWS;
  const int64_t b_step = LIE == Lie::PACKED || LIE == Lie::CHAINED ? NR<T> : in.b_step;
  const T *__restrict a = in.a, *__restrict b = in.b;
  for (int64_t p = 0; p < in.k; p++) {
    const T* row = LIE == Lie::TAPS ? b + in.taps[p] : b;
    Vec<T> v[NV];
    unroll<NV>([&](auto j) INLINE_LAMBDA { v[j] = load(row + j * W); });
    unroll<ROWS>([&](auto i) INLINE_LAMBDA {
      const Vec<T> x = splat(a[i * a_row]);
      unroll<NV>([&](auto j) INLINE_LAMBDA { sum[i][j] = fused(x, v[j], sum[i][j]); });
    });
    a += a_step;
    if constexpr (LIE != Lie::TAPS) b += b_step;
  }
  unroll<ROWS>([&](auto i) INLINE_LAMBDA {
    const Target<T> row = to.at(i, 0);
    if (columns != NV * W) store_partial<T, NV>(sum[i], row, columns);
    else if (!starts_from_base(LIE) && row.base) unroll<NV>([&](auto j) INLINE_LAMBDA { store(row.c + j * W, load(row.base + j * W) + sum[i][j]); });
    else unroll<NV>([&](auto j) INLINE_LAMBDA { store(row.c + j * W, sum[i][j]); });
  });
}

// The tile of `rows` (1 to MAX) rows.
template <class T, int NV, Lie LIE, int MAX = MR> static __attribute__((noinline)) void tile(int rows, const Operands<T>& in, const Target<T>& to, int columns) {
  switch (rows) {
#define ROWS_CASE(n) \
  case n:            \
    if constexpr (n <= MAX) micro_kernel<T, n, NV, LIE>(in, to, columns); \
    break;
    ROWS_CASE(1) ROWS_CASE(2) ROWS_CASE(3) ROWS_CASE(4) ROWS_CASE(5) ROWS_CASE(6)
    ROWS_CASE(7) ROWS_CASE(8) ROWS_CASE(9) ROWS_CASE(10) ROWS_CASE(11) ROWS_CASE(12)
#undef ROWS_CASE
  }
}
// A tile of up to NR columns, one vector wide where that is enough.
template <class T, Lie LIE> INLINE void narrow_tile(int rows, const Operands<T>& in, const Target<T>& to, int columns) {
  if (columns > LANES<T>) tile<T, NR_VECTORS, LIE>(rows, in, to, columns);
  else tile<T, 1, LIE>(rows, in, to, columns);
}

// ---- packing

typedef float Quad __attribute__((vector_size(16)));
typedef float QuadUnaligned __attribute__((vector_size(16), aligned(4), may_alias));
INLINE Quad load_quad(const float* p) { return (Quad) * (const QuadUnaligned*)p; }
INLINE void store_quad(float* p, Quad v) { *(QuadUnaligned*)p = v; }
INLINE void transpose(Quad& a, Quad& b, Quad& c, Quad& d) {
  Quad t0 = __builtin_shufflevector(a, b, 0, 4, 1, 5), t1 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  Quad t2 = __builtin_shufflevector(c, d, 0, 4, 1, 5), t3 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  a = __builtin_shufflevector(t0, t2, 0, 1, 4, 5);
  b = __builtin_shufflevector(t0, t2, 2, 3, 6, 7);
  c = __builtin_shufflevector(t1, t3, 0, 1, 4, 5);
  d = __builtin_shufflevector(t1, t3, 2, 3, 6, 7);
}

// Four rows of x (h - g of them real) into lanes g .. g+3 of the panel. Only a last step may not write beyond the panel.
INLINE void pack_four_rows(const float* x, int64_t row, int g, int h, int width, int64_t k, float* out) {
  const int lanes = std::min(4, h - g);
  const float* r[4];
  for (int s = 0; s < 4; s++) r[s] = x + (g + std::min(s, lanes - 1)) * row;
  int64_t p = 0;
  for (; p + 4 <= k; p += 4) {
    Quad q[4] = {load_quad(r[0] + p), load_quad(r[1] + p), load_quad(r[2] + p), load_quad(r[3] + p)};
    transpose(q[0], q[1], q[2], q[3]);
    float* to = out + p * width + g;
    if (g + 4 <= width || p + 4 < k)
      for (int s = 0; s < 4; s++) store_quad(to + s * width, q[s]);
    else
      for (int s = 0; s < 4; s++)
        for (int lane = 0; lane < lanes; lane++) to[s * width + lane] = q[s][lane];
  }
  for (; p < k; p++)
    for (int lane = 0; lane < lanes; lane++) out[p * width + g + lane] = r[lane][p];
}

// out[p width + r] = x[r row + p step] for r < h; lanes h .. width-1 are zero.
template <class T> static void pack_panel(const T* x, int64_t row, int64_t step, int h, int width, int64_t k, T* out) {
  if (row == 1 && h == width && width % LANES<T> == 0) {
    for (int64_t p = 0; p < k; p++)
      for (int r = 0; r < width; r += LANES<T>) store(out + p * width + r, load(x + p * step + r));
    return;
  }
  if (row == 1 && h == width) {
    for (int64_t p = 0; p < k; p++)
      for (int r = 0; r < width; r++) out[p * width + r] = x[p * step + r];
    return;
  }
  if constexpr (sizeof(T) == 4) {
    if (step == 1 && row != 1) {
      // Last rows first: the spare lanes of a partial four are then overwritten by the real ones of the next step along K.
      for (int g = (h - 1) / 4 * 4; g >= 0; g -= 4) pack_four_rows(x, row, g, h, width, k, out);
      for (int64_t p = 0; p < k && h < width; p++)
        for (int r = h; r < width; r++) out[p * width + r] = 0;
      return;
    }
  }
  for (int64_t p = 0; p < k; p++) {
    for (int r = 0; r < h; r++) out[p * width + r] = x[r * row + p * step];
    for (int r = h; r < width; r++) out[p * width + r] = 0;
  }
}

// All of A in panels of `part` rows, K deep: panel i starts at out + i k (i a multiple of part).
template <class T> static void pack_all_rows(const T* a, int64_t row, int64_t step, int64_t m, int64_t k, int64_t part, T* out) {
  for (int64_t i = 0; i < m; i += part) {
    const int h = int(std::min(part, m - i));
    pack_panel(a + i * row, row, step, h, h, k, out + i * k);
  }
}

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
template <class T> static Plan make_plan(const Product<T>& g) {
  // Rows of B a multiple of 4 kB apart fall into one set of L1.
  const bool conflict = LANES<float> < 16 && g.m > MR && g.b_row * int64_t(sizeof(T)) % 4096 == 0;
  const double work = double(g.m) * double(g.n) * double(g.k);
  Plan plan;
  plan.by_columns = g.n >= g.m || g.n >= 16 * NR<T>;
  if (g.a_column == 1 && g.b_row == 1 && g.b_column != 1 && (g.m <= 4 || (g.k >= 128 && g.m <= DOT_MAX_ROWS))) {
    plan.path = Path::DOT;
    plan.k_block = g.k;
  } else if (g.b_column == 1 && g.m == 1 && g.n >= 64) {
    plan.path = Path::ONE_ROW;
    plan.k_block = g.k;
  } else if (g.b_column == 1 && !conflict && (g.m <= DIRECT_MAX_ROWS || work <= 160. * 160 * 160)) {
    plan.path = Path::DIRECT;
    plan.k_block = g.m <= MR ? g.k : 512;
  } else {
    plan.path = Path::PACKED;
    plan.k_block = even_part(g.k, KC);
  }
  return plan;
}

// ---- packed

template <class T> static void product_packed(const Product<T>& g, int64_t k_block) {
  const int64_t part = even_part(g.m, MR), m_block = even_part(g.m, MC<T> / part * part);
  const int64_t mc_rows = round_up(m_block, part);
  T* a_panels = thread_scratch<T, Use::A_PANELS>((MC<T> + 2 * MR) * k_block + 64);
  T* b_panels = thread_scratch<T, Use::B_PANELS>((std::min<int64_t>(NC<T>, g.n) + NR<T>) * k_block + 64);
  for (int64_t jc = 0; jc < g.n; jc += NC<T>) {
    const int64_t nc = std::min<int64_t>(NC<T>, g.n - jc);
    for (int64_t pc = 0; pc < g.k; pc += k_block) {
      const int64_t kc = std::min(k_block, g.k - pc);
      const Target<T> to = pc ? g.to.again() : g.to;
      for (int64_t j = 0; j < nc; j += NR<T>)
        pack_panel(g.b + pc * g.b_row + (jc + j) * g.b_column, g.b_column, g.b_row, int(std::min<int64_t>(NR<T>, nc - j)), NR<T>, kc, b_panels + j * kc);
      for (int64_t ic = 0; ic < g.m; ic += mc_rows) {
        const int64_t mc = std::min(mc_rows, g.m - ic);
        pack_all_rows(g.a + ic * g.a_row + pc * g.a_column, g.a_row, g.a_column, mc, kc, part, a_panels);
        for (int64_t j = 0; j < nc; j += NR<T>)
          for (int64_t i = 0; i < mc; i += part) {
            const Operands<T> in{kc, a_panels + i * kc, 1, part, b_panels + j * kc, NR<T>, nullptr};
            narrow_tile<T, Lie::PACKED>(int(std::min(part, mc - i)), in, to.at(ic + i, jc + j), int(std::min<int64_t>(NR<T>, nc - j)));
          }
      }
    }
  }
}

// ---- direct

// All columns in tiles of NV vectors, then two, then one; the last columns through a panel padded with zeros.
template <class T, int NV, int MAX> static void direct_tiles(const Product<T>& g, int64_t part) {
  constexpr int W = LANES<T>;
  auto column_of_tiles = [&](auto vectors, int64_t j, const T* b, int64_t b_step, int columns) {
    constexpr int V = decltype(vectors)::value;
    for (int64_t i = 0; i < g.m; i += part) {
      const Operands<T> in{g.k, g.a + i * g.a_row, g.a_row, g.a_column, b, b_step, nullptr};
      const int rows = int(std::min(part, g.m - i));
      if constexpr (V > 2) tile<T, V, Lie::IN_PLACE, MAX>(rows, in, g.to.at(i, j), columns);
      else tile<T, V, Lie::IN_PLACE>(rows, in, g.to.at(i, j), columns);
    }
  };
  int64_t j = 0;
  for (; j + NV * W <= g.n; j += NV * W) column_of_tiles(std::integral_constant<int, NV>(), j, g.b + j, g.b_row, NV * W);
  for (; j + 2 * W <= g.n; j += 2 * W) column_of_tiles(std::integral_constant<int, 2>(), j, g.b + j, g.b_row, 2 * W);
  for (; j + W <= g.n; j += W) column_of_tiles(std::integral_constant<int, 1>(), j, g.b + j, g.b_row, W);
  if (j < g.n) {
    T* panel = thread_scratch<T, Use::B_PANELS>(g.k * W + 64);
    pack_panel(g.b + j, 1, g.b_row, int(g.n - j), W, g.k, panel);
    column_of_tiles(std::integral_constant<int, 1>(), j, panel, W, int(g.n - j));
  }
}
template <class T> static void product_direct(const Product<T>& g, int64_t k_block) {
  constexpr int HALF = MR / 2;
  for (int64_t pc = 0; pc < g.k; pc += k_block) {
    Product<T> block = g;
    block.k = std::min(k_block, g.k - pc);
    block.a += pc * g.a_column;
    block.b += pc * g.b_row;
    if (pc) block.to = g.to.again();
    if (g.m <= 3 && g.n >= 8 * LANES<T>) direct_tiles<T, MAX_COLUMNS_OF_TILE, 3>(block, 3);
    else if (g.m <= HALF && g.n >= 4 * LANES<T>) direct_tiles<T, 4, HALF>(block, even_part(g.m, HALF));
    else direct_tiles<T, NR_VECTORS, MR>(block, even_part(g.m, MR));
  }
}

// ---- dot

INLINE Quad fold(Floats x) {                                              // the four sums of lanes l, l + 4, l + 8, …
#if defined(__AVX512F__)
  return (__builtin_shufflevector(x, x, 0, 1, 2, 3) + __builtin_shufflevector(x, x, 8, 9, 10, 11)) +
         (__builtin_shufflevector(x, x, 4, 5, 6, 7) + __builtin_shufflevector(x, x, 12, 13, 14, 15));
#elif defined(__AVX2__)
  return __builtin_shufflevector(x, x, 0, 1, 2, 3) + __builtin_shufflevector(x, x, 4, 5, 6, 7);
#else
  return (Quad)x;
#endif
}
INLINE float sum_vector(Floats x) {
  Quad q = fold(x);
  return (q[0] + q[1]) + (q[2] + q[3]);
}
INLINE double sum_vector(Doubles x) {
  double t[LANES<double>];
  store(t, x);
  for (int w = LANES<double> / 2; w; w /= 2)
    for (int i = 0; i < w; i++) t[i] += t[i + w];
  return t[0];
}
INLINE void sum_four(const Floats* x, float* out) {
  Quad a = fold(x[0]), b = fold(x[1]), c = fold(x[2]), d = fold(x[3]);
  transpose(a, b, c, d);
  store_quad(out, (a + b) + (c + d));
}
INLINE void sum_four(const Doubles* x, double* out) {
  for (int i = 0; i < 4; i++) out[i] = sum_vector(x[i]);
}

// ROWS rows of A with COLUMNS columns of B, both contiguous along K.
template <class T, int ROWS, int COLUMNS> INLINE void dot_tile(int64_t k, const T* a, int64_t a_row, const T* b, int64_t b_column, Target<T> to) {
  constexpr int W = LANES<T>;
  Vec<T> sum[ROWS][COLUMNS];
  unroll<ROWS>([&](auto i) INLINE_LAMBDA { unroll<COLUMNS>([&](auto j) INLINE_LAMBDA { sum[i][j] = Vec<T>{}; }); });
  int64_t p = 0;
  for (; p + W <= k; p += W) {
    Vec<T> x[ROWS];
    unroll<ROWS>([&](auto i) INLINE_LAMBDA { x[i] = load(a + i * a_row + p); });
    unroll<COLUMNS>([&](auto j) INLINE_LAMBDA {
      const Vec<T> y = load(b + j * b_column + p);
      unroll<ROWS>([&](auto i) INLINE_LAMBDA { sum[i][j] = fused(x[i], y, sum[i][j]); });
    });
  }
  unroll<ROWS>([&](auto i) INLINE_LAMBDA {
    T total[COLUMNS];
    if constexpr (COLUMNS % 4 == 0) unroll<COLUMNS / 4>([&](auto q) INLINE_LAMBDA { sum_four(&sum[i][q * 4], total + q * 4); });
    else unroll<COLUMNS>([&](auto j) INLINE_LAMBDA { total[j] = sum_vector(sum[i][j]); });
    for (int64_t r = p; r < k; r++)
      for (int j = 0; j < COLUMNS; j++) total[j] += a[i * a_row + r] * b[j * b_column + r];
    const Target<T> row = to.at(i, 0);
    for (int j = 0; j < COLUMNS; j++) row.c[j] = row.base ? row.base[j] + total[j] : total[j];
  });
}
template <class T, int ROWS> static __attribute__((noinline)) void dot_rows(const Product<T>& g) {
  constexpr int WIDE = ROWS <= 2 ? 8 : DOT_COLUMNS;
  int64_t j = 0;
  auto tile_at = [&](auto columns) INLINE_LAMBDA {
    dot_tile<T, ROWS, decltype(columns)::value>(g.k, g.a, g.a_row, g.b + j * g.b_column, g.b_column, g.to.at(0, j));
    j += decltype(columns)::value;
  };
  while (j + WIDE <= g.n) tile_at(std::integral_constant<int, WIDE>());
  while (j + 4 <= g.n) tile_at(std::integral_constant<int, 4>());
  while (j < g.n) tile_at(std::integral_constant<int, 1>());
}
template <class T> static void product_dot(const Product<T>& g) {
  // A block of B's columns stays in L2 while the rows of A pass.
  const int64_t block = std::max<int64_t>(DOT_COLUMNS, (1 << 18) / int64_t(sizeof(T)) / g.k / DOT_COLUMNS * DOT_COLUMNS);
  const int64_t part = even_part(g.m, DOT_ROWS);
  for (int64_t j = 0; j < g.n; j += block) {
    const Product<T> columns = g.columns(j, std::min(block, g.n - j));
    for (int64_t i = 0; i < g.m; i += part) {
      const Product<T> rows = columns.rows(i, std::min(part, g.m - i));
      switch (rows.m) {
#define ROWS_CASE(r) \
  case r:            \
    if constexpr (r <= DOT_ROWS) dot_rows<T, r>(rows); \
    break;
        ROWS_CASE(1) ROWS_CASE(2) ROWS_CASE(3) ROWS_CASE(4) ROWS_CASE(5) ROWS_CASE(6)
#undef ROWS_CASE
      }
    }
  }
}

// ---- one row

// c += sum of R rows of B, each times its element of a.
template <class T, int R> INLINE void add_rows(const T* a, int64_t a_step, const T* b, int64_t b_row, int64_t n, T* c) {
  constexpr int W = LANES<T>;
  Vec<T> x[R];
  unroll<R>([&](auto r) INLINE_LAMBDA { x[r] = splat(a[r * a_step]); });
  int64_t j = 0;
  for (; j + W <= n; j += W) {
    Vec<T> s = load(c + j);
    unroll<R>([&](auto r) INLINE_LAMBDA { s = fused(x[r], load(b + r * b_row + j), s); });
    store(c + j, s);
  }
  for (; j < n; j++) {
    T s = c[j];
    for (int r = 0; r < R; r++) s += a[r * a_step] * b[r * b_row + j];
    c[j] = s;
  }
}
template <class T> static void product_one_row(const Product<T>& g) {
  constexpr int64_t BLOCK = 4096;                                         // this much of C stays in L1
  for (int64_t j = 0; j < g.n; j += BLOCK) {
    const int64_t n = std::min(BLOCK, g.n - j);
    T* c = g.to.c + j;
    if (!g.to.base) std::memset(c, 0, n * sizeof(T));
    else if (g.to.base + j != c) std::memcpy(c, g.to.base + j, n * sizeof(T));
    int64_t p = 0;
    for (; p + 8 <= g.k; p += 8) add_rows<T, 8>(g.a + p * g.a_column, g.a_column, g.b + p * g.b_row + j, g.b_row, n, c);
    for (; p < g.k; p++) add_rows<T, 1>(g.a + p * g.a_column, g.a_column, g.b + p * g.b_row + j, g.b_row, n, c);
  }
}

// ---- entry points

template <class T> static void product_empty(const Product<T>& g) {       // K = 0
  for (int64_t i = 0; i < g.m; i++) {
    const Target<T> row = g.to.at(i, 0);
    for (int64_t j = 0; j < g.n; j++) row.c[j] = row.base ? row.base[j] : T(0);
  }
}
// One thread's part of a planned problem.
template <class T> static void run_plan(const Plan& plan, const Product<T>& g) {
  if (g.m <= 0 || g.n <= 0) return;
  if (g.k <= 0) return product_empty(g);
  switch (plan.path) {
    case Path::PACKED: return product_packed(g, plan.k_block);
    case Path::DIRECT: return product_direct(g, plan.k_block);
    case Path::DOT: return product_dot(g);
    case Path::ONE_ROW: return product_one_row(g);
  }
}

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
