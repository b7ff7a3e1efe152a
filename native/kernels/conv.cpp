// Convolution of one to three spatial dimensions without im2col. One image (one group of channels) is copied into zero-padded planes, split into stride phases,
// and the matrix micro-kernel reads it in place: a tap (channel, kernel position) is an offset, so that strides, dilation and kernel shapes only change a table.
// The forward pass and each stride phase of the input gradient are the same routine, `Correlation`. The weight gradient broadcasts the image against transposed
// output gradients. 1x1 convolutions are matrix products; depthwise ones have loops of their own. Measurements: docs/performance.md#convolution.
#include <type_traits>
#include "gemm_tile.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

constexpr int STRIP_PIXELS = 512;                                         // output pixels whose products stay in L2 until they are copied out
constexpr int TAP_BLOCK = 2048;                                           // taps per pass over a strip
constexpr int DENSE_PIXELS = 600, DENSE_TAP_BLOCK = 768;                  // pixels and taps of a block of dense panels
constexpr int GRADIENT_PIXELS = 320, GRADIENT_BATCH_PIXELS = 512;         // pixels of a strip of the weight gradient; of its block of small images
constexpr int64_t SLACK = 128;                                            // elements that a vector read may pass the end

// Sizes as (depth, height, width); missing leading dimensions are 1.
struct Geometry {
  int64_t images, in_channels, out_channels, groups;
  int64_t in[3], out[3], kernel[3], stride[3], padding[3], dilation[3];
  int64_t in_pixels() const { return in[0] * in[1] * in[2]; }
  int64_t out_pixels() const { return out[0] * out[1] * out[2]; }
  int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }
  int64_t group_in() const { return in_channels / groups; }
  int64_t group_out() const { return out_channels / groups; }
  bool pointwise() const {
    for (int d = 0; d < 3; d++)
      if (kernel[d] != 1 || stride[d] != 1 || padding[d] != 0) return false;
    return true;
  }
};
// Calls f(channel, z, y, x) for every tap in the order of the weights.
template <class F> INLINE void for_each_tap(int64_t channels, const int64_t* kernel, F f) {
  for (int64_t c = 0; c < channels; c++)
    for (int64_t z = 0; z < kernel[0]; z++)
      for (int64_t y = 0; y < kernel[1]; y++)
        for (int64_t x = 0; x < kernel[2]; x++) f(c, z, y, x);
}

// Calls f(tap) for every tap, numbered in the order of the weights, as oneDNN sums them: blocks of 8 channels, kernel positions, the channels of a block.
template <class F> INLINE void for_each_summand(int64_t channels, int64_t positions, F f) {
  constexpr int64_t BLOCK = 8;
  for (int64_t block = 0; block < channels; block += BLOCK)
    for (int64_t p = 0; p < positions; p++)
      for (int64_t c = block; c < std::min(channels, block + BLOCK); c++) f(c * positions + p);
}

// Zero-padded planes of one image. Each plane of each channel is split into stride_y * stride_x phases; in a phase, neighbouring outputs read neighbouring elements.
// The padding to the right of a row is the padding to the left of the next one.
struct PaddedImage {
  int64_t channels, depth, height, width;                                 // of the image
  int64_t front, top, left;                                               // zeros before it
  int64_t stride_y, stride_x;
  int64_t padded_depth, rows, pitch, plane;                               // of a phase: rows, elements from row to row, elements from phase to phase

  PaddedImage(int64_t channels_, const int64_t* size, const int64_t* before, const int64_t* after, int64_t sy, int64_t sx)
      : channels(channels_), depth(size[0]), height(size[1]), width(size[2]), front(before[0]), top(before[1]), left(before[2]), stride_y(sy), stride_x(sx) {
    padded_depth = front + depth + after[0];
    rows = (top + height + after[1] + sy - 1) / sy;
    const int64_t padded_width = width + (sx == 1 ? std::max(left, after[2]) : left + after[2]);
    pitch = (padded_width + sx - 1) / sx;
    plane = round_up(rows * pitch + 32, 16);
    if (plane / 16 % 2 == 0) plane += 16;                                 // an odd number of cache lines: planes do not fall into one set of L1
  }
  int64_t phases() const { return stride_y * stride_x; }
  int64_t depth_step() const { return phases() * plane; }                 // from one depth slice to the next
  int64_t size() const { return channels * padded_depth * depth_step() + 4 * pitch + SLACK; }
  // Where the element at the padded position (channel, z, y, x) lies.
  int64_t at(int64_t c, int64_t z, int64_t y, int64_t x) const {
    return (c * padded_depth + z) * depth_step() + (y % stride_y * stride_x + x % stride_x) * plane + y / stride_y * pitch + x / stride_x;
  }
  template <class T> void clear(T* out) const { std::memset(out, 0, size() * sizeof(T)); }
  // Writes the interior only: the zeros around it stay from clear().
  template <class T> void fill(const T* image, T* out) const {
    for (int64_t c = 0; c < channels; c++)
      for (int64_t z = 0; z < depth; z++)
        for (int64_t y = 0; y < height; y++, image += width) fill_row(image, out + (c * padded_depth + z + front) * depth_step(), y + top);
  }

 private:
  template <class T> void fill_row(const T* row, T* slice, int64_t y) const {
    T* to = slice + y % stride_y * stride_x * plane + y / stride_y * pitch;
    if (stride_x == 1) {
      std::memcpy(to + left, row, width * sizeof(T));
    } else if (stride_x == 2) {
      T *even = to + (left & 1) * plane + left / 2, *odd = to + (~left & 1) * plane + (left + 1) / 2;
      for (int64_t i = 0; i < width / 2; i++) {
        even[i] = row[2 * i];
        odd[i] = row[2 * i + 1];
      }
      if (width & 1) even[width / 2] = row[width - 1];
    } else {
      for (int64_t i = 0; i < width; i++) to[(i + left) % stride_x * plane + (i + left) / stride_x] = row[i];
    }
  }
};

// Where the pixels of a result lie in the image that it belongs to.
struct Placement {
  int64_t channel, depth, row, column, origin;
};

// result[m][pixel] = bias[m] + sum over taps of weight[m][tap] * image[base of pixel + taps[tap]], added in this order, for a grid of pixels.
template <class T> struct Correlation {
  int64_t channels, tap_count;                                            // of the result; of the sum
  int64_t depth, height, width;                                           // the grid of pixels
  int64_t depth_step, pitch;                                              // of the padded image, from pixel to pixel
  const T* weights;                                                       // panels of part() rows
  const int64_t* taps;
  const T* bias;                                                          // null: none
  Placement place;

  int64_t part() const { return even_part(channels, MR); }
  int64_t strip_rows() const { return even_part(height, std::max<int64_t>(1, std::min(height, STRIP_PIXELS / pitch))); }
  int64_t strips_per_slice() const { return (height + strip_rows() - 1) / strip_rows(); }
  int64_t strips() const { return depth * strips_per_slice(); }
  int64_t parts() const { return (channels + part() - 1) / part(); }
  double work() const { return double(depth * height * width) * double(channels) * double(tap_count); }

  // A row of finished pixels to its place.
  void put(const T* from, T* image, int64_t m, int64_t z, int64_t y, int64_t x, int64_t n) const {
    T* to = image + place.origin + m * place.channel + z * place.depth + y * place.row + x * place.column;
    if (place.column == 1) std::memcpy(to, from, n * sizeof(T));
    else
      for (int64_t i = 0; i < n; i++) to[i * place.column] = from[i];
  }
  // What the sums of rows m0 to m1 begin with, where that is not 0 or there is nothing to add.
  bool has_start() const { return bias || tap_count == 0; }
  void start(T* products, int64_t row, int64_t m0, int64_t m1) const {
    if (has_start())
      for (int64_t m = m0; m < m1; m++, products += row) std::fill(products, products + row, bias ? bias[m] : T(0));
  }

  // Units are (strip of rows, part of the channels), the channels innermost.
  int64_t units() const { return strips() * parts(); }
  void run(const T* padded, T* image, int64_t begin, int64_t end) const {
    while (begin < end) {
      const int64_t strip = begin / parts(), first = begin % parts(), last = std::min(parts(), first + end - begin);
      run_strip(padded, image, strip, first * part(), std::min(channels, last * part()));
      begin += last - first;
    }
  }
  void run_strip(const T* padded, T* image, int64_t strip, int64_t m0, int64_t m1) const {
    const int64_t z = strip / strips_per_slice(), y = strip % strips_per_slice() * strip_rows(), rows = std::min(strip_rows(), height - y);
    const int64_t pixels = rows * pitch - (pitch - width), row = strip_rows() * pitch + NR<T>, step = part();
    T* products = thread_scratch<T, Use::TILE>((m1 - m0) * row + SLACK);
    const T* base = padded + z * depth_step + y * pitch;
    start(products, row, m0, m1);
    for (int64_t j = 0; j < pixels; j += NR<T>)
      for (int64_t m = m0; m < m1; m += step) {
        const int64_t h = std::min(step, m1 - m);
        Target<T> to{products + (m - m0) * row + j, row, nullptr, 0};
        if (has_start()) to = to.again();
        for (int64_t p = 0; p < tap_count; p += TAP_BLOCK) {
          const int64_t k = std::min<int64_t>(TAP_BLOCK, tap_count - p);
          const Operands<T> in{k, weights + m * tap_count + p * h, 1, h, base + j, 0, taps + p};
          narrow_tile<T, Lie::TAPS>(int(h), in, to, pixels - j > LANES<T> ? NR<T> : LANES<T>);
          to = to.again();
        }
      }
    for (int64_t m = m0; m < m1; m++)
      for (int64_t r = 0; r < rows; r++) put(products + (m - m0) * row + r * pitch, image, m, z, y + r, 0, width);
  }

  // Small images with many channels: the pixels of several images (padded_size apart) are packed densely into panels, so that the weights are read once per block.
  bool wants_panels() const { return tap_count > 0 && depth == 1 && (width < 12 || (width < 20 && channels >= 192)); }
  void run_dense(const T* padded, int64_t padded_size, int64_t count, T* const* images) const {
    const int64_t pixels = height * width, total = count * pixels, row = round_up(total, NR<T>) + 16, step = part();
    const int64_t tap_block = even_part(tap_count, DENSE_TAP_BLOCK);
    T* panels = thread_scratch<T, Use::B_PANELS>(row * tap_block + SLACK);
    T* products = thread_scratch<T, Use::TILE>(channels * row + SLACK);
    start(products, row, 0, channels);
    for (int64_t p = 0; p < tap_count; p += tap_block) {
      const int64_t k = std::min(tap_block, tap_count - p);
      for (int64_t j = 0; j < total; j += NR<T>) pack_pixels(padded, padded_size, j, std::min<int64_t>(total, j + NR<T>), taps + p, k, panels + j * k);
      for (int64_t j = 0; j < total; j += NR<T>)
        for (int64_t m = 0; m < channels; m += step) {
          const int64_t h = std::min(step, channels - m);
          const Operands<T> in{k, weights + m * tap_count + p * h, 1, h, panels + j * k, NR<T>, nullptr};
          const Target<T> to{products + m * row + j, row, nullptr, 0};
          tile<T, NR_VECTORS, Lie::CHAINED>(int(h), in, p || has_start() ? to.again() : to, NR<T>);
        }
    }
    for (int64_t n = 0; n < count; n++)
      for (int64_t m = 0; m < channels; m++)
        for (int64_t y = 0; y < height; y++) put(products + m * row + n * pixels + y * width, images[n], m, 0, y, 0, width);
  }
  // One panel: pixels [first, last) as runs inside rows; a vector store may pass the end of its run, the next run overwrites it.
  void pack_pixels(const T* padded, int64_t padded_size, int64_t first, int64_t last, const int64_t* tap, int64_t k, T* out) const {
    struct Run {
      int64_t to, length, from;
    };
    Run runs[NR<T>];
    int count = 0;
    for (int64_t q = first; q < last;) {
      const int64_t n = q / (height * width), y = q % (height * width) / width, x = q % width, length = std::min(width - x, last - q);
      runs[count++] = {q - first, length, n * padded_size + y * pitch + x};
      q += length;
    }
    for (int64_t e = 0; e < k; e++, out += NR<T>) {
      const T* from = padded + tap[e];
      for (int r = 0; r < count; r++)
        for (int64_t i = 0; i < runs[r].length; i += LANES<T>) store(out + runs[r].to + i, load(from + runs[r].from + i));
    }
  }
};

// Cleared planes of this thread for `count` images.
template <class T> static T* padded_planes(const PaddedImage& planes, int64_t count) {
  const int64_t each = planes.size();
  T* memory = thread_scratch<T, Use::IMAGE>(each * count);
  std::memset(memory, 0, each * count * sizeof(T));
  return memory;
}

// All correlations of every (image, group): source(n, g) gives the image to pad, result(n, g) where the results go, correlation(g, i) the i-th correlation of a group.
template <class T, class Source, class Result, class Make>
static void correlate_all(int64_t images, int64_t groups, int64_t count, const PaddedImage& planes, Source source, Result result, Make correlation) {
  const Correlation<T> sample = correlation(0, 0);
  if (sample.channels == 0 || images == 0) return;
  if (groups == 1 && count == 1 && sample.wants_panels() && images > 1) {
    constexpr int MAX_IMAGES = DENSE_PIXELS;
    const int64_t most = std::clamp<int64_t>(DENSE_PIXELS / std::max<int64_t>(1, sample.height * sample.width), 1, std::max<int64_t>(1, (images + 3) / 4));
    const int64_t block = even_part(images, most);
    parallel_chunks(images, block, [&](int64_t, int64_t begin, int64_t end) {
      T* padded = padded_planes<T>(planes, block);
      T* results[MAX_IMAGES];
      for (int64_t n = begin; n < end; n++) {
        planes.fill(source(n, 0), padded + (n - begin) * planes.size());
        results[n - begin] = result(n, 0);
      }
      sample.run_dense(padded, planes.size(), end - begin, results);
    });
    return;
  }
  constexpr int64_t ENOUGH_IMAGES = 8;
  const double work = sample.work() * double(count);
  if (images * groups >= ENOUGH_IMAGES) {
    parallel_for(images * groups, int64_t((1 << 19) / (work + 1)) + 1, [&](int64_t begin, int64_t end) {
      T* padded = padded_planes<T>(planes, 1);
      for (int64_t u = begin; u < end; u++) {
        const int64_t n = u / groups, g = u % groups;
        planes.fill(source(n, g), padded);
        for (int64_t i = 0; i < count; i++) {
          const Correlation<T> c = correlation(g, i);
          c.run(padded, result(n, g), 0, c.units());
        }
      }
    });
    return;
  }
  // Few images: the threads share each one.
  T* padded = padded_planes<T>(planes, 1);
  for (int64_t u = 0; u < images * groups; u++) {
    const int64_t n = u / groups, g = u % groups;
    planes.fill(source(n, g), padded);
    for (int64_t i = 0; i < count; i++) {
      const Correlation<T> c = correlation(g, i);
      const double unit = c.work() / double(std::max<int64_t>(1, c.units()));
      parallel_for(c.units(), int64_t((1 << 19) / (unit + 1)) + 1, [&](int64_t begin, int64_t end) { c.run(padded, result(n, g), begin, end); });
    }
  }
}

// ---- forward

static PaddedImage forward_planes(const Geometry& g, int64_t channels) {
  int64_t after[3];
  for (int d = 0; d < 3; d++) {
    const int64_t reach = (g.out[d] - 1) * g.stride[d] + (g.kernel[d] - 1) * g.dilation[d] + 1;
    after[d] = std::max<int64_t>(0, reach - g.in[d] - g.padding[d]);
  }
  return PaddedImage(channels, g.in, g.padding, after, g.stride[1], g.stride[2]);
}
static void forward_taps(const Geometry& g, const PaddedImage& planes, int64_t channels, int64_t* taps) {
  for_each_tap(channels, g.kernel, [&](int64_t c, int64_t z, int64_t y, int64_t x) { *taps++ = planes.at(c, z * g.dilation[0], y * g.dilation[1], x * g.dilation[2]); });
}
static Placement whole(const int64_t* size) { return {size[0] * size[1] * size[2], size[1] * size[2], size[2], 1, 0}; }

template <class T> static void add_bias(const Geometry& g, const T* bias, T* out) {
  const int64_t pixels = g.out_pixels();
  for (int64_t n = 0; n < g.images; n++)
    for (int64_t c = 0; c < g.out_channels; c++, out += pixels)
      for (int64_t i = 0; i < pixels; i++) out[i] += bias[c];
}
template <class T> static Status forward_pointwise(const Geometry& g, const T* x, const T* w, const T* bias, T* out) {
  const int64_t pixels = g.in_pixels(), ci = g.group_in(), co = g.group_out();
  run_products<T>(g.images * g.groups, [&](int64_t u) {
    const int64_t group = u % g.groups;
    return Product<T>{co, pixels, ci, w + group * co * ci, ci, 1, x + u * ci * pixels, pixels, 1, {out + u * co * pixels, pixels, nullptr, 0}};
  });
  if (bias) add_bias(g, bias, out);
  return DONE;
}
template <class T> static Status forward_depthwise(const Geometry& g, const T* x, const T* w, const T* bias, T* out);

template <class T> static Status forward(const Geometry& g, const T* x, const T* w, const T* bias, T* out) {
  if (g.pointwise()) return forward_pointwise(g, x, w, bias, out);
  if (g.group_in() == 1 && g.out[2] >= LANES<T>) return forward_depthwise(g, x, w, bias, out);
  const int64_t ci = g.group_in(), co = g.group_out(), k = ci * g.taps(), part = even_part(co, MR);
  const PaddedImage planes = forward_planes(g, ci);
  Buffer<T> weights(g.out_channels * k + SLACK), ordered(g.out_channels * k + SLACK);
  Buffer<int64_t> in_order(k + 1), taps(k + 1);
  if (!weights || !ordered || !in_order || !taps) return OUT_OF_MEMORY;
  forward_taps(g, planes, ci, in_order.get());
  int64_t i = 0;
  for_each_summand(ci, g.taps(), [&](int64_t tap) {
    taps[i] = in_order[tap];
    for (int64_t m = 0; m < g.out_channels; m++) ordered[m * k + i] = w[m * k + tap];
    i++;
  });
  for (int64_t group = 0; group < g.groups; group++) pack_all_rows(ordered.get() + group * co * k, k, 1, co, k, part, weights.get() + group * co * k);
  correlate_all<T>(
      g.images, g.groups, 1, planes, [&](int64_t n, int64_t group) { return x + (n * g.groups + group) * ci * g.in_pixels(); },
      [&](int64_t n, int64_t group) { return out + (n * g.groups + group) * co * g.out_pixels(); },
      [&](int64_t group, int64_t) {
        return Correlation<T>{co,           k,          g.out[0],
                              g.out[1],     g.out[2],   planes.depth_step() * g.stride[0],
                              planes.pitch, weights.get() + group * co * k, taps.get(),
                              bias ? bias + group * co : nullptr, whole(g.out)};
      });
  return DONE;
}

// ---- input gradient

// Input positions i with (i + padding) mod stride fixed get gradients from the same taps t: output (i + padding - t dilation) / stride. Along one dimension:
struct PhaseTaps {
  int64_t first, count;                                                   // input positions first, first + stride, …
  int64_t taps = 0;
  Buffer<int64_t> tap, shift;                                             // kernel positions, and output position minus index in the phase
  bool prepare(const Geometry& g, int d, int64_t residue) {
    const int64_t s = g.stride[d];
    first = residue;
    count = g.in[d] > residue ? (g.in[d] - residue + s - 1) / s : 0;
    if (!tap.reserve(g.kernel[d] + 1) || !shift.reserve(g.kernel[d] + 1)) return false;
    for (int64_t t = 0; t < g.kernel[d]; t++) {
      const int64_t position = residue + g.padding[d] - t * g.dilation[d];
      if (position % s) continue;
      tap[taps] = t;
      shift[taps++] = position / s;
    }
    return true;
  }
  // Zeros needed before and after `outputs` positions.
  void widen(int64_t outputs, int64_t& before, int64_t& after) const {
    if (count == 0) return;
    for (int64_t i = 0; i < taps; i++) {
      before = std::max(before, -shift[i]);
      after = std::max(after, shift[i] + count - outputs);
    }
  }
};
template <class T> struct GradientPhase {
  const PhaseTaps *z, *y, *x;
  int64_t taps;
  Buffer<T> weights;                                                      // every group's, in panels
  Buffer<int64_t> offsets;
  // w is (out_channels, group_in, kernel…); the correlation's channels are the group's inputs, its sum runs over outputs and taps.
  bool prepare(const Geometry& g, const PaddedImage& planes, const T* w) {
    const int64_t ci = g.group_in(), co = g.group_out(), positions = z->taps * y->taps * x->taps, part = even_part(ci, MR);
    taps = co * positions;
    if (!weights.reserve(g.groups * ci * taps + SLACK) || !offsets.reserve(taps + 1)) return false;
    int64_t* offset = offsets.get();
    T* panel = weights.get();
    auto each_position = [&](auto f) {
      for (int64_t c = 0; c < co; c++)
        for (int64_t i = 0; i < z->taps; i++)
          for (int64_t j = 0; j < y->taps; j++)
            for (int64_t k = 0; k < x->taps; k++) f(c, i, j, k);
    };
    each_position([&](int64_t c, int64_t i, int64_t j, int64_t k) { *offset++ = planes.at(c, z->shift[i] + planes.front, y->shift[j] + planes.top, x->shift[k] + planes.left); });
    for (int64_t group = 0; group < g.groups; group++)
      for (int64_t m = 0; m < ci; m += part)
        each_position([&](int64_t c, int64_t i, int64_t j, int64_t k) {
          const int64_t position = (z->tap[i] * g.kernel[1] + y->tap[j]) * g.kernel[2] + x->tap[k];
          for (int64_t r = m; r < std::min(ci, m + part); r++) *panel++ = w[((group * co + c) * ci + r) * g.taps() + position];
        });
    return true;
  }
};
template <class T> static Status input_gradient_pointwise(const Geometry& g, const T* dy, const T* w, T* dx) {
  const int64_t pixels = g.in_pixels(), ci = g.group_in(), co = g.group_out();
  run_products<T>(g.images * g.groups, [&](int64_t u) {
    const int64_t group = u % g.groups;
    return Product<T>{ci, pixels, co, w + group * co * ci, 1, ci, dy + u * co * pixels, pixels, 1, {dx + u * ci * pixels, pixels, nullptr, 0}};
  });
  return DONE;
}
template <class T> static Status input_gradient(const Geometry& g, const T* dy, const T* w, T* dx) {
  if (g.pointwise()) return input_gradient_pointwise(g, dy, w, dx);
  const int64_t ci = g.group_in(), co = g.group_out();
  const int64_t phase_count = g.stride[0] * g.stride[1] * g.stride[2];
  struct Arrays {                                                         // objects with destructors, counted at run time
    PhaseTaps* along[3] = {};
    GradientPhase<T>* phases = nullptr;
    ~Arrays() {
      for (auto* a : along) delete[] a;
      delete[] phases;
    }
  } arrays;
  int64_t before[3] = {}, after[3] = {};
  for (int d = 0; d < 3; d++) {
    arrays.along[d] = new PhaseTaps[g.stride[d]];
    for (int64_t r = 0; r < g.stride[d]; r++) {
      if (!arrays.along[d][r].prepare(g, d, r)) return OUT_OF_MEMORY;
      arrays.along[d][r].widen(g.out[d], before[d], after[d]);
    }
  }
  const PaddedImage planes(co, g.out, before, after, 1, 1);
  arrays.phases = new GradientPhase<T>[phase_count];
  for (int64_t i = 0; i < phase_count; i++) {
    GradientPhase<T>& f = arrays.phases[i];
    f.z = &arrays.along[0][i / (g.stride[1] * g.stride[2])];
    f.y = &arrays.along[1][i / g.stride[2] % g.stride[1]];
    f.x = &arrays.along[2][i % g.stride[2]];
    if (!f.prepare(g, planes, w)) return OUT_OF_MEMORY;
  }
  correlate_all<T>(
      g.images, g.groups, phase_count, planes, [&](int64_t n, int64_t group) { return dy + (n * g.groups + group) * co * g.out_pixels(); },
      [&](int64_t n, int64_t group) { return dx + (n * g.groups + group) * ci * g.in_pixels(); },
      [&](int64_t group, int64_t i) {
        const GradientPhase<T>& f = arrays.phases[i];
        const Placement place{g.in_pixels(), g.stride[0] * g.in[1] * g.in[2], g.stride[1] * g.in[2], g.stride[2],
                              (f.z->first * g.in[1] + f.y->first) * g.in[2] + f.x->first};
        return Correlation<T>{ci,          f.taps,     f.z->count * (f.y->count && f.x->count),
                              f.y->count,  f.x->count, planes.depth_step(),
                              planes.pitch, f.weights.get() + group * ci * f.taps, f.offsets.get(),
                              nullptr,     place};
      });
  return DONE;
}

// ---- weight gradient

// The pixels of a sum: `count` runs of `length` pixels, `pitch` apart in the image; after every `per_image` runs the next image is `skip` further.
struct PixelRuns {
  int64_t count, length, pitch, per_image, skip;
};
// c[i][j] += sum over pixels of image[taps[i] + pixel] * gradient[pixel][j], the gradients in a panel NR wide.
template <class T, int ROWS, int NV> INLINE void gradient_tile(PixelRuns runs, const T* image, const int64_t* taps, const T* __restrict gradient, Target<T> to, int columns) {
  Vec<T> sum[ROWS][NV];
  const T* row[ROWS];
  unroll<ROWS>([&](auto i) INLINE_LAMBDA {
    row[i] = image + taps[i];
    unroll<NV>([&](auto j) INLINE_LAMBDA { sum[i][j] = Vec<T>{}; });
  });
  int64_t at = 0, left = runs.per_image;
  for (int64_t run = 0; run < runs.count; run++) {
    for (int64_t p = at; p < at + runs.length; p++, gradient += NR<T>) {
      Vec<T> v[NV];
      unroll<NV>([&](auto j) INLINE_LAMBDA { v[j] = load(gradient + j * LANES<T>); });
      unroll<ROWS>([&](auto i) INLINE_LAMBDA {
        const Vec<T> x = splat(row[i][p]);
        unroll<NV>([&](auto j) INLINE_LAMBDA { sum[i][j] = fused(x, v[j], sum[i][j]); });
      });
    }
    at += runs.pitch;
    if (!--left) {
      left = runs.per_image;
      at += runs.skip;
    }
  }
  unroll<ROWS>([&](auto i) INLINE_LAMBDA {
    const Target<T> line = to.at(i, 0);
    if (columns != NV * LANES<T>) store_partial<T, NV>(sum[i], line, columns);
    else unroll<NV>([&](auto j) INLINE_LAMBDA { store(line.c + j * LANES<T>, load(line.base + j * LANES<T>) + sum[i][j]); });
  });
}
template <class T, int NV>
static __attribute__((noinline)) void gradient_rows(int rows, const PixelRuns& runs, const T* image, const int64_t* taps, const T* gradient, const Target<T>& to, int columns) {
  switch (rows) {
#define ROWS_CASE(n) \
  case n:            \
    if constexpr (n <= MR) gradient_tile<T, n, NV>(runs, image, taps, gradient, to, columns); \
    break;
    ROWS_CASE(1) ROWS_CASE(2) ROWS_CASE(3) ROWS_CASE(4) ROWS_CASE(5) ROWS_CASE(6)
    ROWS_CASE(7) ROWS_CASE(8) ROWS_CASE(9) ROWS_CASE(10) ROWS_CASE(11) ROWS_CASE(12)
#undef ROWS_CASE
  }
}

// Rows [r0, r1) of one group's gradient, transposed: sum[r][output channel] over the images [n0, n1).
template <class T> struct WeightGradient {
  const Geometry& g;
  const PaddedImage& planes;
  const int64_t* taps;
  const T *x, *dy;
  int64_t group;

  void add(int64_t n0, int64_t n1, int64_t r0, int64_t r1, T* sum) const {
    const int64_t pixels = g.out[1] * g.out[2], co = g.group_out(), ci = g.group_in();
    // A strip of one image, or several small images at once.
    const int64_t batch = even_part(n1 - n0, std::max<int64_t>(1, std::min(n1 - n0, GRADIENT_BATCH_PIXELS / pixels)));
    const int64_t strip = batch > 1 ? g.out[1] : even_part(g.out[1], std::max<int64_t>(1, std::min(g.out[1], GRADIENT_PIXELS / g.out[2])));
    const int64_t each = round_up(planes.size(), 16), panel = NR<T> * batch * strip * g.out[2], panels = (co + NR<T> - 1) / NR<T>;
    T* padded = thread_scratch<T, Use::IMAGE>(each * batch);
    std::memset(padded, 0, each * batch * sizeof(T));
    T* gradient = thread_scratch<T, Use::B_PANELS>(panels * panel + SLACK);
    for (int64_t n = n0; n < n1; n += batch) {
      const int64_t count = std::min(batch, n1 - n);
      for (int64_t i = 0; i < count; i++) planes.fill(x + ((n + i) * g.in_channels + group * ci) * g.in_pixels(), padded + i * each);
      for (int64_t z = 0; z < g.out[0]; z++)
        for (int64_t y = 0; y < g.out[1]; y += strip) {
          const int64_t rows = std::min(strip, g.out[1] - y);
          pack_gradient(n, count, z, y, rows, panel, gradient);
          const PixelRuns runs{rows * count, g.out[2], planes.pitch, rows, each - rows * planes.pitch};
          add_strip(runs, padded + z * g.stride[0] * planes.depth_step() + y * planes.pitch, gradient, panel, r0, r1, sum);
        }
    }
  }

 private:
  void pack_gradient(int64_t n, int64_t count, int64_t z, int64_t y, int64_t rows, int64_t panel, T* out) const {
    const int64_t co = g.group_out(), length = rows * g.out[2];
    for (int64_t i = 0; i < count; i++)
      for (int64_t j = 0; j < co; j += NR<T>) {
        const T* from = dy + ((n + i) * g.out_channels + group * co + j) * g.out_pixels() + (z * g.out[1] + y) * g.out[2];
        pack_panel(from, g.out_pixels(), int64_t(1), int(std::min<int64_t>(NR<T>, co - j)), NR<T>, length, out + j / NR<T> * panel + i * length * NR<T>);
      }
  }
  void add_strip(const PixelRuns& runs, const T* image, const T* gradient, int64_t panel, int64_t r0, int64_t r1, T* sum) const {
    const int64_t co = g.group_out(), part = even_part(g.group_in() * g.taps(), MR), panels = (co + NR<T> - 1) / NR<T>;
    auto tile_at = [&](int64_t j, int64_t r) {
      const int columns = int(std::min<int64_t>(NR<T>, co - j * NR<T>)), rows = int(std::min(part, r1 - r));
      T* c = sum + r * co + j * NR<T>;
      const Target<T> to{c, co, c, co};
      if (columns > LANES<T>) gradient_rows<T, NR_VECTORS>(rows, runs, image, taps + r, gradient + j * panel, to, columns);
      else gradient_rows<T, 1>(rows, runs, image, taps + r, gradient + j * panel, to, columns);
    };
    // Many panels: the image's rows stay in L1 and the panels in L2; few: the other way round.
    if (panels > 4)
      for (int64_t r = r0; r < r1; r += part)
        for (int64_t j = 0; j < panels; j++) tile_at(j, r);
    else
      for (int64_t j = 0; j < panels; j++)
        for (int64_t r = r0; r < r1; r += part) tile_at(j, r);
  }
};
template <class T> static Status weight_gradient_pointwise(const Geometry& g, const T* x, const T* dy, T* dw) {
  const int64_t pixels = g.in_pixels(), ci = g.group_in(), co = g.group_out();
  if (g.images == 0) std::memset(dw, 0, g.out_channels * ci * sizeof(T));
  for (int64_t n = 0; n < g.images; n++)
    run_products<T>(g.groups, [&](int64_t group) {
      T* c = dw + group * co * ci;
      const int64_t u = n * g.groups + group;
      return Product<T>{co, ci, pixels, dy + u * co * pixels, pixels, 1, x + u * ci * pixels, 1, pixels, {c, ci, n ? c : nullptr, ci}};
    });
  return DONE;
}
template <class T> static Status weight_gradient_depthwise(const Geometry& g, const T* x, const T* dy, T* dw);

template <class T> static Status weight_gradient(const Geometry& g, const T* x, const T* dy, T* dw) {
  if (g.pointwise()) return weight_gradient_pointwise(g, x, dy, dw);
  if (g.group_in() == 1 && g.group_out() < 4) return weight_gradient_depthwise(g, x, dy, dw);
  const int64_t ci = g.group_in(), co = g.group_out(), rows = ci * g.taps(), size = rows * co, part = even_part(rows, MR);
  const PaddedImage planes = forward_planes(g, ci);
  // Few weights: threads take runs of images, whose sums are added in order. Many: threads take rows of the sum.
  constexpr int64_t FEW_WEIGHTS = 1 << 16, CHUNKS = 8;
  const int64_t per_chunk = size <= FEW_WEIGHTS ? (g.images + CHUNKS - 1) / CHUNKS : g.images;
  const int64_t chunks = per_chunk ? (g.images + per_chunk - 1) / per_chunk : 0;
  Buffer<int64_t> taps(rows + 1);
  Buffer<T> sums(std::max<int64_t>(1, chunks) * size + SLACK);
  if (!taps || !sums) return OUT_OF_MEMORY;
  forward_taps(g, planes, ci, taps.get());
  for (int64_t group = 0; group < g.groups; group++) {
    const WeightGradient<T> gradient{g, planes, taps.get(), x, dy, group};
    std::memset(sums.get(), 0, std::max<int64_t>(1, chunks) * size * sizeof(T));
    if (chunks > 1)
      parallel_chunks(g.images, per_chunk, [&](int64_t chunk, int64_t begin, int64_t end) { gradient.add(begin, end, 0, rows, sums.get() + chunk * size); });
    else if (chunks == 1) {
      const double unit = double(part) * double(co) * double(g.images) * double(g.out_pixels());
      const int64_t parts = (rows + part - 1) / part, range = std::max(int64_t((1 << 19) / unit) + 1, (parts + num_threads() - 1) / num_threads());
      parallel_chunks(parts, range, [&](int64_t, int64_t begin, int64_t end) { gradient.add(0, g.images, begin * part, std::min(rows, end * part), sums.get()); });
    }
    T* out = dw + group * size;
    for (int64_t r = 0; r < rows; r++)
      for (int64_t c = 0; c < co; c++) {
        T total = sums[r * co + c];
        for (int64_t chunk = 1; chunk < chunks; chunk++) total += sums[chunk * size + r * co + c];
        out[c * rows + r] = total;
      }
  }
  return DONE;
}

// ---- depthwise: one input channel a group

// One output row of at least a vector: the last vector overlaps the one before it.
template <class T> INLINE void depthwise_row(const T* image, const int64_t* taps, const T* w, int64_t count, T bias, int64_t width, T* out) {
  for (int64_t v = 0; v < width; v += LANES<T>) {
    const int64_t x = std::min<int64_t>(v, width - LANES<T>);
    Vec<T> even = splat(bias), odd = Vec<T>{};
    int64_t t = 0;
    for (; t + 2 <= count; t += 2) {
      even = fused(splat(w[t]), load(image + taps[t] + x), even);
      odd = fused(splat(w[t + 1]), load(image + taps[t + 1] + x), odd);
    }
    if (t < count) even = fused(splat(w[t]), load(image + taps[t] + x), even);
    store(out + x, even + odd);
  }
}
// 3x3, stride and dilation 1: weights in registers and offsets known.
template <class T> INLINE void depthwise_row_3x3(const T* image, int64_t pitch, const Vec<T> (&w)[9], T bias, int64_t width, T* out) {
  for (int64_t v = 0; v < width; v += LANES<T>) {
    const int64_t x = std::min<int64_t>(v, width - LANES<T>);
    Vec<T> sum[2] = {splat(bias), Vec<T>{}};
    unroll<9>([&](auto t) INLINE_LAMBDA { sum[t % 2] = fused(w[t], load(image + t / 3 * pitch + x + t % 3), sum[t % 2]); });
    store(out + x, sum[0] + sum[1]);
  }
}
template <class T> static Status forward_depthwise(const Geometry& g, const T* x, const T* w, const T* bias, T* out) {
  const int64_t k = g.taps(), multiple = g.group_out();
  const PaddedImage planes = forward_planes(g, 1);
  Buffer<int64_t> taps(k + 1);
  if (!taps) return OUT_OF_MEMORY;
  forward_taps(g, planes, 1, taps.get());
  const bool three = g.kernel[0] == 1 && g.kernel[1] == 3 && g.kernel[2] == 3 && g.stride[1] == 1 && g.stride[2] == 1 && g.dilation[1] == 1 && g.dilation[2] == 1;
  const double work = double(g.out_pixels()) * double(multiple * k);
  parallel_for(g.images * g.groups, int64_t((1 << 18) / (work + 1)) + 1, [&](int64_t begin, int64_t end) {
    T* padded = padded_planes<T>(planes, 1);
    for (int64_t u = begin; u < end; u++) {
      planes.fill(x + u * g.in_pixels(), padded);
      for (int64_t m = 0; m < multiple; m++) {
        const int64_t channel = u % g.groups * multiple + m;
        const T* weight = w + channel * k;
        const T add = bias ? bias[channel] : T(0);
        T* to = out + (u * multiple + m) * g.out_pixels();
        Vec<T> nine[9] = {};
        for (int t = 0; three && t < 9; t++) nine[t] = splat(weight[t]);
        for (int64_t z = 0; z < g.out[0]; z++)
          for (int64_t y = 0; y < g.out[1]; y++, to += g.out[2]) {
            const T* from = padded + z * g.stride[0] * planes.depth_step() + y * planes.pitch;
            if (three) depthwise_row_3x3(from, planes.pitch, nine, add, g.out[2], to);
            else depthwise_row(from, taps.get(), weight, k, add, g.out[2], to);
          }
      }
    }
  });
  return DONE;
}

// sum[t] += the products of one plane of gradients with the image moved by each of COUNT taps.
template <class T, int COUNT> static void depthwise_products(const T* image, int64_t pitch, const int64_t* taps, const T* dy, int64_t height, int64_t width, double* sum) {
  Vec<T> lanes[COUNT] = {};
  T rest[COUNT] = {};
  const int64_t full = width / LANES<T> * LANES<T>;
  for (int64_t y = 0; y < height; y++) {
    const T *row = image + y * pitch, *d = dy + y * width;
    for (int64_t x = 0; x < full; x += LANES<T>) {
      const Vec<T> v = load(d + x);
      unroll<COUNT>([&](auto t) INLINE_LAMBDA { lanes[t] = fused(v, load(row + taps[t] + x), lanes[t]); });
    }
    for (int64_t x = full; x < width; x++)
      for (int t = 0; t < COUNT; t++) rest[t] += d[x] * row[taps[t] + x];
  }
  for (int t = 0; t < COUNT; t++) sum[t] += double(sum_vector(lanes[t]) + rest[t]);
}
template <class T> static Status weight_gradient_depthwise(const Geometry& g, const T* x, const T* dy, T* dw) {
  const int64_t k = g.taps(), multiple = g.group_out();
  const PaddedImage planes = forward_planes(g, 1);
  Buffer<int64_t> taps(k + 1);
  if (!taps) return OUT_OF_MEMORY;
  forward_taps(g, planes, 1, taps.get());
  const double work = double(g.images) * double(g.out_pixels()) * double(multiple * k);
  parallel_for(g.groups, int64_t((1 << 18) / (work + 1)) + 1, [&](int64_t begin, int64_t end) {
    T* padded = padded_planes<T>(planes, 1);
    double* sum = thread_scratch<double, Use::ROW>(multiple * k + 1);
    for (int64_t group = begin; group < end; group++) {
      std::memset(sum, 0, multiple * k * sizeof(double));
      for (int64_t n = 0; n < g.images; n++) {
        planes.fill(x + (n * g.groups + group) * g.in_pixels(), padded);
        for (int64_t m = 0; m < multiple; m++)
          for (int64_t z = 0; z < g.out[0]; z++) {
            const T* image = padded + z * g.stride[0] * planes.depth_step();
            const T* d = dy + ((n * g.groups + group) * multiple + m) * g.out_pixels() + z * g.out[1] * g.out[2];
            int64_t t = 0;
            for (; t + 9 <= k; t += 9) depthwise_products<T, 9>(image, planes.pitch, taps.get() + t, d, g.out[1], g.out[2], sum + m * k + t);
            for (; t + 3 <= k; t += 3) depthwise_products<T, 3>(image, planes.pitch, taps.get() + t, d, g.out[1], g.out[2], sum + m * k + t);
            for (; t < k; t++) depthwise_products<T, 1>(image, planes.pitch, taps.get() + t, d, g.out[1], g.out[2], sum + m * k + t);
          }
      }
      for (int64_t i = 0; i < multiple * k; i++) dw[group * multiple * k + i] = T(sum[i]);
    }
  });
  return DONE;
}

// ---- kernels

// Reads n, stride[n], padding[n], dilation[n], groups after the tensors.
static bool read_geometry(Reader& in, const Strided& x, const Strided& w, const Strided& y, Geometry& g) {
  const int n = int(in.integer());
  if (n < 1 || n > 3 || x.ndim != n + 2 || w.ndim != n + 2 || y.ndim != n + 2) return false;
  for (int d = 0; d < 3; d++) {
    const int i = d - (3 - n);
    g.in[d] = i < 0 ? 1 : x.size[i + 2];
    g.out[d] = i < 0 ? 1 : y.size[i + 2];
    g.kernel[d] = i < 0 ? 1 : w.size[i + 2];
    g.stride[d] = 1;
    g.padding[d] = 0;
    g.dilation[d] = 1;
  }
  for (int d = 3 - n; d < 3; d++) g.stride[d] = in.integer();
  for (int d = 3 - n; d < 3; d++) g.padding[d] = in.integer();
  for (int d = 3 - n; d < 3; d++) g.dilation[d] = in.integer();
  g.groups = in.integer();
  g.images = x.size[0];
  g.in_channels = x.size[1];
  g.out_channels = y.size[1];
  return g.groups > 0;
}
static bool same_floating(const Strided& a, const Strided& b, const Strided& c) {
  return a.dtype == b.dtype && a.dtype == c.dtype && (a.dtype == DType::f32 || a.dtype == DType::f64);
}

// slots: x (N, C, spatial…), w (O, C/groups, kernel…), bias (O; or absent), out (N, O, spatial…; dense), n, stride[n], padding[n], dilation[n], groups
KERNEL(conv_forward) {
  const Strided x = in.tensor(), w = in.tensor(), bias = in.tensor(), out = in.tensor();
  Geometry g;
  if (!read_geometry(in, x, w, out, g) || !same_floating(x, w, out) || !out.contiguous() || (bias && bias.dtype != x.dtype)) return DECLINED;
  if (out.numel() == 0) return DONE;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Dense<T> dx(x), dw(w), db(bias);
    if (!dx.ready(x) || !dw.ready(w) || !db.ready(bias)) return OUT_OF_MEMORY;
    return forward<T>(g, dx.get(), dw.get(), db.get(), out.as<T>());
  });
}
// slots: grad (N, O, spatial…), w (O, C/groups, kernel…), out (N, C, spatial…; dense), n, stride[n], padding[n], dilation[n], groups
KERNEL(conv_input_gradient) {
  const Strided grad = in.tensor(), w = in.tensor(), out = in.tensor();
  Geometry g;
  if (!read_geometry(in, out, w, grad, g) || !same_floating(grad, w, out) || !out.contiguous()) return DECLINED;
  if (out.numel() == 0) return DONE;
  return for_floating(out.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Dense<T> dy(grad), dw(w);
    if (!dy.ready(grad) || !dw.ready(w)) return OUT_OF_MEMORY;
    if (grad.numel() == 0) {
      std::memset(out.data, 0, out.numel() * sizeof(T));
      return DONE;
    }
    return input_gradient<T>(g, dy.get(), dw.get(), out.as<T>());
  });
}
// slots: x (N, C, spatial…), grad (N, O, spatial…), out (O, C/groups, kernel…; dense), n, stride[n], padding[n], dilation[n], groups
KERNEL(conv_weight_gradient) {
  const Strided x = in.tensor(), grad = in.tensor(), out = in.tensor();
  Geometry g;
  if (!read_geometry(in, x, out, grad, g) || !same_floating(x, grad, out) || !out.contiguous()) return DECLINED;
  if (out.numel() == 0) return DONE;
  return for_floating(out.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Dense<T> dx(x), dy(grad);
    if (!dx.ready(x) || !dy.ready(grad)) return OUT_OF_MEMORY;
    if (grad.numel() == 0 || x.numel() == 0) {
      std::memset(out.data, 0, out.numel() * sizeof(T));
      return DONE;
    }
    return weight_gradient<T>(g, dx.get(), dy.get(), out.as<T>());
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
