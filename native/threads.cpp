// The process's thread pool: workers spin for a moment, then park. One set of workers serves every isolate; whoever finds it busy works alone.
// What differs between the addon and WebAssembly is in threads_std.hpp and threads_wasm.hpp: relax, yield, Parking, start_thread, hardware_threads, guarded and rethrow.
#include <atomic>
#include "kernels/parallel.hpp"
#if defined(__wasm__)
#include "threads_wasm.hpp"
#else
#include "threads_std.hpp"
#endif

namespace flambeau {
namespace {

constexpr int MAX_THREADS = 256;
constexpr int SPINS = 4000;  // about 50 µs with the pause instruction: longer than the gap between the kernels of one model step

// One call of run_chunks. Workers and caller take chunks from `next` until none is left.
struct Job {
  void (*run)(void*, int64_t) = nullptr;
  void* context = nullptr;
  int64_t chunks = 0;
  std::atomic<int64_t> next{0};
  std::atomic<int> failed{0};  // what guarded() returned

  void work() noexcept {
    for (;;) {
      const int64_t chunk = next.fetch_add(1, std::memory_order_relaxed);
      if (chunk >= chunks) return;
      if (const int failure = guarded(run, context, chunk)) failed = failure;
    }
  }
};

class Pool {
  // idle (null) -> offered by the caller (the job) -> taken by the worker (&TAKEN) -> idle. A caller that runs out of chunks withdraws an offer that nobody took:
  // it never waits for a parked worker to wake up.
  struct alignas(64) Worker {
    std::atomic<Job*> job{nullptr};
    Job* working = nullptr;  // the job while it is taken
  };
  Job taken_marker{};
  Job* const TAKEN = &taken_marker;
  Worker workers[MAX_THREADS];
  std::atomic<bool> busy{false};
  Parking parking;
  int started = 0;  // touched by the owner of `busy` only

  // False: the system gives no more threads; those that exist do the work.
  bool start_worker() {
    if (!start_thread([](int index) { pool().serve(index); }, started)) return false;
    started++;
    return true;
  }

 public:
  // The pool is never destroyed and workers run until the process ends: exit neither waits for them nor pulls memory from under them.
  static Pool& pool() {
    static Pool* instance = new Pool;
    return *instance;
  }

  void serve(int index) {
    Worker& worker = workers[index];
    for (;;) {
      int spins = 0;
      Job* job;
      while (!(job = worker.job.load())) {
        if (++spins < SPINS) relax();
        else parking.park([&] { return worker.job.load() != nullptr; });
      }
      if (!worker.job.compare_exchange_strong(job, TAKEN)) continue;
      worker.working = job;
      job->work();
      worker.job.store(nullptr, std::memory_order_release);
    }
  }
  // For WebAssembly, which cannot catch its own traps. The worker gave up in the middle of a chunk:
  void abandon(int index) {
    Worker& worker = workers[index];
    if (worker.job.load() != TAKEN) return;
    worker.working->failed = OUT_OF_MEMORY_FAILURE;
    worker.job.store(nullptr, std::memory_order_release);
  }
  // The caller gave up: its job is on a stack that will be cut off.
  void settle() {
    for (int i = 0; i < started; i++) {
      Job* job = workers[i].job.load();
      if (job && job != TAKEN && workers[i].job.compare_exchange_strong(job, nullptr)) continue;
      while (workers[i].job.load(std::memory_order_acquire)) yield();
    }
    busy.store(false);
  }

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
      parking.wake_all();
      job.work();
      for (int i = 0; i < helpers; i++) {
        Job* offered = &job;
        if (workers[i].job.compare_exchange_strong(offered, nullptr)) continue;
        for (int spins = 0; workers[i].job.load(std::memory_order_acquire);) {
          if (++spins < SPINS) relax();
          else yield();
        }
      }
      busy.store(false);
    }
    if (job.failed) rethrow(job.failed);
  }
};

int within_limits(int n) { return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n; }
std::atomic<int> threads{within_limits(hardware_threads())};

}  // namespace

void run_chunks(int64_t chunks, void (*run)(void*, int64_t), void* context) { Pool::pool().run(chunks, num_threads(), run, context); }
void set_num_threads(int n) { threads = within_limits(n); }
int num_threads() { return threads.load(std::memory_order_relaxed); }
#if defined(__wasm__)
void serve(int worker) { Pool::pool().serve(worker); }
void abandon(int worker) { Pool::pool().abandon(worker); }
void settle() { Pool::pool().settle(); }
#endif

}  // namespace flambeau
