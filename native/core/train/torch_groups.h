// Parameter groups as LibTorch's optimisers take them, in the same order.
#pragma once
#include <torch/optim/optimizer.h>

#include "core/train/optimizer.h"

namespace semples {

inline std::vector<torch::optim::OptimizerParamGroup> torch_groups(const std::vector<ParameterGroup>& groups) {
  std::vector<torch::optim::OptimizerParamGroup> result;
  for (const ParameterGroup& group : groups) {
    std::vector<at::Tensor> parameters;
    for (const auto& entry : group.parameters) parameters.push_back(entry.second);
    result.emplace_back(std::move(parameters));
  }
  return result;
}

inline void set_learning_rates(torch::optim::Optimizer& optimizer, const std::vector<ParameterGroup>& groups,
                               double learning_rate) {
  for (size_t i = 0; i < groups.size(); ++i)
    optimizer.param_groups()[i].options().set_lr(learning_rate * groups[i].factor);
}

}  // namespace semples
