// The Node-API addon: chooses the ISA level, hands kernels the descriptor buffer of their environment.
// Compiled for the baseline; it touches the levels through registry.hpp only.
#include <node_api.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include "cpu.hpp"
#include "kernels/parallel.hpp"
#include "kernels/registry.hpp"
#include "mapping.hpp"
#if defined(__GLIBC__)
#include <malloc.h>
#if __GLIBC_PREREQ(2, 33)
#define FLAMBEAU_HAS_MALLINFO2
// Weak: the package also loads where the C library is older.
extern "C" struct mallinfo2 mallinfo2() noexcept __attribute__((weak));
#endif
#endif

namespace flambeau {
namespace {

struct Level {
  const char* name;
  KernelTable (*table)();
  bool (*supported)();
};
const Level LEVELS[] = {
#if defined(FLAMBEAU_HAS_BASELINE)
    {"baseline", kernel_table_baseline, [] { return true; }},
#endif
#if defined(FLAMBEAU_HAS_AVX2)
    {"avx2", kernel_table_avx2, cpu_has_avx2},
#endif
#if defined(FLAMBEAU_HAS_AVX512)
    {"avx512", kernel_table_avx512, cpu_has_avx512},
#endif
};

// The best level that this CPU supports, or the one that FLAMBEAU_CPU names. Null after a message in `error`.
const Level* choose_level(char* error, size_t size) {
  const char* wanted = std::getenv("FLAMBEAU_CPU");
  const Level* best = nullptr;
  for (const Level& level : LEVELS) {
    if (wanted && *wanted) {
      if (std::strcmp(wanted, level.name) != 0) continue;
      if (level.supported()) return &level;
      std::snprintf(error, size, "FLAMBEAU_CPU=%s: this CPU does not support it", wanted);
      return nullptr;
    }
    if (level.supported()) best = &level;
  }
  if (!best) std::snprintf(error, size, "FLAMBEAU_CPU=%s: not among the levels that were built (baseline, avx2 and avx512 exist; build-native.mjs --all-levels builds them)", wanted);
  return best;
}

// Fresh tensors of up to 32 MiB come from the heap and stay there: mapping and unmapping them anew costs more than the kernels that fill them.
void tune_allocator() {
#if defined(__GLIBC__)
  const char* option = std::getenv("FLAMBEAU_MALLOPT");
  if (option && std::strcmp(option, "0") == 0) return;
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

// What one JavaScript environment (the main thread or a worker) owns.
struct Environment {
  const Level* level;
  KernelTable kernels;
  const double* descriptor = nullptr;
  napi_ref descriptor_ref = nullptr;
};

napi_value fail(napi_env env, const char* message) {
  napi_throw_error(env, nullptr, message);
  return nullptr;
}

napi_value text(napi_env env, const char* s) {
  napi_value v = nullptr;
  napi_create_string_utf8(env, s, NAPI_AUTO_LENGTH, &v);
  return v;
}

struct Call {
  Environment* self = nullptr;
  napi_value argument = nullptr;
  Call(napi_env env, napi_callback_info info) {
    size_t count = 1;
    void* data = nullptr;
    napi_get_cb_info(env, info, &count, &argument, nullptr, &data);
    self = static_cast<Environment*>(data);
  }
};

// Where the bytes of an ArrayBuffer, typed array or DataView begin. Memory of a SharedArrayBuffer is reachable through a typed array only.
bool bytes_of(napi_env env, napi_value value, void** data) {
  bool is = false;
  if (napi_is_typedarray(env, value, &is) == napi_ok && is) return napi_get_typedarray_info(env, value, nullptr, nullptr, data, nullptr, nullptr) == napi_ok;
  if (napi_is_arraybuffer(env, value, &is) == napi_ok && is) return napi_get_arraybuffer_info(env, value, data, nullptr) == napi_ok;
  if (napi_is_dataview(env, value, &is) == napi_ok && is) return napi_get_dataview_info(env, value, nullptr, data, nullptr, nullptr) == napi_ok;
  return false;
}

napi_value init(napi_env env, napi_callback_info info) {
  Call call(env, info);
  void* data = nullptr;
  if (!bytes_of(env, call.argument, &data) || !data) return fail(env, "init expects an ArrayBuffer");
  if (call.self->descriptor_ref) napi_delete_reference(env, call.self->descriptor_ref);
  napi_create_reference(env, call.argument, 1, &call.self->descriptor_ref);
  call.self->descriptor = static_cast<const double*>(data);
  return nullptr;
}

napi_value address(napi_env env, napi_callback_info info) {
  Call call(env, info);
  void* data = nullptr;
  if (!bytes_of(env, call.argument, &data)) return fail(env, "address expects an ArrayBuffer, a typed array or a DataView");
  napi_value v = nullptr;
  napi_create_double(env, static_cast<double>(reinterpret_cast<uintptr_t>(data)), &v);
  return v;
}

napi_value run(napi_env env, napi_callback_info info) {
  Call call(env, info);
  int32_t id = -1;
  if (napi_get_value_int32(env, call.argument, &id) != napi_ok) return fail(env, "run expects the number of a kernel");
  if (!call.self->descriptor) return fail(env, "init has not been called");
  napi_value v = nullptr;
  napi_create_int32(env, call.self->kernels.run(id, call.self->descriptor), &v);
  return v;
}

napi_value names(napi_env env, napi_callback_info info) {
  Call call(env, info);
  napi_value list = nullptr;
  napi_create_array(env, &list);
  for (int i = 0; i < call.self->kernels.count; i++) napi_set_element(env, list, static_cast<uint32_t>(i), text(env, call.self->kernels.names[i]));
  return list;
}

napi_value level(napi_env env, napi_callback_info info) { return text(env, Call(env, info).self->level->name); }

napi_value levels(napi_env env, napi_callback_info) {
  napi_value list = nullptr;
  napi_create_array(env, &list);
  uint32_t n = 0;
  for (const Level& level : LEVELS)
    if (level.supported()) napi_set_element(env, list, n++, text(env, level.name));
  return list;
}

napi_value set_threads(napi_env env, napi_callback_info info) {
  Call call(env, info);
  int32_t n = 0;
  if (napi_get_value_int32(env, call.argument, &n) != napi_ok || n < 1) return fail(env, "setNumThreads expects a positive integer");
  set_num_threads(n);
  return nullptr;
}

napi_value get_threads(napi_env env, napi_callback_info) {
  napi_value v = nullptr;
  napi_create_int32(env, num_threads(), &v);
  return v;
}

// Tells the collector that memory outside its heap grew (or, below 0, shrank) by so many bytes.
napi_value adjust_memory(napi_env env, napi_callback_info info) {
  Call call(env, info);
  double bytes = 0;
  int64_t total = 0;
  if (napi_get_value_double(env, call.argument, &bytes) != napi_ok) return fail(env, "adjustMemory expects a number of bytes");
  napi_adjust_external_memory(env, static_cast<int64_t>(bytes), &total);
  return nullptr;
}

// Bytes that are allocated and not yet freed in the whole process: what the collector has really left behind. Null where the C library can't say.
napi_value memory_in_use(napi_env env, napi_callback_info) {
  napi_value result = nullptr;
#if defined(FLAMBEAU_HAS_MALLINFO2)
  if (&::mallinfo2 != nullptr) {
    const auto info = ::mallinfo2();
    napi_create_double(env, static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd), &result);
    return result;
  }
#endif
  napi_get_null(env, &result);
  return result;
}

napi_value map_file(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  char path[4096];
  size_t length = 0;
  if (napi_get_value_string_utf8(env, call.argument, path, sizeof path, &length) != napi_ok || length + 1 == sizeof path) return fail(env, "mapFile expects the name of a file");
  return mapped_file(env, path);
}

void release(napi_env, void* data, void*) { delete static_cast<Environment*>(data); }

}  // namespace
}  // namespace flambeau

NAPI_MODULE_INIT() {
  using namespace flambeau;
  char error[160];
  const Level* chosen = choose_level(error, sizeof error);
  if (!chosen) return fail(env, error);
  static const bool tuned = (tune_allocator(), true);
  (void)tuned;

  Environment* self = new (std::nothrow) Environment{chosen, chosen->table()};
  if (!self) return fail(env, "out of memory");
  napi_set_instance_data(env, self, release, nullptr);

  const struct {
    const char* name;
    napi_callback callback;
  } functions[] = {{"init", init},     {"address", address}, {"run", run}, {"names", names}, {"level", level}, {"levels", levels}, {"setNumThreads", set_threads},
                   {"getNumThreads", get_threads},      {"adjustMemory", adjust_memory}, {"memoryInUse", memory_in_use}, {"mapFile", map_file}};
  for (const auto& f : functions) {
    napi_value v = nullptr;
    napi_create_function(env, f.name, NAPI_AUTO_LENGTH, f.callback, self, &v);
    napi_set_named_property(env, exports, f.name, v);
  }
  return exports;
}
