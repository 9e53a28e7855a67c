// What the loss terms of a step are computed from, and what each gives.
#pragma once
#include <torch/types.h>

#include <string>

#include "core/checkpoint/state.h"
#include "core/losses/term.h"

namespace semples {

enum class LossForm {
  kLog,     // logarithms of clamped similarities (the published code)
  kCosine,  // the plain similarities
};

// Undefined where no term of the step needs it. B pictures, C classes, n (picture, class) pairs with label 1, ordered
// by picture, then class.
struct StepValues {
  at::Tensor targets;  // [B, C] float32, 0 or 1
  at::Tensor
      masks;  // [B, C, gh, gw], each map scaled: (m - min) / (max - min + epsilon), and sharpened where asked for
  at::Tensor pair_masks;                            // [n, 1, H, W] at the size of the pictures, made so after resizing
  at::Tensor foreground, background, text, prompt;  // [n, D], of unit length
  NamedTensors outputs;                             // of the mask generator: logits [B, C], feature maps [B, D, gh, gw]
  LossForm form = LossForm::kLog;

  // One of `outputs`, or SEMPLES_CONFIG_INVALID where this kind of generator has none of that name.
  const at::Tensor& output(const std::string& name) const;
};

// The features of the pairs by what needs them.
struct PairFeature {
  unsigned need;
  at::Tensor StepValues::* tensor;
};
inline constexpr PairFeature kPairFeatures[] = {{need::kForeground, &StepValues::foreground},
                                                {need::kBackground, &StepValues::background},
                                                {need::kText, &StepValues::text},
                                                {need::kPrompt, &StepValues::prompt}};
inline constexpr unsigned kNeedsClip = need::kForeground | need::kBackground | need::kText | need::kPrompt;

struct TermValue {
  at::Tensor value;       // scalar, unweighted
  at::Tensor similarity;  // [n] before clamping; undefined for terms that compare nothing
};

}  // namespace semples
