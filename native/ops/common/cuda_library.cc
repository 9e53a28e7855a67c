#include "ops/common/cuda_library.h"

#include <dlfcn.h>

#include <atomic>
#include <mutex>
#include <stdexcept>

namespace semples {

namespace {

std::atomic<void*> library = nullptr;

}  // namespace

void open_cuda_library(const std::string& path) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  if (library != nullptr) return;
  void* opened = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (opened == nullptr) throw std::runtime_error(dlerror());
  library = opened;
}

void* cuda_symbol(const char* name) { return library == nullptr ? nullptr : dlsym(library, name); }

}  // namespace semples
