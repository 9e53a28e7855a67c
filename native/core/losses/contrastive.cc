#include "core/losses/contrastive.h"

#include <torch/torch.h>

#include "core/error.h"
#include "core/losses/values.h"

namespace semples {

namespace {

// As float32 has them, so that comparing in double makes no difference.
constexpr double kSimilarityFloor = 1e-4f, kSimilarityCeiling = 0.9999f;
constexpr double kPromptFloor = 0.01;

enum class Direction {
  kPull,       // -mean log s
  kPushApart,  // -mean log(1 - s)
  kPushDown,   // +mean log s
};

// The gradient passes at the very ends, as in the published code; that of LibTorch's clamp does so only before 2.14.
at::Tensor clamped_inclusive(const at::Tensor& similarity) {
  const at::Tensor within = similarity.ge(kSimilarityFloor).logical_and_(similarity.le(kSimilarityCeiling));
  return at::where(within, similarity, similarity.detach().clamp(kSimilarityFloor, kSimilarityCeiling));
}

at::Tensor loss_of(const at::Tensor& similarity, Direction direction, LossForm form) {
  if (form == LossForm::kCosine) return direction == Direction::kPull ? -similarity.mean() : similarity.mean();
  const at::Tensor clamped = clamped_inclusive(similarity);
  switch (direction) {
    case Direction::kPull:
      return -clamped.log().mean();
    case Direction::kPushApart:
      return -(1 - clamped).log().mean();
    case Direction::kPushDown:
      return clamped.log().mean();
  }
  throw Error("SEMPLES_INTERNAL", "unreachable loss direction");
}

at::Tensor cosines(const at::Tensor& first, const at::Tensor& second) {
  // As a batched product: near similarity 1 the gradient 1 / (1 - s) shows the last bit of how the sum was taken.
  return at::bmm(first.unsqueeze(1), second.unsqueeze(2)).flatten();
}

TermValue contrast(const at::Tensor& first, const at::Tensor& second, Direction direction, LossForm form) {
  const at::Tensor similarity = cosines(first, second);
  return {loss_of(similarity, direction, form), similarity};
}

}  // namespace

TermValue Match::value(const StepValues& values) {
  return contrast(values.foreground, values.text, Direction::kPull, values.form);
}

TermValue BackgroundText::value(const StepValues& values) {
  return contrast(values.background, values.text, Direction::kPushApart, values.form);
}

TermValue BackgroundPrompt::value(const StepValues& values) {
  return contrast(values.background, values.prompt, Direction::kPull, values.form);
}

TermValue PromptFloor::value(const StepValues& values) {
  const at::Tensor similarity = cosines(values.background, values.prompt);
  return {at::relu(kPromptFloor - similarity).mean(), similarity};
}

TermValue TextPrompt::value(const StepValues& values) {
  return contrast(values.text, values.prompt, Direction::kPushDown, values.form);
}

TermValue RepelForeground::value(const StepValues& values) {
  return contrast(values.foreground, values.prompt, Direction::kPushDown, values.form);
}

TermValue ForegroundPrompt::value(const StepValues& values) {
  return contrast(values.foreground, values.prompt, Direction::kPushApart, values.form);
}

}  // namespace semples
