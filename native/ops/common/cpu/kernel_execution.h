// How a kernel on plain memory is run. Knows no tensors; ops/common/cpu_kernel.h makes one from the settings in force.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>

namespace semples {

// Calls body(0) ... body(count - 1), in any order and possibly at the same time. What one of them throws ends in the
// caller, never on another thread.
using ParallelFor = std::function<void(int64_t count, const std::function<void(int64_t)>& body)>;

inline void one_after_another(int64_t count, const std::function<void(int64_t)>& body) {
  for (int64_t i = 0; i < count; ++i) body(i);
}

struct KernelExecution {
  int threads = 1;  // parts that the work is worth splitting into
  ParallelFor parallel_for = one_after_another;
  std::function<bool()> interrupted;  // asked now and then, by any thread; null: never
  size_t memory_limit = 0;            // bytes that the kernel may allocate; 0: any number
};

// Thrown by a kernel that would need more than `memory_limit`, before it takes the memory.
struct KernelMemoryLimit : std::runtime_error {
  explicit KernelMemoryLimit(size_t needed)
      : std::runtime_error("the kernel would exceed the memory limit"), needed(needed) {}
  size_t needed;  // bytes
};

}  // namespace semples
