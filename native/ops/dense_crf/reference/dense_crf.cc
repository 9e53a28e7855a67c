// Every pair of pixels, in float64: what the lattice approximates. For pictures of a few hundred pixels.
#include "ops/dense_crf/dense_crf.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <torch/library.h>

namespace semples {

namespace {

constexpr const char* kSchema =
    "ref_dense_crf(Tensor image, Tensor unary, Tensor gaussian, Tensor bilateral, Tensor[] compatibility, "
    "int iterations=10, str normalization='symmetric', Tensor? start=None) -> Tensor";

// [pixels, pixels] exp(-|f_i - f_j|^2 / 2) of features [pixels, d] over their deviations [d].
at::Tensor gram(const at::Tensor& features, const at::Tensor& deviations) {
  const at::Tensor scaled = features / deviations;
  return (-0.5 * (scaled.unsqueeze(0) - scaled.unsqueeze(1)).pow(2).sum(-1)).exp();
}

at::Tensor normalized(const at::Tensor& kernel, const std::string& normalization) {
  const at::Tensor sums = kernel.sum(1);
  if (normalization == "symmetric") return kernel / sums.sqrt().unsqueeze(0) / sums.sqrt().unsqueeze(1);
  if (normalization == "before") return kernel / sums.unsqueeze(0);
  return normalization == "after" ? kernel / sums.unsqueeze(1) : kernel;
}

at::Tensor dense_crf_reference(const at::Tensor& image, const at::Tensor& unary, const at::Tensor& gaussian,
                               const at::Tensor& bilateral, at::TensorList compatibility, int64_t iterations,
                               c10::string_view name, const std::optional<at::Tensor>& start) {
  const std::string normalization(name);
  check_dense_crf({image, unary, gaussian, bilateral, compatibility.vec(), iterations, normalization, start});
  const int64_t labels = unary.size(0), height = unary.size(1), width = unary.size(2);
  TORCH_CHECK_VALUE(height * width <= 4096, "the reference compares all pairs of at most 4096 pixels");
  const auto options = at::TensorOptions(at::kDouble);
  const at::Tensor x = at::arange(width, options).expand({height, width}).reshape({-1, 1});
  const at::Tensor y = at::arange(height, options).unsqueeze(1).expand({height, width}).reshape({-1, 1});
  const at::Tensor positions = at::cat({x, y}, 1);
  const at::Tensor features = at::cat({positions, image.to(at::kDouble).reshape({height * width, -1})}, 1);

  std::vector<at::Tensor> kernels;
  for (int64_t k = 0; k < gaussian.size(0); ++k)
    kernels.push_back(normalized(gram(positions, gaussian[k].to(at::kDouble)), normalization));
  for (int64_t k = 0; k < bilateral.size(0); ++k)
    kernels.push_back(normalized(gram(features, bilateral[k].to(at::kDouble)), normalization));

  const at::Tensor energies = unary.to(at::kDouble).reshape({labels, -1});
  at::Tensor q = start ? start->to(at::kDouble).reshape({labels, -1}) : (-energies).softmax(0);
  for (int64_t i = 0; i < iterations; ++i) {
    at::Tensor total = energies.clone();
    for (size_t k = 0; k < kernels.size(); ++k) {
      const at::Tensor message = q.matmul(kernels[k].t()), weights = compatibility[k].to(at::kDouble);
      if (weights.numel() == 1) {
        total -= weights.reshape({}) * message;
      } else {
        total += 0.5 * (weights + weights.t()).matmul(message);
      }
    }
    q = (-total).softmax(0);
  }
  return q.to(at::kFloat).reshape({labels, height, width});
}

}  // namespace

// Built into the oracle for tests alone, where registering at load is no harm.
TORCH_LIBRARY_FRAGMENT(semples, library) {
  library.def(kSchema);
  library.impl("ref_dense_crf", c10::DispatchKey::CPU, TORCH_FN(dense_crf_reference));
}

}  // namespace semples
