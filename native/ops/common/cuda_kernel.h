// From the settings in force on this thread to a kernel on the memory of a GPU, and from its refusals to those of an
// operator.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>

#include "ops/common/cuda/cuda_execution.h"

namespace semples {

// Calls `kernel`, which returns false where it was interrupted, with the current stream of a CUDA device and memory of
// LibTorch's allocator for it. `reserved`: bytes that the operator holds besides. Returns the most that the kernel
// held. Throws Interrupted and MemoryLimitExceeded.
int64_t run_cuda_kernel(at::Device device, int64_t reserved, const std::function<bool(const CudaExecution&)>& kernel);

}  // namespace semples
