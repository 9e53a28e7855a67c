// Loss terms by name, and their weighted sum: the one place where terms are added up.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "core/losses/values.h"

namespace semples {

struct Term {
  TermInfo info;
  TermValue (*value)(const StepValues& values);
};

// SEMPLES_ARGUMENT_INVALID where there is none of this name.
const Term& find_term(const std::string& name);

// Name and weight, in the order in which they are added.
using WeightedTerms = std::vector<std::pair<std::string, double>>;

// What any of the terms needs.
unsigned needs_of(const WeightedTerms& terms);

struct LossValue {
  at::Tensor loss;
  std::vector<std::pair<std::string, TermValue>> terms;  // unweighted
};

LossValue weighted_sum(const WeightedTerms& terms, const StepValues& values);

}  // namespace semples
