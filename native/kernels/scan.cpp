// Cumulative sums, products, extremes and logarithms of sums of exponentials along one dimension of a dense tensor seen as (outer, n, inner).
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>
#include "parallel.hpp"
#include "scratch.hpp"
#include "vmath.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

struct Lines {
  int64_t outer, n, inner;
};
// Lines side by side that are scanned together: a scan waits for its last result, several do not wait for each other.
constexpr int64_t SIDE_BY_SIDE = 32, ROWS_TOGETHER = 4;
template <int64_t COUNT> struct Together {
  static constexpr int64_t count = COUNT;
};
// scan(offset, together, step between lines): as many lines at once as the constant `together` says; calls cover all lines.
template <class F> static void for_each_line(const Lines& s, F scan) {
  const int64_t grain = (1 << 14) / (s.n + 1) + 1;
  if (s.inner == 1) {
    parallel_for(s.outer, grain, [&](int64_t begin, int64_t end) {
      for (; begin + ROWS_TOGETHER <= end; begin += ROWS_TOGETHER) scan(begin * s.n, Together<ROWS_TOGETHER>(), s.n);
      for (; begin < end; begin++) scan(begin * s.n, Together<1>(), s.n);
    });
    return;
  }
  const int64_t blocks = (s.inner + SIDE_BY_SIDE - 1) / SIDE_BY_SIDE;
  parallel_for(s.outer * blocks, grain / SIDE_BY_SIDE + 1, [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; u++) {
      const int64_t start = u / blocks * s.n * s.inner;
      int64_t first = u % blocks * SIDE_BY_SIDE;
      if (first + SIDE_BY_SIDE <= s.inner) scan(start + first, Together<SIDE_BY_SIDE>(), 1);
      else
        for (; first < s.inner; first++) scan(start + first, Together<1>(), 1);
    }
  });
}
// How results accumulate: float32 in double, integers unsigned (they wrap).
template <class T> struct Accumulator {
  using type = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;
};

template <bool PRODUCT> static Status cumulate(Reader& in) {
  const Strided x = in.tensor(), out = in.tensor();
  const Lines s{in.integer(), in.integer(), in.integer()};
  if (!x.contiguous() || !out.contiguous() || x.dtype != out.dtype || x.dtype == DType::boolean) return DECLINED;
  return for_real(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    using A = typename Accumulator<T>::type;
    for_each_line(s, [&](int64_t at, auto together, int64_t step) {
      constexpr int64_t C = decltype(together)::count;
      A total[C];
      std::fill(total, total + C, A(PRODUCT ? 1 : 0));
      for (int64_t i = 0; i < s.n; i++, at += s.inner) {
        const T* from = x.as<T>() + at;
        T* to = out.as<T>() + at;
        for (int64_t l = 0; l < C; l++) {
          if constexpr (PRODUCT) total[l] *= A(from[l * step]);
          else total[l] += A(from[l * step]);
          to[l * step] = T(total[l]);
        }
      }
    });
    return DONE;
  });
}
// slots: x, out (dense, one dtype), outer, n, inner
KERNEL(cumsum) { return cumulate<false>(in); }
KERNEL(cumprod) { return cumulate<true>(in); }

// ---- extremes: of equal elements the last one's place is given; a NaN stays, with the place of the last NaN.

template <class T, bool MAX> struct Extreme {
  T best;
  int64_t place;
  INLINE_LAMBDA void take(T v, int64_t i) {
    const bool better = v != v || (best == best && (MAX ? v >= best : v <= best));
    best = better ? v : best;
    place = better ? i : place;
  }
};
// Lane i of the result is the extreme of the lanes up to it.
template <int SHIFT, class V, int... I> INLINE V lanes_before_(V v, V first, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(v, first, (I >= SHIFT ? I - SHIFT : int(sizeof...(I)) + I)...);
}
template <class V, class F> INLINE V running(V v, V first, F combine) {
  constexpr int W = LANES<Scalar<V>>;
  unroll<std::bit_width(unsigned(W)) - 1>([&](auto k) INLINE_LAMBDA { v = combine(v, lanes_before_<1 << k>(v, first, std::make_integer_sequence<int, W>{})); });
  return v;
}
// As far along a row of floats as whole vectors without a NaN go. An element is the last of the best so far where it equals the running extreme.
template <bool MAX> static int64_t scan_vectors(const float* x, int64_t n, float* values, int64_t* indices, Extreme<float, MAX>& e) {
  constexpr int W = LANES<float>;
  int32_t lane[W];
  for (int k = 0; k < W; k++) lane[k] = k;
  const Ints lanes = load(lane);
  const Floats worst = splat(MAX ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::infinity());
  int64_t i = 0;
  if (e.best != e.best || n > std::numeric_limits<int32_t>::max()) return 0;
  for (; i + W <= n; i += W) {
    const Floats v = load(x + i);
    if (any_lane(v != v)) break;
    const auto better = [](Floats a, Floats b) INLINE_LAMBDA { return MAX ? raw_max(a, b) : raw_min(a, b); };
    const auto later = [](Ints a, Ints b) INLINE_LAMBDA { return select<Ints>(a > b, a, b); };
    const Floats best = better(running(v, worst, better), splat(e.best));
    const Ints places = later(running(select<Ints>(v == best, lanes + splat(int32_t(i)), splat(-1)), splat(-1), later), splat(int32_t(e.place)));
    store(values + i, best);
    for (int k = 0; k < W; k++) indices[i + k] = places[k];
    e = {best[W - 1], places[W - 1]};
  }
  return i;
}
template <bool MAX> static Status cumulate_extreme(Reader& in) {
  const Strided x = in.tensor(), values = in.tensor(), indices = in.tensor();
  const Lines s{in.integer(), in.integer(), in.integer()};
  if (!x.contiguous() || !values.contiguous() || !indices.contiguous() || x.dtype != values.dtype || indices.dtype != DType::i64) return DECLINED;
  if (s.n == 0) return DONE;
  return for_real(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    for_each_line(s, [&](int64_t at, auto together, int64_t step) {
      constexpr int64_t C = decltype(together)::count;
      const T* from = x.as<T>() + at;
      T* to = values.as<T>() + at;
      int64_t* places = indices.as<int64_t>() + at;
      Extreme<T, MAX> e[C];
      for (int64_t l = 0; l < C; l++) e[l] = {from[l * step], 0};
      if constexpr (std::is_same_v<T, float>)
        if (s.inner == 1) {
          for (int64_t l = 0; l < C; l++, from += s.n, to += s.n, places += s.n)
            for (int64_t i = scan_vectors(from, s.n, to, places, e[l]); i < s.n; i++) {
              e[l].take(from[i], i);
              to[i] = e[l].best;
              places[i] = e[l].place;
            }
          return;
        }
      for (int64_t i = 0; i < s.n; i++, from += s.inner, to += s.inner, places += s.inner)
        for (int64_t l = 0; l < C; l++) {
          e[l].take(from[l * step], i);
          to[l * step] = e[l].best;
          places[l * step] = e[l].place;
        }
    });
    return DONE;
  });
}
// slots: x, values, indices (int64) (all dense), outer, n, inner
KERNEL(cummax) { return cumulate_extreme<true>(in); }
KERNEL(cummin) { return cumulate_extreme<false>(in); }

// ---- logarithms of sums of exponentials

// x[i] = f(x[i]), in vectors where the type has them.
template <class T, class F> static void apply(T* x, int64_t n, F f) {
  if constexpr (std::is_same_v<T, float>) {
    int64_t i = 0;
    for (; i + LANES<T> <= n; i += LANES<T>) store(x + i, f(load(x + i)));
    if (i < n) store_part(x + i, f(load_part(x + i, n - i)), n - i);
  } else {
    for (int64_t i = 0; i < n; i++) x[i] = f(x[i]);
  }
}
// slots: x, out (dense, one dtype), outer, n, inner
// The sum up to i is exp(m) (1 + r), m the largest element so far. With e = exp(-|x - m|), a new largest element makes it r e + e, any other r + e: one exponential an element, and
// a logarithm that is never negative.
KERNEL(logcumsumexp) {
  const Strided x = in.tensor(), out = in.tensor();
  const Lines s{in.integer(), in.integer(), in.integer()};
  if (!x.contiguous() || !out.contiguous() || x.dtype != out.dtype) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const auto scan = [&](const T* from, T* to) {
      constexpr int64_t BLOCK = 256;
      T largest[BLOCK], e[BLOCK];
      bool grows[BLOCK];
      T m = -std::numeric_limits<T>::infinity();
      double r = 0;
      for (int64_t begin = 0; begin < s.n; begin += BLOCK) {
        const int64_t n = std::min(BLOCK, s.n - begin);
        for (int64_t i = 0; i < n; i++) {
          const T v = from[(begin + i) * s.inner];
          e[i] = v == m ? T(0) : -std::abs(v - m);                        // equal infinities have no difference
          grows[i] = v > m || v != v;
          m = grows[i] ? v : m;
          largest[i] = m;
        }
        if constexpr (std::is_same_v<T, float>) apply(e, n, [](Floats v) INLINE_LAMBDA { return vexp_accurate(v); });
        else apply(e, n, [](T v) { return std::exp(v); });
        for (int64_t i = 0; i < n; i++) {
          r = r * (grows[i] ? double(e[i]) : 1.0) + double(e[i]);
          e[i] = T(r);
        }
        if constexpr (std::is_same_v<T, float>) apply(e, n, [](Floats v) INLINE_LAMBDA { return vlog1p(v); });
        else apply(e, n, [](T v) { return std::log1p(v); });
        for (int64_t i = 0; i < n; i++) to[(begin + i) * s.inner] = largest[i] + e[i];
      }
    };
    parallel_for(s.outer * s.inner, (1 << 11) / (s.n + 1) + 1, [&](int64_t begin, int64_t end) {
      for (int64_t u = begin; u < end; u++) {
        const int64_t at = u / s.inner * s.n * s.inner + u % s.inner;
        scan(x.as<T>() + at, out.as<T>() + at);
      }
    });
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
