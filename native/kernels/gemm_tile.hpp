// The micro-kernel of matrix products and convolutions, and how its panels are packed.
#pragma once
#include "gemm.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

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

// ---- the sum of a vector's lanes

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

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
