// Counts of numbers and of equal bins.
#include <algorithm>
#include <cmath>
#include <tuple>
#include "parallel.hpp"
#include "scratch.hpp"
#include "simd.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// Equal numbers often follow each other, and then an increment waits for the one before it: neighbours count in different tables.
class Tally {
  static constexpr int64_t TABLES = 4, SMALL = 1 << 12;
  const int64_t bins, tables;
  Buffer<int64_t> counts;

 public:
  explicit Tally(int64_t n) : bins(n), tables(n <= SMALL ? TABLES : 1), counts(tables * n + 1) {
    if (counts) std::memset(counts.get(), 0, tables * n * sizeof(int64_t));
  }
  explicit operator bool() const { return bool(counts); }
  // Counts bin(i) for i < n; negative ones are none.
  template <class F> void count(int64_t n, F bin) {
    int64_t* const table = counts.get();
    const int64_t mask = tables - 1;
    for (int64_t i = 0; i < n; i++)
      if (const int64_t b = bin(i); b >= 0) table[(i & mask) * bins + b]++;
  }
  int64_t of(int64_t bin) const {
    int64_t sum = 0;
    for (int64_t t = 0; t < tables; t++) sum += counts[t * bins + bin];
    return sum;
  }
};

// slots: x (dense, integers from 0 to below out's size), weights? (dense, floating), out (int64, or as weights)
KERNEL(bincount) {
  const Strided x = in.tensor(), weights = in.tensor(), out = in.tensor();
  if (!x.contiguous() || !out.contiguous() || (weights && (!weights.contiguous() || weights.dtype != out.dtype))) return DECLINED;
  const int64_t n = x.numel(), bins = out.numel();
  return for_real(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const T* from = x.as<T>();
    if (weights)
      return for_floating(weights.dtype, [&](auto weight) -> Status {
        using W = decltype(weight);
        W* sums = out.as<W>();
        std::memset(sums, 0, bins * sizeof(W));
        for (int64_t i = 0; i < n; i++) sums[int64_t(from[i])] += weights.as<W>()[i];
        return DONE;
      });
    if (out.dtype != DType::i64) return DECLINED;
    Tally tally(bins);
    if (!tally) return OUT_OF_MEMORY;
    tally.count(n, [&](int64_t i) { return int64_t(from[i]); });
    for (int64_t b = 0; b < bins; b++) out.as<int64_t>()[b] = tally.of(b);
    return DONE;
  });
}

// The least and the largest element; a NaN is both.
template <class T> static std::pair<T, T> extremes(const T* x, int64_t n) {
  Vec<T> least = splat(x[0]), most = least;
  int64_t i = 0;
  for (; i + LANES<T> <= n; i += LANES<T>) {
    least = minimum(least, load(x + i));
    most = maximum(most, load(x + i));
  }
  T low = x[0], high = x[0];
  const auto take = [&](T a, T b) {
    if (low == low && !(a >= low)) low = a;
    if (high == high && !(b <= high)) high = b;
  };
  for (int l = 0; l < LANES<T>; l++) take(least[l], most[l]);
  for (; i < n; i++) take(x[i], x[i]);
  return {low, high};
}
// slots: x (dense), out (one dtype), min, max: equal bins between them (where they are equal, between the extreme elements), found by interpolation in the precision of the elements
KERNEL(histc) {
  const Strided x = in.tensor(), out = in.tensor();
  const double min = in.real(), max = in.real();
  if (!x.contiguous() || !out.contiguous() || x.dtype != out.dtype) return DECLINED;
  const int64_t n = x.numel(), bins = out.numel();
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    constexpr int64_t BLOCK = 256;
    Tally tally(bins);
    if (!tally) return OUT_OF_MEMORY;
    T low = T(min), high = T(max);
    if (min == max && n > 0) std::tie(low, high) = extremes(x.as<T>(), n);
    if (low == high) low -= 1, high += 1;
    if (!(high - low > 0) || !std::isfinite(low) || !std::isfinite(high)) return OUT_OF_RANGE;
    const T width = high - low, count = T(bins);
    for (int64_t begin = 0; begin < n; begin += BLOCK) {
      const int64_t m = std::min(BLOCK, n - begin);
      T place[BLOCK] = {};
      std::memcpy(place, x.as<T>() + begin, m * sizeof(T));
      for (int64_t i = 0; i < BLOCK; i++) place[i] = place[i] >= low && place[i] <= high ? (place[i] - low) * count / width : T(-1);
      tally.count(m, [&](int64_t i) { return std::min(int64_t(place[i]), bins - 1); });
    }
    for (int64_t b = 0; b < bins; b++) out.as<T>()[b] = T(tally.of(b));
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
