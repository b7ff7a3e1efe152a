// Threads of the operating system, for threads.cpp.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <new>
#include <stdexcept>
#include <thread>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace flambeau {
namespace {

inline void relax() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}
inline void yield() { std::this_thread::yield(); }
inline int hardware_threads() { return static_cast<int>(std::thread::hardware_concurrency()); }

// Where workers sleep.
class Parking {
  std::mutex sleep;
  std::condition_variable wake;
  std::atomic<int> parked{0};

 public:
  template <class Ready> void park(Ready ready) {
    std::unique_lock<std::mutex> lock(sleep);
    parked.fetch_add(1);
    wake.wait(lock, ready);
    parked.fetch_sub(1);
  }
  void wake_all() {
    if (!parked.load()) return;
    { std::lock_guard<std::mutex> guard(sleep); }
    wake.notify_all();
  }
};

// Runs body(index) on a new thread; false if the system gives none.
inline bool start_thread(void (*body)(int), int index) {
  try {
    std::thread([=] { body(index); }).detach();
    return true;
  } catch (...) {
    return false;
  }
}

constexpr int OUT_OF_MEMORY_FAILURE = 1;
// run(context, chunk); 0, or what went wrong for rethrow() to throw on the thread that waits.
inline int guarded(void (*run)(void*, int64_t), void* context, int64_t chunk) noexcept {
  try {
    run(context, chunk);
    return 0;
  } catch (const std::bad_alloc&) {
    return OUT_OF_MEMORY_FAILURE;
  } catch (...) {
    return 2;
  }
}
[[noreturn]] inline void rethrow(int failure) {
  if (failure == OUT_OF_MEMORY_FAILURE) throw std::bad_alloc();
  throw std::runtime_error("a kernel failed");
}

}  // namespace
}  // namespace flambeau
