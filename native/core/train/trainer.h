// One stage's optimisation: named loss terms, what they train, one step at a time.
#pragma once
#include <torch/optim/adamw.h>
#include <torch/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/clip/clip.h"
#include "core/clip/prompts.h"
#include "core/losses/contrastive.h"
#include "core/models/mask_generator.h"

namespace semples {

enum class Trainable {
  kHead,     // CAM head and attention fusion: what the published losses reach
  kAll,      // the whole generator
  kPrompts,  // the background prompts; the generator is in evaluation mode
};

struct WeightedTerm {
  std::string name;
  double weight = 1;
};

struct TrainerConfig {
  std::vector<WeightedTerm> terms;
  Trainable trains = Trainable::kHead;
  LossForm form = LossForm::kLog;
  double mask_epsilon = 0.1;  // 0.1 where the generator is trained, 1e-4 where prompts are
  // Stage 0: the head trains the backbone, the refined CAM does not.
  bool classification_gradients = false;
  bool drop_path = true;
  // Give CLIP pictures with CLIP's own statistics instead of the generator's.
  bool clip_statistics = false;
  double gradient_clip = 0;  // largest norm of all gradients together; 0: any
  double weight_decay = 0.03, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
};

struct TrainingBatch {
  at::Tensor images;  // [B, 3, H, W] ImageNet-normalised
  at::Tensor labels;  // [B, C] 0/1
  uint64_t seed = 0;
  double learning_rate = 0;
};

struct StepResult {
  double loss = 0;
  std::map<std::string, double> terms;  // unweighted
  int64_t pairs = 0;
  bool skipped = false;  // no positive pair: nothing was computed
  NamedTensors details;  // gradients, similarities, masked pictures; on request
};

class Trainer {
 public:
  // `clip`, `prompts` and `texts` (unit-length features of the class names [C, D]) may be empty where no term needs
  // them.
  Trainer(TrainerConfig config, std::shared_ptr<MaskGenerator> generator, std::shared_ptr<Clip> clip,
          std::shared_ptr<Prompts> prompts, const at::Tensor& text_ids);

  StepResult step(const TrainingBatch& batch, bool details);

  // `step.<name>`, `exp_avg.<name>`, `exp_avg_sq.<name>`: everything that resuming needs.
  NamedTensors optimizer_state() const;
  // Takes its place as a whole: what does not fit changes nothing.
  void load_optimizer_state(const NamedTensors& state);

 private:
  at::Tensor contrastive_loss(const GeneratorOutputs& outputs, const TrainingBatch& batch, StepResult& result,
                              bool details);
  at::Tensor encode_masked(const at::Tensor& masked) const;
  const at::Tensor& text_features();
  at::Tensor prompt_features(const at::Tensor& classes);
  void clip_gradients() const;
  void check_inputs() const;
  class Gradients;

  TrainerConfig config_;
  std::shared_ptr<MaskGenerator> generator_;
  std::shared_ptr<Clip> clip_;
  std::shared_ptr<Prompts> prompts_;
  at::Tensor text_ids_, text_features_, fixed_prompt_features_;
  NamedTensors trained_;
  std::unique_ptr<torch::optim::AdamW> optimizer_;
  TermNeeds needs_;
  bool classifies_ = false, contrasts_ = false;
};

}  // namespace semples
