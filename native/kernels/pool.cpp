// Pooling over one to three spatial dimensions of dense (N, C, spatial…) tensors.
#include <algorithm>
#include <limits>
#include <type_traits>
#include "parallel.hpp"
#include "scratch.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// Sizes as (depth, height, width); missing leading dimensions are 1. A plane is the spatial part of one (image, channel).
struct Pooling {
  int64_t planes;
  int64_t in[3], out[3], kernel[3], stride[3], padding[3], dilation[3];
  int64_t in_size() const { return in[0] * in[1] * in[2]; }
  int64_t out_size() const { return out[0] * out[1] * out[2]; }
  int64_t grain() const { return (1 << 14) / (1 + out_size() * kernel[0] * kernel[1] * kernel[2]) + 1; }
};
// The last n dimensions as planes; the others are counted.
static void set_planes(const Strided& x, const Strided& y, int n, Pooling& p) {
  for (int d = 0; d < 3; d++) {
    const int i = d - 3;
    p.in[d] = d < 3 - n ? 1 : x.size[x.ndim + i];
    p.out[d] = d < 3 - n ? 1 : y.size[y.ndim + i];
    p.kernel[d] = p.stride[d] = p.dilation[d] = 1;
    p.padding[d] = 0;
  }
  p.planes = 1;
  for (int d = 0; d < x.ndim - n; d++) p.planes *= x.size[d];
}
static bool read_dimensions(Reader& in, const Strided& x, const Strided& y, int& n) {
  n = int(in.integer());
  return n >= 1 && n <= 3 && x.ndim >= n && y.ndim == x.ndim;
}
static void read_windows(Reader& in, int n, Pooling& p) {
  for (int d = 3 - n; d < 3; d++) p.kernel[d] = in.integer();
  for (int d = 3 - n; d < 3; d++) p.stride[d] = in.integer();
  for (int d = 3 - n; d < 3; d++) p.padding[d] = in.integer();
}

// Calls f(plane-relative output index, z, y, x) for every output of a plane.
template <class F> static inline void for_each_output(const Pooling& p, F f) {
  int64_t o = 0;
  for (int64_t z = 0; z < p.out[0]; z++)
    for (int64_t y = 0; y < p.out[1]; y++)
      for (int64_t x = 0; x < p.out[2]; x++) f(o++, z, y, x);
}

// ---- maximum

struct Window {
  int64_t begin, end;
};
// The positions of a dilated window that lie inside the input.
static inline Window dilated_window(const Pooling& p, int d, int64_t o) {
  int64_t begin = o * p.stride[d] - p.padding[d];
  const int64_t end = std::min(begin + (p.kernel[d] - 1) * p.dilation[d] + 1, p.in[d]);
  while (begin < 0) begin += p.dilation[d];
  return {begin, end};
}
template <class T> constexpr T LOWEST = std::is_floating_point_v<T> ? T(-__builtin_inf()) : std::numeric_limits<T>::lowest();
// A NaN replaces, also an earlier NaN.
template <class T> static inline bool replaces(T v, T max) { return (v > max) | (v != v); }

// One output whose window may reach over the border.
template <class T> static void max_window(const Pooling& p, const T* x, Window wz, Window wy, Window wx, T& value, int64_t* index) {
  int64_t best = (wz.begin * p.in[1] + wy.begin) * p.in[2] + wx.begin;
  T max = LOWEST<T>;
  for (int64_t z = wz.begin; z < wz.end; z += p.dilation[0])
    for (int64_t y = wy.begin; y < wy.end; y += p.dilation[1])
      for (int64_t i = wx.begin; i < wx.end; i += p.dilation[2]) {
        const int64_t at = (z * p.in[1] + y) * p.in[2] + i;
        if (!replaces(x[at], max)) continue;
        max = x[at];
        best = at;
      }
  value = max;
  if (index) *index = best;
}

// Outputs of a row whose windows lie inside the input, `n` <= MAX_RUN of them from column `ox`: every place of the window is one loop over the run. STRIDE 0: any.
constexpr int64_t MAX_RUN = 64;
template <int STRIDE, class T> static void max_run(const Pooling& p, const T* x, Window wz, Window wy, int64_t ox, int64_t n, T* values, int64_t* indices) {
  using Index = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;     // as wide as the values, so that one mask selects both
  const int64_t stride = STRIDE ? STRIDE : p.stride[2], left = ox * stride - p.padding[2];
  T max[MAX_RUN];
  Index best[MAX_RUN];
  const Index first = static_cast<Index>((wz.begin * p.in[1] + wy.begin) * p.in[2] + left);
  for (int64_t i = 0; i < n; i++) {
    max[i] = LOWEST<T>;
    best[i] = static_cast<Index>(first + i * stride);
  }
  for (int64_t z = wz.begin; z < wz.end; z += p.dilation[0])
    for (int64_t y = wy.begin; y < wy.end; y += p.dilation[1])
      for (int64_t k = 0; k < p.kernel[2]; k++) {
        const Index at = static_cast<Index>((z * p.in[1] + y) * p.in[2] + left + k * p.dilation[2]);
        const T* from = x + at;
#pragma GCC ivdep
        for (int64_t i = 0; i < n; i++) {
          const T v = from[i * stride], m = max[i];
          const Index here = static_cast<Index>(at + i * stride), b = best[i];
          const bool takes = replaces(v, m);
          max[i] = takes ? v : m;
          best[i] = takes ? here : b;
        }
      }
  std::memcpy(values, max, n * sizeof(T));
  if (indices)
    for (int64_t i = 0; i < n; i++) indices[i] = best[i];
}

template <class T> static void max_plane(const Pooling& p, const T* x, T* values, int64_t* indices) {
  const auto run = p.stride[2] == 1 ? max_run<1, T> : p.stride[2] == 2 ? max_run<2, T> : max_run<0, T>;
  // The columns whose windows lie inside the input.
  const int64_t slack = p.in[2] - 1 - (p.kernel[2] - 1) * p.dilation[2] + p.padding[2];
  const bool narrow = p.in_size() > std::numeric_limits<int32_t>::max();
  const int64_t begin = narrow ? p.out[2] : std::min(p.out[2], (p.padding[2] + p.stride[2] - 1) / p.stride[2]);
  const int64_t end = slack < 0 ? begin : std::max(begin, std::min(p.out[2], slack / p.stride[2] + 1));
  for (int64_t oz = 0; oz < p.out[0]; oz++)
    for (int64_t oy = 0; oy < p.out[1]; oy++) {
      const Window wz = dilated_window(p, 0, oz), wy = dilated_window(p, 1, oy);
      const int64_t row = (oz * p.out[1] + oy) * p.out[2];
      auto single = [&](int64_t ox) { max_window(p, x, wz, wy, dilated_window(p, 2, ox), values[row + ox], indices ? indices + row + ox : nullptr); };
      for (int64_t ox = 0; ox < begin; ox++) single(ox);
      for (int64_t ox = begin; ox < end; ox += MAX_RUN) run(p, x, wz, wy, ox, std::min(MAX_RUN, end - ox), values + row + ox, indices ? indices + row + ox : nullptr);
      for (int64_t ox = end; ox < p.out[2]; ox++) single(ox);
    }
}

// slots: x, values, indices (int64 into the plane; absent: not wanted), n, kernel[n], stride[n], padding[n], dilation[n]
KERNEL(max_pool) {
  const Strided x = in.tensor(), values = in.tensor(), indices = in.tensor();
  int n;
  if (!read_dimensions(in, x, values, n) || !values.contiguous() || x.dtype != values.dtype || (indices && (!indices.contiguous() || indices.dtype != DType::i64))) return DECLINED;
  Pooling p;
  set_planes(x, values, n, p);
  read_windows(in, n, p);
  for (int d = 3 - n; d < 3; d++) p.dilation[d] = in.integer();
  return for_real(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Dense<T> dense(x);
    if (!dense.ready(x)) return OUT_OF_MEMORY;
    parallel_for(p.planes, p.grain(), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++)
        max_plane(p, dense.get() + i * p.in_size(), values.as<T>() + i * p.out_size(), indices ? indices.as<int64_t>() + i * p.out_size() : nullptr);
    });
    return DONE;
  });
}

// slots: grad, indices (int64, as grad), out (written: the gradient of the input; dense), n (spatial dimensions)
KERNEL(max_pool_backward) {
  const Strided grad = in.tensor(), indices = in.tensor(), out = in.tensor();
  int n;
  if (!read_dimensions(in, out, grad, n) || !out.contiguous() || grad.dtype != out.dtype || indices.dtype != DType::i64) return DECLINED;
  Pooling p;
  set_planes(out, grad, n, p);
  return for_floating(out.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Dense<T> g(grad);
    const Dense<int64_t> at(indices);
    if (!g.ready(grad) || !at.ready(indices)) return OUT_OF_MEMORY;
    const int64_t size = p.in_size(), outputs = p.out_size();
    for (int64_t i = 0; i < p.planes * outputs; i++)
      if (at.get()[i] < 0 || at.get()[i] >= size) return OUT_OF_RANGE;
    parallel_for(p.planes, p.grain(), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        T* to = out.as<T>() + i * size;
        std::memset(to, 0, size * sizeof(T));
        for (int64_t o = i * outputs; o < (i + 1) * outputs; o++) to[at.get()[o]] += g.get()[o];
      }
    });
    return DONE;
  });
}

// ---- average

struct Average {
  bool count_include_pad;
  int64_t divisor_override;                                               // 0: none
};
// The inputs of one output along a dimension, and how many places the window has before and after the border's cut.
struct AverageWindow {
  int64_t begin, end, padded;
};
static inline AverageWindow average_window(const Pooling& p, int d, int64_t o) {
  const int64_t begin = o * p.stride[d] - p.padding[d], end = std::min(begin + p.kernel[d], p.in[d] + p.padding[d]);
  return {std::max<int64_t>(begin, 0), std::min(end, p.in[d]), end - begin};
}
// Calls f(output, z, y, x windows, divisor) for every output whose window is not empty, and empty(output) for the others.
template <class F, class E> static inline void for_each_average(const Pooling& p, const Average& a, F f, E empty) {
  for_each_output(p, [&](int64_t o, int64_t oz, int64_t oy, int64_t ox) {
    const AverageWindow z = average_window(p, 0, oz), y = average_window(p, 1, oy), x = average_window(p, 2, ox);
    if (z.begin >= z.end || y.begin >= y.end || x.begin >= x.end) return empty(o);
    const int64_t inside = (z.end - z.begin) * (y.end - y.begin) * (x.end - x.begin);
    f(o, z, y, x, a.divisor_override ? a.divisor_override : a.count_include_pad ? z.padded * y.padded * x.padded : inside);
  });
}
// Window of an adaptive pool: from floor(o in / out) to ceil((o + 1) in / out).
static inline AverageWindow adaptive_window(const Pooling& p, int d, int64_t o) {
  const int64_t begin = o * p.in[d] / p.out[d], end = ((o + 1) * p.in[d] + p.out[d] - 1) / p.out[d];
  return {begin, end, end - begin};
}
template <class F> static inline void for_each_adaptive(const Pooling& p, F f) {
  for_each_output(p, [&](int64_t o, int64_t oz, int64_t oy, int64_t ox) {
    const AverageWindow z = adaptive_window(p, 0, oz), y = adaptive_window(p, 1, oy), x = adaptive_window(p, 2, ox);
    f(o, z, y, x, z.padded * y.padded * x.padded);
  });
}

template <class T> static T window_sum(const Pooling& p, const T* x, AverageWindow wz, AverageWindow wy, AverageWindow wx) {
  T sum = 0;
  for (int64_t z = wz.begin; z < wz.end; z++)
    for (int64_t y = wy.begin; y < wy.end; y++)
      for (int64_t i = wx.begin; i < wx.end; i++) sum += x[(z * p.in[1] + y) * p.in[2] + i];
  return sum;
}
template <class T> static void window_add(const Pooling& p, T* x, AverageWindow wz, AverageWindow wy, AverageWindow wx, T value) {
  for (int64_t z = wz.begin; z < wz.end; z++)
    for (int64_t y = wy.begin; y < wy.end; y++)
      for (int64_t i = wx.begin; i < wx.end; i++) x[(z * p.in[1] + y) * p.in[2] + i] += value;
}

// Windows(p, f, empty) walks the outputs of a plane. Forward: means; backward: spread gradients.
template <class Walk> static Status average_forward(const Strided& x, const Strided& out, const Pooling& p, Walk walk) {
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Dense<T> dense(x);
    if (!dense.ready(x)) return OUT_OF_MEMORY;
    parallel_for(p.planes, p.grain(), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const T* from = dense.get() + i * p.in_size();
        T* to = out.as<T>() + i * p.out_size();
        walk([&](int64_t o, AverageWindow wz, AverageWindow wy, AverageWindow wx, int64_t divisor) { to[o] = window_sum(p, from, wz, wy, wx) / T(divisor); },
             [&](int64_t o) { to[o] = T(0); });
      }
    });
    return DONE;
  });
}
template <class Walk> static Status average_backward(const Strided& grad, const Strided& out, const Pooling& p, Walk walk) {
  return for_floating(out.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Dense<T> dense(grad);
    if (!dense.ready(grad)) return OUT_OF_MEMORY;
    parallel_for(p.planes, p.grain(), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const T* from = dense.get() + i * p.out_size();
        T* to = out.as<T>() + i * p.in_size();
        std::memset(to, 0, p.in_size() * sizeof(T));
        walk([&](int64_t o, AverageWindow wz, AverageWindow wy, AverageWindow wx, int64_t divisor) { window_add(p, to, wz, wy, wx, from[o] / T(divisor)); }, [](int64_t) {});
      }
    });
    return DONE;
  });
}

static Status average_pool(Reader& in, bool backward) {
  const Strided from = in.tensor(), to = in.tensor();
  const Strided &x = backward ? to : from, &y = backward ? from : to;
  int n;
  if (!read_dimensions(in, x, y, n) || !to.contiguous() || from.dtype != to.dtype) return DECLINED;
  Pooling p;
  set_planes(x, y, n, p);
  read_windows(in, n, p);
  Average a;
  a.count_include_pad = in.flag();
  a.divisor_override = in.integer();
  auto walk = [&](auto f, auto empty) { for_each_average(p, a, f, empty); };
  return backward ? average_backward(from, to, p, walk) : average_forward(from, to, p, walk);
}
// slots: x, out, n, kernel[n], stride[n], padding[n], count_include_pad, divisor_override (0: none)
KERNEL(avg_pool) { return average_pool(in, false); }
// slots: grad, out (the gradient of the input), then as avg_pool
KERNEL(avg_pool_backward) { return average_pool(in, true); }

static Status adaptive_pool(Reader& in, bool backward) {
  const Strided from = in.tensor(), to = in.tensor();
  const Strided &x = backward ? to : from, &y = backward ? from : to;
  int n;
  if (!read_dimensions(in, x, y, n) || !to.contiguous() || from.dtype != to.dtype) return DECLINED;
  Pooling p;
  set_planes(x, y, n, p);
  auto walk = [&](auto f, auto) { for_each_adaptive(p, f); };
  return backward ? average_backward(from, to, p, walk) : average_forward(from, to, p, walk);
}
// slots: x, out, n (spatial dimensions)
KERNEL(adaptive_avg_pool) { return adaptive_pool(in, false); }
// slots: grad, out (the gradient of the input), n
KERNEL(adaptive_avg_pool_backward) { return adaptive_pool(in, true); }

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
