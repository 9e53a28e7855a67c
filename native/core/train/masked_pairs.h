// From maps and labels to the masks that cut pictures for CLIP.
#pragma once
#include <torch/types.h>

namespace semples {

// All (picture, class) with label 1, ordered by picture, then class: [n] int64 each.
struct Pairs {
  at::Tensor picture, class_index;
  int64_t count() const { return picture.size(0); }
};

Pairs positive_pairs(const at::Tensor& labels);

// maps [A, B, h, w] -> (m - min) / (max - min + epsilon), each map by itself. min and max carry gradient.
at::Tensor scale_maps(const at::Tensor& maps, double epsilon);

// maps [B, C, gh, gw] -> masks [n, 1, H, W] of the pairs: bilinear (align_corners) to the picture's size, then scaled.
at::Tensor pair_masks(const at::Tensor& maps, const Pairs& pairs, int64_t height, int64_t width, double epsilon);

}  // namespace semples
