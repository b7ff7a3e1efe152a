// Reductions over any set of dimensions: sums, products, extrema with their places, any/all, moments.
//
// Slots: kind, correction (a real; used by `var` and `std`), input, output, second output (or absent). Outputs have the input's ndim; a stride of 0 marks a reduced dimension.
// The second output is int64 places (max, min) or the means (var, std). Places count the reduced dimensions in row-major order; the first of equals wins, a NaN wins over everything.
//
// A sum adds up to 1024 elements (64 rows) in the lanes of the compute type, and those block sums in float64 cascades. Work is cut by the problem's shape only:
// the result has the same bits for any number of threads.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>
#include "convert.hpp"
#include "parallel.hpp"
#include "simd.hpp"
#include "transpose.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

enum class Reduction { sum, prod, max, min, any, all, argmax, argmin, mean, sum_of_squares, var, std, nansum, norm };

constexpr int64_t BLOCK = 1024;         // elements of a run that are added in lanes
constexpr int64_t STRIP = 512;          // outputs of a unit of work
constexpr int64_t ROWS = 64;            // rows that a strip adds in the compute type
constexpr int64_t CHUNK = 65536;        // input elements of a unit of work
constexpr int64_t FEW_UNITS = 16;       // below this many units the reduced range is cut as well
constexpr int64_t MAX_CHUNKS = 64;

struct Axis {
  int64_t size, in, out, second;  // strides in elements
};

// Kept and reduced axes, outermost first; the last kept axis is the one that strips run along.
struct Shape {
  Axis kept[MAX_DIMS + 1], reduced[MAX_DIMS + 1];
  int kept_count = 0, reduced_count = 0;
  int64_t outputs = 1, length = 1;  // elements kept; elements reduced into each

  static void merge(Axis* axes, int& count) {
    int last = 0;
    for (int d = 1; d < count; d++) {
      Axis& a = axes[last];
      const Axis b = axes[d];
      if (a.in == b.in * b.size && a.out == b.out * b.size && a.second == b.second * b.size)
        a = {a.size * b.size, b.in, b.out, b.second};
      else
        axes[++last] = b;
    }
    count = count ? last + 1 : 0;
  }
  static void sort_by_input(Axis* axes, int count) {
    std::stable_sort(axes, axes + count, [](const Axis& a, const Axis& b) { return a.in > b.in; });
  }

  Shape(const Strided& in, const Strided& out, const Strided& second, bool ordered) {
    for (int d = 0; d < in.ndim; d++) {
      const bool is_reduced = out.stride[d] == 0;
      (is_reduced ? length : outputs) *= in.size[d];
      if (in.size[d] == 1) continue;
      (is_reduced ? reduced[reduced_count++] : kept[kept_count++]) = {in.size[d], in.stride[d], out.stride[d], second ? second.stride[d] : 0};
    }
    if (!ordered) sort_by_input(reduced, reduced_count);
    sort_by_input(kept, kept_count);
    merge(reduced, reduced_count);
    merge(kept, kept_count);
    if (!kept_count) kept[kept_count++] = {1, 0, 0, 0};
    if (!reduced_count) reduced[reduced_count++] = {1, 0, 0, 0};
  }
  const Axis& strip_axis() const { return kept[kept_count - 1]; }
  const Axis& run_axis() const { return reduced[reduced_count - 1]; }
};

// Where the input's elements are and how they become elements of the compute type.
struct Source {
  const char* data;
  int size, scale;  // scale 2: a component of complex memory
  Converter convert;

  // n elements from `offset`, `stride` apart, as contiguous A: memory itself or `buffer`.
  template <class A> const A* fetch(int64_t offset, int64_t stride, int64_t n, A* buffer) const {
    const char* from = data + offset * scale * size;
    stride *= scale;
    if (stride == 1 || n == 1) {
      if (!convert) return reinterpret_cast<const A*>(from);
      convert(from, reinterpret_cast<char*>(buffer), n);
      return buffer;
    }
    if (!convert) {
      move_raw_tile(size, from, 0, stride, reinterpret_cast<char*>(buffer), 0, 1, 1, n);
      return buffer;
    }
    alignas(64) char gathered[BLOCK * 8];
    move_raw_tile(size, from, 0, stride, gathered, 0, 1, 1, n);
    convert(gathered, reinterpret_cast<char*>(buffer), n);
    return buffer;
  }
};

template <class A> using Wide = std::conditional_t<std::is_floating_point_v<A>, double, A>;

// ---- What is reduced. Each policy has: identity; block(x, n, mean): a run; row(x, y, mean): one step of a strip; join(a, b).

template <class A, class Transform> static Wide<A> sum_run(const A* x, int64_t n, Transform f) {
  if constexpr (std::is_floating_point_v<A>) {
    constexpr int L = LANES<A>, G = GROUP<A>;
    Group<A> a = splat_group(A(0)), b = a;
    int64_t i = 0;
    for (; i + 2 * G <= n; i += 2 * G)
      unroll<N>([&](auto k) INLINE_LAMBDA {
        a.v[k] += f(load(x + i + k * L));
        b.v[k] += f(load(x + i + G + k * L));
      });
    Wide<A> rest = 0;
    for (; i + G <= n; i += G) unroll<N>([&](auto k) INLINE_LAMBDA { a.v[k] += f(load(x + i + k * L)); });
    for (; i < n; i++) rest += f(x[i]);
    unroll<N>([&](auto k) INLINE_LAMBDA { a.v[k] += b.v[k]; });
    return Wide<A>(sum_lanes(a)) + rest;
  } else {
    uint64_t s = 0;
    for (int64_t i = 0; i < n; i++) s += static_cast<uint64_t>(f(x[i]));
    return static_cast<A>(s);
  }
}
template <class T> static inline T wrapping_add(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return a + b;
  else
    return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

template <class A> struct Sum {
  static constexpr bool SUMS = true, PLACES = false;
  static constexpr Wide<A> identity = 0;
  static Wide<A> block(const A* x, int64_t n, double) {
    return sum_run(x, n, [](auto v) INLINE_LAMBDA { return v; });
  }
  static A row(A x, double) { return x; }
  static Wide<A> join(Wide<A> a, Wide<A> b) { return wrapping_add(a, b); }
};
template <class A> struct SumOfSquares : Sum<A> {
  static Wide<A> block(const A* x, int64_t n, double) {
    return sum_run(x, n, [](auto v) INLINE_LAMBDA { return v * v; });
  }
  static A row(A x, double) { return x * x; }
};
template <class A> struct SumWithoutNaN : Sum<A> {
  static Wide<A> block(const A* x, int64_t n, double) {
    return sum_run(x, n, [](auto v) INLINE_LAMBDA {
      if constexpr (std::is_arithmetic_v<decltype(v)>)
        return v == v ? v : decltype(v)(0);
      else
        return select<decltype(v)>(v == v, v, decltype(v){});
    });
  }
  static A row(A x, double) { return x == x ? x : A(0); }
};
template <class A> struct SumOfDeviations : Sum<A> {
  static Wide<A> block(const A* x, int64_t n, double mean) {
    const A m = A(mean);
    return sum_run(x, n, [m](auto v) INLINE_LAMBDA {
      const auto d = v - m;
      return d * d;
    });
  }
  static A row(A x, double mean) { return (x - A(mean)) * (x - A(mean)); }
};
template <class A> struct Product {
  static constexpr bool SUMS = false, PLACES = false;
  static constexpr Wide<A> identity = 1;
  static Wide<A> block(const A* x, int64_t n, double) {
    // Many products side by side: one alone waits for each multiplication.
    constexpr int SIDE_BY_SIDE = 32;
    Wide<A> p[SIDE_BY_SIDE];
    std::fill_n(p, SIDE_BY_SIDE, Wide<A>(1));
    int64_t i = 0;
    for (; i + SIDE_BY_SIDE <= n; i += SIDE_BY_SIDE)
      for (int k = 0; k < SIDE_BY_SIDE; k++) p[k] = join(p[k], x[i + k]);
    for (; i < n; i++) p[0] = join(p[0], x[i]);
    for (int w = SIDE_BY_SIDE / 2; w; w /= 2)
      for (int k = 0; k < w; k++) p[k] = join(p[k], p[k + w]);
    return p[0];
  }
  static Wide<A> join(Wide<A> a, Wide<A> b) {
    if constexpr (std::is_floating_point_v<A>)
      return a * b;
    else
      return static_cast<A>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  }
};
struct Any {
  static constexpr bool SUMS = false, PLACES = false;
  static constexpr bool identity = false;
  static bool block(const bool* x, int64_t n, double) { return std::memchr(x, 1, n) != nullptr; }
  static bool join(bool a, bool b) { return a | b; }
};
struct All {
  static constexpr bool SUMS = false, PLACES = false;
  static constexpr bool identity = true;
  static bool block(const bool* x, int64_t n, double) { return std::memchr(x, 0, n) == nullptr; }
  static bool join(bool a, bool b) { return a & b; }
};

template <class T> static inline bool is_nan(T x) { return x != x; }
// SIGN 1: max, -1: min
template <class A, int SIGN> struct Extremum {
  static constexpr bool SUMS = false;
  static constexpr Wide<A> identity = std::is_floating_point_v<A> ? Wide<A>(-SIGN * std::numeric_limits<double>::infinity())
                                      : SIGN > 0              ? std::numeric_limits<Wide<A>>::lowest()
                                                              : std::numeric_limits<Wide<A>>::max();
  static bool beats(Wide<A> x, Wide<A> best) { return (SIGN > 0 ? x > best : x < best) || (is_nan(x) && !is_nan(best)); }
  static Wide<A> join(Wide<A> a, Wide<A> b) { return beats(b, a) ? b : a; }
  static Wide<A> block(const A* x, int64_t n, double) {
    if constexpr (std::is_floating_point_v<A>) {
      constexpr int L = LANES<A>;
      if (n >= L) {
        // The extremum and the test for NaN apart: one instruction each.
        auto better = [](Vec<A> v, Vec<A> m) INLINE_LAMBDA { return SIGN > 0 ? raw_max(v, m) : raw_min(v, m); };
        Vec<A> a = load(x), b = a, c = a, d = a;
        auto bad = a != a;
        int64_t i = 0;
        for (; i + 4 * L <= n; i += 4 * L) {
          const Vec<A> p = load(x + i), q = load(x + i + L), r = load(x + i + 2 * L), s = load(x + i + 3 * L);
          a = better(p, a), b = better(q, b), c = better(r, c), d = better(s, d);
          bad |= (p != p) | (q != q) | (r != r) | (s != s);
        }
        for (; i < n; i += L) {
          const Vec<A> p = load(x + std::min(i, n - L));
          a = better(p, a);
          bad |= p != p;
        }
        if (any_lane(bad)) return std::numeric_limits<double>::quiet_NaN();
        a = better(better(a, b), better(c, d));
        A best = a[0];
        for (int k = 1; k < L; k++) best = (SIGN > 0 ? a[k] > best : a[k] < best) ? A(a[k]) : best;
        return best;
      }
    }
    Wide<A> best = x[0];
    for (int64_t i = 1; i < n; i++) best = join(best, x[i]);
    return best;
  }
  // The first place of `value`, which is in x.
  static int64_t place(const A* x, int64_t n, Wide<A> value) {
    int64_t i = 0;
    if (is_nan(value)) {
      while (i < n && !is_nan(x[i])) i++;
      return i;
    }
    if constexpr (std::is_floating_point_v<A>) {
      constexpr int L = LANES<A>;
      const Vec<A> wanted = splat(A(value));
      for (; i + 4 * L <= n; i += 4 * L)
        if (any_lane((load(x + i) == wanted) | (load(x + i + L) == wanted) | (load(x + i + 2 * L) == wanted) | (load(x + i + 3 * L) == wanted))) break;
    }
    while (i < n && x[i] != A(value)) i++;
    return i;
  }
};
template <class A, int SIGN, bool WITH_PLACES> struct Extreme : Extremum<A, SIGN> {
  static constexpr bool PLACES = WITH_PLACES;
};

// Sums of blocks, joined as a binary counter counts: the error grows with the logarithm of their number.
template <class P, class W> class Cascade {
  W level[64];
  int top = 0;
  uint64_t count = 0;

 public:
  void add(W x) {
    for (uint64_t m = ++count; !(m & 1); m >>= 1) x = P::join(level[--top], x);
    level[top++] = x;
  }
  W total() {
    if (!top) return P::identity;
    W x = level[--top];
    while (top) x = P::join(level[--top], x);
    return x;
  }
};

// ---- The two directions. Both reduce the range [begin, end) of the reduced elements for the outputs [0, n) of a strip that starts at `offset`.

template <class W> struct Results {
  W value[STRIP];
  int64_t place[STRIP];
};

// The reduced axes are the inner ones: output by output, run by run.
template <class A, class P>
static void reduce_runs(const Source& source, const Shape& shape, int64_t offset, int64_t n, int64_t begin, int64_t end, const double* means, Results<Wide<A>>& results) {
  const Axis& run = shape.run_axis();
  alignas(64) A buffer[BLOCK];
  for (int64_t k = 0; k < n; k++) {
    const int64_t first = offset + k * shape.strip_axis().in;
    const double mean = means ? means[k] : 0;
    Cascade<P, Wide<A>> cascade;
    Wide<A> best = P::identity;
    int64_t place = begin;
    for (int64_t at = begin; at < end;) {
      const int64_t inner = at % run.size, m = std::min({run.size - inner, end - at, BLOCK});
      int64_t rest = at / run.size, from = first + inner * run.in;
      for (int d = shape.reduced_count - 2; d >= 0 && rest; d--) {
        from += rest % shape.reduced[d].size * shape.reduced[d].in;
        rest /= shape.reduced[d].size;
      }
      const A* x = source.fetch(from, run.in, m, buffer);
      const Wide<A> value = P::block(x, m, mean);
      if constexpr (P::PLACES) {
        if (at == begin || P::beats(value, best)) {
          best = value;
          place = at + P::place(x, m, value);
        }
      } else {
        cascade.add(value);
      }
      at += m;
    }
    if constexpr (P::PLACES) {
      results.value[k] = best;
      results.place[k] = place;
    } else {
      results.value[k] = cascade.total();
    }
  }
}

// A kept axis is the innermost: row by row of a strip of outputs.
template <class A, class P>
static void reduce_rows(const Source& source, const Shape& shape, int64_t offset, int64_t n, int64_t begin, int64_t end, const double* means, Results<Wide<A>>& results) {
  alignas(64) A buffer[STRIP];
  // Sums: the rows of a block, blocks of blocks, all.
  alignas(64) A near[STRIP];
  alignas(64) Wide<A> middle[STRIP];
  std::fill_n(results.value, n, P::identity);
  if constexpr (P::SUMS) {
    std::fill_n(near, n, A(0));
    std::fill_n(middle, n, Wide<A>(0));
  }
  int64_t index[MAX_DIMS + 1], from = offset, rest = begin;
  for (int d = shape.reduced_count - 1; d >= 0; d--) {
    index[d] = rest % shape.reduced[d].size;
    rest /= shape.reduced[d].size;
    from += index[d] * shape.reduced[d].in;
  }
  for (int64_t at = begin; at < end; at++) {
    const A* x = source.fetch(from, shape.strip_axis().in, n, buffer);
    if constexpr (P::SUMS) {
#pragma GCC ivdep
      for (int64_t k = 0; k < n; k++) near[k] = wrapping_add(near[k], P::row(x[k], means ? means[k] : 0));
      const int64_t done = at - begin + 1;
      if (done % ROWS == 0 || at + 1 == end) {
        for (int64_t k = 0; k < n; k++) {
          middle[k] = wrapping_add(middle[k], Wide<A>(near[k]));
          near[k] = 0;
        }
        if (done % (ROWS * ROWS) == 0 || at + 1 == end)
          for (int64_t k = 0; k < n; k++) {
            results.value[k] = wrapping_add(results.value[k], middle[k]);
            middle[k] = 0;
          }
      }
    } else if constexpr (P::PLACES) {
      if (at == begin) {
        for (int64_t k = 0; k < n; k++) {
          results.value[k] = x[k];
          results.place[k] = at;
        }
      } else {
#pragma GCC ivdep
        for (int64_t k = 0; k < n; k++) {
          const Wide<A> candidate = x[k], best = results.value[k];
          const bool wins = P::beats(candidate, best);
          results.value[k] = wins ? candidate : best;
          results.place[k] = wins ? at : results.place[k];
        }
      }
    } else {
#pragma GCC ivdep
      for (int64_t k = 0; k < n; k++) results.value[k] = P::join(results.value[k], x[k]);
    }
    for (int d = shape.reduced_count - 1; d >= 0; d--) {
      from += shape.reduced[d].in;
      if (++index[d] < shape.reduced[d].size) break;
      from -= index[d] * shape.reduced[d].in;
      index[d] = 0;
    }
  }
}

// Runs a policy over the whole problem. done(output, first, n, results): `output` is the linear number of the strip's first output.
template <class A, class P, class Done> static void reduce_all(const Source& source, const Shape& shape, const double* means, Done done) {
  const Axis& strip = shape.strip_axis();
  const bool by_rows = strip.size >= 8 && strip.in < shape.run_axis().in;
  const int64_t width = std::min(strip.size, by_rows ? STRIP : std::clamp<int64_t>(CHUNK / std::max<int64_t>(1, shape.length), 1, STRIP));
  const int64_t strips = (strip.size + width - 1) / width, units = shape.outputs / strip.size * strips;

  int64_t chunk = shape.length;
  if (units < FEW_UNITS && shape.length > 2 * BLOCK) {
    chunk = std::max(CHUNK / width, (shape.length + MAX_CHUNKS - 1) / MAX_CHUNKS);
    chunk = std::max<int64_t>(BLOCK, (chunk + BLOCK - 1) / BLOCK * BLOCK);
  }
  const int64_t chunks = std::max<int64_t>(1, (shape.length + chunk - 1) / std::max<int64_t>(1, chunk));

  struct Unit {
    int64_t output, offset, n, axis_start, outer;
  };
  auto unit_at = [&](int64_t unit) {
    Unit u;
    u.axis_start = unit % strips * width;
    u.n = std::min(width, strip.size - u.axis_start);
    u.outer = unit / strips;
    u.output = u.outer * strip.size + u.axis_start;
    u.offset = u.axis_start * strip.in;
    int64_t rest = u.outer;
    for (int d = shape.kept_count - 2; d >= 0; d--) {
      u.offset += rest % shape.kept[d].size * shape.kept[d].in;
      rest /= shape.kept[d].size;
    }
    return u;
  };
  auto reduce_part = [&](const Unit& u, int64_t part, Results<Wide<A>>& results) {
    const int64_t begin = part * chunk, end = std::min(shape.length, begin + chunk);
    const double* m = means ? means + u.output : nullptr;
    if (by_rows)
      reduce_rows<A, P>(source, shape, u.offset, u.n, begin, end, m, results);
    else
      reduce_runs<A, P>(source, shape, u.offset, u.n, begin, end, m, results);
  };

  const int64_t grain = std::max<int64_t>(1, CHUNK / std::max<int64_t>(1, width * chunk));
  if (chunks == 1) {
    parallel_for(units, grain, [&](int64_t begin, int64_t end) {
      Results<Wide<A>> results;
      for (int64_t unit = begin; unit < end; unit++) {
        const Unit u = unit_at(unit);
        reduce_part(u, 0, results);
        done(u.output, u.outer, u.axis_start, u.n, results);
      }
    });
    return;
  }
  const std::unique_ptr<Results<Wide<A>>[]> parts(new Results<Wide<A>>[units * chunks]);
  parallel_for(units * chunks, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) reduce_part(unit_at(i / chunks), i % chunks, parts[i]);
  });
  for (int64_t unit = 0; unit < units; unit++) {
    const Unit u = unit_at(unit);
    Results<Wide<A>>& first = parts[unit * chunks];
    for (int64_t k = 0; k < u.n; k++) {
      if constexpr (P::PLACES) {
        for (int64_t c = 1; c < chunks; c++) {
          const Results<Wide<A>>& next = parts[unit * chunks + c];
          if (!P::beats(next.value[k], first.value[k])) continue;
          first.value[k] = next.value[k];
          first.place[k] = next.place[k];
        }
      } else {
        Cascade<P, Wide<A>> cascade;
        for (int64_t c = 0; c < chunks; c++) cascade.add(parts[unit * chunks + c].value[k]);
        first.value[k] = cascade.total();
      }
    }
    done(u.output, u.outer, u.axis_start, u.n, first);
  }
}

// ---- Writing results

template <class T> constexpr DType DTYPE_OF = std::is_same_v<T, double> ? DType::f64 : std::is_same_v<T, float> ? DType::f32 : std::is_same_v<T, bool> ? DType::boolean : DType::i64;

// An output tensor (or a component of one); `axis` picks its strides.
struct Target {
  char* data = nullptr;
  DType dtype = DType::f32;
  int scale = 1;
  int64_t Axis::* axis = &Axis::out;

  template <class W> void write(const Shape& shape, int64_t outer, int64_t axis_start, int64_t n, const W* values) const {
    const int size = element_size(dtype);
    int64_t offset = axis_start * shape.strip_axis().*axis;
    for (int d = shape.kept_count - 2; d >= 0; d--) {
      offset += outer % shape.kept[d].size * (shape.kept[d].*axis);
      outer /= shape.kept[d].size;
    }
    char* to = data + offset * scale * size;
    const int64_t stride = shape.strip_axis().*axis * scale;
    const Converter convert = converter(DTYPE_OF<W>, dtype);
    if (stride == 1 || n == 1) return convert(reinterpret_cast<const char*>(values), to, n);
    alignas(64) char converted[STRIP * 8];
    convert(reinterpret_cast<const char*>(values), converted, n);
    move_raw_tile(size, converted, 0, 1, to, 0, stride, 1, n);
  }
};

template <class A, class P> static void reduce_into(const Source& source, const Shape& shape, const Target& target, double divisor, bool root = false) {
  reduce_all<A, P>(source, shape, nullptr, [&](int64_t, int64_t outer, int64_t start, int64_t n, Results<Wide<A>>& r) {
    if constexpr (std::is_floating_point_v<A>) {
      if (divisor != 1)
        for (int64_t k = 0; k < n; k++) r.value[k] /= divisor;
      if (root)
        for (int64_t k = 0; k < n; k++) r.value[k] = std::sqrt(r.value[k]);
    }
    target.write(shape, outer, start, n, r.value);
  });
}

template <class A, int SIGN> static void reduce_extremum(const Source& source, const Shape& shape, const Target* values, const Target* places) {
  if (!places) return reduce_into<A, Extreme<A, SIGN, false>>(source, shape, *values, 1);
  reduce_all<A, Extreme<A, SIGN, true>>(source, shape, nullptr, [&](int64_t, int64_t outer, int64_t start, int64_t n, Results<Wide<A>>& r) {
    if (values) values->write(shape, outer, start, n, r.value);
    places->write(shape, outer, start, n, r.place);
  });
}

// Two passes: the means, then the squared deviations.
template <class A> static void reduce_var(const Source& source, const Shape& shape, const Target& target, const Target* mean_target, double correction, bool root) {
  std::vector<double> means(shape.outputs);
  reduce_all<A, Sum<A>>(source, shape, nullptr, [&](int64_t output, int64_t outer, int64_t start, int64_t n, Results<double>& r) {
    for (int64_t k = 0; k < n; k++) means[output + k] = r.value[k] / shape.length;
    if (mean_target) mean_target->write(shape, outer, start, n, &means[output]);
  });
  const double divisor = std::max(0.0, shape.length - correction);
  reduce_all<A, SumOfDeviations<A>>(source, shape, means.data(), [&](int64_t, int64_t outer, int64_t start, int64_t n, Results<double>& r) {
    for (int64_t k = 0; k < n; k++) r.value[k] = root ? std::sqrt(r.value[k] / divisor) : r.value[k] / divisor;
    target.write(shape, outer, start, n, r.value);
  });
}

static bool is_floating(DType t) { return t == DType::f16 || t == DType::bf16 || t == DType::f32 || t == DType::f64; }
// The type that sums of (or comparisons between) values of a dtype are computed in.
static DType compute_type(DType t) { return t == DType::f64 ? DType::f64 : is_floating(t) ? DType::f32 : DType::i64; }

KERNEL(reduce) {
  const Reduction kind = static_cast<Reduction>(in.integer());
  const double correction = in.real();
  const Strided input = in.tensor(), output = in.tensor(), second = in.tensor();
  const bool extremum = kind == Reduction::max || kind == Reduction::min, place_only = kind == Reduction::argmax || kind == Reduction::argmin;
  const bool complex = is_complex(input.dtype);
  if (complex && kind != Reduction::sum && kind != Reduction::mean) return DECLINED;
  if (complex != is_complex(output.dtype)) return DECLINED;

  const Shape shape(input, output, second, extremum || place_only);
  if (shape.outputs == 0) return DONE;
  if (shape.length == 0 && (extremum || place_only)) return DECLINED;

  const DType held = real_part_type(input.dtype), written = real_part_type(output.dtype);
  DType compute = extremum || place_only ? compute_type(held) : compute_type(written);
  if (kind == Reduction::any || kind == Reduction::all) compute = DType::boolean;
  if ((extremum || place_only) && held == DType::u64) return DECLINED;
  const bool moments = kind == Reduction::norm || kind == Reduction::mean || kind == Reduction::var || kind == Reduction::std;
  if (moments && compute == DType::i64) return DECLINED;

  Source source{input.data, element_size(held), complex ? 2 : 1, held == compute ? nullptr : converter(held, compute)};
  Target target;
  target.data = output.data;
  target.dtype = written;
  target.scale = complex ? 2 : 1;
  Target extra;
  if (second) {
    extra.data = second.data;
    extra.dtype = second.dtype;
    extra.axis = &Axis::second;
  }
  const Target* places = place_only ? &target : second ? &extra : nullptr;
  const Target* values = place_only ? nullptr : &target;

  auto run = [&](auto element) {
    using A = decltype(element);
    switch (kind) {
      case Reduction::sum: return reduce_into<A, Sum<A>>(source, shape, target, 1);
      case Reduction::mean: return reduce_into<A, Sum<A>>(source, shape, target, static_cast<double>(shape.length));
      case Reduction::sum_of_squares: return reduce_into<A, SumOfSquares<A>>(source, shape, target, 1);
      case Reduction::norm: return reduce_into<A, SumOfSquares<A>>(source, shape, target, 1, true);
      case Reduction::nansum: return reduce_into<A, SumWithoutNaN<A>>(source, shape, target, 1);
      case Reduction::prod: return reduce_into<A, Product<A>>(source, shape, target, 1);
      case Reduction::max:
      case Reduction::argmax: return reduce_extremum<A, 1>(source, shape, values, places);
      case Reduction::min:
      case Reduction::argmin: return reduce_extremum<A, -1>(source, shape, values, places);
      default:
        if constexpr (std::is_floating_point_v<A>) reduce_var<A>(source, shape, target, second ? &extra : nullptr, correction, kind == Reduction::std);
    }
  };
  if (kind == Reduction::any)
    reduce_into<bool, Any>(source, shape, target, 1);
  else if (kind == Reduction::all)
    reduce_into<bool, All>(source, shape, target, 1);
  else
    for (int component = 0; component < source.scale; component++) {
      if (compute == DType::f32)
        run(float());
      else if (compute == DType::f64)
        run(double());
      else
        run(int64_t());
      source.data += source.size;
      target.data += element_size(written);
    }
  return DONE;
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
