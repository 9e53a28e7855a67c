#include "ops/common/cpu_kernel.h"

#include <ATen/Parallel.h>

#include "ops/common/execution.h"

namespace semples {

namespace {

// LibTorch throws on the calling thread what was thrown on another.
void with_torch_threads(int64_t count, const std::function<void(int64_t)>& body) {
  at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) body(i);
  });
}

}  // namespace

KernelExecution cpu_execution() {
  KernelExecution kernel;
  kernel.threads = operation_threads();
  kernel.interrupted = execution().interrupted;
  if (kernel.threads > 1) kernel.parallel_for = with_torch_threads;
  return kernel;
}

void run_cpu_kernel(int64_t reserved, const std::function<bool(const KernelExecution&)>& kernel) {
  require_memory(reserved + 1);
  KernelExecution how = cpu_execution();
  const int64_t limit = execution().memory_limit;
  if (limit > 0) how.memory_limit = static_cast<size_t>(limit - reserved);
  try {
    if (!kernel(how)) throw Interrupted();
  } catch (const KernelMemoryLimit& e) {
    throw MemoryLimitExceeded(static_cast<int64_t>(e.needed) + reserved, limit);
  }
}

}  // namespace semples
