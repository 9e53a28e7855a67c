// How a struct describes its options, once, beside its fields: `void visit(OptionVisitor& options)` names each of them
// with its field and its limits. A field keeps its value where nothing is given; where that value is outside the
// limits, the option is required.
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace semples {

inline constexpr double kMaxNumber = std::numeric_limits<double>::max();

class OptionVisitor {
 public:
  using Visit = std::function<void(OptionVisitor&)>;
  virtual ~OptionVisitor() = default;

  // Whole and finite numbers from `low` to `high`.
  virtual void whole(const char* name, int64_t& value, int64_t low, int64_t high) = 0;
  virtual void whole(const char* name, std::optional<int64_t>& value, int64_t low, int64_t high) = 0;
  virtual void number(const char* name, double& value, double low = 0, double high = kMaxNumber) = 0;
  // 0 up to, but not, 1.
  virtual void fraction(const char* name, double& value) = 0;
  virtual void flag(const char* name, bool& value) = 0;
  virtual void text(const char* name, std::string& value) = 0;
  // Any whole number.
  virtual void seed(const char* name, uint64_t& value) = 0;
  // "cpu", "cuda", "cuda:1"; one that is not there is an error.
  virtual void device(const char* name, at::Device& value) = 0;
  // { name: number }, in the order of the keys.
  virtual void numbers(const char* name, std::vector<std::pair<std::string, double>>& value) = 0;
  // Options within an object, or within each object of an array. An absent object has no keys.
  virtual void object(const char* name, const Visit& visit) = 0;
  virtual void list(const char* name, const Visit& visit) = 0;
  // Which of the names is given; `fallback` where none is, and without a fallback the option is required.
  virtual size_t choose(const char* name, const std::vector<std::string>& names, std::optional<size_t> fallback) = 0;

  template <class Value>
  void choice(const char* name, Value& value,
              std::initializer_list<std::pair<const char*, std::type_identity_t<Value>>> choices) {
    std::vector<std::string> names;
    std::optional<size_t> standing;
    for (const auto& [text, meaning] : choices) {
      if (meaning == value) standing = names.size();
      names.push_back(text);
    }
    value = (choices.begin() + choose(name, names, standing))->second;
  }
};

}  // namespace semples
