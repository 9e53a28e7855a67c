#include "ops/dense_crf.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include "ops/cpu/mean_field.h"
#include "ops/schemas.h"

namespace semples {

namespace {

crf::Normalization normalization_named(c10::string_view name) {
  if (name == "before") return crf::Normalization::kBefore;
  if (name == "after") return crf::Normalization::kAfter;
  return name == "none" ? crf::Normalization::kNone : crf::Normalization::kSymmetric;
}

at::Tensor plain(const at::Tensor& tensor, at::ScalarType type) { return tensor.detach().to(type).contiguous(); }

at::Tensor dense_crf_cpu(const at::Tensor& image, const at::Tensor& unary, const at::Tensor& gaussian,
                         const at::Tensor& bilateral, at::TensorList compatibility, int64_t iterations,
                         c10::string_view normalization, const std::optional<at::Tensor>& start) {
  check_dense_crf(
      {image, unary, gaussian, bilateral, compatibility.vec(), iterations, std::string(normalization), start});
  const at::Tensor pixels = plain(image, at::kByte), energies = plain(unary, at::kFloat);
  const at::Tensor deviations[] = {plain(gaussian, at::kFloat), plain(bilateral, at::kFloat)};
  const at::Tensor first = start ? plain(*start, at::kFloat) : at::Tensor();
  std::vector<at::Tensor> matrices;

  crf::MeanFieldProblem problem;
  problem.labels = static_cast<int>(unary.size(0));
  problem.height = unary.size(1);
  problem.width = unary.size(2);
  problem.image = pixels.const_data_ptr<uint8_t>();
  problem.unary = energies.const_data_ptr<float>();
  problem.start = start ? first.const_data_ptr<float>() : nullptr;
  problem.iterations = static_cast<int>(iterations);
  problem.normalization = normalization_named(normalization);
  for (const at::Tensor& rows : deviations) {
    for (int64_t r = 0; r < rows.size(0); ++r) {
      const float* deviation = rows.const_data_ptr<float>() + r * rows.size(1);
      crf::GaussianKernel kernel;
      kernel.position_deviation = {deviation[0], deviation[1]};
      kernel.colors = rows.size(1) == 5;
      if (kernel.colors) kernel.color_deviation = {deviation[2], deviation[3], deviation[4]};
      const at::Tensor& weights = compatibility[problem.kernels.size()];
      if (weights.numel() == 1) {
        kernel.potts = weights.item<float>();
      } else {
        matrices.push_back(plain(weights, at::kFloat));
        kernel.matrix = matrices.back().const_data_ptr<float>();
      }
      problem.kernels.push_back(kernel);
    }
  }

  crf::Execution execution;
  execution.threads = at::in_parallel_region() ? 1 : at::get_num_threads();
  if (execution.threads > 1)
    execution.parallel_for = [](int64_t count, const std::function<void(int64_t)>& body) {
      at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) body(i);
      });
    };
  at::Tensor marginals = at::empty(unary.sizes(), energies.options());
  crf::mean_field(problem, execution, marginals.mutable_data_ptr<float>());
  return marginals;
}

}  // namespace

void implement_dense_crf_cpu(torch::Library& library) { library.impl("dense_crf", TORCH_FN(dense_crf_cpu)); }

}  // namespace semples
