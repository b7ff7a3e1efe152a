// parallel_for over a thread pool that all isolates of the process share. The pool itself (native/threads.cpp) is compiled once, for the baseline.
#pragma once
#include <cstdint>
#include "level.hpp"

namespace flambeau {

#if defined(__wasm__) && !defined(FLAMBEAU_WASM_THREADS)
inline int num_threads() { return 1; }
#else
// Calls run(context, chunk) for every chunk in [0, chunks), on the caller and on idle workers. Inline when the pool is busy (another isolate, or a nested call).
void run_chunks(int64_t chunks, void (*run)(void* context, int64_t chunk), void* context);
void set_num_threads(int n);
int num_threads();
#endif

inline namespace FLAMBEAU_LEVEL {

// parallel_chunks(n, size, f): f(chunk, begin, end) for the chunks [0, size), [size, 2 size), … of [0, n). The chunks depend on the problem only, never on the number of threads:
// partial results that are kept per chunk and combined in order have the same bits for any number of threads.
template <class F> static inline void parallel_chunks(int64_t n, int64_t size, F f) {
  if (n <= 0) return;
  const int64_t chunks = (n + size - 1) / size;
  auto run = [&](int64_t chunk) {
    const int64_t begin = chunk * size;
    f(chunk, begin, n - begin < size ? n : begin + size);
  };
#if !defined(__wasm__) || defined(FLAMBEAU_WASM_THREADS)
  if (chunks > 1 && num_threads() > 1) {
    run_chunks(chunks, [](void* context, int64_t chunk) { (*static_cast<decltype(run)*>(context))(chunk); }, &run);
    return;
  }
#endif
  for (int64_t chunk = 0; chunk < chunks; chunk++) run(chunk);
}

// parallel_for(n, grain, f): f(begin, end) on disjoint ranges that cover [0, n), each at least `grain` long (but the last). For work whose result does not depend on the split;
// with one thread it is the single call f(0, n).
template <class F> static inline void parallel_for(int64_t n, int64_t grain, F f) {
  if (n <= 0) return;
  const int64_t threads = n > grain ? num_threads() : 1;
  if (threads <= 1) return f(int64_t(0), n);
  // A few ranges a thread, so that a late worker does not hold up the rest.
  const int64_t even = (n + threads * 4 - 1) / (threads * 4);
  parallel_chunks(n, even > grain ? even : grain, [&](int64_t, int64_t begin, int64_t end) { f(begin, end); });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
