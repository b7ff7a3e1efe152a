// Which ISA levels this CPU and its operating system can run.
#pragma once
#if defined(__x86_64__)
#include <cpuid.h>
#include <cstdint>

namespace flambeau {

struct CpuFeatures {
  uint32_t leaf1_ecx = 0, leaf7_ebx = 0, extended_ecx = 0;
  uint64_t enabled_state = 0;  // XCR0: registers that the system saves on a task switch

  CpuFeatures() {
    uint32_t eax, ebx, ecx, edx;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx)) leaf1_ecx = ecx;
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) leaf7_ebx = ebx;
    if (__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx)) extended_ecx = ecx;
    if (leaf1_ecx & bit_OSXSAVE) {
      uint32_t low, high;
      __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
      enabled_state = uint64_t(high) << 32 | low;
    }
  }
  bool avx2() const {
    constexpr uint32_t ECX1 = bit_AVX | bit_FMA | bit_F16C, EBX7 = bit_AVX2 | bit_BMI2;
    return (enabled_state & 0x06) == 0x06 && (leaf1_ecx & ECX1) == ECX1 && (leaf7_ebx & EBX7) == EBX7;
  }
  // x86-64-v4
  bool avx512() const {
    constexpr uint32_t EBX7 = bit_BMI | bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ | bit_AVX512VL;
    return avx2() && (enabled_state & 0xe6) == 0xe6 && (leaf7_ebx & EBX7) == EBX7 && (leaf1_ecx & bit_MOVBE) && (extended_ecx & bit_ABM);
  }
};

inline bool cpu_has_avx2() { return CpuFeatures().avx2(); }
inline bool cpu_has_avx512() { return CpuFeatures().avx512(); }

}  // namespace flambeau
#endif
