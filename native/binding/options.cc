#include "binding/options.h"

#include <torch/torch.h>

#include <cmath>
#include <optional>
#include <sstream>

#include "core/error.h"

namespace semples {

std::string describe(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
    case napi_number:
      return value.ToString().Utf8Value();
    case napi_string: {
      const std::string text = value.As<Napi::String>().Utf8Value();
      return text.size() > 80 ? "a string of " + std::to_string(text.size()) + " bytes" : '"' + text + '"';
    }
    case napi_symbol:
      return "a symbol";
    case napi_bigint:
      return "a BigInt";
    case napi_function:
      return "a function";
    default:
      break;
  }
  if (value.IsTypedArray()) {
    const Napi::TypedArray array = value.As<Napi::TypedArray>();
    const size_t kind = size_t(array.TypedArrayType());
    return std::string(kind < std::size(kArrayNames) ? kArrayNames[kind] : "a typed array") + " of " +
           std::to_string(array.ElementLength());
  }
  if (value.IsArray()) return "an array of " + std::to_string(value.As<Napi::Array>().Length());
  return "an object";
}

void wrong_type(const std::string& field, const std::string& expected, const Napi::Value& value) {
  throw refusal(field, expected, describe(value));
}

Napi::Object object_argument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (!info[index].IsObject()) wrong_type(name, "an object", info[index]);
  return info[index].As<Napi::Object>();
}

int64_t whole_number(const Napi::Value& value, const std::string& field, int64_t low, int64_t high) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (std::floor(number) == number && number >= double(low) && number <= double(high)) return int64_t(number);
  const bool any = low == -kMaxWhole && high == kMaxWhole;
  wrong_type(field, any ? "an integer" : "an integer from " + std::to_string(low) + " to " + std::to_string(high),
             value);
}

double finite_number(const Napi::Value& value, const std::string& field, double low, double high) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (number >= low && number <= high) return number;
  std::ostringstream expected;
  expected << (low > -kMaxNumber || high < kMaxNumber ? "a number" : "a finite number");
  if (low > -kMaxNumber) expected << " from " << low;
  if (high < kMaxNumber) expected << " to " << high;
  wrong_type(field, expected.str(), value);
}

bool truth_value(const Napi::Value& value, const std::string& field) {
  if (!value.IsBoolean()) wrong_type(field, "true or false", value);
  return value.As<Napi::Boolean>().Value();
}

std::string text_value(const Napi::Value& value, const std::string& field) {
  if (!value.IsString()) wrong_type(field, "a string", value);
  return value.As<Napi::String>().Utf8Value();
}

namespace {

at::Device parse_device(const Napi::Value& value, const std::string& field) {
  const std::string text = text_value(value, field);
  try {
    return at::Device(text);
  } catch (const c10::Error&) {
    throw refusal(field, "cpu, cuda or cuda:N", text, "SEMPLES_CONFIG_INVALID");
  }
}

}  // namespace

at::Device device_named(const Napi::Object& object) {
  const Napi::Value value = object.Get("device");
  return value.IsUndefined() ? at::Device(at::kCPU) : parse_device(value, "device");
}

at::Device require_device(at::Device device, const std::string& field) {
  if (device.is_cpu()) return at::kCPU;
  const int64_t count = device.is_cuda() && torch::cuda::is_available() ? int64_t(torch::cuda::device_count()) : 0;
  const int64_t index = device.has_index() ? device.index() : 0;
  if (index >= count)
    throw refusal(field, "cpu or one of the " + std::to_string(count) + " CUDA devices that this LibTorch sees",
                  device.str(), "SEMPLES_DEVICE_UNAVAILABLE")
        .hint("Use device 'cpu', or 'auto' to take what is there; `npx semples doctor` shows what was found.");
  return at::Device(at::kCUDA, at::DeviceIndex(index));
}

at::Device device_value(const Napi::Value& value, const std::string& field) {
  return require_device(parse_device(value, field), field);
}

int64_t integer_option(const Napi::Object& object, const char* name, int64_t fallback, const std::string& prefix) {
  const Napi::Value value = object.Get(name);
  return value.IsUndefined() ? fallback : whole_number(value, prefix + name);
}

int64_t size_option(const Napi::Object& object, const char* name, int64_t fallback, int64_t limit,
                    const std::string& prefix) {
  const Napi::Value value = object.Get(name);
  return value.IsUndefined() && fallback > 0 ? fallback : whole_number(value, prefix + name, 1, limit);
}

double number_option(const Napi::Object& object, const char* name, std::optional<double> fallback, double low,
                     double high, const std::string& prefix) {
  const Napi::Value value = object.Get(name);
  return value.IsUndefined() && fallback ? *fallback : finite_number(value, prefix + name, low, high);
}

bool flag_option(const Napi::Object& object, const char* name, bool fallback, const std::string& prefix) {
  const Napi::Value value = object.Get(name);
  return value.IsUndefined() ? fallback : truth_value(value, prefix + name);
}

std::string text_option(const Napi::Object& object, const char* name, const std::string& fallback,
                        const std::string& prefix) {
  const Napi::Value value = object.Get(name);
  return value.IsUndefined() ? fallback : text_value(value, prefix + name);
}

}  // namespace semples
