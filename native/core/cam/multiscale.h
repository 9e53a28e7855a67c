// Multi-scale + flip CAMs of one picture (the sum over all runs, then scaled per class).
#pragma once
#include <torch/types.h>

#include <vector>

#include "core/models/mask_generator.h"
#include "core/options.h"

namespace semples {

enum class CamScaling {
  kMinMax,  // (v - min) / (max - min + 1e-8), as WeakTr
  kMax,     // v / (max + 1e-5), as IRN (Ahn et al., CVPR 2019) and CLIMS (Xie et al., CVPR 2022)
};
enum class CamFit {
  kStretch,  // the map lies over the whole picture
  kCut,      // the map lies over 16 * ceil(side / 16) pixels, of which the picture is the upper left part
};

// How runs become maps.
struct CamRules {
  bool flip = true;
  CamScaling scaling = CamScaling::kMinMax;
  CamFit fit = CamFit::kStretch;

  void visit(OptionVisitor& options) {
    options.flag("flip", flip);
    options.choice("scaling", scaling, {{"minmax", CamScaling::kMinMax}, {"max", CamScaling::kMax}});
    options.choice("fit", fit, {{"stretch", CamFit::kStretch}, {"cut", CamFit::kCut}});
  }
};

struct CamResult {
  at::Tensor cams;          // [k, H, W] float32 in [0, 1], the requested classes in the given order
  at::Tensor class_logits;  // [C] of the first scale, not mirrored
};

// `scales`: uint8 [h, w, 3], the picture at each scale. `height`, `width`: size of the maps.
// `classes`: [k] indices of the classes present.
CamResult multiscale_cams(const MaskGenerator& generator, const std::vector<at::Tensor>& scales,
                          const at::Tensor& classes, const CamRules& rules, int64_t height, int64_t width);

}  // namespace semples
