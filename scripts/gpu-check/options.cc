#include "options.h"

#include <algorithm>
#include <sstream>

#include "core/error.h"

namespace semples {

namespace {

std::string described(const c10::IValue& value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

bool in_range(double value, double low, double high) { return value >= low && value <= high; }

}  // namespace

std::optional<c10::IValue> DictReader::find(const char* name) {
  const std::string full = prefix_ + name;
  asked_.insert(full);
  const auto found = options_.find(full);
  return found == options_.end() ? std::nullopt : std::optional(found->value());
}

void DictReader::whole(const char* name, int64_t& value, int64_t low, int64_t high) {
  std::optional<int64_t> given;
  whole(name, given, low, high);
  if (given) value = *given;
  if (value < low || value > high) throw refusal(prefix_ + name, "an integer", "nothing");
}

void DictReader::whole(const char* name, std::optional<int64_t>& value, int64_t low, int64_t high) {
  const auto given = find(name);
  if (!given) return;
  if (!given->isInt() || !in_range(double(given->toInt()), double(low), double(high)))
    throw refusal(prefix_ + name, "an integer from " + std::to_string(low) + " to " + std::to_string(high),
                  described(*given));
  value = given->toInt();
}

void DictReader::number(const char* name, double& value, double low, double high) {
  if (const auto given = find(name)) {
    if (!given->isScalar() || !in_range(given->toScalar().toDouble(), low, high))
      throw refusal(prefix_ + name, "a number within its limits", described(*given));
    value = given->toScalar().toDouble();
  }
  if (!in_range(value, low, high)) throw refusal(prefix_ + name, "a number", "nothing");
}

void DictReader::fraction(const char* name, double& value) {
  number(name, value, 0, 1);
  if (value == 1) throw refusal(prefix_ + name, "a number from 0 up to, but not, 1", "1");
}

void DictReader::flag(const char* name, bool& value) {
  const auto given = find(name);
  if (!given) return;
  if (!given->isBool()) throw refusal(prefix_ + name, "True or False", described(*given));
  value = given->toBool();
}

void DictReader::text(const char* name, std::string& value) {
  const auto given = find(name);
  if (!given) return;
  if (!given->isString()) throw refusal(prefix_ + name, "a string", described(*given));
  value = given->toStringRef();
}

void DictReader::seed(const char* name, uint64_t& value) {
  const auto given = find(name);
  if (!given) return;
  if (!given->isInt()) throw refusal(prefix_ + name, "an integer", described(*given));
  value = uint64_t(given->toInt());
}

void DictReader::device(const char* name, at::Device& value) {
  std::string given;
  text(name, given);
  if (given.empty()) return;
  value = at::Device(given);
  // Tensors say which GPU they lie on, and devices are compared with theirs.
  if (value.is_cuda() && !value.has_index()) value = at::Device(at::kCUDA, 0);
}

void DictReader::numbers(const char* name, std::vector<std::pair<std::string, double>>& value) {
  const std::string prefix = prefix_ + name + ".";
  value.clear();
  for (const auto& entry : options_) {
    if (entry.key().rfind(prefix, 0) != 0) continue;
    double number = 0;
    const std::string own = entry.key().substr(prefix.size());
    DictReader(options_, prefix).number(own.c_str(), number, -kMaxNumber, kMaxNumber);
    asked_.insert(entry.key());
    value.emplace_back(own, number);
  }
}

void DictReader::object(const char* name, const Visit& visit) {
  DictReader own(options_, prefix_ + name + ".");
  visit(own);
  asked_.insert(own.asked_.begin(), own.asked_.end());
}

void DictReader::list(const char*, const Visit&) {}

size_t DictReader::choose(const char* name, const std::vector<std::string>& names, std::optional<size_t> fallback) {
  const auto given = find(name);
  if (!given && fallback) return *fallback;
  const auto found =
      given && given->isString() ? std::find(names.begin(), names.end(), given->toStringRef()) : names.end();
  if (found == names.end()) throw refusal(prefix_ + name, one_of(names), given ? described(*given) : "nothing");
  return size_t(found - names.begin());
}

void DictReader::refuse_others() const {
  for (const auto& entry : options_)
    if (asked_.count(entry.key()) == 0)
      throw refusal(entry.key(), one_of({asked_.begin(), asked_.end()}), described(entry.value()));
}

}  // namespace semples
