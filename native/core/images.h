// From bytes to what a network sees.
#pragma once
#include <torch/types.h>

#include <array>
#include <cstdint>
#include <vector>

namespace semples {

// Per-channel statistics of pixels in [0, 1].
struct Normalization {
  std::array<double, 3> mean, deviation;

  bool operator==(const Normalization&) const = default;
};

// ImageNet statistics, of pixels after / 255; what the generator is trained with.
inline constexpr Normalization kImageNet{{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};

// uint8 [B, H, W, 3] -> float32 [B, 3, H, W], (x / 255 - mean) / deviation.
at::Tensor normalize(const at::Tensor& pixels, const Normalization& statistics);

// Images normalised with `from` -> normalised with `to`.
at::Tensor renormalize(const at::Tensor& images, const Normalization& from, const Normalization& to);

// Fills one box a picture ([B, 4] int32: top, left, height, width; height 0 = none) with N(0, 1), in place.
void erase_boxes(at::Tensor& images, const at::Tensor& boxes, uint64_t seed);

}  // namespace semples
