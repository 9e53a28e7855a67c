#include "core/train/adamw.h"

#include <torch/torch.h>

#include "core/train/torch_groups.h"

namespace semples {

AdamW::AdamW(const AdamWOptions& options, std::vector<ParameterGroup> groups)
    : groups_(std::move(groups)),
      optimizer_(torch_groups(groups_), torch::optim::AdamWOptions(1e-3)
                                            .betas({options.beta1, options.beta2})
                                            .eps(options.epsilon)
                                            .weight_decay(options.weight_decay)) {}

void AdamW::step(double learning_rate) {
  set_learning_rates(optimizer_, groups_, learning_rate);
  optimizer_.step();
}

NamedTensors AdamW::state() const {
  NamedTensors state;
  for (const ParameterGroup& group : groups_)
    for (const auto& [name, parameter] : group.parameters) {
      const auto found = optimizer_.state().find(parameter.unsafeGetTensorImpl());
      if (found == optimizer_.state().end()) continue;
      auto& moments = static_cast<torch::optim::AdamWParamState&>(*found->second);
      state.emplace_back("step." + name, torch::tensor(moments.step(), torch::kInt64));
      state.emplace_back("exp_avg." + name, moments.exp_avg());
      state.emplace_back("exp_avg_sq." + name, moments.exp_avg_sq());
    }
  return state;
}

void AdamW::load_state(const NamedTensors& state) {
  std::vector<std::pair<at::Tensor, std::unique_ptr<torch::optim::AdamWParamState>>> loaded;
  for (const ParameterGroup& group : groups_)
    for (const auto& [name, parameter] : group.parameters) {
      const at::Tensor *step = find_tensor(state, "step." + name), *first = find_tensor(state, "exp_avg." + name),
                       *second = find_tensor(state, "exp_avg_sq." + name);
      if (!step && !first && !second) continue;  // it had no gradient yet
      if (!step || !first || !second || step->numel() != 1 || first->sizes() != parameter.sizes() ||
          second->sizes() != parameter.sizes())
        refuse_optimizer_state(name);
      auto moments = std::make_unique<torch::optim::AdamWParamState>();
      moments->step(step->item<int64_t>());
      moments->exp_avg(first->to(parameter.options()).clone());
      moments->exp_avg_sq(second->to(parameter.options()).clone());
      loaded.emplace_back(parameter, std::move(moments));
    }
  check_all_used(state, loaded.size() * 3);
  optimizer_.state().clear();
  for (auto& [parameter, moments] : loaded) optimizer_.state()[parameter.unsafeGetTensorImpl()] = std::move(moments);
}

}  // namespace semples
