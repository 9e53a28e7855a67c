// Multilabel classification, what WeakTr starts from (stage 0): soft margins of the generator's logits.
#pragma once
#include "core/losses/term.h"

namespace semples {

struct ClassLogits {
  static constexpr TermInfo info = {"class_logits", need::kLogits, "soft margin of the class tokens",
                                    "WeakTr, arXiv 2304.01184"};
  static TermValue value(const StepValues& values);
};

struct CoarseLogits {
  static constexpr TermInfo info = {"coarse_logits", need::kLogits, "soft margin of the mean CAM",
                                    "WeakTr, arXiv 2304.01184"};
  static TermValue value(const StepValues& values);
};

struct FineLogits {
  static constexpr TermInfo info = {"fine_logits", need::kLogits, "soft margin of the mean CAM after attention fusion",
                                    "WeakTr, arXiv 2304.01184"};
  static TermValue value(const StepValues& values);
};

}  // namespace semples
