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
  std::vector<std::pair<std::string, TermValue>> terms;  // without their weights
};

// What part of a step's batch the values are of, where it is computed in parts: terms about (picture, class) pairs are
// means over the pairs, all others over the pictures.
struct BatchShare {
  double pictures = 1, pairs = 1;
};

// Every term times the share that it is a mean over, so that the parts of a batch add up to its whole. Terms about
// pairs are left out where there are none.
LossValue weighted_sum(const WeightedTerms& terms, const StepValues& values, const BatchShare& share = {});

}  // namespace semples
