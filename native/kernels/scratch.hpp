// Memory of the kernels' own: per-thread scratch that only grows, and buffers that live for one call.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>
#if defined(__linux__)
#include <sys/mman.h>
#endif
#include "descriptor.hpp"
#include "level.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// Uninitialised memory for `n` elements; huge pages where the system allows. Null when there is none.
template <class T> static inline T* allocate(int64_t n) {
  constexpr size_t HUGE_PAGE = 1 << 21;
  const size_t bytes = size_t(n) * sizeof(T);
  const size_t alignment = bytes >= HUGE_PAGE ? HUGE_PAGE : 64;
  void* p = aligned_alloc(alignment, (bytes + alignment) / alignment * alignment);
#if defined(__linux__)
  if (p && alignment == HUGE_PAGE) madvise(p, bytes, MADV_HUGEPAGE);
#endif
  return static_cast<T*>(p);
}

// A buffer for one call; test it before use (`if (!buffer) return OUT_OF_MEMORY;`).
template <class T> class Buffer {
  T* memory = nullptr;

 public:
  Buffer() = default;
  explicit Buffer(int64_t n) : memory(allocate<T>(n)) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { free(memory); }
  bool reserve(int64_t n) {
    free(memory);
    memory = allocate<T>(n);
    return memory != nullptr;
  }
  explicit operator bool() const { return memory != nullptr; }
  T* get() const { return memory; }
  T& operator[](int64_t i) const { return memory[i]; }
};

[[noreturn]] static inline void out_of_memory() {
#if defined(__cpp_exceptions)
  throw std::bad_alloc();
#else
  abort();
#endif
}

// What a scratch is for: kernels that call each other use different ones.
enum class Use { A_PANELS, B_PANELS, IMAGE, TILE, ROW, SORT };

// At least `n` elements that belong to this thread and this use until it asks again. Out of memory it throws std::bad_alloc (WebAssembly traps), which ends the call.
template <class T, Use use> static inline T* thread_scratch(int64_t n) {
  struct Owner {
    T* memory = nullptr;
    int64_t size = 0;
    ~Owner() { free(memory); }
  };
  static thread_local Owner owner;
  if (n > owner.size) {
    free(owner.memory);
    owner.size = 0;
    owner.memory = allocate<T>(n + n / 4);
    if (!owner.memory) out_of_memory();
    owner.size = n + n / 4;
  }
  return owner.memory;
}

// Copies any strided tensor into dense rows.
template <class T> static void gather_dense(const Strided& x, T* out) {
  if (x.numel() == 0) return;
  if (x.ndim == 0) {
    *out = *x.as<T>();
    return;
  }
  const int last = x.ndim - 1;
  const int64_t n = x.size[last], step = x.stride[last];
  int64_t index[MAX_DIMS] = {};
  const T* row = x.as<T>();
  for (;;) {
    if (step == 1) std::memcpy(out, row, n * sizeof(T));
    else
      for (int64_t i = 0; i < n; i++) out[i] = row[i * step];
    out += n;
    int d = last - 1;
    for (; d >= 0; d--) {
      row += x.stride[d];
      if (++index[d] < x.size[d]) break;
      row -= x.size[d] * x.stride[d];
      index[d] = 0;
    }
    if (d < 0) return;
  }
}

// A tensor's elements as dense rows: in place where they are, else a copy.
template <class T> class Dense {
  Buffer<T> copy;
  const T* elements = nullptr;

 public:
  explicit Dense(const Strided& x) {
    if (!x) return;
    if (x.contiguous()) elements = x.as<T>();
    else if (copy.reserve(x.numel())) {
      gather_dense(x, copy.get());
      elements = copy.get();
    }
  }
  // False: out of memory (an absent or empty tensor has no elements to fail on).
  bool ready(const Strided& x) const { return elements || !x || x.numel() == 0; }
  const T* get() const { return elements; }
};

// f.template operator()<T>() for the tensor's dtype among float32 and float64, else DECLINED.
template <class F> static inline Status for_floating(DType dtype, F f) {
  if (dtype == DType::f32) return f(float());
  if (dtype == DType::f64) return f(double());
  return DECLINED;
}
// The same for every plain element type (bool as uint8): for kernels that compare or compute.
template <class F> static inline Status for_real(DType dtype, F f) {
  switch (dtype) {
    case DType::f32: return f(float());
    case DType::f64: return f(double());
    case DType::i64: return f(int64_t());
    case DType::i32: return f(int32_t());
    case DType::i16: return f(int16_t());
    case DType::i8: return f(int8_t());
    case DType::u8:
    case DType::boolean: return f(uint8_t());
    default: return DECLINED;
  }
}
static inline int64_t element_size(DType dtype) {
  switch (dtype) {
    case DType::u8:
    case DType::i8:
    case DType::boolean: return 1;
    case DType::i16:
    case DType::f16:
    case DType::bf16:
    case DType::u16: return 2;
    case DType::i32:
    case DType::f32:
    case DType::c32:
    case DType::u32: return 4;
    case DType::c128: return 16;
    default: return 8;
  }
}
// For kernels that only move elements: an unsigned integer (or a pair) of the element's size.
struct Wide {
  uint64_t low, high;
};
template <class F> static inline Status for_width(DType dtype, F f) {
  switch (element_size(dtype)) {
    case 1: return f(uint8_t());
    case 2: return f(uint16_t());
    case 4: return f(uint32_t());
    case 8: return f(uint64_t());
    default: return f(Wide());
  }
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
