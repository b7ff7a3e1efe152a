// Sums and maps over a dense row. A formula is written once, as a generic lambda f(step, i): `step.load(p)` is the native vector at p, or for the last elements the scalar.
#pragma once
#include <algorithm>
#include <cmath>
#include "scratch.hpp"
#include "simd.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

struct VectorStep {
  template <class T> static INLINE_LAMBDA Vec<T> load(const T* p) { return flambeau::load(p); }
  template <class T> static INLINE_LAMBDA void store(T* p, Vec<T> v) { flambeau::store(p, v); }
};
struct ScalarStep {
  template <class T> static INLINE_LAMBDA T load(const T* p) { return *p; }
  template <class T> static INLINE_LAMBDA void store(T* p, T v) { *p = v; }
};

// f(step, i) at every element or vector of [0, n).
template <class T, class F> INLINE void for_row(int64_t n, F f) {
  int64_t i = 0;
  for (; i + LANES<T> <= n; i += LANES<T>) f(VectorStep(), i);
  for (; i < n; i++) f(ScalarStep(), i);
}
// The sum of f(step, i): blocks of 1024 in the element type, the blocks in double.
template <class T, class F> INLINE double sum_row(int64_t n, F f) {
  constexpr int64_t BLOCK = 1024, W = LANES<T>;
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += BLOCK) {
    const int64_t end = std::min(begin + BLOCK, n);
    Vec<T> sum[4] = {};
    int64_t i = begin;
    for (; i + 4 * W <= end; i += 4 * W) unroll<4>([&](auto k) INLINE_LAMBDA { sum[k] += f(VectorStep(), i + k * W); });
    for (; i + W <= end; i += W) sum[0] += f(VectorStep(), i);
    const Vec<T> lanes = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    T t[W];
    store(t, lanes);
    for (int w = W / 2; w; w /= 2)
      for (int l = 0; l < w; l++) t[l] += t[l + w];
    T rest = 0;
    for (; i < end; i++) rest += f(ScalarStep(), i);
    total += double(t[0] + rest);
  }
  return total;
}
// A grain that gives a thread at least some ten thousand elements.
INLINE int64_t row_grain(int64_t elements) { return (1 << 15) / (elements + 1) + 1; }

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
