#include "core/train/optimization.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/memory.h"

namespace semples {

namespace {

bool starts_with(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

const ParameterSet* set_named(const std::vector<ParameterSet>& sets, const std::string& name) {
  const auto found = std::find_if(sets.begin(), sets.end(), [&](const ParameterSet& set) { return set.name == name; });
  return found == sets.end() ? nullptr : &*found;
}

bool belongs(const std::string& parameter, const std::string& group, const std::vector<ParameterSet>& sets) {
  const ParameterSet* set = set_named(sets, group);
  if (!set) return starts_with(parameter, group);
  return std::find(set->parameters.begin(), set->parameters.end(), parameter) != set->parameters.end();
}

void check_group(const RateGroup& group, size_t index, const NamedTensors& all, const std::vector<ParameterSet>& sets) {
  const auto known = [&](const auto& entry) { return starts_with(entry.first, group.parameters); };
  const bool fits = set_named(sets, group.parameters) || std::any_of(all.begin(), all.end(), known);
  if (!group.parameters.empty() && fits) return;
  std::string names;
  for (const ParameterSet& set : sets) names += set.name + (&set + 1 == sets.data() + sets.size() ? " or " : ", ");
  throw refusal("groups." + std::to_string(index) + ".parameters", names + "the beginning of parameters' names",
                '"' + group.parameters + '"', "SEMPLES_CONFIG_INVALID");
}

// What is trained, by the factor of its learning rate.
std::vector<ParameterGroup> grouped(const std::vector<RateGroup>& groups, const NamedTensors& trained,
                                    const std::vector<ParameterSet>& sets) {
  std::vector<ParameterGroup> result(1);
  for (const RateGroup& group : groups) result.push_back({{}, group.factor});
  for (const auto& entry : trained) {
    size_t own = 0;
    for (size_t i = 0; i < groups.size() && own == 0; ++i)
      if (belongs(entry.first, groups[i].parameters, sets)) own = i + 1;
    result[own].parameters.push_back(entry);
  }
  result.erase(std::remove_if(result.begin(), result.end(),
                              [](const ParameterGroup& group) { return group.parameters.empty(); }),
               result.end());
  return result;
}

}  // namespace

Optimization::Optimization(const OptimizationConfig& config, NamedTensors trained, const NamedTensors& all,
                           const std::vector<ParameterSet>& sets)
    : trained_(std::move(trained)), gradient_clip_(config.gradient_clip) {
  NamedTensors nameable = all;
  nameable.insert(nameable.end(), trained_.begin(), trained_.end());
  for (size_t i = 0; i < config.groups.size(); ++i) check_group(config.groups[i], i, nameable, sets);
  optimizer_ = config.make_optimizer(grouped(config.groups, trained_, sets));
}

// What is trained has gradients for as long as this lives: a step that fails leaves none behind.
class Optimization::Scope {
 public:
  explicit Scope(const NamedTensors& trained) : trained_(trained) { set(true); }
  ~Scope() { set(false); }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  void set(bool enabled) {
    for (const auto& entry : trained_) {
      at::Tensor parameter = entry.second;
      parameter.set_requires_grad(enabled);
      parameter.mutable_grad().reset();
    }
  }
  const NamedTensors& trained_;
};

NamedTensors Optimization::step(double learning_rate, bool details, const std::function<void()>& accumulate) {
  const KeepMemory keep;
  const Scope scope(trained_);
  accumulate();
  NamedTensors found = details ? gradients() : NamedTensors();
  clip_gradients();
  optimizer_->step(learning_rate);
  return found;
}

NamedTensors Optimization::gradients() const {
  NamedTensors result;
  for (const auto& [name, parameter] : trained_)
    if (parameter.grad().defined()) result.emplace_back("gradient." + name, parameter.grad().clone());
  return result;
}

// Gradients are scaled down together where their norm over all parameters is larger than asked for.
void Optimization::clip_gradients() const {
  if (gradient_clip_ <= 0) return;
  std::vector<at::Tensor> parameters;
  for (const auto& entry : trained_)
    if (entry.second.grad().defined()) parameters.push_back(entry.second);
  torch::nn::utils::clip_grad_norm_(parameters, gradient_clip_);
}

void check_finite(double loss) {
  if (std::isfinite(loss)) return;
  throw Error("SEMPLES_LOSS_NOT_FINITE", "The loss is not a finite number; no parameter was changed")
      .received(std::to_string(loss))
      .hint("Lower the learning rate, or look for broken weights.");
}

}  // namespace semples
