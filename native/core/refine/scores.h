// From what a method says of a picture (score maps, or a label map) to what refinement starts from, and back to labels.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <variant>

namespace semples {

inline constexpr uint16_t kUnsure = 65535;

// Probabilities (CAMs in [0, 1] are treated as such), or energies -log p.
struct ScoreMaps {
  at::Tensor values;           // float32 [channels, h, w], of any size
  bool align_corners = false;  // of the bilinear resizing to the picture's size
  bool energies = false;
  // A map in front of the others: a constant, or (1 - the highest other score) ^ power. Made after resizing.
  std::optional<double> background_threshold, background_power;
  bool hard = false;        // only the highest label of each pixel counts, as in a label map
  double confidence = 0.7;  // then
  bool has_background() const { return background_threshold || background_power; }
};

struct LabelMap {
  at::Tensor labels;  // uint16 [H, W], below `count`, or kUnsure; or uint8: 255 means kUnsure where not below `count`
  int64_t count = 0;
  double confidence = 0.7;  // g: that the label is right
};

using ScoreSource = std::variant<ScoreMaps, LabelMap>;

// Labels that a refinement of `source` has, background included.
int64_t label_count(const ScoreSource& source);

// Energies float32 [C, H, W]. Soft: -ln clip(p, 1e-5, 1), p not renormalised. Hard: -ln g on the label of a pixel,
// -ln((1 - g) / (C - 1)) on the others; -ln(1 / C) on all labels of an unsure pixel. May overwrite the source, which
// has been checked.
at::Tensor unary_energies(ScoreSource source, int64_t height, int64_t width);

// The maps themselves [C, H, W]: probabilities (of energies e: exp(-e)); of labels 1 on a pixel's label, 0 on the
// others, and 1 / C on all labels of an unsure pixel.
at::Tensor probability_maps(ScoreSource source, int64_t height, int64_t width);

// Throws Error where a score is not finite or a label out of range.
void check_scores(const ScoreSource& source);

// The index of each pixel's highest score in [C, H, W], the first of equal ones: uint16 [H, W]; kUnsure where that
// score is below `confidence`.
at::Tensor highest_labels(const at::Tensor& scores, float confidence = -INFINITY);

}  // namespace semples
