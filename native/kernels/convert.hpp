// Conversion between the element types of memory. Float to integer truncates and wraps through int64; to bool is x != 0; to half types rounds to nearest even.
#pragma once
#include <type_traits>
#include "descriptor.hpp"
#include "half.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

template <class To, class From> static inline To convert(From x) {
  if constexpr (std::is_same_v<To, From>) {
    return x;
  } else if constexpr (std::is_same_v<From, Half> || std::is_same_v<From, BFloat16>) {
    return convert<To>(static_cast<float>(x));
  } else if constexpr (std::is_same_v<To, bool>) {
    return x != From(0);
  } else if constexpr (std::is_same_v<To, Half> || std::is_same_v<To, BFloat16>) {
    return To(static_cast<float>(x));
  } else if constexpr (std::is_floating_point_v<From> && std::is_same_v<To, uint64_t>) {
    return x >= From(0x1p63) ? static_cast<uint64_t>(x) : static_cast<uint64_t>(convert<int64_t>(x));
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    // Out of range is the smallest number of int32 and int64, as an x86 has it and C++ leaves open; the other types keep low bits, of int32 where they are narrower (uint8: of int64).
    if constexpr (std::is_same_v<To, int32_t>) return x >= From(-0x1p31) && x < From(0x1p31) ? static_cast<int32_t>(x) : INT32_MIN;
    else if constexpr (std::is_same_v<To, int64_t>) return x >= From(-0x1p63) && x < From(0x1p63) ? static_cast<int64_t>(x) : INT64_MIN;
    else if constexpr (sizeof(To) < 4 && !std::is_same_v<To, uint8_t>) return static_cast<To>(convert<int32_t>(x));
    else return static_cast<To>(convert<int64_t>(x));
  } else {
    return static_cast<To>(x);
  }
}

// converter(from, to)(source, target, n): n contiguous elements; source == target is allowed where the sizes agree. Real types only: null for complex ones.
using Converter = void (*)(const char* source, char* target, int64_t n);
Converter converter(DType from, DType to);

constexpr bool is_complex(DType t) { return t == DType::c32 || t == DType::c64 || t == DType::c128; }
constexpr DType real_part_type(DType t) { return t == DType::c32 ? DType::f16 : t == DType::c64 ? DType::f32 : t == DType::c128 ? DType::f64 : t; }
constexpr int element_size(DType t) {
  switch (t) {
    case DType::u8:
    case DType::i8:
    case DType::f8_e5m2:
    case DType::f8_e4m3fn:
    case DType::f8_e5m2fnuz:
    case DType::f8_e4m3fnuz:
    case DType::boolean: return 1;
    case DType::i16:
    case DType::u16:
    case DType::f16:
    case DType::bf16: return 2;
    case DType::i32:
    case DType::u32:
    case DType::f32:
    case DType::c32: return 4;
    case DType::i64:
    case DType::u64:
    case DType::f64:
    case DType::c64: return 8;
    case DType::c128: return 16;
  }
  return 0;
}

// visit_real(dtype, f): f(T()) with the C++ type of a real dtype; false for the others.
template <class F> static inline bool visit_real(DType t, F f) {
  switch (t) {
    case DType::u8: return f(uint8_t()), true;
    case DType::i8: return f(int8_t()), true;
    case DType::i16: return f(int16_t()), true;
    case DType::i32: return f(int32_t()), true;
    case DType::i64: return f(int64_t()), true;
    case DType::f16: return f(Half()), true;
    case DType::f32: return f(float()), true;
    case DType::f64: return f(double()), true;
    case DType::boolean: return f(bool()), true;
    case DType::bf16: return f(BFloat16()), true;
    case DType::u16: return f(uint16_t()), true;
    case DType::u32: return f(uint32_t()), true;
    case DType::u64: return f(uint64_t()), true;
    default: return false;
  }
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
