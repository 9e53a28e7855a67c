// From maps and labels to the masks that cut pictures for CLIP.
#pragma once
#include <torch/types.h>

namespace semples {

// All (picture, class) with label 1, ordered by picture, then class: [n] int64 each.
struct Pairs {
  at::Tensor picture, class_index;
  at::Tensor known_classes;  // class_index on the processor
  int64_t count() const { return picture.size(0); }
};

// labels on the processor, so that nothing waits for a GPU to count them; the pairs on `device`.
Pairs positive_pairs(const at::Tensor& labels, at::Device device);

// maps [A, B, h, w] -> (m - min) / (max - min + epsilon), each map by itself. min and max carry gradient.
at::Tensor scale_maps(const at::Tensor& maps, double epsilon);

// How a map becomes a mask: scaled to 0..1 with `epsilon` in the range, then, where `gain` is above 0, sharpened to
// sigmoid(gain * (m - centre)). A convolutional image tower sees a half-dimmed object as well as a whole one.
struct MaskShape {
  double epsilon = 0.1;  // 0.1 where the generator is trained, 1e-4 where prompts are
  double gain = 0, centre = 0.5;
};

// maps [A, B, h, w], each map by itself.
at::Tensor shape_masks(const at::Tensor& maps, const MaskShape& shape);

// maps [B, C, gh, gw] -> masks [n, 1, H, W] of the pairs: bilinear (align_corners) to the picture's size, then shaped.
at::Tensor pair_masks(const at::Tensor& maps, const Pairs& pairs, int64_t height, int64_t width,
                      const MaskShape& shape);

}  // namespace semples
