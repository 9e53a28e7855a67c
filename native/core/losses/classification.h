// Multilabel classification, what WeakTr starts from (stage 0).
#pragma once
#include <torch/types.h>

#include <string>

#include "core/models/mask_generator.h"

namespace semples {

// Mean over pictures and classes of -(y log sigmoid(x) + (1 - y) log sigmoid(-x)). logits, targets [B, C].
at::Tensor multilabel_soft_margin(const at::Tensor& logits, const at::Tensor& targets);

// class_logits, coarse_logits, fine_logits: the soft margin of the output of that name.
bool is_classification_term(const std::string& name);
at::Tensor classification_term(const std::string& name, const GeneratorOutputs& outputs, const at::Tensor& targets);

}  // namespace semples
