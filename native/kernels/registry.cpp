// The table of the kernels of this ISA level, filled by KERNEL(…) before main, and what the addon calls.
#include "registry.hpp"
#include <new>
#include "descriptor.hpp"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// Plain zero-initialised arrays: registrations of other files may run before this file's own initialisers.
constexpr int MAX_KERNELS = 512;
static const char* names[MAX_KERNELS];
static Kernel kernels[MAX_KERNELS];
static int count;

Registration::Registration(const char* name, Kernel kernel) {
  if (count == MAX_KERNELS) __builtin_trap();
  names[count] = name;
  kernels[count++] = kernel;
}

static int run(int id, const double* descriptor) noexcept {
  if (id < 0 || id >= count) return OUT_OF_RANGE;
  Reader in(descriptor);
#if defined(__cpp_exceptions)
  try {
    return kernels[id](in);
  } catch (const std::bad_alloc&) {
    return OUT_OF_MEMORY;
  } catch (...) {
    return FAILED;
  }
#else  // WebAssembly: running out of memory ends the call (wasm.cpp)
  return kernels[id](in);
#endif
}

}  // namespace FLAMBEAU_LEVEL

KernelTable JOIN(kernel_table_, FLAMBEAU_LEVEL)() { return {names, count, run}; }

}  // namespace flambeau
