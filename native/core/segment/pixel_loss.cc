#include "core/segment/pixel_loss.h"

#include <torch/torch.h>

#include <algorithm>

namespace semples {

namespace {

// [B, H, W]; 0 where there is no label.
at::Tensor losses_of(const at::Tensor& logits, const at::Tensor& labels, const PixelTargets& targets) {
  at::Tensor losses = torch::nn::functional::cross_entropy(
      logits, labels,
      torch::nn::functional::CrossEntropyFuncOptions().ignore_index(kIgnoredLabel).reduction(torch::kNone));
  if (targets.class_weights.defined()) {
    const at::Tensor known = labels.clamp_max(targets.class_weights.size(0) - 1);
    losses = losses * targets.class_weights.index_select(0, known.flatten()).view_as(losses);
  }
  return targets.confidence.defined() ? losses * targets.confidence : losses;
}

// The largest loss of each place [H, W] that still gives a gradient; `mean` is that of the whole batch. Tiles at the
// right and bottom edge may be smaller: what lies beyond the picture is not counted.
at::Tensor thresholds(const at::Tensor& losses, const at::Tensor& mean, int64_t tile) {
  const at::Tensor average = losses.mean(0, true).unsqueeze(0);
  const int64_t height = losses.size(1), width = losses.size(2);
  const int64_t side = std::min({tile, height, width});
  const at::Tensor tiles = at::avg_pool2d(average, {side, side}, {side, side}, 0, /*ceil_mode=*/true,
                                          /*count_include_pad=*/false);
  const at::Tensor limits = at::maximum(tiles, mean).repeat_interleave(side, 2).repeat_interleave(side, 3);
  return limits[0][0].narrow(0, 0, height).narrow(1, 0, width);
}

}  // namespace

PixelLoss pixel_loss(const at::Tensor& logits, const PixelTargets& targets, const PixelLossConfig& config) {
  const at::Tensor labels = targets.labels.to(torch::kInt64);
  at::Tensor losses = losses_of(logits, labels, targets);
  const at::Tensor known = labels != kIgnoredLabel;
  PixelLoss result;
  result.clipped = at::zeros({}, losses.options());
  if (config.clipping.enabled) {
    const at::Tensor values = losses.detach(), mean = values.mean();
    const at::Tensor limits = thresholds(values, mean, config.clipping.tile);
    const at::Tensor clipped = (values > limits).logical_and(mean <= config.clipping.start);
    result.clipped = clipped.sum();
    losses = at::where(clipped, limits, losses);
  }
  result.loss = config.mean == PixelMean::kAll ? losses.mean() : (losses * known).sum() / known.sum().clamp_min(1);
  return result;
}

}  // namespace semples
