// Arguments of native calls. A wrong one is an error that names its field and what was seen; no code of the caller runs
// for the message.
#pragma once
#include <napi.h>
#include <torch/types.h>

#include <optional>
#include <string>

#include "core/options.h"

namespace semples {

// In the order of napi_typedarray_type.
inline constexpr const char* kArrayNames[] = {"Int8Array",    "Uint8Array",    "Uint8ClampedArray", "Int16Array",
                                              "Uint16Array",  "Int32Array",    "Uint32Array",       "Float32Array",
                                              "Float64Array", "BigInt64Array", "BigUint64Array"};

// A value in a few words. Runs no code of the caller (no toString, no getter) and never prints a whole array.
std::string describe(const Napi::Value& value);

// "Expected <expected> for <field> but received <the value in a few words>".
[[noreturn]] void wrong_type(const std::string& field, const std::string& expected, const Napi::Value& value);

Napi::Object object_argument(const Napi::CallbackInfo& info, size_t index, const char* name);

// A value of a type and within limits, or an error that names the field.
inline constexpr int64_t kMaxWhole = 9007199254740991;
int64_t whole_number(const Napi::Value& value, const std::string& field, int64_t low = -kMaxWhole,
                     int64_t high = kMaxWhole);
double finite_number(const Napi::Value& value, const std::string& field, double low = -kMaxNumber,
                     double high = kMaxNumber);
bool truth_value(const Napi::Value& value, const std::string& field);
std::string text_value(const Napi::Value& value, const std::string& field);
// "cpu", "cuda", "cuda:1"; a device that is not there is an error.
at::Device device_value(const Napi::Value& value, const std::string& field);

// Single options with their defaults, for objects that are no set of options (pictures, batches); `prefix` is where the
// object stands.
int64_t integer_option(const Napi::Object& object, const char* name, int64_t fallback, const std::string& prefix = "");
// 1 to `limit`; a fallback of 0 makes it required.
int64_t size_option(const Napi::Object& object, const char* name, int64_t fallback, int64_t limit,
                    const std::string& prefix = "");
// Required without a fallback.
double number_option(const Napi::Object& object, const char* name, std::optional<double> fallback, double low = 0,
                     double high = kMaxNumber, const std::string& prefix = "");
bool flag_option(const Napi::Object& object, const char* name, bool fallback, const std::string& prefix = "");
std::string text_option(const Napi::Object& object, const char* name, const std::string& fallback,
                        const std::string& prefix = "");

// The same in two steps: what the option `device` says (default "cpu"), and the device where it is there.
at::Device device_named(const Napi::Object& object);
at::Device require_device(at::Device device, const std::string& field = "device");

}  // namespace semples
