#include "core/train/masked_pairs.h"

#include <torch/torch.h>

#include "core/device.h"

namespace semples {

Pairs positive_pairs(const at::Tensor& labels, at::Device device) {
  const at::Tensor positions = labels.nonzero(), classes = positions.select(1, 1).contiguous();
  return {send(positions.select(1, 0).contiguous(), device), send(classes, device), classes};
}

at::Tensor scale_maps(const at::Tensor& maps, double epsilon) {
  const at::Tensor flat = maps.flatten(2);
  const at::Tensor low = std::get<0>(flat.min(2)).unsqueeze(-1).unsqueeze(-1);
  const at::Tensor high = std::get<0>(flat.max(2)).unsqueeze(-1).unsqueeze(-1);
  return (maps - low) / (high - low + epsilon);
}

at::Tensor shape_masks(const at::Tensor& maps, const MaskShape& shape) {
  const at::Tensor masks = scale_maps(maps, shape.epsilon);
  return shape.gain > 0 ? at::sigmoid(shape.gain * (masks - shape.centre)) : masks;
}

at::Tensor pair_masks(const at::Tensor& maps, const Pairs& pairs, int64_t height, int64_t width,
                      const MaskShape& shape) {
  const at::Tensor own = maps.index({pairs.picture, pairs.class_index}).unsqueeze(1);
  return shape_masks(at::upsample_bilinear2d(own, {height, width}, true), shape);
}

}  // namespace semples
