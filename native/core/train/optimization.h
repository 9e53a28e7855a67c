// What is trained, and how gradients become an update: the part of a training step that is the same whatever is
// minimised.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/checkpoint/state.h"
#include "core/options.h"
#include "core/train/optimizer.h"

namespace semples {

// Parameters that learn at another rate: those whose names begin so, or a set that the model names (`head`, `body`).
struct RateGroup {
  std::string parameters;
  double factor = 1;

  void visit(OptionVisitor& options) {
    options.text("parameters", parameters);
    options.number("factor", factor);
  }
};

struct OptimizationConfig {
  double gradient_clip = 0;         // largest norm of all gradients together; 0: any
  std::vector<RateGroup> groups;    // the first that fits a parameter counts; a factor of 1 where none does
  OptimizerFactory make_optimizer;  // kind and options

  void visit(OptionVisitor& options) {
    options.number("gradientClip", gradient_clip);
    options.list("groups", [this](OptionVisitor& own) { groups.emplace_back().visit(own); });
    options.object("optimizer", [this](OptionVisitor& own) { make_optimizer = plan_optimizer(own); });
  }
};

// Names of a set of parameters, for rate groups.
struct ParameterSet {
  std::string name;
  std::vector<std::string> parameters;
};

class Optimization {
 public:
  // `all`: what a group may be named after, trained or not.
  Optimization(const OptimizationConfig& config, NamedTensors trained, const NamedTensors& all,
               const std::vector<ParameterSet>& sets);

  // One update from the gradients that `accumulate` adds up; with `details`, "gradient.<parameter>" of those that have
  // one.
  NamedTensors step(double learning_rate, bool details, const std::function<void()>& accumulate);

  NamedTensors state() const { return optimizer_->state(); }
  void load_state(const NamedTensors& state) { optimizer_->load_state(state); }

 private:
  class Scope;
  NamedTensors gradients() const;
  void clip_gradients() const;

  NamedTensors trained_;
  double gradient_clip_;
  std::unique_ptr<Optimizer> optimizer_;
};

// SEMPLES_LOSS_NOT_FINITE for a loss with which nothing may be changed.
void check_finite(double loss);

}  // namespace semples
