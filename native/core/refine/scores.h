// From what a method says of a picture (score maps, or a label map) to what refinement starts from, and back to labels.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <variant>

#include "core/refine/labels.h"

namespace semples {

// Probabilities (CAMs in [0, 1] are treated as such), or energies -log p. In host memory, as all sources.
struct ScoreMaps {
  at::Tensor values;           // float32 [channels, h, w], of any size
  bool align_corners = false;  // of the bilinear resizing to the picture's size
  bool energies = false;
  // A map in front of the others: a constant, or (1 - the highest other score) ^ power. Made after resizing.
  std::optional<double> background_threshold, background_power;
  bool hard = false;     // only the highest label of each pixel counts, as in a label map
  double gt_prob = 0.7;  // with `hard`: that this label is right
  bool has_background() const { return background_threshold || background_power; }
};

using ScoreSource = std::variant<ScoreMaps, LabelMap>;

// Labels that a refinement of `source` has, background included.
int64_t label_count(const ScoreSource& source);

// Energies float32 [C, H, W] on a device. Soft: -ln clip(p, 1e-5, 1), p not renormalised. Hard: -ln g on the label of a
// pixel, -ln((1 - g) / (C - 1)) on the others; -ln(1 / C) on all labels of an unsure pixel. May overwrite the source,
// which has been checked.
at::Tensor unary_energies(ScoreSource source, int64_t height, int64_t width, at::Device device);

// The maps themselves [C, H, W] on a device: probabilities (of energies e: exp(-e)); of labels 1 on a pixel's label, 0
// on the others, and 1 / C on all labels of an unsure pixel.
at::Tensor probability_maps(ScoreSource source, int64_t height, int64_t width, at::Device device);

// Throws Error where a score is not finite or a label out of range.
void check_scores(const ScoreSource& source);

}  // namespace semples
