// What a loss term is: a name, what it needs, and a pure function of a step's values. Neither this header nor those of
// the families include LibTorch, so that native/loader can list the terms where there is none.
#pragma once

namespace semples {

struct StepValues;  // core/losses/values.h
struct TermValue;

// What a step computes before its terms, as far as one of them needs it.
namespace need {
inline constexpr unsigned kMask = 1u << 0;         // masks of all classes, and of the pairs
inline constexpr unsigned kForeground = 1u << 1;   // CLIP features of what the mask of a pair keeps
inline constexpr unsigned kBackground = 1u << 2;   // CLIP features of what it leaves
inline constexpr unsigned kText = 1u << 3;         // CLIP features of the class texts
inline constexpr unsigned kPrompt = 1u << 4;       // CLIP features of the learned prompts
inline constexpr unsigned kLogits = 1u << 5;       // class logits of the mask generator
inline constexpr unsigned kFeatureMaps = 1u << 6;  // feature maps of the mask generator
}  // namespace need

struct NeedName {
  unsigned need;
  const char* name;
};

inline constexpr NeedName kNeedNames[] = {
    {need::kMask, "mask"},
    {need::kForeground, "foreground"},
    {need::kBackground, "background"},
    {need::kText, "text"},
    {need::kPrompt, "prompt"},
    {need::kLogits, "logits"},
    {need::kFeatureMaps, "featureMaps"},
};

// A term is a struct with `static constexpr TermInfo info` and `static TermValue value(const StepValues&)`.
struct TermInfo {
  const char* name;
  unsigned needs;
  const char* formula;
  const char* source;
};

}  // namespace semples
