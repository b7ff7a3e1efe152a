// The process's thread pool: workers spin for a moment, then park. One set of workers serves every isolate; whoever finds it busy works alone.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <new>
#include <stdexcept>
#include <thread>
#include "kernels/parallel.hpp"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace flambeau {
namespace {

constexpr int MAX_THREADS = 256;
constexpr int SPINS = 4000;  // about 50 µs with the pause instruction: longer than the gap between the kernels of one model step

inline void relax() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

// One call of run_chunks. Workers and caller take chunks from `next` until none is left.
struct Job {
  void (*run)(void*, int64_t) = nullptr;
  void* context = nullptr;
  int64_t chunks = 0;
  std::atomic<int64_t> next{0};
  std::atomic<int> failed{0};  // 1: out of memory, 2: another exception

  void work() noexcept {
    for (;;) {
      const int64_t chunk = next.fetch_add(1, std::memory_order_relaxed);
      if (chunk >= chunks) return;
      try {
        run(context, chunk);
      } catch (const std::bad_alloc&) {
        failed = 1;
      } catch (...) {
        failed = 2;
      }
    }
  }
};

class Pool {
  // idle (null) -> offered by the caller (the job) -> taken by the worker (&TAKEN) -> idle. A caller that runs out of chunks withdraws an offer that nobody took:
  // it never waits for a parked worker to wake up.
  struct alignas(64) Worker {
    std::atomic<Job*> job{nullptr};
  };
  Job taken_marker{};
  Job* const TAKEN = &taken_marker;
  Worker workers[MAX_THREADS];
  std::atomic<bool> busy{false};
  std::mutex sleep;
  std::condition_variable wake;
  std::atomic<int> parked{0};
  int started = 0;  // touched by the owner of `busy` only

  void serve(Worker& worker) {
    for (;;) {
      int spins = 0;
      Job* job;
      while (!(job = worker.job.load())) {
        if (++spins < SPINS) {
          relax();
          continue;
        }
        std::unique_lock<std::mutex> lock(sleep);
        parked.fetch_add(1);
        wake.wait(lock, [&] { return worker.job.load() != nullptr; });
        parked.fetch_sub(1);
      }
      if (!worker.job.compare_exchange_strong(job, TAKEN)) continue;
      job->work();
      worker.job.store(nullptr, std::memory_order_release);
    }
  }

  // Workers run until the process ends: the pool is never destroyed, so that exit neither waits for them nor pulls memory from under them.
  bool start_worker() {
    try {
      std::thread([this, &worker = workers[started]] { serve(worker); }).detach();
      started++;
      return true;
    } catch (...) {
      return false;  // the system gives no more threads: work with those that exist
    }
  }

 public:
  void run(int64_t chunks, int threads, void (*run)(void*, int64_t), void* context) {
    Job job;
    job.run = run;
    job.context = context;
    job.chunks = chunks;
    if (busy.exchange(true)) {
      job.work();
    } else {
      int helpers = static_cast<int>(chunks < threads ? chunks : threads) - 1;
      while (started < helpers && start_worker()) {
      }
      if (helpers > started) helpers = started;
      for (int i = 0; i < helpers; i++) workers[i].job.store(&job);
      if (parked.load()) {
        { std::lock_guard<std::mutex> guard(sleep); }
        wake.notify_all();
      }
      job.work();
      for (int i = 0; i < helpers; i++) {
        Job* offered = &job;
        if (workers[i].job.compare_exchange_strong(offered, nullptr)) continue;
        for (int spins = 0; workers[i].job.load(std::memory_order_acquire);) {
          if (++spins < SPINS)
            relax();
          else
            std::this_thread::yield();
        }
      }
      busy.store(false);
    }
    if (job.failed == 1) throw std::bad_alloc();
    if (job.failed) throw std::runtime_error("a kernel failed");
  }
};

Pool& pool() {
  static Pool* instance = new Pool;
  return *instance;
}

int default_threads() {
  const unsigned n = std::thread::hardware_concurrency();
  return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : static_cast<int>(n);
}
std::atomic<int> threads{default_threads()};

}  // namespace

void run_chunks(int64_t chunks, void (*run)(void*, int64_t), void* context) { pool().run(chunks, num_threads(), run, context); }
void set_num_threads(int n) { threads = n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n; }
int num_threads() { return threads.load(std::memory_order_relaxed); }

}  // namespace flambeau
