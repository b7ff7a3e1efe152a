// Discrete Fourier transforms along one dimension, of any length, for float32 and float64.
//
// Numbers are held in two planes, real and imaginary. Stockham's algorithm passes over (length, lanes) arrays and writes them in order, so every loop runs over neighbouring
// lanes: several lines at once, or, for a long line, its own rows (n = a b: a transforms of b lanes, a twist, a transposition, b transforms of a lanes).
// Lengths with a prime factor beyond LARGEST_PRIME are convolutions of a power of two (Bluestein). Real lines of even length are complex ones of half of it.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <unordered_map>
#include <vector>
#include "parallel.hpp"
#include "scratch.hpp"
#include "simd.hpp"
#include "transpose.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

constexpr int LARGEST_PRIME = 31;
constexpr int64_t LONG_LINE = 256;                                        // from here a line is transformed on its own
constexpr int64_t SHORT_LINE = 64;                                        // up to here float32 is transformed in float64, which costs little
constexpr int64_t LANES_TOGETHER = 16;

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
};

// ---- passes: x is (radix, m, lanes), y is (m, radix, lanes)

template <class T> INLINE void put_times(T* __restrict yr, T* __restrict yi, int64_t at, T re, T im, T wr, T wi) {
  yr[at] = re * wr - im * wi;
  yi[at] = re * wi + im * wr;
}
template <class T, int RADIX> static void pass(const typename Plan<T>::Stage& stage, int64_t lanes, Planes<T> x, Planes<T> y) {
  const int64_t m = stage.m, leg = m * lanes;
  for (int64_t k = 0; k < m; k++) {
    T wr[RADIX], wi[RADIX];
    wr[0] = 1;
    wi[0] = 0;
    for (int j = 1; j < RADIX; j++) {
      wr[j] = stage.twiddles.re[k * (RADIX - 1) + j - 1];
      wi[j] = stage.twiddles.im[k * (RADIX - 1) + j - 1];
    }
    const T *__restrict xr = x.re + k * lanes, *__restrict xi = x.im + k * lanes;
    T *__restrict yr = y.re + k * RADIX * lanes, *__restrict yi = y.im + k * RADIX * lanes;
#pragma GCC ivdep
    for (int64_t q = 0; q < lanes; q++) {
      T re[RADIX], im[RADIX];
      for (int j = 0; j < RADIX; j++) {
        re[j] = xr[j * leg + q];
        im[j] = xi[j * leg + q];
      }
      if constexpr (RADIX == 2) {
        yr[q] = re[0] + re[1];
        yi[q] = im[0] + im[1];
        put_times(yr, yi, 1 * lanes + q, re[0] - re[1], im[0] - im[1], wr[1], wi[1]);
      } else if constexpr (RADIX == 3) {
        constexpr T S = T(0.86602540378443864676);
        const T sr = re[1] + re[2], si = im[1] + im[2], dr = S * (re[1] - re[2]), di = S * (im[1] - im[2]);
        const T hr = re[0] - T(0.5) * sr, hi = im[0] - T(0.5) * si;
        yr[q] = re[0] + sr;
        yi[q] = im[0] + si;
        put_times(yr, yi, 1 * lanes + q, hr + di, hi - dr, wr[1], wi[1]);
        put_times(yr, yi, 2 * lanes + q, hr - di, hi + dr, wr[2], wi[2]);
      } else if constexpr (RADIX == 4) {
        const T ar = re[0] + re[2], ai = im[0] + im[2], br = re[0] - re[2], bi = im[0] - im[2];
        const T cr = re[1] + re[3], ci = im[1] + im[3], dr = im[1] - im[3], di = re[3] - re[1];
        yr[q] = ar + cr;
        yi[q] = ai + ci;
        put_times(yr, yi, 1 * lanes + q, br + dr, bi + di, wr[1], wi[1]);
        put_times(yr, yi, 2 * lanes + q, ar - cr, ai - ci, wr[2], wi[2]);
        put_times(yr, yi, 3 * lanes + q, br - dr, bi - di, wr[3], wi[3]);
      } else {
        static_assert(RADIX == 5);
        constexpr T C1 = T(0.30901699437494742410), C2 = T(-0.80901699437494742410), S1 = T(0.95105651629515357212), S2 = T(0.58778525229247312917);
        const T ar = re[1] + re[4], ai = im[1] + im[4], br = re[2] + re[3], bi = im[2] + im[3];
        const T cr = re[1] - re[4], ci = im[1] - im[4], dr = re[2] - re[3], di = im[2] - im[3];
        const T er = re[0] + C1 * ar + C2 * br, ei = im[0] + C1 * ai + C2 * bi;
        const T fr = re[0] + C2 * ar + C1 * br, fi = im[0] + C2 * ai + C1 * bi;
        const T gr = S1 * ci + S2 * di, gi = S1 * cr + S2 * dr;
        const T hr = S2 * ci - S1 * di, hi = S2 * cr - S1 * dr;
        yr[q] = re[0] + ar + br;
        yi[q] = im[0] + ai + bi;
        put_times(yr, yi, 1 * lanes + q, er + gr, ei - gi, wr[1], wi[1]);
        put_times(yr, yi, 2 * lanes + q, fr + hr, fi - hi, wr[2], wi[2]);
        put_times(yr, yi, 3 * lanes + q, fr - hr, fi + hi, wr[3], wi[3]);
        put_times(yr, yi, 4 * lanes + q, er - gr, ei + gi, wr[4], wi[4]);
      }
    }
  }
}
// A radix without a butterfly of its own: the sum as it is defined.
template <class T> static void pass_any(const typename Plan<T>::Stage& stage, int64_t lanes, Planes<T> x, Planes<T> y) {
  const int64_t m = stage.m, leg = m * lanes;
  const int radix = stage.radix;
  for (int64_t k = 0; k < m; k++)
    for (int j = 0; j < radix; j++) {
      const T wr = j ? stage.twiddles.re[k * (radix - 1) + j - 1] : T(1), wi = j ? stage.twiddles.im[k * (radix - 1) + j - 1] : T(0);
      T *__restrict yr = y.re + (k * radix + j) * lanes, *__restrict yi = y.im + (k * radix + j) * lanes;
      std::memcpy(yr, x.re + k * lanes, lanes * sizeof(T));
      std::memcpy(yi, x.im + k * lanes, lanes * sizeof(T));
      for (int i = 1; i < radix; i++) {
        const T *__restrict xr = x.re + k * lanes + i * leg, *__restrict xi = x.im + k * lanes + i * leg;
        const T rr = stage.roots.re[i * j % radix], ri = stage.roots.im[i * j % radix];
#pragma GCC ivdep
        for (int64_t q = 0; q < lanes; q++) {
          yr[q] += xr[q] * rr - xi[q] * ri;
          yi[q] += xr[q] * ri + xi[q] * rr;
        }
      }
      for (int64_t q = 0; q < lanes; q++) {
        const T re = yr[q];
        yr[q] = re * wr - yi[q] * wi;
        yi[q] = re * wi + yi[q] * wr;
      }
    }
}

// x *= a table, element by element of (n, lanes).
template <class T> static void multiply(Planes<T> x, const T* re, const T* im, int64_t n, int64_t lanes) {
  for (int64_t k = 0; k < n; k++) {
    T *__restrict xr = x.re + k * lanes, *__restrict xi = x.im + k * lanes;
    const T wr = re[k], wi = im[k];
#pragma GCC ivdep
    for (int64_t q = 0; q < lanes; q++) {
      const T r = xr[q];
      xr[q] = r * wr - xi[q] * wi;
      xi[q] = r * wi + xi[q] * wr;
    }
  }
}

// How many numbers a plane of a transform of `lanes` lines needs.
template <class T> static int64_t room(const Plan<T>& p, int64_t lanes) { return (p.convolution ? p.convolution->n : p.n) * lanes; }

// The transforms of (n, lanes) in x, with y to work in; the planes where the result lies.
template <class T> static Planes<T> transform_lanes(const Plan<T>& p, int64_t lanes, Planes<T> x, Planes<T> y) {
  if (p.convolution) {
    const int64_t m = p.convolution->n;
    multiply(x, p.chirp.re.data(), p.chirp.im.data(), p.n, lanes);
    std::memset(x.re + p.n * lanes, 0, (m - p.n) * lanes * sizeof(T));
    std::memset(x.im + p.n * lanes, 0, (m - p.n) * lanes * sizeof(T));
    Planes<T> f = transform_lanes(*p.convolution, lanes, x, y);
    multiply(f, p.spectrum.re.data(), p.spectrum.im.data(), m, lanes);
    const Planes<T> other = f.re == x.re ? y : x;
    f = transform_lanes(*p.convolution, lanes, f.swapped(), other.swapped()).swapped();
    multiply(f, p.chirp.re.data(), p.chirp.im.data(), p.n, lanes);
    return f;
  }
  int64_t width = lanes;
  for (const auto& stage : p.stages) {
    switch (stage.radix) {
      case 2: pass<T, 2>(stage, width, x, y); break;
      case 3: pass<T, 3>(stage, width, x, y); break;
      case 4: pass<T, 4>(stage, width, x, y); break;
      case 5: pass<T, 5>(stage, width, x, y); break;
      default: pass_any<T>(stage, width, x, y);
    }
    std::swap(x, y);
    width *= stage.radix;
  }
  return x;
}
template <class T> static void transpose_plane(const T* from, T* to, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; i += 16)
    for (int64_t j = 0; j < columns; j += 16)
      transpose_tile(from + i * columns + j, columns, to + j * rows + i, rows, std::min<int64_t>(16, columns - j), std::min<int64_t>(16, rows - i));
}
// The transform of one line.
template <class T> static Planes<T> transform_line(const Plan<T>& p, Planes<T> x, Planes<T> y) {
  if (!p.row_plan) return transform_lanes(p, 1, x, y);
  // x[i columns + j]: over i first, then over j.
  Planes<T> f = transform_lanes(*p.row_plan, p.columns, x, y);
  Planes<T> g = f.re == x.re ? y : x;
  T *__restrict fr = f.re, *__restrict fi = f.im;
  const T *__restrict wr = p.twist.re.data(), *__restrict wi = p.twist.im.data();
#pragma GCC ivdep
  for (int64_t k = 0; k < p.n; k++) {
    const T r = fr[k];
    fr[k] = r * wr[k] - fi[k] * wi[k];
    fi[k] = r * wi[k] + fi[k] * wr[k];
  }
  transpose_plane(f.re, g.re, p.rows, p.columns);
  transpose_plane(f.im, g.im, p.rows, p.columns);
  return transform_lanes(*p.column_plan, p.rows, g, f);
}

// ---- plans

static std::vector<int> factors(int64_t n) {
  std::vector<int> list;
  for (int f : {4, 2, 3, 5}) for (; n % f == 0; n /= f) list.push_back(f);
  for (int f = 7; f <= LARGEST_PRIME; f += 2) for (; n % f == 0; n /= f) list.push_back(f);
  if (n > 1) list.clear();
  return list;
}
template <class T> static std::shared_ptr<const Plan<T>> plan_of(int64_t n);

template <class T> static void plan_convolution(Plan<T>& p) {
  int64_t m = 1;
  while (m < 2 * p.n - 1) m *= 2;
  p.convolution = plan_of<T>(m);
  Buffer<T> memory(4 * m);
  const Planes<T> x{memory.get(), memory.get() + m}, y{memory.get() + 2 * m, memory.get() + 3 * m};
  std::memset(memory.get(), 0, 2 * m * sizeof(T));
  for (int64_t k = 0; k < p.n; k++) {
    const double a = -M_PI * double(k * k % (2 * p.n)) / double(p.n);
    p.chirp.push(a);
    x.re[k] = x.re[(m - k) % m] = T(std::cos(a));
    x.im[k] = x.im[(m - k) % m] = T(-std::sin(a));
  }
  const Planes<T> f = transform_lanes(*p.convolution, 1, x, y);
  for (int64_t k = 0; k < m; k++) {
    p.spectrum.re.push_back(f.re[k] / T(m));
    p.spectrum.im.push_back(f.im[k] / T(m));
  }
}
template <class T> static std::shared_ptr<const Plan<T>> make_plan(int64_t n) {
  auto p = std::make_shared<Plan<T>>();
  p->n = n;
  const std::vector<int> list = factors(n);
  if (list.empty() && n > 1) {
    plan_convolution(*p);
    return p;
  }
  int64_t rest = n;
  for (const int radix : list) {
    typename Plan<T>::Stage stage{radix, rest / radix, {}, {}};
    for (int64_t k = 0; k < stage.m; k++)
      for (int j = 1; j < radix; j++) stage.twiddles.push(angle(j * k, rest));
    if (radix > 5) for (int j = 0; j < radix; j++) stage.roots.push(angle(j, radix));
    rest = stage.m;
    p->stages.push_back(std::move(stage));
  }
  if (n < LONG_LINE) return p;
  // The two most equal factors that are made of these.
  int64_t rows = 1;
  for (int64_t a = 2; a * a <= n; a++) if (n % a == 0) rows = a;
  if (rows < 8) return p;
  p->rows = rows;
  p->columns = n / rows;
  p->row_plan = plan_of<T>(p->rows);
  p->column_plan = plan_of<T>(p->columns);
  for (int64_t i = 0; i < p->rows; i++)
    for (int64_t j = 0; j < p->columns; j++) p->twist.push(angle(i * j, n));
  return p;
}
// Plans are kept, each thread its own; a program uses few lengths.
template <class T> static std::shared_ptr<const Plan<T>> plan_of(int64_t n) {
  constexpr size_t KEPT = 64;
  static thread_local std::unordered_map<int64_t, std::shared_ptr<const Plan<T>>> plans;
  if (const auto found = plans.find(n); found != plans.end()) return found->second;
  auto plan = make_plan<T>(n);
  if (plans.size() >= KEPT) plans.clear();
  plans[n] = plan;
  return plan;
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
};

enum Kind { COMPLEX = 0, REAL_TO_HALF = 1, REAL_TO_WHOLE = 2, HALF_TO_REAL = 3 };

// One line of `in`, into lane `lane` of (.., lanes) planes, as the complex transform wants it; and from there to `out`.
template <class T, class E> struct Ends {
  Kind kind;
  int64_t n;                                                              // real or complex numbers in a whole line
  bool inverse;
  T scale;
  const E* input;
  E* output;
  LinesOf from, to;
  std::shared_ptr<const Plan<T>> plan;
  Table<T> half;                                                          // exp(-2 pi i k / n) for real lines of even length
  bool folded;                                                            // a real line is a complex one of half the length

  int64_t length() const { return folded ? n / 2 : n; }

  void load(int64_t line, Planes<T> x, int64_t lanes) const {
    const bool real = kind == REAL_TO_HALF || kind == REAL_TO_WHOLE;
    const int64_t step = from.step * (real ? 1 : 2);
    const E* p = input + from.start(line) * (real ? 1 : 2);
    if (kind == COMPLEX) {
      copy_in(p, step, 1, x, lanes, n);
    } else if (real && folded) {
      copy_in(p, 2 * step, step, x, lanes, n / 2);
    } else if (real) {
      for (int64_t k = 0; k < n; k++) {
        x.re[k * lanes] = p[k * step];
        x.im[k * lanes] = 0;
      }
    } else if (folded) {
      const int64_t h = n / 2;
      for (int64_t k = 0; k < h; k++) {
        const E *a = p + k * step, *b = p + (h - k) * step;
        const T ar = a[0], br = b[0], ai = k ? a[1] : E(0), bi = k ? -b[1] : E(0);
        const T dr = ar - br, di = ai - bi, wr = half.re[k], wi = -half.im[k];
        x.re[k * lanes] = ar + br - (dr * wi + di * wr);
        x.im[k * lanes] = ai + bi + (dr * wr - di * wi);
      }
    } else {
      for (int64_t k = 0; k <= n / 2; k++) {
        x.re[k * lanes] = p[k * step];
        x.im[k * lanes] = k ? p[k * step + 1] : E(0);
      }
      for (int64_t k = n / 2 + 1; k < n; k++) {
        x.re[k * lanes] = p[(n - k) * step];
        x.im[k * lanes] = -p[(n - k) * step + 1];
      }
    }
  }
  void store(int64_t line, Planes<T> x, int64_t lanes) const {
    const int64_t step = to.step * (kind == HALF_TO_REAL ? 1 : 2);
    E* p = output + to.start(line) * (kind == HALF_TO_REAL ? 1 : 2);
    if (kind == COMPLEX) {
      copy_out(x, lanes, p, step, 1, n);
    } else if (kind == HALF_TO_REAL) {
      if (folded) copy_out(x, lanes, p, 2 * step, step, n / 2);
      else for (int64_t k = 0; k < n; k++) p[k * step] = E(x.re[k * lanes] * scale);
    } else {
      const int64_t h = n / 2;
      const T s = scale;
      if (folded) {
        for (int64_t k = 0; k <= h; k++) {
          const int64_t a = k == h ? 0 : k, b = k == 0 ? 0 : h - k;
          const T ar = x.re[a * lanes], ai = x.im[a * lanes], br = x.re[b * lanes], bi = -x.im[b * lanes];
          const T sr = ar + br, si = ai + bi, dr = ar - br, di = ai - bi, wr = half.re[k], wi = half.im[k];
          p[k * step] = E(T(0.5) * s * (sr + (dr * wi + di * wr)));
          p[k * step + 1] = E(T(0.5) * s * (si - (dr * wr - di * wi)));
        }
      } else {
        for (int64_t k = 0; k <= h; k++) {
          p[k * step] = E(x.re[k * lanes] * s);
          p[k * step + 1] = E(x.im[k * lanes] * s);
        }
      }
      if (kind == REAL_TO_WHOLE)
        for (int64_t k = h + 1; k < n; k++) {
          p[k * step] = p[(n - k) * step];
          p[k * step + 1] = -p[(n - k) * step + 1];
        }
    }
  }

 private:
  static void copy_in(const E* p, int64_t step, int64_t imaginary, Planes<T> x, int64_t lanes, int64_t n) {
    if (step == 2 && imaginary == 1 && lanes == 1) {
      T *__restrict re = x.re, *__restrict im = x.im;
      const E* __restrict from = p;
#pragma GCC ivdep
      for (int64_t k = 0; k < n; k++) {
        re[k] = from[2 * k];
        im[k] = from[2 * k + 1];
      }
      return;
    }
    for (int64_t k = 0; k < n; k++) {
      x.re[k * lanes] = p[k * step];
      x.im[k * lanes] = p[k * step + imaginary];
    }
  }
  void copy_out(Planes<T> x, int64_t lanes, E* p, int64_t step, int64_t imaginary, int64_t n) const {
    const T s = scale;
    if (step == 2 && imaginary == 1 && lanes == 1) {
      const T *__restrict re = x.re, *__restrict im = x.im;
      E* __restrict to = p;
#pragma GCC ivdep
      for (int64_t k = 0; k < n; k++) {
        to[2 * k] = E(re[k] * s);
        to[2 * k + 1] = E(im[k] * s);
      }
      return;
    }
    for (int64_t k = 0; k < n; k++) {
      p[k * step] = E(x.re[k * lanes] * s);
      p[k * step + imaginary] = E(x.im[k * lanes] * s);
    }
  }
};

template <class T, class E> static Status transform(const Ends<T, E>& e) {
  const int64_t n = e.length();
  const bool alone = e.plan->row_plan != nullptr;
  const int64_t together = alone ? 1 : LANES_TOGETHER, groups = (e.from.count + together - 1) / together;
  std::atomic<bool> failed{false};
  parallel_for(groups, (1 << 14) / (n * together) + 1, [&](int64_t begin, int64_t end) {
    const int64_t plane = room(*e.plan, together) + 16;
    Buffer<T> memory(4 * plane);
    if (!memory) {
      failed = true;
      return;
    }
    const Planes<T> x{memory.get(), memory.get() + plane}, y{memory.get() + 2 * plane, memory.get() + 3 * plane};
    for (int64_t g = begin; g < end; g++) {
      const int64_t first = g * together, lanes = std::min(together, e.from.count - first);
      for (int64_t l = 0; l < lanes; l++) e.load(first + l, x.at(l), lanes);
      const Planes<T> from = e.inverse ? x.swapped() : x, work = e.inverse ? y.swapped() : y;
      Planes<T> f = alone ? transform_line(*e.plan, from, work) : transform_lanes(*e.plan, lanes, from, work);
      if (e.inverse) f = f.swapped();
      for (int64_t l = 0; l < lanes; l++) e.store(first + l, f.at(l), lanes);
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
    const bool folded = kind != COMPLEX && n % 2 == 0;
    Ends<T, E> e{kind, n, inverse, T(scale), x.as<E>(), out.as<E>(), LinesOf(x, dim), LinesOf(out, dim), plan_of<T>(folded ? n / 2 : n), {}, folded};
    if (folded) for (int64_t k = 0; k <= n / 2; k++) e.half.push(angle(k, n));
    return transform(e);
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
