// float16 and bfloat16 in memory: arithmetic happens in float32, stores round to nearest even.
#pragma once
#include <cstdint>
#include <cstring>
#include "level.hpp"
#if defined(__F16C__)
#include <immintrin.h>
#endif

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

static inline float float_of_bits(uint32_t u) {
  float f;
  std::memcpy(&f, &u, 4);
  return f;
}
static inline uint32_t bits_of_float(float f) {
  uint32_t u;
  std::memcpy(&u, &f, 4);
  return u;
}

static inline float half_to_float(uint16_t h) {
#if defined(__F16C__)
  return _cvtsh_ss(h);
#else
  // The exponent field moves into float32's place; the product with 2^112 rebiases it, subnormals included.
  const uint32_t sign = uint32_t(h & 0x8000) << 16, magnitude = uint32_t(h & 0x7fff) << 13;
  const uint32_t special = (h & 0x7c00) == 0x7c00 ? 0x7f800000u : 0u;
  return float_of_bits(sign | special | (bits_of_float(float_of_bits(magnitude) * 0x1p112f) & (special ? 0x007fffffu : ~0u)) | (special ? magnitude & 0x007fffffu : 0u));
#endif
}

static inline uint16_t float_to_half(float f) {
#if defined(__F16C__)
  return static_cast<uint16_t>(_cvtss_sh(f, _MM_FROUND_TO_NEAREST_INT));
#else
  const uint32_t u = bits_of_float(f), sign = (u >> 16) & 0x8000, magnitude = u & 0x7fffffff;
  if (magnitude > 0x7f800000) return static_cast<uint16_t>(sign | 0x7e00 | ((magnitude >> 13) & 0x3ff));
  if (magnitude >= 0x47800000) return static_cast<uint16_t>(sign | 0x7c00);
  // Subnormal results: adding 0.5 leaves the rounded mantissa in the low bits.
  if (magnitude < 0x38800000) return static_cast<uint16_t>(sign | (bits_of_float(float_of_bits(magnitude) + 0.5f) - 0x3f000000));
  const uint32_t odd = (magnitude >> 13) & 1;
  return static_cast<uint16_t>(sign | ((magnitude - 0x38000000 + 0xfff + odd) >> 13));
#endif
}

static inline float bfloat_to_float(uint16_t b) { return float_of_bits(uint32_t(b) << 16); }
static inline uint16_t float_to_bfloat(float f) {
  const uint32_t u = bits_of_float(f);
  if (f != f) return 0x7fc0;
  return static_cast<uint16_t>((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}

// Element types of half tensors: convert on every access.
struct Half {
  uint16_t bits;
  Half() = default;
  explicit Half(float f) : bits(float_to_half(f)) {}
  operator float() const { return half_to_float(bits); }
};
struct BFloat16 {
  uint16_t bits;
  BFloat16() = default;
  explicit BFloat16(float f) : bits(float_to_bfloat(f)) {}
  operator float() const { return bfloat_to_float(bits); }
};

static inline void widen(const Half* from, float* to, int64_t n) {
  int64_t i = 0;
#if defined(__F16C__)
  for (; i + 8 <= n; i += 8) _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i))));
#endif
  for (; i < n; i++) to[i] = from[i];
}
static inline void widen(const BFloat16* from, float* to, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] = from[i];
}
static inline void narrow(const float* from, Half* to, int64_t n) {
  int64_t i = 0;
#if defined(__F16C__)
  for (; i + 8 <= n; i += 8) _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i), _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
#endif
  for (; i < n; i++) to[i] = Half(from[i]);
}
static inline void narrow(const float* from, BFloat16* to, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] = BFloat16(from[i]);
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
