// From CAMs and labels to the masked pictures that CLIP sees.
#pragma once
#include <torch/types.h>

namespace semples {

// All (picture, class) with label 1, ordered by picture, then class: [n] int64 each.
struct Pairs {
  at::Tensor picture, class_index;
  int64_t count() const { return picture.size(0); }
};

Pairs positive_pairs(const at::Tensor& labels);

// fine_cam [B, C, gh, gw] -> masks [n, 1, H, W] of the pairs: bilinear (align_corners) to the picture's size, then
// (m - min) / (max - min + epsilon) per mask. min and max carry gradient.
at::Tensor pair_masks(const at::Tensor& fine_cam, const Pairs& pairs, int64_t height, int64_t width, double epsilon);

}  // namespace semples
