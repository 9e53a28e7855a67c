// Word for word what pamr.h says, in float64.
#include "ops/pamr/pamr.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <torch/library.h>

namespace semples {

namespace {

constexpr const char* kSchema =
    "ref_pamr(Tensor image, Tensor maps, int iterations=10, int[] dilations=[1, 2, 4, 8, 12, 24]) -> Tensor";

// Planes [C, H, W] -> [n, C, H, W] of the neighbours of each pixel.
at::Tensor neighbours(const at::Tensor& planes, at::IntArrayRef dilations) {
  const int64_t height = planes.size(1), width = planes.size(2);
  std::vector<at::Tensor> shifted;
  for (const int64_t dilation : dilations) {
    for (int64_t dy = -1; dy <= 1; ++dy) {
      for (int64_t dx = -1; dx <= 1; ++dx) {
        if (dy == 0 && dx == 0) continue;
        const at::Tensor y = (at::arange(height) + dy * dilation).clamp(0, height - 1);
        const at::Tensor x = (at::arange(width) + dx * dilation).clamp(0, width - 1);
        shifted.push_back(planes.index_select(1, y).index_select(2, x));
      }
    }
  }
  return at::stack(shifted);
}

at::Tensor pamr_reference(const at::Tensor& image, const at::Tensor& maps, int64_t iterations,
                          at::IntArrayRef dilations) {
  check_pamr({image, maps, iterations, dilations.vec()});
  const at::Tensor colors = image.to(at::kDouble).permute({2, 0, 1}) / 255;
  const at::Tensor around = neighbours(colors, dilations);
  const at::Tensor centre = colors.unsqueeze(0);
  const int64_t copies = static_cast<int64_t>(dilations.size());
  const at::Tensor sigma = at::cat({around, centre.expand({copies, -1, -1, -1})}).std(0, /*unbiased=*/true);
  const at::Tensor affinity = -((centre - around).abs() / (1e-8 + 0.1 * sigma)).mean(1, /*keepdim=*/true);
  const at::Tensor weights = affinity.softmax(0);
  at::Tensor refined = maps.to(at::kDouble);
  for (int64_t i = 0; i < iterations; ++i) refined = (weights * neighbours(refined, dilations)).sum(0);
  return refined.to(at::kFloat);
}

}  // namespace

// Built into the oracle for tests alone, where registering at load is no harm.
TORCH_LIBRARY_FRAGMENT(semples, library) {
  library.def(kSchema);
  library.impl("ref_pamr", c10::DispatchKey::CPU, TORCH_FN(pamr_reference));
}

}  // namespace semples
