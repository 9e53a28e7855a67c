#include "core/segment/pixel_loss.h"

#include <torch/torch.h>

#include <algorithm>

namespace semples {

namespace {

// [B, H, W]; 0 where there is no label.
at::Tensor losses_of(const at::Tensor& logits, const PixelTargets& targets) {
  at::Tensor losses = torch::nn::functional::cross_entropy(
      logits, targets.labels,
      torch::nn::functional::CrossEntropyFuncOptions().ignore_index(kIgnoredLabel).reduction(torch::kNone));
  if (targets.class_weights.defined()) {
    const at::Tensor known = targets.labels.clamp_max(targets.class_weights.size(0) - 1);
    losses = losses * targets.class_weights.index_select(0, known.flatten()).view_as(losses);
  }
  return targets.confidence.defined() ? losses * targets.confidence : losses;
}

// The largest loss of each place [H, W] that still gives a gradient; `mean` is that of the whole batch. Tiles at the
// right and bottom edge may be smaller: what lies beyond the picture is not counted.
at::Tensor thresholds(const at::Tensor& losses, double mean, int64_t tile) {
  const at::Tensor average = losses.mean(0, true).unsqueeze(0);
  const int64_t height = losses.size(1), width = losses.size(2);
  const int64_t side = std::min({tile, height, width});
  const at::Tensor tiles = at::avg_pool2d(average, {side, side}, {side, side}, 0, /*ceil_mode=*/true,
                                          /*count_include_pad=*/false);
  const at::Tensor limits = tiles.clamp_min(mean).repeat_interleave(side, 2).repeat_interleave(side, 3);
  return limits[0][0].narrow(0, 0, height).narrow(1, 0, width);
}

}  // namespace

PixelLoss pixel_loss(const at::Tensor& logits, const PixelTargets& targets, const PixelLossConfig& config) {
  at::Tensor losses = losses_of(logits, targets);
  const at::Tensor known = targets.labels != kIgnoredLabel;
  const double labelled = std::max(1.0, known.sum().item<double>());
  PixelLoss result;
  if (config.clipping.enabled) {
    const at::Tensor values = losses.detach();
    const double mean = values.mean().item<double>();
    if (mean <= config.clipping.start) {
      const at::Tensor limits = thresholds(values, mean, config.clipping.tile);
      result.clipped = (values > limits).sum().item<double>() / labelled;
      losses = (losses - limits).clamp_max(0) + limits;
    }
  }
  result.loss = config.mean == PixelMean::kAll ? losses.mean() : (losses * known).sum() / labelled;
  return result;
}

}  // namespace semples
