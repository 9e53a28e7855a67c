#include "core/checkpoint/state.h"

#include <algorithm>
#include <sstream>
#include <unordered_map>

#include "core/error.h"

namespace semples {

std::string shape_text(at::IntArrayRef shape) {
  std::ostringstream text;
  text << '[';
  for (size_t i = 0; i < shape.size(); ++i) text << (i ? ", " : "") << shape[i];
  text << ']';
  return text.str();
}

const at::Tensor* find_tensor(const NamedTensors& tensors, const std::string& name) {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const auto& entry) { return entry.first == name; });
  return found == tensors.end() ? nullptr : &found->second;
}

namespace {

std::string first_three(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size() && i < 3; ++i) text += (i ? ", " : "") + names[i];
  if (names.size() > 3) text += ", and " + std::to_string(names.size() - 3) + " more";
  return text;
}

void check(const LoadReport& report, const LoadRules& rules) {
  if (!rules.strict && rules.required.empty()) return;
  std::vector<std::string> missing = report.missing;
  if (!rules.strict)
    missing.erase(std::remove_if(missing.begin(), missing.end(),
                                 [&](const std::string& name) {
                                   return std::find(rules.required.begin(), rules.required.end(), name) ==
                                          rules.required.end();
                                 }),
                  missing.end());
  std::string problem;
  if (!report.mismatched.empty()) problem += " Different shapes: " + first_three(report.mismatched) + ".";
  if (!missing.empty())
    problem += " " + missing.front() + " is missing" +
               (missing.size() > 1 ? ", and " + std::to_string(missing.size() - 1) + " more." : ".");
  if (rules.strict && !report.unexpected.empty())
    problem += " Unknown to the model: " + first_three(report.unexpected) + ".";
  if (!problem.empty())
    throw Error("SEMPLES_CHECKPOINT_MISMATCH", "The checkpoint is of another architecture." + problem);
}

}  // namespace

LoadReport load_named(const NamedTensors& source, const NamedTensors& target, const LoadRules& rules) {
  std::unordered_map<std::string, at::Tensor> given(source.begin(), source.end());
  LoadReport report;
  std::vector<std::pair<at::Tensor, at::Tensor>> copies;
  for (const auto& [name, parameter] : target) {
    const auto found = given.find(name);
    if (found == given.end()) {
      report.missing.push_back(name);
      continue;
    }
    if (found->second.sizes() == parameter.sizes()) {
      copies.emplace_back(parameter, found->second);
    } else {
      report.mismatched.push_back(name + ": file " + shape_text(found->second.sizes()) + ", model " +
                                  shape_text(parameter.sizes()));
    }
    given.erase(found);
  }
  for (const auto& [name, tensor] : source)
    if (given.count(name)) report.unexpected.push_back(name);

  check(report, rules);
  torch::NoGradGuard no_grad;
  for (auto& [parameter, value] : copies) parameter.copy_(value);
  return report;
}

}  // namespace semples
