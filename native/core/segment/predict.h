// Masks from a segmentation model: windows that slide over the picture, several scales, the mirrored picture too.
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "core/options.h"
#include "core/segment/segmenter.h"

namespace semples {

struct PredictRules {
  int64_t window = 480, stride = 320;  // pixels
  int64_t at_once = 4;                 // windows computed at a time
  bool flip = true;                    // also the mirrored picture
  double earlier = 0;                  // weight of what the decoder's last block but one gives, beside 1 for the last

  void visit(OptionVisitor& options) {
    options.whole("window", window, 1, 1 << 14);
    options.whole("stride", stride, 1, 1 << 14);
    options.whole("atOnce", at_once, 1, 1 << 12);
    options.flag("flip", flip);
    options.number("earlier", earlier);
  }
};

// Where windows begin along a side: every `stride`, the last flush with the border; at 0 alone where one window will
// do.
std::vector<int64_t> window_starts(int64_t length, int64_t window, int64_t stride);

// Logits [outputs][C, H, W] of one picture [3, H, W], ImageNet-normalised: the mean over the windows that a pixel is
// in.
std::vector<at::Tensor> window_logits(const Segmenter& segmenter, const at::Tensor& image, const PredictRules& rules);

// Probabilities [C, height, width]: of each scale (uint8 [h, w, 3]) the logits, resized (bilinear) to that size,
// softmax, mean over scales and mirrors; summed over outputs with their weights.
at::Tensor predict(const Segmenter& segmenter, const std::vector<at::Tensor>& scales, const PredictRules& rules,
                   int64_t height, int64_t width);

}  // namespace semples
