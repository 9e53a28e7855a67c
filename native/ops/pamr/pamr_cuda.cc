// The operator on a GPU: from tensors to the plain memory of cuda/, whose kernels are in another library.
#include "ops/pamr/cuda/pamr_cuda.h"

#include <ATen/Functions.h>

#include "ops/common/cuda_kernel.h"
#include "ops/common/cuda_library.h"
#include "ops/pamr/pamr.h"
#include "ops/pamr/plain_problem.h"

namespace semples {

namespace {

auto* kernel() { return cuda_function<pamr_cuda::PamrFunction>(pamr_cuda::kPamrSymbol); }

}  // namespace

bool has_pamr_on_cuda() { return kernel() != nullptr; }

at::Tensor pamr_on_cuda(const at::Tensor& image, const at::Tensor& maps, int64_t iterations,
                        at::IntArrayRef dilations) {
  const PamrArguments arguments{image.detach().to(maps.device()).contiguous(), maps.detach().contiguous(), iterations,
                                dilations.vec()};
  check_pamr(arguments);
  const pamr_plain::PamrProblem problem = plain_problem(arguments);
  at::Tensor refined = at::empty(maps.sizes(), arguments.maps.options());
  run_cuda_kernel(maps.device(), static_cast<int64_t>(refined.nbytes()),
                  [&](const CudaExecution& how) { return kernel()(problem, how, refined.mutable_data_ptr<float>()); });
  return refined;
}

}  // namespace semples
