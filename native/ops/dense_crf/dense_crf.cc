#include "ops/dense_crf/dense_crf.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include "ops/common/finite.h"

namespace semples {

namespace {

// gaussian [3, 2] deviations, as float64 on the CPU.
void check_deviations(const at::Tensor& deviations, const char* name, int64_t columns) {
  TORCH_CHECK_VALUE(deviations.dim() == 2 && deviations.size(1) == columns, name, " must be [kernels, ", columns,
                    "] standard deviations, but has shape ", deviations.sizes());
  TORCH_CHECK_TYPE(deviations.is_floating_point(), name, " must be floating point, but is ", deviations.scalar_type());
  TORCH_CHECK_VALUE(
      deviations.numel() == 0 || (at::isfinite(deviations).all().item<bool>() && (deviations > 0).all().item<bool>()),
      name, ": standard deviations must be finite and greater than 0, but are ", deviations);
}

void check_planes(const at::Tensor& planes, const char* name) {
  TORCH_CHECK_TYPE(planes.scalar_type() == at::kFloat, name, " must be float32, but is ", planes.scalar_type());
  const bool plain = planes.is_cpu() && planes.is_contiguous();
  const bool finite = plain ? first_not_finite(planes.const_data_ptr<float>(), planes.numel()) < 0
                            : at::isfinite(planes).all().item<bool>();
  TORCH_CHECK_VALUE(finite, name, " must be finite, but has NaN or infinite values");
}

}  // namespace

void check_dense_crf(const DenseCrfArguments& a) {
  TORCH_CHECK_VALUE(a.unary.dim() == 3 && a.unary.numel() > 0,
                    "unary must be [labels, height, width], none of them 0, ", "but has shape ", a.unary.sizes());
  const int64_t labels = a.unary.size(0), height = a.unary.size(1), width = a.unary.size(2);
  TORCH_CHECK_VALUE(labels <= kMaxCrfLabels, "unary may have ", kMaxCrfLabels, " labels, but has ", labels);
  TORCH_CHECK_VALUE(height <= kMaxCrfPixels / width, "pictures may have ", kMaxCrfPixels, " pixels, but unary is ",
                    height, " x ", width);
  check_planes(a.unary, "unary");
  check_deviations(a.gaussian, "gaussian", 2);
  check_deviations(a.bilateral, "bilateral", 5);
  const int64_t kernels = a.gaussian.size(0) + a.bilateral.size(0);
  TORCH_CHECK_TYPE(a.image.scalar_type() == at::kByte, "image must be uint8, but is ", a.image.scalar_type());
  TORCH_CHECK_VALUE(a.image.dim() == 3 && a.image.size(0) == height && a.image.size(1) == width &&
                        (a.image.size(2) == 3 || (a.image.size(2) == 0 && a.bilateral.size(0) == 0)),
                    "image must be [", height, ", ", width, ", 3] to fit unary, but has shape ", a.image.sizes());
  TORCH_CHECK_VALUE(static_cast<int64_t>(a.compatibility.size()) == kernels, "compatibility must have one tensor for ",
                    "each of ", kernels, " kernels, but has ", a.compatibility.size());
  for (const at::Tensor& c : a.compatibility) {
    TORCH_CHECK_VALUE(c.numel() == 1 || (c.dim() == 2 && c.size(0) == labels && c.size(1) == labels),
                      "compatibility must be single numbers or [", labels, ", ", labels,
                      "] matrices, but one has shape ", c.sizes());
    TORCH_CHECK_VALUE(at::isfinite(c).all().item<bool>(), "compatibility must be finite");
  }
  TORCH_CHECK_VALUE(a.iterations >= 0, "iterations must be 0 or more, but is ", a.iterations);
  TORCH_CHECK_VALUE(a.normalization == "symmetric" || a.normalization == "before" || a.normalization == "after" ||
                        a.normalization == "none",
                    "normalization must be symmetric, before, after or none, but is ", a.normalization);
  if (!a.start) return;
  TORCH_CHECK_VALUE(a.start->sizes() == a.unary.sizes(), "start must have the shape of unary, ", a.unary.sizes(),
                    ", but has ", a.start->sizes());
  check_planes(*a.start, "start");
}

at::Tensor dense_crf(const DenseCrfArguments& a) {
  require_kernel("dense_crf", a.unary.device());
  static const auto op =
      c10::Dispatcher::singleton()
          .findSchemaOrThrow("semples::dense_crf", "")
          .typed<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&, at::TensorList,
                            int64_t, c10::string_view, const std::optional<at::Tensor>&)>();
  return op.call(a.image, a.unary, a.gaussian, a.bilateral, a.compatibility, a.iterations, a.normalization, a.start);
}

}  // namespace semples
