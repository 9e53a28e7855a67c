#include "ops/common/cuda/cuda_device.cuh"
#include "ops/dense_crf/cuda/dense_crf_cuda.h"
#include "ops/dense_crf/cuda/mean_field.h"

using namespace semples;

extern "C" __attribute__((visibility("default"))) bool semples_cuda_dense_crf_1(
    const std::vector<dense_crf_plain::MeanFieldProblem>& pictures, const std::vector<float*>& marginals,
    const CudaExecution& execution, dense_crf_plain::Profile* profile) {
  device::CudaDevice gpu(execution);
  try {
    dense_crf_cuda::MeanField inference(gpu, pictures);
    inference.run(marginals);
    if (profile != nullptr) profile->points = inference.points();
  } catch (const device::Stopped&) {
    return false;
  }
  return true;
}

static_assert(std::is_same_v<decltype(semples_cuda_dense_crf_1), dense_crf_cuda::MeanFieldFunction>);
