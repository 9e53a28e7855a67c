#include <type_traits>

#include "ops/common/cuda/cuda_device.cuh"
#include "ops/pamr/cuda/pamr_cuda.h"
#include "ops/pamr/cuda/refine.h"

using namespace semples;

extern "C" __attribute__((visibility("default"))) bool semples_cuda_pamr_1(const pamr_plain::PamrProblem& problem,
                                                                           const CudaExecution& execution,
                                                                           float* refined) {
  device::CudaDevice gpu(execution);
  try {
    pamr_cuda::refine(gpu, problem, refined);
  } catch (const device::Stopped&) {
    return false;
  }
  return true;
}

static_assert(std::is_same_v<decltype(semples_cuda_pamr_1), pamr_cuda::PamrFunction>);
