#include "core/losses/classification.h"

#include <torch/torch.h>

#include "core/losses/values.h"

namespace semples {

namespace {

// Mean over pictures and classes of -(y log sigmoid(x) + (1 - y) log sigmoid(-x)); x, y [B, C].
TermValue soft_margin(const at::Tensor& logits, const at::Tensor& targets) {
  return {-(targets * at::log_sigmoid(logits) + (1 - targets) * at::log_sigmoid(-logits)).mean(), {}};
}

}  // namespace

TermValue ClassLogits::value(const StepValues& values) {
  return soft_margin(values.output("class_logits"), values.targets);
}

TermValue CoarseLogits::value(const StepValues& values) {
  return soft_margin(values.output("coarse_logits"), values.targets);
}

TermValue FineLogits::value(const StepValues& values) {
  return soft_margin(values.output("fine_logits"), values.targets);
}

}  // namespace semples
