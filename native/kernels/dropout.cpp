// Dropout with a given mask (forward and backward are the same product).
#include "parallel.hpp"
#include "rows.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// slots: x, mask (bool, as x), out (all dense), keep (the probability that the mask was drawn with). out = x (mask ? 1 / keep : 0)
KERNEL(dropout) {
  const Strided x = in.tensor(), mask = in.tensor(), out = in.tensor();
  const double keep = in.real();
  if (!x.contiguous() || !mask.contiguous() || !out.contiguous() || x.dtype != out.dtype || element_size(mask.dtype) != 1) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const T scale[2] = {T(0), T(1) / T(keep)};
    parallel_for(x.numel(), 1 << 15, [&](int64_t begin, int64_t end) {
      const T* from = x.as<T>();
      const uint8_t* kept = mask.as<uint8_t>();
      T* to = out.as<T>();
      for (int64_t i = begin; i < end; i++) to[i] = from[i] * scale[kept[i] != 0];
    });
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
