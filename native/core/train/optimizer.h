// What every kind of optimiser is to the trainer. The kinds are listed in optimizers.cc.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/checkpoint/state.h"
#include "core/options.h"

namespace semples {

// Parameters whose learning rate is that of the step times a factor.
struct ParameterGroup {
  NamedTensors parameters;
  double factor = 1;
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;

  // One update from the gradients that the parameters hold; those without one are left alone, not even decayed.
  virtual void step(double learning_rate) = 0;
  // Everything that resuming needs, as `<what>.<parameter>`.
  virtual NamedTensors state() const = 0;
  // Takes its place as a whole: what does not fit changes nothing (SEMPLES_CHECKPOINT_MISMATCH).
  virtual void load_state(const NamedTensors& state) = 0;
};

using OptimizerFactory = std::function<std::unique_ptr<Optimizer>(std::vector<ParameterGroup> groups)>;

// Reads `kind` (default adamw) and the options of that kind.
OptimizerFactory plan_optimizer(OptionVisitor& options);

// For `load_state`: the state of one parameter is torn or has another shape; or `fitting` of the tensors belong to
// parameters, and others do not.
[[noreturn]] void refuse_optimizer_state(const std::string& parameter);
void check_all_used(const NamedTensors& state, size_t fitting);

}  // namespace semples
