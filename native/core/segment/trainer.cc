#include "core/segment/trainer.h"

#include <torch/torch.h>

#include <algorithm>

#include "core/device.h"

namespace semples {

namespace {

std::vector<ParameterSet> sets_of(const Segmenter& segmenter) {
  const std::string prefix = segmenter.encoder_prefix();
  ParameterSet encoder{"encoder", {}}, decoder{"decoder", {}};
  for (const auto& entry : segmenter.parameters()) {
    const bool trained_before = !prefix.empty() && entry.first.rfind(prefix, 0) == 0;
    (trained_before ? encoder : decoder).parameters.push_back(entry.first);
  }
  return {encoder, decoder};
}

// Of some pictures, on the device of the model.
PixelTargets part_of(const PixelTargets& targets, int64_t first, int64_t count, at::Device device) {
  PixelTargets part;
  part.labels = send(targets.labels.narrow(0, first, count), device);
  if (targets.confidence.defined()) part.confidence = send(targets.confidence.narrow(0, first, count), device);
  if (targets.class_weights.defined()) part.class_weights = send(targets.class_weights, device);
  return part;
}

double labelled_pixels(const at::Tensor& labels) { return (labels != kIgnoredLabel).sum().item<double>(); }

}  // namespace

SegmentTrainer::SegmentTrainer(SegmentTrainerConfig config, std::shared_ptr<Segmenter> segmenter)
    : config_(std::move(config)), segmenter_(std::move(segmenter)) {
  optimization_ = std::make_unique<Optimization>(config_.optimization, segmenter_->parameters(),
                                                 segmenter_->parameters(), sets_of(*segmenter_));
}

SegmentStep SegmentTrainer::step(const SegmentBatch& batch, bool details) {
  SegmentStep result;
  result.labelled = labelled_pixels(batch.targets.labels) / double(batch.targets.labels.numel());
  if (result.labelled == 0) {
    result.skipped = true;
    return result;
  }
  for (auto& gradient : optimization_->step(batch.learning_rate, details, [&] { accumulate(batch, details, result); }))
    result.details.push_back(std::move(gradient));
  return result;
}

// Adds up loss and gradients over parts of the batch, each by its share: of the pixels that the mean is over.
void SegmentTrainer::accumulate(const SegmentBatch& batch, bool details, SegmentStep& result) {
  const at::Tensor& labels = batch.targets.labels;
  const int64_t pictures = batch.images.size(0), size = config_.micro_batch > 0 ? config_.micro_batch : pictures;
  const double all = labelled_pixels(labels);
  std::vector<at::Tensor> logits, losses, clipped;
  for (int64_t first = 0; first < pictures; first += size) {
    const int64_t count = std::min(size, pictures - first);
    const double known = labelled_pixels(labels.narrow(0, first, count));
    const double share = config_.loss.mean == PixelMean::kAll ? double(count) / double(pictures) : known / all;
    if (share == 0) continue;
    StepNoise noise(batch.seed, first);
    const at::Tensor own = segmenter_->logits(batch.images.narrow(0, first, count), {true, &noise});
    const PixelLoss value = pixel_loss(own, part_of(batch.targets, first, count, batch.images.device()), config_.loss);
    const at::Tensor loss = value.loss * share;
    losses.push_back(loss.detach());
    clipped.push_back(value.clipped);
    if (details) logits.push_back(own.detach());
    loss.backward();
  }
  // The one time in a step that the processor waits for a GPU: before any parameter is changed.
  std::vector<at::Tensor> values = losses;
  values.insert(values.end(), clipped.begin(), clipped.end());
  const std::vector<double> numbers = host_numbers(values);
  for (size_t i = 0; i < losses.size(); ++i) {
    result.loss += numbers[i];
    result.clipped += numbers[losses.size() + i] / all;
  }
  check_finite(result.loss);
  if (details) result.details.emplace_back("logits", at::cat(logits));
}

}  // namespace semples
