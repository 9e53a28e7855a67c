#include "core/train/masked_pairs.h"

#include <torch/torch.h>

namespace semples {

Pairs positive_pairs(const at::Tensor& labels) {
  const at::Tensor positions = labels.nonzero();
  return {positions.select(1, 0).contiguous(), positions.select(1, 1).contiguous()};
}

at::Tensor pair_masks(const at::Tensor& fine_cam, const Pairs& pairs, int64_t height, int64_t width, double epsilon) {
  const at::Tensor cams = fine_cam.index({pairs.picture, pairs.class_index}).unsqueeze(1);
  const at::Tensor masks = at::upsample_bilinear2d(cams, {height, width}, true);
  const at::Tensor flat = masks.flatten(1);
  const at::Tensor low = std::get<0>(flat.min(1)).view({-1, 1, 1, 1});
  const at::Tensor high = std::get<0>(flat.max(1)).view({-1, 1, 1, 1});
  return (masks - low) / (high - low + epsilon);
}

}  // namespace semples
