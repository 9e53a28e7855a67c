#include "binding/options.h"

#include <torch/torch.h>

#include <cmath>
#include <sstream>

#include "core/error.h"

namespace semples {

namespace {

// A value in a few words. Runs no code of the caller (no toString, no getter) and never prints a whole array.
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

}  // namespace

void wrong_type(const std::string& field, const std::string& expected, const Napi::Value& value) {
  throw Error("SEMPLES_ARGUMENT_INVALID", "An argument of the native call is wrong")
      .in_field(field)
      .expected(expected)
      .received(describe(value));
}

int64_t whole_number(const Napi::Value& value, const std::string& field) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (!(std::floor(number) == number) || std::abs(number) > 9007199254740991.0) wrong_type(field, "an integer", value);
  return int64_t(number);
}

int64_t integer_option(const Napi::Object& object, const char* name, int64_t fallback, const std::string& prefix) {
  const Napi::Value value = object.Get(name);
  return value.IsUndefined() ? fallback : whole_number(value, prefix + name);
}

int64_t size_option(const Napi::Object& object, const char* name, int64_t fallback, int64_t limit,
                    const std::string& prefix) {
  const Napi::Value value = object.Get(name);
  const int64_t size = value.IsUndefined() && fallback > 0 ? fallback : whole_number(value, prefix + name);
  if (size < 1 || size > limit) wrong_type(prefix + name, "1 to " + std::to_string(limit), value);
  return size;
}

double number_option(const Napi::Object& object, const char* name, std::optional<double> fallback, double low,
                     double high, const std::string& prefix) {
  const Napi::Value value = object.Get(name);
  if (value.IsUndefined() && fallback) return *fallback;
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (number >= low && number <= high) return number;
  std::ostringstream expected;
  expected << "a finite number";
  if (low > -kMaxNumber) expected << " from " << low;
  if (high < kMaxNumber) expected << " to " << high;
  wrong_type(prefix + name, expected.str(), value);
}

double fraction_option(const Napi::Object& object, const char* name, double fallback) {
  const double number = number_option(object, name, fallback, 0, 1);
  if (number == 1) wrong_type(name, "0 up to, but not, 1", object.Get(name));
  return number;
}

bool flag_option(const Napi::Object& object, const char* name, bool fallback, const std::string& prefix) {
  const Napi::Value value = object.Get(name);
  if (value.IsUndefined()) return fallback;
  if (!value.IsBoolean()) wrong_type(prefix + name, "true or false", value);
  return value.As<Napi::Boolean>().Value();
}

std::string text_option(const Napi::Object& object, const char* name, const std::string& fallback,
                        const std::string& prefix) {
  const Napi::Value value = object.Get(name);
  if (value.IsUndefined()) return fallback;
  if (!value.IsString()) wrong_type(prefix + name, "a string", value);
  return value.As<Napi::String>().Utf8Value();
}

Napi::Object object_argument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (!info[index].IsObject()) wrong_type(name, "an object", info[index]);
  return info[index].As<Napi::Object>();
}

at::Device device_named(const Napi::Object& object) {
  const std::string text = text_option(object, "device", "cpu");
  try {
    return at::Device(text);
  } catch (const c10::Error&) {
    throw Error("SEMPLES_DEVICE_UNKNOWN", "There is no such device")
        .in_field("device")
        .received(text)
        .expected("cpu, cuda or cuda:N");
  }
}

at::Device require_device(at::Device device) {
  if (device.is_cpu()) return at::kCPU;
  const int64_t count = device.is_cuda() && torch::cuda::is_available() ? int64_t(torch::cuda::device_count()) : 0;
  const int64_t index = device.has_index() ? device.index() : 0;
  if (index >= count)
    throw Error("SEMPLES_DEVICE_UNAVAILABLE",
                "The requested device is not there: this LibTorch sees " + std::to_string(count) + " CUDA devices")
        .in_field("device")
        .received(device.str())
        .hint("Use device 'cpu', or 'auto' to take what is there; `npx semples doctor` shows what was found.");
  return at::Device(at::kCUDA, at::DeviceIndex(index));
}

at::Device device_option(const Napi::Object& object) { return require_device(device_named(object)); }

}  // namespace semples
