// Stochastic gradient descent as in PyTorch: the decay is added to the gradient, the momentum buffer starts as the
// first gradient and is multiplied by the learning rate of each step.
#pragma once
#include <torch/optim/sgd.h>

#include "core/train/optimizer.h"

namespace semples {

struct SgdOptions {
  double momentum = 0, weight_decay = 0;
  bool nesterov = false;

  void visit(OptionVisitor& options) {
    options.fraction("momentum", momentum);
    options.number("weightDecay", weight_decay);
    options.flag("nesterov", nesterov);
  }
};

// State: `momentum_buffer.<name>`; none without momentum.
class Sgd : public Optimizer {
 public:
  using Options = SgdOptions;
  Sgd(const SgdOptions& options, std::vector<ParameterGroup> groups);

  void step(double learning_rate) override;
  NamedTensors state() const override;
  void load_state(const NamedTensors& state) override;

 private:
  std::vector<ParameterGroup> groups_;
  torch::optim::SGD optimizer_;
};

}  // namespace semples
