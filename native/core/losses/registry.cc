#include "core/losses/registry.h"

#include <algorithm>

#include "core/error.h"
#include "core/losses/terms.h"

namespace semples {

namespace {

template <class... Terms>
std::vector<Term> registered(TermList<Terms...>) {
  return {{Terms::info, Terms::value}...};
}

const std::vector<Term>& registry() {
  static const std::vector<Term> terms = registered(AllTerms());
  return terms;
}

}  // namespace

const Term& find_term(const std::string& name) {
  const auto found =
      std::find_if(registry().begin(), registry().end(), [&](const Term& term) { return name == term.info.name; });
  if (found != registry().end()) return *found;
  std::vector<std::string> names;
  for (const Term& term : registry()) names.push_back(term.info.name);
  throw refusal("terms", one_of(names), name, "SEMPLES_ARGUMENT_INVALID");
}

unsigned needs_of(const WeightedTerms& terms) {
  unsigned needs = 0;
  for (const auto& entry : terms) needs |= find_term(entry.first).info.needs;
  return needs;
}

LossValue weighted_sum(const WeightedTerms& terms, const StepValues& values, const BatchShare& share) {
  LossValue sum;
  for (const auto& [name, weight] : terms) {
    const Term& known = find_term(name);
    const double part = (known.info.needs & kNeedsClip) != 0 ? share.pairs : share.pictures;
    if (part == 0) continue;
    TermValue term = known.value(values);
    if (part != 1) term.value = part * term.value;
    sum.loss = sum.loss.defined() ? sum.loss + weight * term.value : weight * term.value;
    sum.terms.emplace_back(name, std::move(term));
  }
  return sum;
}

const at::Tensor& StepValues::output(const std::string& name) const {
  if (const at::Tensor* found = find_tensor(outputs, name)) return *found;
  std::vector<std::string> names;
  for (const auto& entry : outputs) names.push_back(entry.first);
  throw refusal("terms", "terms of what this kind of mask generator gives (" + one_of(names) + ")", name,
                "SEMPLES_CONFIG_INVALID");
}

}  // namespace semples
