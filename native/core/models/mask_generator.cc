#include "core/models/mask_generator.h"

#include <algorithm>

#include "core/error.h"

namespace semples {

const NamedTensors& MaskGenerator::buffers() const {
  static const NamedTensors none;
  return none;
}

NamedTensors MaskGenerator::state() const {
  NamedTensors state = parameters();
  state.insert(state.end(), buffers().begin(), buffers().end());
  return state;
}

void MaskGenerator::check_gradients(const std::string& rule) const {
  const std::vector<std::string> rules = gradient_rules();
  if (std::find(rules.begin(), rules.end(), rule) == rules.end()) throw refusal("gradients", one_of(rules), rule);
}

GeneratorOutputs MaskGenerator::forward(const at::Tensor& images, const ForwardOptions& options) const {
  const PrecisionScope scope(precision_, device(), &copies_);
  GeneratorOutputs outputs = compute(images, options);
  outputs.maps = full(outputs.maps);
  outputs.scores = full(outputs.scores);
  for (auto& entry : outputs.named) entry.second = full(entry.second);
  return outputs;
}

}  // namespace semples
