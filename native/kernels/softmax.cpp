// softmax and log_softmax along one dimension of a dense tensor seen as (outer, n, inner), and the negative log likelihood loss.
#include "parallel.hpp"
#include "rows.hpp"
#include "vmath.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

INLINE Floats exp_lanes(Floats x) { return vexp(x); }
INLINE Doubles exp_lanes(Doubles x) {
  for (int i = 0; i < LANES<double>; i++) x[i] = std::exp(x[i]);
  return x;
}
template <class T> INLINE T exp_scalar(T x) { return exp_lanes(splat(x))[0]; }
INLINE Floats exp_step(Floats x) { return exp_lanes(x); }
INLINE Doubles exp_step(Doubles x) { return exp_lanes(x); }
INLINE float exp_step(float x) { return exp_scalar(x); }
INLINE double exp_step(double x) { return exp_scalar(x); }
template <class V> INLINE V max_step(V a, V b) { return maximum(a, b); }
template <> inline float max_step(float a, float b) { return a != a || a > b ? a : b; }
template <> inline double max_step(double a, double b) { return a != a || a > b ? a : b; }

// Maximum of a row; NaN if there is one.
template <class T> static T row_max(const T* x, int64_t n) {
  constexpr int W = LANES<T>;
  Vec<T> max[2] = {splat(T(-__builtin_inf())), splat(T(-__builtin_inf()))};
  Mask<Vec<T>> nan = {};
  int64_t i = 0;
  for (; i + 2 * W <= n; i += 2 * W) {
    const Vec<T> a = load(x + i), b = load(x + i + W);
    max[0] = raw_max(a, max[0]);
    max[1] = raw_max(b, max[1]);
    nan |= (a != a) | (b != b);
  }
  T best = raw_max(max[0], max[1])[0];
  const Vec<T> both = raw_max(max[0], max[1]);
  for (int l = 1; l < W; l++) best = std::max(best, both[l]);
  bool any = any_lane(nan);
  for (; i < n; i++) {
    best = std::max(best, x[i]);
    any |= x[i] != x[i];
  }
  return any ? T(__builtin_nan("")) : best;
}

template <class T, bool LOG> static void softmax_row(const T* x, int64_t n, T* out) {
  const T max = row_max(x, n);
  if constexpr (LOG) {
    const double sum = sum_row<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA { return exp_step(step.load(x + i) - max); });
    const T log_sum = T(std::log(sum));
    for_row<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA { step.store(out + i, step.load(x + i) - max - log_sum); });
  } else {
    const double sum = sum_row<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA {
      const auto e = exp_step(step.load(x + i) - max);
      step.store(out + i, e);
      return e;
    });
    const T inverse = T(1 / sum);
    for_row<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA { step.store(out + i, step.load(out + i) * inverse); });
  }
}
template <class T, bool LOG> static void softmax_row_gradient(const T* g, const T* y, int64_t n, T* out) {
  if constexpr (LOG) {
    const T sum = T(sum_row<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA { return step.load(g + i); }));
    for_row<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA { step.store(out + i, step.load(g + i) - exp_step(step.load(y + i)) * sum); });
  } else {
    const T sum = T(sum_row<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA { return step.load(g + i) * step.load(y + i); }));
    for_row<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA { step.store(out + i, (step.load(g + i) - sum) * step.load(y + i)); });
  }
}

// Columns: `width` neighbouring ones at once, `inner` elements from one to the next along the dimension.
constexpr int64_t STRIP = 256;
template <class T, bool LOG> static void softmax_columns(const T* x, int64_t n, int64_t inner, int64_t width, T* out) {
  T max[STRIP], sum[STRIP];
  std::memcpy(max, x, width * sizeof(T));
  std::memset(sum, 0, width * sizeof(T));
  for (int64_t k = 1; k < n; k++) for_row<T>(width, [&](auto step, int64_t i) INLINE_LAMBDA { step.store(max + i, max_step(step.load(max + i), step.load(x + k * inner + i))); });
  for (int64_t k = 0; k < n; k++)
    for_row<T>(width, [&](auto step, int64_t i) INLINE_LAMBDA {
      const auto e = exp_step(step.load(x + k * inner + i) - step.load(max + i));
      if constexpr (!LOG) step.store(out + k * inner + i, e);
      step.store(sum + i, step.load(sum + i) + e);
    });
  for (int64_t i = 0; i < width; i++) sum[i] = LOG ? std::log(sum[i]) : 1 / sum[i];
  for (int64_t k = 0; k < n; k++)
    for_row<T>(width, [&](auto step, int64_t i) INLINE_LAMBDA {
      const int64_t at = k * inner + i;
      if constexpr (LOG) step.store(out + at, step.load(x + at) - step.load(max + i) - step.load(sum + i));
      else step.store(out + at, step.load(out + at) * step.load(sum + i));
    });
}
template <class T, bool LOG> static void softmax_columns_gradient(const T* g, const T* y, int64_t n, int64_t inner, int64_t width, T* out) {
  T sum[STRIP];
  std::memset(sum, 0, width * sizeof(T));
  for (int64_t k = 0; k < n; k++)
    for_row<T>(width, [&](auto step, int64_t i) INLINE_LAMBDA {
      const int64_t at = k * inner + i;
      if constexpr (LOG) step.store(sum + i, step.load(sum + i) + step.load(g + at));
      else step.store(sum + i, step.load(sum + i) + step.load(g + at) * step.load(y + at));
    });
  for (int64_t k = 0; k < n; k++)
    for_row<T>(width, [&](auto step, int64_t i) INLINE_LAMBDA {
      const int64_t at = k * inner + i;
      if constexpr (LOG) step.store(out + at, step.load(g + at) - exp_step(step.load(y + at)) * step.load(sum + i));
      else step.store(out + at, (step.load(g + at) - step.load(sum + i)) * step.load(y + at));
    });
}

struct Extent {
  int64_t outer, n, inner;
};
// Runs row(offset) on every row where inner is 1, else columns(offset, width) on strips of neighbouring columns.
template <class Row, class Columns> static void along(const Extent& e, Row row, Columns columns) {
  if (e.n == 0) return;
  if (e.inner == 1) {
    parallel_for(e.outer, row_grain(e.n * 4), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) row(r * e.n);
    });
    return;
  }
  const int64_t strips = (e.inner + STRIP - 1) / STRIP;
  parallel_for(e.outer * strips, row_grain(e.n * std::min(e.inner, STRIP) * 4), [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; u++) {
      const int64_t first = u % strips * STRIP;
      columns(u / strips * e.n * e.inner + first, std::min(STRIP, e.inner - first));
    }
  });
}

template <bool LOG> static Status softmax_forward(Reader& in) {
  const Strided x = in.tensor(), out = in.tensor();
  const Extent e{in.integer(), in.integer(), in.integer()};
  if (!x.contiguous() || !out.contiguous() || x.dtype != out.dtype) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const T* from = x.as<T>();
    T* to = out.as<T>();
    along(e, [&](int64_t at) { softmax_row<T, LOG>(from + at, e.n, to + at); }, [&](int64_t at, int64_t width) { softmax_columns<T, LOG>(from + at, e.n, e.inner, width, to + at); });
    return DONE;
  });
}
template <bool LOG> static Status softmax_gradient(Reader& in) {
  const Strided grad = in.tensor(), y = in.tensor(), out = in.tensor();
  const Extent e{in.integer(), in.integer(), in.integer()};
  if (!grad.contiguous() || !y.contiguous() || !out.contiguous() || grad.dtype != out.dtype || y.dtype != out.dtype) return DECLINED;
  return for_floating(out.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const T *g = grad.as<T>(), *v = y.as<T>();
    T* to = out.as<T>();
    along(e, [&](int64_t at) { softmax_row_gradient<T, LOG>(g + at, v + at, e.n, to + at); },
          [&](int64_t at, int64_t width) { softmax_columns_gradient<T, LOG>(g + at, v + at, e.n, e.inner, width, to + at); });
    return DONE;
  });
}
// log(sum(exp(x))) of a row, and of neighbouring columns. An infinite maximum is not subtracted: the difference of infinities is no number.
template <class T> static T shift_of(T max) { return std::isinf(max) ? T(0) : max; }
template <class T> static T log_sum_exp_row(const T* x, int64_t n) {
  const T shift = shift_of(row_max(x, n));
  return T(std::log(sum_row<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA { return exp_step(step.load(x + i) - shift); }))) + shift;
}
template <class T> static void log_sum_exp_columns(const T* x, int64_t n, int64_t inner, int64_t width, T* out) {
  T shift[STRIP];
  std::memcpy(shift, x, width * sizeof(T));
  for (int64_t k = 1; k < n; k++) for_row<T>(width, [&](auto step, int64_t i) INLINE_LAMBDA { step.store(shift + i, max_step(step.load(shift + i), step.load(x + k * inner + i))); });
  for (int64_t i = 0; i < width; i++) {
    shift[i] = shift_of(shift[i]);
    out[i] = 0;
  }
  for (int64_t k = 0; k < n; k++)
    for_row<T>(width, [&](auto step, int64_t i) INLINE_LAMBDA { step.store(out + i, step.load(out + i) + exp_step(step.load(x + k * inner + i) - step.load(shift + i))); });
  for (int64_t i = 0; i < width; i++) out[i] = std::log(out[i]) + shift[i];
}
// slots: x, out (dense, without the dimension), outer, n, inner
KERNEL(logsumexp) {
  const Strided x = in.tensor(), out = in.tensor();
  const Extent e{in.integer(), in.integer(), in.integer()};
  if (!x.contiguous() || !out.contiguous() || x.dtype != out.dtype || e.n == 0) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const T* from = x.as<T>();
    T* to = out.as<T>();
    along(e, [&](int64_t at) { to[at / e.n] = log_sum_exp_row(from + at, e.n); },
          [&](int64_t at, int64_t width) { log_sum_exp_columns(from + at, e.n, e.inner, width, to + at / (e.n * e.inner) * e.inner + at % (e.n * e.inner)); });
    return DONE;
  });
}
// slots: x, out (dense), outer, n, inner
KERNEL(softmax) { return softmax_forward<false>(in); }
KERNEL(log_softmax) { return softmax_forward<true>(in); }
// slots: grad, result of the forward pass, out (dense), outer, n, inner
KERNEL(softmax_backward) { return softmax_gradient<false>(in); }
KERNEL(log_softmax_backward) { return softmax_gradient<true>(in); }

// ---- negative log likelihood: x is (N, C, S), target (N, S)

enum Reduction { NONE = 0, MEAN = 1, SUM = 2 };
// The loss's tensors and options, common to both directions.
struct Likelihood {
  int64_t images, classes, pixels, ignore_index;
  const int64_t* target;
  bool valid() const {
    for (int64_t i = 0; i < images * pixels; i++)
      if (target[i] != ignore_index && (target[i] < 0 || target[i] >= classes)) return false;
    return true;
  }
  // f(place in target, place in x, class) for every target that counts.
  template <class F> void for_each(F f) const {
    for (int64_t n = 0; n < images; n++)
      for (int64_t i = 0; i < pixels; i++) {
        const int64_t t = target[n * pixels + i];
        if (t != ignore_index) f(n * pixels + i, (n * classes + t) * pixels + i, t);
      }
  }
};

// slots: x (dense), target (int64, dense), weight (C or absent), out (N S, or one element), total_weight (one element), N, C, S, ignore_index, reduction (0 none, 1 mean, 2 sum)
KERNEL(nll_loss) {
  const Strided x = in.tensor(), target = in.tensor(), weight = in.tensor(), out = in.tensor(), total_weight = in.tensor();
  Likelihood l{in.integer(), in.integer(), in.integer(), in.integer(), target.as<int64_t>()};
  const int64_t reduction = in.integer();
  if (!x.contiguous() || !target.contiguous() || target.dtype != DType::i64 || !out.contiguous() || (weight && (!weight.contiguous() || weight.dtype != x.dtype))) return DECLINED;
  if (out.dtype != x.dtype || total_weight.dtype != x.dtype) return DECLINED;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    if (!l.valid()) return OUT_OF_RANGE;
    const T *e = x.as<T>(), *w = weight ? weight.as<T>() : nullptr;
    if (reduction == NONE) std::memset(out.data, 0, l.images * l.pixels * sizeof(T));
    double sum = 0, total = 0;
    l.for_each([&](int64_t i, int64_t at, int64_t t) {
      const T factor = w ? w[t] : T(1), loss = -e[at] * factor;
      if (reduction == NONE) out.as<T>()[i] = loss;
      sum += loss;
      total += factor;
    });
    *total_weight.as<T>() = reduction == NONE ? T(0) : T(total);
    if (reduction != NONE) *out.as<T>() = T(reduction == MEAN ? sum / total : sum);
    return DONE;
  });
}
// slots: grad (N S, or one element), target (int64, dense), weight (C or absent), total_weight (one element), out (written: N C S, dense), N, C, S, ignore_index, reduction
KERNEL(nll_loss_backward) {
  const Strided grad = in.tensor(), target = in.tensor(), weight = in.tensor(), total_weight = in.tensor(), out = in.tensor();
  Likelihood l{in.integer(), in.integer(), in.integer(), in.integer(), target.as<int64_t>()};
  const int64_t reduction = in.integer();
  if (!grad.contiguous() || !target.contiguous() || target.dtype != DType::i64 || !out.contiguous() || (weight && (!weight.contiguous() || weight.dtype != out.dtype))) return DECLINED;
  if (grad.dtype != out.dtype || total_weight.dtype != out.dtype) return DECLINED;
  return for_floating(out.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    if (!l.valid()) return OUT_OF_RANGE;
    const T *g = grad.as<T>(), *w = weight ? weight.as<T>() : nullptr;
    const T total = *total_weight.as<T>();
    std::memset(out.data, 0, l.images * l.classes * l.pixels * sizeof(T));
    l.for_each([&](int64_t i, int64_t at, int64_t t) {
      const T factor = -(w ? w[t] : T(1)) * (reduction == NONE ? g[i] : g[0]);
      out.as<T>()[at] = reduction == MEAN ? factor / total : factor;
    });
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
