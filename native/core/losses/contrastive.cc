#include "core/losses/contrastive.h"

#include <torch/torch.h>

#include <functional>
#include <map>

#include "core/error.h"

namespace semples {

namespace {

using Select = at::Tensor PairFeatures::*;

enum class Direction {
  kPull,       // -mean log s
  kPushApart,  // -mean log(1 - s)
  kPushDown,   // +mean log s
};

struct Term {
  Select first, second;
  Direction direction;
  TermNeeds needs;
};

const std::map<std::string, Term>& registry() {
  static const std::map<std::string, Term> terms = {
      {"match", {&PairFeatures::foreground, &PairFeatures::text, Direction::kPull, {true, false, true, false}}},
      {"background_text",
       {&PairFeatures::background, &PairFeatures::text, Direction::kPushApart, {false, true, true, false}}},
      {"background_prompt",
       {&PairFeatures::background, &PairFeatures::prompt, Direction::kPull, {false, true, false, true}}},
      {"text_prompt", {&PairFeatures::text, &PairFeatures::prompt, Direction::kPushDown, {false, false, true, true}}},
      {"foreground_prompt",
       {&PairFeatures::foreground, &PairFeatures::prompt, Direction::kPushApart, {true, false, false, true}}},
      {"repel_foreground",
       {&PairFeatures::foreground, &PairFeatures::prompt, Direction::kPushDown, {true, false, false, true}}},
  };
  return terms;
}

const Term& find_term(const std::string& name) {
  const auto found = registry().find(name);
  if (found == registry().end())
    throw Error("SEMPLES_LOSS_UNKNOWN", "There is no loss term of this name").in_field("terms").received(name);
  return found->second;
}

}  // namespace

bool is_contrastive_term(const std::string& name) { return registry().count(name) > 0; }

TermNeeds term_needs(const std::string& name) { return find_term(name).needs; }

at::Tensor unit_length(const at::Tensor& features) { return features / features.norm(2, {-1}, true); }

at::Tensor similarity_loss(const std::string& name, const at::Tensor& similarity, LossForm form) {
  const Direction direction = find_term(name).direction;
  if (form == LossForm::kCosine) return direction == Direction::kPull ? -similarity.mean() : similarity.mean();
  const at::Tensor clamped = similarity.clamp(kSimilarityFloor, kSimilarityCeiling);
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

TermValue contrastive_term(const std::string& name, const PairFeatures& features, LossForm form) {
  const Term& term = find_term(name);
  // As a batched product: near similarity 1 the gradient 1 / (1 - s) shows the last bit of how the sum was taken.
  const at::Tensor similarity =
      at::bmm((features.*term.first).unsqueeze(1), (features.*term.second).unsqueeze(2)).flatten();
  return {similarity_loss(name, similarity, form), similarity};
}

}  // namespace semples
