// Label maps: what they hold, planes of them, and from scores back to labels.
#pragma once
#include <ATen/core/Tensor.h>

#include <cmath>
#include <cstdint>

namespace semples {

inline constexpr uint16_t kUnsure = 65535;

struct LabelMap {
  at::Tensor labels;  // uint16 [H, W], below `count`, or kUnsure; or uint8: 255 means kUnsure where not below `count`
  int64_t count = 0;
  double gt_prob = 0.7;  // that the label is right
};

// Throws Error where a label is out of range. Of a map in host memory.
void check_labels(const LabelMap& map);

// uint16 [H, W], kUnsure as such. Of a map in host memory.
at::Tensor label_indices(const LabelMap& map);

// float32 [count, H, W] on the device of `indices` (uint16 [H, W]): `on` where a plane is the label of the pixel, `off`
// elsewhere, `unsure` on all planes of unsure pixels.
at::Tensor label_planes(const at::Tensor& indices, int64_t count, double on, double off, double unsure);

// The index of each pixel's highest score in [C, H, W], the first of equal ones: uint16 [H, W] on the same device;
// kUnsure where that score is below `min_confidence`.
at::Tensor highest_labels(const at::Tensor& scores, float min_confidence = -INFINITY);

}  // namespace semples
