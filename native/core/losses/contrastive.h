// Segment-label matching, contrastive prompt learning and prompt-guided refinement (SemPLeS, arXiv 2401.11791, sections
// 3.2 to 3.4): means over the pairs of what two CLIP features' similarity s says. Similarities are limited to
// [1e-4, 0.9999] before a logarithm; the gradient is 0 strictly outside, 1 at the ends.
#pragma once
#include "core/losses/term.h"

namespace semples {

struct Match {
  static constexpr TermInfo info = {"match", need::kForeground | need::kText, "-log s(foreground, class text)",
                                    "SemPLeS, arXiv 2401.11791, segment-label matching"};
  static TermValue value(const StepValues& values);
};

struct BackgroundText {
  static constexpr TermInfo info = {"background_text", need::kBackground | need::kText,
                                    "-log(1 - s(background, class text))",
                                    "SemPLeS, arXiv 2401.11791, segment-label matching"};
  static TermValue value(const StepValues& values);
};

struct BackgroundPrompt {
  static constexpr TermInfo info = {"background_prompt", need::kBackground | need::kPrompt,
                                    "-log s(background, learned prompt)",
                                    "SemPLeS, arXiv 2401.11791, contrastive prompt learning"};
  static TermValue value(const StepValues& values);
};

// Where a similarity is below the floor of the logarithm, its gradient is 0; random vectors often begin there.
struct PromptFloor {
  static constexpr TermInfo info = {"prompt_floor", need::kBackground | need::kPrompt,
                                    "max(0, 0.01 - s(background, learned prompt))",
                                    "ours: a slope for prompts that begin unlike every picture"};
  static TermValue value(const StepValues& values);
};

// Its sign is +: the similarity is pushed down, and the loss may be negative.
struct TextPrompt {
  static constexpr TermInfo info = {"text_prompt", need::kText | need::kPrompt, "+log s(class text, learned prompt)",
                                    "SemPLeS, arXiv 2401.11791, contrastive prompt learning"};
  static TermValue value(const StepValues& values);
};

// What foreground_prompt is to the generator, for learning prompts.
struct RepelForeground {
  static constexpr TermInfo info = {
      "repel_foreground", need::kForeground | need::kPrompt, "+log s(foreground, learned prompt)",
      "SemPLeS, arXiv 2401.11791, contrastive prompt learning, as the method is commonly described"};
  static TermValue value(const StepValues& values);
};

struct ForegroundPrompt {
  static constexpr TermInfo info = {"foreground_prompt", need::kForeground | need::kPrompt,
                                    "-log(1 - s(foreground, learned prompt))",
                                    "SemPLeS, arXiv 2401.11791, prompt-guided semantic refinement"};
  static TermValue value(const StepValues& values);
};

}  // namespace semples
