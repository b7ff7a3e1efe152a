// One vector source for every instruction set. A vector has the native width; kernels work on a logical group of 64 bytes (16 floats, 8 doubles) made of N native vectors,
// so that a reduction uses the same lanes at every level.
// Rules that this file keeps: compare and select only on native vectors (g++ scalarises wider ones); load through the unaligned type, compute in the aligned one;
// fusing only in fused(). Everything is `static` or inside the level's namespace: no two levels' functions merge at link time.
#pragma once
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#if defined(__wasm__)
#include <wasm_simd128.h>
#elif defined(__x86_64__)
#include <immintrin.h>
#endif
#include "level.hpp"

#define INLINE static inline __attribute__((always_inline))
#define INLINE_LAMBDA __attribute__((always_inline))

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

#if defined(__AVX512F__)
constexpr int VECTOR_BYTES = 64;
#elif defined(__AVX2__)
constexpr int VECTOR_BYTES = 32;
#else
constexpr int VECTOR_BYTES = 16;
#endif
constexpr int GROUP_BYTES = 64;
constexpr int N = GROUP_BYTES / VECTOR_BYTES;                             // native vectors in a logical group
template <class T> constexpr int LANES = VECTOR_BYTES / int(sizeof(T));    // elements in a native vector
template <class T> constexpr int GROUP = GROUP_BYTES / int(sizeof(T));     // elements in a logical group

template <class T> struct VectorOf {
  typedef T type __attribute__((vector_size(VECTOR_BYTES)));
  typedef T unaligned __attribute__((vector_size(VECTOR_BYTES), aligned(alignof(T)), may_alias));
};
template <class T> using Vec = typename VectorOf<T>::type;
using Floats = Vec<float>;
using Doubles = Vec<double>;
using Ints = Vec<int32_t>;
using Longs = Vec<int64_t>;

template <class V> using Scalar = std::remove_cvref_t<decltype(std::declval<V&>()[0])>;
template <class T> using SignedOf = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;
template <class V> using Mask = Vec<SignedOf<Scalar<V>>>;                   // lanes are 0 or -1; what comparisons give

template <class T> INLINE Vec<T> load(const T* p) { return (Vec<T>)*(const typename VectorOf<T>::unaligned*)p; }
INLINE void store(float* p, Floats v) { *(VectorOf<float>::unaligned*)p = v; }
INLINE void store(double* p, Doubles v) { *(VectorOf<double>::unaligned*)p = v; }
INLINE void store(int32_t* p, Ints v) { *(VectorOf<int32_t>::unaligned*)p = v; }
INLINE void store(int64_t* p, Longs v) { *(VectorOf<int64_t>::unaligned*)p = v; }

// All lanes x. (x - 0 keeps the sign of -0; g++ makes one broadcast of it.)
template <class T> INLINE Vec<T> splat(T x) { return x - Vec<T>{}; }
// The first n <= LANES elements of p, the other lanes 0; and back.
#if defined(__AVX512F__)
INLINE Floats load_part(const float* p, int64_t n) { return (Floats)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p); }
INLINE Doubles load_part(const double* p, int64_t n) { return (Doubles)_mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), p); }
INLINE void store_part(float* p, Floats v, int64_t n) { _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), (__m512)v); }
INLINE void store_part(double* p, Doubles v, int64_t n) { _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << n) - 1), (__m512d)v); }
#elif defined(__AVX2__)
INLINE __m256i first_lanes(float, int64_t n) { return (__m256i)((Ints){0, 1, 2, 3, 4, 5, 6, 7} < splat(static_cast<int32_t>(n))); }
INLINE __m256i first_lanes(double, int64_t n) { return (__m256i)((Longs){0, 1, 2, 3} < splat(n)); }
INLINE Floats load_part(const float* p, int64_t n) { return (Floats)_mm256_maskload_ps(p, first_lanes(0.f, n)); }
INLINE Doubles load_part(const double* p, int64_t n) { return (Doubles)_mm256_maskload_pd(p, first_lanes(0.0, n)); }
INLINE void store_part(float* p, Floats v, int64_t n) { _mm256_maskstore_ps(p, first_lanes(0.f, n), (__m256)v); }
INLINE void store_part(double* p, Doubles v, int64_t n) { _mm256_maskstore_pd(p, first_lanes(0.0, n), (__m256d)v); }
#else
template <class T> INLINE Vec<T> load_part(const T* p, int64_t n) {
  Vec<T> v{};
  std::memcpy(&v, p, n * sizeof(T));
  return v;
}
INLINE void store_part(float* p, Floats v, int64_t n) { std::memcpy(p, &v, n * sizeof(float)); }
INLINE void store_part(double* p, Doubles v, int64_t n) { std::memcpy(p, &v, n * sizeof(double)); }
#endif

INLINE Ints bits(Floats x) { return (Ints)x; }
INLINE Longs bits(Doubles x) { return (Longs)x; }
INLINE Floats from_bits(Ints x) { return (Floats)x; }
INLINE Doubles from_bits(Longs x) { return (Doubles)x; }

// a * b + c: rounded once where the hardware can, as two operations elsewhere.
#if defined(__AVX512F__)
INLINE Floats fused(Floats a, Floats b, Floats c) { return (Floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
INLINE Doubles fused(Doubles a, Doubles b, Doubles c) { return (Doubles)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
#define FLAMBEAU_FMA 1
#elif defined(__FMA__)
INLINE Floats fused(Floats a, Floats b, Floats c) { return (Floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
INLINE Doubles fused(Doubles a, Doubles b, Doubles c) { return (Doubles)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
#define FLAMBEAU_FMA 1
#elif defined(__wasm_relaxed_simd__)
INLINE Floats fused(Floats a, Floats b, Floats c) { return (Floats)wasm_f32x4_relaxed_madd((v128_t)a, (v128_t)b, (v128_t)c); }
INLINE Doubles fused(Doubles a, Doubles b, Doubles c) { return (Doubles)wasm_f64x2_relaxed_madd((v128_t)a, (v128_t)b, (v128_t)c); }
#define FLAMBEAU_FMA 0
#elif defined(__aarch64__)
INLINE Floats fused(Floats a, Floats b, Floats c) {
  for (int i = 0; i < LANES<float>; i++) c[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return c;
}
INLINE Doubles fused(Doubles a, Doubles b, Doubles c) {
  for (int i = 0; i < LANES<double>; i++) c[i] = __builtin_fma(a[i], b[i], c[i]);
  return c;
}
#define FLAMBEAU_FMA 1
#else
INLINE Floats fused(Floats a, Floats b, Floats c) { return a * b + c; }
INLINE Doubles fused(Doubles a, Doubles b, Doubles c) { return a * b + c; }
#define FLAMBEAU_FMA 0
#endif
// a * b + c, rounded once at every level. Products of floats are exact in double; the sum is rounded to odd there, so that rounding it again cannot go wrong.
#if FLAMBEAU_FMA
template <class V> INLINE V fused_once(V a, V b, V c) { return fused(a, b, c); }
#endif
INLINE float fused_once(float a, float b, float c) {
#if FLAMBEAU_FMA
  return __builtin_fmaf(a, b, c);
#else
  const double product = double(a) * double(b), sum = product + double(c), added = sum - product;
  const double lost = (product - (sum - added)) + (double(c) - added);
  int64_t odd;
  std::memcpy(&odd, &sum, 8);
  if ((lost < 0 || lost > 0) && !(odd & 1)) odd += (lost > 0) == (sum > 0) ? 1 : -1;
  double rounded;
  std::memcpy(&rounded, &odd, 8);
  return float(rounded);
#endif
}
INLINE double fused_once(double a, double b, double c) { return __builtin_fma(a, b, c); }
INLINE Floats fused(Floats a, Floats b, float c) { return fused(a, b, splat(c)); }
INLINE Floats fused(Floats a, float b, float c) { return fused(a, splat(b), splat(c)); }
INLINE Floats fused(Floats a, float b, Floats c) { return fused(a, splat(b), c); }
INLINE Doubles fused(Doubles a, Doubles b, double c) { return fused(a, b, splat(c)); }
INLINE Doubles fused(Doubles a, double b, double c) { return fused(a, splat(b), splat(c)); }
INLINE Doubles fused(Doubles a, double b, Doubles c) { return fused(a, splat(b), c); }

// select(mask, a, b): blendm, blendv, and/andn/or or v128.bitselect.
template <class V> INLINE V select(Mask<V> mask, V a, V b) { return mask ? a : b; }
// (A template: what a comparison gives is a vector of int for one compiler and of long for another.)
template <class M> INLINE bool any_lane(M mask) {
#if defined(__AVX512F__)
  return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
#elif defined(__AVX2__)
  return !_mm256_testz_si256((__m256i)mask, (__m256i)mask);
#elif defined(__SSE2__)
  return _mm_movemask_epi8((__m128i)mask) != 0;
#elif defined(__wasm__)
  return wasm_v128_any_true((v128_t)mask);
#else
  bool any = false;
  for (int i = 0; i < LANES<Scalar<M>>; i++) any |= mask[i] != 0;
  return any;
#endif
}

INLINE Floats vabs(Floats x) { return from_bits(bits(x) & 0x7fffffff); }
INLINE Doubles vabs(Doubles x) { return from_bits(bits(x) & 0x7fffffffffffffff); }
// The magnitude (>= 0) with the sign of x.
INLINE Floats with_sign_of(Floats x, Floats magnitude) { return from_bits((bits(x) & INT32_MIN) | bits(magnitude)); }
INLINE Doubles with_sign_of(Doubles x, Doubles magnitude) { return from_bits((bits(x) & INT64_MIN) | bits(magnitude)); }

// raw_min, raw_max: one instruction; the second operand when unordered. Intrinsics, because g++ makes compare + blend of `a < b ? a : b`.
#if defined(__AVX512F__)
INLINE Floats raw_min(Floats a, Floats b) { return (Floats)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE Floats raw_max(Floats a, Floats b) { return (Floats)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE Doubles raw_min(Doubles a, Doubles b) { return (Doubles)_mm512_min_pd((__m512d)a, (__m512d)b); }
INLINE Doubles raw_max(Doubles a, Doubles b) { return (Doubles)_mm512_max_pd((__m512d)a, (__m512d)b); }
INLINE Floats vsqrt(Floats x) { return (Floats)_mm512_sqrt_ps((__m512)x); }
INLINE Doubles vsqrt(Doubles x) { return (Doubles)_mm512_sqrt_pd((__m512d)x); }
#elif defined(__AVX2__)
INLINE Floats raw_min(Floats a, Floats b) { return (Floats)_mm256_min_ps((__m256)a, (__m256)b); }
INLINE Floats raw_max(Floats a, Floats b) { return (Floats)_mm256_max_ps((__m256)a, (__m256)b); }
INLINE Doubles raw_min(Doubles a, Doubles b) { return (Doubles)_mm256_min_pd((__m256d)a, (__m256d)b); }
INLINE Doubles raw_max(Doubles a, Doubles b) { return (Doubles)_mm256_max_pd((__m256d)a, (__m256d)b); }
INLINE Floats vsqrt(Floats x) { return (Floats)_mm256_sqrt_ps((__m256)x); }
INLINE Doubles vsqrt(Doubles x) { return (Doubles)_mm256_sqrt_pd((__m256d)x); }
#elif defined(__SSE2__)
INLINE Floats raw_min(Floats a, Floats b) { return (Floats)_mm_min_ps((__m128)a, (__m128)b); }
INLINE Floats raw_max(Floats a, Floats b) { return (Floats)_mm_max_ps((__m128)a, (__m128)b); }
INLINE Doubles raw_min(Doubles a, Doubles b) { return (Doubles)_mm_min_pd((__m128d)a, (__m128d)b); }
INLINE Doubles raw_max(Doubles a, Doubles b) { return (Doubles)_mm_max_pd((__m128d)a, (__m128d)b); }
INLINE Floats vsqrt(Floats x) { return (Floats)_mm_sqrt_ps((__m128)x); }
INLINE Doubles vsqrt(Doubles x) { return (Doubles)_mm_sqrt_pd((__m128d)x); }
#elif defined(__wasm__)
INLINE Floats raw_min(Floats a, Floats b) { return (Floats)wasm_f32x4_pmin((v128_t)b, (v128_t)a); }
INLINE Floats raw_max(Floats a, Floats b) { return (Floats)wasm_f32x4_pmax((v128_t)b, (v128_t)a); }
INLINE Doubles raw_min(Doubles a, Doubles b) { return (Doubles)wasm_f64x2_pmin((v128_t)b, (v128_t)a); }
INLINE Doubles raw_max(Doubles a, Doubles b) { return (Doubles)wasm_f64x2_pmax((v128_t)b, (v128_t)a); }
INLINE Floats vsqrt(Floats x) { return (Floats)wasm_f32x4_sqrt((v128_t)x); }
INLINE Doubles vsqrt(Doubles x) { return (Doubles)wasm_f64x2_sqrt((v128_t)x); }
#else
INLINE Floats raw_min(Floats a, Floats b) { return select(a < b, a, b); }
INLINE Floats raw_max(Floats a, Floats b) { return select(a > b, a, b); }
INLINE Doubles raw_min(Doubles a, Doubles b) { return select(a < b, a, b); }
INLINE Doubles raw_max(Doubles a, Doubles b) { return select(a > b, a, b); }
INLINE Floats vsqrt(Floats x) {
  for (int i = 0; i < LANES<float>; i++) x[i] = __builtin_sqrtf(x[i]);
  return x;
}
INLINE Doubles vsqrt(Doubles x) {
  for (int i = 0; i < LANES<double>; i++) x[i] = __builtin_sqrt(x[i]);
  return x;
}
#endif
// PyTorch's minimum and maximum: a NaN of either operand wins.
template <class V> INLINE V minimum(V a, V b) { return select<V>(a != a, a, raw_min(a, b)); }
template <class V> INLINE V maximum(V a, V b) { return select<V>(a != a, a, raw_max(a, b)); }
// x within [lo, hi]; a NaN in x passes.
INLINE Floats clamp(Floats x, float lo, float hi) { return raw_min(splat(hi), raw_max(splat(lo), x)); }
INLINE Doubles clamp(Doubles x, double lo, double hi) { return raw_min(splat(hi), raw_max(splat(lo), x)); }

// Lanes of a pair of vectors in other orders: every second one (of complex numbers, the real and the imaginary parts), and back; and one vector from its end.
template <class V, int... I> INLINE V even_lanes_(V a, V b, std::integer_sequence<int, I...>) { return __builtin_shufflevector(a, b, (2 * I)...); }
template <class V, int... I> INLINE V odd_lanes_(V a, V b, std::integer_sequence<int, I...>) { return __builtin_shufflevector(a, b, (2 * I + 1)...); }
template <class V, int... I> INLINE V zipped_low_(V a, V b, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(a, b, (I % 2 * int(sizeof...(I)) + I / 2)...);
}
template <class V, int... I> INLINE V zipped_high_(V a, V b, std::integer_sequence<int, I...>) {
  constexpr int W = sizeof...(I);
  return __builtin_shufflevector(a, b, (I % 2 * W + W / 2 + I / 2)...);
}
template <class V, int... I> INLINE V reversed_(V a, std::integer_sequence<int, I...>) { return __builtin_shufflevector(a, a, (int(sizeof...(I)) - 1 - I)...); }
template <class V> using LaneNumbers = std::make_integer_sequence<int, LANES<Scalar<V>>>;
template <class V> INLINE V even_lanes(V a, V b) { return even_lanes_(a, b, LaneNumbers<V>{}); }
template <class V> INLINE V odd_lanes(V a, V b) { return odd_lanes_(a, b, LaneNumbers<V>{}); }
template <class V> INLINE V zipped_low(V a, V b) { return zipped_low_(a, b, LaneNumbers<V>{}); }
template <class V> INLINE V zipped_high(V a, V b) { return zipped_high_(a, b, LaneNumbers<V>{}); }
template <class V> INLINE V reversed(V a) { return reversed_(a, LaneNumbers<V>{}); }

// The logical group, written with index packs so that no level ever sees an array in memory.
template <class T> struct Group {
  Vec<T> v[N];
};
template <class T, class Fn, int... K> INLINE Group<T> generate_(Fn f, std::integer_sequence<int, K...>) {
  Group<T> r;
  ((r.v[K] = f(K)), ...);
  return r;
}
// generate<T>(f): the group of f(0), f(1), … (f gives a native vector).
template <class T, class Fn> INLINE Group<T> generate(Fn f) { return generate_<T>(f, std::make_integer_sequence<int, N>{}); }
template <class Fn, int... K> INLINE void unroll_(Fn f, std::integer_sequence<int, K...>) { (f(std::integral_constant<int, K>{}), ...); }
// unroll<C>(f): f(0), f(1), … f(C - 1), unrolled.
template <int C, class Fn> INLINE void unroll(Fn f) { unroll_(f, std::make_integer_sequence<int, C>{}); }
template <class T> INLINE Group<T> load_group(const T* p) {
  return generate<T>([&](int k) INLINE_LAMBDA { return load(p + k * LANES<T>); });
}
template <class T> INLINE void store_group(T* p, Group<T> x) {
  unroll<N>([&](auto k) INLINE_LAMBDA { store(p + k * LANES<T>, x.v[k]); });
}
template <class T> INLINE Group<T> splat_group(T x) {
  return generate<T>([&](int) INLINE_LAMBDA { return splat(x); });
}
template <class T, class Fn> INLINE Group<T> map(Fn f, Group<T> a) {
  return generate<T>([&](int k) INLINE_LAMBDA { return f(a.v[k]); });
}
template <class T, class Fn> INLINE Group<T> map(Fn f, Group<T> a, Group<T> b) {
  return generate<T>([&](int k) INLINE_LAMBDA { return f(a.v[k], b.v[k]); });
}
// Sum of the lanes of a group by halves: the same tree at every level.
template <class T> INLINE T sum_lanes(Group<T> x) {
  T t[GROUP<T>];
  store_group(t, x);
  for (int w = GROUP<T> / 2; w; w /= 2)
    for (int i = 0; i < w; i++) t[i] += t[i + w];
  return t[0];
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
