// Reads a dictionary of Python into what describes its options (core/options.h). Options within an object have names
// with dots: {"kind": "adamw"} of "optimizer" is "optimizer.kind".
#pragma once
#include <ATen/core/Dict.h>
#include <ATen/core/ivalue.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/options.h"

namespace semples {

using Options = c10::Dict<std::string, c10::IValue>;

class DictReader : public OptionVisitor {
 public:
  explicit DictReader(Options options, std::string prefix = "") : options_(std::move(options)), prefix_(prefix) {}

  void whole(const char* name, int64_t& value, int64_t low, int64_t high) override;
  void whole(const char* name, std::optional<int64_t>& value, int64_t low, int64_t high) override;
  void number(const char* name, double& value, double low, double high) override;
  void fraction(const char* name, double& value) override;
  void flag(const char* name, bool& value) override;
  void text(const char* name, std::string& value) override;
  void seed(const char* name, uint64_t& value) override;
  void device(const char* name, at::Device& value) override;
  void numbers(const char* name, std::vector<std::pair<std::string, double>>& value) override;
  void object(const char* name, const Visit& visit) override;
  void list(const char* name, const Visit& visit) override;  // none can be given
  size_t choose(const char* name, const std::vector<std::string>& names, std::optional<size_t> fallback) override;

  // Call last: a name that nobody asked for is an error.
  void refuse_others() const;

 private:
  std::optional<c10::IValue> find(const char* name);

  Options options_;
  const std::string prefix_;
  std::set<std::string> asked_;
};

}  // namespace semples
