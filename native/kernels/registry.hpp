// What the addon (and wasm.cpp) sees of an ISA level: names and one entry point. Nothing of the level's own namespace.
#pragma once

namespace flambeau {

struct KernelTable {
  const char* const* names;
  int count;
  int (*run)(int id, const double* descriptor) noexcept;  // gives a Status
};

KernelTable kernel_table_baseline();
KernelTable kernel_table_avx2();
KernelTable kernel_table_avx512();
KernelTable kernel_table_wasm();

}  // namespace flambeau
