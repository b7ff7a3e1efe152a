// The ISA level being compiled (baseline, avx2, avx512, wasm), given by the build. All kernel code lives in the inline namespace of this name:
// a function that two levels compile must never be merged into one by the linker.
#pragma once
#ifndef FLAMBEAU_LEVEL
#define FLAMBEAU_LEVEL baseline
#endif
