// The operator on a GPU: from tensors to the plain memory of cuda/, whose kernels are in another library.
#include "ops/dense_crf/cuda/dense_crf_cuda.h"

#include <ATen/Functions.h>

#include "ops/common/cuda_kernel.h"
#include "ops/common/cuda_library.h"
#include "ops/dense_crf/dense_crf.h"
#include "ops/dense_crf/plain_problem.h"

namespace semples {

namespace {

auto* kernel() { return cuda_function<dense_crf_cuda::MeanFieldFunction>(dense_crf_cuda::kMeanFieldSymbol); }

}  // namespace

bool has_dense_crf_on_cuda() { return kernel() != nullptr; }

at::Tensor dense_crf_on_cuda(const at::Tensor& image, const at::Tensor& unary, const at::Tensor& gaussian,
                             const at::Tensor& bilateral, at::TensorList compatibility, int64_t iterations,
                             c10::string_view normalization, const std::optional<at::Tensor>& start) {
  const DenseCrfArguments arguments = {
      image, unary, gaussian, bilateral, compatibility.vec(), iterations, std::string(normalization), start};
  check_dense_crf(arguments);
  const PlainDenseCrf given = plain_problem(arguments);
  at::Tensor marginals = at::empty(unary.sizes(), given.unary.options());
  const auto result_bytes = static_cast<int64_t>(marginals.nbytes());
  dense_crf_plain::Profile profile;
  const int64_t bytes = run_cuda_kernel(unary.device(), result_bytes, [&](const CudaExecution& how) {
    return kernel()({given.problem}, {marginals.mutable_data_ptr<float>()}, how, &profile);
  });
  profile.bytes = static_cast<size_t>(bytes - result_bytes);
  note_profile(profile, result_bytes);
  return marginals;
}

}  // namespace semples
