// What a segmentation model minimises: cross-entropy of its logits against a label at every pixel.
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.h"

namespace semples {

inline constexpr int64_t kIgnoredLabel = 255;

// Adaptive gradient clipping (WeakTr, Zhu et al., arXiv 2304.01184, section 3.4): pixels whose loss is above what is
// usual around them, mostly those whose pseudo label is wrong, give no gradient.
struct AdaptiveClipping {
  bool enabled = false;
  double start = 1.2;  // mean loss of a batch below which it works
  int64_t tile = 120;  // pixels a side of what "around" is

  void visit(OptionVisitor& options) {
    options.flag("enabled", enabled);
    options.number("start", start);
    options.whole("tile", tile, 1, 1 << 14);
  }
};

enum class PixelMean {
  kAll,    // over all pixels: ignored ones count as 0, so that they shorten the step
  kValid,  // over those with a label
};

struct PixelLossConfig {
  AdaptiveClipping clipping;
  PixelMean mean = PixelMean::kAll;

  void visit(OptionVisitor& options) {
    options.object("clipping", [this](OptionVisitor& own) { clipping.visit(own); });
    options.choice("mean", mean, {{"all", PixelMean::kAll}, {"valid", PixelMean::kValid}});
  }
};

struct PixelTargets {
  at::Tensor labels;         // [B, H, W] uint8; kIgnoredLabel where there is none
  at::Tensor confidence;     // [B, H, W] float32 in [0, 1], a factor of each pixel's loss; undefined: 1
  at::Tensor class_weights;  // [C] float32, a factor by the label; undefined: 1
};

struct PixelLoss {
  at::Tensor loss;     // a number
  at::Tensor clipped;  // a number: how many pixels give no gradient
};

// logits [B, C, H, W], on the device of the targets; nothing waits for that.
PixelLoss pixel_loss(const at::Tensor& logits, const PixelTargets& targets, const PixelLossConfig& config);

}  // namespace semples
