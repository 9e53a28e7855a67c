// The operator on the CPU: from tensors to the plain memory of cpu/.
#include <ATen/Functions.h>

#include <algorithm>

#include "ops/common/cpu_kernel.h"
#include "ops/common/execution.h"
#include "ops/dense_crf/cpu/mean_field.h"
#include "ops/dense_crf/dense_crf.h"

namespace semples {

namespace {

dense_crf_cpu::Normalization normalization_named(c10::string_view name) {
  if (name == "before") return dense_crf_cpu::Normalization::kBefore;
  if (name == "after") return dense_crf_cpu::Normalization::kAfter;
  return name == "none" ? dense_crf_cpu::Normalization::kNone : dense_crf_cpu::Normalization::kSymmetric;
}

static_assert(kMaxCrfLabels == dense_crf_cpu::kMaxLabels);

at::Tensor plain(const at::Tensor& tensor, at::ScalarType type) { return tensor.detach().to(type).contiguous(); }

// A row of deviations: [2] along x and y, or [5] with those of the colours.
dense_crf_cpu::GaussianKernel kernel_of(const at::Tensor& row) {
  const float* deviation = row.const_data_ptr<float>();
  dense_crf_cpu::GaussianKernel kernel;
  kernel.position_deviation = {deviation[0], deviation[1]};
  kernel.colors = row.numel() == 5;
  if (kernel.colors) kernel.color_deviation = {deviation[2], deviation[3], deviation[4]};
  return kernel;
}

// What even a picture of one colour needs: the rows of every pixel, index and weight of every point it touches.
int64_t least_bytes(const dense_crf_cpu::MeanFieldProblem& problem) {
  int64_t a_pixel = 4 + dense_crf_cpu::padded_lanes(problem.labels) * 4;
  for (const dense_crf_cpu::GaussianKernel& kernel : problem.kernels) a_pixel += (kernel.colors ? 6 : 3) * 8;
  return problem.height * problem.width * a_pixel;
}

// Notes what the kernel did where that is wanted.
void note(const dense_crf_cpu::Profile& profile, int64_t result_bytes) {
  ExecutionProfile* wanted = execution().profile;
  if (wanted == nullptr) return;
  *wanted = {{"lattice", profile.lattice},
             {"pixels", profile.pixels},
             {"blur", profile.blur},
             {"points", static_cast<double>(profile.points)},
             {"bytes", static_cast<double>(profile.bytes) + static_cast<double>(result_bytes)}};
}

}  // namespace

at::Tensor dense_crf_on_cpu(const at::Tensor& image, const at::Tensor& unary, const at::Tensor& gaussian,
                            const at::Tensor& bilateral, at::TensorList compatibility, int64_t iterations,
                            c10::string_view normalization, const std::optional<at::Tensor>& start) {
  check_dense_crf(
      {image, unary, gaussian, bilateral, compatibility.vec(), iterations, std::string(normalization), start});
  const at::Tensor pixels = plain(image, at::kByte), energies = plain(unary, at::kFloat);
  const at::Tensor deviations[] = {plain(gaussian, at::kFloat), plain(bilateral, at::kFloat)};
  const at::Tensor first = start ? plain(*start, at::kFloat) : at::Tensor();
  std::vector<at::Tensor> matrices;

  dense_crf_cpu::MeanFieldProblem problem;
  problem.labels = static_cast<int>(unary.size(0));
  problem.height = unary.size(1);
  problem.width = unary.size(2);
  problem.image = pixels.const_data_ptr<uint8_t>();
  problem.unary = energies.const_data_ptr<float>();
  problem.start = start ? first.const_data_ptr<float>() : nullptr;
  problem.iterations = static_cast<int>(std::min<int64_t>(iterations, INT32_MAX - 1));
  problem.normalization = normalization_named(normalization);
  for (const at::Tensor& rows : deviations) {
    for (int64_t r = 0; r < rows.size(0); ++r) {
      dense_crf_cpu::GaussianKernel kernel = kernel_of(rows[r]);
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

  const int64_t result_bytes = static_cast<int64_t>(energies.nbytes());
  require_memory(least_bytes(problem) + result_bytes);
  dense_crf_cpu::Profile profile;
  at::Tensor marginals = at::empty(unary.sizes(), energies.options());
  run_cpu_kernel(result_bytes, [&](const KernelExecution& how) {
    return dense_crf_cpu::mean_field(problem, how, marginals.mutable_data_ptr<float>(), &profile);
  });
  note(profile, result_bytes);
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
  dense_crf_cpu::filter(kernel_of(plain(kernel, at::kFloat)), pixels.const_data_ptr<uint8_t>(), planes.size(1),
                        planes.size(2), static_cast<int>(planes.size(0)), planes.const_data_ptr<float>(),
                        normalization_named(normalization), reversed, cpu_execution(),
                        result.mutable_data_ptr<float>());
  return result;
}

}  // namespace semples
