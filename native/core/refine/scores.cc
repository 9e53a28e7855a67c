#include "core/refine/scores.h"

#include <torch/torch.h>

#include <cmath>
#include <sstream>
#include <string>
#include <utility>

#include "core/error.h"
#include "ops/common/finite.h"

namespace semples {

namespace {

constexpr double kLeastProbability = 1e-5;

// On the device, resized, with the background in front.
at::Tensor full_maps(const ScoreMaps& maps, int64_t height, int64_t width, at::Device device) {
  at::Tensor values = maps.values.to(device);
  if (values.size(1) != height || values.size(2) != width)
    values = at::upsample_bilinear2d(values.unsqueeze(0), {height, width}, maps.align_corners).squeeze(0);
  if (!maps.has_background()) return values;
  at::Tensor full = at::empty({values.size(0) + 1, height, width}, values.options());
  full.narrow(0, 1, values.size(0)).copy_(values);
  at::Tensor background = full[0];
  if (maps.background_threshold)
    background.fill_(*maps.background_threshold);
  else
    background.copy_(at::amax(values, 0)).neg_().add_(1).clamp_min_(0).pow_(*maps.background_power);
  return full;
}

at::Tensor label_energies(const at::Tensor& indices, int64_t count, double gt_prob) {
  const double others = double(count - 1);
  return label_planes(indices, count, -std::log(gt_prob), -std::log((1 - gt_prob) / others), std::log(double(count)));
}

at::Tensor label_probabilities(const at::Tensor& indices, int64_t count) {
  return label_planes(indices, count, 1, 0, 1 / double(count));
}

at::Tensor hard_labels(const ScoreMaps& maps, at::Tensor full) {
  return highest_labels(maps.energies ? full.neg() : full);
}

std::string place(int64_t index, int64_t height, int64_t width) {
  const int64_t row = index / width % height, channel = index / (width * height);
  std::ostringstream text;
  text << '[' << channel << ", " << row << ", " << index % width << ']';
  return text.str();
}

void check_values(const ScoreMaps& maps) {
  const float* values = maps.values.const_data_ptr<float>();
  const int64_t first_bad = first_not_finite(values, maps.values.numel());
  if (first_bad < 0) return;
  const std::string number = std::isnan(values[first_bad]) ? "NaN" : values[first_bad] > 0 ? "Infinity" : "-Infinity";
  throw refusal("source.values", "finite numbers",
                number + " at " + place(first_bad, maps.values.size(1), maps.values.size(2)));
}

}  // namespace

int64_t label_count(const ScoreSource& source) {
  if (const auto* map = std::get_if<LabelMap>(&source)) return map->count;
  const auto& maps = std::get<ScoreMaps>(source);
  return maps.values.size(0) + (maps.has_background() ? 1 : 0);
}

at::Tensor unary_energies(ScoreSource source, int64_t height, int64_t width, at::Device device) {
  if (const auto* map = std::get_if<LabelMap>(&source))
    return label_energies(label_indices(*map).to(device), map->count, map->gt_prob);
  auto& maps = std::get<ScoreMaps>(source);
  at::Tensor full = full_maps(maps, height, width, device);
  if (maps.hard) return label_energies(hard_labels(maps, full), full.size(0), maps.gt_prob);
  return maps.energies ? full : full.clamp_(kLeastProbability, 1).log_().neg_();
}

at::Tensor probability_maps(ScoreSource source, int64_t height, int64_t width, at::Device device) {
  if (const auto* map = std::get_if<LabelMap>(&source))
    return label_probabilities(label_indices(*map).to(device), map->count);
  auto& maps = std::get<ScoreMaps>(source);
  at::Tensor full = full_maps(maps, height, width, device);
  if (maps.hard) return label_probabilities(hard_labels(maps, full), full.size(0));
  return maps.energies ? full.neg_().exp_() : full;
}

void check_scores(const ScoreSource& source) {
  if (const auto* map = std::get_if<LabelMap>(&source)) return check_labels(*map);
  check_values(std::get<ScoreMaps>(source));
}

}  // namespace semples
