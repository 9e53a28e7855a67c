#include "binding/option_reader.h"

#include <algorithm>

namespace semples {

OptionReader::OptionReader(const Napi::Object& object, std::string prefix)
    : object_(object), prefix_(std::move(prefix)) {}

Napi::Value OptionReader::value(const char* name) {
  asked_.emplace_back(name);
  return object_.Get(name);
}

void OptionReader::whole(const char* name, int64_t& value, int64_t low, int64_t high) {
  const Napi::Value given = this->value(name);
  const bool required = value < low || value > high;
  if (required || !given.IsUndefined()) value = whole_number(given, field(name), low, high);
}

void OptionReader::whole(const char* name, std::optional<int64_t>& value, int64_t low, int64_t high) {
  const Napi::Value given = this->value(name);
  if (!given.IsUndefined()) value = whole_number(given, field(name), low, high);
}

void OptionReader::number(const char* name, double& value, double low, double high) {
  const Napi::Value given = this->value(name);
  const bool required = !(value >= low && value <= high);
  if (required || !given.IsUndefined()) value = finite_number(given, field(name), low, high);
}

void OptionReader::fraction(const char* name, double& value) {
  number(name, value, 0, 1);
  if (value == 1) wrong_type(field(name), "a number from 0 up to, but not, 1", object_.Get(name));
}

void OptionReader::flag(const char* name, bool& value) {
  const Napi::Value given = this->value(name);
  if (!given.IsUndefined()) value = truth_value(given, field(name));
}

void OptionReader::text(const char* name, std::string& value) {
  const Napi::Value given = this->value(name);
  if (!given.IsUndefined()) value = text_value(given, field(name));
}

void OptionReader::seed(const char* name, uint64_t& value) {
  const Napi::Value given = this->value(name);
  if (!given.IsUndefined()) value = uint64_t(whole_number(given, field(name)));
}

void OptionReader::device(const char* name, at::Device& value) {
  const Napi::Value given = this->value(name);
  if (!given.IsUndefined()) value = device_value(given, field(name));
}

void OptionReader::numbers(const char* name, std::vector<std::pair<std::string, double>>& value) {
  value = read_numbers(this->value(name), field(name));
}

void OptionReader::object(const char* name, const Visit& visit) {
  const Napi::Value given = value(name);
  nested(given.IsUndefined() ? Napi::Object::New(given.Env()) : given, name, visit);
}

void OptionReader::list(const char* name, const Visit& visit) {
  const Napi::Value given = value(name);
  if (given.IsUndefined()) return;
  if (!given.IsArray()) wrong_type(field(name), "an array of objects", given);
  const Napi::Array list = given.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) nested(list[i], std::string(name) + "." + std::to_string(i), visit);
}

void OptionReader::nested(const Napi::Value& given, const std::string& name, const Visit& visit) const {
  if (!given.IsObject()) wrong_type(prefix_ + name, "an object", given);
  OptionReader own(given.As<Napi::Object>(), prefix_ + name + ".");
  visit(own);
  own.refuse_others();
}

size_t OptionReader::choose(const char* name, const std::vector<std::string>& names, std::optional<size_t> fallback) {
  const Napi::Value given = value(name);
  if (given.IsUndefined() && fallback) return *fallback;
  const auto found =
      given.IsString() ? std::find(names.begin(), names.end(), given.As<Napi::String>().Utf8Value()) : names.end();
  if (found == names.end()) wrong_type(field(name), one_of(names), given);
  return size_t(found - names.begin());
}

void OptionReader::refuse_others() const {
  const Napi::Array keys = object_.GetPropertyNames();
  for (uint32_t i = 0; i < keys.Length(); ++i) {
    const std::string key = keys.Get(i).ToString().Utf8Value();
    const Napi::Value given = object_.Get(key);
    if (given.IsUndefined() || std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    wrong_type(prefix_ + key, "one of the options " + one_of(asked_), given);
  }
}

std::vector<std::pair<std::string, double>> read_numbers(const Napi::Value& value, const std::string& field) {
  if (!value.IsObject() || value.IsArray() || value.IsTypedArray() || value.IsArrayBuffer())
    wrong_type(field, "an object of numbers by name", value);
  const Napi::Object object = value.As<Napi::Object>();
  const Napi::Array names = object.GetPropertyNames();
  std::vector<std::pair<std::string, double>> numbers;
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).ToString().Utf8Value();
    numbers.emplace_back(name, finite_number(object.Get(name), field + "." + name));
  }
  return numbers;
}

}  // namespace semples
