#include "ops/dense_crf/plain_problem.h"

#include <ATen/Functions.h>

#include <algorithm>

#include "ops/common/execution.h"

namespace semples {

using dense_crf_plain::GaussianKernel;
using dense_crf_plain::Normalization;

static_assert(kMaxCrfLabels == dense_crf_plain::kMaxLabels);

Normalization normalization_named(const std::string& name) {
  if (name == "before") return Normalization::kBefore;
  if (name == "after") return Normalization::kAfter;
  return name == "none" ? Normalization::kNone : Normalization::kSymmetric;
}

at::Tensor plain(const at::Tensor& tensor, at::ScalarType type) { return tensor.detach().to(type).contiguous(); }

GaussianKernel gaussian_kernel(const at::Tensor& row) {
  const float* deviation = row.const_data_ptr<float>();
  GaussianKernel kernel;
  kernel.position_deviation = {deviation[0], deviation[1]};
  kernel.colors = row.numel() == 5;
  if (kernel.colors) kernel.color_deviation = {deviation[2], deviation[3], deviation[4]};
  return kernel;
}

PlainDenseCrf plain_problem(const DenseCrfArguments& a) {
  PlainDenseCrf result;
  const auto keep = [&](at::Tensor tensor) -> const at::Tensor& {
    result.held.push_back(std::move(tensor));
    return result.held.back();
  };
  auto& problem = result.problem;
  result.unary = plain(a.unary, at::kFloat);
  problem.labels = static_cast<int>(a.unary.size(0));
  problem.height = a.unary.size(1);
  problem.width = a.unary.size(2);
  problem.unary = result.unary.const_data_ptr<float>();
  problem.image = keep(plain(a.image.to(a.unary.device()), at::kByte)).const_data_ptr<uint8_t>();
  if (a.start) problem.start = keep(plain(a.start->to(a.unary.device()), at::kFloat)).const_data_ptr<float>();
  problem.iterations = static_cast<int>(std::min<int64_t>(a.iterations, INT32_MAX - 1));
  problem.normalization = normalization_named(a.normalization);
  for (const at::Tensor& rows : {plain(a.gaussian.cpu(), at::kFloat), plain(a.bilateral.cpu(), at::kFloat)}) {
    for (int64_t r = 0; r < rows.size(0); ++r) {
      GaussianKernel kernel = gaussian_kernel(rows[r]);
      const at::Tensor& weights = a.compatibility[problem.kernels.size()];
      if (weights.numel() == 1) {
        kernel.potts = weights.item<float>();
      } else {
        kernel.matrix = keep(plain(weights.cpu(), at::kFloat)).const_data_ptr<float>();
      }
      problem.kernels.push_back(kernel);
    }
  }
  return result;
}

void note_profile(const dense_crf_plain::Profile& profile, int64_t result_bytes) {
  ExecutionProfile* wanted = execution().profile;
  if (wanted == nullptr) return;
  *wanted = {{"lattice", profile.lattice},
             {"pixels", profile.pixels},
             {"blur", profile.blur},
             {"points", static_cast<double>(profile.points)},
             {"bytes", static_cast<double>(profile.bytes) + static_cast<double>(result_bytes)}};
}

}  // namespace semples
