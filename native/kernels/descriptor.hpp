// How a call reaches a kernel: JavaScript writes numbers into one shared buffer of 8-byte slots, the kernel reads them in the same order.
#pragma once
#include <cstdint>
#include <cstring>
#include "level.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// PyTorch's ScalarType numbers.
enum class DType : int {
  u8 = 0, i8 = 1, i16 = 2, i32 = 3, i64 = 4, f16 = 5, f32 = 6, f64 = 7, c32 = 8, c64 = 9, c128 = 10, boolean = 11, bf16 = 15, f8_e5m2 = 23, f8_e4m3fn = 24, f8_e5m2fnuz = 25, f8_e4m3fnuz = 26, u16 = 27, u32 = 28, u64 = 29,
};

constexpr int MAX_DIMS = 64;

// A tensor argument. `data` already includes the offset; strides count elements; an absent optional tensor has data == nullptr and ndim == -1.
struct Strided {
  char* data;
  DType dtype;
  int ndim;
  int64_t size[MAX_DIMS], stride[MAX_DIMS];

  template <class T> T* as() const { return reinterpret_cast<T*>(data); }
  explicit operator bool() const { return ndim >= 0; }
  int64_t numel() const {
    int64_t n = 1;
    for (int i = 0; i < ndim; i++) n *= size[i];
    return n;
  }
  bool contiguous() const {
    int64_t n = 1;
    for (int i = ndim - 1; i >= 0; i--) {
      if (size[i] != 1 && stride[i] != n) return false;
      n *= size[i];
    }
    return true;
  }
};

class Reader {
  const double* slot;

 public:
  explicit Reader(const double* first) : slot(first) {}
  double real() { return *slot++; }
  int64_t integer() { return static_cast<int64_t>(*slot++); }
  bool flag() { return *slot++ != 0; }
  // All 64 bits of an integer beyond 2^53 (JavaScript wrote the slot through a BigInt64Array).
  int64_t bits64() {
    int64_t v;
    std::memcpy(&v, slot++, 8);
    return v;
  }
  template <class T> T* pointer() { return reinterpret_cast<T*>(static_cast<uintptr_t>(*slot++)); }
  // Slots: ndim (-1: absent, nothing follows), dtype, address, sizes, strides.
  Strided tensor() {
    Strided t;
    t.ndim = static_cast<int>(integer());
    t.data = nullptr;
    if (t.ndim < 0) return t;
    t.dtype = static_cast<DType>(integer());
    t.data = pointer<char>();
    for (int i = 0; i < t.ndim; i++) t.size[i] = integer();
    for (int i = 0; i < t.ndim; i++) t.stride[i] = integer();
    return t;
  }
};

// What a kernel returns. DECLINED: this dtype or layout is not handled here (nothing was written); the caller takes the reference kernel.
// FAILED: an exception other than std::bad_alloc.
enum Status : int { DONE = 0, DECLINED = 1, OUT_OF_MEMORY = 2, OUT_OF_RANGE = 3, FAILED = 4 };
using Kernel = Status (*)(Reader&);

// KERNEL(name) { ... reads arguments from `in` ... return DONE; } registers itself in the table of the ISA level being compiled.
struct Registration {
  Registration(const char* name, Kernel kernel);  // defined once per level, in registry.cpp
};

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau

// KERNEL stands inside `namespace flambeau { inline namespace FLAMBEAU_LEVEL {`, as all kernel code does.
#define KERNEL(name)                                                                     \
  static ::flambeau::Status name##_kernel(::flambeau::Reader& in);                        \
  static const Registration name##_registration{#name, name##_kernel};                    \
  static ::flambeau::Status name##_kernel([[maybe_unused]] ::flambeau::Reader& in)
