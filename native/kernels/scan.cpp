// Cumulative sums, products and extremes along one dimension of a dense tensor seen as (outer, n, inner).
#include <type_traits>
#include "parallel.hpp"
#include "scratch.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

struct Lines {
  int64_t outer, n, inner;
};
// row(offset): the line of elements offset, offset + inner, …, one call for every line.
template <class F> static void for_each_line(const Lines& s, F line) {
  parallel_for(s.outer * s.inner, (1 << 14) / (s.n + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; u++) line(u / s.inner * s.n * s.inner + u % s.inner);
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
    for_each_line(s, [&](int64_t at) {
      A total = PRODUCT ? 1 : 0;
      for (int64_t i = 0; i < s.n; i++, at += s.inner) {
        if constexpr (PRODUCT) total *= A(x.as<T>()[at]);
        else total += A(x.as<T>()[at]);
        out.as<T>()[at] = T(total);
      }
    });
    return DONE;
  });
}
// slots: x, out (dense, one dtype), outer, n, inner
KERNEL(cumsum) { return cumulate<false>(in); }
KERNEL(cumprod) { return cumulate<true>(in); }

// Of equal elements the last one's place is given; a NaN stays, with the place of the last NaN.
template <bool MAX> static Status cumulate_extreme(Reader& in) {
  const Strided x = in.tensor(), values = in.tensor(), indices = in.tensor();
  const Lines s{in.integer(), in.integer(), in.integer()};
  if (!x.contiguous() || !values.contiguous() || !indices.contiguous() || x.dtype != values.dtype || indices.dtype != DType::i64) return DECLINED;
  return for_real(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    for_each_line(s, [&](int64_t at) {
      if (s.n == 0) return;
      T best = x.as<T>()[at];
      int64_t place = 0;
      for (int64_t i = 0; i < s.n; i++, at += s.inner) {
        const T v = x.as<T>()[at];
        if (v != v || (best == best && (MAX ? v >= best : v <= best))) {
          best = v;
          place = i;
        }
        values.as<T>()[at] = best;
        indices.as<int64_t>()[at] = place;
      }
    });
    return DONE;
  });
}
// slots: x, values, indices (int64) (all dense), outer, n, inner
KERNEL(cummax) { return cumulate_extreme<true>(in); }
KERNEL(cummin) { return cumulate_extreme<false>(in); }

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
