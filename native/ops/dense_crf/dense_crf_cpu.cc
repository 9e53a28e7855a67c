// The operator on the CPU: from tensors to the plain memory of cpu/.
#include <ATen/Functions.h>

#include "ops/common/cpu_kernel.h"
#include "ops/common/execution.h"
#include "ops/dense_crf/cpu/mean_field.h"
#include "ops/dense_crf/dense_crf.h"
#include "ops/dense_crf/plain_problem.h"

namespace semples {

namespace {

// What even a picture of one colour needs: the rows of every pixel, index and weight of every point it touches.
int64_t least_bytes(const dense_crf_cpu::MeanFieldProblem& problem) {
  int64_t a_pixel = 4 + dense_crf_cpu::padded_lanes(problem.labels) * 4;
  for (const dense_crf_cpu::GaussianKernel& kernel : problem.kernels) a_pixel += (kernel.colors ? 6 : 3) * 8;
  return problem.height * problem.width * a_pixel;
}

}  // namespace

at::Tensor dense_crf_on_cpu(const at::Tensor& image, const at::Tensor& unary, const at::Tensor& gaussian,
                            const at::Tensor& bilateral, at::TensorList compatibility, int64_t iterations,
                            c10::string_view normalization, const std::optional<at::Tensor>& start) {
  const DenseCrfArguments arguments = {
      image, unary, gaussian, bilateral, compatibility.vec(), iterations, std::string(normalization), start};
  check_dense_crf(arguments);
  const PlainDenseCrf given = plain_problem(arguments);
  const int64_t result_bytes = static_cast<int64_t>(given.unary.nbytes());
  require_memory(least_bytes(given.problem) + result_bytes);
  dense_crf_cpu::Profile profile;
  at::Tensor marginals = at::empty(unary.sizes(), given.unary.options());
  run_cpu_kernel(result_bytes, [&](const KernelExecution& how) {
    return dense_crf_cpu::mean_field(given.problem, how, marginals.mutable_data_ptr<float>(), &profile);
  });
  note_profile(profile, result_bytes);
  return marginals;
}

int64_t dense_crf_bytes(int64_t height, int64_t width, int64_t labels, int64_t gaussian_kernels,
                        int64_t bilateral_kernels, int64_t threads) {
  dense_crf_cpu::MeanFieldProblem problem;
  problem.height = height;
  problem.width = width;
  problem.labels = static_cast<int>(labels);
  problem.kernels.resize(gaussian_kernels + bilateral_kernels);
  for (int64_t k = gaussian_kernels; k < gaussian_kernels + bilateral_kernels; ++k) problem.kernels[k].colors = true;
  return static_cast<int64_t>(dense_crf_cpu::mean_field_bytes(problem, static_cast<int>(threads))) +
         height * width * labels * static_cast<int64_t>(sizeof(float));
}

at::Tensor dense_crf_filter(const at::Tensor& image, const at::Tensor& values, const at::Tensor& kernel,
                            const std::string& normalization, bool reversed) {
  const at::Tensor pixels = plain(image, at::kByte), planes = plain(values, at::kFloat);
  at::Tensor result = at::empty_like(planes);
  dense_crf_cpu::filter(gaussian_kernel(plain(kernel, at::kFloat)), pixels.const_data_ptr<uint8_t>(), planes.size(1),
                        planes.size(2), static_cast<int>(planes.size(0)), planes.const_data_ptr<float>(),
                        normalization_named(normalization), reversed, cpu_execution(),
                        result.mutable_data_ptr<float>());
  return result;
}

}  // namespace semples
