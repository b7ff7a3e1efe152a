// Random numbers of a mt19937 generator, the same bits as PyTorch's CPU streams at every ISA level. The state is the generator's own memory:
// 624 words, then the index of the next word and the draws left until the words are renewed.
#include <cmath>
#include <limits>
#include <utility>
#include "rows.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

class Twister {
  static constexpr int WORDS = 624, SHIFT = 397;
  uint32_t* state;

  static uint32_t mix(uint32_t u, uint32_t v) { return (((u & 0x80000000u) | (v & 0x7fffffffu)) >> 1) ^ (-(v & 1) & 0x9908b0dfu); }
  static uint32_t temper(uint32_t y) {
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
  }
  uint32_t& next() { return state[WORDS]; }
  uint32_t& left() { return state[WORDS + 1]; }
  void renew() {
    for (int j = 0; j < WORDS - SHIFT; j++) state[j] = state[j + SHIFT] ^ mix(state[j], state[j + 1]);
    for (int j = WORDS - SHIFT; j < WORDS - 1; j++) state[j] = state[j + SHIFT - WORDS] ^ mix(state[j], state[j + 1]);
    state[WORDS - 1] = state[SHIFT - 1] ^ mix(state[WORDS - 1], state[0]);
    next() = 0;
    left() = WORDS + 1;                                                   // one of them belongs to the draw that made the renewal necessary
  }

 public:
  explicit Twister(uint32_t* memory) : state(memory) {}
  void fill(uint32_t* out, int64_t n) {
    while (n > 0) {
      if (left() <= 1) renew();
      const int64_t take = std::min<int64_t>(left() - 1, n);
      const uint32_t* from = state + next();
      for (int64_t i = 0; i < take; i++) out[i] = temper(from[i]);
      next() += uint32_t(take);
      left() -= uint32_t(take);
      out += take;
      n -= take;
    }
  }
};

constexpr int64_t BLOCK = 1024;                                           // elements drawn at once
// f(i, bits) for i in [0, n), with `words` 32-bit draws an element: 1, or 2 of which the first is the high half.
template <int WORDS_EACH, class F> static void draw(uint32_t* state, int64_t n, F f) {
  Twister twister(state);
  uint32_t words[BLOCK * WORDS_EACH];
  for (int64_t begin = 0; begin < n; begin += BLOCK) {
    const int64_t count = std::min(BLOCK, n - begin);
    twister.fill(words, count * WORDS_EACH);
    for (int64_t i = 0; i < count; i++) {
      if constexpr (WORDS_EACH == 1) f(begin + i, words[i]);
      else f(begin + i, uint64_t(words[2 * i]) << 32 | words[2 * i + 1]);
    }
  }
}
// Uniform in [0, 1): 24 or 53 bits.
static inline float unit_float(uint32_t bits) { return float(bits & 0xffffff) * 0x1p-24f; }
static inline double unit_double(uint64_t bits) { return double(bits & 0x1fffffffffffff) * 0x1p-53; }
template <class T, class F> static void draw_units(uint32_t* state, int64_t n, F f) {
  if constexpr (sizeof(T) == 4) draw<1>(state, n, [&](int64_t i, uint32_t bits) { f(i, unit_float(bits)); });
  else draw<2>(state, n, [&](int64_t i, uint64_t bits) { f(i, unit_double(bits)); });
}

// slots: address of the generator's memory, out (float32 or float64, dense), from, to
KERNEL(random_uniform) {
  uint32_t* state = in.pointer<uint32_t>();
  const Strided out = in.tensor();
  const double from = in.real(), to = in.real();
  if (!out.contiguous()) return DECLINED;
  return for_floating(out.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    T* x = out.as<T>();
    const T base = T(from), range = T(to) - base;
    if (base == T(0) && range == T(1)) draw_units<T>(state, out.numel(), [&](int64_t i, T u) { x[i] = u; });
    else draw_units<T>(state, out.numel(), [&](int64_t i, T u) { x[i] = std::fma(u, range, base); });
    return DONE;
  });
}

// ---- normal: single-precision Cephes log, sin and cos. Where the multiply-adds are fused decides the last bit.

INLINE Floats exact_fma(Floats a, Floats b, Floats c) {
#if FLAMBEAU_FMA
  return fused(a, b, c);
#else
  for (int i = 0; i < LANES<float>; i++) c[i] = std::fma(a[i], b[i], c[i]);
  return c;
#endif
}
INLINE Floats exact_fma(Floats a, Floats b, float c) { return exact_fma(a, b, splat(c)); }

INLINE Floats cephes_log(Floats x) {
  const Ints word = bits(raw_max(x, splat(1.1754943508e-38f)));
  const Floats m = from_bits((word & ~0x7f800000) | 0x3f000000);          // the mantissa in [0.5, 1)
  const Ints small = m < splat(0.707106781186547524f);
  const Floats none = {};
  const Floats e = __builtin_convertvector((word >> 23) - 126, Floats) - select(small, splat(1.f), none);
  const Floats f = (m - splat(1.f)) + select(small, m, none), z = f * f;
  Floats y = splat(7.0376836292e-2f);
  for (float c : {-1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f}) y = exact_fma(y, f, c);
  y = exact_fma(y * f, z, e * splat(-2.12194440e-4f));
  y = exact_fma(z, splat(-0.5f), y);
  return exact_fma(e, splat(0.693359375f), f + y);
}
struct SinCos {
  Floats sin, cos;
};
INLINE SinCos cephes_sincos(Floats x) {                                   // x >= 0
  const Ints j = (__builtin_convertvector(x * splat(1.27323954473516f), Ints) + 1) & ~1;
  const Floats octant = __builtin_convertvector(j, Floats);
  for (float part : {-0.78515625f, -2.4187564849853515625e-4f, -3.77489497744594108e-8f}) x = exact_fma(octant, splat(part), x);
  const Floats z = x * x;
  Floats c = exact_fma(splat(2.443315711809948e-5f), z, -1.388731625493765e-3f);
  c = exact_fma(c, z, 4.166664568298827e-2f) * z;
  c = exact_fma(c, z, z * splat(-0.5f)) + splat(1.f);
  Floats s = exact_fma(splat(-1.9515295891e-4f), z, 8.3321608736e-3f);
  s = exact_fma(exact_fma(s, z, -1.6666654611e-1f) * z, x, x);
  const Ints swap = (j & 2) != 0, negative_sin = (j & 4) != 0, negative_cos = ((j - 2) & 4) == 0;
  const Floats sine = select(swap, c, s), cosine = select(swap, s, c);
  return {select(negative_sin, -sine, sine), select(negative_cos, -cosine, cosine)};
}
// Two blocks of 16 uniforms become normal in place: of each block the first 8 give the radius, the last 8 the angle (Box-Muller).
static void normal_blocks(float* a, float* b, float mean, float deviation) {
  constexpr int HALF = 8;
  float u1[2 * HALF], u2[2 * HALF];
  float* blocks[2] = {a, b};
  for (int k = 0; k < 2; k++) {
    std::memcpy(u1 + k * HALF, blocks[k], HALF * sizeof(float));
    std::memcpy(u2 + k * HALF, blocks[k] + HALF, HALF * sizeof(float));
  }
  unroll<2 * HALF / LANES<float>>([&](auto k) INLINE_LAMBDA {
    const int at = k * LANES<float>;
    const Floats radius = vsqrt(cephes_log(splat(1.f) - load(u1 + at)) * splat(-2.f));
    const SinCos angle = cephes_sincos(load(u2 + at) * splat(6.283185307179586f));
    store(u1 + at, exact_fma(radius * angle.cos, splat(deviation), mean));
    store(u2 + at, exact_fma(radius * angle.sin, splat(deviation), mean));
  });
  for (int k = 0; k < 2; k++) {
    std::memcpy(blocks[k], u1 + k * HALF, HALF * sizeof(float));
    std::memcpy(blocks[k] + HALF, u2 + k * HALF, HALF * sizeof(float));
  }
}

// slots: address of the generator's memory, out (float32, dense, at least 16 elements), mean, standard deviation
KERNEL(random_normal) {
  uint32_t* state = in.pointer<uint32_t>();
  const Strided out = in.tensor();
  const float mean = float(in.real()), deviation = float(in.real());
  constexpr int64_t UNIT = 16;
  const int64_t n = out.numel();
  if (out.dtype != DType::f32 || !out.contiguous() || n < UNIT) return DECLINED;
  float* x = out.as<float>();
  auto uniform = [&](float* to, int64_t count) { draw<1>(state, count, [&](int64_t i, uint32_t bits) { to[i] = unit_float(bits); }); };
  uniform(x, n);
  int64_t i = 0;
  float spare[UNIT] = {};
  for (; i + 2 * UNIT <= n; i += 2 * UNIT) normal_blocks(x + i, x + i + UNIT, mean, deviation);
  if (i + UNIT <= n) normal_blocks(x + i, spare, mean, deviation);
  if (n % UNIT) {                                                         // the last 16 places are drawn again
    float* last = x + n - UNIT;
    uniform(last, UNIT);
    normal_blocks(last, spare, mean, deviation);
  }
  return DONE;
}

// slots: address of the generator's memory, out (any real dtype or bool, dense), p. Ones with probability p.
KERNEL(random_bernoulli) {
  uint32_t* state = in.pointer<uint32_t>();
  const Strided out = in.tensor();
  const double p = in.real();
  if (!out.contiguous()) return DECLINED;
  return for_real(out.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    T* x = out.as<T>();
    draw_units<double>(state, out.numel(), [&](int64_t i, double u) { x[i] = T(u < p); });
    return DONE;
  });
}
// slots: address of the generator's memory, p (float32 or float64, dense), out (any real dtype or bool, dense). One draw of p's precision for each p.
KERNEL(random_bernoulli_tensor) {
  uint32_t* state = in.pointer<uint32_t>();
  const Strided p = in.tensor(), out = in.tensor();
  if (!p.contiguous() || !out.contiguous()) return DECLINED;
  return for_floating(p.dtype, [&](auto probability) {
    using P = decltype(probability);
    return for_real(out.dtype, [&](auto zero) -> Status {
      using T = decltype(zero);
      draw_units<P>(state, p.numel(), [&](int64_t i, P u) { out.as<T>()[i] = T(u < p.as<P>()[i]); });
      return DONE;
    });
  });
}

// slots: address of the generator's memory, out (any real dtype or bool, dense), base (64 bits), range (64 bits, unsigned; 0 for 2^64), wide (an element takes 64 bits, not 32).
// Integers in [base, base + range). PyTorch draws 64 bits in random_(from, to) and randint for a range of 2^28 or more; in random_() by the dtype.
KERNEL(random_randint) {
  uint32_t* state = in.pointer<uint32_t>();
  const Strided out = in.tensor();
  const uint64_t base = uint64_t(in.bits64()), range = uint64_t(in.bits64());
  const bool wide = in.flag();
  if (!out.contiguous()) return DECLINED;
  return for_real(out.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    auto put = [&](int64_t i, uint64_t bits) { out.as<T>()[i] = T(int64_t((range ? bits % range : bits) + base)); };
    if (wide) draw<2>(state, out.numel(), put);
    else draw<1>(state, out.numel(), put);
    return DONE;
  });
}

// slots: address of the generator's memory, out (any real dtype, 1-D, dense). A permutation of 0 … n - 1 (Fisher-Yates from the front).
KERNEL(random_permutation) {
  uint32_t* state = in.pointer<uint32_t>();
  const Strided out = in.tensor();
  if (!out.contiguous()) return DECLINED;
  return for_real(out.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    T* x = out.as<T>();
    const int64_t n = out.numel();
    for (int64_t i = 0; i < n; i++) x[i] = T(i);
    // 32 bits are even enough while n is well below 2^32.
    if (uint64_t(n) < std::numeric_limits<uint32_t>::max() / 20) draw<1>(state, n - 1, [&](int64_t i, uint32_t v) { std::swap(x[i], x[i + int64_t(v % uint32_t(n - i))]); });
    else draw<2>(state, n - 1, [&](int64_t i, uint64_t v) { std::swap(x[i], x[i + int64_t(v % uint64_t(n - i))]); });
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
