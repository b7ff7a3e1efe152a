// Files as memory, for checkpoints: pages are read when they are touched, writes stay in this process.
#pragma once
#include <node_api.h>
#include <cstddef>
#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#define FLAMBEAU_HAS_MMAP
#endif

namespace flambeau {

// An ArrayBuffer over a file; null where the system or the runtime cannot.
inline napi_value mapped_file(napi_env env, [[maybe_unused]] const char* path) {
  napi_value buffer = nullptr;
#if defined(FLAMBEAU_HAS_MMAP)
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    struct stat about;
    const bool has_bytes = fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0;
    const size_t size = has_bytes ? static_cast<size_t>(about.st_size) : 0;
    void* memory = has_bytes ? mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0) : MAP_FAILED;
    close(file);
    if (memory != MAP_FAILED) {
      const auto unmap = [](napi_env, void* data, void* bytes) { munmap(data, reinterpret_cast<size_t>(bytes)); };
      if (napi_create_external_arraybuffer(env, memory, size, unmap, reinterpret_cast<void*>(size), &buffer) == napi_ok) return buffer;
      munmap(memory, size);
    }
  }
#endif
  napi_get_null(env, &buffer);
  return buffer;
}

}  // namespace flambeau
