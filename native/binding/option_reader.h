// Reads a JavaScript object into what describes its options (core/options.h), with one wording of errors.
#pragma once
#include <napi.h>

#include <string>
#include <utility>
#include <vector>

#include "binding/options.h"
#include "core/error.h"

namespace semples {

class OptionReader : public OptionVisitor {
 public:
  // `prefix` is where the object stands, for errors: "optimizer.".
  explicit OptionReader(const Napi::Object& object, std::string prefix = "");

  void whole(const char* name, int64_t& value, int64_t low, int64_t high) override;
  void whole(const char* name, std::optional<int64_t>& value, int64_t low, int64_t high) override;
  void number(const char* name, double& value, double low = 0, double high = kMaxNumber) override;
  void fraction(const char* name, double& value) override;
  void flag(const char* name, bool& value) override;
  void text(const char* name, std::string& value) override;
  void seed(const char* name, uint64_t& value) override;
  void device(const char* name, at::Device& value) override;
  void numbers(const char* name, std::vector<std::pair<std::string, double>>& value) override;
  void object(const char* name, const Visit& visit) override;
  void list(const char* name, const Visit& visit) override;
  size_t choose(const char* name, const std::vector<std::string>& names, std::optional<size_t> fallback) override;

  // What the binding reads by itself: handles, tensors.
  Napi::Value value(const char* name);
  // Call last: a key that nobody asked for is an error.
  void refuse_others() const;

 private:
  std::string field(const char* name) const { return prefix_ + name; }
  void nested(const Napi::Value& given, const std::string& name, const Visit& visit) const;

  const Napi::Object object_;
  const std::string prefix_;
  std::vector<std::string> asked_;
};

// { name: number }, in the order of the keys.
std::vector<std::pair<std::string, double>> read_numbers(const Napi::Value& value, const std::string& field);

}  // namespace semples
