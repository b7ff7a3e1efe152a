// Workers of the page or of Node.js as threads, for threads.cpp. JavaScript starts them on the shared memory; without one there are none.
#pragma once
#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace flambeau {

__attribute__((import_module("env"), import_name("start_worker"))) bool start_worker(int index);
// What a worker runs, and what JavaScript says when a worker or the caller trapped (wasm.cpp exports them).
void serve(int worker);
void abandon(int worker);
void settle();

namespace {

inline void relax() {}
inline void yield() {}
inline int hardware_threads() { return 1; }  // JavaScript knows, and says so by set_num_threads

// The page's main thread may not wait; workers may.
class Parking {
  std::atomic<int> turn{0}, parked{0};

 public:
  template <class Ready> void park(Ready ready) {
    const int now = turn.load();
    parked.fetch_add(1);
    if (!ready()) __builtin_wasm_memory_atomic_wait32(reinterpret_cast<int*>(&turn), now, -1);
    parked.fetch_sub(1);
  }
  void wake_all() {
    turn.fetch_add(1);
    if (parked.load()) __builtin_wasm_memory_atomic_notify(reinterpret_cast<int*>(&turn), 0x7fffffff);
  }
};

inline bool start_thread(void (*)(int), int index) { return start_worker(index); }

constexpr int OUT_OF_MEMORY_FAILURE = 1;
inline int guarded(void (*run)(void*, int64_t), void* context, int64_t chunk) noexcept {
  run(context, chunk);
  return 0;
}
[[noreturn]] inline void rethrow(int) { abort(); }

}  // namespace
}  // namespace flambeau
