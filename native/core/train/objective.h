// What a stage minimises: its weighted loss terms, and what they need of generator, CLIP and prompts.
#pragma once
#include <torch/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/clip/clip.h"
#include "core/clip/prompts.h"
#include "core/losses/registry.h"
#include "core/models/mask_generator.h"
#include "core/options.h"
#include "core/train/masked_pairs.h"

namespace semples {

enum class Trainable {
  kHead,     // the head of the generator: what the published losses reach
  kAll,      // the whole generator
  kPrompts,  // the background prompts; the generator is in evaluation mode
};

struct ObjectiveConfig {
  WeightedTerms terms;
  Trainable trains = Trainable::kHead;
  std::string gradients;  // a rule of the generator; empty: semples where the head alone is trained, else all
  LossForm form = LossForm::kLog;
  MaskShape masks;
  double label_smoothing = 0;    // moves the targets of classification from 0 and 1 towards 1/2, by this share
  bool clip_statistics = false;  // give CLIP pictures with its own statistics instead of the generator's

  void visit(OptionVisitor& options) {
    options.numbers("terms", terms);
    options.choice("trains", trains,
                   {{"head", Trainable::kHead}, {"all", Trainable::kAll}, {"prompts", Trainable::kPrompts}});
    options.text("gradients", gradients);
    options.choice("form", form, {{"log", LossForm::kLog}, {"cosine", LossForm::kCosine}});
    options.number("maskEpsilon", masks.epsilon);
    options.number("maskGain", masks.gain);
    options.number("maskCentre", masks.centre);
    options.fraction("labelSmoothing", label_smoothing);
    options.flag("clipStatistics", clip_statistics);
  }
};

struct ObjectiveValue {
  at::Tensor loss;
  NamedTensors terms;    // unweighted, each a number on the device
  NamedTensors details;  // similarities and masked pictures of each pair; on request
};

class Objective {
 public:
  // Everything but the generator may be empty where no term needs it. text_ids: tokens of the class names.
  Objective(ObjectiveConfig config, std::shared_ptr<MaskGenerator> generator, std::shared_ptr<Clip> clip,
            std::shared_ptr<Prompts> prompts, const at::Tensor& text_ids);

  // Some term is about (picture, class) pairs: it has no value for a batch without any.
  bool needs_pairs() const { return (needs_ & kNeedsClip) != 0; }

  // images [B, 3, H, W], labels [B, C] 0/1 on the processor, noise as in ForwardOptions; share: the part of a step's
  // batch that they are. The loss is undefined where no term has a value.
  ObjectiveValue evaluate(const at::Tensor& images, const at::Tensor& labels, const at::Tensor& noise, bool details,
                          const BatchShare& share = {});

 private:
  bool needs(unsigned any) const { return (needs_ & any) != 0; }
  void check_inputs() const;
  GeneratorOutputs generate(const at::Tensor& images, const at::Tensor& noise) const;
  void add_features(StepValues& values, const at::Tensor& images, const Pairs& pairs, NamedTensors* details);
  at::Tensor encode_masked(const at::Tensor& masked) const;
  const at::Tensor& text_features();
  at::Tensor prompt_features(const Pairs& pairs);

  ObjectiveConfig config_;
  std::shared_ptr<MaskGenerator> generator_;
  std::shared_ptr<Clip> clip_;
  std::shared_ptr<Prompts> prompts_;
  at::Tensor text_ids_, text_features_, fixed_prompt_features_;
  unsigned needs_ = 0;
};

}  // namespace semples
