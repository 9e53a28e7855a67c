// The training of a segmentation model, one step at a time.
#pragma once
#include <memory>
#include <string>

#include "core/segment/pixel_loss.h"
#include "core/segment/segmenter.h"
#include "core/train/optimization.h"

namespace semples {

struct SegmentTrainerConfig {
  PixelLossConfig loss;
  int64_t micro_batch = 0;  // pictures computed at a time, gradients are added up; 0: the whole batch
  OptimizationConfig optimization;

  void visit(OptionVisitor& options) {
    options.object("loss", [this](OptionVisitor& own) { loss.visit(own); });
    options.whole("microBatch", micro_batch, 0, 1 << 20);
    optimization.visit(options);
  }
};

struct SegmentBatch {
  at::Tensor images;     // [B, 3, H, W] ImageNet-normalised
  PixelTargets targets;  // of the processor, which counts their labels
  uint64_t seed = 0;
  double learning_rate = 0;
};

struct SegmentStep {
  double loss = 0;
  double clipped = 0;    // share of the pixels with a label that gave no gradient
  double labelled = 0;   // share of the pixels that have a label
  bool skipped = false;  // no pixel has one: nothing was computed
  NamedTensors details;  // logits and gradients; on request
};

class SegmentTrainer {
 public:
  SegmentTrainer(SegmentTrainerConfig config, std::shared_ptr<Segmenter> segmenter);

  const Segmenter& segmenter() const { return *segmenter_; }

  SegmentStep step(const SegmentBatch& batch, bool details);

  NamedTensors optimizer_state() const { return optimization_->state(); }
  void load_optimizer_state(const NamedTensors& state) { optimization_->load_state(state); }

 private:
  void accumulate(const SegmentBatch& batch, bool details, SegmentStep& result);

  SegmentTrainerConfig config_;
  std::shared_ptr<Segmenter> segmenter_;
  std::unique_ptr<Optimization> optimization_;
};

}  // namespace semples
