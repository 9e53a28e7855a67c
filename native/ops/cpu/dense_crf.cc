#include "ops/dense_crf.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <algorithm>

#include "ops/cpu/mean_field.h"
#include "ops/cpu/mean_field_passes.h"
#include "ops/execution.h"
#include "ops/schemas.h"

namespace semples {

namespace {

crf::Normalization normalization_named(c10::string_view name) {
  if (name == "before") return crf::Normalization::kBefore;
  if (name == "after") return crf::Normalization::kAfter;
  return name == "none" ? crf::Normalization::kNone : crf::Normalization::kSymmetric;
}

static_assert(kMaxCrfLabels == crf::kMaxLabels);

at::Tensor plain(const at::Tensor& tensor, at::ScalarType type) { return tensor.detach().to(type).contiguous(); }

// A row of deviations: [2] along x and y, or [5] with those of the colours.
crf::GaussianKernel kernel_of(const at::Tensor& row) {
  const float* deviation = row.const_data_ptr<float>();
  crf::GaussianKernel kernel;
  kernel.position_deviation = {deviation[0], deviation[1]};
  kernel.colors = row.numel() == 5;
  if (kernel.colors) kernel.color_deviation = {deviation[2], deviation[3], deviation[4]};
  return kernel;
}

crf::Execution crf_execution() {
  crf::Execution execution;
  execution.threads = operation_threads();
  execution.interrupted = semples::execution().interrupted;
  if (execution.threads > 1)
    execution.parallel_for = [](int64_t count, const std::function<void(int64_t)>& body) {
      at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) body(i);
      });
    };
  return execution;
}

// What even a picture of one colour needs: the rows of every pixel, index and weight of every point it touches.
int64_t least_bytes(const crf::MeanFieldProblem& problem) {
  int64_t a_pixel = 4 + crf::padded_lanes(problem.labels) * 4;
  for (const crf::GaussianKernel& kernel : problem.kernels) a_pixel += (kernel.colors ? 6 : 3) * 8;
  return problem.height * problem.width * a_pixel;
}

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
  problem.iterations = static_cast<int>(std::min<int64_t>(iterations, INT32_MAX - 1));
  problem.normalization = normalization_named(normalization);
  for (const at::Tensor& rows : deviations) {
    for (int64_t r = 0; r < rows.size(0); ++r) {
      crf::GaussianKernel kernel = kernel_of(rows[r]);
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
  crf::Execution execution = crf_execution();
  const int64_t limit = semples::execution().memory_limit;
  if (limit > 0) execution.memory_limit = static_cast<size_t>(limit - result_bytes);
  crf::Profile profile;
  at::Tensor marginals = at::empty(unary.sizes(), energies.options());
  try {
    if (!crf::mean_field(problem, execution, marginals.mutable_data_ptr<float>(), &profile)) throw Interrupted();
  } catch (const crf::MemoryLimit& e) {
    throw MemoryLimitExceeded(static_cast<int64_t>(e.needed) + result_bytes, limit);
  }
  if (DenseCrfProfile* wanted = semples::execution().profile)
    *wanted = {profile.lattice, profile.pixels, profile.blur, profile.points,
               static_cast<int64_t>(profile.bytes) + result_bytes};
  return marginals;
}

}  // namespace

int64_t dense_crf_bytes(int64_t height, int64_t width, int64_t labels, int64_t gaussian_kernels,
                        int64_t bilateral_kernels, int64_t threads) {
  crf::MeanFieldProblem problem;
  problem.height = height;
  problem.width = width;
  problem.labels = static_cast<int>(labels);
  problem.kernels.resize(gaussian_kernels + bilateral_kernels);
  for (int64_t k = gaussian_kernels; k < gaussian_kernels + bilateral_kernels; ++k) problem.kernels[k].colors = true;
  return static_cast<int64_t>(crf::mean_field_bytes(problem, static_cast<int>(threads))) +
         height * width * labels * static_cast<int64_t>(sizeof(float));
}

void release_dense_crf_memory() noexcept {
  crf::release_lattices();
  crf::release_kept();
}

at::Tensor dense_crf_filter(const at::Tensor& image, const at::Tensor& values, const at::Tensor& kernel,
                            const std::string& normalization, bool reversed) {
  const at::Tensor pixels = plain(image, at::kByte), planes = plain(values, at::kFloat);
  at::Tensor result = at::empty_like(planes);
  crf::filter(kernel_of(plain(kernel, at::kFloat)), pixels.const_data_ptr<uint8_t>(), planes.size(1), planes.size(2),
              static_cast<int>(planes.size(0)), planes.const_data_ptr<float>(), normalization_named(normalization),
              reversed, crf_execution(), result.mutable_data_ptr<float>());
  return result;
}

void implement_dense_crf_cpu(torch::Library& library) { library.impl("dense_crf", TORCH_FN(dense_crf_cpu)); }

}  // namespace semples
