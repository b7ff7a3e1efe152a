// Images: resampling along a dimension, sliding blocks as columns and back, and sampling at the points of a grid.
#include <algorithm>
#include <cmath>
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include "parallel.hpp"
#include "scratch.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// ---- resampling

// slots: x (any strides), out (dense), start (int32), at (int32), weight (float64) of the map's rows, n (x's size along the dimension), inner
KERNEL(resample) {
  const Strided x = in.tensor(), out = in.tensor(), start = in.tensor(), at = in.tensor(), weight = in.tensor();
  const int64_t n = in.integer(), inner = in.integer();
  if (!out.contiguous() || x.dtype != out.dtype) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Dense<T> dense(x);
    const int64_t rows = start.size[0] - 1, entries = weight.numel();
    Buffer<T> weights(entries + 1);
    if (!dense.ready(x) || !weights) return OUT_OF_MEMORY;
    for (int64_t k = 0; k < entries; k++) weights[k] = T(weight.as<double>()[k]);
    if (out.numel() == 0) return DONE;
    const int32_t *from = start.as<int32_t>(), *places = at.as<int32_t>();
    const T* w = weights.get();
    const int64_t cost = (entries / rows + 1) * inner;
    if (inner == 1) {
      parallel_for(out.numel() / rows, (1 << 15) / (cost * rows) + 1, [&](int64_t begin, int64_t end) {
        for (int64_t p = begin; p < end; p++) {
          const T* line = dense.get() + p * n;
          T* to = out.as<T>() + p * rows;
          for (int64_t o = 0; o < rows; o++) {
            T sum = 0;
            for (int32_t k = from[o]; k < from[o + 1]; k++) sum += w[k] * line[places[k]];
            to[o] = sum;
          }
        }
      });
      return DONE;
    }
    parallel_for(out.numel() / inner, (1 << 15) / cost + 1, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) {
        const int64_t p = r / rows, o = r % rows;
        T* __restrict to = out.as<T>() + r * inner;
        if (from[o] == from[o + 1]) std::memset(to, 0, inner * sizeof(T));
        for (int32_t k = from[o]; k < from[o + 1]; k++) {
          const T* __restrict line = dense.get() + (p * n + places[k]) * inner;
          const T c = w[k];
          if (k > from[o])
            for (int64_t i = 0; i < inner; i++) to[i] += c * line[i];
          else if (c == T(1)) std::memcpy(to, line, inner * sizeof(T));
          else
            for (int64_t i = 0; i < inner; i++) to[i] = c * line[i];
        }
      }
    });
    return DONE;
  });
}

// ---- resampling of bytes, in fixed point with 22 bits behind the point

// Sums stay in registers only where the loop over them is unrolled.
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 4")
#endif
constexpr int PRECISION = 22, HALF = 1 << (PRECISION - 1);
static inline uint8_t to_byte(int32_t sum) { return uint8_t(std::clamp(sum >> PRECISION, 0, 255)); }

// A pixel of up to four bands is four lanes.
#if defined(__SSE4_1__)
typedef __m128i Pixel;
static inline Pixel first_sum() { return _mm_set1_epi32(HALF); }
static inline Pixel add_weighted(Pixel sum, uint32_t bytes, int32_t w) {
  return _mm_add_epi32(sum, _mm_mullo_epi32(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(int(bytes))), _mm_set1_epi32(w)));
}
static inline uint32_t to_bytes(Pixel sum) {
  const __m128i words = _mm_packs_epi32(_mm_srai_epi32(sum, PRECISION), _mm_setzero_si128());
  return uint32_t(_mm_cvtsi128_si32(_mm_packus_epi16(words, words)));
}
#else
struct Pixel {
  int32_t lane[4];
};
static inline Pixel first_sum() { return {{HALF, HALF, HALF, HALF}}; }
static inline Pixel add_weighted(Pixel sum, uint32_t bytes, int32_t w) {
  for (int b = 0; b < 4; b++) sum.lane[b] += w * int32_t(bytes >> (8 * b) & 255);
  return sum;
}
static inline uint32_t to_bytes(Pixel sum) {
  uint32_t bytes = 0;
  for (int b = 0; b < 4; b++) bytes |= uint32_t(to_byte(sum.lane[b])) << (8 * b);
  return bytes;
}
#endif
// Some lines of pixels at once: how many inputs make an output varies, and a wrongly predicted branch costs more than a pixel. A pixel of fewer
// than four bands is read and written with what follows it, but at the end of memory and of a line.
template <int bands, int lines>
static void resample_pixels(const uint8_t* from, int64_t step, const uint8_t* end, uint8_t* to, const int32_t* first, const int32_t* count, const int32_t* weight, int64_t rows, int64_t width) {
  for (int64_t o = 0; o < rows; o++) {
    const int32_t* w = weight + o * width;
    const uint8_t* at = from + int64_t(first[o]) * bands;
    Pixel sum[lines];
    UNROLL for (int l = 0; l < lines; l++) sum[l] = first_sum();
    const int32_t n = count[o];
    if (end - at >= (lines - 1) * step + n * bands + 4) [[likely]]
      for (int32_t k = 0; k < n; k++, at += bands)
        UNROLL for (int l = 0; l < lines; l++) {
          uint32_t bytes;
          std::memcpy(&bytes, at + l * step, 4);
          sum[l] = add_weighted(sum[l], bytes, w[k]);
        }
    else
      for (int32_t k = 0; k < n; k++, at += bands)
        UNROLL for (int l = 0; l < lines; l++) {
          uint32_t bytes = 0;
          std::memcpy(&bytes, at + l * step, bands);
          sum[l] = add_weighted(sum[l], bytes, w[k]);
        }
    UNROLL for (int l = 0; l < lines; l++) {
      const uint32_t bytes = to_bytes(sum[l]);
      uint8_t* pixel = to + (l * rows + o) * bands;
      if ((rows - o) * bands >= 4) [[likely]] std::memcpy(pixel, &bytes, 4);
      else std::memcpy(pixel, &bytes, bands);
    }
  }
}
template <int bands> static void resample_image(const uint8_t* from, int64_t step, const uint8_t* end, uint8_t* to, const int32_t* first, const int32_t* count, const int32_t* weight, int64_t rows, int64_t width, int64_t lines) {
  int64_t l = 0;
  for (; l + 4 <= lines; l += 4) resample_pixels<bands, 4>(from + l * step, step, end, to + l * rows * bands, first, count, weight, rows, width);
  for (; l < lines; l++) resample_pixels<bands, 1>(from + l * step, step, end, to + l * rows * bands, first, count, weight, rows, width);
}
// One line that is the weighted sum of others, `inner` bytes apart.
static void resample_lines(const uint8_t* from, uint8_t* to, int32_t count, const int32_t* w, int64_t inner) {
  constexpr int64_t BLOCK = 512;
  int32_t sum[BLOCK];
  for (int64_t at = 0; at < inner; at += BLOCK) {
    const int64_t n = std::min(BLOCK, inner - at);
    for (int64_t i = 0; i < n; i++) sum[i] = HALF;
    for (int32_t k = 0; k < count; k++) {
      const uint8_t* __restrict line = from + k * inner + at;
      const int32_t c = w[k];
      for (int64_t i = 0; i < n; i++) sum[i] += c * line[i];
    }
    for (int64_t i = 0; i < n; i++) to[at + i] = to_byte(sum[i]);
  }
}
// slots: x (uint8, dense), out (uint8, dense), first, count and weight (int32) of the rows, n (x's size along the middle of three dimensions), inner
KERNEL(resample_bytes) {
  const Strided x = in.tensor(), out = in.tensor(), first = in.tensor(), count = in.tensor(), weight = in.tensor();
  const int64_t n = in.integer(), inner = in.integer();
  if (!x.contiguous() || !out.contiguous()) return DECLINED;
  const int64_t rows = first.numel(), outer = x.numel() / std::max<int64_t>(n * inner, 1);
  if (out.numel() == 0) return DONE;
  const uint8_t *from = x.as<uint8_t>(), *end = from + x.numel();
  const int32_t *begin = first.as<int32_t>(), *counts = count.as<int32_t>(), *w = weight.as<int32_t>();
  const int64_t width = weight.numel() / rows;
  uint8_t* to = out.as<uint8_t>();
  if (inner <= 4) {
    const auto image = inner == 1 ? resample_image<1> : inner == 2 ? resample_image<2> : inner == 3 ? resample_image<3> : resample_image<4>;
    parallel_for(outer, (1 << 18) / (rows * width) + 1, [&](int64_t p0, int64_t p1) {
      image(from + p0 * n * inner, n * inner, end, to + p0 * rows * inner, begin, counts, w, rows, width, p1 - p0);
    });
    return DONE;
  }
  parallel_for(outer * rows, (1 << 19) / (inner * width) + 1, [&](int64_t r0, int64_t r1) {
    for (int64_t r = r0; r < r1; r++) {
      const int64_t p = r / rows, o = r % rows;
      resample_lines(from + (p * n + begin[o]) * inner, to + r * inner, counts[o], w + o * width, inner);
    }
  });
  return DONE;
}

// ---- pixels and planes

// slots: x (uint8, dense: pixels of `bands` bytes), out (float32, dense: `bands` planes), bands. Bytes become numbers of 0 to 1.
KERNEL(unit_planes) {
  const Strided x = in.tensor(), out = in.tensor();
  const int64_t bands = in.integer();
  if (!x.contiguous() || !out.contiguous()) return DECLINED;
  float unit[256];
  for (int i = 0; i < 256; i++) unit[i] = float(i) / 255.0f;
  const int64_t n = x.numel() / bands;
  const uint8_t* from = x.as<uint8_t>();
  float* to = out.as<float>();
  parallel_for(n, 1 << 17, [&](int64_t begin, int64_t end) {
    if (bands == 3) {
      float *red = to, *green = to + n, *blue = to + 2 * n;
      for (int64_t i = begin; i < end; i++) {
        const uint8_t* p = from + 3 * i;
        red[i] = unit[p[0]];
        green[i] = unit[p[1]];
        blue[i] = unit[p[2]];
      }
    } else
      for (int64_t b = 0; b < bands; b++)
        for (int64_t i = begin; i < end; i++) to[b * n + i] = unit[from[i * bands + b]];
  });
  return DONE;
}

// ---- sliding blocks

struct Blocks {
  int64_t size[2], kernel[2], dilation[2], padding[2], stride[2], count[2];
  explicit Blocks(Reader& in) {
    for (int64_t* list : {size, kernel, dilation, padding, stride})
      for (int d = 0; d < 2; d++) list[d] = in.integer();
    for (int d = 0; d < 2; d++) count[d] = (size[d] + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1) / stride[d] + 1;
  }
  int64_t pixels() const { return size[0] * size[1]; }
  int64_t columns() const { return kernel[0] * kernel[1] * count[0] * count[1]; }
  // Calls f(row of columns, row of pixels or -1, first pixel's column, first and last + 1 block that lie inside) for every row of columns of one plane.
  template <class F> void each_row(F f) const {
    for (int64_t ky = 0, row = 0; ky < kernel[0]; ky++)
      for (int64_t kx = 0; kx < kernel[1]; kx++) {
        const int64_t x = kx * dilation[1] - padding[1];
        const int64_t begin = std::min(count[1], x < 0 ? (-x + stride[1] - 1) / stride[1] : 0);
        const int64_t end = std::max(begin, x >= size[1] ? 0 : std::min(count[1], (size[1] - 1 - x) / stride[1] + 1));
        for (int64_t oy = 0; oy < count[0]; oy++, row++) {
          const int64_t y = oy * stride[0] - padding[0] + ky * dilation[0];
          f(row * count[1], y < 0 || y >= size[0] ? -1 : y * size[1], x, begin, end);
        }
      }
  }
};

// slots: x (..., height, width), out (dense), size[2], kernel[2], dilation[2], padding[2], stride[2]
KERNEL(im2col) {
  const Strided x = in.tensor(), out = in.tensor();
  const Blocks b(in);
  if (!out.contiguous() || x.dtype != out.dtype) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Dense<T> dense(x);
    if (!dense.ready(x)) return OUT_OF_MEMORY;
    parallel_for(x.numel() / b.pixels(), (1 << 15) / b.columns() + 1, [&](int64_t first, int64_t last) {
      for (int64_t p = first; p < last; p++) {
        const T* image = dense.get() + p * b.pixels();
        T* columns = out.as<T>() + p * b.columns();
        b.each_row([&](int64_t row, int64_t line, int64_t at, int64_t begin, int64_t end) {
          T* to = columns + row;
          if (line < 0) begin = end = b.count[1];
          std::fill(to, to + begin, T(0));
          if (b.stride[1] == 1) {
            if (end > begin) std::memcpy(to + begin, image + line + at + begin, (end - begin) * sizeof(T));
          } else
            for (int64_t i = begin; i < end; i++) to[i] = image[line + at + i * b.stride[1]];
          std::fill(to + end, to + b.count[1], T(0));
        });
      }
    });
    return DONE;
  });
}

// slots: x (columns), out (..., height, width; dense), size[2], kernel[2], dilation[2], padding[2], stride[2]
KERNEL(col2im) {
  const Strided x = in.tensor(), out = in.tensor();
  const Blocks b(in);
  if (!out.contiguous() || x.dtype != out.dtype) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Dense<T> dense(x);
    if (!dense.ready(x)) return OUT_OF_MEMORY;
    parallel_for(out.numel() / b.pixels(), (1 << 15) / b.columns() + 1, [&](int64_t first, int64_t last) {
      for (int64_t p = first; p < last; p++) {
        T* image = out.as<T>() + p * b.pixels();
        const T* columns = dense.get() + p * b.columns();
        std::memset(image, 0, b.pixels() * sizeof(T));
        b.each_row([&](int64_t row, int64_t line, int64_t at, int64_t begin, int64_t end) {
          if (line < 0) return;
          for (int64_t i = begin; i < end; i++) image[line + at + i * b.stride[1]] += columns[row + i];
        });
      }
    });
    return DONE;
  });
}

// ---- grid sampling

enum Padding { ZEROS, BORDER, REFLECTION };
struct Grid {
  int n;                                                                  // spatial dimensions, 2 or 3
  int64_t batch, channels, size[3], pixels, points;
  bool nearest, align_corners;
  int padding;
  bool read(Reader& in, const Strided& x, const Strided& grid) {
    n = x.ndim - 2;
    const int64_t mode = in.integer();
    padding = int(in.integer());
    align_corners = in.flag();
    if (n < 2 || n > 3 || mode > 1) return false;
    nearest = mode == 1;
    batch = x.size[0];
    channels = x.size[1];
    pixels = points = 1;
    for (int d = 0; d < n; d++) {
      size[d] = x.size[d + 2];
      pixels *= size[d];
      points *= grid.size[d + 1];
    }
    return true;
  }
};
// Two places along a dimension (-1: outside), their weights, and the derivative of the second weight by the coordinate; that of the first is its negative.
template <class T> struct Along {
  int64_t at[2];
  T weight[2], slope;
};
template <class T> static inline Along<T> along(const Grid& g, int64_t size, T x) {
  const T scale = T(g.align_corners ? size - 1 : size) / 2, y = x + T(1);
  T u = y * scale, slope = 1;
  if (!g.align_corners) u = g.n == 2 && sizeof(T) == 4 ? T(double(y) * double(scale) - 0.5) : u - T(0.5);
  if (g.padding == REFLECTION) {
    const T low = g.align_corners ? T(0) : T(-0.5), span = T(g.align_corners ? size - 1 : size), distance = u - low, far = std::abs(distance);
    if (span == 0) u = slope = 0;
    else {
      const T flips = std::floor(far / span), rest = far - flips * span;
      const bool odd = std::fmod(flips, T(2)) != 0;
      u = (odd ? span - rest : rest) + low;
      slope = (distance < 0) == odd ? T(1) : T(-1);
    }
  }
  if (g.padding != ZEROS) {
    if (!(u > 0)) u = slope = 0;                                          // a NaN goes to the first pixel
    else if (u >= T(size - 1)) {
      u = T(size - 1);
      slope = 0;
    }
  }
  const T floor = g.nearest ? std::nearbyint(u) : std::floor(u), t = g.nearest ? T(0) : u - floor;
  auto inside = [&](T i) { return i >= 0 && i < T(size) ? int64_t(i) : -1; };
  return {{inside(floor), g.nearest ? -1 : inside(floor + 1)}, {T(1) - t, t}, g.nearest ? T(0) : slope * scale};
}
// Calls f(place in the plane, chosen[n]) for the places inside that a point reads; chosen[d] is 0 or 1. The first coordinate is the last dimension's.
template <class T, class F> static inline void each_read(const Grid& g, const Along<T>* a, F f) {
  int chosen[3];
  for (int c = 0; c < 1 << g.n; c++) {
    int64_t place = 0;
    bool inside = true;
    for (int d = 0; d < g.n; d++) {
      chosen[d] = c >> (g.n - 1 - d) & 1;
      const int64_t at = a[d].at[chosen[d]];
      inside &= at >= 0;
      place = place * g.size[d] + at;
    }
    if (inside) f(place, chosen);
  }
}
template <class T> static inline void read_point(const Grid& g, const T* point, Along<T>* a) {
  for (int d = 0; d < g.n; d++) a[d] = along<T>(g, g.size[d], point[g.n - 1 - d]);
}

// slots: x (N, C, ...), grid (N, ..., n), out (dense), mode (0 bilinear, 1 nearest), padding (0 zeros, 1 border, 2 reflection), align_corners
KERNEL(grid_sample) {
  const Strided x = in.tensor(), grid = in.tensor(), out = in.tensor();
  Grid g;
  if (!g.read(in, x, grid) || !out.contiguous() || x.dtype != out.dtype || grid.dtype != x.dtype) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Dense<T> image(x), points(grid);
    if (!image.ready(x) || !points.ready(grid)) return OUT_OF_MEMORY;
    parallel_for(g.batch * g.points, (1 << 12) / (g.channels + 1) + 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        Along<T> a[3];
        read_point(g, points.get() + i * g.n, a);
        const int64_t b = i / g.points, p = i % g.points;
        int64_t at[8];
        T weight[8];
        int count = 0;
        each_read(g, a, [&](int64_t place, const int* chosen) {
          T w = a[g.n - 1].weight[chosen[g.n - 1]];
          for (int d = g.n - 2; d >= 0; d--) w *= a[d].weight[chosen[d]];
          at[count] = place;
          weight[count++] = w;
        });
        const T* from = image.get() + b * g.channels * g.pixels;
        T* to = out.as<T>() + b * g.channels * g.points + p;
        for (int64_t c = 0; c < g.channels; c++, from += g.pixels, to += g.points) {
          T sum = 0;
          for (int k = 0; k < count; k++) sum += from[at[k]] * weight[k];
          *to = sum;
        }
      }
    });
    return DONE;
  });
}

// slots: grad, x, grid, grad_x (dense; absent: not wanted), grad_grid (dense; absent: not wanted), mode, padding, align_corners
KERNEL(grid_sample_backward) {
  const Strided grad = in.tensor(), x = in.tensor(), grid = in.tensor(), grad_x = in.tensor(), grad_grid = in.tensor();
  Grid g;
  if (!g.read(in, x, grid) || (grad_x && !grad_x.contiguous()) || (grad_grid && !grad_grid.contiguous()) || grad.dtype != x.dtype || grid.dtype != x.dtype) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Dense<T> image(x), points(grid), gradient(grad);
    if (!image.ready(x) || !points.ready(grid) || !gradient.ready(grad)) return OUT_OF_MEMORY;
    parallel_for(g.batch, 1, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; b++) {
        const T *from = image.get() + b * g.channels * g.pixels, *outer = gradient.get() + b * g.channels * g.points;
        T* to = grad_x ? grad_x.as<T>() + b * g.channels * g.pixels : nullptr;
        if (to) std::memset(to, 0, g.channels * g.pixels * sizeof(T));
        for (int64_t p = 0; p < g.points; p++) {
          Along<T> a[3];
          const int64_t point = (b * g.points + p) * g.n;
          read_point(g, points.get() + point, a);
          double slopes[3] = {};
          each_read(g, a, [&](int64_t place, const int* chosen) {
            T w = 1;
            for (int d = g.n - 1; d >= 0; d--) w *= a[d].weight[chosen[d]];
            double sum = 0;
            for (int64_t c = 0; c < g.channels; c++) {
              const T h = outer[c * g.points + p];
              if (to) to[c * g.pixels + place] += w * h;
              sum += double(from[c * g.pixels + place]) * double(h);
            }
            for (int d = 0; d < g.n; d++) {
              double s = chosen[d] ? a[d].slope : -a[d].slope;
              for (int e = 0; e < g.n; e++)
                if (e != d) s *= a[e].weight[chosen[e]];
              slopes[g.n - 1 - d] += sum * s;
            }
          });
          if (grad_grid)
            for (int d = 0; d < g.n; d++) grad_grid.as<T>()[point + d] = T(slopes[d]);
        }
      }
    });
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
