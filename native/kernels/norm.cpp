// Batch, layer and group normalisation. Statistics are taken in two passes (mean, then squared deviations) and kept in the tensor's element type.
#include "parallel.hpp"
#include "rows.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

template <class T> static const T* data_or_null(const Strided& x) { return x ? x.as<T>() : nullptr; }
static bool dense_of(const Strided& x, DType dtype) { return !x || (x.dtype == dtype && x.contiguous()); }
template <class... Tensors> static bool all_dense(DType dtype, const Tensors&... x) { return (dense_of(x, dtype) && ...); }

// ---- batch normalisation: x is (N, C, S)

struct Channels {
  int64_t images, channels, pixels;
  explicit Channels(const Strided& x) : images(x.size[0]), channels(x.size[1]), pixels(1) {
    for (int d = 2; d < x.ndim; d++) pixels *= x.size[d];
  }
  int64_t count() const { return images * pixels; }
  int64_t grain() const { return row_grain(count()); }
};

// sum[c] of f(step, element index, channel) over images and pixels for the channels [c0, c1). Long rows are summed as rows; with few pixels the channels go side by side.
template <class T, class F> static void sum_channels(const Channels& s, int64_t c0, int64_t c1, double* sum, F f) {
  constexpr int64_t LONG_ROW = 16;
  for (int64_t c = c0; c < c1; c++) sum[c] = 0;
  if (s.pixels >= LONG_ROW) {
    for (int64_t c = c0; c < c1; c++)
      for (int64_t n = 0; n < s.images; n++) {
        const int64_t row = (n * s.channels + c) * s.pixels;
        sum[c] += sum_row<T>(s.pixels, [&](auto step, int64_t i) INLINE_LAMBDA { return f(step, row + i, c); });
      }
    return;
  }
  for (int64_t n = 0; n < s.images; n++)
    for (int64_t c = c0; c < c1; c++)
      for (int64_t i = 0; i < s.pixels; i++) sum[c] += double(f(ScalarStep(), (n * s.channels + c) * s.pixels + i, c));
}
// f(step, element index, channel) on every element of the channels [c0, c1).
template <class T, class F> static void map_channels(const Channels& s, int64_t c0, int64_t c1, F f) {
  for (int64_t n = 0; n < s.images; n++)
    for (int64_t c = c0; c < c1; c++) {
      const int64_t row = (n * s.channels + c) * s.pixels;
      for_row<T>(s.pixels, [&](auto step, int64_t i) INLINE_LAMBDA { f(step, row + i, c); });
    }
}
// out = x scale[c] + shift[c], with scale = weight invstd and shift = bias - mean scale.
template <class T>
static void normalise_channels(const Channels& s, int64_t c0, int64_t c1, const T* x, const T* mean, const T* invstd, const T* weight, const T* bias, T* out, T* scale, T* shift) {
  for (int64_t c = c0; c < c1; c++) {
    scale[c] = weight ? invstd[c] * weight[c] : invstd[c];
    shift[c] = (bias ? bias[c] : T(0)) - mean[c] * scale[c];
  }
  map_channels<T>(s, c0, c1, [&](auto step, int64_t i, int64_t c) INLINE_LAMBDA { step.store(out + i, step.load(x + i) * scale[c] + shift[c]); });
}

// slots: x (N, C, …; dense), weight, bias, running_mean, running_var (each C or absent; the running ones are updated), momentum, eps, out, save_mean (C), save_invstd (C)
KERNEL(batch_norm) {
  const Strided x = in.tensor(), weight = in.tensor(), bias = in.tensor(), running_mean = in.tensor(), running_var = in.tensor();
  const double momentum = in.real(), eps = in.real();
  const Strided out = in.tensor(), save_mean = in.tensor(), save_invstd = in.tensor();
  if (x.ndim < 2 || !all_dense(x.dtype, x, weight, bias, running_mean, running_var, out, save_mean, save_invstd)) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Channels s(x);
    Buffer<double> sums(s.channels + 1);
    Buffer<T> factors(2 * s.channels + 1);
    if (!sums || !factors) return OUT_OF_MEMORY;
    T *mean = save_mean.as<T>(), *invstd = save_invstd.as<T>();
    const T* elements = x.as<T>();
    const double count = double(s.count());
    parallel_for(s.channels, s.grain(), [&](int64_t c0, int64_t c1) {
      double* sum = sums.get();
      sum_channels<T>(s, c0, c1, sum, [&](auto step, int64_t i, int64_t) INLINE_LAMBDA { return step.load(elements + i); });
      for (int64_t c = c0; c < c1; c++) mean[c] = T(sum[c] / count);
      sum_channels<T>(s, c0, c1, sum, [&](auto step, int64_t i, int64_t c) INLINE_LAMBDA {
        auto d = step.load(elements + i) - mean[c];
        return d * d;
      });
      for (int64_t c = c0; c < c1; c++) {
        invstd[c] = T(1 / std::sqrt(sum[c] / count + eps));
        if (running_mean) running_mean.as<T>()[c] = T(momentum * mean[c] + (1 - momentum) * running_mean.as<T>()[c]);
        if (running_var) running_var.as<T>()[c] = T(momentum * (sum[c] / (count - 1)) + (1 - momentum) * running_var.as<T>()[c]);
      }
      normalise_channels(s, c0, c1, elements, mean, invstd, data_or_null<T>(weight), data_or_null<T>(bias), out.as<T>(), factors.get(), factors.get() + s.channels);
    });
    return DONE;
  });
}

// slots: x (N, C, …; dense), weight, bias (C or absent), mean (C), var (C), eps, out
KERNEL(batch_norm_inference) {
  const Strided x = in.tensor(), weight = in.tensor(), bias = in.tensor(), mean = in.tensor(), var = in.tensor();
  const double eps = in.real();
  const Strided out = in.tensor();
  if (x.ndim < 2 || !all_dense(x.dtype, x, weight, bias, mean, var, out)) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Channels s(x);
    Buffer<T> factors(3 * s.channels + 1);
    if (!factors) return OUT_OF_MEMORY;
    T* invstd = factors.get() + 2 * s.channels;
    for (int64_t c = 0; c < s.channels; c++) invstd[c] = T(1) / std::sqrt(var.as<T>()[c] + T(eps));
    parallel_for(s.channels, s.grain(), [&](int64_t c0, int64_t c1) {
      normalise_channels<T>(s, c0, c1, x.as<T>(), mean.as<T>(), invstd, data_or_null<T>(weight), data_or_null<T>(bias), out.as<T>(), factors.get(), factors.get() + s.channels);
    });
    return DONE;
  });
}

// slots: grad (as x), x (N, C, …; dense), weight (C or absent), mean (C), spread (C: training: invstd as saved, else the running variance), training, eps,
//        grad_x, grad_weight, grad_bias (each may be absent)
KERNEL(batch_norm_backward) {
  const Strided grad = in.tensor(), x = in.tensor(), weight = in.tensor(), mean = in.tensor(), spread = in.tensor();
  const bool training = in.flag();
  const double eps = in.real();
  const Strided grad_x = in.tensor(), grad_weight = in.tensor(), grad_bias = in.tensor();
  if (x.ndim < 2 || !all_dense(x.dtype, grad, x, weight, mean, spread, grad_x, grad_weight, grad_bias)) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Channels s(x);
    Buffer<double> sums(2 * s.channels + 1);
    Buffer<T> factors(3 * s.channels + 1);
    if (!sums || !factors) return OUT_OF_MEMORY;
    const T *g = grad.as<T>(), *e = x.as<T>(), *m = mean.as<T>();
    parallel_for(s.channels, s.grain(), [&](int64_t c0, int64_t c1) {
      double *sum = sums.get(), *dot = sum + s.channels;
      sum_channels<T>(s, c0, c1, sum, [&](auto step, int64_t i, int64_t) INLINE_LAMBDA { return step.load(g + i); });
      sum_channels<T>(s, c0, c1, dot, [&](auto step, int64_t i, int64_t c) INLINE_LAMBDA { return step.load(g + i) * (step.load(e + i) - m[c]); });
      // grad_x = scale (g - mean of g - (x - mean) invstd² mean of g (x - mean))
      T *scale = factors.get(), *mean_g = scale + s.channels, *slope = mean_g + s.channels;
      for (int64_t c = c0; c < c1; c++) {
        const double invstd = training ? double(spread.as<T>()[c]) : 1 / std::sqrt(double(spread.as<T>()[c]) + eps);
        scale[c] = T(weight ? invstd * weight.as<T>()[c] : invstd);
        mean_g[c] = T(sum[c] / double(s.count()));
        slope[c] = T(dot[c] * invstd * invstd / double(s.count()));
        if (grad_weight) grad_weight.as<T>()[c] = T(dot[c] * invstd);
        if (grad_bias) grad_bias.as<T>()[c] = T(sum[c]);
      }
      if (!grad_x) return;
      T* out = grad_x.as<T>();
      if (!training) map_channels<T>(s, c0, c1, [&](auto step, int64_t i, int64_t c) INLINE_LAMBDA { step.store(out + i, step.load(g + i) * scale[c]); });
      else
        map_channels<T>(s, c0, c1, [&](auto step, int64_t i, int64_t c) INLINE_LAMBDA {
          step.store(out + i, (step.load(g + i) - mean_g[c] - (step.load(e + i) - m[c]) * slope[c]) * scale[c]);
        });
    });
    return DONE;
  });
}

// ---- layer normalisation: x is (rows, columns)

template <class T> struct Moments {
  T mean, rstd;
};
template <class T> static Moments<T> moments(const T* x, int64_t n, double eps) {
  const T mean = T(sum_row<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA { return step.load(x + i); }) / double(n));
  const double squares = sum_row<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA {
    auto d = step.load(x + i) - mean;
    return d * d;
  });
  return {mean, T(1 / std::sqrt(squares / double(n) + eps))};
}

// slots: x (dense), weight, bias (columns or absent), rows, columns, eps, out, mean (rows), rstd (rows)
KERNEL(layer_norm) {
  const Strided x = in.tensor(), weight = in.tensor(), bias = in.tensor();
  const int64_t rows = in.integer(), columns = in.integer();
  const double eps = in.real();
  const Strided out = in.tensor(), mean = in.tensor(), rstd = in.tensor();
  if (!all_dense(x.dtype, x, weight, bias, out, mean, rstd)) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const T *w = data_or_null<T>(weight), *b = data_or_null<T>(bias);
    parallel_for(rows, row_grain(columns), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) {
        const T* row = x.as<T>() + r * columns;
        T* to = out.as<T>() + r * columns;
        const Moments<T> m = moments(row, columns, eps);
        mean.as<T>()[r] = m.mean;
        rstd.as<T>()[r] = m.rstd;
        auto normal = [&](auto step, int64_t i) INLINE_LAMBDA { return (step.load(row + i) - m.mean) * m.rstd; };
        if (w && b) for_row<T>(columns, [&](auto step, int64_t i) INLINE_LAMBDA { step.store(to + i, normal(step, i) * step.load(w + i) + step.load(b + i)); });
        else if (w) for_row<T>(columns, [&](auto step, int64_t i) INLINE_LAMBDA { step.store(to + i, normal(step, i) * step.load(w + i)); });
        else if (b) for_row<T>(columns, [&](auto step, int64_t i) INLINE_LAMBDA { step.store(to + i, normal(step, i) + step.load(b + i)); });
        else for_row<T>(columns, [&](auto step, int64_t i) INLINE_LAMBDA { step.store(to + i, normal(step, i)); });
      }
    });
    return DONE;
  });
}

template <class T> static void layer_norm_row_gradient(const T* g, const T* x, const T* w, T mean, T rstd, int64_t n, T* out) {
  auto weighted = [&](auto step, int64_t i) INLINE_LAMBDA { return w ? step.load(g + i) * step.load(w + i) : step.load(g + i); };
  auto normal = [&](auto step, int64_t i) INLINE_LAMBDA { return (step.load(x + i) - mean) * rstd; };
  const T mean_g = T(sum_row<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA { return weighted(step, i); }) / double(n));
  const T slope = T(sum_row<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA { return weighted(step, i) * normal(step, i); }) / double(n));
  for_row<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA { step.store(out + i, (weighted(step, i) - mean_g - normal(step, i) * slope) * rstd); });
}

// slots: grad, x (dense), weight (columns or absent), mean (rows), rstd (rows), rows, columns, grad_x, grad_weight, grad_bias (each may be absent)
KERNEL(layer_norm_backward) {
  const Strided grad = in.tensor(), x = in.tensor(), weight = in.tensor(), mean = in.tensor(), rstd = in.tensor();
  const int64_t rows = in.integer(), columns = in.integer();
  const Strided grad_x = in.tensor(), grad_weight = in.tensor(), grad_bias = in.tensor();
  if (!all_dense(x.dtype, grad, x, weight, mean, rstd, grad_x, grad_weight, grad_bias)) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    // The sums over rows: partial ones of at most 16 fixed ranges of rows, added in order.
    const int64_t range = std::max<int64_t>(row_grain(columns), (rows + 15) / 16), ranges = (rows + range - 1) / range;
    const bool sums_wanted = grad_weight || grad_bias;
    Buffer<T> sums(sums_wanted ? 2 * columns * (ranges + 1) : 1);
    if (!sums) return OUT_OF_MEMORY;
    if (sums_wanted) std::memset(sums.get(), 0, 2 * columns * (ranges + 1) * sizeof(T));
    parallel_chunks(rows, range, [&](int64_t chunk, int64_t begin, int64_t end) {
      T *dw = sums.get() + 2 * columns * (sums_wanted ? chunk : 0), *db = dw + columns;
      for (int64_t r = begin; r < end; r++) {
        const T *g = grad.as<T>() + r * columns, *e = x.as<T>() + r * columns, m = mean.as<T>()[r], s = rstd.as<T>()[r];
        if (grad_x) layer_norm_row_gradient(g, e, data_or_null<T>(weight), m, s, columns, grad_x.as<T>() + r * columns);
        if (sums_wanted)
          for_row<T>(columns, [&](auto step, int64_t i) INLINE_LAMBDA {
            const auto v = step.load(g + i);
            step.store(dw + i, step.load(dw + i) + v * ((step.load(e + i) - m) * s));
            step.store(db + i, step.load(db + i) + v);
          });
      }
    });
    for (int64_t i = 0; sums_wanted && i < columns; i++) {
      double dw = 0, db = 0;
      for (int64_t chunk = 0; chunk < ranges; chunk++) {
        dw += sums[2 * columns * chunk + i];
        db += sums[2 * columns * chunk + columns + i];
      }
      if (grad_weight) grad_weight.as<T>()[i] = T(dw);
      if (grad_bias) grad_bias.as<T>()[i] = T(db);
    }
    return DONE;
  });
}

// ---- group normalisation: x is (N, C, S); instance normalisation has one channel a group

// slots: x (N, C, …; dense), weight, bias (C or absent), groups, eps, out, mean (N groups), rstd (N groups)
KERNEL(group_norm) {
  const Strided x = in.tensor(), weight = in.tensor(), bias = in.tensor();
  const int64_t groups = in.integer();
  const double eps = in.real();
  const Strided out = in.tensor(), mean = in.tensor(), rstd = in.tensor();
  if (x.ndim < 2 || !all_dense(x.dtype, x, weight, bias, out, mean, rstd)) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Channels s(x);
    const int64_t per_group = s.channels / groups, size = per_group * s.pixels;
    const T *w = data_or_null<T>(weight), *b = data_or_null<T>(bias);
    parallel_for(s.images * groups, row_grain(size), [&](int64_t begin, int64_t end) {
      for (int64_t u = begin; u < end; u++) {
        const Moments<T> m = moments(x.as<T>() + u * size, size, eps);
        mean.as<T>()[u] = m.mean;
        rstd.as<T>()[u] = m.rstd;
        for (int64_t c = 0; c < per_group; c++) {
          const int64_t channel = u % groups * per_group + c, row = u * size + c * s.pixels;
          const T scale = w ? m.rstd * w[channel] : m.rstd, shift = (b ? b[channel] : T(0)) - m.mean * scale;
          for_row<T>(s.pixels, [&](auto step, int64_t i) INLINE_LAMBDA { step.store(out.as<T>() + row + i, step.load(x.as<T>() + row + i) * scale + shift); });
        }
      }
    });
    return DONE;
  });
}
// slots: grad, x (N, C, …; dense), weight (C or absent), mean (N groups), rstd (N groups), groups, grad_x, grad_weight, grad_bias (each may be absent)
KERNEL(group_norm_backward) {
  const Strided grad = in.tensor(), x = in.tensor(), weight = in.tensor(), mean = in.tensor(), rstd = in.tensor();
  const int64_t groups = in.integer();
  const Strided grad_x = in.tensor(), grad_weight = in.tensor(), grad_bias = in.tensor();
  if (x.ndim < 2 || !all_dense(x.dtype, grad, x, weight, mean, rstd, grad_x, grad_weight, grad_bias)) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const Channels s(x);
    const int64_t per_group = s.channels / groups, size = per_group * s.pixels, rows = s.images * s.channels;
    Buffer<double> sums(2 * rows + 1);                                    // of the gradient, and of gradient times normalised x, by (image, channel)
    if (!sums) return OUT_OF_MEMORY;
    double *sum = sums.get(), *dot = sum + rows;
    const T* w = data_or_null<T>(weight);
    parallel_for(s.images * groups, row_grain(size), [&](int64_t begin, int64_t end) {
      for (int64_t u = begin; u < end; u++) {
        const T m = mean.as<T>()[u], r = rstd.as<T>()[u];
        const int64_t first = u * per_group;
        auto factor = [&](int64_t c) { return w ? w[u % groups * per_group + c] : T(1); };
        double group_sum = 0, group_dot = 0;
        for (int64_t c = 0; c < per_group; c++) {
          const T *g = grad.as<T>() + (first + c) * s.pixels, *e = x.as<T>() + (first + c) * s.pixels;
          sum[first + c] = sum_row<T>(s.pixels, [&](auto step, int64_t i) INLINE_LAMBDA { return step.load(g + i); });
          dot[first + c] = sum_row<T>(s.pixels, [&](auto step, int64_t i) INLINE_LAMBDA { return step.load(g + i) * ((step.load(e + i) - m) * r); });
          group_sum += factor(c) * sum[first + c];
          group_dot += factor(c) * dot[first + c];
        }
        if (!grad_x) continue;
        const T mean_g = T(group_sum / double(size)), slope = T(group_dot / double(size));
        for (int64_t c = 0; c < per_group; c++) {
          const int64_t row = (first + c) * s.pixels;
          const T f = factor(c);
          for_row<T>(s.pixels, [&](auto step, int64_t i) INLINE_LAMBDA {
            const auto normal = (step.load(x.as<T>() + row + i) - m) * r;
            step.store(grad_x.as<T>() + row + i, (step.load(grad.as<T>() + row + i) * f - mean_g - normal * slope) * r);
          });
        }
      }
    });
    for (int64_t c = 0; c < s.channels; c++) {
      double dw = 0, db = 0;
      for (int64_t n = 0; n < s.images; n++) {
        dw += dot[n * s.channels + c];
        db += sum[n * s.channels + c];
      }
      if (grad_weight) grad_weight.as<T>()[c] = T(dw);
      if (grad_bias) grad_bias.as<T>()[c] = T(db);
    }
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
