// The WebAssembly module: the kernels, the heap in which tensors live, and the entry of worker threads. One set of objects serves the plain and the threaded build.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <unistd.h>
#include <atomic>
#include "kernels/parallel.hpp"
#include "kernels/registry.hpp"
#include "threads_wasm.hpp"

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

using namespace flambeau;

namespace {
constexpr int SLOTS = 1 << 16;
alignas(64) double slots[SLOTS];
KernelTable table;
bool may_grow = true;

constexpr size_t PAGE = 1 << 16, GROWTH = 256 * PAGE;
char* heap_end = nullptr;

std::atomic<int> heap_lock{0};
struct HeapLock {
  HeapLock() {
    while (heap_lock.exchange(1, std::memory_order_acquire)) {
    }
  }
  ~HeapLock() { heap_lock.store(0, std::memory_order_release); }
};
}  // namespace

// ---- the heap -----------------------------------------------------------------------------------------------------
extern "C" {
__attribute__((import_module("env"), import_name("grown"))) void grown();
extern char __heap_end;

// Under malloc. Growing takes the memory from under JavaScript's views, so it happens only where the caller of run or allocate allowed it.
void* sbrk(intptr_t more) {
  if (!heap_end) heap_end = &__heap_end;
  char* const start = heap_end;
  if (more <= 0) return start;
  const size_t size = __builtin_wasm_memory_size(0) * PAGE, wanted = reinterpret_cast<size_t>(start) + static_cast<size_t>(more);
  if (wanted < static_cast<size_t>(more)) return reinterpret_cast<void*>(-1);
  if (size && wanted > size) {
    if (!may_grow) return reinterpret_cast<void*>(-1);
    const size_t need = (wanted - size + PAGE - 1) / PAGE, ample = (wanted - size + GROWTH + size / 8) / PAGE;
    if (__builtin_wasm_memory_grow(0, ample) == SIZE_MAX && __builtin_wasm_memory_grow(0, need) == SIZE_MAX) return reinterpret_cast<void*>(-1);
    grown();
  }
  heap_end = start + more;
  return start;
}

// The C library's allocator knows no threads: the linker sends calls here (--wrap).
void* __real_malloc(size_t);
void* __real_calloc(size_t, size_t);
void* __real_realloc(void*, size_t);
void* __real_aligned_alloc(size_t, size_t);
void __real_free(void*);
void* __wrap_malloc(size_t n) {
  HeapLock lock;
  return __real_malloc(n);
}
void* __wrap_calloc(size_t n, size_t size) {
  HeapLock lock;
  return __real_calloc(n, size);
}
void* __wrap_realloc(void* p, size_t n) {
  HeapLock lock;
  return __real_realloc(p, n);
}
void* __wrap_aligned_alloc(size_t alignment, size_t n) {
  HeapLock lock;
  return __real_aligned_alloc(alignment, n);
}
void __wrap_free(void* p) {
  HeapLock lock;
  __real_free(p);
}

// Kernels abort for want of memory only. JavaScript catches the trap.
_Noreturn void abort() { __builtin_trap(); }
// Per-thread scratch lives as long as its worker.
int __cxa_thread_atexit(void (*)(void*), void*, void*) { return 0; }
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }
}
// Without the message, and the C library's streams that it would bring in.
_LIBCPP_BEGIN_NAMESPACE_STD
_Noreturn void __libcpp_verbose_abort(const char*, ...) noexcept { abort(); }
_LIBCPP_END_NAMESPACE_STD
void* operator new(size_t n) {
  void* p = malloc(n ? n : 1);
  if (!p) abort();
  return p;
}
void* operator new[](size_t n) { return operator new(n); }
void* operator new(size_t n, std::align_val_t alignment) {
  void* p = aligned_alloc(size_t(alignment), (n + size_t(alignment) - 1) / size_t(alignment) * size_t(alignment));
  if (!p) abort();
  return p;
}
void* operator new(size_t n, const std::nothrow_t&) noexcept { return malloc(n ? n : 1); }
void* operator new[](size_t n, const std::nothrow_t&) noexcept { return malloc(n ? n : 1); }
void operator delete(void* p) noexcept { free(p); }
void operator delete[](void* p) noexcept { free(p); }
void operator delete(void* p, size_t) noexcept { free(p); }
void operator delete[](void* p, size_t) noexcept { free(p); }

// ---- what JavaScript calls ----------------------------------------------------------------------------------------
extern "C" void __wasm_call_ctors();
EXPORT(init) void init() {
  __wasm_call_ctors();
  table = kernel_table_wasm();
}
EXPORT(kernel_count) int kernel_count() { return table.count; }
EXPORT(kernel_name) const char* kernel_name(int id) { return table.names[id]; }
EXPORT(descriptor) double* descriptor() { return slots; }
EXPORT(run) int run(int id, bool growing) {
  may_grow = growing;
  return table.run(id, slots);
}
EXPORT(allocate) void* allocate(size_t n, bool growing) {
  may_grow = growing;
  return aligned_alloc(64, (n + 63) / 64 * 64);
}
EXPORT(release) void release(void* p) { free(p); }
EXPORT(set_threads) void set_threads(int n) { set_num_threads(n); }
EXPORT(get_threads) int get_threads() { return num_threads(); }
EXPORT(serve) void serve_entry(int worker) { serve(worker); }
EXPORT(abandon) void abandon_entry(int worker) { abandon(worker); }
EXPORT(settle) void settle_entry() { settle(); }
