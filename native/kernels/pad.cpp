// Padding of the last dimensions: with one element, or with elements of the input by position.
#include <algorithm>
#include "parallel.hpp"
#include "rows.hpp"
#include "scratch.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

enum Edges { CONSTANT = 0, REFLECT = 1, REPLICATE = 2, CIRCULAR = 3 };
// How rows of a padded tensor show those of the tensor itself.
struct Padding {
  Edges edges;
  int n;
  int64_t size[MAX_DIMS], before[MAX_DIMS], padded[MAX_DIMS];              // of the padded dimensions
  int64_t rows = 1, padded_rows = 1;                                       // of a block of them all
  int64_t first, last;                                                     // places of a padded row that lie inside

  // slots: edges, n, then n times what comes before; `x` is the tensor, `out` the padded one.
  Padding(Reader& in, const Strided& x, const Strided& out) : edges(static_cast<Edges>(in.integer())), n(static_cast<int>(in.integer())) {
    for (int d = 0; d < n; d++) {
      size[d] = x.size[x.ndim - n + d];
      padded[d] = out.size[out.ndim - n + d];
      before[d] = in.integer();
      if (d == n - 1) break;
      rows *= size[d];
      padded_rows *= padded[d];
    }
    const int64_t end = before[n - 1] + size[n - 1];
    first = std::clamp<int64_t>(before[n - 1], 0, padded[n - 1]);
    last = std::clamp(end, first, padded[n - 1]);
  }
  int64_t width() const { return size[n - 1]; }
  int64_t padded_width() const { return padded[n - 1]; }
  // The place that a padded place shows, -1: none.
  int64_t shown(int64_t at, int d) const {
    const int64_t i = at - before[d], s = size[d];
    if (i >= 0 && i < s) return i;
    switch (edges) {
      case REFLECT: return i < 0 ? -i : 2 * (s - 1) - i;
      case REPLICATE: return i < 0 ? 0 : s - 1;
      case CIRCULAR: return (i % s + s) % s;
      default: return -1;
    }
  }
  // The row that a row of the padded block shows, -1: none.
  int64_t shown_row(int64_t row) const {
    int64_t at = 0, step = 1;
    for (int d = n - 2; d >= 0; d--) {
      const int64_t i = shown(row % padded[d], d);
      if (i < 0) return -1;
      at += i * step;
      step *= size[d];
      row /= padded[d];
    }
    return at;
  }
  // f(place, place that it shows) for the places of a padded row that lie outside.
  template <class F> INLINE_LAMBDA void each_edge(F f) const {
    for (int64_t i = 0; i < first; i++) f(i, shown(i, n - 1));
    for (int64_t i = last; i < padded_width(); i++) f(i, shown(i, n - 1));
  }
};

// slots: x (any strides), out (dense), value (one element; absent: none), edges (0 a constant, 1 reflected, 2 replicated, 3 circular), n, before[n]
KERNEL(pad) {
  const Strided x = in.tensor(), out = in.tensor(), value = in.tensor();
  const Padding p(in, x, out);
  if (!out.contiguous() || x.dtype != out.dtype) return DECLINED;
  if (out.numel() == 0) return DONE;
  return for_width(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Dense<T> dense(x);
    if (!dense.ready(x)) return OUT_OF_MEMORY;
    const T filling = value ? *value.as<T>() : T{};
    const int64_t width = p.padded_width(), kept = p.last - p.first, from = p.first - p.before[p.n - 1];
    parallel_for(out.numel() / width, (1 << 15) / width + 1, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) {
        const int64_t row = p.shown_row(r % p.padded_rows);
        T* to = out.as<T>() + r * width;
        if (row < 0) {
          std::fill(to, to + width, filling);
          continue;
        }
        const T* line = dense.get() + (r / p.padded_rows * p.rows + row) * p.width();
        if (kept > 0) std::memcpy(to + p.first, line + from, kept * sizeof(T));
        p.each_edge([&](int64_t at, int64_t place) INLINE_LAMBDA { to[at] = place < 0 ? filling : line[place]; });
      }
    });
    return DONE;
  });
}

// The adjoint for padding by position: every element is the sum of those that show it.
// slots: grad (any strides), out (dense), edges, n, before[n]
KERNEL(pad_backward) {
  const Strided grad = in.tensor(), out = in.tensor();
  const Padding p(in, out, grad);
  if (!out.contiguous() || grad.dtype != out.dtype || p.edges == CONSTANT) return DECLINED;
  if (out.numel() == 0) return DONE;
  return for_floating(out.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Dense<T> dense(grad);
    if (!dense.ready(grad)) return OUT_OF_MEMORY;
    const int64_t width = p.padded_width(), kept = p.last - p.first, from = p.first - p.before[p.n - 1], block = p.rows * p.width();
    parallel_for(out.numel() / block, (1 << 15) / block + 1, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; b++) {
        T* to = out.as<T>() + b * block;
        std::memset(to, 0, block * sizeof(T));
        for (int64_t r = 0; r < p.padded_rows; r++) {
          const T* line = dense.get() + (b * p.padded_rows + r) * width;
          T* sums = to + p.shown_row(r) * p.width();
          for_row<T>(kept, [&](auto step, int64_t i) INLINE_LAMBDA { step.store(sums + from + i, step.load(sums + from + i) + step.load(line + p.first + i)); });
          p.each_edge([&](int64_t at, int64_t place) INLINE_LAMBDA { sums[place] += line[at]; });
        }
      }
    });
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
