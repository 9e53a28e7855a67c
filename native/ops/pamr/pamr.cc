#include "ops/pamr/pamr.h"

#include <ATen/Functions.h>
#include <ATen/core/dispatch/Dispatcher.h>

namespace semples {

void check_pamr(const PamrArguments& a) {
  TORCH_CHECK_VALUE(a.maps.dim() == 3 && a.maps.numel() > 0,
                    "maps must be [labels, height, width], none of them 0, but has shape ", a.maps.sizes());
  const int64_t height = a.maps.size(1), width = a.maps.size(2);
  TORCH_CHECK_VALUE(a.maps.size(0) <= UINT16_MAX, "maps may have ", UINT16_MAX, " labels, but has ", a.maps.size(0));
  TORCH_CHECK_VALUE(height <= INT32_MAX / width / 16, "pictures may have ", INT32_MAX / 16, " pixels, but maps is ",
                    height, " x ", width);
  TORCH_CHECK_TYPE(a.maps.scalar_type() == at::kFloat, "maps must be float32, but is ", a.maps.scalar_type());
  TORCH_CHECK_VALUE(at::isfinite(a.maps).all().item<bool>(), "maps must be finite, but has NaN or infinite values");
  TORCH_CHECK_TYPE(a.image.scalar_type() == at::kByte, "image must be uint8, but is ", a.image.scalar_type());
  TORCH_CHECK_VALUE(a.image.dim() == 3 && a.image.size(0) == height && a.image.size(1) == width && a.image.size(2) == 3,
                    "image must be [", height, ", ", width, ", 3] to fit maps, but has shape ", a.image.sizes());
  TORCH_CHECK_VALUE(a.iterations >= 0 && a.iterations <= INT32_MAX, "iterations must be 0 or more, but is ",
                    a.iterations);
  TORCH_CHECK_VALUE(!a.dilations.empty() && a.dilations.size() <= kMaxDilations, "dilations must be 1 to ",
                    kMaxDilations, " numbers, but has ", a.dilations.size());
  for (const int64_t dilation : a.dilations)
    TORCH_CHECK_VALUE(dilation >= 1, "dilations must be 1 or more, but one is ", dilation);
}

at::Tensor pamr(const PamrArguments& a) {
  require_kernel("pamr", a.maps.device());
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("semples::pamr", "")
                             .typed<at::Tensor(const at::Tensor&, const at::Tensor&, int64_t, at::IntArrayRef)>();
  return op.call(a.image, a.maps, a.iterations, a.dilations);
}

}  // namespace semples
