// Places of elements: those that are not zero, those of a triangle, and where values belong in a sorted sequence.
#include <algorithm>
#include <type_traits>
#include "parallel.hpp"
#include "scratch.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// slots: x (any strides, at least one dimension), out (int64, dense, (ndim, count)), count: the coordinates of what is not zero, dimension by dimension
KERNEL(nonzero) {
  const Strided x = in.tensor(), out = in.tensor();
  const int64_t count = in.integer();
  if (x.ndim < 1 || out.dtype != DType::i64 || !out.contiguous()) return DECLINED;
  if (count == 0) return DONE;
  return for_real(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const int last = x.ndim - 1;
    const int64_t columns = x.size[last], step = x.stride[last];
    int64_t index[MAX_DIMS] = {}, found = 0;
    int64_t* place = out.as<int64_t>() + last * count;
    const T* row = x.as<T>();
    while (found < count) {
      const int64_t first = found;
      // The next place is written always and counted where it is one: no branch to guess. The last row stops in time.
      for (int64_t c = 0; c < columns && found < count; c++) {
        place[found] = c;
        found += row[c * step] != 0;
      }
      for (int d = 0; d < last; d++)
        for (int64_t k = first; k < found; k++) out.as<int64_t>()[d * count + k] = index[d];
      int d = last - 1;
      for (; d >= 0; d--) {
        row += x.stride[d];
        if (++index[d] < x.size[d]) break;
        row -= x.size[d] * x.stride[d];
        index[d] = 0;
      }
      if (d < 0) break;
    }
    return found == count ? DONE : FAILED;
  });
}

// slots: x (any strides, at least two dimensions), out (dense), diagonal, upper: the triangle of each matrix, zeros elsewhere
KERNEL(triangle) {
  const Strided x = in.tensor(), out = in.tensor();
  const int64_t diagonal = in.integer();
  const bool upper = in.flag();
  if (x.ndim < 2 || x.dtype != out.dtype || !out.contiguous()) return DECLINED;
  const int64_t rows = x.size[x.ndim - 2], columns = x.size[x.ndim - 1], step = x.stride[x.ndim - 1];
  if (x.numel() == 0) return DONE;
  return for_width(x.dtype, [&](auto element) -> Status {
    using E = decltype(element);
    parallel_for(x.numel() / columns, (1 << 14) / columns + 1, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) {
        int64_t at = 0, rest = r;
        for (int d = x.ndim - 2; d >= 0; d--) {
          at += rest % x.size[d] * x.stride[d];
          rest /= x.size[d];
        }
        const int64_t cut = std::min(std::max<int64_t>(r % rows + diagonal + (upper ? 0 : 1), 0), columns);
        const int64_t from = upper ? cut : 0, to = upper ? columns : cut;
        const E* source = x.as<E>() + at;
        E* target = out.as<E>() + r * columns;
        std::memset(static_cast<void*>(target), 0, from * sizeof(E));
        if (step == 1) std::memcpy(static_cast<void*>(target + from), source + from, (to - from) * sizeof(E));
        else
          for (int64_t c = from; c < to; c++) target[c] = source[c * step];
        std::memset(static_cast<void*>(target + to), 0, (columns - to) * sizeof(E));
      }
    });
    return DONE;
  });
}

// slots: sorted (dense; one row, or a row for each row of values), values (dense, same dtype), out (int64 or int32, dense), right
KERNEL(searchsorted) {
  const Strided sorted = in.tensor(), values = in.tensor(), out = in.tensor();
  const bool right = in.flag();
  if (sorted.ndim < 1 || !sorted.contiguous() || !values.contiguous() || !out.contiguous() || sorted.dtype != values.dtype || values.numel() == 0) return DECLINED;
  const int64_t n = sorted.size[sorted.ndim - 1], count = values.numel(), each = sorted.ndim == 1 ? count : values.size[values.ndim - 1];
  if (n == 0) return DECLINED;
  return for_real(sorted.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const auto run = [&](auto* to) -> Status {
      parallel_for(count, 1 << 12, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) {
          const T* row = sorted.as<T>() + i / each * n;
          const T x = values.as<T>()[i];
          // Halves without a branch to guess: `row` moves past what lies below.
          const T* low = row;
          for (int64_t rest = n; rest > 0;) {
            const int64_t half = rest / 2;
            const bool below = right ? !(low[half] > x) : !(low[half] >= x);
            low = below ? low + half + 1 : low;
            rest = below ? rest - half - 1 : half;
          }
          to[i] = static_cast<std::remove_reference_t<decltype(*to)>>(low - row);
        }
      });
      return DONE;
    };
    if (out.dtype == DType::i64) return run(out.as<int64_t>());
    if (out.dtype == DType::i32) return run(out.as<int32_t>());
    return DECLINED;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
