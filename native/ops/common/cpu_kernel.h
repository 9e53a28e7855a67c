// From the settings in force on this thread to a kernel on plain memory, and from its refusals to those of an operator.
#pragma once
#include <cstdint>
#include <functional>

#include "ops/common/cpu/kernel_execution.h"

namespace semples {

// Threads of LibTorch, interruption; no memory limit.
KernelExecution cpu_execution();

// Calls `kernel`, which returns false where it was interrupted. `reserved`: bytes that the operator holds besides the
// kernel, its result for one; the memory limit counts them. Throws Interrupted and MemoryLimitExceeded.
void run_cpu_kernel(int64_t reserved, const std::function<bool(const KernelExecution&)>& kernel);

}  // namespace semples
