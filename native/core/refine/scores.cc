#include "core/refine/scores.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/error.h"
#include "ops/common/finite.h"

namespace semples {

namespace {

constexpr int64_t kGrain = 32768;  // pixels
constexpr double kLeastProbability = 1e-5;

// Resized, with the background in front.
at::Tensor full_maps(const ScoreMaps& maps, int64_t height, int64_t width) {
  at::Tensor values = maps.values;
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

// uint16 [H, W], kUnsure as such.
at::Tensor label_indices(const LabelMap& map) {
  if (map.labels.scalar_type() == at::kUInt16) return map.labels;
  at::Tensor result = at::empty(map.labels.sizes(), at::kUInt16);
  const uint8_t* from = map.labels.const_data_ptr<uint8_t>();
  const int64_t count = map.count;
  std::transform(from, from + map.labels.numel(), result.mutable_data_ptr<uint16_t>(),
                 [count](uint8_t label) { return label == 255 && count <= 255 ? kUnsure : uint16_t(label); });
  return result;
}

// [count, H, W]: `on` where a plane is the label of the pixel, `off` elsewhere, `unsure` on all planes of unsure ones.
at::Tensor label_planes(const at::Tensor& indices, int64_t count, double on, double off, double unsure) {
  const int64_t pixels = indices.numel();
  at::Tensor planes = at::empty({count, indices.size(0), indices.size(1)}, at::kFloat);
  const uint16_t* label = indices.const_data_ptr<uint16_t>();
  float* out = planes.mutable_data_ptr<float>();
  at::parallel_for(0, pixels, kGrain, [&](int64_t begin, int64_t end) {
    const auto yes = float(on), no = float(off), maybe = float(unsure);
    for (int64_t c = 0; c < count; ++c)
      for (int64_t p = begin; p < end; ++p)
        out[c * pixels + p] = label[p] == c ? yes : (label[p] == kUnsure ? maybe : no);
  });
  return planes;
}

at::Tensor label_energies(const at::Tensor& indices, int64_t count, double confidence) {
  const double others = double(count - 1);
  return label_planes(indices, count, -std::log(confidence), -std::log((1 - confidence) / others),
                      std::log(double(count)));
}

at::Tensor label_probabilities(const at::Tensor& indices, int64_t count) {
  return label_planes(indices, count, 1, 0, 1 / double(count));
}

at::Tensor hard_labels(const ScoreMaps& maps, at::Tensor full) {
  return highest_labels(maps.energies ? full.neg() : full);
}

std::string place(int64_t index, int64_t height, int64_t width) {
  const int64_t row = index / width % height, channel = index / (width * height);
  return "[" + std::to_string(channel) + ", " + std::to_string(row) + ", " + std::to_string(index % width) + "]";
}

void check_values(const ScoreMaps& maps) {
  const float* values = maps.values.const_data_ptr<float>();
  const int64_t first_bad = first_not_finite(values, maps.values.numel());
  if (first_bad < 0) return;
  const std::string number = std::isnan(values[first_bad]) ? "NaN" : values[first_bad] > 0 ? "Infinity" : "-Infinity";
  throw Error("SEMPLES_ARGUMENT_INVALID", "A score is not a finite number")
      .in_field("source.values")
      .received(number + " at " + place(first_bad, maps.values.size(1), maps.values.size(2)))
      .expected("finite numbers");
}

void check_labels(const LabelMap& map) {
  const at::Tensor indices = label_indices(map);
  const uint16_t* labels = indices.const_data_ptr<uint16_t>();
  const uint16_t* end = labels + indices.numel();
  const uint16_t* first_bad =
      std::find_if(labels, end, [&](uint16_t label) { return label >= map.count && label != kUnsure; });
  if (first_bad == end) return;
  const int64_t index = first_bad - labels, width = indices.size(1);
  const bool bytes = map.labels.scalar_type() == at::kByte;
  const std::string unsure = !bytes ? ", or 65535" : map.count <= 255 ? ", or 255" : "";
  throw Error("SEMPLES_ARGUMENT_INVALID", "A label map holds a label that there is not")
      .in_field("source.labelMap")
      .received(std::to_string(*first_bad) + " at [" + std::to_string(index / width) + ", " +
                std::to_string(index % width) + "]")
      .expected("labels below " + std::to_string(map.count) + unsure)
      .hint("Unsure pixels are 65535 in a Uint16Array and 255 in a Uint8Array.");
}

}  // namespace

int64_t label_count(const ScoreSource& source) {
  if (const auto* map = std::get_if<LabelMap>(&source)) return map->count;
  const auto& maps = std::get<ScoreMaps>(source);
  return maps.values.size(0) + (maps.has_background() ? 1 : 0);
}

at::Tensor unary_energies(ScoreSource source, int64_t height, int64_t width) {
  if (const auto* map = std::get_if<LabelMap>(&source))
    return label_energies(label_indices(*map), map->count, map->confidence);
  auto& maps = std::get<ScoreMaps>(source);
  at::Tensor full = full_maps(maps, height, width);
  if (maps.hard) return label_energies(hard_labels(maps, full), full.size(0), maps.confidence);
  return maps.energies ? full : full.clamp_(kLeastProbability, 1).log_().neg_();
}

at::Tensor probability_maps(ScoreSource source, int64_t height, int64_t width) {
  if (const auto* map = std::get_if<LabelMap>(&source)) return label_probabilities(label_indices(*map), map->count);
  auto& maps = std::get<ScoreMaps>(source);
  at::Tensor full = full_maps(maps, height, width);
  if (maps.hard) return label_probabilities(hard_labels(maps, full), full.size(0));
  return maps.energies ? full.neg_().exp_() : full;
}

void check_scores(const ScoreSource& source) {
  if (const auto* map = std::get_if<LabelMap>(&source)) return check_labels(*map);
  check_values(std::get<ScoreMaps>(source));
}

at::Tensor highest_labels(const at::Tensor& scores, float confidence) {
  const int64_t labels = scores.size(0), pixels = scores.size(1) * scores.size(2);
  at::Tensor result = at::empty({scores.size(1), scores.size(2)}, at::kUInt16);
  const float* planes = scores.const_data_ptr<float>();
  uint16_t* out = result.mutable_data_ptr<uint16_t>();
  at::parallel_for(0, pixels, kGrain, [&](int64_t first, int64_t last) {
    constexpr int64_t kBlock = 1024;  // stays in the first cache while the planes pass
    float best[kBlock];
    uint32_t index[kBlock];  // as wide as a float: so the comparison vectorises
    for (int64_t begin = first; begin < last; begin += kBlock) {
      const int64_t count = std::min(kBlock, last - begin);
      std::copy_n(planes + begin, count, best);
      std::fill_n(index, count, 0u);
      for (int64_t c = 1; c < labels; ++c) {
        const float* plane = planes + c * pixels + begin;
        for (int64_t i = 0; i < count; ++i) {
          const bool higher = plane[i] > best[i];
          best[i] = higher ? plane[i] : best[i];
          index[i] = higher ? uint32_t(c) : index[i];
        }
      }
      for (int64_t i = 0; i < count; ++i) out[begin + i] = best[i] < confidence ? kUnsure : uint16_t(index[i]);
    }
  });
  return result;
}

}  // namespace semples
