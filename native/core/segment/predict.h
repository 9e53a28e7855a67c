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
  bool probabilities = false;          // also those of every class
  int64_t band_rows = 0;               // rows of a mask made at a time; 0: as many as take little memory

  void visit(OptionVisitor& options) {
    options.whole("window", window, 1, 1 << 14);
    options.whole("stride", stride, 1, 1 << 14);
    options.whole("atOnce", at_once, 1, 1 << 12);
    options.flag("flip", flip);
    options.number("earlier", earlier);
    options.flag("probabilities", probabilities);
    options.whole("bandRows", band_rows, 0, 1 << 16);
  }
};

// A picture in several sizes, each uint8 [h, w, 3], and the size of its mask.
struct ScaledPicture {
  std::vector<at::Tensor> scales;
  int64_t height = 0, width = 0;
};

struct PredictedMask {
  at::Tensor labels;         // uint8 [H, W]: the most probable class
  at::Tensor confidence;     // float32 [H, W]: its probability
  at::Tensor probabilities;  // float32 [C, H, W]; on request
};

// Of each scale the logits, the mean over the windows that a pixel is in, resized (bilinear) to the size of the mask,
// softmax, mean over scales and mirrors; summed over outputs with their weights. Windows of all pictures are computed
// together; the size of a picture counts for its results alone, which are made in bands of rows.
// Throws Error SEMPLES_INTERRUPTED where `execution()` is interrupted.
std::vector<PredictedMask> predict(const Segmenter& segmenter, const std::vector<ScaledPicture>& pictures,
                                   const PredictRules& rules);

}  // namespace semples
