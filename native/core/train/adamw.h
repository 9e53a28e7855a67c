// AdamW (Loshchilov and Hutter, arXiv 1711.05101). Weight decay on everything trained, as published.
#pragma once
#include <torch/optim/adamw.h>

#include "core/train/optimizer.h"

namespace semples {

struct AdamWOptions {
  double weight_decay = 0.03, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;

  void visit(OptionVisitor& options) {
    options.number("weightDecay", weight_decay);
    options.fraction("beta1", beta1);
    options.fraction("beta2", beta2);
    options.number("epsilon", epsilon);
  }
};

// State: `step.<name>` (int64), `exp_avg.<name>`, `exp_avg_sq.<name>`.
class AdamW : public Optimizer {
 public:
  using Options = AdamWOptions;
  AdamW(const AdamWOptions& options, std::vector<ParameterGroup> groups);

  void step(double learning_rate) override;
  NamedTensors state() const override;
  void load_state(const NamedTensors& state) override;

 private:
  std::vector<ParameterGroup> groups_;
  torch::optim::AdamW optimizer_;
};

}  // namespace semples
