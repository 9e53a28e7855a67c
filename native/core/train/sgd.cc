#include "core/train/sgd.h"

#include <torch/torch.h>

#include "core/error.h"
#include "core/train/torch_groups.h"

namespace semples {

namespace {

torch::optim::SGDOptions torch_options(const SgdOptions& options) {
  if (options.nesterov && options.momentum <= 0)
    throw refusal("optimizer.nesterov", "false without momentum", "true", "SEMPLES_CONFIG_INVALID");
  return torch::optim::SGDOptions(1e-3)
      .momentum(options.momentum)
      .weight_decay(options.weight_decay)
      .nesterov(options.nesterov);
}

}  // namespace

Sgd::Sgd(const SgdOptions& options, std::vector<ParameterGroup> groups)
    : groups_(std::move(groups)), optimizer_(torch_groups(groups_), torch_options(options)) {}

void Sgd::step(double learning_rate) {
  set_learning_rates(optimizer_, groups_, learning_rate);
  optimizer_.step();
}

NamedTensors Sgd::state() const {
  NamedTensors state;
  for (const ParameterGroup& group : groups_)
    for (const auto& [name, parameter] : group.parameters) {
      const auto found = optimizer_.state().find(parameter.unsafeGetTensorImpl());
      if (found == optimizer_.state().end()) continue;
      state.emplace_back("momentum_buffer." + name,
                         static_cast<torch::optim::SGDParamState&>(*found->second).momentum_buffer());
    }
  return state;
}

void Sgd::load_state(const NamedTensors& state) {
  std::vector<std::pair<at::Tensor, std::unique_ptr<torch::optim::SGDParamState>>> loaded;
  for (const ParameterGroup& group : groups_)
    for (const auto& [name, parameter] : group.parameters) {
      const at::Tensor* buffer = find_tensor(state, "momentum_buffer." + name);
      if (!buffer) continue;  // it had no gradient yet
      if (buffer->sizes() != parameter.sizes()) refuse_optimizer_state(name);
      auto own = std::make_unique<torch::optim::SGDParamState>();
      own->momentum_buffer(buffer->to(parameter.options()).clone());
      loaded.emplace_back(parameter, std::move(own));
    }
  check_all_used(state, loaded.size());
  optimizer_.state().clear();
  for (auto& [parameter, own] : loaded) optimizer_.state()[parameter.unsafeGetTensorImpl()] = std::move(own);
}

}  // namespace semples
