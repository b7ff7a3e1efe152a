// Discrete Fourier transforms along one dimension, of any length, for float32 and float64.
//
// Numbers are held in two planes, real and imaginary. Stockham's algorithm passes over (length, lanes) arrays and writes them in order, so every loop runs over vectors of
// neighbouring lanes: several lines at once, or, for a long line, its own rows (n = a b: a transforms of b lanes, a twist, a transposition, b transforms of a lanes).
// Lengths with a prime factor beyond LARGEST_PRIME are convolutions of a power of two (Bluestein). Real lines of even length are complex ones of half of it.
#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <memory>
#include <unordered_map>
#include <vector>
#include "parallel.hpp"
#include "scratch.hpp"
#include "simd.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

constexpr int LARGEST_PRIME = 31;
constexpr int64_t LONG_LINE = 256;                                        // from here a line is transformed on its own
constexpr int64_t SHORT_LINE = 64;                                        // up to here float32 is transformed in float64, which costs little
constexpr int64_t LANES_TOGETHER = 16;
constexpr int64_t LONGEST_COLUMN = 4096;                                  // up to here neighbouring columns are transformed together, however long

template <class T> struct Planes {
  T *re, *im;
  Planes at(int64_t i) const { return {re + i, im + i}; }
  // The conjugate transform is the transform with the planes exchanged.
  Planes swapped() const { return {im, re}; }
};
template <class T> struct Table {
  std::vector<T> re, im;
  void push(double angle) {
    re.push_back(T(std::cos(angle)));
    im.push_back(T(std::sin(angle)));
  }
};
// exp(-2 pi i k / n), the angle reduced first.
static double angle(int64_t k, int64_t n) { return -2 * M_PI * double(k % n) / double(n); }

template <class T> struct Plan {
  struct Stage {
    int radix;
    int64_t m;
    Table<T> twiddles;                                                    // radix - 1 for each of m
    Table<T> roots;                                                       // of unity, for a radix without a butterfly
  };
  int64_t n = 1;
  std::vector<Stage> stages;
  // A long line as rows of columns.
  int64_t rows = 1, columns = 1;
  std::shared_ptr<const Plan> row_plan, column_plan;
  Table<T> twist;
  // Bluestein.
  std::shared_ptr<const Plan> convolution;
  Table<T> chirp, spectrum;

  // Whether lines are transformed one by one; only some of those plans can also take several together.
  bool by_line() const { return row_plan || convolution; }
  bool by_lanes() const { return !convolution; }
};

// ---- complex numbers whose parts are vectors (or, at the ends of a line, scalars)

template <class V> struct Complex {
  V re, im;
  INLINE_LAMBDA Complex operator+(Complex b) const { return {re + b.re, im + b.im}; }
  INLINE_LAMBDA Complex operator-(Complex b) const { return {re - b.re, im - b.im}; }
  INLINE_LAMBDA Complex conj() const { return {re, -im}; }
  INLINE_LAMBDA Complex times_i() const { return {-im, re}; }
  INLINE_LAMBDA Complex over_i() const { return {im, -re}; }
};
template <class V> INLINE Complex<V> operator*(V s, Complex<V> a) { return {s * a.re, s * a.im}; }
template <class V> INLINE Complex<V> operator*(Complex<V> a, Complex<V> b) {
  if constexpr (std::is_floating_point_v<V>) return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  else return {fused(a.re, b.re, -(a.im * b.im)), fused(a.re, b.im, a.im * b.re)};
}
// a + s b for a real s.
template <class V> INLINE Complex<V> plus_scaled(Complex<V> a, V s, Complex<V> b) { return {fused(s, b.re, a.re), fused(s, b.im, a.im)}; }
template <class T> INLINE Complex<Vec<T>> load(Planes<T> x, int64_t at) { return {load(x.re + at), load(x.im + at)}; }
template <class T> INLINE void store(Planes<T> x, int64_t at, Complex<Vec<T>> v) {
  store(x.re + at, v.re);
  store(x.im + at, v.im);
}
template <class T> INLINE Complex<Vec<T>> load(const Table<T>& t, int64_t at) { return {load(t.re.data() + at), load(t.im.data() + at)}; }
template <class T> INLINE Complex<Vec<T>> splat(const Table<T>& t, int64_t at) { return {splat(t.re[at]), splat(t.im[at])}; }

// f(i) for vectors that begin at i and cover [0, n); the last one overlaps the one before it, or where n is less than a vector reaches beyond.
template <class T, class F> INLINE void cover(int64_t n, F f) {
  constexpr int64_t W = LANES<T>;
  for (int64_t i = 0; i + W < n; i += W) f(i);
  f(std::max<int64_t>(n - W, 0));
}

// ---- butterflies: the transform of RADIX numbers in place

template <int RADIX, class T> INLINE void butterfly(Complex<Vec<T>>* x) {
  using C = Complex<Vec<T>>;
  if constexpr (RADIX == 2) {
    const C a = x[0];
    x[0] = a + x[1];
    x[1] = a - x[1];
  } else if constexpr (RADIX == 3) {
    const C sum = x[1] + x[2], half = plus_scaled(x[0], splat(T(-0.5)), sum), turn = splat(T(0.86602540378443864676)) * (x[1] - x[2]).over_i();
    x[0] = x[0] + sum;
    x[1] = half + turn;
    x[2] = half - turn;
  } else if constexpr (RADIX == 4) {
    const C a = x[0] + x[2], b = x[0] - x[2], c = x[1] + x[3], d = (x[1] - x[3]).over_i();
    x[0] = a + c;
    x[1] = b + d;
    x[2] = a - c;
    x[3] = b - d;
  } else if constexpr (RADIX == 5) {
    const Vec<T> c1 = splat(T(0.30901699437494742410)), c2 = splat(T(-0.80901699437494742410));
    const Vec<T> s1 = splat(T(0.95105651629515357212)), s2 = splat(T(0.58778525229247312917));
    const C a = x[1] + x[4], b = x[2] + x[3], c = (x[1] - x[4]).over_i(), d = (x[2] - x[3]).over_i();
    const C e = plus_scaled(plus_scaled(x[0], c1, a), c2, b), f = plus_scaled(plus_scaled(x[0], c2, a), c1, b);
    const C g = plus_scaled(s1 * c, s2, d), h = plus_scaled(s2 * c, -s1, d);
    x[0] = x[0] + a + b;
    x[1] = e + g;
    x[2] = f + h;
    x[3] = f - h;
    x[4] = e - g;
  } else {
    static_assert(RADIX == 8);
    const Vec<T> r = splat(T(0.70710678118654752440));
    C even[4] = {x[0], x[2], x[4], x[6]}, odd[4] = {x[1], x[3], x[5], x[7]};
    butterfly<4, T>(even);
    butterfly<4, T>(odd);
    odd[1] = r * (odd[1] + odd[1].over_i());
    odd[2] = odd[2].over_i();
    odd[3] = r * (odd[3].over_i() - odd[3]);
    unroll<4>([&](auto k) INLINE_LAMBDA {
      x[k] = even[k] + odd[k];
      x[k + 4] = even[k] - odd[k];
    });
  }
}

// ---- passes: x is (radix, m, lanes), y is (m, radix, lanes)

// The last pass of all (m = 1) has no twiddles; it may take a table of its own, an entry for each number.
template <class T, int RADIX> static void pass(const typename Plan<T>::Stage& stage, int64_t lanes, Planes<T> x, Planes<T> y, const Table<T>* twist) {
  using C = Complex<Vec<T>>;
  const int64_t m = stage.m, leg = m * lanes;
  const auto legs = [&](int64_t at, C* v) INLINE_LAMBDA {
    unroll<RADIX>([&](auto j) INLINE_LAMBDA { v[j] = load(x, at + j * leg); });
    butterfly<RADIX, T>(v);
  };
  if (m == 1) {
    cover<T>(lanes, [&](int64_t q) INLINE_LAMBDA {
      C v[RADIX];
      legs(q, v);
      unroll<RADIX>([&](auto j) INLINE_LAMBDA { store(y, j * lanes + q, twist ? v[j] * load(*twist, j * lanes + q) : v[j]); });
    });
    return;
  }
  for (int64_t k = 0; k < m; k++) {
    C w[RADIX];
    unroll<RADIX - 1>([&](auto j) INLINE_LAMBDA { w[j + 1] = splat(stage.twiddles, k * (RADIX - 1) + j); });
    cover<T>(lanes, [&](int64_t q) INLINE_LAMBDA {
      C v[RADIX];
      legs(k * lanes + q, v);
      const int64_t to = k * RADIX * lanes + q;
      store(y, to, v[0]);
      unroll<RADIX - 1>([&](auto j) INLINE_LAMBDA { store(y, to + (j + 1) * lanes, v[j + 1] * w[j + 1]); });
    });
  }
}
// An odd radix without a butterfly of its own: the sum as it is defined, of pairs whose roots are conjugates.
template <class T> static void pass_odd(const typename Plan<T>::Stage& stage, int64_t lanes, Planes<T> x, Planes<T> y, const Table<T>* twist) {
  using C = Complex<Vec<T>>;
  const int64_t m = stage.m, leg = m * lanes;
  const int radix = stage.radix, half = radix / 2;
  for (int64_t k = 0; k < m; k++)
    cover<T>(lanes, [&](int64_t q) {
      const C first = load(x, k * lanes + q);
      C sum[LARGEST_PRIME / 2], difference[LARGEST_PRIME / 2], total = first;
      for (int i = 1; i <= half; i++) {
        const C a = load(x, k * lanes + q + i * leg), b = load(x, k * lanes + q + (radix - i) * leg);
        sum[i - 1] = a + b;
        difference[i - 1] = (a - b).times_i();
        total = total + sum[i - 1];
      }
      const auto put = [&](int j, C v) {
        const int64_t at = (k * radix + j) * lanes + q;
        if (m > 1 && j) v = v * splat(stage.twiddles, k * (radix - 1) + j - 1);
        store(y, at, m == 1 && twist ? v * load(*twist, at) : v);
      };
      put(0, total);
      for (int j = 1; j <= half; j++) {
        C even = first, odd{};
        for (int i = 1; i <= half; i++) {
          const int root = i * j % radix;
          even = plus_scaled(even, splat(stage.roots.re[root]), sum[i - 1]);
          odd = plus_scaled(odd, splat(stage.roots.im[root]), difference[i - 1]);
        }
        put(j, even + odd);
        put(radix - j, even - odd);
      }
    });
}

// The transforms of (n, lanes) in x, with y to work in; the planes where the result lies. `twist`, if any, is a table of factors for the results.
template <class T> static Planes<T> transform_lanes(const Plan<T>& p, int64_t lanes, Planes<T> x, Planes<T> y, const Table<T>* twist = nullptr) {
  int64_t width = lanes;
  for (const auto& stage : p.stages) {
    switch (stage.radix) {
      case 2: pass<T, 2>(stage, width, x, y, twist); break;
      case 3: pass<T, 3>(stage, width, x, y, twist); break;
      case 4: pass<T, 4>(stage, width, x, y, twist); break;
      case 5: pass<T, 5>(stage, width, x, y, twist); break;
      case 8: pass<T, 8>(stage, width, x, y, twist); break;
      default: pass_odd<T>(stage, width, x, y, twist);
    }
    std::swap(x, y);
    width *= stage.radix;
  }
  return x;
}

// As many rounds of the perfect shuffle as a row number has bits exchange rows and columns.
template <class T> INLINE void transpose_square(const T* from, int64_t from_stride, T* to, int64_t to_stride) {
  constexpr int W = LANES<T>;
  Vec<T> a[W];
  unroll<W>([&](auto i) INLINE_LAMBDA { a[i] = load(from + i * from_stride); });
  const auto round = [&] INLINE_LAMBDA {
    Vec<T> b[W];
    unroll<W / 2>([&](auto i) INLINE_LAMBDA {
      b[2 * i] = zipped_low(a[i], a[i + W / 2]);
      b[2 * i + 1] = zipped_high(a[i], a[i + W / 2]);
    });
    unroll<W>([&](auto i) INLINE_LAMBDA { a[i] = b[i]; });
  };
  unroll<std::bit_width(unsigned(W)) - 1>([&](auto) INLINE_LAMBDA { round(); });
  unroll<W>([&](auto i) INLINE_LAMBDA { store(to + i * to_stride, a[i]); });
}
template <class T> static void transpose_plane(const T* from, T* to, int64_t rows, int64_t columns) {
  if (rows < LANES<T> || columns < LANES<T>) {
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
    return;
  }
  cover<T>(rows, [&](int64_t i) { cover<T>(columns, [&](int64_t j) { transpose_square(from + i * columns + j, columns, to + j * rows + i, rows); }); });
}
template <class T> static void transpose(Planes<T> from, Planes<T> to, int64_t rows, int64_t columns) {
  transpose_plane(from.re, to.re, rows, columns);
  transpose_plane(from.im, to.im, rows, columns);
}
// x *= a table.
template <class T> static void multiply(Planes<T> x, const Table<T>& table, int64_t n) {
  int64_t k = 0;
  for (; k + LANES<T> <= n; k += LANES<T>) store(x, k, load(x, k) * load(table, k));
  for (; k < n; k++) {
    const Complex<T> v = Complex<T>{x.re[k], x.im[k]} * Complex<T>{table.re[k], table.im[k]};
    x.re[k] = v.re;
    x.im[k] = v.im;
  }
}
// The transform of one line, by rows and columns or as a convolution.
template <class T> static Planes<T> transform_line(const Plan<T>& p, Planes<T> x, Planes<T> y) {
  if (p.convolution) {
    const int64_t m = p.convolution->n;
    multiply(x, p.chirp, p.n);
    std::memset(x.re + p.n, 0, (m - p.n) * sizeof(T));
    std::memset(x.im + p.n, 0, (m - p.n) * sizeof(T));
    Planes<T> f = transform_line(*p.convolution, x, y);
    multiply(f, p.spectrum, m);
    const Planes<T> other = f.re == x.re ? y : x;
    f = transform_line(*p.convolution, f.swapped(), other.swapped()).swapped();
    multiply(f, p.chirp, p.n);
    return f;
  }
  // x[i columns + j]: over i first, then over j.
  const Planes<T> f = transform_lanes(*p.row_plan, p.columns, x, y, &p.twist), g = f.re == x.re ? y : x;
  transpose(f, g, p.rows, p.columns);
  return transform_lanes(*p.column_plan, p.rows, g, f);
}

// ---- plans

// Values that are computed once for a length and kept, each thread its own; a program uses few lengths.
template <class Value, class Make> static std::shared_ptr<const Value> kept(int64_t n, Make make) {
  constexpr size_t KEPT = 64;
  static thread_local std::unordered_map<int64_t, std::shared_ptr<const Value>> values;
  if (const auto found = values.find(n); found != values.end()) return found->second;
  auto value = std::make_shared<const Value>(make());
  if (values.size() >= KEPT) values.clear();
  values[n] = value;
  return value;
}

static std::vector<int> factors(int64_t n) {
  std::vector<int> list;
  int twos = 0;
  for (; n % 2 == 0; n /= 2) twos++;
  // Eights, and fours where a two would be left.
  for (; twos == 3 || twos > 4; twos -= 3) list.push_back(8);
  for (; twos > 1; twos -= 2) list.push_back(4);
  if (twos) list.push_back(2);
  for (int f = 3; f <= LARGEST_PRIME; f += 2) for (; n % f == 0; n /= f) list.push_back(f);
  if (n > 1) list.clear();
  return list;
}
template <class T> static std::shared_ptr<const Plan<T>> plan_of(int64_t n);

template <class T> static void plan_convolution(Plan<T>& p) {
  int64_t m = LONG_LINE;
  while (m < 2 * p.n - 1) m *= 2;
  p.convolution = plan_of<T>(m);
  Buffer<T> memory(4 * m);
  if (!memory) out_of_memory();
  const Planes<T> x{memory.get(), memory.get() + m}, y{memory.get() + 2 * m, memory.get() + 3 * m};
  std::memset(memory.get(), 0, 2 * m * sizeof(T));
  for (int64_t k = 0; k < p.n; k++) {
    const double a = -M_PI * double(k * k % (2 * p.n)) / double(p.n);
    p.chirp.push(a);
    x.re[k] = x.re[(m - k) % m] = T(std::cos(a));
    x.im[k] = x.im[(m - k) % m] = T(-std::sin(a));
  }
  const Planes<T> f = transform_line(*p.convolution, x, y);
  for (int64_t k = 0; k < m; k++) {
    p.spectrum.re.push_back(f.re[k] / T(m));
    p.spectrum.im.push_back(f.im[k] / T(m));
  }
}
// The two factors that waste the least of vectors; each fills one. 1 where there are none.
template <class T> static int64_t rows_of(int64_t n) {
  const auto filled = [](int64_t lanes) { return (lanes + LANES<T> - 1) / LANES<T> * LANES<T>; };
  int64_t rows = 1, least = 0;
  for (int64_t a = LANES<T>; a * LANES<T> <= n; a++) {
    if (n % a) continue;
    const int64_t b = n / a, cost = a * filled(b) + b * filled(a) + (a + b) * LANES<T>;
    if (rows > 1 && cost >= least) continue;
    rows = a;
    least = cost;
  }
  return rows;
}
template <class T> static Plan<T> make_plan(int64_t n) {
  Plan<T> p;
  p.n = n;
  const std::vector<int> list = factors(n);
  if (list.empty() && n > 1) {
    plan_convolution(p);
    return p;
  }
  int64_t rest = n;
  for (const int radix : list) {
    typename Plan<T>::Stage stage{radix, rest / radix, {}, {}};
    for (int64_t k = 0; k < stage.m; k++)
      for (int j = 1; j < radix; j++) stage.twiddles.push(angle(j * k, rest));
    if (radix > 8 || radix == 7) for (int j = 0; j < radix; j++) stage.roots.push(angle(j, radix));
    rest = stage.m;
    p.stages.push_back(std::move(stage));
  }
  if (n < LONG_LINE) return p;
  const int64_t rows = rows_of<T>(n);
  if (rows == 1) return p;
  p.rows = rows;
  p.columns = n / rows;
  p.row_plan = plan_of<T>(p.rows);
  p.column_plan = plan_of<T>(p.columns);
  for (int64_t i = 0; i < p.rows; i++)
    for (int64_t j = 0; j < p.columns; j++) p.twist.push(angle(i * j, n));
  return p;
}
template <class T> static std::shared_ptr<const Plan<T>> plan_of(int64_t n) {
  return kept<Plan<T>>(n, [n] { return make_plan<T>(n); });
}
// exp(-2 pi i k / n) up to the middle, for real lines of even length.
template <class T> struct HalfTurn : Table<T> {};
template <class T> static std::shared_ptr<const HalfTurn<T>> half_turn(int64_t n) {
  return kept<HalfTurn<T>>(n, [n] {
    HalfTurn<T> table;
    for (int64_t k = 0; k <= n / 2; k++) table.push(angle(k, n));
    return table;
  });
}

// ---- lines of tensors

// Where the lines along one dimension of a tensor begin.
struct LinesOf {
  int ndim = 0;
  int64_t size[MAX_DIMS], stride[MAX_DIMS], step, count = 1;
  LinesOf(const Strided& x, int dim) : step(x.stride[dim]) {
    for (int d = 0; d < x.ndim; d++) {
      if (d == dim) continue;
      size[ndim] = x.size[d];
      stride[ndim++] = x.stride[d];
      count *= x.size[d];
    }
  }
  int64_t start(int64_t line) const {
    int64_t at = 0;
    for (int d = ndim - 1; d >= 0; d--) {
      at += line % size[d] * stride[d];
      line /= size[d];
    }
    return at;
  }
  // Whether lines are columns side by side.
  bool columns() const { return ndim > 0 && stride[ndim - 1] == 1 && size[ndim - 1] >= LANES_TOGETHER; }
  bool side_by_side(int64_t first, int64_t lines) const { return columns() && first % size[ndim - 1] + lines <= size[ndim - 1]; }
};

enum Kind { COMPLEX = 0, REAL_TO_HALF = 1, REAL_TO_WHOLE = 2, HALF_TO_REAL = 3 };

// The lines of `in` as the complex transform wants them, and from there to `out`.
template <class T, class E> struct Ends {
  Kind kind;
  int64_t n;                                                              // real or complex numbers in a whole line
  bool inverse;
  T scale;
  const E* input;
  E* output;
  LinesOf from, to;
  std::shared_ptr<const Plan<T>> plan;
  std::shared_ptr<const HalfTurn<T>> half;                                // for real lines of even length: they are complex ones of half of it

  static constexpr bool VECTORS = std::is_same_v<T, E>;
  int64_t length() const { return half ? n / 2 : n; }

  void load_line(int64_t line, Planes<T> x) const {
    const bool real = kind == REAL_TO_HALF || kind == REAL_TO_WHOLE;
    const int64_t step = from.step * (real ? 1 : 2);
    const E* p = input + from.start(line) * (real ? 1 : 2);
    if (kind == COMPLEX) {
      split(p, step, 1, x, n);
    } else if (real && half) {
      split(p, 2 * step, step, x, n / 2);
    } else if (real) {
      for (int64_t k = 0; k < n; k++) {
        x.re[k] = p[k * step];
        x.im[k] = 0;
      }
    } else if (half) {
      fold(p, step, x);
    } else {
      for (int64_t k = 0; k <= n / 2; k++) {
        x.re[k] = p[k * step];
        x.im[k] = k ? p[k * step + 1] : E(0);
      }
      for (int64_t k = n / 2 + 1; k < n; k++) {
        x.re[k] = p[(n - k) * step];
        x.im[k] = -p[(n - k) * step + 1];
      }
    }
  }
  void store_line(int64_t line, Planes<T> x) const {
    const int64_t step = to.step * (kind == HALF_TO_REAL ? 1 : 2);
    E* p = output + to.start(line) * (kind == HALF_TO_REAL ? 1 : 2);
    if (kind == COMPLEX) {
      join(x, p, step, 1, n);
    } else if (kind == HALF_TO_REAL) {
      if (half) join(x, p, 2 * step, step, n / 2);
      else for (int64_t k = 0; k < n; k++) p[k * step] = E(x.re[k] * scale);
    } else {
      const int64_t h = n / 2;
      if (half) unfold(x, p, step);
      else join(x, p, step, 1, h + 1);
      if (kind == REAL_TO_WHOLE)
        for (int64_t k = h + 1; k < n; k++) {
          p[k * step] = p[(n - k) * step];
          p[k * step + 1] = -p[(n - k) * step + 1];
        }
    }
  }
  // Complex lines side by side, as (n, lanes) at once.
  void load_columns(int64_t first, int64_t lines, Planes<T> x, int64_t lanes) const {
    const E* p = input + from.start(first) * 2;
    for (int64_t k = 0; k < n; k++, p += 2 * from.step) split(p, 2, 1, x.at(k * lanes), lines);
  }
  void store_columns(int64_t first, int64_t lines, Planes<T> x, int64_t lanes) const {
    E* p = output + to.start(first) * 2;
    for (int64_t k = 0; k < n; k++, p += 2 * to.step) join(x.at(k * lanes), p, 2, 1, lines);
  }

 private:
  static void split(const E* p, int64_t step, int64_t imaginary, Planes<T> x, int64_t n) {
    int64_t k = 0;
    if constexpr (VECTORS)
      if (step == 2 && imaginary == 1)
        for (; k + LANES<T> <= n; k += LANES<T>) store(x, k, load_pairs(p + 2 * k));
    for (; k < n; k++) {
      x.re[k] = p[k * step];
      x.im[k] = p[k * step + imaginary];
    }
  }
  void join(Planes<T> x, E* p, int64_t step, int64_t imaginary, int64_t n) const {
    const T s = scale;
    int64_t k = 0;
    if constexpr (VECTORS)
      if (step == 2 && imaginary == 1)
        for (; k + LANES<T> <= n; k += LANES<T>) store_pairs(p + 2 * k, splat(s) * load(x, k));
    for (; k < n; k++) {
      p[k * step] = E(x.re[k] * s);
      p[k * step + imaginary] = E(x.im[k] * s);
    }
  }
  // The half spectrum of real numbers as the spectrum of half as many complex ones: of the numbers at k and n / 2 - k, and back.
  template <class V> static INLINE_LAMBDA Complex<V> folded(Complex<V> a, Complex<V> b, Complex<V> turn) {
    return a + b.conj() + ((a - b.conj()) * turn.conj()).times_i();
  }
  template <class V> static INLINE_LAMBDA Complex<V> unfolded(Complex<V> a, Complex<V> b, Complex<V> turn) {
    return a + b.conj() + ((a - b.conj()) * turn).over_i();
  }
  void fold(const E* p, int64_t step, Planes<T> x) const {
    const int64_t h = n / 2;
    const auto number = [&](int64_t k) { return Complex<T>{T(p[k * step]), k % h ? T(p[k * step + 1]) : T(0)}; };  // the ends are real
    const auto one = [&](int64_t k) {
      const Complex<T> v = folded(number(k), number(h - k), Complex<T>{half->re[k], half->im[k]});
      x.re[k] = v.re;
      x.im[k] = v.im;
    };
    one(0);
    int64_t k = 1;
    if constexpr (VECTORS)
      if (step == 2)
        for (; k + LANES<T> <= h; k += LANES<T>) store(x, k, folded(load_pairs(p + 2 * k), backwards(load_pairs(p + 2 * (h - k - LANES<T> + 1))), load(*half, k)));
    for (; k < h; k++) one(k);
  }
  void unfold(Planes<T> x, E* p, int64_t step) const {
    const int64_t h = n / 2;
    const T s = T(0.5) * scale;
    const auto number = [&](int64_t k) { return Complex<T>{x.re[k % h], x.im[k % h]}; };
    const auto one = [&](int64_t k) {
      const Complex<T> v = unfolded(number(k), number(h - k), Complex<T>{half->re[k], half->im[k]});
      p[k * step] = E(s * v.re);
      p[k * step + 1] = E(s * v.im);
    };
    one(0);
    int64_t k = 1;
    if constexpr (VECTORS)
      if (step == 2)
        for (; k + LANES<T> <= h; k += LANES<T>)
          store_pairs(p + 2 * k, splat(s) * unfolded(load(x, k), backwards(load(x, h - k - LANES<T> + 1)), load(*half, k)));
    for (; k <= h; k++) one(k);
  }
  static INLINE_LAMBDA Complex<Vec<T>> load_pairs(const T* p) {
    const Vec<T> a = flambeau::load(p), b = flambeau::load(p + LANES<T>);
    return {even_lanes(a, b), odd_lanes(a, b)};
  }
  static INLINE_LAMBDA void store_pairs(T* p, Complex<Vec<T>> v) {
    flambeau::store(p, zipped_low(v.re, v.im));
    flambeau::store(p + LANES<T>, zipped_high(v.re, v.im));
  }
  static INLINE_LAMBDA Complex<Vec<T>> backwards(Complex<Vec<T>> v) { return {reversed(v.re), reversed(v.im)}; }
};

// Several lines at once, each a lane.
template <class T, class E> static void transform_together(const Ends<T, E>& e, int64_t first, int64_t lines, int64_t lanes, Planes<T> x, Planes<T> y) {
  const int64_t n = e.length();
  if (e.kind == COMPLEX && e.from.side_by_side(first, lines)) {
    e.load_columns(first, lines, x, lanes);
    if (lines < lanes)
      for (int64_t k = 0; k < n; k++)
        for (int64_t l = lines; l < lanes; l++) x.re[k * lanes + l] = x.im[k * lanes + l] = 0;
  } else {
    for (int64_t l = 0; l < lines; l++) e.load_line(first + l, y.at(l * n));
    for (T* plane : {y.re, y.im}) std::memset(plane + lines * n, 0, (lanes - lines) * n * sizeof(T));
    transpose(y, x, lanes, n);
  }
  const Planes<T> from = e.inverse ? x.swapped() : x, work = e.inverse ? y.swapped() : y;
  Planes<T> f = transform_lanes(*e.plan, lanes, from, work);
  const Planes<T> rest = f.re == from.re ? y : x;
  if (e.inverse) f = f.swapped();
  if (e.kind == COMPLEX && e.to.side_by_side(first, lines)) return e.store_columns(first, lines, f, lanes);
  transpose(f, rest, n, lanes);
  for (int64_t l = 0; l < lines; l++) e.store_line(first + l, rest.at(l * n));
}
template <class T, class E> static void transform_alone(const Ends<T, E>& e, int64_t line, Planes<T> x, Planes<T> y) {
  e.load_line(line, x);
  const Planes<T> f = e.inverse ? transform_line(*e.plan, x.swapped(), y.swapped()).swapped() : transform_line(*e.plan, x, y);
  e.store_line(line, f);
}
template <class T, class E> static Status transform(const Ends<T, E>& e) {
  const int64_t n = e.length(), count = e.from.count;
  const bool columns = e.kind == COMPLEX && e.from.columns() && e.plan->by_lanes() && n <= LONGEST_COLUMN;
  const bool alone = e.plan->by_line() && !columns;
  const int64_t filled = (count + LANES<T> - 1) / LANES<T> * LANES<T>, together = alone ? 1 : std::min(LANES_TOGETHER, filled);
  const int64_t room = alone && e.plan->convolution ? e.plan->convolution->n : n * together;
  std::atomic<bool> failed{false};
  parallel_for((count + together - 1) / together, (1 << 14) / (n * together) + 1, [&](int64_t begin, int64_t end) {
    const int64_t plane = (room + 31) / 16 * 16;                          // a line of cache more, so that planes do not fall on each other
    Buffer<T> memory(4 * plane);
    if (!memory) {
      failed = true;
      return;
    }
    const Planes<T> x{memory.get(), memory.get() + plane}, y{memory.get() + 2 * plane, memory.get() + 3 * plane};
    for (int64_t g = begin; g < end; g++) {
      if (alone) transform_alone(e, g, x, y);
      else transform_together(e, g * together, std::min(together, count - g * together), together, x, y);
    }
  });
  return failed ? OUT_OF_MEMORY : DONE;
}

// slots: x, out (any strides; complex, or real on one side), dim, n (the whole line), kind (0 complex, 1 real to the first half, 2 real to all, 3 the first half to real), inverse, scale.
// x may be out.
KERNEL(fft) {
  const Strided x = in.tensor(), out = in.tensor();
  const int dim = static_cast<int>(in.integer());
  const int64_t n = in.integer();
  const Kind kind = static_cast<Kind>(in.integer());
  const bool inverse = in.flag();
  const double scale = in.real();
  if (n < 1 || n > (int64_t(1) << 28)) return DECLINED;
  const auto compute = [&](auto zero, auto element) -> Status {
    using T = decltype(zero);
    using E = decltype(element);
    const bool halved = kind != COMPLEX && n % 2 == 0;
    return transform(Ends<T, E>{kind, n, inverse, T(scale), x.as<E>(), out.as<E>(), LinesOf(x, dim), LinesOf(out, dim), plan_of<T>(halved ? n / 2 : n), halved ? half_turn<T>(n) : nullptr});
  };
  const auto run = [&](auto element) -> Status {
    if (n <= SHORT_LINE) return compute(double(), element);
    return compute(element, element);
  };
  const DType real = kind == HALF_TO_REAL ? out.dtype : x.dtype;
  switch (real) {
    case DType::c64: return run(float());
    case DType::c128: return run(double());
    default: return for_floating(real, run);
  }
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
