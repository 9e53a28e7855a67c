// How a kernel on the memory of a GPU is run. Knows neither tensors nor CUDA's headers; ops/common/cuda_kernel.h makes
// one from the settings in force.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>

namespace semples {

struct CudaExecution {
  void* stream = nullptr;                                 // cudaStream_t of the current device
  std::function<std::shared_ptr<void>(size_t)> allocate;  // bytes of it; may be given back while kernels use them
  std::function<bool()> interrupted;                      // null: never
};

}  // namespace semples
