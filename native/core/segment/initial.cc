#include "core/segment/initial.h"

#include <torch/torch.h>

#include <cmath>

namespace semples {

void initialize_transformer(NamedTensors& parameters, at::Generator& generator) {
  torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : parameters)
    if (tensor.dim() > 1) tensor.normal_(0.0, 0.02, generator).clamp_(-2.0, 2.0);
}

void initialize_convolutions(NamedTensors& parameters, at::Generator& generator) {
  torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : parameters) {
    if (tensor.dim() != 4) continue;
    const double kernel = double(tensor.size(2) * tensor.size(3));
    const double fan_out = tensor.size(1) == 1 ? kernel : double(tensor.size(0)) * kernel;
    tensor.normal_(0.0, std::sqrt(2.0 / fan_out), generator);
  }
}

void move_to(NamedTensors& tensors, at::Device device) {
  for (auto& [name, tensor] : tensors) tensor.set_data(tensor.to(device));
}

}  // namespace semples
