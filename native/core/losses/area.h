// How much of the pictures the masks cover (CLIMS, Xie et al., CVPR 2022).
#pragma once
#include "core/losses/term.h"

namespace semples {

struct Area {
  static constexpr TermInfo info = {"area", need::kMask, "mean of the masks of all classes, absent ones included",
                                    "CLIMS, arXiv 2203.02668, area regularization"};
  static TermValue value(const StepValues& values);
};

}  // namespace semples
