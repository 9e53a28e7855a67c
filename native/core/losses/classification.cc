#include "core/losses/classification.h"

#include <torch/torch.h>

namespace semples {

at::Tensor multilabel_soft_margin(const at::Tensor& logits, const at::Tensor& targets) {
  return -(targets * at::log_sigmoid(logits) + (1 - targets) * at::log_sigmoid(-logits)).mean();
}

bool is_classification_term(const std::string& name) {
  return name == "class_logits" || name == "coarse_logits" || name == "fine_logits";
}

at::Tensor classification_term(const std::string& name, const GeneratorOutputs& outputs, const at::Tensor& targets) {
  if (name == "class_logits") return multilabel_soft_margin(outputs.class_logits, targets);
  if (name == "coarse_logits") return multilabel_soft_margin(outputs.coarse_logits, targets);
  return multilabel_soft_margin(outputs.fine_logits, targets);
}

}  // namespace semples
