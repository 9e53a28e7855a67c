// One stage's optimisation: what it minimises, what that trains, and how; one step at a time.
#pragma once
#include <torch/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/train/objective.h"
#include "core/train/optimization.h"

namespace semples {

struct TrainerConfig {
  ObjectiveConfig objective;
  bool use_drop_path = true;
  int64_t micro_batch = 0;  // pictures computed at a time, gradients are added up; 0: the whole batch
  OptimizationConfig optimization;

  void visit(OptionVisitor& options) {
    objective.visit(options);
    options.flag("useDropPath", use_drop_path);
    options.whole("microBatch", micro_batch, 0, 1 << 20);
    optimization.visit(options);
  }
};

struct TrainingBatch {
  at::Tensor images;  // [B, 3, H, W] ImageNet-normalised
  at::Tensor labels;  // [B, C] 0/1, on the processor
  uint64_t seed = 0;
  double learning_rate = 0;
};

struct StepResult {
  double loss = 0;
  std::vector<std::pair<std::string, double>> terms;  // unweighted
  int64_t pairs = 0;
  bool skipped = false;  // no positive pair: nothing was computed
  NamedTensors details;  // gradients, similarities, masked pictures; on request
};

class Trainer {
 public:
  // `clip`, `prompts` and `text_ids` (tokens of the class names [C, L]) may be empty where no term needs them.
  Trainer(TrainerConfig config, std::shared_ptr<MaskGenerator> generator, std::shared_ptr<Clip> clip,
          std::shared_ptr<Prompts> prompts, const at::Tensor& text_ids);

  const MaskGenerator& generator() const { return *generator_; }

  StepResult step(const TrainingBatch& batch, bool details);

  NamedTensors optimizer_state() const { return optimization_->state(); }
  void load_optimizer_state(const NamedTensors& state) { optimization_->load_state(state); }

 private:
  void accumulate(const TrainingBatch& batch, bool details, StepResult& result);

  TrainerConfig config_;
  std::shared_ptr<MaskGenerator> generator_;
  Objective objective_;
  std::unique_ptr<Optimization> optimization_;
};

}  // namespace semples
