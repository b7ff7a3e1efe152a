// Results larger than the second-level cache are written past the caches: a plain store first reads the line that it overwrites, and what is written
// drives out inputs that are still needed. (Measured: docs/performance.md, "Fresh results".)
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include "simd.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

constexpr int64_t STREAMED_BYTES = 2 << 20;  // results from this size on
constexpr int64_t STREAMED_ROW = 2048;       // shorter pieces have too many lines that are written in part

#if defined(__AVX512F__)
INLINE void stream_vector(char* to, const char* from) { _mm512_stream_si512(reinterpret_cast<__m512i*>(to), _mm512_loadu_si512(from)); }
#elif defined(__AVX2__)
INLINE void stream_vector(char* to, const char* from) {
  _mm256_stream_si256(reinterpret_cast<__m256i*>(to), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
#elif defined(__SSE2__)
INLINE void stream_vector(char* to, const char* from) {
  _mm_stream_si128(reinterpret_cast<__m128i*>(to), _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
#else
#define FLAMBEAU_NO_STREAMING
#endif

#if defined(FLAMBEAU_NO_STREAMING)
constexpr bool STREAMING = false;
INLINE void stream_copy(char* to, const char* from, int64_t bytes) { std::memcpy(to, from, bytes); }
INLINE void end_streaming() {}
#else
constexpr bool STREAMING = true;
// memcpy that leaves whole lines in no cache. end_streaming() makes them visible to other threads.
INLINE void stream_copy(char* to, const char* from, int64_t bytes) {
  constexpr int64_t LINE = 64;
  const int64_t head = std::min<int64_t>(bytes, -reinterpret_cast<intptr_t>(to) & (LINE - 1));
  if (head) std::memcpy(to, from, head);
  int64_t i = head;
  for (; i + LINE <= bytes; i += LINE) unroll<LINE / VECTOR_BYTES>([&](auto k) INLINE_LAMBDA { stream_vector(to + i + k * VECTOR_BYTES, from + i + k * VECTOR_BYTES); });
  if (i < bytes) std::memcpy(to + i, from + i, bytes - i);
}
INLINE void end_streaming() { _mm_sfence(); }
#endif
// Whether a result of so many bytes, written in dense pieces of `piece` bytes, goes past the caches.
INLINE bool streams(int64_t bytes, int64_t piece) { return STREAMING && bytes >= STREAMED_BYTES && piece >= STREAMED_ROW; }

// The same for rows that may be short: they must be whole lines then.
INLINE bool streams_rows(const void* result, int64_t bytes, int64_t row) {
  const bool lines = ((reinterpret_cast<uintptr_t>(result) | static_cast<uintptr_t>(row)) & 63) == 0;
  return streams(bytes, lines ? STREAMED_ROW : row);
}
INLINE void copy_row(void* to, const void* from, int64_t bytes, bool streamed) {
  if (streamed)
    stream_copy(static_cast<char*>(to), static_cast<const char*>(from), bytes);
  else
    std::memcpy(to, from, bytes);
}

// Asks for a row that is read soon, at a place the hardware can't guess.
constexpr int64_t ROWS_AHEAD = 8;
INLINE void prefetch_row(const void* row, int64_t bytes) {
  for (int64_t i = 0; i < std::min<int64_t>(bytes, 512); i += 64) __builtin_prefetch(static_cast<const char*>(row) + i);
}
// Asks for lines that are written soon, in no order.
INLINE void prefetch_written(const void* first, int64_t bytes) {
  for (int64_t i = 0; i < bytes + 64; i += 64) __builtin_prefetch(static_cast<const char*>(first) + i, 1);
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
