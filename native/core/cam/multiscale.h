// Multi-scale + flip CAMs of one picture (WeakTr, arXiv 2304.01184: sum over all runs, then min-max per class).
#pragma once
#include <torch/types.h>

#include <vector>

#include "core/models/mask_generator.h"

namespace semples {

struct CamResult {
  at::Tensor cams;          // [k, H, W] float32 in [0, 1], the requested classes in the given order
  at::Tensor class_logits;  // [C] of the first scale, not mirrored
};

// `scales`: uint8 [h, w, 3], the picture at each scale. `height`, `width`: size of the maps.
// `classes`: [k] indices of the classes present.
CamResult multiscale_cams(const MaskGenerator& generator, const std::vector<at::Tensor>& scales,
                          const at::Tensor& classes, bool flip, int64_t height, int64_t width);

}  // namespace semples
