// The four ways to a matrix product: see gemm.hpp.
#include "gemm_tile.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

template <class T> Plan make_plan(const Product<T>& g) {
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

// ---- the chosen way

template <class T> static void product_empty(const Product<T>& g) {       // K = 0
  for (int64_t i = 0; i < g.m; i++) {
    const Target<T> row = g.to.at(i, 0);
    for (int64_t j = 0; j < g.n; j++) row.c[j] = row.base ? row.base[j] : T(0);
  }
}
// One thread's part of a planned problem.
template <class T> void run_plan(const Plan& plan, const Product<T>& g) {
  if (g.m <= 0 || g.n <= 0) return;
  if (g.k <= 0) return product_empty(g);
  switch (plan.path) {
    case Path::PACKED: return product_packed(g, plan.k_block);
    case Path::DIRECT: return product_direct(g, plan.k_block);
    case Path::DOT: return product_dot(g);
    case Path::ONE_ROW: return product_one_row(g);
  }
}

template Plan make_plan(const Product<float>&);
template Plan make_plan(const Product<double>&);
template void run_plan(const Plan&, const Product<float>&);
template void run_plan(const Plan&, const Product<double>&);

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
